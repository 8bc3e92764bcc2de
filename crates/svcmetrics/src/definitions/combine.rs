//! Two scorecards' definitions: what differs, what both have, and what they are together.

use super::{Chosen, Definitions};
use crate::error::{Error, Result, listed};
use crate::measure::Measure;
use crate::metric::Form;
use crate::metrics::Scales;
use std::sync::Arc;

impl Definitions {
    /// What differs between two, in words, if anything does.
    pub(crate) fn difference(&self, other: &Self) -> Option<Error> {
        let differ = |what, left: String, right: String| Some(Error::Mismatch { what, left, right });
        let metrics = |definitions: &Self| -> Vec<String> {
            let name = |chosen: &Chosen| {
                let form = if chosen.form == 0 { "" } else { " (otherwise)" };
                let lanes = if definitions.is_summed(chosen) { "" } else { " (of customers alone)" };
                format!("{}{form}{lanes}", chosen.metric.id)
            };
            definitions.chosen.iter().map(name).collect()
        };
        let (left, right) = (metrics(self), metrics(other));
        if left != right {
            let only = |one: &[String], two: &[String]| -> String {
                let names: Vec<_> = one.iter().filter(|name| !two.contains(name)).cloned().collect();
                if names.is_empty() { "no others".to_owned() } else { names.join(", ") }
            };
            return differ("their metrics", only(&left, &right), only(&right, &left));
        }
        let definition = || self.chosen.iter().zip(other.chosen.iter()).find(|(one, two)| one.metric != two.metric);
        let origin = || self.parameters.origin.as_ref()?.difference(other.parameters.origin.as_ref()?);
        let period = || {
            let (one, two) = (self.parameters.period.as_ref()?, other.parameters.period.as_ref()?);
            if one == two {
                None
            } else {
                differ("the period that their stocks are of", one.to_string(), two.to_string())
            }
        };
        self.model_difference(other)
            .or_else(|| self.parameter_difference(other))
            .or_else(origin)
            .or_else(period)
            .or_else(|| {
                let (one, _) = definition()?;
                differ("the definition of a metric", one.metric.id.to_string(), "another of that id".into())
            })
    }

    pub(crate) fn model_difference(&self, other: &Self) -> Option<Error> {
        let model =
            |definitions: &Self| definitions.model.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        let (what, left, right) = ("the health model", model(self), model(other));
        (self.model != other.model).then_some(Error::Mismatch { what, left, right })
    }

    pub(crate) fn parameter_difference(&self, other: &Self) -> Option<Error> {
        let differ = |what, left: String, right: String| Some(Error::Mismatch { what, left, right });
        if self.parameters.scale != other.parameters.scale {
            return differ("scale", self.parameters.scale.to_string(), other.parameters.scale.to_string());
        }
        if self.parameters.scales != other.parameters.scales {
            return differ(
                "csat_satisfied_from or effort_scale",
                self.parameters.scales.to_string(),
                other.parameters.scales.to_string(),
            );
        }
        if let (Some(left), Some(right)) = (self.parameters.run_rate, other.parameters.run_rate)
            && left != right
        {
            return differ("unit", left.name().into(), right.name().into());
        }
        if let (Some(left), Some(right)) = (self.parameters.absent_revenue, other.parameters.absent_revenue)
            && left != right
        {
            return differ("absent_revenue", format!("{left:?}").to_lowercase(), format!("{right:?}").to_lowercase());
        }
        if let (Some(left), Some(right)) = (&self.parameters.currency, &other.parameters.currency)
            && left != right
        {
            return differ("currency", left.clone(), right.clone());
        }
        None
    }

    /// These, with what the other knows and this does not.
    pub(crate) fn united(mut self, other: &Self) -> Self {
        self.parameters.absent_revenue = self.parameters.absent_revenue.or(other.parameters.absent_revenue);
        self.parameters.currency = self.parameters.currency.or_else(|| other.parameters.currency.clone());
        self.parameters.run_rate = self.parameters.run_rate.or(other.parameters.run_rate);
        self.parameters.origin = match (self.parameters.origin, &other.parameters.origin) {
            (Some(one), Some(two)) => Some(one.united(two)),
            (one, two) => one.or_else(|| two.clone()),
        };
        self.parameters.period = self.parameters.period.or_else(|| other.parameters.period.clone());
        for chosen in Arc::make_mut(&mut self.chosen) {
            chosen.shown |= other.find(&chosen.metric.id).is_some_and(|other| other.shown);
        }
        self
    }

