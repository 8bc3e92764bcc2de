//! Arrow in and out: tables from `RecordBatch`es, results as `RecordBatch`es.
//!
//! ```
//! use arrow_array::{Int64Array, RecordBatch};
//! use std::sync::Arc;
//! use svcmetrics::{Request, Scorecard, Table};
//! let batch = RecordBatch::try_from_iter([
//!     ("milestones_met", Arc::new(Int64Array::from(vec![Some(3), None])) as _),
//!     ("milestones_total", Arc::new(Int64Array::from(vec![4, 4])) as _),
//! ])
//! .unwrap();
//! let card = Scorecard::of(&Table::from(&batch), Request::default())?;
//! assert_eq!(card.figure("adoption_rate")?.value(), Some(0.75));
//! assert_eq!(card.to_record_batch()?.num_rows(), 1);
//! # Ok::<(), svcmetrics::Error>(())
//! ```

mod arrays;
mod both;
mod columns;
mod mixes;
mod reasons;
mod scores;
mod views;

pub(crate) use arrays::decimals;
pub use columns::column;
pub use views::{RUNS, Runs, recurring};

use arrays::{integers, key_array, primitive};

use crate::definitions::Chosen;
use crate::engine::both::both;
use crate::error::{Error, Result};
use crate::figure::{Figure, Total, Undefined, Value, aligned};
use crate::health::HealthScores;
use crate::interval::{LEVEL, Level};
use crate::key::{Key, group_text};
use crate::lanes::Places;
use crate::metric::{Form, Kind, Metric};
use crate::scorecard::{KeyColumn, Reading, Scorecard};
use arrow_array::builder::StringBuilder;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use std::sync::Arc;

/// Columns in the making: fields and arrays of one length.
#[derive(Default)]
pub(crate) struct Frame {
    fields: Vec<Arc<Field>>,
    arrays: Vec<ArrayRef>,
}

impl Frame {
    pub(crate) fn push(&mut self, name: impl Into<String>, array: ArrayRef) {
        self.push_as(Arc::new(Field::new(name, array.data_type().clone(), true)), array);
    }

    fn push_as(&mut self, field: Arc<Field>, array: ArrayRef) {
        self.fields.push(field);
        self.arrays.push(array);
    }

    /// Columns of keys, each group's as often as it has rows.
    pub(crate) fn push_keys<'k>(
        &mut self,
        keys: &[KeyColumn],
        groups: &(impl Iterator<Item = &'k Vec<Key>> + Clone),
        repeat: usize,
    ) -> Result<()> {
        for (position, key) in keys.iter().enumerate() {
            let values = groups.clone().flat_map(|keys| std::iter::repeat_n(&keys[position], repeat));
            self.push(&key.name, key_array(&key.name, &key.key_type, values)?);
        }
        Ok(())
    }

    /// Keys come first: a name that is there twice is a key's.
    pub(crate) fn finish(self) -> Result<RecordBatch> {
        let names: Vec<&String> = self.fields.iter().map(|field| field.name()).collect();
        if let Some(twice) = (1..names.len()).find(|place| names[..*place].contains(&names[*place])) {
            let problem = "is named like a column of the result; rename the column".to_owned();
            return Err(Error::KeyName { key: names[twice].clone(), problem });
        }
        let schema = Arc::new(Schema::new(self.fields));
        let made = RecordBatch::try_new(schema, self.arrays);
        made.map_err(|error| Error::InvalidDocument { what: "a frame", problem: error.to_string() })
    }
}

/// A metric's column in the wide frame.
pub(crate) fn field_of(metric: &Metric, form: &Form) -> Field {
    let of = match metric.kind() {
        Kind::Amount if form.counts_rows() => DataType::Int64,
        Kind::Amount => DataType::Decimal128(DIGITS, 6),
        _ => DataType::Float64,
    };
    Field::new(metric.id(), of, true)
}

/// The digits of an amount.
const DIGITS: u8 = 38;

/// A metric's readings: of the groups, and of the total where there is one.
struct Readings<'a> {
    card: &'a Scorecard,
    groups: Reading<'a>,
    total: Option<Reading<'a>>,
}

impl<'a> Readings<'a> {
    fn of(&self, card: &Scorecard) -> &Reading<'a> {
        self.total.as_ref().filter(|_| !std::ptr::eq(card, self.card)).unwrap_or(&self.groups)
    }
}

/// The column that tells the row over all groups from a group of null keys.
const IS_TOTAL: &str = "is_total";

