//! Totals by group, read as metrics: built in parts, merged, rolled up, joined.

use crate::definitions::{COUNTS, Chosen, Definitions};
use crate::engine::columns::Table;
use crate::engine::{Engine, Finding};
use crate::error::{Error, MissingColumns, Result};
use crate::figure::{Figure, Total, Undefined, Value, aligned};
use crate::health::{HealthModel, Scoring};
use crate::key::{Key, KeyType, group_text};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Combination, Form, Metric};
use crate::money::nearest_difference;
use crate::request::Request;
use crate::totals::Totals;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A key column of a scorecard: its name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct KeyColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub key_type: KeyType,
}

impl KeyColumn {
    /// A key column.
    pub fn new(name: impl Into<String>, key_type: KeyType) -> Self {
        Self { name: name.into(), key_type }
    }
}

/// How many rows stood how to a metric. `counted + missing + invalid + outside` are all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Complete and valid rows that the metric is about.
    pub counted: i128,
    /// Rows that lack something.
    pub missing: i128,
    /// Complete rows outside the domain.
    pub invalid: i128,
    /// Rows that the metric is not about.
    pub outside: i128,
    /// Values of counted rows that were rounded.
    pub rounded: i128,
}

/// Counts of a metric over the whole scorecard, and the largest distance between a value and what it was rounded to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct MetricQuality {
    /// Complete and valid rows.
    pub counted: i128,
    /// Rows that lack something.
    pub missing: i128,
    /// Complete rows outside the domain.
    pub invalid: i128,
    /// Rows that the metric is not about.
    pub outside: i128,
    /// Values of counted rows that were rounded.
    pub rounded: i128,
    /// The largest difference that rounding made, in units.
    pub largest_rounding: f64,
}

/// How complete the data behind a scorecard is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Quality {
    /// All rows.
    pub rows: i128,
    /// By metric; those made of other metrics have none of their own.
    pub metrics: BTreeMap<String, MetricQuality>,
}

/// Exact totals by group, and the definitions that read them as metrics.
///
/// # Example: parts merge to the whole
///
/// ```
/// use svcmetrics::{Request, Scorecard, Table};
/// let part = |met: i64| Table::new(1).with("milestones_met", vec![met]).with("milestones_total", vec![4_i64]);
/// let one = Scorecard::of(&part(1), Request::default())?;
/// let both = one.merge(&Scorecard::of(&part(4), Request::default())?)?;
/// assert_eq!(both.figure("adoption_rate")?.value(), Some(0.625));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Example: a table without rows
///
/// ```
/// use svcmetrics::{Request, Scorecard, Table, Undefined};
/// let none = Table::new(0).with("milestones_met", Vec::<i64>::new()).with("milestones_total", Vec::<i64>::new());
/// let card = Scorecard::of(&none, Request::default())?;
/// assert_eq!(card.figure("adoption_rate")?.undefined_reason(), Some(Undefined::NoRows));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "crate::stored::Stored", into = "crate::stored::Stored"))]
pub struct Scorecard {
    pub(crate) definitions: Definitions,
    pub(crate) keys: Vec<KeyColumn>,
    /// The key that is time.
    pub(crate) period: Option<String>,
    /// Whether time was rolled away, and the stocks with it.
    pub(crate) over_time: bool,
    /// Whether the identity was checked for duplicates in every group.
    pub(crate) unique_checked: bool,
    /// Sorted.
    pub(crate) groups: Vec<Vec<Key>>,
    pub(crate) totals: Totals,
    pub(crate) largest_rounding: Vec<f64>,
    pub(crate) not_measured: BTreeMap<String, MissingColumns>,
}

/// Builds a scorecard from parts of a table, one after another.
///
/// ```
/// use svcmetrics::{Request, ScorecardBuilder, Table};
/// let mut builder = ScorecardBuilder::new(Request::default());
/// for met in [1_i64, 2] {
///     builder.add(&Table::new(1).with("milestones_met", vec![met]).with("milestones_total", vec![4_i64]))?;
/// }
/// assert_eq!(builder.finish()?.figure("adoption_rate")?.value(), Some(0.375));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ScorecardBuilder {
    request: Request,
    engine: Option<Engine>,
}

