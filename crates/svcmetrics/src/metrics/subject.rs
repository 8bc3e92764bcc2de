//! What tables are about.

use super::{CASE_ID, CUSTOMER_ID, find, is_of_ledger};

/// What the rows of a table are, and so which metrics can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Subject {
    #[default]
    Customers,
    Cases,
}

impl Subject {
    /// The column that identifies a row.
    pub(crate) const fn identity(self) -> &'static str {
        match self {
            Self::Customers => CUSTOMER_ID,
            Self::Cases => CASE_ID,
        }
    }

    /// What a row is.
    pub(crate) const fn singular(self) -> &'static str {
        match self {
            Self::Customers => "customer",
            Self::Cases => "case",
        }
    }

    const fn plural(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Cases => "cases",
        }
    }

    /// The subject of a built-in metric.
    fn of(metric: &str) -> Option<Self> {
        let of_cases = || metric.starts_with("case_").then_some(Self::Cases);
        find(metric).map(|_| of_cases().unwrap_or_default())
    }
}

/// That a metric is one of other tables than the metrics that there are, in words; nothing where it is not.
pub(crate) fn of_another_subject(metric: &str, available: &[String]) -> String {
    let is_of_ledger = |id: &str| find(id).is_some_and(is_of_ledger);
    if is_of_ledger(metric) && !available.iter().any(|id| is_of_ledger(id)) {
        return ", which is a metric of ledgers: sm.ledger(table).movements()".to_owned();
    }
    match Subject::of(metric) {
        Some(subject) if available.iter().all(|id| Subject::of(id) != Some(subject)) => {
            format!(", which is a metric of {}", subject.plural())
        }
        _ => String::new(),
    }
}
