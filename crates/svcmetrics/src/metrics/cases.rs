//! Cases, a row each: what they are about, how fast and at which cost they are resolved, what needs no case at all.

use super::columns::{
    CONTACTS, COST, CSAT_SCORE, IS_DEFECT, IS_DOCUMENTED, IS_PROACTIVE, MET_SLA, OPENED_AT, REOPENED, RESOLVED_AT,
    RESPONDED_AT, SELF_RESOLVED,
};
use super::proportion;
use crate::column::Column;
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::expression::Expression;
use crate::figure::{Figure, Unit};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};

const ARTICLE: &str = "ServiceXRG, Cases";
const OF_DEFECTS: &str = "ServiceXRG, Beyond service metrics, 1";

/// Times are held in seconds and read in hours.
const HOUR: u32 = 3_600;

pub(crate) fn metrics() -> Vec<Metric> {
    let mut metrics: Vec<Metric> = shares().into_iter().chain(means()).collect();
    metrics.extend(times("response", RESPONDED_AT));
    metrics.extend(times("resolution", RESOLVED_AT));
    let sourced = |metric: Metric| if metric.article().is_empty() { metric.source(ARTICLE) } else { metric };
    metrics.into_iter().map(sourced).collect()
}

/// The share of counted cases for which something holds.
fn of_cases(
    id: &'static str,
    title: &'static str,
    part: (&'static str, Condition),
    whole: &'static str,
    scope: &Scope,
) -> Metric {
    let part = Measure::count(part.0, scope, Time::Flow).only(part.1);
    Metric::share(id, title, vec![(1, part)], vec![(1, Measure::count(whole, scope, Time::Flow))])
        .better(Better::Higher)
}

fn shares() -> [Metric; 7] {
    let known = |id: &'static str, column: Column| Scope::new(id).reads([column]);
    let is = Condition::IsTrue;
    let resolved = || Condition::Present(RESOLVED_AT);
    let documentation = known("case_documentation", IS_DOCUMENTED).among(resolved());
    let first_contact = Scope::new("case_first_contact").reads([CONTACTS, REOPENED]).among(resolved());
    let at_first =
        Condition::compare(CONTACTS, Comparison::Equal, Expression::constant(1)).and(Condition::IsFalse(REOPENED));
    let target = known("case_target", MET_SLA).among(Condition::Present(MET_SLA));
    [
        of_cases(
            "case_defect_share",
            "Cases caused by defects",
            ("cases_by_defects", is(IS_DEFECT)),
            "cases_with_cause",
            &known("case_cause", IS_DEFECT),
        )
        .better(Better::Lower)
        .source(OF_DEFECTS),
        of_cases(
            "case_proactive_share",
            "Proactive cases",
            ("proactive_cases", is(IS_PROACTIVE)),
            "cases_with_initiative",
            &known("case_initiative", IS_PROACTIVE),
        ),
        of_cases(
            "case_documented_share",
            "Documented cases",
            ("documented_cases", is(IS_DOCUMENTED)),
            "resolved_cases_with_documentation",
            &documentation,
        ),
        of_cases(
            "case_deflection_rate",
            "Deflection",
            ("self_resolved_cases", is(SELF_RESOLVED)),
            "cases_with_self_help",
            &known("case_self_help", SELF_RESOLVED),
        ),
        of_cases(
            "case_first_contact_resolution",
            "First contact resolution",
            ("cases_resolved_at_first_contact", at_first),
            "resolved_cases_with_contacts",
            &first_contact,
        ),
        of_cases(
            "case_reopen_rate",
            "Reopened cases",
            ("reopened_cases", is(REOPENED)),
            "cases_with_reopening",
            &known("case_reopening", REOPENED),
        )
        .better(Better::Lower),
        of_cases("case_sla_met_share", "SLA met", ("cases_within_target", is(MET_SLA)), "cases_with_target", &target),
    ]
}

fn means() -> [Metric; 6] {
    let total = |id: &'static str, scope: &Scope, column: Column| Measure::total(id, scope, column.into(), Time::Flow);
    let cost = Scope::new("case_cost").reads([COST]);
    let spent = || vec![(1, total("case_cost", &cost, COST))];
    let csat = |id: &'static str, title: &'static str, total_id: &'static str, answers: &'static str, scope: &Scope| {
        let sum = vec![(1, total(total_id, scope, CSAT_SCORE))];
        let answers = vec![(1, Measure::count(answers, scope, Time::Flow))];
        Metric::mean(id, title, Unit::Number, sum, answers).better(Better::Higher)
    };
    let answered = |id: &'static str| Scope::new(id).reads([CSAT_SCORE]);
    let of_defects = answered("case_csat_of_defects").among(Condition::IsTrue(IS_DEFECT));
    let of_others = answered("case_csat_of_others").among(Condition::IsFalse(IS_DEFECT));
    [
        Metric::mean(
            "case_cost_mean",
            "Mean cost of a case",
            Unit::Money,
            spent(),
            vec![(1, Measure::count("cases_with_cost", &cost, Time::Flow))],
        )
        .better(Better::Lower),
        Metric::amount("case_cost", "Cost of cases", Unit::Money, spent()).better(Better::Lower),
        csat("case_csat_mean", "Mean satisfaction", "case_csat_total", "case_csat_answers", &answered("case_csat")),
        csat(
            "case_csat_mean_of_defects",
            "Mean satisfaction, cases caused by defects",
            "case_csat_total_of_defects",
            "case_csat_answers_of_defects",
            &of_defects,
        ),
        csat(
            "case_csat_mean_of_others",
            "Mean satisfaction, other cases",
            "case_csat_total_of_others",
            "case_csat_answers_of_others",
            &of_others,
        ),
        Metric::difference(
            "case_defect_csat_gap",
            "Satisfaction lost to defects",
            "case_csat_mean_of_others",
            "case_csat_mean_of_defects",
        )
        .unit(Unit::Number)
        .better(Better::Lower)
        .source(OF_DEFECTS),
    ]
}

/// The time from the opening of a case to something: open cases are missing, and what is before the opening is invalid.
fn times(name: &str, until: Column) -> [Metric; 3] {
    let scope = Scope::new(format!("case_time_to_{name}")).reads([OPENED_AT, until.clone()]).rule(Condition::compare(
        until.clone(),
        Comparison::AtLeast,
        OPENED_AT,
    ));
    let passed = Expression::from(until).minus(OPENED_AT);
    let seconds = Measure::total(format!("case_seconds_to_{name}"), &scope, passed, Time::Flow);
    let cases = Measure::count(format!("cases_with_{name}"), &scope, Time::Flow);
    let id = |statistic: &str| format!("case_time_to_{name}_{statistic}");
    let quantile = |statistic, title: String, percent| {
        Metric::quantile(id(statistic), title, Unit::Hours, seconds.clone(), percent, HOUR)
    };
    let (sum, hours) = (vec![(1, seconds.clone())], vec![(HOUR.cast_signed(), cases)]);
    [
        Metric::mean(id("mean"), format!("Mean time to {name}"), Unit::Hours, sum, hours),
        quantile("median", format!("Median time to {name}"), 50),
        quantile("p90", format!("Time to {name} of nine in ten cases"), 90),
    ]
    .map(|metric| metric.better(Better::Lower))
}

/// The share of resolved cases that took one contact and were not reopened.
///
/// `resolved_first / resolved`, a fraction from 0 to 1; undefined where nothing was resolved.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more were resolved at first contact than at all.
///
/// ```
/// use svcmetrics::formulas::first_contact_resolution;
/// assert_eq!(first_contact_resolution(3, 4)?.value(), Some(0.75));
/// assert!(!first_contact_resolution(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn first_contact_resolution(resolved_first: u64, resolved: u64) -> Result<Figure> {
    proportion("resolved_first", resolved_first, resolved)
}

/// The share of all issues that customers resolved by self-help.
///
/// `self_resolved / issues`, a fraction from 0 to 1; undefined without issues.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more were resolved by self-help than there are.
///
/// ```
/// use svcmetrics::formulas::deflection_rate;
/// assert_eq!(deflection_rate(1, 4)?.value(), Some(0.25));
/// assert!(!deflection_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn deflection_rate(self_resolved: u64, issues: u64) -> Result<Figure> {
    proportion("self_resolved", self_resolved, issues)
}
