//! From a request and a table's column names to what is computed: which metrics, columns, masks and sums.

use super::intake::Reading;
pub use super::intake::ColumnUnit;
use crate::condition::Condition;
use crate::definitions::{Chosen, Definitions, Parameters};
use crate::error::{Error, MissingColumns, Result};
use crate::health::{HEALTH_BAND, HEALTH_SCORE, HealthModel, Scoring};
use crate::measure::{Column, ColumnKind, Expression};
use crate::metric::{Form, Metric};
use crate::metrics::{self, CURRENCY, CUSTOMER_ID, REVENUE_END, REVENUE_START};
use crate::request::Request;
use std::collections::BTreeMap;

/// Columns of the long frame; a key of that name could not be told from them.
const RESERVED: [&str; 13] = [
    "rows", "metric", "value", "numerator", "denominator", "counted", "missing", "invalid", "outside", "rounded", "undefined_reason", "low", "high",
];

/// Similarity from which a name counts as a near miss, from 0 to 1: a slip or two in a word of usual length.
const NEAR: f64 = 0.8;

/// A column made ready: where its block of cells stands, and whether they count millionths.
pub(crate) type Slot = usize;

#[derive(Debug, Clone)]
pub(crate) struct PlannedColumn {
    pub(crate) column: Column,
    /// The caller's name for it.
    pub(crate) source: String,
    pub(crate) reading: Reading,
    /// The first metric that reads it.
    pub(crate) metric: String,
}

#[derive(Debug, Clone)]
pub(crate) struct PlannedScope {
    pub(crate) among: Option<Condition<Slot>>,
    pub(crate) among_slots: Vec<Slot>,
    pub(crate) reads: Vec<Slot>,
    pub(crate) rules: Vec<(Condition<Slot>, Condition)>,
    /// The first metric that counts its rows.
    pub(crate) metric: String,
    /// Whether it can only be judged once health is known.
    pub(crate) after_health: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct PlannedSum {
    pub(crate) scope: usize,
    pub(crate) sum: Expression<Slot>,
    pub(crate) micro: bool,
    pub(crate) only: Option<Condition<Slot>>,
}

/// How one metric that health reads is evaluated on a row.
#[derive(Debug, Clone)]
pub(crate) enum RowMetric {
    /// The table lacks its columns.
    Absent,
    /// Positions of measures with coefficients; no denominator for an amount.
    Quotient { scope: usize, numerator: Vec<(i32, usize)>, denominator: Option<Vec<(i32, usize)>> },
    Difference(Box<RowMetric>, Box<RowMetric>),
}

#[derive(Debug, Clone)]
pub(crate) struct PlannedHealth {
    pub(crate) scoring: Scoring,
    pub(crate) reads: Vec<RowMetric>,
    pub(crate) score: Slot,
    pub(crate) band: Slot,
}

/// What is computed.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) definitions: Definitions,
    pub(crate) by: Vec<String>,
    pub(crate) period: Option<usize>,
    pub(crate) columns: Vec<PlannedColumn>,
    pub(crate) scopes: Vec<PlannedScope>,
    pub(crate) sums: Vec<PlannedSum>,
    pub(crate) health: Option<PlannedHealth>,
    /// The two revenues, where the table has both and a metric reads one.
    pub(crate) revenues: Option<(Slot, Slot)>,
    pub(crate) currency: Option<String>,
    pub(crate) identity: Option<String>,
    pub(crate) not_measured: BTreeMap<String, MissingColumns>,
}

/// Gives each column that is read a place of its own.
struct Slots<'a> {
    request: &'a Request,
    columns: Vec<PlannedColumn>,
}

impl Slots<'_> {
    fn add(&mut self, column: &Column, metric: &str) -> Result<Slot> {
        if let Some(position) = self.columns.iter().position(|planned| planned.column.name == column.name) {
            if self.columns[position].column.kind != column.kind {
                let problem = format!("'{}' is read as two kinds of column", column.name);
                return Err(Error::InvalidDefinition { what: "metric", id: metric.into(), problem });
            }
            return Ok(position);
        }
        let request = self.request;
        let unit = request.columns.get(column.name.as_ref()).map_or(ColumnUnit::OWN, |(_, unit)| *unit);
        let reading = Reading { policy: request.money, scale: request.scale, nan_is_missing: request.nan_is_missing, unit };
        reading.validate(&column.name, column.kind)?;
        let source = request.source(&column.name).to_owned();
        self.columns.push(PlannedColumn { column: column.clone(), source, reading, metric: metric.to_owned() });
        Ok(self.columns.len() - 1)
    }

    /// The place of a column that was added.
    fn place(&self, column: &Column) -> Slot {
        self.columns.iter().position(|planned| planned.column.name == column.name).unwrap_or_default()
    }
}

