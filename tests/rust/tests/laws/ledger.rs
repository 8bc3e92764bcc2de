//! Ledgers: what holds for any lines.

use crate::support::random::config;
use proptest::prelude::*;
use svcmetrics::{
    Data, Error, Every, Figure, Key, Ledger, LedgerBuilder, LedgerOptions, Movement, MovementOptions, MovementsBuilder,
    Period, RevenueChange, Scorecard, Table,
};

/// Customer, month since January 2024, revenue in cents, segment: one a customer and month.
#[derive(Debug, Clone)]
struct Line(i64, u8, i64, usize);

const SEGMENTS: [Option<&str>; 3] = [Some("basic"), Some("pro"), None];
const MONTHS: u8 = 27;

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (0..12_i64, 0..MONTHS, prop_oneof![Just(0), 1..3_i64, 1..100_000_i64]);
    let segments = proptest::collection::vec(0..SEGMENTS.len(), 12 * usize::from(MONTHS));
    (proptest::collection::vec(line, 1..120), segments).prop_map(|(lines, segments)| {
        let segment = |customer: i64, month: u8| {
            segments[usize::try_from(customer).unwrap() * usize::from(MONTHS) + usize::from(month)]
        };
        lines
            .into_iter()
            .map(|(customer, month, cents)| Line(customer, month, cents, segment(customer, month)))
            .collect()
    })
}

fn month(number: u8) -> String {
    format!("{}-{:02}", 2024 + i32::from(number / 12), number % 12 + 1)
}

fn table(lines: &[Line]) -> Table<'static> {
    let revenue: Vec<rust_decimal::Decimal> = lines.iter().map(|line| rust_decimal::Decimal::new(line.2, 2)).collect();
    Table::new(lines.len())
        .with("customer_id", lines.iter().map(|line| line.0 * 1_000_003 - 5).collect::<Vec<_>>())
        .with("month", lines.iter().map(|line| month(line.1)).collect::<Vec<String>>())
        .with("revenue", revenue)
        .with("plan", lines.iter().map(|line| SEGMENTS[line.3]).collect::<Vec<_>>())
}

/// The same with a reason of some customers and months, or none.
fn table_with_reasons(lines: &[Line]) -> Table<'static> {
    let words = [None, Some("price"), None, Some("moved"), Some("")];
    let of = |line: &Line, times: i64| words[usize::try_from((line.0 * times + i64::from(line.1)) % 5).unwrap()];
    table(lines)
        .with("loss_reason", lines.iter().map(|line| of(line, 3)).collect::<Vec<_>>())
        .with("gain_reason", lines.iter().map(|line| of(line, 7)).collect::<Vec<_>>())
}

fn options() -> LedgerOptions {
    let at = |number: u8| month(number).parse::<Period>().unwrap();
    LedgerOptions::default().by(["plan"]).months(at(0), at(MONTHS - 1))
}

fn ledger(lines: &[Line]) -> Ledger {
    Ledger::of(&table(lines), options()).unwrap()
}

fn every() -> impl Strategy<Value = MovementOptions> {
    let length = prop_oneof![Just(Every::Month), Just(Every::Quarter), Just(Every::Year)];
    (length, 1..=12_u8, any::<bool>()).prop_map(|(every, start, by)| {
        let options = MovementOptions::default().every(every).fiscal_start(start);
        if by { options.by(["plan"]) } else { options }
    })
}

fn exact(figure: &Figure) -> i128 {
    assert!(figure.is_defined());
    // all amounts are over 12, all counts over nothing
    figure.numerator().unwrap().integer()
}