impl ScorecardBuilder {
    /// A builder for what the request asks; the first part says what its table allows.
    pub fn new(request: Request) -> Self {
        Self { request, engine: None }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// What makes the request or the part's columns unusable at once. Values that cannot be used are gathered, and
    /// [`ScorecardBuilder::finish`] names them.
    pub fn add(&mut self, part: &Table<'_>) -> Result<()> {
        self.add_while(part, &mut || true)
    }

    /// Adds rows as long as `go_on`, which is asked every thousand rows or so, says yes.
    ///
    /// # Errors
    /// As [`ScorecardBuilder::add`], and [`Error::Interrupted`]; the builder is of no use afterwards.
    pub fn add_while(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let engine = match &mut self.engine {
            Some(engine) => engine,
            None => self.engine.insert(Engine::new(&self.request, &part.names())?),
        };
        engine.add(part, go_on)
    }

    /// The scorecard of all rows that were added.
    ///
    /// # Errors
    /// What is wrong with the rows: duplicates, absent revenue, values that cannot be used.
    pub fn finish(self) -> Result<Scorecard> {
        let engine = match self.engine {
            Some(engine) => engine,
            None => Engine::new(&self.request, &[])?,
        };
        if let Some(error) = engine.identities.as_ref().and_then(|identities| identities.error(&engine.groups)) {
            return Err(error);
        }
        engine.rows.verdict()?;
        Ok(Scorecard::from_engine(engine, &self.request))
    }

    /// The scorecard, and all that is wrong with the rows instead of the first of it. Nothing to find in no rows.
    pub(crate) fn finish_check(self) -> Result<(Scorecard, Vec<Finding>)> {
        let engine = match self.engine {
            Some(engine) => engine,
            None => Engine::new(&self.request, &[])?,
        };
        let mut findings: Vec<Finding> = engine.rows.offences.all().collect();
        if let Some(identities) = &engine.identities {
            let finding = |error| Finding { error, rows: identities.repeated.clone() };
            findings.extend(identities.error(&engine.groups).map(finding));
        }
        findings.extend(engine.rows.absent_revenue().map(|error| Finding { error, rows: Vec::new() }));
        Ok((Scorecard::from_engine(engine, &self.request), findings))
    }
}

impl Scorecard {
    /// The scorecard of one table.
    ///
    /// # Errors
    /// As [`ScorecardBuilder`].
    pub fn of(table: &Table<'_>, request: Request) -> Result<Self> {
        let mut builder = ScorecardBuilder::new(request);
        builder.add(table)?;
        builder.finish()
    }

    fn from_engine(engine: Engine, request: &Request) -> Self {
        let currency = engine.rows.currency();
        let absent = engine.rows.absent;
        let Engine { rows, groups, identities, totals, largest_rounding } = engine;
        let mut definitions = rows.plan.definitions;
        definitions.parameters.currency = currency;
        if absent.start + absent.end > 0 {
            definitions.parameters.absent_revenue = request.absent_revenue;
        }
        let unsorted = Totals::new(definitions.width(), totals);
        let count = u32::try_from(groups.len()).unwrap_or(u32::MAX);
        let mut order: Vec<(Vec<Key>, u32)> = (0..count).map(|group| (groups.keys(group), group)).collect();
        order.sort_unstable();
        let mut sorted = Totals::new(definitions.width(), Vec::new());
        let mut keys = Vec::with_capacity(order.len());
        for (key, group) in order {
            sorted.push(unsorted.group(group as usize));
            keys.push(key);
        }
        Self {
            period: rows.plan.period.map(|position| rows.plan.by[position].clone()),
            keys: groups.columns.iter().map(|column| KeyColumn::new(&column.name, column.key_type().clone())).collect(),
            over_time: false,
            unique_checked: identities.is_some(),
            groups: keys,
            totals: sorted,
            largest_rounding,
            not_measured: rows.plan.not_measured,
            definitions,
        }
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The key columns.
    pub fn keys(&self) -> &[KeyColumn] {
        &self.keys
    }

    /// The key that is time, if one is.
    pub fn period(&self) -> Option<&str> {
        self.period.as_deref()
    }

    /// Whether the identity was checked for duplicates; not known after a merge or a roll-up.
    pub fn is_unique_checked(&self) -> bool {
        self.unique_checked
    }

    /// The groups' keys, in order.
    pub fn groups(&self) -> &[Vec<Key>] {
        &self.groups
    }

    /// The metrics, in the catalogue's order.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.definitions.shown().map(|chosen| &chosen.metric)
    }

