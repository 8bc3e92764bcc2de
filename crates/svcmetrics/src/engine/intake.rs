//! Values of whatever type as integers: what each row gives a column, or why it gives nothing.

use super::columns::{Data, Scalar, Values};
use super::instants;
use crate::column::{Column, ColumnKind, Name};
use crate::error::{Error, Offence, Result};
use crate::money::{self, MoneyPolicy, POWERS, Read};
use crate::request::ColumnUnit;
use std::borrow::Cow;
use std::ops::Range;

/// What to do about NaN.
pub(super) const NAN_HINT: &str = "nan=\"null\" reads NaN as missing";

/// What one value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Fine,
    /// Rounded, and so counted.
    Rounded,
    Missing,
    // Outside the domain: `on_invalid` decides. A negative number still answers conditions.
    Negative,
    Fraction,
    NotBoolean,
    WrongWord,
    Infinite,
    // Not readable: an error under any policy, since dropping it would be silent.
    NotANumber,
    Places,
    Range,
    WrongType,
}

impl State {
    pub(crate) fn is_bad(self) -> bool {
        self > Self::Missing
    }

    /// Whether `on_invalid="skip"` may leave it out.
    pub(crate) fn can_be_skipped(self) -> bool {
        matches!(self, Self::Negative | Self::Fraction | Self::NotBoolean | Self::WrongWord | Self::Infinite)
    }

    /// The error for values in this state.
    pub(crate) fn error(self, offence: Offence) -> Error {
        let offence = Box::new(offence);
        match self {
            Self::NotANumber => Error::NotANumber(offence),
            Self::Places => Error::Inexact(offence),
            Self::Range => Error::OutOfRange(offence),
            Self::WrongType => Error::ColumnType(offence),
            _ => Error::InvalidValue(offence),
        }
    }

    /// What was expected, and what to do.
    pub(crate) fn expected(self, column: &Column, reading: &Reading) -> (String, Option<&'static str>) {
        match self {
            Self::NotANumber => ("a number, or null for missing".into(), Some(NAN_HINT)),
            Self::Places => (
                match (reading.scale - reading.unit.places, reading.unit.factor) {
                    (places, 1) => format!("at most {places} decimal places"),
                    (places, factor) => format!("at most {places} decimal places when taken times {factor}"),
                },
                Some("money=\"round\" rounds half to even and counts"),
            ),
            Self::Range if column.kind == ColumnKind::Instant => ("a time within 292,000 years of 1970".into(), None),
            Self::Range if column.kind.is_micro() => ("less than 2^63 millionths (9.2 x 10^12)".into(), None),
            Self::Range => ("less than 2^63".into(), None),
            Self::WrongType => (column.expected(), Some(cast_hint(column.kind))),
            _ => (column.expected(), Some("on_invalid=\"skip\" leaves such rows out and counts them")),
        }
    }
}

fn cast_hint(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Category => "make it text before",
        ColumnKind::Instant => "make it a time before, as in pandas.to_datetime(df[column])",
        ColumnKind::Flag => "make it boolean before, as in df[column].map({\"yes\": True, \"no\": False})",
        _ => AS_NUMBER,
    }
}

pub(crate) const AS_NUMBER: &str =
    "make it a number before, as in pandas.to_numeric(df[column]) of text, or df[column].astype(float) of booleans";

/// How a column's numbers are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) policy: MoneyPolicy,
    /// Decimal places, at most six.
    pub(crate) scale: u32,
    pub(crate) nan_is_missing: bool,
    pub(crate) unit: ColumnUnit,
}

/// A block of a column: integers, what each is, and how far the rounded ones were off.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    pub(crate) values: Vec<i64>,
    pub(crate) states: Vec<State>,
    pub(crate) off: Vec<(usize, f64)>,
    /// Whether the integers count millionths.
    pub(crate) micro: bool,
    /// The words of a category, by their integers.
    pub(crate) words: Cow<'static, [Name]>,
}

impl Cells {
    /// Room for a column's blocks.
    pub(crate) fn of(column: &Column) -> Self {
        Self { micro: column.kind.is_micro(), words: column.words.clone(), ..Self::default() }
    }

