//! Which customers stand behind a cell of the movements.

use super::chunk::Chunk;
use super::fold::Fold;
use super::grid::{Grid, Point, See};
use super::{Ledger, MovementOptions};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::key::Key;
use crate::period::{Every, Period};

/// A movement of recurring revenue, or where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Movement {
    /// With revenue at the start.
    Start,
    /// With the first revenue ever.
    New,
    /// Back again.
    Reactivation,
    /// Paying more.
    Expansion,
    /// Paying less.
    Contraction,
    /// With revenue at the start and none at the end.
    Churn,
    /// Come from another segment.
    TransferIn,
    /// Gone to another segment.
    TransferOut,
    /// With revenue at the end.
    End,
    /// With revenue within the period, and neither at its start nor at its end.
    Transient,
}

impl Movement {
    pub(super) const ALL: [Self; 10] = [
        Self::Start,
        Self::New,
        Self::Reactivation,
        Self::Expansion,
        Self::Contraction,
        Self::Churn,
        Self::TransferIn,
        Self::TransferOut,
        Self::End,
        Self::Transient,
    ];

    /// The stable lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::New => "new",
            Self::Reactivation => "reactivation",
            Self::Expansion => "expansion",
            Self::Contraction => "contraction",
            Self::Churn => "churn",
            Self::TransferIn => "transfer_in",
            Self::TransferOut => "transfer_out",
            Self::End => "end",
            Self::Transient => "transient",
        }
    }

    /// The movement of that name.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] that names those that there are.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|movement| movement.name() == name).ok_or_else(|| Error::InvalidOption {
            option: "movement".into(),
            found: name.into(),
            expected: Self::ALL.map(Self::name).join(", "),
        })
    }
}

/// A customer behind a cell.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct CustomerMovement {
    /// Who.
    pub customer: Key,
    /// The segment of the cell.
    pub segment: Vec<Key>,
    /// Its revenue at the start of the period.
    pub revenue_start: Figure,
    /// Its revenue at the end.
    pub revenue_end: Figure,
    /// What it adds to the cell.
    pub amount: Figure,
}

/// What a customer does in one period.
#[derive(Debug, Default)]
pub(super) struct Watched {
    pub(super) period: i32,
    pub(super) start: Option<Point>,
    pub(super) end: Option<Point>,
    pub(super) inside: Option<Point>,
    /// Whether there was revenue before the period.
    pub(super) first_month: Option<i32>,
}

impl See for Watched {
    fn point(&mut self, point: Point, first_month: i32) {
        self.first_month = Some(first_month);
        if point.period == self.period - 1 {
            self.start = Some(point);
        } else if point.period == self.period {
            self.end = Some(point);
        }
    }

    fn inside(&mut self, most: Point, first_month: i32) {
        self.first_month = Some(first_month);
        if most.period == self.period {
            self.inside = Some(most);
        }
    }
}

impl Watched {
    /// The segment of the cell in which a movement stands, and its amount; nothing where the customer has no part in it.
    pub(super) fn moved(&self, movement: Movement, starts_at: i32) -> Option<(u32, i64)> {
        let was_there = self.first_month.is_some_and(|first| first < starts_at);
        let of = |point: Point, amount: i64| Some((point.segment, amount)).filter(|_| amount > 0);
        match (movement, self.start, self.end) {
            (Movement::Start, Some(point), _)
            | (Movement::End, _, Some(point))
            | (Movement::Churn, Some(point), None) => of(point, point.amount),
            (Movement::New, None, Some(end)) if !was_there => of(end, end.amount),
            (Movement::Reactivation, None, Some(end)) if was_there => of(end, end.amount),
            (Movement::Expansion, Some(start), Some(end)) => of(start, end.amount - start.amount),
            (Movement::Contraction, Some(start), Some(end)) => of(start, start.amount - end.amount),
            (Movement::TransferOut, Some(start), Some(end)) if start.segment != end.segment => of(start, end.amount),
            (Movement::TransferIn, Some(start), Some(end)) if start.segment != end.segment => of(end, end.amount),
            (Movement::Transient, None, None) => self.inside.and_then(|inside| of(inside, inside.amount)),
            _ => None,
        }
    }
}

