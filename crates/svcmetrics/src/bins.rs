//! Numbers as keys, by bins.

use crate::engine::columns::{Data, Scalar, Values};
use crate::error::{Error, Result};
use crate::figure::Total;
use crate::money::{self, PLACES, Read, micros};
use rust_decimal::Decimal;
use std::fmt;

/// Half-open bins between edges: from each edge up to the next, from the last one on, and what is below the first.
///
/// Numbers are compared with the edges exactly; a float stands for the decimal with at most six places that it is nearest to.
/// As keys, bins are sorted by their edges and shown by their labels, `0 to 12`.
///
/// ```
/// use svcmetrics::{Bins, Request, Scorecard, Table};
/// let table = Table::new(4)
///     .with("tenure_months", vec![Some(11.99), Some(12.0), None, Some(100.0)])
///     .with("is_new", vec![true, true, true, true])
///     .with("onboarded", vec![true, false, true, true]);
/// let request = Request::default().by(["tenure"]).bins("tenure", "tenure_months", Bins::new([0, 12, 36])?);
/// let card = Scorecard::of(&table, request)?;
/// let groups: Vec<String> = card.groups().iter().map(|keys| keys[0].to_string()).collect();
/// assert_eq!(groups, ["0 to 12", "12 to 36", ">= 36", "null"]);
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Example: edges must rise
///
/// ```
/// assert_eq!(svcmetrics::Bins::new([12, 0]).unwrap_err().kind(), "invalid_option");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Stored", into = "Stored"))]
pub struct Bins {
    /// In micro-units, rising.
    edges: Vec<i64>,
    /// One a bin: first what is below all edges.
    labels: Vec<String>,
}

/// What is stored: edges as text.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    edges: Vec<String>,
    labels: Vec<String>,
}

#[cfg(feature = "serde")]
impl TryFrom<Stored> for Bins {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self> {
        let edges = stored.edges.iter().map(|edge| money::decimal(edge).map_err(|_| invalid(edge)));
        let bins = Self::new(edges.collect::<Result<Vec<_>>>()?)?;
        match stored.labels.split_first() {
            Some((below, labels)) if *below == bins.labels[0] => bins.labels(labels),
            _ => Err(labels_wanted(&stored.labels, bins.edges.len())),
        }
    }
}

#[cfg(feature = "serde")]
impl From<Bins> for Stored {
    fn from(bins: Bins) -> Self {
        Self { edges: bins.edges().iter().map(ToString::to_string).collect(), labels: bins.labels }
    }
}

fn invalid(found: impl fmt::Display) -> Error {
    Error::InvalidOption {
        option: "edges of bins".into(),
        found: found.to_string(),
        expected: "one number or more, each above the one before, with at most six decimal places".into(),
    }
}

fn labels_wanted(labels: &[String], count: usize) -> Error {
    Error::InvalidOption {
        option: "labels of bins".into(),
        found: labels.join(", "),
        expected: format!("{count} different texts, one for each bin from the first edge on"),
    }
}

impl Bins {
    /// Bins between these edges, labelled by them: `< 0`, `0 to 12`, `12 to 36`, `>= 36`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for no edges, edges that do not rise, or finer than a millionth.
    pub fn new(edges: impl IntoIterator<Item = impl Into<Decimal>>) -> Result<Self> {
        let edge = |edge: Decimal| micros(edge).ok_or_else(|| invalid(edge));
        let edges: Vec<i64> = edges.into_iter().map(|number| edge(number.into())).collect::<Result<_>>()?;
        let texts: Vec<String> = edges.iter().map(|edge| Total::new((*edge).into(), true).to_string()).collect();
        let (Some(first), Some(last), true) = (texts.first(), texts.last(), edges.is_sorted_by(|one, two| one < two))
        else {
            return Err(invalid(if texts.is_empty() { "none".to_owned() } else { texts.join("; ") }));
        };
        let between = texts.windows(2).map(|pair| format!("{} to {}", pair[0], pair[1]));
        let labels = [format!("< {first}")].into_iter().chain(between).chain([format!(">= {last}")]).collect();
        Ok(Self { edges, labels })
    }

