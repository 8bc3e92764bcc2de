//! From parts of a table to a ledger.

use super::chunk::Chunk;
use super::clashes::{Clash, Clashes};
use super::extent::Extent;
use super::lines::{Faults, Part, Rounding, required};
use super::options::{Gaps, LedgerOptions};
use super::reasons::{Reading, Reasons};
use super::search::{HOLDS_BOTH, NO_ROW, TOO_MUCH};
use super::sections::{Section, bounds, seem_sorted};
use super::shares::{in_shares, in_turns, pieces, shares};
use super::shuffled::{Made, Shard, Shuffled};
use super::sorted::{Scratch, append, chunk_of, follow};
use super::who::CustomerKind;
use super::{Diagnostics, Ledger, Segments, currency_of, key_column};
use crate::engine::columns::Table;
use crate::engine::groups::Groups;
use crate::engine::intake::{Cells, State};
use crate::engine::{OneCurrency, STRETCH};
use crate::error::{Error, Offence, Result};
use crate::key::Key;
use crate::metrics::CURRENCY;
use crate::period::Period;
use crate::request::Request;
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
    pub(super) groups: Groups,
    lines: Lines,
    /// One for each column of reasons that the first part had.
    pub(super) reasons: Vec<Reading>,
    /// What customers are, once there are some.
    kind: Option<CustomerKind>,
    faults: Faults,
    rounding: Rounding,
    /// Rows of the parts so far.
    rows: u64,
    /// Lines of one customer and month that were added to others.
    added: u64,
    /// Of the lines that are settled.
    pub(super) diagnostics: Diagnostics,
    failed: Option<Error>,
    checked: bool,
    /// Where it is no segment.
    currency: OneCurrency,
}

/// The lines so far.
#[derive(Debug, Clone)]
enum Lines {
    /// In ascending order of customers, over all chunks.
    Sorted(Vec<Chunk>),
    Shuffled(Shuffled),
}

/// Chunks that have customers, and the first and the last month of all.
struct Settled {
    chunks: Vec<Chunk>,
    months: Option<(i32, i32)>,
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
            reasons: Vec::new(),
            kind: None,
            faults: Faults::default(),
            rounding: Rounding::default(),
            rows: 0,
            added: 0,
            diagnostics: Diagnostics::default(),
            failed: None,
            checked: false,
            currency: OneCurrency::default(),
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

    /// Adds rows as long as `go_on`, which is asked from time to time, says yes.
    ///
    /// # Errors
    /// As [`LedgerBuilder::add`], and [`Error::Interrupted`]; the builder is of no use afterwards.
    pub fn add_while(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        self.add_parts_while(std::slice::from_ref(part), go_on)
    }

