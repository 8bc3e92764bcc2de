//! A score for every customer of a table.

use super::model::HealthModel;
use crate::engine::columns::Table;
use crate::engine::identities::IdentityColumn;
use crate::engine::{NOBODY, STRETCH, ScoreRows, required};
use crate::error::{Error, Result};
use crate::key::{Key, KeyType};
use crate::metrics::CUSTOMER_ID;
use crate::request::Request;
use crate::scorecard::{Scorecard, ScorecardBuilder};

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
    /// Each component's part of the score in micro-points, in the model's order; none where it is missing. Empty if the scorer
    /// was to leave them out.
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
    points: bool,
    with_scorecard: bool,
    builder: Option<ScorecardBuilder>,
    customers: Option<(IdentityColumn, Vec<u32>)>,
    /// What adding rows ended with: some are there in part, so that there is nothing to go on from.
    failed: Option<Error>,
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
        Self { with_scorecard: false, ..Self::with_scorecard(request) }
    }

    /// A scorer that makes the request's scorecard as well, while it has the rows: `customer_health` must be among its metrics.
    ///
    /// ```
    /// use svcmetrics::{Component, Error, HealthModel, HealthScorer, Request, Table};
    /// let model = HealthModel::new([Component::new("adoption_rate", 1)])?;
    /// let table = Table::new(2)
    ///     .with("plan", vec!["basic".to_owned(), "pro".to_owned()])
    ///     .with("milestones_met", vec![3_i64, 2])
    ///     .with("milestones_total", vec![4_i64, 4]);
    /// let mut scorer = HealthScorer::with_scorecard(Request::default().health(model).by(["plan"]));
    /// scorer.add(&table)?;
    /// let (scores, card) = scorer.finish_with_scorecard()?;
    /// assert_eq!(scores.scores[1].as_ref().unwrap().score, Some(50_000_000));
    /// assert_eq!(card.figures("customer_health")?[1].value(), Some(50.0));
    ///
    /// let mut scorer = HealthScorer::with_scorecard(Request::default().metrics(["adoption_rate"]));
    /// assert!(matches!(scorer.add(&table), Err(Error::InvalidOption { .. }))); // no health of customers is asked for
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn with_scorecard(request: Request) -> Self {
        Self { request, points: true, with_scorecard: true, builder: None, customers: None, failed: None }
    }

    /// Whether each component's points are kept as well, which takes longer; they are unless this says no.
    ///
    /// ```
    /// use svcmetrics::{Component, HealthModel, HealthScorer, Request, Table};
    /// let model = HealthModel::new([Component::new("adoption_rate", 1)])?;
    /// let mut scorer = HealthScorer::new(Request::default().health(model)).points(false);
    /// scorer.add(&Table::new(1).with("milestones_met", vec![3_i64]).with("milestones_total", vec![4_i64]))?;
    /// let scores = scorer.finish()?.scores;
    /// assert_eq!(scores[0].as_ref().unwrap().score, Some(75_000_000));
    /// assert!(scores[0].as_ref().unwrap().points.is_empty());
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    #[must_use]
    pub fn points(mut self, points: bool) -> Self {
        self.points = points;
        self
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
        self.add_parts_while(std::slice::from_ref(part), go_on)
    }

    /// Scores the rows of parts that are all there, as long as `go_on` says yes. The result is as of one after another; threads
    /// share all rows, and need not wait for each other at the end of each part.
    ///
    /// ```
    /// use svcmetrics::{Component, HealthModel, HealthScorer, Request, Table};
    /// let part = |met: i64| Table::new(1).with("milestones_met", vec![met]).with("milestones_total", vec![4_i64]);
    /// let model = HealthModel::new([Component::new("adoption_rate", 1)])?;
    /// let mut scorer = HealthScorer::new(Request::default().health(model));
    /// scorer.add_parts_while(&[part(1), part(3)], &mut || true)?;
    /// scorer.add_parts_while(&[], &mut || true)?; // no part is no rows
    /// let scores: Vec<_> = scorer.finish()?.scores.iter().flatten().map(|score| score.score).collect();
    /// assert_eq!(scores, [Some(25_000_000), Some(75_000_000)]);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`HealthScorer::add_while`].
    pub fn add_parts_while(&mut self, tables: &[Table<'_>], go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        if self.failed.is_none() {
            self.failed = self.add_all(tables, go_on).err();
        }
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn add_all(&mut self, tables: &[Table<'_>], go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let Some(first) = tables.first() else { return Ok(()) };
        let identity = self.request.source(CUSTOMER_ID).to_owned();
        if self.builder.is_none() {
            let names = first.names();
            self.builder = Some(self.ready(&names)?);
            if names.contains(&identity) {
                self.customers = Some((IdentityColumn::new(&identity, self.request.nan_is_missing), Vec::new()));
            }
        }
        let Some(builder) = &mut self.builder else { return Ok(()) };
        if let Some((column, codes)) = &mut self.customers {
            let mut before = builder.rows();
            for table in tables {
                let data = required(table, &identity)?;
                for start in (0..table.rows()).step_by(STRETCH) {
                    if !go_on() {
                        return Err(Error::Interrupted);
                    }
                    column.encode(data, start..table.rows().min(start + STRETCH), before, codes)?;
                }
                before += table.rows() as u64;
            }
        }
        builder.add_parts_while(tables, go_on)
    }

    /// A builder that scores rows with columns of these names.
    fn ready(&self, names: &[String]) -> Result<ScorecardBuilder> {
        let mut builder = ScorecardBuilder::of_columns(self.request.clone(), names)?;
        if builder.score(self.points, self.with_scorecard) {
            return Ok(builder);
        }
        // what keeps it from being measured, or else nobody has asked for it
        Self::new(self.request.clone()).ready(names)?;
        Err(Error::InvalidOption {
            option: "metrics".to_owned(),
            found: self.request.metrics.clone().unwrap_or_default().join(", "),
            expected: "customer_health among them, where customers are scored".to_owned(),
        })
    }

    /// The scores of all rows that were added.
    ///
    /// # Errors
    /// What is wrong with the rows, as [`crate::ScorecardBuilder::finish`].
    pub fn finish(self) -> Result<HealthScores> {
        Ok(self.finished()?.scores())
    }

    /// The scores of all rows that were added, and the scorecard of them.
    ///
    /// # Errors
    /// As [`HealthScorer::finish`]; [`Error::InvalidOption`] of a scorer that makes no scorecard.
    pub fn finish_with_scorecard(self) -> Result<(HealthScores, Scorecard)> {
        let mut finished = self.finished()?;
        let card = finished.take_scorecard()?;
        Ok((finished.scores(), card))
    }

    /// The same in columns.
    pub(crate) fn finished(mut self) -> Result<Finished> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let builder = match self.builder.take() {
            Some(builder) => builder,
            None => self.ready(&[])?,
        };
        let (pieces, model, scorecard) = builder.finish_scores(self.with_scorecard)?;
        let customers = self.customers.map(|(column, codes)| column.values(&codes));
        Ok(Finished { model, customers, pieces, scorecard })
    }
}

