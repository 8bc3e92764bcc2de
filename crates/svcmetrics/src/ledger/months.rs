//! Months of whatever form as numbers: months since January of year 0.

use crate::engine::columns::{Data, Scalar, TimeUnit, Values};
use crate::key::civil;
use crate::period::Period;
use std::ops::Range;
use std::sync::LazyLock;

const SECONDS: i64 = 86_400;

/// Days since 1970 whose months are looked up: 1900 to 2099.
const KNOWN: Range<i32> = -25_567..47_482;

/// By day, the month.
static MONTHS: LazyLock<Vec<i32>> = LazyLock::new(|| KNOWN.map(month_of_civil).collect());

fn month_of_civil(day: i32) -> i32 {
    let (year, month, _) = civil(day.into());
    // a day of 32 bits lies within six million years
    i32::try_from(year * 12 + month - 1).unwrap_or(i32::MAX)
}

fn month_of_day(months: &[i32], day: i32) -> i32 {
    let place = usize::try_from(i64::from(day) - i64::from(KNOWN.start)).unwrap_or(usize::MAX);
    months.get(place).copied().unwrap_or_else(|| month_of_civil(day))
}

/// The month of a time; nothing beyond days of 32 bits.
fn month_of_time(months: &[i32], time: i64, unit: TimeUnit) -> Option<i32> {
    let per_day = match unit {
        TimeUnit::Second => SECONDS,
        TimeUnit::Millisecond => SECONDS * 1_000,
        TimeUnit::Microsecond => SECONDS * 1_000_000,
        TimeUnit::Nanosecond => SECONDS * 1_000_000_000,
    };
    i32::try_from(time.div_euclid(per_day)).ok().map(|day| month_of_day(months, day))
}

fn digits(bytes: &[u8]) -> Option<i32> {
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i32::from(byte - b'0')))
}

/// The month that a text says, `2026-03` or `2026-03-31`.
fn month_of_text(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    let (year, month) = (digits(bytes.get(..4)?)?, digits(bytes.get(5..7)?)?);
    if bytes[4] != b'-' || !(1..=12).contains(&month) {
        return None;
    }
    match bytes.len() {
        7 => {}
        10 if bytes[7] == b'-' => {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let days = match month {
                2 if leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            digits(&bytes[8..]).filter(|day| (1..=days).contains(day))?;
        }
        _ => return None,
    }
    Some(year * 12 + month - 1)
}

fn month_of_scalar(months: &[i32], value: &Scalar) -> Option<i32> {
    match value {
        Scalar::Date(day) => Some(month_of_day(months, *day)),
        Scalar::Timestamp(time, unit) => month_of_time(months, *time, *unit),
        Scalar::Text(text) => month_of_text(text),
        _ => None,
    }
}

/// Whether a column's type can say months.
pub(super) fn can_be_months(data: &Data<'_>) -> bool {
    match &data.values {
        Values::Dates(_) | Values::Text(_) | Values::Mixed(_) | Values::Null(_) => true,
        Values::Timestamps { zone, .. } => zone.is_none(),
        Values::Dictionary { values, .. } => can_be_months(values),
        _ => false,
    }
}

/// Whether a value of a column of objects is of a type that says no month, whatever it is.
pub(super) fn is_of_other_type(data: &Data<'_>, row: usize) -> bool {
    match &data.values {
        Values::Dictionary { values, .. } => data.code(row).is_some_and(|code| is_of_other_type(values, code)),
        Values::Mixed(values) => {
            !matches!(values[row], Scalar::Null | Scalar::Text(_) | Scalar::Date(_) | Scalar::Timestamp(..))
        }
        _ => false,
    }
}

/// Appends the months of some rows; where one is none it is that of no period, and `fault` is told the row.
pub(super) fn read(data: &Data<'_>, rows: Range<usize>, months: &mut Vec<i32>, fault: &mut dyn FnMut(usize)) {
    let known = &MONTHS[..];
    let before = months.len();
    let all = Period::MONTHS;
    if matches!(data.nulls, crate::engine::columns::Nulls::None)
        && let Values::Dates(days) = &data.values
    {
        // a day that is not known is that of no month for now, and a negative number
        let month = |day: &i32| known.get(day.wrapping_sub(KNOWN.start).cast_unsigned() as usize).copied();
        months.extend(days[rows.clone()].iter().map(|day| month(day).unwrap_or(-1)));
        if months[before..].iter().fold(0, |bits, month| bits | month) >= 0 {
            return;
        }
        months.truncate(before);
    }
    let mut distinct: Vec<Option<i32>> = Vec::new();
    if let Values::Dictionary { values, .. } = &data.values {
        distinct = (0..values.values.len()).map(|place| one(known, values, place)).collect();
    }
    for row in rows {
        let found = match data.code(row) {
            Some(code) if !data.is_null(row) => distinct[code],
            _ => one(known, data, row),
        };
        months.push(found.unwrap_or_else(|| {
            fault(row);
            *all.start()
        }));
    }
}

/// The month of one row; nothing for what is none.
fn one(known: &[i32], data: &Data<'_>, row: usize) -> Option<i32> {
    if data.is_null(row) {
        return None;
    }
    let month = match &data.values {
        Values::Dates(days) => Some(month_of_day(known, days[row])),
        Values::Timestamps { values, unit, zone: None } => month_of_time(known, values[row], *unit),
        Values::Text(texts) => month_of_text(texts.text(row)),
        Values::Mixed(values) => month_of_scalar(known, &values[row]),
        _ => None,
    };
    month.filter(|month| Period::MONTHS.contains(month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_the_same_in_every_form() {
        let march = 2024 * 12 + 1;
        for text in ["2024-02", "2024-02-01", "2024-02-29"] {
            assert_eq!(month_of_text(text), Some(march), "{text}");
        }
        for text in ["2023-02-29", "1900-02-29", "2024-13", "2024-2", "2024-02-", "2024-Q1", "２０24-02", "2024/02"] {
            assert_eq!(month_of_text(text), None, "{text}");
        }
        assert_eq!(month_of_text("2000-02-29"), Some(2000 * 12 + 1));
        for day in [-25_568, -25_567, -1, 0, 59, 19_782, 47_481, 47_482, i32::MIN, i32::MAX] {
            assert_eq!(month_of_day(&MONTHS, day), month_of_civil(day), "{day}");
        }
        assert_eq!(month_of_day(&MONTHS, 19_782), march); // 2024-02-29
        assert_eq!(month_of_time(&MONTHS, 19_782 * SECONDS + 5, TimeUnit::Second), Some(march));
        assert_eq!(month_of_time(&MONTHS, -1, TimeUnit::Nanosecond), Some(1969 * 12 + 11));
        assert_eq!(month_of_time(&MONTHS, i64::MAX, TimeUnit::Second), None);
    }
}
