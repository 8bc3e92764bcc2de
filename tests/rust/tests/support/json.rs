//! JSON cells as the vectors write them: `true`, whole numbers, `null`, decimals as strings, floats with a point.

use rust_decimal::Decimal;
use serde_json::{Map, Value};
use svcmetrics::{Key, Scalar, Table, TimeUnit};

/// Columns that hold text although no key names them.
const TEXTS: [&str; 10] = [
    "customer_id",
    "case_id",
    "currency",
    "loss_reason",
    "gain_reason",
    "impact",
    "risk",
    "channel",
    "issue_type",
    "access_point",
];

/// Columns whose texts are times.
const TIMES: [&str; 3] = ["opened_at", "responded_at", "resolved_at"];

/// A decimal as the integer of its millionths; nothing if it is none.
pub(crate) fn micros(text: &str) -> Option<i128> {
    let mut decimal: Decimal = text.parse().ok()?;
    if decimal.normalize().scale() > 6 {
        return None;
    }
    decimal.rescale(6);
    Some(decimal.mantissa())
}

/// A cell of a column; `text` where strings are texts and not decimals.
pub(crate) fn scalar(cell: &Value, text: bool) -> Result<Scalar, String> {
    match cell {
        Value::Null => Ok(Scalar::Null),
        Value::Bool(value) => Ok(Scalar::Boolean(*value)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Ok(Scalar::Integer(whole.into())),
            (None, Some(float)) => Ok(Scalar::Float(float)),
            _ => Err(format!("{number} is no number that a table holds")),
        },
        Value::String(value) if text => Ok(Scalar::Text(value.clone())),
        Value::String(value) => {
            let decimal: Decimal = value.parse().map_err(|_| format!("'{value}' is no decimal"))?;
            let scale = i32::try_from(decimal.scale()).map_err(|error| error.to_string())?;
            Ok(Scalar::Decimal { value: decimal.mantissa(), scale })
        }
        other => Err(format!("{other} is no cell")),
    }
}

/// A day `2026-03-31`, or a time `2026-03-31T09:30:00.5`, with `Z` or `+02:00` where it has a zone.
fn time(text: &str) -> Result<Scalar, String> {
    let number = |piece: &str| piece.parse::<i64>().map_err(|_| format!("'{text}' is no time"));
    let pieces = |text: &str, mark: char| text.split(mark).map(number).collect::<Result<Vec<i64>, String>>();
    let (date, clock) = text.split_once('T').map_or((text, None), |(date, clock)| (date, Some(clock)));
    let [year, month, day] = pieces(date, '-')?[..] else { return Err(format!("'{date}' is no day")) };
    let lengths = |year: i64| {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    };
    let years: i64 = (1970..year).map(|year| lengths(year).iter().sum::<i64>()).sum();
    let days = years + lengths(year)[..usize::try_from(month - 1).unwrap()].iter().sum::<i64>() + day - 1;
    let Some(clock) = clock else { return Ok(Scalar::Date(i32::try_from(days).unwrap())) };
    let (clock, offset) = match (clock.strip_suffix('Z'), clock.split_once('+')) {
        (Some(clock), _) => (clock, Some(0)),
        (None, Some((clock, offset))) => match pieces(offset, ':')?[..] {
            [hours, minutes] => (clock, Some(hours * 60 + minutes)),
            _ => return Err(format!("'{offset}' is no offset")),
        },
        (None, None) => (clock, None),
    };
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let [hours, minutes, seconds] = pieces(whole, ':')?[..] else { return Err(format!("'{whole}' is no time of day")) };
    let micros = number(&format!("{fraction:0<6}"))?;
    let seconds = ((days * 24 + hours) * 60 + minutes - offset.unwrap_or_default()) * 60 + seconds;
    let since = seconds * 1_000_000 + micros;
    let unit = TimeUnit::Microsecond;
    Ok(if offset.is_some() { Scalar::Instant(since, unit) } else { Scalar::Timestamp(since, unit) })
}

/// A whole number or a decimal as a string.
pub(crate) fn decimal(value: &Value) -> Result<Decimal, String> {
    match scalar(value, false) {
        Ok(Scalar::Integer(whole)) => Ok(Decimal::from_i128_with_scale(whole, 0)),
        Ok(Scalar::Decimal { value, scale }) => Ok(Decimal::from_i128_with_scale(value, scale.unsigned_abs())),
        _ => Err(format!("{value} is no number")),
    }
}

/// A table of such columns, with the keys that it is grouped by.
pub(crate) fn table(columns: &Map<String, Value>, by: &[String]) -> Result<Table<'static>, String> {
    let cells = |name: &str| columns[name].as_array().ok_or_else(|| format!("column {name} is no list"));
    let rows = columns.keys().next().map_or(Ok(0), |name| cells(name).map(Vec::len))?;
    columns.keys().try_fold(Table::new(rows), |table, name| {
        let text = by.contains(name) || TEXTS.contains(&name.as_str());
        let read = |cell: &Value| match cell {
            Value::String(text) if TIMES.contains(&name.as_str()) => time(text),
            cell => scalar(cell, text),
        };
        let column: Result<Vec<Scalar>, String> = cells(name)?.iter().map(read).collect();
        let column = column?;
        if column.len() == rows {
            Ok(table.with(name, column))
        } else {
            Err(format!("column {name} has {} rows of {rows}", column.len()))
        }
    })
}

/// A group's key as the vectors write it.
pub(crate) fn key(value: &Value) -> Result<Key, String> {
    match value {
        Value::Null => Ok(Key::Null),
        Value::Bool(value) => Ok(Key::from(*value)),
        Value::String(text) => Ok(Key::from(text.as_str())),
        Value::Number(number) => number.as_i64().map(Key::from).ok_or_else(|| format!("{number} is no key")),
        other => Err(format!("{other} is no key")),
    }
}
