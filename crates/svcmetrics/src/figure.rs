//! A figure: the value of a metric, or the reason that there is none.

use crate::interval::Basis;
use crate::money::{self, MICROS};
use rust_decimal::Decimal;
use std::fmt;

/// Why a metric has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Undefined {
    /// There are no rows.
    NoRows,
    /// No row is among those that the metric is about.
    NoneInScope,
    /// Every row that it is about lacks something.
    AllMissing,
    /// Every complete row is invalid.
    AllInvalid,
    /// No row counts: some lack something, some are invalid.
    NoneCounted,
    /// The denominator is 0.
    ZeroDenominator,
    /// Too few of a health model's components are there.
    BelowMinCoverage,
    /// It reads a state at a time, and time was rolled away.
    NotAdditiveOverTime,
    /// It cannot be had from totals.
    NotMergeable,
}

impl Undefined {
    /// The stable lower-case word.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoRows => "no_rows",
            Self::NoneInScope => "none_in_scope",
            Self::AllMissing => "all_missing",
            Self::AllInvalid => "all_invalid",
            Self::NoneCounted => "none_counted",
            Self::ZeroDenominator => "zero_denominator",
            Self::BelowMinCoverage => "below_min_coverage",
            Self::NotAdditiveOverTime => "not_additive_over_time",
            Self::NotMergeable => "not_mergeable",
        }
    }
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

/// What a figure is counted in, and so how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Unit {
    /// A fraction, shown in percent.
    Fraction,
    /// Units of the table's currency.
    Money,
    /// A plain number.
    Number,
    /// Hours.
    Hours,
    /// Points of a score.
    Points,
}

impl Unit {
    /// The stable lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fraction => "fraction",
            Self::Money => "money",
            Self::Number => "number",
            Self::Hours => "hours",
            Self::Points => "points",
        }
    }
}

/// An exact total: an integer of whole units or of millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Total {
    #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
    pub(crate) integer: i128,
    pub(crate) micro: bool,
}

impl Total {
    pub(crate) const fn new(integer: i128, micro: bool) -> Self {
        Self { integer, micro }
    }

    /// The integer that was summed: millionths where [`Total::is_micro`], else whole units.
    pub const fn integer(self) -> i128 {
        self.integer
    }

    /// Whether the integer counts millionths.
    pub const fn is_micro(self) -> bool {
        self.micro
    }

    /// In millionths; nothing beyond 128 bits.
    pub fn micros(self) -> Option<i128> {
        if self.micro { Some(self.integer) } else { self.integer.checked_mul(i128::from(MICROS)) }
    }

    /// As a decimal; nothing beyond 96 bits.
    pub fn to_decimal(self) -> Option<Decimal> {
        let places = if self.micro { money::PLACES } else { 0 };
        Decimal::try_from_i128_with_scale(self.integer, places).ok().map(|d| d.normalize())
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        money::nearest_quotient(self.integer, if self.micro { i128::from(MICROS) } else { 1 })
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.micro {
            return write!(f, "{}", self.integer);
        }
        let (sign, magnitude) = (if self.integer < 0 { "-" } else { "" }, self.integer.unsigned_abs());
        let (whole, rest) = (magnitude / 1_000_000, magnitude % 1_000_000);
        let fraction = format!("{rest:06}");
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            places => write!(f, "{sign}{whole}.{places}"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    Quotient {
        numerator: Total,
        denominator: Total,
    },
    Amount(Total),
    /// A score or a derived value, with no numerator and denominator of its own.
    Derived(f64),
    Undefined(Undefined),
}

/// The value of a metric with its exact numerator and denominator, or the reason that there is none.
///
/// ```
/// use svcmetrics::RecurringRevenue;
/// use rust_decimal::Decimal;
/// let quarter = RecurringRevenue { start: 100.into(), new: 20.into(), ..Default::default() };
/// let rate = quarter.recurring_revenue_rate()?;
/// assert_eq!(rate.value(), Some(1.2));
/// assert_eq!(rate.to_string(), "120.0 %");
/// assert_eq!(quarter.end()?, Decimal::from(120));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Example: nobody was there at the start
///
/// ```
/// use svcmetrics::{RecurringRevenue, Undefined};
/// let first = RecurringRevenue { new: 45.into(), ..Default::default() };
/// let rate = first.net_revenue_retention()?;
/// assert_eq!((rate.value(), rate.undefined_reason()), (None, Some(Undefined::ZeroDenominator)));
/// assert_eq!(rate.to_string(), "–");
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "StoredFigure", into = "StoredFigure"))]
pub struct Figure {
    pub(crate) unit: Unit,
    pub(crate) value: Value,
    /// What its interval is computed from, where it has one.
    pub(crate) basis: Option<Basis>,
}

