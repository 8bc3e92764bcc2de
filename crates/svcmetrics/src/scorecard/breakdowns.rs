//! Breakdowns go wherever their scorecard goes: merged, joined and rolled up with it.

use super::Scorecard;
use crate::breakdown::Breakdown;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

type Breakdowns = BTreeMap<String, Scorecard>;

impl Scorecard {
    /// This with those breakdowns, whose first keys are its own.
    pub(super) fn with_breakdowns(mut self, mut breakdowns: Breakdowns) -> Self {
        for card in breakdowns.values_mut() {
            // A part of nulls alone does not know a key's type.
            card.keys.iter_mut().zip(&self.keys).for_each(|(key, own)| key.key_type.clone_from(&own.key_type));
        }
        self.breakdowns = breakdowns;
        self
    }

    /// The breakdown of that name.
    pub(super) fn broken_down(&self, breakdown: &Breakdown) -> Result<&Self> {
        // Says what is missing where there was nothing to break down.
        self.chosen(breakdown.of)?;
        let column = &breakdown.column.name;
        if self.keys.iter().any(|key| key.name == **column) {
            return Err(Error::InvalidOption {
                option: "reasons".into(),
                found: breakdown.name.into(),
                expected: format!("other keys than '{column}', by which {} stands in the card itself", breakdown.of),
            });
        }
        self.breakdowns.get(breakdown.name).ok_or_else(|| Error::ColumnNotFound {
            metric: None,
            missing: vec![(column.to_string(), Vec::new())],
            available: Vec::new(),
        })
    }

    pub(super) fn merged_breakdowns(&self, other: &Self) -> Result<Breakdowns> {
        let names = |card: &Self| {
            let names: Vec<&str> = card.breakdowns.keys().map(String::as_str).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        if !self.breakdowns.keys().eq(other.breakdowns.keys()) {
            return Err(Error::Mismatch {
                what: "what is broken down by reasons",
                left: names(self),
                right: names(other),
            });
        }
        self.in_both(other, Self::merge)
    }

    pub(super) fn common_breakdowns(&self, other: &Self) -> Result<Breakdowns> {
        self.in_both(other, Self::merge_common)
    }

    fn in_both(&self, other: &Self, merge: impl Fn(&Self, &Self) -> Result<Self>) -> Result<Breakdowns> {
        let both = self.breakdowns.iter().filter_map(|(name, card)| Some((name, card, other.breakdowns.get(name)?)));
        both.map(|(name, one, two)| Ok((name.clone(), merge(one, two)?))).collect()
    }

    pub(super) fn rolled_up_breakdowns<S: AsRef<str>>(&self, by: &[S]) -> Result<Breakdowns> {
        let rolled_up = |(name, card): (&String, &Self)| {
            let further = card.keys.last().map(|key| key.name.as_str());
            let keys: Vec<&str> = by.iter().map(AsRef::as_ref).chain(further).collect();
            Ok((name.clone(), card.rollup(&keys)?))
        };
        self.breakdowns.iter().map(rolled_up).collect()
    }
}
