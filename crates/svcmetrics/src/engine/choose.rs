//! Which metrics a table's columns allow, and which of them are asked for.

use crate::breakdown::Breakdown;
use crate::column::{Column, Name};
use crate::condition::Condition;
use crate::definitions::Chosen;
use crate::error::{Error, MissingColumns, Result};
use crate::health::HealthModel;
use crate::measure::Scope;
use crate::metric::{Form, Kind, Metric};
use crate::metrics::{self, CURRENCY};
use crate::request::Request;
use std::collections::BTreeMap;

/// Columns of the long frame; a key of that name could not be told from them.
pub(crate) const RESERVED: [&str; 13] = [
    "rows",
    "metric",
    "value",
    "numerator",
    "denominator",
    "counted",
    "missing",
    "invalid",
    "outside",
    "rounded",
    "undefined_reason",
    "low",
    "high",
];

/// Similarity from which a name counts as a near miss, from 0 to 1: a slip or two in a word of usual length.
const NEAR: f64 = 0.8;

/// Finds what a table allows.
pub(super) struct Chooser<'a> {
    pub(super) request: &'a Request,
    pub(super) names: &'a [String],
    pub(super) candidates: Vec<Metric>,
    pub(super) model: HealthModel,
}

impl Chooser<'_> {
    pub(super) fn has(&self, ours: &str) -> bool {
        self.names.iter().any(|name| name == self.request.source(ours))
    }

    pub(super) fn candidate(&self, id: &str) -> Option<&Metric> {
        self.candidates.iter().find(|metric| metric.id == id)
    }

    /// The metric of that id.
    pub(super) fn known(&self, id: &str) -> Result<&Metric> {
        self.candidate(id)
            .ok_or_else(|| no_metric(id, self.candidates.iter().map(|metric| metric.id.to_string()).collect()))
    }

    /// The first form that the table allows, or the columns it lacks for the first.
    pub(super) fn form(&self, metric: &Metric) -> Result<usize, Vec<String>> {
        let lacks: Vec<Vec<String>> = metric.forms.iter().map(|form| self.lacks(form)).collect();
        lacks.iter().position(Vec::is_empty).ok_or_else(|| lacks.into_iter().next().unwrap_or_default())
    }

    fn lacks(&self, form: &Form) -> Vec<String> {
        let mut lacks = Vec::new();
        let mut of_health = matches!(form, Form::Health);
        let of_metric = |id: &str| {
            self.candidate(id).map_or_else(|| vec![id.to_owned()], |metric| self.form(metric).err().unwrap_or_default())
        };
        if let Form::Difference(one, two) = form {
            lacks.extend(of_metric(one).into_iter().chain(of_metric(two)));
        }
        for column in form.scope().map(Scope::columns).unwrap_or_default() {
            if column.kind.is_computed() {
                of_health = true;
            } else if !self.has(&column.name) {
                lacks.push(column.name.to_string());
            }
        }
        // The bands of customers are known where their health is.
        of_health |= form
            .measures()
            .flat_map(|m| m.only.iter().flat_map(Condition::columns))
            .any(|column| column.kind.is_computed());
        if of_health {
            let components: Vec<Vec<String>> =
                self.model.components.iter().map(|component| of_metric(&component.metric)).collect();
            if !components.iter().any(Vec::is_empty) {
                lacks.extend(components.into_iter().flatten());
            }
        }
        let mut once = Vec::new();
        for column in lacks {
            if !once.contains(&column) {
                once.push(column);
            }
        }
        once
    }

    /// The names of the columns that the candidates read or ask for.
    fn readable(&self) -> Vec<&Column> {
        let scopes = self.candidates.iter().flat_map(|metric| &metric.forms).filter_map(Form::scope);
        let mut columns: Vec<&Column> = scopes
            .flat_map(|scope| scope.columns().into_iter().chain(scope.rules.iter().flat_map(Condition::columns)))
            .collect();
        for column in Breakdown::columns(|metric| self.candidate(metric).is_some()) {
            columns.push(column);
        }
        columns
    }

    fn near(&self, ours: &str) -> Vec<String> {
        let readable = self.readable();
        // What a metric of the user's own asks for may be a slip of a column that the catalogue knows, too.
        let of_own = |metric: &Metric| metric.columns().iter().any(|column| column.name == ours);
        let may_be_known = metrics::column(ours).is_none() && self.request.own.iter().any(of_own);
        let known = |name: &str| {
            !may_be_known && readable.iter().any(|column| column.name == name)
                || self.request.by.iter().any(|key| key == name)
        };
        let theirs = self
            .names
            .iter()
            .filter(|name| !known(name) && !self.request.columns.values().any(|(theirs, _)| theirs == *name));
        near(ours, theirs.map(String::as_str))
    }

    fn with_near(&self, lacks: Vec<String>) -> MissingColumns {
        lacks
            .into_iter()
            .map(|column| {
                let near = self.near(&column);
                (column, near)
            })
            .collect()
    }
}

