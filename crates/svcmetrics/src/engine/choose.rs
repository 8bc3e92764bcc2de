//! Which metrics a table's columns allow, and which of them are asked for.

use crate::breakdown::Breakdown;
use crate::column::{Column, Name};
use crate::condition::Condition;
use crate::definitions::Chosen;
use crate::engine::plan::each_once;
use crate::error::{Error, MissingColumns, Result};
use crate::health::HealthModel;
use crate::measure::Scope;
use crate::metric::{Form, Kind, Metric};
use crate::metrics::{self, CURRENCY};
use crate::request::Request;
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

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

/// Letters of a name in which one slip is more than that, and what was meant is still to be seen.
const SHORT: RangeInclusive<usize> = 3..=4;

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

    /// The columns that the candidates read or ask for.
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

    /// The table's names that may be slips of ours: not keys or mapped ones; and those that are read only for what a metric
    /// of the user's own asks for, which may be a slip of a column that the catalogue knows, too.
    fn near_misses(&self) -> NearMisses<'_> {
        let readable = self.readable();
        let read = |name: &str| readable.iter().any(|column| column.name == name);
        let mapped: Vec<&String> = self.request.columns.values().map(|(theirs, _)| theirs).collect();
        let free = self.names.iter().filter(|name| !self.request.by.contains(name) && !mapped.contains(name));
        let mut near_misses = NearMisses::new(free.map(|name| (name.as_str(), read(name))));
        let own = self.request.own.iter().flat_map(Metric::columns).map(|column| column.name.to_string());
        near_misses.of_own = own.filter(|name| metrics::column(name).is_none()).collect();
        near_misses
    }
}

/// A name's letters and digits in lower case, and the same in order.
struct Letters {
    plain: Vec<char>,
    sorted: Vec<char>,
}

impl Letters {
    fn of(name: &str) -> Self {
        let plain: Vec<char> = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let mut sorted = plain.clone();
        sorted.sort_unstable();
        Self { plain, sorted }
    }

    /// From 0 to 1; nothing below what is near. Many short names are a slip away from each other: near ones begin alike, too.
    #[allow(clippy::cast_precision_loss)] // names are short
    fn similarity(&self, other: &Self) -> Option<f64> {
        let longer = self.plain.len().max(other.plain.len());
        let similarity = |slips: usize| 1.0 - slips as f64 / longer.max(1) as f64;
        let begins_alike = self.plain.first() == other.plain.first();
        let is_near =
            |slips: usize| similarity(slips) >= NEAR || (slips <= 1 && SHORT.contains(&longer) && begins_alike);
        // Letters that the other lacks are slips in whatever order, and quickly counted.
        if !is_near(longer - self.shared(other)) {
            return None;
        }
        let slips = strsim::generic_damerau_levenshtein(&self.plain, &other.plain);
        is_near(slips).then(|| similarity(slips))
    }

    fn shared(&self, other: &Self) -> usize {
        let (mut one, mut two, mut shared) = (0, 0, 0);
        while let (Some(left), Some(right)) = (self.sorted.get(one), other.sorted.get(two)) {
            shared += usize::from(left == right);
            (one, two) = (one + usize::from(left <= right), two + usize::from(right <= left));
        }
        shared
    }
}

/// Names among which near ones are looked for; each wanted one once, since metrics share their columns.
struct NearMisses<'a> {
    /// With whether they are read already.
    names: Vec<(Letters, &'a str, bool)>,
    /// What may be a slip of names that are read already.
    of_own: Vec<String>,
    found: HashMap<String, Vec<String>>,
}

impl<'a> NearMisses<'a> {
    fn new(names: impl Iterator<Item = (&'a str, bool)>) -> Self {
        let names = names.map(|(name, read)| (Letters::of(name), name, read)).collect();
        Self { names, of_own: Vec::new(), found: HashMap::new() }
    }

    /// Those that come near one, nearest first.
    fn of(&mut self, wanted: &str) -> Vec<String> {
        if let Some(found) = self.found.get(wanted) {
            return found.clone();
        }
        let target = Letters::of(wanted);
        let may_be_read = self.of_own.iter().any(|own| own == wanted);
        let names = self.names.iter().filter(|(.., read)| may_be_read || !read);
        let mut scored: Vec<(f64, &str)> =
            names.filter_map(|(letters, name, _)| Some((target.similarity(letters)?, *name))).collect();
        scored.sort_by(|(one, a), (two, b)| two.total_cmp(one).then(a.cmp(b)));
        let found: Vec<String> = scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect();
        self.found.insert(wanted.to_owned(), found.clone());
        found
    }

    fn of_all(&mut self, wanted: Vec<String>) -> MissingColumns {
        wanted
            .into_iter()
            .map(|column| {
                let near = self.of(&column);
                (column, near)
            })
            .collect()
    }
}

/// Those of the names that come near one, nearest first.
pub(crate) fn near<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    NearMisses::new(names.map(|name| (name, false))).of(wanted)
}

