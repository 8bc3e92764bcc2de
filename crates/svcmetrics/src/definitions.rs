//! What a scorecard's totals mean: the metrics chosen for a table, the health model, the parameters, and the lanes of a group.

mod combine;

use crate::column::Name;
use crate::error::{Error, Result};
use crate::health::HealthModel;
use crate::key::Key;
use crate::lanes::Places;
use crate::ledger::Origin;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Combination, Form, Metric};
use crate::metrics::{RunRate, Scales};
use crate::request::AbsentRevenue;
use crate::totals::Totals;
use std::sync::Arc;

/// A metric and the form that the table's columns allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) metric: Metric,
    pub(crate) form: usize,
    /// Whether it was asked for, or only another metric reads it.
    pub(crate) shown: bool,
}

impl Chosen {
    pub(crate) fn form(&self) -> &Form {
        &self.metric.forms[self.form]
    }

    pub(crate) fn is_mix(&self) -> bool {
        matches!(self.form(), Form::Mix { .. })
    }

    /// This, where it has one figure a group.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a mix, which has one for each value.
    pub(crate) fn single(&self) -> Result<&Self> {
        if !self.is_mix() {
            return Ok(self);
        }
        Err(Error::InvalidOption {
            option: "metric".into(),
            found: self.metric.id.to_string(),
            expected: "a metric with one figure a group; a mix has one for each value".into(),
        })
    }
}

/// How values were read; parts that differ do not merge.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub(crate) struct Parameters {
    pub(crate) scale: u32,
    /// None where no row needed the word.
    pub(crate) absent_revenue: Option<AbsentRevenue>,
    /// The one currency, where the table said it.
    pub(crate) currency: Option<String>,
    /// What the answers of surveys mean.
    pub(crate) scales: Scales,
    /// What amounts of a ledger are shown as; none where the rows are no ledger's.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub(crate) run_rate: Option<RunRate>,
    /// How movements of a ledger were made; none where the rows are no ledger's, and where totals alone do not say.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub(crate) origin: Option<Origin>,
    /// The one period that all groups are of, where it was taken out of the keys: stocks of two are not added up.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub(crate) period: Option<Key>,
}

/// The counts kept for each scope, in the order of their lanes.
pub(crate) const COUNTS: [&str; 5] = ["counted", "missing", "invalid", "outside", "rounded"];

/// How many of them say how a row stands; the last counts values.
const STANDINGS: usize = 4;

/// Everything in a group is an integer that adds: rows, counts by scope, measures. These are their places, its lanes.
/// Cheap to clone: scorecards of one plan share what they have in common.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Definitions {
    pub(crate) chosen: Arc<Vec<Chosen>>,
    pub(crate) model: Option<HealthModel>,
    pub(crate) parameters: Parameters,
    pub(crate) scopes: Arc<Vec<Arc<Scope>>>,
    pub(crate) measures: Arc<Vec<Measure>>,
    /// What rows are scored by and no figure of a group reads: it has no lanes.
    pub(crate) row_measures: Arc<Vec<Measure>>,
    /// By metric chosen.
    places: Arc<Vec<Places>>,
}

/// Whether figures of groups read what a metric sums: those that are shown do, and of those the ones that they are made of.
fn summed(chosen: &[Chosen], model: Option<&HealthModel>) -> Vec<bool> {
    let mut summed: Vec<bool> = chosen.iter().map(|chosen| chosen.shown).collect();
    let reads = |chosen: &Chosen, id: &Name| match (chosen.form(), model) {
        (Form::Difference(one, two), _) => [one, two].contains(&id),
        (Form::Health, Some(model)) => model.reads().contains(&id),
        _ => false,
    };
    loop {
        let more =
            |part: &Chosen| chosen.iter().zip(&summed).any(|(whole, summed)| *summed && reads(whole, &part.metric.id));
        let with_parts: Vec<bool> = chosen.iter().zip(&summed).map(|(part, summed)| *summed || more(part)).collect();
        if with_parts == summed {
            return summed;
        }
        summed = with_parts;
    }
}

