//! Keyword arguments as a request.

use crate::convert::number;
use crate::error::Result;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::BTreeMap;
use svcmetrics::{AbsentRevenue, Bins, ColumnUnit, Error, MoneyPolicy, OnInvalid, Request, RunRate, Scales};

/// What amounts of a ledger can be shown as.
pub(crate) const UNITS: [(&str, RunRate); 2] = [("month", RunRate::Month), ("year", RunRate::Year)];

pub(crate) fn get<'py, T: for<'a> FromPyObject<'a, 'py>>(
    options: &Bound<'py, PyDict>,
    name: &str,
) -> Result<Option<T>> {
    let Some(value) = options.get_item(name)?.filter(|value| !value.is_none()) else { return Ok(None) };
    value.extract::<T>().map(Some).map_err(|_| {
        let found = value.repr().map_or_else(|_| String::new(), |text| text.to_string());
        Error::InvalidOption { option: name.to_owned(), found, expected: expected(name).to_owned() }.into()
    })
}

/// What an option may be, in words.
fn expected(name: &str) -> &'static str {
    match name {
        "by" | "metrics" => "names",
        "columns" => "a mapping of our names to the table's",
        "scale" | "max_groups" => "a whole number, 0 or more",
        "fiscal_start" => "a month from 1 to 12",
        "months" => "the first month and the last, as (\"2026-01\", \"2026-12\")",
        "effort_scale" => "the answers for the hardest and the easiest",
        "nan_is_missing" | "quantiles" | "spread" | "opening" => "true or false",
        _ => "a text",
    }
}

/// The policy of that lower-case name.
pub(crate) fn policy<T: Clone>(options: &Bound<'_, PyDict>, name: &str, known: &[(&str, T)]) -> Result<Option<T>> {
    let Some(word) = get::<String>(options, name)? else { return Ok(None) };
    let found = known.iter().find(|(known, _)| *known == word).map(|(_, value)| value.clone());
    let expected = || known.iter().map(|(known, _)| format!("\"{known}\"")).collect::<Vec<_>>().join(" or ");
    found.map(Some).ok_or_else(|| {
        Error::InvalidOption { option: name.to_owned(), found: word.clone(), expected: expected() }.into()
    })
}

fn checked_bins(edges: &[Bound<'_, PyAny>], labels: Option<Vec<String>>) -> Result<Bins> {
    let edges = edges.iter().map(|edge| number("edges", edge)).collect::<Result<Vec<_>>>()?;
    let bins = Bins::new(edges)?;
    Ok(labels.map_or_else(|| Ok(bins.clone()), |labels| bins.clone().labels(labels))?)
}

/// Refuses edges that do not rise and labels that are not one for each bin, before there is a table.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "what is extracted is owned")]
pub(crate) fn check_bins(edges: Vec<Bound<'_, PyAny>>, labels: Option<Vec<String>>) -> Result<()> {
    checked_bins(&edges, labels).map(drop)
}

/// `columns` is a mapping of our names to pairs of theirs and a unit.
pub(crate) fn request(options: &Bound<'_, PyDict>) -> Result<Request> {
    let subjects = [("customers", Request::default()), ("cases", Request::cases())];
    let mut request = policy(options, "subject", &subjects)?.unwrap_or_default();
    if let Some(by) = get::<Vec<String>>(options, "by")? {
        request = request.by(by);
    }
    if let Some(bins) = options.get_item("bins")?.filter(|bins| !bins.is_none()) {
        for (key, binned) in bins.cast::<PyDict>()?.iter() {
            let (column, edges, labels): (String, Vec<Bound<'_, PyAny>>, Option<Vec<String>>) = binned.extract()?;
            request = request.bins(key.extract::<String>()?, column, checked_bins(&edges, labels)?);
        }
    }
    if let Some(period) = get::<String>(options, "period")? {
        request = request.period(period);
    }
    if let Some(metrics) = get::<Vec<String>>(options, "metrics")? {
        request = request.metrics(metrics);
    }
    if let Some(definitions) = options.get_item("define")? {
        for definition in definitions.try_iter()? {
            request = request.define(definition?.cast::<crate::metric::Metric>()?.get().0.metric()?)?;
        }
    }
    for (ours, (theirs, unit)) in
        get::<BTreeMap<String, (String, Option<String>)>>(options, "columns")?.unwrap_or_default()
    {
        let unit = unit.as_deref().map_or(Ok(ColumnUnit::OWN), ColumnUnit::named)?;
        request = request.column(ours, theirs, unit);
    }
    if let Some(model) = options.get_item("health")?.filter(|model| !model.is_none()) {
        request = request.health(model.cast::<crate::health::HealthModel>()?.get().0.clone());
    }
    if let Some(meaning) =
        policy(options, "absent_revenue", &[("zero", AbsentRevenue::Zero), ("missing", AbsentRevenue::Missing)])?
    {
        request = request.absent_revenue(meaning);
    }
    if let Some(on_invalid) = policy(options, "on_invalid", &[("raise", OnInvalid::Raise), ("skip", OnInvalid::Skip)])?
    {
        request = request.on_invalid(on_invalid);
    }
    let moneys = [("auto", MoneyPolicy::Auto), ("exact", MoneyPolicy::Exact), ("round", MoneyPolicy::Round)];
    if let Some(money) = policy(options, "money", &moneys)? {
        request = request.money(money);
    }
    if let Some(scale) = get::<u32>(options, "scale")? {
        request = request.scale(scale);
    }
    if let Some(missing) = get::<bool>(options, "nan_is_missing")? {
        request = request.nan_is_missing(missing);
    }
    if let Some(keep) = get::<bool>(options, "spread")? {
        request = request.spread(keep);
    }
    if let Some(unique) = get::<String>(options, "unique")? {
        request = request.unique(unique);
    }
    let mut scales = Scales::default();
    let given = |name: &str| -> Result<Option<Bound<'_, PyAny>>> {
        Ok(options.get_item(name)?.filter(|value| !value.is_none()))
    };
    if let Some(mark) = given("csat_satisfied_from")? {
        scales = scales.csat_satisfied_from(number("csat_satisfied_from", &mark)?)?;
    }
    if let Some(ends) = get::<Vec<Bound<'_, PyAny>>>(options, "effort_scale")?.map(<[_; 2]>::try_from) {
        let ends = ends.map_err(|found| Error::InvalidOption {
            option: "effort_scale".into(),
            found: format!("{} answers", found.len()),
            expected: expected("effort_scale").into(),
        })?;
        scales = scales.effort(number("effort_scale", &ends[0])?, number("effort_scale", &ends[1])?)?;
    }
    request = request.scales(scales);
    if let Some(held) = get::<bool>(options, "quantiles")? {
        request = request.quantiles(held);
    }
    if let Some(currency) = get::<String>(options, "currency")? {
        request = request.currency(currency);
    }
    if let Some(unit) = policy(options, "unit", &UNITS)? {
        request = request.run_rate(unit);
    }
    if let Some(limit) = get::<u64>(options, "max_groups")? {
        request = request.max_groups(limit);
    }
    Ok(request)
}
