//! Support pricing: what support costs, as a share of the price of the product.

use super::{amount, invalid, signed_amount};
use crate::error::{Error, Offence, Result};
use crate::figure::{Figure, Total, Unit};
use crate::money::MICROS;
use num_bigint::BigInt;
use num_integer::Integer;
use rust_decimal::Decimal;

/// What support for a product is priced by.
///
/// ```
/// use rust_decimal::Decimal;
/// use svcmetrics::SupportPrice;
/// // A product of 100,000, support at 18 %, a fixed fee of 2,000 a year, 3 % more each year, for three years.
/// let offer = SupportPrice {
///     list_price: Some(100_000.into()),
///     rate: Decimal::new(18, 2),
///     add_ons: 2_000.into(),
///     yearly_adjustment: Decimal::new(3, 2),
///     years: 3,
///     ..Default::default()
/// };
/// assert_eq!(offer.price()?.to_string(), "61,818.00");
/// // 20,000 discount on the product lower the price of its support, too.
/// let discounted = SupportPrice { net_price: Some(80_000.into()), years: 1, ..offer };
/// assert_eq!(discounted.price()?.to_string(), "16,400.00");
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SupportPrice {
    /// The product's list price.
    pub list_price: Option<Decimal>,
    /// What is paid for the product: where it is given, support is a share of it and not of the list price.
    pub net_price: Option<Decimal>,
    /// The share of the product's price, 0.18 for 18 %.
    pub rate: Decimal,
    /// Add-ons and fixed fees a year.
    pub add_ons: Decimal,
    /// By how much the price of one year is above that of the year before: 0.03 for 3 %, negative where it falls.
    pub yearly_adjustment: Decimal,
    /// The term in years, at least 1.
    pub years: u32,
}

/// Of a year, with nothing added and nothing adjusted.
impl Default for SupportPrice {
    fn default() -> Self {
        let nothing = Decimal::ZERO;
        Self {
            list_price: None,
            net_price: None,
            rate: nothing,
            add_ons: nothing,
            yearly_adjustment: nothing,
            years: 1,
        }
    }
}

impl SupportPrice {
    /// The price over the whole term: [`crate::formulas::support_price`].
    ///
    /// # Errors
    /// As the formula.
    pub fn price(&self) -> Result<Figure> {
        support_price(self.list_price, self.net_price, self.rate, self.add_ons, self.yearly_adjustment, self.years)
    }
}

/// The price of support over a term.
///
/// The first year costs `price * rate + add_ons`, where the price is the net price or, without one, the list price; each year
/// after it `1 + yearly_adjustment` times the year before. The figure is the sum over the years, an exact quotient that is
/// rounded nowhere.
///
/// # Errors
/// [`Error::InvalidOption`] without a price, [`Error::InvalidValue`] for a negative amount or rate, a net
/// price above the list price, an adjustment below -1 or a term of no years or more than 1000, [`Error::Inexact`] for more
/// than six decimal places, [`Error::OutOfRange`], with the longest term that can be, where the exact sum takes more than 128
/// bits.
///
/// ```
/// use rust_decimal::Decimal;
/// use svcmetrics::formulas::support_price;
/// let (share, dearer) = (Decimal::new(2, 1), Decimal::new(1, 1));
/// let two_years = support_price(Some(1_000.into()), None, share, 0, dearer, 2)?;
/// assert_eq!(two_years.value(), Some(420.0)); // 200 + 220
/// assert!(support_price(Some(1_000.into()), None, share, 0, dearer, 0).is_err());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn support_price(
    list_price: Option<Decimal>,
    net_price: Option<Decimal>,
    rate: impl Into<Decimal>,
    add_ons: impl Into<Decimal>,
    yearly_adjustment: impl Into<Decimal>,
    years: u32,
) -> Result<Figure> {
    let list = list_price.map(|price| amount("list_price", price)).transpose()?;
    let net = net_price.map(|price| amount("net_price", price)).transpose()?;
    if let (Some(list), Some(net)) = (list, net)
        && net > list
    {
        let most = format!("at most the list price, {}", Total::new(list, true));
        return Err(invalid("net_price", Total::new(net, true), most));
    }
    let price = net.or(list).ok_or_else(|| Error::InvalidOption {
        option: "argument net_price".into(),
        found: "neither a list price nor a net price".into(),
        expected: "one of them, or both".into(),
    })?;
    let (rate, add_ons) = (amount("rate", rate)?, amount("add_ons", add_ons)?);
    let adjustment = signed_amount("yearly_adjustment", yearly_adjustment)?;
    if adjustment < -i128::from(MICROS) {
        return Err(invalid("yearly_adjustment", Total::new(adjustment, true), "-1 or more"));
    }
    if !(1..=LONGEST_TERM).contains(&years) {
        let expected = if years == 0 { "at least 1".to_owned() } else { format!("at most {LONGEST_TERM}") };
        return Err(invalid("years", years, expected));
    }
    let term = Term::new(price, rate, add_ons, adjustment);
    term.price(years).ok_or_else(|| {
        let longest = (1..years).take_while(|years| term.price(*years).is_some()).last().unwrap_or(0);
        let expected = format!("at most {longest}: the exact sum of more takes more than 128 bits");
        Error::OutOfRange(Box::new(Offence::new("years", "found", expected).at(None, &years.to_string())))
    })
}

/// Years over which a price is worked out.
const LONGEST_TERM: u32 = 1_000;

/// The first year's price and what the next one is of it, as quotients in lowest terms.
struct Term {
    first: (BigInt, BigInt),
    step: (BigInt, BigInt),
}

impl Term {
    /// All in micro-units.
    fn new(price: i128, rate: i128, add_ons: i128, adjustment: i128) -> Self {
        let million = || BigInt::from(MICROS);
        let first = BigInt::from(price) * rate + BigInt::from(add_ons) * MICROS;
        Self { first: reduced(first, million() * MICROS), step: reduced(million() + adjustment, million()) }
    }

    /// The sum over the years; nothing beyond 128 bits.
    fn price(&self, years: u32) -> Option<Figure> {
        let (up, down) = &self.step;
        // first + first * (up/down) + ... + first * (up/down)^(years-1), all over down^(years-1)
        let (mut sum, mut growth, mut scale) = (self.first.0.clone(), self.first.0.clone(), self.first.1.clone());
        for _ in 1..years {
            growth *= up;
            sum = sum * down + &growth;
            scale *= down;
        }
        let (sum, scale) = reduced(sum, scale);
        let total = |integer: BigInt| i128::try_from(integer).ok().map(|integer| Total::new(integer, false));
        Some(Figure::quotient(Unit::Money, total(sum)?, total(scale)?))
    }
}

fn reduced(numerator: BigInt, denominator: BigInt) -> (BigInt, BigInt) {
    let common = numerator.gcd(&denominator);
    (numerator / &common, denominator / common)
}
