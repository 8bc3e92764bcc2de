//! Micro-units: how fractions become integers and integers become fractions again.
//!
//! Money and durations are held as whole millionths (`i64` a value, `i128` a total), so that sums are exact. A float64 stands
//! for the decimal with at most `scale` places that it is nearest to; what is no such decimal is rounded half to even and
//! counted, or refused.

use crate::error::Error;
use num_bigint::BigInt;
use num_integer::Integer;
use rust_decimal::Decimal;

/// Micro-units in one unit.
pub const MICROS: i64 = 1_000_000;

/// Decimal places of a micro-unit.
pub const PLACES: u32 = 6;

/// Adding this to a number below 2^51 leaves the nearest integer in a double's last bits: 1.5 x 2^52.
pub(crate) const MAGIC: f64 = 6_755_399_441_055_744.0;

/// What becomes of a number with more decimal places than are held.
///
/// ```
/// use svcmetrics::{MoneyPolicy, Request, Scorecard, Table};
/// let table = Table::new(1).with("revenue_start", vec![100.0]).with("revenue_end", vec![100.0 / 12.0]);
/// let card = Scorecard::of(&table, Request::default().metrics(["revenue_end"])).unwrap();
/// assert_eq!(card.quality().metrics["revenue_end"].counts.rounded, 1); // 8.333333, and counted
/// assert!(Scorecard::of(&table, Request::default().money(MoneyPolicy::Exact)).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum MoneyPolicy {
    /// Floats are rounded half to even and counted; decimals are refused.
    #[default]
    Auto,
    /// All are refused.
    Exact,
    /// All are rounded half to even and counted.
    Round,
}

impl MoneyPolicy {
    /// `auto`, `exact` or `round`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Exact => "exact",
            Self::Round => "round",
        }
    }
}

/// A decimal read as an integer, and whether it had to be rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Read {
    Exact(i64),
    /// The integer, and how far off the value was, in units.
    Rounded(i64, f64),
    OutOfRange,
}

pub(crate) const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut i = 1;
    while i < 19 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// Below this, doubles lie closer together than `10^-scale`, so at most one decimal divides back to a given
/// double: 2^52, 2^49, 2^46, 2^43, 2^39, 2^36, 2^33 for 0 to 6 places.
const UNIQUE_BELOW: [f64; 7] = [
    4_503_599_627_370_496.0,
    562_949_953_421_312.0,
    70_368_744_177_664.0,
    8_796_093_022_208.0,
    549_755_813_888.0,
    68_719_476_736.0,
    8_589_934_592.0,
];

/// The integer `m` for which `m / 10^scale` is the decimal that the finite double `x` stands for.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::float_cmp)] // |x| is bounded first; equal is equal
pub(crate) fn from_f64(x: f64, scale: u32) -> Read {
    let power = POWERS[scale as usize] as f64;
    if x.abs() >= 9.3e18 / power {
        return Read::OutOfRange;
    }
    if x.abs() < UNIQUE_BELOW[scale as usize] {
        let near = (x * power).round_ties_even() as i64;
        for m in [near, near - 1, near + 1] {
            if m as f64 / power == x {
                return Read::Exact(m);
            }
        }
        return rounded_f64(x, scale, 1);
    }
    let text = format!("{x}");
    nearest_shortest(x, &text, scale)
        .or_else(|| from_shortest(&text, scale))
        .unwrap_or_else(|| rounded_f64(x, scale, 1))
}

/// The nearest to `x` of the decimals with as many places as `text`, its shortest. Where two are equally near, Rust prints the
/// larger one and Python the even one: the even one it is, if it reads back as `x`.
fn nearest_shortest(x: f64, text: &str, scale: u32) -> Option<Read> {
    let places = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let places = u32::try_from(places).ok().filter(|places| *places <= scale)?;
    let Read::Rounded(m, _) = rounded_f64(x, places, 1) else { return None };
    let same = format!("{m}e-{places}").parse() == Ok(x);
    same.then(|| m.checked_mul(POWERS[(scale - places) as usize]).map_or(Read::OutOfRange, Read::Exact))
}

