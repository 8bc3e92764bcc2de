//! The catalogue: every built-in metric, one file a family, and the typed formulas beside the entries.

pub mod adoption;
pub mod availability;
pub mod cases;
mod columns;
pub mod defects;
pub mod engagement;
mod ledger;
pub mod onboarding;
pub mod pricing;
pub mod profitability;
pub mod retention;
pub mod revenue;
pub mod risk;
pub mod sales;
mod subject;
pub mod success;
pub mod voice;

pub use columns::{CASE_ID, CURRENCY, CUSTOMER_ID, REVENUE_END, REVENUE_START, column, columns};
pub(crate) use columns::{GAIN_REASON, LOSS_AVOIDABLE, LOSS_REASON, YEARLY_REVENUE_START};

use crate::error::{Error, Result};
use crate::figure::{Figure, Total, Unit};
use crate::health::HealthModel;
use crate::interval::Basis;
use crate::measure::Time;
use crate::metric::{Form, Metric};
use crate::money::{PLACES, micros};
pub use ledger::RunRate;
pub(crate) use ledger::{IDENTITIES, LOSSES_WITH_REASON, is_of_ledger, of_ledger};
use rust_decimal::Decimal;
use std::sync::LazyLock;
pub(crate) use subject::{Subject, of_another_subject};
pub(crate) use voice::OPTIONS;
pub use voice::Scales;

/// The version of the definitions: totals of different versions do not merge.
pub const CATALOG_VERSION: u32 = 1;

pub(crate) const EIGHT_METRICS: &str = "ServiceXRG, Eight metrics";

static FAMILIES: LazyLock<Vec<(&str, Vec<Metric>)>> = LazyLock::new(|| {
    let mut families = Vec::from(measurable_families(&Scales::example()));
    families.push(("Cases", cases::metrics()));
    families.push(("Health", HealthModel::standard().metrics()));
    families
});

static METRICS: LazyLock<Vec<Metric>> =
    LazyLock::new(|| FAMILIES.iter().flat_map(|(_, metrics)| metrics).cloned().collect());

/// The families but for health, with these scales.
fn measurable_families(scales: &Scales) -> [(&'static str, Vec<Metric>); 13] {
    [
        ("Onboarding", onboarding::metrics()),
        ("Adoption", adoption::metrics()),
        ("Success", success::metrics()),
        ("Availability", availability::metrics()),
        ("Engagement", engagement::metrics()),
        ("Retention", retention::metrics()),
        ("Recurring revenue", revenue::metrics()),
        ("Movements of a ledger", ledger::metrics()),
        ("Risk", risk::metrics()),
        ("Defects", defects::metrics()),
        ("Service sales", sales::metrics()),
        ("Profitability", profitability::metrics()),
        ("Voice of the customer", voice::metrics(scales)),
    ]
}

/// The built-in metrics but for health, with these scales.
pub(crate) fn measurable(scales: &Scales) -> Vec<Metric> {
    measurable_families(scales).into_iter().flat_map(|(_, metrics)| metrics).collect()
}

/// The built-in metrics in the catalogue's order: those of customers and, in a family of their own, of a ledger's movements,
/// those of cases (their ids begin with `case_`), and those of the default health model. Those that depend on a survey's scale
/// are shown with a common one.
///
/// ```
/// let ids: Vec<&str> = svcmetrics::catalog().iter().map(|metric| metric.id()).collect();
/// assert!(ids.contains(&"net_revenue_retention"));
/// ```
pub fn catalog() -> &'static [Metric] {
    &METRICS
}

/// The catalogue by family: the name of each for people, and its metrics.
///
/// ```
/// let (name, metrics) = svcmetrics::families().next().unwrap();
/// assert_eq!((name, metrics[0].id()), ("Onboarding", "onboard_rate"));
/// assert_eq!(svcmetrics::families().map(|(_, metrics)| metrics.len()).sum::<usize>(), svcmetrics::catalog().len());
/// ```
pub fn families() -> impl Iterator<Item = (&'static str, &'static [Metric])> {
    FAMILIES.iter().map(|(name, metrics)| (*name, metrics.as_slice()))
}

/// The built-in metric of that id.
pub fn find(id: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.id() == id)
}

/// Whether a column is a state at a time: whether one of the catalogue's stocks reads it.
pub(crate) fn is_stock(column: &str) -> bool {
    let stocks = METRICS.iter().flat_map(Metric::forms).flat_map(Form::measures).filter(|sum| sum.time == Time::Stock);
    stocks.flat_map(|sum| sum.scope().columns()).any(|read| read.name == column)
}

/// A share of whole numbers on plain numbers: a part above its whole is an error.
fn share(part_name: &str, part: u64, whole: u64) -> Result<Figure> {
    if part > whole {
        return Err(invalid(part_name, part, format!("at most {whole}")));
    }
    Ok(ratio(part.into(), whole.into()))
}

/// A share of things each of which is a row of its own.
fn proportion(part_name: &str, part: u64, whole: u64) -> Result<Figure> {
    share(part_name, part, whole).map(|figure| figure.on(Basis::Proportion))
}

/// A share of amounts on plain numbers: a part above its whole is an error.
fn share_of_amounts(
    part_name: &str,
    part: impl Into<Decimal>,
    whole_name: &str,
    whole: impl Into<Decimal>,
) -> Result<Figure> {
    let (part, whole) = (amount(part_name, part)?, amount(whole_name, whole)?);
    if part > whole {
        return Err(invalid(part_name, Total::new(part, true), format!("at most {}", Total::new(whole, true))));
    }
    Ok(money_ratio(part, whole))
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
    signed_amount(name, value)
}

/// A scalar of either sign as micro-units, no finer than a millionth.
fn signed_amount(name: &str, value: impl Into<Decimal>) -> Result<i128> {
    let value: Decimal = value.into();
    micros(value).map(i128::from).ok_or_else(|| {
        if value.normalize().scale() > PLACES {
            Error::inexact_argument(name, &value.to_string(), "at most six decimal places")
        } else {
            Error::argument_out_of_range(name, &value.to_string())
        }
    })
}

/// A quotient of whole numbers.
fn ratio(numerator: i128, denominator: i128) -> Figure {
    Figure::quotient(Unit::Fraction, Total::new(numerator, false), Total::new(denominator, false))
}

/// A quotient of amounts in micro-units.
fn money_ratio(numerator: i128, denominator: i128) -> Figure {
    Figure::quotient(Unit::Fraction, Total::new(numerator, true), Total::new(denominator, true))
}