impl Figure {
    pub(crate) const fn new(unit: Unit, value: Value) -> Self {
        Self { unit, value, basis: None }
    }

    pub(crate) const fn undefined(unit: Unit, reason: Undefined) -> Self {
        Self::new(unit, Value::Undefined(reason))
    }

    /// A quotient of two totals; undefined where the denominator is 0.
    pub(crate) fn quotient(unit: Unit, numerator: Total, denominator: Total) -> Self {
        if denominator.integer == 0 {
            return Self::undefined(unit, Undefined::ZeroDenominator);
        }
        Self::new(unit, Value::Quotient { numerator, denominator })
    }

    /// Whether there is a value.
    pub const fn is_defined(&self) -> bool {
        !matches!(self.value, Value::Undefined(_))
    }

    /// Why there is none.
    pub const fn undefined_reason(&self) -> Option<Undefined> {
        match self.value {
            Value::Undefined(reason) => Some(reason),
            _ => None,
        }
    }

    /// What it is counted in.
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// The double nearest to the exact value.
    pub fn value(&self) -> Option<f64> {
        match self.value {
            Value::Quotient { numerator, denominator } => {
                let (n, d) = aligned(numerator, denominator)?;
                Some(money::nearest_quotient(n, d))
            }
            Value::Amount(total) => Some(total.to_f64()),
            Value::Derived(value) => Some(value),
            Value::Undefined(_) => None,
        }
    }

    /// The exact amount, or the quotient rounded half to even at 28 digits; nothing where undefined, or beyond 96 bits.
    pub fn to_decimal(&self) -> Option<Decimal> {
        match self.value {
            Value::Quotient { numerator, denominator } => {
                let (n, d) = aligned(numerator, denominator)?;
                money::decimal_quotient(n, d)
            }
            Value::Amount(total) => total.to_decimal(),
            Value::Derived(value) => format!("{value}").parse().ok(),
            Value::Undefined(_) => None,
        }
    }

    /// The exact value as a quotient of integers; of a score or a derived value the shortest decimal that reads back as its
    /// double. Nothing where undefined, or beyond 128 bits.
    #[allow(clippy::cast_possible_truncation)] // what no decimal holds is whole
    pub(crate) fn fraction(&self) -> Option<(i128, i128)> {
        match self.value {
            Value::Quotient { numerator, denominator } => aligned(numerator, denominator),
            Value::Amount(total) => Some((total.integer, if total.micro { i128::from(MICROS) } else { 1 })),
            Value::Derived(value) => Some(self.to_decimal().map_or((value as i128, 1), money::decimal_parts)),
            Value::Undefined(_) => None,
        }
    }

    /// The exact numerator; of an amount the amount; none of a score or a derived value.
    pub const fn numerator(&self) -> Option<Total> {
        match self.value {
            Value::Quotient { numerator, .. } => Some(numerator),
            Value::Amount(total) => Some(total),
            _ => None,
        }
    }

    /// The exact denominator, where there is one.
    pub const fn denominator(&self) -> Option<Total> {
        match self.value {
            Value::Quotient { denominator, .. } => Some(denominator),
            _ => None,
        }
    }

    /// The exact value as a quotient of integers; nothing for what is undefined or made of other metrics.
    pub(crate) fn ratio(&self) -> Option<(i128, i128)> {
        match self.value {
            Value::Quotient { numerator, denominator } => aligned(numerator, denominator),
            Value::Amount(total) => Some((total.integer, if total.micro { i128::from(MICROS) } else { 1 })),
            _ => None,
        }
    }

