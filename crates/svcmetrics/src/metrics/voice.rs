//! The voice of the customer: recommendation, satisfaction, effort.

use super::columns::{CSAT_SCORE, EFFORT_SCORE, NPS_SCORE};
use super::{invalid, proportion, signed_amount};
use crate::column::{Column, ColumnKind};
use crate::condition::{Comparison, Condition};
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::figure::{Figure, Total, Unit};
use crate::interval::Basis;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Form, Metric};
use crate::money::{MICROS, micros};
use rust_decimal::Decimal;

const ARTICLE: &str = "ServiceXRG, Voice of the customer";

/// What the answers of a table's surveys mean; what is not given is not measured.
///
/// ```
/// use svcmetrics::{Request, Scales, Scorecard, Table};
/// let table = Table::new(4).with("csat_score", vec![5_i64, 4, 2, 1]).with("effort_score", vec![7_i64, 7, 4, 1]);
/// let scales = Scales::default().csat_satisfied_from(4)?.effort(1, 7)?;
/// let card = Scorecard::of(&table, Request::default().scales(scales))?;
/// assert_eq!(card.figure("csat")?.value(), Some(0.5));
/// assert_eq!(card.figure("ces_net")?.value(), Some(25.0)); // two found it easy, one hard, of four
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Scales {
    /// In micro-units.
    csat_satisfied_from: Option<i64>,
    /// Hardest and easiest, in micro-units.
    effort: Option<(i64, i64)>,
}

impl Scales {
    /// From which answer on a customer is satisfied.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a number finer than a millionth, or too large.
    pub fn csat_satisfied_from(mut self, mark: impl Into<Decimal>) -> Result<Self> {
        self.csat_satisfied_from = Some(mark_micros("csat_satisfied_from", mark.into())?);
        Ok(self)
    }

    /// The answers for the hardest and the easiest.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where they are the same, finer than a millionth, or too large.
    pub fn effort(mut self, hardest: impl Into<Decimal>, easiest: impl Into<Decimal>) -> Result<Self> {
        let (hardest, easiest) = (hardest.into(), easiest.into());
        if hardest == easiest {
            let found = format!("{hardest} for both");
            return Err(Error::InvalidOption {
                option: "effort_scale".into(),
                found,
                expected: "two different answers".into(),
            });
        }
        self.effort = Some((mark_micros("effort_scale", hardest)?, mark_micros("effort_scale", easiest)?));
        Ok(self)
    }

    /// The same, if it could have been made by the functions above.
    #[cfg(feature = "serde")]
    pub(crate) fn validated(self) -> Result<Self> {
        let mut scales = Self::default();
        let mark = |mark: i64| Decimal::new(mark, crate::money::PLACES);
        if let Some(from) = self.csat_satisfied_from {
            scales = scales.csat_satisfied_from(mark(from))?;
        }
        if let Some((hardest, easiest)) = self.effort {
            scales = scales.effort(mark(hardest), mark(easiest))?;
        }
        Ok(scales)
    }

    /// Scales that are common, to show the definitions with.
    pub(crate) fn example() -> Self {
        Self { csat_satisfied_from: Some(4 * MICROS), effort: Some((MICROS, 7 * MICROS)) }
    }
}

impl std::fmt::Display for Scales {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = |mark: i64| Total::new(mark.into(), true);
        match self.csat_satisfied_from {
            Some(from) => write!(f, "satisfied from {}, ", mark(from))?,
            None => f.write_str("no mark of satisfaction, ")?,
        }
        match self.effort {
            Some((hardest, easiest)) => write!(f, "effort from {} (hardest) to {}", mark(hardest), mark(easiest)),
            None => f.write_str("no scale of effort"),
        }
    }
}

fn mark_micros(option: &str, mark: Decimal) -> Result<i64> {
    const LARGEST: i64 = 1_000_000 * MICROS;
    micros(mark).filter(|mark| mark.abs() <= LARGEST).ok_or_else(|| Error::InvalidOption {
        option: option.into(),
        found: mark.to_string(),
        expected: "a number with at most six decimal places, up to a million".into(),
    })
}