/// A float32 stands for the shortest decimal that reads back as it.
pub(crate) fn from_f32(x: f32, scale: u32) -> Read {
    if x.abs() >= 9.3e18 {
        return Read::OutOfRange;
    }
    from_shortest(&format!("{x}"), scale).unwrap_or_else(|| rounded_f64(f64::from(x), scale, 1))
}

/// `text` (digits, at most one point) as an integer of `10^-scale`, if it has no more places than that.
fn from_shortest(text: &str, scale: u32) -> Option<Read> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let places = u32::try_from(fraction.len()).ok().filter(|places| *places <= scale)?;
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let value = digits * i128::from(POWERS[(scale - places) as usize]);
    Some(i64::try_from(value).map_or(Read::OutOfRange, Read::Exact))
}

/// `x` times a whole factor, rounded half to even to `10^-scale`, from its exact binary value.
#[allow(clippy::cast_precision_loss)] // only the difference that is reported
pub(crate) fn rounded_f64(x: f64, scale: u32, factor: i64) -> Read {
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = i128::from(bits & ((1 << 52) - 1));
    // x = mantissa * 2^shift exactly
    let (mantissa, shift) = if exponent == 0 { (fraction, -1074) } else { (fraction | (1 << 52), exponent - 1075) };
    let power = POWERS[scale as usize];
    let up = 1_i128 << shift.clamp(0, 20);
    let scaled = mantissa.checked_mul(i128::from(power)).and_then(|scaled| scaled.checked_mul(i128::from(factor)));
    let Some(scaled) = scaled.and_then(|scaled| scaled.checked_mul(up)) else { return Read::OutOfRange };
    let (magnitude, off) = if shift >= 0 {
        (scaled, 0.0)
    } else if shift <= -127 {
        (0, x.abs() * factor as f64)
    } else {
        let unit = 1_i128 << -shift;
        let magnitude = divide_half_even(scaled, unit);
        (magnitude, (scaled - magnitude * unit).abs() as f64 / unit as f64 / power as f64)
    };
    let signed = if x < 0.0 { -magnitude } else { magnitude };
    i64::try_from(signed).map_or(Read::OutOfRange, |m| Read::Rounded(m, off))
}

/// `numerator / denominator` rounded half to even; the denominator is positive.
pub(crate) fn divide_half_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    // rest < denominator, so the difference cannot overflow
    match rest.cmp(&(denominator - rest)) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + (quotient & 1),
    }
}

/// `value / 10^places` as an integer of `10^-scale`.
pub(crate) fn from_scaled(value: i128, places: i32, scale: u32) -> Read {
    from_product(value, 1, places, scale)
}

/// `value * factor / 10^places` as an integer of `10^-scale`.
#[allow(clippy::cast_precision_loss)] // only the difference that is reported
pub(crate) fn from_product(value: i128, factor: i64, places: i32, scale: u32) -> Read {
    let up = i64::from(scale) - i64::from(places);
    let fit = |value: Option<i128>| value.and_then(|v| i64::try_from(v).ok());
    let product = value.checked_mul(i128::from(factor));
    if up >= 0 {
        if value == 0 {
            return Read::Exact(0);
        }
        let power = u32::try_from(up).ok().and_then(|up| 10_i128.checked_pow(up));
        return fit(power.and_then(|p| product?.checked_mul(p))).map_or(Read::OutOfRange, Read::Exact);
    }
    // Decimal128 has at most 38 places, so a power beyond i128 only stands before numbers below half a unit.
    let Some(power) = u32::try_from(-up).ok().and_then(|down| 10_i128.checked_pow(down)) else {
        return if value == 0 { Read::Exact(0) } else { Read::Rounded(0, 0.0) };
    };
    let (m, rest) = match product {
        Some(product) => {
            let below = product.rem_euclid(power);
            (Some(divide_half_even(product, power)), below.min(power - below))
        }
        None => divide_big(value, factor, power),
    };
    let Some(m) = fit(m) else { return Read::OutOfRange };
    if rest == 0 {
        Read::Exact(m)
    } else {
        Read::Rounded(m, rest.unsigned_abs() as f64 / power as f64 / POWERS[scale as usize] as f64)
    }
}

