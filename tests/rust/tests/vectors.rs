//! The vectors that both languages run: `tests/vectors/*.json`.

mod case;
mod figures;
mod formulas;
mod frames;
mod health;
mod ledgers;
mod relations;
mod tables;

use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

/// Runs every case of a file and names all that fail, not only the first.
fn run(topic: &str) {
    let path = folder().join(format!("{topic}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: case::File = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(!file.topic.is_empty() && !file.cases.is_empty(), "{topic}: no cases");
    let total = file.cases.len();
    let failures: Vec<String> = file.cases.into_iter().filter_map(|value| run_one(value).err()).collect();
    assert!(failures.is_empty(), "{} of {total} cases of {topic} fail:\n\n{}\n", failures.len(), failures.join("\n\n"));
}

fn run_one(value: serde_json::Value) -> Result<(), String> {
    let whole = value.to_string();
    let case: case::Case =
        serde_json::from_value(value).map_err(|error| format!("a case that is none: {error}\n{whole}"))?;
    let (name, origin, outcome) = match &case {
        case::Case::Table(case) => (&case.name, &case.origin, tables::run(case)),
        case::Case::Formula(case) => (&case.name, &case.origin, formulas::run(case)),
        case::Case::Health(case) => (&case.name, &case.origin, health::run(case)),
        case::Case::Frame(case) => (&case.name, &case.origin, frames::run(case)),
        case::Case::Ledger(case) => (&case.name, &case.origin, ledgers::run(case)),
        case::Case::Relation(case) => (&case.name, &case.origin, relations::run(case)),
    };
    if name.is_empty() || origin.is_empty() {
        return Err(format!("a case needs a name and an origin: {whole}"));
    }
    outcome.map_err(|problem| format!("- {name}\n  by: {origin}\n  {problem}"))
}

macro_rules! topics {
    ($($test:ident $topic:literal;)*) => {
        $(
            #[test]
            fn $test() {
                run($topic);
            }
        )*

        #[test]
        fn every_file_of_vectors_is_run() {
            let mut found: Vec<String> = std::fs::read_dir(folder())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter_map(|name| name.strip_suffix(".json").map(ToOwned::to_owned))
                .collect();
            found.sort();
            assert_eq!(found, [$($topic),*]);
        }
    };
}

topics! {
    adoption_is_as_the_vectors_say "adoption";
    availability_is_as_the_vectors_say "availability";
    bins_are_as_the_vectors_say "bins";
    cases_are_as_the_vectors_say "cases";
    cohorts_are_as_the_vectors_say "cohorts";
    defects_are_as_the_vectors_say "defects";
    engagement_is_as_the_vectors_say "engagement";
    formulas_are_as_the_vectors_say "formulas";
    health_is_as_the_vectors_say "health";
    intake_is_as_the_vectors_say "intake";
    ledgers_are_as_the_vectors_say "ledger";
    mixes_are_as_the_vectors_say "mixes";
    onboarding_is_as_the_vectors_say "onboarding";
    own_metrics_are_as_the_vectors_say "own_metrics";
    profitability_is_as_the_vectors_say "profitability";
    reasons_are_as_the_vectors_say "reasons";
    relations_are_as_the_vectors_say "relate";
    retention_is_as_the_vectors_say "retention";
    revenue_is_as_the_vectors_say "revenue";
    risk_is_as_the_vectors_say "risk";
    sales_are_as_the_vectors_say "sales";
    success_is_as_the_vectors_say "success";
    targets_are_as_the_vectors_say "targets";
    trends_are_as_the_vectors_say "trend";
    the_voice_of_the_customer_is_as_the_vectors_say "voice";
}

#[test]
fn a_case_with_a_field_that_nobody_reads_fails() {
    let case = |text: &str| run_one(serde_json::from_str(text).unwrap());
    let good = r#"{"kind": "formula", "name": "n", "origin": "o", "formula": "adoption_rate",
        "arguments": {"milestones_met": 1, "milestones_total": 2}, "expect": {"numerator": "1", "denominator": "2"}}"#;
    assert_eq!(case(good), Ok(()));
    for (from, to) in [
        (r#""origin""#, r#""orign""#),
        (r#""milestones_met""#, r#""met""#),
        (r#""numerator""#, r#""amount""#),
        (r#""denominator": "2""#, r#""denominator": "4""#),
        (r#""denominator": "2""#, r#""denominator": "2", "value": 0.5"#),
        (r#", "milestones_total": 2"#, ""),
        (r#""milestones_total": 2"#, r#""milestones_total": 2, "extra": 1"#),
        (r#""expect""#, r#""expected""#),
        ("adoption_rate", "adoption"),
    ] {
        assert!(case(&good.replace(from, to)).is_err(), "{from} -> {to}");
    }
}
