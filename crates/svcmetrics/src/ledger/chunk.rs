//! Customers and what they paid, sorted: columns, and where each customer's begin.

use super::clashes::{Clash, Clashes};
use super::extent::Extent;
use super::spans::{Columns, Paid, Span, is_loose, with_slack};
use super::who::Who;
use crate::engine::STRETCH;
use crate::engine::texts::Firsts;
use crate::key::Key;
use std::ops::Range;

/// Who they are: whole numbers or texts, in a form that costs little more than their bytes.
#[derive(Debug, Clone)]
pub(super) enum Customers {
    Whole(Vec<i64>),
    Texts {
        text: String,
        /// Where each ends.
        ends: Vec<usize>,
    },
}

/// A customer of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Customer<'a> {
    Whole(i64),
    Text(&'a str),
}

impl Customer<'_> {
    pub(super) fn key(self) -> Key {
        match self {
            Self::Whole(number) => Key::from(number),
            Self::Text(text) => Key::from(text),
        }
    }
}

impl Default for Customers {
    fn default() -> Self {
        Self::Whole(Vec::new())
    }
}

impl Customers {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Whole(numbers) => numbers.len(),
            Self::Texts { ends, .. } => ends.len(),
        }
    }

    pub(super) fn get(&self, place: usize) -> Customer<'_> {
        match self {
            Self::Whole(numbers) => Customer::Whole(numbers[place]),
            Self::Texts { text, ends } => {
                let start = if place == 0 { 0 } else { ends[place - 1] };
                Customer::Text(&text[start..ends[place]])
            }
        }
    }

    pub(super) fn last(&self) -> Option<Customer<'_>> {
        self.len().checked_sub(1).map(|last| self.get(last))
    }

    /// One more; an empty column is of whatever type comes first. Whether it is of the column's type.
    pub(super) fn push(&mut self, customer: Customer<'_>) -> bool {
        let is_empty = self.len() == 0;
        match (&mut *self, customer) {
            (Self::Whole(numbers), Customer::Whole(number)) => numbers.push(number),
            (Self::Texts { text, ends }, Customer::Text(more)) => {
                text.push_str(more);
                ends.push(text.len());
            }
            _ if !is_empty => return false,
            (_, Customer::Whole(number)) => *self = Self::Whole(vec![number]),
            (_, Customer::Text(text)) => *self = Self::Texts { text: text.to_owned(), ends: vec![text.len()] },
        }
        true
    }

    /// More texts; nothing where the column is of no such.
    pub(super) fn extend(&mut self, texts: &Firsts<'_>) -> Option<()> {
        let Self::Texts { text, ends } = self else { return None };
        let start = text.len();
        text.push_str(texts.joined());
        ends.extend(texts.ends().map(|end| start + end));
        Some(())
    }

    fn another(&self) -> Self {
        match self {
            Self::Whole(numbers) => Self::Whole(Vec::with_capacity(with_slack(numbers.len()))),
            Self::Texts { text, ends } => Self::Texts {
                text: String::with_capacity(with_slack(text.len())),
                ends: Vec::with_capacity(with_slack(ends.len())),
            },
        }
    }

    /// Without the first.
    fn drop_first(&mut self) {
        match self {
            Self::Whole(numbers) => drop(numbers.drain(..1)),
            Self::Texts { text, ends } => {
                let first = ends.remove(0);
                text.drain(..first);
                for end in ends {
                    *end -= first;
                }
            }
        }
    }

    fn truncate(&mut self, len: usize) {
        match self {
            Self::Whole(numbers) => numbers.truncate(len),
            Self::Texts { text, ends } => {
                ends.truncate(len);
                text.truncate(ends.last().copied().unwrap_or_default());
            }
        }
    }
}

/// Whether each is above the one before.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
#[allow(clippy::needless_bitwise_bool)] // without branches, many at once
fn ascend(numbers: &[i64]) -> bool {
    let next = numbers.get(1..).unwrap_or_default();
    numbers.iter().zip(next).fold(true, |ascend, (one, other)| ascend & (one < other))
}

/// Customers in ascending order, each with what it paid.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub(super) customers: Customers,
    /// Where each customer's spans begin, and where the last one's end; less than 2^32 of them.
    pub(super) starts: Vec<u32>,
    pub(super) columns: Columns,
    /// Whether each customer's months ascend; they stand as they came otherwise.
    pub(super) ascends: bool,
    /// What it says of itself, if that is known.
    extent: Option<Extent>,
}

