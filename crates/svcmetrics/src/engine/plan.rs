//! From a request and a table's column names to what is computed: which metrics, columns, masks and sums.

use super::choose::{Chooser, check_names, choose, no_circles};
use super::intake::Reading;
use crate::column::{Column, ColumnKind, Name};
use crate::condition::Condition;
use crate::definitions::{Chosen, Definitions, Parameters};
use crate::error::{Error, MissingColumns, Result};
use crate::expression::Expression;
use crate::health::{HEALTH_BAND, HEALTH_SCORE, HealthModel, Scoring};
use crate::measure::{Measure, Scope};
use crate::metric::{Combination, Form};
use crate::metrics::{CURRENCY, REVENUE_END, REVENUE_START, Subject, YEARLY_REVENUE_START, is_of_ledger};
use crate::money::MICROS;
use crate::request::{ColumnUnit, Request};
use crate::spread::Spread;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
    /// Those that no sum with a lane is made of but this scope's, where it is about all rows: once a row was judged, and scored,
    /// nothing else asks what it has there.
    pub(crate) own: Vec<Slot>,
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

impl PlannedSum {
    /// Whether it is the number of its scope's counted rows.
    pub(crate) fn counts_rows(&self) -> bool {
        self.only.is_none() && self.sum == Expression { terms: Vec::new(), constant: MICROS }
    }
}

impl Plan {
    /// Whether what a row adds is a whole number, 0 or more.
    pub(super) fn is_count(&self, sum: &PlannedSum) -> bool {
        match sum.sum.terms.as_slice() {
            [] => sum.sum.constant == MICROS,
            [(1, slot)] => {
                sum.sum.constant == 0 && matches!(self.columns[*slot].column.kind, ColumnKind::Count | ColumnKind::Flag)
            }
            _ => false,
        }
    }
}

impl Plan {
    /// The sums that groups have lanes for.
    pub(super) fn summed(&self) -> &[PlannedSum] {
        &self.sums[..self.definitions.measures.len()]
    }

    /// Whether a row that its scope does not count adds 0 by itself, once the scope's own columns are 0 there.
    pub(super) fn is_of_own(&self, sum: &PlannedSum) -> bool {
        let own = &self.scopes[sum.scope].own;
        sum.only.is_none() && sum.sum.constant == 0 && sum.sum.columns().all(|slot| own.contains(slot))
    }

    /// The columns that are added or compared, and not only asked whether they are true.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Slot> {
        let scopes =
            self.scopes.iter().flat_map(|scope| scope.among.iter().chain(scope.rules.iter().map(|(rule, _)| rule)));
        let conditions = scopes.chain(self.sums.iter().filter_map(|sum| sum.only.as_ref()));
        let compared = conditions.flat_map(Condition::compared).copied();
        compared.chain(self.sums.iter().flat_map(|sum| sum.sum.columns()).copied())
    }
}

/// How a metric is evaluated on a row.
#[derive(Debug, Clone)]
pub(crate) enum RowMetric {
    /// The table lacks its columns.
    Absent,
    /// Positions of measures with coefficients; no denominator for an amount.
    Quotient {
        scope: usize,
        numerator: Vec<(i32, usize)>,
        denominator: Option<Vec<(i32, usize)>>,
    },
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
    /// The caller's columns that the keys stand in.
    pub(crate) by: Vec<String>,
    /// The key that is time.
    pub(crate) period: Option<String>,
    pub(crate) columns: Vec<PlannedColumn>,
    pub(crate) scopes: Vec<PlannedScope>,
    /// Those of the definitions' measures, then those that are only asked of rows.
    pub(crate) sums: Vec<PlannedSum>,
    /// The sums whose single values are held, for quantiles.
    pub(crate) distributed: Vec<usize>,
    pub(crate) health: Option<PlannedHealth>,
    /// The metrics whose spread is kept.
    pub(crate) spread: Vec<(Name, RowMetric)>,
    /// The two revenues, where the table has both and a metric reads one.
    pub(crate) revenues: Option<(Slot, Slot)>,
    pub(crate) currency_key: Option<String>,
    /// The column that must hold one currency.
    pub(crate) currency: Option<String>,
    pub(crate) identity: Option<String>,
    pub(crate) not_measured: Arc<BTreeMap<String, MissingColumns>>,
}

/// Gives each column that is read a place of its own.
struct Slots<'a> {
    request: &'a Request,
    columns: Vec<PlannedColumn>,
}

