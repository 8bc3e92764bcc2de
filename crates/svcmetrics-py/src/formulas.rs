//! The typed formulas by name.

use crate::convert::number;
use crate::error::Result;
use crate::figure::Figure;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rust_decimal::Decimal;
use svcmetrics::{Error, formulas};

/// A whole number, 0 or more.
fn count(name: &str, arguments: &Bound<'_, PyDict>) -> Result<u64> {
    let value = amount(name, arguments)?;
    let whole = value.is_integer().then(|| u64::try_from(value).ok()).flatten();
    whole.ok_or_else(|| {
        svcmetrics::Error::invalid_argument(name, &value.to_string(), "a whole number, 0 or more").into()
    })
}

fn amount(name: &str, arguments: &Bound<'_, PyDict>) -> Result<Decimal> {
    let missing = || Error::InvalidOption {
        option: format!("argument {name}"),
        found: "nothing".into(),
        expected: "a number".into(),
    };
    number(name, &arguments.get_item(name)?.ok_or_else(missing)?)
}

fn years(arguments: &Bound<'_, PyDict>) -> Result<u32> {
    let years = count("years", arguments)?;
    u32::try_from(years).map_err(|_| Error::invalid_argument("years", &years.to_string(), "a term in years").into())
}

/// A formula on plain numbers.
#[pyfunction]
pub(crate) fn formula(name: &str, arguments: &Bound<'_, PyDict>) -> Result<Figure> {
    let count = |name: &str| count(name, arguments);
    let amount = |name: &str| amount(name, arguments);
    let optional = |name: &str| arguments.contains(name)?.then(|| amount(name)).transpose();
    let figure = match name {
        "onboard_rate" => formulas::onboard_rate(count("onboarded")?, count("new_customers")?),
        "adoption_rate" => formulas::adoption_rate(count("milestones_met")?, count("milestones_total")?),
        "success_rate" => formulas::success_rate(count("reached")?, count("with_goals")?),
        "plan_realization" => formulas::plan_realization(count("met")?, count("total")?),
        "availability" => formulas::availability(amount("service_minutes")?, amount("downtime_minutes")?),
        "engagement_quality" => formulas::engagement_quality(count("positive")?, count("engagements")?),
        "renewal_commitment_rate" => formulas::renewal_commitment_rate(count("committed")?, count("active")?),
        "net_recurring_revenue" => formulas::net_recurring_revenue(amount("added")?, amount("lost")?),
        "recurring_revenue_rate" => formulas::recurring_revenue_rate(amount("start")?, amount("end")?),
        "net_revenue_retention" => formulas::net_revenue_retention(
            amount("start")?,
            amount("expansion")?,
            amount("contraction")?,
            amount("churn")?,
        ),
        "gross_revenue_retention" => {
            formulas::gross_revenue_retention(amount("start")?, amount("contraction")?, amount("churn")?)
        }
        "revenue_growth_rate" => formulas::revenue_growth_rate(amount("start")?, amount("added")?, amount("lost")?),
        "customer_retention_rate" => formulas::customer_retention_rate(count("retained")?, count("start")?),
        "customer_churn_rate" => formulas::customer_churn_rate(count("churned")?, count("start")?),
        "contract_renewal_rate" => formulas::contract_renewal_rate(count("renewed")?, count("due")?),
        "license_adoption" => Ok(formulas::license_adoption(count("used")?, count("sold")?)),
        "advanced_user_share" => Ok(formulas::advanced_user_share(count("advanced")?, count("basic")?)),
        "roi" => formulas::roi(amount("benefit")?, amount("investment")?),
        "payback_years" => formulas::payback_years(amount("investment")?, amount("yearly_benefit")?),
        "impact_share" => formulas::impact_share(count("count")?, count("total")?),
        "nps" => Ok(formulas::nps(count("promoters")?, count("passives")?, count("detractors")?)),
        "csat" => formulas::csat(count("satisfied")?, count("answers")?),
        "ces_mean" => formulas::ces_mean(amount("effort_total")?, count("answers")?),
        "ces_top_share" => formulas::ces_top_share(count("easiest")?, count("answers")?),
        "ces_net" => Ok(formulas::ces_net(count("easy")?, count("neutral")?, count("hard")?)),
        "defect_share" => formulas::defect_share(count("defects")?, count("cases")?),
        "defect_cost_share" => formulas::defect_cost_share(amount("defect_cost")?, amount("service_cost")?),
        "service_coverage" => formulas::service_coverage(count("covered")?, count("customers")?),
        "attach_rate" => Ok(formulas::attach_rate(count("attached")?, count("product_sales")?)),
        "upgrade_rate" => formulas::upgrade_rate(count("upgraded")?, count("subscribers")?),
        "service_margin" => formulas::service_margin(amount("revenue")?, amount("cost")?),
        "service_return" => formulas::service_return(amount("direct")?, amount("indirect")?, amount("cost")?),
        "cost_per_case" => formulas::cost_per_case(amount("cost")?, count("cases")?),
        "first_contact_resolution" => formulas::first_contact_resolution(count("resolved_first")?, count("resolved")?),
        "deflection_rate" => formulas::deflection_rate(count("self_resolved")?, count("issues")?),
        "fully_adopted_rate" => formulas::fully_adopted_rate(count("fully_adopted")?, count("customers")?),
        "basic_user_share" => Ok(formulas::basic_user_share(count("basic")?, count("advanced")?)),
        "uninterrupted_rate" => formulas::uninterrupted_rate(count("uninterrupted")?, count("customers")?),
        "negative_engagement_share" => formulas::negative_engagement_share(count("negative")?, count("engagements")?),
        "engaged_share" => formulas::engaged_share(count("engaged")?, count("customers")?),
        "engagements_per_customer" => {
            Ok(formulas::engagements_per_customer(count("engagements")?, count("customers")?))
        }
        "mean_tenure_months" => formulas::mean_tenure_months(amount("tenure_months")?, count("customers")?),
        "avoidable_loss_share" => formulas::avoidable_loss_share(amount("avoidable")?, amount("lost")?),
        "new_share_of_growth" => formulas::new_share_of_growth(amount("new")?, amount("added")?),
        "expansion_share_of_growth" => formulas::expansion_share_of_growth(amount("expansion")?, amount("added")?),
        "reactivation_share_of_growth" => {
            formulas::reactivation_share_of_growth(amount("reactivation")?, amount("added")?)
        }
        "churn_share_of_loss" => formulas::churn_share_of_loss(amount("churn")?, amount("lost")?),
        "contraction_share_of_loss" => formulas::contraction_share_of_loss(amount("contraction")?, amount("lost")?),
        "risk_share" => formulas::risk_share(count("at_risk")?, count("rated")?),
        "revenue_at_risk_share" => formulas::revenue_at_risk_share(amount("at_risk")?, amount("rated")?),
        "cost_per_customer" => formulas::cost_per_customer(amount("cost")?, count("customers")?),
        "proactive_share" => formulas::proactive_share(count("proactive")?, count("cases")?),
        "documented_share" => formulas::documented_share(count("documented")?, count("closed")?),
        "reopen_rate" => formulas::reopen_rate(count("reopened")?, count("cases")?),
        "sla_met_share" => formulas::sla_met_share(count("met")?, count("with_target")?),
        "support_price" => formulas::support_price(
            optional("list_price")?,
            optional("net_price")?,
            amount("rate")?,
            amount("add_ons")?,
            amount("yearly_adjustment")?,
            years(arguments)?,
        ),
        _ => {
            return Err(
                Error::MetricNotFound { metric: name.to_owned(), near: Vec::new(), available: Vec::new() }.into()
            );
        }
    };
    Ok(Figure(figure?))
}
