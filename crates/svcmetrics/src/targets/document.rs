//! Targets as TOML and JSON: read by hand from a tree of values, so that every error names its field.

use super::{Target, Targets, invalid};
use crate::document::{Strict, Wrong, decimal};
use crate::engine::choose::no_metric;
use crate::error::{Error, Result};
use crate::metrics::{catalog, find};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

const FIELDS: [&str; 3] = ["at_least", "at_most", "warn"];

fn mark(field: &str, value: &Value) -> Result<rust_decimal::Decimal> {
    decimal(field, value).map_err(|Wrong { field, found, expected }| invalid(&field, found, &expected))
}

fn target(metric: &str, value: &Value) -> Result<Target> {
    let Some(fields) = value.as_object() else {
        let mark = mark(metric, value)?;
        let ids = || catalog().iter().map(|metric| metric.id().to_owned()).collect();
        return Target::in_direction_of(find(metric).ok_or_else(|| no_metric(metric, ids()))?, mark);
    };
    if let Some((field, value)) = fields.iter().find(|(field, _)| !FIELDS.contains(&field.as_str())) {
        return Err(invalid(&format!("{metric}.{field}"), value, &format!("only {}", FIELDS.join(", "))));
    }
    let given = |field: &str| fields.get(field).map(|value| mark(&format!("{metric}.{field}"), value)).transpose();
    Ok(Target { at_least: given("at_least")?, at_most: given("at_most")?, warn: given("warn")? })
}

impl Targets {
    fn from_value(value: &Value) -> Result<Self> {
        let Some(targets) = value.as_object() else {
            let problem = "expected a table of metrics with their targets".to_owned();
            return Err(Error::InvalidDocument { what: "targets", problem });
        };
        let targets = targets.iter().map(|(metric, value)| Ok((metric.clone(), target(metric, value)?)));
        Self::new(targets.collect::<Result<Vec<_>>>()?)
    }

    fn to_value(&self) -> Value {
        let fields = |target: &Target| -> Map<String, Value> {
            let marks = FIELDS.into_iter().zip([target.at_least, target.at_most, target.warn]);
            marks.filter_map(|(field, mark)| Some((field.to_owned(), mark?.normalize().to_string().into()))).collect()
        };
        self.iter().map(|(metric, target)| (metric.to_owned(), Value::Object(fields(target)))).collect()
    }

    /// Reads targets from JSON: by metric `at_least`, `at_most` and `warn`, as numbers or texts; or one number, in the
    /// direction in which the catalogue's metric is better.
    ///
    /// ```
    /// use svcmetrics::{Target, Targets};
    /// let targets = Targets::from_json(r#"{"onboard_rate": 1, "roi": {"at_least": "0.5", "warn": 0}}"#)?;
    /// assert_eq!(targets.get("onboard_rate"), Some(&Target::at_least(1)));
    /// assert_eq!(Targets::from_json(&targets.to_json())?, targets);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] that names the field, [`Error::MetricNotFound`] for a number beside an id that is not in the
    /// catalogue, [`Error::InvalidDocument`] for what is no JSON.
    pub fn from_json(text: &str) -> Result<Self> {
        let Strict(value) = serde_json::from_str(text)
            .map_err(|error| Error::InvalidDocument { what: "targets", problem: error.to_string() })?;
        Self::from_value(&value)
    }

    /// The targets as JSON.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    /// Reads targets from TOML, with the fields of [`Targets::from_json`].
    ///
    /// ```
    /// use svcmetrics::{Target, Targets};
    /// let targets = Targets::from_toml("onboard_rate = 1\ncustomer_churn_rate = { at_most = 0, warn = 1 }")?;
    /// assert_eq!(targets.get("customer_churn_rate"), Some(&Target::at_most(0).warn(1)));
    /// assert_eq!(Targets::from_toml(&targets.to_toml()?)?, targets);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Targets::from_json`].
    pub fn from_toml(text: &str) -> Result<Self> {
        let value: Value = toml::from_str(text)
            .map_err(|error| Error::InvalidDocument { what: "targets", problem: error.to_string() })?;
        Self::from_value(&value)
    }

    /// The targets as TOML.
    ///
    /// # Errors
    /// None that valid targets can cause.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(&self.to_value())
            .map_err(|error| Error::InvalidDocument { what: "targets", problem: error.to_string() })
    }
}

impl Serialize for Targets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Targets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(&Strict::deserialize(deserializer)?.0).map_err(serde::de::Error::custom)
    }
}