/// Finds what a table allows.
struct Chooser<'a> {
    request: &'a Request,
    names: &'a [String],
    candidates: Vec<Metric>,
    model: HealthModel,
}

impl Chooser<'_> {
    fn has(&self, ours: &str) -> bool {
        self.names.iter().any(|name| name == self.request.source(ours))
    }

    fn candidate(&self, id: &str) -> Option<&Metric> {
        self.candidates.iter().find(|metric| metric.id == id)
    }

    /// The first form that the table allows, or the columns it lacks for the first.
    fn form(&self, metric: &Metric) -> Result<usize, Vec<String>> {
        let lacks: Vec<Vec<String>> = metric.forms.iter().map(|form| self.lacks(form)).collect();
        lacks.iter().position(Vec::is_empty).ok_or_else(|| lacks.into_iter().next().unwrap_or_default())
    }

    fn lacks(&self, form: &Form) -> Vec<String> {
        let mut lacks = Vec::new();
        let mut of_health = matches!(form, Form::Health);
        let of_metric = |id: &str| self.candidate(id).map_or_else(|| vec![id.to_owned()], |metric| self.form(metric).err().unwrap_or_default());
        if let Form::Difference(one, two) = form {
            lacks.extend(of_metric(one).into_iter().chain(of_metric(two)));
        }
        for column in form.scope().map(crate::measure::Scope::columns).unwrap_or_default() {
            if column.kind.is_computed() {
                of_health = true;
            } else if !self.has(&column.name) {
                lacks.push(column.name.to_string());
            }
        }
        // The bands of customers are known where their health is.
        of_health |= form.measures().flat_map(|m| m.only.iter().flat_map(Condition::columns)).any(|column| column.kind.is_computed());
        if of_health {
            let components: Vec<Vec<String>> = self.model.components.iter().map(|component| of_metric(&component.metric)).collect();
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

    fn near(&self, ours: &str) -> Vec<String> {
        let known = |name: &str| metrics::column(name).is_some() || self.request.by.iter().any(|key| key == name);
        let theirs = self.names.iter().filter(|name| !known(name) && !self.request.columns.values().any(|(theirs, _)| theirs == *name));
        near(ours, theirs.map(String::as_str))
    }

    fn with_near(&self, lacks: Vec<String>) -> MissingColumns {
        lacks.into_iter().map(|column| { let near = self.near(&column); (column, near) }).collect()
    }
}

/// Those of the names that come near one, nearest first.
pub(crate) fn near<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let plain = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
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

impl Plan {
    pub(crate) fn new(request: &Request, names: &[String]) -> Result<Self> {
        let has = |ours: &str| names.iter().any(|name| name == request.source(ours));
        let model = match &request.health {
            Some(model) => model.clone(),
            None if has("goals_met") && has("goals_total") => HealthModel::standard(),
            None => HealthModel::standard_without_plan(),
        };
        model.validate()?;
        let model = model.resolved(has);
        let chooser = Chooser { request, names, candidates: request.candidates(&model), model };
        check_names(&chooser)?;

        let (chosen, not_measured) = choose(&chooser)?;
        let of_health = |chosen: &Chosen| matches!(chosen.form(), Form::Health) || computed(chosen.form());
        let model = chosen.iter().any(of_health).then_some(chooser.model.clone());
        let parameters = Parameters { scale: request.scale, absent_revenue: None, currency: None };
        let definitions = Definitions::new(chosen, model, parameters)?;
        Self::compile(&chooser, definitions, not_measured)
    }

    fn compile(chooser: &Chooser<'_>, definitions: Definitions, not_measured: BTreeMap<String, MissingColumns>) -> Result<Self> {
        let request = chooser.request;
        let mut slots = Slots { request, columns: Vec::new() };
        // First every column gets its slot, then conditions and sums are made ready with them.
        let mut kept_rules: Vec<Vec<&Condition>> = Vec::new();
        let mut readers = Vec::new();
        for scope in &definitions.scopes {
            let reader = definitions.chosen.iter().filter(|chosen| chosen.form().scope() == Some(scope)).max_by_key(|chosen| chosen.shown);
            let metric = reader.map_or_else(|| scope.id.to_string(), |chosen| chosen.metric.id.to_string());
            // A rule is asked where the table has all of its columns.
            let rules: Vec<&Condition> = scope.rules.iter().filter(|rule| rule.columns().iter().all(|column| chooser.has(&column.name))).collect();
            for column in scope.columns().into_iter().chain(rules.iter().flat_map(|rule| rule.columns())) {
                slots.add(column, &metric)?;
            }
            kept_rules.push(rules);
            readers.push(metric);
        }
        for measure in &definitions.measures {
            for column in measure.sum.columns().chain(measure.only.iter().flat_map(Condition::columns)) {
                slots.add(column, &measure.id)?;
            }
        }
        let reads_revenue = slots.columns.iter().any(|planned| [REVENUE_START, REVENUE_END].contains(&planned.column));
        let revenues = if reads_revenue && chooser.has(&REVENUE_START.name) && chooser.has(&REVENUE_END.name) {
            Some((slots.add(&REVENUE_START, "revenue_start")?, slots.add(&REVENUE_END, "revenue_end")?))
        } else {
            None
        };
        let health = match &definitions.model {
            None => None,
            Some(model) => Some(PlannedHealth {
                scoring: Scoring::new(model),
                reads: model.reads().into_iter().map(|id| row_metric(&definitions, id)).collect(),
                score: slots.add(&HEALTH_SCORE, "health")?,
                band: slots.add(&HEALTH_BAND, "health")?,
            }),
        };

        let place = |column: &Column| slots.place(column);
        let scopes = definitions.scopes.iter().zip(kept_rules).zip(readers).map(|((scope, rules), metric)| PlannedScope {
            among: scope.among.as_ref().map(|among| among.map(&place)),
            among_slots: scope.among.iter().flat_map(Condition::columns).map(place).collect(),
            reads: scope.reads.iter().map(place).collect(),
            after_health: scope.columns().iter().any(|column| column.kind.is_computed()),
            rules: rules.into_iter().map(|rule| (rule.map(&place), rule.clone())).collect(),
            metric,
        });
        let sums = definitions.measures.iter().map(|measure| PlannedSum {
            scope: definitions.scope_position(measure.scope.id()).unwrap_or_default(),
            sum: measure.sum.map(&place),
            micro: measure.is_micro(),
            only: measure.only.as_ref().map(|only| only.map(&place)),
        });
        let is_money = |planned: &PlannedColumn| matches!(planned.column.kind, ColumnKind::Money | ColumnKind::SignedMoney);
        let currency = slots.columns.iter().any(is_money) && chooser.has(CURRENCY) && !request.by.iter().any(|key| key == request.source(CURRENCY));
        let period = request.period.as_deref().unwrap_or("period");
        Ok(Self {
            by: request.by.clone(),
            period: request.by.iter().position(|key| key == period),
            scopes: scopes.collect(),
            sums: sums.collect(),
            health,
            revenues,
            currency: currency.then(|| request.source(CURRENCY).to_owned()),
            identity: request.unique.as_deref().map(|unique| request.source(unique).to_owned()),
            columns: slots.columns,
            definitions,
            not_measured,
        })
    }

    /// The caller's columns that are read, each once.
    pub(crate) fn sources(&self) -> Vec<String> {
        let read = self.columns.iter().filter(|planned| !planned.column.kind.is_computed()).map(|planned| &planned.source);
        let mut sources: Vec<String> = Vec::new();
        for source in self.by.iter().chain(read).chain(&self.currency).chain(&self.identity) {
            if !sources.contains(source) {
                sources.push(source.clone());
            }
        }
        sources
    }
}

/// Names that are given must exist, and keys must not be taken for metrics.
fn check_names(chooser: &Chooser<'_>) -> Result<()> {
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
        if chooser.candidate(key).is_some() {
            return invalid("is named like a metric; rename the column");
        }
        if RESERVED.contains(&key.as_str()) {
            return invalid("is named like a column of the result; rename the column");
        }
        if !names.contains(key) {
            return Err(not_found(key));
        }
    }
    if let Some(period) = &request.period
        && !request.by.contains(period)
    {
        let expected = if request.by.is_empty() { "one of the keys, and there are none".to_owned() } else { format!("one of the keys {}", request.by.join(", ")) };
        return Err(Error::InvalidOption { option: "period".into(), found: period.clone(), expected });
    }
    if let Some(unique) = &request.unique
        && !names.iter().any(|name| name == request.source(unique))
    {
        return Err(not_found(request.source(unique)));
    }
    let mut ours: Vec<&str> = vec![CUSTOMER_ID, CURRENCY];
    for metric in &chooser.candidates {
        let scopes = metric.forms.iter().filter_map(Form::scope);
        ours.extend(scopes.flat_map(|scope| scope.columns().into_iter().chain(scope.rules.iter().flat_map(Condition::columns))).map(|c| c.name.as_ref()));
    }
    for (column, (theirs, _)) in &request.columns {
        if !ours.contains(&column.as_str()) {
            let close = near(column, ours.iter().copied());
            let expected = if close.is_empty() { "columns that the metrics read".to_owned() } else { format!("did you mean '{}'?", close[0]) };
            return Err(Error::InvalidOption { option: "columns".into(), found: column.clone(), expected });
        }
        if !names.contains(theirs) {
            return Err(not_found(theirs));
        }
    }
    Ok(())
}

