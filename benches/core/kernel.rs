//! The pass over the rows: few metrics and many, without keys and by group.

use crate::tables::{GROUPS, METRICS, customers, most_rows, sizes};
use criterion::{BenchmarkId, Criterion, Throughput};
use svcmetrics::{Request, Scorecard};

/// Metrics at each size, then all of them with few and with many groups.
pub fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kernel");
    let subsets: [(&str, &[&str]); 3] =
        [("1 metric", &["adoption_rate"]), ("7 of revenue", &METRICS[7..14]), ("16 metrics", &METRICS)];
    for rows in sizes() {
        let table = customers(rows, 1_000);
        group.throughput(Throughput::Elements(rows as u64));
        for (name, metrics) in subsets {
            let request = Request::default().metrics(metrics.iter().copied());
            group.bench_with_input(BenchmarkId::new(name, rows), &table, |bencher, table| {
                bencher.iter(|| Scorecard::of(table, request.clone()).expect("a valid table"));
            });
        }
    }
    let rows = most_rows();
    for groups in GROUPS.into_iter().filter(|groups| *groups <= rows) {
        let table = customers(rows, groups);
        let request = Request::default().metrics(METRICS).by(["group"]);
        let id = BenchmarkId::new(format!("16 metrics by {groups} groups"), rows);
        group.bench_with_input(id, &table, |bencher, table| {
            bencher.iter(|| Scorecard::of(table, request.clone()).expect("a valid table"));
        });
    }
    group.finish();
}