pub(super) fn metrics(scales: &Scales) -> Vec<Metric> {
    let answered = Scope::new("recommendation").reads([NPS_SCORE]).rule(Condition::compare(
        NPS_SCORE,
        Comparison::AtMost,
        Expression::constant(10),
    ));
    let answers = Measure::count("nps_answers", &answered, Time::Stock);
    let from = |comparison, mark| Condition::compare(NPS_SCORE, comparison, Expression::constant(mark));
    let promoters = Measure::count("promoters", &answered, Time::Stock).only(from(Comparison::AtLeast, 9));
    let detractors = Measure::count("detractors", &answered, Time::Stock).only(from(Comparison::AtMost, 6));
    let nps = Form::Quotient { numerator: vec![(100, promoters), (-100, detractors)], denominator: vec![(1, answers)] };

    let nps = Metric::score("nps", "Net promoter score", nps)
        .reading(
            "Customers that would recommend (answers of 9 and 10) less those that would not (0 to 6), for every \
                 100 answers: from -100 to 100. Answers of 7 and 8 count in the denominator only. With few answers it \
                 swings widely, so do not read much into a change of some points.",
        )
        .edge_case("An answer of 0 is the worst one, not a missing one; an answer above 10 is invalid.")
        .edge_case(
            "As many promoters as detractors give 0, and so do answers of 7 and 8 alone: the score does not tell \
                 which.",
        )
        .edge_case("Customers that do not answer are missing, and may be less content than those that do.");
    let mut metrics = vec![nps, satisfaction(scales)];
    metrics.extend(effort(scales));
    let better = |metric: Metric| match metric.direction() {
        Better::Neither => metric.better(Better::Higher),
        _ => metric,
    };
    metrics.into_iter().map(|metric| better(metric).source(ARTICLE)).collect()
}

/// What a survey's metrics are measured by, beside their columns.
pub(crate) const OPTIONS: [&str; 2] = ["csat_satisfied_from", "effort_scale"];

/// A scope of the answers; where the scale is not given it asks for a column that no table has, which says what is missing.
fn answers(id: &'static str, column: Column, option: &'static str, given: bool) -> Scope {
    let scope = Scope::new(id).reads([column]);
    if given { scope } else { scope.reads([Column::new(option, ColumnKind::Anything)]) }
}

fn at(constant: i64) -> Expression {
    Expression { terms: Vec::new(), constant }
}

fn satisfaction(scales: &Scales) -> Metric {
    let mark = scales.csat_satisfied_from;
    let scope = answers("satisfaction", CSAT_SCORE, OPTIONS[0], mark.is_some());
    let satisfied = Condition::compare(CSAT_SCORE, Comparison::AtLeast, at(mark.unwrap_or_default()));
    let satisfied = Measure::count("satisfied_answers", &scope, Time::Flow).only(satisfied);
    let all = Measure::count("csat_answers", &scope, Time::Flow);
    Metric::share("csat", "Customer satisfaction", vec![(1, satisfied)], vec![(1, all)])
        .reading(
            "The share of answers that say satisfied, which is what `csat_satisfied_from` says it is. It is about \
                 the last contact more than about the relationship, and only about those who answer. Another mark \
                 makes it another metric, so compare only equal ones.",
        )
        .edge_case(
            "Without `csat_satisfied_from` it is not measured, since a 4 means one thing of 5 and another of 10.",
        )
        .edge_case("An answer exactly at the mark is satisfied.")
        .edge_case("The scale's ends are not known here, so an impossible answer is no invalid row.")
}

fn effort(scales: &Scales) -> [Metric; 3] {
    let (hardest, easiest) = scales.effort.unwrap_or_default();
    let scope = answers("effort", EFFORT_SCORE, OPTIONS[1], scales.effort.is_some())
        .rule(Condition::compare(at(hardest.min(easiest)), Comparison::AtMost, EFFORT_SCORE))
        .rule(Condition::compare(EFFORT_SCORE, Comparison::AtMost, at(hardest.max(easiest))));
    let (upwards, downwards) = (Comparison::More, Comparison::Less);
    let (easier, harder) = if easiest > hardest { (upwards, downwards) } else { (downwards, upwards) };
    // Twice the answer against the sum of both ends: the middle is neither.
    let side = |comparison| {
        let twice = Expression { terms: vec![(2, EFFORT_SCORE)], constant: 0 };
        Condition::compare(twice, comparison, at(hardest + easiest))
    };
    let total = Measure::total("effort_total", &scope, EFFORT_SCORE.into(), Time::Flow);
    let all = || vec![(1, Measure::count("effort_answers", &scope, Time::Flow))];
    let top = Condition::compare(EFFORT_SCORE, Comparison::Equal, at(easiest));
    let top = Measure::count("easiest_answers", &scope, Time::Flow).only(top);
    let easy = Measure::count("easy_answers", &scope, Time::Flow).only(side(easier));
    let hard = Measure::count("hard_answers", &scope, Time::Flow).only(side(harder));
    let net = Form::Quotient { numerator: vec![(100, easy), (-100, hard)], denominator: all() };
    let mean_is_better = if easiest > hardest { Better::Higher } else { Better::Lower };
    [
        Metric::mean("ces_mean", "Mean customer effort", Unit::Number, vec![(1, total)], all())
            .better(mean_is_better)
            .reading(
                "The mean answer to how easy it was, on the scale of the survey. A mean hides a split: half of the \
                 answers very easy and half very hard make a harmless middle, which `ces_top_share` and `ces_net` \
                 tell apart from indifference.",
            )
            .edge_case("Where the easiest answer is the lowest number of `effort_scale`, lower is better.")
            .edge_case("Answers beyond the ends of the scale are invalid.")
            .edge_case("Means on scales of different length cannot be compared."),
        Metric::share("ces_top_share", "Easiest answers", vec![(1, top)], all())
            .reading(
                "The share of answers at the easiest end of the scale. It asks for the best only, and so shows when \
                 good becomes excellent and hides what happens below that.",
            )
            .edge_case("The more steps a scale has the fewer answers fall on the last one, for the same experience.")
            .edge_case("It is measured only where `effort_scale` says which end is the easiest."),
        Metric::score("ces_net", "Net easy", net)
            .reading(
                "Answers on the easy side of the scale less those on the hard side, for every 100 answers: from -100 \
                 to 100. It moves when hard becomes easy, and not when easy becomes easier still.",
            )
            .edge_case("The exact middle of a scale is on neither side, and stays in the denominator.")
            .edge_case("A scale with an even number of steps has no middle, so everybody who answers takes a side."),
    ]
}

