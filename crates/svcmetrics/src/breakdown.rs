//! Breakdowns: what some metrics come to by one more key than the scorecard has, kept as a scorecard of those keys.

use crate::column::Column;
use crate::condition::{Comparison, Condition};
use crate::definitions::Definitions;
use crate::figure::Unit;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Form, Metric};
use crate::metrics::{self, GAIN_REASON, LOSS_REASON, REVENUE_END, REVENUE_START, RunRate};
use crate::request::Request;
use std::sync::LazyLock;

/// What is broken down, and by which column.
#[derive(Debug)]
pub(crate) struct Breakdown {
    pub(crate) name: &'static str,
    /// What stands in the further key.
    pub(crate) column: Column,
    /// What the further key is called.
    pub(crate) key: &'static str,
    /// The metric that is broken down: where that is asked for, so is this.
    pub(crate) of: &'static str,
    /// A metric that comes along where it is computed.
    pub(crate) beside: Option<&'static str>,
    /// Counts the rows that have something in them to break down, where the metric itself does not.
    pub(crate) rows: Option<Metric>,
    /// The metrics of a ledger that count the same: it has no rows of customers.
    heads: &'static [&'static str],
}

static BREAKDOWNS: LazyLock<Vec<Breakdown>> = LazyLock::new(|| reasons().into_iter().chain(mixes()).collect());

fn reasons() -> [Breakdown; 2] {
    [
        Breakdown {
            name: "loss",
            column: LOSS_REASON,
            key: "loss_reason",
            of: "revenue_lost",
            beside: Some("avoidable_loss_share"),
            rows: Some(customers("customers_with_loss", "Customers with a loss", REVENUE_START, REVENUE_END)),
            heads: &["customers_contracted", "customers_churned"],
        },
        Breakdown {
            name: "gain",
            column: GAIN_REASON,
            key: "gain_reason",
            of: "revenue_added",
            beside: None,
            rows: Some(customers("customers_with_gain", "Customers with a gain", REVENUE_END, REVENUE_START)),
            heads: &["customers_new", "customers_reactivated", "customers_expanded"],
        },
    ]
}

/// One a mix of the catalogue, of its name.
fn mixes() -> impl Iterator<Item = Breakdown> {
    let by = |metric: &'static Metric| metric.forms().iter().find_map(Form::mixed_by).map(|by| (metric.id(), by));
    metrics::catalog().iter().filter_map(by).map(|(id, by)| Breakdown {
        name: id,
        column: by.clone(),
        // No key is called so: a mix by its own column is one, too.
        key: "value",
        of: id,
        beside: None,
        rows: None,
        heads: &[],
    })
}

/// Counts the rows in which one revenue is above the other.
fn customers(id: &'static str, title: &'static str, more: Column, less: Column) -> Metric {
    // The rows that the amounts see: an id of a scope stands for one definition.
    let scope = metrics::find("revenue_lost").and_then(|lost| lost.forms().first().and_then(Form::scope));
    let scope = scope.cloned().unwrap_or_else(|| Scope::new("revenue"));
    let count = Measure::count(id, &scope, Time::Flow).only(Condition::compare(more, Comparison::More, less));
    Metric::amount(id, title, Unit::Number, vec![(1, count)])
}

impl Breakdown {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        BREAKDOWNS.iter().find(|breakdown| breakdown.name == name)
    }

    /// All that it can hold.
    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let found = [Some(self.of), self.beside].into_iter().flatten().filter_map(metrics::find).cloned();
        found.chain(self.rows.clone()).collect()
    }

    /// All that it can hold of a ledger, whose amounts are shown as such.
    pub(crate) fn metrics_of_ledger(&self, run_rate: RunRate) -> Vec<Metric> {
        let all = metrics::of_ledger(run_rate);
        let heads = all.iter().filter(|metric| self.heads.contains(&metric.id()));
        let heads = heads.flat_map(|metric| metric.forms().iter().flat_map(Form::measures));
        let heads = Form::Amount(heads.map(|measure| (1, measure.clone())).collect());
        let rows = self.rows.clone().map(|rows| Metric { forms: vec![heads], ..rows });
        let is_shown = |metric: &&Metric| metric.id() == self.of || self.beside == Some(metric.id());
        all.iter().filter(is_shown).cloned().chain(rows).collect()
    }

    /// The columns that say by what metrics are broken down, of those for which `asked` holds.
    pub(crate) fn columns(asked: impl Fn(&str) -> bool) -> impl Iterator<Item = &'static Column> {
        BREAKDOWNS.iter().filter(move |breakdown| asked(breakdown.of)).map(|breakdown| &breakdown.column)
    }
}

impl Request {
    /// The breakdowns of what is computed that a table of those columns allows, each with what it asks of the table. A key
    /// is not broken down by itself, but for a mix.
    pub(crate) fn breakdowns(&self, definitions: &Definitions, names: &[String]) -> Vec<(&'static Breakdown, Self)> {
        let allowed = |breakdown: &&Breakdown| {
            let (ours, theirs) = (breakdown.column.name.as_ref(), self.source(&breakdown.column.name));
            definitions.find(breakdown.of).is_some_and(|chosen| chosen.shown)
                && names.iter().any(|name| name == theirs)
                && !self.bins.contains_key(theirs)
                && (breakdown.key != ours || !self.by.iter().any(|key| key == ours || key == theirs))
        };
        BREAKDOWNS
            .iter()
            .filter(allowed)
            .map(|breakdown| (breakdown, self.broken_down(breakdown, definitions)))
            .collect()
    }

    /// Reads what the request itself reads, and nothing else: what is wrong with the rows is found there.
    fn broken_down(&self, breakdown: &'static Breakdown, definitions: &Definitions) -> Self {
        let computed = |metric: &Metric| {
            breakdown.rows.as_ref().is_some_and(|rows| rows.id == metric.id)
                || definitions.find(metric.id()).is_some_and(|chosen| definitions.is_summed(chosen))
        };
        let ids = breakdown.metrics().into_iter().filter(computed).map(|metric| metric.id.to_string());
        let mut by = self.by.clone();
        by.push(self.source(&breakdown.column.name).to_owned());
        Self {
            by,
            // Nothing is named so: the further key is not time, whatever the table calls it.
            period: Some(self.time_key().unwrap_or_default().to_owned()),
            metrics: Some(ids.collect()),
            own: Vec::new(),
            health: None,
            quantiles: false,
            spread: false,
            unique: None,
            breakdown: Some(breakdown),
            ..self.clone()
        }
    }
}