    fn push(&mut self, (value, state): (i64, State)) {
        self.values.push(value);
        self.states.push(state);
    }

    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.states.clear();
        self.off.clear();
    }

    /// A computed column.
    pub(crate) fn fill(&mut self, values: impl Iterator<Item = Option<i64>>) {
        self.clear();
        for value in values {
            self.push(value.map_or((0, State::Missing), |value| (value, State::Fine)));
        }
    }
}

/// A column's type, where nothing of that type can be read as this kind: a text as a number, a number's type as a flag's.
pub(crate) fn wrong_type(kind: ColumnKind, data: &Data<'_>) -> bool {
    if kind == ColumnKind::Anything {
        return false;
    }
    match &data.values {
        Values::Bits(_) | Values::Booleans(_) => kind != ColumnKind::Flag,
        Values::Dictionary { values, .. } => wrong_type(kind, values),
        Values::Text(_) => kind != ColumnKind::Category,
        Values::Mixed(_) | Values::Null(_) => false,
        Values::Dates(_) | Values::Timestamps { .. } => kind != ColumnKind::Instant,
        Values::Binary(_) | Values::Unknown(..) => true,
        _ => matches!(kind, ColumnKind::Category | ColumnKind::Instant),
    }
}

/// Reads rows of a column; of a type that cannot be read, no value can.
#[allow(clippy::too_many_lines)] // an arm a type
pub(crate) fn read(column: &Column, data: &Data<'_>, rows: Range<usize>, reading: &Reading, cells: &mut Cells) {
    cells.clear();
    let kind = column.kind;
    let word = |text: &str| {
        let found = column.words.iter().position(|word| word == text);
        // a category has a handful of words
        found.map_or((0, State::WrongWord), |position| (i64::try_from(position).unwrap_or_default(), State::Fine))
    };
    let reader = Reader { kind, reading };
    if kind == ColumnKind::Anything {
        for row in rows {
            let state = match (data.is_nan(row), data.is_null(row)) {
                (true, false) if !reading.nan_is_missing => State::NotANumber,
                (false, false) => State::Fine,
                _ => State::Missing,
            };
            cells.push((0, state));
        }
        return;
    }
    if wrong_type(kind, data) {
        return each(data, rows, cells, |_, _| (0, State::WrongType));
    }
    macro_rules! integers {
        ($values:expr) => {
            each(data, rows, cells, |row, _| reader.integer(i128::from($values[row])))
        };
    }
    match &data.values {
        Values::Text(texts) if kind == ColumnKind::Category => each(data, rows, cells, |row, _| word(texts.text(row))),
        Values::Dates(days) if kind == ColumnKind::Instant => {
            each(data, rows, cells, |row, off| instants::of_day(days[row], off));
        }
        Values::Timestamps { values, unit, .. } if kind == ColumnKind::Instant => {
            each(data, rows, cells, |row, off| instants::of_time(values[row], *unit, off));
        }
        Values::Null(_)
        | Values::Text(_)
        | Values::Binary(_)
        | Values::Dates(_)
        | Values::Timestamps { .. }
        | Values::Unknown(..) => {
            each(data, rows, cells, |_, _| (0, State::WrongType));
        }
        Values::Bits(bits) => each(data, rows, cells, |row, _| (i64::from(bits.get(row)), State::Fine)),
        Values::Booleans(values) => each(data, rows, cells, |row, _| (i64::from(values[row]), State::Fine)),
        Values::Int8(values) => integers!(values),
        Values::Int16(values) => integers!(values),
        Values::Int32(values) => integers!(values),
        Values::Int64(values) => integers!(values),
        Values::UInt8(values) => integers!(values),
        Values::UInt16(values) => integers!(values),
        Values::UInt32(values) => integers!(values),
        Values::UInt64(values) => integers!(values),
        Values::Float32(values) => {
            each(data, rows, cells, |row, off| {
                reader.float(f64::from(values[row]), |_, scale| money::from_f32(values[row], scale), off)
            });
        }
        Values::Float64(values) => each(data, rows, cells, |row, off| reader.float(values[row], money::from_f64, off)),
        Values::Decimal { values, scale } => {
            each(data, rows, cells, |row, off| reader.decimal(values[row], i32::from(*scale), off));
        }
        Values::Mixed(values) => each(data, rows, cells, |row, off| match &values[row] {
            Scalar::Text(text) if kind == ColumnKind::Category => word(text),
            Scalar::Float(value) if matches!(kind, ColumnKind::Category | ColumnKind::Instant) && value.is_nan() => {
                reader.float(*value, money::from_f64, off)
            }
            scalar if kind == ColumnKind::Instant => instants::of_scalar(scalar, off),
            _ if kind == ColumnKind::Category => (0, State::WrongType),
            Scalar::Boolean(value) if kind == ColumnKind::Flag => (i64::from(*value), State::Fine),
            Scalar::Integer(value) => reader.integer(*value),
            Scalar::Float(value) => reader.float(*value, money::from_f64, off),
            Scalar::Large(_) if kind != ColumnKind::Flag => (0, State::Range),
            Scalar::Decimal { value, scale } => reader.decimal(*value, *scale, off),
            _ => (0, State::WrongType),
        }),
        Values::Dictionary { values, .. } if values.values.len() > rows.len() => {
            let mut one = Cells::default();
            for (position, row) in rows.enumerate() {
                let Some(code) = data.code(row).filter(|_| !data.is_null(row)) else {
                    cells.push((0, State::Missing));
                    continue;
                };
                read(column, values, code..code + 1, reading, &mut one);
                cells.push((one.values[0], one.states[0]));
                cells.off.extend(one.off.first().map(|(_, off)| (position, *off)));
            }
        }
        Values::Dictionary { values, .. } => {
            // Distinct values are read once, rows look theirs up.
            let mut distinct = Cells::default();
            read(column, values, 0..values.values.len(), reading, &mut distinct);
            each(data, rows, cells, |row, off| match data.code(row) {
                Some(code) => {
                    if let Ok(found) = distinct.off.binary_search_by_key(&code, |(position, _)| *position) {
                        *off = Some(distinct.off[found].1);
                    }
                    (distinct.values[code], distinct.states[code])
                }
                None => (0, State::Missing),
            });
        }
    }
}

