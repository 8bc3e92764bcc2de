//! Movements of more rows than memory holds.

use super::cells::Cells;
use super::chunk::Chunk;
use super::explanation::Explanation;
use super::fold::Fold;
use super::grid::Grid;
use super::lines::{Faults, Part};
use super::movements::{GROUPS, Made};
use super::origin::Origin;
use super::reasons::{self, Moved, Reading, can_break_down};
use super::search::RowSearch;
use super::{LedgerBuilder, LedgerOptions, MovementOptions};
use crate::engine::STRETCH;
use crate::engine::columns::Table;
use crate::error::{Error, Offence, Result};
use crate::key::Key;
use crate::period::Period;
use crate::scorecard::Scorecard;
use foldhash::{HashMap, HashMapExt};

/// Movements from parts of a table that come sorted by customer: each customer's lines are forgotten once they are counted, so
/// memory holds a part at a time. The months must be given, since the first and the last are known only in the end. Columns of
/// reasons stand in all parts or in none.
///
/// ```
/// use svcmetrics::{LedgerOptions, MovementOptions, MovementsBuilder, Table};
/// let options = LedgerOptions::default().months("2026-01".parse()?, "2026-02".parse()?);
/// let mut builder = MovementsBuilder::new(options, MovementOptions::default())?;
/// for customer in [1_i64, 2] {
///     let part = Table::new(1).with("customer_id", vec![customer]).with("month", vec!["2026-01"]);
///     builder.add(&part.with("revenue", vec![50_i64]))?;
/// }
/// assert_eq!(builder.finish()?.figures("revenue_churn")?[1].value(), Some(100.0));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MovementsBuilder {
    lines: LedgerBuilder,
    movements: MovementOptions,
    months: (Period, Period),
    opening: bool,
    /// Its segments are those that came so far, in that order.
    grid: Grid,
    cells: Cells,
    /// Positions of the movements' segments among the lines'.
    places: Vec<usize>,
    codes: HashMap<Vec<Key>, u32>,
    /// By column of reasons.
    moved: Vec<Moved>,
    /// Who came last.
    last: Option<Key>,
}

