//! Customer support and customer success metrics, exact and mergeable.
//!
//! Every metric is a ratio of two exact sums: **row -> measure -> metric**. A measure is an integer that adds up over rows; a
//! metric divides two sums of measures, once, at the end. So results do not depend on the order of rows, on threads or on how
//! a table was cut, and scorecards of parts merge by adding.
//!
//! ```
//! use svcmetrics::{Request, Scorecard, Table};
//! let table = Table::new(3)
//!     .with("region", vec!["north", "north", "south"])
//!     .with("revenue_start", vec![100.0, 80.0, 50.0])
//!     .with("revenue_end", vec![110.5, 0.0, 50.0]);
//! let card = Scorecard::of(&table, Request::default().by(["region"]))?;
//! let churn = card.figures("customer_churn_rate")?;
//! assert_eq!(churn[0].to_string(), "50.0 %");
//! assert_eq!(churn[1].to_string(), "0.0 %");
//! # Ok::<(), svcmetrics::Error>(())
//! ```
//!
//! The typed formulas are in [`formulas`], the definitions in [`catalog`], health in [`HealthModel`], revenue over time in
//! [`Ledger`].
//!
//! Features, all additive: `arrow` (tables and results as `RecordBatch`es), `serde` (every public value, validated on the way
//! in; models as TOML and JSON).

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "arrow")]
pub mod arrow;
mod attribute;
mod bins;
mod breakdown;
mod check;
mod column;
mod compare;
mod condition;
mod contradictions;
mod definitions;
mod distributions;
#[cfg(feature = "serde")]
mod document;
mod engine;
mod error;
mod expression;
mod figure;
mod fraction;
mod health;
mod incremental;
mod interval;
mod key;
mod lanes;
mod ledger;
mod mask;
mod measure;
mod measures;
mod metric;
mod metrics;
mod money;
mod own;
mod paired;
mod period;
mod reference;
mod relate;
mod request;
mod scorecard;
mod spread;
#[cfg(feature = "serde")]
mod stored;
mod students_t;
mod targets;
mod totals;
mod trend;

pub use attribute::{Attribution, EffectColumn, SegmentEffect};
pub use bins::Bins;
pub use check::{Check, Checker, Observation};
pub use column::{Column, ColumnKind, Name};
pub use compare::{Change, Changes, CompareOptions, Verdict};
pub use condition::{Comparison, Condition};
pub use engine::columns::{Bits, Data, Nulls, Scalar, Table, TimeUnit, Values};
pub use engine::texts::{Blobs, Firsts, Texts, other_marks};
pub use error::{Error, MissingColumns, Offence, Result};
pub use expression::Expression;
pub use figure::{Figure, Total, Undefined, Unit};
pub use fraction::Fraction;
pub use health::{
    Among, Band, Component, Contribution, Explanation, Gate, HealthModel, HealthScore, HealthScorer, HealthScores,
    MissingPolicy,
};
pub use incremental::{Increment, Increments};
pub use key::{Key, KeyType};
pub use ledger::{
    CohortCell, CustomerMovement, Diagnostics, Gaps, Ledger, LedgerBuilder, LedgerOptions, Movement, MovementOptions,
    MovementsBuilder, Retention, RowSearch,
};
pub use measure::{Measure, Scope, Time};
pub use metric::{Better, Combination, Form, Kind, Metric};
pub use metrics::pricing::SupportPrice;
pub use metrics::revenue::RecurringRevenue;
pub use metrics::{
    CASE_ID, CATALOG_VERSION, CURRENCY, CUSTOMER_ID, RunRate, Scales, catalog, column, columns, families, find,
};
pub use money::{MoneyPolicy, number};
pub use own::{MetricDefinition, Term};
pub use period::{Every, Period};
pub use reference::{Reference, reference};
pub use relate::{Correlation, Estimate, Lift, NoRelation, RelatedGroup, Relation, RelationBuilder};
pub use request::{AbsentRevenue, ColumnUnit, OnInvalid, Request};
pub use scorecard::{
    Counts, KeyColumn, MetricQuality, Mix, MixPart, Quality, Reason, RevenueChange, Scorecard, ScorecardBuilder,
};
pub use targets::{Attainment, Target, TargetStatus, Targets};
pub use trend::{Direction, Trend};

/// The catalogue's formulas on plain numbers, one function a metric.
pub mod formulas {
    pub use crate::metrics::adoption::{
        adoption_rate, advanced_user_share, basic_user_share, fully_adopted_rate, license_adoption,
    };
    pub use crate::metrics::availability::{availability, uninterrupted_rate};
    pub use crate::metrics::cases::{
        deflection_rate, documented_share, first_contact_resolution, proactive_share, reopen_rate, sla_met_share,
    };
    pub use crate::metrics::defects::{defect_cost_share, defect_share};
    pub use crate::metrics::engagement::{
        engaged_share, engagement_quality, engagements_per_customer, negative_engagement_share,
    };
    pub use crate::metrics::onboarding::onboard_rate;
    pub use crate::metrics::pricing::support_price;
    pub use crate::metrics::profitability::{cost_per_case, cost_per_customer, service_margin, service_return};
    pub use crate::metrics::retention::{
        contract_renewal_rate, customer_churn_rate, customer_retention_rate, mean_tenure_months,
        renewal_commitment_rate,
    };
    pub use crate::metrics::revenue::{
        avoidable_loss_share, churn_share_of_loss, contraction_share_of_loss, expansion_share_of_growth,
        gross_revenue_retention, net_recurring_revenue, net_revenue_retention, new_share_of_growth,
        reactivation_share_of_growth, recurring_revenue_rate, revenue_growth_rate,
    };
    pub use crate::metrics::risk::{revenue_at_risk_share, risk_share};
    pub use crate::metrics::sales::{attach_rate, service_coverage, upgrade_rate};
    pub use crate::metrics::success::{impact_share, payback_years, plan_realization, roi, success_rate};
    pub use crate::metrics::voice::{ces_mean, ces_net, ces_top_share, csat, nps};
}

/// The README's examples are run with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
