//! Columns of each type as they become integers: one metric that sums one column, no keys.

use crate::tables::{column, float, sizes};
use criterion::{BenchmarkId, Criterion, Throughput};
use std::borrow::Cow;
use svcmetrics::{Data, Nulls, Request, Scalar, Scorecard, Table, Values};

/// The same cents in the type that is asked for.
fn cost(rows: usize, kind: &str) -> Data<'static> {
    let cents = column(rows, 1, |random| random.cents(1_000));
    let floats = || cents.iter().map(|cents| float(*cents));
    match kind {
        "int64" => cents.into(),
        "float64" => floats().collect::<Vec<_>>().into(),
        "float64, 2 % null" => {
            let nulls = column(rows, 2, |random| random.below(50) == 0);
            let values = Values::Float64(Cow::Owned(floats().collect()));
            Data::new(values, Nulls::Mask(Cow::Owned(nulls))).expect("columns of equal length")
        }
        // a third of a cent has no end: each such value is rounded and counted
        "float64, 1 % rounded" => {
            let off = column(rows, 3, |random| random.below(100) == 0);
            let values = floats().zip(off).map(|(value, off)| if off { value / 3.0 } else { value });
            values.collect::<Vec<_>>().into()
        }
        "decimal" => {
            let values = cents.iter().map(|cents| i128::from(*cents)).collect();
            Data::new(Values::Decimal { values, scale: 2 }, Nulls::None).expect("a column without nulls")
        }
        "objects" => {
            let decimal = |cents: &i64| Scalar::Decimal { value: i128::from(*cents), scale: 2 };
            cents.iter().map(decimal).collect::<Vec<_>>().into()
        }
        _ => unreachable!("a kind of column that is not made"),
    }
}

/// Each type at each size.
pub fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("intake");
    let request = Request::default().metrics(["service_cost"]);
    for kind in ["int64", "float64", "float64, 2 % null", "float64, 1 % rounded", "decimal", "objects"] {
        for rows in sizes() {
            let table = Table::new(rows).with("service_cost", cost(rows, kind));
            group.throughput(Throughput::Elements(rows as u64));
            group.bench_with_input(BenchmarkId::new(kind, rows), &table, |bencher, table| {
                bencher.iter(|| Scorecard::of(table, request.clone()).expect("a valid table"));
            });
        }
    }
    group.finish();
}
