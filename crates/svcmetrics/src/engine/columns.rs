//! A table as the engine sees it: columns by name, borrowed from whoever holds them.

mod values;
mod vectors;

pub use values::{Bits, Nulls, Scalar, TimeUnit, Values};

use super::ids::NONE;
use super::instants;
use crate::error::{Error, Offence, Result, counted};
use crate::key::civil_date;
use std::borrow::Cow;
use std::ops::Range;

/// A column's values, and where it is null.
#[derive(Debug, Clone)]
pub struct Data<'a> {
    pub(crate) values: Values<'a>,
    pub(crate) nulls: Nulls<'a>,
}

impl<'a> Data<'a> {
    /// Values that are null here and there.
    ///
    /// # Errors
    /// [`Error::ColumnType`] where the two are of different lengths, or a position lies outside its dictionary.
    #[inline]
    pub fn new(values: Values<'a>, nulls: Nulls<'a>) -> Result<Self> {
        let masked = match &nulls {
            Nulls::None => None,
            Nulls::Valid(bits) => Some(bits.len),
            Nulls::Mask(mask) => Some(mask.len()),
        };
        if let Some(rows) = masked.filter(|rows| *rows != values.len()) {
            let mask_of = |rows: usize| format!("a mask of {}", counted(rows, "row"));
            let holds = format!("holds {} and", counted(values.len(), "value"));
            let offence = Offence::new("", holds, mask_of(values.len()));
            return Err(Error::ColumnType(Box::new(offence.at(None, &mask_of(rows)))));
        }
        let data = Self { values, nulls };
        if let Values::Dictionary { codes, values } = &data.values
            && let Some(row) = codes.first_not_below(values.values.len())
        {
            let expected = format!("whole numbers below {}", values.values.len());
            let offence = Offence::new("", "holds the dictionary position", expected);
            return Err(Error::ColumnType(Box::new(offence.at(Some(row as u64), &codes.shown(row)))));
        }
        Ok(data)
    }

    /// The first row that has something, and no whole number from 0 to below a size.
    fn first_not_below(&self, size: usize) -> Option<usize> {
        macro_rules! first {
            ($codes:expr) => {{
                let is_below = |code| usize::try_from(code).is_ok_and(|code| code < size);
                // Most often all are, and to find the least and the most of them takes no branch.
                let least_and_most =
                    |(least, most), code: &_| (std::cmp::min(least, *code), std::cmp::max(most, *code));
                let (least, most) = $codes.iter().fold((0, 0), least_and_most);
                let mut rows = $codes.iter().enumerate().filter(|(_, code)| !is_below(**code));
                if is_below(least) && is_below(most) {
                    None
                } else {
                    rows.find(|(row, _)| !self.is_null(*row)).map(|(row, _)| row)
                }
            }};
        }
        match &self.values {
            Values::Int8(codes) => first!(codes),
            Values::Int16(codes) => first!(codes),
            Values::Int32(codes) => first!(codes),
            Values::Int64(codes) => first!(codes),
            Values::UInt8(codes) => first!(codes),
            Values::UInt16(codes) => first!(codes),
            Values::UInt32(codes) => first!(codes),
            Values::UInt64(codes) => first!(codes),
            values => (0..values.len()).find(|row| !self.is_null(*row)),
        }
    }

