//! Results as batches: their schemas, of empty tables too, and what stands in them.

use super::{batch, columns, plain, request};
use crate::support::{refused, small_card, small_table};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use svcmetrics::{
    Column, ColumnKind, Component, HealthModel, HealthScorer, HealthScores, Kind, Measure, Metric, MissingPolicy,
    Request, Scope, Scorecard, Table, Time, Undefined, Unit,
};

const MONEY: DataType = DataType::Decimal128(38, 6);

fn schema(batch: &RecordBatch) -> Vec<(String, DataType)> {
    assert!(batch.schema_ref().fields().iter().all(|field| field.is_nullable()));
    batch.schema_ref().fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect()
}

fn of(names: &[&str], data_type: &DataType) -> Vec<(String, DataType)> {
    names.iter().map(|name| ((*name).to_owned(), data_type.clone())).collect()
}

/// The same table with all of its rows and with none.
fn with_and_without_rows(by: &[&str]) -> [Scorecard; 2] {
    let whole = batch(columns());
    [whole.clone(), whole.slice(0, 0)]
        .map(|batch| Scorecard::of(&Table::from(&batch), request().by(by.iter().copied())).unwrap())
}

#[test]
fn the_wide_batch_has_keys_rows_and_a_column_a_metric() {
    for card in with_and_without_rows(&["region"]) {
        let wide = card.to_record_batch().unwrap();
        let mut expected = of(&["region"], &DataType::Utf8);
        expected.extend(of(&["rows"], &DataType::Int64));
        for metric in card.metrics() {
            let data_type = if metric.kind() == Kind::Amount { MONEY } else { DataType::Float64 };
            expected.extend(of(&[metric.id()], &data_type));
        }
        assert_eq!(schema(&wide), expected);
        assert_eq!(wide.num_rows(), card.len());
    }
}

#[test]
fn the_long_batch_has_a_row_a_group_and_metric() {
    for card in with_and_without_rows(&["region"]) {
        let tidy = card.tidy_record_batch().unwrap();
        let mut expected = of(&["region", "metric"], &DataType::Utf8);
        expected.extend(of(&["value"], &DataType::Float64));
        expected.extend(of(&["numerator", "denominator"], &MONEY));
        expected.extend(of(&["counted", "missing", "invalid", "outside", "rounded"], &DataType::Int64));
        expected.extend(of(&["undefined_reason"], &DataType::Utf8));
        expected.extend(of(&["low", "high"], &DataType::Float64));
        assert_eq!(schema(&tidy), expected);
        assert_eq!(tidy.num_rows(), card.len() * card.metrics().count());
    }
}

#[test]
fn the_batch_of_measures_has_whole_counts_and_decimal_totals() {
    for card in with_and_without_rows(&["region"]) {
        let totals = card.measures_record_batch().unwrap();
        let found = schema(&totals);
        assert_eq!(found[..2], [("region".to_owned(), DataType::Utf8), ("rows".to_owned(), DataType::Int64)]);
        for (name, data_type) in &found[1..] {
            let is_count = name == "rows" || name.contains('.');
            assert_eq!(*data_type, if is_count { DataType::Int64 } else { MONEY }, "{name}");
        }
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        for name in [
            "milestones.counted",
            "milestones.rounded",
            "milestones_met",
            "revenue_start",
            "onboarded_customers",
            "health_score",
        ] {
            assert!(names.contains(&name), "{name} is not in {names:?}");
        }
    }
}

#[test]
fn an_empty_table_gives_one_row_without_keys_and_none_with_keys() {
    let [_, grouped] = with_and_without_rows(&["region"]);
    let [_, whole] = with_and_without_rows(&[]);
    for (card, rows) in [(grouped, 0), (whole, 1)] {
        let metrics = card.metrics().count();
        assert_eq!(card.to_record_batch().unwrap().num_rows(), rows);
        assert_eq!(card.measures_record_batch().unwrap().num_rows(), rows);
        assert_eq!(card.tidy_record_batch().unwrap().num_rows(), rows * metrics);
    }
}

