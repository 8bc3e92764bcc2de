//! Movements of recurring revenue, as a scorecard keyed by period and segment.

use super::builder::PERIOD;
use super::cells::{Cell, Cells};
use super::customers::Movement;
use super::explanation::{Explanation, Judged};
use super::fold::Fold;
use super::grid::Grid;
use super::origin::Origin;
use super::{Ledger, MovementOptions, Segments};
use crate::breakdown::Breakdown;
use crate::definitions::{Chosen, Definitions, Parameters};
use crate::distributions::Distributions;
use crate::error::{Error, Result};
use crate::key::{Key, KeyType, group_text};
use crate::measure::Measure;
use crate::metric::Metric;
use crate::metrics::{CURRENCY, LOSSES_WITH_REASON, RunRate, Scales, of_ledger};
use crate::money::PLACES;
use crate::scorecard::{KeyColumn, Scorecard};
use crate::spread::Spread;
use crate::totals::Totals;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Ledger {
    /// Movements of recurring revenue in each period and segment: a scorecard keyed by `period` and the segments, with the
    /// revenue metrics, customer counts, MRR and ARR. Every period from the first to the last and every segment that was ever
    /// seen has a group, also where nothing moved; a group's rows are the customers that were ever in the segment.
    ///
    /// What changes for a customer who also changes its segment stands in the old one, as expansion, contraction or churn;
    /// what it pays afterwards is transferred out of it and into the new one. So in every group, exactly, and checked:
    /// `revenue_end = revenue_start + new + reactivation + expansion + transfer_in + fx - contraction - churn - transfer_out`.
    ///
    /// Where the table has a column of reasons, [`Scorecard::reasons`] says why revenue was lost (churn and contraction) or
    /// gained (new, reactivation and expansion); transfers are neither. A movement has the latest reason that the customer's
    /// lines of the period's months give, lines of revenue 0 among them; where one who left gave none there, that of its last
    /// line before, if it has one. Reasons that stand elsewhere are not used; the month of an opening stock is one before. Where
    /// lines also say whether a loss could have been avoided, the verdict that stands beside the reason goes with it, into
    /// `avoidable_loss_share` and [`Reason::avoidable`](crate::Reason::avoidable).
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] for segments that the ledger does not have, [`Error::InvalidOption`] for a month in which no
    /// year can start, [`Error::TooManyPeriods`] before memory is taken, [`Error::OutOfMemory`].
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, MovementOptions, Table};
    /// let table = Table::new(2)
    ///     .with("customer_id", vec!["a", "a"])
    ///     .with("month", vec!["2026-01", "2026-02"])
    ///     .with("revenue", vec![50_i64, 80])
    ///     .with("plan", vec!["basic", "pro"]);
    /// let ledger = Ledger::of(&table, LedgerOptions::default().by(["plan"]))?;
    /// let card = ledger.movements(&MovementOptions::default().by(["plan"]))?;
    /// let of = |metric: &str| card.figures(metric).map(|figures| figures[2..].iter().map(|f| f.value()).collect::<Vec<_>>());
    /// assert_eq!(of("revenue_expansion")?, [Some(30.0), Some(0.0)]); // February: basic, pro
    /// assert_eq!(of("revenue_transfer_out")?, [Some(80.0), Some(0.0)]);
    /// assert_eq!(of("revenue_transfer_in")?, [Some(0.0), Some(80.0)]);
    /// assert_eq!(of("revenue_end")?, [Some(0.0), Some(80.0)]);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Example: why customers left
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, MovementOptions, RevenueChange, Table};
    /// let table = Table::new(4)
    ///     .with("customer_id", vec!["a", "a", "b", "c"])
    ///     .with("month", vec!["2026-01", "2026-02", "2026-01", "2026-01"])
    ///     .with("revenue", vec![50_i64, 0, 30, 20])
    ///     .with("loss_reason", vec![None, Some("moved"), Some("price"), None]);
    /// let card = Ledger::of(&table, LedgerOptions::default())?.movements(&MovementOptions::default())?;
    /// let lost: Vec<_> = card.reasons(RevenueChange::Loss)?;
    /// let lost: Vec<_> = lost.iter().map(|lost| (lost.reason.to_string(), lost.amount.to_string())).collect();
    /// // a's stands on a line of February, b's on its last line before; c gave none
    /// assert_eq!(lost, [("moved", "50"), ("price", "30"), ("null", "20")].map(|(why, amount)| (why.into(), amount.into())));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn movements(&self, options: &MovementOptions) -> Result<Scorecard> {
        self.movements_while(options, &mut || true)
    }

    /// As [`Ledger::movements`]; `go_on` is asked from time to time whether to.
    ///
    /// # Errors
    /// As [`Ledger::movements`], and [`Error::Interrupted`].
    pub fn movements_while(&self, options: &MovementOptions, go_on: &mut dyn FnMut() -> bool) -> Result<Scorecard> {
        let currency = self.currency_by(&options.by)?;
        let grid = Grid::new(self, options)?;
        let origin = Origin::new(self, options);
        let Some(grid) = grid else {
            let Segments { columns, .. } = self.segments_by(&options.by)?.1;
            let reasons = self.explained(None, options, go_on)?;
            return Made { options, origin, columns, cells: None, currency, reasons }.scorecard(go_on);
        };
        grid.check(grid.periods, options.max_groups, GROUPS)?;
        let fold = Fold {
            cost: Cells::len(&grid),
            empty: || Cells::new(&grid),
            take: |cells: &mut Cells, chunk: &_, customers| cells.take(&grid, chunk, customers),
            add: Cells::add,
        };
        let mut cells = Cells::new(&grid)?;
        fold.run(&self.chunks, &mut cells, go_on)?;
        cells.finish();
        let reasons = self.explained(Some(&grid), options, go_on)?;
        let (columns, cells) = (grid.columns.clone(), Some((&grid, &cells)));
        Made { options, origin, columns, cells, currency, reasons }.scorecard(go_on)
    }
}