fn each(
    data: &Data<'_>,
    rows: Range<usize>,
    cells: &mut Cells,
    value: impl Fn(usize, &mut Option<f64>) -> (i64, State),
) {
    for (position, row) in rows.enumerate() {
        if data.is_null(row) {
            cells.push((0, State::Missing));
            continue;
        }
        let mut off = None;
        cells.push(value(row, &mut off));
        if let Some(off) = off {
            cells.off.push((position, off));
        }
    }
}

/// One float of a column of that kind.
pub(super) fn float(kind: ColumnKind, reading: &Reading, value: f64, off: &mut Option<f64>) -> (i64, State) {
    Reader { kind, reading }.float(value, money::from_f64, off)
}

struct Reader<'a> {
    kind: ColumnKind,
    reading: &'a Reading,
}

impl Reader<'_> {
    fn integer(&self, value: i128) -> (i64, State) {
        match self.kind {
            ColumnKind::Flag => match value {
                0 => (0, State::Fine),
                1 => (1, State::Fine),
                _ => (0, State::NotBoolean),
            },
            ColumnKind::Count => match i64::try_from(value) {
                Ok(value) if value >= 0 => (value, State::Fine),
                Ok(value) => (value, State::Negative),
                Err(_) => (i64::MIN, if value < 0 { State::Negative } else { State::Range }),
            },
            _ => self.quantity(self.product(value, 0), true, &mut None),
        }
    }

    fn float(&self, value: f64, read: impl Fn(f64, u32) -> Read, off: &mut Option<f64>) -> (i64, State) {
        if value.is_nan() {
            return (0, if self.reading.nan_is_missing { State::Missing } else { State::NotANumber });
        }
        if value.is_infinite() {
            return (0, State::Infinite);
        }
        match self.kind {
            ColumnKind::Flag | ColumnKind::Count => {
                if value.fract() != 0.0 {
                    return (0, if self.kind == ColumnKind::Flag { State::NotBoolean } else { State::Fraction });
                }
                // whole, so the cast is exact; beyond i128 it saturates, which is out of range all the same
                #[allow(clippy::cast_possible_truncation)]
                self.integer(value as i128)
            }
            _ => {
                // The value stands for a decimal of its own unit; what is no decimal is rounded in ours.
                let factor = self.reading.unit.factor;
                let read = match read(value, self.places()) {
                    Read::Exact(value) => value.checked_mul(factor).map_or(Read::OutOfRange, Read::Exact),
                    Read::Rounded(..) if factor != 1 => money::rounded_f64(value, self.places(), factor),
                    read => read,
                };
                self.quantity(read, false, off)
            }
        }
    }

    fn decimal(&self, value: i128, scale: i32, off: &mut Option<f64>) -> (i64, State) {
        match self.kind {
            ColumnKind::Flag | ColumnKind::Count => match money::from_scaled(value, scale, 0) {
                Read::Exact(value) => self.integer(value.into()),
                Read::Rounded(..) if self.kind == ColumnKind::Flag => (0, State::NotBoolean),
                Read::Rounded(..) => (0, State::Fraction),
                Read::OutOfRange => (0, State::Range),
            },
            _ => self.quantity(self.product(value, scale), true, off),
        }
    }

    fn places(&self) -> u32 {
        self.reading.scale - self.reading.unit.places
    }

    /// A decimal in our unit.
    fn product(&self, value: i128, scale: i32) -> Read {
        money::from_product(value, self.reading.unit.factor, scale, self.places())
    }

    /// A number in our unit as micro-units; `stated` where the value was a decimal that says its places.
    #[allow(clippy::cast_precision_loss)] // a power of ten up to the sixth
    fn quantity(&self, read: Read, stated: bool, off: &mut Option<f64>) -> (i64, State) {
        let (value, state) = match read {
            Read::Exact(value) => (value, State::Fine),
            Read::OutOfRange => return (0, State::Range),
            Read::Rounded(value, distance) => {
                let refused = match self.reading.policy {
                    MoneyPolicy::Auto => stated,
                    MoneyPolicy::Exact => true,
                    MoneyPolicy::Round => false,
                };
                if refused {
                    return (0, State::Places);
                }
                *off = Some(distance / POWERS[self.reading.unit.places as usize] as f64);
                (value, State::Rounded)
            }
        };
        let up = POWERS[(money::PLACES - self.reading.scale) as usize];
        match value.checked_mul(up) {
            Some(value) if value < 0 && !self.kind.is_signed() => (value, State::Negative),
            Some(value) => (value, state),
            None => (0, State::Range),
        }
    }
}

