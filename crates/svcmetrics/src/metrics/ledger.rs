//! Movements of a ledger: what a table of two dates cannot know, since it takes a customer's history to tell.

use super::columns::{
    HAD_REVENUE, LOSS_AVOIDABLE, LOSS_REASON, MONTHS_COVERED, MONTHS_IN_PERIOD, YEARLY_FX, YEARLY_REVENUE_END,
    YEARLY_REVENUE_START, YEARLY_TRANSFER_IN, YEARLY_TRANSFER_OUT, YEARLY_TRANSIENT,
};
use super::{retention, revenue};
use crate::condition::{Comparison, Condition};
use crate::expression::Expression;
use crate::figure::{Figure, Total, Unit, Value};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Combination, Form, Metric};

const ARTICLE: &str = "ServiceXRG, Recurring Revenue Rate";

/// The scope of its measures.
const OF_LEDGER: &str = "ledger";

/// The scope of those that take verdicts on losses.
pub(crate) const LOSSES_WITH_REASON: &str = "ledger_losses_with_reason";

/// Whether a metric is made of a ledger's movements, and so of a customer's history.
pub(crate) fn is_of_ledger(metric: &Metric) -> bool {
    metric.forms().iter().filter_map(Form::scope).any(|scope| [OF_LEDGER, LOSSES_WITH_REASON].contains(&scope.id()))
}

/// What adds up to 0 in every group, but for what was rolled up over time: the end is what came of the start.
pub(crate) const IDENTITIES: [&[(i128, &str)]; 2] = [
    &[
        (-1, "ledger_revenue_end"),
        (1, "ledger_revenue_start"),
        (1, "ledger_revenue_new"),
        (1, "ledger_revenue_reactivation"),
        (1, "ledger_revenue_expansion"),
        (1, "ledger_revenue_transfer_in"),
        (1, "ledger_revenue_fx"),
        (-1, "ledger_revenue_contraction"),
        (-1, "ledger_revenue_churn"),
        (-1, "ledger_revenue_transfer_out"),
    ],
    &[(-1, "ledger_customers_retained"), (1, "ledger_customers_start"), (-1, "ledger_customers_churned")],
];

/// Months of a year.
const YEAR: u32 = 12;

/// What amounts of recurring revenue are shown as; they are held as those of a year.
///
/// ```
/// assert_eq!((svcmetrics::RunRate::default().name(), svcmetrics::RunRate::Year.name()), ("month", "year"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum RunRate {
    /// Revenue of a month: MRR.
    #[default]
    Month,
    /// Revenue of a year: ARR.
    Year,
}

impl RunRate {
    /// `month` or `year`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// A year's amount, in micro-units, as what it is shown as.
    pub(crate) fn figure(self, yearly: i128) -> Figure {
        let total = Total::new(yearly, true);
        let value = match self {
            Self::Month => Value::Quotient { numerator: total, denominator: Total::new(YEAR.into(), false) },
            Self::Year => Value::Amount(total),
        };
        Figure::new(Unit::Money, value)
    }
}

/// The measures of a ledger; a row is a customer in a period, and in a segment that it was ever in.
struct Measures {
    start: Measure,
    end: Measure,
    new: Measure,
    reactivation: Measure,
    expansion: Measure,
    contraction: Measure,
    churn: Measure,
    transfer_in: Measure,
    transfer_out: Measure,
    fx: Measure,
    transient: Measure,
    loss_with_reason: Measure,
    loss_avoidable: Measure,
    complete: Measure,
    months: Measure,
    customers: Customers,
}

struct Customers {
    start: Measure,
    end: Measure,
    new: Measure,
    reactivated: Measure,
    expanded: Measure,
    contracted: Measure,
    churned: Measure,
    retained: Measure,
    transient: Measure,
}

