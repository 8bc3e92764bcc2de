//! A scorecard as it is stored: a versioned document, validated field by field on the way in.

use crate::breakdown::Breakdown;
use crate::contradictions::Contradictions;
use crate::definitions::{Chosen, Definitions, Parameters};
use crate::distributions::{Distribution, Distributions};
use crate::engine::choose::no_circles;
use crate::error::{Error, MissingColumns, Result, counted};
use crate::health::HealthModel;
use crate::key::Key;
use crate::metric::{Form, Metric};
use crate::metrics::{self, CATALOG_VERSION};
use crate::own::MetricDefinition;
use crate::request::Request;
use crate::scorecard::{KeyColumn, Scorecard};
use crate::spread::{Spread, Squares, StoredSpread};
use crate::totals::Totals;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the document.
const FORMAT: u32 = 1;

/// The most groups that are read.
const GROUPS_READ: usize = 10_000_000;

/// Values that a row can have: more than any measure's in whole units, and few enough bits that quantiles never overflow.
const DISTRIBUTED: std::ops::RangeInclusive<i128> = -(1 << 110)..=1 << 110;

/// Counts that can be: adding up any number of groups then never overflows.
const COUNTED: std::ops::RangeInclusive<i128> = 0..=i64::MAX as i128;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredMetric {
    id: String,
    form: usize,
    shown: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredGroup {
    key: Vec<Key>,
    /// In the order of the lanes, as text, since JSON readers take long integers for doubles.
    totals: Vec<String>,
    /// Of each distributed measure: its values in order, each with the number of rows that have it.
    distributions: Vec<Vec<(String, String)>>,
}

/// The document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stored {
    format: u32,
    catalog: u32,
    keys: Vec<KeyColumn>,
    period: Option<String>,
    currency_key: Option<String>,
    over_time: bool,
    unique_checked: bool,
    joined: bool,
    parameters: Parameters,
    model: Option<HealthModel>,
    metrics: Vec<StoredMetric>,
    /// Definitions that are neither built in nor the model's.
    own: Vec<Metric>,
    not_measured: BTreeMap<String, MissingColumns>,
    largest_rounding: Vec<f64>,
    lanes: Vec<String>,
    /// Measures whose quantiles can be read, in order.
    distributed: Vec<String>,
    groups: Vec<StoredGroup>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spread: Option<StoredSpread>,
    /// Each as a document of its own, without definitions: those are built in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    breakdowns: BTreeMap<String, Stored>,
}

impl From<Scorecard> for Stored {
    fn from(card: Scorecard) -> Self {
        let definitions = &card.definitions;
        let of_model: Vec<Metric> = definitions.model.iter().flat_map(HealthModel::metrics).collect();
        let defined = definitions.model.iter().flat_map(HealthModel::definitions).map(MetricDefinition::id);
        let taken_along: Vec<&str> = of_model.iter().map(Metric::id).chain(defined).collect();
        let is_own = |metric: &&Metric| metrics::find(metric.id()).is_none() && !taken_along.contains(&metric.id());
        Self {
            format: FORMAT,
            catalog: CATALOG_VERSION,
            keys: card.keys.clone(),
            period: card.period.clone(),
            currency_key: card.currency_key.clone(),
            over_time: card.over_time,
            unique_checked: card.unique_checked,
            joined: card.joined,
            parameters: definitions.parameters.clone(),
            model: definitions.model.clone(),
            metrics: definitions
                .chosen
                .iter()
                .map(|c| StoredMetric { id: c.metric.id.to_string(), form: c.form, shown: c.shown })
                .collect(),
            own: definitions.chosen.iter().map(|chosen| &chosen.metric).filter(is_own).cloned().collect(),
            not_measured: BTreeMap::clone(&card.not_measured),
            largest_rounding: card.largest_rounding.clone(),
            lanes: definitions.lane_names(),
            distributed: card.distributions.measures().cloned().collect(),
            spread: StoredSpread::of(&card.spread, card.len()),
            groups: (0..card.len())
                .map(|group| StoredGroup {
                    key: card.groups[group].clone(),
                    totals: card.totals.group(group).iter().map(ToString::to_string).collect(),
                    distributions: card
                        .distributions
                        .measures()
                        .map(|id| as_pairs(card.distributions.of(id, group)))
                        .collect(),
                })
                .collect(),
            breakdowns: card
                .breakdowns
                .iter()
                .map(|(name, card)| (name.clone(), Self { own: Vec::new(), ..card.clone().into() }))
                .collect(),
        }
    }
}

