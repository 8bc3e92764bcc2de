//! Formula cases: the catalogue's formulas on plain numbers.

use super::case::FormulaCase;
use super::figures::{agrees, agrees_error};
use crate::support::json::decimal;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use std::cell::RefCell;
use svcmetrics::{Error, Figure, formulas};

/// The arguments by name; what was not asked for is left over.
struct Arguments(RefCell<Map<String, Value>>);

/// What stands in the way of a call.
enum Refused {
    /// The formula said so.
    ByFormula(Error),
    /// Its types do: a count cannot be negative.
    ByType,
    /// The case is wrong.
    Case(String),
}

impl Arguments {
    fn take(&self, name: &str) -> Result<Decimal, Refused> {
        let value = self.0.borrow_mut().remove(name).ok_or_else(|| Refused::Case(format!("no argument {name}")))?;
        decimal(&value).map_err(|problem| Refused::Case(format!("{name}: {problem}")))
    }

    fn optional(&self, name: &str) -> Result<Option<Decimal>, Refused> {
        let given = self.0.borrow().contains_key(name);
        given.then(|| self.take(name)).transpose()
    }

    fn count(&self, name: &str) -> Result<u64, Refused> {
        let value = self.take(name)?;
        if value.is_sign_negative() {
            return Err(Refused::ByType);
        }
        value.try_into().map_err(|_| Refused::Case(format!("{name}: {value} is no count")))
    }
}

