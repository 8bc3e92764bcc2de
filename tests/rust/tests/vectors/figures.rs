//! Figures and errors against what a case expects.

use super::case::Wrong;
use crate::support::json::micros;
use serde_json::{Map, Value};
use svcmetrics::{Error, Figure, Total, Undefined};

fn text<'v>(expected: &'v Map<String, Value>, field: &str) -> Result<&'v str, String> {
    expected[field].as_str().ok_or_else(|| format!("'{field}' is no text"))
}

fn same(what: &str, found: Option<Total>, expected: &str) -> Result<(), String> {
    let wanted = micros(expected).ok_or_else(|| format!("{what}: '{expected}' is no decimal of six places"))?;
    match found.and_then(Total::micros) {
        Some(found) if found == wanted => Ok(()),
        _ => Err(format!(
            "{what}: found {}; expected {expected}",
            found.map_or("none".to_owned(), |total| total.to_string())
        )),
    }
}

/// Whether a figure is what the case says: sums as numbers, derived values to the bit.
pub(super) fn agrees(figure: &Figure, expected: &Value) -> Result<(), String> {
    let Some(expected) = expected.as_object() else { return Err(format!("{expected} is no figure")) };
    let fields: Vec<&str> = expected.keys().map(String::as_str).collect();
    match fields.as_slice() {
        ["undefined"] => {
            let (found, wanted) = (figure.undefined_reason().map(Undefined::reason), text(expected, "undefined")?);
            if found != Some(wanted) || figure.value().is_some() || figure.is_defined() {
                return Err(format!("found {found:?} with value {:?}; expected undefined, {wanted}", figure.value()));
            }
            Ok(())
        }
        ["amount"] => {
            if figure.denominator().is_some() {
                return Err(format!("found the denominator {:?}; expected an amount", figure.denominator()));
            }
            same("amount", figure.numerator(), text(expected, "amount")?)
        }
        ["numerator", "denominator"] => {
            if figure.undefined_reason().is_some() {
                return Err(format!("found undefined, {:?}; expected a quotient", figure.undefined_reason()));
            }
            same("numerator", figure.numerator(), text(expected, "numerator")?)?;
            same("denominator", figure.denominator(), text(expected, "denominator")?)
        }
        ["value"] => {
            let wanted = expected["value"].as_f64().ok_or("'value' is no number")?;
            let sums = (figure.numerator(), figure.denominator());
            if figure.value().map(f64::to_bits) != Some(wanted.to_bits()) || sums != (None, None) {
                return Err(format!("found {figure:?}; expected exactly {wanted}, derived"));
            }
            Ok(())
        }
        other => Err(format!("a figure of {other:?} is none")),
    }
}

/// Whether an error is what the case says.
pub(super) fn agrees_error(error: &Error, expected: &Wrong) -> Result<(), String> {
    let mut problems = Vec::new();
    if error.kind() != expected.kind {
        problems.push(format!("kind: found {}; expected {}", error.kind(), expected.kind));
    }
    if expected.column.is_some() && error.column() != expected.column.as_deref() {
        problems.push(format!("column: found {:?}; expected {:?}", error.column(), expected.column));
    }
    if expected.row.is_some() && error.row() != expected.row {
        problems.push(format!("row: found {:?}; expected {:?}", error.row(), expected.row));
    }
    if expected.count.is_some_and(|count| error.count() != count) {
        problems.push(format!("count: found {}; expected {:?}", error.count(), expected.count));
    }
    let message = error.to_string();
    problems.extend(
        expected
            .contains
            .iter()
            .filter(|piece| !message.contains(*piece))
            .map(|piece| format!("'{piece}' is not said")),
    );
    if problems.is_empty() { Ok(()) } else { Err(format!("{}\n  in: {message}", problems.join("\n  "))) }
}
