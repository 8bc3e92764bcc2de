//! Published figures to hold one's own against.

use crate::column::Name;
use crate::figure::Unit;
use rust_decimal::Decimal;

/// A published figure: what it says, and where it stands.
///
/// ```
/// use svcmetrics::reference;
/// let premium = reference().iter().find(|figure| figure.id == "support_price_premium").unwrap();
/// assert_eq!(premium.low.unwrap().to_string(), "0.26");
/// assert_eq!(premium.high, None); // 26 % and more
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Reference {
    /// Its stable name.
    pub id: Name,
    /// What it says.
    pub statement: Name,
    /// From here; the same as `high` where the figure is one number, nothing where it is "nearly".
    pub low: Option<Decimal>,
    /// Up to here; nothing where it is "and more".
    pub high: Option<Decimal>,
    /// A fraction, or a number: how many, or how many times as much.
    pub unit: Unit,
    /// Who published it, and the article's title where it is known.
    pub article: Name,
    /// When, where it is known.
    pub year: Option<u16>,
}

const PUBLISHER: &str = "ServiceXRG";
const PRICES: &str = "ServiceXRG, How Much Should You Charge for Support?";
const OTHER: &str = "ServiceXRG, another article";

/// `digits / 10^places`.
const fn decimal(digits: i32, places: u32) -> Decimal {
    Decimal::from_parts(digits.unsigned_abs(), 0, 0, digits < 0, places)
}

const fn between(
    id: &'static str,
    statement: &'static str,
    unit: Unit,
    low: Option<Decimal>,
    high: Option<Decimal>,
    article: &'static str,
) -> Reference {
    let (id, statement, article) = (Name::Borrowed(id), Name::Borrowed(statement), Name::Borrowed(article));
    Reference { id, statement, low, high, unit, article, year: None }
}

/// So many thousandths.
const fn fraction(id: &'static str, statement: &'static str, thousandths: i32, article: &'static str) -> Reference {
    let figure = Some(decimal(thousandths, 3));
    between(id, statement, Unit::Fraction, figure, figure, article)
}

const fn number(id: &'static str, statement: &'static str, figure: i32, article: &'static str) -> Reference {
    let figure = Some(decimal(figure, 0));
    between(id, statement, Unit::Number, figure, figure, article)
}

const ONE_HALF: Option<Decimal> = Some(decimal(5, 1));
const PREMIUM: Option<Decimal> = Some(decimal(26, 2));

static REFERENCE: [Reference; 17] = [
    fraction("support_price_basic", "average yearly price of basic support, of the product's price", 156, PRICES),
    between(
        "support_price_premium",
        "average yearly price of premium support, of the product's price: this and more",
        Unit::Fraction,
        PREMIUM,
        None,
        PRICES,
    ),
    fraction("phone_and_electronic_share", "companies that offer phone and electronic support", 831, PUBLISHER),
    fraction("electronic_only_share", "companies that offer electronic support only", 149, PUBLISHER),
    fraction("phone_use_change", "change of the use of the phone for support", -80, PUBLISHER),
    fraction("chat_use_change", "change of the use of chat for support", 260, PUBLISHER),
    fraction("email_use_change", "change of the use of e-mail for support", 240, PUBLISHER),
    number(
        "demand_kinds",
        "about equal parts of the demand for support: how-to; bugs or performance; installation, configuration, set-up",
        3,
        PUBLISHER,
    ),
    fraction("demand_setup_share", "demand for support with installation, configuration, set-up", 320, PUBLISHER),
    between(
        "few_success_activities_share",
        "companies that use only one or two customer success activities: nearly this",
        Unit::Fraction,
        None,
        ONE_HALF,
        PUBLISHER,
    ),
    number("positive_experience_buy", "times as likely to buy after a positive experience", 3, PUBLISHER),
    number("positive_experience_recommend", "times as likely to recommend after a positive experience", 4, PUBLISHER),
    number("positive_experience_renew", "times as likely to renew after a positive experience", 4, PUBLISHER),
    number(
        "positive_experience_satisfied",
        "times as likely to be satisfied after a positive experience",
        5,
        PUBLISHER,
    ),
    between(
        "positive_experience_buy_other",
        "times as likely to buy after a positive experience: nearly this",
        Unit::Number,
        None,
        Some(decimal(4, 0)),
        OTHER,
    ),
    number(
        "positive_experience_recommend_other",
        "times as likely to recommend or renew after a positive experience",
        5,
        OTHER,
    ),
    between(
        "positive_experience_satisfied_other",
        "times as likely to be satisfied after a positive experience: over this",
        Unit::Number,
        Some(decimal(5, 0)),
        None,
        OTHER,
    ),
];

/// The published figures.
///
/// Titles and years of articles stand where they are known; none is guessed.
///
/// ```
/// let basic = &svcmetrics::reference()[0];
/// assert_eq!((basic.id.as_ref(), basic.low, basic.year), ("support_price_basic", basic.high, None));
/// ```
pub fn reference() -> &'static [Reference] {
    &REFERENCE
}