    /// The metrics that the table's columns do not allow: the columns that are missing, and names that come near them.
    pub fn not_measured(&self) -> &BTreeMap<String, MissingColumns> {
        &self.not_measured
    }

    /// The health model, where health was computed: the default one as it fits the table.
    pub fn health_model(&self) -> Option<&HealthModel> {
        self.definitions.model.as_ref()
    }

    /// A group's rows.
    pub fn rows(&self, group: usize) -> i128 {
        self.totals.group(group)[0]
    }

    pub(crate) fn chosen(&self, metric: &str) -> Result<&Chosen> {
        self.definitions.shown().find(|chosen| chosen.metric.id == metric).ok_or_else(|| {
            if let Some(missing) = self.not_measured.get(metric) {
                return Error::ColumnNotFound { metric: Some(metric.to_owned()), missing: missing.clone(), available: Vec::new() };
            }
            let available: Vec<String> = self.metrics().map(|metric| metric.id().to_owned()).collect();
            let near = crate::engine::plan::near(metric, available.iter().map(String::as_str));
            Error::MetricNotFound { metric: metric.to_owned(), near, available }
        })
    }

    /// The figure of a scorecard without keys.
    ///
    /// # Errors
    /// [`Error::MetricNotFound`] where it was not computed, [`Error::Mismatch`] where there are keys.
    pub fn figure(&self, metric: &str) -> Result<Figure> {
        if !self.keys.is_empty() {
            let names: Vec<_> = self.keys.iter().map(|key| key.name.clone()).collect();
            return Err(Error::Mismatch { what: "keys", left: names.join(", "), right: "none; figures() gives one a group".into() });
        }
        self.figure_of(0, metric)
    }

    /// The figures of all groups, in order.
    ///
    /// # Errors
    /// As [`Scorecard::figure_of`].
    pub fn figures(&self, metric: &str) -> Result<Vec<Figure>> {
        let chosen = self.chosen(metric)?;
        (0..self.len()).map(|group| self.read(group, chosen)).collect()
    }

    /// The figure of a group.
    ///
    /// # Errors
    /// [`Error::MetricNotFound`] where it was not computed; [`Error::Overflow`] where its sums exceed 128 bits.
    pub fn figure_of(&self, group: usize, metric: &str) -> Result<Figure> {
        self.read(group, self.chosen(metric)?)
    }

    pub(crate) fn read(&self, group: usize, chosen: &Chosen) -> Result<Figure> {
        let unit = chosen.metric.unit;
        let undefined = |reason| Ok(Figure::undefined(unit, reason));
        if let Some(reason) = self.counts(group, chosen).and_then(|counts| none_counted(&counts)) {
            return undefined(reason);
        }
        match chosen.form() {
            Form::Difference(one, two) => self.difference(group, chosen, one, two),
            Form::Health => self.health(group, chosen),
            form if self.over_time && form.measures().any(|m| m.time == Time::Stock) => undefined(Undefined::NotAdditiveOverTime),
            Form::Amount(amount) => Ok(Figure { unit, value: Value::Amount(self.sum(group, chosen, amount)?) }),
            Form::Quotient { numerator, denominator } => {
                let figure = Figure::quotient(unit, self.sum(group, chosen, numerator)?, self.sum(group, chosen, denominator)?);
                if figure.is_defined() && figure.value().is_none() {
                    return Err(self.overflow(group, chosen));
                }
                Ok(figure)
            }
        }
    }

