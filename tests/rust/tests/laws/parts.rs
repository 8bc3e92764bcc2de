//! Parts and wholes: merging, rolling up, permuting, storing.

use super::{card, contents, some_keys, time};
use crate::support::random::{KEYS, Sample, config, tables};
use proptest::prelude::*;
use svcmetrics::{Scorecard, ScorecardBuilder, Time, Undefined};

pub(super) const PARTS: usize = 4;

/// A table, keys, each row's part, and the order in which the parts are merged.
pub(super) fn cut_tables() -> impl Strategy<Value = (Sample, Vec<&'static str>, Vec<usize>, Vec<usize>)> {
    tables(200).prop_flat_map(|rows| {
        let parts = proptest::collection::vec(0..PARTS, rows.rows.len());
        (Just(rows), some_keys(), parts, Just((0..PARTS).collect::<Vec<_>>()).prop_shuffle())
    })
}

pub(super) fn merged(cards: &[Scorecard]) -> Scorecard {
    let (first, rest) = cards.split_first().unwrap();
    rest.iter().fold(first.clone(), |all, part| all.merge(part).unwrap())
}

/// The stored card without what a merge cannot know.
fn stored(card: &Scorecard) -> serde_json::Value {
    let mut value: serde_json::Value = serde_json::from_str(&card.to_json().unwrap()).unwrap();
    assert!(value.as_object_mut().unwrap().shift_remove("unique_checked").is_some());
    value
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn the_parts_of_any_partition_merge_to_the_whole_in_any_order((rows, by, parts, order) in cut_tables()) {
        let whole = card(&rows, &by);
        let cards: Vec<Scorecard> = rows.cut(&parts, PARTS).iter().map(|part| card(part, &by)).collect();
        let in_order: Vec<Scorecard> = order.iter().map(|part| cards[*part].clone()).collect();
        let one = merged(&in_order);
        prop_assert_eq!(&one, &whole);
        prop_assert_eq!(one.to_json().unwrap(), whole.to_json().unwrap());
        // any tree, not only one after another
        let (left, right) = in_order.split_at(PARTS / 2);
        prop_assert_eq!(&merged(left).merge(&merged(right)).unwrap(), &whole);
        prop_assert_eq!(&merged(right).merge_common(&merged(left)).unwrap(), &whole);
    }

    #[test]
    fn a_part_that_was_stored_merges_as_one_that_was_not((rows, by, parts, _) in cut_tables()) {
        let read_back = |part: &Sample| Scorecard::from_json(&card(part, &by).to_json().unwrap()).unwrap();
        let cards: Vec<Scorecard> = rows.cut(&parts, PARTS).iter().map(read_back).collect();
        prop_assert_eq!(merged(&cards), card(&rows, &by));
    }

    #[test]
    fn a_table_in_several_parts_is_the_whole_table((rows, by, parts, _) in cut_tables()) {
        let mut sorted = parts;
        sorted.sort_unstable();
        let mut builder = ScorecardBuilder::new(rows.request(&by));
        for part in rows.cut(&sorted, PARTS) {
            builder.add(&part.table()).unwrap();
        }
        prop_assert_eq!(builder.finish().unwrap(), card(&rows, &by));
    }

    #[test]
    fn only_the_check_of_identities_is_lost_in_a_merge((rows, by, parts, order) in cut_tables()) {
        let rows = rows.numbered("customer_id");
        let checked = |rows: &Sample| Scorecard::of(&rows.table(), rows.request(&by).unique("customer_id")).unwrap();
        let whole = checked(&rows);
        let cards: Vec<Scorecard> = rows.cut(&parts, PARTS).iter().map(checked).collect();
        let one = merged(&order.iter().map(|part| cards[*part].clone()).collect::<Vec<_>>());
        prop_assert!(whole.is_unique_checked() && !one.is_unique_checked());
        prop_assert_eq!(stored(&one), stored(&whole));
    }

    #[test]
    fn the_order_of_rows_changes_nothing(
        (rows, by, order) in tables(200).prop_flat_map(|rows| {
            let order = Just((0..rows.rows.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(rows), some_keys(), order)
        })
    ) {
        let (one, other) = (card(&rows, &by), card(&rows.pick(order), &by));
        prop_assert_eq!(one.to_json().unwrap(), other.to_json().unwrap());
        prop_assert_eq!(one, other);
    }

    #[test]
    fn rolling_up_is_grouping_coarser(rows in tables(200), fine in some_keys(), coarse in some_keys()) {
        let kept: Vec<&str> = fine.iter().copied().filter(|key| coarse.contains(key)).collect();
        let rolled = card(&rows, &fine).rollup(&kept).unwrap();
        let grouped = card(&rows, &kept);
        prop_assert_eq!(rolled.keys(), grouped.keys());
        prop_assert_eq!(rolled.groups(), grouped.groups());
        let loses_time = fine.contains(&"period") && !kept.contains(&"period");
        if !loses_time {
            prop_assert_eq!(&rolled, &grouped);
        }
        for group in 0..grouped.len() {
            prop_assert_eq!(rolled.rows(group), grouped.rows(group));
            let adds_up = |metric: &svcmetrics::Metric| !loses_time || time(metric) == Time::Flow;
            prop_assert_eq!(contents(&rolled, group, adds_up), contents(&grouped, group, adds_up));
            for metric in grouped.metrics().filter(|metric| !adds_up(metric)) {
                prop_assert_eq!(rolled.counts_of(group, metric.id()).unwrap(), grouped.counts_of(group, metric.id()).unwrap());
                let found = rolled.figure_of(group, metric.id()).unwrap().undefined_reason();
                let nothing_counted = grouped.figure_of(group, metric.id()).unwrap().undefined_reason();
                let expected = [Some(Undefined::NotAdditiveOverTime), nothing_counted.filter(|reason| *reason != Undefined::ZeroDenominator)];
                prop_assert!(found.is_some() && expected.contains(&found), "{}: {:?} of {:?}", metric.id(), found, expected);
            }
        }
        prop_assert_eq!(rolled.period(), kept.iter().copied().find(|key| *key == "period"));
    }

    #[test]
    fn keys_may_be_rolled_up_one_by_one_and_in_any_order(rows in tables(100), order in Just(KEYS.to_vec()).prop_shuffle()) {
        let all = card(&rows, &KEYS);
        let step_by_step = all.rollup(&order).unwrap().rollup(&order[..2]).unwrap().rollup(&order[..1]).unwrap();
        prop_assert_eq!(&step_by_step, &all.rollup(&order[..1]).unwrap());
        prop_assert_eq!(step_by_step.rollup::<&str>(&[]).unwrap(), all.rollup::<&str>(&[]).unwrap());
    }

    #[test]
    fn a_scorecard_reads_back_from_json_as_it_was(rows in tables(60), by in some_keys()) {
        let built = card(&rows, &by);
        for card in [built.clone(), built.rollup::<&str>(&[]).unwrap(), built.merge(&built).unwrap()] {
            let text = card.to_json().unwrap();
            let read = Scorecard::from_json(&text).unwrap();
            prop_assert_eq!(read.to_json().unwrap(), text);
            for group in 0..card.len() {
                prop_assert_eq!(contents(&read, group, |_| true), contents(&card, group, |_| true));
            }
            prop_assert_eq!(read, card);
        }
    }
}
