//! From parts of a table to a ledger.

use super::chunk::{Chunk, Clash, Clashes, Columns, Customer};
use super::lines::{CustomerKind, Faults, Part, Rounding, Who, required};
use super::options::{Gaps, LedgerOptions};
use super::shuffled::Shuffled;
use super::{Diagnostics, Ledger, Segments};
use crate::engine::STRETCH;
use crate::engine::choose::RESERVED;
use crate::engine::columns::Table;
use crate::engine::groups::Groups;
use crate::engine::intake::{Cells, State};
use crate::error::{Error, Offence, Result};
use crate::key::{Key, group_text};
use crate::metrics;
use crate::period::Period;
use crate::request::Request;
use crate::scorecard::KeyColumn;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// Rows of a part that are read together: a chunk counts its lines in 32 bits.
const MOST: usize = 1 << 30;

/// The key of periods.
pub(super) const PERIOD: &str = "period";

/// Builds a ledger from parts of a table, one after another, in any order; rows that come sorted by customer are not sorted
/// again.
///
/// ```
/// use svcmetrics::{LedgerBuilder, LedgerOptions, Table};
/// let mut builder = LedgerBuilder::new(LedgerOptions::default());
/// for month in ["2026-02", "2026-01"] {
///     let part = Table::new(2).with("customer_id", vec![2_i64, 1]).with("month", vec![month; 2]);
///     builder.add(&part.with("revenue", vec![10_i64, 20]))?;
/// }
/// assert_eq!(builder.finish()?.diagnostics().months, 4);
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LedgerBuilder {
    options: Arc<LedgerOptions>,
    groups: Groups,
    lines: Lines,
    /// What customers are, once there are some.
    kind: Option<CustomerKind>,
    faults: Faults,
    rounding: Rounding,
    /// Rows of the parts so far.
    rows: u64,
    /// Lines of one customer and month that were added to others.
    added: u64,
    failed: Option<Error>,
    checked: bool,
}

/// The lines so far.
#[derive(Debug, Clone)]
enum Lines {
    /// In ascending order of customers, over all chunks.
    Sorted(Vec<Chunk>),
    Shuffled(Shuffled),
}

/// What a thread makes of some rows.
struct Made {
    /// Nothing where the rows are in no order.
    chunk: Option<Chunk>,
    faults: Faults,
    rounding: Rounding,
}