/// The metrics to compute, in the catalogue's order, with those that others read; and those that cannot be.
fn choose(chooser: &Chooser<'_>) -> Result<(Vec<Chosen>, BTreeMap<String, MissingColumns>)> {
    let mut wanted: Vec<&str> = Vec::new();
    let mut not_measured = BTreeMap::new();
    match &chooser.request.metrics {
        Some(ids) => {
            for id in ids {
                let Some(metric) = chooser.candidate(id) else {
                    let available: Vec<String> = chooser.candidates.iter().map(|metric| metric.id.to_string()).collect();
                    let near = near(id, available.iter().map(String::as_str));
                    return Err(Error::MetricNotFound { metric: id.clone(), near, available });
                };
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
        if matches!(form, Form::Health) || computed(form) {
            reads.extend(chooser.model.reads().into_iter().map(AsRef::<str>::as_ref));
        }
        for id in reads {
            let Some(metric) = chooser.candidate(id) else {
                let available: Vec<String> = chooser.candidates.iter().map(|metric| metric.id.to_string()).collect();
                return Err(Error::MetricNotFound { metric: id.to_owned(), near: near(id, available.iter().map(String::as_str)), available });
            };
            if !needed.contains(&metric.id.as_ref()) && chooser.form(metric).is_ok() {
                needed.push(&metric.id);
            }
        }
        position += 1;
    }
    let chosen = |metric: &Metric| {
        let form = chooser.form(metric).ok()?;
        needed.contains(&metric.id.as_ref()).then(|| Chosen { metric: metric.clone(), form, shown: wanted.contains(&metric.id.as_ref()) })
    };
    Ok((chooser.candidates.iter().filter_map(chosen).collect(), not_measured))
}

/// Whether a form reads what the health model computes.
fn computed(form: &Form) -> bool {
    let asked = form.measures().flat_map(|measure| measure.only.iter().flat_map(Condition::columns));
    form.scope().map(crate::measure::Scope::columns).unwrap_or_default().into_iter().chain(asked).any(|column| column.kind.is_computed())
}

fn row_metric(definitions: &Definitions, id: &str) -> RowMetric {
    let Some(chosen) = definitions.find(id) else { return RowMetric::Absent };
    let first = definitions.measure_lane(0);
    let positions = |terms| definitions.lanes(terms).map(|(coefficient, lane)| (coefficient, lane - first)).collect();
    let scope = chosen.form().scope().and_then(|scope| definitions.scope_position(scope.id())).unwrap_or_default();
    match chosen.form() {
        Form::Quotient { numerator, denominator } => RowMetric::Quotient { scope, numerator: positions(numerator), denominator: Some(positions(denominator)) },
        Form::Amount(amount) => RowMetric::Quotient { scope, numerator: positions(amount), denominator: None },
        Form::Difference(one, two) => RowMetric::Difference(Box::new(row_metric(definitions, one)), Box::new(row_metric(definitions, two))),
        Form::Health => RowMetric::Absent,
    }
}
