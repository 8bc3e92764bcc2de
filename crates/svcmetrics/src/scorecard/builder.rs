//! From parts of a table to a scorecard.

use super::{KeyColumn, Scorecard};
use crate::breakdown::Breakdown;
use crate::column::ColumnKind;
use crate::distributions::Distributions;
use crate::engine::both::both;
use crate::engine::columns::Table;
use crate::engine::plan::each_once;
use crate::engine::{Engine, Finding, ScoreRows};
use crate::error::{Error, Result};
use crate::health::HealthModel;
use crate::request::Request;
use crate::spread::Spread;
use std::collections::BTreeMap;
use std::sync::Arc;

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
    request: Arc<Request>,
    engines: Option<Engines>,
}

/// What sums the rows by group, and by group and one more key.
#[derive(Debug, Clone)]
struct Engines {
    main: Engine,
    breakdowns: Vec<(&'static Breakdown, Engine)>,
}

impl Engines {
    fn new(request: &Request, names: &[String]) -> Result<Self> {
        let main = Engine::new(request, names)?;
        let breakdowns = request.breakdowns(&main.rows.plan.definitions, names).into_iter();
        let breakdowns = breakdowns.map(|(breakdown, request)| Ok((breakdown, Engine::new(&request, names)?)));
        Ok(Self { breakdowns: breakdowns.collect::<Result<_>>()?, main })
    }

    /// First by group: what is wrong with the rows is wrong there.
    fn add(&mut self, parts: &[Table<'_>], go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        self.main.add(parts, go_on)?;
        self.breakdowns.iter_mut().try_for_each(|(_, engine)| engine.add(parts, go_on))
    }

    /// The one by group first.
    fn all(&self) -> impl Iterator<Item = &Engine> {
        std::iter::once(&self.main).chain(self.breakdowns.iter().map(|(_, engine)| engine))
    }

    /// Adds up what several threads have summed.
    #[cfg(feature = "rayon")]
    fn unite(&mut self) -> Result<()> {
        std::iter::once(&mut self.main)
            .chain(self.breakdowns.iter_mut().map(|(_, engine)| engine))
            .try_for_each(Engine::unite)
    }

    fn scorecard(self, request: &Request, go_on: &mut dyn FnMut() -> bool) -> Result<Scorecard> {
        let mut breakdowns = BTreeMap::new();
        for (breakdown, engine) in self.breakdowns {
            let mut card = Scorecard::from_engine(engine, request, go_on)?;
            if let Some(key) = card.keys.last_mut() {
                breakdown.key.clone_into(&mut key.name);
            }
            breakdowns.insert(breakdown.name.to_owned(), card);
        }
        Ok(Scorecard::from_engine(self.main, request, go_on)?.with_breakdowns(breakdowns))
    }
}

impl ScorecardBuilder {
    /// A builder for what the request asks; the first part says what its table allows.
    pub fn new(request: Request) -> Self {
        Self { request: Arc::new(request), engines: None }
    }

