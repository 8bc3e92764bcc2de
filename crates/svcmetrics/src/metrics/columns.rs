//! The columns of a customers table that the catalogue's metrics read.

use crate::column::{Column, ColumnKind};
use ColumnKind::{Anything, Count, Flag, Money, Quantity};

/// The column that identifies a customer.
pub const CUSTOMER_ID: &str = "customer_id";
/// The column that names the currency of a row's amounts.
pub const CURRENCY: &str = "currency";

macro_rules! columns {
    ($($name:ident $column:literal $kind:ident $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: Column = Column::known($column, $kind);)*
        /// Every column that the catalogue reads, with what it means.
        pub fn columns() -> &'static [(Column, &'static str)] {
            const COLUMNS: &[(Column, &str)] = &[$(($name, $meaning)),*];
            COLUMNS
        }
    };
}

columns! {
    IS_NEW "is_new" Flag "became a customer in the period";
    ONBOARDED "onboarded" Flag "received formal onboarding";
    MILESTONES_MET "milestones_met" Count "adoption milestones met";
    MILESTONES_TOTAL "milestones_total" Count "adoption milestones set";
    REACHED_GOAL "reached_goal" Flag "reached its performance goals";
    GOALS_MET "goals_met" Count "goals of the success plan that are met";
    GOALS_TOTAL "goals_total" Count "goals of the success plan";
    SERVICE_MINUTES "service_minutes" Quantity "minutes in which service was due";
    DOWNTIME_MINUTES "downtime_minutes" Quantity "minutes of them without service";
    ENGAGEMENTS "engagements" Count "engagements with the customer";
    POSITIVE_ENGAGEMENTS "positive_engagements" Count "engagements with a positive outcome";
    NEGATIVE_ENGAGEMENTS "negative_engagements" Count "engagements with a negative outcome";
    IS_ACTIVE "is_active" Flag "revenue-generating at the start";
    COMMITTED "committed" Flag "has committed to renew";
    CONTRACTS_DUE "contracts_due" Count "contracts due for renewal";
    CONTRACTS_RENEWED "contracts_renewed" Count "contracts of them that were renewed";
    REVENUE_START "revenue_start" Money "recurring revenue at the start of the period";
    REVENUE_END "revenue_end" Money "recurring revenue at the end of the period";
    LOSS_REASON "loss_reason" Anything "why revenue was lost";
    LOSS_AVOIDABLE "loss_avoidable" Flag "whether the loss could have been avoided";
}

/// The column of that name, where the catalogue knows it.
pub fn column(name: &str) -> Option<Column> {
    columns().iter().find(|(column, _)| column.name == name).map(|(column, _)| column.clone())
}

impl std::str::FromStr for crate::condition::Condition {
    type Err = crate::error::Error;

    /// Reads a condition on the columns of the built-in catalogue, or others.
    fn from_str(text: &str) -> crate::error::Result<Self> {
        Self::parse(text, column)
    }
}
