//! Values of every type that numbers and flags may have.

use super::{MET, NEW, START, TOTAL, assert_same, batch, card_of, columns, plain, request, units, with};
use crate::support::refused;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Float16Type, Int8Type, Int16Type, Int32Type, Int64Type,
    RunEndIndexType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal32Array, Decimal64Array, Decimal128Array, Decimal256Array, DictionaryArray,
    Float16Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, NullArray, PrimitiveArray,
    RecordBatch, RunArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::i256;
use std::sync::Arc;
use svcmetrics::{OnInvalid, Request, Scorecard, Table};

#[test]
fn counts_of_every_width_are_the_same() {
    macro_rules! widths {
        ($($array:ident $type:ty),*) => {$(
            let values = |values: &[Option<i64>]| -> ArrayRef {
                Arc::new(values.iter().map(|value| value.map(|value| <$type>::try_from(value).unwrap())).collect::<$array>())
            };
            assert_same(&card_of(with("milestones_met", values(&MET))), stringify!($array));
            assert_same(&card_of(with("milestones_total", values(&TOTAL))), stringify!($array));
        )*};
    }
    widths!(Int8Array i8, Int16Array i16, Int32Array i32, Int64Array i64, UInt8Array u8, UInt16Array u16, UInt32Array u32, UInt64Array u64);
}

#[test]
#[allow(clippy::cast_precision_loss)] // small numbers
fn counts_as_whole_floats_or_decimals_are_the_same() {
    let floats: Float64Array = MET.iter().map(|met| met.map(|met| met as f64)).collect();
    let singles: Float32Array = MET.iter().map(|met| met.map(|met| met as f32)).collect();
    let decimals: Decimal128Array = MET.iter().map(|met| met.map(|met| i128::from(met) * 1000)).collect();
    let halves: Float16Array = MET
        .iter()
        .map(|met| met.map(|met| <Float16Type as ArrowPrimitiveType>::Native::from_f32(met as f32)))
        .collect();
    let arrays: [ArrayRef; 4] = [
        Arc::new(floats),
        Arc::new(singles),
        Arc::new(halves),
        Arc::new(decimals.with_precision_and_scale(20, 3).unwrap()),
    ];
    for array in arrays {
        let what = array.data_type().to_string();
        assert_same(&card_of(with("milestones_met", array)), &what);
    }
}

/// Cents times a power of ten.
fn scaled(places: u32) -> impl Iterator<Item = Option<i128>> {
    START.iter().map(move |cents| cents.map(|cents| i128::from(cents) * 10_i128.pow(places)))
}

#[test]
fn money_as_decimals_of_every_width_and_scale_is_the_same() {
    for (precision, scale) in [(38_u8, 2_i8), (20, 6), (38, 12), (38, 30), (12, 3)] {
        let more = u32::try_from(scale - 2).unwrap();
        let array: Decimal128Array = scaled(more).collect();
        assert_same(
            &card_of(with("revenue_start", Arc::new(array.with_precision_and_scale(precision, scale).unwrap()))),
            &format!("decimal128({precision}, {scale})"),
        );
    }
    for (precision, scale) in [(9_u8, 2_i8), (9, 4)] {
        let more = u32::try_from(scale - 2).unwrap();
        let narrow: Decimal32Array =
            scaled(more).map(|value| value.map(|value| i32::try_from(value).unwrap())).collect();
        let middle: Decimal64Array =
            scaled(more).map(|value| value.map(|value| i64::try_from(value).unwrap())).collect();
        assert_same(
            &card_of(with("revenue_start", Arc::new(narrow.with_precision_and_scale(precision, scale).unwrap()))),
            "decimal32",
        );
        assert_same(
            &card_of(with("revenue_start", Arc::new(middle.with_precision_and_scale(18, scale).unwrap()))),
            "decimal64",
        );
    }
}

#[test]
fn decimals_of_256_bits_are_what_they_are_and_too_large_where_128_do_not_hold_them() {
    let wide = |values: Vec<Option<i256>>| -> ArrayRef {
        Arc::new(Decimal256Array::from(values).with_precision_and_scale(76, 6).unwrap())
    };
    let start: Vec<Option<i256>> = scaled(4).map(|value| value.map(i256::from_i128)).collect();
    assert_same(&card_of(with("revenue_start", wide(start.clone()))), "decimal256");
    let mut large = start;
    large[3] = Some(i256::from_string(&"9".repeat(50)).unwrap());
    let error = refused(
        Scorecard::of(
            &Table::from(&batch(with("revenue_start", wide(large)))),
            request().on_invalid(OnInvalid::Raise).metrics(["revenue_churn"]),
        ),
        "50 digits",
    );
    assert_eq!((error.kind(), error.column(), error.row()), ("out_of_range", Some("revenue_start"), Some(3)));
    let digits = format!("{}.{}", "9".repeat(44), "9".repeat(6));
    assert_eq!(error.value(), Some(digits.as_str()));
}