    /// A builder for tables with columns of these names, made ready for them: its clones start where it does, and cost little.
    ///
    /// ```
    /// use svcmetrics::{Request, ScorecardBuilder, Table};
    /// let names = ["milestones_met", "milestones_total", "plan"].map(String::from);
    /// let ready = ScorecardBuilder::of_columns(Request::default(), &names)?;
    /// assert_eq!(ready.reads(), ["milestones_met", "milestones_total"]);
    /// for met in [1_i64, 2] {
    ///     let mut builder = ready.clone();
    ///     builder.add(&Table::new(1).with("milestones_met", vec![met]).with("milestones_total", vec![4_i64]))?;
    ///     assert_eq!(builder.finish()?.figure("adoption_rate")?.numerator().unwrap().integer(), met.into());
    /// }
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ScorecardBuilder::add`], where the request and the names alone show what is wrong.
    pub fn of_columns(request: Request, names: &[String]) -> Result<Self> {
        let engines = Engines::new(&request, names)?;
        Ok(Self { request: Arc::new(request), engines: Some(engines) })
    }

    /// The columns that are read of a table, once its names are known.
    pub fn reads(&self) -> Vec<String> {
        let engines = self.engines.iter().flat_map(Engines::all);
        each_once(engines.flat_map(|engine| engine.rows.plan.sources()))
    }

    /// Those of them that are read as true or false, and as nothing else.
    pub fn reads_flags(&self) -> Vec<String> {
        let plans = || self.engines.iter().flat_map(Engines::all).map(|engine| &engine.rows.plan);
        let is_flag = |source: &String| {
            plans().all(|plan| {
                let others = plan.by.iter().chain(&plan.currency).chain(&plan.identity);
                let columns = || plan.columns.iter().filter(|planned| planned.source == *source);
                others.into_iter().all(|other| other != source)
                    && columns().all(|planned| planned.column.kind == ColumnKind::Flag)
            })
        };
        self.reads().into_iter().filter(is_flag).collect()
    }

    /// Adds rows.
    ///
    /// # Errors
    /// What makes the request or the part's columns unusable at once; the builder says the same ever after. Values that cannot
    /// be used are gathered, and [`ScorecardBuilder::finish`] names them.
    pub fn add(&mut self, part: &Table<'_>) -> Result<()> {
        self.add_while(part, &mut || true)
    }

    /// Adds rows as long as `go_on`, which is asked from time to time, says yes.
    ///
    /// # Errors
    /// As [`ScorecardBuilder::add`], and [`Error::Interrupted`]; the builder is of no use afterwards.
    pub fn add_while(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        self.add_parts_while(std::slice::from_ref(part), go_on)
    }

    /// Adds the rows of parts that are all there, as long as `go_on` says yes. The result is as of one after another; threads
    /// share all rows, and need not wait for each other at the end of each part.
    ///
    /// ```
    /// use svcmetrics::{Request, ScorecardBuilder, Table};
    /// let part = |met: i64| Table::new(1).with("milestones_met", vec![met]).with("milestones_total", vec![4_i64]);
    /// let mut builder = ScorecardBuilder::new(Request::default());
    /// builder.add_parts_while(&[part(1), part(2)], &mut || true)?;
    /// builder.add_parts_while(&[], &mut || true)?; // no part is no rows
    /// assert_eq!(builder.finish()?.figure("adoption_rate")?.value(), Some(0.375));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ScorecardBuilder::add_while`].
    pub fn add_parts_while(&mut self, parts: &[Table<'_>], go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let Some(first) = parts.first() else { return Ok(()) };
        let engines = match &mut self.engines {
            Some(engines) => engines,
            None => self.engines.insert(Engines::new(&self.request, &first.names())?),
        };
        engines.add(parts, go_on)
    }

    /// The scorecard of all rows that were added.
    ///
    /// # Errors
    /// What is wrong with the rows: duplicates, absent revenue, values that cannot be used.
    pub fn finish(self) -> Result<Scorecard> {
        self.finish_while(&mut || true)
    }

    /// As [`ScorecardBuilder::finish`]; `go_on` is asked from time to time whether to.
    ///
    /// # Errors
    /// As [`ScorecardBuilder::finish`], and [`Error::Interrupted`].
    pub fn finish_while(self, go_on: &mut dyn FnMut() -> bool) -> Result<Scorecard> {
        let (request, mut engines) = self.engines()?;
        engines.main.settle(go_on)?;
        if let Some(error) = engines.main.duplicate() {
            return Err(error);
        }
        engines.main.rows.verdict()?;
        let card = engines.scorecard(&request, go_on)?;
        // A row that is lost would be a defect of ours: no result is better than a wrong one.
        match card.definitions.miscounted_in(&card.totals) {
            Some((scope, judged)) => {
                let problem = format!("{} judged {judged} rows of a group and not all; please report this", scope.id());
                Err(Error::InvalidDocument { what: "the engine's totals", problem })
            }
            None => Ok(card),
        }
    }

    /// From now on each customer is scored as well, or nothing but that; whether that can be. There are columns, and no rows yet.
    pub(crate) fn score(&mut self, with_points: bool, with_sums: bool) -> bool {
        let Some(Engines { main, .. }) = &mut self.engines else { return false };
        if !with_sums && !main.rows.plan.definitions.scores_by_money() {
            // of any currency: nothing is added up over customers, and what they are scored by has none
            Arc::make_mut(&mut main.rows.plan).currency = None;
        }
        main.score(with_points, with_sums)
    }

    /// How many rows were added.
    pub(crate) fn rows(&self) -> u64 {
        self.engines.as_ref().map_or(0, |engines| engines.main.rows.before)
    }

    /// The scores of all rows that were added, the model as it fitted, and the scorecard, if sums were asked for, too.
    pub(crate) fn finish_scores(mut self, with_sums: bool) -> Result<(Vec<ScoreRows>, HealthModel, Option<Scorecard>)> {
        let mut plan = None;
        let scores = self.engines.as_mut().and_then(|engines| {
            plan = Some(engines.main.rows.plan.clone());
            engines.main.scores.take()
        });
        let model = plan.and_then(|plan| plan.definitions.model.clone()).unwrap_or_default();
        let scorecard = if with_sums {
            Some(self.finish()?)
        } else {
            self.engines()?.1.main.rows.verdict()?;
            None
        };
        Ok((scores.unwrap_or_default().pieces(), model, scorecard))
    }

    /// The engines with all rows.
    fn engines(self) -> Result<(Arc<Request>, Engines)> {
        #[cfg_attr(not(feature = "rayon"), allow(unused_mut))]
        let mut engines = match self.engines {
            Some(engines) => engines,
            None => Engines::new(&self.request, &[])?,
        };
        let mut all = std::iter::once(&engines.main).chain(engines.breakdowns.iter().map(|(_, engine)| engine));
        if let Some(error) = all.find_map(|engine| engine.failed.clone()) {
            return Err(error);
        }
        #[cfg(feature = "rayon")]
        engines.unite()?;
        Ok((self.request, engines))
    }

    /// The scorecard, and all that is wrong with the rows instead of the first of it. Nothing to find in no rows.
    pub(crate) fn finish_check(self) -> Result<(Scorecard, Vec<Finding>)> {
        let (request, mut engines) = self.engines()?;
        engines.main.settle(&mut || true)?;
        let engine = &engines.main;
        let whole = |error: &Error| Finding {
            rows: error.offence().map(|offence| offence.first.clone()).unwrap_or_default(),
            error: error.clone(),
        };
        let identity = engine.identities.as_ref().and_then(|identities| identities.fault());
        let reasons = engines.breakdowns.iter().filter_map(|(_, engine)| engine.groups.columns.last()?.fault());
        let mut findings: Vec<Finding> =
            engine.groups.faults().chain(reasons).chain(identity).chain(&engine.rows.mixed).map(whole).collect();
        findings.extend(engine.rows.offences.all());
        if let Some(identities) = &engine.identities {
            let finding = |error| Finding { error, rows: identities.repeated.clone() };
            findings.extend(engine.duplicate().map(finding));
        }
        findings.extend(engine.rows.absent_revenue().map(|error| Finding { error, rows: Vec::new() }));
        Ok((engines.scorecard(&request, &mut || true)?, findings))
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

    fn from_engine(engine: Engine, request: &Request, go_on: &mut dyn FnMut() -> bool) -> Result<Self> {
        // each step takes long where there are millions of groups
        let mut next = || if go_on() { Ok(()) } else { Err(Error::Interrupted) };
        next()?;
        let currency = engine.rows.currency();
        let absent = engine.rows.absent;
        let order = engine.groups.sorted();
        next()?;
        let keys = || order.iter().map(|group| engine.groups.keys(*group)).collect();
        let (totals, keys) = both(order.len(), || engine.totals(&order), keys);
        let totals = totals?;
        next()?;
        let Engine { rows, groups, identities, mut distributions, spread: unsorted_spread, largest_rounding, .. } =
            engine;
        let plan = rows.plan.as_ref();
        let mut definitions = plan.definitions.clone();
        definitions.parameters.currency = currency;
        if absent.start + absent.end > 0 {
            definitions.parameters.absent_revenue = request.absent_revenue;
        }
        let distributed = plan.distributed.iter().map(|position| plan.definitions.measures[*position].id.to_string());
        let sorted_distributions = distributed.zip(&mut distributions).map(|(measure, groups)| {
            (measure, order.iter().map(|group| std::mem::take(&mut groups[*group as usize])).collect())
        });
        let distributions = Distributions::new(sorted_distributions);
        let mut spread = Spread::of(unsorted_spread.metrics.clone());
        for group in &order {
            spread.push(unsorted_spread.group(*group as usize));
        }
        Ok(Self {
            period: plan.period.clone(),
            keys: groups.columns.iter().map(|column| KeyColumn::new(&column.name, column.key_type().clone())).collect(),
            currency_key: plan.currency_key.clone(),
            over_time: false,
            unique_checked: identities.is_some(),
            joined: false,
            groups: keys,
            totals,
            distributions,
            spread,
            largest_rounding,
            not_measured: plan.not_measured.clone(),
            breakdowns: BTreeMap::new(),
            definitions,
        })
    }
}
