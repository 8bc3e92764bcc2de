//! The catalogue as plain Python values.

use crate::error::Result;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use rust_decimal::Decimal;
use svcmetrics::{Measure, Metric};

/// One dictionary a metric.
#[pyfunction]
pub(crate) fn catalog(py: Python<'_>) -> Result<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for metric in svcmetrics::catalog() {
        let form = metric.forms().first();
        let scope = form.and_then(svcmetrics::Form::scope);
        let entry = PyDict::new(py);
        entry.set_item("id", metric.id())?;
        entry.set_item("title", metric.title())?;
        entry.set_item("kind", metric.kind().name())?;
        entry.set_item("time", metric.time(&svcmetrics::find).name())?;
        entry.set_item("better", metric.direction().name())?;
        entry.set_item(
            "formula",
            metric.forms().iter().map(svcmetrics::Form::formula).collect::<Vec<_>>().join("; otherwise "),
        )?;
        entry.set_item("among", scope.and_then(|scope| scope.about()).map(ToString::to_string))?;
        entry.set_item("columns", columns(metric))?;
        entry.set_item("unit", metric.counted_in().name())?;
        entry.set_item("source", metric.article())?;
        list.append(entry)?;
    }
    Ok(list)
}

/// The columns that a table needs, of those that it can have.
fn columns(metric: &Metric) -> Vec<String> {
    let own = |metric: &Metric| metric.columns().into_iter().map(|column| column.name.to_string()).collect::<Vec<_>>();
    let mut names = match metric.forms().first() {
        Some(svcmetrics::Form::Difference(one, two)) => {
            [one, two].into_iter().filter_map(|id| svcmetrics::find(id)).flat_map(own).collect()
        }
        _ => own(metric),
    };
    names.retain(|name| svcmetrics::column(name).is_some());
    names
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
    for measure in svcmetrics::catalog().iter().flat_map(Metric::forms).flat_map(svcmetrics::Form::measures) {
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