    /// Other labels: one for each bin from the first edge on. What is below keeps its own.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for another number of labels, or the same one twice.
    pub fn labels(mut self, labels: impl IntoIterator<Item = impl Into<String>>) -> Result<Self> {
        let named: Vec<String> = labels.into_iter().map(Into::into).collect();
        let below = self.labels.swap_remove(0);
        let twice = named.iter().enumerate().any(|(place, label)| *label == below || named[..place].contains(label));
        if twice || named.len() != self.edges.len() {
            return Err(labels_wanted(&named, self.edges.len()));
        }
        self.labels = [below].into_iter().chain(named).collect();
        Ok(self)
    }

    /// The edges.
    pub fn edges(&self) -> Vec<Decimal> {
        self.edges.iter().map(|edge| Decimal::new(*edge, PLACES).normalize()).collect()
    }

    /// The label of a bin, by its position: 0 is below the first edge.
    pub fn label(&self, position: u32) -> Option<&str> {
        self.labels.get(usize::try_from(position).ok()?).map(String::as_str)
    }

    /// The position of the bin that holds a row's number, or its label; nothing where it is neither.
    pub(crate) fn position(&self, data: &Data<'_>, row: usize) -> Option<usize> {
        let whole = |value: i128| Some(self.of(floor(value, 0)));
        let float = |value: f64, read: Read| match read {
            _ if !value.is_finite() => None,
            Read::Exact(micros) | Read::Rounded(micros, _) => Some(self.of(micros.into())),
            Read::OutOfRange => Some(if value < 0.0 { 0 } else { self.edges.len() }),
        };
        match &data.values {
            Values::Int8(values) => whole(values[row].into()),
            Values::Int16(values) => whole(values[row].into()),
            Values::Int32(values) => whole(values[row].into()),
            Values::Int64(values) => whole(values[row].into()),
            Values::UInt8(values) => whole(values[row].into()),
            Values::UInt16(values) => whole(values[row].into()),
            Values::UInt32(values) => whole(values[row].into()),
            Values::UInt64(values) => whole(values[row].into()),
            Values::Float32(values) => float(values[row].into(), money::from_f32(values[row], PLACES)),
            Values::Float64(values) => float(values[row], money::from_f64(values[row], PLACES)),
            Values::Decimal { values, scale } => Some(self.of(floor(values[row], (*scale).into()))),
            Values::Text(texts) => self.labels.iter().position(|label| label == texts.text(row)),
            Values::Mixed(values) => match &values[row] {
                Scalar::Integer(value) => whole(*value),
                Scalar::Float(value) => float(*value, money::from_f64(*value, PLACES)),
                Scalar::Decimal { value, scale } => Some(self.of(floor(*value, *scale))),
                Scalar::Large(digits) => Some(if digits.starts_with('-') { 0 } else { self.edges.len() }),
                Scalar::Text(text) => self.labels.iter().position(|label| label == text),
                _ => None,
            },
            _ => None,
        }
    }

    fn of(&self, micros: i128) -> usize {
        self.edges.partition_point(|edge| i128::from(*edge) <= micros)
    }
}

/// `value / 10^places` in micro-units, rounded down, which moves nothing over an edge; the largest where it is too large.
fn floor(value: i128, places: i32) -> i128 {
    let up = i64::from(PLACES) - i64::from(places);
    let power = u32::try_from(up.unsigned_abs()).ok().and_then(|up| 10_i128.checked_pow(up));
    match (power, up >= 0) {
        (Some(power), true) => value.saturating_mul(power),
        (Some(power), false) => value.div_euclid(power),
        (None, true) => value.saturating_mul(i128::MAX),
        (None, false) => value.clamp(-1, 0),
    }
}

/// The edges and the labels, as messages show them.
impl fmt::Display for Bins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edges: Vec<String> = self.edges().iter().map(ToString::to_string).collect();
        write!(f, "bins from {}: {}", edges.join("; "), self.labels.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_down_moves_nothing_over_an_edge() {
        for (value, places, expected) in [
            (12, 0, 12_000_000),
            (-12, 0, -12_000_000),
            (11_999_999_999, 9, 11_999_999),
            (-1, 9, -1),
            (1, 100, 0),
            (-1, 100, -1),
            (0, -400, 0),
            (1, -400, i128::MAX),
            (-2, -400, i128::MIN),
            (i128::MAX, 0, i128::MAX),
        ] {
            assert_eq!(floor(value, places), expected, "{value} / 10^{places}");
        }
    }
}
