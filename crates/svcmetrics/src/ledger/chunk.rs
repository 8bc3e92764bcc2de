//! Customers and their months, sorted: columns, and where each customer's begin.

use crate::engine::{STRETCH, prefetch};
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
    pub(super) fn texts() -> Self {
        Self::Texts { text: String::new(), ends: Vec::new() }
    }

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

    /// Whether that one is at a place, by the bytes: a look at the ends of a text would be one more at memory far away.
    #[inline]
    pub(super) fn is_at(&self, place: usize, customer: Customer<'_>) -> bool {
        match (self, customer) {
            (Self::Whole(numbers), Customer::Whole(number)) => numbers[place] == number,
            (Self::Texts { text, ends }, Customer::Text(other)) => {
                let start = if place == 0 { 0 } else { ends[place - 1] };
                same(&text.as_bytes()[start..ends[place]], other.as_bytes())
            }
            _ => false,
        }
    }

    /// Asks for the memory that says where a text stands, or for a number itself, and does not wait for it.
    #[inline]
    pub(super) fn fetch_end(&self, place: usize) {
        match self {
            Self::Whole(numbers) => prefetch(&numbers[place]),
            Self::Texts { ends, .. } => prefetch(&ends[place]),
        }
    }

    /// Asks for a text, once it is known where it stands.
    #[inline]
    pub(super) fn fetch_text(&self, place: usize) {
        if let Self::Texts { text, ends } = self
            && let Some(last) = ends[place].checked_sub(1)
        {
            prefetch(&text.as_bytes()[last]);
        }
    }

    pub(super) fn last(&self) -> Option<Customer<'_>> {
        self.len().checked_sub(1).map(|last| self.get(last))
    }

    /// One more; an empty column is of whatever type comes first. Whether it is of the column's type.
    pub(super) fn push(&mut self, customer: Customer<'_>) -> bool {
        if matches!(customer, Customer::Text(_)) && self.len() == 0 {
            *self = Self::texts();
        }
        match (self, customer) {
            (Self::Whole(numbers), Customer::Whole(number)) => numbers.push(number),
            (Self::Texts { text, ends }, Customer::Text(more)) => {
                text.push_str(more);
                ends.push(text.len());
            }
            _ => return false,
        }
        true
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

/// Whether two texts are the same: most identities are of 8 to 16 bytes, and compared without a call.
#[inline]
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let ends = |text: &[u8]| Some((*text.first_chunk::<8>()?, *text.last_chunk::<8>()?));
    match ends(one) {
        Some((first, last)) if one.len() <= 16 => ends(other).is_some_and(|other| other == (first, last)),
        _ => one == other,
    }
}

/// Lines of some rows: a place each. Without segments there are no codes of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub(super) months: Vec<i32>,
    /// Run rates of a year, in micro-units.
    pub(super) amounts: Vec<i64>,
    pub(super) segments: Vec<u32>,
}

impl Columns {
    pub(super) fn extend(&mut self, other: &Self, rows: Range<usize>) {
        self.months.extend_from_slice(&other.months[rows.clone()]);
        self.amounts.extend_from_slice(&other.amounts[rows.clone()]);
        if !other.segments.is_empty() {
            self.segments.extend_from_slice(&other.segments[rows]);
        }
    }

    fn truncate(&mut self, len: usize) {
        self.months.truncate(len);
        self.amounts.truncate(len);
        self.segments.truncate(len);
    }

    fn set(&mut self, place: usize, line: (i32, u32, i64)) {
        (self.months[place], self.amounts[place]) = (line.0, line.2);
        if let Some(segment) = self.segments.get_mut(place) {
            *segment = line.1;
        }
    }
}

/// Lines that cannot be added to the one before of the same customer and month: the first of them, and how many there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clashes {
    pub(super) customer: usize,
    pub(super) month: i32,
    pub(super) why: Clash,
    pub(super) count: u64,
}

impl Clashes {
    /// One more.
    pub(super) fn add(found: &mut Option<Self>, customer: usize, month: i32, why: Clash) {
        match found {
            Some(found) => found.count += 1,
            None => *found = Some(Self { customer, month, why, count: 1 }),
        }
    }
}

/// Why two lines of a customer and month cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clash {
    /// They are of two segments.
    Segments(u32, u32),
    /// Together they are too large.
    Range,
}

impl Clash {
    /// Why lines of two segments cannot be added, whose amounts together are such.
    pub(super) fn of(segments: (u32, u32), sum: Option<i64>) -> Option<Self> {
        match sum {
            _ if segments.0 != segments.1 => Some(Self::Segments(segments.0, segments.1)),
            None => Some(Self::Range),
            Some(_) => None,
        }
    }
}

/// Customers in ascending order, each with its lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Chunk {
    pub(super) customers: Customers,
    /// Where each customer's lines begin, and where the last one's end; less than 2^32 of them.
    pub(super) starts: Vec<u32>,
    pub(super) columns: Columns,
    /// Whether each customer's months ascend.
    pub(super) ascends: bool,
}

impl Chunk {
    pub(super) fn new() -> Self {
        Self { starts: vec![0], ascends: true, ..Self::default() }
    }

