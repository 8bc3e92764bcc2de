//! Student's t and the normal distribution, which is Student's with no end of degrees of freedom: upper tails and their quantiles.
//!
//! The tail is a continued fraction of the incomplete beta function (DLMF 8.17.22), and beyond 5,000 degrees of freedom Hill's
//! normal deviate (Algorithm 395, Communications of the ACM 13, 1970). Both are good to twelve digits.

use std::f64::consts::{PI, SQRT_2};

/// Where the normal deviate is the more exact of the two.
const MANY: f64 = 5_000.0;

/// The probability of more than `t`, which is 0 or more; `freedom` is positive, and infinite for the normal distribution.
pub(crate) fn upper_tail(t: f64, freedom: f64) -> f64 {
    if t == 0.0 {
        return 0.5;
    }
    if freedom > MANY {
        return 0.5 * libm::erfc(normal_deviate(t, freedom) / SQRT_2);
    }
    let (half, square) = (freedom / 2.0, t * t);
    let front =
        gamma_ratio(half) / PI.sqrt() * (-half * (square / freedom).ln_1p()).exp() * t / (freedom + square).sqrt();
    // on either side of the mean of the beta distribution, where one of the fractions is slow
    if square > 3.0 {
        0.5 * front / half * fraction(half, 0.5, freedom / (freedom + square))
    } else {
        0.5 - front * fraction(0.5, half, square / (freedom + square))
    }
}

/// The `t` that is exceeded with this probability, which is above 0 and at most one half; `from` is 0, or some lesser quantile
/// that is known.
pub(crate) fn upper_quantile(probability: f64, freedom: f64, from: f64) -> f64 {
    // The tail is convex, so that Newton's steps from below never pass the root: they end where rounding does.
    let mut t = from;
    for _ in 0..10_000 {
        let next = t + (upper_tail(t, freedom) - probability) / density(t, freedom);
        if next.partial_cmp(&t) != Some(std::cmp::Ordering::Greater) || !next.is_finite() {
            break;
        }
        t = next;
    }
    t
}

fn density(t: f64, freedom: f64) -> f64 {
    if freedom.is_infinite() {
        return (-t * t / 2.0).exp() / (2.0 * PI).sqrt();
    }
    gamma_ratio(freedom / 2.0) / (PI * freedom).sqrt() * (-(freedom + 1.0) / 2.0 * (t * t / freedom).ln_1p()).exp()
}