    fn is_masked(&self, row: usize) -> bool {
        match &self.nulls {
            Nulls::None => false,
            Nulls::Valid(bits) => !bits.get(row),
            Nulls::Mask(mask) => mask[row],
        }
    }

    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.is_masked(row)
            || match &self.values {
                Values::Null(_) => true,
                Values::Mixed(values) => values[row] == Scalar::Null,
                Values::Dictionary { values, .. } => self.code(row).is_none_or(|code| values.is_null(code)),
                _ => false,
            }
    }

    /// Whether a value is NaN.
    pub(crate) fn is_nan(&self, row: usize) -> bool {
        match &self.values {
            Values::Float64(values) => values[row].is_nan(),
            Values::Float32(values) => values[row].is_nan(),
            Values::Mixed(values) => matches!(values[row], Scalar::Float(value) if value.is_nan()),
            _ => false,
        }
    }

    /// Whether there are rows, and some of them, all where none are named, have no value but NaN, as a column of which pandas
    /// knows nothing.
    pub(crate) fn is_all_nan(&self, rows: Range<usize>) -> bool {
        let rows = if rows.is_empty() { 0..self.values.len() } else { rows };
        match (&self.values, &self.nulls) {
            (Values::Float32(values), Nulls::None) => {
                !rows.is_empty() && values[rows].iter().all(|value| value.is_nan())
            }
            (Values::Float64(values), Nulls::None) => {
                !rows.is_empty() && values[rows].iter().all(|value| value.is_nan())
            }
            // categories are those that occur: none where nothing does
            (Values::Dictionary { values, .. }, _) => match &values.values {
                Values::Float32(_) | Values::Float64(_) => values.values.is_empty() || values.is_all_nan(0..0),
                _ => false,
            },
            _ => false,
        }
    }

    /// The position in the dictionary; nothing for a null code, and for one outside the dictionary.
    pub(crate) fn code(&self, row: usize) -> Option<usize> {
        let Values::Dictionary { codes, values } = &self.values else { return None };
        if codes.is_null(row) {
            return None;
        }
        let code = match &codes.values {
            Values::Int8(codes) => i128::from(codes[row]),
            Values::Int16(codes) => i128::from(codes[row]),
            Values::Int32(codes) => i128::from(codes[row]),
            Values::Int64(codes) => i128::from(codes[row]),
            Values::UInt8(codes) => i128::from(codes[row]),
            Values::UInt16(codes) => i128::from(codes[row]),
            Values::UInt32(codes) => i128::from(codes[row]),
            Values::UInt64(codes) => i128::from(codes[row]),
            _ => return None,
        };
        usize::try_from(code).ok().filter(|code| *code < values.values.len())
    }

    /// Of some rows what stands in a table by their positions in the dictionary, appended to `found`; `null` where there is no
    /// code, and none for one that is outside the table.
    pub(crate) fn look_up(&self, rows: Range<usize>, table: &[u32], null: u32, found: &mut Vec<u32>) {
        let Values::Dictionary { codes, .. } = &self.values else { return };
        let (before, all) = (found.len(), rows.clone());
        let nulls = if matches!(codes.nulls, Nulls::None) { &self.nulls } else { &codes.nulls };
        macro_rules! each {
            ($positions:expr) => {{
                let positions = $positions[rows.clone()].iter();
                let of =
                    |position| usize::try_from(position).ok().and_then(|at| table.get(at)).copied().unwrap_or(NONE);
                match nulls {
                    Nulls::None => found.extend(positions.map(|position| of(*position))),
                    Nulls::Mask(mask) => {
                        let masked = positions.zip(&mask[rows]);
                        found.extend(masked.map(|(position, is_null)| if *is_null { null } else { of(*position) }));
                    }
                    Nulls::Valid(bits) => {
                        let valid = positions.zip(rows.map(|row| bits.get(row)));
                        found.extend(valid.map(|(position, valid)| if valid { of(*position) } else { null }));
                    }
                }
            }};
        }
        match &codes.values {
            Values::Int8(positions) => each!(positions),
            Values::Int16(positions) => each!(positions),
            Values::Int32(positions) => each!(positions),
            Values::Int64(positions) => each!(positions),
            Values::UInt8(positions) => each!(positions),
            Values::UInt16(positions) => each!(positions),
            Values::UInt32(positions) => each!(positions),
            Values::UInt64(positions) => each!(positions),
            _ => found.extend(rows.map(|_| null)),
        }
        // both may say so, and need not say the same
        if !matches!(codes.nulls, Nulls::None) && !matches!(self.nulls, Nulls::None) {
            found[before..]
                .iter_mut()
                .zip(all)
                .filter(|(_, row)| self.is_masked(*row))
                .for_each(|(one, _)| *one = null);
        }
    }

    /// The type of a value, for messages.
    pub(crate) fn type_name(&self, row: usize) -> String {
        let Values::Mixed(values) = &self.values else { return self.values.type_name() };
        match &values[row] {
            Scalar::Null => "null".to_owned(),
            Scalar::Boolean(_) => "bool".to_owned(),
            Scalar::Integer(_) | Scalar::Large(_) => "int".to_owned(),
            Scalar::Float(_) => "float".to_owned(),
            Scalar::Decimal { .. } => "decimal".to_owned(),
            Scalar::Text(_) => "text".to_owned(),
            Scalar::Date(_) => "date".to_owned(),
            Scalar::Timestamp(..) | Scalar::Instant(..) => "timestamp".to_owned(),
            Scalar::Other(kind, _) => kind.clone(),
        }
    }

    /// A value as text.
    pub(crate) fn plain(&self, row: usize) -> Cow<'_, str> {
        match &self.values {
            Values::Text(texts) if !self.is_null(row) => Cow::Borrowed(texts.text(row)),
            Values::Dictionary { values, .. } => {
                self.code(row).map_or(Cow::Borrowed("null"), |position| values.plain(position))
            }
            Values::Mixed(values) => match &values[row] {
                Scalar::Text(text) => Cow::Borrowed(text),
                _ => Cow::Owned(self.shown(row)),
            },
            _ => Cow::Owned(self.shown(row)),
        }
    }

    /// A value as messages show it.
    pub(crate) fn shown(&self, row: usize) -> String {
        if self.is_null(row) {
            return "null".to_owned();
        }
        match &self.values {
            Values::Null(_) => "null".to_owned(),
            Values::Bits(bits) => bits.get(row).to_string(),
            Values::Booleans(values) => values[row].to_string(),
            Values::Int8(values) => values[row].to_string(),
            Values::Int16(values) => values[row].to_string(),
            Values::Int32(values) => values[row].to_string(),
            Values::Int64(values) => values[row].to_string(),
            Values::UInt8(values) => values[row].to_string(),
            Values::UInt16(values) => values[row].to_string(),
            Values::UInt32(values) => values[row].to_string(),
            Values::UInt64(values) => values[row].to_string(),
            Values::Float32(values) => values[row].to_string(),
            Values::Float64(values) => values[row].to_string(),
            Values::Decimal { values, scale } => decimal_text(values[row], i32::from(*scale)),
            Values::Text(texts) => format!("'{}'", texts.text(row)),
            Values::Binary(blobs) => {
                let digits = blobs.bytes(row).iter().flat_map(|byte| [byte >> 4, byte & 15]);
                let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
                "0x".chars().chain(digits).collect()
            }
            Values::Dates(values) => civil_date(values[row].into()),
            Values::Timestamps { values, unit, zone } => instants::text(values[row], *unit, zone.is_some()),
            Values::Dictionary { values, .. } => {
                self.code(row).map_or_else(|| "null".to_owned(), |code| values.shown(code))
            }
            Values::Mixed(values) => match &values[row] {
                Scalar::Null => "null".to_owned(),
                Scalar::Boolean(value) => value.to_string(),
                Scalar::Integer(value) => value.to_string(),
                Scalar::Float(value) => value.to_string(),
                Scalar::Decimal { value, scale } => decimal_text(*value, *scale),
                Scalar::Text(text) => format!("'{text}'"),
                Scalar::Date(day) => civil_date((*day).into()),
                Scalar::Timestamp(time, unit) => instants::text(*time, *unit, false),
                Scalar::Instant(time, unit) => instants::text(*time, *unit, true),
                Scalar::Large(number) => number.clone(),
                Scalar::Other(_, text) => text.clone(),
            },
            Values::Unknown(name, _) => name.clone(),
        }
    }
}

