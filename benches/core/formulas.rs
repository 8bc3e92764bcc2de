//! Formulas on plain numbers: what one call costs.

use criterion::Criterion;
use std::hint::black_box;
use svcmetrics::formulas::{adoption_rate, availability, net_revenue_retention};

/// A share of whole numbers, a ratio of amounts, a formula with four terms, and a figure that is read.
pub fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("formulas");
    group.bench_function("adoption_rate", |bencher| bencher.iter(|| adoption_rate(black_box(6), black_box(8))));
    group.bench_function("availability", |bencher| bencher.iter(|| availability(black_box(43_200), black_box(12))));
    group.bench_function("net_revenue_retention", |bencher| {
        bencher.iter(|| net_revenue_retention(black_box(100), black_box(5), black_box(5), black_box(25)));
    });
    let figure = adoption_rate(6, 8).expect("6 of 8");
    group.bench_function("value", |bencher| bencher.iter(|| black_box(&figure).value()));
    group.finish();
}
