//! Columns of Arrow arrays, as the engine reads them.

use crate::engine::columns::{Bits, Data, Nulls, Scalar, Table, TimeUnit, Values};
use crate::engine::texts::{Blobs, Texts};
use crate::period::{Every, Period};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Float16Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, RunEndIndexType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, BinaryArray, BinaryViewArray, Decimal256Array, FixedSizeBinaryArray, Int64Array, LargeBinaryArray,
    LargeStringArray, RecordBatch, RunArray, StringArray, StringViewArray,
};
use arrow_buffer::ArrowNativeType;
use arrow_schema::{DataType, Field, TimeUnit as ArrowUnit};
use std::borrow::Cow;
use std::sync::Arc;

struct Strings<'a, A>(&'a A);

macro_rules! strings {
    ($($array:ty: $marks:expr),*) => {$(
        impl Texts for Strings<'_, $array> {
            fn text(&self, position: usize) -> &str {
                self.0.value(position)
            }

            fn count(&self) -> usize {
                self.0.len()
            }

            fn marks(&self) -> Option<&[u128]> {
                let marks: fn(&$array) -> Option<&[u128]> = $marks;
                marks(self.0)
            }
        }
    )*};
}

// a view is a short text itself, or says where a longer one stands
strings!(StringArray: |_| None, LargeStringArray: |_| None, StringViewArray: |array| Some(array.views()));

struct Bytes<'a, A>(&'a A);

macro_rules! blobs {
    ($($array:ty),*) => {$(
        impl Blobs for Bytes<'_, $array> {
            fn bytes(&self, position: usize) -> &[u8] {
                self.0.value(position)
            }

            fn count(&self) -> usize {
                self.0.len()
            }
        }
    )*};
}

blobs!(BinaryArray, LargeBinaryArray, BinaryViewArray, FixedSizeBinaryArray);

impl<'a> From<&'a RecordBatch> for Table<'a> {
    fn from(batch: &'a RecordBatch) -> Self {
        let schema = batch.schema_ref();
        schema.fields().iter().zip(batch.columns()).fold(Table::new(batch.num_rows()), |table, (field, array)| {
            table.with(field.name(), described(field, array.as_ref()))
        })
    }
}

/// A batch's column, with what its field says of it.
pub fn column(batch: &RecordBatch, position: usize) -> Data<'_> {
    described(batch.schema_ref().field(position), batch.column(position).as_ref())
}

fn described<'a>(field: &Field, array: &'a dyn Array) -> Data<'a> {
    let extension = field.metadata().get("ARROW:extension:name").map(String::as_str);
    if extension == Some("pandas.period")
        && let Some(array) = array.as_primitive_opt::<Int64Type>()
    {
        let described = field.metadata().get("ARROW:extension:metadata").map_or("", String::as_str);
        return pandas_periods(described, array);
    }
    Data::from(array)
}

/// The months in which a fiscal year can end, by the month in which it then starts.
const MONTHS: [&str; 12] = ["DEC", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV"];

/// The texts of pandas' periods, which count from 1970; those of other lengths than ours are of an unknown type.
fn pandas_periods<'a>(described: &str, array: &'a Int64Array) -> Data<'a> {
    let frequency = described.split('"').rev().nth(1).unwrap_or_default();
    // a year that ends in December starts in January: the calendar
    let fiscal_start = |month: &str| (1..=12).zip(MONTHS).find(|(_, end)| *end == month).map(|(start, _)| start);
    let fiscal = |every, month| Period::fiscal(every, 1970, 1, fiscal_start(month)?).ok();
    let first = match frequency.split_once('-') {
        None if frequency == "M" => Period::month(1970, 1).ok(),
        Some(("Q", month)) => fiscal(Every::Quarter, month),
        Some(("A" | "Y", month)) => fiscal(Every::Year, month),
        _ => None,
    };
    let unknown =
        || Data { values: Values::Unknown(format!("pandas period[{frequency}]"), array.len()), nulls: Nulls::None };
    let Some(first) = first else { return unknown() };
    let text = |ordinal: i64| first.step(i32::try_from(ordinal).ok()?).map(|period| period.to_string());
    let there = |row: &usize| array.is_valid(*row);
    if (0..array.len()).filter(there).any(|row| text(array.value(row)).is_none()) {
        return unknown();
    }
    let texts: Vec<String> = array.values().iter().map(|ordinal| text(*ordinal).unwrap_or_default()).collect();
    Data { values: Values::Text(Arc::new(texts)), nulls: nulls(array) }
}

