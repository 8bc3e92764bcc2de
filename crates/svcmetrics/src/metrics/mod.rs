//! The catalogue: every built-in metric, one file a family, and the typed formulas beside the entries.

pub mod adoption;
pub mod availability;
mod columns;
pub mod engagement;
pub mod onboarding;
pub mod retention;
pub mod revenue;
pub mod success;

pub use columns::{CURRENCY, CUSTOMER_ID, REVENUE_END, REVENUE_START, column, columns};

use crate::error::{Error, Offence, Result};
use crate::figure::{Figure, Total, Unit};
use crate::health::HealthModel;
use crate::metric::Metric;
use crate::money::{PLACES, micros};
use rust_decimal::Decimal;
use std::sync::LazyLock;

/// The version of the definitions: totals of different versions do not merge.
pub const CATALOG_VERSION: u32 = 1;

pub(crate) const EIGHT_METRICS: &str = "ServiceXRG, Eight metrics";

static METRICS: LazyLock<Vec<Metric>> = LazyLock::new(|| {
    let mut metrics = Vec::new();
    metrics.extend(onboarding::metrics());
    metrics.extend(adoption::metrics());
    metrics.extend(success::metrics());
    metrics.extend(availability::metrics());
    metrics.extend(engagement::metrics());
    metrics.extend(retention::metrics());
    metrics.extend(revenue::metrics());
    metrics.extend(HealthModel::standard().metrics());
    metrics
});

/// The built-in metrics in the catalogue's order; the last ones are those of the default health model.
///
/// ```
/// let ids: Vec<&str> = svcmetrics::catalog().iter().map(|metric| metric.id()).collect();
/// assert!(ids.contains(&"net_revenue_retention"));
/// ```
pub fn catalog() -> &'static [Metric] {
    &METRICS
}

/// The built-in metric of that id.
pub fn find(id: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.id() == id)
}

/// A share of whole numbers on plain numbers: a part above its whole is an error.
fn share(part_name: &str, part: u64, whole: u64) -> Result<Figure> {
    if part > whole {
        return Err(invalid(part_name, part, format!("at most {whole}")));
    }
    Ok(Figure::quotient(Unit::Fraction, Total::new(part.into(), false), Total::new(whole.into(), false)))
}

fn invalid(name: &str, value: impl std::fmt::Display, expected: impl Into<String>) -> Error {
    Error::invalid_argument(name, &value.to_string(), &expected.into())
}

/// A scalar as micro-units: 0 or more, no finer than a millionth.
fn amount(name: &str, value: impl Into<Decimal>) -> Result<i128> {
    let value: Decimal = value.into();
    if value.is_sign_negative() && !value.is_zero() {
        return Err(invalid(name, value, "0 or more"));
    }
    micros(value).map(i128::from).ok_or_else(|| {
        if value.normalize().scale() > PLACES {
            let offence = Offence::new(name, "found", "at most six decimal places").at(None, &value.to_string());
            Error::Inexact(Box::new(offence))
        } else {
            Error::argument_out_of_range(name, &value.to_string())
        }
    })
}
