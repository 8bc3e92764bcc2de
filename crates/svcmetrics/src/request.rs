//! What is asked of a table.

use crate::error::{Error, Result};
use crate::health::HealthModel;
use crate::metric::{Form, Metric};
use crate::metrics::{self, CURRENCY, Scales};
use crate::money::MoneyPolicy;
use std::collections::BTreeMap;

/// What a null means where exactly one of a row's two revenues is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum AbsentRevenue {
    /// The customer was not there yet, or no longer: revenue 0.
    Zero,
    /// It is not known: the row is missing.
    Missing,
}

/// What becomes of complete rows outside a column's domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum OnInvalid {
    /// An error that names them.
    #[default]
    Raise,
    /// They are left out of the metrics that read them, and counted.
    Skip,
}

/// How a column's own unit becomes ours: `value / 10^places * factor`.
///
/// ```
/// use svcmetrics::{ColumnUnit, Request, Scorecard, Table};
/// let table = Table::new(1).with("start_cents", vec![1999_i64]).with("revenue_end", vec![0_i64]);
/// let request = Request::default().column("revenue_start", "start_cents", ColumnUnit::named("cents")?);
/// assert_eq!(Scorecard::of(&table, request)?.figure("revenue_start")?.to_string(), "19.99");
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ColumnUnit {
    pub(crate) places: u32,
    pub(crate) factor: i64,
}

impl ColumnUnit {
    /// Our own unit: units of currency, minutes, months.
    pub const OWN: Self = Self { places: 0, factor: 1 };

    const NAMED: [(&'static str, Self); 7] = [
        ("units", Self::OWN),
        ("cents", Self { places: 2, factor: 1 }),
        ("thousands", Self { places: 0, factor: 1_000 }),
        ("millions", Self { places: 0, factor: 1_000_000 }),
        ("hours", Self { places: 0, factor: 60 }),
        ("days", Self { places: 0, factor: 1_440 }),
        ("years", Self { places: 0, factor: 12 }),
    ];

    /// `cents`, `thousands` or `millions` of a currency's unit; `hours` or `days` for minutes; `years` for months.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] that names the units that there are.
    pub fn named(name: &str) -> Result<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit).ok_or_else(|| {
            Error::InvalidOption {
                option: "unit".into(),
                found: name.into(),
                expected: Self::NAMED.map(|(known, _)| known).join(", "),
            }
        })
    }
}

/// What is asked of a table: keys, metrics, and how its values are read. The default asks for all metrics over all rows.
///
/// ```
/// use svcmetrics::{Request, Scorecard, Table};
/// let table = Table::new(2)
///     .with("region", vec!["north", "south"])
///     .with("is_new", vec![true, true])
///     .with("onboarded", vec![true, false]);
/// let card = Scorecard::of(&table, Request::default().by(["region"]).metrics(["onboard_rate"]))?;
/// assert_eq!(card.len(), 2);
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) by: Vec<String>,
    pub(crate) period: Option<String>,
    pub(crate) metrics: Option<Vec<String>>,
    pub(crate) own: Vec<Metric>,
    pub(crate) columns: BTreeMap<String, (String, ColumnUnit)>,
    pub(crate) health: Option<HealthModel>,
    pub(crate) absent_revenue: Option<AbsentRevenue>,
    pub(crate) on_invalid: OnInvalid,
    pub(crate) money: MoneyPolicy,
    pub(crate) scale: u32,
    pub(crate) nan_is_missing: bool,
    pub(crate) unique: Option<String>,
    pub(crate) scales: Scales,
    pub(crate) currency: Option<String>,
    pub(crate) max_groups: u64,
    /// Offenders that are named; more when a table is checked.
    pub(crate) keep: usize,
    /// Findings are gathered, not raised.
    pub(crate) check: bool,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            by: Vec::new(),
            period: None,
            metrics: None,
            own: Vec::new(),
            columns: BTreeMap::new(),
            health: None,
            absent_revenue: None,
            on_invalid: OnInvalid::default(),
            money: MoneyPolicy::default(),
            scale: crate::money::PLACES,
            nan_is_missing: false,
            unique: None,
            scales: Scales::default(),
            currency: None,
            max_groups: 10_000_000,
            keep: crate::error::OFFENDERS_NAMED,
            check: false,
        }
    }
}

impl Request {
    /// Grouped by these columns.
    pub fn by(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.by = keys.into_iter().map(Into::into).collect();
        self
    }

    /// The key that is time: stocks do not add over it. Without this, a key named `period`.
    pub fn period(mut self, key: impl Into<String>) -> Self {
        self.period = Some(key.into());
        self
    }