/// Those of the names that come near one, nearest first.
pub(crate) fn near<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let plain =
        |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let target = plain(wanted);
    let mut scored: Vec<(f64, &str)> = names
        // distances are quadratic in length; no column name is that long by a slip
        .filter(|name| name.len() <= 3 * wanted.len() + 8)
        .map(|name| (strsim::normalized_damerau_levenshtein(&target, &plain(name)), name))
        .filter(|(similarity, _)| *similarity >= NEAR)
        .collect();
    scored.sort_by(|(one, a), (two, b)| two.total_cmp(one).then(a.cmp(b)));
    scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

/// The error for an id that is none. Half an id is no slip, but as near: `adoption` for `adoption_rate`.
pub(crate) fn no_metric(wanted: &str, available: Vec<String>) -> Error {
    let names = || available.iter().map(String::as_str);
    let mut near = near(wanted, names());
    if near.is_empty() {
        let holds = |id: &&str| id.split('_').any(|word| word == wanted) || id.starts_with(&format!("{wanted}_"));
        near = names().filter(holds).take(3).map(ToOwned::to_owned).collect();
    }
    Error::MetricNotFound { metric: wanted.to_owned(), near, available }
}

/// Names that are given must exist, and keys must not be taken for metrics.
pub(super) fn check_names(chooser: &Chooser<'_>) -> Result<()> {
    let (request, names) = (chooser.request, chooser.names);
    let not_found = |wanted: &str| Error::ColumnNotFound {
        metric: None,
        missing: vec![(wanted.to_owned(), near(wanted, names.iter().map(String::as_str)))],
        available: names.to_vec(),
    };
    for (position, key) in request.by.iter().enumerate() {
        let invalid = |problem: &str| Err(Error::KeyName { key: key.clone(), problem: problem.into() });
        if request.by[..position].contains(key) {
            return invalid("is named twice");
        }
        // also of other tables, since scorecards are joined
        if chooser.candidate(key).is_some() || metrics::find(key).is_some() {
            return invalid(if request.bins.contains_key(key) {
                "is named like a metric; give the bins a name of their own"
            } else {
                "is named like a metric; rename the column"
            });
        }
        if RESERVED.contains(&key.as_str()) {
            return invalid("is named like a column of the result; rename the column");
        }
        let column = request.key_column(key);
        if !names.iter().any(|name| name == column) {
            return Err(not_found(column));
        }
    }
    if let Some(key) = request.bins.keys().find(|key| !request.by.contains(key)) {
        let expected = format!("keys, of which there are {}", request.by.len());
        return Err(Error::InvalidOption { option: "bins".into(), found: key.clone(), expected });
    }
    if let Some(period) = &request.period
        && !request.by.contains(period)
    {
        let expected = if request.by.is_empty() {
            "one of the keys, and there are none".to_owned()
        } else {
            format!("one of the keys {}", request.by.join(", "))
        };
        return Err(Error::InvalidOption { option: "period".into(), found: period.clone(), expected });
    }
    if let Some(unique) = &request.unique
        && !names.iter().any(|name| name == request.source(unique))
    {
        return Err(not_found(request.source(unique)));
    }
    let read = chooser.readable();
    let mut ours: Vec<&str> = vec![request.subject.identity(), CURRENCY];
    ours.extend(read.iter().map(|column| column.name.as_ref()));
    for (column, (theirs, unit)) in &request.columns {
        if !ours.contains(&column.as_str()) {
            let close = near(column, ours.iter().copied());
            let expected = if close.is_empty() {
                "columns that the metrics read".to_owned()
            } else {
                format!("did you mean '{}'?", close[0])
            };
            return Err(Error::InvalidOption { option: "columns".into(), found: column.clone(), expected });
        }
        if !names.contains(theirs) {
            return Err(not_found(theirs));
        }
        unit.fits(column, read.iter().copied().find(|known| known.name == *column))?;
    }
    Ok(())
}

