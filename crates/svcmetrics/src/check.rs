//! What a table allows, and what is wrong with it.

use crate::engine::columns::Table;
use crate::engine::{Finding, STRETCH};
use crate::error::{Error, Result, shown};
use crate::request::{OnInvalid, Request};
use crate::scorecard::{Scorecard, ScorecardBuilder};
use std::collections::HashSet;

/// Rows that a check names for each thing that it finds; it counts them all.
const ROWS_NAMED: usize = 1000;

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Observation {
    /// The kind of error it would be ([`Error::kind`]), or `near_miss`, `null`, `rounded`.
    pub kind: String,
    /// The metric that it touches, where one is touched.
    pub metric: Option<String>,
    /// The column.
    pub column: Option<String>,
    /// The row, where there is one: a 0-based position.
    pub row: Option<u64>,
    /// What was found.
    pub value: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
    /// How many rows it is about.
    pub count: u64,
}

/// What a table allows, and what is wrong with it, all at once: what would be an error of a scorecard is an observation.
///
/// ```
/// use svcmetrics::{Check, Request, Table};
/// let table = Table::new(2).with("milestones_met", vec![5_i64, 1]).with("milestones_total", vec![4_i64, 4]);
/// let check = Check::of(&table, Request::default())?;
/// assert_eq!(check.observations[0].kind, "invalid_value");
/// assert_eq!(check.observations[0].row, Some(0));
/// assert!(!check.is_clean());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Check {
    /// The scorecard, with unusable rows left out.
    pub scorecard: Option<Scorecard>,
    /// What was found, errors first.
    pub observations: Vec<Observation>,
}

/// Checks a table part by part.
///
/// ```
/// use svcmetrics::{Checker, Request, Table};
/// let mut checker = Checker::new(Request::default());
/// checker.add(&Table::new(1).with("milestone_met", vec![5_i64]).with("milestones_total", vec![4_i64]), &mut || true)?;
/// let check = checker.finish()?;
/// assert_eq!(check.observations[0].kind, "near_miss");
/// assert!(check.is_clean());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Checker {
    request: Request,
    /// For as much of the request as the columns of the first part allow.
    builder: Option<ScorecardBuilder>,
    nulls: Vec<(String, u64)>,
    /// What was found of the columns themselves.
    found: Vec<Error>,
    /// Whether the last of it made the rest unreadable.
    stopped: bool,
}

impl Check {
    /// Checks one table.
    ///
    /// # Errors
    /// Only for what no table could mend, such as a metric that there is not.
    pub fn of(table: &Table<'_>, request: Request) -> Result<Self> {
        let mut checker = Checker::new(request);
        checker.add(table, &mut || true)?;
        checker.finish()
    }

    /// Whether nothing was found that would be an error.
    pub fn is_clean(&self) -> bool {
        self.observations
            .iter()
            .all(|observation| matches!(observation.kind.as_str(), "near_miss" | "null" | "rounded"))
    }
}

impl Checker {
    /// A check of what the request asks.
    pub fn new(request: Request) -> Self {
        let request = Request { keep: ROWS_NAMED, check: true, on_invalid: OnInvalid::Skip, ..request };
        Self { request, builder: None, nulls: Vec::new(), found: Vec::new(), stopped: false }
    }

    /// A builder that reads no column that stands there twice, and asks for none that is not there: those are findings.
    fn begin(&mut self, names: &[String]) -> Result<ScorecardBuilder> {
        let mut names: Vec<String> = names.to_vec();
        loop {
            let read = self.request.reads(&names);
            if let Err(Error::ColumnNotFound { metric: None, missing, available }) = read {
                for one in missing {
                    self.request = self.request.clone().without(&one.0);
                    let available = available.clone();
                    self.found.push(Error::ColumnNotFound { metric: None, missing: vec![one], available });
                }
                continue;
            }
            let (error, column) = match read {
                Ok(read) => {
                    let count = |name: &String| names.iter().filter(|known| *known == name).count();
                    let Some(column) = read.into_iter().find(|name| count(name) > 1) else { break };
                    let count = count(&column);
                    names.retain(|name| *name != column);
                    (Error::DuplicateColumn { column: column.clone(), count }, column)
                }
                Err(error) => match &error {
                    Error::KeyName { key, .. } if self.request.by.iter().filter(|by| *by == key).count() == 1 => {
                        (error.clone(), key.clone())
                    }
                    _ => return Err(error),
                },
            };
            self.request = self.request.clone().without(&column);
            self.found.push(error);
        }
        ScorecardBuilder::of_columns(self.request.clone(), &names)
    }

