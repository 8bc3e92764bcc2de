//! The periods of a ledger by the segments that are asked for, and a customer's way through them.

use super::chunk::Chunk;
use super::spans::Columns;
use super::{Ledger, MovementOptions, Segments};
use crate::error::{Error, Result};
use crate::key::Key;
use crate::period::{Every, Period};
use crate::scorecard::KeyColumn;

/// What a customer pays at the end of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    /// Which period; -1 for the opening stock.
    pub(super) period: i32,
    /// Above 0.
    pub(super) amount: i64,
    pub(super) segment: u32,
}

/// Periods of one length from the first month to the last, and segments by some of a ledger's columns.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    first: Period,
    every: Every,
    pub(super) periods: usize,
    /// By code of a ledger's segment, that of one asked for; nothing where all are one.
    pub(super) codes: Vec<u32>,
    /// The segments asked for: one where none are.
    pub(super) segments: Vec<Vec<Key>>,
    pub(super) columns: Vec<KeyColumn>,
    /// The first and the last month of the data.
    pub(super) months: (i32, i32),
    pub(super) opening: bool,
}

impl Grid {
    /// Nothing for a ledger without months.
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] for segments that the ledger does not have, and those of [`Grid::of_months`].
    pub(super) fn new(ledger: &Ledger, options: &MovementOptions) -> Result<Option<Self>> {
        let (codes, Segments { columns, keys: segments }) = ledger.segments_by(&options.by)?;
        options.check()?;
        let Some(months) = ledger.months else { return Ok(None) };
        let grid = Self::of_months(months, ledger.options.opening, options)?;
        Ok(Some(if options.by.is_empty() { grid } else { Self { codes, segments, columns, ..grid } }))
    }

    /// Of these months, all segments being one.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a month in which no year can start, [`Error::InvalidPeriod`] where a year has no name.
    pub(super) fn of_months(months: (i32, i32), opening: bool, options: &MovementOptions) -> Result<Self> {
        options.check()?;
        let unnamed = |month: i32| Error::InvalidPeriod {
            found: Period::of_month(month).map_or_else(|| month.to_string(), |month| month.to_string()),
            expected: "a month of a year from 0 to 9999",
        };
        let every = options.every;
        let around = |month| Period::around(month, every, options.fiscal_start).ok_or_else(|| unnamed(month));
        let (first, last) = (around(months.0)?, around(months.1)?);
        // a ledger has at most 120,000 months
        let periods = usize::try_from((last.start() - first.start()) / every.months() + 1).unwrap_or_default();
        let (codes, segments, columns) = (Vec::new(), vec![Vec::new()], Vec::new());
        Ok(Self { first, every, periods, codes, segments, columns, months, opening })
    }

    /// Refuses more places than are allowed, of which each segment has so many; what one is called, and what several are.
    ///
    /// # Errors
    /// [`Error::TooManyPeriods`].
    pub(super) fn check(&self, of_a_segment: usize, limit: u64, [one, several]: [&'static str; 2]) -> Result<()> {
        let all = of_a_segment.saturating_mul(self.segments.len());
        if u64::try_from(all).is_ok_and(|all| all <= limit) {
            return Ok(());
        }
        let shown = |place: usize| self.period(place).map(|period| period.to_string()).unwrap_or_default();
        Err(Error::TooManyPeriods {
            limit,
            what: if limit == 1 { one } else { several },
            periods: self.periods,
            segments: self.segments.len(),
            first: shown(0),
            last: shown(self.periods - 1),
        })
    }

    pub(super) fn period(&self, place: usize) -> Option<Period> {
        self.first.step(i32::try_from(place).ok()?)
    }

    /// The period of a month.
    pub(super) fn place(&self, month: i32) -> i32 {
        if self.every == Every::Month {
            month - self.months.0
        } else {
            (month - self.first.start()) / self.every.months()
        }
    }

    /// How many months after the first.
    #[inline]
    pub(super) fn month(&self, month: i32) -> usize {
        month.wrapping_sub(self.months.0).cast_unsigned() as usize
    }

    /// The first month of a period.
    pub(super) fn start(&self, place: i32) -> i32 {
        self.first.start() + place * self.every.months()
    }

    /// The month that says what was paid at the start of a period.
    pub(super) fn month_before(&self, place: i32) -> i32 {
        if self.opening && place == 0 { self.months.0 } else { self.start(place) - 1 }
    }

    /// The last period.
    pub(super) fn last(&self) -> i32 {
        // a ledger has at most 120,000 months
        i32::try_from(self.periods - 1).unwrap_or(i32::MAX)
    }

    /// The month that says what is paid at the end of a period: its last, or the data's.
    fn end(&self, place: i32) -> i32 {
        (self.start(place + 1) - 1).min(self.months.1)
    }

    /// Whether the data reaches a period's end.
    pub(super) fn is_complete(&self, place: usize) -> bool {
        let place = i32::try_from(place).unwrap_or(i32::MAX);
        self.end(place) == self.start(place + 1) - 1
    }

    /// How many periods say something of who stays: a last one that is not over says nothing yet.
    pub(super) fn known_periods(&self) -> i32 {
        let last = self.periods - usize::from(!self.is_complete(self.periods - 1));
        i32::try_from(last).unwrap_or(i32::MAX)
    }

    /// Whether each month with revenue is the end of a period, and nothing was there before.
    pub(super) fn is_of_plain_months(&self) -> bool {
        self.every == Every::Month && !self.opening
    }

    #[inline]
    pub(super) fn segment(&self, chunk: &Chunk, span: usize) -> u32 {
        match self.codes.as_slice() {
            [] => 0,
            codes => codes[chunk.columns.segments[span] as usize],
        }
    }

    /// Shows a customer's revenue: `point` at the end of each period where there is any, in order; `inside` for one with
    /// revenue within and none at the end. Both are told of the first month with revenue. Nothing is shown of who never paid.
    #[allow(clippy::inline_always)] // so that a customer on the way stays in registers
    #[inline(always)]
    pub(super) fn walk(&self, chunk: &Chunk, customer: usize, see: &mut impl See) {
        let segment = |place: usize| self.segment(chunk, place);
        let Columns { spans, amounts, .. } = &chunk.columns;
        let of_customer = chunk.spans(customer);
        let mut first_month = None;
        if self.opening
            && let Some(place) = of_customer.clone().next()
            && spans[place].first() == self.months.0
            && amounts[place] > 0
        {
            see.point(Point { period: -1, amount: amounts[place], segment: segment(place) }, self.months.0);
        }
        // of the period that is being walked through
        let (mut period, mut end) = (i32::MIN, i32::MIN);
        let mut most: Option<Point> = None;
        for place in of_customer.filter(|place| amounts[*place] != 0) {
            let (amount, segment) = (amounts[place], segment(place));
            for month in spans[place].months() {
                let first = *first_month.get_or_insert(month);
                if month > end {
                    if let Some(most) = most.take() {
                        see.inside(most, first);
                    }
                    period = self.place(month);
                    end = self.end(period);
                }
                let point = Point { period, amount, segment };
                if month == end {
                    most = None;
                    see.point(point, first);
                } else if most.is_none_or(|most| most.amount < amount) {
                    most = Some(point);
                }
            }
        }
        if let (Some(most), Some(first)) = (most, first_month) {
            see.inside(most, first);
        }
    }
}

/// What is shown of a customer.
pub(super) trait See {
    /// Revenue at the end of a period.
    fn point(&mut self, point: Point, first_month: i32);
    /// Revenue within a period and none at its end: the most.
    fn inside(&mut self, most: Point, first_month: i32);
}