impl Slots<'_> {
    fn add(&mut self, column: &Column, metric: &str) -> Result<Slot> {
        if let Some(position) = self.columns.iter().position(|planned| planned.column.name == column.name) {
            let known = &self.columns[position].column;
            if known != column {
                return Err(Error::WrongColumn {
                    what: "metric",
                    id: metric.into(),
                    column: column.name.to_string(),
                    holds: format!("{} for another metric", known.expected()),
                    expected: format!("{} here; one kind for all", column.expected()),
                });
            }
            return Ok(position);
        }
        let request = self.request;
        let unit = request.columns.get(column.name.as_ref()).map_or(ColumnUnit::OWN, |(_, unit)| *unit);
        let reading =
            Reading { policy: request.money, scale: request.scale, nan_is_missing: request.nan_is_missing, unit };
        reading.validate(&column.name)?;
        let source = request.source(&column.name).to_owned();
        self.columns.push(PlannedColumn { column: column.clone(), source, reading, metric: metric.to_owned() });
        Ok(self.columns.len() - 1)
    }

    /// The place of a column that was added.
    fn place(&self, column: &Column) -> Slot {
        self.columns.iter().position(|planned| planned.column.name == column.name).unwrap_or_default()
    }
}

impl Plan {
    pub(crate) fn new(request: &Request, names: &[String]) -> Result<Self> {
        let has = |ours: &str| names.iter().any(|name| name == request.source(ours));
        if let (Some(model), Subject::Cases) = (&request.health, request.subject) {
            let expected = "no model: health is of customers".to_owned();
            return Err(Error::InvalidOption { option: "health".into(), found: model.to_string(), expected });
        }
        let model = match &request.health {
            Some(model) => model.clone(),
            None if has("goals_met") && has("goals_total") => HealthModel::standard(),
            None => HealthModel::standard_without_plan(),
        };
        model.validate()?;
        let model = model.resolved(has);
        let mut candidates = request.candidates(&model)?;
        // What is of a ledger needs a customer's history: a table that has it not does not lack a column.
        candidates.retain(|metric| has(&YEARLY_REVENUE_START.name) || !is_of_ledger(metric));
        let chooser = Chooser { request, names, candidates, model };
        if request.health.is_some() {
            for id in chooser.model.reads() {
                chooser.known(id)?;
            }
        }
        no_circles(&chooser.candidates, &chooser.model)?;
        if request.breakdown.is_none() {
            check_names(&chooser)?;
        }

        let (chosen, not_measured) = choose(&chooser)?;
        let of_health = |chosen: &Chosen| matches!(chosen.form(), Form::Health) || chosen.form().is_computed();
        let model = chosen.iter().any(of_health).then_some(chooser.model.clone());
        let parameters = Parameters {
            scale: request.scale,
            absent_revenue: None,
            currency: None,
            scales: request.scales,
            run_rate: None,
            origin: None,
            period: None,
        };
        let definitions = Definitions::new(chosen, model, parameters)?;
        Self::compile(&chooser, definitions, not_measured)
    }