    /// Checks rows as long as `go_on` says yes.
    ///
    /// # Errors
    /// Only for what no table could mend, such as a metric that there is not, and [`Error::Interrupted`].
    pub fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        if self.builder.is_none() {
            self.builder = Some(self.begin(&part.names())?);
        }
        if let Some(builder) = self.builder.as_mut().filter(|_| !self.stopped) {
            match builder.add_while(part, go_on) {
                Err(error @ (Error::ColumnType(_) | Error::DuplicateColumn { .. })) => {
                    self.found.push(error);
                    self.stopped = true;
                }
                other => other?,
            }
        }
        for name in part.names() {
            let Ok(Some(data)) = part.get(&name) else { continue };
            let missing = |row: &usize| data.is_null(*row) || (self.request.nan_is_missing && data.is_nan(*row));
            let mut nulls = 0;
            for start in (0..part.rows()).step_by(STRETCH) {
                if !go_on() {
                    return Err(Error::Interrupted);
                }
                nulls += (start..part.rows().min(start + STRETCH)).filter(missing).count() as u64;
            }
            match self.nulls.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += nulls,
                None => self.nulls.push((name, nulls)),
            }
        }
        Ok(())
    }

    /// What was found.
    ///
    /// # Errors
    /// As [`Checker::add`].
    pub fn finish(mut self) -> Result<Check> {
        let builder = match self.builder.take() {
            Some(builder) => builder,
            None => self.begin(&[])?,
        };
        let (card, findings) = builder.finish_check()?;
        let named = |error: &Error| error.offence().map(|offence| offence.first.clone()).unwrap_or_default();
        let mut observations: Vec<Observation> =
            self.found.iter().flat_map(|error| observed(error, &named(error))).collect();
        observations.extend(findings.iter().flat_map(|Finding { error, rows }| observed(error, rows)));
        // A value that several metrics read is one thing to mend.
        let mut seen = HashSet::new();
        observations
            .retain(|found| found.row.is_none() || seen.insert((found.kind.clone(), found.column.clone(), found.row)));
        let mut near: Vec<(String, String, String)> = Vec::new();
        for (metric, missing) in card.not_measured() {
            for (column, names) in missing {
                for name in names {
                    if !near.iter().any(|(_, known, theirs)| known == column && theirs == name) {
                        near.push((metric.clone(), column.clone(), name.clone()));
                    }
                }
            }
        }
        observations.extend(near.into_iter().map(|(metric, column, name)| Observation {
            kind: "near_miss".into(),
            metric: Some(metric),
            column: Some(column.clone()),
            row: None,
            value: Some(shown(&name)),
            expected: Some(column),
            count: 1,
        }));
        observations.extend(self.nulls.iter().filter(|(_, count)| *count > 0).map(|(name, count)| Observation {
            kind: "null".into(),
            metric: None,
            column: Some(name.clone()),
            row: None,
            value: None,
            expected: None,
            count: *count,
        }));
        for (metric, quality) in card.quality().metrics.iter().filter(|(_, quality)| quality.counts.rounded > 0) {
            observations.push(Observation {
                kind: "rounded".into(),
                metric: Some(metric.clone()),
                column: None,
                row: None,
                value: Some(format!("by at most {}", quality.largest_rounding)),
                expected: None,
                count: u64::try_from(quality.counts.rounded).unwrap_or(u64::MAX),
            });
        }
        // Of a table that could not be read to its end there is no scorecard.
        Ok(Check { scorecard: Some(card).filter(|_| !self.stopped), observations })
    }
}

/// One observation for each row of an error, or one of all.
fn observed(error: &Error, rows: &[(u64, String)]) -> Vec<Observation> {
    let one = |row: Option<u64>, value: Option<String>| Observation {
        kind: error.kind().to_owned(),
        metric: error.metric().map(ToOwned::to_owned),
        column: error.column().map(ToOwned::to_owned),
        row,
        value,
        expected: error.expected().map(ToOwned::to_owned),
        count: error.count(),
    };
    if rows.is_empty() {
        return vec![one(error.row(), error.value().map(ToOwned::to_owned))];
    }
    rows.iter().map(|(row, value)| one(Some(*row), Some(value.clone()))).collect()
}
