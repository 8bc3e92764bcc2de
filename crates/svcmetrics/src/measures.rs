//! A scorecard from its exact totals: the way back from `measures()`, after any tool has added them up.

use crate::contradictions::Contradictions;
use crate::definitions::{COUNTS, Chosen, Definitions, Parameters};
use crate::distributions::Distributions;
use crate::engine::columns::{Data, Scalar, Table, Values};
use crate::engine::groups::Groups;
use crate::error::{Error, Result};
use crate::health::HealthModel;
use crate::measure::Scope;
use crate::metric::{Form, Metric};
use crate::metrics::OPTIONS;
use crate::money::{self, PLACES, Read};
use crate::request::Request;
use crate::scorecard::{KeyColumn, Scorecard};
use crate::spread::Spread;
use crate::totals::Totals;
use std::collections::BTreeMap;
use std::sync::Arc;

fn invalid(problem: impl Into<String>) -> Error {
    Error::InvalidDocument { what: "measures", problem: problem.into() }
}

impl Scorecard {
    /// The scorecard whose totals these are: columns of keys, and of rows, counts and measures by their ids, as `measures()`
    /// gives them, of a scorecard that is not joined. Neither quantiles nor mixes can be had from totals. The metrics are those
    /// whose measures are there; of the request its keys, period, own metrics, health model, scale, scales of surveys,
    /// currency and run rate are used: what the totals do not say. Rows of one group are added up. Where stocks are null, time
    /// was rolled away. How the movements of a ledger were made is not known any more, and not looked at in a merge.
    ///
    /// ```
    /// use svcmetrics::{Request, Scorecard, Table};
    /// let table = Table::new(2)
    ///     .with("rows", vec![3_i64, 4])
    ///     .with("milestones.counted", vec![3_i64, 4])
    ///     .with("milestones.missing", vec![0_i64, 0])
    ///     .with("milestones.invalid", vec![0_i64, 0])
    ///     .with("milestones.outside", vec![0_i64, 0])
    ///     .with("milestones.rounded", vec![0_i64, 0])
    ///     .with("milestones_met", vec![5_i64, 7])
    ///     .with("milestones_total", vec![10_i64, 14]);
    /// let card = Scorecard::from_measures(&table, &Request::default())?;
    /// assert_eq!(card.figure("adoption_rate")?.value(), Some(0.5));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidDocument`] for totals that are missing, no whole numbers, or contradict each other, and for columns
    /// that are neither keys nor totals; [`Error::InvalidOption`] for a period that is no key, and where the scale of a survey
    /// is not given, or the run rate of a ledger.
    pub fn from_measures(table: &Table<'_>, request: &Request) -> Result<Self> {
        let names = table.names();
        request.check_keys()?;
        let currency_key = request.currency_key()?;
        let keys = request.by.iter().map(|key| {
            let missing = || Error::ColumnNotFound {
                metric: None,
                missing: vec![(key.clone(), Vec::new())],
                available: names.clone(),
            };
            table.get(key)?.ok_or_else(missing)
        });
        let keys: Vec<&Data<'_>> = keys.collect::<Result<_>>()?;
        let definitions = definitions(&names, request)?;
        let contradictions = Contradictions::new(&definitions);
        let lanes = definitions.lane_names();
        let mut columns = Vec::new();
        for name in &lanes {
            columns.push(table.get(name)?.ok_or_else(|| invalid(format!("no column '{name}'")))?);
        }
        let mut groups = Groups::new(request);
        let ids = groups.assign(&keys, 0..table.rows(), 0)?;

        let width = definitions.width();
        let mut totals = Totals::zeros(width, groups.len());
        let is_null = |lane: usize| table.rows() > 0 && (0..table.rows()).all(|row| columns[lane].is_null(row));
        let stocks: Vec<usize> = (0..width).filter(|lane| definitions.is_stock(*lane)).collect();
        let over_time = !stocks.is_empty() && stocks.iter().all(|lane| is_null(*lane));
        for (row, group) in ids.iter().enumerate() {
            let mut values = vec![0_i128; width];
            for (lane, column) in columns.iter().enumerate() {
                if over_time && definitions.is_stock(lane) {
                    continue;
                }
                let expected = if definitions.is_micro(lane) {
                    "a number with at most six decimal places"
                } else {
                    "a whole number"
                };
                let value = integer(column, row, definitions.is_micro(lane));
                values[lane] = value.ok_or_else(|| {
                    invalid(format!(
                        "column '{}', row {row}: found {}; expected {expected}",
                        lanes[lane],
                        column.shown(row)
                    ))
                })?;
                if lane < definitions.measure_lane(0) && !(0..=i128::from(i64::MAX)).contains(&values[lane]) {
                    return Err(invalid(format!(
                        "column '{}', row {row}: found {}; expected 0 to 2^63",
                        lanes[lane], values[lane]
                    )));
                }
            }
            if let Some((scope, judged)) = definitions.miscounted(&values) {
                let found = format!("'{}.counted' and the counts beside it add up to {judged}", scope.id);
                return Err(invalid(format!("row {row}: {found}; expected {}, as 'rows'", values[0])));
            }
            if let Some(problem) = contradictions.find(&values, over_time) {
                return Err(invalid(format!("row {row}: {problem}")));
            }
            totals
                .add(*group as usize, &values)
                .map_err(|lane| invalid(format!("column '{}': the total does not fit 128 bits", lanes[lane])))?;
        }
        let order = groups.sorted();
        let mut sorted = Totals::new(width);
        for group in &order {
            sorted.push(&totals.group(*group as usize));
        }
        let period = request.period.clone().unwrap_or_else(|| "period".to_owned());
        let key_columns = groups.columns.iter().map(|column| KeyColumn::new(&column.name, column.key_type().clone()));
        Ok(Self {
            keys: key_columns.collect(),
            period: request.by.contains(&period).then_some(period),
            currency_key,
            over_time,
            unique_checked: false,
            joined: false,
            groups: order.into_iter().map(|group| groups.keys(group)).collect(),
            totals: sorted,
            distributions: Distributions::default(),
            spread: Spread::default(),
            largest_rounding: vec![0.0; definitions.scopes.len()],
            not_measured: Arc::default(),
            breakdowns: BTreeMap::new(),
            definitions,
        })
    }
}

