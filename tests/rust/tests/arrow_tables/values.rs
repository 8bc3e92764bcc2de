//! Random tables as Arrow arrays: the same as the same cells one by one, and their totals the way there and back.

use crate::support::random::{Sample, config, nanoseconds, of_cases, scales, tables};
use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, NullArray, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use proptest::prelude::*;
use std::sync::Arc;
use svcmetrics::{Kind, Metric, Request, Scalar, Scorecard, Table};

/// A column as the array of one type that holds all of its cells, if there is one.
fn array(cells: &[Scalar]) -> Option<ArrayRef> {
    macro_rules! of {
        ($array:ty, $cell:ident, $value:ident => $as:expr) => {
            if cells.iter().all(|cell| matches!(cell, Scalar::Null | Scalar::$cell(_))) {
                let value = |cell: &Scalar| if let Scalar::$cell($value) = cell { $as } else { None };
                return Some(Arc::new(cells.iter().map(value).collect::<$array>()));
            }
        };
    }
    // of no type, as cells one by one are
    if cells.iter().all(|cell| *cell == Scalar::Null) {
        return Some(Arc::new(NullArray::new(cells.len())));
    }
    of!(BooleanArray, Boolean, value => Some(*value));
    of!(Int64Array, Integer, value => i64::try_from(*value).ok());
    of!(Float64Array, Float, value => Some(*value));
    of!(StringArray, Text, value => Some(value.clone()));
    if cells.iter().all(|cell| *cell == Scalar::Null || nanoseconds(cell).is_some()) {
        let time = |cell: &Scalar| nanoseconds(cell).and_then(|time| i64::try_from(time).ok());
        return Some(Arc::new(cells.iter().map(time).collect::<TimestampNanosecondArray>()));
    }
    let cents = |cell: &Scalar| match cell {
        Scalar::Integer(value) => Some(value * 100),
        Scalar::Decimal { value, scale: 2 } => Some(*value),
        _ => None,
    };
    let is_money = cells.iter().all(|cell| *cell == Scalar::Null || cents(cell).is_some());
    is_money.then(|| {
        Arc::new(cells.iter().map(cents).collect::<Decimal128Array>().with_precision_and_scale(38, 2).unwrap())
            as ArrayRef
    })
}

/// The rows without the cells that would keep a column from being of one type.
fn uniform(mut rows: Sample, floats: bool) -> Sample {
    let odd =
        |cell: &Scalar| if floats { matches!(cell, Scalar::Decimal { .. }) } else { matches!(cell, Scalar::Float(_)) };
    for cell in rows.rows.iter_mut().flatten() {
        if odd(cell) {
            *cell = Scalar::Null;
        }
    }
    rows
}

/// The same cell in a column of flags as numbers, or of floats.
fn alike(cell: &Scalar, float: bool) -> Scalar {
    match cell {
        Scalar::Boolean(value) => Scalar::Integer(i128::from(*value)),
        #[allow(clippy::cast_precision_loss)] // below 10^13
        Scalar::Integer(value) if float => Scalar::Float(*value as f64),
        other => other.clone(),
    }
}

fn batch(rows: &Sample) -> RecordBatch {
    let columns = rows.names.iter().enumerate().map(|(place, name)| {
        let cells: Vec<Scalar> = rows.rows.iter().map(|row| row[place].clone()).collect();
        let converted = |float: bool| array(&cells.iter().map(|cell| alike(cell, float)).collect::<Vec<_>>());
        let array = array(&cells).or_else(|| converted(false)).or_else(|| converted(true));
        (name.as_str(), array.unwrap_or_else(|| panic!("{name}: {cells:?} has no one type")), true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn typed_arrays_give_the_scorecard_of_the_same_cells_one_by_one(rows in tables(120), floats in any::<bool>()) {
        let rows = uniform(rows, floats);
        let batch = batch(&rows);
        let by = ["region", "period"];
        for request in [rows.request(&by), of_cases(&by)] {
            let typed = Scorecard::of(&Table::from(&batch), request.clone()).unwrap();
            let cells = Scorecard::of(&rows.table(), request).unwrap();
            prop_assert_eq!(typed.to_json().unwrap(), cells.to_json().unwrap());
            prop_assert_eq!(typed.groups(), cells.groups());
            for metric in cells.metrics().filter(|metric| metric.kind() != Kind::Mix) {
                prop_assert_eq!(typed.figures(metric.id()).unwrap(), cells.figures(metric.id()).unwrap(), "{}", metric.id());
            }
        }
    }

    #[test]
    fn a_scorecard_reads_back_from_its_exact_totals(rows in tables(60), over_time in any::<bool>(), cases in any::<bool>()) {
        let by = ["region", "period"];
        let request = if cases { of_cases(&by).quantiles(false) } else { rows.request(&by) };
        let built = Scorecard::of(&rows.table(), request).unwrap();
        let (card, keys) = if over_time { (built.rollup(&["region"]).unwrap(), vec!["region"]) } else { (built, by.to_vec()) };
        let totals = card.measures_record_batch().unwrap();
        let read = Scorecard::from_measures(&Table::from(&totals), &Request::default().by(keys).scales(scales())).unwrap();
        prop_assert_eq!(read.groups(), card.groups());
        // mixes are not to be had from totals
        let figured = || card.metrics().filter(|metric| metric.kind() != Kind::Mix);
        prop_assert_eq!(read.metrics().map(Metric::id).collect::<Vec<_>>(), figured().map(Metric::id).collect::<Vec<_>>());
        for group in 0..card.len() {
            prop_assert_eq!(read.rows(group), card.rows(group));
            for metric in figured() {
                let (found, expected) = (read.figure_of(group, metric.id()).unwrap(), card.figure_of(group, metric.id()).unwrap());
                prop_assert_eq!(found, expected, "{}", metric.id());
                prop_assert_eq!(read.counts_of(group, metric.id()).unwrap(), card.counts_of(group, metric.id()).unwrap());
            }
        }
    }
}
