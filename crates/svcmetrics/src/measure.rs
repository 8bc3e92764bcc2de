//! The vocabulary of what is summed over rows: scopes and measures.

use crate::column::{Column, Name};
use crate::condition::Condition;
use crate::expression::Expression;
use std::sync::Arc;

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
    /// What a table must have and a counted row may lack.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub(crate) asks: Vec<Column>,
    /// What must hold in a complete row; one whose columns the table lacks, or are null in the row, is not asked.
    pub(crate) rules: Vec<Condition>,
}

impl Scope {
    /// All rows; `id` is the stem of the names of its counts (`<id>.counted`, ...).
    pub fn new(id: impl Into<Name>) -> Self {
        Self { id: id.into(), among: None, reads: Vec::new(), asks: Vec::new(), rules: Vec::new() }
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

    /// The columns of which only is asked whether they are there, in [`Measure::only`]: a null is no reason not to count.
    pub fn asks(mut self, columns: impl IntoIterator<Item = Column>) -> Self {
        self.asks.extend(columns);
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

    /// What must hold in a counted row, where the table and the row have all that a rule asks for.
    pub fn rules(&self) -> &[Condition] {
        &self.rules
    }

    /// The columns whose null puts a row outside.
    ///
    /// ```
    /// let scope = svcmetrics::find("avoidable_loss_share").and_then(|metric| metric.forms()[0].scope()).unwrap();
    /// let names = |columns: Vec<&svcmetrics::Column>| columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>();
    /// assert_eq!(names(scope.outside_without()), ["loss_reason"]);
    /// assert_eq!(names(scope.missing_without()), ["revenue_start", "revenue_end", "loss_avoidable"]);
    /// ```
    pub fn outside_without(&self) -> Vec<&Column> {
        let demanded: Vec<&Column> = self.among.iter().flat_map(Condition::demanded).collect();
        self.columns().into_iter().filter(|column| demanded.iter().any(|known| known.name == column.name)).collect()
    }

    /// The columns whose null makes a row missing, unless it is outside already.
    pub fn missing_without(&self) -> Vec<&Column> {
        let outside = self.outside_without();
        self.columns().into_iter().filter(|column| !outside.contains(column)).collect()
    }

    /// The columns that a table must have for it, each once: those of `among`, those read, those asked for.
    pub fn columns(&self) -> Vec<&Column> {
        let mut columns: Vec<&Column> = Vec::new();
        for column in self.among.iter().flat_map(Condition::columns).chain(&self.reads).chain(&self.asks) {
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

    /// Only counted rows for which this holds add to it; its columns must be among those read, or asked for where it asks
    /// whether they are there.
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

    /// Whether amounts of a currency are added up.
    pub(crate) fn adds_money(&self) -> bool {
        self.sum.columns().any(|column| column.kind.is_money())
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
