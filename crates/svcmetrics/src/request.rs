//! What is asked of a table.

use crate::bins::Bins;
use crate::breakdown::Breakdown;
use crate::column::{Column, ColumnKind, Name};
use crate::error::{Error, Result};
use crate::health::HealthModel;
use crate::metric::{Form, Metric};
use crate::metrics::{self, CURRENCY, RunRate, Scales, Subject};
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
    /// None for our own unit, which fits every column.
    dimension: Option<Dimension>,
}

/// What a unit is a unit of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
enum Dimension {
    Money,
    Minutes,
    Months,
}

impl Dimension {
    /// A duration's column says in its name what it counts; one that does not may count either.
    fn is_of(self, column: &Column) -> bool {
        match (self, column.kind) {
            (Self::Money, ColumnKind::Money | ColumnKind::SignedMoney) => true,
            (Self::Minutes, ColumnKind::Quantity) => !column.name.ends_with("months"),
            (Self::Months, ColumnKind::Quantity) => !column.name.ends_with("minutes"),
            _ => false,
        }
    }
}

impl ColumnUnit {
    /// Our own unit: units of currency, minutes, months.
    pub const OWN: Self = Self { places: 0, factor: 1, dimension: None };

    const NAMED: [(&'static str, Self); 7] = [
        ("units", Self::OWN),
        ("cents", Self { places: 2, ..Self::times(1, Dimension::Money) }),
        ("thousands", Self::times(1_000, Dimension::Money)),
        ("millions", Self::times(1_000_000, Dimension::Money)),
        ("hours", Self::times(60, Dimension::Minutes)),
        ("days", Self::times(1_440, Dimension::Minutes)),
        ("years", Self::times(12, Dimension::Months)),
    ];

    const fn times(factor: i64, dimension: Dimension) -> Self {
        Self { places: 0, factor, dimension: Some(dimension) }
    }

    /// `cents`, `thousands` or `millions` of a currency's unit; `hours` or `days` of minutes; `years` of months. A request
    /// with a unit of something else than its column holds is an error.
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

    /// # Errors
    /// [`Error::InvalidOption`] for a unit of something else than the column holds; no column is one that holds no numbers.
    pub(crate) fn fits(self, name: &str, column: Option<&Column>) -> Result<()> {
        let is_of =
            |unit: &Self| unit.dimension.is_none_or(|dimension| column.is_some_and(|held| dimension.is_of(held)));
        if is_of(&self) {
            return Ok(());
        }
        let unit = Self::NAMED.iter().find(|(_, unit)| *unit == self).map_or("a unit", |(known, _)| *known);
        let fitting: Vec<&str> = Self::NAMED.iter().filter(|(_, unit)| is_of(unit)).map(|(known, _)| *known).collect();
        let expected = match fitting.as_slice() {
            [_own] => "a column of money or of a duration".to_owned(),
            units => units.join(", "),
        };
        Err(Error::InvalidOption { option: "unit".into(), found: format!("{unit} for '{name}'"), expected })
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
///
/// # Example: a table of cases
///
/// ```
/// use svcmetrics::{Request, Scalar, Scorecard, Table, TimeUnit};
/// let at = |hour: i64| Scalar::Timestamp(hour * 3_600, TimeUnit::Second);
/// let table = Table::new(4)
///     .with("opened_at", vec![at(0), at(1), at(2), at(3)])
///     .with("resolved_at", vec![at(1), at(4), at(10), Scalar::Null]);
/// let card = Scorecard::of(&table, Request::cases().quantiles(true))?;
/// assert_eq!(card.figure("case_time_to_resolution_mean")?.to_string(), "4.0 h");
/// assert_eq!(card.figure("case_time_to_resolution_median")?.to_string(), "3.0 h");
/// assert_eq!(card.counts_of(0, "case_time_to_resolution_mean")?.unwrap().missing, 1); // still open
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // options are independent of each other
pub struct Request {
    pub(crate) subject: Subject,
    pub(crate) by: Vec<String>,
    /// By key: the column whose numbers are put into bins.
    pub(crate) bins: BTreeMap<String, (String, Bins)>,
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
    pub(crate) quantiles: bool,
    pub(crate) spread: bool,
    pub(crate) currency: Option<String>,
    pub(crate) run_rate: Option<RunRate>,
    pub(crate) max_groups: u64,
    /// Offenders that are named; more when a table is checked.
    pub(crate) keep: usize,
    /// Findings are gathered, not raised.
    pub(crate) check: bool,
    /// It is a breakdown of another request, which was checked.
    pub(crate) breakdown: Option<&'static Breakdown>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            subject: Subject::default(),
            by: Vec::new(),
            bins: BTreeMap::new(),
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
            quantiles: false,
            spread: false,
            currency: None,
            run_rate: None,
            max_groups: 10_000_000,
            keep: crate::error::OFFENDERS_NAMED,
            check: false,
            breakdown: None,
        }
    }
}

impl Request {
    /// All metrics of cases, over all rows of a table with a row a case. They know no health.
    pub fn cases() -> Self {
        Self { subject: Subject::Cases, ..Self::default() }
    }

