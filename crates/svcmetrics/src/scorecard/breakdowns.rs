//! Breakdowns go wherever their scorecard goes: merged, joined and rolled up with it.

use super::Scorecard;
use crate::breakdown::Breakdown;
use crate::definitions::Chosen;
use crate::error::{Error, Result};
use crate::figure::Total;
use crate::metric::Form;
use std::collections::BTreeMap;

type Breakdowns = BTreeMap<String, Scorecard>;

impl Scorecard {
    /// This with those breakdowns, whose first keys are its own.
    pub(crate) fn with_breakdowns(mut self, mut breakdowns: Breakdowns) -> Self {
        for card in breakdowns.values_mut() {
            // A part of nulls alone does not know a key's type.
            card.keys.iter_mut().zip(&self.keys).for_each(|(key, own)| key.key_type.clone_from(&own.key_type));
        }
        self.breakdowns = breakdowns;
        self
    }

    /// The breakdown of that name; `option` is what it was asked for by.
    pub(super) fn broken_down(&self, option: &str, breakdown: &Breakdown) -> Result<&Self> {
        // Says what is missing where there was nothing to break down.
        let is_mix = self.asked(breakdown.of)?.is_mix();
        let column = &breakdown.column.name;
        let invalid = |expected: String| {
            Err(Error::InvalidOption { option: option.into(), found: breakdown.name.into(), expected })
        };
        // It was measured, so the column was there.
        if is_mix && !self.breakdowns.contains_key(breakdown.name) {
            return invalid(format!("a scorecard without bins that are named as the column '{column}' is"));
        }
        if !is_mix && self.keys.iter().any(|key| key.name == **column) {
            return invalid(format!("other keys than '{column}', by which {} stands in the card itself", breakdown.of));
        }
        self.breakdowns.get(breakdown.name).ok_or_else(|| Error::ColumnNotFound {
            metric: None,
            missing: vec![(column.to_string(), Vec::new())],
            available: Vec::new(),
        })
    }

    /// How much of what is broken down a group has; nothing where no row counts, or time was rolled away from it.
    pub(crate) fn amount(&self, group: usize, chosen: &Chosen) -> Result<Option<Total>> {
        match chosen.form() {
            Form::Mix { .. } if self.counts(group, chosen).is_none_or(|counts| counts.counted == 0) => Ok(None),
            Form::Mix { of, .. } => self.sum(group, chosen, &vec![(1, of.clone())]).map(Some),
            _ => Ok(self.read(group, chosen)?.numerator()),
        }
    }

    pub(super) fn merged_breakdowns(&self, other: &Self) -> Result<Breakdowns> {
        let names = |card: &Self| {
            let names: Vec<&str> = card.breakdowns.keys().map(String::as_str).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        if !self.breakdowns.keys().eq(other.breakdowns.keys()) {
            return Err(Error::Mismatch {
                what: "what is broken down by reasons or values",
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
