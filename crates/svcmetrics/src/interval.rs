//! Confidence intervals of figures: what a figure must know for one, and the formulas.

use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::figure::{Figure, Value};
use crate::measure::Measure;
use crate::metric::{Combination, Form, Kind, Metric};
use crate::students_t::upper_quantile;

/// The level of the intervals in frames where none is given.
pub(crate) const LEVEL: f64 = 0.95;

/// What a metric's definition says about its rows, and so which interval its figures have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sampling {
    /// Each row adds 0 or 1 to numerator and denominator.
    Proportion,
    /// Each row adds 100, 0 or -100 to the numerator and 1 to the denominator.
    Balance,
    /// Rows add whatever they add: only their spread says how sure the quotient is.
    Spread,
    /// It is no quotient.
    None,
}

impl Metric {
    pub(crate) fn sampling(&self, form: &Form) -> Sampling {
        let Form::Quotient { numerator, denominator } = form else { return Sampling::None };
        let counts = |terms: &Combination| terms.iter().all(|(_, measure)| measure.counts_rows());
        let coefficients =
            |terms: &Combination| -> Vec<i32> { terms.iter().map(|(coefficient, _)| *coefficient).collect() };
        let of_rows = counts(numerator) && counts(denominator) && coefficients(denominator) == [1];
        match (self.kind, coefficients(numerator).as_slice()) {
            (Kind::Share, ones) if of_rows && ones.iter().all(|one| *one == 1) => Sampling::Proportion,
            (Kind::Score, [100, -100]) if of_rows => Sampling::Balance,
            _ => Sampling::Spread,
        }
    }
}

impl Measure {
    /// Whether a row adds 0 or 1.
    pub(crate) fn counts_rows(&self) -> bool {
        self.sum == Expression::constant(1)
    }
}

/// What a quotient's interval is computed from, beside numerator and denominator.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
pub(crate) enum Basis {
    /// Numerator and denominator count rows.
    Proportion,
    /// 100 times the one less the other, of as many rows as the denominator says.
    Balance {
        #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
        promoters: i128,
        #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
        detractors: i128,
    },
    /// The variance of the quotient, estimated from so many rows.
    Spread {
        #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
        rows: i128,
        variance: f64,
    },
}

impl Basis {
    /// Whether it can be that of a quotient of these integers.
    fn fits(self, numerator: i128, denominator: i128) -> bool {
        match self {
            Self::Proportion => (0..=denominator).contains(&numerator),
            Self::Balance { promoters, detractors } => {
                promoters >= 0
                    && detractors >= 0
                    && promoters.checked_add(detractors).is_some_and(|both| both <= denominator)
                    && promoters.checked_sub(detractors).and_then(|net| net.checked_mul(100)) == Some(numerator)
            }
            Self::Spread { rows, variance } => rows >= 2 && variance.is_finite() && variance >= 0.0,
        }
    }
}

impl Figure {
    /// The figure with what its interval is computed from; without, where that is not so.
    pub(crate) fn on(self, basis: Basis) -> Self {
        match self.value {
            Value::Quotient { numerator, denominator } if basis.fits(numerator.integer(), denominator.integer()) => {
                Self { basis: Some(basis), ..self }
            }
            _ => self,
        }
    }

    /// The confidence interval: its low and high end. None where the figure is undefined or nothing is known of its spread.
    ///
    /// - Where each row adds 0 or 1 to numerator and denominator (`onboard_rate`, `csat`, ...): Wilson's score interval (Journal of
    ///   the American Statistical Association 22, 1927), which stays within 0 and 1.
    /// - `nps` and `ces_net`: the adjusted Wald interval (Rocks, The American Statistician 70, 2016; Sauro and Lewis, Quantifying
    ///   the User Experience): three answers are added, three quarters of one to either side, then
    ///   `p - d -+ z x sqrt((p + d - (p - d)^2) / (n + 3))`, times 100. It may pass 100.
    /// - Other quotients, of a scorecard with [`crate::Request::spread`]: the ratio estimator's (Cochran, Sampling Techniques, 1977),
    ///   `R -+ t x sqrt(n / (n - 1) x sum of (y - R x)^2) / sum of x` with Student's t of n - 1 degrees of freedom, where a row
    ///   of the n counted adds y to the numerator and x to the denominator; none of fewer than two rows. It is not cut at 0
    ///   or 1, and has no width where all rows have the same quotient.
    ///
    /// Rows are taken for independent of each other: customers, if a row is a customer. Where time was rolled away they are
    /// customers' periods, and the interval is too narrow as far as a customer's periods are alike.
    ///
    /// ```
    /// use svcmetrics::formulas::{adoption_rate, onboard_rate};
    /// let (low, high) = onboard_rate(8, 10)?.interval(0.95)?.unwrap();
    /// assert_eq!(format!("{low:.4} {high:.4}"), "0.4902 0.9433");
    /// // milestones of a customer are not independent of each other
    /// assert_eq!(adoption_rate(8, 10)?.interval(0.95)?, None);
    /// assert_eq!(onboard_rate(0, 0)?.interval(0.95)?, None);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a level that is not between 0 and 1.
    pub fn interval(&self, level: f64) -> Result<Option<(f64, f64)>> {
        Level::new(level).map(|level| self.interval_at(level))
    }

