//! What one row adds: a sum of columns.

use crate::column::{Column, ColumnKind};
use crate::error::shown;
use crate::money::{MICROS, decimal, micros};
use std::fmt;

/// A sum of columns with whole coefficients, and a constant: what one row adds.
///
/// ```
/// use svcmetrics::{Column, ColumnKind, Expression};
/// let start = Column::new("revenue_start", ColumnKind::Money);
/// let end = Column::new("revenue_end", ColumnKind::Money);
/// assert_eq!(Expression::from(end).minus(start).to_string(), "revenue_end - revenue_start");
/// assert_eq!(Expression::<Column>::constant(1).to_string(), "1");
/// ```
///
/// `C` is how a column is named: [`Column`] in definitions, a position where they have been made ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Expression<C = Column> {
    pub(crate) terms: Vec<(i32, C)>,
    /// In micro-units, whatever the columns.
    pub(crate) constant: i64,
}

impl Expression {
    /// The whole number `value`.
    pub fn constant(value: i32) -> Self {
        Self { terms: Vec::new(), constant: i64::from(value) * MICROS }
    }

    /// This, plus `coefficient` times a column.
    pub fn plus(mut self, coefficient: i32, column: Column) -> Self {
        self.terms.push((coefficient, column));
        self
    }

    /// This, less a column.
    pub fn minus(self, column: Column) -> Self {
        self.plus(-1, column)
    }

    /// Reads `benefit - 2 x investment`; `column` gives the column of a name. What is wrong comes back in words.
    pub(crate) fn parse(text: &str, column: &impl Fn(&str) -> Column) -> Result<Self, String> {
        let mut sum = Self { terms: Vec::new(), constant: 0 };
        let mut rest = text.trim();
        let mut is_first = true;
        while is_first || !rest.is_empty() {
            let signed =
                rest.strip_prefix('-').map(|rest| (-1, rest)).or_else(|| rest.strip_prefix('+').map(|rest| (1, rest)));
            let (sign, unsigned) = match signed {
                Some((sign, rest)) => (sign, rest.trim_start()),
                None if is_first => (1, rest),
                None => return Err(format!("found '{}'; expected + or - before it", shown(rest))),
            };
            let (number, after) = split_while(unsigned, |c| c.is_ascii_digit() || c == '.');
            let (coefficient, named) = match factor_of(after) {
                _ if number.is_empty() => (Some(1), unsigned),
                Some(named) => (number.parse().ok(), named),
                None => {
                    let value = decimal(number).ok().and_then(micros).map(|value| sign * value);
                    sum.constant = value.and_then(|value| sum.constant.checked_add(value)).ok_or_else(|| {
                        format!("'{}' is no number of at most six decimal places, or too large", shown(number))
                    })?;
                    (rest, is_first) = (after.trim_start(), false);
                    continue;
                }
            };
            let (name, after) = split_while(named, |c| c.is_alphanumeric() || c == '_');
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(format!("'{}' is no column name", shown(named)));
            }
            let coefficient: i32 = coefficient.ok_or_else(|| format!("{number} is no whole number below 2^31"))?;
            sum.terms.push((if sign < 0 { -coefficient } else { coefficient }, column(name)));
            (rest, is_first) = (after.trim_start(), false);
        }
        Ok(sum)
    }

    /// By how much a row's values are multiplied at the most; a constant is as good as a value.
    pub(crate) fn weight(&self) -> i128 {
        self.terms.iter().map(|(coefficient, _)| i128::from(*coefficient).abs()).sum::<i128>() + 1
    }

    /// How many more times are added than subtracted: where as many, what is left is a number of seconds.
    pub(crate) fn instants(&self) -> i64 {
        let instants = self.terms.iter().filter(|(_, column)| column.kind == ColumnKind::Instant);
        instants.map(|(coefficient, _)| i64::from(*coefficient)).sum()
    }

    pub(crate) fn is_micro(&self) -> bool {
        self.columns().any(|column| column.kind.is_micro()) || self.constant % MICROS != 0
    }
}

/// What stands before a term of a sum: nothing, ` + `, ` - 2 x `.
pub(crate) fn signed(position: usize, coefficient: i32) -> String {
    let sign = match (position, coefficient < 0) {
        (0, false) => "",
        (0, true) => "-",
        (_, false) => " + ",
        (_, true) => " - ",
    };
    match coefficient.unsigned_abs() {
        1 => sign.to_owned(),
        factor => format!("{sign}{factor} x "),
    }
}

/// The longest beginning of such characters, and the rest.
fn split_while(text: &str, fits: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !fits(c)).unwrap_or(text.len()))
}

/// What is multiplied, where a sign of multiplication follows a number: `x` stands by itself, or it would be a name.
fn factor_of(text: &str) -> Option<&str> {
    let word = text.trim_start();
    let by_word =
        word.strip_prefix('x').filter(|rest| word.len() < text.len() && rest.starts_with(char::is_whitespace));
    word.strip_prefix('*').or(by_word).map(str::trim_start)
}

impl<C> Expression<C> {
    /// The columns it reads.
    pub fn columns(&self) -> impl Iterator<Item = &C> {
        self.terms.iter().map(|(_, column)| column)
    }

    /// The same with columns named in another way.
    pub(crate) fn map<D>(&self, name: &impl Fn(&C) -> D) -> Expression<D> {
        let terms = self.terms.iter().map(|(coefficient, column)| (*coefficient, name(column))).collect();
        Expression { terms, constant: self.constant }
    }
}

impl From<Column> for Expression {
    fn from(column: Column) -> Self {
        Self { terms: vec![(1, column)], constant: 0 }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (coefficient, column)) in self.terms.iter().enumerate() {
            write!(f, "{}{}", signed(position, *coefficient), column.name)?;
        }
        let constant = rust_decimal::Decimal::new(self.constant, crate::money::PLACES).normalize();
        match (self.terms.is_empty(), self.constant.signum()) {
            (true, _) => write!(f, "{constant}"),
            (false, 1) => write!(f, " + {constant}"),
            (false, -1) => write!(f, " - {}", constant.abs()),
            _ => Ok(()),
        }
    }
}
