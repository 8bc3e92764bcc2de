//! Times as integers: microseconds since 1970, which are seconds in micro-units.

use super::columns::{Data, Scalar, TimeUnit, Values};
use super::intake::State;
use crate::key::civil_date;
use crate::money::{self, PLACES, Read};

const DAY: i64 = 86_400;

/// A day is its midnight.
pub(super) fn of_day(day: i32, off: &mut Option<f64>) -> (i64, State) {
    of_time(i64::from(day) * DAY, TimeUnit::Second, off)
}

/// A time in microseconds; nanoseconds are rounded half to even, and how far off that is goes to `off`, in seconds.
pub(super) fn of_time(time: i64, unit: TimeUnit, off: &mut Option<f64>) -> (i64, State) {
    match money::from_scaled(time.into(), places(unit), PLACES) {
        Read::Exact(micros) => (micros, State::Fine),
        Read::Rounded(micros, distance) => {
            *off = Some(distance);
            (micros, State::Rounded)
        }
        Read::OutOfRange => (0, State::Range),
    }
}

/// The decimal places of a second that a unit counts.
const fn places(unit: TimeUnit) -> i32 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// A value of a column that holds values of several types.
pub(super) fn of_scalar(value: &Scalar, off: &mut Option<f64>) -> (i64, State) {
    match value {
        Scalar::Date(day) => of_day(*day, off),
        Scalar::Timestamp(time, unit) | Scalar::Instant(time, unit) => of_time(*time, *unit, off),
        _ => (0, State::WrongType),
    }
}

/// The first row whose time has a zone where others have none, or none where others have one; `zoned` is what the rows
/// before had, and becomes what these have. Between two such times there is no number of seconds.
pub(super) fn other_zone(data: &Data<'_>, zoned: &mut Option<bool>) -> Option<usize> {
    let mut rows = 0..data.values.len();
    // Only a column of objects can hold both.
    let every_row = match &data.values {
        Values::Dictionary { values, .. } => matches!(values.values, Values::Mixed(_)),
        values => matches!(values, Values::Mixed(_)),
    };
    let differs = |row: usize, zoned: &mut Option<bool>| match has_zone(data, row) {
        Some(found) => *zoned.get_or_insert(found) != found,
        None => false,
    };
    if every_row {
        return rows.find(|row| differs(*row, zoned));
    }
    rows.find(|row| !data.is_null(*row)).filter(|row| differs(*row, zoned))
}

/// Whether a time has a zone; nothing for what is no time.
fn has_zone(data: &Data<'_>, row: usize) -> Option<bool> {
    match &data.values {
        Values::Dates(_) => Some(false),
        Values::Timestamps { zone, .. } => Some(zone.is_some()),
        Values::Dictionary { values, .. } => has_zone(values, data.code(row)?),
        Values::Mixed(values) => match &values[row] {
            Scalar::Date(_) | Scalar::Timestamp(..) => Some(false),
            Scalar::Instant(..) => Some(true),
            _ => None,
        },
        _ => None,
    }
}

/// A time as messages show it: `2026-03-31 09:30:00`, with its fraction of a second if any, and `Z` where it has a zone.
pub(crate) fn text(time: i64, unit: TimeUnit, zoned: bool) -> String {
    let places = places(unit).unsigned_abs();
    let (seconds, rest) = (time.div_euclid(10_i64.pow(places)), time.rem_euclid(10_i64.pow(places)));
    let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:0width$}", width = places as usize) };
    let zone = if zoned { "Z" } else { "" };
    format!("{} {hour:02}:{minute:02}:{second:02}{fraction}{zone}", civil_date(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_counts_microseconds() {
        let mut off = None;
        assert_eq!(of_day(-1, &mut off), (-86_400_000_000, State::Fine));
        assert_eq!(of_time(2, TimeUnit::Second, &mut off), (2_000_000, State::Fine));
        assert_eq!(of_time(-2, TimeUnit::Millisecond, &mut off), (-2_000, State::Fine));
        assert_eq!(of_time(i64::MIN, TimeUnit::Microsecond, &mut off), (i64::MIN, State::Fine));
        assert_eq!(off, None);
        for (nanoseconds, microseconds) in [(1_500, 2), (2_500, 2), (2_501, 3), (-1_500, -2), (-499, 0)] {
            assert_eq!(of_time(nanoseconds, TimeUnit::Nanosecond, &mut off), (microseconds, State::Rounded));
        }
        assert_eq!(off, Some(0.000_000_499));
        assert_eq!(of_time(i64::MAX, TimeUnit::Nanosecond, &mut off).0, i64::MAX / 1_000 + 1);
        assert_eq!(of_time(i64::MAX, TimeUnit::Second, &mut off).1, State::Range);
        assert_eq!(of_day(i32::MIN, &mut off).1, State::Range);
    }

    #[test]
    fn times_are_shown_as_they_are_written() {
        for (time, unit, zoned, shown) in [
            (0, TimeUnit::Second, false, "1970-01-01 00:00:00"),
            (-1, TimeUnit::Second, true, "1969-12-31 23:59:59Z"),
            (1_774_949_400_050, TimeUnit::Millisecond, false, "2026-03-31 09:30:00.050"),
            (-1, TimeUnit::Nanosecond, true, "1969-12-31 23:59:59.999999999Z"),
        ] {
            assert_eq!(text(time, unit, zoned), shown);
        }
        // no time is too far away to be shown
        text(i64::MIN, TimeUnit::Second, true);
        text(i64::MAX, TimeUnit::Second, false);
    }
}
