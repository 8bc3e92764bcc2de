//! A metric of the user's own as TOML and JSON.

use super::{MetricDefinition, Term};
use crate::column::{Column, ColumnKind};
use crate::document::{Strict, Wrong, invalid, join, list, table, text, word};
use crate::error::{Error, Result};
use crate::figure::Unit;
use crate::measure::Time;
use crate::metric::{Better, Kind};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

const KINDS: [Kind; 5] = [Kind::Share, Kind::Ratio, Kind::Mean, Kind::Amount, Kind::Score];
const UNITS: [Unit; 5] = [Unit::Fraction, Unit::Money, Unit::Number, Unit::Hours, Unit::Points];
const DIRECTIONS: [Better; 3] = [Better::Higher, Better::Lower, Better::Neither];
const TIMES: [Time; 2] = [Time::Flow, Time::Stock];
const COLUMN_KINDS: [ColumnKind; 6] = [
    ColumnKind::Flag,
    ColumnKind::Count,
    ColumnKind::Money,
    ColumnKind::SignedMoney,
    ColumnKind::Quantity,
    ColumnKind::Anything,
];
const FIELDS: [&str; 10] =
    ["title", "numerator", "denominator", "among", "kind", "unit", "better", "time", "source", "columns"];

impl Term {
    fn from_value(field: &str, value: &Value) -> Result<Self, Wrong> {
        if let Some(sum) = value.as_str() {
            return Ok(Self::total(sum));
        }
        let expected = "a column, { total = \"column\" } or { count = true }";
        if !value.is_object() {
            return invalid(field, value, expected);
        }
        let parts = table(field, value, &["total", "count", "where", "times", "kind"])?;
        let named = |name: &str| parts.get(name).map(|value| (join(field, name), value));
        let mut term = match (named("total"), named("count")) {
            (Some((field, sum)), None) => Self::total(text(&field, sum)?),
            (None, Some((_, Value::Bool(true)))) => Self::count(),
            _ => return invalid(field, value, expected),
        };
        if let Some((field, only)) = named("where") {
            term = term.only(text(&field, only)?);
        }
        if let Some((field, times)) = named("times") {
            let whole = times.as_i64().and_then(|times| i32::try_from(times).ok());
            let expected = "a whole number below 2^31";
            term = term.times(whole.map_or_else(|| invalid(&field, times, expected), Ok)?);
        }
        if let Some((field, kind)) = named("kind") {
            if term.sum.is_none() {
                return invalid(&field, kind, "none for a count of rows");
            }
            term = term.kind(word(&field, kind, &COLUMN_KINDS, ColumnKind::name)?);
        }
        Ok(term)
    }

    fn to_value(&self) -> Value {
        if let Some(sum) = self.sum.as_ref().filter(|sum| *self == Self::total(*sum)) {
            return json!(sum);
        }
        let mut parts = Map::new();
        match &self.sum {
            Some(sum) => parts.insert("total".to_owned(), json!(sum)),
            None => parts.insert("count".to_owned(), json!(true)),
        };
        parts.extend(self.only.as_ref().map(|only| ("where".to_owned(), json!(only))));
        parts.extend((self.coefficient != 1).then(|| ("times".to_owned(), json!(self.coefficient))));
        parts.extend(self.kind.map(|kind| ("kind".to_owned(), json!(kind.name()))));
        Value::Object(parts)
    }
}

fn terms_of(field: &str, value: &Value) -> Result<Vec<Term>, Wrong> {
    match value {
        Value::Array(terms) => {
            let term = |(position, value)| Term::from_value(&format!("{field}[{position}]"), value);
            terms.iter().enumerate().map(term).collect()
        }
        term => Ok(vec![Term::from_value(field, term)?]),
    }
}

fn value_of(terms: &[Term]) -> Value {
    match terms {
        [term] => term.to_value(),
        terms => terms.iter().map(Term::to_value).collect(),
    }
}

