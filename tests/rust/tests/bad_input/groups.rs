//! Groups: null keys, duplicates, currencies, limits, names of any text.

use crate::support::{assert_says, refused, small_table};
use svcmetrics::{Data, Error, Key, KeyType, Nulls, Request, Scalar, Scorecard, ScorecardBuilder, Table, Values};

fn table(name: &str, keys: impl Into<Data<'static>>, rows: usize) -> Table<'static> {
    let ones = || vec![1_i64; rows];
    Table::new(rows)
        .with(name, keys)
        .with("milestones_met", ones())
        .with("milestones_total", ones())
        .with("revenue_start", ones())
        .with("revenue_end", ones())
}

fn error(table: &Table<'_>, request: Request) -> Error {
    refused(Scorecard::of(table, request), "groups that cannot be")
}

#[test]
fn a_null_key_is_a_group_of_its_own_and_comes_last() {
    let card =
        Scorecard::of(&table("k", vec![None, Some("b"), Some("a"), None], 4), Request::default().by(["k"])).unwrap();
    assert_eq!(card.groups(), [vec![Key::from("a")], vec![Key::from("b")], vec![Key::Null]]);
    assert_eq!(card.rows(2), 2);
    let all_null = Scorecard::of(&table("k", vec![None::<i64>; 2], 2), Request::default().by(["k"])).unwrap();
    assert_eq!((all_null.groups(), all_null.rows(0)), ([vec![Key::Null]].as_slice(), 2));
}

#[test]
fn float_keys_that_are_all_missing_are_of_no_type_and_go_with_any() {
    let by_key = || Request::default().by(["k"]).nan_is_missing(true);
    let nothing = || table("k", vec![f64::NAN; 2], 2);
    let missing = Scorecard::of(&nothing(), by_key()).unwrap();
    assert_eq!((&missing.keys()[0].key_type, missing.groups()), (&KeyType::Null, [vec![Key::Null]].as_slice()));
    let single = Scorecard::of(&table("k", vec![f32::NAN; 2], 2), by_key()).unwrap();
    assert_eq!(single, missing);
    for there in [
        table("k", vec!["a"], 1),
        table("k", vec![7_i64], 1),
        table("k", vec![7.0], 1),
        table("k", vec![true], 1),
        table("k", Data::new(Values::Dates(vec![1].into()), Nulls::None).unwrap(), 1),
    ] {
        let card = Scorecard::of(&there, by_key()).unwrap();
        let both = missing.merge(&card).unwrap();
        assert_eq!(card.merge(&missing).unwrap(), both);
        assert_eq!((both.len(), &both.keys()[0].key_type), (2, &card.keys()[0].key_type));
        for parts in [[&nothing(), &there], [&there, &nothing()]] {
            let mut builder = ScorecardBuilder::new(by_key());
            parts.iter().try_for_each(|part| builder.add(part)).unwrap();
            assert_eq!(builder.finish().unwrap(), both);
        }
    }
    // of a table in which NaN is not missing the type is all that is known
    let typed = Scorecard::of(&table("k", vec![None::<f64>; 2], 2), Request::default().by(["k"])).unwrap();
    assert_eq!(typed.keys()[0].key_type, KeyType::Integer);
}

#[test]
fn a_whole_float_key_is_the_integer_that_a_null_made_a_float() {
    let by_key = || Request::default().by(["k"]).nan_is_missing(true);
    let floats = Scorecard::of(&table("k", vec![2.0, f64::NAN, 10.0], 3), by_key()).unwrap();
    let whole = Scorecard::of(&table("k", vec![Some(2_i64), None, Some(10)], 3), Request::default().by(["k"])).unwrap();
    assert_eq!(floats, whole);
    let found = error(&table("k", vec![2.0, 2.5], 2), Request::default().by(["k"]));
    assert_eq!(
        (found.kind(), found.column(), found.row(), found.value()),
        ("column_type", Some("k"), Some(1), Some("2.5"))
    );
}

#[test]
fn a_key_that_is_nan_is_an_error_where_nan_does_not_mean_missing() {
    let found = error(&table("k", vec![2.0, f64::NAN], 2), Request::default().by(["k"]));
    assert_eq!((found.kind(), found.column(), found.row()), ("not_a_number", Some("k"), Some(1)));
}

#[test]
fn keys_of_several_types_in_one_column_are_an_error() {
    let mixed = vec![Scalar::Text("a".into()), Scalar::Null, Scalar::Integer(1)];
    let found = error(&table("k", mixed, 3), Request::default().by(["k"]));
    assert_eq!((found.kind(), found.column(), found.row()), ("column_type", Some("k"), Some(2)));
    let mut builder = ScorecardBuilder::new(Request::default().by(["k"]));
    builder.add(&table("k", vec!["a"], 1)).unwrap();
    let found = refused(builder.add(&table("k", vec![1_i64], 1)), "text, then numbers");
    assert_eq!((found.kind(), found.row()), ("column_type", Some(1)));
}

#[test]
fn keys_that_cannot_be_grouped_by_are_an_error_that_names_their_type() {
    let odd = vec![Scalar::Other("timedelta".into(), "1 day".into())];
    let found = error(&table("k", odd, 1), Request::default().by(["k"]));
    assert_eq!(found.kind(), "column_type");
    assert_says(&found.to_string(), &["'k'", "1 day"]);
}

#[test]
fn the_group_of_the_first_offender_is_named() {
    let bad = || table("k", vec![Some("a"), None, Some("b")], 3).with("goals_met", vec![1_i64, 3, 3]);
    let bad = bad().with("goals_total", vec![2_i64; 3]);
    let found = error(&bad, Request::default().by(["k"]));
    assert_eq!((found.row(), found.group(), found.count()), (Some(1), Some("null"), 2));
    assert_says(&found.to_string(), &["row 1 of group null"]);
    assert_eq!(error(&bad, Request::default()).group(), None);
}

#[test]
fn the_same_customer_twice_in_a_group_is_an_error_with_the_id_and_both_rows() {
    let table = || {
        table("customer_id", vec![Some("acme"), None, Some("bolt"), Some("acme"), None, Some("acme")], 6)
            .with("month", vec![1_i64; 6])
    };
    let found = error(&table(), Request::default().unique("customer_id"));
    let Error::DuplicateCustomer { value, rows, count, .. } = &found else { panic!("{found}") };
    assert_eq!((value.as_str(), *rows, *count), ("acme", (0, 3), 2));
    assert_says(&found.to_string(), &["acme", "rows 0 and 3", "2 rows", "group by the period"]);
    let found = error(&table(), Request::default().unique("customer_id").by(["month"]));
    assert_says(&found.to_string(), &["group 1"]);
    assert!(Scorecard::of(&table(), Request::default()).is_ok());
}

#[test]
fn the_same_customer_in_two_groups_or_a_null_customer_twice_is_no_duplicate() {
    let table =
        table("customer_id", vec![Some("acme"), Some("acme"), None, None], 4).with("month", vec![1_i64, 2, 2, 2]);
    let card = Scorecard::of(&table, Request::default().unique("customer_id").by(["month"])).unwrap();
    assert!(card.is_unique_checked());
}

#[test]
fn a_duplicate_is_found_over_all_parts() {
    let mut builder = ScorecardBuilder::new(Request::default().unique("customer_id"));
    builder.add(&table("customer_id", vec!["a", "b"], 2)).unwrap();
    builder.add(&table("customer_id", vec!["c", "b"], 2)).unwrap();
    let found = refused(builder.finish(), "b twice");
    assert_says(&found.to_string(), &["rows 1 and 3"]);
}

#[test]
fn two_currencies_are_an_error_unless_grouped_by_or_without_amounts() {
    let currencies = || vec![Some("EUR"), None, Some("USD")];
    let found = error(&table("currency", currencies(), 3), Request::default());
    assert_eq!((found.kind(), found.column(), found.row()), ("mixed_currency", Some("currency"), Some(2)));
    assert_says(&found.to_string(), &["EUR", "USD", "group by"]);
    assert!(Scorecard::of(&table("currency", currencies(), 3), Request::default().metrics(["adoption_rate"])).is_ok());
    let grouped = Scorecard::of(&table("currency", currencies(), 3), Request::default().by(["currency"])).unwrap();
    assert_eq!(grouped.len(), 3);
    let rolled = refused(grouped.rollup::<&str>(&[]), "two currencies added up");
    assert_eq!(rolled.kind(), "mixed_currency");
    assert_says(&rolled.to_string(), &["EUR", "USD"]);
    let mut builder = ScorecardBuilder::new(Request::default());
    builder.add(&table("currency", vec!["EUR"], 1)).unwrap();
    assert_eq!(refused(builder.add(&table("currency", vec!["USD"], 1)), "two currencies").row(), Some(1));
}

#[test]
fn more_groups_than_allowed_are_an_error_before_memory_is_taken() {
    let keys: Vec<i64> = (0..1000).collect();
    let request = |limit| Request::default().by(["k"]).max_groups(limit);
    let found = error(&table("k", keys.clone(), 1000), request(999));
    assert_eq!((found.kind(), found.row()), ("too_many_groups", Some(999)));
    assert_says(&found.to_string(), &["999", "max_groups"]);
    assert_eq!(Scorecard::of(&table("k", keys, 1000), request(1000)).unwrap().len(), 1000);
    assert_eq!(error(&table("k", vec!["a"], 1), request(0)).kind(), "too_many_groups");
}

#[test]
fn group_names_of_any_text_are_kept_as_they_are() {
    let long = "x".repeat(1_000_000);
    let names = ["a\0b", "\u{202e}reversed\u{202c}", "", " ", "\r\n", "=1+1", "<b>", "null", "\u{1f600}", &long];
    let owned: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let card = Scorecard::of(&table("k", owned.clone(), names.len()), Request::default().by(["k"])).unwrap();
    let mut expected: Vec<Vec<Key>> = owned.iter().map(|name| vec![Key::from(name.as_str())]).collect();
    expected.sort();
    assert_eq!(card.groups(), expected);
    assert_eq!(card.keys()[0].key_type, KeyType::Text);
    assert_eq!(Scorecard::from_json(&card.to_json().unwrap()).unwrap(), card);
    let column =
        arrow_array::cast::AsArray::as_string::<i32>(card.to_record_batch().unwrap().column(0).as_ref()).clone();
    assert!(column.iter().flatten().zip(&expected).all(|(text, key)| *key == [Key::from(text)]));
}

/// No mark that could hide or turn the rest of a message, and no flood.
fn assert_is_plain(message: &str) {
    let start: String = message.chars().take(300).collect();
    assert!(message.chars().count() < 2000, "{} characters, from {start:?}", message.chars().count());
    let harmful = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!message.chars().any(harmful), "{message:?}");
}