/// The error for a metric that is asked for and not measured: an option that is not given, or columns that the table lacks.
pub(crate) fn not_measured(metric: &str, missing: MissingColumns, available: Vec<String>) -> Error {
    let (options, columns): (MissingColumns, MissingColumns) =
        missing.into_iter().partition(|(name, _)| metrics::OPTIONS.contains(&name.as_str()));
    match options.into_iter().next() {
        Some((option, _)) if columns.is_empty() => Error::InvalidOption {
            option,
            found: "nothing".into(),
            expected: format!("the scale of the survey's answers, which {metric} cannot do without"),
        },
        _ => Error::ColumnNotFound { metric: Some(metric.to_owned()), missing: columns, available },
    }
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

impl Request {
    /// Each key is named once, and the period is one of them.
    pub(crate) fn check_keys(&self) -> Result<()> {
        if let Some((_, key)) = self.by.iter().enumerate().find(|(position, key)| self.by[..*position].contains(key)) {
            return Err(Error::KeyName { key: key.clone(), problem: "is named twice".into() });
        }
        match &self.period {
            Some(period) if !self.by.contains(period) => {
                let expected = if self.by.is_empty() {
                    "one of the keys, and there are none".to_owned()
                } else {
                    format!("one of the keys {}", self.by.join(", "))
                };
                Err(Error::InvalidOption { option: "period".into(), found: period.clone(), expected })
            }
            _ => Ok(()),
        }
    }
}

/// Names that are given must exist, and keys must not be taken for metrics.
pub(super) fn check_names(chooser: &Chooser<'_>) -> Result<()> {
    let (request, names) = (chooser.request, chooser.names);
    // all of them are named
    let mut missing: Vec<&str> = Vec::new();
    request.check_keys()?;
    for key in &request.by {
        let invalid = |problem: &str| Err(Error::KeyName { key: key.clone(), problem: problem.into() });
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
            missing.push(column);
        }
    }
    if let Some(key) = request.bins.keys().find(|key| !request.by.contains(key)) {
        let expected = format!("keys, of which there are {}", request.by.len());
        return Err(Error::InvalidOption { option: "bins".into(), found: key.clone(), expected });
    }
    if let Some(unique) = &request.unique
        && !names.iter().any(|name| name == request.source(unique))
    {
        missing.push(request.source(unique));
    }
    let read = chooser.readable();
    let mut ours: Vec<&str> = vec![request.subject.identity(), CURRENCY];
    ours.extend(read.iter().map(|column| column.name.as_ref()));
    for (column, (theirs, unit)) in &request.columns {
        if !ours.contains(&column.as_str()) {
            let close = near(column, ours.iter().copied());
            let hint = close.first().map(|close| format!(" (did you mean '{close}'?)")).unwrap_or_default();
            let expected = format!("columns that the metrics read{hint}");
            return Err(Error::InvalidOption { option: "columns".into(), found: column.clone(), expected });
        }
        if !names.contains(theirs) {
            missing.push(theirs);
        }
        unit.fits(column, read.iter().copied().find(|known| known.name == *column))?;
    }
    if missing.is_empty() {
        return Ok(());
    }
    let missing = each_once(missing.into_iter().map(ToOwned::to_owned));
    Err(Error::ColumnNotFound {
        metric: None,
        missing: NearMisses::new(names.iter().map(|name| (name.as_str(), false))).of_all(missing),
        available: names.to_vec(),
    })
}

/// The metrics to compute, in the catalogue's order, with those that others read; and those that cannot be.
pub(super) fn choose(chooser: &Chooser<'_>) -> Result<(Vec<Chosen>, BTreeMap<String, MissingColumns>)> {
    let mut wanted: Vec<&str> = Vec::new();
    let mut not_measured = BTreeMap::new();
    let mut near_misses = chooser.near_misses();
    match &chooser.request.metrics {
        Some(ids) => {
            for id in ids {
                let metric = chooser.known(id)?;
                if let Err(lacks) = chooser.form(metric) {
                    let missing = near_misses.of_all(lacks);
                    return Err(self::not_measured(id, missing, chooser.names.to_vec()));
                }
                wanted.push(&metric.id);
            }
        }
        None => {
            for metric in &chooser.candidates {
                match chooser.form(metric) {
                    Ok(_) => wanted.push(&metric.id),
                    Err(lacks) => {
                        not_measured.insert(metric.id.to_string(), near_misses.of_all(lacks));
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
