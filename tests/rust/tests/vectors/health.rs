//! Health cases: a score for every customer of a table.

use super::case::{Customer, HealthCase, Subject};
use super::tables::request;
use crate::support::json::{self, micros};
use svcmetrics::{HealthModel, HealthScorer, HealthScores};

pub(super) fn run(case: &HealthCase) -> Result<(), String> {
    let mut request = request(Subject::Customers, &case.options, |_| false)?;
    if let Some(model) = &case.model {
        request = request.health(HealthModel::from_json(&model.to_string()).map_err(|error| error.to_string())?);
    }
    let mut scorer = HealthScorer::new(request);
    let table = json::table(&case.columns, &[])?;
    let found =
        scorer.add(&table).and_then(|()| scorer.finish()).map_err(|error| format!("found the error {error}"))?;
    if found.scores.len() != case.expect.len() {
        return Err(format!("found {} customers; expected {}", found.scores.len(), case.expect.len()));
    }
    let of =
        |(row, expected)| of_row(&found, row, expected).into_iter().map(move |problem| format!("row {row}: {problem}"));
    let problems: Vec<String> = case.expect.iter().enumerate().flat_map(of).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n  ")) }
}

fn of_row(scores: &HealthScores, row: usize, expected: &Customer) -> Vec<String> {
    let mut problems = Vec::new();
    let found = scores.scores[row].as_ref();
    let wanted = |text: &Option<String>| {
        text.as_ref().map(|text| micros(text).unwrap_or_else(|| panic!("{text} is no decimal")))
    };
    let score = found.and_then(|found| found.score).map(i128::from);
    if score != wanted(&expected.score) {
        problems.push(format!("score: found {score:?} micro-points; expected {:?}", expected.score));
    }
    if scores.band(row) != expected.band.as_deref() {
        problems.push(format!("band: found {:?}; expected {:?}", scores.band(row), expected.band));
    }
    let coverage = found.map(|found| found.coverage);
    if coverage.map(f64::to_bits) != expected.coverage.map(f64::to_bits) {
        problems.push(format!("coverage: found {coverage:?}; expected {:?}", expected.coverage));
    }
    for (metric, points) in &expected.points {
        let Some(place) = scores.model.components().iter().position(|component| component.metric() == metric) else {
            problems.push(format!("{metric} is no component"));
            continue;
        };
        let found = found.and_then(|found| found.points[place]).map(i128::from);
        if found != wanted(points) {
            problems.push(format!("points of {metric}: found {found:?} micro-points; expected {points:?}"));
        }
    }
    problems
}
