//! Health: a score for each customer, and the summary of the scores by group.

use crate::tables::{customers, sizes};
use criterion::{BenchmarkId, Criterion, Throughput};
use svcmetrics::{HealthScorer, Request, Scorecard};

/// Both at each size.
pub fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("health");
    let summary = Request::default().by(["group"]).metrics(["customer_health", "red_share", "red_revenue"]);
    for rows in sizes() {
        let table = customers(rows, 1_000);
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_with_input(BenchmarkId::new("scores", rows), &table, |bencher, table| {
            bencher.iter(|| {
                let mut scorer = HealthScorer::new(Request::default());
                scorer.add(table).expect("a valid table");
                scorer.finish().expect("a valid table")
            });
        });
        group.bench_with_input(BenchmarkId::new("summary by group", rows), &table, |bencher, table| {
            bencher.iter(|| Scorecard::of(table, summary.clone()).expect("a valid table"));
        });
    }
    group.finish();
}
