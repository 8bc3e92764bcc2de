//! Recurring revenue over time: what each customer paid in each month, and what came of it.

mod bounds;
mod buckets;
mod builder;
mod cells;
mod chunk;
mod clashes;
mod codes;
mod customers;
mod explanation;
mod extent;
mod fold;
#[cfg(feature = "arrow")]
mod frames;
mod grid;
mod known;
mod lines;
mod merge;
mod months;
mod movement_options;
mod movements;
mod moves;
mod options;
mod origin;
mod reasons;
mod retention;
mod search;
mod sections;
mod shares;
mod shuffled;
mod sorted;
mod spans;
#[cfg(feature = "serde")]
mod stored;
#[cfg(feature = "serde")]
mod stored_reasons;
#[cfg(feature = "serde")]
mod stored_retention;
mod streaming;
mod turns;
mod who;

pub use builder::LedgerBuilder;
pub use customers::{CustomerMovement, Movement};
pub use movement_options::MovementOptions;
pub use options::{Gaps, LedgerOptions};
pub(crate) use origin::Origin;
pub use retention::{CohortCell, Retention};
pub use search::RowSearch;
pub use streaming::MovementsBuilder;

use crate::engine::columns::Table;
use crate::engine::one_currency;
use crate::error::{Error, Result};
use crate::key::Key;
use crate::metrics::CURRENCY;
use crate::period::Period;
use crate::scorecard::KeyColumn;
use chunk::Chunk;
use reasons::Reasons;

/// What a ledger was made of, counted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Diagnostics {
    /// Rows of the table.
    pub rows: u64,
    /// Months of customers: rows, those of one customer and month taken together.
    pub months: u64,
    /// Rows that were added to another of the same customer and month.
    pub added: u64,
    /// Months without a row that lie between a customer's first and last: read as revenue 0.
    pub gaps: u64,
    /// Amounts that were rounded.
    pub rounded: u64,
    /// The largest difference that rounding made, in units a month.
    pub largest_rounding: f64,
}

impl Diagnostics {
    /// Those of both parts together; a stored count may be anything.
    fn with(&self, other: &Self) -> Self {
        Self {
            rows: self.rows.saturating_add(other.rows),
            months: self.months.saturating_add(other.months),
            added: self.added.saturating_add(other.added),
            gaps: self.gaps.saturating_add(other.gaps),
            rounded: self.rounded.saturating_add(other.rounded),
            largest_rounding: self.largest_rounding.max(other.largest_rounding),
        }
    }

    /// What is wrong with them, as they were stored.
    #[cfg(feature = "serde")]
    fn validated(&self) -> Result<(), &'static str> {
        let adds_up = self.months.checked_add(self.added) == Some(self.rows) && self.rounded <= self.rows;
        let is_rounding =
            (0.0..1.0).contains(&self.largest_rounding) && (self.rounded > 0 || self.largest_rounding == 0.0);
        if adds_up && is_rounding {
            return Ok(());
        }
        Err("diagnostics: expected months and added to be the rows, and a rounding where some were rounded")
    }
}

/// The segments that lines are of, in order; none without segments.
#[derive(Debug, Clone, PartialEq, Default)]
struct Segments {
    columns: Vec<KeyColumn>,
    /// By code.
    keys: Vec<Vec<Key>>,
}

/// Recurring revenue by customer and month.
///
/// Lines of one customer and month are added first; a month without a line is revenue 0. Amounts are held as run rates of a
/// year in micro-units, so that months, quarters and years are exact, and no rounding can look like a movement.
///
/// ```
/// use svcmetrics::{Ledger, LedgerOptions, MovementOptions, Table};
/// let table = Table::new(3)
///     .with("customer_id", vec!["a", "a", "b"])
///     .with("month", vec!["2026-01", "2026-03", "2026-02"])
///     .with("revenue", vec![50_i64, 70, 30]);
/// let ledger = Ledger::of(&table, LedgerOptions::default())?;
/// let movements = ledger.movements(&MovementOptions::default())?;
/// let of = |metric: &str| -> Vec<String> {
///     movements.figures(metric).unwrap().iter().map(ToString::to_string).collect()
/// };
/// assert_eq!(of("revenue_new"), ["50.00", "30.00", "0.00"]);
/// assert_eq!(of("revenue_churn"), ["0.00", "50.00", "30.00"]);
/// assert_eq!(of("revenue_reactivation"), ["0.00", "0.00", "70.00"]); // a was there before, and is not new
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Example: two segments in one month
///
/// ```
/// use svcmetrics::{Ledger, LedgerOptions, Table};
/// let table = Table::new(2)
///     .with("customer_id", vec!["a", "a"])
///     .with("month", vec!["2026-01", "2026-01"])
///     .with("revenue", vec![50_i64, 70])
///     .with("plan", vec!["basic", "pro"]);
/// assert!(Ledger::of(&table, LedgerOptions::default()).is_ok()); // the lines are added
/// let error = Ledger::of(&table, LedgerOptions::default().by(["plan"])).unwrap_err();
/// assert_eq!((error.kind(), error.row(), error.value()), ("invalid_value", Some(1), Some("basic and pro")));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "stored::Stored", into = "stored::Stored"))]
pub struct Ledger {
    options: LedgerOptions,
    /// In ascending order of customers, over all of them.
    chunks: Vec<Chunk>,
    segments: Segments,
    /// One for each column of reasons.
    reasons: Vec<Reasons>,
    /// The first and the last month of the data; nothing without any.
    months: Option<(i32, i32)>,
    /// That of all amounts, where the table said it and it is no segment.
    currency: Option<String>,
    diagnostics: Diagnostics,
}

