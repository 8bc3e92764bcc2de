//! Months, quarters and years, calendar or fiscal.

use crate::error::{Error, Result};
use std::{fmt, str::FromStr};

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Every {
    /// One month.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
}

impl Every {
    /// `month`, `quarter` or `year`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    pub(crate) const fn months(self) -> i32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }
}

/// A month, a quarter or a year: half-open, calendar or fiscal. A fiscal year is named by the calendar year in which it ends.
///
/// ```
/// use svcmetrics::Period;
/// let march: Period = "2026-03".parse()?;
/// let quarter: Period = "2026-Q1".parse()?;
/// assert!(quarter.contains(march));
/// assert_eq!(quarter.step(4).unwrap().to_string(), "2027-Q1");
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Example: a fiscal year that starts in February
///
/// ```
/// use svcmetrics::{Every, Period};
/// let first = Period::fiscal(Every::Quarter, 2026, 1, 2)?;
/// assert_eq!(first.to_string(), "FY2026-Q1");
/// assert_eq!(first.first_month(), (2025, 2)); // the year is named by its end, January 2026
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    /// Months since January of year 0.
    start: i32,
    every: Every,
    /// The month in which the fiscal year starts; 1 is the calendar.
    fiscal_start: u8,
}

const EXPECTED: &str = "2026-03, 2026-Q1, 2026, FY2026 or FY2026-Q1";
const YEARS: std::ops::RangeInclusive<i32> = 0..=9999;

impl Period {
    /// The month `month` (1 to 12) of a year.
    ///
    /// # Errors
    /// [`Error::InvalidPeriod`] for a month outside 1 to 12 or a year outside 0 to 9999.
    pub fn month(year: i32, month: u8) -> Result<Self> {
        if !(1..=12).contains(&month) || !YEARS.contains(&year) {
            return Err(Error::InvalidPeriod {
                found: format!("{year}-{month:02}"),
                expected: "a month from 1 to 12 of a year from 0 to 9999",
            });
        }
        Ok(Self { start: year * 12 + i32::from(month) - 1, every: Every::Month, fiscal_start: 1 })
    }

    /// Quarter `number` (1 to 4) of a calendar year.
    ///
    /// # Errors
    /// As [`Period::fiscal`].
    pub fn quarter(year: i32, number: u8) -> Result<Self> {
        Self::fiscal(Every::Quarter, year, number, 1)
    }

    /// A calendar year.
    ///
    /// # Errors
    /// As [`Period::fiscal`].
    pub fn year(year: i32) -> Result<Self> {
        Self::fiscal(Every::Year, year, 1, 1)
    }

    /// Period `number` (from 1) of the fiscal year that starts in month `fiscal_start` and is named `year` after its end.
    ///
    /// # Errors
    /// [`Error::InvalidPeriod`] for a number, month or year that does not exist.
    pub fn fiscal(every: Every, year: i32, number: u8, fiscal_start: u8) -> Result<Self> {
        let count = 12 / every.months();
        if !(1..=12).contains(&fiscal_start) || number == 0 || i32::from(number) > count || !YEARS.contains(&year) {
            return Err(Error::InvalidPeriod {
                found: format!("{year}, {number} of {count}, fiscal start {fiscal_start}"),
                expected: EXPECTED,
            });
        }
        let first_year = if fiscal_start == 1 { year } else { year - 1 };
        let start = first_year * 12 + i32::from(fiscal_start) - 1 + (i32::from(number) - 1) * every.months();
        // A month is a month whatever the fiscal year.
        Ok(Self { start, every, fiscal_start: if every == Every::Month { 1 } else { fiscal_start } })
    }

    /// Reads a period of a fiscal year that starts in `fiscal_start`: `FY2026-Q1`, `FY2026`; or any calendar period.
    ///
    /// # Errors
    /// [`Error::InvalidPeriod`]; also for a fiscal period where the year starts in January, which is the calendar's.
    pub fn parse_fiscal(text: &str, fiscal_start: u8) -> Result<Self> {
        let invalid = || Error::InvalidPeriod { found: text.to_owned(), expected: EXPECTED };
        let (text_year, fiscal_start) = match text.strip_prefix("FY") {
            Some(_) if fiscal_start == 1 => {
                return Err(Error::InvalidPeriod {
                    found: text.to_owned(),
                    expected: "a calendar period, since the year starts in January; a fiscal one says its start",
                });
            }
            Some(rest) => (rest, fiscal_start),
            None => (text, 1),
        };
        let (year, part) = text_year.split_once('-').map_or((text_year, None), |(year, part)| (year, Some(part)));
        let digits = |text: &str, count: usize| -> Result<i32> {
            if text.len() == count && text.bytes().all(|b| b.is_ascii_digit()) {
                text.parse().map_err(|_| invalid())
            } else {
                Err(invalid())
            }
        };
        let year = digits(year, 4)?;
        let small = |value: i32| u8::try_from(value).map_err(|_| invalid());
        let period = match part {
            None => Self::fiscal(Every::Year, year, 1, fiscal_start),
            Some(part) => match part.strip_prefix('Q') {
                Some(number) => Self::fiscal(Every::Quarter, year, small(digits(number, 1)?)?, fiscal_start),
                None if text.starts_with("FY") => return Err(invalid()),
                None => Self::month(year, small(digits(part, 2)?)?),
            },
        };
        period.map_err(|_| invalid())
    }

    /// The length.
    pub const fn every(self) -> Every {
        self.every
    }

    /// Year and month (1 to 12) in which the period starts.
    pub fn first_month(self) -> (i32, u8) {
        Self::year_and_month(self.start)
    }

