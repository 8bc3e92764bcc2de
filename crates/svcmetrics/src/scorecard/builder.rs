//! From parts of a table to a scorecard.

use super::{KeyColumn, Scorecard};
use crate::engine::columns::Table;
use crate::engine::{Engine, Finding};
use crate::error::{Error, Result};
use crate::key::Key;
use crate::request::Request;
use crate::totals::Totals;

/// Builds a scorecard from parts of a table, one after another.
///
/// ```
/// use svcmetrics::{Request, ScorecardBuilder, Table};
/// let mut builder = ScorecardBuilder::new(Request::default());
/// for met in [1_i64, 2] {
///     builder.add(&Table::new(1).with("milestones_met", vec![met]).with("milestones_total", vec![4_i64]))?;
/// }
/// assert_eq!(builder.finish()?.figure("adoption_rate")?.value(), Some(0.375));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ScorecardBuilder {
    request: Request,
    engine: Option<Engine>,
}

impl ScorecardBuilder {
    /// A builder for what the request asks; the first part says what its table allows.
    pub fn new(request: Request) -> Self {
        Self { request, engine: None }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// What makes the request or the part's columns unusable at once. Values that cannot be used are gathered, and
    /// [`ScorecardBuilder::finish`] names them.
    pub fn add(&mut self, part: &Table<'_>) -> Result<()> {
        self.add_while(part, &mut || true)
    }

    /// Adds rows as long as `go_on`, which is asked every thousand rows or so, says yes.
    ///
    /// # Errors
    /// As [`ScorecardBuilder::add`], and [`Error::Interrupted`]; the builder is of no use afterwards.
    pub fn add_while(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let engine = match &mut self.engine {
            Some(engine) => engine,
            None => self.engine.insert(Engine::new(&self.request, &part.names())?),
        };
        engine.add(part, go_on)
    }

    /// The scorecard of all rows that were added.
    ///
    /// # Errors
    /// What is wrong with the rows: duplicates, absent revenue, values that cannot be used.
    pub fn finish(self) -> Result<Scorecard> {
        let engine = match self.engine {
            Some(engine) => engine,
            None => Engine::new(&self.request, &[])?,
        };
        if let Some(error) = engine.identities.as_ref().and_then(|identities| identities.error(&engine.groups)) {
            return Err(error);
        }
        engine.rows.verdict()?;
        let card = Scorecard::from_engine(engine, &self.request)?;
        // A row that is lost would be a defect of ours: no result is better than a wrong one.
        match (0..card.len()).find_map(|group| card.definitions.miscounted(card.totals.group(group))) {
            Some((scope, judged)) => {
                let problem = format!("{} judged {judged} rows of a group and not all; please report this", scope.id());
                Err(Error::InvalidDocument { what: "the engine's totals", problem })
            }
            None => Ok(card),
        }
    }

    /// The scorecard, and all that is wrong with the rows instead of the first of it. Nothing to find in no rows.
    pub(crate) fn finish_check(self) -> Result<(Scorecard, Vec<Finding>)> {
        let engine = match self.engine {
            Some(engine) => engine,
            None => Engine::new(&self.request, &[])?,
        };
        let mut findings: Vec<Finding> = engine.rows.offences.all().collect();
        if let Some(identities) = &engine.identities {
            let finding = |error| Finding { error, rows: identities.repeated.clone() };
            findings.extend(identities.error(&engine.groups).map(finding));
        }
        findings.extend(engine.rows.absent_revenue().map(|error| Finding { error, rows: Vec::new() }));
        Ok((Scorecard::from_engine(engine, &self.request)?, findings))
    }
}

impl Scorecard {
    /// The scorecard of one table.
    ///
    /// # Errors
    /// As [`ScorecardBuilder`].
    pub fn of(table: &Table<'_>, request: Request) -> Result<Self> {
        let mut builder = ScorecardBuilder::new(request);
        builder.add(table)?;
        builder.finish()
    }

    fn from_engine(engine: Engine, request: &Request) -> Result<Self> {
        let currency = engine.rows.currency();
        let absent = engine.rows.absent;
        let Engine { rows, groups, identities, totals, largest_rounding } = engine;
        let mut definitions = rows.plan.definitions;
        definitions.parameters.currency = currency;
        if absent.start + absent.end > 0 {
            definitions.parameters.absent_revenue = request.absent_revenue;
        }
        let unsorted = Totals::new(definitions.width(), totals);
        let count = u32::try_from(groups.len()).unwrap_or(u32::MAX);
        let mut order: Vec<(Vec<Key>, u32)> = (0..count).map(|group| (groups.keys(group), group)).collect();
        order.sort_unstable();
        let mut lanes = Vec::new();
        let out_of_memory = |_| Error::OutOfMemory { groups: u64::from(count) };
        lanes.try_reserve_exact(order.len() * definitions.width()).map_err(out_of_memory)?;
        let mut sorted = Totals::new(definitions.width(), lanes);
        let mut keys = Vec::with_capacity(order.len());
        for (key, group) in order {
            sorted.push(unsorted.group(group as usize));
            keys.push(key);
        }
        Ok(Self {
            period: rows.plan.period.map(|position| rows.plan.by[position].clone()),
            keys: groups.columns.iter().map(|column| KeyColumn::new(&column.name, column.key_type().clone())).collect(),
            currency_key: rows.plan.currency_key,
            over_time: false,
            unique_checked: identities.is_some(),
            joined: false,
            groups: keys,
            totals: sorted,
            largest_rounding,
            not_measured: rows.plan.not_measured,
            definitions,
        })
    }
}