pub(super) fn nulls(array: &dyn Array) -> Nulls<'_> {
    match array.nulls() {
        Some(nulls) if nulls.null_count() > 0 => {
            let (bytes, offset, len) = (nulls.validity(), nulls.offset(), nulls.len());
            Bits::new(bytes, offset, len).map_or(Nulls::None, Nulls::Valid)
        }
        _ => Nulls::None,
    }
}

/// Decimals of 256 bits as those of 128 that they are; one that is none is a number that is too large.
fn wide_decimals(array: &Decimal256Array, scale: i8) -> Values<'static> {
    // what stands where there is nothing may be anything
    let digits = |row| if array.is_null(row) { Some(0) } else { array.value(row).to_i128() };
    if let Some(values) = (0..array.len()).map(digits).collect::<Option<_>>() {
        return Values::Decimal { values: Cow::Owned(values), scale };
    }
    let scalar = |row| match digits(row) {
        Some(value) => Scalar::Decimal { value, scale: scale.into() },
        None => Scalar::Large(array.value_as_string(row)),
    };
    Values::Mixed((0..array.len()).map(scalar).collect())
}

/// Runs are a dictionary, of which each row has the code of its run.
fn runs<R: RunEndIndexType>(array: &RunArray<R>) -> Values<'_> {
    let mut codes = Vec::with_capacity(array.len());
    for (run, end) in (array.get_start_physical_index()..).zip(array.run_ends().sliced_values()) {
        codes.resize(end.as_usize(), run as u64);
    }
    Values::Dictionary { codes: Box::new(codes.into()), values: Box::new(array.values().as_ref().into()) }
}

