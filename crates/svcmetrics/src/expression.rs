//! What one row adds: a sum of columns.

use crate::column::{Column, ColumnKind};
use crate::money::MICROS;
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
            let sign = match (position, *coefficient < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            };
            match coefficient.unsigned_abs() {
                1 => write!(f, "{sign}{}", column.name)?,
                factor => write!(f, "{sign}{factor} x {}", column.name)?,
            }
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
