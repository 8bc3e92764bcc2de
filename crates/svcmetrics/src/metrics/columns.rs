//! The columns of the tables of customers and of cases that the catalogue's metrics read.

use crate::column::{Column, ColumnKind, Name};
use ColumnKind::{Anything, Count, Flag, Instant, Money, Quantity, Score, SignedMoney};

/// The column that identifies a customer.
pub const CUSTOMER_ID: &str = "customer_id";
/// The column that identifies a case.
pub const CASE_ID: &str = "case_id";
/// The column that names the currency of a row's amounts.
pub const CURRENCY: &str = "currency";

macro_rules! columns {
    ($($name:ident = $column:expr, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: Column = $column;)*
        /// Every column that the catalogue reads, with what it means.
        pub fn columns() -> &'static [(Column, &'static str)] {
            const COLUMNS: &[(Column, &str)] = &[$(($name, $meaning)),*];
            COLUMNS
        }
    };
}

columns! {
    IS_NEW = Column::known("is_new", Flag), "became a customer in the period";
    ONBOARDED = Column::known("onboarded", Flag), "received formal onboarding";
    MILESTONES_MET = Column::known("milestones_met", Count), "adoption milestones met";
    MILESTONES_TOTAL = Column::known("milestones_total", Count), "adoption milestones set";
    REACHED_GOAL = Column::known("reached_goal", Flag), "reached its performance goals";
    GOALS_MET = Column::known("goals_met", Count), "goals of the success plan that are met";
    GOALS_TOTAL = Column::known("goals_total", Count), "goals of the success plan";
    SERVICE_MINUTES = Column::known("service_minutes", Quantity), "minutes in which service was due";
    DOWNTIME_MINUTES = Column::known("downtime_minutes", Quantity), "minutes of them without service";
    ENGAGEMENTS = Column::known("engagements", Count), "engagements with the customer";
    POSITIVE_ENGAGEMENTS = Column::known("positive_engagements", Count), "engagements with a positive outcome";
    NEGATIVE_ENGAGEMENTS = Column::known("negative_engagements", Count), "engagements with a negative outcome";
    IS_ACTIVE = Column::known("is_active", Flag), "revenue-generating at the start";
    COMMITTED = Column::known("committed", Flag), "has committed to renew";
    CONTRACTS_DUE = Column::known("contracts_due", Count), "contracts due for renewal";
    CONTRACTS_RENEWED = Column::known("contracts_renewed", Count), "contracts of them that were renewed";
    REVENUE_START = Column::known("revenue_start", Money), "recurring revenue at the start of the period";
    REVENUE_END = Column::known("revenue_end", Money), "recurring revenue at the end of the period";
    YEARLY_REVENUE_START = Column::known("yearly_revenue_start", Money), "run rate of a year at the start of the period";
    YEARLY_REVENUE_END = Column::known("yearly_revenue_end", Money), "run rate of a year at its end";
    YEARLY_TRANSFER_IN = Column::known("yearly_transfer_in", Money), "run rate of it that was in another segment at the start";
    YEARLY_TRANSFER_OUT = Column::known("yearly_transfer_out", Money), "run rate at the end that is in another segment by then";
    YEARLY_FX = Column::known("yearly_fx", SignedMoney), "change of the run rate that is one of exchange rates";
    YEARLY_TRANSIENT = Column::known("yearly_transient", Money), "highest run rate within a period that has none at its ends";
    HAD_REVENUE = Column::known("had_revenue", Flag), "had recurring revenue at any time before the period";
    MONTHS_COVERED = Column::known("months_covered", Count), "months of the period that the data reaches";
    MONTHS_IN_PERIOD = Column::known("months_in_period", Count), "months of the period";
    LOSS_REASON = Column::known("loss_reason", Anything), "why revenue was lost";
    GAIN_REASON = Column::known("gain_reason", Anything), "why revenue was gained";
    LOSS_AVOIDABLE = Column::known("loss_avoidable", Flag), "whether the loss could have been avoided";
    LICENSES_USED = Column::known("licenses_used", Count), "licences in use";
    LICENSES_SOLD = Column::known("licenses_sold", Count), "licences sold";
    BASIC_USERS = Column::known("basic_users", Count), "users of basic functions only";
    ADVANCED_USERS = Column::known("advanced_users", Count), "users of advanced functions";
    BENEFIT = Column::known("benefit", SignedMoney), "what the customer gained by the product";
    INVESTMENT = Column::known("investment", Money), "what the customer invested in the product";
    TENURE_MONTHS = Column::known("tenure_months", Quantity), "months as a customer";
    CASES = Column::known("cases", Count), "support cases";
    DEFECT_CASES = Column::known("defect_cases", Count), "cases of them caused by a defect";
    SERVICE_COST = Column::known("service_cost", Money), "cost of service";
    DEFECT_COST = Column::known("defect_cost", Money), "cost of it caused by defects";
    DIRECT_REVENUE = Column::known("direct_revenue", Money), "revenue of service itself";
    INDIRECT_REVENUE = Column::known("indirect_revenue", Money), "revenue that service made possible";
    HAS_SERVICE_CONTRACT = Column::known("has_service_contract", Flag), "is under a service contract or success plan";
    IS_SUBSCRIBER = Column::known("is_subscriber", Flag), "subscribes to a service level";
    UPGRADED = Column::known("upgraded", Flag), "bought a higher service level";
    PRODUCT_SALES = Column::known("product_sales", Count), "product sales";
    SERVICE_ATTACHED = Column::known("service_attached", Count), "service contracts sold with them";
    NPS_SCORE = Column::known("nps_score", Count), "how likely the customer is to recommend, 0 to 10";
    CSAT_SCORE = Column::known("csat_score", Score), "how satisfied the customer is, on the scale of the survey";
    EFFORT_SCORE = Column::known("effort_score", Score), "how easy it was, on the scale of the survey";
    IMPACT = Column::known_category("impact", &[Name::Borrowed("positive"), Name::Borrowed("neutral"), Name::Borrowed("negative")]), "the product's impact on the customer";
    RISK = Column::known_category("risk", &[Name::Borrowed("none"), Name::Borrowed("downgrade"), Name::Borrowed("defection")]), "the risk that the customer spends less or leaves";
    CHANNEL = Column::known("channel", Anything), "by which channel a case came in, such as phone or chat";
    ISSUE_TYPE = Column::known("issue_type", Anything), "what a case is about";
    ACCESS_POINT = Column::known("access_point", Anything), "where the customer turned first, such as a portal";
    IS_DEFECT = Column::known("is_defect", Flag), "whether a case was caused by a defect";
    IS_PROACTIVE = Column::known("is_proactive", Flag), "whether support opened a case before the customer asked";
    IS_DOCUMENTED = Column::known("is_documented", Flag), "whether a case's solution was written down for others";
    SELF_RESOLVED = Column::known("self_resolved", Flag), "whether the customer resolved an issue by self-help";
    CONTACTS = Column::known("contacts", Count), "contacts with the customer that a case took";
    REOPENED = Column::known("reopened", Flag), "whether a case was opened again after it was resolved";
    MET_SLA = Column::known("met_sla", Flag), "whether a case met its SLA target; null: it has none";
    OPENED_AT = Column::known("opened_at", Instant), "when a case was opened";
    RESPONDED_AT = Column::known("responded_at", Instant), "when a case was first responded to; null: not yet";
    RESOLVED_AT = Column::known("resolved_at", Instant), "when a case was resolved; null: it is open";
    COST = Column::known("cost", Money), "what a case cost, so far where it is open";
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
