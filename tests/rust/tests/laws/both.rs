//! Spread, and what comes of two scorecards: it adds up, whichever way it is cut, and is stored as it is.

use super::some_keys;
use crate::support::random::{KEYS, Sample, config, tables};
use proptest::prelude::*;
use svcmetrics::{Attribution, Change, Changes, CompareOptions, Fraction, Scorecard, Verdict};

fn card(rows: &Sample, by: &[&str]) -> Scorecard {
    Scorecard::of(&rows.table(), rows.request(by).spread(true)).unwrap_or_else(|error| panic!("{error}"))
}

/// A table, keys, and which side each row is on.
fn two_sides() -> impl Strategy<Value = (Sample, Vec<&'static str>, Vec<usize>)> {
    tables(120).prop_flat_map(|rows| {
        let sides = proptest::collection::vec(0..2_usize, rows.rows.len());
        (Just(rows), some_keys(), sides)
    })
}

fn as_text(fractions: &[Option<Fraction>]) -> Vec<String> {
    fractions.iter().map(|fraction| fraction.as_ref().map_or_else(|| "none".into(), ToString::to_string)).collect()
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn squares_of_parts_merge_to_those_of_the_whole((rows, by, sides) in two_sides()) {
        let whole = card(&rows, &by);
        let parts: Vec<Scorecard> = rows.cut(&sides, 2).iter().map(|part| card(part, &by)).collect();
        let merged = parts[1].merge(&parts[0]).unwrap();
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(&parts[0].merge_common(&parts[1]).unwrap(), &whole);
        prop_assert_eq!(&Scorecard::from_json(&whole.to_json().unwrap()).unwrap(), &whole);
        let read_back = Scorecard::from_json(&parts[0].to_json().unwrap()).unwrap();
        prop_assert_eq!(&read_back.merge(&parts[1]).unwrap(), &whole);
    }

    #[test]
    fn squares_roll_up_as_if_they_had_been_asked_for_so((rows, by, _) in two_sides()) {
        let fine = card(&rows, &KEYS);
        let rolled = fine.rollup(&by).unwrap();
        let direct = card(&rows, &by);
        let by_time = by.contains(&"period");
        for metric in direct.metrics().map(svcmetrics::Metric::id) {
            for group in 0..direct.len() {
                let (one, two) = (rolled.figure_of(group, metric).unwrap(), direct.figure_of(group, metric).unwrap());
                if by_time || one.is_defined() {
                    prop_assert_eq!(one, two);
                } else {
                    prop_assert_eq!(one.interval(0.9).unwrap(), None);
                }
            }
        }
        prop_assert_eq!(&Scorecard::from_json(&rolled.to_json().unwrap()).unwrap(), &rolled);
    }

    #[test]
    fn a_wider_level_has_a_wider_interval((rows, by, _) in two_sides()) {
        let card = card(&rows, &by);
        for metric in card.metrics().map(svcmetrics::Metric::id) {
            for figure in card.figures(metric).unwrap() {
                let (narrow, wide) = (figure.interval(0.5).unwrap(), figure.interval(0.99).unwrap());
                prop_assert_eq!(narrow.is_some(), wide.is_some());
                if let (Some((low, high)), Some((lower, higher))) = (narrow, wide) {
                    prop_assert!(lower <= low && low <= high && high <= higher, "{metric}: {narrow:?} {wide:?}");
                    prop_assert!(lower.is_finite() && higher.is_finite());
                }
                let stored = svcmetrics::Figure::from_json(&figure.to_json().unwrap()).unwrap();
                prop_assert_eq!(stored, figure);
            }
        }
    }

    #[test]
    fn effects_add_up_to_the_change((rows, by, sides) in two_sides()) {
        prop_assume!(!by.is_empty());
        let parts: Vec<Scorecard> = rows.cut(&sides, 2).iter().map(|part| card(part, &KEYS)).collect();
        // One side without rows has keys of no type.
        prop_assume!(parts.iter().all(|part| !part.is_empty()));
        let there = parts[0].attribute::<_, &str>(&parts[1], &by, &[]).unwrap();
        let back = parts[1].attribute::<_, &str>(&parts[0], &by, &[]).unwrap();
        for (one, other) in there.iter().zip(&back) {
            // Reading it back checks that effects add up.
            let text = serde_json::to_string(one).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Attribution>(&text).unwrap(), one);
            prop_assert_eq!(one.change.is_some(), one.value.is_defined() && one.baseline.is_defined());
            prop_assert_eq!(one.paradox, other.paradox);
            for (segment, mirrored) in one.segments.iter().zip(&other.segments) {
                let effects = |of: &svcmetrics::SegmentEffect| {
                    as_text(&[of.rate_effect.clone(), of.mix_effect.clone(), of.effect.clone()])
                };
                let negated: Vec<String> = effects(mirrored)
                    .into_iter()
                    .map(|text| match text.strip_prefix('-') {
                        Some(rest) => rest.to_owned(),
                        None if text == "0" || text == "none" => text,
                        None => format!("-{text}"),
                    })
                    .collect();
                prop_assert_eq!(effects(segment), negated);
            }
        }
    }

    #[test]
    fn what_changed_there_changed_back((rows, by, sides) in two_sides()) {
        let parts: Vec<Scorecard> = rows.cut(&sides, 2).iter().map(|part| card(part, &by)).collect();
        prop_assume!(parts.iter().all(|part| !part.is_empty()));
        let mut asked = vec![CompareOptions::default()];
        asked.extend(by.first().filter(|key| !rows_have_null(&parts, &by, key)).map(|key| {
            CompareOptions::default().paired(*key)
        }));
        for options in asked {
            let there = parts[0].compare(&parts[1], &options).unwrap();
            let back = parts[1].compare(&parts[0], &options).unwrap();
            let text = serde_json::to_string(&there).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Changes>(&text).unwrap(), &there);
            prop_assert_eq!(there.tests(), back.tests());
            for (one, other) in there.changes.iter().zip(&back.changes) {
                prop_assert_eq!(one.difference, other.difference.map(|difference| 0.0 - difference));
                let near = |one: f64, other: f64| (one - other).abs() <= 1e-9 * one.abs().max(1.0);
                if let (Some((low, high)), Some((lower, higher))) = (one.interval, other.interval) {
                    prop_assert!(near(low, -higher) && near(high, -lower));
                }
                if let (Some(p), Some(q)) = (one.p_value, other.p_value) {
                    prop_assert!(near(p, q) && (0.0..=1.0).contains(&p));
                }
                let mirrored = |change: &Change| change.verdict.map(|verdict| match verdict {
                    Verdict::Better => Verdict::Worse,
                    Verdict::Worse => Verdict::Better,
                    same => same,
                });
                prop_assert_eq!(one.verdict, mirrored(other));
            }
        }
    }
}