    /// Grouped by these columns.
    pub fn by(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.by = keys.into_iter().map(Into::into).collect();
        self
    }

    /// The key of that name, which is one of those grouped by, stands for the numbers of a column by bins. Both may have the
    /// same name: a metric that reads the column reads its numbers.
    pub fn bins(mut self, key: impl Into<String>, column: impl Into<String>, bins: Bins) -> Self {
        self.bins.insert(key.into(), (column.into(), bins));
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

    /// A metric of the caller's own, beside the built-in ones; [`MetricDefinition`](crate::MetricDefinition) describes one.
    ///
    /// # Errors
    /// [`Error::InvalidDefinition`] where it contradicts itself or its id is taken.
    pub fn define(mut self, metric: Metric) -> Result<Self> {
        metric.validate_own()?;
        if self.own.iter().any(|own| own.id() == metric.id()) {
            return Err(metric.taken());
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

    /// Whether the scorecard also holds how often each value occurs of which a quantile is asked. That is exact, and adds, but
    /// takes memory for each value; without it quantiles are undefined, `not_mergeable`.
    pub fn quantiles(mut self, held: bool) -> Self {
        self.quantiles = held;
        self
    }

    /// Whether sums of squares and products of rows are kept beside the totals, exactly: then quotients of more than counts of
    /// rows have an interval too, see [`crate::Figure::interval`].
    ///
    /// ```
    /// use svcmetrics::{Request, Scorecard, Table};
    /// let table = Table::new(3).with("milestones_met", vec![1_i64, 2, 4]).with("milestones_total", vec![4_i64, 4, 4]);
    /// let card = Scorecard::of(&table, Request::default().spread(true))?;
    /// let (low, high) = card.figure("adoption_rate")?.interval(0.95)?.unwrap();
    /// assert_eq!(format!("{low:.4} {high:.4}"), "-0.3653 1.5320"); // three customers say little
    /// assert_eq!(Scorecard::of(&table, Request::default())?.figure("adoption_rate")?.interval(0.95)?, None);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn spread(mut self, keep: bool) -> Self {
        self.spread = keep;
        self
    }

    /// The currency of the amounts, where no column says it; or the key that says it, if it is not named `currency`.
    pub fn currency(mut self, currency: impl Into<String>) -> Self {
        self.currency = Some(currency.into());
        self
    }

    /// What the amounts of a ledger's totals were shown as, for [`Scorecard::from_measures`](crate::Scorecard::from_measures).
    pub fn run_rate(mut self, unit: RunRate) -> Self {
        self.run_rate = Some(unit);
        self
    }

    /// The most groups that there may be.
    pub fn max_groups(mut self, limit: u64) -> Self {
        self.max_groups = limit;
        self
    }

    /// The caller's column that a key stands in.
    pub(crate) fn key_column<'a>(&'a self, key: &'a str) -> &'a str {
        self.bins.get(key).map_or(key, |(column, _)| column)
    }

    /// The key that is time.
    pub(crate) fn time_key(&self) -> Option<&str> {
        let period = self.period.as_deref().unwrap_or("period");
        self.by.iter().map(String::as_str).find(|key| *key == period)
    }

    /// Names in the caller's table for ours.
    pub(crate) fn source<'a>(&'a self, ours: &'a str) -> &'a str {
        self.columns.get(ours).map_or(ours, |(theirs, _)| theirs)
    }

    /// The request without what it asks of one of the caller's columns.
    pub(crate) fn without(mut self, theirs: &str) -> Self {
        if self.unique.as_deref().is_some_and(|unique| self.source(unique) == theirs) {
            self.unique = None;
        }
        let stands_in = |request: &Self, key: &str| key == theirs || request.key_column(key) == theirs;
        let gone: Vec<String> = self.by.iter().filter(|key| stands_in(&self, key)).cloned().collect();
        self.period.take_if(|period| period == theirs || gone.contains(period));
        self.by.retain(|key| !gone.contains(key));
        self.bins.retain(|key, _| !gone.contains(key));
        self.columns.retain(|_, (source, _)| source != theirs);
        self
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
    /// [`Error::InvalidDefinition`] where two of them have one id.
    pub(crate) fn candidates(&self, model: &HealthModel) -> Result<Vec<Metric>> {
        if let Some(breakdown) = self.breakdown {
            return Ok(breakdown.metrics());
        }
        let own = self.owned(model)?;
        Ok(match self.subject {
            Subject::Customers => [metrics::measurable(&self.scales), own, model.metrics()].concat(),
            Subject::Cases => [metrics::cases::metrics(), own].concat(),
        })
    }

    /// The metrics that stored totals can be of, whatever the rows were: joined ones were of several tables. Of those that a
    /// ledger and a table of customers have, both are there; totals tell them apart.
    ///
    /// # Errors
    /// As [`Request::candidates`].
    pub(crate) fn storable(&self, model: &HealthModel, run_rate: Option<RunRate>) -> Result<Vec<Metric>> {
        if let Some(breakdown) = self.breakdown {
            return Ok(run_rate.map_or_else(|| breakdown.metrics(), |run_rate| breakdown.metrics_of_ledger(run_rate)));
        }
        let built_in = [metrics::measurable(&self.scales), metrics::cases::metrics()].concat();
        let of_ledger = run_rate.map(metrics::of_ledger).unwrap_or_default();
        let measures = |metric: &Metric| -> Vec<Name> {
            metric.forms.iter().flat_map(Form::measures).map(|measure| measure.id.clone()).collect()
        };
        let is_of_ledger = |metric: &Metric| {
            of_ledger.iter().any(|known| known.id == metric.id && measures(known) == measures(metric))
        };
        let built_in = built_in.into_iter().filter(|metric| !is_of_ledger(metric)).collect();
        Ok([built_in, of_ledger.clone(), self.owned(model)?, model.metrics()].concat())
    }

    /// The caller's own metrics, and those that the model brings.
    fn owned(&self, model: &HealthModel) -> Result<Vec<Metric>> {
        let mut own = self.own.clone();
        for metric in model.own_metrics()? {
            match own.iter().find(|known| known.id() == metric.id()) {
                None => own.push(metric),
                Some(known) if *known != metric => return Err(metric.taken()),
                Some(_) => {}
            }
        }
        let of_health = model.metrics();
        if let Some(taken) = own.iter().find(|own| of_health.iter().any(|metric| metric.id() == own.id())) {
            return Err(taken.taken());
        }
        Ok(own)
    }
}