/// What is shown of a customer; amounts of a year, in micro-units.
struct Found {
    segment: u32,
    start: i64,
    end: i64,
    amount: i64,
}

/// When and where a customer started, and what it paid then and pays in a later period.
struct Started<'a> {
    grid: &'a Grid,
    at: i32,
    cohort: Option<(i32, u32)>,
    start: i64,
    end: i64,
}

impl See for Started<'_> {
    fn point(&mut self, point: Point, first_month: i32) {
        if point.period < 0 {
            // as in retention, the opening stock stands in the first period's cohort
            return;
        }
        let (cohort, _) = *self.cohort.get_or_insert((self.grid.place(first_month), point.segment));
        if point.period == cohort {
            self.start = point.amount;
        }
        if point.period == self.at {
            self.end = point.amount;
        }
    }

    fn inside(&mut self, most: Point, first_month: i32) {
        self.cohort.get_or_insert((self.grid.place(first_month), most.segment));
    }
}

impl Ledger {
    /// The customers behind a movement of a period, in ascending order: those that the group of the scorecard counts, with
    /// amounts that add up to the group's. The period says how long it is, and the other options are used as for the scorecard.
    ///
    /// # Errors
    /// As [`Ledger::movements`]; [`Error::InvalidOption`] for a period that the ledger does not reach, and for one of years
    /// that start in another month than the options say.
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, Movement, MovementOptions, Table};
    /// let table = Table::new(3)
    ///     .with("customer_id", vec!["b", "a", "c"])
    ///     .with("month", vec!["2026-01", "2026-01", "2026-02"])
    ///     .with("revenue", vec![50_i64, 70, 30]);
    /// let ledger = Ledger::of(&table, LedgerOptions::default())?;
    /// let lost = ledger.behind("2026-02".parse()?, Movement::Churn, &MovementOptions::default())?;
    /// let lost: Vec<_> = lost.iter().map(|of| (of.customer.to_string(), of.amount.to_string())).collect();
    /// assert_eq!(lost, [("a".into(), "70.00".into()), ("b".into(), "50.00".into())]);
    /// assert!(ledger.behind("2027-01".parse()?, Movement::Churn, &MovementOptions::default()).is_err());
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn behind(
        &self,
        period: Period,
        movement: Movement,
        options: &MovementOptions,
    ) -> Result<Vec<CustomerMovement>> {
        self.behind_while(period, movement, options, &mut || true)
    }

    /// As [`Ledger::behind`]; `go_on` is asked from time to time whether to.
    ///
    /// # Errors
    /// As [`Ledger::behind`], and [`Error::Interrupted`].
    pub fn behind_while(
        &self,
        period: Period,
        movement: Movement,
        options: &MovementOptions,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<CustomerMovement>> {
        let (grid, period) = self.grid_of(period, options)?;
        let new = || Watched { period, ..Watched::default() };
        let found = |watched: &Watched| {
            let (segment, amount) = watched.moved(movement, grid.start(period))?;
            let of = |point: Option<Point>| point.map_or(0, |point| point.amount);
            Some(Found { segment, start: of(watched.start), end: of(watched.end), amount })
        };
        self.found(&grid, options, new, found, go_on)
    }

    /// Who started in a period, so many periods later: the customers behind a cell of retention, in ascending order. Those
    /// with revenue at the end are still there, or there again; of the revenue at the start and the end, and the smaller of
    /// both as the amount, the sums are those of the cell.
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, MovementOptions, Table};
    /// let table = Table::new(3)
    ///     .with("customer_id", vec!["a", "b", "b"])
    ///     .with("month", vec!["2026-01", "2026-01", "2026-02"])
    ///     .with("revenue", vec![60_i64, 40, 50]);
    /// let ledger = Ledger::of(&table, LedgerOptions::default())?;
    /// let cohort = ledger.behind_cohort("2026-01".parse()?, 1, &MovementOptions::default())?;
    /// let ends: Vec<_> = cohort.iter().map(|of| (of.customer.to_string(), of.revenue_end.to_string())).collect();
    /// assert_eq!(ends, [("a".into(), "0.00".into()), ("b".into(), "50.00".into())]);
    /// assert!(ledger.behind_cohort("2026-01".parse()?, 2, &MovementOptions::default()).is_err()); // not known yet
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Ledger::behind`]; [`Error::InvalidOption`] for an age that cannot be known yet.
    pub fn behind_cohort(&self, cohort: Period, age: u32, options: &MovementOptions) -> Result<Vec<CustomerMovement>> {
        self.behind_cohort_while(cohort, age, options, &mut || true)
    }

    /// As [`Ledger::behind_cohort`]; `go_on` is asked from time to time whether to.
    ///
    /// # Errors
    /// As [`Ledger::behind_cohort`], and [`Error::Interrupted`].
    pub fn behind_cohort_while(
        &self,
        cohort: Period,
        age: u32,
        options: &MovementOptions,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<CustomerMovement>> {
        let (grid, place) = self.grid_of(cohort, options)?;
        let last = grid.known_periods() - 1;
        let Some(at) = i32::try_from(age).ok().and_then(|age| place.checked_add(age)).filter(|at| *at <= last) else {
            return Err(Error::InvalidOption {
                option: "age".into(),
                found: age.to_string(),
                expected: if place > last {
                    format!("none, since {cohort} is not over")
                } else {
                    format!("0 to {}, which the ledger reaches", last - place)
                },
            });
        };
        let new = || Started { grid: &grid, at, cohort: None, start: 0, end: 0 };
        let found = |started: &Started<'_>| {
            let (_, segment) = started.cohort.filter(|(cohort, _)| *cohort == place)?;
            let (start, end) = (started.start, started.end);
            Some(Found { segment, start, end, amount: start.min(end) })
        };
        self.found(&grid, options, new, found, go_on)
    }

    /// The periods of that length, and where among them one stands.
    fn grid_of(&self, period: Period, options: &MovementOptions) -> Result<(Grid, i32)> {
        let refused = |expected: String| {
            Err(Error::InvalidOption { option: "period".into(), found: period.to_string(), expected })
        };
        if period.every() != Every::Month && period.fiscal_start() != options.fiscal_start {
            let start = options.fiscal_start;
            return refused(format!("a period of years that start in month {start}, as fiscal_start says"));
        }
        let Some(grid) = Grid::new(self, &options.clone().every(period.every()))? else {
            return refused("a period within the ledger, which has none".to_owned());
        };
        let place = grid.place(period.start());
        let is_there =
            usize::try_from(place).is_ok_and(|place| grid.period(place) == Some(period) && place < grid.periods);
        if is_there {
            return Ok((grid, place));
        }
        let (first, last) = self.months().unwrap_or((period, period));
        refused(format!("a period within the ledger, which reaches from {first} to {last}"))
    }

    /// The customers of whom something is found, in ascending order.
    fn found<W: See>(
        &self,
        grid: &Grid,
        options: &MovementOptions,
        new: impl Fn() -> W + Sync,
        found: impl Fn(&W) -> Option<Found> + Sync,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<CustomerMovement>> {
        let amount = |yearly: i64| options.unit.figure(yearly.into());
        let take = |all: &mut Vec<CustomerMovement>, chunk: &Chunk, customers: std::ops::Range<usize>| {
            for customer in customers {
                let mut watched = new();
                grid.walk(chunk, customer, &mut watched);
                let Some(found) = found(&watched) else { continue };
                all.push(CustomerMovement {
                    customer: chunk.customers.get(customer).key(),
                    segment: grid.segments[found.segment as usize].clone(),
                    revenue_start: amount(found.start),
                    revenue_end: amount(found.end),
                    amount: amount(found.amount),
                });
            }
        };
        let fold = Fold { cost: 0, empty: || Ok(Vec::new()), take, add: |all: &mut Vec<_>, other| all.extend(other) };
        let mut all = Vec::new();
        fold.run(&self.chunks, &mut all, go_on)?;
        all.sort_by(|one, other| one.customer.cmp(&other.customer));
        Ok(all)
    }
}
