//! Group keys: what a row is grouped by.

use crate::bins::Bins;
use crate::engine::columns::TimeUnit;
use crate::engine::instant_text;
use std::fmt;

/// The type of a key column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KeyType {
    /// Only nulls were seen: any type.
    Null,
    /// Text; categories by their text.
    Text,
    /// True or false.
    Boolean,
    /// Whole numbers.
    Integer,
    /// Days.
    Date,
    /// Times.
    Timestamp {
        /// What they count.
        unit: TimeUnit,
        /// The time zone, if any.
        zone: Option<String>,
    },
    /// Numbers by bins.
    Bins(Bins),
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Bins(bins) = self {
            return bins.fmt(f);
        }
        let name = match self {
            Self::Null => "null",
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Date => "date",
            Self::Timestamp { unit, zone } => {
                write!(f, "timestamp in {}s", format!("{unit:?}").to_lowercase())?;
                return zone.as_ref().map_or(Ok(()), |zone| write!(f, " of {zone}"));
            }
            Self::Bins(_) => "bins",
        };
        f.write_str(name)
    }
}

/// One value of a key. They order as result rows do: False before True, text by code point, null last.
///
/// ```
/// use svcmetrics::Key;
/// let mut keys = [Key::Null, Key::from("b"), Key::from("a")];
/// keys.sort();
/// assert_eq!(keys, [Key::from("a"), Key::from("b"), Key::Null]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Key {
    /// True or false.
    Boolean(bool),
    /// A whole number, of 64 bits with or without sign.
    Integer(#[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))] i128),
    /// A text.
    Text(Box<str>),
    /// Days since 1970.
    Date(i32),
    /// A time since 1970, in its column's unit.
    Timestamp(i64),
    /// A bin: they order by their positions.
    Bin {
        /// Its place, 0 below the first edge.
        position: u32,
        /// What it is shown as.
        label: Box<str>,
    },
    /// No value: a group of its own.
    Null,
}

impl Key {
    /// Whether it can stand in a column of that type.
    pub(crate) fn fits(&self, key_type: &KeyType) -> bool {
        if let (Self::Bin { position, label }, KeyType::Bins(bins)) = (self, key_type) {
            return bins.label(*position) == Some(label);
        }
        matches!(
            (self, key_type),
            (Self::Null, _)
                | (Self::Boolean(_), KeyType::Boolean)
                | (Self::Integer(_), KeyType::Integer)
                | (Self::Text(_), KeyType::Text)
                | (Self::Date(_), KeyType::Date)
                | (Self::Timestamp(_), KeyType::Timestamp { .. })
        )
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Key {
    fn from(value: i64) -> Self {
        Self::Integer(value.into())
    }
}

impl From<bool> for Key {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl Key {
    /// As messages show it: a time as one, since it counts units that only the type of its column knows.
    pub(crate) fn shown(&self, key_type: &KeyType) -> String {
        match (self, key_type) {
            (Self::Timestamp(time), KeyType::Timestamp { unit, zone }) => instant_text(*time, *unit, zone.is_some()),
            _ => self.to_string(),
        }
    }
}

/// As text; a date as `2026-03-31`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.pad("null"),
            Self::Boolean(value) => f.pad(if *value { "True" } else { "False" }),
            Self::Integer(value) => f.pad(&value.to_string()),
            Self::Text(text) | Self::Bin { label: text, .. } => f.pad(text),
            Self::Date(day) => f.pad(&civil_date((*day).into())),
            Self::Timestamp(time) => f.pad(&time.to_string()),
        }
    }
}

/// A day since 1970 as year, month and day, by the usual algorithm on years that start in March.
pub(crate) fn civil(day: i64) -> (i64, i64, i64) {
    let days = day + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (month, date) =
        (if shifted < 10 { shifted + 3 } else { shifted - 9 }, day_of_year - (153 * shifted + 2) / 5 + 1);
    (year_of_era + era * 400 + i64::from(month <= 2), month, date)
}

pub(crate) fn civil_date(day: i64) -> String {
    let (year, month, date) = civil(day);
    format!("{year:04}-{month:02}-{date:02}")
}

/// The group's keys as messages show them.
pub(crate) fn group_text(keys: &[Key]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (day, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (19_782, "2024-02-29"),
            (20_543, "2026-03-31"),
        ] {
            assert_eq!(Key::Date(day).to_string(), text);
        }
    }
}
