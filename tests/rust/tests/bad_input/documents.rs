//! Stored scorecards that were tampered with, field by field.

use crate::support::{assert_says, refused, small_card};
use serde_json::{Value, json};
use svcmetrics::{Column, ColumnKind, Condition, Measure, Metric, Request, Scope, Scorecard, Time};

/// A scorecard with everything that a document can hold: keys of two types, time, own metrics, a model, what was not measured.
fn card() -> Scorecard {
    let goals = Column::new("goals_met", ColumnKind::Count);
    let scope = Scope::new("own_scope")
        .among(Condition::IsTrue(Column::new("is_active", ColumnKind::Flag)))
        .reads([goals.clone()]);
    let sum = Measure::total("own_total", &scope, goals.clone().into(), Time::Flow).only(Condition::positive(goals));
    let rows = Measure::count("own_rows", &scope, Time::Stock);
    let own = Metric::ratio("own_rate", "Own", vec![(1, sum)], vec![(2, rows)]);
    let gap = Metric::difference("own_gap", "Own gap", "own_rate", "adoption_rate");
    let request = Request::default().define(own).unwrap().define(gap).unwrap();
    small_card(request.by(["region", "goals_total"]).period("goals_total"))
}

fn document() -> Value {
    serde_json::from_str(&card().to_json().unwrap()).unwrap()
}

/// Everything that can be asked of a card; nothing of it may panic.
fn exercise(card: &Scorecard) {
    let ids: Vec<String> = card.metrics().map(|metric| metric.id().to_owned()).collect();
    for id in ids.iter().chain(card.not_measured().keys()) {
        for group in 0..card.len() {
            let figure = card.figure_of(group, id);
            let shown =
                figure.map(|figure| (figure.to_string(), figure.to_decimal(), figure.percent(), figure.to_json()));
            drop((shown, card.counts_of(group, id)));
        }
    }
    drop((card.quality(), card.merge(card), card.merge_common(card), card.join(card), card.to_json()));
    drop((card.rollup(&["region"]), card.rollup::<&str>(&[]).map(|card| card.quality())));
    drop((card.to_record_batch(), card.tidy_record_batch(), card.measures_record_batch()));
    drop(card.health_model().map(svcmetrics::HealthModel::id));
}

/// The paths to every value within a document.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                paths(field, &format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                paths(item, &format!("{path}/{place}"), found);
            }
        }
        _ => {}
    }
}

pub(super) fn all_paths(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    paths(document, "", &mut found);
    found
}

/// A document either is refused as one, or is a scorecard that says what the document says.
pub(super) fn refused_or_read(document: &Value, why: &str) -> bool {
    match Scorecard::from_json(&document.to_string()) {
        Ok(card) => {
            exercise(&card);
            let again: Value = serde_json::from_str(&card.to_json().unwrap()).unwrap();
            assert_eq!(Scorecard::from_json(&again.to_string()).unwrap(), card, "{why}");
            false
        }
        Err(error) => {
            assert_eq!(error.kind(), "invalid_document", "{why}: {error}");
            assert!(error.to_string().chars().count() < 3000, "{why}: {error}");
            true
        }
    }
}

#[test]
fn the_untouched_document_is_read_back_as_the_card() {
    exercise(&card());
    assert_eq!(Scorecard::from_json(&document().to_string()).unwrap(), card());
    assert!(document()["groups"].as_array().unwrap().len() > 2);
}

#[test]
fn every_value_replaced_by_one_of_another_kind_is_refused_or_read_and_never_a_panic() {
    let whole = document();
    let others = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!("x"),
        json!([]),
        json!({}),
        json!([{}]),
        json!({"text": 1}),
    ];
    let (mut refusals, mut tried) = (0, 0);
    for path in all_paths(&whole) {
        for other in &others {
            let mut tampered = whole.clone();
            let place = tampered.pointer_mut(&path).unwrap();
            if place == other {
                continue;
            }
            *place = other.clone();
            tried += 1;
            refusals += usize::from(refused_or_read(&tampered, &format!("{path} = {other}")));
        }
    }
    // What is read all the same are texts for texts, flags for flags, and nulls where nothing is as good as something.
    assert!(tried > 5000 && refusals * 10 > tried * 9, "{refusals} refusals of {tried}");
}

#[test]
fn every_field_taken_out_is_refused_or_read_as_absent() {
    let whole = document();
    let may_be_absent = ["/period", "/model/among", "/model/missing", "/model/min_coverage", "/model/gates"];
    for path in all_paths(&whole) {
        let Some((parent, field)) = path.rsplit_once('/') else { continue };
        let mut tampered = whole.clone();
        let is_field = match tampered.pointer_mut(parent) {
            Some(Value::Object(fields)) => fields.shift_remove(field).is_some(),
            Some(Value::Array(items)) => {
                items.remove(field.parse().unwrap());
                false
            }
            _ => continue,
        };
        let was_refused = refused_or_read(&tampered, &format!("{path} taken out"));
        let free =
            path.contains("/not_measured") || path.contains("/model/components") || path.contains("/model/bands");
        // A scope without a condition is about all rows, a measure without one about all that count.
        let free = free || path.ends_with("/among") || path.ends_with("/only");
        if is_field && whole.pointer(&path) != Some(&Value::Null) && !free && !may_be_absent.contains(&path.as_str()) {
            assert!(was_refused, "{path} taken out: accepted");
        }
    }
}