    fn overflow(&self, group: usize, chosen: &Chosen) -> Error {
        Error::Overflow { measure: chosen.metric.id.to_string(), group: group_text(&self.groups[group]), limit: "128 bits" }
    }

    fn sum(&self, group: usize, chosen: &Chosen, terms: &Combination) -> Result<Total> {
        let lanes = self.totals.group(group);
        let micro = terms.iter().any(|(_, measure)| measure.is_micro());
        let mut sum = 0_i128;
        for (coefficient, lane) in self.definitions.lanes(terms) {
            let scale = if micro && !self.definitions.is_micro(lane) { crate::money::MICROS } else { 1 };
            let term = lanes[lane].checked_mul(i128::from(coefficient)).and_then(|term| term.checked_mul(i128::from(scale)));
            sum = term.and_then(|term| sum.checked_add(term)).ok_or_else(|| self.overflow(group, chosen))?;
        }
        Ok(Total::new(sum, micro))
    }

    fn difference(&self, group: usize, chosen: &Chosen, one: &str, two: &str) -> Result<Figure> {
        let mut parts = Vec::new();
        for id in [one, two] {
            let Some(part) = self.definitions.find(id) else { return Ok(Figure::undefined(chosen.metric.unit, Undefined::NotMergeable)) };
            let figure = self.read(group, part)?;
            match figure.value {
                Value::Quotient { numerator, denominator } => parts.push(aligned(numerator, denominator).ok_or_else(|| self.overflow(group, chosen))?),
                Value::Undefined(reason) => return Ok(Figure::undefined(chosen.metric.unit, reason)),
                Value::Amount(total) => parts.push((total.micros().ok_or_else(|| self.overflow(group, chosen))?, i128::from(crate::money::MICROS))),
                Value::Derived(_) => return Ok(Figure::undefined(chosen.metric.unit, Undefined::NotMergeable)),
            }
        }
        Ok(Figure { unit: chosen.metric.unit, value: Value::Derived(nearest_difference(parts[0], parts[1])) })
    }

    /// The model on the group's own rates.
    #[allow(clippy::cast_precision_loss)] // each converted once, by definition
    fn health(&self, group: usize, chosen: &Chosen) -> Result<Figure> {
        let undefined = |reason| Ok(Figure::undefined(chosen.metric.unit, reason));
        let Some(model) = &self.definitions.model else { return undefined(Undefined::NotMergeable) };
        if self.rows(group) == 0 {
            return undefined(Undefined::NoRows);
        }
        if self.over_time {
            return undefined(Undefined::NotAdditiveOverTime);
        }
        let mut values = Vec::new();
        for id in model.reads() {
            let value = match self.definitions.find(id) {
                None => None,
                Some(part) => match self.read(group, part)?.value {
                    Value::Quotient { numerator, denominator } => {
                        let (n, d) = aligned(numerator, denominator).ok_or_else(|| self.overflow(group, chosen))?;
                        Some(n as f64 / d as f64)
                    }
                    Value::Amount(total) => Some(total.integer as f64 / if total.micro { 1e6 } else { 1.0 }),
                    Value::Derived(value) => Some(value),
                    Value::Undefined(_) => None,
                },
            };
            values.push(value);
        }
        match Scoring::new(model).score(&values).score {
            Some(score) => Ok(Figure { unit: chosen.metric.unit, value: Value::Derived(Total::new(score.into(), true).to_f64()) }),
            None => undefined(Undefined::BelowMinCoverage),
        }
    }

    /// How many of a group's rows stood how to a metric; nothing for a metric made of others.
    pub(crate) fn counts(&self, group: usize, chosen: &Chosen) -> Option<Counts> {
        let scope = self.definitions.scope_position(chosen.form().scope()?.id())?;
        let lanes = self.totals.group(group);
        let first = self.definitions.scope_lane(scope);
        let [counted, missing, invalid, outside, rounded] = std::array::from_fn(|count| lanes[first + count]);
        const { assert!(COUNTS.len() == 5) };
        Some(Counts { counted, missing, invalid, outside, rounded })
    }

