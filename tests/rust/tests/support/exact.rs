//! Exact arithmetic on big integers, written from the specification and not from the core.

use num_bigint::BigInt;

/// A double's exact value as a fraction.
pub(crate) fn fraction(x: f64) -> (BigInt, BigInt) {
    assert!(x.is_finite());
    let bits = x.to_bits();
    let (exponent, field) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
    let (mantissa, power) =
        if exponent == 0 { (field, -1074) } else { (field | 1 << 52, i64::try_from(exponent).unwrap() - 1075) };
    let signed = if x.is_sign_negative() { -BigInt::from(mantissa) } else { BigInt::from(mantissa) };
    if power >= 0 { (signed << power, BigInt::from(1)) } else { (signed, BigInt::from(1) << -power) }
}

fn ten(power: u32) -> BigInt {
    BigInt::from(10).pow(power)
}

/// A fraction rounded half to even to a whole number; the denominator is positive.
pub(crate) fn half_even(numerator: &BigInt, denominator: &BigInt) -> BigInt {
    let zero = BigInt::from(0);
    let (mut quotient, mut rest) = (numerator / denominator, numerator % denominator);
    if rest < zero {
        quotient -= 1;
        rest += denominator;
    }
    let twice: BigInt = rest * 2;
    let odd = &quotient % 2 != zero;
    if twice > *denominator || (twice == *denominator && odd) { quotient + 1 } else { quotient }
}

/// What a float64 is read as, in units of `10^-scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It is the double nearest to this decimal.
    Decimal(BigInt),
    /// It is no such decimal; this is the nearest one, half to even.
    Rounded(BigInt),
}

impl Meaning {
    pub(crate) fn units(&self) -> &BigInt {
        match self {
            Self::Decimal(units) | Self::Rounded(units) => units,
        }
    }
}

/// The decimal of at most `scale` places that `x` is nearest to. Where several share the double, the shortest, and of those
/// the nearest: the one that Rust and Python print.
pub(crate) fn meaning(x: f64, scale: u32) -> Meaning {
    let (numerator, denominator) = fraction(x);
    let scale = i32::try_from(scale).unwrap();
    let up = |places: i32| (ten(places.max(0).unsigned_abs()), ten((-places).max(0).unsigned_abs()));
    // From tens of trillions downwards: numbers end in zeros before they end in places.
    for places in -19..=scale {
        let (more, less) = up(places);
        let m = half_even(&(&numerator * more), &(&denominator * less));
        // A decimal's text is read as the double nearest to it, whatever its size.
        if format!("{m}e{}", -places).parse() == Ok(x) {
            return Meaning::Decimal(m * ten((scale - places).unsigned_abs()));
        }
    }
    Meaning::Rounded(half_even(&(numerator * up(scale).0), &denominator))
}

/// Whether no double is nearer to `numerator / denominator` than `value`.
pub(crate) fn is_nearest(value: f64, numerator: i128, denominator: i128) -> bool {
    let (n, d) = if denominator < 0 {
        (-BigInt::from(numerator), -BigInt::from(denominator))
    } else {
        (numerator.into(), denominator.into())
    };
    // |value - n/d| over the common denominator: its numerator, times what makes two such distances comparable
    let distance = |x: f64| {
        let (a, b) = fraction(x);
        let difference = &a * &d - &n * &b;
        (BigInt::from(difference.magnitude().clone()), b * &d)
    };
    let not_above = |(a, b): &(BigInt, BigInt), (c, e): &(BigInt, BigInt)| a * e <= c * b;
    let own = distance(value);
    [value.next_up(), value.next_down()].into_iter().all(|other| not_above(&own, &distance(other)))
}

/// `numerator / denominator` rounded half to even at 28 significant digits, but at most 28 decimal places: the digits, and
/// how many of them are places.
pub(crate) fn at_28_digits(numerator: i128, denominator: i128) -> (BigInt, u32) {
    let (n, d) = (BigInt::from(numerator.unsigned_abs()), BigInt::from(denominator.unsigned_abs()));
    let enough = |places: u32| &n * ten(places) / &d >= ten(27);
    let places = (0..28).find(|places| enough(*places)).unwrap_or(28);
    let rounded = half_even(&(n * ten(places)), &d);
    (if (numerator < 0) == (denominator < 0) { rounded } else { -rounded }, places)
}
