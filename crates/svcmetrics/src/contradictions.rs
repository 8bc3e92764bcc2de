//! What totals cannot be, whoever says so: more counted than there are, a part above its whole, sums that no rows add up to.

use crate::column::{Column, ColumnKind};
use crate::condition::{Comparison, Condition};
use crate::definitions::{Chosen, Definitions};
use crate::health::HealthModel;
use crate::measure::{Measure, Time};
use crate::metric::{Form, Kind, Metric};
use crate::metrics;
use crate::money::MICROS;

/// The least and the most that one row can add, where there is one.
type Bounds = (Option<i128>, Option<i128>);

/// Finds totals that contradict each other.
pub(crate) struct Contradictions<'a> {
    limits: Vec<Limit<'a>>,
    shares: Vec<Share<'a>>,
    /// By the measure that the others make: what adds up to 0.
    identities: Vec<(&'static str, Lanes)>,
}

/// What a measure's total can be.
struct Limit<'a> {
    measure: &'a Measure,
    lane: usize,
    counted: usize,
    bounds: Bounds,
}

/// Lanes with what they count for, in micro-units.
type Lanes = Vec<(i128, usize)>;

/// A part that is never above its whole.
struct Share<'a> {
    metric: &'a Metric,
    part: Lanes,
    whole: Lanes,
    stock: bool,
}

impl<'a> Contradictions<'a> {
    pub(crate) fn new(definitions: &'a Definitions) -> Self {
        let limits = definitions.measures.iter().enumerate().map(|(position, measure)| Limit {
            measure,
            lane: definitions.measure_lane(position),
            counted: Definitions::scope_lane(definitions.scope_position(measure.scope.id()).unwrap_or_default()),
            bounds: bounds(measure),
        });
        let of_model: Vec<Metric> = definitions.model.iter().flat_map(HealthModel::metrics).collect();
        let micros = |lane| i128::from(if definitions.is_micro(lane) { 1 } else { MICROS });
        let lanes = |terms| definitions.lanes(terms).map(|(of, lane)| (i128::from(of) * micros(lane), lane)).collect();
        let share = |chosen: &'a Chosen| match chosen.form() {
            Form::Quotient { numerator, denominator } => Some(Share {
                metric: &chosen.metric,
                part: lanes(numerator),
                whole: lanes(denominator),
                stock: chosen.form().measures().any(|measure| measure.time == Time::Stock),
            }),
            _ => None,
        };
        // A caller's own share is one only if its rules say so.
        let is_share = |metric: &Metric| {
            metric.kind == Kind::Share && (metrics::find(metric.id()).is_some() || of_model.contains(metric))
        };
        let is_summed_share = |chosen: &&Chosen| is_share(&chosen.metric) && definitions.is_summed(chosen);
        let shares = definitions.chosen.iter().filter(is_summed_share).filter_map(share);
        let lane = |(of, id): &(i128, &str)| Some((*of, definitions.measure_lane(definitions.measure_position(id)?)));
        let identities = metrics::IDENTITIES.iter().filter_map(|terms| {
            let lanes: Option<Lanes> = terms.iter().map(lane).collect();
            Some((terms.first()?.1, lanes?))
        });
        Self { limits: limits.collect(), shares: shares.collect(), identities: identities.collect() }
    }

    /// What cannot be of one group's lanes, if anything cannot; stocks say nothing once time was rolled away.
    pub(crate) fn find(&self, lanes: &[i128], over_time: bool) -> Option<String> {
        for limit in self.limits.iter().filter(|limit| !over_time || limit.measure.time == Time::Flow) {
            let (counted, total, (least, most)) = (lanes[limit.counted], lanes[limit.lane], limit.bounds);
            let of_all = |bound: Option<i128>| bound.and_then(|bound| bound.checked_mul(counted));
            let fits = of_all(least).is_none_or(|least| least <= total)
                && of_all(most).is_none_or(|most| total <= most)
                && (counted > 0 || total == 0);
            if !fits {
                let (id, scope) = (limit.measure.id(), limit.measure.scope.id());
                let rows = crate::error::counted(counted, "row");
                let problem = format!("{rows}, as '{scope}.counted' says, cannot add up to it");
                return Some(format!("'{id}': found {total}; {problem}"));
            }
        }
        let sum = |terms: &Lanes| {
            let add = |sum: i128, (of, lane): &(i128, usize)| sum.checked_add(lanes[*lane].checked_mul(*of)?);
            terms.iter().try_fold(0_i128, add)
        };
        let is_off = |(_, terms): &&(&str, Lanes)| sum(terms).is_some_and(|sum| sum != 0);
        if let Some((id, _)) = self.identities.iter().find(is_off).filter(|_| !over_time) {
            return Some(format!("'{id}': found what the movements do not add up to"));
        }
        let mut shares = self.shares.iter().filter(|share| !(over_time && share.stock));
        // what is beyond 128 bits is not compared: reading it is an error
        let beyond = |share: &&Share<'_>| matches!((sum(&share.part), sum(&share.whole)), (Some(part), Some(whole)) if !(0..=whole).contains(&part));
        let share = shares.find(beyond)?;
        Some(format!("'{}': found no share, from 0 to 1", share.metric.id()))
    }
}

