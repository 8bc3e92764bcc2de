//! How movements were made: those of parts add up only where that is the same.

use super::{Diagnostics, Ledger, MovementOptions};
use crate::error::Error;
use crate::key::Key;
use crate::period::{Every, Period};

/// What the movements of all parts of a ledger have in common.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub(crate) struct Origin {
    every: Every,
    /// 1 where periods are months: they are the same in all years.
    fiscal_start: u8,
    opening: bool,
    /// The first and the last month; none without any, where there is nothing to add.
    months: Option<(Period, Period)>,
    /// What all parts were made of; of some of the groups of each period it is not known.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub(crate) read: Option<Diagnostics>,
}

impl Origin {
    pub(super) fn new(ledger: &Ledger, options: &MovementOptions) -> Self {
        Self::of_months(ledger.months(), ledger.options.opening, options, ledger.diagnostics)
    }

    pub(super) fn of_months(
        months: Option<(Period, Period)>,
        opening: bool,
        options: &MovementOptions,
        read: Diagnostics,
    ) -> Self {
        let fiscal_start = if options.every == Every::Month { 1 } else { options.fiscal_start };
        Self { every: options.every, fiscal_start, opening, months, read: Some(read) }
    }

    /// What differs between two, if anything does: added up, the end of a part would be a churn that nobody sees.
    pub(crate) fn difference(&self, other: &Self) -> Option<Error> {
        let differ = |option, left: &dyn ToString, right: &dyn ToString, hint| {
            let what = "the movements";
            Some(Error::LedgerMismatch { what, option, left: left.to_string(), right: right.to_string(), hint })
        };
        if self.every != other.every {
            let hint = "ask for the same every= of all parts";
            return differ("every", &self.every.name(), &other.every.name(), hint);
        }
        if self.fiscal_start != other.fiscal_start {
            let hint = "ask for the same fiscal_start= of all parts";
            return differ("fiscal_start", &self.fiscal_start, &other.fiscal_start, hint);
        }
        if self.opening != other.opening {
            let hint = "read all parts with the same opening=";
            return differ("opening", &self.opening, &other.opening, hint);
        }
        let (Some(one), Some(two)) = (self.months, other.months) else { return None };
        let shown = |(first, last): (Period, Period)| format!("{first} to {last}");
        let hint = "read all parts with the same months=(first, last), or add the ledgers";
        if one == two { None } else { differ("months", &shown(one), &shown(two), hint) }
    }

    /// That of both parts together.
    pub(crate) fn united(self, other: &Self) -> Self {
        Self {
            months: self.months.or(other.months),
            read: self.read.zip(other.read).map(|(one, two)| one.with(&two)),
            ..self
        }
    }

    /// What is wrong with it, as it was stored.
    #[cfg(feature = "serde")]
    pub(crate) fn validated(&self) -> Result<(), &'static str> {
        if !(1..=12).contains(&self.fiscal_start) || (self.every == Every::Month && self.fiscal_start != 1) {
            return Err("fiscal_start: expected a month from 1 to 12, and 1 of months");
        }
        let are_months = |(first, last): (Period, Period)| {
            (first.every(), last.every()) == (Every::Month, Every::Month) && first <= last
        };
        if self.months.is_some_and(|months| !are_months(months)) {
            return Err("months: expected a first month and a last");
        }
        self.read.map_or(Ok(()), |read| read.validated())
    }

    /// Whether the data reaches a period's end; nothing where that is not known.
    pub(crate) fn is_complete(&self, period: &Key) -> Option<bool> {
        let (Key::Text(text), Some((_, last))) = (period, self.months) else { return None };
        let period = Period::parse_fiscal(text, self.fiscal_start).ok()?;
        Some(period.start() + self.every.months() <= last.start() + 1)
    }

    /// Whether a key is one of its periods.
    #[cfg(feature = "serde")]
    pub(crate) fn has(&self, period: &Key) -> bool {
        let (Key::Text(text), Some((first, last))) = (period, self.months) else { return false };
        Period::parse_fiscal(text, self.fiscal_start).is_ok_and(|period| {
            (period.every(), period.fiscal_start()) == (self.every, self.fiscal_start)
                && period.start() + self.every.months() > first.start()
                && period.start() <= last.start()
        })
    }
}