/// `value * factor / power` rounded half to even, and what it is off by, times `power`, for products beyond 128 bits.
fn divide_big(value: i128, factor: i64, power: i128) -> (Option<i128>, i128) {
    let (product, power) = (BigInt::from(value) * factor, BigInt::from(power));
    let (mut quotient, mut rest) = product.div_mod_floor(&power);
    let twice = &rest * 2;
    if twice > power || (twice == power && quotient.bit(0)) {
        (quotient, rest) = (quotient + 1, rest - power);
    }
    (i128::try_from(quotient).ok(), i128::try_from(rest).unwrap_or(i128::MAX))
}

/// Why a text is no decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoDecimal {
    NoNumber,
    /// Exact only with more than 28 places, or more digits than 96 bits.
    TooFine,
    TooLarge,
}

/// The decimal that a text such as `-1.5` or `2e-3` says, to its last place.
pub(crate) fn decimal(text: &str) -> Result<Decimal, NoDecimal> {
    let (digits, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let power: i64 = power.parse().map_err(|_| NoDecimal::NoNumber)?;
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = format!("{whole}{fraction}");
    if all_digits.is_empty() || !all_digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NoDecimal::NoNumber);
    }
    // zeros at the ends say nothing, but would be counted as digits
    let fraction = fraction.trim_end_matches('0');
    let mantissa = format!("{whole}{fraction}");
    let mantissa = mantissa.trim_start_matches('0');
    if mantissa.is_empty() {
        return Ok(Decimal::ZERO);
    }
    let mut places = i64::try_from(fraction.len()).unwrap_or(i64::MAX).saturating_sub(power);
    let beyond = if places > 0 { NoDecimal::TooFine } else { NoDecimal::TooLarge };
    let mut mantissa: i128 = mantissa.parse().map_err(|_| beyond)?;
    while places > 0 && mantissa % 10 == 0 {
        (mantissa, places) = (mantissa / 10, places - 1);
    }
    let up = u32::try_from(places.min(0).unsigned_abs()).ok().and_then(|up| 10_i128.checked_pow(up));
    let mantissa = up.and_then(|power| mantissa.checked_mul(power)).ok_or(beyond)?;
    let places = u32::try_from(places.max(0)).map_err(|_| beyond)?;
    let signed = if digits.starts_with('-') { -mantissa } else { mantissa };
    Decimal::try_from_i128_with_scale(signed, places).map_err(|_| beyond)
}

