//! Retention and customers as `RecordBatch`es.

use super::{CohortCell, CustomerMovement, Ledger, Movement, MovementOptions, Retention};
use crate::arrow::{Frame, decimals};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::key::{Key, KeyType};
use crate::money::divide_half_even;
use crate::period::Period;
use crate::scorecard::KeyColumn;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use std::sync::Arc;

/// The digits of an amount.
const DIGITS: u8 = 38;

/// What a triangle can show, in the order of the long frame's columns.
const SHOWN: [&str; 7] = [
    "customers",
    "customers_start",
    "revenue",
    "revenue_start",
    "customer_retention",
    "gross_revenue_retention",
    "net_revenue_retention",
];

/// In micro-units, rounded half to even.
fn micros(figure: &Figure) -> Option<i128> {
    let numerator = figure.numerator()?.micros()?;
    Some(figure.denominator().map_or(numerator, |denominator| divide_half_even(numerator, denominator.integer())))
}

fn amounts<'a>(name: &'static str, figures: impl Iterator<Item = Option<&'a Figure>>) -> Result<ArrayRef> {
    let too_large = |_| Error::Overflow { measure: name.to_owned(), group: String::new(), limit: "38 digits" };
    decimals(&figures.map(|figure| figure.and_then(micros)).collect::<Vec<_>>(), DIGITS, too_large)
}

/// One of [`SHOWN`] of cells, some of which are not there.
fn shown(name: &'static str, cells: &[Option<&CohortCell>]) -> Result<ArrayRef> {
    let counts = |of: fn(&CohortCell) -> u64| -> ArrayRef {
        Arc::new(cells.iter().map(|cell| i64::try_from(of((*cell)?)).ok()).collect::<Int64Array>())
    };
    let rates = |of: fn(&CohortCell) -> Figure| -> ArrayRef {
        Arc::new(cells.iter().map(|cell| of((*cell)?).value()).collect::<Float64Array>())
    };
    Ok(match name {
        "customers" => counts(|cell| cell.customers),
        "customers_start" => counts(|cell| cell.customers_start),
        "revenue" => amounts(name, cells.iter().map(|cell| cell.map(|cell| &cell.revenue)))?,
        "revenue_start" => amounts(name, cells.iter().map(|cell| cell.map(|cell| &cell.revenue_start)))?,
        "customer_retention" => rates(|cell| cell.customer_retention),
        "gross_revenue_retention" => rates(|cell| cell.gross_revenue_retention),
        _ => rates(|cell| cell.net_revenue_retention),
    })
}

fn cohort_key(cell: &CohortCell) -> Vec<Key> {
    std::iter::once(Key::from(cell.cohort.to_string().as_str())).chain(cell.segment.iter().cloned()).collect()
}

impl Retention {
    fn keys(&self) -> Vec<KeyColumn> {
        std::iter::once(KeyColumn::new("cohort", KeyType::Text)).chain(self.columns.iter().cloned()).collect()
    }

    /// A row a cell: `cohort`, the segments, `age`, `customers`, `customers_start`, `revenue`, `revenue_start`,
    /// `customer_retention`, `gross_revenue_retention`, `net_revenue_retention`; amounts as decimals, rounded half to even
    /// where they have more than six places.
    ///
    /// # Errors
    /// [`Error::KeyName`] for a segment that is named like one of the columns.
    pub fn to_record_batch(&self) -> Result<RecordBatch> {
        let mut frame = Frame::default();
        let keys: Vec<Vec<Key>> = self.cells.iter().map(cohort_key).collect();
        frame.push_keys(&self.keys(), &keys.iter(), 1)?;
        frame.push("age", Arc::new(self.cells.iter().map(|cell| i64::from(cell.age)).collect::<Int64Array>()));
        let cells: Vec<Option<&CohortCell>> = self.cells.iter().map(Some).collect();
        for name in SHOWN {
            frame.push(name, shown(name, &cells)?);
        }
        frame.finish()
    }