fn assert_holds_the_figures(card: &Scorecard) {
    let wide = card.to_record_batch().unwrap();
    for group in 0..card.len() {
        assert_eq!(i128::from(wide["rows"].as_primitive::<Int64Type>().value(group)), card.rows(group));
        for metric in card.metrics() {
            let (array, figure) = (&wide[metric.id()], card.figure_of(group, metric.id()).unwrap());
            if let Some(array) = array.as_primitive_opt::<Decimal128Type>() {
                let found = (!array.is_null(group)).then(|| array.value(group));
                assert_eq!(found, figure.numerator().and_then(svcmetrics::Total::micros), "{}", metric.id());
            } else if let Some(array) = array.as_primitive_opt::<Int64Type>() {
                let found = (!array.is_null(group)).then(|| i128::from(array.value(group)));
                assert_eq!(found, figure.numerator().map(svcmetrics::Total::integer), "{}", metric.id());
            } else {
                let found = (!array.is_null(group)).then(|| array.as_primitive::<Float64Type>().value(group).to_bits());
                assert_eq!(found, figure.value().map(f64::to_bits), "{} of group {group}", metric.id());
            }
        }
    }
}

#[test]
fn the_wide_batch_holds_the_figures_and_null_where_they_are_undefined() {
    let card = plain();
    let wide = card.to_record_batch().unwrap();
    for (group, key) in card.groups().iter().enumerate() {
        let text = wide["region"].as_string::<i32>();
        assert_eq!(
            (!text.is_null(group)).then(|| text.value(group).to_owned()),
            (key[0] != svcmetrics::Key::Null).then(|| key[0].to_string())
        );
    }
    assert_holds_the_figures(&card);
}

#[test]
fn scores_and_differences_of_groups_are_their_figures_be_they_there_or_large_or_not() {
    // in a group of its own each: all is there, nothing is, the renewals alone are, and sums are no doubles
    let large = (1_i64 << 61) + 1;
    let periods = ["2026-01", "2026-01", "2026-02", "2026-03", "2026-04", "2026-04"];
    let (yes, no) = (Some(true), Some(false));
    let table = |rows: usize| {
        let flags = |values: [Option<bool>; 6]| values[..rows].to_vec();
        let numbers = |values: [Option<i64>; 6]| values[..rows].to_vec();
        Table::new(rows)
            .with("period", periods[..rows].to_vec())
            .with("milestones_met", numbers([Some(1), Some(2), None, None, Some(large), Some(3)]))
            .with("milestones_total", numbers([Some(3), Some(4), None, None, Some(large), Some(large)]))
            .with("is_active", flags([yes, yes, None, yes, yes, yes]))
            .with("committed", flags([yes, no, None, yes, yes, yes]))
            .with("contracts_due", numbers([Some(3), Some(4), None, Some(7), Some(3), Some(large)]))
            .with("contracts_renewed", numbers([Some(3), Some(1), None, Some(0), Some(1), Some(large)]))
            .with("revenue_start", numbers([Some(100), Some(50), None, None, Some(3), Some(0)]))
            .with("revenue_end", numbers([Some(90), Some(70), None, None, Some(0), Some(9)]))
    };
    let mut scores = 0;
    for missing in [MissingPolicy::Renormalize, MissingPolicy::Zero] {
        for (least, rows) in [(0, 4), (0, 6), (1, 4), (1, 6)] {
            let model = HealthModel::standard_without_plan().missing(missing).min_coverage(least).unwrap();
            let card = Scorecard::of(&table(rows), Request::default().by(["period"]).health(model)).unwrap();
            assert!(card.metrics().any(|metric| metric.id() == "renewal_gap"));
            scores += card.figures("health").unwrap().iter().filter(|figure| figure.is_defined()).count();
            let whole = card.rollup::<&str>(&[]).unwrap();
            [&card, &whole].into_iter().for_each(assert_holds_the_figures);
        }
    }
    // where no coverage is asked for, 2 and 3 groups that have a value, and once more with those that count as 0; else none
    assert_eq!(scores, 2 + 3 + 3 + 4);
}