fn amounts(card: &Scorecard, metric: &str) -> Vec<i128> {
    card.figures(metric).unwrap().iter().map(exact).collect()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn revenue_and_customers_add_up_in_every_group((lines, options) in (lines(), every())) {
        let card = ledger(&lines).movements(&options).unwrap();
        let of = |metric: &str| amounts(&card, metric);
        let (start, end) = (of("revenue_start"), of("revenue_end"));
        for group in 0..card.len() {
            let came = ["new", "reactivation", "expansion", "transfer_in", "fx"];
            let went = ["contraction", "churn", "transfer_out"];
            let sum = |names: &[&str]| names.iter().map(|name| of(&format!("revenue_{name}"))[group]).sum::<i128>();
            prop_assert_eq!(end[group], start[group] + sum(&came) - sum(&went));
        }
        let heads = |name: &str| of(&format!("customers_{name}")).iter().sum::<i128>();
        prop_assert_eq!(heads("end"), heads("start") + heads("new") + heads("reactivated") - heads("churned"));
    }

    #[test]
    fn a_period_starts_with_what_the_one_before_ended_with((lines, options) in (lines(), every())) {
        let card = ledger(&lines).movements(&options).unwrap();
        let (start, end) = (amounts(&card, "revenue_start"), amounts(&card, "revenue_end"));
        let periods = card.groups().chunk_by(|one, other| one[0] == other[0]).count();
        let segments = card.len() / periods;
        prop_assert!(start[..segments].iter().all(|start| *start == 0));
        prop_assert_eq!(&start[segments..], &end[..card.len() - segments]);
    }

    #[test]
    fn nobody_is_new_twice((lines, options) in (lines(), every())) {
        let ledger = ledger(&lines);
        let new = |options: &MovementOptions| {
            amounts(&ledger.movements(options).unwrap(), "customers_new").iter().sum::<i128>()
        };
        let paying: std::collections::BTreeSet<i64> = lines.iter().filter(|line| line.2 > 0).map(|line| line.0).collect();
        let paying = i128::try_from(paying.len()).unwrap();
        prop_assert!(new(&options) <= paying);
        // by month nobody who ever paid is overlooked either
        prop_assert_eq!(new(&MovementOptions::default()), paying);
    }

    #[test]
    fn the_order_of_lines_does_not_matter(
        (lines, shuffled) in lines().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle()))
    ) {
        let one = ledger(&lines);
        prop_assert_eq!(&ledger(&shuffled), &one);
        let mut sorted = lines;
        sorted.sort_by_key(|line| line.0);
        prop_assert_eq!(&ledger(&sorted), &one);
        prop_assert_eq!(Ledger::from_json(&one.to_json().unwrap()).unwrap(), one);
    }

    #[test]
    fn parts_by_customer_merge_to_the_whole((lines, options, cut) in (lines(), every(), 0..12_i64)) {
        let whole = ledger(&lines).movements(&options).unwrap();
        for side in [|customer: i64, cut: i64| customer < cut, |customer: i64, cut: i64| customer % 3 == cut % 3] {
            let (one, two): (Vec<Line>, Vec<Line>) = lines.iter().cloned().partition(|line| side(line.0, cut));
            if one.is_empty() || two.is_empty() {
                continue;
            }
            let (one, two) = (ledger(&one), ledger(&two));
            prop_assert_eq!(one.merge(&two).unwrap().movements(&options).unwrap(), whole.clone());
            let cards = (one.movements(&options).unwrap(), two.movements(&options).unwrap());
            prop_assert_eq!(cards.0.merge(&cards.1).unwrap(), whole.clone());
        }
    }

    #[test]
    fn a_stream_sorted_by_customer_is_counted_as_it_comes((mut lines, movements, size) in (lines(), every(), 1..30_usize)) {
        lines.sort_by_key(|line| line.0);
        let mut builder = MovementsBuilder::new(options(), movements.clone()).unwrap();
        for part in lines.chunks(size) {
            builder.add(&table(part)).unwrap();
        }
        prop_assert_eq!(builder.finish().unwrap(), ledger(&lines).movements(&movements).unwrap());
    }

    #[test]
    fn segments_roll_up_to_the_whole((lines, options) in (lines(), every())) {
        let ledger = ledger(&lines);
        let whole = ledger.movements(&options.clone().by([""; 0])).unwrap();
        let parts = ledger.movements(&options.by(["plan"])).unwrap().rollup(&["period"]).unwrap();
        for metric in whole.metrics().map(svcmetrics::Metric::id) {
            // within segments there are transfers, and a customer is a row of each segment that it was in
            if !metric.starts_with("revenue_transfer") {
                let pairs = |card: &Scorecard| -> Vec<_> { card.figures(metric).unwrap().iter().map(svcmetrics::Figure::value).collect() };
                prop_assert_eq!(pairs(&whole), pairs(&parts), "{}", metric);
            }
        }
    }

    #[test]
    fn reasons_add_up_to_losses_and_gains_in_every_group((lines, options) in (lines(), every())) {
        let ledger = Ledger::of(&table_with_reasons(&lines), self::options()).unwrap();
        let card = ledger.movements(&options).unwrap();
        let year = card.rollup::<&str>(&[]).unwrap();
        for (change, metric) in [(RevenueChange::Loss, "revenue_lost"), (RevenueChange::Gain, "revenue_added")] {
            for card in [&card, &year] {
                let reasons = card.reasons(change).unwrap();
                for (group, amount) in amounts(card, metric).into_iter().enumerate() {
                    let of_group = reasons.iter().filter(|reason| reason.keys == card.groups()[group]);
                    // amounts are those of a month
                    prop_assert_eq!(of_group.map(|reason| reason.amount.integer() * 12).sum::<i128>(), amount);
                }
            }
        }
        prop_assert_eq!(&Ledger::from_json(&ledger.to_json().unwrap()).unwrap(), &ledger);
        prop_assert_eq!(Scorecard::from_json(&card.to_json().unwrap()).unwrap(), card);
    }

    #[test]
    fn reasons_are_the_same_of_rows_in_any_order_of_parts_and_of_a_stream(
        (mut lines, movements, size, cut) in (lines(), every(), 1..30_usize, 0..12_i64)
    ) {
        let whole = Ledger::of(&table_with_reasons(&lines), options()).unwrap();
        let card = whole.movements(&movements).unwrap();
        let (one, two): (Vec<Line>, Vec<Line>) = lines.iter().cloned().partition(|line| line.0 % 5 == cut % 5);
        let part = |lines: &[Line]| Ledger::of(&table_with_reasons(lines), options()).unwrap();
        let (one, two) = (part(&one), part(&two));
        prop_assert_eq!(&one.merge(&two).unwrap(), &whole);
        let cards = (one.movements(&movements).unwrap(), two.movements(&movements).unwrap());
        prop_assert_eq!(&cards.0.merge(&cards.1).unwrap(), &card);
        lines.sort_by_key(|line| line.0);
        prop_assert_eq!(&part(&lines), &whole);
        let mut builder = MovementsBuilder::new(options(), movements.clone()).unwrap();
        for part in lines.chunks(size) {
            builder.add(&table_with_reasons(part)).unwrap();
        }
        prop_assert_eq!(builder.finish().unwrap(), card);
    }

    #[test]
    fn quarters_end_as_their_last_months(lines in lines()) {
        let ledger = ledger(&lines);
        let months = ledger.movements(&MovementOptions::default()).unwrap();
        let quarters = ledger.movements(&MovementOptions::default().every(Every::Quarter)).unwrap();
        for metric in ["revenue_end", "customers_end", "arr"] {
            let (of_months, of_quarters) = (amounts(&months, metric), amounts(&quarters, metric));
            for (quarter, of_quarter) in of_quarters.iter().enumerate() {
                prop_assert_eq!(*of_quarter, of_months[(quarter * 3 + 2).min(of_months.len() - 1)]);
            }
        }
    }

    #[test]
    fn cohorts_hold_everyone_who_ever_paid(lines in lines()) {
        let ledger = ledger(&lines);
        let retention = ledger.retention(&MovementOptions::default()).unwrap();
        let started: u64 = retention.cells().iter().filter(|cell| cell.age == 0).map(|cell| cell.customers_start).sum();
        let mut paying: Vec<i64> = lines.iter().filter(|line| line.2 > 0).map(|line| line.0).collect();
        paying.sort_unstable();
        paying.dedup();
        prop_assert_eq!(started, paying.len() as u64);
        let months = ledger.movements(&MovementOptions::default()).unwrap();
        let end = amounts(&months, "customers_end");
        for (place, keys) in months.groups().iter().enumerate() {
            let at = |cell: &&svcmetrics::CohortCell| {
                cell.cohort.step(i32::try_from(cell.age).unwrap()).map(|period| Key::from(period.to_string().as_str())) == Some(keys[0].clone())
            };
            let there: u64 = retention.cells().iter().filter(at).map(|cell| cell.customers).sum();
            prop_assert_eq!(i128::from(there), end[place]);
        }
    }
}