impl<'a> From<&'a dyn Array> for Data<'a> {
    fn from(array: &'a dyn Array) -> Self {
        macro_rules! primitive {
            ($variant:ident, $type:ty) => {
                Values::$variant(Cow::Borrowed(&array.as_primitive::<$type>().values()[..]))
            };
        }
        macro_rules! timestamps {
            ($unit:ident, $type:ty, $zone:expr) => {
                Values::Timestamps {
                    values: Cow::Borrowed(&array.as_primitive::<$type>().values()[..]),
                    unit: TimeUnit::$unit,
                    zone: $zone.as_deref().map(ToOwned::to_owned),
                }
            };
        }
        macro_rules! widened {
            ($type:ty, $scale:expr) => {
                Values::Decimal {
                    values: Cow::Owned(
                        array.as_primitive::<$type>().values().iter().map(|value| i128::from(*value)).collect(),
                    ),
                    scale: *$scale,
                }
            };
        }
        let values = match array.data_type() {
            DataType::Null => Values::Null(array.len()),
            DataType::Boolean => {
                let bits = array.as_boolean().values();
                match Bits::new(bits.values(), bits.offset(), bits.len()) {
                    Some(bits) => Values::Bits(bits),
                    None => Values::Unknown("malformed bool".to_owned(), array.len()),
                }
            }
            DataType::Int8 => primitive!(Int8, Int8Type),
            DataType::Int16 => primitive!(Int16, Int16Type),
            DataType::Int32 => primitive!(Int32, Int32Type),
            DataType::Int64 => primitive!(Int64, Int64Type),
            DataType::UInt8 => primitive!(UInt8, UInt8Type),
            DataType::UInt16 => primitive!(UInt16, UInt16Type),
            DataType::UInt32 => primitive!(UInt32, UInt32Type),
            DataType::UInt64 => primitive!(UInt64, UInt64Type),
            DataType::Float16 => {
                let values = array.as_primitive::<Float16Type>().values();
                Values::Float32(values.iter().map(|value| value.to_f32()).collect())
            }
            DataType::Float32 => primitive!(Float32, Float32Type),
            DataType::Float64 => primitive!(Float64, Float64Type),
            DataType::Date32 => primitive!(Dates, Date32Type),
            DataType::Date64 => {
                let day = |milliseconds: &i64| i32::try_from(milliseconds.div_euclid(86_400_000)).unwrap_or(i32::MAX);
                Values::Dates(Cow::Owned(array.as_primitive::<Date64Type>().values().iter().map(day).collect()))
            }
            DataType::Decimal32(_, scale) => widened!(Decimal32Type, scale),
            DataType::Decimal64(_, scale) => widened!(Decimal64Type, scale),
            DataType::Decimal128(_, scale) => Values::Decimal {
                values: Cow::Borrowed(&array.as_primitive::<Decimal128Type>().values()[..]),
                scale: *scale,
            },
            DataType::Decimal256(_, scale) => wide_decimals(array.as_primitive(), *scale),
            DataType::Timestamp(ArrowUnit::Second, zone) => timestamps!(Second, TimestampSecondType, zone),
            DataType::Timestamp(ArrowUnit::Millisecond, zone) => {
                timestamps!(Millisecond, TimestampMillisecondType, zone)
            }
            DataType::Timestamp(ArrowUnit::Microsecond, zone) => {
                timestamps!(Microsecond, TimestampMicrosecondType, zone)
            }
            DataType::Timestamp(ArrowUnit::Nanosecond, zone) => timestamps!(Nanosecond, TimestampNanosecondType, zone),
            DataType::Utf8 => Values::Text(Arc::new(Strings(array.as_string::<i32>()))),
            DataType::LargeUtf8 => Values::Text(Arc::new(Strings(array.as_string::<i64>()))),
            DataType::Utf8View => Values::Text(Arc::new(Strings(array.as_string_view()))),
            DataType::Binary => Values::Binary(Arc::new(Bytes(array.as_binary::<i32>()))),
            DataType::LargeBinary => Values::Binary(Arc::new(Bytes(array.as_binary::<i64>()))),
            DataType::BinaryView => Values::Binary(Arc::new(Bytes(array.as_binary_view()))),
            DataType::FixedSizeBinary(_) => Values::Binary(Arc::new(Bytes(array.as_fixed_size_binary()))),
            DataType::Dictionary(..) => match array.as_any_dictionary_opt() {
                Some(dictionary) => Values::Dictionary {
                    codes: Box::new(Data::from(dictionary.keys())),
                    values: Box::new(Data::from(dictionary.values().as_ref())),
                },
                None => Values::Unknown(array.data_type().to_string(), array.len()),
            },
            DataType::RunEndEncoded(ends, _) => match ends.data_type() {
                DataType::Int16 => runs::<Int16Type>(array.as_run()),
                DataType::Int32 => runs::<Int32Type>(array.as_run()),
                _ => runs::<Int64Type>(array.as_run()),
            },
            other => Values::Unknown(other.to_string(), array.len()),
        };
        let nulls = if matches!(values, Values::Null(_)) { Nulls::None } else { nulls(array) };
        Self { values, nulls }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::ones;
    use arrow_array::builder::StringViewBuilder;

    #[test]
    fn others_than_the_one_before_are_found_in_every_layout() {
        let names =
            ["", "a", "twelve bytes", "a name of many", "a name of more", "a name that goes on, and on, and on"];
        let texts: Vec<&str> = (0..150_usize).map(|place| names[place * place / 7 % 6]).collect();
        let mut once = StringViewBuilder::new().with_deduplicate_strings();
        for text in &texts {
            once.append_value(text);
        }
        let arrays: [&dyn Array; 4] = [
            &StringArray::from(texts.clone()),
            &LargeStringArray::from(texts.clone()),
            &StringViewArray::from(texts.clone()),
            &once.finish(),
        ];
        for array in arrays {
            let Values::Text(all) = Data::from(array).values else { unreachable!() };
            for positions in [1..65, 65..129, 129..150, 7..8, 9..9] {
                let mut found = Vec::new();
                let others = all.others(positions.clone(), &mut found);
                assert_eq!(found, ones(others).map(|bit| texts[positions.start + bit]).collect::<Vec<_>>());
                for (bit, position) in positions.enumerate() {
                    let is_other = texts[position] != texts[position - 1];
                    let may_be = others >> bit & 1 == 1;
                    // texts that are the same may stand in two places, and then have two marks
                    let is_sure = all.marks().is_none();
                    assert!(may_be == is_other || (may_be && !is_sure), "{position} of {}", array.data_type());
                }
            }
            assert_eq!(all.some(3..140), texts[3..140]);
        }
    }
}