#[test]
fn the_long_batch_holds_sums_counts_and_reasons() {
    let card = plain();
    let tidy = card.tidy_record_batch().unwrap();
    let decimal = |name: &str, row: usize| {
        let array = tidy[name].as_primitive::<Decimal128Type>();
        (!array.is_null(row)).then(|| array.value(row))
    };
    let mut row = 0;
    for group in 0..card.len() {
        for metric in card.metrics() {
            let (figure, counts) =
                (card.figure_of(group, metric.id()).unwrap(), card.counts_of(group, metric.id()).unwrap());
            assert_eq!(tidy["metric"].as_string::<i32>().value(row), metric.id());
            assert_eq!(decimal("numerator", row), figure.numerator().and_then(svcmetrics::Total::micros));
            assert_eq!(decimal("denominator", row), figure.denominator().and_then(svcmetrics::Total::micros));
            let reason = tidy["undefined_reason"].as_string::<i32>();
            assert_eq!(
                (!reason.is_null(row)).then(|| reason.value(row)),
                figure.undefined_reason().map(Undefined::reason)
            );
            let count = |name: &str| {
                let array = tidy[name].as_primitive::<Int64Type>();
                (!array.is_null(row)).then(|| i128::from(array.value(row)))
            };
            let found = ["counted", "missing", "invalid", "outside", "rounded"].map(count);
            let expected =
                counts.map(|counts| [counts.counted, counts.missing, counts.invalid, counts.outside, counts.rounded]);
            assert_eq!(found, expected.map_or([None; 5], |counts| counts.map(Some)), "{}", metric.id());
            row += 1;
        }
    }
    assert_eq!(row, tidy.num_rows());
}

#[test]
fn measures_that_time_rolled_away_are_null() {
    let card = small_card(Request::default().by(["region"]).period("region")).rollup::<&str>(&[]).unwrap();
    let totals = card.measures_record_batch().unwrap();
    for (name, is_stock) in [("revenue_start", true), ("milestones_met", true), ("revenue_churn", false)] {
        assert_eq!(totals[name].is_null(0), is_stock, "{name}");
    }
}

#[test]
fn a_key_named_like_a_measure_is_an_error_of_the_measures_alone() {
    let card = Scorecard::of(&small_table(), Request::default().by(["goals_met"])).unwrap();
    assert!(card.to_record_batch().is_ok());
    let error = refused(card.measures_record_batch(), "a key named like a measure");
    assert_eq!((error.kind(), error.column()), ("key_name", Some("goals_met")));
}

fn scores(table: &Table<'_>) -> HealthScores {
    let mut scorer = HealthScorer::new(Request::default());
    scorer.add(table).unwrap();
    scorer.finish().unwrap()
}

#[test]
fn the_batch_of_health_scores_has_a_row_a_customer() {
    let table = small_table().with("customer_id", vec!["a", "b", "c", "d"]);
    let batch = scores(&table).to_record_batch(true).unwrap();
    let mut expected = of(&["customer_id"], &DataType::Utf8);
    expected.extend(of(&["score"], &DataType::Float64));
    expected.extend(of(&["band"], &DataType::Utf8));
    expected.extend(of(&["coverage"], &DataType::Float64));
    let points = [
        "adoption_rate_points",
        "plan_realization_points",
        "renewal_commitment_rate_points",
        "net_revenue_retention_points",
    ];
    expected.extend(of(&points, &DataType::Decimal128(9, 6)));
    assert_eq!(schema(&batch), expected);
    assert_eq!(schema(&scores(&small_table()).to_record_batch(false).unwrap()), expected[1..4]);
    // b left: nothing of it is known. a: (1/2 + 1 + 1 + 1.1 cut to 1) / 4
    assert!(["score", "band", "coverage", points[0]].iter().all(|name| batch[*name].is_null(1)));
    assert_eq!(batch["score"].as_primitive::<Float64Type>().value(0).to_bits(), 87.5_f64.to_bits());
    assert_eq!(batch["band"].as_string::<i32>().value(0), "green");
    assert_eq!(batch[points[0]].as_primitive::<Decimal128Type>().value(0), 12_500_000);
}

#[test]
fn the_scorer_writes_the_batch_that_its_scores_would_be() {
    let ids = ["a", "b", "c", "d"];
    for table in [small_table(), small_table().with("customer_id", ids.to_vec())] {
        for points in [true, false] {
            let mut scorer = HealthScorer::new(Request::default()).points(points);
            scorer.add(&table).unwrap();
            scorer.add(&table).unwrap();
            let (batches, model) = scorer.clone().finish_record_batches().unwrap();
            let of_rows = scorer.finish().unwrap();
            assert_eq!((batches, model), (vec![of_rows.to_record_batch(points).unwrap()], of_rows.model));
        }
    }
}

