//! Sliced, offset, chunked and empty arrays; row numbers over all chunks; columns twice; unknown types.

use super::{Columns, assert_same, batch, card_of, chunked, columns, plain, request, with};
use crate::support::{assert_says, refused};
use arrow_array::types::Int8Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, DictionaryArray, DurationSecondArray,
    FixedSizeBinaryArray, Int64Array, IntervalYearMonthArray, ListArray, PrimitiveArray, RecordBatch, StringArray,
    StructArray, Time32SecondArray, make_array,
};
use arrow_data::transform::MutableArrayData;
use arrow_schema::{DataType, Field, Schema};
use std::sync::Arc;
use svcmetrics::{Request, Scorecard, ScorecardBuilder, Table};

#[test]
fn a_slice_of_a_longer_batch_is_the_same() {
    // Three times the rows, so that the middle third starts within a byte of every bitmap.
    let whole = batch(columns());
    let longer = RecordBatch::try_new(
        whole.schema(),
        (0..whole.num_columns()).map(|column| repeated(whole.column(column).as_ref(), 3)).collect(),
    )
    .unwrap();
    for offset in [0, 6, 12] {
        let slice = longer.slice(offset, 6);
        assert_same(&Scorecard::of(&Table::from(&slice), request()).unwrap(), &format!("rows from {offset}"));
    }
}

/// The rows of an array, several times.
fn repeated(array: &dyn Array, times: usize) -> ArrayRef {
    let data = array.to_data();
    let mut grown = MutableArrayData::new(vec![&data], true, data.len() * times);
    for _ in 0..times {
        grown.try_extend(0, 0, data.len()).unwrap();
    }
    make_array(grown.freeze())
}

#[test]
fn chunks_of_any_size_are_the_same_whether_copied_or_sliced() {
    let whole = batch(columns());
    for size in 1..=6 {
        let pieces: Vec<RecordBatch> =
            (0..6).step_by(size).map(|start| whole.slice(start, size.min(6 - start))).collect();
        assert_same(&chunked(&pieces, request()).unwrap(), &format!("slices of {size}"));
        let with_empty: Vec<RecordBatch> =
            pieces.iter().flat_map(|piece| [whole.slice(0, 0), piece.clone(), whole.slice(6, 0)]).collect();
        assert_same(&chunked(&with_empty, request()).unwrap(), &format!("slices of {size} and empty ones"));
    }
}

#[test]
fn chunks_may_store_a_column_each_in_its_own_way() {
    let texts = ["north", "south", ""];
    let codes: PrimitiveArray<Int8Type> = vec![Some(0), Some(1), None, Some(0), Some(2), Some(1)].into();
    let dictionary: ArrayRef =
        Arc::new(DictionaryArray::try_new(codes, Arc::new(StringArray::from(texts.to_vec()))).unwrap());
    let narrow: ArrayRef = Arc::new(
        super::MET.iter().map(|met| met.map(|met| i8::try_from(met).unwrap())).collect::<arrow_array::Int8Array>(),
    );
    let pieces = [
        batch(columns()).slice(0, 2),
        batch(with("region", dictionary)).slice(2, 2),
        batch(with("milestones_met", narrow)).slice(4, 2),
    ];
    assert_same(&chunked(&pieces, request()).unwrap(), "three kinds of chunks");
}

#[test]
fn an_empty_batch_has_no_groups_or_one_without_keys() {
    let empty = batch(columns()).slice(0, 0);
    let grouped = Scorecard::of(&Table::from(&empty), request()).unwrap();
    assert!(grouped.is_empty());
    assert_eq!(grouped.metrics().count(), plain().metrics().count());
    let whole = Scorecard::of(&Table::from(&empty), request().by(Vec::<String>::new())).unwrap();
    assert_eq!((whole.len(), whole.rows(0)), (1, 0));
    assert_eq!(whole.figure("adoption_rate").unwrap().undefined_reason(), Some(svcmetrics::Undefined::NoRows));
    assert_eq!(grouped.merge(&plain()).unwrap(), plain());
}

fn counts(met: Vec<i64>) -> RecordBatch {
    let total = Arc::new(Int64Array::from(vec![4; met.len()])) as ArrayRef;
    batch(vec![("milestones_met", Arc::new(Int64Array::from(met)) as ArrayRef), ("milestones_total", total)])
}

#[test]
fn rows_of_errors_count_over_all_chunks_and_from_the_start_of_a_slice() {
    let whole = counts(vec![9, 1, 2, 3, 9, 1, 9]);
    let error = refused(Scorecard::of(&Table::from(&whole.slice(1, 6)), Request::default()), "9 of 4");
    assert_eq!((error.row(), error.count()), (Some(3), 2));
    let pieces = [whole.slice(1, 2), whole.slice(3, 1), whole.slice(0, 0), whole.slice(4, 3)];
    let error = refused(chunked(&pieces, Request::default()), "9 of 4");
    assert_eq!((error.kind(), error.row(), error.value()), ("invalid_value", Some(3), Some("9")));
    assert_eq!(error.offence().unwrap().first, [(3, "9".to_owned()), (5, "9".to_owned())]);
    let text: ArrayRef = Arc::new(StringArray::from(vec![None, Some("x")]));
    let odd = batch(vec![("milestones_met", text), ("milestones_total", Arc::new(Int64Array::from(vec![1, 1])))]);
    let error = refused(chunked(&[whole.slice(1, 3), odd], Request::default()), "text");
    assert_eq!((error.kind(), error.row()), ("column_type", Some(4)));
}