impl Scorecard {
    /// Each group, and after them the total where there is one; a scorecard without keys is its own.
    fn shown<'a>(&'a self, total: Option<&'a Self>) -> Vec<(&'a Self, usize)> {
        let total = total.filter(|_| !self.keys.is_empty()).map(|total| (total, 0));
        (0..self.len()).map(|group| (self, group)).chain(total).collect()
    }

    /// A metric's readings: of the groups, and of the total.
    fn readings<'a>(&'a self, chosen: &'a Chosen, total: Option<&'a Self>) -> Readings<'a> {
        Readings { card: self, groups: self.reading(chosen), total: total.map(|total| total.reading(chosen)) }
    }

    /// What a metric's readings say of all groups, and of the total.
    fn of_all<'a, T>(
        &'a self,
        chosen: &'a Chosen,
        total: Option<&'a Self>,
        read: impl Fn(&Reading<'a>) -> Result<Vec<T>>,
    ) -> Result<Vec<T>> {
        let mut all = read(&self.reading(chosen))?;
        if let Some(total) = total.filter(|_| !self.keys.is_empty()) {
            all.extend(read(&total.reading(chosen))?);
        }
        Ok(all)
    }

    pub(crate) fn push_keys(&self, frame: &mut Frame, repeat: usize, total: Option<&Self>) -> Result<()> {
        let shown = self.shown(total);
        let of_total = vec![Key::Null; self.keys.len()];
        let groups =
            shown.iter().map(|(card, group)| if card.keys.is_empty() { &of_total } else { &card.groups[*group] });
        frame.push_keys(&self.keys, &groups, repeat)?;
        if total.is_some() {
            if self.keys.iter().any(|key| key.name == IS_TOTAL) {
                let problem = "is named like the column that marks the total; rename the column".to_owned();
                return Err(Error::KeyName { key: IS_TOTAL.to_owned(), problem });
            }
            let is_total = |(card, group): &(&Self, usize)| card.groups[*group].is_empty();
            let marks = shown.iter().flat_map(|row| std::iter::repeat_n(Some(is_total(row)), repeat));
            frame.push(IS_TOTAL, Arc::new(marks.collect::<BooleanArray>()));
        }
        Ok(())
    }

    /// Wide: a row a group, sorted by the keys; keys, rows, then a column a metric: amounts as decimals, those that count rows
    /// as integers, all others as the nearest doubles, undefined as null.
    ///
    /// # Errors
    /// [`Error::Overflow`] for a total that a decimal of 38 digits does not hold.
    pub fn to_record_batch(&self) -> Result<RecordBatch> {
        self.wide(None)
    }

    /// The same with the row over all groups, the roll-up to no keys, as the last: its keys are null, and a column `is_total`
    /// after the keys is true in it and false in the others. Without keys the one row is the total.
    ///
    /// ```
    /// use svcmetrics::{Request, Scorecard, Table};
    /// let table = Table::new(2)
    ///     .with("region", vec![Some("north"), None])
    ///     .with("milestones_met", vec![1_i64, 2])
    ///     .with("milestones_total", vec![2_i64, 2]);
    /// let card = Scorecard::of(&table, Request::default().by(["region"]))?;
    /// assert_eq!(card.to_record_batch_with_totals()?.num_rows(), 3);
    /// assert_eq!(card.to_record_batch_with_totals()?.schema().field(1).name(), "is_total");
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Scorecard::to_record_batch`] and [`Scorecard::rollup`]; [`Error::KeyName`] for a key of that name.
    pub fn to_record_batch_with_totals(&self) -> Result<RecordBatch> {
        self.wide(Some(&self.rollup::<&str>(&[])?))
    }

    fn wide(&self, total: Option<&Self>) -> Result<RecordBatch> {
        let shown = self.shown(total);
        let mut frame = Frame::default();
        self.push_keys(&mut frame, 1, total)?;
        frame.push("rows", integers(shown.iter().map(|(card, group)| card.rows(*group)), "rows")?);
        let figured: Vec<(&Chosen, &Places)> =
            self.definitions.figured().filter_map(|chosen| Some((chosen, self.definitions.places(chosen)?))).collect();
        let (one, other) = figured.split_at(figured.len() / 2);
        let (one, other) = both(shown.len(), || self.figures_of(one, total), || self.figures_of(other, total));
        for ((_, places), array) in figured.into_iter().zip(one?.into_iter().chain(other?)) {
            frame.push_as(places.field.clone(), array);
        }
        frame.finish()
    }

    /// A column for each of these metrics.
    fn figures_of(&self, figured: &[(&Chosen, &Places)], total: Option<&Self>) -> Result<Vec<ArrayRef>> {
        let array = |(chosen, places): &(&Chosen, &Places)| -> Result<ArrayRef> {
            if *places.field.data_type() == DataType::Float64 {
                return Ok(Arc::new(primitive::<Float64Type>(&self.of_all(chosen, total, Reading::values)?)));
            }
            let amounts = self.of_all(chosen, total, Reading::amounts)?;
            if *places.field.data_type() == DataType::Int64 {
                return integers(amounts.into_iter().map(|amount| amount.map(Total::integer)), chosen.metric.id());
            }
            let too_large = |group| self.too_large(group, chosen.metric.id());
            let amounts = amounts.into_iter().enumerate();
            let micros = |(group, amount): (usize, Option<Total>)| {
                amount.map(|amount| amount.micros().ok_or_else(|| too_large(group))).transpose()
            };
            decimals(&amounts.map(micros).collect::<Result<Vec<_>>>()?, DIGITS, too_large)
        };
        figured.iter().map(array).collect()
    }

    fn too_large(&self, group: usize, metric: &str) -> Error {
        // after the groups comes the total
        let group = self.groups.get(group).map(|keys| group_text(keys)).unwrap_or_default();
        Error::Overflow { measure: metric.to_owned(), group, limit: "38 digits" }
    }

    /// Long: a row a group and metric, with the exact numerator and denominator, the counts, why a value is undefined, and the
    /// interval at 95 %.
    ///
    /// # Errors
    /// As [`Scorecard::to_record_batch`].
    pub fn tidy_record_batch(&self) -> Result<RecordBatch> {
        self.tidy(LEVEL, None)
    }

    /// The same with intervals of that level, as of [`Figure::interval`].
    ///
    /// # Errors
    /// As [`Scorecard::to_record_batch`]; [`Error::InvalidOption`] for a level that is not between 0 and 1.
    pub fn tidy_record_batch_at(&self, level: f64) -> Result<RecordBatch> {
        self.tidy(level, None)
    }

    /// The same at 95 % with rows over all groups as the last, as [`Scorecard::to_record_batch_with_totals`].
    ///
    /// # Errors
    /// As [`Scorecard::to_record_batch_with_totals`].
    pub fn tidy_record_batch_with_totals(&self) -> Result<RecordBatch> {
        self.tidy_record_batch_with_totals_at(LEVEL)
    }

    /// The same with intervals of that level and rows over all groups.
    ///
    /// # Errors
    /// As [`Scorecard::tidy_record_batch_at`] and [`Scorecard::to_record_batch_with_totals`].
    pub fn tidy_record_batch_with_totals_at(&self, level: f64) -> Result<RecordBatch> {
        self.tidy(level, Some(&self.rollup::<&str>(&[])?))
    }

    fn tidy(&self, level: f64, total: Option<&Self>) -> Result<RecordBatch> {
        let level = Level::new(level)?;
        let chosen: Vec<_> = self.definitions.figured().collect();
        let mut frame = Frame::default();
        self.push_keys(&mut frame, chosen.len(), total)?;
        let (mut ids, mut values) = (StringBuilder::new(), Vec::new());
        let (mut numerators, mut denominators) = (Vec::new(), Vec::new());
        let mut reasons = StringBuilder::new();
        let (mut lows, mut highs) = (Vec::new(), Vec::new());
        let mut counts: [Vec<Option<i64>>; 5] = Default::default();
        let readings: Vec<_> = chosen.iter().map(|chosen| self.readings(chosen, total)).collect();
        for (card, group) in self.shown(total) {
            for (chosen, readings) in chosen.iter().zip(&readings) {
                let reading = readings.of(card);
                let figure = reading.figure(group)?;
                let (numerator, denominator) = card.parts(group, chosen, &figure)?;
                ids.append_value(chosen.metric.id());
                values.push(figure.value());
                numerators.push(numerator);
                denominators.push(denominator);
                reasons.append_option(figure.undefined_reason().map(Undefined::reason));
                let (low, high) = figure.interval_at(level).unzip();
                lows.push(low);
                highs.push(high);
                let found = reading.counts(group);
                let of = |count: fn(&crate::scorecard::Counts) -> i128| {
                    found.as_ref().and_then(|found| i64::try_from(count(found)).ok())
                };
                let row =
                    [of(|c| c.counted), of(|c| c.missing), of(|c| c.invalid), of(|c| c.outside), of(|c| c.rounded)];
                counts.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
            }
        }
        frame.push("metric", Arc::new(ids.finish()));
        frame.push("value", Arc::new(Float64Array::from(values)));
        let too_large = |row: usize| self.too_large(row / chosen.len(), chosen[row % chosen.len()].metric.id());
        frame.push("numerator", decimals(&numerators, DIGITS, too_large)?);
        frame.push("denominator", decimals(&denominators, DIGITS, too_large)?);
        for (name, column) in ["counted", "missing", "invalid", "outside", "rounded"].into_iter().zip(counts) {
            frame.push(name, Arc::new(Int64Array::from(column)));
        }
        frame.push("undefined_reason", Arc::new(reasons.finish()));
        frame.push("low", Arc::new(Float64Array::from(lows)));
        frame.push("high", Arc::new(Float64Array::from(highs)));
        frame.finish()
    }

    /// Numerator and denominator in micro-units; what is undefined or made of other metrics has neither.
    fn parts(&self, group: usize, chosen: &Chosen, figure: &Figure) -> Result<(Option<i128>, Option<i128>)> {
        let micros = |total: crate::figure::Total| {
            total.micros().map(Some).ok_or_else(|| self.too_large(group, chosen.metric.id()))
        };
        match figure.value {
            Value::Quotient { numerator, denominator } => {
                aligned(numerator, denominator).ok_or_else(|| self.too_large(group, chosen.metric.id()))?;
                Ok((micros(numerator)?, micros(denominator)?))
            }
            Value::Amount(total) => Ok((micros(total)?, None)),
            Value::Derived(_) | Value::Undefined(_) => Ok((None, None)),
        }
    }

    /// The exact totals: keys, rows, counts and measures by their ids. Parts of it may be stored, added up by any tool, and
    /// read back by [`Scorecard::from_measures`].
    ///
    /// # Errors
    /// [`Error::KeyName`] for a key that is named like a measure; [`Error::Overflow`].
    pub fn measures_record_batch(&self) -> Result<RecordBatch> {
        let mut frame = Frame::default();
        self.push_keys(&mut frame, 1, None)?;
        let names = self.definitions.lane_names();
        if let Some(key) = self.keys.iter().find(|key| names.contains(&key.name)) {
            return Err(Error::KeyName {
                key: key.name.clone(),
                problem: "is named like a measure; rename the column".into(),
            });
        }
        for (lane, name) in names.iter().enumerate() {
            let totals = (0..self.len()).map(|group| self.totals.group(group)[lane]);
            if lane < self.definitions.measure_lane(0) {
                frame.push(name, integers(totals, name)?);
                continue;
            }
            let absent = self.over_time && self.definitions.is_stock(lane);
            let scale = if self.definitions.is_micro(lane) { 1 } else { i128::from(crate::money::MICROS) };
            let micros = totals.enumerate().map(|(group, total)| match total.checked_mul(scale) {
                _ if absent => Ok(None),
                Some(micros) => Ok(Some(micros)),
                None => Err(self.too_large(group, name)),
            });
            let micros = micros.collect::<Result<Vec<_>>>()?;
            frame.push(name, decimals(&micros, DIGITS, |group| self.too_large(group, name))?);
        }
        frame.finish()
    }
}

impl HealthScores {
    /// A row a customer in the table's order: the identity where there is one, score, band, coverage, and, if asked, each
    /// component's points.
    ///
    /// # Errors
    /// [`Error::Overflow`] for identities beyond 64 bits.
    pub fn to_record_batch(&self, explain: bool) -> Result<RecordBatch> {
        let mut frame = Frame::default();
        if let Some((key_type, customers)) = &self.customers {
            frame.push("customer_id", key_array("customer_id", key_type, customers.iter())?);
        }
        let score = |score: &Option<crate::health::HealthScore>| {
            score.as_ref()?.score.map(|micro| crate::Total::new(micro.into(), true).to_f64())
        };
        frame.push("score", Arc::new(self.scores.iter().map(score).collect::<Float64Array>()));
        frame.push("band", Arc::new((0..self.scores.len()).map(|row| self.band(row)).collect::<StringArray>()));
        frame.push(
            "coverage",
            Arc::new(
                self.scores.iter().map(|score| score.as_ref().map(|score| score.coverage)).collect::<Float64Array>(),
            ),
        );
        if explain {
            for (position, component) in self.model.components().iter().enumerate() {
                let name = format!("{}_points", component.metric());
                let points =
                    |score: &Option<crate::health::HealthScore>| score.as_ref()?.points[position].map(i128::from);
                // points are at most 100
                let too_large = |_| Error::Overflow { measure: name.clone(), group: String::new(), limit: "9 digits" };
                let array = decimals(&self.scores.iter().map(points).collect::<Vec<_>>(), 9, too_large)?;
                frame.push(name, array);
            }
        }
        frame.finish()
    }
}