impl Measures {
    fn new() -> Self {
        let scope = Scope::new(OF_LEDGER)
            .reads([YEARLY_REVENUE_START, YEARLY_REVENUE_END, YEARLY_TRANSFER_IN, YEARLY_TRANSFER_OUT, YEARLY_FX])
            .reads([YEARLY_TRANSIENT, HAD_REVENUE, MONTHS_COVERED, MONTHS_IN_PERIOD])
            .rule(Condition::at_most(MONTHS_COVERED, MONTHS_IN_PERIOD));
        let total = |id, sum, time| Measure::total(id, &scope, sum, time);
        let flow = |id, sum, only| total(id, sum, Time::Flow).only(only);
        let count = |id, time, only| Measure::count(id, &scope, time).only(only);
        // What is paid at the end by those who paid at the start, whichever segment they are in by then.
        let kept = || {
            Expression::from(YEARLY_REVENUE_END).plus(1, YEARLY_TRANSFER_OUT).minus(YEARLY_TRANSFER_IN).minus(YEARLY_FX)
        };
        let start = || Expression::from(YEARLY_REVENUE_START);
        let zero = || Expression::constant(0);
        let comes = || {
            Condition::compare(start(), Comparison::Equal, zero()).and(Condition::compare(
                kept(),
                Comparison::More,
                zero(),
            ))
        };
        let is_new = || comes().and(Condition::IsFalse(HAD_REVENUE));
        let is_back = || comes().and(Condition::IsTrue(HAD_REVENUE));
        let stays =
            || Condition::positive(YEARLY_REVENUE_START).and(Condition::compare(kept(), Comparison::More, zero()));
        let expands = || stays().and(Condition::compare(kept(), Comparison::More, start()));
        let contracts = || stays().and(Condition::compare(kept(), Comparison::Less, start()));
        let leaves =
            || Condition::positive(YEARLY_REVENUE_START).and(Condition::compare(kept(), Comparison::AtMost, zero()));
        let lost = || {
            start().minus(YEARLY_REVENUE_END).minus(YEARLY_TRANSFER_OUT).plus(1, YEARLY_TRANSFER_IN).plus(1, YEARLY_FX)
        };
        let shrinks = || Condition::compare(kept(), Comparison::Less, start());
        let losses = Scope::new(LOSSES_WITH_REASON)
            .among(shrinks().and(Condition::Present(LOSS_REASON)))
            .reads([LOSS_AVOIDABLE, YEARLY_REVENUE_START, YEARLY_REVENUE_END])
            .reads([YEARLY_TRANSFER_IN, YEARLY_TRANSFER_OUT, YEARLY_FX]);
        let of_losses = |id| Measure::total(id, &losses, lost(), Time::Flow);
        Self {
            loss_with_reason: of_losses("ledger_loss_with_reason"),
            loss_avoidable: of_losses("ledger_loss_avoidable").only(Condition::IsTrue(LOSS_AVOIDABLE)),
            start: total("ledger_revenue_start", start(), Time::Stock),
            end: total("ledger_revenue_end", YEARLY_REVENUE_END.into(), Time::Stock),
            new: flow("ledger_revenue_new", kept(), is_new()),
            reactivation: flow("ledger_revenue_reactivation", kept(), is_back()),
            expansion: flow("ledger_revenue_expansion", kept().minus(YEARLY_REVENUE_START), expands()),
            contraction: flow("ledger_revenue_contraction", lost(), contracts()),
            churn: flow("ledger_revenue_churn", start(), leaves()),
            transfer_in: total("ledger_revenue_transfer_in", YEARLY_TRANSFER_IN.into(), Time::Flow),
            transfer_out: total("ledger_revenue_transfer_out", YEARLY_TRANSFER_OUT.into(), Time::Flow),
            fx: total("ledger_revenue_fx", YEARLY_FX.into(), Time::Flow),
            transient: total("ledger_transient_revenue", YEARLY_TRANSIENT.into(), Time::Flow),
            complete: total("ledger_months_complete", MONTHS_IN_PERIOD.into(), Time::Stock)
                .only(Condition::at_most(MONTHS_IN_PERIOD, MONTHS_COVERED)),
            months: total("ledger_months", MONTHS_IN_PERIOD.into(), Time::Stock),
            customers: Customers {
                start: count("ledger_customers_start", Time::Stock, Condition::positive(YEARLY_REVENUE_START)),
                end: count("ledger_customers_end", Time::Stock, Condition::positive(YEARLY_REVENUE_END)),
                new: count("ledger_customers_new", Time::Flow, is_new()),
                reactivated: count("ledger_customers_reactivated", Time::Flow, is_back()),
                expanded: count("ledger_customers_expanded", Time::Flow, expands()),
                contracted: count("ledger_customers_contracted", Time::Flow, contracts()),
                churned: count("ledger_customers_churned", Time::Flow, leaves()),
                retained: count("ledger_customers_retained", Time::Flow, stays()),
                transient: count("ledger_transient_customers", Time::Flow, Condition::positive(YEARLY_TRANSIENT)),
            },
        }
    }