    /// Year and month (1 to 12) of the first month after the period: its end, exclusive.
    pub fn end_month(self) -> (i32, u8) {
        Self::year_and_month(self.start + self.every.months())
    }

    /// The month in which the fiscal year starts, 1 for the calendar.
    pub const fn fiscal_start(self) -> u8 {
        self.fiscal_start
    }

    /// The period `count` periods later (earlier where negative); nothing beyond the years 0 to 9999.
    pub fn step(self, count: i32) -> Option<Self> {
        let start = self.start.checked_add(count.checked_mul(self.every.months())?)?;
        let stepped = Self { start, ..self };
        YEARS.contains(&stepped.named_year()).then_some(stepped)
    }

    /// The year that it is named by: a fiscal one by its end.
    fn named_year(self) -> i32 {
        self.start.saturating_sub(i32::from(self.fiscal_start) - 1).div_euclid(12) + i32::from(self.fiscal_start != 1)
    }

    /// The same period a year before; nothing before the year 0.
    pub(crate) fn year_before(self) -> Option<Self> {
        self.step(-12 / self.every.months())
    }

    /// The months that there are, as numbers: months since January of year 0.
    pub(crate) const MONTHS: std::ops::RangeInclusive<i32> = 0..=9999 * 12 + 11;

    /// The number of its first month.
    pub(crate) const fn start(self) -> i32 {
        self.start
    }

    /// The month of that number; nothing beyond the years 0 to 9999.
    pub(crate) fn of_month(number: i32) -> Option<Self> {
        let month = Self { start: number, every: Every::Month, fiscal_start: 1 };
        Self::MONTHS.contains(&number).then_some(month)
    }

    /// The period of that length in which a month lies, in fiscal years that start in `fiscal_start`; nothing beyond the
    /// years that there are names for.
    pub(crate) fn around(month: i32, every: Every, fiscal_start: u8) -> Option<Self> {
        let fiscal_start = if every == Every::Month { 1 } else { fiscal_start };
        let since = month - (i32::from(fiscal_start) - 1);
        let start = since.div_euclid(every.months()) * every.months() + i32::from(fiscal_start) - 1;
        let period = Self { start, every, fiscal_start };
        YEARS.contains(&period.named_year()).then_some(period)
    }

    /// Whether `other` lies wholly within this period.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.start + other.every.months() <= self.start + self.every.months()
    }

    fn year_and_month(months: i32) -> (i32, u8) {
        // 1 + (0 to 11) fits
        (months.div_euclid(12), u8::try_from(months.rem_euclid(12)).unwrap_or(0) + 1)
    }
}

/// Earlier before later; periods of different lengths or fiscal years do not compare.
///
/// ```
/// use svcmetrics::Period;
/// assert!(Period::month(2026, 1)? < Period::month(2026, 2)?);
/// assert_eq!(Period::month(2026, 1)?.partial_cmp(&Period::year(2026)?), None);
/// # Ok::<(), svcmetrics::Error>(())
/// ```
impl PartialOrd for Period {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (self.every == other.every && self.fiscal_start == other.fiscal_start).then(|| self.start.cmp(&other.start))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.start - (i32::from(self.fiscal_start) - 1);
        let (year, prefix) = (self.named_year(), if self.fiscal_start == 1 { "" } else { "FY" });
        match self.every {
            Every::Month => write!(f, "{year:04}-{:02}", self.first_month().1),
            Every::Quarter => write!(f, "{prefix}{year:04}-Q{}", since.rem_euclid(12) / 3 + 1),
            Every::Year => write!(f, "{prefix}{year:04}"),
        }
    }
}

impl FromStr for Period {
    type Err = Error;

    /// Calendar periods only; fiscal ones need [`Period::parse_fiscal`], since their text does not hold the month they start in.
    fn from_str(text: &str) -> Result<Self> {
        Self::parse_fiscal(text, 1)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.to_string(), self.fiscal_start).serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Period {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (text, fiscal_start) = <(String, u8)>::deserialize(deserializer)?;
        if fiscal_start == 0 || (fiscal_start == 1 && text.starts_with("FY")) {
            return Err(serde::de::Error::custom("fiscal_start: expected the month in which the fiscal year starts"));
        }
        Self::parse_fiscal(&text, fiscal_start).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_period_reads_back_as_it_is_written() {
        for fiscal_start in 1..=12 {
            for every in [Every::Month, Every::Quarter, Every::Year] {
                let mut period = Period::fiscal(every, 2024, 1, fiscal_start).unwrap();
                for _ in 0..30 {
                    assert_eq!(Period::parse_fiscal(&period.to_string(), fiscal_start).unwrap(), period);
                    let next = period.step(1).unwrap();
                    assert!(period < next);
                    assert_eq!(period.end_month(), next.first_month());
                    period = next;
                }
            }
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in ["", "2026-13", "2026-Q5", "2026-0", "26-01", "2026-1", "FY2026-01", "2026-Q", "２０２６"] {
            assert!(Period::parse_fiscal(text, 4).is_err(), "{text}");
        }
        for text in ["FY2026", "FY2026-Q1"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
            assert!(Period::parse_fiscal(text, 1).is_err(), "{text}");
        }
        assert_eq!(Period::year(9999).unwrap().step(1), None);
    }

    #[test]
    fn a_fiscal_year_steps_as_far_as_its_name_is_read() {
        let last = Period::fiscal(Every::Year, 9999, 1, 2).unwrap();
        assert_eq!(last.step(1), None);
        assert_eq!(last.step(-9999).map(|first| first.to_string()), Some("FY0000".to_owned()));
        assert_eq!(last.step(-10_000), None);
    }
}