/// What there is one of for each period and segment: what one is called, and what several are.
pub(super) const GROUPS: [&str; 2] = ["group", "groups"];

/// Groups between which the caller is asked whether to go on.
const GROUPS_AT_ONCE: usize = 1 << 12;

/// What was summed.
pub(super) struct Made<'a> {
    pub(super) options: &'a MovementOptions,
    pub(super) origin: Origin,
    /// The segments'.
    pub(super) columns: Vec<KeyColumn>,
    /// All of them settled; nothing without months.
    pub(super) cells: Option<(&'a Grid, &'a Cells)>,
    pub(super) currency: Option<String>,
    pub(super) reasons: Vec<Explanation>,
}

impl Made<'_> {
    pub(super) fn scorecard(self, go_on: &mut dyn FnMut() -> bool) -> Result<Scorecard> {
        let verdicts = self.reasons.iter().find(|reasons| reasons.is_judged);
        let chosen = self.options.chosen(of_ledger(self.options.unit), verdicts.is_some())?;
        let is_chosen = |id: &str| chosen.iter().any(|metric| metric.id() == id);
        let mut breakdowns = BTreeMap::new();
        for explanation in self.reasons.iter().filter(|reasons| reasons.is_told) {
            let name = explanation.change.name();
            let Some(breakdown) = Breakdown::named(name).filter(|breakdown| is_chosen(breakdown.of)) else { continue };
            let mut metrics = breakdown.metrics_of_ledger(self.options.unit);
            metrics.retain(|metric| breakdown.beside != Some(metric.id()) || is_chosen(metric.id()));
            let part = self.card(metrics, None, Some(explanation), go_on)?;
            breakdowns.insert(name.to_owned(), part);
        }
        Ok(self.card(chosen, verdicts, None, go_on)?.with_breakdowns(breakdowns))
    }

    /// A scorecard of these metrics, broken down by reasons where there are some; otherwise verdicts are added up.
    fn card(
        &self,
        metrics: Vec<Metric>,
        verdicts: Option<&Explanation>,
        reasons: Option<&Explanation>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Scorecard> {
        let largest = self.origin.read.map_or(0.0, |read| read.largest_rounding);
        let definitions = definitions(metrics, self.options.unit, self.origin.clone(), self.currency.clone())?;
        let lanes = Lanes::new(&definitions)?;
        let (mut groups, mut totals) = (Vec::new(), Totals::new(definitions.width()));
        if let Some((grid, cells)) = self.cells {
            // of a stream they stand in the order in which they came
            let mut order: Vec<usize> = (0..grid.segments.len()).collect();
            order.sort_unstable_by_key(|segment| &grid.segments[*segment]);
            for (place, period) in (0..grid.periods).filter_map(|place| Some((place, grid.period(place)?))) {
                let period = period.to_string();
                for segment in &order {
                    if groups.len() % GROUPS_AT_ONCE == 0 && !go_on() {
                        return Err(Error::Interrupted);
                    }
                    let mut key = vec![Key::from(period.as_str())];
                    key.extend(grid.segments[*segment].iter().cloned());
                    let cell = cells.at(*segment, place);
                    let customers = cells.customers(*segment);
                    let (months_in_period, is_complete) = (self.options.every.months(), grid.is_complete(place));
                    let judged = verdicts.map(|verdicts| verdicts.judged(*segment, place)).unwrap_or_default();
                    let group = Group { cell, judged, customers, months_in_period, is_complete };
                    let Some(reasons) = reasons else {
                        totals.push(&lanes.of(&group, &key)?);
                        groups.push(key);
                        continue;
                    };
                    for (reason, part) in reasons.parts(cells, *segment, place) {
                        let (cell, judged, customers) = (&part.cell, part.judged, part.customers);
                        totals.push(&lanes.totals(&Group { cell, judged, customers, ..group }));
                        groups.push([key.clone(), vec![reason]].concat());
                    }
                }
            }
        }
        let mut keys = [vec![KeyColumn::new(PERIOD, KeyType::Text)], self.columns.clone()].concat();
        keys.extend(reasons.map(|reasons| reasons.column.clone()));
        Ok(Scorecard {
            largest_rounding: vec![largest; definitions.scopes.len()],
            definitions,
            keys,
            period: Some(PERIOD.to_owned()),
            currency_key: self.options.by.iter().find(|key| *key == CURRENCY).cloned(),
            over_time: false,
            // as it is of parts that are merged
            unique_checked: false,
            joined: false,
            groups,
            totals,
            distributions: Distributions::default(),
            spread: Spread::default(),
            not_measured: Arc::default(),
            breakdowns: BTreeMap::new(),
        })
    }
}

