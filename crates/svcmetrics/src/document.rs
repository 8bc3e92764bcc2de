//! Documents in TOML and JSON: read by hand from a tree of values, so that every error names its field.

use crate::error::shown;
use crate::money::{self, NoDecimal};
use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A field that does not hold what it should.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) field: String,
    pub(crate) found: String,
    pub(crate) expected: String,
}

pub(crate) fn invalid<T>(field: &str, found: &Value, expected: &str) -> Result<T, Wrong> {
    Err(Wrong { field: field.to_owned(), found: shown(&found.to_string()), expected: expected.to_owned() })
}

pub(crate) fn decimal(field: &str, value: &Value) -> Result<Decimal, Wrong> {
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

pub(crate) fn float(field: &str, value: &Value) -> Result<f64, Wrong> {
    value.as_f64().map_or_else(|| invalid(field, value, "a number"), Ok)
}

pub(crate) fn text<'v>(field: &str, value: &'v Value) -> Result<&'v str, Wrong> {
    value.as_str().map_or_else(|| invalid(field, value, "a text"), Ok)
}

/// The value of that name among those that there are.
pub(crate) fn word<T: Copy>(
    field: &str,
    value: &Value,
    known: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Wrong> {
    let found = text(field, value)?;
    let names = || known.iter().map(|known| name(*known)).collect::<Vec<_>>().join(", ");
    let known = known.iter().copied().find(|known| name(*known) == found);
    known.map_or_else(|| invalid(field, value, &format!("one of {}", names())), Ok)
}

pub(crate) fn list<'v>(field: &str, value: &'v Value, of: &str) -> Result<&'v Vec<Value>, Wrong> {
    value.as_array().map_or_else(|| invalid(field, value, &format!("a list of {of}")), Ok)
}

/// A table with only these names; with any where none are given.
pub(crate) fn table<'v>(field: &str, value: &'v Value, known: &[&str]) -> Result<&'v Map<String, Value>, Wrong> {
    let Some(table) = value.as_object() else { return invalid(field, value, "a table") };
    match table.keys().find(|key| !known.is_empty() && !known.contains(&key.as_str())) {
        Some(key) => invalid(&join(field, key), &table[key], &format!("only {}", known.join(", "))),
        None => Ok(table),
    }
}

pub(crate) fn join(field: &str, key: &str) -> String {
    if field.is_empty() { shown(key) } else { format!("{field}.{}", shown(key)) }
}

/// A tree of values in which no name stands twice: of two, JSON readers would drop one without a word.
pub(crate) struct Strict(pub(crate) Value);

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
