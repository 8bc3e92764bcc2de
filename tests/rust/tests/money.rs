//! How fractions become integers, against an independent computation on big integers.

use crate::support::exact::{Meaning, fraction, half_even, meaning};
use crate::support::random::config;
use crate::support::refused;
use num_bigint::BigInt;
use proptest::prelude::*;
use svcmetrics::{
    Column, ColumnKind, ColumnUnit, Data, Measure, Metric, MoneyPolicy, Request, Scalar, Scope, Scorecard, Table, Time,
    Total, Unit,
};

/// A request for the sum of an amount of either sign.
fn request(scale: u32, policy: MoneyPolicy) -> Request {
    request_of(ColumnKind::SignedMoney, scale, policy)
}

fn request_of(kind: ColumnKind, scale: u32, policy: MoneyPolicy) -> Request {
    let column = Column::new("amount", kind);
    let scope = Scope::new("amounts").reads([column.clone()]);
    let sum = Measure::total("amount_total", &scope, column.into(), Time::Flow);
    let metric = Metric::amount("amount_sum", "Sum", Unit::Money, vec![(1, sum)]);
    Request::default().define(metric).unwrap().metrics(["amount_sum"]).scale(scale).money(policy)
}

/// What each value is read as, in micro-units, and whether it was rounded.
fn read(
    values: impl Into<Data<'static>>,
    rows: usize,
    scale: u32,
    policy: MoneyPolicy,
) -> svcmetrics::Result<Vec<(i128, bool)>> {
    let numbers: Vec<i64> = (0..i64::try_from(rows).unwrap()).collect();
    let table = Table::new(rows).with("row", numbers).with("amount", values);
    let card = Scorecard::of(&table, request(scale, policy).by(["row"]))?;
    let of = |group| {
        let sum = card.figure_of(group, "amount_sum").unwrap().numerator().and_then(Total::micros).unwrap();
        (sum, card.counts_of(group, "amount_sum").unwrap().unwrap().rounded == 1)
    };
    Ok((0..rows).map(of).collect())
}

fn expected(x: f64, scale: u32) -> (i128, bool) {
    let meant = meaning(x, scale);
    let micros = meant.units() * BigInt::from(10).pow(6 - scale);
    (i128::try_from(micros).unwrap(), matches!(meant, Meaning::Rounded(_)))
}

fn assert_read_as_meant(values: &[f64], scale: u32) {
    let found = read(values.to_vec(), values.len(), scale, MoneyPolicy::Auto).unwrap();
    for (x, found) in values.iter().zip(found) {
        assert_eq!(found, expected(*x, scale), "{x:?} at {scale} places");
    }
}

/// `m / 10^places` and the doubles beside it.
fn around(m: i64, places: u32) -> [f64; 3] {
    let x: f64 = format!("{m}e-{places}").parse().unwrap();
    [x.next_down(), x, x.next_up()]
}

#[test]
fn floats_around_the_edges_of_uniqueness_are_read_as_the_decimals_they_stand_for() {
    // Where one double begins to stand for several decimals, and where plain multiplying begins to go wrong.
    for (power, scale) in [(32, 6), (33, 6), (34, 6), (36, 5), (39, 4), (40, 4), (42, 3), (43, 3), (43, 2), (43, 0)] {
        let (edge, unit) = (1_i64 << power, 10_i64.pow(scale));
        let mut values = Vec::new();
        for step in (-40..=40).chain([-999_983, -7919, 7919, 999_983]) {
            values.extend(around(edge * unit + step, scale).into_iter().flat_map(|x| [x, -x]));
        }
        assert_read_as_meant(&values, scale);
    }
}

#[test]
fn the_first_float_that_multiplying_gets_wrong_is_read_right() {
    let found =
        read(vec![4_294_967_296.000_007, 10_000_000_000.1, 10_000_000_000.0], 3, 6, MoneyPolicy::Exact).unwrap();
    assert_eq!(
        found,
        [(4_294_967_296_000_007, false), (10_000_000_000_100_000, false), (10_000_000_000_000_000, false)]
    );
}