impl LedgerBuilder {
    /// A builder for such a table.
    pub fn new(options: LedgerOptions) -> Self {
        let request = Request::default().by(options.by.iter().cloned()).max_groups(u32::MAX.into());
        let request = request.nan_is_missing(options.nan_is_missing);
        Self {
            options: Arc::new(options),
            groups: Groups::new(&request),
            lines: Lines::Sorted(Vec::new()),
            kind: None,
            faults: Faults::default(),
            rounding: Rounding::default(),
            rows: 0,
            added: 0,
            failed: None,
            checked: false,
        }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// What makes the options or the part's columns unusable at once; the builder says the same ever after. Values that cannot
    /// be used are gathered, and [`LedgerBuilder::finish`] names them.
    pub fn add(&mut self, part: &Table<'_>) -> Result<()> {
        self.add_while(part, &mut || true)
    }

    /// Adds rows as long as `go_on`, which is asked every thousand rows or so, says yes.
    ///
    /// # Errors
    /// As [`LedgerBuilder::add`], and [`Error::Interrupted`]; the builder is of no use afterwards.
    pub fn add_while(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        if self.failed.is_none() {
            self.failed = self.add_all(part, go_on).err();
        }
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn add_all(&mut self, table: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let options = self.options.clone();
        if !self.checked {
            check(&options)?;
            self.checked = true;
        }
        let part = Part::new(table, &options, self.rows)?;
        match (&self.kind, &part.kind) {
            (Some(before), Some(kind)) if before != kind => return Err(other_type(&options, self.rows)),
            (None, kind) => self.kind.clone_from(kind),
            _ => {}
        }
        let keys = options.by.iter().map(|key| required(table, key)).collect::<Result<Vec<_>>>()?;
        self.groups.begin_part();
        self.groups.assign(&keys, 0..0, self.rows)?;
        for start in (0..table.rows()).step_by(MOST) {
            let rows = start..table.rows().min(start + MOST);
            let mut segments = Vec::with_capacity(if keys.is_empty() { 0 } else { rows.len() });
            if !keys.is_empty() {
                for start in rows.clone().step_by(STRETCH) {
                    let stretch = start..rows.end.min(start + STRETCH);
                    segments.extend(self.groups.assign(&keys, stretch, self.rows)?);
                    if !go_on() {
                        return Err(Error::Interrupted);
                    }
                }
            }
            self.rows_of(&part, rows, &segments, go_on)?;
        }
        self.rows += table.rows() as u64;
        Ok(())
    }

    fn rows_of(
        &mut self,
        part: &Part<'_>,
        rows: Range<usize>,
        segments: &[u32],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<()> {
        let of_rows = |some: Range<usize>| {
            if segments.is_empty() { &[][..] } else { &segments[some.start - rows.start..some.end - rows.start] }
        };
        if let Lines::Sorted(chunks) = &mut self.lines {
            // reading what is in no order would be for nothing
            if part.seems_sorted(rows.clone()) {
                let made = made(part, shares(part, rows.clone()), of_rows, go_on)?;
                let in_order = made.iter().all(|made| made.chunk.is_some());
                if in_order && follow(chunks, &made) {
                    for made in made {
                        self.faults.merge(made.faults);
                        self.rounding.merge(made.rounding);
                        if let Some(chunk) = made.chunk {
                            append(chunks, chunk);
                        }
                    }
                    return Ok(());
                }
            }
            let mut shuffled = Shuffled::default();
            if !std::mem::take(chunks).into_iter().all(|chunk| shuffled.add_chunk(&chunk)) {
                return Err(other_type(&self.options, self.rows));
            }
            self.lines = Lines::Shuffled(shuffled);
        }
        let Lines::Shuffled(shuffled) = &mut self.lines else { return Ok(()) };
        let (mut columns, mut cells) = (Columns::default(), Cells::default());
        for start in rows.clone().step_by(STRETCH) {
            if !go_on() {
                return Err(Error::Interrupted);
            }
            let stretch = start..rows.end.min(start + STRETCH);
            columns.months.clear();
            columns.amounts.clear();
            let who = part.who(stretch.clone(), &mut self.faults);
            let rounding = part.read(stretch.clone(), &mut columns, &mut cells, &mut self.faults);
            self.rounding.merge(rounding);
            if !shuffled.add(&who, &columns.months, &columns.amounts, of_rows(stretch)) {
                return Err(other_type(&self.options, self.rows));
            }
        }
        Ok(())
    }

    /// The ledger of all rows that were added.
    ///
    /// # Errors
    /// What is wrong with the rows: values that cannot be used, two segments of one customer and month, gaps where they are
    /// errors.
    pub fn finish(mut self) -> Result<Ledger> {
        if let Some(error) = self.failed.take().or_else(|| self.faults.error()) {
            return Err(error);
        }
        let range = self.options.range()?;
        let made = match std::mem::replace(&mut self.lines, Lines::Sorted(Vec::new())) {
            Lines::Sorted(chunks) => chunks
                .into_iter()
                .map(|mut chunk| {
                    let settled = chunk.settle();
                    (chunk, settled)
                })
                .collect(),
            Lines::Shuffled(shuffled) => shuffled.sorted(),
        };
        let (mut chunks, mut clash, mut clashes) = (Vec::with_capacity(made.len()), None, 0);
        for (chunk, settled) in made {
            match settled {
                Ok(added) => self.added += added,
                Err(found) => {
                    clashes += found.count;
                    clash = clash.or_else(|| Some(self.clash(&chunk, found)));
                }
            }
            chunks.push(chunk);
        }
        if let Some(mut offence) = clash {
            offence.1.count = clashes;
            return Err(offence.0.error(offence.1));
        }
        chunks.retain(|chunk| chunk.customers.len() > 0);
        let (gaps, found) = self.gaps(&chunks)?;
        let diagnostics = Diagnostics {
            rows: self.rows,
            months: chunks.iter().map(|chunk| chunk.len() as u64).sum(),
            added: self.added,
            gaps,
            rounded: self.rounding.values,
            largest_rounding: self.rounding.largest,
        };
        let segments = Segments::of(&self.groups, &mut chunks);
        // what only changes messages is no difference between ledgers
        let options = Arc::unwrap_or_clone(self.options).nan_is_missing(false);
        Ok(Ledger { months: range.or(found), options, chunks, segments, diagnostics })
    }

    /// Months without a row between a customer's first and last, and the first and the last month of all.
    fn gaps(&self, chunks: &[Chunk]) -> Result<(u64, Option<(i32, i32)>)> {
        let (mut gaps, mut range, mut first_gap) = (0, None, None);
        for chunk in chunks {
            for customer in 0..chunk.customers.len() {
                let months = &chunk.columns.months[chunk.lines(customer)];
                let (Some(first), Some(last)) = (months.first(), months.last()) else { continue };
                range = Some(range.map_or((*first, *last), |(earliest, latest): (i32, i32)| {
                    (earliest.min(*first), latest.max(*last))
                }));
                let missing = u64::from(last.abs_diff(*first)) + 1 - months.len() as u64;
                gaps += missing;
                if missing > 0 && self.options.gaps == Gaps::Error && first_gap.is_none() {
                    let gap = months.windows(2).find(|pair| pair[1] != pair[0] + 1).map_or(*first, |pair| pair[0] + 1);
                    let offence =
                        Offence::new(&self.options.month, "has no row", "a row for each month up to the last")
                            .hint("gaps=\"zero\" reads it as revenue 0");
                    first_gap = Some(at(chunk, customer, gap, offence));
                }
            }
        }
        match first_gap {
            Some(first) => Err(Error::InvalidValue(Box::new(Offence { count: gaps, ..first }))),
            None => Ok((gaps, range)),
        }
    }

    fn clash(&self, chunk: &Chunk, found: Clashes) -> (State, Offence) {
        let of = |offence| at(chunk, found.customer, found.month, offence);
        match found.why {
            Clash::Segments(one, other) => {
                let value = |group: u32| group_text(&self.groups.keys(group));
                let expected = "one segment a customer and month";
                let offence = Offence::new(self.options.by.join(", "), "holds both", expected);
                let offence = offence.at(None, &format!("{} and {}", value(one), value(other)));
                (State::WrongWord, of(offence))
            }
            Clash::Range => {
                let expected = "less than 2^63 millionths a year";
                let offence = Offence::new(&self.options.revenue, "adds up to more", expected);
                (State::Range, of(offence))
            }
        }
    }

    /// The customers but for the last, who may go on: only of rows that are sorted.
    pub(super) fn take_complete(&mut self) -> Result<Option<Self>> {
        if let Some(error) = self.failed.clone().or_else(|| self.faults.error()) {
            return Err(error);
        }
        let Lines::Sorted(chunks) = &mut self.lines else {
            let offence = Offence::new(&self.options.customer, "does not ascend", "rows sorted by customer")
                .hint("sort them by customer before, or build a ledger of all rows");
            let error = Error::InvalidValue(Box::new(offence));
            self.failed = Some(error.clone());
            return Err(error);
        };
        let Some(open) = chunks.last_mut().and_then(Chunk::split_last) else { return Ok(None) };
        let complete = std::mem::replace(chunks, vec![open]);
        let lines = Lines::Sorted(complete.into_iter().filter(|chunk| chunk.customers.len() > 0).collect());
        Ok(Some(Self { lines, ..self.clone_without_lines() }))
    }

    fn clone_without_lines(&self) -> Self {
        Self {
            options: self.options.clone(),
            kind: self.kind.clone(),
            groups: self.groups.clone(),
            lines: Lines::Sorted(Vec::new()),
            faults: Faults::default(),
            failed: None,
            ..*self
        }
    }
}

/// With the customer and the month for the row, which is not known any more.
fn at(chunk: &Chunk, customer: usize, month: i32, offence: Offence) -> Offence {
    let customer = chunk.customers.get(customer).key();
    let month = Period::of_month(month).map(|month| month.to_string()).unwrap_or_default();
    let group = Some(format!("{}, {month}", crate::error::shown(&customer.to_string())));
    Offence { group, count: 1, ..offence }
}

fn other_type(options: &LedgerOptions, row: u64) -> Error {
    let offence =
        Offence::new(&options.customer, "is of another type from here on", "customers of one type in all parts");
    Error::ColumnType(Box::new(offence.at(Some(row), "")))
}

/// Segments must not be taken for the period, a metric or a column of the result.
fn check(options: &LedgerOptions) -> Result<()> {
    options.range()?;
    for (place, key) in options.by.iter().enumerate() {
        let invalid = |problem: &str| Err(Error::KeyName { key: key.clone(), problem: problem.into() });
        if options.by[..place].contains(key) {
            return invalid("is named twice");
        }
        if metrics::find(key).is_some() {
            return invalid("is named like a metric; rename the column");
        }
        if key == PERIOD || RESERVED.contains(&key.as_str()) {
            return invalid("is named like a column of the result; rename the column");
        }
    }
    Ok(())
}

/// The rows in as many shares as there are threads, no customer in two of them where rows are sorted.
fn shares(part: &Part<'_>, rows: Range<usize>) -> Vec<Range<usize>> {
    #[cfg(feature = "rayon")]
    let threads = crate::engine::threads(rows.len());
    #[cfg(not(feature = "rayon"))]
    let threads = 1;
    let mut shares = Vec::new();
    let mut start = rows.start;
    for share in 1..=threads {
        let mut end = rows.start + rows.len() * share / threads;
        while end > start && end < rows.end && part.goes_on(end) {
            end += 1;
        }
        if end > start {
            shares.push(start..end);
            start = end;
        }
    }
    shares
}

/// What comes of each share; the caller's thread takes the first.
fn made<'a>(
    part: &Part<'_>,
    shares: Vec<Range<usize>>,
    segments: impl Fn(Range<usize>) -> &'a [u32] + Sync + Send,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Vec<Made>> {
    use std::sync::atomic::{AtomicBool, Ordering};
    // once one is in no order, none need go on
    let stopped = AtomicBool::new(false);
    let share = |rows: Range<usize>, go_on: &mut dyn FnMut() -> bool| -> Made {
        let mut go_on = || !stopped.load(Ordering::Relaxed) && go_on();
        let made = chunk_of(part, rows.clone(), segments(rows), &mut go_on);
        if made.chunk.is_none() {
            stopped.store(true, Ordering::Relaxed);
        }
        made
    };
    let mut interrupted = false;
    let mut own_go_on = || {
        interrupted |= !go_on();
        !interrupted
    };
    let mut shares = shares.into_iter();
    let first = shares.next();
    let rest: Vec<Range<usize>> = shares.collect();
    let mut made: Vec<Option<Made>> = Vec::new();
    made.resize_with(rest.len(), || None);
    #[cfg(feature = "rayon")]
    let first = rayon::in_place_scope(|scope| {
        for (place, rows) in made.iter_mut().zip(rest) {
            let share = &share;
            scope.spawn(move |_| *place = Some(share(rows, &mut || true)));
        }
        first.map(|rows| share(rows, &mut own_go_on))
    });
    #[cfg(not(feature = "rayon"))]
    let first = first.map(|rows| share(rows, &mut own_go_on));
    if interrupted {
        return Err(Error::Interrupted);
    }
    Ok(first.into_iter().chain(made.into_iter().flatten()).collect())
}

/// The rows as a chunk, where their customers ascend.
fn chunk_of(part: &Part<'_>, rows: Range<usize>, segments: &[u32], go_on: &mut dyn FnMut() -> bool) -> Made {
    let mut chunk = Chunk::new();
    let (mut faults, mut rounding, mut cells) = (Faults::default(), Rounding::default(), Cells::default());
    chunk.columns.months.reserve_exact(rows.len());
    chunk.columns.amounts.reserve_exact(rows.len());
    for start in rows.clone().step_by(STRETCH) {
        let stretch = start..rows.end.min(start + STRETCH);
        let first = chunk.len();
        let who = part.who(stretch.clone(), &mut faults);
        if !go_on() || !begin_all(&mut chunk, &who, first) {
            return Made { chunk: None, faults, rounding };
        }
        rounding.merge(part.read(stretch, &mut chunk.columns, &mut cells, &mut faults));
        let from = first.saturating_sub(1);
        chunk.ascends &= strictly(&chunk, &who, first, from);
    }
    chunk.columns.segments.extend_from_slice(segments);
    chunk.close();
    Made { chunk: Some(chunk), faults, rounding }
}

/// Begins a customer wherever another comes; whether they ascend.
fn begin_all(chunk: &mut Chunk, who: &Who<'_>, first: usize) -> bool {
    match who {
        Who::Whole(numbers) => {
            let mut before = match chunk.customers.last() {
                Some(Customer::Whole(number)) => Some(number),
                None => None,
                Some(_) => return false,
            };
            for (place, number) in numbers.iter().enumerate() {
                if before != Some(*number) {
                    if before.is_some_and(|before| before > *number) {
                        return false;
                    }
                    chunk.begin(Customer::Whole(*number), first + place);
                    before = Some(*number);
                }
            }
            true
        }
        Who::Texts(texts) => {
            for (place, text) in texts.iter().enumerate() {
                let customer = Customer::Text(text);
                let order = match place.checked_sub(1) {
                    // the one before is the last that began
                    Some(before) if texts[before] == *text => continue,
                    Some(before) => Some(texts[before].cmp(text)),
                    None => chunk.customers.last().map(|last| last.cmp(&customer)),
                };
                match order {
                    Some(Ordering::Equal) => continue,
                    Some(Ordering::Greater) => return false,
                    Some(Ordering::Less) | None => {}
                }
                if !chunk.begin(customer, first + place) {
                    return false;
                }
            }
            true
        }
    }
}

/// Whether the months of each customer ascend among the lines from `from` on.
#[allow(clippy::needless_bitwise_bool)] // without branches, many at once
fn strictly(chunk: &Chunk, who: &Who<'_>, first: usize, from: usize) -> bool {
    let months = &chunk.columns.months;
    let same_as_before = |place: usize| who.get(place) == who.get(place - 1);
    let within = match who {
        Who::Whole(numbers) => {
            let pairs = numbers.windows(2).zip(months[first..].windows(2));
            pairs.fold(true, |all, (who, months)| all & ((who[0] != who[1]) | (months[0] < months[1])))
        }
        Who::Texts(texts) => {
            (1..texts.len()).all(|place| months[first + place - 1] < months[first + place] || !same_as_before(place))
        }
    };
    // the line before the stretch is of the same customer unless one begins here
    let begins = |line: usize| {
        chunk
            .starts
            .iter()
            .rev()
            .skip(1)
            .take_while(|start| **start as usize >= line)
            .any(|start| *start as usize == line)
    };
    within && (from == first || months[from] < months[first] || begins(first))
}

/// Whether the chunks go on where those before end.
fn follow(chunks: &[Chunk], made: &[Made]) -> bool {
    let mut before = chunks.iter().rev().find_map(|chunk| chunk.customers.last());
    for chunk in made.iter().filter_map(|made| made.chunk.as_ref()).filter(|chunk| chunk.customers.len() > 0) {
        let first = chunk.customers.get(0);
        let alike = before.is_none_or(|before| std::mem::discriminant(&before) == std::mem::discriminant(&first));
        if !alike || before.is_some_and(|before| before > first) {
            return false;
        }
        before = chunk.customers.last();
    }
    true
}

/// Appends a chunk; a customer who goes on in it is taken together.
fn append(chunks: &mut Vec<Chunk>, mut chunk: Chunk) {
    let last = chunks.last().and_then(|last| last.customers.last());
    if let (Some(last), true) = (last, chunk.customers.len() > 0)
        && chunk.customers.get(0) == last
        && let Some(before) = chunks.last_mut()
    {
        before.ascends &= chunk.ascends && before.columns.months.last() < chunk.columns.months.first();
        before.columns.extend(&chunk.columns, chunk.lines(0));
        before.close();
        chunk.drop_first();
    }
    // the last chunk is the one that may go on
    if chunk.customers.len() > 0 {
        chunks.push(chunk);
    }
}

impl Segments {
    /// The segments in order, and the lines' codes made those of it.
    fn of(groups: &Groups, chunks: &mut [Chunk]) -> Self {
        let order = groups.sorted();
        let mut places = vec![0_u32; order.len()];
        for (place, group) in (0..).zip(&order) {
            places[*group as usize] = place;
        }
        let is_sorted = places.iter().zip(0_u32..).all(|(place, code)| *place == code);
        if !is_sorted {
            for code in chunks.iter_mut().flat_map(|chunk| &mut chunk.columns.segments) {
                *code = places[*code as usize];
            }
        }
        let column =
            |column: &crate::engine::groups::KeyColumn| KeyColumn::new(&column.name, column.key_type().clone());
        let keys: Vec<Vec<Key>> = order.iter().map(|group| groups.keys(*group)).collect();
        Self { columns: groups.columns.iter().map(column).collect(), keys }
    }
}
