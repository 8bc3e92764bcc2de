//! What holds for metrics of cases, their quantiles among them.

use super::parts::{PARTS, cut_tables, merged};
use super::{contents, some_keys};
use crate::support::exact::{half_even, is_nearest};
use crate::support::random::{KEYS, Sample, complete_tables, config, nanoseconds, of_cases, tables};
use num_bigint::BigInt;
use proptest::prelude::*;
use svcmetrics::{Metric, Scalar, Scorecard, ScorecardBuilder, Undefined, catalog};

fn card(rows: &Sample, by: &[&str]) -> Scorecard {
    Scorecard::of(&rows.table(), of_cases(by)).unwrap_or_else(|error| panic!("{error}"))
}

fn rounded(number: i128, divisor: i128) -> i128 {
    i128::try_from(half_even(&BigInt::from(number), &BigInt::from(divisor))).unwrap()
}

/// The microseconds from the opening of all cases that are over and did not end before they began, from the rows themselves.
fn durations(rows: &Sample, until: &str) -> Vec<i128> {
    let place = |name: &str| rows.names.iter().position(|known| known == name).unwrap();
    let at = |row: &[Scalar], name: &str| nanoseconds(&row[place(name)]).map(|time| rounded(time, 1_000));
    let passed = |row: &Vec<Scalar>| Some(at(row, until)? - at(row, "opened_at")?);
    rows.rows.iter().filter_map(passed).filter(|passed| *passed >= 0).collect()
}

/// A quantile of sorted whole seconds in hours, times 360,000, as numpy's default interpolates.
fn quantile(seconds: &[i128], percent: i128) -> i128 {
    let position = (i128::try_from(seconds.len()).unwrap() - 1) * percent;
    let (rank, rest) = (usize::try_from(position / 100).unwrap(), position % 100);
    let next = seconds[(rank + 1).min(seconds.len() - 1)];
    seconds[rank] * (100 - rest) + next * rest
}

#[test]
fn random_tables_measure_every_metric_of_cases() {
    let mut runner = proptest::test_runner::TestRunner::new(config(4));
    let outcome = runner.run(&complete_tables(5), |rows| {
        let card = card(&rows, &KEYS);
        let measured: Vec<&str> = card.metrics().map(Metric::id).collect();
        let all: Vec<&str> = catalog().iter().map(Metric::id).filter(|id| id.starts_with("case_")).collect();
        prop_assert_eq!(measured, all);
        prop_assert!(card.not_measured().is_empty());
        Ok(())
    });
    outcome.unwrap();
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn the_parts_of_any_partition_merge_to_the_whole_with_their_quantiles((rows, by, parts, order) in cut_tables()) {
        let whole = card(&rows, &by);
        let read_back = |part: &Sample| Scorecard::from_json(&card(part, &by).to_json().unwrap()).unwrap();
        let cards: Vec<Scorecard> = rows.cut(&parts, PARTS).iter().map(read_back).collect();
        let in_order: Vec<Scorecard> = order.iter().map(|part| cards[*part].clone()).collect();
        let (left, right) = in_order.split_at(PARTS / 2);
        prop_assert_eq!(&merged(&in_order), &whole);
        prop_assert_eq!(&merged(right).merge(&merged(left)).unwrap(), &whole);
        prop_assert_eq!(&merged(left).merge_common(&merged(right)).unwrap(), &whole);
        prop_assert_eq!(merged(&in_order).to_json().unwrap(), whole.to_json().unwrap());
    }

    #[test]
    fn a_table_of_cases_in_several_parts_is_the_whole_table((rows, by, mut parts, _) in cut_tables()) {
        parts.sort_unstable();
        let mut builder = ScorecardBuilder::new(of_cases(&by));
        for part in rows.cut(&parts, PARTS) {
            builder.add(&part.table()).unwrap();
        }
        prop_assert_eq!(builder.finish().unwrap(), card(&rows, &by));
    }

    #[test]
    fn rolling_cases_up_is_grouping_them_coarser_also_over_time(rows in tables(200), fine in some_keys(), coarse in some_keys()) {
        let kept: Vec<&str> = fine.iter().copied().filter(|key| coarse.contains(key)).collect();
        let (rolled, grouped) = (card(&rows, &fine).rollup(&kept).unwrap(), card(&rows, &kept));
        prop_assert_eq!(rolled.groups(), grouped.groups());
        for group in 0..grouped.len() {
            prop_assert_eq!(contents(&rolled, group, |_| true), contents(&grouped, group, |_| true));
        }
        prop_assert_eq!(Scorecard::from_json(&rolled.to_json().unwrap()).unwrap(), rolled);
    }

    #[test]
    fn times_are_what_their_rows_say(rows in complete_tables(60)) {
        let card = card(&rows, &[]);
        for (name, until) in [("response", "responded_at"), ("resolution", "resolved_at")] {
            let of = |statistic: &str| card.figure(&format!("case_time_to_{name}_{statistic}")).unwrap();
            let passed = durations(&rows, until);
            let mut seconds: Vec<i128> = passed.iter().map(|micros| rounded(*micros, 1_000_000)).collect();
            seconds.sort_unstable();
            let cases = i128::try_from(passed.len()).unwrap();
            if cases == 0 {
                prop_assert!(["mean", "median", "p90"].iter().all(|statistic| !of(statistic).is_defined()));
                continue;
            }
            let mean = of("mean");
            prop_assert_eq!(mean.numerator().unwrap().micros().unwrap(), passed.iter().sum::<i128>());
            prop_assert_eq!(mean.denominator().unwrap().integer(), 3_600 * cases);
            for (statistic, percent) in [("median", 50), ("p90", 90)] {
                let value = of(statistic).value().unwrap();
                prop_assert!(is_nearest(value, quantile(&seconds, percent), 360_000), "{} {}", statistic, value);
            }
        }
    }

    #[test]
    fn without_quantiles_all_else_is_the_same(rows in tables(60), by in some_keys()) {
        let (with, without) = (card(&rows, &by), Scorecard::of(&rows.table(), of_cases(&by).quantiles(false)).unwrap());
        let is_quantile = |metric: &Metric| metric.id().ends_with("_median") || metric.id().ends_with("_p90");
        for group in 0..with.len() {
            let others = |card: &Scorecard| contents(card, group, |metric| !is_quantile(metric));
            prop_assert_eq!(others(&with), others(&without));
            for metric in without.metrics().filter(|metric| is_quantile(metric)) {
                let counted = without.counts_of(group, metric.id()).unwrap().unwrap().counted;
                let reason = without.figure_of(group, metric.id()).unwrap().undefined_reason();
                prop_assert_eq!(reason == Some(Undefined::NotMergeable), counted > 0);
                prop_assert!(reason.is_some());
            }
        }
        if !with.is_empty() {
            prop_assert_eq!(with.merge(&without).unwrap_err().kind(), "mismatch");
            prop_assert_eq!(with.merge_common(&without).unwrap(), without.merge(&without.clone()).unwrap());
        }
    }
}
