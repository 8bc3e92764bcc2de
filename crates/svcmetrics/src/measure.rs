//! The vocabulary of what is summed over rows: columns, expressions, scopes, measures.

use crate::condition::Condition;
use crate::money::MICROS;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A name: static in the catalogue, owned in a user's own definitions.
pub type Name = Cow<'static, str>;

/// What a column holds, and so how its values are read and which of them are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ColumnKind {
    /// True or false; 0 and 1 are taken for them.
    Flag,
    /// A whole number, 0 or more.
    Count,
    /// An amount, 0 or more, in micro-units.
    Money,
    /// An amount of either sign, in micro-units.
    SignedMoney,
    /// A quantity, 0 or more, in micro-units: minutes, months.
    Quantity,
    /// Anything: only whether it is there counts.
    Anything,
    /// A customer's health score in micro-points: computed, never in a table.
    HealthScore,
    /// The position of a customer's health band: computed, never in a table.
    HealthBand,
}

impl ColumnKind {
    pub(crate) const fn is_micro(self) -> bool {
        matches!(self, Self::Money | Self::SignedMoney | Self::Quantity | Self::HealthScore)
    }

    pub(crate) const fn is_computed(self) -> bool {
        matches!(self, Self::HealthScore | Self::HealthBand)
    }

    /// What a value must be, in words.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Flag => "true or false (or 0 or 1)",
            Self::Count => "a whole number, 0 or more",
            Self::Money => "an amount, 0 or more",
            Self::SignedMoney => "an amount",
            Self::Quantity => "a number, 0 or more",
            Self::Anything => "anything",
            Self::HealthScore | Self::HealthBand => "a computed value",
        }
    }
}

/// A column that measures read: its name and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Column {
    /// The name by which it is found in a table.
    pub name: Name,
    /// What it holds.
    pub kind: ColumnKind,
}

impl Column {
    /// A column of that name and kind.
    pub fn new(name: impl Into<Name>, kind: ColumnKind) -> Self {
        Self { name: name.into(), kind }
    }

    pub(crate) const fn known(name: &'static str, kind: ColumnKind) -> Self {
        Self { name: Cow::Borrowed(name), kind }
    }
}

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

/// Whether a total adds up over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Time {
    /// It adds up over time: cases, costs, movements of revenue.
    Flow,
    /// A state at a time: revenue at the start, active customers.
    Stock,
}

impl Time {
    /// `flow` or `stock`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Stock => "stock",
        }
    }
}

/// Which rows a measure sees: those in `among`, complete in all that is read, and valid by the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Scope {
    pub(crate) id: Name,
    pub(crate) among: Option<Condition>,
    pub(crate) reads: Vec<Column>,
    /// What must hold in a complete row; one whose columns the table lacks, or are null in the row, is not asked.
    pub(crate) rules: Vec<Condition>,
}

impl Scope {
    /// All rows; `id` is the stem of the names of its counts (`<id>.counted`, ...).
    pub fn new(id: impl Into<Name>) -> Self {
        Self { id: id.into(), among: None, reads: Vec::new(), rules: Vec::new() }
    }

    /// Only rows for which this holds; what it asks for and does not find makes a row missing.
    pub fn among(mut self, condition: Condition) -> Self {
        self.among = Some(condition);
        self
    }

    /// The columns that a counted row must have.
    pub fn reads(mut self, columns: impl IntoIterator<Item = Column>) -> Self {
        self.reads.extend(columns);
        self
    }

    /// What must hold in a counted row; otherwise the row is invalid.
    pub fn rule(mut self, condition: Condition) -> Self {
        self.rules.push(condition);
        self
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The rows it is about, where not all.
    pub fn about(&self) -> Option<&Condition> {
        self.among.as_ref()
    }

    /// The columns that a table must have for it, each once: those of `among`, then those read.
    pub fn columns(&self) -> Vec<&Column> {
        let mut columns: Vec<&Column> = Vec::new();
        for column in self.among.iter().flat_map(Condition::columns).chain(&self.reads) {
            if !columns.iter().any(|known| known.name == column.name) {
                columns.push(column);
            }
        }
        columns
    }
}

/// An additive total over rows: what is summed, over which rows.
///
/// ```
/// use svcmetrics::{Column, ColumnKind, Measure, Scope, Time};
/// let tickets = Column::new("tickets", ColumnKind::Count);
/// let scope = Scope::new("tickets").reads([tickets.clone()]);
/// let measure = Measure::total("tickets", &scope, tickets.into(), Time::Flow);
/// assert_eq!(measure.id(), "tickets");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Measure {
    pub(crate) id: Name,
    pub(crate) scope: Arc<Scope>,
    pub(crate) sum: Expression,
    pub(crate) only: Option<Condition>,
    pub(crate) time: Time,
}

impl Measure {
    /// The number of counted rows.
    pub fn count(id: impl Into<Name>, scope: &Scope, time: Time) -> Self {
        Self::total(id, scope, Expression::constant(1), time)
    }

    /// The sum of an expression over the counted rows.
    pub fn total(id: impl Into<Name>, scope: &Scope, sum: Expression, time: Time) -> Self {
        Self { id: id.into(), scope: Arc::new(scope.clone()), sum, only: None, time }
    }

    /// Only counted rows for which this holds add to it; its columns must be among those read.
    pub fn only(mut self, condition: Condition) -> Self {
        self.only = Some(condition);
        self
    }

    /// Its stable name: the column of exact totals in `measures()`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Which rows it sees.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Flow or stock.
    pub fn time(&self) -> Time {
        self.time
    }

    /// Whether the total is held in millionths.
    pub fn is_micro(&self) -> bool {
        self.sum.is_micro()
    }

    /// What is summed, in words: `count of rows where onboarded`, `sum of revenue_end`.
    pub fn formula(&self) -> String {
        let sum = if self.sum == Expression::constant(1) {
            "count of rows".to_owned()
        } else {
            format!("sum of {}", self.sum)
        };
        match &self.only {
            Some(condition) => format!("{sum} where {condition}"),
            None => sum,
        }
    }
}
