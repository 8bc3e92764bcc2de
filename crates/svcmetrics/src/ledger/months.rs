//! Months of whatever form as numbers: months since January of year 0.

#![allow(clippy::inline_always)] // so that they are compiled for the vector units of their callers

use crate::engine::columns::{Data, Scalar, TimeUnit, Values};
use crate::period::Period;
use std::ops::Range;

const SECONDS: i64 = 86_400;

/// Days since 1970 that have a month: of the years 0 to 9999.
const DAYS: Range<i32> = -719_528..2_932_897;

/// Days from the first of March 1968 to before that of 2096: each fourth year has a leap day.
const NEAR: Range<i32> = -671..46_081;

/// The month of one of [`DAYS`], in a few steps without branches or divisions of more than 32 bits.
#[inline(always)]
fn month_of(day: i32) -> i32 {
    // four centuries before the first year, so that no number is negative
    let quarters = day.wrapping_add(719_468 + 146_097).cast_unsigned().wrapping_mul(4) | 3;
    let century = quarters / 146_097;
    let day = quarters.wrapping_sub(century * 146_097) / 4;
    (1_200 * century + months_before(day)).cast_signed() + 2 - 12 * 400
}

/// The month of one of the days that are [`NEAR`], in fewer.
#[inline(always)]
fn month_of_near(day: i32) -> i32 {
    months_before(day.wrapping_sub(NEAR.start).cast_unsigned()).cast_signed() + 12 * 1968 + 2
}

/// How many months are before that of a day, counted from a first of March, as long as each fourth year is a leap year: years that
/// begin in March end in a leap day.
#[inline(always)]
fn months_before(day: u32) -> u32 {
    // (4 day + 3) / 1461, exact for the days of 128 years
    let year = day.wrapping_mul(91_867).wrapping_add(80_000) >> 25;
    let day = day.wrapping_sub(1_461 * year / 4);
    // (5 day + 2) / 153, exact for the days of a year
    let month = day.wrapping_mul(535).wrapping_add(332) >> 14;
    12 * year + month
}

fn month_of_day(day: i32) -> Option<i32> {
    DAYS.contains(&day).then(|| month_of(day))
}

/// The months of days; whether all have one.
fn months_of_days(days: &[i32], months: &mut [i32]) -> bool {
    months_of_near_days(days, months) || months_of_all_days(days, months)
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn months_of_all_days(days: &[i32], months: &mut [i32]) -> bool {
    each(days, months, DAYS, month_of)
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn months_of_near_days(days: &[i32], months: &mut [i32]) -> bool {
    each(days, months, NEAR, month_of_near)
}

/// The months of days, all of which are expected to be some; whether they are.
#[inline(always)]
fn each(days: &[i32], months: &mut [i32], expected: Range<i32>, month_of: impl Fn(i32) -> i32) -> bool {
    // one comparison of each, and none that leaves
    let (first, mut last) = (expected.start, 0);
    for (day, month) in days.iter().zip(months) {
        last = last.max(day.wrapping_sub(first).cast_unsigned());
        *month = month_of(*day);
    }
    last < expected.end.wrapping_sub(first).cast_unsigned()
}

/// The month of a time.
fn month_of_time(time: i64, unit: TimeUnit) -> Option<i32> {
    let per_day = match unit {
        TimeUnit::Second => SECONDS,
        TimeUnit::Millisecond => SECONDS * 1_000,
        TimeUnit::Microsecond => SECONDS * 1_000_000,
        TimeUnit::Nanosecond => SECONDS * 1_000_000_000,
    };
    i32::try_from(time.div_euclid(per_day)).ok().and_then(month_of_day)
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

fn month_of_scalar(value: &Scalar) -> Option<i32> {
    match value {
        Scalar::Date(day) => month_of_day(*day),
        Scalar::Timestamp(time, unit) => month_of_time(*time, *unit),
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
    if matches!(data.nulls, crate::engine::columns::Nulls::None)
        && let Values::Dates(days) = &data.values
    {
        let before = months.len();
        months.resize(before + rows.len(), 0);
        if months_of_days(&days[rows.clone()], &mut months[before..]) {
            return;
        }
        months.truncate(before);
    }
    let mut distinct: Vec<Option<i32>> = Vec::new();
    if let Values::Dictionary { values, .. } = &data.values {
        distinct = (0..values.values.len()).map(|place| one(values, place)).collect();
    }
    for row in rows {
        let found = match data.code(row) {
            Some(code) if !data.is_null(row) => distinct[code],
            _ => one(data, row),
        };
        months.push(found.unwrap_or_else(|| {
            fault(row);
            *Period::MONTHS.start()
        }));
    }
}

/// The month of one row; nothing for what is none.
fn one(data: &Data<'_>, row: usize) -> Option<i32> {
    if data.is_null(row) {
        return None;
    }
    match &data.values {
        Values::Dates(days) => month_of_day(days[row]),
        Values::Timestamps { values, unit, zone: None } => month_of_time(values[row], *unit),
        Values::Text(texts) => month_of_text(texts.text(row)),
        Values::Mixed(values) => month_of_scalar(&values[row]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::civil;

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
        assert_eq!(month_of_time(19_782 * SECONDS + 5, TimeUnit::Second), Some(march)); // 2024-02-29
        assert_eq!(month_of_time(-1, TimeUnit::Nanosecond), Some(1969 * 12 + 11));
        assert_eq!(month_of_time(i64::MAX, TimeUnit::Second), None);
    }

    #[test]
    fn every_day_is_of_its_month() {
        let (first, last) = (DAYS.start, DAYS.end - 1);
        let days: Vec<i32> = DAYS.collect();
        let mut months = vec![0; days.len()];
        assert!(months_of_all_days(&days, &mut months));
        for (day, month) in days.iter().zip(&months) {
            let (year, of_year, _) = civil(i64::from(*day));
            assert_eq!(i64::from(*month), year * 12 + of_year - 1, "{day}");
        }
        let near: Vec<i32> = NEAR.collect();
        let mut found = vec![0; near.len()];
        assert!(months_of_near_days(&near, &mut found));
        assert_eq!(found, months[days.binary_search(&NEAR.start).unwrap()..][..near.len()]);
        for days in [[NEAR.start - 1, NEAR.start], [NEAR.end - 1, NEAR.end]] {
            assert!(!months_of_near_days(&days, &mut [0; 2]) && months_of_days(&days, &mut [0; 2]));
        }
        assert_eq!([first, last].map(month_of_day), [*Period::MONTHS.start(), *Period::MONTHS.end()].map(Some));
        for day in [first - 1, last + 1, i32::MIN, i32::MAX] {
            assert!(month_of_day(day).is_none() && !months_of_days(&[day], &mut [0]), "{day}");
        }
    }
}
