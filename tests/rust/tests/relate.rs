//! Relations as a stranger asks for them.

use crate::support::random::config;
use crate::support::refused;
use proptest::prelude::*;
use svcmetrics::{Key, Relation, RelationBuilder, Request, Table};

const METRICS: [&str; 2] = ["adoption_rate", "engagements_per_customer"];

type Customer = (u8, Option<u8>, Option<u8>);

fn table(customers: &[Customer]) -> Table<'static> {
    let of = |value: Option<u8>| value.map(i64::from);
    Table::new(customers.len())
        .with("plan", customers.iter().map(|(plan, ..)| i64::from(*plan)).collect::<Vec<_>>())
        .with("milestones_met", customers.iter().map(|(_, met, _)| of(*met)).collect::<Vec<_>>())
        .with("milestones_total", vec![255_i64; customers.len()])
        .with("engagements", customers.iter().map(|(.., engagements)| of(*engagements)).collect::<Vec<_>>())
}

fn builder(by: &[&str]) -> RelationBuilder {
    RelationBuilder::new(Request::default().by(by.iter().copied()), METRICS[0], METRICS[1]).quantiles(3).unwrap()
}

fn relation(parts: &[&[Customer]], by: &[&str]) -> Relation {
    let mut builder = builder(by);
    for part in parts {
        builder.add(&table(part)).unwrap();
    }
    builder.finish().unwrap()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn parts_relate_as_the_whole_to_the_bit(
        customers in proptest::collection::vec((0..3_u8, proptest::option::weighted(0.9, 0..9_u8), proptest::option::weighted(0.9, any::<u8>())), 1..60),
        cut in any::<proptest::sample::Index>(),
    ) {
        let (one, two) = customers.split_at(cut.index(customers.len()));
        let whole = relation(&[&customers], &["plan"]);
        prop_assert_eq!(&relation(&[one, two], &["plan"]), &whole);
        let text = serde_json::to_string(&whole).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Relation>(&text).unwrap(), &whole);
        // Each group relates as if it were alone, and every row is somewhere.
        let mut rows = 0;
        for group in &whole.groups {
            let Key::Integer(plan) = &group.keys[0] else { unreachable!() };
            let own: Vec<Customer> = customers.iter().filter(|customer| i128::from(customer.0) == *plan).copied().collect();
            let alone = &relation(&[&own], &[]).groups[0];
            prop_assert_eq!(&alone.lifts, &group.lifts);
            prop_assert_eq!(alone.correlation, group.correlation);
            prop_assert_eq!(group.lifts.iter().map(|lift| lift.customers).sum::<u64>(), group.customers);
            rows += group.customers + group.left_out();
        }
        prop_assert_eq!(rows, customers.len() as u64);
    }
}

#[test]
fn a_table_without_rows_has_one_group_of_nobody() {
    let group = &relation(&[&[]], &[]).groups[0];
    assert_eq!((group.customers, group.left_out(), group.lifts.len()), (0, 0, 3));
    assert!(relation(&[&[]], &["plan"]).groups.is_empty());
    assert_eq!(refused(builder(&[]).finish(), "no columns at all").kind(), "column_not_found");
}

#[test]
fn limits_are_kept() {
    for quantiles in [0, 1, 1001] {
        assert_eq!(refused(builder(&[]).quantiles(quantiles), "quantiles").kind(), "invalid_option");
    }
    for level in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(builder(&[]).level(level), "level").kind(), "invalid_option");
    }
}
