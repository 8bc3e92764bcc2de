//! The columns that measures read: their names, and what they hold.

use std::borrow::Cow;

/// A name: static in the catalogue, owned in a user's own definitions.
pub type Name = Cow<'static, str>;

/// What a column holds, and so how its values are read and which of them are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ColumnKind {
    /// True or false; 0 and 1 are taken for them.
    Flag,
    /// A whole number, 0 or more.
    Count,
    /// An amount, 0 or more, in micro-units.
    Money,
    /// An amount of either sign, in micro-units.
    SignedMoney,
    /// A quantity, 0 or more, in micro-units: minutes, months.
    Quantity,
    /// A time, as microseconds since 1970: the difference of two is a number of seconds in micro-units.
    Instant,
    /// An answer on the scale of a survey, of either sign, in micro-units.
    Score,
    /// One of a few words.
    Category,
    /// Anything: only whether it is there counts.
    Anything,
    /// A customer's health score in micro-points: computed, never in a table.
    HealthScore,
    /// The position of a customer's health band: computed, never in a table.
    HealthBand,
}

impl ColumnKind {
    pub(crate) const fn is_micro(self) -> bool {
        matches!(
            self,
            Self::Money | Self::SignedMoney | Self::Quantity | Self::Score | Self::Instant | Self::HealthScore
        )
    }

    /// Whether it is in a currency.
    pub(crate) const fn is_money(self) -> bool {
        matches!(self, Self::Money | Self::SignedMoney)
    }

    /// Whether its numbers may be negative.
    pub(crate) const fn is_signed(self) -> bool {
        matches!(self, Self::SignedMoney | Self::Score | Self::Instant)
    }

    pub(crate) const fn is_computed(self) -> bool {
        matches!(self, Self::HealthScore | Self::HealthBand)
    }

    /// Whether its values are numbers, which can be compared; what is true or false can be summed, but not compared.
    pub(crate) const fn is_number(self) -> bool {
        !matches!(self, Self::Flag | Self::Category | Self::Anything)
    }

    /// The stable lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Count => "count",
            Self::Money => "money",
            Self::SignedMoney => "signed_money",
            Self::Quantity => "quantity",
            Self::Category => "category",
            Self::Score => "score",
            Self::Instant => "instant",
            Self::Anything => "anything",
            Self::HealthScore => "health_score",
            Self::HealthBand => "health_band",
        }
    }

    /// What a value must be, in words.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Flag => "true or false (or 0 or 1)",
            Self::Count => "a whole number, 0 or more",
            Self::Money => "an amount, 0 or more",
            Self::SignedMoney => "a number of either sign",
            Self::Quantity => "a number, 0 or more",
            Self::Instant => "a time",
            Self::Score => "a number",
            Self::Category => "one of the category's words",
            Self::Anything => "anything",
            Self::HealthScore | Self::HealthBand => "a computed value",
        }
    }
}

/// A column that measures read: its name and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Column {
    /// The name by which it is found in a table.
    pub name: Name,
    /// What it holds.
    pub kind: ColumnKind,
    /// The words of a category; empty for every other kind.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "no_words"))]
    pub words: Cow<'static, [Name]>,
}

#[cfg(feature = "serde")]
fn no_words(words: &[Name]) -> bool {
    words.is_empty()
}

impl Column {
    /// A column of that name and kind.
    pub fn new(name: impl Into<Name>, kind: ColumnKind) -> Self {
        Self { name: name.into(), kind, words: Cow::Borrowed(&[]) }
    }

    /// A column that holds one of these words.
    pub fn category(name: impl Into<Name>, words: impl IntoIterator<Item = impl Into<Name>>) -> Self {
        Self { name: name.into(), kind: ColumnKind::Category, words: words.into_iter().map(Into::into).collect() }
    }

    pub(crate) const fn known(name: &'static str, kind: ColumnKind) -> Self {
        Self { name: Cow::Borrowed(name), kind, words: Cow::Borrowed(&[]) }
    }

    pub(crate) const fn known_category(name: &'static str, words: &'static [Name]) -> Self {
        Self { name: Cow::Borrowed(name), kind: ColumnKind::Category, words: Cow::Borrowed(words) }
    }

    /// What a value must be, in words.
    pub fn expected(&self) -> String {
        match self.kind {
            ColumnKind::Category => format!("one of {}", self.words.join(", ")),
            kind => kind.expected().to_owned(),
        }
    }
}
