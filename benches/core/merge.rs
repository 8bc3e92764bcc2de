//! Scorecards that are there already: merged, rolled up and read. Throughput is groups a second.

use crate::tables::{GROUPS, METRICS, customers};
use criterion::{BenchmarkId, Criterion, Throughput};
use svcmetrics::{Request, Scorecard};

/// Each with few and with many groups.
pub fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("merge");
    for groups in GROUPS {
        let request = Request::default().metrics(METRICS).by(["group"]);
        let card = Scorecard::of(&customers(groups * 4, groups), request).expect("a valid table");
        group.throughput(Throughput::Elements(card.len() as u64));
        group.bench_with_input(BenchmarkId::new("two parts", groups), &card, |bencher, card| {
            bencher.iter(|| card.merge(card).expect("parts of the same definitions"));
        });
        group.bench_with_input(BenchmarkId::new("roll-up", groups), &card, |bencher, card| {
            bencher.iter(|| card.rollup::<&str>(&[]).expect("totals that fit"));
        });
        group.bench_with_input(BenchmarkId::new("figures of one metric", groups), &card, |bencher, card| {
            bencher.iter(|| card.figures("adoption_rate").expect("a metric of the scorecard"));
        });
    }
    group.finish();
}
