//! The same customers on both sides: how their parts in a difference vary.

use crate::definitions::Chosen;
use crate::error::{Error, Result};
use crate::key::Key;
use crate::money::nearest;
use crate::scorecard::{KeyColumn, Scorecard, outer, united_keys};
use num_bigint::BigInt;
use std::collections::BTreeMap;

/// A customer's positions in two cards.
type Positions = (Option<usize>, Option<usize>);

/// Two scorecards by customer, and the same without the key of customers.
pub(crate) struct Pairs<'a> {
    sides: (&'a Scorecard, &'a Scorecard),
    /// Those of both sides, without the one that pairs.
    pub(crate) keys: Vec<KeyColumn>,
    pub(crate) now: Scorecard,
    pub(crate) before: Scorecard,
    /// By group.
    customers: BTreeMap<Vec<Key>, Vec<Positions>>,
}

impl Scorecard {
    pub(crate) fn pairs<'a>(&'a self, baseline: &'a Self, key: &str) -> Result<Pairs<'a>> {
        let mut keys = united_keys(&self.keys, &baseline.keys)?;
        let Some(position) = keys.iter().position(|column| column.name == key) else {
            let available: Vec<String> = keys.into_iter().map(|column| column.name).collect();
            return Err(Error::ColumnNotFound { metric: None, missing: vec![(key.to_owned(), Vec::new())], available });
        };
        keys.remove(position);
        let others: Vec<&str> = keys.iter().map(|column| column.name.as_str()).collect();
        let mut customers: BTreeMap<Vec<Key>, Vec<_>> = BTreeMap::new();
        for (group, now, before) in outer(&self.groups, &baseline.groups) {
            let mut group = group.clone();
            if group.remove(position) == Key::Null {
                let (found, expected) =
                    (format!("a null in {key}"), "a key that says of each row whose it is".to_owned());
                return Err(Error::InvalidOption { option: "paired".into(), found, expected });
            }
            customers.entry(group).or_default().push((now, before));
        }
        let (now, before) = (self.rollup(&others)?, baseline.rollup(&others)?);
        Ok(Pairs { sides: (self, baseline), keys, now, before, customers })
    }
}

impl Pairs<'_> {
    /// The variance of the difference of a group's quotients and its degrees of freedom, exact until it is converted at the end;
    /// nothing for what is no quotient, or fewer than two customers.
    pub(crate) fn variance(
        &self,
        group: &[Key],
        (now, before): (usize, usize),
        chosen: &Chosen,
    ) -> Result<Option<(f64, f64)>> {
        let (Some(after), Some(base)) = (self.now.parts_of(now, chosen)?, self.before.parts_of(before, chosen)?) else {
            return Ok(None);
        };
        let big = |(y, x): (i128, i128)| (BigInt::from(y), BigInt::from(x));
        let (after, base) = (big(after), big(base));
        let (square, base_square) = (after.1.pow(2), base.1.pow(2));
        let (mut customers, mut sum) = (0_u32, BigInt::ZERO);
        for (now, before) in self.customers.get(group).into_iter().flatten() {
            let part = |card: &Scorecard, position: &Option<usize>, whole: &(BigInt, BigInt)| {
                let counted =
                    |position: &usize| card.counts(*position, chosen).is_some_and(|counts| counts.counted > 0);
                let Some(position) = position.filter(counted) else { return Ok(None) };
                // x (y / x of the whole less y / x of the customer), times the whole's x
                Ok(card.parts_of(position, chosen)?.map(big).map(|(y, x)| y * &whole.1 - &whole.0 * x))
            };
            let (now, before) = (part(self.sides.0, now, &after)?, part(self.sides.1, before, &base)?);
            customers += u32::from(now.is_some() || before.is_some());
            let part = now.unwrap_or_default() * &base_square - before.unwrap_or_default() * &square;
            sum += &part * &part;
        }
        if customers < 2 || square == BigInt::ZERO || base_square == BigInt::ZERO {
            return Ok(None);
        }
        let variance = nearest(&(sum * customers), &((square * base_square).pow(2) * (customers - 1)));
        Ok(Some((variance, f64::from(customers - 1))).filter(|_| variance.is_finite()))
    }
}