/// A span on the way through customers.
pub(super) struct Step {
    /// Whether it is the first of a customer.
    pub(super) begins: bool,
    /// Where it stands.
    pub(super) place: usize,
    pub(super) span: Span,
    pub(super) amount: i64,
}

impl Default for Chunk {
    /// One without customers.
    fn default() -> Self {
        let (customers, columns) = (Customers::default(), Columns::default());
        Self { customers, starts: vec![0], columns, ascends: true, extent: None }
    }
}

impl Chunk {
    /// Another one without customers, with room for a little more than are in this one.
    pub(super) fn another(&self) -> Self {
        let customers = self.customers.another();
        let mut starts = Vec::with_capacity(with_slack(self.starts.len()));
        starts.push(0);
        Self { customers, starts, columns: self.columns.another(), ascends: true, extent: None }
    }

    /// Without customers, in the memory that it has.
    pub(super) fn emptied(mut self) -> Self {
        self.customers.truncate(0);
        // the first customer begins at 0, be there one or not
        self.starts.truncate(1);
        self.columns.truncate(0);
        Self { ascends: true, extent: None, ..self }
    }

    /// For how many spans it has memory.
    pub(super) fn room(&self) -> usize {
        self.columns.spans.capacity()
    }

    /// In little more memory than it needs: otherwise copied, since an allocator may leave what shrinks where it is.
    pub(super) fn tight(self) -> Self {
        let are_loose = match &self.customers {
            Customers::Whole(numbers) => is_loose(numbers),
            Customers::Texts { text, ends } => text.capacity() > with_slack(text.len()) || is_loose(ends),
        };
        if are_loose || is_loose(&self.starts) || self.columns.are_loose() { self.clone() } else { self }
    }

    /// With what it says of itself where each customer's months ascend: best while it is in the cache.
    pub(super) fn measured(mut self) -> Self {
        self.extent = self.extent.or_else(|| self.ascends.then(|| Extent::of(&self)));
        self
    }

    /// Nothing where it is not [`Chunk::measured`].
    pub(super) fn extent(&self) -> Option<Extent> {
        self.extent
    }

    /// A customer's spans.
    pub(super) fn spans(&self, customer: usize) -> Range<usize> {
        self.starts[customer] as usize..self.starts[customer + 1] as usize
    }

    /// What a customer paid, month by month.
    pub(super) fn paid(&self, customer: usize) -> impl Iterator<Item = Paid> {
        self.columns.paid(self.spans(customer))
    }

    /// The spans of some customers, one after the other: a loop of each customer's own would end where it is not foreseen.
    #[inline]
    pub(super) fn steps(&self, customers: Range<usize>) -> impl Iterator<Item = Step> {
        let spans = self.starts[customers.start] as usize..self.starts[customers.end] as usize;
        let (first, mut next) = (spans.start, customers.start);
        let both = self.columns.spans[spans.clone()].iter().zip(&self.columns.amounts[spans]);
        both.enumerate().map(move |(place, (span, amount))| {
            let place = first + place;
            let begins = self.starts[next] as usize == place;
            next += usize::from(begins);
            Step { begins, place, span: *span, amount: *amount }
        })
    }

    /// How many spans there are.
    pub(super) fn len(&self) -> usize {
        self.columns.spans.len()
    }

    /// Says that the last customer has no spans but those that are there.
    pub(super) fn close(&mut self) {
        self.extent = None;
        // a chunk is of a part of less than 2^32 rows
        let end = u32::try_from(self.len()).unwrap_or(u32::MAX);
        if let Some(last) = self.starts.last_mut().filter(|_| self.customers.len() > 0) {
            *last = end;
        }
    }

    /// The last customer goes on: it is the first one of another chunk. What both say of themselves is added up where the other one has
    /// no more customers, and there are gaps where each begins after what is before it.
    pub(super) fn extend_last(&mut self, other: &Self) {
        let gap = self.columns.spans.last().zip(other.columns.spans.first());
        let gap = gap.map_or(0, |(before, after)| after.first() - before.end());
        self.ascends &= other.ascends && gap >= 0;
        let extents = self.extent.zip(other.extent).filter(|_| self.ascends && other.customers.len() == 1);
        let spans = other.spans(0);
        // no more room than that: nothing else is added
        self.columns.reserve(spans.len(), if other.columns.segments.is_empty() { 0 } else { spans.len() });
        self.columns.extend(&other.columns, spans);
        self.close();
        self.extent = extents.map(|(mut all, other)| {
            all.add(other);
            all.gaps += u64::from(gap.unsigned_abs());
            all
        });
    }

