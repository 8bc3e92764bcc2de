//! Health models that are none.

use crate::support::{assert_says, refused, small_table};
use serde_json::{Value, json};
use svcmetrics::{
    Column, ColumnKind, Component, Error, HealthModel, Measure, Metric, MissingPolicy, Request, Scope, Scorecard, Time,
    Unit,
};

fn whole() -> Value {
    json!({
        "components": {"adoption_rate": {"weight": "2", "floor": 0.0, "ceiling": 1.0}, "renewal_commitment_rate": {"weight": "1"}},
        "bands": {"red": "0", "yellow": "50", "green": "75"},
        "gates": [{"metric": "renewal_commitment_rate", "below": 1.0, "cap": "yellow"}],
        "missing": "renormalize",
        "min_coverage": "0.5",
        "among": "revenue_end > 0",
    })
}

fn error(model: &Value) -> Error {
    refused(HealthModel::from_json(&model.to_string()), &model.to_string())
}

#[test]
fn a_model_is_read_back_from_json_and_toml_as_it_was() {
    let model = HealthModel::from_json(&whole().to_string()).unwrap();
    assert_eq!(HealthModel::from_json(&model.to_json()).unwrap(), model);
    assert_eq!(HealthModel::from_toml(&model.to_toml().unwrap()).unwrap(), model);
    let through_serde: HealthModel = serde_json::from_value(serde_json::to_value(&model).unwrap()).unwrap();
    assert_eq!((&through_serde, through_serde.id()), (&model, model.id()));
    let order: Vec<&str> = model.components().iter().map(Component::metric).collect();
    assert_eq!(order, ["adoption_rate", "renewal_commitment_rate"]);
    assert_eq!(
        (model.missing_policy(), model.all_bands().len(), model.gates().len()),
        (MissingPolicy::Renormalize, 3, 1)
    );
}

#[test]
fn every_wrong_field_of_a_model_is_named() {
    let wrong: [(&str, Value, &str); 32] = [
        ("/components", json!({}), "components"),
        ("/components", json!([1]), "components"),
        ("/components/adoption_rate/weight", json!("0"), "components.adoption_rate.weight"),
        ("/components/adoption_rate/weight", json!("-1"), "components.adoption_rate.weight"),
        ("/components/adoption_rate/weight", json!("x"), "components.adoption_rate.weight"),
        ("/components/adoption_rate/weight", json!(null), "components.adoption_rate.weight"),
        ("/components/adoption_rate/weight", json!(1e300), "components.adoption_rate.weight"),
        ("/components/adoption_rate/weight", json!("79228162514264337593543950335"), "components"),
        ("/components/adoption_rate/floor", json!("0"), "components.adoption_rate.floor"),
        ("/components/adoption_rate/ceiling", json!(0.0), "components.adoption_rate.ceiling"),
        ("/components/adoption_rate/ceiling", json!(true), "components.adoption_rate.ceiling"),
        ("/components/adoption_rate", json!("two"), "components.adoption_rate.weight"),
        ("/components/adoption_rate", json!([2]), "components.adoption_rate.weight"),
        ("/bands", (0..255).map(|from| (format!("from_{from}"), json!(format!("0.{from:03}")))).collect(), "bands"),
        ("/bands", json!({}), "bands"),
        ("/bands", json!("red"), "bands"),
        ("/bands/red", json!("1"), "bands.red"),
        ("/bands/yellow", json!("0"), "bands"),
        ("/bands/green", json!("100.5"), "bands.green"),
        ("/bands/green", json!("75.0000001"), "bands.green"),
        ("/bands/green", json!(null), "bands.green"),
        ("/gates", json!({}), "gates"),
        ("/gates/0", json!(1), "gates[0]"),
        ("/gates/0/metric", json!(1), "gates[0].metric"),
        ("/gates/0/below", json!("1"), "gates[0].below"),
        ("/gates/0/cap", json!("blue"), "gates[0].cap"),
        ("/missing", json!("maybe"), "missing"),
        ("/missing", json!(0), "missing"),
        ("/min_coverage", json!("1.1"), "min_coverage"),
        ("/min_coverage", json!("-0.1"), "min_coverage"),
        ("/among", json!("revenue_end >"), "among"),
        ("/among", json!(["all"]), "among"),
    ];
    for (path, value, field) in wrong {
        let mut model = whole();
        *model.pointer_mut(path).unwrap() = value.clone();
        let found = error(&model);
        assert_eq!(found.kind(), "invalid_model", "{path} = {value}: {found}");
        assert_says(&found.to_string(), &[field]);
    }
}

#[test]
fn an_unknown_field_of_a_model_is_refused_and_named() {
    for path in ["", "/components/adoption_rate", "/gates/0"] {
        let mut model = whole();
        model.pointer_mut(path).unwrap().as_object_mut().unwrap().insert("extra".to_owned(), json!(1));
        let found = error(&model);
        assert_eq!(found.kind(), "invalid_model");
        assert_says(&found.to_string(), &["extra"]);
    }
}

