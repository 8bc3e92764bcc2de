//! Table cases: a table, a request, the groups of its scorecard.

use super::case::{Counts, Group, KeyBins, MixRow, Options, ReasonRow, Subject, TableCase};
use super::figures::{agrees, agrees_error};
use crate::support::json;
use serde_json::Value;
use std::collections::BTreeMap;
use svcmetrics::{
    AbsentRevenue, Bins, CASE_ID, CUSTOMER_ID, Key, MetricDefinition, MoneyPolicy, OnInvalid, Request, RevenueChange,
    Scales, Scorecard, Total,
};

/// The request of these options, for a table of these columns.
pub(super) fn request(subject: Subject, options: &Options, has: impl Fn(&str) -> bool) -> Result<Request, String> {
    let (mut request, identity) = match subject {
        Subject::Customers => (Request::default(), CUSTOMER_ID),
        Subject::Cases => (Request::cases(), CASE_ID),
    };
    request = match options.absent_revenue.as_deref() {
        None => request,
        Some("zero") => request.absent_revenue(AbsentRevenue::Zero),
        Some("missing") => request.absent_revenue(AbsentRevenue::Missing),
        Some(other) => return Err(format!("absent_revenue: {other}")),
    };
    request = match options.on_invalid.as_deref() {
        None => request,
        Some("raise") => request.on_invalid(OnInvalid::Raise),
        Some("skip") => request.on_invalid(OnInvalid::Skip),
        Some(other) => return Err(format!("on_invalid: {other}")),
    };
    request = match options.money.as_deref() {
        None => request,
        Some("auto") => request.money(MoneyPolicy::Auto),
        Some("exact") => request.money(MoneyPolicy::Exact),
        Some("round") => request.money(MoneyPolicy::Round),
        Some(other) => return Err(format!("money: {other}")),
    };
    request = match options.nan.as_deref() {
        None => request,
        Some("null") => request.nan_is_missing(true),
        Some("error") => request.nan_is_missing(false),
        Some(other) => return Err(format!("nan: {other}")),
    };
    if let Some(scale) = options.scale {
        request = request.scale(scale);
    }
    let mut scales = Scales::default();
    if let Some(mark) = &options.csat_satisfied_from {
        scales = scales.csat_satisfied_from(json::decimal(mark)?).map_err(|error| error.to_string())?;
    }
    if let Some([hardest, easiest]) = &options.effort_scale {
        let (hardest, easiest) = (json::decimal(hardest)?, json::decimal(easiest)?);
        scales = scales.effort(hardest, easiest).map_err(|error| error.to_string())?;
    }
    request = request.scales(scales).quantiles(options.quantiles);
    // The Python default: customer_id, or case_id, where it is there. The core asks for the column by name.
    let unique = options.unique.unwrap_or(true) && has(identity);
    Ok(if unique { request.unique(identity) } else { request })
}

pub(super) fn run(case: &TableCase) -> Result<(), String> {
    let mut request = request(case.subject, &case.options, |name| case.columns.contains_key(name))?.by(case.by.iter());
    if let Some(period) = &case.period {
        request = request.period(period);
    }
    if let Some(metrics) = &case.metrics {
        request = request.metrics(metrics.iter());
    }
    // A key that is bins holds numbers.
    let texts: Vec<String> = case.by.iter().filter(|key| !case.bins.contains_key(*key)).cloned().collect();
    let table = json::table(&case.columns, &texts)?;
    let define = |request: Request, definition: &Value| {
        request.define(MetricDefinition::from_json(&definition.to_string())?.metric()?)
    };
    let request = case.define.iter().try_fold(request, define);
    let edges = |bins: &KeyBins| bins.edges.iter().map(json::decimal).collect::<Result<Vec<_>, _>>();
    let bins: Vec<_> =
        case.bins.iter().map(|(key, bins)| Ok((key, bins, edges(bins)?))).collect::<Result<_, String>>()?;
    let request = bins.into_iter().fold(request, |request, (key, KeyBins { column, labels, .. }, edges)| {
        let bins = labels.iter().try_fold(Bins::new(edges)?, Bins::labels)?;
        Ok(request?.bins(key, column, bins))
    });
    let card = request.and_then(|request| Scorecard::of(&table, request)).and_then(|card| match &case.rollup {
        Some(keys) => card.rollup(keys),
        None => Ok(card),
    });
    match (card, &case.expect, &case.error) {
        (Ok(card), Some(expected), None) => groups(&card, expected, &case.not_measured)
            .and_then(|()| reasons(&card, &case.reasons))
            .and_then(|()| mixes(&card, &case.mixes)),
        (Err(error), None, Some(expected)) => agrees_error(&error, expected),
        (Ok(_), None, Some(expected)) => Err(format!("found a scorecard; expected the error {}", expected.kind)),
        (Err(error), Some(_), None) => Err(format!("found the error {}: {error}; expected a scorecard", error.kind())),
        (_, _, _) => Err("a case has either 'expect' or 'error'".to_owned()),
    }
}