impl Definitions {
    /// # Errors
    /// [`Error::InvalidDefinition`] where two metrics give one id to different scopes or measures.
    pub(crate) fn new(chosen: Vec<Chosen>, model: Option<HealthModel>, parameters: Parameters) -> Result<Self> {
        let summed = summed(&chosen, model.as_ref());
        let (mut scopes, mut measures): (Vec<Arc<Scope>>, Vec<(Measure, bool)>) = (Vec::new(), Vec::new());
        let twice = |what, id: &str| Error::InvalidDefinition {
            what,
            id: id.to_owned(),
            problem: "the id stands for two definitions".into(),
        };
        let each =
            chosen.iter().zip(summed).flat_map(|(chosen, summed)| chosen.form().measures().map(move |m| (m, summed)));
        for (measure, summed) in each {
            match scopes.iter().find(|scope| scope.id == measure.scope.id) {
                None => scopes.push(measure.scope.clone()),
                Some(known) if *known != measure.scope => return Err(twice("scope", measure.scope.id())),
                Some(_) => {}
            }
            match measures.iter_mut().find(|(known, _)| known.id == measure.id) {
                None => measures.push((measure.clone(), summed)),
                Some((known, _)) if known != measure => return Err(twice("measure", measure.id())),
                Some((_, known)) => *known |= summed,
            }
        }
        let (measures, row_measures): (Vec<_>, Vec<_>) = measures.into_iter().partition(|(_, summed)| *summed);
        let all = |measures: Vec<(Measure, bool)>| Arc::new(measures.into_iter().map(|(measure, _)| measure).collect());
        let (measures, row_measures) = (all(measures), all(row_measures));
        let (chosen, scopes, places) = (Arc::new(chosen), Arc::new(scopes), Arc::default());
        let mut made = Self { chosen, model, parameters, scopes, measures, row_measures, places };
        made.places = Arc::new(made.chosen.iter().map(|chosen| Places::new(&made, chosen)).collect());
        Ok(made)
    }

    /// How many lanes a group has.
    pub(crate) fn width(&self) -> usize {
        1 + COUNTS.len() * self.scopes.len() + self.measures.len()
    }

    /// The lane of a scope's first count.
    pub(crate) fn scope_lane(scope: usize) -> usize {
        1 + COUNTS.len() * scope
    }

    /// The lanes of a scope's counts, in their order.
    pub(crate) fn scope_lanes(scope: usize) -> [usize; COUNTS.len()] {
        std::array::from_fn(|count| Self::scope_lane(scope) + count)
    }

    pub(crate) fn measure_lane(&self, measure: usize) -> usize {
        1 + COUNTS.len() * self.scopes.len() + measure
    }

    pub(crate) fn scope_position(&self, id: &str) -> Option<usize> {
        self.scopes.iter().position(|scope| scope.id == id)
    }

    pub(crate) fn measure_position(&self, id: &str) -> Option<usize> {
        self.measures.iter().position(|measure| measure.id == id)
    }

    /// The names of the lanes: those of the columns of `measures()`.
    pub(crate) fn lane_names(&self) -> Vec<String> {
        let mut names = vec!["rows".to_owned()];
        for scope in self.scopes.iter() {
            names.extend(COUNTS.iter().map(|count| format!("{}.{count}", scope.id)));
        }
        names.extend(self.measures.iter().map(|measure| measure.id.to_string()));
        names
    }

    /// A scope whose counts do not add up to the rows, if there is one: every row is counted, missing, invalid or outside.
    pub(crate) fn miscounted(&self, lanes: &[i128]) -> Option<(&Scope, i128)> {
        self.scopes.iter().enumerate().find_map(|(position, scope)| {
            let first = Self::scope_lane(position);
            let judged: i128 = lanes[first..first + STANDINGS].iter().sum();
            (judged != lanes[0]).then_some((scope.as_ref(), judged))
        })
    }

    /// The same of all groups' totals.
    pub(crate) fn miscounted_in(&self, totals: &Totals) -> Option<(&Scope, i128)> {
        (0..self.scopes.len()).find_map(|position| {
            let first = Self::scope_lane(position);
            let (_, judged) = totals.first_other(first..first + STANDINGS, 0)?;
            Some((self.scopes[position].as_ref(), judged))
        })
    }

    /// Whether a lane is a stock, which does not add over time.
    pub(crate) fn is_stock(&self, lane: usize) -> bool {
        lane.checked_sub(self.measure_lane(0)).is_some_and(|position| self.measures[position].time == Time::Stock)
    }

    /// Whether anything does not add over time.
    pub(crate) fn has_stocks(&self) -> bool {
        self.measures.iter().any(|measure| measure.time == Time::Stock)
            || self.chosen.iter().any(|chosen| matches!(chosen.form(), Form::Health))
    }