#[test]
fn of_two_equally_near_shortest_decimals_the_even_one_is_meant() {
    // Exactly ...2265625, ...828125 and ...46875: Rust prints the larger neighbour, Python the even one.
    let at = |x: f64, scale: u32| read(vec![x], 1, scale, MoneyPolicy::Exact).unwrap()[0];
    assert_eq!(at(12_570_374_652.0 + 0.226_562_5, 6), (12_570_374_652_226_562, false));
    assert_eq!(at(10_693_941_267.0 + 0.023_437_5, 6), (10_693_941_267_023_438, false));
    assert_eq!(at(98_998_627_874.0 + 0.828_125, 5), (98_998_627_874_828_120, false));
    assert_eq!(at(-836_067_593_771.0 - 0.906_25, 4), (-836_067_593_771_906_200, false));
}

#[test]
fn cents_are_exact_up_to_the_largest_amount() {
    for cents in [1, 1999, 899_999_999_999_999, 922_337_203_685_477_i64] {
        let x: f64 = format!("{cents}e-2").parse().unwrap();
        for scale in 2..=6 {
            assert_eq!(
                read(vec![x, -x], 2, scale, MoneyPolicy::Exact).unwrap(),
                [(i128::from(cents) * 10_000, false), (-i128::from(cents) * 10_000, false)]
            );
        }
    }
}

#[test]
fn floats_that_are_no_decimal_are_rounded_half_to_even_and_counted() {
    for scale in 0..=6 {
        // Odd multiples of 2^-(scale + 1) lie exactly between two decimals of that many places.
        let tie = 0.5_f64.powi(i32::try_from(scale).unwrap() + 1);
        let values: Vec<f64> = (0..200).map(|n| f64::from(2 * n + 1) * tie).flat_map(|x| [x, -x]).collect();
        assert!(values.iter().all(|x| matches!(meaning(*x, scale), Meaning::Rounded(_))));
        assert_read_as_meant(&values, scale);
    }
    assert_eq!(
        read(vec![0.125, 0.375, -0.125], 3, 2, MoneyPolicy::Auto).unwrap(),
        [(120_000, true), (380_000, true), (-120_000, true)]
    );
}

#[test]
fn the_smallest_floats_are_rounded_to_0_and_a_negative_zero_is_0() {
    let values = [f64::MIN_POSITIVE, 5e-324, -5e-324, 4.9e-7, 5.1e-7, 0.0, -0.0, 1e-6, -1e-6];
    assert_read_as_meant(&values, 6);
    assert_eq!(expected(-0.0, 6), (0, false));
    assert_eq!(expected(5e-324, 6), (0, true));
}

#[test]
fn exact_money_refuses_what_is_no_decimal_and_nothing_else() {
    for x in [100.0 / 12.0, 0.1 + 0.2, 1e-7, 4_294_967_296.0_f64.next_down()] {
        let error = refused(read(vec![1.5, x], 2, 6, MoneyPolicy::Exact), "not a decimal of six places");
        assert_eq!((error.kind(), error.column(), error.row()), ("inexact", Some("amount"), Some(1)), "{x}");
        assert!(read(vec![1.5, x], 2, 6, MoneyPolicy::Round).unwrap()[1].1);
    }
}

#[test]
fn the_largest_difference_that_rounding_made_is_told() {
    let table = |x: f64| Table::new(2).with("amount", vec![0.5, x]);
    for x in [100.0 / 12.0, 0.000_000_4, 1.0 / 3.0] {
        let quality = Scorecard::of(&table(x), request(6, MoneyPolicy::Auto)).unwrap().quality();
        let quality = &quality.metrics["amount_sum"];
        let off = (x - (x * 1e6).round() / 1e6).abs();
        assert_eq!(quality.counts.rounded, 1);
        assert!((quality.largest_rounding - off).abs() < 1e-15, "{x}: {} is not {off}", quality.largest_rounding);
    }
}

