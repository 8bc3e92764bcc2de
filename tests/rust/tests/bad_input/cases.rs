//! Tables of cases: times that are none, and scorecards that do not belong together.

use super::documents::{all_paths, refused_or_read};
use crate::support::{assert_says, refused, small_card, small_table};
use serde_json::{Value, json};
use svcmetrics::{
    Check, ColumnUnit, Error, HealthModel, OnInvalid, Request, Scalar, Scales, Scorecard, ScorecardBuilder, Table,
    TimeUnit, Undefined,
};

const HOUR: i64 = 3_600;

fn naive(seconds: i64) -> Scalar {
    Scalar::Timestamp(seconds, TimeUnit::Second)
}

fn zoned(seconds: i64) -> Scalar {
    Scalar::Instant(seconds, TimeUnit::Second)
}

fn table(opened: Vec<Scalar>, resolved: Vec<Scalar>) -> Table<'static> {
    Table::new(opened.len()).with("opened_at", opened).with("resolved_at", resolved)
}

fn of(opened: Scalar, resolved: Scalar, request: Request) -> svcmetrics::Result<Scorecard> {
    Scorecard::of(&table(vec![opened], vec![resolved]), request)
}

/// Three cases in two regions, one of them open.
fn regions(request: Request) -> Scorecard {
    let table = table(vec![naive(0); 3], vec![naive(HOUR), naive(2 * HOUR), Scalar::Null]);
    Scorecard::of(&table.with("region", vec!["north", "north", "south"]), request.by(["region"])).unwrap()
}

#[test]
fn a_column_of_both_kinds_of_time_is_refused_at_the_first_of_the_other_kind() {
    let mixed = table(vec![naive(0), Scalar::Null, zoned(0)], vec![naive(1); 3]);
    let found = refused(Scorecard::of(&mixed, Request::cases()), "both kinds of time");
    assert_eq!((found.kind(), found.column(), found.row()), ("column_type", Some("opened_at"), Some(2)));
    assert_says(&found.to_string(), &["1970-01-01 00:00:00Z", "without a zone"]);
    // Days have no zone.
    let days = table(vec![Scalar::Date(0)], vec![zoned(1)]);
    assert_eq!(refused(Scorecard::of(&days, Request::cases()), "a day").column(), Some("resolved_at"));
}

#[test]
fn parts_of_a_table_have_one_kind_of_time() {
    let mut builder = ScorecardBuilder::new(Request::cases());
    builder.add(&table(vec![naive(0); 2], vec![naive(1); 2])).unwrap();
    let found = refused(builder.add(&table(vec![zoned(0)], vec![zoned(1)])), "another kind of time");
    assert_eq!((found.kind(), found.row()), ("column_type", Some(2)));
}

#[test]
fn what_is_no_time_is_of_the_wrong_type() {
    for value in [
        Scalar::Integer(5),
        Scalar::Float(5.0),
        Scalar::Text("2026-03-02".into()),
        Scalar::Boolean(true),
        Scalar::Decimal { value: 5, scale: 0 },
        Scalar::Other("timedelta".into(), "1 day".into()),
    ] {
        for request in [Request::cases(), Request::cases().on_invalid(OnInvalid::Skip)] {
            let found = refused(of(naive(0), value.clone(), request), "no time");
            assert_eq!((found.kind(), found.column()), ("column_type", Some("resolved_at")), "{value:?}");
            assert_says(&found.to_string(), &["a time"]);
        }
    }
    let numbers = Table::new(1).with("opened_at", vec![5_i64]).with("resolved_at", vec![5_i64]);
    assert_eq!(refused(Scorecard::of(&numbers, Request::cases()), "numbers").kind(), "column_type");
}

#[test]
fn nan_among_times_is_missing_or_an_error() {
    let nan = || Scalar::Float(f64::NAN);
    assert_eq!(refused(of(naive(0), nan(), Request::cases()), "NaN").kind(), "not_a_number");
    let card = of(naive(0), nan(), Request::cases().nan_is_missing(true)).unwrap();
    let mean = card.figure("case_time_to_resolution_mean").unwrap();
    assert_eq!(mean.undefined_reason(), Some(Undefined::AllMissing));
}

#[test]
fn times_that_microseconds_do_not_hold_are_out_of_range() {
    for far in [naive(i64::MAX), naive(i64::MIN), Scalar::Date(i32::MAX)] {
        let found = refused(of(far, naive(0), Request::cases()), "a time too far away");
        assert_eq!((found.kind(), found.column()), ("out_of_range", Some("opened_at")));
    }
    // As far apart as they can be: seconds that 64 bits of microseconds do not hold.
    let ends = [i64::MIN, i64::MAX].map(|time| Scalar::Timestamp(time, TimeUnit::Microsecond));
    let [first, last] = ends;
    let card = of(first, last, Request::cases().quantiles(true)).unwrap();
    let mean = card.figure("case_time_to_resolution_mean").unwrap();
    assert_eq!(mean.numerator().unwrap().integer(), i128::from(u64::MAX));
    assert_eq!(card.figure("case_time_to_resolution_median").unwrap().to_string(), "5,124,095,576.0 h");
}