    /// A customer begins. Whether it is of the column's type.
    pub(super) fn begin(&mut self, customer: Customer<'_>) -> bool {
        self.close();
        self.starts.extend_from_within(self.starts.len() - 1..);
        self.customers.push(customer)
    }

    /// Customers begin with some of the spans that are yet to come: those at some places of whole numbers; texts were added before.
    /// Whether they ascend: of texts this is known.
    pub(super) fn begin_many(&mut self, who: &Who<'_>, places: impl Iterator<Item = usize>, spans: &[u32]) -> bool {
        let ascend = match (&mut self.customers, who) {
            (Customers::Whole(known), Who::Whole(numbers)) => {
                let last = known.len().saturating_sub(1);
                known.extend(places.map(|place| numbers[place]));
                ascend(&known[last..])
            }
            // whole numbers in a column of texts are of another type
            (_, who) => !matches!(who, Who::Whole(_)),
        };
        // a chunk is of a part of less than 2^32 rows
        let first = u32::try_from(self.len()).unwrap_or(u32::MAX);
        let end = self.starts.pop();
        self.starts.extend(spans.iter().map(|span| first + span));
        self.starts.extend(end);
        ascend
    }

    /// What the last customer paid in one more month.
    pub(super) fn pay(&mut self, paid: Paid) {
        let columns = &mut self.columns;
        let (last, begins) = (columns.spans.len().checked_sub(1), self.starts.iter().rev().nth(1).copied());
        let goes_on = last.filter(|last| begins.is_some_and(|begins| begins as usize <= *last)).is_some_and(|last| {
            columns.spans[last].end() == paid.month
                && columns.amounts[last] == paid.amount
                && columns.segments.get(last).copied() == paid.segment
        });
        if goes_on { columns.go_on(1) } else { columns.push(paid) }
    }

    /// Without its last customer, who is a chunk of its own.
    pub(super) fn split_last(&mut self) -> Option<Self> {
        let last = self.customers.len().checked_sub(1)?;
        let mut split = Self { ascends: self.ascends, ..Self::default() };
        split.push(self, last);
        self.extent = None;
        self.columns.truncate(self.starts[last] as usize);
        self.customers.truncate(last);
        self.starts.truncate(last + 1);
        Some(split)
    }

    /// Without its first customer.
    pub(super) fn drop_first(&mut self) {
        self.extent = None;
        self.customers.drop_first();
        self.starts.remove(0);
        let first = self.starts[0];
        for start in &mut self.starts {
            *start -= first;
        }
        self.columns.drop_first(first as usize);
    }

    /// Sorts each customer's lines by month, and adds those of one month; how many were added to others. Nothing where there is no
    /// time for it.
    pub(super) fn settle(&mut self, go_on: &mut dyn FnMut() -> bool) -> Option<Result<u64, Clashes>> {
        if self.ascends {
            return Some(Ok(0));
        }
        let (mut settled, mut added, mut clashes) = (Self::default(), 0, None);
        let mut lines: Vec<Paid> = Vec::new();
        for customer in 0..self.customers.len() {
            if customer % STRETCH == 0 && !go_on() {
                return None;
            }
            lines.clear();
            lines.extend(self.paid(customer));
            lines.sort_unstable();
            settled.begin(self.customers.get(customer));
            for month in lines.chunk_by(|one, other| one.month == other.month) {
                let mut sum = month[0];
                for line in &month[1..] {
                    added += 1;
                    let amount = sum.amount.checked_add(line.amount);
                    if let Some(why) = Clash::of((sum.segment, line.segment), amount) {
                        Clashes::add(&mut clashes, customer, line.month, why);
                    }
                    sum.amount = amount.unwrap_or_default();
                }
                settled.pay(sum);
            }
        }
        settled.close();
        *self = settled;
        Some(clashes.map_or(Ok(added), Err))
    }

    /// One more customer, with its spans. Whether it is of the column's type.
    pub(super) fn push(&mut self, other: &Self, customer: usize) -> bool {
        let is_alike = self.begin(other.customers.get(customer));
        self.columns.extend(&other.columns, other.spans(customer));
        self.close();
        is_alike
    }
}
