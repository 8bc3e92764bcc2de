//! What figures and counts are, whatever the table.

use super::{card, some_keys};
use crate::support::exact::{at_28_digits, is_nearest};
use crate::support::random::{config, tables};
use num_bigint::BigInt;
use proptest::prelude::*;
use svcmetrics::{Counts, Figure, Kind, Scorecard, Total, Undefined, Unit};

fn micros(card: &Scorecard, group: usize, metric: &str) -> Option<i128> {
    card.figure_of(group, metric).unwrap().numerator().and_then(Total::micros)
}

/// The reason that the counts alone give, in the order of the specification.
fn reason(counts: &Counts) -> Option<Undefined> {
    match (counts.counted, counts.missing, counts.invalid, counts.outside) {
        (1.., ..) => None,
        (_, 0, 0, 0) => Some(Undefined::NoRows),
        (_, 0, 0, _) => Some(Undefined::NoneInScope),
        (_, _, 0, _) => Some(Undefined::AllMissing),
        (_, 0, _, _) => Some(Undefined::AllInvalid),
        _ => Some(Undefined::NoneCounted),
    }
}

fn is_rounded_quotient(figure: &Figure, numerator: i128, denominator: i128) -> bool {
    let (digits, places) = at_28_digits(numerator, denominator);
    let Some(mut decimal) = figure.to_decimal() else { return false };
    decimal.rescale(places);
    (BigInt::from(decimal.mantissa()), decimal.scale()) == (digits, places)
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn every_row_is_counted_or_missing_or_invalid_or_outside(rows in tables(200), by in some_keys()) {
        let card = card(&rows, &by);
        let mut all = 0;
        for group in 0..card.len() {
            all += card.rows(group);
            for metric in card.metrics() {
                let Some(counts) = card.counts_of(group, metric.id()).unwrap() else {
                    prop_assert!(["renewal_gap", "health"].contains(&metric.id()), "{} has no counts", metric.id());
                    continue;
                };
                let Counts { counted, missing, invalid, outside, rounded, .. } = counts;
                prop_assert!([counted, missing, invalid, outside, rounded].iter().all(|count| *count >= 0));
                prop_assert_eq!(counted + missing + invalid + outside, card.rows(group), "{}", metric.id());
                prop_assert!(rounded <= counted * i128::try_from(rows.names.len()).unwrap());
                let figure = card.figure_of(group, metric.id()).unwrap();
                match (reason(&counts), figure.undefined_reason()) {
                    (None, None | Some(Undefined::ZeroDenominator)) => {}
                    (expected, found) => prop_assert_eq!(expected, found, "{}", metric.id()),
                }
            }
        }
        prop_assert_eq!(all, i128::try_from(rows.rows.len()).unwrap());
        let quality = card.quality();
        prop_assert_eq!(quality.rows, all);
        for (metric, found) in &quality.metrics {
            let counts = found.counts;
            prop_assert_eq!(counts.counted + counts.missing + counts.invalid + counts.outside, all, "{}", metric);
            prop_assert_eq!(counts.rounded > 0, found.largest_rounding > 0.0, "{}", metric);
            prop_assert!(found.largest_rounding <= 0.000_000_500_1, "{}: {}", metric, found.largest_rounding);
        }
    }

    #[test]
    fn revenue_at_the_end_is_the_start_and_its_movements(rows in tables(200), by in some_keys()) {
        let card = card(&rows, &by);
        if card.not_measured().contains_key("revenue_end") {
            return Ok(());
        }
        for group in 0..card.len() {
            let of = |metric: &str| micros(&card, group, metric);
            let Some(end) = of("revenue_end") else {
                prop_assert_eq!(of("revenue_start"), None);
                continue;
            };
            let [start, new, expansion, contraction, churn] =
                ["revenue_start", "revenue_new", "revenue_expansion", "revenue_contraction", "revenue_churn"].map(|id| of(id).unwrap());
            prop_assert_eq!(end, start + new + expansion - contraction - churn);
            prop_assert_eq!(of("revenue_added").unwrap(), new + expansion);
            prop_assert_eq!(of("revenue_lost").unwrap(), contraction + churn);
            prop_assert_eq!(of("net_recurring_revenue").unwrap(), end - start);
            prop_assert!([start, new, expansion, contraction, churn, end].iter().all(|amount| *amount >= 0));
        }
    }

    #[test]
    fn a_share_lies_between_0_and_1(rows in tables(200), by in some_keys()) {
        let card = card(&rows, &by);
        for metric in card.metrics().filter(|metric| metric.kind() == Kind::Share) {
            for figure in card.figures(metric.id()).unwrap() {
                let (Some(numerator), Some(denominator)) = (figure.numerator(), figure.denominator()) else {
                    prop_assert!(!figure.is_defined(), "{}: a share without sums", metric.id());
                    continue;
                };
                prop_assert!(0 <= numerator.micros().unwrap() && numerator.micros() <= denominator.micros(), "{}: {:?}", metric.id(), figure);
                prop_assert!(figure.value().is_some_and(|value| (0.0..=1.0).contains(&value)), "{}", metric.id());
            }
        }
    }

    #[test]
    fn shares_of_one_whole_sum_to_1(rows in tables(100), by in some_keys()) {
        let card = card(&rows, &by);
        let wholes = [
            vec!["basic_user_share", "advanced_user_share"],
            vec!["positive_impact_share", "neutral_impact_share", "negative_impact_share"],
            vec!["customer_retention_rate", "customer_churn_rate"],
        ];
        for shares in wholes.into_iter().filter(|shares| !card.not_measured().contains_key(shares[0])) {
            for group in 0..card.len() {
                let figures: Vec<Figure> = shares.iter().map(|id| card.figure_of(group, id).unwrap()).collect();
                let whole = figures[0].denominator().map(Total::integer);
                let parts: i128 = figures.iter().filter_map(Figure::numerator).map(Total::integer).sum();
                prop_assert_eq!(whole.unwrap_or(0), parts, "{:?}", shares);
            }
        }
    }

    #[test]
    fn scores_of_answers_lie_between_minus_100_and_100_and_a_mean_effort_on_its_scale(rows in tables(100), by in some_keys()) {
        let card = card(&rows, &by);
        for (id, least, most) in [("nps", -100.0, 100.0), ("ces_net", -100.0, 100.0), ("ces_mean", 1.0, 7.0)] {
            if card.not_measured().contains_key(id) {
                continue;
            }
            for figure in card.figures(id).unwrap() {
                prop_assert!(figure.value().is_none_or(|value| (least..=most).contains(&value)), "{id}: {figure:?}");
            }
        }
    }

    #[test]
    fn a_value_is_the_double_nearest_to_its_exact_quotient(rows in tables(60), by in some_keys()) {
        let card = card(&rows, &by);
        for metric in card.metrics() {
            for figure in card.figures(metric.id()).unwrap() {
                let total = |total: Option<Total>| total.map(|total| total.micros().unwrap());
                match (figure.value(), total(figure.numerator()), total(figure.denominator())) {
                    (None, None, None) => prop_assert!(figure.undefined_reason().is_some()),
                    (Some(value), Some(n), Some(d)) => {
                        prop_assert_ne!(d, 0);
                        prop_assert!(is_nearest(value, n, d), "{}: {value} of {n} / {d}", metric.id());
                        prop_assert!(is_rounded_quotient(&figure, n, d), "{}: {:?} of {n} / {d}", metric.id(), figure.to_decimal());
                        prop_assert_eq!(figure.percent().is_some(), figure.unit() == Unit::Fraction);
                        let percent = figure.percent().is_none_or(|percent| is_nearest(percent, n * 100, d));
                        prop_assert!(percent, "{}: percent of {n} / {d}", metric.id());
                    }
                    (Some(value), Some(amount), None) => {
                        prop_assert_eq!(metric.kind(), Kind::Amount);
                        prop_assert!(is_nearest(value, amount, 1_000_000), "{}: {value} of {amount}", metric.id());
                    }
                    (Some(value), None, None) => {
                        prop_assert!(matches!(metric.kind(), Kind::Derived | Kind::Score) && value.is_finite());
                    }
                    other => prop_assert!(false, "{}: {other:?}", metric.id()),
                }
                prop_assert_eq!(figure.to_string() == "–", !figure.is_defined());
                prop_assert_eq!(figure.to_string().contains('%'), figure.is_defined() && figure.unit() == Unit::Fraction);
            }
        }
    }

    #[test]
    fn the_renewal_gap_is_rounded_once(rows in tables(100), by in some_keys()) {
        let card = card(&rows, &by);
        if card.not_measured().contains_key("renewal_gap") {
            return Ok(());
        }
        for group in 0..card.len() {
            let parts = ["recurring_revenue_rate", "contract_renewal_rate"].map(|id| card.figure_of(group, id).unwrap());
            let gap = card.figure_of(group, "renewal_gap").unwrap();
            let sums = parts.map(|part| Some((part.numerator()?.micros()?, part.denominator()?.micros()?)));
            let [Some((a, b)), Some((c, d))] = sums else {
                let first = parts.iter().find_map(Figure::undefined_reason);
                prop_assert!(gap.undefined_reason() == first && first.is_some());
                continue;
            };
            prop_assert!(is_nearest(gap.value().unwrap(), a * d - b * c, b * d), "{a} / {b} - {c} / {d}");
        }
    }
}
