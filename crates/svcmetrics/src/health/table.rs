//! A score for every customer of a table.

use super::model::HealthModel;
use super::score::Scored;
use crate::engine::columns::Table;
use crate::engine::identities::IdentityColumn;
use crate::engine::{BLOCK, Rows, STRETCH, Status};
use crate::error::{Error, Result};
use crate::key::{Key, KeyType};
use crate::metric::Form;
use crate::metrics::CUSTOMER_ID;
use crate::request::Request;
use std::sync::Arc;

/// One customer's health; nothing where the customer is not among those the model is about.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct HealthScore {
    /// Micro-points, where there is a score.
    pub score: Option<i64>,
    /// The band's position from 1; 0 is `unknown`.
    pub band: usize,
    /// Weight present / total weight.
    pub coverage: f64,
    /// Each component's part of the score in micro-points, in the model's order; none where it is missing.
    pub points: Vec<Option<i64>>,
}

/// The health of every customer of a table, in its order.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct HealthScores {
    /// The model as it fitted the table.
    pub model: HealthModel,
    /// The customers' identities, where the table has them, and their type.
    pub customers: Option<(KeyType, Vec<Key>)>,
    /// One a row.
    pub scores: Vec<Option<HealthScore>>,
}

/// Scores the customers of a table, part by part.
///
/// ```
/// use svcmetrics::{Component, HealthModel, HealthScorer, Request, Table};
/// let model = HealthModel::new([Component::new("adoption_rate", 1)])?;
/// let mut scorer = HealthScorer::new(Request::default().health(model));
/// scorer.add(&Table::new(2).with("milestones_met", vec![3_i64, 0]).with("milestones_total", vec![4_i64, 0]))?;
/// let scores = scorer.finish()?.scores;
/// assert_eq!(scores[0].as_ref().unwrap().score, Some(75_000_000));
/// assert_eq!(scores[1].as_ref().unwrap().score, None); // no milestones were set: unknown, not 0
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct HealthScorer {
    request: Request,
    rows: Option<Rows>,
    customers: Option<(IdentityColumn, Vec<u32>)>,
    scores: Vec<Option<HealthScore>>,
}

impl HealthScorer {
    /// A scorer with the request's model and options; its keys and metrics are not used.
    pub fn new(request: Request) -> Self {
        let request = Request {
            by: Vec::new(),
            period: None,
            unique: None,
            metrics: Some(vec!["customer_health".into()]),
            ..request
        };
        Self { request, rows: None, customers: None, scores: Vec::new() }
    }

    /// The columns of a table that are read, of those that it has.
    ///
    /// # Errors
    /// As [`crate::Request::reads`].
    pub fn reads(&self, names: &[String]) -> Result<Vec<String>> {
        let mut reads = self.request.reads(names)?;
        let identity = self.request.source(CUSTOMER_ID);
        if names.iter().any(|name| name == identity) && !reads.iter().any(|name| name == identity) {
            reads.push(identity.to_owned());
        }
        Ok(reads)
    }

    /// Scores rows.
    ///
    /// # Errors
    /// As [`crate::ScorecardBuilder::add`].
    pub fn add(&mut self, part: &Table<'_>) -> Result<()> {
        self.add_while(part, &mut || true)
    }

    /// Scores rows as long as `go_on` says yes.
    ///
    /// # Errors
    /// As [`crate::ScorecardBuilder::add_while`].
    pub fn add_while(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let identity = self.request.source(CUSTOMER_ID).to_owned();
        if self.rows.is_none() && part.names().contains(&identity) {
            self.customers = Some((IdentityColumn::new(&identity, self.request.nan_is_missing), Vec::new()));
        }
        let rows = match &mut self.rows {
            Some(rows) => rows,
            none => none.insert(rows_of(&self.request, &part.names())?),
        };
        if let (Some((column, codes)), Some(data)) = (&mut self.customers, part.get(&identity)?) {
            for start in (0..part.rows()).step_by(STRETCH) {
                if !go_on() {
                    return Err(Error::Interrupted);
                }
                column.encode(data, start..part.rows().min(start + STRETCH), rows.before, codes)?;
            }
        }
        let data = rows.part(part, go_on)?;
        let mut start = 0;
        while start < part.rows() {
            if !go_on() {
                return Err(Error::Interrupted);
            }
            let end = part.rows().min(start + BLOCK);
            rows.block(&data, start..end);
            collect(rows, &mut self.scores);
            start = end;
        }
        rows.before += part.rows() as u64;
        Ok(())
    }

    /// The scores of all rows that were added.
    ///
    /// # Errors
    /// What is wrong with the rows, as [`crate::ScorecardBuilder::finish`].
    pub fn finish(self) -> Result<HealthScores> {
        let rows = match self.rows {
            Some(rows) => rows,
            None => rows_of(&self.request, &[])?,
        };
        rows.verdict()?;
        let customers = self.customers.map(|(column, codes)| column.values(&codes));
        let model = rows.plan.definitions.model.clone().unwrap_or_default();
        Ok(HealthScores { model, customers, scores: self.scores })
    }
}

/// Rows of any currency: nothing is added up over customers.
fn rows_of(request: &Request, names: &[String]) -> Result<Rows> {
    let mut rows = Rows::new(request, names)?;
    Arc::make_mut(&mut rows.plan).currency = None;
    Ok(rows)
}

/// The scores of the block that was just read.
fn collect(rows: &Rows, scores: &mut Vec<Option<HealthScore>>) {
    let Some(health) = &rows.plan.health else { return };
    // Whom health is about is what the scope of `customer_health` says: rows that it counts or misses.
    let chosen = rows.plan.definitions.find("customer_health");
    let scope = chosen.and_then(|chosen| match chosen.form() {
        Form::Health | Form::Difference(..) => None,
        form => form.scope().map(|scope| scope.id().to_owned()),
    });
    let standing = scope.as_deref().and_then(|scope| rows.standing(scope)).unwrap_or_default();
    for (row, (status, scored)) in standing.iter().zip(&rows.scored).enumerate() {
        if matches!(status, Status::Outside | Status::Invalid) {
            scores.push(None);
            continue;
        }
        let Scored { score, band, .. } = *scored;
        let values: Vec<Option<f64>> = rows.values.iter().map(|values| values[row]).collect();
        let points = health.scoring.contributions(&values, scored).into_iter().map(|(points, _)| points).collect();
        scores.push(Some(HealthScore { score, band, coverage: health.scoring.coverage(scored), points }));
    }
}

impl HealthScores {
    /// A customer's band; `unknown` without a score, nothing where the customer is not among those the model is about.
    pub fn band(&self, row: usize) -> Option<&str> {
        self.scores[row].as_ref().map(|score| self.model.band_name(score.band))
    }
}
