//! A scorecard as it is stored: a versioned document, validated field by field on the way in.

use crate::contradictions::Contradictions;
use crate::definitions::{Chosen, Definitions, Parameters};
use crate::engine::choose::no_circles;
use crate::error::{Error, MissingColumns, Result};
use crate::health::HealthModel;
use crate::key::Key;
use crate::metric::{Form, Metric};
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
    currency_key: Option<String>,
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
            not_measured: card.not_measured.clone(),
            largest_rounding: card.largest_rounding.clone(),
            lanes: definitions.lane_names(),
            groups: (0..card.len())
                .map(|group| StoredGroup {
                    key: card.groups[group].clone(),
                    totals: card.totals.group(group).iter().map(ToString::to_string).collect(),
                })
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
        if (stored.format, stored.catalog) != (FORMAT, CATALOG_VERSION) {
            let (found, catalog) = (stored.format, stored.catalog);
            return invalid(format!(
                "found format {found} of catalogue {catalog}; expected format {FORMAT} of catalogue {CATALOG_VERSION}"
            ));
        }
        let definitions = stored.definitions()?;
        if definitions.lane_names() != stored.lanes {
            return invalid("lanes: found others than those of its metrics");
        }
        let known = |name: &String| stored.keys.iter().filter(|key| key.name == *name).count() == 1;
        if !stored.keys.iter().all(|key| known(&key.name))
            || !stored.period.iter().chain(&stored.currency_key).all(known)
        {
            return invalid("keys: expected different names, the period and the currency among them");
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
        let over_time = stored.over_time && definitions.has_stocks();
        let card = Self {
            definitions,
            keys: stored.keys,
            period: stored.period,
            currency_key: stored.currency_key,
            over_time,
            unique_checked: stored.unique_checked,
            joined: stored.joined,
            groups,
            totals,
            largest_rounding: stored.largest_rounding,
            not_measured: stored.not_measured,
        };
        let contradictions = Contradictions::new(&card.definitions);
        for group in 0..card.len() {
            if let Some(problem) = contradictions.find(card.totals.group(group), card.over_time) {
                return invalid(format!("groups[{group}].totals: {problem}"));
            }
        }
        Ok(card)
    }
}

impl Stored {
    fn definitions(&self) -> Result<Definitions> {
        let mut request = Request::default().scales(self.parameters.scales.validated()?);
        for metric in &self.own {
            request = request.define(metric.clone())?;
        }
        if self.parameters.scale > crate::money::PLACES {
            return invalid("parameters.scale: expected 0 to 6");
        }
        let model = self.model.clone().unwrap_or_default();
        let candidates = request.candidates(&model)?;
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
        let stored: Stored = serde_json::from_str(text)
            .map_err(|error| Error::InvalidDocument { what: "a scorecard", problem: error.to_string() })?;
        stored.try_into().map_err(|error| match error {
            Error::InvalidDocument { .. } => error,
            other => Error::InvalidDocument { what: "a scorecard", problem: other.to_string() },
        })
    }
}