fn rows_have_null(cards: &[Scorecard], by: &[&str], key: &str) -> bool {
    let position = by.iter().position(|known| *known == key).unwrap();
    cards.iter().flat_map(Scorecard::groups).any(|group| group[position] == svcmetrics::Key::Null)
}

#[test]
fn a_key_that_is_null_throughout_on_one_side_is_of_the_others_type() {
    let side = |tier: Option<&str>| {
        let tiers: Vec<svcmetrics::Key> = vec![tier.map_or(svcmetrics::Key::Null, svcmetrics::Key::from); 2];
        let table = svcmetrics::Table::new(2).with("customer_id", vec![1_i64, 2]).with("contracts_due", vec![5_i64, 9]);
        let table = table.with(
            "tier",
            tier.map_or_else(
                || svcmetrics::Data::new(svcmetrics::Values::Null(2), svcmetrics::Nulls::None).unwrap(),
                |tier| vec![tier.to_owned(); 2].into(),
            ),
        );
        let request = svcmetrics::Request::default().by(["customer_id", "tier"]).spread(true);
        let card = Scorecard::of(&table.with("contracts_renewed", vec![2_i64, 3]), request).unwrap();
        assert!(card.groups().iter().zip(tiers).all(|(group, tier)| group[1] == tier));
        card
    };
    for (now, before) in [(side(None), side(Some("gold"))), (side(Some("gold")), side(None))] {
        for options in [CompareOptions::default(), CompareOptions::default().paired("customer_id")] {
            let changes = now.compare(&before, &options).unwrap();
            assert_eq!(changes.keys.last().unwrap().key_type, svcmetrics::KeyType::Text);
            let text = serde_json::to_string(&changes).unwrap();
            assert_eq!(serde_json::from_str::<Changes>(&text).unwrap(), changes);
        }
    }
}

#[test]
fn a_stored_result_that_contradicts_itself_is_refused() {
    let side = |renewed: Vec<i64>| {
        let table = svcmetrics::Table::new(2).with("region", vec!["a", "b"]).with("contracts_due", vec![5_i64, 9]);
        let request = svcmetrics::Request::default().by(["region"]);
        Scorecard::of(&table.with("contracts_renewed", renewed), request).unwrap()
    };
    let (now, before) = (side(vec![2, 3]), side(vec![1, 3]));
    let attribution = &now.attribute::<_, &str>(&before, &["region"], &[]).unwrap()[0];
    let changes = now.compare(&before, &CompareOptions::default()).unwrap();
    let (attribution, changes) =
        (serde_json::to_string(attribution).unwrap(), serde_json::to_string(&changes).unwrap());
    for (found, instead) in [
        (r#""change":"1/14""#, r#""change":"1/15""#),
        (r#""effect":"1/14""#, r#""effect":"2/14""#),
        (r#""paradox":false"#, r#""paradox":true"#),
        (r#""change":"1/14""#, r#""change":"1/0""#),
        (r#""segment":[{"text":"a"}]"#, r#""segment":[{"text":"c"}]"#),
        (r#""segment":[{"text":"a"}]"#, r#""segment":[{"boolean":true}]"#),
    ] {
        assert!(attribution.contains(found), "{attribution}");
        serde_json::from_str::<Attribution>(&attribution.replacen(found, instead, 1)).unwrap_err();
    }
    for (found, instead) in [
        (r#""level":0.95"#, r#""level":2"#),
        (r#""difference":0.2"#, r#""difference":0.3"#),
        (r#""p_value":null"#, r#""p_value":0.5"#),
        (r#""interval":null"#, r#""interval":[1.0,0.0]"#),
        (r#""group":[{"text":"a"}]"#, r#""group":[]"#),
    ] {
        assert!(changes.contains(found), "{changes}");
        serde_json::from_str::<Changes>(&changes.replacen(found, instead, 1)).unwrap_err();
    }
}
