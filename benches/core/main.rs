//! What each step of the way from rows to figures costs, measured through the public API.
//!
//! Throughput is rows a second where rows go in, groups a second where groups do, and each is shown at sizes that grow by
//! powers of ten, so that a step that does not grow with its input in proportion is seen.
//!
//! ```text
//! cargo bench --package svcmetrics-benches                            # a thousand to a million rows
//! cargo bench --package svcmetrics-benches -- grouping                # one topic
//! SVCMETRICS_BENCH_ROWS=10000000 cargo bench --package svcmetrics-benches
//! RAYON_NUM_THREADS=1 cargo bench --package svcmetrics-benches        # one thread
//! ```

mod formulas;
mod grouping;
mod health;
mod intake;
mod kernel;
mod ledger;
mod merge;
mod tables;

use criterion::Criterion;
use std::time::Duration;

fn main() {
    // times that keep the whole to some minutes
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    formulas::benches(&mut criterion);
    intake::benches(&mut criterion);
    grouping::benches(&mut criterion);
    kernel::benches(&mut criterion);
    health::benches(&mut criterion);
    ledger::benches(&mut criterion);
    merge::benches(&mut criterion);
    criterion.final_summary();
}