fn as_pairs(distribution: Option<&Distribution>) -> Vec<(String, String)> {
    distribution.into_iter().flatten().map(|(value, count)| (value.to_string(), count.to_string())).collect()
}

/// The distribution of these pairs, where they are in order and count `rows` rows.
fn of_pairs(pairs: &[(String, String)], rows: i128) -> Option<Distribution> {
    let (mut distribution, mut counted) = (Distribution::new(), 0);
    for (value, count) in pairs {
        let (value, count): (i128, i128) = (value.parse().ok()?, count.parse().ok()?);
        let ascends = distribution.last_key_value().is_none_or(|(last, _)| *last < value);
        if !ascends || !DISTRIBUTED.contains(&value) || count < 1 || !COUNTED.contains(&count) {
            return None;
        }
        counted += count;
        distribution.insert(value, count);
    }
    (counted == rows).then_some(distribution)
}

/// Adds a group's distributions to those of its measures; the problem where they are none of that many rows.
fn hold(
    measures: &mut [(String, Vec<Distribution>)],
    stored: &[Vec<(String, String)>],
    rows: impl Fn(&str) -> Option<i128>,
) -> Result<(), String> {
    for ((id, held), pairs) in measures.iter_mut().zip(stored) {
        let found = rows(id).and_then(|rows| of_pairs(pairs, rows));
        let problem = || format!("expected values of {id} in order, with counts that add up to its rows");
        held.push(found.ok_or_else(problem)?);
    }
    Ok(())
}

fn invalid<T>(problem: impl Into<String>) -> Result<T> {
    Err(Error::InvalidDocument { what: "a scorecard", problem: problem.into() })
}

impl TryFrom<Stored> for Scorecard {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self> {
        stored.scorecard(&Request::default())
    }
}

impl Stored {
    /// Whether all but the groups is of these definitions.
    fn fits(&self, definitions: &Definitions) -> Result<()> {
        if definitions.lane_names() != self.lanes {
            return invalid("lanes: found others than those of its metrics");
        }
        let quantiles = |id: &String| definitions.distributed().any(|measure| measure == id);
        if !self.distributed.is_sorted_by(|one, other| one < other) || !self.distributed.iter().all(quantiles) {
            return invalid("distributed: expected measures of which a metric is a quantile, each once, in order");
        }
        let known = |name: &String| self.keys.iter().filter(|key| key.name == *name).count() == 1;
        let mut marked = self.period.iter().chain(&self.currency_key);
        if !self.keys.iter().all(|key| known(&key.name)) || !marked.all(known) {
            return invalid("keys: expected different names, the period and the currency among them");
        }
        if self.over_time && self.period.is_some() {
            return invalid("over_time: found a period; expected none where time was rolled away");
        }
        if self.over_time && !definitions.has_stocks() {
            return invalid("over_time: found no stock; what adds up over time is the same with time rolled away");
        }
        if let Some(problem) = self.strange_period(&definitions.parameters) {
            return invalid(problem);
        }
        if self.largest_rounding.len() != definitions.scopes.len()
            || self.largest_rounding.iter().any(|off| !off.is_finite() || *off < 0.0)
        {
            return invalid("largest_rounding: expected a number, 0 or more, for each scope");
        }
        if self.groups.len() > GROUPS_READ || (self.keys.is_empty() && self.groups.len() != 1) {
            return invalid(format!(
                "groups: found {}; expected at most {GROUPS_READ}, and exactly one without keys",
                self.groups.len()
            ));
        }
        Ok(())
    }