    /// A row a cohort and segment, a column an age; null where nothing can be known yet. `value` is one of the columns of the
    /// long frame from `customers` on.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for another value; [`Error::KeyName`] for a segment that is named like an age.
    pub fn triangle_record_batch(&self, value: &str) -> Result<RecordBatch> {
        let name = SHOWN.into_iter().find(|name| *name == value).ok_or_else(|| Error::InvalidOption {
            option: "value".into(),
            found: value.into(),
            expected: SHOWN.join(", "),
        })?;
        // the cells of a cohort and segment stand together
        let rows: Vec<&[CohortCell]> =
            self.cells.chunk_by(|one, other| one.cohort == other.cohort && one.segment == other.segment).collect();
        let mut frame = Frame::default();
        let keys: Vec<Vec<Key>> = rows.iter().map(|row| cohort_key(&row[0])).collect();
        frame.push_keys(&self.keys(), &keys.iter(), 1)?;
        for age in 0..rows.iter().map(|row| row.len()).max().unwrap_or_default() {
            let cells: Vec<Option<&CohortCell>> = rows.iter().map(|row| row.get(age)).collect();
            frame.push(age.to_string(), shown(name, &cells)?);
        }
        frame.finish()
    }
}

impl Ledger {
    /// [`Ledger::behind`] as a frame: the customer under the name of its column, the segments, `revenue_start`,
    /// `revenue_end`, `amount`.
    ///
    /// # Errors
    /// As [`Ledger::behind`]; [`Error::KeyName`] for a column that is named like another.
    pub fn behind_record_batch(
        &self,
        period: Period,
        movement: Movement,
        options: &MovementOptions,
    ) -> Result<RecordBatch> {
        self.behind_record_batch_while(period, movement, options, &mut || true)
    }

    /// As [`Ledger::behind_record_batch`]; `go_on` is asked from time to time whether to.
    ///
    /// # Errors
    /// As [`Ledger::behind_record_batch`], and [`Error::Interrupted`].
    pub fn behind_record_batch_while(
        &self,
        period: Period,
        movement: Movement,
        options: &MovementOptions,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<RecordBatch> {
        self.customer_batch(&self.behind_while(period, movement, options, go_on)?, options)
    }

    /// [`Ledger::behind_cohort`] as such a frame; `go_on` is asked from time to time whether to.
    ///
    /// # Errors
    /// As [`Ledger::behind_cohort`], and [`Error::Interrupted`].
    pub fn behind_cohort_record_batch_while(
        &self,
        cohort: Period,
        age: u32,
        options: &MovementOptions,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<RecordBatch> {
        self.customer_batch(&self.behind_cohort_while(cohort, age, options, go_on)?, options)
    }

    fn customer_batch(&self, found: &[CustomerMovement], options: &MovementOptions) -> Result<RecordBatch> {
        let of_customer = match found.first() {
            Some(CustomerMovement { customer: Key::Integer(_), .. }) => KeyType::Integer,
            _ => KeyType::Text,
        };
        let (_, segments) = self.segments_by(&options.by)?;
        let columns: Vec<KeyColumn> =
            std::iter::once(KeyColumn::new(&self.options.customer, of_customer)).chain(segments.columns).collect();
        let key = |of: &CustomerMovement| -> Vec<Key> {
            std::iter::once(of.customer.clone()).chain(of.segment.iter().cloned()).collect()
        };
        let keys: Vec<Vec<Key>> = found.iter().map(key).collect();
        let mut frame = Frame::default();
        frame.push_keys(&columns, &keys.iter(), 1)?;
        frame.push("revenue_start", amounts("revenue_start", found.iter().map(|of| Some(&of.revenue_start)))?);
        frame.push("revenue_end", amounts("revenue_end", found.iter().map(|of| Some(&of.revenue_end)))?);
        frame.push("amount", amounts("amount", found.iter().map(|of| Some(&of.amount)))?);
        frame.finish()
    }
}
