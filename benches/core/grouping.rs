//! Keys of each type as they become groups, under the cheapest of sums: a column of whole numbers.

use crate::tables::{GROUPS, codes, column, most_rows};
use criterion::{BenchmarkId, Criterion, Throughput};
use svcmetrics::{Data, Nulls, Request, Scorecard, Table, Values};

/// The same groups as whole numbers, as texts, and as codes of a dictionary of texts.
fn key<'a>(kind: &str, codes: Vec<i32>, names: &'a [String]) -> Data<'a> {
    match kind {
        "int32" => codes.into(),
        "text" => {
            let name = |code: &i32| names[usize::try_from(*code).expect("a code")].as_str();
            codes.iter().map(name).collect::<Vec<_>>().into()
        }
        "dictionary" => {
            let values = names.iter().map(String::as_str).collect::<Vec<_>>();
            let dictionary = Values::Dictionary { codes: Box::new(codes.into()), values: Box::new(values.into()) };
            Data::new(dictionary, Nulls::None).expect("codes within the dictionary")
        }
        _ => unreachable!("a kind of key that is not made"),
    }
}

/// Each type with few and with many groups, then two keys together, at the largest size.
pub fn benches(criterion: &mut Criterion) {
    let rows = most_rows();
    let mut group = criterion.benchmark_group(format!("grouping of {rows} rows"));
    group.throughput(Throughput::Elements(rows as u64));
    let cases = column(rows, 2, |random| random.count(9));
    let request = Request::default().metrics(["defect_share"]);
    let table = || Table::new(rows).with("cases", cases.as_slice()).with("defect_cases", cases.as_slice());
    group.bench_function("no key", |bencher| {
        let table = table();
        bencher.iter(|| Scorecard::of(&table, request.clone()).expect("a valid table"));
    });
    for groups in GROUPS.into_iter().filter(|groups| *groups <= rows) {
        let names: Vec<String> = (0..groups).map(|code| format!("EMEA/midmarket/{code:05}")).collect();
        for kind in ["int32", "text", "dictionary"] {
            let table = table().with("key", key(kind, codes(rows, groups), &names));
            let request = request.clone().by(["key"]);
            group.bench_with_input(BenchmarkId::new(kind, format!("{groups} groups")), &table, |bencher, table| {
                bencher.iter(|| Scorecard::of(table, request.clone()).expect("a valid table"));
            });
        }
    }
    let table = table().with("first", codes(rows, 12)).with("second", column(rows, 3, |random| random.count(1_000)));
    let request = request.by(["first", "second"]);
    group.bench_function("two keys/12000 groups", |bencher| {
        bencher.iter(|| Scorecard::of(&table, request.clone()).expect("a valid table"));
    });
    group.finish();
}
