//! How long cases take to a first response and to their resolution.

use crate::column::Column;
use crate::condition::{Comparison, Condition};
use crate::expression::Expression;
use crate::figure::Unit;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};
use crate::metrics::columns::{OPENED_AT, RESOLVED_AT, RESPONDED_AT};

/// Times are held in seconds and read in hours.
const HOUR: u32 = 3_600;

pub(super) fn metrics() -> impl Iterator<Item = Metric> {
    to_response().into_iter().chain(to_resolution())
}

/// Mean, median and ninetieth percentile of the time from the opening of a case to something: open cases are missing, and
/// what is before the opening is invalid.
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

fn to_response() -> [Metric; 3] {
    let [mean, median, p90] = times("response", RESPONDED_AT);
    [
        mean.reading(
            "How many hours customers waited for a first response on average. The hours are those of the calendar: \
             who writes on Friday evening and is answered on Monday morning has waited the whole weekend. A few such \
             waits lift it far above the usual one, which `case_time_to_response_median` gives.",
        )
        .edge_case(
            "Cases that nobody has responded to are missing, so a growing pile of neglected ones does not show here, \
             but in how many are missing.",
        )
        .edge_case("An automatic receipt that the ticket system records as the response makes it almost 0.")
        .edge_case(
            "A response before the opening is invalid; clocks or time zones that differ between two systems are the \
             usual cause.",
        ),
        median
            .reading(
                "Half of the customers with a response had it within this time: the usual wait. It hardly moves when \
                 a tenth of the cases is forgotten for weeks, so never report it without \
                 `case_time_to_response_p90`.",
            )
            .edge_case("Without `quantiles=True` a scorecard holds sums alone, of which no median can be had.")
            .edge_case("Of an even number of cases it is the middle between the two in the middle."),
        p90.reading(
            "Nine in ten customers with a response waited no longer than this for it. It is the number to base \
             promises on, since a promise at the mean is broken for many; and it is the first to show nights, \
             weekends and shifts that are short of people.",
        )
        .edge_case("In a group of two to ten cases it lies between the two slowest, so one bad case decides it.")
        .edge_case(
            "That of a year does not follow from those of its months, but does from the months' scorecards, which \
             keep how often each time occurred if they were made with `quantiles=True`.",
        ),
    ]
}

fn to_resolution() -> [Metric; 3] {
    let [mean, median, p90] = times("resolution", RESOLVED_AT);
    [
        mean.reading(
            "How many hours passed on average from the opening of a case to its resolution, nights and weekends \
             included. Long cases dominate it, and it jumps when an old backlog is cleared, which is good news that \
             looks bad. Compare it within one issue type.",
        )
        .edge_case(
            "Open cases are missing; the slowest enter only once they are resolved, and then with all their age.",
        )
        .edge_case(
            "For a reopened case it is the resolution in the table that counts, which in most systems is the last one.",
        )
        .edge_case("Waiting for the customer is part of it, because a row knows only when a case began and ended."),
        median
            .reading(
                "The time within which half of the resolved cases were done, and so what a customer can typically \
                 expect. Far below `case_time_to_resolution_mean` it says that most cases are quick and some drag on.",
            )
            .edge_case("Times are rounded to whole seconds before they are put in order, half to even.")
            .edge_case(
                "Medians of groups do not add up to that of all: keep `quantiles=True` where scorecards are going to \
                 be merged, otherwise it is undefined.",
            ),
        p90.reading(
            "All but the slowest tenth of the resolved cases took this long at most. It shows what means and medians \
             hide: escalations, handovers between teams, waits for a fix. To lower it, look for what those cases have \
             in common instead of asking everybody to hurry.",
        )
        .edge_case("Closing cases that have been forgotten for months raises it, although that is right to do.")
        .edge_case("It is interpolated between two cases, so there need not be one that took exactly this long."),
    ]
}
