//! Keys of every type, and their way back out.

use super::{REGIONS, assert_same, batch, card_of, columns, with};
use arrow_array::types::{
    ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Date64Array, Decimal128Array, DictionaryArray, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, LargeStringArray, NullArray, PrimitiveArray, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt8Array,
    UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::DataType;
use std::sync::Arc;
use svcmetrics::{Key, KeyType, Request, Scorecard, Table, TimeUnit};

#[test]
fn text_keys_of_every_layout_are_the_same() {
    let long = [Some("a text of more than twelve bytes"), None, Some(""), Some("ä"), Some("short"), Some("short")];
    for texts in [REGIONS, long] {
        let views: ArrayRef = Arc::new(StringViewArray::from(texts.to_vec()));
        let large: ArrayRef = Arc::new(LargeStringArray::from(texts.to_vec()));
        let plain = card_of(with("region", Arc::new(StringArray::from(texts.to_vec()))));
        assert_eq!(card_of(with("region", views)), plain);
        assert_eq!(card_of(with("region", large)), plain);
    }
}

/// Regions by position: an unused one, one twice, a null one; rows with null positions too.
fn regions_in_dictionary<K: ArrowDictionaryKeyType>()
where
    K::Native: From<u8>,
{
    let texts = [Some("unused"), Some("south"), Some("north"), None, Some(""), Some("south")];
    let positions = [Some(2_u8), Some(1), Some(3), Some(2), Some(4), Some(5)];
    let layouts: [ArrayRef; 3] = [
        Arc::new(StringArray::from(texts.to_vec())),
        Arc::new(LargeStringArray::from(texts.to_vec())),
        Arc::new(StringViewArray::from(texts.to_vec())),
    ];
    for values in layouts {
        let what = format!("{} of {}", K::DATA_TYPE, values.data_type());
        for with_null in [false, true] {
            let codes: PrimitiveArray<K> = positions
                .iter()
                .map(|position| position.filter(|position| !with_null || *position != 3).map(K::Native::from))
                .collect();
            let array: ArrayRef = Arc::new(DictionaryArray::try_new(codes, values.clone()).unwrap());
            assert_same(&card_of(with("region", array)), &what);
        }
    }
}

#[test]
fn dictionary_keys_of_every_index_width_are_the_same() {
    regions_in_dictionary::<Int16Type>();
    regions_in_dictionary::<Int32Type>();
    regions_in_dictionary::<Int64Type>();
    regions_in_dictionary::<UInt8Type>();
    regions_in_dictionary::<UInt16Type>();
    regions_in_dictionary::<UInt32Type>();
    regions_in_dictionary::<UInt64Type>();
    let codes: PrimitiveArray<Int8Type> = vec![Some(0), Some(1), None, Some(0), Some(2), Some(1)].into();
    let values = StringArray::from(vec!["north", "south", ""]);
    assert_same(&card_of(with("region", Arc::new(DictionaryArray::try_new(codes, Arc::new(values)).unwrap()))), "int8");
}

/// The scorecard of rows with these keys.
fn keyed(array: ArrayRef) -> Scorecard {
    let rows = array.len();
    let one = || Arc::new(Int64Array::from(vec![1; rows])) as ArrayRef;
    let batch = batch(vec![("k", array), ("milestones_met", one()), ("milestones_total", one())]);
    Scorecard::of(&Table::from(&batch), Request::default().by(["k"]).nan_is_missing(true)).unwrap()
}

fn keys(card: &Scorecard) -> Vec<Key> {
    card.groups().iter().map(|group| group[0].clone()).collect()
}

#[test]
fn whole_number_keys_of_every_width_sort_as_numbers() {
    let arrays: [ArrayRef; 8] = [
        Arc::new(Int8Array::from(vec![Some(10), Some(2), None, Some(-1)])),
        Arc::new(Int16Array::from(vec![Some(10), Some(2), None, Some(-1)])),
        Arc::new(Int32Array::from(vec![Some(10), Some(2), None, Some(-1)])),
        Arc::new(Int64Array::from(vec![Some(10), Some(2), None, Some(-1)])),
        Arc::new(Float64Array::from(vec![Some(10.0), Some(2.0), None, Some(-1.0)])),
        Arc::new(Float64Array::from(vec![Some(10.0), Some(2.0), Some(f64::NAN), Some(-1.0)])),
        Arc::new(
            Decimal128Array::from(vec![Some(100), Some(20), None, Some(-10)]).with_precision_and_scale(5, 1).unwrap(),
        ),
        Arc::new(
            DictionaryArray::try_new(
                PrimitiveArray::<UInt8Type>::from(vec![0, 1, 2, 3]),
                Arc::new(Int64Array::from(vec![Some(10), Some(2), None, Some(-1)])),
            )
            .unwrap(),
        ),
    ];
    let expected = [Key::from(-1), Key::from(2), Key::from(10), Key::Null];
    for array in arrays {
        let what = array.data_type().to_string();
        let card = keyed(array);
        assert_eq!(keys(&card), expected, "{what}");
        assert_eq!(card.to_record_batch().unwrap().column(0).data_type(), &DataType::Int64, "{what}");
    }
    let unsigned: [ArrayRef; 4] = [
        Arc::new(UInt8Array::from(vec![10, 2])),
        Arc::new(UInt16Array::from(vec![10, 2])),
        Arc::new(UInt32Array::from(vec![10, 2])),
        Arc::new(UInt64Array::from(vec![10, 2])),
    ];
    for array in unsigned {
        assert_eq!(keys(&keyed(array)), [Key::from(2), Key::from(10)]);
    }
}

#[test]
fn keys_beyond_signed_64_bits_are_kept() {
    let card = keyed(Arc::new(UInt64Array::from(vec![Some(u64::MAX), Some(0), None])));
    assert_eq!(keys(&card), [Key::from(0), Key::Integer(u64::MAX.into()), Key::Null]);
    assert_eq!(card.to_record_batch().unwrap().column(0).data_type(), &DataType::UInt64);
    assert_eq!(Scorecard::from_json(&card.to_json().unwrap()).unwrap(), card);
}

#[test]
fn booleans_sort_false_first_and_nulls_are_one_group() {
    assert_eq!(
        keys(&keyed(Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])))),
        [false.into(), true.into(), Key::Null]
    );
    let nothing = keyed(Arc::new(NullArray::new(3)));
    assert_eq!(
        (keys(&nothing), nothing.keys()[0].key_type.clone(), nothing.rows(0)),
        (vec![Key::Null], KeyType::Null, 3)
    );
}