#[test]
fn nanoseconds_are_rounded_and_counted() {
    let fine = |time: i64| Scalar::Timestamp(time, TimeUnit::Nanosecond);
    for request in [Request::cases(), Request::cases().money(svcmetrics::MoneyPolicy::Exact).scale(0)] {
        let card = of(fine(500), fine(3_600_000_001_700), request).unwrap();
        let mean = card.figure("case_time_to_resolution_mean").unwrap();
        assert_eq!(mean.numerator().unwrap().to_string(), "3600.000002");
        let quality = card.quality().metrics["case_time_to_resolution_mean"];
        assert_eq!((quality.counts.rounded, quality.largest_rounding), (2, 5e-7));
    }
}

#[test]
fn times_have_no_unit_and_cases_no_health() {
    let found = refused(
        of(naive(0), naive(1), Request::cases().column("opened_at", "opened_at", ColumnUnit::named("hours").unwrap())),
        "a unit",
    );
    assert_says(&found.to_string(), &["opened_at", "a column of money or of a duration"]);
    let found = refused(of(naive(0), naive(1), Request::cases().health(HealthModel::standard())), "a model");
    assert_eq!(found.kind(), "invalid_option");
    assert_says(&found.to_string(), &["health", "customers"]);
    let found =
        refused(of(naive(0), naive(1), Request::cases().column("is_new", "opened_at", ColumnUnit::OWN)), "a column");
    assert_says(&found.to_string(), &["columns", "is_new"]);
}

#[test]
fn a_metric_of_other_tables_is_said_to_be_one() {
    let customers = |metric| refused(Scorecard::of(&small_table(), Request::default().metrics([metric])), "of cases");
    assert_says(&customers("case_cost").to_string(), &["'case_cost', which is a metric of cases"]);
    assert!(!customers("case_nonsense").to_string().contains("a metric of"));
    let cases = refused(of(naive(0), naive(1), Request::cases().metrics(["health"])), "of customers");
    assert_says(&cases.to_string(), &["'health', which is a metric of customers"]);
    // A card says so of what is no metric of its own.
    let card = regions(Request::cases().metrics(["case_time_to_resolution_mean"]));
    assert_says(&refused(card.figures("nps"), "nps").to_string(), &["which is a metric of customers"]);
    assert!(!refused(card.figures("case_cost"), "not asked for").to_string().contains("which is"));
}

#[test]
fn neither_tables_columns_are_looked_for_in_the_other() {
    let with_near = |request: Request| {
        let table = small_table().with("opend_at", vec![1_i64; 4]).with("onbording", vec![1_i64; 4]);
        let table = table.with("onboardd", vec![true; 4]).with("resolved_at", vec![Scalar::Null; 4]);
        Scorecard::of(&table, request).unwrap()
    };
    let near = |card: &Scorecard| -> Vec<String> {
        card.not_measured().values().flatten().flat_map(|(_, near)| near.clone()).collect()
    };
    let cases = with_near(Request::cases());
    assert!(cases.not_measured().keys().all(|id| id.starts_with("case_")) && cases.not_measured().len() > 10);
    assert!(near(&cases).iter().all(|name| name == "opend_at") && !near(&cases).is_empty());
    let customers = with_near(Request::default());
    assert!(!customers.not_measured().keys().any(|id| id.starts_with("case_")));
    assert!(near(&customers).iter().all(|name| name == "onboardd") && !near(&customers).is_empty());
}

#[test]
fn a_card_with_quantiles_and_one_without_do_not_merge() {
    let (with, without) = (regions(Request::cases().quantiles(true)), regions(Request::cases()));
    for (one, other) in [(&with, &without), (&without, &with)] {
        let found = refused(one.merge(other), "quantiles");
        let Error::Mismatch { what, .. } = &found else { panic!("{found}") };
        assert_eq!(*what, "quantiles");
        assert_says(&found.to_string(), &["none are held", "case_seconds_to_resolution"]);
        let common = one.merge_common(other).unwrap();
        assert_eq!(common, without.merge(&without).unwrap());
    }
    assert_ne!(with, without);
    // Of customers no quantile is asked: nothing is held.
    let customers = small_card(Request::default().quantiles(true));
    assert!(customers.merge(&small_card(Request::default())).is_ok());
}