#[test]
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // cents of a few digits
fn money_as_floats_of_either_width_is_the_same() {
    let doubles: ArrayRef = Arc::new(Float64Array::from(units(&START)));
    let singles: ArrayRef =
        Arc::new(units(&START).into_iter().map(|value| value.map(|value| value as f32)).collect::<Float32Array>());
    for array in [doubles, singles] {
        let what = array.data_type().to_string();
        assert_same(&card_of(with("revenue_start", array)), &what);
    }
}

#[test]
fn decimals_in_thousands_are_whole_numbers() {
    let thousands: Decimal128Array = vec![Some(2_i128), None].into();
    let array: ArrayRef = Arc::new(thousands.with_precision_and_scale(5, -3).unwrap());
    let end: ArrayRef = Arc::new(Int64Array::from(vec![2000, 1]));
    let batch = super::batch(vec![("revenue_start", array), ("revenue_end", end)]);
    let request = svcmetrics::Request::default().absent_revenue(svcmetrics::AbsentRevenue::Zero);
    let card = svcmetrics::Scorecard::of(&svcmetrics::Table::from(&batch), request).unwrap();
    assert_eq!(card.figure("revenue_start").unwrap().numerator().unwrap().to_string(), "2000");
}

#[test]
fn flags_as_0_and_1_of_any_type_are_the_same() {
    let ints: UInt8Array = NEW.iter().map(|new| new.map(u8::from)).collect();
    let floats: Float32Array = NEW.iter().map(|new| new.map(|new| f32::from(u8::from(new)))).collect();
    let decimals: Decimal128Array = NEW.iter().map(|new| new.map(|new| i128::from(new) * 10)).collect();
    let arrays: [ArrayRef; 3] =
        [Arc::new(ints), Arc::new(floats), Arc::new(decimals.with_precision_and_scale(3, 1).unwrap())];
    for array in arrays {
        let what = array.data_type().to_string();
        assert_same(&card_of(with("is_new", array)), &what);
    }
}

/// The values behind positions: each distinct value once, an unused one first, a null one last. Nulls are null positions or
/// positions of the null, in turn.
fn dictionary<K: ArrowDictionaryKeyType, T: PartialEq + Copy>(
    values: &[Option<T>],
    unused: T,
) -> (PrimitiveArray<K>, Vec<Option<T>>)
where
    K::Native: TryFrom<usize>,
{
    let mut distinct = vec![Some(unused)];
    for value in values.iter().filter(|value| value.is_some()) {
        if !distinct[1..].contains(value) {
            distinct.push(*value);
        }
    }
    distinct.push(None);
    let last = distinct.len() - 1;
    let mut nulls = 0;
    let position = |value: &Option<T>| {
        let place = if value.is_some() {
            distinct[1..].iter().position(|known| known == value).map(|place| place + 1)
        } else {
            nulls += 1;
            (nulls % 2 == 0).then_some(last)
        };
        place.map(|place| K::Native::try_from(place).unwrap_or_else(|_| panic!("a short dictionary")))
    };
    let codes: PrimitiveArray<K> = values.iter().map(position).collect();
    (codes, distinct)
}

fn values_in_dictionary<K: ArrowDictionaryKeyType>()
where
    K::Native: TryFrom<usize>,
{
    let what = K::DATA_TYPE.to_string();
    let made = |codes: PrimitiveArray<K>, values: ArrayRef| {
        Arc::new(DictionaryArray::try_new(codes, values).unwrap()) as ArrayRef
    };
    let (codes, values) = dictionary::<K, i64>(&MET, -5);
    assert_same(&card_of(with("milestones_met", made(codes, Arc::new(Int64Array::from(values))))), &what);
    let (codes, values) = dictionary::<K, bool>(&NEW, true);
    assert_same(&card_of(with("is_new", made(codes, Arc::new(BooleanArray::from(values))))), &what);
    let (codes, values) = dictionary::<K, f64>(&units(&START), 100.0 / 12.0);
    assert_same(&card_of(with("revenue_start", made(codes, Arc::new(Float64Array::from(values))))), &what);
}

