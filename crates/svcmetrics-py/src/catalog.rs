//! The catalogue as plain Python values.

use crate::error::Result;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use rust_decimal::Decimal;
use svcmetrics::{Column, Combination, Error, Form, Measure, Metric, Scope};

/// One dictionary a metric.
#[pyfunction]
pub(crate) fn catalog(py: Python<'_>) -> Result<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    let of_family = svcmetrics::families().flat_map(|(name, metrics)| metrics.iter().map(move |metric| (name, metric)));
    for (family, metric) in of_family {
        list.append(entry(py, family, metric)?)?;
    }
    Ok(list)
}

/// What there is to say of a metric of a family.
pub(crate) fn entry<'py>(py: Python<'py>, family: &str, metric: &Metric) -> Result<Bound<'py, PyDict>> {
    let form = metric.forms().first();
    let scope = form.and_then(Form::scope);
    let entry = PyDict::new(py);
    entry.set_item("id", metric.id())?;
    entry.set_item("title", metric.title())?;
    entry.set_item("kind", metric.kind().name())?;
    entry.set_item("time", metric.time(&|id| svcmetrics::find(id)).name())?;
    entry.set_item("better", metric.direction().name())?;
    entry.set_item("formula", metric.forms().iter().map(Form::formula).collect::<Vec<_>>().join("; otherwise "))?;
    entry.set_item("among", scope.and_then(|scope| scope.about()).map(ToString::to_string))?;
    entry.set_item("columns", columns_of(metric))?;
    entry.set_item("unit", metric.counted_in().name())?;
    entry.set_item("source", metric.article())?;
    entry.set_item("family", family)?;
    entry.set_item("reading", metric.how_to_read())?;
    entry.set_item("edge_cases", PyTuple::new(py, metric.edge_cases())?)?;
    Ok(entry)
}

/// Raises the error for an id that none of those available is.
#[pyfunction]
pub(crate) fn no_metric(wanted: &str, available: Vec<String>) -> Result<()> {
    Err(Error::metric_not_found(wanted, available).into())
}

/// One dictionary a column that tables can have.
#[pyfunction]
pub(crate) fn columns(py: Python<'_>) -> Result<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for (column, meaning) in svcmetrics::columns() {
        let entry = PyDict::new(py);
        entry.set_item("name", column.name.as_ref())?;
        entry.set_item("expected", column.expected())?;
        entry.set_item("meaning", meaning)?;
        list.append(entry)?;
    }
    Ok(list)
}

/// One dictionary a way to compute a metric.
#[pyfunction]
pub(crate) fn forms<'py>(py: Python<'py>, metric: &str) -> Result<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for form in svcmetrics::find(metric).map(Metric::forms).unwrap_or_default() {
        let scope = form.scope();
        let columns = |of: fn(&Scope) -> Vec<&Column>| scope.map(|scope| names(of(scope))).unwrap_or_default();
        let mut measures: Vec<(&str, String)> = Vec::new();
        for measure in form.measures() {
            if !measures.iter().any(|(id, _)| *id == measure.id()) {
                measures.push((measure.id(), measure.formula()));
            }
        }
        let terms = |combination: &Combination| -> Vec<(i32, String)> {
            combination.iter().map(|(coefficient, measure)| (*coefficient, measure.id().to_owned())).collect()
        };
        let (numerator, denominator, made_of) = match form {
            Form::Quotient { numerator, denominator } => (terms(numerator), terms(denominator), Vec::new()),
            Form::Amount(sum) | Form::Per { sum, .. } => (terms(sum), Vec::new(), Vec::new()),
            Form::Difference(one, two) => (Vec::new(), Vec::new(), vec![one.as_ref(), two.as_ref()]),
            _ => (Vec::new(), Vec::new(), Vec::new()),
        };
        let by = if let Form::Mix { by, .. } = form { Some(by.name.as_ref()) } else { None };
        let rules = scope.into_iter().flat_map(Scope::rules);
        let rules: Vec<_> = rules.map(|rule| (rule.to_string(), names(rule.columns()))).collect();
        let entry = PyDict::new(py);
        entry.set_item("formula", form.formula())?;
        entry.set_item("measures", measures)?;
        entry.set_item("numerator", numerator)?;
        entry.set_item("denominator", denominator)?;
        entry.set_item("made_of", made_of)?;
        entry.set_item("by", by)?;
        entry.set_item("among", scope.and_then(Scope::about).map(ToString::to_string))?;
        entry.set_item("outside", columns(Scope::outside_without))?;
        entry.set_item("missing", columns(Scope::missing_without))?;
        entry.set_item("rules", rules)?;
        list.append(entry)?;
    }
    Ok(list)
}

fn names(columns: Vec<&Column>) -> Vec<String> {
    columns.into_iter().map(|column| column.name.to_string()).collect()
}

/// The columns that a table needs, of those that it can have.
fn columns_of(metric: &Metric) -> Vec<String> {
    let found = match metric.forms().first() {
        Some(Form::Difference(one, two)) => {
            let parts = [one, two].into_iter().filter_map(|id| svcmetrics::find(id));
            parts.flat_map(|part| names(part.columns())).collect()
        }
        _ => names(metric.columns()),
    };
    // of the built-in ones a few ask for an option as if it were a column
    let own = svcmetrics::find(metric.id()).is_none();
    let mut once: Vec<String> = Vec::new();
    for name in found.into_iter().filter(|name| own || svcmetrics::column(name).is_some()) {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}

/// One dictionary a published figure.
#[pyfunction]
pub(crate) fn reference(py: Python<'_>) -> Result<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    // the digits are few, so the double is the nearest one
    let double = |figure: Option<Decimal>| figure.and_then(|figure| figure.to_string().parse::<f64>().ok());
    for figure in svcmetrics::reference() {
        let entry = PyDict::new(py);
        entry.set_item("id", figure.id.as_ref())?;
        entry.set_item("statement", figure.statement.as_ref())?;
        entry.set_item("low", double(figure.low))?;
        entry.set_item("high", double(figure.high))?;
        entry.set_item("unit", figure.unit.name())?;
        entry.set_item("article", figure.article.as_ref())?;
        entry.set_item("year", figure.year)?;
        list.append(entry)?;
    }
    Ok(list)
}

/// One dictionary a measure.
#[pyfunction]
pub(crate) fn measures(py: Python<'_>) -> Result<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    let mut seen: Vec<&str> = Vec::new();
    for measure in svcmetrics::catalog().iter().flat_map(Metric::forms).flat_map(Form::measures) {
        if seen.contains(&measure.id()) {
            continue;
        }
        seen.push(measure.id());
        list.append(measure_entry(py, measure)?)?;
    }
    Ok(list)
}

fn measure_entry<'py>(py: Python<'py>, measure: &Measure) -> Result<Bound<'py, PyDict>> {
    let entry = PyDict::new(py);
    entry.set_item("id", measure.id())?;
    entry.set_item("time", measure.time().name())?;
    entry.set_item("formula", measure.formula())?;
    entry.set_item("among", measure.scope().about().map(ToString::to_string))?;
    let columns = measure.scope().columns().into_iter().map(|column| column.name.to_string());
    entry.set_item("columns", columns.filter(|name| svcmetrics::column(name).is_some()).collect::<Vec<_>>())?;
    entry.set_item("unit", if measure.is_micro() { "millionths" } else { "whole" })?;
    Ok(entry)
}