#[test]
fn whatever_takes_long_stops_when_it_is_told_to() {
    let customers: Vec<i64> = (0..2000).collect();
    let table = Table::new(2000)
        .with("customer_id", customers)
        .with("month", vec!["2024-01"; 2000])
        .with("revenue", vec![1_i64; 2000]);
    let mut builder = LedgerBuilder::new(LedgerOptions::default());
    builder.add(&table).unwrap();
    let no = &mut || false;
    assert_eq!(builder.clone().finish_while(no).unwrap_err(), Error::Interrupted);
    let (ledger, options) = (builder.finish().unwrap(), MovementOptions::default());
    assert_eq!(ledger.movements_while(&options, no).unwrap_err(), Error::Interrupted);
    assert_eq!(ledger.retention_while(&options, no).unwrap_err(), Error::Interrupted);
    let period: Period = "2024-01".parse().unwrap();
    assert_eq!(ledger.behind_while(period, Movement::New, &options, no).unwrap_err(), Error::Interrupted);
    let range = LedgerOptions::default().months(period, period);
    let mut stream = MovementsBuilder::new(range, options).unwrap();
    assert_eq!(stream.clone().add_while(&table, no).unwrap_err(), Error::Interrupted);
    stream.add(&table).unwrap();
    assert_eq!(stream.finish_while(no).unwrap_err(), Error::Interrupted);
}

