//! Exact fractions, where a quotient is not yet to be rounded.

use crate::money::nearest;
use num_bigint::BigInt;
use num_rational::Ratio;
use std::fmt;

/// An exact fraction in lowest terms, of whole numbers of any size; as text `3/4`, or `2` where it is whole.
///
/// ```
/// use svcmetrics::{Request, Scorecard, Table};
/// let card = |renewed: i64| {
///     let table = Table::new(1).with("region", vec!["north"]).with("contracts_due", vec![7_i64]);
///     Scorecard::of(&table.with("contracts_renewed", vec![renewed]), Request::default().by(["region"]))
/// };
/// let change = card(5)?.attribute(&card(4)?, &["region"], &["contract_renewal_rate"])?.remove(0).change.unwrap();
/// assert_eq!((change.to_string(), change.to_f64()), ("1/7".to_owned(), 1.0 / 7.0));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct Fraction(pub(crate) Ratio<BigInt>);

impl Fraction {
    /// The denominator is not 0.
    pub(crate) fn new(numerator: i128, denominator: i128) -> Self {
        Self(Ratio::new(numerator.into(), denominator.into()))
    }

    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        nearest(self.0.numer(), self.0.denom())
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "serde")]
mod stored {
    use super::{BigInt, Fraction, Ratio};
    use crate::error::Error;

    /// Differences of products of totals, each below 2^128, do not come near it.
    const DIGITS: usize = 1_000;

    impl TryFrom<String> for Fraction {
        type Error = Error;

        fn try_from(text: String) -> Result<Self, Error> {
            let fraction = if text.len() <= DIGITS { text.parse::<Ratio<BigInt>>().ok() } else { None };
            let problem = format!("found {}; expected whole numbers", crate::error::shown(&text));
            fraction.map(Self).ok_or(Error::InvalidDocument { what: "a fraction", problem })
        }
    }

    impl From<Fraction> for String {
        fn from(fraction: Fraction) -> Self {
            fraction.to_string()
        }
    }
}