impl MovementsBuilder {
    /// A builder for these movements.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where the months are not given, or are none; [`Error::ColumnNotFound`] for movements by other
    /// segments than the lines have.
    pub fn new(options: LedgerOptions, movements: MovementOptions) -> Result<Self> {
        let (Some(months), Some(numbers)) = (options.months, options.range()?) else {
            return Err(Error::InvalidOption {
                option: "months".into(),
                found: "nothing".into(),
                expected: "the first and the last month, which are not known before all rows have come".into(),
            });
        };
        let places = super::places_of(&movements.by, &options.by)?;
        let opening = options.opening;
        let mut grid = Grid::of_months(numbers, opening, &movements)?;
        // the one segment, or the first of those to come
        grid.check(grid.periods, movements.max_groups, GROUPS)?;
        if !places.is_empty() {
            grid.segments.clear();
        }
        Ok(Self {
            cells: Cells::new(&grid)?,
            lines: LedgerBuilder::new(options),
            movements,
            months,
            opening,
            grid,
            places,
            codes: HashMap::new(),
            moved: Vec::new(),
            last: None,
        })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// As [`LedgerBuilder::add`] and [`LedgerBuilder::finish`]; [`Error::InvalidValue`] where customers do not ascend.
    pub fn add(&mut self, part: &Table<'_>) -> Result<()> {
        self.add_while(part, &mut || true)
    }

    /// Adds rows as long as `go_on`, which is asked from time to time, says yes.
    ///
    /// # Errors
    /// As [`MovementsBuilder::add`], and [`Error::Interrupted`]; the builder is of no use afterwards.
    pub fn add_while(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let first_row = self.lines.rows();
        let added = self.add_rows(part, first_row, go_on);
        added.map_err(|error| RowSearch::in_part(self.lines.options(), error, part, first_row))
    }

    fn add_rows(&mut self, part: &Table<'_>, first_row: u64, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        self.lines.add_while(part, go_on)?;
        let Some(complete) = self.lines.take_sorted(true, go_on)? else { return Err(self.falls(part, first_row)) };
        self.last = self.lines.last_customer();
        self.count(&complete, go_on)?;
        self.explain(&complete, go_on)
    }

    /// The error for a part whose customers do not ascend.
    fn falls(&mut self, part: &Table<'_>, first_row: u64) -> Error {
        let column = &self.lines.options().customer;
        let offence = Offence::new(column, "does not ascend, with", "rows sorted by customer")
            .hint("sort them by customer before, or build a ledger of all rows");
        let before = self.last.take();
        let offence = match fallen(part, self.lines.options(), first_row, before) {
            Ok(Some((row, value))) => offence.at(Some(row), &value),
            _ => offence,
        };
        self.lines.fail(Error::InvalidValue(Box::new(offence)))
    }

    fn count(&mut self, chunks: &[Chunk], go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        self.learn()?;
        let (grid, cells) = (&self.grid, &mut self.cells);
        let fold = Fold {
            cost: Cells::len(grid),
            empty: || Cells::new(grid),
            take: |cells: &mut Cells, chunk: &Chunk, customers| cells.take(grid, chunk, customers),
            add: Cells::add,
        };
        fold.run(chunks, cells, go_on)
    }

    /// The reasons of customers who are complete.
    fn explain(&mut self, chunks: &[Chunk], go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let reasons = self.lines.take_reasons(go_on)?;
        self.moved.resize_with(reasons.len(), Moved::new);
        for ((reasons, reading), moved) in reasons.iter().zip(&self.lines.reasons).zip(&mut self.moved) {
            reasons::take(moved, &self.grid, reading.change, chunks, reasons, go_on)?;
        }
        Ok(())
    }

    /// The segments that came since.
    fn learn(&mut self) -> Result<()> {
        if self.places.is_empty() {
            return Ok(());
        }
        let groups = &self.lines.groups;
        for group in self.grid.codes.len()..groups.len() {
            // groups are counted in 32 bits
            let keys = groups.keys(u32::try_from(group).unwrap_or(u32::MAX));
            let segment: Vec<Key> = self.places.iter().map(|place| keys[*place].clone()).collect();
            let next = u32::try_from(self.grid.segments.len()).unwrap_or(u32::MAX);
            let code = *self.codes.entry(segment.clone()).or_insert(next);
            self.grid.codes.push(code);
            if code == next {
                self.grid.segments.push(segment);
            }
        }
        self.grid.columns = self.places.iter().map(|place| super::key_column(&groups.columns[*place])).collect();
        self.grid.check(self.grid.periods, self.movements.max_groups, GROUPS)?;
        self.cells.grow(&self.grid)
    }

    /// The movements of all rows that were added.
    ///
    /// # Errors
    /// As [`LedgerBuilder::finish`].
    pub fn finish(self) -> Result<Scorecard> {
        self.finish_while(&mut || true)
    }

    /// As [`MovementsBuilder::finish`]; `go_on` is asked from time to time whether to.
    ///
    /// # Errors
    /// As [`MovementsBuilder::finish`], and [`Error::Interrupted`].
    pub fn finish_while(mut self, go_on: &mut dyn FnMut() -> bool) -> Result<Scorecard> {
        // a part that is not sorted was an error
        let rest = self.lines.take_sorted(false, go_on)?.unwrap_or_default();
        self.count(&rest, go_on)?;
        self.explain(&rest, go_on)?;
        self.cells.finish();
        let currency = self.lines.currency_by(&self.movements.by)?;
        let origin = Origin::of_months(Some(self.months), self.opening, &self.movements, self.lines.diagnostics);
        let (columns, cells) = (self.grid.columns.clone(), Some((&self.grid, &self.cells)));
        let of = |(reading, moved): (&Reading, Moved)| {
            let (groups, key_type) = (&reading.groups, reading.groups.columns[0].key_type().clone());
            Explanation::new(reading.change, key_type, reading.are_judged(), moved, |code| groups.keys(code))
                .told(can_break_down(reading.change, self.lines.options(), &self.movements))
        };
        let reasons = self.lines.reasons.iter().zip(self.moved).map(of).collect();
        Made { options: &self.movements, origin, columns, cells, currency, reasons }.scorecard(go_on)
    }
}

/// The first row whose customer comes before that of the row before, and both in words.
fn fallen(
    part: &Table<'_>,
    options: &LedgerOptions,
    first_row: u64,
    mut before: Option<Key>,
) -> Result<Option<(u64, String)>> {
    let part_of = Part::new(part, options, first_row)?;
    for start in (0..part.rows()).step_by(STRETCH) {
        let stretch = start..part.rows().min(start + STRETCH);
        let who = part_of.who(stretch.clone(), &mut Faults::default());
        for (place, row) in stretch.enumerate() {
            let customer = who.get(place).key();
            if let Some(before) = before.filter(|before| *before > customer) {
                return Ok(Some((first_row + row as u64, format!("{customer} after {before}"))));
            }
            before = Some(customer);
        }
    }
    Ok(None)
}