#[test]
fn amounts_beyond_64_bits_of_micro_units_are_refused_with_their_row() {
    // At 2^46 cents would still be unique, but as micro-units they do not fit: whatever the scale, the limit is one.
    for scale in 0..=6 {
        let error = refused(read(vec![2.0_f64.powi(46)], 1, scale, MoneyPolicy::Auto), "too large");
        assert_eq!(error.kind(), "out_of_range", "at {scale} places");
    }
    for x in [9.3e12, 9_223_372_036_854.777, 1e300, f64::MAX, -9.3e12, -1e300] {
        let error = refused(read(vec![0.0, x], 2, 6, MoneyPolicy::Auto), "too large");
        assert_eq!((error.kind(), error.row()), ("out_of_range", Some(1)), "{x}");
    }
    let most = Scalar::Decimal { value: i64::MAX.into(), scale: 6 };
    let least = Scalar::Decimal { value: i64::MIN.into(), scale: 6 };
    assert_eq!(
        read(vec![most, least], 2, 6, MoneyPolicy::Exact).unwrap(),
        [(i64::MAX.into(), false), (i64::MIN.into(), false)]
    );
    for value in [i128::from(i64::MAX) + 1, i128::from(i64::MIN) - 1, i128::MAX, i128::MIN] {
        let error = refused(read(vec![Scalar::Decimal { value, scale: 6 }], 1, 6, MoneyPolicy::Auto), "too large");
        assert_eq!(error.kind(), "out_of_range", "{value}");
    }
}

#[test]
fn decimals_of_whatever_scale_are_exact_or_refused_and_never_a_crash() {
    let kinds = |scale: i32, value: i128| {
        read(vec![Scalar::Decimal { value, scale }], 1, 6, MoneyPolicy::Auto).map_err(|error| error.kind())
    };
    assert_eq!(kinds(100_000, 0), Ok(vec![(0, false)]));
    assert_eq!(kinds(i32::MAX, 1), Err("inexact"));
    assert_eq!(kinds(100_000, 1), Err("inexact"));
    assert_eq!(kinds(44, i128::MIN), Err("inexact"));
    assert_eq!(kinds(i32::MIN, 1), Err("out_of_range"));
    assert_eq!(kinds(-100_000, 1), Err("out_of_range"));
    assert_eq!(kinds(i32::MIN, 0), Ok(vec![(0, false)]));
    assert_eq!(kinds(-3, 2), Ok(vec![(2_000_000_000, false)]));
    assert_eq!(kinds(40, 10_i128.pow(38)), Ok(vec![(10_000, false)]));
}

#[test]
fn a_column_may_count_in_a_unit_of_its_own() {
    let minutes = |unit: &str, values: Data<'static>| {
        let table = Table::new(1).with("up", values).with("downtime_minutes", vec![0_i64]);
        let request = Request::default().column("service_minutes", "up", ColumnUnit::named(unit).unwrap());
        let card = Scorecard::of(&table, request.metrics(["availability"])).unwrap();
        card.figure("availability").unwrap().denominator().unwrap().to_string()
    };
    assert_eq!(minutes("hours", vec![1.5].into()), "90");
    assert_eq!(minutes("days", vec![0.1].into()), "144");
    assert_eq!(minutes("hours", vec![Scalar::Decimal { value: 25, scale: 2 }].into()), "15");
    let money = |unit: &str, values: Data<'static>, scale: u32| {
        let table = Table::new(1).with("start", values).with("revenue_end", vec![0_i64]);
        let request =
            Request::default().column("revenue_start", "start", ColumnUnit::named(unit).unwrap()).scale(scale);
        let card = Scorecard::of(&table, request.money(MoneyPolicy::Exact))?;
        card.figure("revenue_start").map(|figure| figure.numerator().unwrap().to_string())
    };
    assert_eq!(money("cents", vec![1999_i64].into(), 2).unwrap(), "19.99");
    assert_eq!(money("cents", vec![1999.5].into(), 6).unwrap(), "19.995");
    assert_eq!(money("thousands", vec![1.25].into(), 6).unwrap(), "1250");
    assert_eq!(money("millions", vec![9_i64].into(), 6).unwrap(), "9000000");
    assert_eq!(refused(money("cents", vec![1999.5].into(), 2), "half a cent").kind(), "inexact");
    assert_eq!(refused(money("millions", vec![9_300_000_i64].into(), 6), "too large").kind(), "out_of_range");
    assert_eq!(refused(money("cents", vec![1999_i64].into(), 1), "one place").kind(), "invalid_option");
    assert_eq!(refused(ColumnUnit::named("dollars"), "no such unit").kind(), "invalid_option");
}

