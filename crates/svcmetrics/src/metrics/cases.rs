//! Cases, a row each: what they are about, how fast and at which cost they are resolved, what needs no case at all.

mod means;
mod mixes;
mod times;

use super::columns::{CONTACTS, IS_DEFECT, IS_DOCUMENTED, IS_PROACTIVE, MET_SLA, REOPENED, RESOLVED_AT, SELF_RESOLVED};
use super::proportion;
use crate::column::Column;
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::expression::Expression;
use crate::figure::Figure;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};

const ARTICLE: &str = "ServiceXRG, Cases";
const OF_DEFECTS: &str = "ServiceXRG, Beyond service metrics, 1";

pub(crate) fn metrics() -> Vec<Metric> {
    let metrics = mixes::metrics().into_iter().chain(shares()).chain(means::metrics()).chain(times::metrics());
    metrics.map(|metric| if metric.article().is_empty() { metric.source(ARTICLE) } else { metric }).collect()
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

#[allow(clippy::too_many_lines)] // most of them are what people read
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
        .source(OF_DEFECTS)
        .reading(
            "The share of single cases that defects of the product caused. Unlike `defect_share`, which adds counts \
             of customers, it can be broken down by whatever a case has, such as release, component or issue type, \
             and so says where to mend. It usually peaks after a release: compare like weeks of the cycle.",
        )
        .edge_case(
            "A case whose cause nobody has judged yet is missing, so while many are undecided the share rests on few.",
        )
        .edge_case("Ten cases about one and the same defect are ten: it is the load on support, not a list of faults."),
        of_cases(
            "case_proactive_share",
            "Proactive cases",
            ("proactive_cases", is(IS_PROACTIVE)),
            "cases_with_initiative",
            &known("case_initiative", IS_PROACTIVE),
        )
        .reading(
            "The share of cases that support opened before the customer asked, by monitoring or planned checks. When \
             it rises, see whether customers open fewer cases themselves: only then are problems found earlier, and \
             not merely more of them.",
        )
        .edge_case("A null is not taken for a case that the customer began; it is missing.")
        .edge_case("Alarms that open cases by themselves are proactive, too, and a noisy one can fill most of it."),
        of_cases(
            "case_documented_share",
            "Documented cases",
            ("documented_cases", is(IS_DOCUMENTED)),
            "resolved_cases_with_documentation",
            &documentation,
        )
        .reading(
            "The share of resolved cases whose solution was written down for others to find. It prepares what \
             `case_deflection_rate` shows later: only what is written can help customers to help themselves. Whether \
             articles are found, read and right it does not tell.",
        )
        .edge_case("An open case is outside, since it has no solution yet that could be written down.")
        .edge_case(
            "Mark cases that an existing article answers as documented; otherwise a good knowledge base lowers it.",
        ),
        of_cases(
            "case_deflection_rate",
            "Deflection",
            ("self_resolved_cases", is(SELF_RESOLVED)),
            "cases_with_self_help",
            &known("case_self_help", SELF_RESOLVED),
        )
        .reading(
            "The share of all issues that customers resolved by self-help, so that nobody in support had to. It is \
             as good as the record of self-help: what was solved on a web page without leaving a row is not seen, \
             and somebody who gave up there may be taken for somebody who was helped.",
        )
        .edge_case(
            "A table of only those cases that support handled gives 0, which tells of the table and not of self-help.",
        )
        .edge_case(
            "Self-help takes the simple issues, so while this improves, the cases that are left take longer and cost \
             more each.",
        ),
        of_cases(
            "case_first_contact_resolution",
            "First contact resolution",
            ("cases_resolved_at_first_contact", at_first),
            "resolved_cases_with_contacts",
            &first_contact,
        )
        .reading(
            "The share of resolved cases that took a single contact and stayed closed: to customers each further \
             contact is effort. Many simple questions make it high, so it falls where self-help takes them away, \
             without any agent doing worse. Do not reward it alone, or cases are closed too soon.",
        )
        .edge_case("A case that was resolved with 0 contacts is in the denominator only, as it had no first one.")
        .edge_case("One contact is no success if the case was opened again.")
        .edge_case(
            "It asks for both `contacts` and `reopened`: where either is null a resolved case is missing, even if the \
             other would decide.",
        ),
        of_cases(
            "case_reopen_rate",
            "Reopened cases",
            ("reopened_cases", is(REOPENED)),
            "cases_with_reopening",
            &known("case_reopening", REOPENED),
        )
        .better(Better::Lower)
        .reading(
            "The share of cases that were opened again after somebody had called them resolved. Held against \
             `case_time_to_resolution_mean` it shows whether speed was bought with solutions that do not last. \
             Teams with difficult issues have more of it, so compare like with like.",
        )
        .edge_case("Cases that are still open for the first time are in the denominator, so a new backlog lowers it.")
        .edge_case("However often a case was reopened, it counts once.")
        .edge_case(
            "A case may be opened again weeks later, so the figure of the latest period is still going to rise.",
        ),
        of_cases("case_sla_met_share", "SLA met", ("cases_within_target", is(MET_SLA)), "cases_with_target", &target)
            .reading(
                "The share of cases with a target of the service level agreement that kept it. A minute too late and \
                 a week too late weigh the same, so look at `case_time_to_resolution_p90` for how bad the breaches \
                 are; and a share near 100 % may only mean that targets are easy.",
            )
            .edge_case("A case without a target, which is what a null means here, neither helps nor harms.")
            .edge_case(
                "Where the export leaves late but unfinished cases null as well, breaches stay hidden until they are \
                 closed.",
            )
            .edge_case(
                "A group in which no case has a target has not kept all of its targets: the share is undefined.",
            ),
    ]
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

/// The share of cases that support opened before the customer asked.
///
/// `proactive / cases`, a fraction from 0 to 1; undefined without cases.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where the part is above the whole.
///
/// ```
/// use svcmetrics::formulas::proactive_share;
/// assert_eq!(proactive_share(1, 4)?.value(), Some(0.25));
/// assert!(!proactive_share(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn proactive_share(proactive: u64, cases: u64) -> Result<Figure> {
    proportion("proactive", proactive, cases)
}

/// The share of closed cases whose solution is documented.
///
/// `documented / closed`, a fraction from 0 to 1; undefined where none is closed.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where the part is above the whole.
///
/// ```
/// use svcmetrics::formulas::documented_share;
/// assert_eq!(documented_share(3, 4)?.value(), Some(0.75));
/// assert!(!documented_share(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn documented_share(documented: u64, closed: u64) -> Result<Figure> {
    proportion("documented", documented, closed)
}

/// The share of cases that were reopened.
///
/// `reopened / cases`, a fraction from 0 to 1; undefined without cases.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where the part is above the whole.
///
/// ```
/// use svcmetrics::formulas::reopen_rate;
/// assert_eq!(reopen_rate(1, 8)?.value(), Some(0.125));
/// assert!(!reopen_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn reopen_rate(reopened: u64, cases: u64) -> Result<Figure> {
    proportion("reopened", reopened, cases)
}

/// The share of cases with a target that met it.
///
/// `met / with_target`, a fraction from 0 to 1; undefined where no case has a target.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where the part is above the whole.
///
/// ```
/// use svcmetrics::formulas::sla_met_share;
/// assert_eq!(sla_met_share(5, 8)?.value(), Some(0.625));
/// assert!(!sla_met_share(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn sla_met_share(met: u64, with_target: u64) -> Result<Figure> {
    proportion("met", met, with_target)
}
