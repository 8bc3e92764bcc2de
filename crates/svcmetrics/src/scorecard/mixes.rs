//! Mixes: what part of a group's rows each value of a column has.

use super::{KeyColumn, Scorecard};
use crate::breakdown::Breakdown;
use crate::error::{Error, Result};
use crate::figure::{Figure, Unit};
use crate::interval::Basis;
use crate::key::Key;
use crate::metric::{Kind, Metric};

/// The part of one value in a group's mix.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct MixPart {
    /// The group.
    pub keys: Vec<Key>,
    /// The value, never null.
    pub value: Key,
    /// How many of the group's cases have it.
    #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
    pub cases: i128,
    /// The part of the group's cases of which the value is known: a group's shares add up to 1.
    pub share: Figure,
}

/// A mix, group by group.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Mix {
    /// The key columns of the groups.
    pub keys: Vec<KeyColumn>,
    /// The column whose values they are.
    pub value: KeyColumn,
    /// Sorted by the keys, then the value.
    pub parts: Vec<MixPart>,
}

impl Scorecard {
    /// A mix of the catalogue, such as `case_channel_share`: for each group the values of a column, each with its number of
    /// cases and its share of those in which the column is not null, a fraction from 0 to 1. A group's shares add up to 1;
    /// their intervals are Wilson's.
    ///
    /// A case in which the column is null is outside, and a group of only such cases has no parts. Mixes merge, roll up, also
    /// over time, and are stored with the scorecard.
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] where the table had no such column, [`Error::MetricNotFound`] where the mix was not asked for,
    /// [`Error::InvalidOption`] for a metric that is no mix, or where a key is bins that are named as the column is;
    /// [`Error::Overflow`].
    ///
    /// ```
    /// use svcmetrics::{Key, Request, Scorecard, Table};
    /// let channels = vec![Some("phone"), Some("chat"), Some("phone"), Some("phone"), None];
    /// let card = Scorecard::of(&Table::new(5).with("channel", channels), Request::cases())?;
    /// let mix = card.mix("case_channel_share")?;
    /// let [chat, phone] = &mix.parts[..] else { unreachable!() };
    /// assert_eq!((&phone.value, phone.cases, phone.share.value()), (&Key::from("phone"), 3, Some(0.75)));
    /// assert_eq!(chat.share.to_string(), "25.0 %");
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Example: a mix has no one figure
    ///
    /// ```
    /// use svcmetrics::{Request, Scorecard, Table};
    /// let card = Scorecard::of(&Table::new(1).with("channel", vec![None::<&str>]), Request::cases())?;
    /// assert!(card.mix("case_channel_share")?.parts.is_empty());
    /// assert_eq!(card.figure("case_channel_share").unwrap_err().kind(), "invalid_option");
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn mix(&self, metric: &str) -> Result<Mix> {
        let whole = self.asked(metric)?;
        let breakdown = Breakdown::named(metric).filter(|_| whole.is_mix()).ok_or_else(|| {
            let mixes: Vec<&str> = self.metrics().filter(|metric| metric.kind() == Kind::Mix).map(Metric::id).collect();
            Error::InvalidOption {
                option: "metric".into(),
                found: metric.into(),
                expected: if mixes.is_empty() { "a mix, and there is none".to_owned() } else { mixes.join(" or ") },
            }
        })?;
        let card = self.broken_down("mix", breakdown)?;
        let part = card.asked(metric)?;
        let mut parts = Vec::new();
        for (group, keys) in card.groups.iter().enumerate() {
            let (Some((value, keys)), Some(cases)) = (keys.split_last(), card.amount(group, part)?) else {
                continue;
            };
            let own = self.groups.binary_search_by(|own| own.as_slice().cmp(keys));
            let Some(all) = own.map_or(Ok(None), |group| self.amount(group, whole))? else { continue };
            parts.push(MixPart {
                keys: keys.to_vec(),
                value: value.clone(),
                cases: cases.integer(),
                share: Figure::quotient(Unit::Fraction, cases, all).on(Basis::Proportion),
            });
        }
        let value = KeyColumn::new(breakdown.column.name.as_ref(), card.keys[self.keys.len()].key_type.clone());
        Ok(Mix { keys: self.keys.clone(), value, parts })
    }
}
