//! What holds for mixes: they are what the rows say, and their shares make a whole.

use super::some_keys;
use crate::support::random::{Sample, config, of_cases, tables};
use proptest::prelude::*;
use std::collections::BTreeMap;
use svcmetrics::{Key, Scalar, Scorecard};

const MIXES: [(&str, &str); 3] = [
    ("case_channel_share", "channel"),
    ("case_issue_type_share", "issue_type"),
    ("case_access_point_share", "access_point"),
];

fn key(cell: &Scalar) -> Key {
    match cell {
        Scalar::Null => Key::Null,
        Scalar::Text(text) => Key::from(text.as_str()),
        Scalar::Integer(value) => Key::Integer(*value),
        other => unreachable!("{other:?} is in no column of keys"),
    }
}

/// How many rows of each group have each value, from the rows themselves.
fn counted(rows: &Sample, by: &[&str], column: &str) -> BTreeMap<(Vec<Key>, Key), i128> {
    let place = |name: &str| rows.names.iter().position(|known| known == name).unwrap();
    let mut counts = BTreeMap::new();
    for row in &rows.rows {
        let value = key(&row[place(column)]);
        if value != Key::Null {
            let group = by.iter().map(|name| key(&row[place(name)])).collect();
            *counts.entry((group, value)).or_default() += 1;
        }
    }
    counts
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn mixes_are_what_the_rows_say_and_their_shares_make_a_whole(rows in tables(120), by in some_keys(), itself in any::<bool>()) {
        for (id, column) in MIXES {
            // A mix by its own column is a mix, if a dull one.
            let by: Vec<&str> = by.iter().copied().chain(itself.then_some(column)).collect();
            let Ok(card) = Scorecard::of(&rows.table(), of_cases(&by).metrics([id])) else {
                prop_assert!(!rows.names.iter().any(|name| name == column));
                continue;
            };
            let parts = card.mix(id).unwrap().parts;
            let found: BTreeMap<_, _> = parts.iter().map(|part| ((part.keys.clone(), part.value.clone()), part.cases)).collect();
            prop_assert_eq!(found.len(), parts.len());
            prop_assert_eq!(&found, &counted(&rows, &by, column));
            prop_assert!(parts.is_sorted_by_key(|part| (&part.keys, &part.value)));
            for (group, keys) in card.groups().iter().enumerate() {
                let counts = card.counts_of(group, id).unwrap().unwrap();
                let of_group: Vec<_> = parts.iter().filter(|part| part.keys == *keys).collect();
                let integer = |total: Option<svcmetrics::Total>| total.unwrap().integer();
                for part in &of_group {
                    prop_assert_eq!(integer(part.share.numerator()), part.cases);
                    prop_assert_eq!(integer(part.share.denominator()), counts.counted);
                    prop_assert!(part.share.interval(0.95).unwrap().is_some());
                }
                // over one denominator the shares add up to 1 exactly
                prop_assert_eq!(of_group.iter().map(|part| part.cases).sum::<i128>(), counts.counted);
                prop_assert_eq!(counts.counted + counts.outside, card.rows(group));
            }
        }
    }

    #[test]
    fn rolling_a_mix_up_is_making_it_coarser_also_of_its_own_column(rows in tables(120), by in some_keys()) {
        let of = |by: &[&str]| Scorecard::of(&rows.table(), of_cases(by));
        let fine: Vec<&str> = by.iter().copied().chain(["channel"]).collect();
        if let (Ok(fine), Ok(coarse)) = (of(&fine), of(&by)) {
            let rolled = fine.rollup(&by).unwrap();
            let parts = |card: &Scorecard| MIXES.map(|(id, _)| card.mix(id).map(|mix| mix.parts).ok());
            prop_assert_eq!(parts(&rolled), parts(&coarse));
            prop_assert_eq!(Scorecard::from_json(&rolled.to_json().unwrap()).unwrap(), rolled);
        }
    }
}