/// Units with their factors and places.
const UNITS: [(&str, i64, u32); 5] =
    [("hours", 60, 0), ("days", 1_440, 0), ("cents", 1, 2), ("thousands", 1_000, 0), ("millions", 1_000_000, 0)];

/// One value in such a unit: in micro-units of ours, whether it was rounded, and by how much of ours.
fn in_unit(unit: &str, value: Scalar, scale: u32, policy: MoneyPolicy) -> svcmetrics::Result<(i128, bool, f64)> {
    let table = Table::new(1).with("theirs", vec![value]);
    let kind = if ["hours", "days"].contains(&unit) { ColumnKind::Quantity } else { ColumnKind::SignedMoney };
    let request = request_of(kind, scale, policy).column("amount", "theirs", ColumnUnit::named(unit)?);
    let card = Scorecard::of(&table, request)?;
    let quality = card.quality().metrics["amount_sum"];
    let sum = card.figure("amount_sum")?.numerator().and_then(Total::micros).unwrap();
    Ok((sum, quality.counts.rounded == 1, quality.largest_rounding))
}

#[test]
fn what_is_rounded_is_the_value_in_our_unit() {
    let float = |unit, x| in_unit(unit, Scalar::Float(x), 6, MoneyPolicy::Auto).unwrap();
    // a third of an hour is twenty minutes to the last place that is held
    let (twenty, rounded, off) = float("hours", 1.0 / 3.0);
    assert_eq!((twenty, rounded), (20_000_000, true));
    assert!(off < 1e-14, "{off}");
    let (amount, rounded, off) = float("millions", 100.000_000_04);
    assert_eq!((amount, rounded), (100_000_000_040_000, true));
    assert!(off < 1e-8, "{off}");
    // 100.00005 cents are 1.0000005, and the double is a hair more
    let (amount, rounded, off) = float("cents", 100.000_05);
    assert_eq!((amount, rounded), (1_000_001, true));
    assert!((off - 5e-7).abs() < 1e-12, "{off}");
    let decimal = |value, scale| Scalar::Decimal { value, scale };
    assert_eq!(in_unit("hours", decimal(3_333_333, 7), 6, MoneyPolicy::Exact).unwrap(), (19_999_998, false, 0.0));
    let fine = refused(in_unit("hours", decimal(33_333_333, 8), 6, MoneyPolicy::Auto), "a fifth of a millionth");
    assert_eq!(fine.kind(), "inexact");
    let (amount, rounded, off) = in_unit("hours", decimal(33_333_333, 8), 6, MoneyPolicy::Round).unwrap();
    assert_eq!((amount, rounded), (20_000_000, true));
    assert!((off - 2e-7).abs() < 1e-15, "{off}");
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn any_float_in_another_unit_is_the_decimal_it_stands_for_or_rounded_in_ours(
        unit in 0..UNITS.len(),
        scale in 2..=6_u32,
        (power, x) in (-20..22_i32, 1.0..2.0_f64),
    ) {
        let (name, factor, places) = UNITS[unit];
        let x = x * 2.0_f64.powi(power);
        let meant = meaning(x, scale - places);
        let (numerator, denominator) = fraction(x);
        let exact = numerator * factor * BigInt::from(10).pow(scale - places);
        let units = match &meant {
            Meaning::Decimal(units) => units * factor,
            Meaning::Rounded(_) => half_even(&exact, &denominator),
        };
        let micros = i128::try_from(&units * BigInt::from(10).pow(6 - scale)).unwrap();
        let is_rounded = matches!(meant, Meaning::Rounded(_));
        let (found, rounded, off) = in_unit(name, Scalar::Float(x), scale, MoneyPolicy::Auto).unwrap();
        prop_assert_eq!((found, rounded), (micros, is_rounded), "{:?} {}", x, name);
        if is_rounded {
            // the distance is that to the exact product, in our unit
            let rest: f64 = (units * &denominator - exact).to_string().parse().unwrap();
            let bottom: f64 = denominator.to_string().parse().unwrap();
            let expected = (rest / bottom).abs() / 10.0_f64.powi(i32::try_from(scale).unwrap());
            prop_assert!((off - expected).abs() <= expected * 1e-9, "{off} {expected}");
        }
    }

    #[test]
    fn any_float_is_read_as_the_decimal_it_stands_for(
        scale in 0..=6_u32,
        values in proptest::collection::vec((0..43_i32, 1.0..2.0_f64, any::<bool>()), 200),
    ) {
        let values: Vec<f64> = values.iter().map(|(power, x, negative)| x * 2.0_f64.powi(*power) * if *negative { -1.0 } else { 1.0 }).collect();
        let found = read(values.clone(), values.len(), scale, MoneyPolicy::Auto).unwrap();
        for (x, found) in values.iter().zip(found) {
            prop_assert_eq!(found, expected(*x, scale), "{:?} at {} places", x, scale);
        }
    }

    #[test]
    fn any_decimal_written_as_a_float_is_read_as_itself(
        places in 0..=6_u32,
        values in proptest::collection::vec((0..53_u32).prop_flat_map(|bits| 0..=(1_i64 << bits)), 200),
    ) {
        // Fifteen digits survive a double, whatever they are.
        let digits: Vec<i64> = values.iter().map(|m| m % 1_000_000_000_000_000).collect();
        let fits = |m: &&i64| **m / 10_i64.pow(places) < 9_000_000_000_000;
        let kept: Vec<i64> = digits.iter().filter(fits).copied().collect();
        let floats: Vec<f64> = kept.iter().map(|m| format!("{m}e-{places}").parse().unwrap()).collect();
        let found = read(floats, kept.len(), 6, MoneyPolicy::Exact).unwrap();
        for (m, found) in kept.iter().zip(found) {
            prop_assert_eq!(found, (i128::from(*m) * 10_i128.pow(6 - places), false), "{}e-{}", m, places);
        }
    }

    #[test]
    fn any_decimal_is_rescaled_exactly_or_rounded_half_to_even_where_that_is_asked_for(
        scale in 0..=6_u32,
        places in 0..=12_i32,
        value in -1_000_000_000_000_i64..1_000_000_000_000,
    ) {
        let column = || vec![Scalar::Decimal { value: value.into(), scale: places }];
        let (n, d) = (BigInt::from(value) * BigInt::from(10).pow(scale), BigInt::from(10).pow(places.unsigned_abs()));
        let is_exact = &n % &d == BigInt::from(0);
        let units = crate::support::exact::half_even(&n, &d) * BigInt::from(10).pow(6 - scale);
        let micros = i128::try_from(units).unwrap();
        prop_assert_eq!(read(column(), 1, scale, MoneyPolicy::Round).unwrap(), [(micros, !is_exact)]);
        for policy in [MoneyPolicy::Auto, MoneyPolicy::Exact] {
            match read(column(), 1, scale, policy) {
                Ok(found) => prop_assert!(is_exact && found == [(micros, false)]),
                Err(error) => prop_assert!(!is_exact && error.kind() == "inexact", "{error}"),
            }
        }
    }
}
