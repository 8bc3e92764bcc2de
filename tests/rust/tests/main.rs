//! probes
use svcmetrics::*;
fn base() -> Table<'static> { Table::new(2).with("milestones_met", vec![1_i64,2]).with("milestones_total", vec![2_i64,2]).with("revenue_start", vec![1_i64,2]).with("revenue_end", vec![1_i64,2]) }
#[test] fn p1_self_difference() {
  let m = Metric::difference("loop", "Loop", "loop", "adoption_rate");
  println!("{:?}", Request::default().define(m).and_then(|r| Scorecard::of(&base(), r)).map(|c| c.len()));
}
#[test] fn p2_health_cycle() {
  let m = Metric::difference("gap", "Gap", "health", "adoption_rate");
  let model = HealthModel::new([Component::new("gap", 1), Component::new("adoption_rate", 1)]).unwrap();
  println!("{:?}", Request::default().define(m).and_then(|r| Scorecard::of(&base(), r.health(model))).map(|c| c.len()));
}
#[test] fn p3_computed_kind() {
  let c = Column::new("foo", ColumnKind::HealthScore);
  let s = Scope::new("foo_scope").reads([c.clone()]);
  let m = Metric::amount("foo_sum", "Foo", Unit::Points, vec![(1, Measure::total("foo_total", &s, c.into(), Time::Flow))]);
  println!("{:?}", Request::default().define(m).and_then(|r| Scorecard::of(&base(), r)).map(|c| c.figure("foo_sum")));
}
#[test] fn p4_scalar_scale() {
  let t = Table::new(1).with("revenue_start", vec![Scalar::Decimal{value:1, scale:100_000}]).with("revenue_end", vec![1_i64]);
  println!("{:?}", Scorecard::of(&t, Request::default()));
}
#[test] fn p4b_scalar_scale_min() {
  let t = Table::new(1).with("revenue_start", vec![Scalar::Decimal{value:1, scale:i32::MIN}]).with("revenue_end", vec![1_i64]);
  println!("{:?}", Scorecard::of(&t, Request::default()));
}
#[test] fn p5_counts_overflow() {
  let c = Scorecard::of(&base().with("region", vec!["a","b"]), Request::default().by(["region"]).metrics(["adoption_rate"])).unwrap();
  let j = c.to_json().unwrap();
  let mut v: serde_json::Value = serde_json::from_str(&j).unwrap();
  println!("{v:#}");
  for g in v["groups"].as_array_mut().unwrap() { for t in g["totals"].as_array_mut().unwrap() { *t = i128::MAX.to_string().into(); } }
  let c = Scorecard::from_json(&v.to_string());
  println!("{:?}", c.is_ok());
  println!("{:?}", c.unwrap().quality());
}
#[test] fn p6_total_serde() {
  let t = Table::new(3).with("revenue_start", vec![Scalar::Integer(9_000_000_000_000);3]).with("revenue_end", vec![0_i64;3]);
  let c = Scorecard::of(&t, Request::default()).unwrap();
  let n = c.figure("revenue_start").unwrap().numerator().unwrap();
  let j = serde_json::to_string(&n).unwrap();
  println!("{j} {:?}", serde_json::from_str::<Total>(&j));
}
#[test] fn p7_code_outside() {
  let codes: Data<'_> = vec![0_i32, 7].into(); let values: Data<'_> = vec![1_i64].into();
  let d = Data::new(Values::Dictionary{codes: Box::new(codes), values: Box::new(values)}, Nulls::None).unwrap();
  let t = Table::new(2).with("milestones_met", d).with("milestones_total", vec![1_i64,1]);
  println!("{:?}", Scorecard::of(&t, Request::default()).map(|c| c.counts_of(0,"adoption_rate").unwrap()));
}
#[test] fn p8_huge_coefficients() {
  let c = Column::new("n", ColumnKind::Count); let d = Column::new("m", ColumnKind::Money);
  let s = Scope::new("nm").reads([c.clone(), d.clone()]);
  let num = Measure::total("big_n", &s, Expression::from(c.clone()).plus(i32::MAX, c).plus(i32::MAX, Column::new("n", ColumnKind::Count)), Time::Flow);
  let den = Measure::total("big_m", &s, d.into(), Time::Flow);
  let m = Metric::ratio("big", "Big", vec![(i32::MAX, num)], vec![(1, den)]);
  let model = HealthModel::new([Component::new("big", 1)]).unwrap();
  let t = Table::new(1).with("n", vec![i64::MAX]).with("m", vec![1_i64]);
  println!("{:?}", Request::default().define(m).and_then(|r| Scorecard::of(&t, r.health(model))).map(|c| c.figure("big")));
}
#[test] fn p9_model_removed() {
  let c = Scorecard::of(&base(), Request::default()).unwrap();
  let mut v: serde_json::Value = serde_json::from_str(&c.to_json().unwrap()).unwrap();
  v["model"] = serde_json::Value::Null;
  let c = Scorecard::from_json(&v.to_string());
  println!("{:?}", c.map(|c| c.figure("health")));
}
#[test] fn p10_overflow_group() {
  let c = Scorecard::of(&base().with("region", vec!["a","b"]), Request::default().by(["region"]).metrics(["revenue_end"])).unwrap();
  let mut v: serde_json::Value = serde_json::from_str(&c.to_json().unwrap()).unwrap();
  let n = v["lanes"].as_array().unwrap().len();
  v["groups"][1]["totals"][n-1] = i128::MAX.to_string().into();
  let c = Scorecard::from_json(&v.to_string()).unwrap();
  println!("{:?}", c.to_record_batch().map(|b| b.num_rows()));
  println!("{:?}", c.measures_record_batch().map(|b| b.num_rows()));
  println!("{:?}", c.tidy_record_batch().map(|b| b.num_rows()));
  println!("{:?}", c.rollup::<&str>(&[]).map(|b| b.len()));
}
#[test] fn p11_keys_control() {
  let t = base().with("region", vec!["a\u{0}\u{202e}b", "c"]);
  let e = Scorecard::of(&t, Request::default().by(["region"]).max_groups(1)).unwrap_err();
  println!("{e}");
}