#[test]
fn names_and_values_of_any_text_are_escaped_and_cut_in_messages() {
    let long = format!("{}\0\u{202e}\u{2066}\u{200f}\u{1b}[31m\r\n", "y".repeat(100_000));
    for nasty in [long.as_str(), "a\0b", "\u{202e}txt", "\u{1b}[2J", "a\nb\tc", "\u{2067}\u{200e}"] {
        let name = nasty.to_owned();
        let twice =
            table("customer_id", vec![name.clone(), name.clone()], 2).with("k", vec![name.clone(), name.clone()]);
        let as_number = Table::new(1).with("milestones_met", vec![name.clone()]).with("milestones_total", vec![1_i64]);
        let card = Scorecard::of(&twice, Request::default().by(["k"])).unwrap();
        let errors = [
            error(&twice, Request::default().unique("customer_id").by(["k"])),
            error(&as_number, Request::default()),
            error(&small_table(), Request::default().by([name.clone()])),
            error(
                &small_table()
                    .with("k", vec![name.clone(); 4])
                    .with("engagements", vec![0_i64; 4])
                    .with("positive_engagements", vec![1_i64; 4]),
                Request::default().by(["k"]),
            ),
            error(
                &small_table().with(name.clone(), vec![1_i64; 4]).with(name.clone(), vec![1_i64; 4]),
                Request::default().by([name.clone()]),
            ),
            error(&small_table(), Request::default().metrics([name.clone()])),
            error(&small_table(), Request::default().column(name.clone(), "region", svcmetrics::ColumnUnit::OWN)),
            error(&small_table().with(name.clone(), vec![1_i64; 4]), Request::default().metrics(["availability"])),
            error(
                &small_table().with("currency", vec!["EUR".to_owned(), name.clone(), name.clone(), name.clone()]),
                Request::default(),
            ),
            error(&table("k", vec![Scalar::Other(name.clone(), name.clone())], 1), Request::default().by(["k"])),
            refused(card.rollup(&[name.as_str()]), "no such key"),
            refused(card.figure_of(0, &name), "no such metric"),
            refused(name.parse::<svcmetrics::Condition>(), "no condition"),
            refused(name.parse::<svcmetrics::Period>(), "no period"),
            refused(svcmetrics::ColumnUnit::named(&name), "no unit"),
        ];
        for error in errors {
            assert_is_plain(&error.to_string());
        }
    }
}