/// [`HealthScores`] in columns.
pub(crate) struct Finished {
    pub(crate) model: HealthModel,
    pub(crate) customers: Option<(KeyType, Vec<Key>)>,
    /// One after another; one at the least.
    pub(crate) pieces: Vec<ScoreRows>,
    scorecard: Option<Scorecard>,
}

impl Finished {
    fn scores(self) -> HealthScores {
        let Self { model, customers, pieces, .. } = self;
        let score = |piece: &ScoreRows, row: usize| {
            (piece.bands[row] != NOBODY).then(|| HealthScore {
                score: piece.micros(row),
                band: piece.bands[row] as usize,
                coverage: piece.coverages[row],
                points: (0..piece.components()).map(|component| piece.points(component, row)).collect(),
            })
        };
        let scores = pieces.iter().flat_map(|piece| (0..piece.len()).map(move |row| score(piece, row))).collect();
        HealthScores { model, customers, scores }
    }

    pub(crate) fn take_scorecard(&mut self) -> Result<Scorecard> {
        self.scorecard.take().ok_or_else(|| Error::InvalidOption {
            option: "scorecard".to_owned(),
            found: "a scorer that makes none".to_owned(),
            expected: "one of HealthScorer::with_scorecard".to_owned(),
        })
    }
}

impl HealthScores {
    /// A customer's band; `unknown` without a score, nothing where the customer is not among those the model is about.
    pub fn band(&self, row: usize) -> Option<&str> {
        self.scores[row].as_ref().map(|score| self.model.band_name(score.band))
    }
}