#[test]
fn an_unknown_field_anywhere_is_refused() {
    let whole = document();
    // Names are free in these: metrics, components, bands.
    let free = ["/not_measured", "/model/components", "/model/bands"];
    for path in all_paths(&whole).into_iter().filter(|path| !free.contains(&path.as_str())) {
        let mut tampered = whole.clone();
        if let Some(fields) = tampered.pointer_mut(&path).unwrap().as_object_mut() {
            fields.insert("extra".to_owned(), json!(1));
            assert!(refused_or_read(&tampered, &format!("{path}/extra")), "{path}/extra: accepted");
        }
    }
}

#[test]
fn a_list_reordered_or_with_an_item_twice_is_refused_or_read() {
    let whole = document();
    for path in all_paths(&whole) {
        let Some(items) = whole.pointer(&path).and_then(Value::as_array).filter(|items| items.len() > 1) else {
            continue;
        };
        let mut reversed = whole.clone();
        reversed.pointer_mut(&path).unwrap().as_array_mut().unwrap().reverse();
        refused_or_read(&reversed, &format!("{path} reversed"));
        let mut longer = whole.clone();
        longer.pointer_mut(&path).unwrap().as_array_mut().unwrap().push(items[0].clone());
        let was_refused = refused_or_read(&longer, &format!("{path} with an item twice"));
        let is_free = path.starts_with("/not_measured") || path.starts_with("/own");
        assert!(was_refused || is_free, "{path} with an item twice: accepted");
    }
}

/// The document with one value changed must be refused, and the refusal say where.
fn assert_refused(path: &str, value: &Value, pieces: &[&str]) {
    let mut tampered = document();
    *tampered.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = value.clone();
    let found = refused(Scorecard::from_json(&tampered.to_string()), &format!("{path} = {value}"));
    assert_eq!(found.kind(), "invalid_document");
    assert_says(&found.to_string(), pieces);
}

#[test]
fn another_version_is_refused_and_named() {
    assert_refused("/format", &json!(2), &["format 2", "expected format 1"]);
    assert_refused("/catalog", &json!(99), &["catalogue 99"]);
}

#[test]
fn groups_out_of_order_or_twice_are_refused() {
    let groups = document()["groups"].as_array().unwrap().clone();
    let swapped: Vec<Value> = [&groups[1], &groups[0]].into_iter().chain(&groups[2..]).cloned().collect();
    assert_refused("/groups", &json!(swapped), &["groups[1].key", "in order"]);
    let twice: Vec<Value> = [&groups[0], &groups[0]].into_iter().chain(&groups[1..]).cloned().collect();
    assert_refused("/groups", &json!(twice), &["groups[1].key", "once"]);
}

#[test]
fn keys_of_another_type_or_number_are_refused() {
    assert_refused("/groups/0/key/0", &json!({"integer": "1"}), &["groups[0].key"]);
    assert_refused("/groups/0/key", &json!([{"text": "a"}]), &["groups[0].key"]);
    assert_refused("/keys/0/key_type", &json!("integer"), &["groups[0].key"]);
    assert_refused("/keys/0/name", &json!("goals_total"), &["keys"]);
    assert_refused("/period", &json!("month"), &["period"]);
    assert_refused("/over_time", &json!(true), &["over_time"]);
    assert_refused("/keys", &json!([]), &[]);
}

#[test]
fn lanes_other_than_those_of_the_metrics_are_refused() {
    assert_refused("/lanes/0", &json!("row"), &["lanes"]);
    let mut lanes = document()["lanes"].as_array().unwrap().clone();
    lanes.swap(1, 2);
    assert_refused("/lanes", &json!(lanes), &["lanes"]);
    assert_refused("/metrics/0/id", &json!("adaption_rate"), &["adaption_rate"]);
    assert_refused("/metrics/0/form", &json!(1), &["form"]);
}

#[test]
fn totals_that_are_no_integers_or_no_counts_are_refused() {
    for total in ["-1", "1.5", "", " 1", "1e3", "x", "0x10", "170141183460469231731687303715884105728"] {
        assert_refused("/groups/0/totals/0", &json!(total), &["groups[0].totals"]);
    }
    assert_refused("/groups/0/totals/0", &json!(1), &[]);
    assert_refused("/groups/0/totals", &json!(["1"]), &["groups[0].totals"]);
    assert_refused("/largest_rounding/0", &json!(-0.5), &["largest_rounding"]);
    assert_refused("/parameters/scale", &json!(7), &["scale"]);
}

#[test]
fn counts_so_large_that_they_could_not_be_added_are_refused() {
    assert_refused("/groups/0/totals/1", &json!(i128::MAX.to_string()), &["groups[0].totals"]);
}

#[test]
fn counts_that_do_not_add_up_to_the_rows_are_refused() {
    assert_refused("/groups/0/totals/0", &json!("1000"), &["groups[0].totals", "rows"]);
}

#[test]
fn a_document_whose_health_model_was_taken_out_is_refused() {
    assert_refused("/model", &json!(null), &["model"]);
}

#[test]
fn own_metrics_in_a_circle_are_refused() {
    let document = document();
    let place = document["own"].as_array().unwrap().iter().position(|metric| metric["id"] == "own_gap").unwrap();
    let circle = json!([{"difference": ["own_gap", "adoption_rate"]}]);
    assert_refused(&format!("/own/{place}/forms"), &circle, &["own_gap"]);
}

#[test]
fn what_is_no_document_is_refused() {
    for text in ["", "{", "null", "[]", "1", "\"card\"", "{\"format\": 1}", "\u{0}"] {
        assert_eq!(refused(Scorecard::from_json(text), "no document").kind(), "invalid_document", "{text:?}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(refused(Scorecard::from_json(&deep), "a deep document").kind(), "invalid_document");
    let cut = card().to_json().unwrap();
    assert_eq!(refused(Scorecard::from_json(&cut[..cut.len() / 2]), "half a document").kind(), "invalid_document");
}