#[test]
fn cases_and_customers_are_joined_and_never_added() {
    let scales = Scales::default().csat_satisfied_from(4).unwrap();
    let of_customers = || {
        let table = small_table().with("csat_score", vec![5_i64; 4]);
        Scorecard::of(&table, Request::default().by(["region"]).scales(scales)).unwrap()
    };
    let (cases, customers) = (regions(Request::cases().quantiles(true)), of_customers());
    let found = refused(cases.merge(&customers), "different things");
    assert_says(&found.to_string(), &["their metrics", "case_time_to_resolution_mean", "adoption_rate"]);
    for joined in [cases.join(&customers).unwrap(), customers.join(&cases).unwrap()] {
        let median = joined.figure_of(0, "case_time_to_resolution_median").unwrap();
        assert_eq!(median.to_string(), "1.5 h");
        assert_eq!(joined.figure_of(1, "csat").unwrap().to_string(), "100.0 %");
        assert_eq!(Scorecard::from_json(&joined.to_json().unwrap()).unwrap(), joined);
        assert_eq!(
            joined.rollup::<&str>(&[]).unwrap().figure("case_time_to_resolution_median").unwrap().value(),
            Some(1.5)
        );
        assert!(joined.merge(&joined).is_ok());
    }
    // A region without cases has none, and one without customers neither.
    let north = cases.join(&small_card(Request::default().by(["region"]).metrics(["adoption_rate"]))).unwrap();
    assert_eq!(north.len(), 2);
    // Two that read surveys in different ways cannot stand side by side.
    let other = Scales::default().csat_satisfied_from(3).unwrap();
    let nps = Table::new(1).with("region", vec!["north"]).with("nps_score", vec![9_i64]);
    let nps = Scorecard::of(&nps, Request::default().by(["region"]).scales(other).metrics(["nps"])).unwrap();
    assert_eq!(refused(of_customers().join(&nps), "other scales").kind(), "mismatch");
}

#[test]
fn a_check_names_what_is_wrong_with_times() {
    let table = table(vec![naive(5), naive(0)], vec![naive(4), Scalar::Integer(1)]);
    let check = Check::of(&table, Request::cases()).unwrap();
    let found: Vec<(&str, Option<u64>)> =
        check.observations.iter().map(|observation| (observation.kind.as_str(), observation.row)).collect();
    assert!(found.contains(&("invalid_value", Some(0))) && found.contains(&("column_type", Some(1))), "{found:?}");
}

fn document() -> Value {
    serde_json::from_str(&regions(Request::cases().quantiles(true)).to_json().unwrap()).unwrap()
}

fn assert_refused(path: &str, value: &Value, pieces: &[&str]) {
    let mut tampered = document();
    *tampered.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = value.clone();
    let found = refused(Scorecard::from_json(&tampered.to_string()), &format!("{path} = {value}"));
    assert_eq!(found.kind(), "invalid_document");
    assert_says(&found.to_string(), pieces);
}

#[test]
fn distributions_that_contradict_the_totals_are_refused() {
    let pairs = json!([["3600", "1"], ["7200", "1"]]);
    assert_eq!(document()["distributed"], json!(["case_seconds_to_resolution"]));
    assert_eq!(document()["groups"][0]["distributions"], json!([pairs]));
    assert_eq!(document()["groups"][1]["distributions"], json!([[]]));
    for wrong in [
        json!([["3600", "1"]]),
        json!([["3600", "1"], ["7200", "2"]]),
        json!([["3600", "2"], ["7200", "0"]]),
        json!([["3600", "3"], ["7200", "-1"]]),
        json!([["7200", "1"], ["3600", "1"]]),
        json!([["3600", "1"], ["3600", "1"]]),
        json!([["3600.0", "1"], ["7200", "1"]]),
        json!([["3600", "1"], ["170141183460469231731687303715884105727", "1"]]),
        json!([]),
    ] {
        assert_refused("/groups/0/distributions/0", &wrong, &["groups[0].distributions", "case_seconds_to_resolution"]);
    }
    assert_refused("/groups/0/distributions", &json!([]), &["groups[0].distributions"]);
    assert_refused("/groups/1/distributions", &json!([[], []]), &["groups[1].distributions"]);
    assert_refused("/groups/0/distributions/0/0/0", &json!(3600), &[]);
    for measures in [json!([]), json!(["cases_with_target"]), json!(["nonsense"])] {
        assert_refused("/distributed", &measures, &["distribut"]);
    }
}

#[test]
fn a_stored_card_of_cases_that_was_tampered_with_is_refused_or_read_and_never_a_panic() {
    let whole = document();
    let others = [json!(null), json!(-1), json!("x"), json!("-1"), json!([]), json!({}), json!([["1", "1"]])];
    let (mut refusals, mut tried) = (0, 0);
    for path in all_paths(&whole) {
        for other in &others {
            let mut tampered = whole.clone();
            *tampered.pointer_mut(&path).unwrap() = other.clone();
            if tampered != whole {
                tried += 1;
                refusals += usize::from(refused_or_read(&tampered, &format!("{path} = {other}")));
            }
        }
    }
    assert!(tried > 500 && refusals * 10 > tried * 8, "{refusals} refusals of {tried}");
}
