//! A health model as TOML and JSON.

use super::{Among, Band, Component, Gate, HealthModel, MissingPolicy};
use crate::condition::Condition;
use crate::document::{Strict, Wrong, decimal, float, invalid, join, list, table, text, word};
use crate::error::{Error, Result};
use crate::metrics;
use crate::own::MetricDefinition;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

fn of_model(Wrong { field, found, expected }: Wrong) -> Error {
    Error::InvalidModel { field, found, expected }
}

fn component(metric: &str, value: &Value) -> Result<Component, Wrong> {
    let field = join("components", metric);
    if !value.is_object() {
        return Ok(Component::new(metric.to_owned(), decimal(&format!("{field}.weight"), value)?));
    }
    let table = table(&field, value, &["weight", "floor", "ceiling"])?;
    let weight = match table.get("weight") {
        Some(weight) => decimal(&format!("{field}.weight"), weight)?,
        None => Decimal::ONE,
    };
    let number =
        |name: &str, otherwise| table.get(name).map_or(Ok(otherwise), |value| float(&format!("{field}.{name}"), value));
    Ok(Component::new(metric.to_owned(), weight).scaled(number("floor", 0.0)?, number("ceiling", 1.0)?))
}

fn gate(position: usize, value: &Value) -> Result<Gate, Wrong> {
    let field = format!("gates[{position}]");
    let table = table(&field, value, &["metric", "below", "cap"])?;
    let get =
        |name: &str| table.get(name).map_or_else(|| invalid(&format!("{field}.{name}"), &Value::Null, "a value"), Ok);
    Ok(Gate {
        metric: text(&format!("{field}.metric"), get("metric")?)?.to_owned().into(),
        below: float(&format!("{field}.below"), get("below")?)?,
        cap: text(&format!("{field}.cap"), get("cap")?)?.to_owned().into(),
    })
}

impl HealthModel {
    fn from_value(value: &Value) -> Result<Self> {
        let known = ["components", "bands", "gates", "missing", "min_coverage", "among", "metrics"];
        let whole = table("", value, &known).map_err(of_model)?;
        let own = match whole.get("metrics") {
            None => Vec::new(),
            Some(metrics) => {
                let metrics = table("metrics", metrics, &[]).map_err(of_model)?;
                metrics.iter().map(|(id, value)| MetricDefinition::from_value(id, value)).collect::<Result<_>>()?
            }
        };
        let model = Self::read(whole, own).map_err(of_model)?;
        model.validate()?;
        Ok(model)
    }

    fn read(whole: &Map<String, Value>, own: Vec<MetricDefinition>) -> Result<Self, Wrong> {
        let mut model = Self { own, ..Self::standard() };
        let Some(components) = whole.get("components") else {
            return invalid("components", &Value::Null, "a table of metrics with weights");
        };
        let components = table("components", components, &[])?;
        model.components =
            components.iter().map(|(metric, value)| component(metric, value)).collect::<Result<_, _>>()?;
        if let Some(bands) = whole.get("bands") {
            let band = |(name, from): (&String, &Value)| {
                Ok(Band { name: name.clone().into(), from: decimal(&join("bands", name), from)? })
            };
            model.bands = table("bands", bands, &[])?.iter().map(band).collect::<Result<_, _>>()?;
            model.bands.sort_by_key(|band| band.from);
        }
        if let Some(gates) = whole.get("gates") {
            let gates = list("gates", gates, "gates")?.iter().enumerate();
            model.gates = gates.map(|(position, value)| gate(position, value)).collect::<Result<_, _>>()?;
        }
        if let Some(missing) = whole.get("missing") {
            model.missing = word("missing", missing, &MissingPolicy::ALL, MissingPolicy::name)?;
        }
        if let Some(share) = whole.get("min_coverage") {
            model.min_coverage = decimal("min_coverage", share)?;
        }
        model.among = match whole.get("among") {
            None => Among::Paying,
            Some(among) => match text("among", among)? {
                "all" => Among::Everyone,
                condition => {
                    let of_own = |name: &str| model.own.iter().find_map(|own| own.column_of(name));
                    let column = |name: &str| of_own(name).or_else(|| metrics::column(name));
                    let read = Condition::parse(condition, column);
                    Among::Where(read.or_else(|error| invalid("among", among, &error.to_string()))?)
                }
            },
        };
        Ok(model)
    }