    /// How many of a group's rows stood how to a metric; nothing for one made of other metrics.
    ///
    /// # Errors
    /// [`Error::MetricNotFound`] where it was not computed.
    pub fn counts_of(&self, group: usize, metric: &str) -> Result<Option<Counts>> {
        Ok(self.counts(group, self.chosen(metric)?))
    }

    /// How complete the data is, over all groups.
    pub fn quality(&self) -> Quality {
        let mut metrics = BTreeMap::new();
        for chosen in self.definitions.shown() {
            let Some(scope) = chosen.form().scope().and_then(|scope| self.definitions.scope_position(scope.id())) else { continue };
            let mut quality = MetricQuality { largest_rounding: self.largest_rounding[scope], ..MetricQuality::default() };
            for counts in (0..self.len()).filter_map(|group| self.counts(group, chosen)) {
                quality.counted += counts.counted;
                quality.missing += counts.missing;
                quality.invalid += counts.invalid;
                quality.outside += counts.outside;
                quality.rounded += counts.rounded;
            }
            metrics.insert(chosen.metric.id.to_string(), quality);
        }
        Quality { rows: (0..self.len()).map(|group| self.rows(group)).sum(), metrics }
    }

    /// This and a scorecard of other rows.
    ///
    /// # Errors
    /// [`Error::Mismatch`] that says in what they differ: metrics, keys, model, parameters; [`Error::Overflow`].
    pub fn merge(&self, other: &Self) -> Result<Self> {
        if let Some(error) = self.definitions.difference(&other.definitions) {
            return Err(error);
        }
        self.combined(other, self.definitions.clone().united(&other.definitions))
    }

    /// This and a scorecard of other rows, as far as both have the same metrics.
    ///
    /// # Errors
    /// As [`Scorecard::merge`], but for metrics.
    pub fn merge_common(&self, other: &Self) -> Result<Self> {
        let definitions = self.definitions.common(&other.definitions)?;
        let (one, two) = (self.restricted(definitions.clone()), other.restricted(other.definitions.common(&self.definitions)?));
        one.merge(&two)
    }

    /// Only the lanes that these definitions read.
    fn restricted(&self, definitions: Definitions) -> Self {
        let names = self.definitions.lane_names();
        let lanes: Vec<usize> = definitions.lane_names().iter().filter_map(|name| names.iter().position(|known| known == name)).collect();
        let mut totals = Totals::new(definitions.width(), Vec::new());
        for group in 0..self.len() {
            let own = self.totals.group(group);
            totals.push(&lanes.iter().map(|lane| own[*lane]).collect::<Vec<_>>());
        }
        let rounding = |scope: &Arc<Scope>| self.definitions.scope_position(scope.id()).map_or(0.0, |position| self.largest_rounding[position]);
        let largest_rounding = definitions.scopes.iter().map(rounding).collect();
        Self { definitions, totals, largest_rounding, ..self.clone() }
    }

    /// This and a scorecard of a table of other things, side by side: the metrics of both for each group of either. A group
    /// that only one has is without rows in the other.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the keys differ or both have a metric.
    pub fn join(&self, other: &Self) -> Result<Self> {
        let definitions = self.definitions.joined(&other.definitions)?;
        let (left, right) = (self.spread(&definitions, true), other.spread(&definitions, false));
        left.combined(&right, definitions)
    }

    /// The same totals in the lanes of wider definitions, with or without the count of rows.
    fn spread(&self, definitions: &Definitions, with_rows: bool) -> Self {
        let names = definitions.lane_names();
        let own = self.definitions.lane_names();
        let place = |name: &String| names.iter().position(|known| known == name).unwrap_or_default();
        let places: Vec<usize> = own.iter().map(place).collect();
        let mut totals = Totals::new(names.len(), Vec::new());
        for group in 0..self.len() {
            let mut lanes = vec![0; names.len()];
            for (place, total) in places.iter().zip(self.totals.group(group)) {
                lanes[*place] = *total;
            }
            if !with_rows {
                lanes[0] = 0;
            }
            totals.push(&lanes);
        }
        let rounding = |scope: &Arc<Scope>| self.definitions.scope_position(scope.id()).map_or(0.0, |position| self.largest_rounding[position]);
        Self { totals, largest_rounding: definitions.scopes.iter().map(rounding).collect(), definitions: definitions.clone(), ..self.clone() }
    }

