//! Ledgers: rows in, in order and in none, and what is asked of them.

use crate::tables::{Random, float, most_rows};
use criterion::{Criterion, Throughput};
use svcmetrics::{Data, Every, Ledger, LedgerOptions, MovementOptions, Table, Values};

/// Days of the months from January 2024, 24 of them.
fn day(month: usize) -> i32 {
    // a month of 30 or 31 days: the 15th or so of each
    i32::try_from(19_737 + month * 3_044 / 100).expect("a day")
}

/// Customers with ids that lie far apart, each with revenue in most of 24 months.
#[derive(Clone)]
struct Lines {
    customers: Vec<i64>,
    days: Vec<i32>,
    revenue: Vec<f64>,
}

impl Lines {
    fn sorted(rows: usize) -> Self {
        let mut random = Random::seeded(5);
        let mut lines = Self { customers: Vec::new(), days: Vec::new(), revenue: Vec::new() };
        let mut customer = 10_000_001;
        while lines.customers.len() < rows {
            let mut cents = random.cents(1_000);
            for month in 0..24 {
                if random.below(20) == 0 {
                    cents = random.cents(1_000);
                }
                if random.below(4) > 0 {
                    lines.customers.push(customer);
                    lines.days.push(day(month));
                    lines.revenue.push(float(cents));
                }
            }
            customer += 7_919;
        }
        lines
    }

    fn shuffled(mut self) -> Self {
        let mut random = Random::seeded(6);
        for last in (1..self.customers.len()).rev() {
            let other = usize::try_from(random.below(last as u64 + 1)).expect("a row");
            self.customers.swap(last, other);
            self.days.swap(last, other);
            self.revenue.swap(last, other);
        }
        self
    }

    fn table(&self) -> Table<'_> {
        self.without_customers().with("customer_id", self.customers.as_slice())
    }

    /// With these ids, which sort as the numbers do.
    fn named<'a>(&'a self, names: &'a [String]) -> Table<'a> {
        self.without_customers().with("customer_id", names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn names(&self) -> Vec<String> {
        self.customers.iter().map(|customer| format!("cus_{customer:010}")).collect()
    }

    fn without_customers(&self) -> Table<'_> {
        let days = Data::new(Values::Dates(self.days.as_slice().into()), svcmetrics::Nulls::None).expect("days");
        Table::new(self.customers.len()).with("month", days).with("revenue", self.revenue.as_slice())
    }
}

/// Sorted and shuffled rows in; movements by month and by quarter, and retention, of what came of them.
pub fn benches(criterion: &mut Criterion) {
    let rows = most_rows();
    let mut group = criterion.benchmark_group(format!("ledger of {rows} rows"));
    group.throughput(Throughput::Elements(rows as u64));
    let made = |table: &Table<'_>| Ledger::of(table, LedgerOptions::default()).expect("valid lines");
    let sorted = Lines::sorted(rows);
    let ledger = made(&sorted.table());
    let shuffled = sorted.clone().shuffled();
    for (order, lines) in [("sorted", &sorted), ("shuffled", &shuffled)] {
        let (numbers, names) = (lines.table(), lines.names());
        let texts = lines.named(&names);
        group.bench_function(format!("{order} rows"), |bencher| bencher.iter(|| made(&numbers)));
        group.bench_function(format!("{order} rows with text ids"), |bencher| bencher.iter(|| made(&texts)));
    }
    for (name, every) in [("month", Every::Month), ("quarter", Every::Quarter)] {
        let options = MovementOptions::default().every(every);
        group.bench_function(format!("movements by {name}"), |bencher| {
            bencher.iter(|| ledger.movements(&options).expect("movements"));
        });
        group.bench_function(format!("retention by {name}"), |bencher| {
            bencher.iter(|| ledger.retention(&options).expect("retention"));
        });
    }
    group.finish();
}