/// The metrics whose totals are all there.
fn definitions(names: &[String], request: &Request) -> Result<Definitions> {
    let has = |name: &str| names.iter().any(|known| known == name);
    let has_form = |form: &Form| {
        form.measures().next().is_some()
            && form.measures().all(|measure| has(measure.id()))
            && form.scope().is_some_and(|scope| COUNTS.iter().all(|count| has(&format!("{}.{count}", scope.id()))))
    };
    let model = match &request.health {
        Some(model) => model.clone(),
        None if has("plan_goals.counted") => HealthModel::standard(),
        None => HealthModel::standard_without_plan(),
    };
    // Whether a table had the column of revenue at the end shows in the bands' revenue.
    let model = model.resolved(|column| column != "revenue_end" || has("health_revenue_scored"));
    // Only the movements of a ledger have this measure.
    let run_rate = if has("ledger_customers_retained") {
        Some(request.run_rate.ok_or_else(|| Error::InvalidOption {
            option: "unit".into(),
            found: "nothing".into(),
            expected:
                "what the amounts of the ledger were shown as, \"month\" or \"year\", which totals do not say".into(),
        })?)
    } else {
        None
    };
    let candidates = request.storable(&model, run_rate)?;
    let form = |metric: &Metric| metric.forms.iter().position(&has_form);
    let with_health = model.metrics().iter().any(|metric| form(metric).is_some());
    let there = |id: &str| candidates.iter().any(|metric| metric.id == id && form(metric).is_some());
    // what only customers were scored by has counts, and no sums
    let is_of_customers = |metric: &Metric| {
        let scopes = metric.forms.iter().filter_map(Form::scope);
        form(metric).is_none() && scopes.into_iter().any(|scope| has(&format!("{}.counted", scope.id())))
    };
    let parts = |metric: &Metric| match metric.forms.first() {
        Some(Form::Difference(one, two)) => vec![one.clone(), two.clone()],
        _ => vec![metric.id.clone()],
    };
    let read = candidates.iter().filter(|metric| model.reads().contains(&&metric.id)).flat_map(parts);
    let read: Vec<&Metric> = read.filter_map(|id| candidates.iter().find(|metric| metric.id == id)).collect();
    let with_groups =
        read.iter().any(|metric| form(metric).is_some()) && !read.iter().any(|metric| is_of_customers(metric));
    let chosen = candidates.iter().filter_map(|metric| {
        let form = match metric.forms.first()? {
            Form::Difference(one, two) => (there(one) && there(two)).then_some(0)?,
            Form::Health => (with_health && with_groups).then_some(0)?,
            // Totals do not say of which value the rows are.
            Form::Mix { .. } => return None,
            _ => form(metric)?,
        };
        Some(Chosen { metric: metric.clone(), form, shown: true })
    });
    let currency = request.given_currency().cloned();
    let parameters = Parameters {
        scale: request.scale,
        absent_revenue: None,
        currency,
        scales: request.scales,
        run_rate,
        origin: None,
        period: None,
    };
    let chosen: Vec<Chosen> = chosen.collect();
    if let Some(option) = chosen.iter().flat_map(|chosen| chosen.metric.columns()).find(|c| OPTIONS.contains(&&*c.name))
    {
        return Err(Error::InvalidOption {
            option: option.name.to_string(),
            found: "nothing".into(),
            expected: "the scale of the survey's answers that the totals were counted by".into(),
        });
    }
    if chosen.is_empty() {
        return Err(invalid(format!(
            "no metric's totals are all there; found columns {}",
            crate::error::listed(names)
        )));
    }
    let is_total = |name: &str| candidates.iter().flat_map(Metric::forms).any(|form| form.has_total(name));
    let strange: Vec<&String> = names
        .iter()
        // pandas' index
        .filter(|name| !request.by.contains(name) && *name != "rows" && !name.starts_with("__index_level_"))
        .filter(|name| !is_total(name))
        .collect();
    if !strange.is_empty() {
        return Err(invalid(format!(
            "found columns {}, which are no totals; name keys in by=[..., '{}'], and roll them up where they are not wanted",
            crate::error::listed(&strange),
            crate::error::shown(strange[0])
        )));
    }
    Definitions::new(chosen, with_health.then_some(model), parameters)
}

