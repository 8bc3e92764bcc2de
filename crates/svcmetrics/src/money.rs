//! Micro-units: how fractions become integers and integers become fractions again.
//!
//! Money and durations are held as whole millionths (`i64` a value, `i128` a total), so that sums are exact. A float64 stands
//! for the decimal with at most `scale` places that it is nearest to; what is no such decimal is rounded half to even and
//! counted, or refused.

mod quotients;

pub(crate) use quotients::{
    compare_quotients, decimal_quotient, nearest, nearest_difference, nearest_quotient, nearest_sum,
};

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

/// Below this [`MAGIC`] is exact, and what is found by it of larger numbers is not below.
pub(crate) const MAGIC_BELOW: u64 = 1 << 51;

/// A whole number of a magnitude below [`MAGIC_BELOW`] as a double: many at once, also where processors convert one after another.
#[allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller
#[inline(always)]
pub(crate) fn double(whole: i64) -> f64 {
    f64::from_bits(MAGIC.to_bits().wrapping_add_signed(whole)) - MAGIC
}

/// A number's decimal of so many places, given as their power of ten, with [`MAGIC`] added, and whether the number is the double
/// nearest to that decimal. Exact for decimals below 2^51.
///
/// A division says so. Where a processor multiplies and adds at once, which `MULTIPLY_ADD` says, what number and decimal are apart
/// is found in less time: it has few digits, so that nothing is rounded, and it is compared with half of what doubles of this
/// size are apart. It is never as much as that: a decimal halfway between two doubles would have more than 51 bits. And next to
/// a power of two, where doubles below are half as far apart, it is 0 or far more. Elsewhere such a product takes a call.
#[allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller
#[inline(always)]
pub(crate) fn nearest_decimal<const MULTIPLY_ADD: bool>(number: f64, places: f64) -> (f64, bool) {
    if !MULTIPLY_ADD {
        let shifted = number * places + MAGIC;
        #[allow(clippy::float_cmp)] // equal is equal
        let is_nearest = (shifted - MAGIC) / places == number;
        return (shifted, is_nearest);
    }
    let shifted = number.mul_add(places, MAGIC);
    let off = number.mul_add(places, MAGIC - shifted);
    let power_of_two = f64::from_bits(number.to_bits() & f64::INFINITY.to_bits());
    (shifted, off.abs() <= power_of_two * (places * (f64::EPSILON / 2.0)))
}

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
    #[allow(clippy::cast_precision_loss)] // below 2^53
    fn whole_numbers_become_their_doubles() {
        let most = MAGIC_BELOW.cast_signed() - 1;
        for whole in [0, 1, -1, 12_345_678_901, most / 3, -most / 7, most, -most] {
            assert_eq!(double(whole).to_bits(), (whole as f64).to_bits(), "{whole}");
        }
    }

    #[test]
    fn whether_a_number_is_the_nearest_double_is_the_same_with_and_without_a_division() {
        let mut bits = 1_u64;
        let mut random = || {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            bits ^ bits >> 29
        };
        let (mut nearest, mut others) = (0, 0);
        let mut same = |number: f64, power: f64| {
            let (one, other) = (nearest_decimal::<false>(number, power), nearest_decimal::<true>(number, power));
            let is_small = |(shifted, is_nearest): (f64, bool)| is_nearest && (shifted - MAGIC).abs() < 2_f64.powi(51);
            assert_eq!(is_small(one), is_small(other), "{number:e} x {power}");
            if is_small(one) {
                assert_eq!(one.0.to_bits(), other.0.to_bits(), "{number:e} x {power}");
                nearest += 1;
            } else {
                others += 1;
            }
        };
        for power in POWERS.into_iter().take(PLACES as usize + 1).map(|power| power as f64) {
            let mut around = |number: f64| {
                for number in [number, -number] {
                    let next = [number, number.next_up(), number.next_down(), number.next_up().next_up()];
                    for number in next {
                        same(number, power);
                    }
                }
            };
            (-1074..=1023).for_each(|exponent| around(2_f64.powi(exponent)));
            [0.0, f64::INFINITY, f64::NAN, f64::MAX].into_iter().for_each(&mut around);
            for _ in 0..50_000 {
                let digits = random() >> (13 + random() % 50);
                around(digits as f64 / power);
                around(f64::from_bits(random()));
            }
        }
        assert!(nearest > 500_000 && others > 500_000, "{nearest} {others}");
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
}
