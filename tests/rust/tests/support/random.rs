//! Random tables with every column that the catalogue reads: nulls, invalid values, null keys, no rows at all.

use proptest::collection::vec;
use proptest::prelude::*;
use svcmetrics::{AbsentRevenue, Column, ColumnKind, OnInvalid, Request, Scalar, Scales, Table, TimeUnit, columns};

/// The keys that random tables have; `period` is time.
pub(crate) const KEYS: [&str; 3] = ["region", "tier", "period"];

/// A table by rows, so that it can be permuted and cut.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Vec<Scalar>>,
    /// What a null on one side of revenue means.
    pub(crate) absent: AbsentRevenue,
}

impl Sample {
    /// As the engine takes it.
    pub(crate) fn table(&self) -> Table<'static> {
        self.names.iter().enumerate().fold(Table::new(self.rows.len()), |table, (position, name)| {
            table.with(name, self.rows.iter().map(|row| row[position].clone()).collect::<Vec<_>>())
        })
    }

    /// Those rows, in that order.
    pub(crate) fn pick(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        Self { rows: rows.into_iter().map(|row| self.rows[row].clone()).collect(), ..self.clone() }
    }

    /// The rows cut into so many parts: row `i` goes to `parts[i]`.
    pub(crate) fn cut(&self, parts: &[usize], count: usize) -> Vec<Self> {
        (0..count).map(|part| self.pick((0..self.rows.len()).filter(|row| parts[*row] == part))).collect()
    }

    /// With a column of the rows' numbers.
    pub(crate) fn numbered(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        for (number, row) in self.rows.iter_mut().enumerate() {
            row.push(Scalar::Integer(i128::try_from(number).unwrap()));
        }
        self
    }

    /// What is asked of it: all metrics, grouped by these keys, invalid rows left out.
    pub(crate) fn request(&self, by: &[&str]) -> Request {
        let request = Request::default().by(by.iter().copied()).on_invalid(OnInvalid::Skip);
        request.absent_revenue(self.absent).scales(scales())
    }
}

/// What is asked of a table whose rows are cases: all metrics and their quantiles, invalid rows left out.
pub(crate) fn of_cases(by: &[&str]) -> Request {
    Request::cases().by(by.iter().copied()).on_invalid(OnInvalid::Skip).quantiles(true)
}

/// What the answers of random tables mean: effort from 1, the hardest, to 7.
pub(crate) fn scales() -> Scales {
    Scales::default().csat_satisfied_from(4).and_then(|scales| scales.effort(1, 7)).unwrap()
}

fn cents(value: i128) -> Scalar {
    Scalar::Decimal { value, scale: 2 }
}

fn amount(negative: bool) -> BoxedStrategy<Scalar> {
    let least = if negative { -500 } else { 0 };
    prop_oneof![
        2 => Just(Scalar::Null),
        3 => Just(Scalar::Integer(0)),
        4 => (least..500_i128).prop_map(cents),
        2 => prop_oneof![Just(cents(1999)), Just(cents(5000))],
        2 => (0..50_000_i32).prop_map(|n| Scalar::Float(f64::from(n) / 100.0)),
        1 => (0..100_i32).prop_map(|n| Scalar::Float(f64::from(n) / 12.0)),
        1 => Just(Scalar::Integer(9_000_000_000_000)),
        1 => Just(cents(-1)),
        1 => Just(Scalar::Float(f64::INFINITY)),
    ]
    .boxed()
}

/// Answers on a scale from `least` to `most`, as whole numbers and as others; a few lie beside the scale.
fn answer(least: i32, most: i32) -> BoxedStrategy<Scalar> {
    let halves = (2 * least..=2 * most).prop_map(|twice| Scalar::Float(f64::from(twice) / 2.0));
    prop_oneof![
        2 => Just(Scalar::Null),
        8 => (least..=most).prop_map(|answer| Scalar::Integer(answer.into())),
        2 => halves,
        1 => Just(Scalar::Integer((least - 1).into())),
        1 => Just(Scalar::Integer((most + 1).into())),
    ]
    .boxed()
}

/// Nanoseconds since 1970 of a time without a zone.
pub(crate) fn nanoseconds(time: &Scalar) -> Option<i128> {
    let of_unit = |unit: TimeUnit| match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    };
    match time {
        Scalar::Date(day) => Some(i128::from(*day) * 86_400_000_000_000),
        Scalar::Timestamp(time, unit) => Some(i128::from(*time) * of_unit(*unit)),
        _ => None,
    }
}

/// Times without a zone, in every unit, from an hour to another; few enough that some are the same.
fn time(first: i64, last: i64) -> BoxedStrategy<Scalar> {
    let within = move |unit, of_second: i64| {
        (first * 3_600 * of_second..last * 3_600 * of_second).prop_map(move |time| Scalar::Timestamp(time, unit))
    };
    prop_oneof![
        2 => Just(Scalar::Null),
        4 => (first..last).prop_map(|hour| Scalar::Timestamp(hour * 3_600, TimeUnit::Second)),
        2 => within(TimeUnit::Second, 1),
        1 => within(TimeUnit::Millisecond, 1_000),
        2 => within(TimeUnit::Microsecond, 1_000_000),
        1 => within(TimeUnit::Nanosecond, 1_000_000_000),
        1 => (first / 24..=last / 24).prop_map(|day| Scalar::Date(i32::try_from(day).unwrap())),
    ]
    .boxed()
}