    /// A period that the ledger does not have. What it was joined with may have others.
    fn strange_period(&self, parameters: &Parameters) -> Option<String> {
        let origin = parameters.origin.as_ref().filter(|_| !self.joined)?;
        let place = self.keys.iter().position(|key| Some(&key.name) == self.period.as_ref())?;
        let strange = |group: &StoredGroup| group.key.get(place).is_some_and(|period| !origin.has(period));
        let group = self.groups.iter().position(strange)?;
        Some(format!("groups[{group}].key: expected a period of the ledger, as parameters.origin says"))
    }

    /// The scorecard, of metrics that can be asked for with this request.
    fn scorecard(self, request: &Request) -> Result<Scorecard> {
        let stored = self;
        if (stored.format, stored.catalog) != (FORMAT, CATALOG_VERSION) {
            let (found, catalog) = (stored.format, stored.catalog);
            return invalid(format!(
                "found format {found} of catalogue {catalog}; expected format {FORMAT} of catalogue {CATALOG_VERSION}"
            ));
        }
        let definitions = stored.definitions(request)?;
        stored.fits(&definitions)?;
        let mut totals = Totals::new(definitions.width());
        let mut distributed: Vec<(String, Vec<Distribution>)> =
            stored.distributed.iter().map(|id| (id.clone(), Vec::new())).collect();
        let mut groups: Vec<Vec<Key>> = Vec::with_capacity(stored.groups.len());
        for (position, group) in stored.groups.into_iter().enumerate() {
            let fits = group.key.len() == stored.keys.len()
                && group.key.iter().zip(&stored.keys).all(|(key, column)| key.fits(&column.key_type));
            if !fits || groups.last().is_some_and(|last| *last >= group.key) {
                return invalid(format!(
                    "groups[{position}].key: expected values of the keys' types, each group once, in order"
                ));
            }
            let lanes: Option<Vec<i128>> = group.totals.iter().map(|total| total.parse().ok()).collect();
            let lanes = lanes.filter(|lanes| lanes.len() == definitions.width());
            let counts = lanes
                .as_ref()
                .map(|lanes| lanes[..definitions.measure_lane(0)].iter().all(|count| COUNTED.contains(count)));
            let (Some(lanes), Some(true)) = (lanes, counts) else {
                return invalid(format!(
                    "groups[{position}].totals: expected an integer for each lane, counts from 0 to 2^63"
                ));
            };
            if let Some((scope, judged)) = definitions.miscounted(&lanes).filter(|_| !stored.joined) {
                let (rows, scope) = (counted(lanes[0], "row"), scope.id());
                return invalid(format!("groups[{position}].totals: found {rows}, of which {scope} judged {judged}"));
            }
            let problem = if group.distributions.len() == distributed.len() {
                hold(&mut distributed, &group.distributions, |id| definitions.counted(id, &lanes)).err()
            } else {
                Some("expected one for each distributed measure".to_owned())
            };
            if let Some(problem) = problem {
                return invalid(format!("groups[{position}].distributions: {problem}"));
            }
            totals.push(&lanes);
            groups.push(group.key);
        }
        let spread = stored.spread.map_or(Some(Spread::default()), |spread| spread.read(groups.len()));
        let Some(spread) = spread else {
            return invalid("spread.groups: expected three integers for each group and metric");
        };
        let mut card = Scorecard {
            definitions,
            keys: stored.keys,
            period: stored.period,
            currency_key: stored.currency_key,
            over_time: stored.over_time,
            unique_checked: stored.unique_checked,
            joined: stored.joined,
            groups,
            totals,
            distributions: Distributions::new(distributed),
            spread,
            largest_rounding: stored.largest_rounding,
            not_measured: stored.not_measured.into(),
            breakdowns: BTreeMap::new(),
        };
        let contradictions = Contradictions::new(&card.definitions);
        for group in 0..card.len() {
            if let Some(problem) = contradictions.find(&card.totals.group(group), card.over_time) {
                return invalid(format!("groups[{group}].totals: {problem}"));
            }
        }
        card.squares_are_squares()?;
        for (name, stored) in stored.breakdowns {
            let Some(breakdown) = Breakdown::named(&name).filter(|_| request.breakdown.is_none()) else {
                return invalid(format!("breakdowns: no breakdown '{}'", crate::error::shown(&name)));
            };
            let part = stored.scorecard(&Request { breakdown: Some(breakdown), ..Request::default() })?;
            card.is_broken_down(breakdown, &part)?;
            card.breakdowns.insert(name, part);
        }
        Ok(card)
    }
}