/// The net promoter score: 100 times promoters less detractors, for each answer.
///
/// `100 x (promoters - detractors) / (promoters + passives + detractors)`, from -100 to 100; undefined without answers.
///
/// ```
/// use svcmetrics::formulas::nps;
/// assert_eq!(nps(50, 30, 20).value(), Some(30.0));
/// assert!(!nps(0, 0, 0).is_defined());
/// ```
pub fn nps(promoters: u64, passives: u64, detractors: u64) -> Figure {
    let (promoters, detractors) = (i128::from(promoters), i128::from(detractors));
    let answers = promoters + i128::from(passives) + detractors;
    Figure::quotient(Unit::Points, Total::new(100 * (promoters - detractors), false), Total::new(answers, false))
        .on(Basis::Balance { promoters, detractors })
}

/// The share of answers that say satisfied.
///
/// `satisfied / answers`, a fraction from 0 to 1; undefined without answers.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more are satisfied than answered.
///
/// ```
/// use svcmetrics::formulas::csat;
/// assert_eq!(csat(3, 4)?.value(), Some(0.75));
/// assert!(!csat(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn csat(satisfied: u64, answers: u64) -> Result<Figure> {
    proportion("satisfied", satisfied, answers)
}

/// The mean effort.
///
/// `effort_total / answers`: the sum of all answers, on the scale of the survey, for each answer; undefined without answers.
///
/// # Errors
/// [`crate::Error::InvalidValue`] for a total without answers, [`crate::Error::Inexact`] for more than six decimal places.
///
/// ```
/// use svcmetrics::formulas::ces_mean;
/// assert_eq!(ces_mean(19, 4)?.value(), Some(4.75)); // 7 + 7 + 4 + 1
/// assert!(!ces_mean(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn ces_mean(effort_total: impl Into<Decimal>, answers: u64) -> Result<Figure> {
    let total = signed_amount("effort_total", effort_total)?;
    if answers == 0 && total != 0 {
        return Err(invalid("effort_total", Total::new(total, true), "0 without answers"));
    }
    Ok(Figure::quotient(Unit::Number, Total::new(total, true), Total::new(answers.into(), false)))
}

/// The share of answers that say the easiest.
///
/// `easiest / answers`, a fraction from 0 to 1; undefined without answers.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more say so than answered.
///
/// ```
/// use svcmetrics::formulas::ces_top_share;
/// assert_eq!(ces_top_share(2, 4)?.value(), Some(0.5));
/// assert!(!ces_top_share(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn ces_top_share(easiest: u64, answers: u64) -> Result<Figure> {
    proportion("easiest", easiest, answers)
}

/// Net easy: 100 times the answers on the easy side less those on the hard side, for each answer.
///
/// `100 x (easy - hard) / (easy + neutral + hard)`, from -100 to 100; undefined without answers.
///
/// ```
/// use svcmetrics::formulas::ces_net;
/// assert_eq!(ces_net(2, 1, 1).value(), Some(25.0));
/// assert!(!ces_net(0, 0, 0).is_defined());
/// ```
pub fn ces_net(easy: u64, neutral: u64, hard: u64) -> Figure {
    nps(easy, neutral, hard)
}