fn call(formula: &str, of: &Arguments) -> Result<Figure, Refused> {
    let figure = match formula {
        "onboard_rate" => formulas::onboard_rate(of.count("onboarded")?, of.count("new_customers")?),
        "adoption_rate" => formulas::adoption_rate(of.count("milestones_met")?, of.count("milestones_total")?),
        "success_rate" => formulas::success_rate(of.count("reached")?, of.count("with_goals")?),
        "availability" => formulas::availability(of.take("service_minutes")?, of.take("downtime_minutes")?),
        "engagement_quality" => formulas::engagement_quality(of.count("positive")?, of.count("engagements")?),
        "renewal_commitment_rate" => formulas::renewal_commitment_rate(of.count("committed")?, of.count("active")?),
        "plan_realization" => formulas::plan_realization(of.count("met")?, of.count("total")?),
        "net_recurring_revenue" => formulas::net_recurring_revenue(of.take("added")?, of.take("lost")?),
        "recurring_revenue_rate" => formulas::recurring_revenue_rate(of.take("start")?, of.take("end")?),
        "net_revenue_retention" => formulas::net_revenue_retention(
            of.take("start")?,
            of.take("expansion")?,
            of.take("contraction")?,
            of.take("churn")?,
        ),
        "gross_revenue_retention" => {
            formulas::gross_revenue_retention(of.take("start")?, of.take("contraction")?, of.take("churn")?)
        }
        "revenue_growth_rate" => formulas::revenue_growth_rate(of.take("start")?, of.take("added")?, of.take("lost")?),
        "customer_retention_rate" => formulas::customer_retention_rate(of.count("retained")?, of.count("start")?),
        "customer_churn_rate" => formulas::customer_churn_rate(of.count("churned")?, of.count("start")?),
        "contract_renewal_rate" => formulas::contract_renewal_rate(of.count("renewed")?, of.count("due")?),
        "license_adoption" => Ok(formulas::license_adoption(of.count("used")?, of.count("sold")?)),
        "advanced_user_share" => Ok(formulas::advanced_user_share(of.count("advanced")?, of.count("basic")?)),
        "roi" => formulas::roi(of.take("benefit")?, of.take("investment")?),
        "payback_years" => formulas::payback_years(of.take("investment")?, of.take("yearly_benefit")?),
        "impact_share" => formulas::impact_share(of.count("count")?, of.count("total")?),
        "nps" => Ok(formulas::nps(of.count("promoters")?, of.count("passives")?, of.count("detractors")?)),
        "csat" => formulas::csat(of.count("satisfied")?, of.count("answers")?),
        "ces_mean" => formulas::ces_mean(of.take("effort_total")?, of.count("answers")?),
        "ces_top_share" => formulas::ces_top_share(of.count("easiest")?, of.count("answers")?),
        "ces_net" => Ok(formulas::ces_net(of.count("easy")?, of.count("neutral")?, of.count("hard")?)),
        "defect_share" => formulas::defect_share(of.count("defects")?, of.count("cases")?),
        "defect_cost_share" => formulas::defect_cost_share(of.take("defect_cost")?, of.take("service_cost")?),
        "service_coverage" => formulas::service_coverage(of.count("covered")?, of.count("customers")?),
        "attach_rate" => Ok(formulas::attach_rate(of.count("attached")?, of.count("product_sales")?)),
        "upgrade_rate" => formulas::upgrade_rate(of.count("upgraded")?, of.count("subscribers")?),
        "service_margin" => formulas::service_margin(of.take("revenue")?, of.take("cost")?),
        "service_return" => formulas::service_return(of.take("direct")?, of.take("indirect")?, of.take("cost")?),
        "cost_per_case" => formulas::cost_per_case(of.take("cost")?, of.count("cases")?),
        "first_contact_resolution" => {
            formulas::first_contact_resolution(of.count("resolved_first")?, of.count("resolved")?)
        }
        "deflection_rate" => formulas::deflection_rate(of.count("self_resolved")?, of.count("issues")?),
        "fully_adopted_rate" => formulas::fully_adopted_rate(of.count("fully_adopted")?, of.count("customers")?),
        "basic_user_share" => Ok(formulas::basic_user_share(of.count("basic")?, of.count("advanced")?)),
        "uninterrupted_rate" => formulas::uninterrupted_rate(of.count("uninterrupted")?, of.count("customers")?),
        "negative_engagement_share" => {
            formulas::negative_engagement_share(of.count("negative")?, of.count("engagements")?)
        }
        "engaged_share" => formulas::engaged_share(of.count("engaged")?, of.count("customers")?),
        "engagements_per_customer" => {
            Ok(formulas::engagements_per_customer(of.count("engagements")?, of.count("customers")?))
        }
        "mean_tenure_months" => formulas::mean_tenure_months(of.take("tenure_months")?, of.count("customers")?),
        "new_share_of_growth" => formulas::new_share_of_growth(of.take("new")?, of.take("added")?),
        "expansion_share_of_growth" => formulas::expansion_share_of_growth(of.take("expansion")?, of.take("added")?),
        "reactivation_share_of_growth" => {
            formulas::reactivation_share_of_growth(of.take("reactivation")?, of.take("added")?)
        }
        "churn_share_of_loss" => formulas::churn_share_of_loss(of.take("churn")?, of.take("lost")?),
        "contraction_share_of_loss" => formulas::contraction_share_of_loss(of.take("contraction")?, of.take("lost")?),
        "avoidable_loss_share" => formulas::avoidable_loss_share(of.take("avoidable")?, of.take("lost")?),
        "risk_share" => formulas::risk_share(of.count("at_risk")?, of.count("rated")?),
        "revenue_at_risk_share" => formulas::revenue_at_risk_share(of.take("at_risk")?, of.take("rated")?),
        "cost_per_customer" => formulas::cost_per_customer(of.take("cost")?, of.count("customers")?),
        "proactive_share" => formulas::proactive_share(of.count("proactive")?, of.count("cases")?),
        "documented_share" => formulas::documented_share(of.count("documented")?, of.count("closed")?),
        "reopen_rate" => formulas::reopen_rate(of.count("reopened")?, of.count("cases")?),
        "sla_met_share" => formulas::sla_met_share(of.count("met")?, of.count("with_target")?),
        "support_price" => formulas::support_price(
            of.optional("list_price")?,
            of.optional("net_price")?,
            of.optional("rate")?.unwrap_or_default(),
            of.optional("add_ons")?.unwrap_or_default(),
            of.optional("yearly_adjustment")?.unwrap_or_default(),
            of.optional("years")?.map_or(Ok(1), |years| years.try_into().map_err(|_| Refused::ByType))?,
        ),
        other => return Err(Refused::Case(format!("no formula {other}"))),
    };
    figure.map_err(Refused::ByFormula)
}

pub(super) fn run(case: &FormulaCase) -> Result<(), String> {
    let arguments = Arguments(RefCell::new(case.arguments.clone()));
    let outcome = call(&case.formula, &arguments);
    let left: Vec<String> = arguments.0.borrow().keys().cloned().collect();
    match (outcome, &case.expect, &case.error) {
        (Err(Refused::Case(problem)), _, _) => Err(problem),
        (Ok(_), _, _) if !left.is_empty() => {
            Err(format!("arguments that the formula does not have: {}", left.join(", ")))
        }
        (Ok(figure), Some(expected), None) => agrees(&figure, expected),
        (Err(Refused::ByFormula(error)), None, Some(expected)) => agrees_error(&error, expected),
        // What Rust's types refuse at compile time is an invalid value where there are no such types.
        (Err(Refused::ByType), None, Some(expected)) if expected.kind == "invalid_value" => Ok(()),
        (Ok(figure), None, Some(expected)) => Err(format!("found {figure}; expected the error {}", expected.kind)),
        (Err(Refused::ByFormula(error)), Some(_), None) => Err(format!("found the error {error}; expected a figure")),
        (Err(Refused::ByType), _, _) => Err("a negative count; expected a figure or another error".to_owned()),
        (_, _, _) => Err("a case has either 'expect' or 'error'".to_owned()),
    }
}