    /// Adds the rows of parts that are all there, as long as `go_on` says yes. The result is as of one after another; threads
    /// share all rows, and need not wait for each other at the end of each part.
    ///
    /// ```
    /// use svcmetrics::{LedgerBuilder, LedgerOptions, Table};
    /// let part = |month: &str| {
    ///     let part = Table::new(1).with("customer_id", vec![7_i64]).with("month", vec![month.to_owned()]);
    ///     part.with("revenue", vec![10_i64])
    /// };
    /// let mut builder = LedgerBuilder::new(LedgerOptions::default());
    /// builder.add_parts_while(&[part("2026-01"), part("2026-02")], &mut || true)?;
    /// builder.add_parts_while(&[], &mut || true)?; // no part is no rows
    /// assert_eq!(builder.finish()?.diagnostics().months, 2);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`LedgerBuilder::add_while`].
    pub fn add_parts_while(&mut self, parts: &[Table<'_>], go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        if self.failed.is_none() {
            self.failed = self.add_all(parts, go_on).err();
        }
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn add_all(&mut self, tables: &[Table<'_>], go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let options = self.options.clone();
        let mut parts = Vec::with_capacity(tables.len());
        for table in tables {
            if !self.checked {
                options.check()?;
                self.reasons = Reading::all(&options, table);
                self.checked = true;
            }
            Reading::none_begins(&self.reasons, &options, table, self.rows)?;
            let part = Part::new(table, &options, self.rows)?;
            // what is named as a column of something else is that
            if let (false, Some(data)) = (options.required().iter().any(|name| name == CURRENCY), table.get(CURRENCY)?)
            {
                self.currency.see(CURRENCY, data, options.nan_is_missing, self.rows, go_on)?;
            }
            match (&self.kind, &part.kind) {
                (Some(before), Some(kind)) if before != kind => return Err(other_type(&options, self.rows)),
                (None, kind) => self.kind.clone_from(kind),
                _ => {}
            }
            parts.push((part, self.segments(table, go_on)?));
            self.rows += table.rows() as u64;
        }
        let sections = parts.iter().zip(tables).flat_map(|((part, segments), table)| {
            let starts = (0..table.rows()).step_by(MOST);
            starts.map(move |start| Section { part, rows: start..table.rows().min(start + MOST), segments })
        });
        self.add_rows(&sections.collect::<Vec<_>>(), go_on)?;
        for ((part, _), table) in parts.iter().zip(tables) {
            for reading in &mut self.reasons {
                reading.add(table, part, &mut self.faults, go_on)?;
            }
        }
        Ok(())
    }

    /// The segments of a part's rows; none where no columns tell any.
    fn segments(&mut self, table: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<Vec<u32>> {
        let options = self.options.clone();
        let keys = options.by.iter().map(|key| required(table, key)).collect::<Result<Vec<_>>>()?;
        self.groups.assign(&keys, 0..0, self.rows)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut segments = Vec::with_capacity(table.rows());
        for start in (0..table.rows()).step_by(STRETCH) {
            let stretch = start..table.rows().min(start + STRETCH);
            segments.extend(self.groups.assign(&keys, stretch, self.rows)?);
            if !go_on() {
                return Err(Error::Interrupted);
            }
        }
        Ok(segments)
    }

    fn add_rows(&mut self, sections: &[Section<'_>], go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        if let Lines::Sorted(chunks) = &mut self.lines {
            // reading what is in no order would be for nothing
            if seem_sorted(sections) {
                let pieces = sections
                    .iter()
                    .flat_map(|section| {
                        pieces(section.part, section.rows.clone()).into_iter().map(move |of| (section, of))
                    })
                    .collect();
                let chunk = |(section, rows): (&Section<'_>, Range<usize>),
                             scratch: &mut Scratch,
                             go_on: &mut dyn FnMut() -> bool| {
                    chunk_of(section.part, rows.clone(), section.segments(rows), scratch, go_on)
                };
                let rows = sections.iter().map(|section| section.rows.len()).sum();
                if let Some(made) = in_turns(rows, pieces, go_on, chunk)?
                    && follow(chunks, &made)
                {
                    for made in made {
                        self.faults.merge(made.faults);
                        self.rounding.merge(made.rounding);
                        append(chunks, made.chunk);
                    }
                    return Ok(());
                }
            }
            let mut shuffled = Shuffled::new(bounds(sections));
            for chunk in std::mem::take(chunks) {
                shuffled.add_chunk(&chunk);
            }
            self.lines = Lines::Shuffled(shuffled);
        }
        sections.iter().try_for_each(|section| self.add_shuffled(section, go_on))
    }

    /// Adds rows that are in no order.
    fn add_shuffled(&mut self, section: &Section<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let Lines::Shuffled(shuffled) = &mut self.lines else { return Ok(()) };
        let part = section.part;
        let parts = shares(section.rows.clone());
        let shards = shuffled.shards(parts.len());
        let read = |rows: Range<usize>, shard: &mut Shard, go_on: &mut dyn FnMut() -> bool| {
            let (mut faults, mut rounding) = (Faults::default(), Rounding::default());
            let (mut months, mut amounts, mut cells) = (Vec::new(), Vec::new(), Cells::default());
            for start in rows.clone().step_by(STRETCH) {
                if !go_on() {
                    return None;
                }
                let stretch = start..rows.end.min(start + STRETCH);
                months.clear();
                amounts.clear();
                let who = part.who(stretch.clone(), &mut faults);
                part.months(stretch.clone(), &mut months, &mut faults);
                rounding.merge(part.amounts(stretch.clone(), &mut amounts, &mut cells, &mut faults));
                shard.add(&who, &months, &amounts, section.segments(stretch));
            }
            Some((faults, rounding))
        };
        for (faults, rounding) in in_shares(parts.into_iter().zip(shards).collect(), go_on, read)?.into_iter().flatten()
        {
            self.faults.merge(faults);
            self.rounding.merge(rounding);
        }
        Ok(())
    }

    /// The ledger of all rows that were added.
    ///
    /// # Errors
    /// What is wrong with the rows: values that cannot be used, two segments of one customer and month, gaps where they are
    /// errors.
    pub fn finish(self) -> Result<Ledger> {
        self.finish_while(&mut || true)
    }

    /// As [`LedgerBuilder::finish`]; `go_on` is asked from time to time whether to.
    ///
    /// # Errors
    /// As [`LedgerBuilder::finish`], and [`Error::Interrupted`].
    pub fn finish_while(mut self, go_on: &mut dyn FnMut() -> bool) -> Result<Ledger> {
        if let Some(error) = self.failed.take().or_else(|| self.faults.error()) {
            return Err(error);
        }
        if !go_on() {
            return Err(Error::Interrupted);
        }
        let range = self.options.range()?;
        let made = match std::mem::replace(&mut self.lines, Lines::Sorted(Vec::new())) {
            Lines::Sorted(chunks) => settled(chunks, go_on)?,
            Lines::Shuffled(shuffled) => shuffled.sorted(go_on)?,
        };
        let Settled { mut chunks, months } = self.settle(made)?;
        let diagnostics = self.diagnostics;
        let segments = Segments::of(&self.groups, &mut chunks);
        let reasons =
            self.reasons.into_iter().map(|reading| reading.finish(go_on)).collect::<Result<Vec<Reasons>>>()?;
        // what only changes messages is no difference between ledgers
        let options = Arc::unwrap_or_clone(self.options).nan_is_missing(false);
        let options = options.with_reasons(&reasons);
        let currency = self.currency.0;
        Ok(Ledger { months: range.or(months), options, chunks, segments, reasons, currency, diagnostics })
    }

    /// Counts lines of one customer and month that were added up; the chunks with customers, and the first and the last month.
    fn settle(&mut self, made: Vec<Made>) -> Result<Settled> {
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
        if let Some((state, offence)) = clash {
            return Err(state.error(Offence { count: clashes, ..offence }));
        }
        chunks.retain(|chunk| chunk.customers.len() > 0);
        let mut extent = Extent::default();
        for chunk in &chunks {
            extent.add(chunk.extent().unwrap_or_else(|| Extent::of(chunk)));
        }
        if extent.gaps > 0
            && self.options.gaps == Gaps::Error
            && let Some(first) = self.gap(&chunks)
        {
            return Err(Error::InvalidValue(Box::new(Offence { count: extent.gaps, ..first })));
        }
        self.diagnostics = Diagnostics {
            rows: self.rows,
            months: self.diagnostics.months + extent.months,
            added: self.added,
            gaps: self.diagnostics.gaps + extent.gaps,
            rounded: self.rounding.values,
            largest_rounding: self.rounding.largest,
        };
        Ok(Settled { chunks, months: extent.range })
    }

    /// The first month without a row between a customer's first and last.
    fn gap(&self, chunks: &[Chunk]) -> Option<Offence> {
        let customers = chunks.iter().flat_map(|chunk| (0..chunk.customers.len()).map(move |place| (chunk, place)));
        let (chunk, place, gap) = customers.into_iter().find_map(|(chunk, place)| {
            let spans = &chunk.columns.spans[chunk.spans(place)];
            let gap = spans.windows(2).find(|pair| pair[0].end() != pair[1].first())?;
            Some((chunk, place, gap[0].end()))
        })?;
        let offence = Offence::new(&self.options.month, NO_ROW, "a row for each month up to the last")
            .hint("gaps=\"zero\" reads it as revenue 0");
        Some(at(chunk, place, gap, offence))
    }

    fn clash(&self, chunk: &Chunk, found: Clashes) -> (State, Offence) {
        let of = |offence| at(chunk, found.customer, found.month, offence);
        match found.why {
            Clash::Segments(one, other) => {
                let value = |group: u32| self.groups.text(group);
                let expected = "one segment a customer and month";
                let offence = Offence::new(self.options.by.join(", "), HOLDS_BOTH, expected);
                let offence = offence.at(None, &format!("{} and {}", value(one), value(other)));
                (State::WrongWord, of(offence))
            }
            Clash::Range => {
                let expected = "less than 2^63 millionths a year";
                let offence = Offence::new(&self.options.revenue, TOO_MUCH, expected);
                (State::Range, of(offence))
            }
        }
    }

    /// The customers, of a stream that goes on but for the last, whose lines may too; nothing of rows that are not sorted.
    pub(super) fn take_sorted(&mut self, goes_on: bool, go_on: &mut dyn FnMut() -> bool) -> Result<Option<Vec<Chunk>>> {
        if let Some(error) = self.failed.clone().or_else(|| self.faults.error()) {
            return Err(error);
        }
        let Lines::Sorted(chunks) = &mut self.lines else { return Ok(None) };
        let open = if goes_on { chunks.last_mut().and_then(Chunk::split_last) } else { None };
        let complete = std::mem::replace(chunks, open.into_iter().collect());
        Ok(Some(self.settle(settled(complete, go_on)?)?.chunks))
    }

    /// The reasons of the customers that [`LedgerBuilder::take_sorted`] took.
    pub(super) fn take_reasons(&mut self, go_on: &mut dyn FnMut() -> bool) -> Result<Vec<Vec<Chunk>>> {
        let Lines::Sorted(chunks) = &self.lines else { return Ok(Vec::new()) };
        let open = chunks.last().and_then(|chunk| chunk.customers.last());
        self.reasons.iter_mut().map(|reading| reading.take(open, go_on)).collect()
    }

    /// Who came last, of rows that are sorted.
    pub(super) fn last_customer(&self) -> Option<Key> {
        let Lines::Sorted(chunks) = &self.lines else { return None };
        chunks.last().and_then(|chunk| chunk.customers.last()).map(super::chunk::Customer::key)
    }

    #[cfg(test)]
    pub(super) fn is_sorted(&self) -> bool {
        matches!(self.lines, Lines::Sorted(_))
    }

    /// The one currency of what is added up by these segments, as [`currency_of`] says.
    pub(super) fn currency_by(&self, by: &[String]) -> Result<Option<String>> {
        let keys = |place: usize| self.groups.columns[place].values().iter();
        currency_of(&self.options.by, by, self.currency.0.as_ref(), keys)
    }

    pub(super) fn options(&self) -> &LedgerOptions {
        &self.options
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn fail(&mut self, error: Error) -> Error {
        self.failed.insert(error).clone()
    }
}

/// Chunks that are in order, with the lines of one customer and month added up.
fn settled(chunks: Vec<Chunk>, go_on: &mut dyn FnMut() -> bool) -> Result<Vec<Made>> {
    let settled = |mut chunk: Chunk| {
        let added = chunk.settle(go_on).filter(|_| go_on()).ok_or(Error::Interrupted)?;
        Ok((chunk.measured(), added))
    };
    chunks.into_iter().map(settled).collect()
}

/// With the customer and the month for the row, which is not known any more.
pub(super) fn at(chunk: &Chunk, customer: usize, month: i32, offence: Offence) -> Offence {
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

impl Segments {
    /// The segments in order, and the lines' codes made those of it.
    pub(super) fn of(groups: &Groups, chunks: &mut [Chunk]) -> Self {
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
        let keys: Vec<Vec<Key>> = order.iter().map(|group| groups.keys(*group)).collect();
        Self { columns: groups.columns.iter().map(key_column).collect(), keys }
    }
}