impl Reading {
    /// # Errors
    /// [`Error::InvalidOption`] for a scale above six, or one too small for the column's unit.
    pub(crate) fn validate(&self, column: &str) -> Result<()> {
        let invalid = |option: &str, found: String, expected: &str| {
            Err(Error::InvalidOption { option: option.into(), found, expected: expected.into() })
        };
        if self.scale > money::PLACES {
            return invalid("scale", self.scale.to_string(), "0 to 6 decimal places");
        }
        if self.unit.places > self.scale {
            return invalid(
                "scale",
                self.scale.to_string(),
                &format!("at least {}, since '{column}' is in cents", self.unit.places),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_column_of_a_dictionary_reads_as_the_plain_column() {
        let reading = Reading { policy: MoneyPolicy::Auto, scale: 6, nan_is_missing: true, unit: ColumnUnit::OWN };
        let money = Column::new("amount", ColumnKind::Money);
        let plain: Data<'_> = vec![Some(0.1), None, Some(100.0 / 12.0), Some(-1.0), Some(f64::NAN)].into();
        let codes: Data<'_> = vec![Some(0_i32), None, Some(2), Some(1), Some(3)].into();
        let values: Data<'_> = vec![0.1, -1.0, 100.0 / 12.0, f64::NAN].into();
        let dictionary = Data {
            values: Values::Dictionary { codes: Box::new(codes), values: Box::new(values) },
            nulls: super::super::columns::Nulls::None,
        };
        let (mut one, mut other) = (Cells::default(), Cells::default());
        read(&money, &plain, 0..5, &reading, &mut one);
        read(&money, &dictionary, 0..5, &reading, &mut other);
        assert_eq!(one.states, [State::Fine, State::Missing, State::Rounded, State::Negative, State::Missing]);
        assert_eq!((&one.values, &one.states, &one.off), (&other.values, &other.states, &other.off));
        // Fewer rows than there are distinct values: each is read by itself.
        read(&money, &plain, 2..5, &reading, &mut one);
        read(&money, &dictionary, 2..5, &reading, &mut other);
        assert_eq!((one.values, one.states, one.off), (other.values, other.states, other.off));
    }
}