fn decimal_text(value: i128, scale: i32) -> String {
    // places that are written out; others are shown as a power of ten
    const LONGEST: usize = 60;
    let digits = value.unsigned_abs().to_string();
    let sign = if value < 0 { "-" } else { "" };
    match usize::try_from(scale) {
        Ok(0) => format!("{sign}{digits}"),
        Ok(places) if places <= LONGEST => {
            let padded = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            format!("{sign}{whole}.{fraction}")
        }
        _ => format!("{sign}{digits}e{}", -i64::from(scale)),
    }
}

/// A table, or a part of one: columns of equal length by name.
///
/// ```
/// use svcmetrics::Table;
/// let table = Table::new(3)
///     .with("region", vec![Some("north"), Some("south"), None])
///     .with("milestones_met", vec![Some(1_i64), None, Some(2)])
///     .with("milestones_total", vec![2_i64, 3, 2]);
/// assert_eq!(table.rows(), 3);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Table<'a> {
    rows: usize,
    columns: Vec<(Cow<'a, str>, Data<'a>)>,
}

impl<'a> Table<'a> {
    /// A table of so many rows, with no columns yet.
    pub fn new(rows: usize) -> Self {
        Self { rows, columns: Vec::new() }
    }

    /// The same with room for so many more columns.
    ///
    /// ```
    /// let table = svcmetrics::Table::new(2).room(1).with("is_new", vec![true, false]);
    /// assert_eq!(table.names(), ["is_new"]);
    /// ```
    pub fn room(mut self, columns: usize) -> Self {
        self.columns.reserve(columns);
        self
    }

    /// This and a column. Its length is checked when the table is used.
    pub fn with(mut self, name: impl Into<String>, data: impl Into<Data<'a>>) -> Self {
        self.columns.push((Cow::Owned(name.into()), data.into()));
        self
    }

    /// The same with a name that is held elsewhere, as the values are.
    ///
    /// ```
    /// let (name, values) = ("is_new".to_owned(), vec![true, false]);
    /// let table = svcmetrics::Table::new(2).with_borrowed(&name, values.as_slice());
    /// assert_eq!(table.names(), ["is_new"]);
    /// ```
    pub fn with_borrowed(mut self, name: &'a str, data: impl Into<Data<'a>>) -> Self {
        self.columns.push((Cow::Borrowed(name), data.into()));
        self
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns' names, in order.
    pub fn names(&self) -> Vec<String> {
        self.columns.iter().map(|(name, _)| name.to_string()).collect()
    }

    /// The one column of that name.
    pub(crate) fn get(&self, name: &str) -> Result<Option<&Data<'a>>> {
        let mut found = self.columns.iter().filter(|(column, _)| column == name).map(|(_, data)| data);
        let Some(data) = found.next() else { return Ok(None) };
        let others = found.count();
        if others > 0 {
            return Err(Error::DuplicateColumn { column: name.to_owned(), count: others + 1 });
        }
        if data.values.len() != self.rows {
            let offence = Offence::new(name, "holds", format!("{}, as the table", counted(self.rows, "row")));
            return Err(Error::ColumnType(Box::new(offence.at(None, &counted(data.values.len(), "row")))));
        }
        Ok(Some(data))
    }
}