/// What one counted row adds to a measure, at the least and at the most.
fn bounds(measure: &Measure) -> Bounds {
    let micro = measure.is_micro();
    let constant = if micro { measure.sum.constant } else { measure.sum.constant / MICROS };
    let mut sum: Bounds = (Some(constant.into()), Some(constant.into()));
    for (coefficient, column) in &measure.sum.terms {
        let scale = if micro && !column.kind.is_micro() { MICROS } else { 1 };
        let times = |bound: i128| bound * i128::from(scale) * i128::from(*coefficient);
        let (least, most) = values(column, &measure.scope.rules);
        let (least, most) = (least.map(times), most.map(times));
        let (least, most) = if *coefficient < 0 { (most, least) } else { (least, most) };
        let add = |one: Option<i128>, other: Option<i128>| one?.checked_add(other?);
        sum = (add(sum.0, least), add(sum.1, most));
    }
    match (&measure.only, sum) {
        (None, sum) => sum,
        // the others add nothing
        (Some(_), (least, most)) => (least.map(|least| least.min(0)), most.map(|most| most.max(0))),
    }
}

/// The values that a counted row can have in a column: by its kind, and by rules that compare it with a constant.
fn values(column: &Column, rules: &[Condition]) -> Bounds {
    let (mut least, mut most) = match column.kind {
        ColumnKind::Flag => (Some(0), Some(1)),
        ColumnKind::HealthScore => (Some(0), Some(100 * i128::from(MICROS))),
        ColumnKind::SignedMoney
        | ColumnKind::Score
        | ColumnKind::Instant
        | ColumnKind::Category
        | ColumnKind::Anything => (None, None),
        ColumnKind::Count | ColumnKind::Money | ColumnKind::Quantity | ColumnKind::HealthBand => (Some(0), None),
    };
    for rule in rules {
        let Condition::Compare(left, Comparison::AtMost, right) = rule else { continue };
        let is_column = |terms: &[(i32, Column)]| matches!(terms, [(1, known)] if known == column);
        // a whole number that is no multiple of the unit bounds nothing exactly
        let unit = if column.kind.is_micro() { 1 } else { MICROS };
        if is_column(&left.terms) && left.constant == 0 && right.terms.is_empty() && right.constant % unit == 0 {
            most = Some(i128::from(right.constant / unit));
        }
        if left.terms.is_empty() && is_column(&right.terms) && right.constant == 0 && left.constant % unit == 0 {
            least = Some(i128::from(left.constant / unit));
        }
    }
    (least, most)
}