    pub(crate) fn interval_at(&self, level: Level) -> Option<(f64, f64)> {
        match (self.value, self.basis?) {
            (Value::Quotient { numerator, denominator }, Basis::Proportion) => {
                Some(wilson(numerator.integer(), denominator.integer(), level.normal))
            }
            _ => self.estimate().map(|estimate| estimate.interval(level)),
        }
    }

    /// The centre of its interval and its variance, for all but Wilson's.
    pub(crate) fn estimate(&self) -> Option<Estimate> {
        match (self.value, self.basis?) {
            (Value::Quotient { denominator, .. }, Basis::Balance { promoters, detractors }) => {
                Some(adjusted_wald(promoters, detractors, denominator.integer()))
            }
            (Value::Quotient { .. }, Basis::Spread { rows, variance }) => {
                Some(Estimate { value: self.value()?, variance, freedom: double(rows - 1) })
            }
            _ => None,
        }
    }
}

/// The level of an interval.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    /// What is left out on either side.
    tail: f64,
    /// Its quantile of the normal distribution.
    pub(crate) normal: f64,
}

impl Level {
    pub(crate) fn new(level: f64) -> Result<Self> {
        if level > 0.0 && level < 1.0 {
            let tail = (1.0 - level) / 2.0;
            return Ok(Self { tail, normal: upper_quantile(tail, f64::INFINITY, 0.0) });
        }
        Err(Error::InvalidOption {
            option: "level".into(),
            found: level.to_string(),
            expected: "a number between 0 and 1, such as 0.95".into(),
        })
    }

    fn quantile(self, freedom: f64) -> f64 {
        // Student's tails are the heavier ones
        if freedom.is_infinite() { self.normal } else { upper_quantile(self.tail, freedom, self.normal) }
    }
}

/// An estimate whose error is spread as Student's t.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) variance: f64,
    /// Infinite where the variance is not itself estimated from few.
    pub(crate) freedom: f64,
}

impl Estimate {
    pub(crate) fn interval(&self, level: Level) -> (f64, f64) {
        let half = level.quantile(self.freedom) * self.variance.sqrt();
        (self.value - half, self.value + half)
    }
}

#[allow(clippy::cast_precision_loss)] // an interval is no exact thing
pub(crate) fn double(count: i128) -> f64 {
    count as f64
}

/// The roots in p of `(x / n - p)^2 = z^2 p (1 - p) / n`, each as a distance from its end, so that none of n gives 0 and all 1.
pub(crate) fn wilson(successes: i128, trials: i128, z: f64) -> (f64, f64) {
    let lower = |x: f64, rest: f64| {
        let n = x + rest;
        2.0 * x * x / (n * (2.0 * x + z * z + z * (z * z + 4.0 * x * rest / n).sqrt()))
    };
    let (x, rest) = (double(successes), double(trials - successes));
    (lower(x, rest), 1.0 - lower(rest, x))
}

fn adjusted_wald(promoters: i128, detractors: i128, answers: i128) -> Estimate {
    let n = double(answers) + 3.0;
    let (p, d) = ((double(promoters) + 0.75) / n, (double(detractors) + 0.75) / n);
    let net = p - d;
    Estimate { value: 100.0 * net, variance: 1e4 * (p + d - net * net) / n, freedom: f64::INFINITY }
}
