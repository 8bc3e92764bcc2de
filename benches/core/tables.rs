//! Tables of customers: seeded, so that every run measures the same rows.

use std::borrow::Cow;
use svcmetrics::{Data, Nulls, Table, Values};

/// A million rows, or as many as the environment asks for.
pub fn most_rows() -> usize {
    let asked = std::env::var("SVCMETRICS_BENCH_ROWS").ok();
    asked.map_or(1_000_000, |rows| rows.parse().expect("SVCMETRICS_BENCH_ROWS is a number of rows"))
}

/// The sizes at which a step is measured: powers of ten from a thousand.
pub fn sizes() -> impl Iterator<Item = usize> {
    (3..).map(|power| 10_usize.pow(power)).take_while(|rows| *rows <= most_rows())
}

/// The numbers of groups at which a step is measured.
pub const GROUPS: [usize; 4] = [1, 12, 1_000, 100_000];

/// Random numbers without a dependency: Sebastiano Vigna's `SplitMix64`.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// Numbers that are the same for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// A whole number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % limit
    }

    /// A small whole number below `limit`.
    pub fn count(&mut self, limit: u32) -> i32 {
        i32::try_from(self.below(u64::from(limit))).expect("a limit within i32")
    }

    /// Money below `limit`, in cents.
    pub fn cents(&mut self, limit: u32) -> i64 {
        i64::from(self.count(limit * 100))
    }
}

/// So many values.
pub fn column<T>(rows: usize, seed: u64, mut value: impl FnMut(&mut Random) -> T) -> Vec<T> {
    let mut random = Random::seeded(seed);
    (0..rows).map(|_| value(&mut random)).collect()
}

/// Cents as the float that is nearest to that amount.
#[expect(clippy::cast_precision_loss, reason = "cents stay far below 2^53")]
pub fn float(cents: i64) -> f64 {
    cents as f64 / 100.0
}

/// A part of a whole, row by row.
fn parts(wholes: &[i32], seed: u64) -> Vec<i32> {
    let mut random = Random::seeded(seed);
    wholes.iter().map(|whole| random.count(u32::try_from(*whole).expect("a count") + 1)).collect()
}

/// Codes of so many groups, about equally large.
pub fn codes(rows: usize, groups: usize) -> Vec<i32> {
    let limit = u32::try_from(groups).expect("groups within u32");
    column(rows, 1, |random| random.count(limit))
}

/// Where a share of 1 in `one_in` is null.
fn with_nulls(values: Vec<i32>, one_in: u64, seed: u64) -> Data<'static> {
    let nulls = column(values.len(), seed, |random| random.below(one_in) == 0);
    Data::new(Values::Int32(Cow::Owned(values)), Nulls::Mask(Cow::Owned(nulls))).expect("columns of equal length")
}

/// The metrics of [`customers`]: a scorecard as one would ask for it.
pub const METRICS: [&str; 16] = [
    "onboard_rate",
    "adoption_rate",
    "license_adoption",
    "plan_realization",
    "availability",
    "engagement_quality",
    "renewal_commitment_rate",
    "recurring_revenue_rate",
    "revenue_start",
    "revenue_end",
    "revenue_new",
    "revenue_expansion",
    "revenue_contraction",
    "revenue_churn",
    "net_revenue_retention",
    "defect_share",
];

/// A row a customer: flags, counts with a null here and there, minutes and money in floats, and `group` as the key.
pub fn customers(rows: usize, groups: usize) -> Table<'static> {
    let wholes = |seed, limit| column(rows, seed, |random| random.count(limit));
    let flags = |seed, percent| column(rows, seed, move |random| random.below(100) < percent);
    let (milestones, goals, engagements) = (wholes(2, 9), wholes(3, 7), wholes(4, 30));
    let (sold, cases) = (wholes(5, 400), wholes(6, 6));
    let start = column(rows, 7, |random| if random.below(10) == 0 { 0 } else { random.cents(20_000) });
    let mut random = Random::seeded(8);
    let end: Vec<f64> = start
        .iter()
        .map(|start| match random.below(10) {
            0 => 0.0,
            1..=4 => float(*start),
            _ => float(start / 2 + random.cents(5_000)),
        })
        .collect();
    Table::new(rows)
        .with("group", codes(rows, groups))
        .with("is_new", flags(10, 12))
        .with("onboarded", flags(11, 80))
        .with("milestones_met", with_nulls(parts(&milestones, 12), 50, 13))
        .with("milestones_total", milestones)
        .with("licenses_used", with_nulls(parts(&sold, 14), 50, 15))
        .with("licenses_sold", sold)
        .with("goals_met", with_nulls(parts(&goals, 16), 50, 17))
        .with("goals_total", goals)
        .with("service_minutes", vec![43_200.0; rows])
        .with("downtime_minutes", column(rows, 18, |random| float(random.cents(400))))
        .with("positive_engagements", with_nulls(parts(&engagements, 19), 50, 20))
        .with("engagements", engagements)
        .with("is_active", flags(21, 90))
        .with("committed", flags(22, 85))
        .with("revenue_start", start.into_iter().map(float).collect::<Vec<_>>())
        .with("revenue_end", end)
        .with("defect_cases", parts(&cases, 23))
        .with("cases", cases)
}