impl Scorecard {
    /// A breakdown holds the rows and the amounts of these groups, and no others.
    fn is_broken_down(&self, breakdown: &Breakdown, part: &Self) -> Result<()> {
        let wrong = |problem: &str| invalid(format!("breakdowns.{}: {problem}", breakdown.name));
        let further = part.keys.last().is_some_and(|key| key.name == breakdown.key);
        if !further
            || part.keys[..part.keys.len() - 1] != self.keys
            || part.period != self.period
            || part.currency_key != self.currency_key
            || part.over_time != (self.over_time && part.definitions.has_stocks())
        {
            return wrong("expected the scorecard's keys and its column");
        }
        let metrics: Vec<&str> = [breakdown.of].into_iter().chain(breakdown.rows.as_ref().map(Metric::id)).collect();
        if !metrics.iter().all(|id| part.definitions.find(id).is_some()) {
            return wrong(&format!("expected the metrics {}", metrics.join(" and ")));
        }
        let names: Vec<&str> = self.keys.iter().map(|key| key.name.as_str()).collect();
        let whole = part.rollup(&names)?;
        let amounts = |card: &Self| -> Result<Vec<(Vec<Key>, Option<i128>)>> {
            let Some(chosen) = card.definitions.find(breakdown.of) else { return Ok(Vec::new()) };
            let amount = |group: usize| {
                let amount = card.amount(group, chosen)?.map(crate::Total::integer);
                Ok((card.groups[group].clone(), amount))
            };
            (0..card.len()).map(amount).filter(|amount| !matches!(amount, Ok((_, None)))).collect()
        };
        let rows = |card: &Self| {
            (0..card.len()).map(|group| (card.groups[group].clone(), card.rows(group))).collect::<Vec<_>>()
        };
        if amounts(self)? != amounts(&whole)? || (!self.joined && rows(self) != rows(&whole)) {
            return wrong("expected the rows and amounts of the scorecard's groups, and no others");
        }
        let Some(chosen) = part.definitions.find(breakdown.of).filter(|chosen| chosen.is_mix()) else { return Ok(()) };
        for group in 0..part.len() {
            let counted = part.counts(group, chosen).map_or(0, |counts| counts.counted);
            let known = part.groups[group].last() != Some(&Key::Null);
            if part.amount(group, chosen)?.map_or(0, crate::Total::integer) != counted || !known && counted > 0 {
                return wrong("expected each row of a value to be counted, and none without");
            }
        }
        Ok(())
    }

