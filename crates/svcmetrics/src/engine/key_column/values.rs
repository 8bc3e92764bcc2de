//! A value as a key, or why it is none.

use super::KeyColumn;
use crate::engine::columns::{Data, Scalar, TimeUnit, Values};
use crate::engine::intake::NAN_HINT;
use crate::error::{Error, Offence};
use crate::key::{Key, KeyType};
use std::ops::Range;

/// Why a value is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum NoKey {
    NotANumber,
    /// A number that is not whole, or too large.
    Fraction,
    /// Of a type that is none of keys.
    Unknown,
    /// A key, but of another type than the column's.
    OtherType,
    /// What no bin holds.
    OfNoBin,
}

impl KeyColumn {
    /// The error for the value at a position, which row `row` has.
    pub(in crate::engine) fn error(&self, data: &Data<'_>, position: usize, row: u64, problem: NoKey) -> Error {
        let hint = match problem {
            NoKey::NotANumber => {
                let offence = Offence::new(&self.name, "is a key, with", "keys, or null for missing");
                return Error::NotANumber(Box::new(offence.hint(NAN_HINT).at(Some(row), "NaN")));
            }
            NoKey::OfNoBin => {
                let of = format!("is a key of bins, of type {} with", data.values.type_name());
                let offence = Offence::new(&self.name, of, "finite numbers, or the bins' labels");
                return Error::ColumnType(Box::new(offence.at(Some(row), &data.shown(position))));
            }
            NoKey::Fraction => "group by bins of such numbers, as in by=[sm.bins(column, [0, 12, 36])]",
            NoKey::Unknown => "make the keys text, whole numbers, booleans or dates",
            NoKey::OtherType => "make all keys of a column one type",
        };
        let expected = match (problem, &self.key_type) {
            (NoKey::Unknown, _) | (_, KeyType::Null) => "text, whole numbers, booleans, dates or times".to_owned(),
            (_, known) => format!("{known} keys"),
        };
        let offence = Offence::new(&self.name, format!("is a key of type {} with", data.values.type_name()), expected);
        Error::ColumnType(Box::new(offence.hint(hint).at(Some(row), &data.shown(position))))
    }

    fn counts(&self, unit: TimeUnit) -> bool {
        matches!(self.key_type, KeyType::Timestamp { unit: known, .. } if known == unit)
    }

    fn has_zone(&self) -> bool {
        matches!(self.key_type, KeyType::Timestamp { zone: Some(_), .. })
    }