/// The argument of that name as a decimal: what its text says, to the last place.
///
/// ```
/// use svcmetrics::number;
/// assert_eq!(number("price", "1.5e3")?.to_string(), "1500");
/// assert_eq!(number("price", "1e-30").unwrap_err().kind(), "inexact"); // 28 places are held
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidValue`] for what is no decimal number, [`Error::Inexact`] for more than 28 places, [`Error::OutOfRange`].
pub fn number(name: &str, text: &str) -> crate::error::Result<Decimal> {
    decimal(text).map_err(|problem| match problem {
        NoDecimal::NoNumber => Error::invalid_argument(name, text, "a decimal number"),
        NoDecimal::TooFine => Error::inexact_argument(name, text, "at most 28 decimal places"),
        NoDecimal::TooLarge => Error::argument_out_of_range(name, text),
    })
}

/// A scalar as micro-units: exact, or nothing.
pub(crate) fn micros(value: Decimal) -> Option<i64> {
    match from_scaled(value.mantissa(), i32::try_from(value.scale()).ok()?, PLACES) {
        Read::Exact(m) => Some(m),
        _ => None,
    }
}

/// A decimal as a quotient of integers.
pub(crate) fn decimal_parts(value: Decimal) -> (i128, i128) {
    // a scale is at most 28
    (value.mantissa(), 10_i128.pow(value.scale()))
}

/// The double nearest to `numerator / denominator`; the denominator is not 0.
#[allow(clippy::cast_precision_loss)] // exact below 2^53
pub(crate) fn nearest_quotient(numerator: i128, denominator: i128) -> f64 {
    const EXACT: u128 = 1 << 53;
    if numerator.unsigned_abs() <= EXACT && denominator.unsigned_abs() <= EXACT {
        return numerator as f64 / denominator as f64;
    }
    nearest(&BigInt::from(numerator), &BigInt::from(denominator))
}

/// The double nearest to `a/b - c/d`; no denominator is 0.
pub(crate) fn nearest_difference((a, b): (i128, i128), (c, d): (i128, i128)) -> f64 {
    // most fit 128 bits, and then mostly 53
    let difference = || Some((a.checked_mul(d)?.checked_sub(c.checked_mul(b)?)?, b.checked_mul(d)?));
    match difference() {
        Some((0, _)) => 0.0,
        Some((numerator, denominator)) => nearest_quotient(numerator, denominator),
        None => nearest_sum(&[(1, (a, b)), (-1, (c, d))]),
    }
}

/// The double nearest to a sum of a few quotients, each times a small whole number; no denominator is 0.
pub(crate) fn nearest_sum(terms: &[(i32, (i128, i128))]) -> f64 {
    let add = |(n, d): (BigInt, BigInt), (coefficient, (a, b)): &(i32, (i128, i128))| {
        (n * *b + BigInt::from(*a) * *coefficient * &d, d * *b)
    };
    let (numerator, denominator) = terms.iter().fold((BigInt::ZERO, BigInt::from(1)), add);
    nearest(&numerator, &denominator)
}

/// How `a/b` stands to `c/d`, exactly; no denominator is 0.
pub(crate) fn compare_quotients((a, b): (i128, i128), (c, d): (i128, i128)) -> std::cmp::Ordering {
    let big = BigInt::from;
    let (one, two) = (big(a) * big(d), big(c) * big(b));
    if (b < 0) == (d < 0) { one.cmp(&two) } else { two.cmp(&one) }
}

/// Long division to 64 bits and a sticky one, then one correct rounding.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // the rounding meant; bits are few
pub(crate) fn nearest(numerator: &BigInt, denominator: &BigInt) -> f64 {
    let negative = (numerator.sign() == num_bigint::Sign::Minus) != (denominator.sign() == num_bigint::Sign::Minus);
    let (n, d) = (numerator.magnitude(), denominator.magnitude());
    if n.bits() == 0 {
        return 0.0;
    }
    // The quotient gets 64 or 65 bits; totals are below 2^128 and sums of three quotients of them below 2^390, so exponents
    // stay far from the double's limits.
    let shift = 64 + d.bits() as i64 - n.bits() as i64;
    let (n, d) = if shift >= 0 { (n << shift, d.clone()) } else { (n.clone(), d << -shift) };
    let mut quotient = u128::try_from(&n / &d).unwrap_or(u128::MAX);
    if (&n % &d).bits() > 0 {
        // Sticky: more than half is never taken for half.
        quotient |= 1;
    }
    // In two steps, since the power alone may pass the double's limits.
    let half = shift as i32 / 2;
    let magnitude = quotient as f64 * 2.0_f64.powi(-half) * 2.0_f64.powi(half - shift as i32);
    if negative { -magnitude } else { magnitude }
}

/// `numerator / denominator` as a decimal, rounded half to even at 28 significant digits (and at most 28 places); nothing if
/// it does not fit 96 bits. The denominator is not 0.
pub(crate) fn decimal_quotient(numerator: i128, denominator: i128) -> Option<Decimal> {
    const DIGITS: i64 = 28;
    let negative = (numerator < 0) != (denominator < 0);
    let (n, d) = (BigInt::from(numerator.unsigned_abs()), BigInt::from(denominator.unsigned_abs()));
    if numerator == 0 {
        return Some(Decimal::ZERO);
    }
    let digits = |value: &BigInt| i64::try_from(value.to_string().len()).unwrap_or(i64::MAX);
    let whole_digits = digits(&(&n / &d));
    // Digits before the point, or, for a fraction, minus the zeros behind it.
    let mut lead = if n >= d { whole_digits } else { digits(&n) - digits(&d) };
    let ten = |power: i64| BigInt::from(10).pow(u32::try_from(power).unwrap_or(0));
    if n < d && &n * ten(-lead) >= d {
        lead += 1;
    }
    let places = (DIGITS - lead).clamp(0, 28);
    let (scaled, rest) = {
        let up = &n * ten(places);
        (&up / &d, &up % &d)
    };
    let twice = rest * 2;
    let odd = scaled.bit(0);
    let rounded = if twice > d || (twice == d && odd) { scaled + 1 } else { scaled };
    let mantissa = i128::try_from(&rounded).ok()?;
    let value = Decimal::try_from_i128_with_scale(mantissa, u32::try_from(places).ok()?).ok()?.normalize();
    Some(if negative { -value } else { value })
}

#[cfg(test)]
#[allow(clippy::float_cmp, clippy::cast_precision_loss)] // to the bit is what is meant
mod tests {
    use super::*;

    #[test]
    fn a_double_is_read_as_the_decimal_it_stands_for() {
        assert_eq!(from_f64(0.1, 6), Read::Exact(100_000));
        assert_eq!(from_f64(4_294_967_296.000_007, 6), Read::Exact(4_294_967_296_000_007));
        assert_eq!(from_f64(10_000_000_000.1, 6), Read::Exact(10_000_000_000_100_000));
        assert_eq!(from_f64(-19.99, 2), Read::Exact(-1999));
        assert_eq!(from_f32(19.99, 6), Read::Exact(19_990_000));
        assert_eq!(from_f64(1e13, 6), Read::OutOfRange);
    }

    #[test]
    fn what_is_no_decimal_is_rounded_half_to_even_and_says_so() {
        assert!(matches!(from_f64(100.0 / 12.0, 6), Read::Rounded(8_333_333, _)));
        // 0.5, 1.5 and 2.5 are exact in binary: true ties
        assert!(matches!(from_f64(0.5, 0), Read::Rounded(0, _)));
        assert!(matches!(from_f64(1.5, 0), Read::Rounded(2, _)));
        assert!(matches!(from_f64(-2.5, 0), Read::Rounded(-2, _)));
        assert!(matches!(from_f64(5e-324, 6), Read::Rounded(0, _)));
    }

    #[test]
    fn a_difference_is_the_same_double_whether_it_fits_a_register_or_not() {
        let large = i128::from(u64::MAX) * 3;
        let parts = [0, 1, -1, 3, -7, 1_000_003, (1 << 53) + 1, large, -large, i128::MAX];
        let quotients = || parts.iter().flat_map(|a| parts.iter().filter(|b| **b != 0).map(|b| (*a, *b)));
        for one in quotients() {
            for other in quotients() {
                let expected = nearest_sum(&[(1, one), (-1, other)]);
                assert_eq!(nearest_difference(one, other).to_bits(), expected.to_bits(), "{one:?} - {other:?}");
            }
        }
    }

    #[test]
    fn decimals_are_rescaled_exactly_or_rounded() {
        assert_eq!(from_scaled(1999, 2, 6), Read::Exact(19_990_000));
        assert_eq!(from_scaled(5, -3, 6), Read::Exact(5_000_000_000));
        assert!(matches!(from_scaled(25, 8, 7), Read::Rounded(2, _)));
        assert_eq!(from_scaled(i128::MAX, 0, 6), Read::OutOfRange);
        assert_eq!(from_scaled(0, -38, 6), Read::Exact(0));
    }

    #[test]
    fn what_is_multiplied_is_rounded_after_it() {
        assert!(matches!(rounded_f64(1.0 / 3.0, 6, 60), Read::Rounded(20_000_000, off) if off < 1e-14));
        assert!(
            matches!(rounded_f64(-100.000_000_04, 6, 1_000_000), Read::Rounded(-100_000_000_040_000, off) if off < 1e-8)
        );
        assert_eq!(from_product(3_333_333, 60, 7, 6), Read::Exact(19_999_998));
        assert!(
            matches!(from_product(33_333_333, 60, 8, 6), Read::Rounded(20_000_000, off) if (off - 2e-7).abs() < 1e-20)
        );
        // products beyond 128 bits
        let nines = 10_i128.pow(37) - 1;
        assert!(matches!(from_product(nines, 1_440, 37, 6), Read::Rounded(1_440_000_000, _)));
        assert_eq!(from_product(5 * 10_i128.pow(36), 1_440, 37, 6), Read::Exact(720_000_000));
        assert_eq!(from_product(nines, 1_440, 0, 6), Read::OutOfRange);
        assert!(matches!(from_product(-125 * 10_i128.pow(35), 1_000_000, 38, 0), Read::Exact(-125_000)));
        assert!(matches!(from_product(1_500_005 * 10_i128.pow(31), 1_000_000, 38, 0), Read::Rounded(150_000, _)));
        assert!(matches!(from_product(-1_500_015 * 10_i128.pow(31), 1_000_000, 38, 0), Read::Rounded(-150_002, _)));
    }

    #[test]
    fn quotients_are_rounded_once() {
        assert_eq!(nearest_quotient(1, 3), 1.0 / 3.0);
        // (2^60 + 1) / 2^60 is nearest to 1, (2^60 + 2^8) / 2^60 is exactly representable
        assert_eq!(nearest_quotient((1 << 60) + 1, 1 << 60), 1.0);
        assert_eq!(nearest_quotient((1 << 60) + (1 << 8), 1 << 60), 1.0 + f64::EPSILON);
        assert_eq!(nearest_difference((3, 10), (1, 10)), 0.2);
        assert_eq!(nearest_difference((6, 5), (9, 10)), 0.3);
        // 0.1 - 2 x 0.2 + 0.3 is 0, and in doubles 5.6e-17
        assert_eq!(nearest_sum(&[(1, (1, 10)), (-2, (2, 10)), (1, (3, 10))]), 0.0);
        assert_eq!(nearest_sum(&[(1, (1, i128::MAX)), (-2, (1, -i128::MAX)), (1, (0, 1))]), 3.0 / i128::MAX as f64);
    }

    #[test]
    fn quotients_are_compared_exactly() {
        use std::cmp::Ordering::{Equal, Greater, Less};
        assert_eq!(compare_quotients((1, 3), (2, 6)), Equal);
        assert_eq!(compare_quotients((1, -3), (-1, 3)), Equal);
        assert_eq!(compare_quotients((1, -3), (1, 3)), Less);
        // both are 1 as doubles
        assert_eq!(compare_quotients((i128::MAX, i128::MAX - 1), (1, 1)), Greater);
        assert_eq!(compare_quotients((i128::MIN + 2, i128::MAX), (-1, 1)), Greater);
    }

    #[test]
    fn a_text_is_the_decimal_that_it_says_or_none() {
        for (text, read) in [
            ("1.50", "1.5"),
            ("-2E-3", "-0.002"),
            ("1.5e+3", "1500"),
            ("1.00000000000000000000000000000000000", "1"),
            ("0.0000000000000000000000000001", "0.0000000000000000000000000001"),
            ("0e-99", "0"),
            ("10e-29", "0.0000000000000000000000000001"),
        ] {
            assert_eq!(decimal(text).map(|number| number.normalize().to_string()), Ok(read.to_owned()), "{text}");
        }
        let fine = ["1.00000000000000000000000000001", "1e-30", "0.1e-28", "1.5e-9000000000000000000"];
        assert!(fine.iter().all(|text| decimal(text) == Err(NoDecimal::TooFine)));
        let large = ["79228162514264337593543950336", "-1e29", "1e9000000000000000000"];
        assert!(large.iter().all(|text| decimal(text) == Err(NoDecimal::TooLarge)));
        for text in ["", ".", "e3", "1e", "inf", "NaN", "1,5", "0x1", "1.5.0", "--1"] {
            assert_eq!(decimal(text), Err(NoDecimal::NoNumber), "{text}");
        }
    }

    #[test]
    fn decimal_quotients_have_28_digits() {
        assert_eq!(decimal_quotient(1, 3).unwrap().to_string(), "0.3333333333333333333333333333");
        assert_eq!(decimal_quotient(-2, 3).unwrap().to_string(), "-0.6666666666666666666666666667");
        assert_eq!(decimal_quotient(6, 5).unwrap().to_string(), "1.2");
        assert_eq!(decimal_quotient(200, 3).unwrap().to_string(), "66.66666666666666666666666667");
        assert_eq!(decimal_quotient(1, 64).unwrap().to_string(), "0.015625");
    }
}
