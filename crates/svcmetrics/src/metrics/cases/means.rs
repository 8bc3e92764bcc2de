//! What cases cost, and how satisfied customers are with them.

use super::OF_DEFECTS;
use crate::column::Column;
use crate::condition::Condition;
use crate::figure::Unit;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};
use crate::metrics::columns::{COST, CSAT_SCORE, IS_DEFECT};

pub(super) fn metrics() -> [Metric; 6] {
    let [mean, total] = costs();
    let [all, of_defects, of_others, gap] = satisfaction();
    [mean, total, all, of_defects, of_others, gap]
}

fn total(id: &'static str, scope: &Scope, column: Column) -> Measure {
    Measure::total(id, scope, column.into(), Time::Flow)
}

fn costs() -> [Metric; 2] {
    let cost = Scope::new("case_cost").reads([COST]);
    let spent = vec![(1, total("case_cost", &cost, COST))];
    let cases = vec![(1, Measure::count("cases_with_cost", &cost, Time::Flow))];
    [
        Metric::mean("case_cost_mean", "Mean cost of a case", Unit::Money, spent.clone(), cases)
            .better(Better::Lower)
            .reading(
                "What a case costs on average, by the costs that are booked on single cases. `cost_per_case` divides \
                 all that service costs instead, so the difference of the two is what no case explains, such as \
                 tools and idle time. A few escalations can make up most of it.",
            )
            .edge_case("A case that is known to have cost nothing lowers the mean; one of unknown cost does not.")
            .edge_case("An open case counts with what it has cost so far, and may yet become expensive."),
        Metric::amount("case_cost", "Cost of cases", Unit::Money, spent)
            .better(Better::Lower)
            .reading(
                "What all cases with a known cost came to together. It follows the number of cases as well as their \
                 price: `case_cost_mean` tells which of the two has moved. Broken down by issue type it ranks what is \
                 worth preventing.",
            )
            .edge_case("Cases whose cost is null add nothing, so look how many are missing before budgeting with it.")
            .edge_case("All of a case's cost goes to the period of its row, also where the work took several periods."),
    ]
}

fn satisfaction() -> [Metric; 4] {
    let answered = |id: &'static str| Scope::new(id).reads([CSAT_SCORE]);
    let mean = |id: &'static str, title: &'static str, total_id: &'static str, answers: &'static str, scope: &Scope| {
        let sum = vec![(1, total(total_id, scope, CSAT_SCORE))];
        let answers = vec![(1, Measure::count(answers, scope, Time::Flow))];
        Metric::mean(id, title, Unit::Number, sum, answers).better(Better::Higher)
    };
    [
        mean("case_csat_mean", "Mean satisfaction", "case_csat_total", "case_csat_answers", &answered("case_csat"))
            .reading(
                "The mean answer to the survey after a case, in points of the survey's own scale: 4 is good of 5 and \
                 poor of 10. Half delighted and half furious customers have the same mean as lukewarm ones, so look \
                 at the low answers one by one.",
            )
            .edge_case(
                "A case without an answer is missing, and often it is the very pleased and the very annoyed who answer.",
            )
            .edge_case("Any number is taken, so two surveys with different scales in one column go unnoticed."),
        mean(
            "case_csat_mean_of_defects",
            "Mean satisfaction, cases caused by defects",
            "case_csat_total_of_defects",
            "case_csat_answers_of_defects",
            &answered("case_csat_of_defects").among(Condition::IsTrue(IS_DEFECT)),
        )
        .reading(
            "How satisfied customers were where a defect was the cause. Support can explain, offer a workaround and \
             keep people informed, but not mend the product, so this judges the product along with the help.",
        )
        .edge_case("An answered case of unknown cause is missing here, though it counts for `case_csat_mean`.")
        .edge_case("There are few such answers in most tables, and a mean of a handful swings from month to month."),
        mean(
            "case_csat_mean_of_others",
            "Mean satisfaction, other cases",
            "case_csat_total_of_others",
            "case_csat_answers_of_others",
            &answered("case_csat_of_others").among(Condition::IsFalse(IS_DEFECT)),
        )
        .reading(
            "How satisfied customers were with questions, requests and all else that no defect caused. Here the \
             product did not break, which makes it the fairer verdict on the work of support.",
        )
        .edge_case("A defect that was not recognized as one ends up here and pulls it down.")
        .edge_case(
            "The plain average of it and `case_csat_mean_of_defects` is not `case_csat_mean`, as the two kinds of \
             cases differ in number.",
        ),
        Metric::difference(
            "case_defect_csat_gap",
            "Satisfaction lost to defects",
            "case_csat_mean_of_others",
            "case_csat_mean_of_defects",
        )
        .unit(Unit::Number)
        .better(Better::Lower)
        .source(OF_DEFECTS)
        .reading(
            "How many points less satisfied customers are with defect cases than with others: what defects cost in \
             goodwill, to be told to those who decide about quality. Below 0 customers like the handling of defects \
             better, which is possible, but with few answers more often chance.",
        )
        .edge_case("It takes answers of both kinds: a group that lacks one of them has no gap.")
        .edge_case("A point is a large gap on a scale to 5 and a modest one on a scale to 10.")
        .edge_case("Defect cases also take longer, so a part of what is lost may be owed to the wait."),
    ]
}