#[test]
fn a_model_without_components_or_a_gate_without_its_parts_is_refused() {
    let mut model = whole();
    model.as_object_mut().unwrap().shift_remove("components");
    assert_says(&error(&model).to_string(), &["components"]);
    for field in ["metric", "below", "cap"] {
        let mut model = whole();
        model["gates"][0].as_object_mut().unwrap().shift_remove(field);
        assert_says(&error(&model).to_string(), &[&format!("gates[0].{field}")]);
    }
}

#[test]
fn bands_with_names_that_mean_something_else_are_refused() {
    for name in ["unknown", "Red", "", "red share", "1st"] {
        let mut model = whole();
        model["gates"] = json!([]);
        model["bands"] = json!({name: "0"});
        assert_eq!(error(&model).kind(), "invalid_model", "{name:?}");
    }
}

#[test]
fn health_is_no_component_or_gate_of_itself() {
    for id in ["health", "customer_health", "red_share", "unknown_revenue"] {
        let mut model = whole();
        model["components"] = json!({id: 1});
        assert_says(&error(&model).to_string(), &[id]);
        let mut model = whole();
        model["gates"][0]["metric"] = json!(id);
        assert_says(&error(&model).to_string(), &[id]);
    }
}

#[test]
fn floors_and_ceilings_that_are_not_finite_are_refused_where_code_gives_them() {
    for (floor, ceiling) in [(f64::NAN, 1.0), (0.0, f64::INFINITY), (f64::MIN, f64::MAX), (0.5, 0.5)] {
        let made = HealthModel::new([Component::new("adoption_rate", 1).scaled(floor, ceiling)]);
        assert_eq!(refused(made, "no scale").kind(), "invalid_model");
    }
    let gated = HealthModel::standard().gate("adoption_rate", f64::NAN, "red");
    assert_eq!(refused(gated, "below NaN").kind(), "invalid_model");
    let twice = HealthModel::new([Component::new("adoption_rate", 1), Component::new("adoption_rate", 2)]);
    assert_says(&refused(twice, "a metric twice").to_string(), &["adoption_rate"]);
}

#[test]
fn what_is_no_json_or_toml_is_an_invalid_document() {
    for text in ["", "{", "[components", "\0", "nul"] {
        assert_eq!(refused(HealthModel::from_json(text), "no JSON").kind(), "invalid_document", "{text:?}");
    }
    for text in ["[components", "components = ", "\0", "a = 1\na = 2"] {
        assert_eq!(refused(HealthModel::from_toml(text), "no TOML").kind(), "invalid_document", "{text:?}");
    }
    for text in ["[]", "1", "null", "\"health\""] {
        assert_eq!(refused(HealthModel::from_json(text), "no model").kind(), "invalid_model", "{text:?}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(refused(HealthModel::from_json(&deep), "a deep document").kind(), "invalid_document");
}

#[test]
fn bands_whose_metrics_or_totals_would_be_called_the_same_are_refused() {
    let bands = |bands: &[&'static str]| {
        let bands: Vec<(&'static str, i64)> = bands.iter().copied().zip([0, 50, 75]).collect();
        HealthModel::new([Component::new("adoption_rate", 1)]).unwrap().bands(bands)
    };
    for (names, field) in [
        (["x", "x_revenue"].as_slice(), "bands.x_revenue"),
        (&["x_revenue", "x"], "bands.x"),
        (&["low", "scored"], "bands.scored"),
        (&["score", "high"], "bands.score"),
        (&["customers"], "bands.customers"),
        (&["customers_scored"], "bands.customers_scored"),
        (&["revenue_unknown"], "bands.revenue_unknown"),
        (&["revenue_x", "x"], "bands.x"),
    ] {
        let found = refused(bands(names), field);
        assert_eq!(found.kind(), "invalid_model");
        assert_says(&found.to_string(), &[&format!("health model, {field}:"), "another name"]);
    }
    assert!(bands(&["x", "revenue_y", "x_share"]).is_ok());
}

#[test]
fn a_metric_of_ones_own_is_not_called_like_one_of_the_models() {
    let model =
        HealthModel::new([Component::new("adoption_rate", 1)]).unwrap().bands([("low", 0), ("high", 50)]).unwrap();
    let column = Column::new("goals_met", ColumnKind::Count);
    let scope = Scope::new("own_scope").reads([column.clone()]);
    let total = Measure::total("own_total", &scope, column.into(), Time::Flow);
    let own = Metric::amount("low_share", "Own", Unit::Number, vec![(1, total)]);
    let request = Request::default().define(own).unwrap();
    let found = refused(Scorecard::of(&small_table(), request.clone().health(model)), "low_share twice");
    assert_eq!(found.kind(), "invalid_definition");
    assert_says(&found.to_string(), &["low_share"]);
    assert!(Scorecard::of(&small_table(), request).is_ok());
}

#[test]
fn a_number_with_more_places_than_are_held_is_refused_not_rounded() {
    let mut model = whole();
    for weight in ["1.00000000000000000000000000000000001", "1e-40", "0.00000000000000000000000000001"] {
        model["components"]["adoption_rate"] = json!(weight);
        assert_says(&error(&model).to_string(), &["components.adoption_rate.weight", "28"]);
    }
    model["components"]["adoption_rate"] = json!("2e0");
    assert!(HealthModel::from_json(&model.to_string()).is_ok());
}