    /// Both, side by side, over tables of different things.
    pub(crate) fn joined(&self, other: &Self) -> Result<Self> {
        let differ = |what, left: String, right: String| Err(Error::Mismatch { what, left, right });
        if let Some(twice) = self.chosen.iter().find(|chosen| other.find(&chosen.metric.id).is_some()) {
            let id = twice.metric.id.to_string();
            return differ("what they are about: only different metrics stand side by side", id.clone(), id);
        }
        // Lanes of one id would be added up, as if the rows were others.
        if let Some(id) = self.shared(other) {
            return differ(
                "what they are about: metrics that share totals stand side by side where one scorecard is asked for both",
                format!("{} of {id}", listed(&self.readers(id))),
                format!("{} of the same", listed(&other.readers(id))),
            );
        }
        if let (Some(left), Some(right)) = (&self.parameters.currency, &other.parameters.currency)
            && left != right
        {
            return differ("currency", left.clone(), right.clone());
        }
        if self.parameters.scale != other.parameters.scale {
            return differ("scale", self.parameters.scale.to_string(), other.parameters.scale.to_string());
        }
        let mut parameters = self.clone().united(other).parameters;
        let (left, right) = (self.parameters.scales, other.parameters.scales);
        if left == Scales::default() {
            parameters.scales = right;
        } else if right != Scales::default() && left != right {
            return differ("csat_satisfied_from or effort_scale", left.to_string(), right.to_string());
        }
        // of two models one could not be told
        if let (Some(_), Some(_), Some(error)) = (&self.model, &other.model, self.model_difference(other)) {
            return Err(error);
        }
        let model = self.model.clone().or_else(|| other.model.clone());
        let chosen = self.chosen.iter().chain(other.chosen.iter()).cloned().collect();
        let joined = Self::new(chosen, model, parameters)?;
        // what one card would make of sums that the other has for customers alone
        let has = |measure: &&Measure| [self, other].iter().any(|own| own.measure_position(measure.id()).is_some());
        if let Some(measure) = joined.measures.iter().find(|measure| !has(measure)) {
            let readers = listed(&joined.readers(measure.id()));
            return differ(
                "the health of their groups",
                format!("made of {readers}"),
                "known of customers alone".into(),
            );
        }
        Ok(joined)
    }

    /// A scope or measure of both.
    fn shared(&self, other: &Self) -> Option<&str> {
        let scope = self.scopes.iter().map(|scope| scope.id()).find(|id| other.scope_position(id).is_some());
        scope.or_else(|| self.measures.iter().map(Measure::id).find(|id| other.measure_position(id).is_some()))
    }

    /// The metrics that read a scope or measure, those that were asked for first.
    fn readers(&self, id: &str) -> Vec<&str> {
        let reads = |chosen: &&Chosen| chosen.form().measures().any(|m| m.scope.id == id || m.id == id);
        let mut readers: Vec<&Chosen> = self.chosen.iter().filter(reads).collect();
        readers.sort_by_key(|chosen| !chosen.shown);
        readers.into_iter().map(|chosen| chosen.metric.id()).collect()
    }

    /// Only what both have, for a merge of what is common.
    pub(crate) fn common(&self, other: &Self) -> Result<Self> {
        let same = |chosen: &&Chosen| {
            let model_alike = self.model == other.model || !is_of_model(chosen, self);
            model_alike
                && other
                    .find(&chosen.metric.id)
                    .is_some_and(|found| found.metric == chosen.metric && found.form == chosen.form)
        };
        // what is shown by either is shown, where both have its sums
        let kept = |chosen: &Chosen| {
            let theirs = other.find(&chosen.metric.id);
            let both_sum = self.is_summed(chosen) && theirs.is_some_and(|theirs| other.is_summed(theirs));
            let shown = both_sum && (chosen.shown || theirs.is_some_and(|theirs| theirs.shown));
            Chosen { shown, ..chosen.clone() }
        };
        let mut kept: Vec<Chosen> = self.chosen.iter().filter(same).map(kept).collect();
        // What is made of other metrics needs all of those that either card has: of fewer it would be something else.
        loop {
            let is_kept = |id: &str| kept.iter().any(|kept| kept.metric.id == id);
            let is_known = |id: &str| self.find(id).is_some() || other.find(id).is_some();
            let whole = |chosen: &Chosen| match (chosen.form(), &self.model) {
                (Form::Difference(one, two), _) => is_kept(one) && is_kept(two),
                (Form::Health, Some(model)) => model.reads().into_iter().all(|id| is_kept(id) || !is_known(id)),
                _ => true,
            };
            let rest: Vec<Chosen> = kept.iter().filter(|chosen| whole(chosen)).cloned().collect();
            if rest.len() == kept.len() {
                break;
            }
            kept = rest;
        }
        let model = if self.model == other.model { self.model.clone() } else { None };
        Self::new(kept, model, self.parameters.clone())
    }
}

fn is_of_model(chosen: &Chosen, definitions: &Definitions) -> bool {
    definitions.model.as_ref().is_some_and(|model| model.metrics().iter().any(|metric| metric.id == chosen.metric.id))
}