#[test]
fn a_stream_by_fewer_segments_is_the_ledger_by_them() {
    // plans come in another order than the alphabet's, and one of them in two regions
    let rows = [(1_i64, "pro", "south"), (2, "basic", "north"), (3, "pro", "north"), (4, "free", "south")];
    let part = |row: usize| {
        let (customer, plan, region) = rows[row];
        let table = Table::new(2).with("customer_id", vec![customer; 2]).with("month", vec!["2024-01", "2024-03"]);
        table.with("revenue", vec![50_i64, 60]).with("plan", vec![plan; 2]).with("region", vec![region; 2])
    };
    let options = LedgerOptions::default().by(["plan", "region"]);
    let options = options.months("2024-01".parse().unwrap(), "2024-03".parse().unwrap());
    let mut whole = LedgerBuilder::new(options.clone());
    (0..rows.len()).for_each(|row| whole.add(&part(row)).unwrap());
    let whole = whole.finish().unwrap();
    for by in [&[][..], &["plan"], &["region"], &["region", "plan"]] {
        let movements = MovementOptions::default().by(by.iter().copied());
        let mut stream = MovementsBuilder::new(options.clone(), movements.clone()).unwrap();
        (0..rows.len()).for_each(|row| stream.add(&part(row)).unwrap());
        assert_eq!(stream.finish().unwrap(), whole.movements(&movements).unwrap(), "{by:?}");
    }
    let unknown = MovementsBuilder::new(options, MovementOptions::default().by(["plans"])).unwrap_err();
    assert_eq!((unknown.kind(), unknown.hint()), ("column_not_found", Some("plan")));
}

#[test]
fn amounts_beyond_64_bits_together_are_exact() {
    // a month's share of nearly 2^63 millionths a year
    let most = rust_decimal::Decimal::new(i64::MAX / 12, 6);
    let customers: Vec<i64> = (0..1000).collect();
    let table = Table::new(2000)
        .with("customer_id", [customers.clone(), customers].concat())
        .with("month", [vec!["2024-01"; 1000], vec!["2024-02"; 1000]].concat())
        .with("revenue", Data::from([vec![most; 1000], vec![rust_decimal::Decimal::ONE; 1000]].concat()));
    let ledger = Ledger::of(&table, LedgerOptions::default()).unwrap();
    let card = ledger.movements(&MovementOptions::default()).unwrap();
    let year = i128::from(i64::MAX / 12 * 12);
    assert_eq!(amounts(&card, "revenue_new"), [year * 1000, 0]);
    assert_eq!(amounts(&card, "revenue_contraction"), [0, (year - 12_000_000) * 1000]);
    let retention = ledger.retention(&MovementOptions::default()).unwrap();
    let revenue: Vec<i128> = retention.cells().iter().map(|cell| exact(&cell.revenue)).collect();
    assert_eq!(revenue, [year * 1000, 12_000_000 * 1000]);
}
