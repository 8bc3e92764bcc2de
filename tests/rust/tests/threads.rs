//! What every public type can do: cross threads, be shown, be copied, be stored.

use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;
use std::path::PathBuf;

/// A type that crosses threads, shows itself and can be copied.
fn shared<T: Send + Sync + Debug + Clone>() {}

/// A type that can be stored and read back.
fn stored<T: Serialize + DeserializeOwned>() {}

/// Compiles only where each type does what is asked of it, and gives their names.
macro_rules! types {
    ($check:ident: $($name:ident $(<$lifetime:lifetime>)?,)*) => {{
        $($check::<svcmetrics::$name $(<$lifetime>)?>();)*
        [$(stringify!($name)),*]
    }};
}

/// Names in the façade that are no types of their own: traits and aliases.
const NO_TYPES: [&str; 7] = ["Blobs", "Combination", "EffectColumn", "MissingColumns", "Name", "Result", "Texts"];

/// What the façade exports: the names with a capital and a small letter.
fn exported() -> Vec<String> {
    let facade = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../crates/svcmetrics/src/lib.rs");
    let text = std::fs::read_to_string(facade).unwrap();
    let (uses, _) = text.split_once("pub mod formulas").unwrap();
    let words = uses
        .split("pub use ")
        .skip(1)
        .filter_map(|part| part.split_once(';'))
        .flat_map(|(path, _)| path.split([',', '{', '}', ':', ' ', '\n']));
    let is_type = |word: &&str| {
        word.starts_with(char::is_uppercase) && word.chars().any(char::is_lowercase) && !NO_TYPES.contains(word)
    };
    let mut names: Vec<String> = words.filter(is_type).map(ToOwned::to_owned).collect();
    names.sort();
    names
}

#[test]
fn every_public_type_crosses_threads_and_can_be_shown_and_cloned() {
    let mut names = types! { shared:
        AbsentRevenue, Among, Attainment, Attribution, Band, Better, Bins, Bits<'static>, Change, Changes, Check,
        Checker, CohortCell, Column, ColumnKind, ColumnUnit, CompareOptions, Comparison, Component, Condition, Contribution,
        Correlation, Counts, CustomerMovement, Data<'static>, Diagnostics, Direction, Error, Estimate, Every, Explanation, Expression, Figure, Firsts<'static>, Form,
        Fraction, Gaps, Gate, HealthModel, HealthScore, HealthScorer, HealthScores, Increment, Increments, Key, KeyColumn,
        KeyType, Kind, Ledger, LedgerBuilder, LedgerOptions, Lift, Measure, Metric, MetricDefinition, MetricQuality, MissingPolicy, Mix, MixPart, MoneyPolicy, Movement, MovementOptions, MovementsBuilder, NoRelation,
        Nulls<'static>, Observation, Offence, OnInvalid, Period, Quality, Reason, RecurringRevenue, Reference,
        RelatedGroup, Relation, RelationBuilder, Request, Retention, RevenueChange, RowSearch, RunRate, Scalar, Scales, Scope, Scorecard,
        ScorecardBuilder, SegmentEffect, SupportPrice, Table<'static>, Target, TargetStatus, Targets, Term, Time,
        TimeUnit, Total, Trend, Undefined, Unit, Values<'static>, Verdict,
    };
    names.sort_unstable();
    assert_eq!(exported(), names, "a type of the façade is not asked here");
}

#[test]
fn what_holds_a_result_or_a_definition_can_be_stored() {
    let stored = types! { stored:
        AbsentRevenue, Among, Attainment, Attribution, Band, Better, Bins, Change, Changes, Check, CohortCell, Column, ColumnKind,
        ColumnUnit, Comparison, Component, Condition, Contribution, Correlation, Counts, CustomerMovement, Diagnostics, Direction, Estimate, Every,
        Explanation, Expression, Figure, Form, Fraction, Gaps, Gate, HealthModel, HealthScore, HealthScores, Increment,
        Increments, Key, KeyColumn, KeyType, Kind, Ledger, LedgerOptions, Lift, Measure, Metric, MetricDefinition, MetricQuality,
        MissingPolicy, Mix, MixPart, MoneyPolicy, Movement, MovementOptions, NoRelation, Observation, OnInvalid, Period, Quality, Reason, RecurringRevenue,
        Reference, RelatedGroup, Relation, Retention, RevenueChange, RunRate, Scalar, Scales, Scope, Scorecard, SegmentEffect, SupportPrice,
        Target, TargetStatus, Targets, Term, Time, TimeUnit, Total, Trend, Undefined, Unit, Verdict,
    };
    // Not stored: what reads or builds (tables and their parts, requests, builders), and errors.
    let not_stored = [
        "Bits",
        "Checker",
        "CompareOptions",
        "Data",
        "Error",
        "Firsts",
        "HealthScorer",
        "LedgerBuilder",
        "MovementsBuilder",
        "Nulls",
        "Offence",
        "RelationBuilder",
        "Request",
        "RowSearch",
        "ScorecardBuilder",
        "Table",
        "Values",
    ];
    let mut all: Vec<&str> = stored.into_iter().chain(not_stored).collect();
    all.sort_unstable();
    assert_eq!(exported(), all);
}

#[test]
fn a_scorecard_can_be_built_and_read_on_several_threads() {
    let parts = [1_i64, 2, 3, 4];
    let cards: Vec<svcmetrics::Scorecard> = std::thread::scope(|scope| {
        let build = |met: i64| {
            let table =
                svcmetrics::Table::new(1).with("milestones_met", vec![met]).with("milestones_total", vec![4_i64]);
            svcmetrics::Scorecard::of(&table, svcmetrics::Request::default()).unwrap()
        };
        let threads: Vec<_> = parts.map(|met| scope.spawn(move || build(met))).into_iter().collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let all = cards[1..].iter().fold(cards[0].clone(), |all, card| all.merge(card).unwrap());
    let read = std::thread::scope(|scope| scope.spawn(|| all.figure("adoption_rate").unwrap().value()).join().unwrap());
    assert_eq!(read, Some(0.625));
}