fn column(name: &str, value: &Value) -> Result<Column, Wrong> {
    let field = join("columns", name);
    if !value.is_array() {
        let expected = format!("one of {}, or a list of words", COLUMN_KINDS.map(ColumnKind::name).join(", "));
        let kind = word(&field, value, &COLUMN_KINDS, ColumnKind::name);
        return Ok(Column::new(name.to_owned(), kind.or_else(|_| invalid(&field, value, &expected))?));
    }
    let words = list(&field, value, "words")?.iter().map(|word| text(&field, word).map(ToOwned::to_owned));
    Ok(Column::category(name.to_owned(), words.collect::<Result<Vec<String>, _>>()?))
}

impl MetricDefinition {
    /// The definition of that id that a table of fields describes.
    pub(crate) fn from_value(id: &str, value: &Value) -> Result<Self> {
        let wrong = |Wrong { field, found, expected }| {
            let field = if field.is_empty() { String::new() } else { format!("{field}: ") };
            let problem = format!("{field}found {found}; expected {expected}");
            Error::InvalidDefinition { what: "metric", id: id.to_owned(), problem }
        };
        let definition = Self::of_fields(id, value).map_err(wrong)?;
        definition.metric().map(|_| definition)
    }

    fn of_fields(id: &str, value: &Value) -> Result<Self, Wrong> {
        let fields = table("", value, &FIELDS)?;
        let mut definition = Self::new(id);
        let numerator = fields.get("numerator").unwrap_or(&Value::Null);
        definition = definition.numerator(terms_of("numerator", numerator)?);
        for (field, value) in fields {
            definition = match field.as_str() {
                "title" => definition.title(text(field, value)?),
                "denominator" => definition.denominator(terms_of(field, value)?),
                "among" => definition.among(text(field, value)?),
                "kind" => definition.kind(word(field, value, &KINDS, Kind::name)?),
                "unit" => definition.unit(word(field, value, &UNITS, Unit::name)?),
                "better" => definition.better(word(field, value, &DIRECTIONS, Better::name)?),
                "time" => definition.time(word(field, value, &TIMES, Time::name)?),
                "source" => definition.source(text(field, value)?),
                "columns" => {
                    let columns = table(field, value, &[])?.iter().map(|(name, value)| column(name, value));
                    columns.collect::<Result<Vec<_>, _>>()?.into_iter().fold(definition, Self::column)
                }
                _ => definition,
            };
        }
        Ok(definition)
    }

    /// Everything but the id.
    pub(crate) fn to_value(&self) -> Value {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Option<Value>| fields.extend(value.map(|value| (name.to_owned(), value)));
        put("title", self.title.as_ref().map(|title| json!(title)));
        put("numerator", Some(value_of(&self.numerator)));
        put("denominator", self.denominator.as_ref().map(|terms| value_of(terms)));
        put("among", self.among.as_ref().map(|among| json!(among)));
        put("kind", self.kind.map(|kind| json!(kind.name())));
        put("unit", self.unit.map(|unit| json!(unit.name())));
        put("better", (self.better != Better::Neither).then(|| json!(self.better.name())));
        put("time", self.time.map(|time| json!(time.name())));
        put("source", (!self.source.is_empty()).then(|| json!(self.source)));
        let columns = self.columns.values().map(|column| {
            let kind = if column.words.is_empty() { json!(column.kind.name()) } else { json!(column.words) };
            (column.name.to_string(), kind)
        });
        put("columns", (!self.columns.is_empty()).then(|| Value::Object(columns.collect())));
        Value::Object(fields)
    }

    fn with_id(&self) -> Value {
        let mut whole = Map::from_iter([("id".to_owned(), json!(self.id))]);
        if let Value::Object(fields) = self.to_value() {
            whole.extend(fields);
        }
        Value::Object(whole)
    }

    fn from_whole(value: Value) -> Result<Self> {
        let Value::Object(mut fields) = value else { return Err(unreadable("found no table of fields")) };
        match fields.shift_remove("id") {
            Some(Value::String(id)) => Self::from_value(&id, &Value::Object(fields)),
            other => {
                let problem = format!("id: found {}; expected a text", other.unwrap_or_default());
                Err(Error::InvalidDefinition { what: "metric", id: String::new(), problem })
            }
        }
    }

