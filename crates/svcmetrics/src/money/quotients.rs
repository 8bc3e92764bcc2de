//! Quotients of exact totals, as the double or the decimal that is nearest to them.

use num_bigint::BigInt;
use rust_decimal::Decimal;

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
    fn decimal_quotients_have_28_digits() {
        assert_eq!(decimal_quotient(1, 3).unwrap().to_string(), "0.3333333333333333333333333333");
        assert_eq!(decimal_quotient(-2, 3).unwrap().to_string(), "-0.6666666666666666666666666667");
        assert_eq!(decimal_quotient(6, 5).unwrap().to_string(), "1.2");
        assert_eq!(decimal_quotient(200, 3).unwrap().to_string(), "66.66666666666666666666666667");
        assert_eq!(decimal_quotient(1, 64).unwrap().to_string(), "0.015625");
    }
}