    /// Only these metrics. Asking for one whose columns are missing is an error.
    pub fn metrics(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.metrics = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// A metric of the caller's own, beside the built-in ones.
    ///
    /// # Errors
    /// [`Error::InvalidDefinition`] where it contradicts itself or its id is taken.
    pub fn define(mut self, metric: Metric) -> Result<Self> {
        metric.validate()?;
        if let Some(column) = metric.forms().iter().find_map(Form::computed_column) {
            let problem = format!("it reads '{}' as computed, which only health's own metrics do", column.name);
            return Err(Error::InvalidDefinition { what: "metric", id: metric.id().into(), problem });
        }
        let taken = metrics::find(metric.id()).is_some() || self.own.iter().any(|own| own.id() == metric.id());
        if taken {
            return Err(Error::InvalidDefinition {
                what: "metric",
                id: metric.id().into(),
                problem: "there is a metric of that id".into(),
            });
        }
        self.own.push(metric);
        Ok(self)
    }

    /// Our column `ours` stands in the table as `theirs`, in that unit.
    pub fn column(mut self, ours: impl Into<String>, theirs: impl Into<String>, unit: ColumnUnit) -> Self {
        self.columns.insert(ours.into(), (theirs.into(), unit));
        self
    }

    /// The health model; without it, the default one that fits the table.
    pub fn health(mut self, model: HealthModel) -> Self {
        self.health = Some(model);
        self
    }

    /// What a null on one side of revenue means.
    pub fn absent_revenue(mut self, meaning: AbsentRevenue) -> Self {
        self.absent_revenue = Some(meaning);
        self
    }

    /// What becomes of invalid rows.
    pub fn on_invalid(mut self, policy: OnInvalid) -> Self {
        self.on_invalid = policy;
        self
    }

    /// What becomes of numbers with too many decimal places.
    pub fn money(mut self, policy: MoneyPolicy) -> Self {
        self.money = policy;
        self
    }

    /// The decimal places that are held, at most six.
    pub fn scale(mut self, places: u32) -> Self {
        self.scale = places;
        self
    }

    /// Whether NaN is missing; otherwise it is an error.
    pub fn nan_is_missing(mut self, missing: bool) -> Self {
        self.nan_is_missing = missing;
        self
    }

    /// Rows of a group must differ in this column.
    pub fn unique(mut self, column: impl Into<String>) -> Self {
        self.unique = Some(column.into());
        self
    }

    /// What the answers of the table's surveys mean.
    pub fn scales(mut self, scales: Scales) -> Self {
        self.scales = scales;
        self
    }

    /// The currency of the amounts, where no column says it; or the key that says it, if it is not named `currency`.
    pub fn currency(mut self, currency: impl Into<String>) -> Self {
        self.currency = Some(currency.into());
        self
    }

    /// The most groups that there may be.
    pub fn max_groups(mut self, limit: u64) -> Self {
        self.max_groups = limit;
        self
    }

    /// Names in the caller's table for ours.
    pub(crate) fn source<'a>(&'a self, ours: &'a str) -> &'a str {
        self.columns.get(ours).map_or(ours, |(theirs, _)| theirs)
    }

    /// The key that names the currency of a group's amounts.
    pub(crate) fn currency_key(&self) -> Result<Option<String>> {
        let named = |name: &str| self.by.iter().find(|key| *key == name).cloned();
        match (&self.currency, named(self.source(CURRENCY))) {
            (None, key) => Ok(key),
            (Some(currency), key) => match (named(currency), key) {
                (None, Some(key)) => Err(Error::InvalidOption {
                    option: "currency".into(),
                    found: currency.clone(),
                    expected: format!("none beside the key '{key}'"),
                }),
                (key, _) => Ok(key),
            },
        }
    }

    /// The one currency that was given.
    pub(crate) fn given_currency(&self) -> Option<&String> {
        self.currency.as_ref().filter(|currency| !self.by.contains(currency))
    }

    /// The metrics that can be asked for with this model: built in, the caller's own, the model's.
    ///
    /// # Errors
    /// [`Error::InvalidDefinition`] where one of the caller's own is called like one of the model's.
    pub(crate) fn candidates(&self, model: &HealthModel) -> Result<Vec<Metric>> {
        let of_model = model.metrics();
        if let Some(own) = self.own.iter().find(|own| of_model.iter().any(|metric| metric.id == own.id)) {
            let problem = "the health model adds a metric of that id".to_owned();
            return Err(Error::InvalidDefinition { what: "metric", id: own.id().into(), problem });
        }
        let mut candidates = metrics::measurable(&self.scales);
        candidates.extend(self.own.iter().cloned());
        candidates.extend(of_model);
        Ok(candidates)
    }
}
