//! Relation cases: two metrics over the rows of a table.

use super::case::{RelationCase, Subject};
use super::figures::agrees_error;
use super::frames::rows;
use super::tables::request;
use crate::support::json;
use serde_json::Value;
use svcmetrics::{Error, Relation, RelationBuilder};

pub(super) fn run(case: &RelationCase) -> Result<(), String> {
    match (relation(case)?, &case.expect, &case.lift, &case.error) {
        (Ok(relation), Some(expected), Some(lift), None) => {
            rows(&relation.to_record_batch().map_err(|error| error.to_string())?, expected, agree)?;
            rows(&relation.lift_record_batch().map_err(|error| error.to_string())?, lift, agree)
        }
        (Err(error), None, None, Some(expected)) => agrees_error(&error, expected),
        (Ok(_), None, None, Some(expected)) => Err(format!("found a relation; expected the error {}", expected.kind)),
        (Err(error), ..) => Err(format!("found the error {}: {error}; expected a relation", error.kind())),
        _ => Err("a case has either 'expect' and 'lift', or 'error'".to_owned()),
    }
}

fn relation(case: &RelationCase) -> Result<Result<Relation, Error>, String> {
    let request =
        request(Subject::Customers, &case.options, |name| case.columns.contains_key(name))?.by(case.by.iter());
    let table = json::table(&case.columns, &case.by)?;
    let made = || {
        let mut builder = RelationBuilder::new(request, &case.x, &case.y);
        if let Some(quantiles) = case.quantiles {
            builder = builder.quantiles(quantiles)?;
        }
        if let Some(level) = case.level {
            builder = builder.level(level)?;
        }
        builder.add(&table)?;
        builder.finish()
    };
    Ok(made())
}

/// Statistics go through functions whose last digit is the platform's.
fn agree(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-12 * expected.abs().max(1.0),
        _ => found == expected,
    }
}