    fn combined(&self, other: &Self, definitions: Definitions) -> Result<Self> {
        let keys = united_keys(&self.keys, &other.keys)?;
        let differ = |what, left: &str, right: &str| Err(Error::Mismatch { what, left: left.into(), right: right.into() });
        if self.period != other.period {
            return differ("period", self.period.as_deref().unwrap_or("none"), other.period.as_deref().unwrap_or("none"));
        }
        if self.over_time != other.over_time {
            let word = |card: &Self| if card.over_time { "rolled up over time" } else { "not rolled up over time" };
            return differ("time", word(self), word(other));
        }
        let mut groups = Vec::with_capacity(self.len().max(other.len()));
        let mut totals = Totals::new(definitions.width(), Vec::new());
        let (mut one, mut two) = (0, 0);
        // Both are sorted.
        while one < self.len() || two < other.len() {
            let order = match (self.groups.get(one), other.groups.get(two)) {
                (Some(left), Some(right)) => left.cmp(right),
                (Some(_), None) => std::cmp::Ordering::Less,
                _ => std::cmp::Ordering::Greater,
            };
            if order.is_le() {
                groups.push(self.groups[one].clone());
                totals.push(self.totals.group(one));
                one += 1;
            } else {
                groups.push(other.groups[two].clone());
                totals.push(other.totals.group(two));
            }
            if order.is_eq() {
                let last = groups.len() - 1;
                totals.add(last, other.totals.group(two)).map_err(|lane| overflow_of(&definitions, lane, &groups[last]))?;
            }
            if order.is_ge() {
                two += 1;
            }
        }
        let mut not_measured = self.not_measured.clone();
        not_measured.extend(other.not_measured.clone());
        not_measured.retain(|id, _| definitions.shown().all(|chosen| chosen.metric.id != *id));
        let largest_rounding = self.largest_rounding.iter().zip(&other.largest_rounding).map(|(a, b)| a.max(*b)).collect();
        Ok(Self { definitions, keys, period: self.period.clone(), over_time: self.over_time, unique_checked: false, groups, totals, largest_rounding, not_measured })
    }

    /// The same over fewer keys: exact, no rows needed. Rolling time away leaves stocks undefined.
    ///
    /// ```
    /// use svcmetrics::{Request, Scorecard, Table, Undefined};
    /// let table = Table::new(2)
    ///     .with("period", vec!["2026-01", "2026-02"])
    ///     .with("revenue_start", vec![100_i64, 120])
    ///     .with("revenue_end", vec![120_i64, 130]);
    /// let card = Scorecard::of(&table, Request::default().by(["period"]))?;
    /// let year = card.rollup::<&str>(&[])?;
    /// assert_eq!(year.figure("revenue_expansion")?.value(), Some(30.0));
    /// assert_eq!(year.figure("revenue_end")?.undefined_reason(), Some(Undefined::NotAdditiveOverTime));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] for a key that is not there, [`Error::MixedCurrency`] where amounts of several currencies would
    /// be added up, [`Error::Overflow`].
    pub fn rollup<S: AsRef<str>>(&self, by: &[S]) -> Result<Self> {
        let mut positions = Vec::new();
        for (place, key) in by.iter().map(AsRef::as_ref).enumerate() {
            if by[..place].iter().any(|earlier| earlier.as_ref() == key) {
                return Err(Error::KeyName { key: key.to_owned(), problem: "is named twice".into() });
            }
            let found = self.keys.iter().position(|known| known.name == key);
            positions.push(found.ok_or_else(|| {
                let available: Vec<String> = self.keys.iter().map(|known| known.name.clone()).collect();
                let near = crate::engine::plan::near(key, available.iter().map(String::as_str));
                Error::ColumnNotFound { metric: None, missing: vec![(key.to_owned(), near)], available }
            })?);
        }
        self.one_currency(&positions)?;
        let drops_time = self.period.as_ref().is_some_and(|period| !by.iter().any(|key| key.as_ref() == period));
        let mut order: Vec<(Vec<Key>, usize)> =
            (0..self.len()).map(|group| (positions.iter().map(|p| self.groups[group][*p].clone()).collect(), group)).collect();
        order.sort();
        let width = self.definitions.width();
        let (mut groups, mut totals): (Vec<Vec<Key>>, _) = (Vec::new(), Totals::new(width, Vec::new()));
        if positions.is_empty() {
            groups.push(Vec::new());
            totals.push(&vec![0; width]);
        }
        for (key, group) in order {
            let mut lanes = self.totals.group(group).to_vec();
            if drops_time {
                lanes.iter_mut().enumerate().filter(|(lane, _)| self.definitions.is_stock(*lane)).for_each(|(_, total)| *total = 0);
            }
            match groups.last() {
                Some(last) if *last == key => {
                    totals.add(groups.len() - 1, &lanes).map_err(|lane| overflow_of(&self.definitions, lane, &key))?;
                }
                _ => {
                    totals.push(&lanes);
                    groups.push(key);
                }
            }
        }
        Ok(Self {
            keys: positions.iter().map(|position| self.keys[*position].clone()).collect(),
            period: if drops_time { None } else { self.period.clone() },
            over_time: self.over_time || drops_time,
            unique_checked: false,
            groups,
            totals,
            ..self.clone()
        })
    }

