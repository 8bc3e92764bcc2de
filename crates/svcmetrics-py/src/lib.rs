//! Python bindings: extract, detach, call the core, wrap. The package `svcmetrics` documents what is here.

mod attribute;
mod builder;
mod capsule;
mod catalog;
mod convert;
mod error;
mod figure;
mod formulas;
mod frame;
mod health;
mod ledger;
mod metric;
mod ready;
mod relate;
mod request;
mod scorecard;
mod sound;
mod source;
mod table;
mod targets;
mod trend;

/// Small tables are mostly allocations, and large results mostly fresh memory: this one gives both sooner than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[pyo3::pymodule]
mod _svcmetrics {
    #[pymodule_export]
    use super::attribute::Attributions;
    #[pymodule_export]
    use super::builder::{Builder, check, from_measures, health_scores, scorecard_with_scores};
    #[pymodule_export]
    use super::catalog::{catalog, columns, forms, measures, no_metric, reference};
    #[pymodule_export]
    use super::figure::Figure;
    #[pymodule_export]
    use super::formulas::formula;
    #[pymodule_export]
    use super::frame::Frame;
    #[pymodule_export]
    use super::health::HealthModel;
    #[pymodule_export]
    use super::ledger::{Ledger, LedgerBuilder, Retention, streamed_movements};
    #[pymodule_export]
    use super::metric::Metric;
    #[pymodule_export]
    use super::ready::scorecard;
    #[pymodule_export]
    use super::relate::relate;
    #[pymodule_export]
    use super::request::check_bins;
    #[pymodule_export]
    use super::scorecard::Scorecard;
    #[pymodule_export]
    use super::table::Arrays;
    #[pymodule_export]
    use super::targets::Targets;
    #[pymodule_export]
    use super::trend::trend;

    #[pymodule_export]
    const DEBUG: bool = cfg!(debug_assertions);
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
