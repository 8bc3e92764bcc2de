//! What a builder does that is used on after an error: it says the error again.

use svcmetrics::{Request, Result, ScorecardBuilder, Table};

fn part<'a>(regions: Vec<f64>) -> Table<'a> {
    let rows = regions.len();
    Table::new(rows)
        .with("region", regions)
        .with("milestones_met", vec![1_i64; rows])
        .with("milestones_total", vec![2_i64; rows])
}

#[test]
fn what_failed_fails_ever_after() -> Result<()> {
    for (wrong, kind) in [(vec![2.0, 3.0, 0.5], "column_type"), (vec![2.0, 3.0, 4.0], "too_many_groups")] {
        for then in [None, Some(vec![3.0]), Some(vec![1.0]), Some(vec![5.0, 2.0])] {
            let mut builder = ScorecardBuilder::new(Request::default().by(["region"]).max_groups(3));
            builder.add(&part(vec![1.0]))?;
            let error = builder.add(&part(wrong.clone())).unwrap_err();
            assert_eq!(error.kind(), kind);
            if let Some(regions) = then {
                assert_eq!(builder.add(&part(regions)).unwrap_err().to_string(), error.to_string());
            }
            assert_eq!(builder.finish().unwrap_err().to_string(), error.to_string());
        }
    }
    Ok(())
}
