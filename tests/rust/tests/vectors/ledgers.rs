//! Ledger cases: movements and retention of lines.

use super::case::{LedgerCase, Movements};
use super::figures::agrees_error;
use super::frames::rows;
use super::tables::reasons;
use crate::support::json;
use serde_json::{Map, Value};
use svcmetrics::{Error, Every, Figure, Gaps, Ledger, LedgerOptions, MovementOptions, RunRate, Scorecard};

pub(super) fn run(case: &LedgerCase) -> Result<(), String> {
    let expected = case.expect.as_deref();
    let outcome = match (&case.movements, &case.retention) {
        (Some(movements), None) => made(case).and_then(|ledger| {
            let card = ledger.movements(&options(movements))?;
            Ok(expected.map(|expected| groups(&card, expected).and_then(|()| reasons(&card, &case.reasons))))
        }),
        (None, Some(retention)) => made(case).and_then(|ledger| {
            let frame = ledger.retention(&options(retention))?.to_record_batch()?;
            Ok(expected.map(|expected| rows(&frame, expected, |found, expected| found == expected)))
        }),
        _ => return Err("a case has either 'movements' or 'retention'".to_owned()),
    };
    match (outcome, &case.error) {
        (Ok(Some(agrees)), None) => agrees,
        (Err(error), Some(expected)) => agrees_error(&error, expected),
        (Ok(_), _) => Err("found no error".to_owned()),
        (Err(error), None) => Err(format!("found the error {}: {error}", error.kind())),
    }
}

fn made(case: &LedgerCase) -> Result<Ledger, Error> {
    let gaps = if case.options.gaps.as_deref() == Some("error") { Gaps::Error } else { Gaps::Zero };
    let options = LedgerOptions::default().by(&case.options.by).gaps(gaps).opening(case.options.opening);
    let given = ["month", "loss_reason", "gain_reason"].map(str::to_owned);
    let keys = [given.to_vec(), case.options.by.clone()].concat();
    Ledger::of(&json::table(&case.columns, &keys).unwrap(), options)
}

fn options(movements: &Movements) -> MovementOptions {
    let every = match movements.every.as_deref() {
        Some("quarter") => Every::Quarter,
        Some("year") => Every::Year,
        _ => Every::Month,
    };
    let unit = if movements.unit.as_deref() == Some("year") { RunRate::Year } else { RunRate::Month };
    let made = MovementOptions::default().every(every).by(&movements.by).unit(unit);
    movements.fiscal_start.map_or(made.clone(), |month| made.fiscal_start(month))
}

fn groups(card: &Scorecard, expected: &[Map<String, Value>]) -> Result<(), String> {
    if card.len() != expected.len() {
        return Err(format!("groups: found {}; expected {}", card.len(), expected.len()));
    }
    let mut problems = Vec::new();
    for (group, expected) in expected.iter().enumerate() {
        let keys: Vec<String> = card.groups()[group].iter().map(ToString::to_string).collect();
        let wanted: Vec<&str> = expected["key"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        if keys != wanted {
            problems.push(format!("found the group {keys:?}; expected {wanted:?}"));
        }
        for (metric, wanted) in expected["metrics"].as_object().unwrap() {
            let figure = card.figure_of(group, metric).map_err(|error| error.to_string())?;
            if !agrees(&figure, wanted) {
                problems.push(format!("{keys:?}, {metric}: found {figure:?}; expected {wanted}"));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n  ")) }
}

/// Numerator and denominator against a decimal of up to ten places.
fn agrees(figure: &Figure, wanted: &Value) -> bool {
    let Some(wanted) = wanted.as_str() else { return !figure.is_defined() };
    let (whole, fraction) = wanted.split_once('.').unwrap_or((wanted, ""));
    let wanted: i128 = format!("{whole}{fraction:0<10}").parse().unwrap();
    let Some(numerator) = figure.numerator().and_then(svcmetrics::Total::micros) else { return false };
    let denominator = figure.denominator().map_or(Some(1_000_000), svcmetrics::Total::micros).unwrap();
    let scaled = numerator * 10_i128.pow(10);
    // rounded to the nearest: no case lies in the middle
    (2 * (scaled - wanted * denominator)).abs() <= denominator
        && (fraction.len() == 10 || scaled == wanted * denominator)
}
