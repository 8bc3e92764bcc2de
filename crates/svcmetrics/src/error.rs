//! Errors are data: what was found, what was wanted, in which column, row and metric.

mod offence;

pub use offence::{OFFENDERS_NAMED, Offence};
pub(crate) use offence::{counted, listed, shown};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A metric's columns that a table lacks, each with the table's names that come near it.
pub type MissingColumns = Vec<(String, Vec<String>)>;

fn there_are(what: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; {what}: {}", listed(names)) }
}

fn missing_text(missing: &MissingColumns) -> String {
    let each = |(column, near): &(String, Vec<String>)| match near.as_slice() {
        [] => format!("'{}'", shown(column)),
        near => {
            let column = shown(column);
            format!("'{column}' (did you mean '{}'?)", near.iter().map(|n| shown(n)).collect::<Vec<_>>().join("' or '"))
        }
    };
    missing.iter().map(each).collect::<Vec<_>>().join(", ")
}

/// Everything that can go wrong, one variant a fact.
///
/// ```
/// use svcmetrics::{Error, Request, Scorecard, Table};
/// let table = Table::new(1).with("mileston_total", vec![4_i64]).with("milestones_met", vec![3_i64]);
/// let error = Scorecard::of(&table, Request::default().metrics(["adoption_rate"])).unwrap_err();
/// assert_eq!(error.kind(), "column_not_found");
/// assert!(error.to_string().contains("did you mean 'mileston_total'?"));
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A metric was asked for by name, or a key named, and the table lacks columns for it.
    #[error("{}no column {}{}", .metric.as_ref().map_or_else(String::new, |metric| format!("{metric}: ")), missing_text(.missing), there_are("the table has", .available))]
    ColumnNotFound {
        /// The metric; none for a key.
        metric: Option<String>,
        /// The columns that are missing and what comes near them.
        missing: MissingColumns,
        /// What the table has.
        available: Vec<String>,
    },
    /// No metric has that id.
    #[error("no metric '{}'{}{}; there are: {}", shown(.metric), crate::metrics::of_another_subject(.metric, .available), if .near.is_empty() { String::new() } else { format!(" (did you mean '{}'?)", .near.join("' or '")) }, listed(.available))]
    MetricNotFound {
        /// What was asked for.
        metric: String,
        /// Ids that come near it.
        near: Vec<String>,
        /// The ids that there are.
        available: Vec<String>,
    },
    /// A column that is read stands in the table more than once.
    #[error("column '{}' stands in the table {count} times; expected once", shown(.column))]
    DuplicateColumn {
        /// The column.
        column: String,
        /// How often it is there.
        count: usize,
    },
    /// A column has a type that cannot be read as what it is wanted for.
    #[error("{0}")]
    ColumnType(Box<Offence>),
    /// Values outside a column's domain, or a part above its whole.
    #[error("{0}")]
    InvalidValue(Box<Offence>),
    /// NaN in a table where NaN does not mean missing.
    #[error("{0}")]
    NotANumber(Box<Offence>),
    /// Values with more decimal places than are held.
    #[error("{0}")]
    Inexact(Box<Offence>),
    /// Values too large to hold as 64-bit micro-units.
    #[error("{0}")]
    OutOfRange(Box<Offence>),
    /// Rows in which exactly one of the two revenues is null, with no word on what that means.
    #[error(
        "revenue is absent on one side in {} ('{start}' alone in {start_absent}, '{end}' alone in {end_absent}; first row {row}); \
         give absent_revenue=\"zero\" if the customer was not there yet or no longer, or absent_revenue=\"missing\" if it is unknown",
        counted(.count, "row")
    )]
    AbsentRevenue {
        /// The column at the start of the period.
        start: String,
        /// The column at its end.
        end: String,
        /// Rows where only the start is null.
        start_absent: u64,
        /// Rows where only the end is null.
        end_absent: u64,
        /// Both together.
        count: u64,
        /// The first such row.
        row: u64,
    },
    /// The same customer, or case, twice in a group.
    #[error(
        "'{}' {} stands in rows {} and {}{}; expected one row a {subject}{}; several periods in one table: group by the period; rows that are not {subject}s: unique=False",
        shown(.column), shown(.value), .rows.0, .rows.1,
        if .group.is_empty() { String::new() } else { format!(" of group {}", shown(.group)) },
        if *.count > 1 { format!(" ({count} rows repeat one)") } else { String::new() }
    )]
    DuplicateCustomer {
        /// The identity column.
        column: String,
        /// The identity.
        value: String,
        /// The first two rows that hold it.
        rows: (u64, u64),
        /// Their group; empty without keys.
        group: String,
        /// How many rows repeat an earlier one.
        count: u64,
        /// What a row is: `customer` or `case`.
        subject: &'static str,
    },
    /// More than one currency where amounts would be added up.
    #[error("column '{}' holds {} and {}{}; amounts of one currency are wanted: group by '{}', or convert them", shown(.column), shown(.first), shown(.second), of_row(*.row), shown(.column))]
    MixedCurrency {
        /// The currency column.
        column: String,
        /// The first currency met.
        first: String,
        /// Another one.
        second: String,
        /// The row of the other one, where rows are read.
        row: Option<u64>,
    },
    /// A key that is named like a metric or like a column of the result, or named twice.
    #[error("key '{}' {problem}", shown(.key))]
    KeyName {
        /// The key.
        key: String,
        /// Why not.
        problem: String,
    },
    /// More groups than were allowed.
    #[error(
        "more than {} (reached at row {row}); raise max_groups, or group by something coarser",
        counted(.limit, "group")
    )]
    TooManyGroups {
        /// The limit.
        limit: u64,
        /// The row at which it was reached.
        row: u64,
    },
    /// More periods times segments of a ledger than were allowed.
    #[error(
        "{}, {first} to {last}, of {} make more than {limit} {what}; raise max_groups, or give months=(first, last), which names rows of other months",
        counted(.periods, "period"), counted(.segments, "segment")
    )]
    TooManyPeriods {
        /// The limit.
        limit: u64,
        /// Of what.
        what: &'static str,
        /// How many periods.
        periods: usize,
        /// How many segments.
        segments: usize,
        /// The first period.
        first: String,
        /// The last.
        last: String,
    },
    /// The groups' totals do not fit into memory.
    #[error(
        "the totals of {} do not fit into memory; ask for fewer metrics, or group by something coarser",
        counted(.groups, "group")
    )]
    OutOfMemory {
        /// How many groups there were by then.
        groups: u64,
    },
    /// A total that does not fit what it is asked for as.
    #[error("{measure}{}: the total does not fit {limit}", if .group.is_empty() { String::new() } else { format!(" of group {}", shown(.group)) })]
    Overflow {
        /// The measure or metric.
        measure: String,
        /// The group; empty without keys.
        group: String,
        /// What it does not fit.
        limit: &'static str,
    },
    /// Scorecards that cannot be added or joined.
    #[error("the scorecards differ in {what}: {left} and {right}")]
    Mismatch {
        /// What differs.
        what: &'static str,
        /// In the one.
        left: String,
        /// In the other.
        right: String,
    },
    /// Ledgers, or movements of parts of one, that cannot be added.
    #[error("{what} differ in {option}: {left} and {right}; {hint}")]
    LedgerMismatch {
        /// `the ledgers` or `the movements`.
        what: &'static str,
        /// The option that differs, or what else does.
        option: &'static str,
        /// In the one.
        left: String,
        /// In the other.
        right: String,
        /// What to do.
        hint: &'static str,
    },
    /// A health model that is no model.
    #[error("health model, {field}: found {found}; expected {expected}")]
    InvalidModel {
        /// The field.
        field: String,
        /// What it holds.
        found: String,
        /// What it may hold.
        expected: String,
    },
    /// A measure or a metric that contradicts itself.
    #[error("{what} '{}': {problem}", shown(.id))]
    InvalidDefinition {
        /// `measure`, `metric` or `condition`.
        what: &'static str,
        /// Its id, or its text.
        id: String,
        /// Why not.
        problem: String,
    },
    /// A definition that reads a column as something else than it holds.
    #[error("{what} '{}': column '{}' holds {holds}; expected {expected}", shown(.id), shown(.column))]
    WrongColumn {
        /// `metric` or `condition`.
        what: &'static str,
        /// Its id, or its text.
        id: String,
        /// The column.
        column: String,
        /// What the column holds.
        holds: String,
        /// What it would have to hold.
        expected: String,
    },
    /// An option that cannot be.
    #[error("{option}: found {}; expected {expected}", shown(.found))]
    InvalidOption {
        /// The option.
        option: String,
        /// What was given.
        found: String,
        /// What may be given.
        expected: String,
    },
    /// A stored scorecard, model or frame of measures that cannot be read.
    #[error("cannot read {what}: {problem}")]
    InvalidDocument {
        /// What was read.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A text that is no period.
    #[error("'{}' is no period; expected {expected}", shown(.found))]
    InvalidPeriod {
        /// The text.
        found: String,
        /// What a period looks like.
        expected: &'static str,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Where a row is known.
fn of_row(row: Option<u64>) -> String {
    row.map(|row| format!(" (row {row})")).unwrap_or_default()
}

impl Error {
    /// The error for an argument outside its domain.
    pub fn invalid_argument(name: &str, found: &str, expected: &str) -> Self {
        Self::InvalidValue(Box::new(Offence::new(name, "found", expected).at(None, found)))
    }

    /// The error for an argument of more decimal places than are held.
    pub(crate) fn inexact_argument(name: &str, found: &str, expected: &str) -> Self {
        let offence = Offence::new(name, "found", expected).at(None, found);
        Self::Inexact(Box::new(offence.hint("round it before, as in round(x, 6), or give a decimal")))
    }

    /// The error for an argument that is too large to hold.
    pub fn argument_out_of_range(name: &str, found: &str) -> Self {
        let expected = "less than 2^63 millionths (9.2 x 10^12)";
        Self::OutOfRange(Box::new(Offence::new(name, "found", expected).at(None, found)))
    }

    /// The error for an id that none of those available is; it names the ones that come near.
    ///
    /// ```
    /// let available = svcmetrics::catalog().iter().map(|metric| metric.id().to_owned()).collect();
    /// let error = svcmetrics::Error::metric_not_found("adoption", available);
    /// assert!(error.to_string().starts_with("no metric 'adoption' (did you mean 'adoption_rate'"));
    /// ```
    pub fn metric_not_found(wanted: &str, available: Vec<String>) -> Self {
        crate::engine::choose::no_metric(wanted, available)
    }

    /// The variant as a stable lower-case word, the same in both languages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ColumnNotFound { .. } => "column_not_found",
            Self::MetricNotFound { .. } => "metric_not_found",
            Self::DuplicateColumn { .. } => "duplicate_column",
            Self::ColumnType(_) => "column_type",
            Self::InvalidValue(_) => "invalid_value",
            Self::NotANumber(_) => "not_a_number",
            Self::Inexact(_) => "inexact",
            Self::OutOfRange(_) => "out_of_range",
            Self::AbsentRevenue { .. } => "absent_revenue",
            Self::DuplicateCustomer { .. } => "duplicate_customer",
            Self::MixedCurrency { .. } => "mixed_currency",
            Self::KeyName { .. } => "key_name",
            Self::TooManyGroups { .. } | Self::TooManyPeriods { .. } => "too_many_groups",
            Self::OutOfMemory { .. } => "out_of_memory",
            Self::Overflow { .. } => "overflow",
            Self::Mismatch { .. } | Self::LedgerMismatch { .. } => "mismatch",
            Self::InvalidModel { .. } => "invalid_model",
            Self::InvalidDefinition { .. } | Self::WrongColumn { .. } => "invalid_definition",
            Self::InvalidOption { .. } => "invalid_option",
            Self::InvalidDocument { .. } => "invalid_document",
            Self::InvalidPeriod { .. } => "invalid_period",
            Self::Interrupted => "interrupted",
        }
    }

    /// The offending values, where values offend.
    pub fn offence(&self) -> Option<&Offence> {
        match self {
            Self::ColumnType(offence)
            | Self::InvalidValue(offence)
            | Self::NotANumber(offence)
            | Self::Inexact(offence)
            | Self::OutOfRange(offence) => Some(offence),
            _ => None,
        }
    }

    /// The metric that could not be computed, where one is to blame.
    pub fn metric(&self) -> Option<&str> {
        match self {
            Self::ColumnNotFound { metric, .. } => metric.as_deref(),
            Self::MetricNotFound { metric, .. }
            | Self::Overflow { measure: metric, .. }
            | Self::InvalidDefinition { what: "metric", id: metric, .. }
            | Self::WrongColumn { what: "metric", id: metric, .. } => Some(metric),
            other => other.offence().and_then(|offence| offence.metric.as_deref()),
        }
    }

    /// The column at fault.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::ColumnNotFound { missing, .. } => missing.first().map(|(column, _)| column.as_str()),
            Self::DuplicateColumn { column, .. }
            | Self::DuplicateCustomer { column, .. }
            | Self::MixedCurrency { column, .. }
            | Self::WrongColumn { column, .. }
            | Self::KeyName { key: column, .. } => Some(column),
            Self::AbsentRevenue { start, end, start_absent, .. } => Some(if *start_absent > 0 { start } else { end }),
            other => other.offence().map(|offence| offence.column.as_str()),
        }
    }

    /// The first row at fault: a 0-based position over all parts of the table.
    pub fn row(&self) -> Option<u64> {
        match self {
            Self::AbsentRevenue { row, .. } | Self::TooManyGroups { row, .. } => Some(*row),
            Self::MixedCurrency { row, .. } => *row,
            Self::DuplicateCustomer { rows, .. } => Some(rows.1),
            other => other.offence().and_then(|offence| offence.row),
        }
    }

    /// The group of the first row at fault, where there are keys.
    pub fn group(&self) -> Option<&str> {
        match self {
            Self::DuplicateCustomer { group, .. } | Self::Overflow { group, .. } => {
                Some(group.as_str()).filter(|group| !group.is_empty())
            }
            other => other.offence().and_then(|offence| offence.group.as_deref()),
        }
    }

    /// What was found, as text.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::DuplicateCustomer { value, .. } => Some(value),
            Self::MixedCurrency { second, .. } => Some(second),
            Self::WrongColumn { holds: found, .. }
            | Self::InvalidModel { found, .. }
            | Self::InvalidOption { found, .. }
            | Self::InvalidPeriod { found, .. } => Some(found),
            other => other.offence().map(|offence| offence.value.as_str()),
        }
    }

    /// What was wanted.
    pub fn expected(&self) -> Option<&str> {
        match self {
            Self::WrongColumn { expected, .. }
            | Self::InvalidModel { expected, .. }
            | Self::InvalidOption { expected, .. } => Some(expected),
            Self::InvalidPeriod { expected, .. } => Some(expected),
            other => other.offence().map(|offence| offence.expected.as_str()),
        }
    }

    /// What can be done about it, to be pasted.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::AbsentRevenue { .. } => Some("absent_revenue=\"zero\" or absent_revenue=\"missing\""),
            Self::DuplicateCustomer { .. } => Some("group by the period, or unique=False"),
            Self::MixedCurrency { .. } => Some("by=[\"currency\", ...]"),
            Self::TooManyGroups { .. } | Self::TooManyPeriods { .. } => Some("max_groups=..."),
            Self::LedgerMismatch { hint, .. } => Some(hint),
            Self::ColumnNotFound { missing, .. } => {
                missing.iter().find_map(|(_, near)| near.first()).map(String::as_str)
            }
            Self::MetricNotFound { near, .. } => near.first().map(String::as_str),
            other => other.offence().and_then(|offence| offence.hint.as_deref()),
        }
    }

    /// How many rows offend; 1 where the error is not about rows.
    pub fn count(&self) -> u64 {
        match self {
            Self::AbsentRevenue { count, .. } | Self::DuplicateCustomer { count, .. } => *count,
            other => other.offence().map_or(1, |offence| offence.count),
        }
    }
}