    /// Amounts of several currencies are not added up.
    fn one_currency(&self, kept: &[usize]) -> Result<()> {
        let dropped = self.keys.iter().position(|key| key.name == crate::metrics::CURRENCY).filter(|position| !kept.contains(position));
        let has_money = self.definitions.measures.iter().any(Measure::is_micro);
        let (Some(position), true) = (dropped, has_money) else { return Ok(()) };
        let mut currencies: Vec<&Key> = self.groups.iter().map(|keys| &keys[position]).filter(|key| **key != Key::Null).collect();
        currencies.dedup();
        match currencies.iter().position(|currency| *currency != currencies[0]) {
            Some(row) => Err(Error::MixedCurrency {
                column: self.keys[position].name.clone(),
                first: currencies[0].to_string(),
                second: currencies[row].to_string(),
                row: row as u64,
            }),
            None => Ok(()),
        }
    }
}

fn overflow_of(definitions: &Definitions, lane: usize, group: &[Key]) -> Error {
    Error::Overflow { measure: definitions.lane_names()[lane].clone(), group: group_text(group), limit: "128 bits" }
}

fn united_keys(one: &[KeyColumn], two: &[KeyColumn]) -> Result<Vec<KeyColumn>> {
    let text = |keys: &[KeyColumn]| {
        let each: Vec<_> = keys.iter().map(|key| format!("{} ({})", key.name, key.key_type)).collect();
        if each.is_empty() { "none".to_owned() } else { each.join(", ") }
    };
    let differ = || Error::Mismatch { what: "keys", left: text(one), right: text(two) };
    if one.len() != two.len() {
        return Err(differ());
    }
    let unite = |(left, right): (&KeyColumn, &KeyColumn)| {
        let key_type = match (&left.key_type, &right.key_type) {
            (KeyType::Null, known) | (known, KeyType::Null) => known,
            (left, right) if left == right => left,
            _ => return Err(differ()),
        };
        if left.name == right.name { Ok(KeyColumn::new(&left.name, key_type.clone())) } else { Err(differ()) }
    };
    one.iter().zip(two).map(unite).collect()
}

/// Why nothing was counted, where nothing was.
fn none_counted(counts: &Counts) -> Option<Undefined> {
    if counts.counted > 0 {
        return None;
    }
    Some(match (counts.missing, counts.invalid) {
        (0, 0) if counts.outside == 0 => Undefined::NoRows,
        (0, 0) => Undefined::NoneInScope,
        (_, 0) => Undefined::AllMissing,
        (0, _) => Undefined::AllInvalid,
        _ => Undefined::NoneCounted,
    })
}
