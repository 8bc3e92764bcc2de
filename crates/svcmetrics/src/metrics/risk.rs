//! Risk: who may spend less, who may leave, and how much revenue goes with them.

use super::columns::{REVENUE_END, RISK};
use crate::condition::Condition;
use crate::figure::Unit;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};

pub(super) fn metrics() -> Vec<Metric> {
    let at = |word: &'static str| Condition::Is(RISK, word.into());
    let rated = Scope::new("risk").reads([RISK]);
    let count = |id: &'static str, word| Measure::count(id, &rated, Time::Stock).only(at(word));
    let customers = Measure::count("customers_rated", &rated, Time::Stock);

    let revenue = Scope::new("revenue_rated").reads([RISK, REVENUE_END]);
    let total = |id: &'static str| Measure::total(id, &revenue, REVENUE_END.into(), Time::Stock);
    let either = vec![
        (1, total("revenue_at_defection_risk").only(at("defection"))),
        (1, total("revenue_at_downgrade_risk").only(at("downgrade"))),
    ];
    let share = |id: &'static str, title: &'static str, numerator, denominator| {
        Metric::share(id, title, numerator, denominator).better(Better::Lower).source(ARTICLE)
    };
    vec![
        share(
            "defection_risk_share",
            "Customers who may leave",
            vec![(1, count("customers_at_defection_risk", "defection"))],
            vec![(1, customers.clone())],
        ),
        share(
            "downgrade_risk_share",
            "Customers who may spend less",
            vec![(1, count("customers_at_downgrade_risk", "downgrade"))],
            vec![(1, customers)],
        ),
        Metric::amount("revenue_at_risk", "Revenue at risk", Unit::Money, either.clone())
            .better(Better::Lower)
            .source(ARTICLE),
        share("revenue_at_risk_share", "Share of revenue at risk", either, vec![(1, total("revenue_rated"))]),
    ]
}

const ARTICLE: &str = "ServiceXRG, Beyond service metrics, 2";
