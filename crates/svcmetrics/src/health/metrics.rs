//! What a model adds to a scorecard: metrics like any other, over two columns that it computes.

use super::model::{ARTICLE, Among, HealthModel};
use crate::column::{Column, ColumnKind, Name};
use crate::condition::{Comparison, Condition};
use crate::expression::Expression;
use crate::figure::Unit;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Form, Metric};
use crate::metrics::REVENUE_END;

/// A customer's score in micro-points; computed by the model, never in a table.
pub(crate) const HEALTH_SCORE: Column = Column::known("health_score", ColumnKind::HealthScore);
/// The position of a customer's band, from 1; 0 is `unknown`.
pub(crate) const HEALTH_BAND: Column = Column::known("health_band", ColumnKind::HealthBand);

/// The metrics that are there whatever the bands; they come first.
pub(super) const BEFORE_BANDS: usize = 3;

/// The metrics of each band.
pub(super) const A_BAND: usize = 3;

impl HealthModel {
    /// Whom it is about, as a condition; none for everyone. Nulls are outside, so each column must be there.
    fn condition(&self) -> Option<Condition> {
        let condition = match &self.among {
            Among::Everyone => return None,
            Among::Paying => Condition::positive(REVENUE_END),
            Among::Where(condition) => condition.clone(),
        };
        let mut conditions: Vec<Condition> = condition.columns().into_iter().cloned().map(Condition::Present).collect();
        conditions.push(condition);
        Some(Condition::All(conditions))
    }

    /// The metrics it adds to a scorecard: entries like any other, over two computed columns.
    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let scope = |id: &'static str, reads: &[Column]| {
            let scope = Scope::new(id).reads(reads.iter().cloned());
            match self.condition() {
                Some(condition) => scope.among(condition),
                None => scope,
            }
        };
        let in_band = |position: usize| {
            let band = Expression {
                terms: Vec::new(),
                constant: i64::try_from(position + 1).unwrap_or(0) * crate::money::MICROS,
            };
            Condition::compare(HEALTH_BAND, Comparison::Equal, band)
        };
        let scored = scope("customer_health", &[HEALTH_SCORE]);
        let customers = scope("health_customers", &[]);
        let revenue = scope("health_revenue", &[HEALTH_SCORE, REVENUE_END]);
        let any_revenue = scope("health_customers_revenue", &[REVENUE_END]);
        let points = Measure::total("health_score", &scored, HEALTH_SCORE.into(), Time::Stock);
        let scored_customers = Measure::count("health_scored", &scored, Time::Stock);
        let with_score =
            Measure::count("health_customers_scored", &customers, Time::Stock).only(Condition::positive(HEALTH_BAND));
        let all = Measure::count("health_customers", &customers, Time::Stock);
        let total = |id: Name, scope: &Scope| Measure::total(id, scope, REVENUE_END.into(), Time::Stock);
        let unknown = Condition::compare(HEALTH_BAND, Comparison::Equal, Expression::constant(0));
        let unknown = total("health_revenue_unknown".into(), &any_revenue).only(unknown);
        let scored_revenue = vec![(1, total("health_revenue_scored".into(), &revenue))];

        let mut metrics = vec![
            Metric::score("health", "Health", Form::Health).better(Better::Higher),
            Metric::score(
                "customer_health",
                "Mean customer health",
                Form::Quotient { numerator: vec![(1, points)], denominator: vec![(1, scored_customers.clone())] },
            )
            .better(Better::Higher),
            Metric::share("health_coverage", "Customers with a health score", vec![(1, with_score)], vec![(1, all)])
                .better(Better::Higher),
        ];
        for (position, band) in self.bands.iter().enumerate() {
            let better = match position {
                0 if self.bands.len() > 1 => Better::Lower,
                last if last + 1 == self.bands.len() => Better::Higher,
                _ => Better::Neither,
            };
            let (name, title) = (&band.name, capitalized(&band.name));
            let count = Measure::count(format!("health_{name}"), &scored, Time::Stock).only(in_band(position));
            let money = vec![(1, total(format!("health_revenue_{name}").into(), &revenue).only(in_band(position)))];
            metrics.push(
                Metric::share(
                    format!("{name}_share"),
                    format!("{title} customers"),
                    vec![(1, count)],
                    vec![(1, scored_customers.clone())],
                )
                .better(better),
            );
            metrics.push(
                Metric::amount(format!("{name}_revenue"), format!("{title} revenue"), Unit::Money, money.clone())
                    .better(better),
            );
            metrics.push(
                Metric::share(
                    format!("{name}_revenue_share"),
                    format!("{title} share of revenue"),
                    money,
                    scored_revenue.clone(),
                )
                .better(better),
            );
        }
        metrics.push(Metric::amount("unknown_revenue", "Revenue without a score", Unit::Money, vec![(1, unknown)]));
        metrics.into_iter().map(|metric| metric.source(ARTICLE)).collect()
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