/// The words of a category, and now and then one that is none of them.
fn word(column: &Column) -> BoxedStrategy<Scalar> {
    let words: Vec<String> = column.words.iter().map(ToString::to_string).collect();
    prop_oneof![
        2 => Just(Scalar::Null),
        9 => proptest::sample::select(words).prop_map(Scalar::Text),
        1 => proptest::sample::select(vec!["", "None", "unknown"]).prop_map(|text| Scalar::Text(text.to_owned())),
    ]
    .boxed()
}

/// Values of a column, of whatever kind: a new kind does not compile until it is generated here.
fn cell(column: &Column) -> BoxedStrategy<Scalar> {
    match column.name.as_ref() {
        "nps_score" => return answer(0, 10),
        "csat_score" | "effort_score" => return answer(1, 7),
        "opened_at" => return time(-30, 30),
        _ => {}
    }
    match column.kind {
        ColumnKind::Flag => prop_oneof![
            2 => Just(Scalar::Null),
            6 => any::<bool>().prop_map(Scalar::Boolean),
            2 => (0..3_i128).prop_map(Scalar::Integer),
        ]
        .boxed(),
        ColumnKind::Count => prop_oneof![
            2 => Just(Scalar::Null),
            8 => (0..9_i128).prop_map(Scalar::Integer),
            1 => (0..9_i32).prop_map(|n| Scalar::Float(f64::from(n))),
            1 => Just(Scalar::Integer(-1)),
            1 => Just(Scalar::Float(1.5)),
        ]
        .boxed(),
        ColumnKind::Money | ColumnKind::Quantity => amount(false),
        ColumnKind::SignedMoney | ColumnKind::Score => amount(true),
        ColumnKind::Instant => time(10, 60),
        ColumnKind::Category => word(column),
        ColumnKind::Anything => prop_oneof![Just(Scalar::Null), "[a-c]".prop_map(Scalar::Text)].boxed(),
        ColumnKind::HealthScore | ColumnKind::HealthBand => unreachable!("computed, never in a table"),
    }
}

fn keys() -> Vec<(String, BoxedStrategy<Scalar>)> {
    let text = |texts: &'static [&'static str]| {
        prop_oneof![1 => Just(Scalar::Null), 5 => proptest::sample::select(texts).prop_map(|text| Scalar::Text(text.to_owned()))].boxed()
    };
    let tier = prop_oneof![1 => Just(Scalar::Null), 3 => (0..3_i128).prop_map(Scalar::Integer)].boxed();
    vec![
        ("region".to_owned(), text(&["north", "south", "", "\u{e4}"])),
        ("tier".to_owned(), tier),
        ("period".to_owned(), text(&["2026-01", "2026-02", "2026-03"])),
        ("currency".to_owned(), text(&["EUR"])),
    ]
}

/// Tables of 0 to `most` rows with all of the catalogue's columns.
pub(crate) fn complete_tables(most: usize) -> impl Strategy<Value = Sample> {
    tables_without(most, Just(Vec::new()))
}

/// Tables of 0 to `most` rows; now and then a few columns are not there, and other forms of metrics are taken.
pub(crate) fn tables(most: usize) -> impl Strategy<Value = Sample> {
    let dropped = prop_oneof![
        3 => Just(Vec::new()),
        1 => Just(vec!["reached_goal"]),
        1 => Just(vec!["goals_met"]),
        1 => Just(vec!["negative_engagements", "revenue_end", "contracts_due"]),
        1 => Just(vec!["positive_engagements", "risk", "service_cost", "nps_score", "basic_users"]),
    ];
    tables_without(most, dropped)
}

fn tables_without(
    most: usize,
    dropped: impl Strategy<Value = Vec<&'static str>> + 'static,
) -> impl Strategy<Value = Sample> {
    let absent = prop_oneof![Just(AbsentRevenue::Zero), Just(AbsentRevenue::Missing)];
    (dropped, absent).prop_flat_map(move |(dropped, absent)| {
        let of_catalogue = columns().iter().map(|(column, _)| (column.name.to_string(), cell(column)));
        let all = keys().into_iter().chain(of_catalogue).filter(|(name, _)| !dropped.contains(&name.as_str()));
        let (names, cells): (Vec<String>, Vec<BoxedStrategy<Scalar>>) = all.unzip();
        vec(cells, 0..=most).prop_map(move |rows| Sample { names: names.clone(), rows, absent })
    })
}

/// So many cases, unless the environment says otherwise; failures are printed and not kept in files, and shrinking gives up
/// soon.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    let of_environment =
        |name: &str, otherwise: u32| std::env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    ProptestConfig {
        cases: of_environment("PROPTEST_CASES", cases),
        max_shrink_iters: of_environment("PROPTEST_MAX_SHRINK_ITERS", 400),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