/// Ledgers are what they hold, however they came.
impl PartialEq for Ledger {
    fn eq(&self, other: &Self) -> bool {
        fn lines(ledger: &Ledger) -> impl Iterator<Item = (chunk::Customer<'_>, spans::Paid)> {
            ledger.chunks.iter().flat_map(|chunk| {
                (0..chunk.customers.len()).flat_map(move |customer| {
                    chunk.paid(customer).map(move |paid| (chunk.customers.get(customer), paid))
                })
            })
        }
        self.options == other.options
            && (&self.segments, self.months, self.diagnostics) == (&other.segments, other.months, other.diagnostics)
            && (&self.reasons, &self.currency) == (&other.reasons, &other.currency)
            && lines(self).eq(lines(other))
    }
}

/// The positions of columns among those of a ledger's segments.
fn places_of(by: &[String], segments: &[String]) -> Result<Vec<usize>> {
    let place = |(place, name): (usize, &String)| {
        if by[..place].contains(name) {
            return Err(Error::KeyName { key: name.clone(), problem: "is named twice".into() });
        }
        segments.iter().position(|known| known == name).ok_or_else(|| {
            let near = crate::engine::choose::near(name, segments.iter().map(String::as_str));
            Error::ColumnNotFound { metric: None, missing: vec![(name.clone(), near)], available: segments.to_vec() }
        })
    };
    by.iter().enumerate().map(place).collect()
}

/// The one currency of amounts that have `segments` and are added up by fewer; nothing where one of these says it, or nobody does.
///
/// # Errors
/// [`Error::MixedCurrency`] where amounts of several would be added up.
fn currency_of<'k, K: Iterator<Item = &'k Key>>(
    segments: &[String],
    by: &[String],
    own: Option<&String>,
    keys: impl FnOnce(usize) -> K,
) -> Result<Option<String>> {
    match segments.iter().position(|name| name == CURRENCY) {
        Some(_) if by.iter().any(|name| name == CURRENCY) => Ok(None),
        Some(place) => one_currency(CURRENCY, keys(place)),
        None => Ok(own.cloned()),
    }
}

/// A segment's column, of a type that all of its values are of.
fn key_column(column: &crate::engine::key_column::KeyColumn) -> KeyColumn {
    KeyColumn::new(&column.name, column.key_type().clone())
}

impl Ledger {
    /// The ledger of one table.
    ///
    /// # Errors
    /// As [`LedgerBuilder`], with the row also where that knows only customer and month.
    pub fn of(table: &Table<'_>, options: LedgerOptions) -> Result<Self> {
        let mut builder = LedgerBuilder::new(options.clone());
        builder.add(table)?;
        builder.finish().map_err(|error| {
            let mut search = RowSearch::new(options, error);
            search.add(table);
            search.finish()
        })
    }

    /// How many customers there are.
    pub fn customers(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.customers.len()).sum()
    }

    /// What it was made of.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// How it was read.
    pub fn options(&self) -> &LedgerOptions {
        &self.options
    }

    /// The first and the last month of the data; nothing without any.
    pub fn months(&self) -> Option<(Period, Period)> {
        let (first, last) = self.months?;
        Period::of_month(first).zip(Period::of_month(last))
    }

    /// The one currency of what is added up by these segments, as [`currency_of`] says.
    fn currency_by(&self, by: &[String]) -> Result<Option<String>> {
        let keys = |place: usize| self.segments.keys.iter().map(move |keys| &keys[place]);
        currency_of(&self.options.by, by, self.currency.as_ref(), keys)
    }

    /// By code of a segment, the code among those by fewer columns; and these, in order.
    fn segments_by(&self, by: &[String]) -> Result<(Vec<u32>, Segments)> {
        self.currency_by(by)?;
        let places = places_of(by, &self.options.by)?;
        let of = |keys: &Vec<Key>| -> Vec<Key> { places.iter().map(|place| keys[*place].clone()).collect() };
        let projected: Vec<Vec<Key>> = self.segments.keys.iter().map(of).collect();
        let mut keys = projected.clone();
        keys.sort();
        keys.dedup();
        // codes are of 32 bits, and there are no more of these than of those
        let code = |key: &Vec<Key>| keys.binary_search(key).ok().and_then(|code| u32::try_from(code).ok());
        let codes = projected.iter().map(|key| code(key).unwrap_or_default()).collect();
        let columns = places.iter().map(|place| self.segments.columns[*place].clone()).collect();
        Ok((codes, Segments { columns, keys }))
    }
}