#[test]
fn bands_of_any_name_are_written_whole() {
    let long = "as_good_as_it_can_be_and_then_some";
    let bands = [("a", 0), (long, 50), ("sixteen_letters_", 100)];
    let model = HealthModel::new([Component::new("adoption_rate", 1)]).unwrap().bands(bands).unwrap();
    let met = vec![Some(1_i64), Some(4), None, Some(2), Some(4), Some(0)];
    let table = Table::new(6).with("milestones_met", met).with("milestones_total", vec![4_i64; 6]);
    let mut scorer = HealthScorer::new(Request::default().health(model));
    scorer.add(&table).unwrap();
    let (batches, _) = scorer.finish_record_batches().unwrap();
    let found: Vec<_> = batches[0]["band"].as_string::<i32>().iter().map(Option::unwrap_or_default).collect();
    assert_eq!(found, ["a", "sixteen_letters_", "unknown", long, "sixteen_letters_", "a"]);
}

#[test]
fn the_batch_of_no_health_scores_has_the_same_schema() {
    let rows = scores(&small_table().with("customer_id", vec!["a", "b", "c", "d"]));
    let empty = Table::new(0)
        .with("customer_id", Vec::<&str>::new())
        .with("goals_met", Vec::<i64>::new())
        .with("goals_total", Vec::<i64>::new())
        .with("milestones_met", Vec::<i64>::new())
        .with("milestones_total", Vec::<i64>::new());
    let none = scores(&empty).to_record_batch(true).unwrap();
    assert_eq!((schema(&none), none.num_rows()), (schema(&rows.to_record_batch(true).unwrap()), 0));
}

#[test]
fn totals_that_are_no_totals_are_refused() {
    let card = small_card(Request::default().by(["region"]).metrics(["adoption_rate"]));
    let totals = card.measures_record_batch().unwrap();
    let read = |batch: &RecordBatch| Scorecard::from_measures(&Table::from(batch), &Request::default().by(["region"]));
    assert_eq!(read(&totals).unwrap().figures("adoption_rate").unwrap(), card.figures("adoption_rate").unwrap());
    let names: Vec<String> = totals.schema_ref().fields().iter().map(|field| field.name().clone()).collect();
    let with = |name: &str, array: arrow_array::ArrayRef| {
        let columns = names
            .iter()
            .zip(totals.columns())
            .map(|(known, column)| (known.as_str(), if known == name { array.clone() } else { column.clone() }, true));
        RecordBatch::try_from_iter_with_nullable(columns.collect::<Vec<_>>()).unwrap()
    };
    let int =
        |values: [i64; 2]| std::sync::Arc::new(arrow_array::Int64Array::from(values.to_vec())) as arrow_array::ArrayRef;
    let float = |values: [f64; 2]| {
        std::sync::Arc::new(arrow_array::Float64Array::from(values.to_vec())) as arrow_array::ArrayRef
    };
    let nulls = std::sync::Arc::new(arrow_array::Int64Array::from(vec![Some(1), None])) as arrow_array::ArrayRef;
    let text = std::sync::Arc::new(arrow_array::StringArray::from(vec!["1", "2"])) as arrow_array::ArrayRef;
    for (name, array) in [
        ("rows", int([-1, 2])),
        ("milestones.counted", int([2, -2])),
        ("milestones.counted", float([2.5, 2.0])),
        ("milestones.counted", nulls),
        ("milestones_met", float([1.5, 2.0])),
        ("milestones_met", text),
        // two rows in each group, of which three are counted: the totals contradict each other
        ("milestones.counted", int([3, 2])),
    ] {
        let error = refused(read(&with(name, array)), name);
        assert_eq!(error.kind(), "invalid_document", "{name}: {error}");
        crate::support::assert_says(&error.to_string(), &[name]);
    }
    let missing: Vec<usize> = (0..names.len()).filter(|place| names[*place] != "milestones.rounded").collect();
    assert_eq!(refused(read(&totals.project(&missing).unwrap()), "no rounded").kind(), "invalid_document");
}

#[test]
fn an_own_amount_of_things_is_a_decimal_too() {
    let column = Column::new("goals_met", ColumnKind::Count);
    let scope = Scope::new("own_scope").reads([column.clone()]);
    let total = Measure::total("own_total", &scope, column.into(), Time::Flow);
    let metric = Metric::amount("own_sum", "Own", Unit::Number, vec![(1, total)]);
    let card = small_card(Request::default().define(metric).unwrap().metrics(["own_sum"]));
    let wide = card.to_record_batch().unwrap();
    assert_eq!(wide["own_sum"].as_primitive::<Decimal128Type>().value(0), 7_000_000);
}