#[test]
fn dates_are_days_however_they_are_stored() {
    let days = keyed(Arc::new(Date32Array::from(vec![Some(20_543), None, Some(-1)])));
    let milliseconds = keyed(Arc::new(Date64Array::from(vec![Some(20_543 * 86_400_000), None, Some(-86_400_000)])));
    assert_eq!(keys(&days), [Key::Date(-1), Key::Date(20_543), Key::Null]);
    assert_eq!(keys(&days)[1].to_string(), "2026-03-31");
    assert_eq!(days, milliseconds);
    assert_eq!(days.to_record_batch().unwrap().column(0).data_type(), &DataType::Date32);
}

#[test]
fn timestamps_keep_unit_and_zone() {
    macro_rules! units {
        ($($array:ident $unit:ident),*) => {$(
            for zone in [None, Some("Europe/Berlin"), Some("+02:00")] {
                let array = $array::from(vec![Some(5), None, Some(-5)]).with_timezone_opt(zone);
                let (data_type, card) = (array.data_type().clone(), keyed(Arc::new(array)));
                assert_eq!(keys(&card), [Key::Timestamp(-5), Key::Timestamp(5), Key::Null]);
                let key_type = KeyType::Timestamp { unit: TimeUnit::$unit, zone: zone.map(ToOwned::to_owned) };
                assert_eq!(card.keys()[0].key_type, key_type);
                assert_eq!(card.to_record_batch().unwrap().column(0).data_type(), &data_type);
                assert_eq!(Scorecard::from_json(&card.to_json().unwrap()).unwrap(), card);
            }
        )*};
    }
    units!(TimestampSecondArray Second, TimestampMillisecondArray Millisecond, TimestampMicrosecondArray Microsecond, TimestampNanosecondArray Nanosecond);
}

#[test]
fn keys_of_one_kind_in_two_zones_or_units_do_not_mix() {
    let seconds = || TimestampSecondArray::from(vec![1]);
    let one = keyed(Arc::new(seconds()));
    let zoned = keyed(Arc::new(seconds().with_timezone("UTC")));
    let finer = keyed(Arc::new(TimestampMillisecondArray::from(vec![1000])));
    assert_eq!(one.merge(&zoned).unwrap_err().kind(), "mismatch");
    assert_eq!(one.merge(&finer).unwrap_err().kind(), "mismatch");
}

#[test]
fn several_keys_of_several_types_sort_one_after_another() {
    let mut columns = columns();
    columns.push(("tier", Arc::new(Int8Array::from(vec![Some(2), Some(1), None, Some(1), Some(1), Some(1)]))));
    let card = Scorecard::of(&Table::from(&batch(columns)), super::request().by(["tier", "region"])).unwrap();
    let expected = [
        [1.into(), "".into()],
        [1.into(), "north".into()],
        [1.into(), "south".into()],
        [2.into(), Key::from("north")],
        [Key::Null, Key::Null],
    ];
    assert_eq!(card.groups(), expected);
    assert_eq!(card.rows(2), 2);
}
