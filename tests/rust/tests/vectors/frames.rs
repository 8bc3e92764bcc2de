//! Frame cases: a scorecard, and the rows of a frame that is made of it.

use super::case::{FrameCase, Subject, WhichFrame};
use super::figures::agrees_error;
use super::tables::request;
use crate::support::json;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use serde_json::{Map, Value};
use svcmetrics::{Error, Scorecard, Targets};

pub(super) fn run(case: &FrameCase) -> Result<(), String> {
    match (frame(case)?, &case.expect, &case.error) {
        (Ok(frame), Some(expected), None) => rows(&frame, expected, |found, expected| found == expected),
        (Err(error), None, Some(expected)) => agrees_error(&error, expected),
        (Ok(_), None, Some(expected)) => Err(format!("found a frame; expected the error {}", expected.kind)),
        (Err(error), Some(_), None) => Err(format!("found the error {}: {error}; expected a frame", error.kind())),
        (_, _, _) => Err("a case has either 'expect' or 'error'".to_owned()),
    }
}

fn frame(case: &FrameCase) -> Result<Result<RecordBatch, Error>, String> {
    let mut request =
        request(Subject::Customers, &case.options, |name| case.columns.contains_key(name))?.by(case.by.iter());
    if let Some(period) = &case.period {
        request = request.period(period);
    }
    if let Some(metrics) = &case.metrics {
        request = request.metrics(metrics.iter());
    }
    let table = json::table(&case.columns, &case.by)?;
    let made = || {
        let mut card = Scorecard::of(&table, request)?;
        if let Some(keys) = &case.rollup {
            card = card.rollup(keys)?;
        }
        match &case.frame {
            WhichFrame::Against(targets) => card.against_record_batch(&Targets::from_json(&targets.to_string())?),
            WhichFrame::Trend(metrics) => {
                let ids: Option<Vec<&str>> = metrics.as_ref().map(|ids| ids.iter().map(String::as_str).collect());
                card.trend_record_batch(ids.as_deref())
            }
        }
    };
    Ok(made())
}

/// Whether the rows are those expected, as far as these say, cell by cell.
pub(super) fn rows(
    frame: &RecordBatch,
    expected: &[Map<String, Value>],
    agree: impl Fn(&Value, &Value) -> bool,
) -> Result<(), String> {
    if frame.num_rows() != expected.len() {
        return Err(format!("rows: found {}; expected {}", frame.num_rows(), expected.len()));
    }
    let mut problems = Vec::new();
    for (row, expected) in expected.iter().enumerate() {
        for (name, expected) in expected {
            let column = frame.column_by_name(name).ok_or_else(|| format!("no column {name}"))?;
            let found = cell(column.as_ref(), row);
            if !agree(&found, expected) {
                problems.push(format!("row {row}, {name}: found {found}; expected {expected}"));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n  ")) }
}

fn cell(array: &dyn Array, row: usize) -> Value {
    match array.data_type() {
        _ if array.is_null(row) => Value::Null,
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::Boolean => array.as_boolean().value(row).into(),
        _ => array.as_string::<i32>().value(row).into(),
    }
}