#[test]
fn values_in_dictionaries_of_every_index_width_are_the_same() {
    values_in_dictionary::<Int8Type>();
    values_in_dictionary::<Int16Type>();
    values_in_dictionary::<Int32Type>();
    values_in_dictionary::<Int64Type>();
    values_in_dictionary::<UInt8Type>();
    values_in_dictionary::<UInt16Type>();
    values_in_dictionary::<UInt32Type>();
    values_in_dictionary::<UInt64Type>();
}

#[test]
fn a_rounded_value_in_a_dictionary_is_counted_for_every_row_and_an_unused_one_for_none() {
    let codes: PrimitiveArray<Int32Type> = vec![Some(1), Some(1), Some(0), None].into();
    let values = Float64Array::from(vec![1.5, 100.0 / 12.0, f64::NAN, 1.0 / 3.0]);
    let array: ArrayRef = Arc::new(DictionaryArray::try_new(codes, Arc::new(values)).unwrap());
    let batch = super::batch(vec![
        ("revenue_start", array),
        ("revenue_end", Arc::new(Int64Array::from(vec![Some(1), Some(1), Some(1), None]))),
    ]);
    let card = svcmetrics::Scorecard::of(&svcmetrics::Table::from(&batch), svcmetrics::Request::default()).unwrap();
    let quality = &card.quality().metrics["revenue_start"];
    let counts = quality.counts;
    assert_eq!((counts.counted, counts.missing, counts.rounded), (3, 1, 2));
    assert_eq!(card.figure("revenue_start").unwrap().numerator().unwrap().to_string(), "18.166666");
}

#[test]
fn a_column_of_no_type_is_all_missing() {
    let card = card_of(with("milestones_met", Arc::new(NullArray::new(6))));
    for group in 0..card.len() {
        let counts = card.counts_of(group, "adoption_rate").unwrap().unwrap();
        assert_eq!(counts.missing, card.rows(group));
    }
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![None; 6]));
    assert_eq!(card, card_of(with("milestones_met", nulls)));
    let positions = PrimitiveArray::<Int8Type>::from(vec![None; 6]);
    let empty: ArrayRef =
        Arc::new(DictionaryArray::try_new(positions, Arc::new(Int64Array::from(Vec::<i64>::new()))).unwrap());
    assert_eq!(card, card_of(with("milestones_met", empty)));
}

/// The same array in runs that end there.
fn in_runs<R: RunEndIndexType>(values: &ArrayRef, ends: impl Iterator<Item = u8>) -> ArrayRef
where
    R::Native: From<u8>,
{
    let ends = PrimitiveArray::<R>::from_iter_values(ends.map(R::Native::from));
    Arc::new(RunArray::try_new(&ends, values).unwrap())
}

fn card_of_batch(rows: &RecordBatch) -> Scorecard {
    Scorecard::of(&Table::from(rows), request()).unwrap()
}

fn every_column_in_runs<R: RunEndIndexType>()
where
    R::Native: From<u8>,
{
    let what = format!("runs that end at {}", R::DATA_TYPE);
    for (name, array) in columns() {
        assert_same(&card_of(with(name, in_runs::<R>(&array, 1..=6))), &what);
    }
    let twice = |array: &ArrayRef| in_runs::<R>(array, (1..=6).map(|run| 2 * run));
    let rows = batch(columns().into_iter().map(|(name, array)| (name, twice(&array))).collect());
    assert_eq!(card_of_batch(&rows), plain().merge(&plain()).unwrap(), "{what}");
    // from within a run to within another
    let once = batch(columns());
    let [start, whole, end] = [once.slice(1, 1), once.slice(2, 2), once.slice(4, 1)].map(|rows| card_of_batch(&rows));
    let expected = start.merge(&whole).unwrap().merge(&whole).unwrap().merge(&end).unwrap();
    assert_eq!(card_of_batch(&rows.slice(3, 6)), expected, "{what}");
    assert_eq!(card_of_batch(&rows.slice(12, 0)), card_of_batch(&once.slice(6, 0)), "{what}");
}

#[test]
fn columns_of_runs_are_their_rows() {
    every_column_in_runs::<Int16Type>();
    every_column_in_runs::<Int32Type>();
    every_column_in_runs::<Int64Type>();
}

#[test]
fn a_value_of_a_run_is_an_offender_in_its_first_row() {
    let met = in_runs::<Int32Type>(&(Arc::new(Int64Array::from(vec![1, -7])) as ArrayRef), [2, 4].into_iter());
    let total: ArrayRef = Arc::new(Int64Array::from(vec![4; 4]));
    let rows = batch(vec![("milestones_met", met), ("milestones_total", total)]);
    let error = refused(Scorecard::of(&Table::from(&rows), Request::default()), "-7");
    assert_eq!((error.row(), error.value(), error.count()), (Some(2), Some("-7"), 2));
}