#[test]
fn a_value_in_a_dictionary_is_an_offender_where_it_is_used() {
    let codes: PrimitiveArray<Int8Type> = vec![Some(0), None, Some(0), Some(1)].into();
    let values: ArrayRef = Arc::new(Int64Array::from(vec![1, -7, -8]));
    let met: ArrayRef = Arc::new(DictionaryArray::try_new(codes, values).unwrap());
    let total: ArrayRef = Arc::new(Int64Array::from(vec![4; 4]));
    let error = refused(
        Scorecard::of(
            &Table::from(&batch(vec![("milestones_met", met), ("milestones_total", total)])),
            Request::default(),
        ),
        "-7",
    );
    assert_eq!((error.row(), error.value(), error.count()), (Some(3), Some("-7"), 1));
}

fn named_twice(name: &str) -> RecordBatch {
    let mut columns: Columns = columns();
    let array = columns.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    let schema = Schema::new(
        columns
            .iter()
            .map(|(known, array)| (*known, array))
            .chain([(name, &array)])
            .map(|(known, array)| Field::new(known, array.data_type().clone(), true))
            .collect::<Vec<_>>(),
    );
    columns.push(("again", array));
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}

#[test]
fn a_name_twice_is_an_error_only_where_it_is_read() {
    for name in ["milestones_met", "region"] {
        let twice = named_twice(name);
        let error = refused(Scorecard::of(&Table::from(&twice), request()), "a name twice");
        assert_eq!((error.kind(), error.column()), ("duplicate_column", Some(name)));
    }
    let card = Scorecard::of(&Table::from(&named_twice("is_new")), request().metrics(["adoption_rate"])).unwrap();
    assert_eq!(card.figures("adoption_rate").unwrap(), plain().figures("adoption_rate").unwrap());
}

/// Arrays of types that nothing reads, of two rows, the first one null.
fn unknown() -> Vec<(ArrayRef, &'static str)> {
    let list = ListArray::from_iter_primitive::<arrow_array::types::Int32Type, _, _>(vec![None, Some(vec![Some(1)])]);
    let field = Arc::new(Field::new("inner", DataType::Int64, true));
    let nested = StructArray::from(vec![(field, Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]);
    vec![
        (Arc::new(list), "List"),
        (Arc::new(nested), "Struct"),
        (Arc::new(BinaryArray::from_opt_vec(vec![None, Some(b"a")])), "binary"),
        (
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size([None, Some(b"ab")].into_iter(), 2).unwrap()),
            "binary",
        ),
        (Arc::new(DurationSecondArray::from(vec![None, Some(1)])), "Duration"),
        (Arc::new(Time32SecondArray::from(vec![None, Some(1)])), "Time32"),
        (Arc::new(IntervalYearMonthArray::from(vec![None, Some(1)])), "Interval"),
    ]
}

#[test]
fn an_unknown_type_is_an_error_that_names_type_and_column_only_where_it_is_read() {
    for (array, name) in unknown() {
        let one = || Arc::new(Int64Array::from(vec![1, 1])) as ArrayRef;
        let of = |column: &'static str| {
            let mut columns: Columns = vec![("milestones_met", one()), ("milestones_total", one()), ("extra", one())];
            columns.iter_mut().find(|(known, _)| *known == column).unwrap().1 = array.clone();
            batch(columns)
        };
        let read = refused(Scorecard::of(&Table::from(&of("milestones_met")), Request::default()), name);
        assert_eq!((read.kind(), read.column()), ("column_type", Some("milestones_met")), "{name}");
        assert_says(&read.to_string(), &[name]);
        let key = refused(Scorecard::of(&Table::from(&of("extra")), Request::default().by(["extra"])), name);
        assert_eq!((key.kind(), key.column()), ("column_type", Some("extra")), "{name}");
        assert_says(&key.to_string(), &[name]);
        assert!(Scorecard::of(&Table::from(&of("extra")), Request::default()).is_ok(), "{name}");
    }
}

#[test]
fn dates_booleans_and_texts_are_no_numbers() {
    let arrays: [(ArrayRef, &str); 3] = [
        (Arc::new(Date32Array::from(vec![1; 6])), "date"),
        (Arc::new(BooleanArray::from(vec![true; 6])), "bool"),
        (Arc::new(StringArray::from(vec!["1"; 6])), "text"),
    ];
    for (array, name) in arrays {
        let error = refused(Scorecard::of(&Table::from(&batch(with("milestones_met", array))), request()), name);
        assert_eq!((error.kind(), error.row()), ("column_type", Some(0)));
        assert_says(&error.to_string(), &[name, "milestones_met"]);
    }
}

#[test]
fn columns_are_found_by_name_wherever_they_stand() {
    let mut reversed = columns();
    reversed.reverse();
    reversed.push(("__index_level_0__", Arc::new(Int64Array::from(vec![0; 6]))));
    assert_same(&card_of(reversed), "the columns in another order");
    let mut builder = ScorecardBuilder::new(request());
    builder.add(&Table::from(&batch(columns()).slice(0, 3))).unwrap();
    let without: Columns = columns().into_iter().filter(|(name, _)| *name != "onboarded").collect();
    let error = refused(builder.add(&Table::from(&batch(without))), "a chunk without a column");
    assert_eq!((error.kind(), error.column()), ("column_not_found", Some("onboarded")));
}