    /// The formulas of metrics that a table of customers has as well, from a ledger.
    fn revised(&self) -> Vec<(&'static str, Form)> {
        let one = |measure: &Measure| vec![(1, measure.clone())];
        let sum =
            |terms: &[(i32, &Measure)]| -> Combination { terms.iter().map(|(c, m)| (*c, (*m).clone())).collect() };
        let quotient =
            |numerator: Combination, measure: &Combination| Form::Quotient { numerator, denominator: measure.clone() };
        let (start, end) = (one(&self.start), one(&self.end));
        let added = sum(&[(1, &self.new), (1, &self.reactivation), (1, &self.expansion)]);
        let lost = sum(&[(1, &self.churn), (1, &self.contraction)]);
        let change = sum(&[
            (1, &self.new),
            (1, &self.reactivation),
            (1, &self.expansion),
            (-1, &self.contraction),
            (-1, &self.churn),
        ]);
        let net = sum(&[(1, &self.start), (1, &self.expansion), (-1, &self.contraction), (-1, &self.churn)]);
        let gross = sum(&[(1, &self.start), (-1, &self.contraction), (-1, &self.churn)]);
        let customers = one(&self.customers.start);
        vec![
            ("customer_retention_rate", quotient(one(&self.customers.retained), &customers)),
            ("customer_churn_rate", quotient(one(&self.customers.churned), &customers)),
            ("net_recurring_revenue", Form::Amount(change.clone())),
            ("recurring_revenue_rate", quotient(end.clone(), &start)),
            ("revenue_start", Form::Amount(start.clone())),
            ("revenue_end", Form::Amount(end)),
            ("revenue_new", Form::Amount(one(&self.new))),
            ("revenue_expansion", Form::Amount(one(&self.expansion))),
            ("revenue_contraction", Form::Amount(one(&self.contraction))),
            ("revenue_churn", Form::Amount(one(&self.churn))),
            ("revenue_added", Form::Amount(added.clone())),
            ("revenue_lost", Form::Amount(lost.clone())),
            ("net_revenue_retention", quotient(net, &start)),
            ("gross_revenue_retention", quotient(gross, &start)),
            ("revenue_growth_rate", quotient(change, &start)),
            ("new_share_of_growth", quotient(one(&self.new), &added)),
            ("expansion_share_of_growth", quotient(one(&self.expansion), &added)),
            ("churn_share_of_loss", quotient(one(&self.churn), &lost)),
            ("contraction_share_of_loss", quotient(one(&self.contraction), &lost)),
            ("avoidable_loss_share", quotient(one(&self.loss_avoidable), &one(&self.loss_with_reason))),
        ]
    }
}