fn definitions(metrics: Vec<Metric>, unit: RunRate, origin: Origin, currency: Option<String>) -> Result<Definitions> {
    let chosen = metrics.into_iter().map(|metric| Chosen { metric, form: 0, shown: true });
    let parameters = Parameters {
        scale: PLACES,
        absent_revenue: None,
        currency,
        scales: Scales::default(),
        run_rate: Some(unit),
        origin: Some(origin),
        period: None,
    };
    Definitions::new(chosen.collect(), None, parameters)
}

/// A group of the scorecard.
#[derive(Clone, Copy)]
struct Group<'a> {
    cell: &'a Cell<i128>,
    judged: Judged,
    customers: i64,
    months_in_period: i32,
    is_complete: bool,
}

impl Group<'_> {
    fn amount(&self, movement: Movement) -> i128 {
        self.cell[movement].amount
    }

    fn customers(&self, movement: Movement) -> i128 {
        self.cell[movement].customers.into()
    }

    /// Of all customers.
    fn months(&self) -> i128 {
        i128::from(self.customers) * i128::from(self.months_in_period)
    }
}

type Total = fn(&Group<'_>) -> i128;

/// What each measure of a ledger is of a group.
const MEASURES: [(&str, Total); 24] = [
    ("ledger_revenue_start", |group| group.amount(Movement::Start)),
    ("ledger_revenue_end", |group| group.amount(Movement::End)),
    ("ledger_revenue_new", |group| group.amount(Movement::New)),
    ("ledger_revenue_reactivation", |group| group.amount(Movement::Reactivation)),
    ("ledger_revenue_expansion", |group| group.amount(Movement::Expansion)),
    ("ledger_revenue_contraction", |group| group.amount(Movement::Contraction)),
    ("ledger_revenue_churn", |group| group.amount(Movement::Churn)),
    ("ledger_revenue_transfer_in", |group| group.amount(Movement::TransferIn)),
    ("ledger_revenue_transfer_out", |group| group.amount(Movement::TransferOut)),
    ("ledger_revenue_fx", |_| 0),
    ("ledger_loss_with_reason", |group| group.judged.all.amount),
    ("ledger_loss_avoidable", |group| group.judged.avoidable.amount),
    ("ledger_transient_revenue", |group| group.amount(Movement::Transient)),
    ("ledger_months_complete", |group| if group.is_complete { group.months() } else { 0 }),
    ("ledger_months", |group| group.months()),
    ("ledger_customers_start", |group| group.customers(Movement::Start)),
    ("ledger_customers_end", |group| group.customers(Movement::End)),
    ("ledger_customers_new", |group| group.customers(Movement::New)),
    ("ledger_customers_reactivated", |group| group.customers(Movement::Reactivation)),
    ("ledger_customers_expanded", |group| group.customers(Movement::Expansion)),
    ("ledger_customers_contracted", |group| group.customers(Movement::Contraction)),
    ("ledger_customers_churned", |group| group.customers(Movement::Churn)),
    ("ledger_customers_retained", |group| group.customers(Movement::Start) - group.customers(Movement::Churn)),
    ("ledger_transient_customers", |group| group.customers(Movement::Transient)),
];

/// Where a group's totals stand.
struct Lanes {
    width: usize,
    /// By scope, whether it is about losses with a reason.
    scopes: Vec<bool>,
    measures: Vec<(usize, Total)>,
}

impl Lanes {
    /// # Errors
    /// Where a measure is of no ledger: a defect of ours.
    fn new(definitions: &Definitions) -> Result<Self> {
        let total = |(position, measure): (usize, &Measure)| {
            let found = MEASURES.iter().find(|(id, _)| *id == measure.id());
            let (_, total) = found.ok_or_else(|| Error::InvalidDefinition {
                what: "measure",
                id: measure.id().into(),
                problem: "is of no ledger".into(),
            })?;
            Ok((definitions.measure_lane(position), *total))
        };
        let measures = definitions.measures.iter().enumerate().map(total).collect::<Result<_>>()?;
        let scopes = definitions.scopes.iter().map(|scope| scope.id() == LOSSES_WITH_REASON).collect();
        Ok(Self { width: definitions.width(), scopes, measures })
    }

    /// # Errors
    /// Where revenue or customers do not add up: a defect of ours, and no result is better than a wrong one.
    fn of(&self, group: &Group<'_>, key: &[Key]) -> Result<Vec<i128>> {
        let sum =
            |of: &dyn Fn(Movement) -> i128, movements: &[Movement]| movements.iter().copied().map(of).sum::<i128>();
        let came = [Movement::Start, Movement::New, Movement::Reactivation, Movement::TransferIn];
        let went = [Movement::Churn, Movement::TransferOut, Movement::End];
        let (amount, customers) = (|movement| group.amount(movement), |movement| group.customers(movement));
        let gain = group.amount(Movement::Expansion) - group.amount(Movement::Contraction);
        if sum(&amount, &came) + gain != sum(&amount, &went) || sum(&customers, &came) != sum(&customers, &went) {
            let problem = format!("the movements of {} do not add up; please report this", group_text(key));
            return Err(Error::InvalidDocument { what: "the ledger", problem });
        }
        Ok(self.totals(group))
    }

    fn totals(&self, group: &Group<'_>) -> Vec<i128> {
        let mut lanes = vec![0; self.width];
        let rows = i128::from(group.customers);
        lanes[0] = rows;
        for (scope, is_of_losses) in self.scopes.iter().enumerate() {
            let [counted, missing, _, outside, _] = Definitions::scope_lanes(scope);
            lanes[counted] = rows;
            if *is_of_losses {
                (lanes[counted], lanes[missing]) = (group.judged.all.customers.into(), group.judged.unknown.into());
                lanes[outside] = rows - lanes[counted] - lanes[missing];
            }
        }
        for (lane, total) in &self.measures {
            lanes[*lane] = total(group);
        }
        lanes
    }
}