    fn compile(
        chooser: &Chooser<'_>,
        definitions: Definitions,
        not_measured: BTreeMap<String, MissingColumns>,
    ) -> Result<Self> {
        let request = chooser.request;
        let mut slots = Slots { request, columns: Vec::new() };
        // First every column gets its slot, then conditions and sums are made ready with them.
        let mut kept_rules: Vec<Vec<&Condition>> = Vec::new();
        let mut readers = Vec::new();
        for scope in definitions.scopes.iter() {
            // The first that was asked for, or else the first that reads it unseen.
            let readers_of = || definitions.chosen.iter().filter(|chosen| chosen.form().scope() == Some(scope));
            let reader = readers_of().find(|chosen| chosen.shown).or_else(|| readers_of().next());
            let metric = reader.map_or_else(|| scope.id.to_string(), |chosen| chosen.metric.id.to_string());
            // A rule is asked where the table has all of its columns.
            let rules: Vec<&Condition> = scope
                .rules
                .iter()
                .filter(|rule| rule.columns().iter().all(|column| chooser.has(&column.name)))
                .collect();
            for column in scope.columns().into_iter().chain(rules.iter().flat_map(|rule| rule.columns())) {
                slots.add(column, &metric)?;
            }
            kept_rules.push(rules);
            readers.push(metric);
        }
        for measure in definitions.measures.iter().chain(definitions.row_measures.iter()) {
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
        let distributed = definitions.distributed().filter(|_| request.quantiles);
        let distributed = distributed.filter_map(|id| definitions.measure_position(id)).collect();
        let health = match &definitions.model {
            None => None,
            Some(model) => Some(PlannedHealth {
                scoring: Scoring::new(model),
                reads: model.reads().into_iter().map(|id| row_metric(&definitions, id)).collect(),
                score: slots.add(&HEALTH_SCORE, "health")?,
                band: slots.add(&HEALTH_BAND, "health")?,
            }),
        };

        let of_spread = if request.spread { Spread::metrics_of(&definitions) } else { Vec::new() };
        let spread = of_spread.into_iter().map(|id| (id.clone(), row_metric(&definitions, &id))).collect();

        let place = |column: &Column| slots.place(column);
        let is_own = |scope: &Scope, column: &Column| {
            let reads = |measure: &&Measure| measure.sum.columns().any(|read| read == column);
            let mut summing = definitions.measures.iter().filter(reads).map(|measure| measure.scope.id() == scope.id());
            scope.among.is_none() && summing.next() == Some(true) && summing.all(|is_this| is_this)
        };
        let scopes =
            definitions.scopes.iter().zip(kept_rules).zip(readers).map(|((scope, rules), metric)| PlannedScope {
                among: scope.among.as_ref().map(|among| among.map(&place)),
                // a null in those is none that the sums need; a value that cannot be used is
                among_slots: scope.among.iter().flat_map(Condition::columns).chain(&scope.asks).map(place).collect(),
                reads: scope.reads.iter().map(place).collect(),
                own: scope.reads.iter().filter(|column| is_own(scope, column)).map(place).collect(),
                after_health: scope.columns().iter().any(|column| column.kind.is_computed()),
                rules: rules.into_iter().map(|rule| (rule.map(&place), rule.clone())).collect(),
                metric,
            });
        let sums = definitions.measures.iter().chain(definitions.row_measures.iter()).map(|measure| PlannedSum {
            scope: definitions.scope_position(measure.scope.id()).unwrap_or_default(),
            sum: measure.sum.map(&place),
            micro: measure.is_micro(),
            only: measure.only.as_ref().map(|only| only.map(&place)),
        });
        let currency_key = request.currency_key()?;
        let currency = definitions.adds_money() && chooser.has(CURRENCY) && currency_key.is_none();
        Ok(Self {
            by: request.by.iter().map(|key| request.key_column(key).to_owned()).collect(),
            period: request.time_key().map(ToOwned::to_owned),
            currency_key,
            scopes: scopes.collect(),
            sums: sums.collect(),
            distributed,
            health,
            spread,
            revenues,
            currency: currency.then(|| request.source(CURRENCY).to_owned()),
            identity: request.unique.as_deref().map(|unique| request.source(unique).to_owned()),
            columns: slots.columns,
            definitions,
            not_measured: Arc::new(not_measured),
        })
    }

    /// The caller's columns that are read, each once.
    pub(crate) fn sources(&self) -> Vec<String> {
        let read =
            self.columns.iter().filter(|planned| !planned.column.kind.is_computed()).map(|planned| &planned.source);
        each_once(self.by.iter().chain(read).chain(&self.currency).chain(&self.identity).cloned())
    }
}

/// The names in the order of their first appearance.
pub(crate) fn each_once(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
}

/// How that metric is evaluated on a row; a group's health, which a row does not have, is absent.
pub(crate) fn row_metric(definitions: &Definitions, id: &str) -> RowMetric {
    let Some(chosen) = definitions.find(id) else { return RowMetric::Absent };
    let position = |(times, measure): &(i32, Measure)| Some((*times, definitions.position(measure)?));
    let positions = |terms: &Combination| terms.iter().filter_map(position).collect();
    let scope = chosen.form().scope().and_then(|scope| definitions.scope_position(scope.id())).unwrap_or_default();
    match chosen.form() {
        Form::Quotient { numerator, denominator } => {
            RowMetric::Quotient { scope, numerator: positions(numerator), denominator: Some(positions(denominator)) }
        }
        Form::Amount(amount) => RowMetric::Quotient { scope, numerator: positions(amount), denominator: None },
        Form::Difference(one, two) => {
            RowMetric::Difference(Box::new(row_metric(definitions, one)), Box::new(row_metric(definitions, two)))
        }
        Form::Per { .. } | Form::Quantile { .. } | Form::Health | Form::Mix { .. } => RowMetric::Absent,
    }
}

impl Request {
    /// The columns of a table that this request reads, of those that it has.
    ///
    /// # Errors
    /// As building a scorecard of such a table.
    pub fn reads(&self, names: &[String]) -> Result<Vec<String>> {
        let plan = Plan::new(self, names)?;
        let mut plans = vec![plan.sources()];
        for (_, request) in self.breakdowns(&plan.definitions, names) {
            plans.push(Plan::new(&request, names)?.sources());
        }
        Ok(each_once(plans.into_iter().flatten()))
    }
}