/// The deviate of the normal distribution with the same tail, nearly.
fn normal_deviate(t: f64, freedom: f64) -> f64 {
    if freedom.is_infinite() {
        return t;
    }
    let a = freedom - 0.5;
    let b = 48.0 * a * a;
    let y = a * (t * t / freedom).ln_1p();
    let correction = (((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b);
    y.sqrt() * ((correction + y + 3.0) / b + 1.0)
}

/// `gamma(a + 1/2) / gamma(a)`: the asymptotic series, after steps up to where it holds to the last digit.
fn gamma_ratio(mut a: f64) -> f64 {
    let mut factor = 1.0;
    while a < 20.0 {
        factor *= a / (a + 0.5);
        a += 1.0;
    }
    let r = 1.0 / a;
    let square = r * r;
    let series = -0.125
        + square * (1.0 / 192.0 + square * (-1.0 / 640.0 + square * (17.0 / 14_336.0 - square * 31.0 / 18_432.0)));
    factor * a.sqrt() * (r * series).exp()
}

/// The continued fraction of the incomplete beta function by Lentz's method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let safe = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut above = 1.0;
    let mut below = 1.0 / safe(1.0 - (a + b) * x / (a + 1.0));
    let mut product = below;
    for m in (1..1_000).map(f64::from) {
        let at = a + 2.0 * m;
        let even = m * (b - m) * x / ((at - 1.0) * at);
        let odd = -(a + m) * (a + b + m) * x / (at * (at + 1.0));
        let mut step = 1.0;
        for term in [even, odd] {
            below = 1.0 / safe(1.0 + term * below);
            above = safe(1.0 + term / above);
            step = above * below;
            product *= step;
        }
        if (step - 1.0_f64).abs() <= f64::EPSILON {
            break;
        }
    }
    product
}

#[cfg(test)]
#[allow(clippy::unreadable_literal, clippy::excessive_precision)] // as scipy prints them
mod tests {
    use super::*;

    /// Degrees of freedom, probability, quantile: `scipy.stats.t.isf`, `scipy.stats.norm.isf`.
    const QUANTILES: [(f64, f64, f64); 48] = [
        (1.0, 0.25, 1.0000000000000002),
        (1.0, 0.025, 12.706204736174705),
        (1.0, 0.005, 63.65674116287158),
        (1.0, 5e-07, 636619.7723670577),
        (1.5, 0.25, 0.8725946625415716),
        (1.5, 0.025, 6.016663104427933),
        (1.5, 0.005, 17.82031051446281),
        (1.5, 5e-07, 8285.391195025039),
        (2.0, 0.25, 0.8164965809277261),
        (2.0, 0.025, 4.302652729749464),
        (2.0, 0.005, 9.924843200918293),
        (2.0, 5e-07, 999.9992499998438),
        (4.7, 0.25, 0.730227781246547),
        (4.7, 0.025, 2.6207260753531707),
        (4.7, 0.005, 4.1678920401190584),
        (4.7, 5e-07, 32.70327151652682),
        (29.0, 0.25, 0.6830438608216131),
        (29.0, 0.025, 2.045229642132704),
        (29.0, 0.005, 2.7563859036706053),
        (29.0, 5e-07, 6.170056101418831),
        (199.0, 0.25, 0.6757245956106454),
        (199.0, 0.025, 1.9719565442517537),
        (199.0, 0.005, 2.6007602160585166),
        (199.0, 5e-07, 5.049094595232363),
        (1000.5, 0.25, 0.6747350419214271),
        (1000.5, 0.025, 1.962337892459348),
        (1000.5, 0.005, 2.5807522321743117),
        (1000.5, 5e-07, 4.922274122211907),
        (4999.0, 0.25, 0.6745388301775066),
        (4999.0, 0.025, 1.9604386466615251),
        (4999.0, 0.005, 2.576813163398983),
        (4999.0, 5e-07, 4.8977432938754895),
        (5001.0, 0.25, 0.6745388105481677),
        (5001.0, 0.025, 1.9604384567894741),
        (5001.0, 0.005, 2.5768127697923298),
        (5001.0, 5e-07, 4.897740849784245),
        (1000000.0, 0.25, 0.6744899955310875),
        (1000000.0, 0.025, 1.9599663568141072),
        (1000000.0, 0.005, 2.5758342201053344),
        (1000000.0, 5e-07, 4.891668960710385),
        (1000000000000.0, 0.25, 0.6744897501963267),
        (1000000000000.0, 0.025, 1.9599639845424264),
        (1000000000000.0, 0.005, 2.5758293035538173),
        (1000000000000.0, 5e-07, 4.891638475729075),
        (f64::INFINITY, 0.25, 0.6744897501960817),
        (f64::INFINITY, 0.025, 1.9599639845400545),
        (f64::INFINITY, 0.005, 2.575829303548901),
        (f64::INFINITY, 5e-07, 4.891638475698591),
    ];
    /// Degrees of freedom, t, probability: `scipy.stats.t.sf`, `scipy.stats.norm.sf`.
    const TAILS: [(f64, f64, f64); 48] = [
        (1.0, 0.001, 0.49968169021990794),
        (1.0, 1.0, 0.25000000000000006),
        (1.0, 1.74, 0.1660362607801335),
        (1.0, 5.0, 0.0628329581890012),
        (1.5, 0.001, 0.4996592651133599),
        (1.5, 1.0, 0.22556768363835517),
        (1.5, 1.74, 0.1318385189193718),
        (1.5, 5.0, 0.032687883810578106),
        (2.0, 0.001, 0.49964644669779507),
        (2.0, 1.0, 0.2113248654051871),
        (2.0, 1.74, 0.11199359581660775),
        (2.0, 5.0, 0.018874775675311862),
        (4.7, 0.001, 0.4996215791218221),
        (4.7, 1.0, 0.18298775649727492),
        (4.7, 1.74, 0.07303792966430074),
        (4.7, 5.0, 0.002433177360929075),
        (29.0, 0.001, 0.49960448148918113),
        (29.0, 1.0, 0.16279099400809682),
        (29.0, 1.74, 0.04623157958927562),
        (29.0, 5.0, 1.2683157867711645e-05),
        (199.0, 0.001, 0.4996015586533198),
        (199.0, 1.0, 0.15926245615988693),
        (199.0, 1.74, 0.041702495791016564),
        (199.0, 5.0, 6.273696626250432e-07),
        (1000.5, 0.001, 0.499601157459396),
        (1000.5, 1.0, 0.15877614861011735),
        (1000.5, 1.74, 0.041083252766922),
        (1000.5, 5.0, 3.3833522410660083e-07),
        (4999.0, 0.001, 0.49960107773670415),
        (4999.0, 1.0, 0.15867945463391345),
        (4999.0, 1.74, 0.040960279041237314),
        (4999.0, 5.0, 2.9644935912106995e-07),
        (5001.0, 0.001, 0.4996010777287257),
        (5001.0, 1.0, 0.15867944495605196),
        (5001.0, 1.74, 0.040960266735649786),
        (5001.0, 5.0, 2.9644538759607813e-07),
        (1000000.0, 0.001, 0.4996010578858246),
        (1000000.0, 1.0, 0.15865537491678916),
        (1000000.0, 1.74, 0.0409296627980514),
        (1000000.0, 5.0, 2.8669989354453723e-07),
        (1000000000000.0, 0.001, 0.49960105778608904),
        (1000000000000.0, 1.0, 0.15865525393157806),
        (1000000000000.0, 1.74, 0.040929508978961186),
        (1000000000000.0, 5.0, 2.866515719275125e-07),
        (f64::INFINITY, 0.001, 0.49960105778608893),
        (f64::INFINITY, 1.0, 0.15865525393145707),
        (f64::INFINITY, 1.74, 0.040929508978807365),
        (f64::INFINITY, 5.0, 2.866515718791933e-07),
    ];

    fn near(found: f64, expected: f64) -> bool {
        ((found - expected) / expected).abs() < 1e-12
    }

    #[test]
    fn quantiles_are_those_of_scipy() {
        for (freedom, probability, expected) in QUANTILES {
            let found = upper_quantile(probability, freedom, 0.0);
            assert!(near(found, expected), "{freedom} {probability}: {found}, not {expected}");
        }
    }

    #[test]
    fn tails_are_those_of_scipy() {
        for (freedom, t, expected) in TAILS {
            let found = upper_tail(t, freedom);
            assert!(near(found, expected), "{freedom} {t}: {found}, not {expected}");
        }
    }
}