    fn to_value(&self) -> Value {
        let number = |decimal: Decimal| Value::String(decimal.normalize().to_string());
        let component = |component: &Component| {
            let value =
                json!({ "weight": number(component.weight), "floor": component.floor, "ceiling": component.ceiling });
            (component.metric.to_string(), value)
        };
        let gates: Vec<Value> = self
            .gates
            .iter()
            .map(|gate| json!({ "metric": gate.metric, "below": gate.below, "cap": gate.cap }))
            .collect();
        let bands: Map<String, Value> =
            self.bands.iter().map(|band| (band.name.to_string(), number(band.from))).collect();
        let mut value = json!({
            "missing": self.missing.name(),
            "min_coverage": number(self.min_coverage),
            "components": self.components.iter().map(component).collect::<Map<_, _>>(),
            "bands": bands,
            "gates": gates,
        });
        let among = match &self.among {
            Among::Paying => None,
            Among::Everyone => Some("all".to_owned()),
            Among::Where(condition) => Some(condition.to_string()),
        };
        if let Some(table) = value.as_object_mut() {
            table.extend(among.map(|among| ("among".to_owned(), Value::String(among))));
            if !self.own.is_empty() {
                let own = self.own.iter().map(|own| (own.id().to_owned(), own.to_value()));
                table.insert("metrics".to_owned(), Value::Object(own.collect()));
            }
        }
        value
    }

    /// Reads a model from JSON: `components` (a weight each, or `weight`, `floor`, `ceiling`), and what else departs from the
    /// default: `bands`, `gates`, `missing`, `min_coverage`, `among` (a condition, or `all`); and `metrics`, the definitions of
    /// metrics of one's own ([`MetricDefinition`]) by id.
    ///
    /// ```
    /// use svcmetrics::HealthModel;
    /// let model = HealthModel::from_json(r#"{"components": {"adoption_rate": 2, "availability": {"weight": 1, "floor": 0.9}}}"#)?;
    /// assert_eq!(HealthModel::from_json(&model.to_json())?, model);
    /// let error = HealthModel::from_json(r#"{"components": {"adoption_rate": "x"}}"#).unwrap_err();
    /// assert!(error.to_string().contains("components.adoption_rate.weight"));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidModel`] that names the field, [`Error::InvalidDefinition`] of a metric, [`Error::InvalidDocument`] for
    /// what is no JSON.
    pub fn from_json(text: &str) -> Result<Self> {
        let Strict(value) = serde_json::from_str(text)
            .map_err(|error| Error::InvalidDocument { what: "a health model", problem: error.to_string() })?;
        Self::from_value(&value)
    }

    /// The model as JSON.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    /// Reads a model from TOML, with the fields of [`HealthModel::from_json`].
    ///
    /// ```
    /// use svcmetrics::HealthModel;
    /// let model = HealthModel::from_toml("[components]\nadoption_rate = 2\nnet_revenue_retention = { weight = 1, ceiling = 1.2 }")?;
    /// assert_eq!(HealthModel::from_toml(&model.to_toml()?)?, model);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`HealthModel::from_json`], and [`Error::InvalidDocument`] for what is no TOML.
    pub fn from_toml(text: &str) -> Result<Self> {
        let value: Value = toml::from_str(text)
            .map_err(|error| Error::InvalidDocument { what: "a health model", problem: error.to_string() })?;
        Self::from_value(&value)
    }

    /// The model as TOML.
    ///
    /// # Errors
    /// None that a valid model can cause.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(&self.to_value())
            .map_err(|error| Error::InvalidDocument { what: "a health model", problem: error.to_string() })
    }
}

impl Serialize for HealthModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for HealthModel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(&Strict::deserialize(deserializer)?.0).map_err(serde::de::Error::custom)
    }
}
