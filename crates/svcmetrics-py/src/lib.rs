//! Python bindings: extract, detach, call the core, wrap. The package `svcmetrics` documents what is here.

mod builder;
mod capsule;
mod catalog;
mod convert;
mod error;
mod figure;
mod formulas;
mod frame;
mod health;
mod request;
mod scorecard;
mod table;

#[pyo3::pymodule]
mod _svcmetrics {
    #[pymodule_export]
    use super::builder::{Builder, check, from_measures, health_scores};
    #[pymodule_export]
    use super::catalog::{catalog, measures, reference};
    #[pymodule_export]
    use super::figure::Figure;
    #[pymodule_export]
    use super::formulas::formula;
    #[pymodule_export]
    use super::frame::Frame;
    #[pymodule_export]
    use super::health::HealthModel;
    #[pymodule_export]
    use super::scorecard::Scorecard;

    #[pymodule_export]
    const DEBUG: bool = cfg!(debug_assertions);
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
