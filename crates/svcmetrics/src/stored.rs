//! A scorecard as it is stored: a versioned document, validated field by field on the way in.

use crate::breakdown::Breakdown;
use crate::definitions::{Chosen, Definitions, Parameters};
use crate::engine::choose::no_circles;
use crate::error::{Error, MissingColumns, Result};
use crate::health::HealthModel;
use crate::key::Key;
use crate::metric::{Form, Kind, Metric};
use crate::metrics::{self, CATALOG_VERSION};
use crate::request::Request;
use crate::scorecard::{KeyColumn, Scorecard};
use crate::totals::Totals;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the document.
const FORMAT: u32 = 1;

/// The most groups that are read.
const GROUPS_READ: usize = 10_000_000;

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
}

/// The document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stored {
    format: u32,
    catalog: u32,
    keys: Vec<KeyColumn>,
    period: Option<String>,
    over_time: bool,
    unique_checked: bool,
    joined: bool,
    parameters: Parameters,
    model: Option<HealthModel>,
    metrics: Vec<StoredMetric>,
    /// Definitions that are not built in.
    own: Vec<Metric>,
    not_measured: BTreeMap<String, MissingColumns>,
    largest_rounding: Vec<f64>,
    lanes: Vec<String>,
    groups: Vec<StoredGroup>,
    /// Each as a document of its own, without definitions: those are built in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    breakdowns: BTreeMap<String, Stored>,
}

impl From<Scorecard> for Stored {
    fn from(card: Scorecard) -> Self {
        let definitions = &card.definitions;
        let of_model: Vec<Metric> = definitions.model.iter().flat_map(HealthModel::metrics).collect();
        let is_own = |metric: &&Metric| {
            metrics::find(metric.id()).is_none() && !of_model.iter().any(|of_model| of_model.id == metric.id)
        };
        Self {
            format: FORMAT,
            catalog: CATALOG_VERSION,
            keys: card.keys.clone(),
            period: card.period.clone(),
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
            not_measured: card.not_measured.clone(),
            largest_rounding: card.largest_rounding.clone(),
            lanes: definitions.lane_names(),
            groups: (0..card.len())
                .map(|group| StoredGroup {
                    key: card.groups[group].clone(),
                    totals: card.totals.group(group).iter().map(ToString::to_string).collect(),
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
        if definitions.lane_names() != stored.lanes {
            return invalid("lanes: found others than those of its metrics");
        }
        let known = |name: &String| stored.keys.iter().filter(|key| key.name == *name).count() == 1;
        if !stored.keys.iter().all(|key| known(&key.name)) || !stored.period.iter().all(known) {
            return invalid("keys: expected different names, the period among them");
        }
        if stored.over_time && stored.period.is_some() {
            return invalid("over_time: found a period; expected none where time was rolled away");
        }
        if stored.largest_rounding.len() != definitions.scopes.len()
            || stored.largest_rounding.iter().any(|off| !off.is_finite() || *off < 0.0)
        {
            return invalid("largest_rounding: expected a number, 0 or more, for each scope");
        }
        if stored.groups.len() > GROUPS_READ || (stored.keys.is_empty() && stored.groups.len() != 1) {
            return invalid(format!(
                "groups: found {}; expected at most {GROUPS_READ}, and exactly one without keys",
                stored.groups.len()
            ));
        }
        let mut totals = Totals::new(definitions.width(), Vec::new());
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
                let (rows, scope) = (lanes[0], scope.id());
                return invalid(format!(
                    "groups[{position}].totals: found {rows} rows, of which {scope} judged {judged}"
                ));
            }
            totals.push(&lanes);
            groups.push(group.key);
        }
        let mut card = Scorecard {
            definitions,
            keys: stored.keys,
            period: stored.period,
            over_time: stored.over_time,
            unique_checked: stored.unique_checked,
            joined: stored.joined,
            groups,
            totals,
            largest_rounding: stored.largest_rounding,
            not_measured: stored.not_measured,
            breakdowns: BTreeMap::new(),
        };
        card.shares_are_shares()?;
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
        let further = part.keys.last().is_some_and(|key| key.name == *breakdown.column.name);
        if !further
            || part.keys[..part.keys.len() - 1] != self.keys
            || part.period != self.period
            || part.over_time != self.over_time
        {
            return wrong("expected the scorecard's keys and its column");
        }
        let metrics = [breakdown.of, breakdown.rows.id()];
        if !metrics.iter().all(|id| part.definitions.find(id).is_some()) {
            return wrong(&format!("expected the metrics {}", metrics.join(" and ")));
        }
        let names: Vec<&str> = self.keys.iter().map(|key| key.name.as_str()).collect();
        let whole = part.rollup(&names)?;
        let amounts = |card: &Self| -> Result<Vec<(Vec<Key>, Option<i128>)>> {
            let Some(chosen) = card.definitions.find(breakdown.of) else { return Ok(Vec::new()) };
            let amount = |group: usize| {
                let amount = card.read(group, chosen)?.numerator().map(crate::Total::integer);
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
        Ok(())
    }

    /// No part is above its whole in what the catalogue says is a share.
    fn shares_are_shares(&self) -> Result<()> {
        let built_in =
            |chosen: &&Chosen| chosen.metric.kind == Kind::Share && metrics::find(chosen.metric.id()).is_some();
        for chosen in self.definitions.chosen.iter().filter(built_in) {
            for group in 0..self.len() {
                if self.read(group, chosen)?.value().is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                    let id = chosen.metric.id();
                    return invalid(format!("groups[{group}].totals: found a {id} that is no share, from 0 to 1"));
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
        let model = self.model.clone().unwrap_or_default();
        let candidates = request.candidates(&model);
        no_circles(&candidates, &model)?;
        let mut chosen: Vec<Chosen> = Vec::new();
        for stored in &self.metrics {
            let Some(metric) = candidates.iter().find(|metric| metric.id == stored.id.as_str()) else {
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
        serde_json::from_str(text)
            .map_err(|error| Error::InvalidDocument { what: "a scorecard", problem: error.to_string() })
    }
}