/// The metrics that only a ledger has, amounts as those of a year.
#[allow(clippy::too_many_lines)] // most of them are what people read
pub(super) fn metrics() -> Vec<Metric> {
    let measures = Measures::new();
    let one = |measure: &Measure| vec![(1, measure.clone())];
    let added = vec![(1, measures.new.clone()), (1, measures.reactivation.clone()), (1, measures.expansion.clone())];
    let money = |id, title, measure, better| {
        Metric::amount(id, title, Unit::Money, one(measure)).better(better).source(ARTICLE)
    };
    let heads = |id, title, measure, better| {
        Metric::amount(id, title, Unit::Number, one(measure)).better(better).source(ARTICLE)
    };
    let customers = &measures.customers;
    vec![
        money("revenue_reactivation", "Reactivated revenue", &measures.reactivation, Better::Higher)
            .reading(
                "Recurring revenue won back: of customers with nothing at the start who had paid at some time before. \
                 Set beside `revenue_churn` of earlier periods it tells whether those who leave are lost for good.",
            )
            .edge_case("Any gap counts, be it a month or ten years.")
            .edge_case("Somebody who leaves and returns before the period is over is neither lost nor won back."),
        money("revenue_transfer_in", "Transferred in", &measures.transfer_in, Better::Neither)
            .reading(
                "What customers pay at the end who paid at the start already, but in another segment. No money came in \
                 from outside: the segment they left shows the same as `revenue_transfer_out`.",
            )
            .edge_case("Without segments nobody can change between them: it is 0.")
            .edge_case("A price change that comes with the move stands in the old segment, as expansion or contraction."),
        money("revenue_transfer_out", "Transferred out", &measures.transfer_out, Better::Neither)
            .reading(
                "Revenue that goes on, but under another heading: what those who changed their segment during the period \
                 pay afterwards. Over all segments it equals `revenue_transfer_in`, and the company is no poorer.",
            )
            .edge_case("Whoever returns to the old segment before the end has not moved at all.")
            .edge_case("Rolled up over the segments both stay as they are and cancel each other out."),
        money("revenue_fx", "Exchange rates", &measures.fx, Better::Neither)
            .reading(
                "By how much revenue changed only because currencies did. It keeps the weather of the markets out of \
                 expansion and contraction.",
            )
            .edge_case("With amounts in a single currency it is always 0.")
            .edge_case("It is negative when the currencies that customers pay in become weaker."),
        Metric::share(
            "reactivation_share_of_growth",
            "Reactivation's share of growth",
            one(&measures.reactivation),
            added,
        )
        .source(ARTICLE)
        .reading(
            "How much of what was added came from former customers. Winning somebody back is cheaper than finding \
             a stranger, but first one has to lose them: a large share points to earlier churn.",
        )
        .edge_case("New, expansion and this are the whole of it: the three make 1.")
        .edge_case("In a period that added nothing there is nothing to share."),
        Metric::amount("mrr", "Monthly recurring revenue", Unit::Money, one(&measures.end))
            .per(YEAR)
            .better(Better::Higher)
            .source(ARTICLE)
            .reading(
                "A twelfth of the run rate with which the period closed, exactly: the denominator is kept, and 100 a year is \
                 25 / 3 a month and not 8.33. It says what comes in if nothing changes, not what was invoiced.",
            )
            .edge_case("A quarter's is that of its last month, not the mean of three.")
            .edge_case("Those who pay nothing any more add 0 to it."),
        money("arr", "Annual recurring revenue", &measures.end, Better::Higher)
            .reading(
                "Twelve times the last month: the yearly run rate when the period closed. It looks ahead with today's \
                 prices, and so is neither last year's sales nor next year's.",
            )
            .edge_case("It is exactly 12 times `mrr`, whatever the unit in which the other amounts are shown.")
            .edge_case("One strong season can make it look like a year of them."),
        heads("customers_start", "Customers at the start", &customers.start, Better::Neither)
            .reading("How many customers paid when the period began: those of whom some may churn, and only those.")
            .edge_case("In a ledger's first period there are none, unless its first month is taken as opening stock.")
            .edge_case("Two months' starting customers are mostly the same people, so they are not added up."),
        heads("customers_new", "New customers", &customers.new, Better::Higher)
            .reading("Heads behind `revenue_new`: with revenue at the end for the first time ever.")
            .edge_case("A trial that pays nothing makes nobody a customer.")
            .edge_case("Whoever came and was gone again before the end stands in `transient_customers`."),
        heads("customers_reactivated", "Reactivated customers", &customers.reactivated, Better::Higher)
            .reading("Former customers that pay again at the end of the period, having paid nothing when it began.")
            .edge_case("Somebody may return several times, and is counted each time.")
            .edge_case("They belong to no rate of retention in that period, since they were not there to be kept."),
        heads("customers_expanded", "Expanded customers", &customers.expanded, Better::Higher)
            .reading(
                "Customers who pay more than a period ago. Many of them with a small `revenue_expansion` suggest a general \
                 price rise, a few with a large one real growth.",
            )
            .edge_case("A rise by one millionth is a rise.")
            .edge_case("They are counted in the segment in which they were at the start."),
        heads("customers_contracted", "Contracted customers", &customers.contracted, Better::Lower)
            .reading("Customers who stayed and pay less. They are the list of people to call before the next renewal.")
            .edge_case("Once the amount is 0 they are among `customers_churned` instead.")
            .edge_case("A discount that ends and one that begins cancel out within one customer, not between two."),
        heads("customers_churned", "Churned customers", &customers.churned, Better::Lower)
            .reading(
                "Customers who paid at the start and have nothing at the end. With several subscriptions a customer is lost \
                 only with the last of them.",
            )
            .edge_case("Zero means that nobody left, and is a number like any other.")
            .edge_case("Going and coming back shows here as long as the end of a period lies in between."),
        heads("customers_end", "Customers at the end", &customers.end, Better::Higher)
            .reading("How many customers pay when the period closes: the next one begins with exactly these.")
            .edge_case("It is `customers_start` and those who came, less those who went; within a segment also those who moved.")
            .edge_case("A year ends with December's, not with the sum of twelve months."),
        heads("transient_customers", "Transient customers", &customers.transient, Better::Neither)
            .reading(
                "Customers with revenue inside the period but at neither of its ends. Movements do not see them; where they \
                 are many, choose shorter periods.",
            )
            .edge_case("Months have no inside, so by month it is 0.")
            .edge_case("Former customers who looked in for a while are counted as well as strangers."),
        money("transient_revenue", "Transient revenue", &measures.transient, Better::Neither)
            .reading(
                "The highest run rate that each of the `transient_customers` reached: what was there for a time, and is part \
                 of no start, end or movement.",
            )
            .edge_case("It stands in the segment in which the customer paid that most.")
            .edge_case("Quarters may show some where the year as a whole shows none, and the other way round."),
        Metric::share("complete", "Complete", one(&measures.complete), one(&measures.months))
            .better(Better::Neither)
            .source(ARTICLE)
            .reading(
                "Whether the data reaches the end of the period: 1, or 0 where it ends inside. The figures are then those \
                 up to now, and not to be compared with a full period's.",
            )
            .edge_case("Data that begins in the middle is complete all the same: nothing is known to be missing before.")
            .edge_case("Months without a single row in between were there all the same."),
    ]
}

/// What a ledger can measure, amounts as those of a month or of a year: what a table of customers has too, from the ledger's
/// own sums, and what only a ledger has.
pub(crate) fn of_ledger(unit: RunRate) -> Vec<Metric> {
    let revised = Measures::new().revised();
    let shared = retention::metrics().into_iter().chain(revenue::metrics());
    let shared = shared.filter_map(|metric| {
        let (_, form) = revised.iter().find(|(id, _)| *id == metric.id())?;
        Some(Metric { forms: vec![form.clone()], ..metric })
    });
    let shown = |metric: Metric| {
        let is_fixed = matches!(metric.id(), "arr" | "mrr");
        if unit == RunRate::Month && metric.unit == Unit::Money && !is_fixed { metric.per(YEAR) } else { metric }
    };
    shared.chain(metrics()).map(shown).collect()
}