    /// A value as a key, or why it is none.
    pub(in crate::engine) fn read(&self, data: &Data<'_>, position: usize) -> Result<Key, NoKey> {
        if data.is_null(position) {
            return Ok(Key::Null);
        }
        if matches!(self.key_type, KeyType::Bins(_)) && !data.is_nan(position) {
            return Err(NoKey::OfNoBin);
        }
        let float = |value: f64| {
            if value.is_nan() {
                return if self.nan_is_missing { Ok(Key::Null) } else { Err(NoKey::NotANumber) };
            }
            if value.fract() != 0.0 || value.abs() >= 9e18 {
                return Err(NoKey::Fraction);
            }
            // whole floats are the integers that a column with nulls once held
            #[allow(clippy::cast_possible_truncation)]
            Ok(Key::Integer(value as i128))
        };
        Ok(match &data.values {
            Values::Bits(bits) => Key::Boolean(bits.get(position)),
            Values::Booleans(values) => Key::Boolean(values[position]),
            Values::Int8(values) => Key::Integer(values[position].into()),
            Values::Int16(values) => Key::Integer(values[position].into()),
            Values::Int32(values) => Key::Integer(values[position].into()),
            Values::Int64(values) => Key::Integer(values[position].into()),
            Values::UInt8(values) => Key::Integer(values[position].into()),
            Values::UInt16(values) => Key::Integer(values[position].into()),
            Values::UInt32(values) => Key::Integer(values[position].into()),
            Values::UInt64(values) => Key::Integer(values[position].into()),
            Values::Float32(values) => float(f64::from(values[position]))?,
            Values::Float64(values) => float(values[position])?,
            Values::Decimal { values, scale } => {
                match crate::money::from_scaled(values[position], i32::from(*scale), 0) {
                    crate::money::Read::Exact(value) => Key::Integer(value.into()),
                    _ => return Err(NoKey::Fraction),
                }
            }
            Values::Text(texts) => Key::from(texts.text(position)),
            Values::Dates(values) => Key::Date(values[position]),
            Values::Timestamps { values, unit, zone } => match &self.key_type {
                KeyType::Timestamp { unit: known, zone: of } if known == unit && of == zone => {
                    Key::Timestamp(values[position])
                }
                _ => return Err(NoKey::OtherType),
            },
            Values::Dictionary { values, .. } => match data.code(position) {
                Some(code) => self.read(values, code)?,
                None => Key::Null,
            },
            Values::Mixed(values) => match &values[position] {
                Scalar::Boolean(value) => Key::Boolean(*value),
                Scalar::Integer(value) => Key::Integer(*value),
                Scalar::Text(text) => Key::from(text.as_str()),
                Scalar::Date(day) => Key::Date(*day),
                Scalar::Timestamp(time, unit) if self.counts(*unit) && !self.has_zone() => Key::Timestamp(*time),
                Scalar::Instant(time, unit) if self.counts(*unit) && self.has_zone() => Key::Timestamp(*time),
                Scalar::Float(value) => float(*value)?,
                _ => return Err(NoKey::Unknown),
            },
            Values::Null(_) => Key::Null,
            Values::Binary(_) | Values::Unknown(..) => return Err(NoKey::Unknown),
        })
    }

    /// The column's type, from the first part that says one; whether these rows of a part, or all, are of no other.
    pub(in crate::engine) fn settle_type(&mut self, data: &Data<'_>, rows: Range<usize>) -> bool {
        if matches!(self.key_type, KeyType::Bins(_)) {
            // each value is looked at: numbers of any type have a bin
            return true;
        }
        let nothing = self.nan_is_missing && data.is_all_nan(rows);
        let found = if nothing { KeyType::Null } else { type_of(data) };
        if self.key_type == KeyType::Null {
            self.key_type = found;
            return true;
        }
        found == KeyType::Null || found == self.key_type
    }
}

/// The type of a column's keys; null where it says none.
pub(super) fn type_of(data: &Data<'_>) -> KeyType {
    match &data.values {
        Values::Bits(_) | Values::Booleans(_) => KeyType::Boolean,
        Values::Text(_) => KeyType::Text,
        Values::Dates(_) => KeyType::Date,
        Values::Timestamps { unit, zone, .. } => KeyType::Timestamp { unit: *unit, zone: zone.clone() },
        Values::Dictionary { values, .. } => type_of(values),
        Values::Mixed(values) => {
            let first = values
                .iter()
                .find(|value| !matches!(value, Scalar::Null) && !matches!(value, Scalar::Float(x) if x.is_nan()));
            match first {
                Some(Scalar::Boolean(_)) => KeyType::Boolean,
                Some(Scalar::Text(_)) => KeyType::Text,
                Some(Scalar::Date(_)) => KeyType::Date,
                Some(Scalar::Timestamp(_, unit)) => KeyType::Timestamp { unit: *unit, zone: None },
                Some(Scalar::Instant(_, unit)) => KeyType::Timestamp { unit: *unit, zone: Some("UTC".to_owned()) },
                None | Some(Scalar::Other(..)) => KeyType::Null,
                Some(_) => KeyType::Integer,
            }
        }
        Values::Null(_) | Values::Binary(_) | Values::Unknown(..) => KeyType::Null,
        _ => KeyType::Integer,
    }
}