fn groups(card: &Scorecard, expected: &[Group], not_measured: &[String]) -> Result<(), String> {
    let wanted: Vec<Vec<Key>> =
        expected.iter().map(|group| group.key.iter().map(json::key).collect()).collect::<Result<_, _>>()?;
    let found: Vec<Vec<Key>> = card.groups().iter().map(|keys| shown(keys)).collect();
    if found != wanted {
        return Err(format!("groups: found {:?}; expected {wanted:?}", card.groups()));
    }
    let mut problems: Vec<String> = Vec::new();
    for (place, group) in expected.iter().enumerate() {
        problems.extend(
            of_group(card, place, group).into_iter().map(|problem| format!("group {:?}: {problem}", group.key)),
        );
    }
    let measured = not_measured.iter().filter(|id| !card.not_measured().contains_key(*id));
    problems.extend(measured.map(|id| format!("{id} is not listed as not measured")));
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n  ")) }
}

/// Keys as the vectors write them: bins by their labels.
fn shown(keys: &[Key]) -> Vec<Key> {
    let label = |key: &Key| if let Key::Bin { label, .. } = key { Key::Text(label.clone()) } else { key.clone() };
    keys.iter().map(label).collect()
}

pub(super) fn reasons(card: &Scorecard, expected: &BTreeMap<String, Vec<ReasonRow>>) -> Result<(), String> {
    for (change, expected) in expected {
        let known = [RevenueChange::Loss, RevenueChange::Gain].into_iter().find(|known| known.name() == change);
        let found =
            card.reasons(known.ok_or(format!("{change}: no such change"))?).map_err(|error| error.to_string())?;
        if found.len() != expected.len() {
            return Err(format!("{change}: found {} reasons; expected {}", found.len(), expected.len()));
        }
        for (found, expected) in found.iter().zip(expected) {
            let keys: Vec<Key> = expected.key.iter().map(json::key).collect::<Result<_, _>>()?;
            let micros = |total: Option<Total>| total.and_then(Total::micros);
            let agree = (&found.keys, &found.reason) == (&keys, &json::key(&expected.reason)?)
                && found.customers == i128::from(expected.customers)
                && micros(Some(found.amount)) == json::micros(&expected.amount)
                && micros(found.avoidable) == expected.avoidable.as_deref().and_then(json::micros);
            if !agree {
                return Err(format!("{change}: found {found:?}; expected {expected:?}"));
            }
            agrees(&found.share, &expected.share).map_err(|problem| format!("{change}, share: {problem}"))?;
        }
    }
    Ok(())
}

fn mixes(card: &Scorecard, expected: &BTreeMap<String, Vec<MixRow>>) -> Result<(), String> {
    for (mix, expected) in expected {
        let found = card.mix(mix).map_err(|error| error.to_string())?.parts;
        if found.len() != expected.len() {
            return Err(format!("{mix}: found {} parts; expected {}", found.len(), expected.len()));
        }
        for (found, expected) in found.iter().zip(expected) {
            let keys: Vec<Key> = expected.key.iter().map(json::key).collect::<Result<_, _>>()?;
            let agree = (shown(&found.keys), &found.value) == (keys, &json::key(&expected.value)?)
                && found.cases == i128::from(expected.cases);
            if !agree {
                return Err(format!("{mix}: found {found:?}; expected {expected:?}"));
            }
            agrees(&found.share, &expected.share).map_err(|problem| format!("{mix}, share: {problem}"))?;
        }
    }
    Ok(())
}

fn of_group(card: &Scorecard, place: usize, group: &Group) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(rows) = group.rows
        && card.rows(place) != i128::from(rows)
    {
        problems.push(format!("rows: found {}; expected {rows}", card.rows(place)));
    }
    for (id, expected) in &group.metrics {
        let outcome =
            card.figure_of(place, id).map_err(|error| error.to_string()).and_then(|figure| agrees(&figure, expected));
        problems.extend(outcome.err().map(|problem| format!("{id}: {problem}")));
    }
    for (id, expected) in &group.counts {
        let Counts { counted, missing, invalid, outside } = *expected;
        let wanted = [counted, missing, invalid, outside].map(i128::from);
        let found = card
            .counts_of(place, id)
            .ok()
            .flatten()
            .map(|found| [found.counted, found.missing, found.invalid, found.outside]);
        if found != Some(wanted) {
            problems.push(format!("{id}: found {found:?} counted, missing, invalid and outside; expected {wanted:?}"));
        }
    }
    problems
}