    pub(super) fn lines(&self, customer: usize) -> Range<usize> {
        self.starts[customer] as usize..self.starts[customer + 1] as usize
    }

    pub(super) fn len(&self) -> usize {
        self.columns.months.len()
    }

    /// Says that the lines up to here are there.
    pub(super) fn close(&mut self) {
        // a chunk is of a part of less than 2^32 rows
        let end = u32::try_from(self.len()).unwrap_or(u32::MAX);
        if let Some(last) = self.starts.last_mut().filter(|_| self.customers.len() > 0) {
            *last = end;
        }
    }

    /// A customer begins at a line that is yet to come. Whether it is of the column's type.
    pub(super) fn begin(&mut self, customer: Customer<'_>, line: usize) -> bool {
        let start = u32::try_from(line).unwrap_or(u32::MAX);
        if let Some(last) = self.starts.last_mut() {
            *last = start;
        }
        self.starts.push(start);
        self.customers.push(customer)
    }

    /// Customers begin at some places of these numbers, the first of which are lines yet to come. Whether they are of the
    /// column's type.
    pub(super) fn begin_many(&mut self, numbers: &[i64], places: &[usize], first: usize) -> bool {
        let (Some(last), Customers::Whole(known)) = (places.last(), &mut self.customers) else {
            return places.is_empty();
        };
        let start = |place: &usize| u32::try_from(first + place).unwrap_or(u32::MAX);
        known.extend(places.iter().map(|place| numbers[*place]));
        self.starts.pop();
        self.starts.extend(places.iter().map(start));
        self.starts.push(start(last));
        true
    }

    /// Without its last customer, who is a chunk of its own.
    pub(super) fn split_last(&mut self) -> Option<Self> {
        let last = self.customers.len().checked_sub(1)?;
        let mut split = Self { ascends: self.ascends, ..Self::new() };
        split.begin(self.customers.get(last), 0);
        split.columns.extend(&self.columns, self.lines(last));
        split.close();
        self.columns.truncate(self.starts[last] as usize);
        self.customers.truncate(last);
        self.starts.truncate(last + 1);
        Some(split)
    }

    /// Without its first customer.
    pub(super) fn drop_first(&mut self) {
        let (mut rest, first) = (Self { ascends: self.ascends, ..Self::new() }, self.lines(0).end);
        for customer in 1..self.customers.len() {
            rest.begin(self.customers.get(customer), self.lines(customer).start - first);
        }
        self.columns.months.drain(..first);
        self.columns.amounts.drain(..first);
        self.columns.segments.drain(..first.min(self.columns.segments.len()));
        rest.columns = std::mem::take(&mut self.columns);
        rest.close();
        *self = rest;
    }

    /// Sorts each customer's lines by month, and adds those of one month; how many were added to others. Nothing where there is no
    /// time for it.
    pub(super) fn settle(&mut self, go_on: &mut dyn FnMut() -> bool) -> Option<Result<u64, Clashes>> {
        if self.ascends {
            return Some(Ok(0));
        }
        let (mut end, mut added, mut clashes) = (0_usize, 0, None);
        let mut lines: Vec<(i32, u32, i64)> = Vec::new();
        for customer in 0..self.customers.len() {
            if customer % STRETCH == 0 && !go_on() {
                return None;
            }
            lines.clear();
            let segment = |columns: &Columns, line: usize| columns.segments.get(line).copied().unwrap_or_default();
            let line = |line| (self.columns.months[line], segment(&self.columns, line), self.columns.amounts[line]);
            lines.extend(self.lines(customer).map(line));
            lines.sort_unstable();
            // chunks only shrink, and it fitted before
            self.starts[customer] = u32::try_from(end).unwrap_or(u32::MAX);
            let first = end;
            for line in &lines {
                if end > first && self.columns.months[end - 1] == line.0 {
                    let before = segment(&self.columns, end - 1);
                    let sum = self.columns.amounts[end - 1].checked_add(line.2);
                    if let Some(why) = Clash::of((before, line.1), sum) {
                        Clashes::add(&mut clashes, customer, line.0, why);
                    }
                    self.columns.amounts[end - 1] = sum.unwrap_or_default();
                    added += 1;
                } else {
                    self.columns.set(end, *line);
                    end += 1;
                }
            }
        }
        self.columns.truncate(end);
        self.ascends = true;
        self.close();
        Some(clashes.map_or(Ok(added), Err))
    }

    /// One more customer, with its lines. Whether it is of the column's type.
    pub(super) fn push(&mut self, other: &Self, customer: usize) -> bool {
        let is_alike = self.begin(other.customers.get(customer), self.len());
        self.columns.extend(&other.columns, other.lines(customer));
        self.close();
        is_alike
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_compared() {
        let texts =
            |len: usize| ["a".repeat(len), "a".repeat(len.saturating_sub(1)) + "b", "b".to_owned() + &"a".repeat(len)];
        let mut all: Vec<String> = (0..40).flat_map(texts).collect();
        all.push("aaaaaaaabaaaaaaaa".into());
        for (one, other) in all.iter().flat_map(|one| all.iter().map(move |other| (one, other))) {
            assert_eq!(same(one.as_bytes(), other.as_bytes()), one == other, "{one} {other}");
        }
    }
}