    /// The value of a fraction times 100, the double nearest to it; nothing for what is no fraction.
    pub fn percent(&self) -> Option<f64> {
        let value = self.value().filter(|_| self.unit == Unit::Fraction)?;
        let exact = match self.value {
            Value::Quotient { numerator, denominator } => aligned(numerator, denominator),
            _ => None,
        };
        let exact = exact.and_then(|(n, d)| Some(money::nearest_quotient(n.checked_mul(100)?, d)));
        Some(exact.unwrap_or(value * 100.0))
    }
}

/// What is stored: totals as text, since JSON readers take long integers for doubles.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredFigure {
    unit: Unit,
    numerator: Option<Total>,
    denominator: Option<Total>,
    value: Option<f64>,
    undefined: Option<Undefined>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    basis: Option<Basis>,
}

#[cfg(feature = "serde")]
impl From<Figure> for StoredFigure {
    fn from(figure: Figure) -> Self {
        let value = if let Value::Derived(value) = figure.value { Some(value) } else { None };
        let (numerator, denominator) = (figure.numerator(), figure.denominator());
        let (undefined, basis) = (figure.undefined_reason(), figure.basis);
        Self { unit: figure.unit, numerator, denominator, value, undefined, basis }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<StoredFigure> for Figure {
    type Error = crate::error::Error;

    fn try_from(stored: StoredFigure) -> Result<Self, Self::Error> {
        let invalid =
            |problem: &str| crate::error::Error::InvalidDocument { what: "a figure", problem: problem.into() };
        let value = match (stored.numerator, stored.denominator, stored.value, stored.undefined) {
            (Some(numerator), Some(denominator), None, None)
                if denominator.integer != 0 && aligned(numerator, denominator).is_some() =>
            {
                Value::Quotient { numerator, denominator }
            }
            (Some(amount), None, None, None) => Value::Amount(amount),
            (None, None, Some(value), None) if value.is_finite() => Value::Derived(value),
            (None, None, None, Some(reason)) => Value::Undefined(reason),
            _ => return Err(invalid("expected a quotient, an amount, a value or a reason that there is none")),
        };
        let figure = Self::new(stored.unit, value);
        let figure = stored.basis.map_or(figure, |basis| figure.on(basis));
        if figure.basis != stored.basis {
            return Err(invalid("basis: expected one that fits numerator and denominator"));
        }
        Ok(figure)
    }
}

#[cfg(feature = "serde")]
impl Figure {
    /// The figure as JSON.
    ///
    /// # Errors
    /// None that a figure can cause.
    pub fn to_json(&self) -> crate::error::Result<String> {
        serde_json::to_string(self)
            .map_err(|error| crate::error::Error::InvalidDocument { what: "a figure", problem: error.to_string() })
    }

    /// Reads what [`Figure::to_json`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::InvalidDocument`].
    pub fn from_json(text: &str) -> crate::error::Result<Self> {
        serde_json::from_str(text)
            .map_err(|error| crate::error::Error::InvalidDocument { what: "a figure", problem: error.to_string() })
    }
}

/// Both as integers of the same unit; nothing beyond 128 bits.
pub(crate) fn aligned(numerator: Total, denominator: Total) -> Option<(i128, i128)> {
    if numerator.micro == denominator.micro {
        Some((numerator.integer, denominator.integer))
    } else {
        Some((numerator.micros()?, denominator.micros()?))
    }
}

/// Percent and hours with one place, money and numbers with thousands apart, `–` for undefined.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.value(), self.unit) {
            (None, _) => "–".to_owned(),
            (Some(_), Unit::Fraction) => format!("{:.1} %", self.percent().unwrap_or_default()),
            (Some(value), Unit::Points) => format!("{value:.1}"),
            (Some(value), Unit::Hours) => format!("{} h", grouped(&format!("{value:.1}"))),
            (Some(value), Unit::Money) => grouped(&format!("{value:.2}")),
            (Some(value), Unit::Number) => match self.value {
                Value::Amount(total) => grouped(&total.to_string()),
                _ => grouped(&format!("{value:.2}")),
            },
        };
        f.pad(&text)
    }
}

/// Digits before the point in threes.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut text = String::from(sign);
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}