fn dictionary(codes: Vec<i64>, values: impl Into<Data<'static>>) -> Data<'static> {
    let values = Values::Dictionary { codes: Box::new(codes.into()), values: Box::new(values.into()) };
    Data::new(values, Nulls::None).unwrap()
}

#[test]
fn a_key_of_a_dictionary_that_is_none_is_named_with_its_row() {
    for values in [vec![1.0, 1.5], vec![1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0]] {
        let found = error(&table("k", dictionary(vec![0, 0, 0, 0, 1], values), 5), Request::default().by(["k"]));
        assert_eq!((found.kind(), found.row(), found.value()), ("column_type", Some(4), Some("1.5")));
    }
}

#[test]
fn a_dictionary_larger_than_its_rows_groups_as_the_plain_column() {
    let names: Vec<String> = (0..1000).map(|name| name.to_string()).collect();
    let by = || Request::default().by(["k"]);
    let coded = Scorecard::of(&table("k", dictionary(vec![7, 999, 7], names), 3), by()).unwrap();
    assert_eq!(coded, Scorecard::of(&table("k", vec!["7", "999", "7"], 3), by()).unwrap());
}

#[test]
fn a_dictionary_is_null_where_its_codes_are_and_where_it_says_so_itself() {
    // more rows than are looked up before any is known
    const TIMES: usize = 1_000;
    let by = || Request::default().by(["k"]);
    let nulls = |masked: [bool; 4]| Nulls::Mask(masked.repeat(TIMES).into());
    let names = ["a", "b"].map(str::to_owned).to_vec();
    let expected = [None, Some("b"), None, Some("a")].repeat(TIMES);
    let plain = Scorecard::of(&table("k", expected, 4 * TIMES), by()).unwrap();
    let (both, first, third) = ([true, false, true, false], [true, false, false, false], [false, false, true, false]);
    for (of_codes, whole, positions) in [
        // what stands where it is null need be no position at all
        (nulls(both), Nulls::None, [-1_i64, 1, 7, 0]),
        (Nulls::None, nulls(both), [0, 1, 1, 0]),
        (nulls(first), nulls(third), [-1, 1, 1, 0]),
        (nulls(third), nulls(first), [0, 1, 7, 0]),
    ] {
        let codes = Data::new(Values::Int64(positions.repeat(TIMES).into()), of_codes).unwrap();
        let values = Values::Dictionary { codes: Box::new(codes), values: Box::new(names.clone().into()) };
        let keys = Data::new(values, whole).unwrap();
        assert_eq!(Scorecard::of(&table("k", keys, 4 * TIMES), by()).unwrap(), plain);
    }
}

#[test]
fn what_keys_may_be_is_said_where_a_type_is_none_of_them() {
    let unknown = Data::new(Values::Unknown("Struct".into(), 1), Nulls::None).unwrap();
    let binary = Data::new(Values::Binary(std::sync::Arc::new(vec![b"a"])), Nulls::None).unwrap();
    for odd in [vec![Scalar::Other("UUID".into(), "1-2".into())].into(), unknown, binary] {
        let found = error(&table("k", odd, 1), Request::default().by(["k"]));
        assert_eq!(found.kind(), "column_type");
        assert_says(&found.to_string(), &["text, whole numbers, booleans, dates"]);
        assert!(!found.to_string().contains("integer"), "{found}");
    }
}