/// The metrics to compute, in the catalogue's order, with those that others read; and those that cannot be.
pub(super) fn choose(chooser: &Chooser<'_>) -> Result<(Vec<Chosen>, BTreeMap<String, MissingColumns>)> {
    let mut wanted: Vec<&str> = Vec::new();
    let mut not_measured = BTreeMap::new();
    match &chooser.request.metrics {
        Some(ids) => {
            for id in ids {
                let metric = chooser.known(id)?;
                if let Err(lacks) = chooser.form(metric) {
                    let (metric, available) = (Some(id.clone()), chooser.names.to_vec());
                    return Err(Error::ColumnNotFound { metric, missing: chooser.with_near(lacks), available });
                }
                wanted.push(&metric.id);
            }
        }
        None => {
            for metric in &chooser.candidates {
                match chooser.form(metric) {
                    Ok(_) => wanted.push(&metric.id),
                    Err(lacks) => {
                        not_measured.insert(metric.id.to_string(), chooser.with_near(lacks));
                    }
                }
            }
        }
    }
    // What is read by others comes along, unseen.
    let mut needed = wanted.clone();
    let mut position = 0;
    while let Some(metric) = needed.get(position).and_then(|id| chooser.candidate(id)) {
        let Ok(form) = chooser.form(metric) else { break };
        let form = &metric.forms[form];
        let mut reads: Vec<&str> = Vec::new();
        if let Form::Difference(one, two) = form {
            reads.extend([one.as_ref(), two.as_ref()]);
        }
        if matches!(form, Form::Health) || form.is_computed() {
            reads.extend(chooser.model.reads().into_iter().map(AsRef::<str>::as_ref));
        }
        for id in reads {
            let metric = chooser.known(id)?;
            if !needed.contains(&metric.id.as_ref()) && chooser.form(metric).is_ok() {
                needed.push(&metric.id);
            }
        }
        position += 1;
    }
    let chosen = |metric: &Metric| {
        let form = chooser.form(metric).ok()?;
        needed.contains(&metric.id.as_ref()).then(|| Chosen {
            metric: metric.clone(),
            form,
            shown: wanted.contains(&metric.id.as_ref()),
        })
    };
    Ok((chooser.candidates.iter().filter_map(chosen).collect(), not_measured))
}

/// Nothing is made of itself, be it by way of other metrics or of health, or of a mix, which has no one figure.
pub(crate) fn no_circles(candidates: &[Metric], model: &HealthModel) -> Result<()> {
    let parts_of = |form: &Form| -> Vec<Name> {
        match form {
            Form::Difference(one, two) => vec![one.clone(), two.clone()],
            form if matches!(form, Form::Health) || form.is_computed() => model.reads().into_iter().cloned().collect(),
            _ => Vec::new(),
        }
    };
    // Metrics made of settled ones are settled; what never settles goes in circles.
    let parts = |metric: &Metric| metric.forms.iter().flat_map(parts_of).collect::<Vec<_>>();
    let mut open: Vec<(&Name, Vec<Name>)> = candidates.iter().map(|metric| (&metric.id, parts(metric))).collect();
    let mixes: Vec<&Name> =
        candidates.iter().filter(|metric| metric.kind == Kind::Mix).map(|metric| &metric.id).collect();
    for (id, parts) in &open {
        if let Some(mix) = parts.iter().find(|part| mixes.contains(part)) {
            let problem = format!("it is made of {mix}, a mix, which has no one figure");
            return Err(Error::InvalidDefinition { what: "metric", id: id.to_string(), problem });
        }
    }
    while !open.is_empty() {
        let before = open.len();
        let ids: Vec<&Name> = open.iter().map(|(id, _)| *id).collect();
        open.retain(|(_, parts)| parts.iter().any(|part| ids.contains(&part)));
        if open.len() == before {
            let problem = "it is made of itself, if only by way of others".to_owned();
            return Err(Error::InvalidDefinition { what: "metric", id: open[0].0.to_string(), problem });
        }
    }
    Ok(())
}
