//! A health model as TOML and JSON: read by hand from a tree of values, so that every error names its field.

use super::model::{Among, Band, Component, Gate, HealthModel, MissingPolicy};
use crate::condition::Condition;
use crate::error::{Error, Result, shown};
use crate::money::{self, NoDecimal};
use rust_decimal::Decimal;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

fn invalid<T>(field: &str, found: &Value, expected: &str) -> Result<T> {
    Err(Error::InvalidModel {
        field: field.to_owned(),
        found: shown(&found.to_string()),
        expected: expected.to_owned(),
    })
}

fn decimal(field: &str, value: &Value) -> Result<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return invalid(field, value, "a number"),
    };
    money::decimal(&text).or_else(|problem| match problem {
        NoDecimal::NoNumber => invalid(field, value, "a decimal number"),
        _ => invalid(field, value, "a decimal number of at most 28 digits"),
    })
}

fn float(field: &str, value: &Value) -> Result<f64> {
    value.as_f64().map_or_else(|| invalid(field, value, "a number"), Ok)
}

fn text<'v>(field: &str, value: &'v Value) -> Result<&'v str> {
    value.as_str().map_or_else(|| invalid(field, value, "a text"), Ok)
}

fn table<'v>(field: &str, value: &'v Value, known: &[&str]) -> Result<&'v Map<String, Value>> {
    let Some(table) = value.as_object() else { return invalid(field, value, "a table") };
    match table.keys().find(|key| !known.is_empty() && !known.contains(&key.as_str())) {
        Some(key) => invalid(&join(field, key), &table[key], &format!("only {}", known.join(", "))),
        None => Ok(table),
    }
}

fn join(field: &str, key: &str) -> String {
    if field.is_empty() { shown(key) } else { format!("{field}.{}", shown(key)) }
}

fn component(metric: &str, value: &Value) -> Result<Component> {
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

fn gate(position: usize, value: &Value) -> Result<Gate> {
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
        let whole = table("", value, &["components", "bands", "gates", "missing", "min_coverage", "among"])?;
        let mut model = Self::standard();
        let Some(components) = whole.get("components") else {
            return invalid("components", &Value::Null, "a table of metrics with weights");
        };
        let components = table("components", components, &[])?;
        model.components = components.iter().map(|(metric, value)| component(metric, value)).collect::<Result<_>>()?;
        if let Some(bands) = whole.get("bands") {
            let band = |(name, from): (&String, &Value)| {
                Ok(Band { name: name.clone().into(), from: decimal(&join("bands", name), from)? })
            };
            model.bands = table("bands", bands, &[])?.iter().map(band).collect::<Result<Vec<_>>>()?;
            model.bands.sort_by_key(|band| band.from);
        }
        if let Some(gates) = whole.get("gates") {
            let Some(gates) = gates.as_array() else { return invalid("gates", gates, "a list of gates") };
            model.gates =
                gates.iter().enumerate().map(|(position, value)| gate(position, value)).collect::<Result<_>>()?;
        }
        if let Some(missing) = whole.get("missing") {
            let word = text("missing", missing)?;
            let Some(policy) = MissingPolicy::ALL.into_iter().find(|policy| policy.name() == word) else {
                return invalid(
                    "missing",
                    missing,
                    &format!("one of {}", MissingPolicy::ALL.map(MissingPolicy::name).join(", ")),
                );
            };
            model.missing = policy;
        }
        if let Some(share) = whole.get("min_coverage") {
            model.min_coverage = decimal("min_coverage", share)?;
        }
        model.among = match whole.get("among") {
            None => Among::Paying,
            Some(among) => match text("among", among)? {
                "all" => Among::Everyone,
                condition => Among::Where(
                    condition.parse::<Condition>().or_else(|error| invalid("among", among, &error.to_string()))?,
                ),
            },
        };
        model.validate()?;
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
        if let (Some(among), Some(table)) = (among, value.as_object_mut()) {
            table.insert("among".to_owned(), Value::String(among));
        }
        value
    }

    /// Reads a model from JSON: `components` (a weight each, or `weight`, `floor`, `ceiling`), and what else departs from the
    /// default: `bands`, `gates`, `missing`, `min_coverage`, `among` (a condition, or `all`).
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
    /// [`Error::InvalidModel`] that names the field, [`Error::InvalidDocument`] for what is no JSON.
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
    /// [`Error::InvalidModel`] that names the field, [`Error::InvalidDocument`] for what is no TOML.
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

/// A tree of values in which no name stands twice: of two, JSON readers would drop one without a word.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut table = Map::new();
        while let Some((name, Strict(item))) = items.next_entry::<String, Strict>()? {
            if table.insert(name.clone(), item).is_some() {
                return Err(serde::de::Error::custom(format!("{}: found twice; expected once", shown(&name))));
            }
        }
        Ok(table.into())
    }
}