    /// Whether a lane counts millionths.
    pub(crate) fn is_micro(&self, lane: usize) -> bool {
        lane.checked_sub(self.measure_lane(0)).is_some_and(|position| self.measures[position].is_micro())
    }

    /// Whether amounts of a currency are added up, or customers scored by them.
    pub(crate) fn adds_money(&self) -> bool {
        self.measures.iter().chain(self.row_measures.iter()).any(Measure::adds_money)
    }

    /// Whether customers are scored by what has a currency: by amounts, or amounts per something else.
    pub(crate) fn scores_by_money(&self) -> bool {
        let reads = self.model.iter().flat_map(HealthModel::reads);
        reads.filter_map(|id| self.find(id)).any(|chosen| self.is_money(chosen))
    }

    fn is_money(&self, chosen: &Chosen) -> bool {
        let adds = |terms: &Combination| terms.iter().any(|(_, measure)| measure.adds_money());
        match chosen.form() {
            Form::Amount(amount) => adds(amount),
            Form::Quotient { numerator, denominator } => adds(numerator) != adds(denominator),
            Form::Difference(one, two) => {
                [one, two].into_iter().filter_map(|id| self.find(id)).any(|of| self.is_money(of))
            }
            Form::Per { .. } | Form::Quantile { .. } | Form::Health | Form::Mix { .. } => false,
        }
    }

    /// Where what a metric reads stands among the lanes; it is one of those chosen.
    pub(crate) fn places(&self, chosen: &Chosen) -> Option<&Places> {
        // It is mostly one of these very ones.
        let own = || self.chosen.iter().position(|known| std::ptr::eq(known, chosen));
        let alike = |known: &Chosen| known.metric.id == chosen.metric.id && known.form == chosen.form;
        own().or_else(|| self.chosen.iter().position(alike)).map(|position| &self.places[position])
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Chosen> {
        self.chosen.iter().find(|chosen| chosen.metric.id == id)
    }

    pub(crate) fn shown(&self) -> impl Iterator<Item = &Chosen> {
        self.chosen.iter().filter(|chosen| chosen.shown)
    }

    /// Those that were asked for and have one figure a group: all but mixes.
    pub(crate) fn figured(&self) -> impl Iterator<Item = &Chosen> {
        self.shown().filter(|chosen| !chosen.is_mix())
    }

    /// The measures of which a metric asks a quantile, each once.
    pub(crate) fn distributed(&self) -> impl Iterator<Item = &str> {
        let asked = |measure: &&Measure| {
            let reads = |chosen: &Chosen| matches!(chosen.form(), Form::Quantile { of, .. } if of.id == measure.id);
            self.chosen.iter().any(reads)
        };
        self.measures.iter().filter(asked).map(Measure::id)
    }

    /// The rows that a measure counts, of a group with these lanes.
    #[cfg(feature = "serde")]
    pub(crate) fn counted(&self, measure: &str, lanes: &[i128]) -> Option<i128> {
        let measure = &self.measures[self.measure_position(measure)?];
        Some(lanes[Self::scope_lane(self.scope_position(measure.scope.id())?)])
    }

    /// Whether groups have the lanes that a metric reads, and not only rows what they are scored by.
    pub(crate) fn is_summed(&self, chosen: &Chosen) -> bool {
        let is_summed = |id: &Name| self.find(id).is_none_or(|part| self.is_summed(part));
        match (chosen.form(), &self.model) {
            (Form::Difference(one, two), _) => is_summed(one) && is_summed(two),
            (Form::Health, Some(model)) => model.reads().into_iter().all(is_summed),
            (form, _) => form.measures().all(|measure| self.measure_position(measure.id()).is_some()),
        }
    }

    /// The position of a measure among all, those that have no lanes after the others.
    pub(crate) fn position(&self, measure: &Measure) -> Option<usize> {
        self.measures.iter().chain(self.row_measures.iter()).position(|known| known.id == measure.id)
    }

    /// Lanes and coefficients of a combination.
    pub(crate) fn lanes<'a>(&'a self, terms: &'a Combination) -> impl Iterator<Item = (i32, usize)> + 'a {
        terms.iter().filter_map(|(coefficient, measure)| Some((*coefficient, self.lane(measure)?)))
    }

    /// The lane of a measure.
    pub(crate) fn lane(&self, measure: &Measure) -> Option<usize> {
        self.measure_position(&measure.id).map(|position| self.measure_lane(position))
    }
}
