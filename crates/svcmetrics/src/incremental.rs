//! What more service brought for what more it cost, between two scorecards.

use crate::definitions::Chosen;
use crate::error::{Error, Result};
use crate::figure::{Figure, Total, Undefined, Unit};
use crate::key::{Key, group_text};
use crate::metric::{Form, Metric};
use crate::scorecard::{KeyColumn, Scorecard, outer, united_keys};

const COST: &str = "service_cost";

/// Each with the metric whose numerator is the revenue.
const RETURNS: [(&str, &str); 3] = [
    ("incremental_direct_return", "direct_revenue"),
    ("incremental_indirect_return", "indirect_revenue"),
    ("incremental_retained_revenue", "gross_revenue_retention"),
];

/// The incremental returns of a group.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Increment {
    /// Its keys.
    pub group: Vec<Key>,
    /// Which of the three.
    pub metric: String,
    /// Change of revenue / change of cost.
    pub figure: Figure,
}

/// The incremental returns between two scorecards.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Increments {
    /// The key columns of the groups.
    pub keys: Vec<KeyColumn>,
    /// Group by group.
    pub increments: Vec<Increment>,
}

impl Scorecard {
    /// What more service brought since a baseline, for each unit that more it cost, group by group:
    /// `incremental_direct_return`, `incremental_indirect_return` (change of direct, indirect revenue / change of service cost) and
    /// `incremental_retained_revenue` (change of the revenue at the start that was kept, the numerator of
    /// `gross_revenue_retention` / change of service cost), those that both cards have the measures of.
    ///
    /// Undefined where cost did not change, or a group is on one side only. Where cost fell, a gain in revenue is negative.
    ///
    /// ```
    /// use svcmetrics::{Request, Scorecard, Table};
    /// let card = |cost: i64, direct: i64| {
    ///     let table = Table::new(1).with("service_cost", vec![cost]).with("direct_revenue", vec![direct]);
    ///     Scorecard::of(&table, Request::default())
    /// };
    /// let found = card(120, 200)?.incremental(&card(100, 150)?)?;
    /// let direct = &found.increments[0];
    /// assert_eq!((direct.metric.as_str(), direct.figure.value()), ("incremental_direct_return", Some(2.5)));
    /// // nothing more was spent
    /// assert!(!card(100, 200)?.incremental(&card(100, 150)?)?.increments[0].figure.is_defined());
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] or [`Error::MetricNotFound`] where a card lacks service cost, or both together each revenue;
    /// [`Error::Mismatch`] where keys or parameters differ; [`Error::Overflow`].
    pub fn incremental(&self, baseline: &Self) -> Result<Increments> {
        let cost = self.shared(baseline, &[COST])?[0];
        let mut returns = Vec::new();
        for (id, revenue) in RETURNS {
            if self.chosen(revenue).is_ok() && baseline.chosen(revenue).is_ok() {
                returns.push((id, numerator(self.shared(baseline, &[revenue])?[0])));
            }
        }
        if returns.is_empty() {
            self.shared(baseline, &[RETURNS[0].1])?;
        }
        let keys = united_keys(&self.keys, &baseline.keys)?;
        let mut increments = Vec::new();
        for (group, now, before) in outer(&self.groups, &baseline.groups) {
            let change = |chosen: &Chosen| -> Result<std::result::Result<i128, Undefined>> {
                let mut amounts = [0; 2];
                for (amount, figure) in
                    amounts.iter_mut().zip([self.side(now, chosen)?, baseline.side(before, chosen)?])
                {
                    match (figure.numerator(), figure.undefined_reason()) {
                        (_, Some(reason)) => return Ok(Err(reason)),
                        (total, None) => *amount = total.and_then(Total::micros).ok_or_else(|| overflow(group))?,
                    }
                }
                amounts[0].checked_sub(amounts[1]).map(Ok).ok_or_else(|| overflow(group))
            };
            for (id, revenue) in &returns {
                let figure = match (change(revenue)?, change(cost)?) {
                    (Ok(revenue), Ok(cost)) => {
                        Figure::quotient(Unit::Fraction, Total::new(revenue, true), Total::new(cost, true))
                    }
                    (Err(reason), _) | (_, Err(reason)) => Figure::undefined(Unit::Fraction, reason),
                };
                increments.push(Increment { group: group.clone(), metric: (*id).to_owned(), figure });
            }
        }
        Ok(Increments { keys, increments })
    }
}

fn overflow(group: &[Key]) -> Error {
    Error::Overflow { measure: "an incremental return".into(), group: group_text(group), limit: "128 bits" }
}

/// The metric's numerator as an amount.
fn numerator(chosen: &Chosen) -> Chosen {
    let metric = match chosen.form() {
        Form::Quotient { numerator, .. } => {
            Metric::amount(chosen.metric.id.clone(), chosen.metric.title.clone(), Unit::Money, numerator.clone())
        }
        _ => chosen.metric.clone(),
    };
    Chosen { metric, form: 0, shown: true }
}
