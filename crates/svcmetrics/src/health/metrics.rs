//! What a model adds to a scorecard: metrics like any other, over two columns that it computes.

use super::model::ARTICLE;
use super::{Among, Band, HealthModel};
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
    #[allow(clippy::too_many_lines)] // most of them are what people read
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
            Metric::score("health", "Health", Form::Health).better(Better::Higher)
            .reading(
                "One number from 0 to 100 for how a group of customers stands: the model's metrics of the whole \
                 group, scaled, weighted and added up. It ranks groups and shows where to look; the components say \
                 what to do. It is not the mean of the customers' scores, which is `customer_health`: large customers \
                 weigh more in it.",
            )
            .edge_case(
                "What becomes of a component that is missing is for the model to say: by default the others share its \
                 weight, and below `min_coverage` there is no score.",
            )
            .edge_case(
                "It is computed from all rows of the group, also of customers that the model gives no score of their \
                 own.",
            )
            .edge_case(
                "Each component is cut off at its floor and its ceiling, so growth beyond the target does not make up \
                 for a lack of adoption.",
            ),
            Metric::score(
                "customer_health",
                "Mean customer health",
                Form::Quotient { numerator: vec![(1, points)], denominator: vec![(1, scored_customers.clone())] },
            )
            .better(Better::Higher)
            .reading(
                "The mean of the customers' own health scores, large and small ones alike. Half of them at 100 and \
                 half at 0 have the same mean as all at 50, so look at the bands as well.",
            )
            .edge_case("A customer without a score is missing, and never counts as 0.")
            .edge_case(
                "Customers that the model is not about are outside: by default those without revenue at the end.",
            )
            .edge_case(
                "Scores have a state and no flow, so the mean of a quarter is computed from its own table and not \
                 from its months.",
            ),
            Metric::share("health_coverage", "Customers with a health score", vec![(1, with_score)], vec![(1, all)])
                .better(Better::Higher)
            .reading(
                "The share of customers for which there was enough data to give a health score. Read it first: where \
                 half of the customers have no score, every other metric of health describes the other half only.",
            )
            .edge_case(
                "Lacking data is what it counts, so a null in a component's column never makes a row missing in it.",
            )
            .edge_case(
                "A customer has no score where too little of the model's weight is known, or, where the model \
                 requires every component, as soon as one is not.",
            )
            .edge_case(
                "If the model is about none of the customers, there is nothing to cover and it is undefined.",
            ),
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
                .better(better)
                .reading(self.reading_of_band(position))
                .edge_case(self.edge_of_band(position))
                .edge_case(format!("Customers without a score are in neither sum of the {name} share.")),
            );
            metrics.push(
                Metric::amount(format!("{name}_revenue"), format!("{title} revenue"), Unit::Money, money.clone())
                    .better(better)
                    .reading(format!(
                        "The revenue at the end of customers that are {name}. It is what the {name} band is worth in money, \
                         and no forecast of what they will pay."
                    ))
                    .edge_case(format!(
                        "A customer whose revenue at the end is not known is left out of it, be it {name} or not."
                    ))
                    .edge_case(format!("Where customers with a score have revenue and none is {name}, it is 0.")),
            );
            metrics.push(
                Metric::share(
                    format!("{name}_revenue_share"),
                    format!("{title} share of revenue"),
                    money,
                    scored_revenue.clone(),
                )
                .better(better)
                .reading(format!(
                    "Which part of the revenue of customers with a score comes from {name} ones. Where it exceeds \
                     `{name}_share`, the {name} customers are larger than the others."
                ))
                .edge_case(format!(
                    "What customers without a score pay is in neither sum, so the {name} part and those of the other \
                     bands make 1."
                ))
                .edge_case(format!("If nobody with a score has revenue, the {name} part of it is undefined.")),
            );
        }
        metrics.push(Metric::amount("unknown_revenue", "Revenue without a score", Unit::Money, vec![(1, unknown)])
            .reading(
                "The revenue at the end of customers that have no health score: what all bands together leave out. A \
                 large amount means that data need attention before customers do.",
            )
            .edge_case("It is in no band's revenue and in no share of it.")
            .edge_case(
                "Where every customer has a score it is 0; where the model is about no customer it is undefined.",
            ));
        metrics.into_iter().map(|metric| metric.source(ARTICLE)).collect()
    }
}

impl HealthModel {
    /// How to read the share of a band, which depends on whether it is the lowest, the highest, or between them.
    fn reading_of_band(&self, position: usize) -> String {
        let Band { name, from } = &self.bands[position];
        let scores = match self.bands.get(position + 1) {
            Some(next) => format!("from {from} to below {}", next.from),
            None => format!("of {from} or more"),
        };
        let advice = match position {
            0 if self.bands.len() > 1 => {
                format!("Call these first: where the {name} share grows, churn is likely to follow.")
            }
            last if last + 1 == self.bands.len() => {
                format!("Here are references and upgrades to be found, but a {name} score is no promise to stay.")
            }
            _ => format!("From {name} customers go either way, so follow where those of the last period went."),
        };
        format!("The share of customers with a score that are {name}: a score {scores}. {advice}")
    }

    fn edge_of_band(&self, position: usize) -> String {
        let Band { name, from } = &self.bands[position];
        if position == 0 {
            format!(
                "A gate of the model can make a customer {name} whatever its score, and nobody is {name} for want of one."
            )
        } else {
            format!("A score of exactly {from} is {name}, unless a gate of the model caps the customer below it.")
        }
    }
}

pub(crate) fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