    /// Reads a definition from JSON: `id`; `numerator` and, where it is no amount, `denominator`: a column, an expression of
    /// columns, or one or a list of `{"total": "column", "where": "condition", "times": 2, "kind": "count"}` and
    /// `{"count": true, "where": "condition"}`; and `among`, `kind`, `unit`, `better`, `time`, `title`, `source`, `columns`
    /// (what those hold that the catalogue does not know: a kind, or a category's words).
    ///
    /// ```
    /// use svcmetrics::MetricDefinition;
    /// let text = r#"{"id": "tickets_per_seat", "numerator": "tickets", "denominator": "seats", "columns": {"seats": "count"}}"#;
    /// let definition = MetricDefinition::from_json(text)?;
    /// assert_eq!(MetricDefinition::from_json(&definition.to_json())?, definition);
    /// let error = MetricDefinition::from_json(&text.replace("count", "number")).unwrap_err();
    /// assert!(error.to_string().contains("columns.seats"));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidDefinition`] that names the field, [`Error::WrongColumn`] as [`MetricDefinition::metric`],
    /// [`Error::InvalidDocument`] for what is no JSON.
    pub fn from_json(text: &str) -> Result<Self> {
        let Strict(value) = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        Self::from_whole(value)
    }

    /// The definition as JSON.
    pub fn to_json(&self) -> String {
        self.with_id().to_string()
    }

    /// Reads the definitions of a TOML document: a table `[metrics.<id>]` each, with the fields of
    /// [`MetricDefinition::from_json`] but the id.
    ///
    /// ```
    /// use svcmetrics::MetricDefinition;
    /// let text = r#"
    /// [metrics.cases_per_license]
    /// numerator = "cases"
    /// denominator = ["licenses_sold", { total = "licenses_sold", where = "is_new", times = -1 }]
    /// better = "lower"
    /// "#;
    /// let definitions = MetricDefinition::read_toml(text)?;
    /// assert_eq!(definitions[0].formula(), "cases / (licenses_sold - (licenses_sold where is_new))");
    /// assert_eq!(MetricDefinition::read_toml(&definitions[0].to_toml()?)?, definitions);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`MetricDefinition::from_json`], and [`Error::InvalidDocument`] for what is no TOML or has no metrics.
    pub fn read_toml(text: &str) -> Result<Vec<Self>> {
        let value: Value = toml::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        let wrong =
            |wrong: Wrong| unreadable(format!("{}: found {}; expected {}", wrong.field, wrong.found, wrong.expected));
        let whole = table("", &value, &["metrics"]).map_err(wrong)?;
        let Some(metrics) = whole.get("metrics") else { return Err(unreadable("expected [metrics.<id>]")) };
        let metrics = table("metrics", metrics, &[]).map_err(wrong)?;
        metrics.iter().map(|(id, value)| Self::from_value(id, value)).collect()
    }

    /// The definition as TOML; the documents of several are one when they are put one after another.
    ///
    /// # Errors
    /// None that a definition can cause.
    pub fn to_toml(&self) -> Result<String> {
        let metrics = Map::from_iter([(self.id.clone(), self.to_value())]);
        toml::to_string(&json!({ "metrics": metrics })).map_err(|error| unreadable(error.to_string()))
    }
}

fn unreadable(problem: impl Into<String>) -> Error {
    Error::InvalidDocument { what: "a metric's definition", problem: problem.into() }
}

impl Serialize for MetricDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_id().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MetricDefinition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_whole(Strict::deserialize(deserializer)?.0).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Term {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Term {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Strict(value) = Strict::deserialize(deserializer)?;
        let wrong = |Wrong { field, found, expected }| format!("{field}: found {found}; expected {expected}");
        Self::from_value("term", &value).map_err(|error| serde::de::Error::custom(wrong(error)))
    }
}