impl Form {
    /// Whether a column of totals is one that it reads.
    fn has_total(&self, name: &str) -> bool {
        let count = |scope: &Scope| {
            name.strip_prefix(scope.id())
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|count| COUNTS.contains(&count))
        };
        self.scope().is_some_and(count) || self.measures().any(|measure| measure.id() == name)
    }
}

/// A total as an integer of whole units, or of millionths.
fn integer(data: &Data<'_>, row: usize, micro: bool) -> Option<i128> {
    if data.is_null(row) {
        return None;
    }
    let scaled = |value: i128, places: i32| {
        let up = i32::try_from(if micro { PLACES } else { 0 }).ok()? - places;
        let power = 10_i128.checked_pow(up.unsigned_abs())?;
        if up >= 0 { value.checked_mul(power) } else { (value % power == 0).then(|| value / power) }
    };
    let places = if micro { PLACES } else { 0 };
    let exact = |read: Read| if let Read::Exact(value) = read { Some(i128::from(value)) } else { None };
    let float = |value: f64| exact(money::from_f64(value, places));
    match &data.values {
        Values::Decimal { values, scale } => scaled(values[row], i32::from(*scale)),
        Values::Float64(values) => float(values[row]),
        Values::Mixed(values) => match &values[row] {
            Scalar::Integer(value) => scaled(*value, 0),
            Scalar::Decimal { value, scale } => scaled(*value, *scale),
            Scalar::Float(value) => float(*value),
            _ => None,
        },
        Values::Float32(values) => exact(money::from_f32(values[row], places)),
        Values::Int8(values) => scaled(values[row].into(), 0),
        Values::Int16(values) => scaled(values[row].into(), 0),
        Values::Int32(values) => scaled(values[row].into(), 0),
        Values::Int64(values) => scaled(values[row].into(), 0),
        Values::UInt8(values) => scaled(values[row].into(), 0),
        Values::UInt16(values) => scaled(values[row].into(), 0),
        Values::UInt32(values) => scaled(values[row].into(), 0),
        Values::UInt64(values) => scaled(values[row].into(), 0),
        _ => None,
    }
}