    /// The spread is of metrics that it is kept for, and possible for their totals.
    fn squares_are_squares(&self) -> Result<()> {
        let mut known = Spread::metrics_of(&self.definitions).into_iter();
        if !self.spread.metrics.iter().all(|metric| known.any(|known| known == *metric)) {
            return invalid("spread.metrics: expected quotients among its metrics, in their order");
        }
        for metric in &self.spread.metrics {
            let Some(chosen) = self.definitions.find(metric) else { continue };
            for group in 0..self.len() {
                let parts = self.parts_of(group, chosen)?;
                let rows = self.counts(group, chosen).map_or(0, |counts| counts.counted);
                let fits = |squares: &Squares| match parts {
                    Some(parts) => squares.are_of(rows, parts),
                    None => *squares == Squares::default(),
                };
                if !self.spread.find(group, metric).is_some_and(fits) {
                    return invalid(format!(
                        "spread.groups[{group}]: found squares that the totals of {metric} cannot have"
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Stored {
    fn definitions(&self, request: &Request) -> Result<Definitions> {
        let mut request = request.clone().scales(self.parameters.scales.validated()?);
        for metric in &self.own {
            request = request.define(metric.clone())?;
        }
        if self.parameters.scale > crate::money::PLACES {
            return invalid("parameters.scale: expected 0 to 6");
        }
        if let Some(origin) = &self.parameters.origin {
            origin.validated().or_else(|problem| invalid(format!("parameters.origin.{problem}")))?;
        }
        if self.parameters.origin.is_some() && self.parameters.run_rate.is_none() {
            return invalid("parameters.run_rate: found none; expected what a ledger's amounts are shown as");
        }
        let model = self.model.clone().unwrap_or_default();
        let candidates = request.storable(&model, self.parameters.run_rate)?;
        no_circles(&candidates, &model)?;
        let mut chosen: Vec<Chosen> = Vec::new();
        for stored in &self.metrics {
            let mut named = candidates.iter().filter(|metric| metric.id == stored.id.as_str()).peekable();
            let first = named.peek().copied();
            // a ledger has other sums for some that a table of customers has, too
            let is_of_lanes = |metric: &&Metric| {
                let mut measures = metric.forms.get(stored.form).into_iter().flat_map(Form::measures);
                measures.all(|measure| self.lanes.iter().any(|lane| *lane == measure.id))
            };
            let Some(metric) = named.find(is_of_lanes).or(first) else {
                return invalid(format!("metrics: no metric '{}'", crate::error::shown(&stored.id)));
            };
            if stored.form >= metric.forms.len() || chosen.iter().any(|known| known.metric.id == metric.id) {
                return invalid(format!("metrics: '{}' twice, or in a form it does not have", metric.id));
            }
            chosen.push(Chosen { metric: metric.clone(), form: stored.form, shown: stored.shown });
        }
        for difference in &chosen {
            if let Form::Difference(one, two) = difference.form()
                && [one, two].iter().any(|id| !chosen.iter().any(|chosen| chosen.metric.id == **id))
            {
                return invalid(format!("metrics: '{}' without the metrics it is made of", difference.metric.id));
            }
        }
        let of_health = |chosen: &Chosen| matches!(chosen.form(), Form::Health) || chosen.form().is_computed();
        if self.model.is_none() && chosen.iter().any(of_health) {
            return invalid("model: found none; expected the one that its metrics of health were computed by");
        }
        Definitions::new(chosen, self.model.clone(), self.parameters.clone())
    }
}

impl Scorecard {
    /// The whole scorecard as JSON: definitions, parameters, model and exact totals.
    ///
    /// ```
    /// use svcmetrics::{Request, Scorecard, Table};
    /// let table = Table::new(1).with("milestones_met", vec![1_i64]).with("milestones_total", vec![2_i64]);
    /// let card = Scorecard::of(&table, Request::default())?;
    /// assert_eq!(Scorecard::from_json(&card.to_json()?)?, card);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that data can cause.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Error::InvalidDocument { what: "a scorecard", problem: error.to_string() })
    }

    /// Reads what [`Scorecard::to_json`] wrote.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`] that says what is wrong: another version, an unknown field, totals that do not fit.
    pub fn from_json(text: &str) -> Result<Self> {
        let stored: Stored = serde_json::from_str(text)
            .map_err(|error| Error::InvalidDocument { what: "a scorecard", problem: error.to_string() })?;
        stored.try_into().map_err(|error| match error {
            Error::InvalidDocument { .. } => error,
            other => Error::InvalidDocument { what: "a scorecard", problem: other.to_string() },
        })
    }
}
