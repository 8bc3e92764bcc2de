//! Keys and exact totals as arrays.

use crate::engine::columns::TimeUnit;
use crate::error::{Error, Result};
use crate::key::{Key, KeyType};
use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, Date32Array, Int64Array, LargeStringArray, PrimitiveArray, StringArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow_buffer::NullBuffer;
use std::sync::Arc;

/// A column of keys.
pub(super) fn key_array<'k>(
    name: &str,
    key_type: &KeyType,
    keys: impl Iterator<Item = &'k Key> + Clone,
) -> Result<ArrayRef> {
    macro_rules! of {
        ($array:ty, $variant:ident) => {
            keys.map(|key| if let Key::$variant(value) = key { Some(*value) } else { None }).collect::<$array>()
        };
    }
    Ok(match key_type {
        KeyType::Null | KeyType::Text | KeyType::Bins(_) => {
            let texts = keys.map(|key| match key {
                Key::Text(text) | Key::Bin { label: text, .. } => Some(&**text),
                _ => None,
            });
            let bytes: usize = texts.clone().flatten().map(str::len).sum();
            if i32::try_from(bytes).is_ok() {
                Arc::new(texts.collect::<StringArray>())
            } else {
                Arc::new(texts.collect::<LargeStringArray>())
            }
        }
        KeyType::Boolean => Arc::new(of!(BooleanArray, Boolean)),
        KeyType::Integer => {
            let fits = |key: &Key| !matches!(key, Key::Integer(value) if i64::try_from(*value).is_err());
            let overflow = || Error::Overflow { measure: name.to_owned(), group: String::new(), limit: "64 bits" };
            if keys.clone().all(fits) {
                let value = |key: &Key| if let Key::Integer(value) = key { i64::try_from(*value).ok() } else { None };
                Arc::new(keys.map(value).collect::<Int64Array>())
            } else {
                let value = |key: &Key| match key {
                    Key::Integer(value) => u64::try_from(*value).map(Some).map_err(|_| overflow()),
                    _ => Ok(None),
                };
                Arc::new(keys.map(value).collect::<Result<Vec<_>>>()?.into_iter().collect::<UInt64Array>())
            }
        }
        KeyType::Date => Arc::new(of!(Date32Array, Date)),
        KeyType::Timestamp { unit, zone } => {
            let zone = zone.as_deref();
            match unit {
                TimeUnit::Second => Arc::new(of!(TimestampSecondArray, Timestamp).with_timezone_opt(zone)),
                TimeUnit::Millisecond => Arc::new(of!(TimestampMillisecondArray, Timestamp).with_timezone_opt(zone)),
                TimeUnit::Microsecond => Arc::new(of!(TimestampMicrosecondArray, Timestamp).with_timezone_opt(zone)),
                TimeUnit::Nanosecond => Arc::new(of!(TimestampNanosecondArray, Timestamp).with_timezone_opt(zone)),
            }
        }
    })
}

/// Decimals of six places; `too_large` is the error for a position whose number has more digits than `precision`.
pub(crate) fn decimals(values: &[Option<i128>], precision: u8, too_large: impl Fn(usize) -> Error) -> Result<ArrayRef> {
    let limit = 10_u128.pow(precision.into());
    if let Some(position) = values.iter().position(|value| value.is_some_and(|value| value.unsigned_abs() >= limit)) {
        return Err(too_large(position));
    }
    let array = primitive::<Decimal128Type>(values).with_precision_and_scale(precision, 6);
    array
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(|error| Error::InvalidDocument { what: "a frame", problem: error.to_string() })
}

/// An array of these values, none of which may be there.
pub(super) fn primitive<T: ArrowPrimitiveType>(values: &[Option<T::Native>]) -> PrimitiveArray<T> {
    let mut are_all_there = true;
    let or_nothing = |value: &Option<T::Native>| {
        are_all_there &= value.is_some();
        value.unwrap_or_default()
    };
    let there: Vec<T::Native> = values.iter().map(or_nothing).collect();
    let nulls = (!are_all_there).then(|| values.iter().map(Option::is_some).collect::<NullBuffer>());
    PrimitiveArray::new(there.into(), nulls)
}

pub(super) fn integers(values: impl Iterator<Item = impl Into<Option<i128>>>, name: &str) -> Result<ArrayRef> {
    let overflow = |_| Error::Overflow { measure: name.to_owned(), group: String::new(), limit: "64 bits" };
    let fit = |value: Option<i128>| value.map(i64::try_from).transpose().map_err(overflow);
    let values: Vec<Option<i64>> = values.map(Into::into).map(fit).collect::<Result<_>>()?;
    Ok(Arc::new(primitive::<Int64Type>(&values)))
}
