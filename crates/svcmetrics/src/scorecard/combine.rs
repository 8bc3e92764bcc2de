//! Scorecards of scorecards: merged, joined, rolled up. Totals add, and nothing else happens to them.

use super::{KeyColumn, Scorecard, outer};
use crate::column::Name;
use crate::definitions::Definitions;
use crate::engine::one_currency;
use crate::error::{Error, Result};
use crate::key::{Key, KeyType, group_text};
use crate::measure::Scope;
use crate::spread::Spread;
use crate::totals::Totals;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Scorecard {
    /// This and a scorecard of other rows.
    ///
    /// # Errors
    /// [`Error::Mismatch`] that says in what they differ: metrics, keys, model, parameters, quantiles;
    /// [`Error::LedgerMismatch`] where movements of a ledger were made otherwise; [`Error::Overflow`].
    pub fn merge(&self, other: &Self) -> Result<Self> {
        if let Some(error) = self.definitions.difference(&other.definitions) {
            return Err(error);
        }
        self.distributions.check_alike(&other.distributions)?;
        let merged = self.combined(other, self.definitions.clone().united(&other.definitions))?;
        Ok(merged.with_breakdowns(self.merged_breakdowns(other)?))
    }

    /// This and a scorecard of other rows, as far as both have the same metrics; quantiles are held where both hold them.
    ///
    /// # Errors
    /// As [`Scorecard::merge`], but for metrics.
    pub fn merge_common(&self, other: &Self) -> Result<Self> {
        let definitions = self.definitions.common(&other.definitions)?;
        let (mut one, mut two) =
            (self.restricted(definitions.clone()), other.restricted(other.definitions.common(&self.definitions)?));
        one.distributions = one.distributions.restricted(|measure| two.distributions.has(measure));
        two.distributions = two.distributions.restricted(|measure| one.distributions.has(measure));
        let both = |card: &Self, other: &Self| {
            let metrics = card.spread.metrics.iter().filter(|metric| other.spread.metrics.contains(metric));
            card.spread.rearranged(&metrics.cloned().collect::<Vec<_>>(), card.len())
        };
        let (left, right) = (both(&one, &two), both(&two, &one));
        let merged = Self { spread: left, ..one }.merge(&Self { spread: right, ..two })?;
        Ok(merged.with_breakdowns(self.common_breakdowns(other)?))
    }

    /// Only the lanes that these definitions read.
    fn restricted(&self, definitions: Definitions) -> Self {
        let names = self.definitions.lane_names();
        let lanes: Vec<usize> =
            definitions.lane_names().iter().filter_map(|name| names.iter().position(|known| known == name)).collect();
        let totals = self.totals.select(lanes.into_iter());
        let over_time = self.over_time && definitions.has_stocks();
        let possible = Spread::metrics_of(&definitions);
        let metrics = self.spread.metrics.iter().filter(|metric| possible.contains(metric));
        let spread = self.spread.rearranged(&metrics.cloned().collect::<Vec<_>>(), self.len());
        let distributions = self.distributions.restricted(|measure| definitions.distributed().any(|id| id == measure));
        Self {
            largest_rounding: self.rounding(&definitions),
            definitions,
            totals,
            distributions,
            spread,
            over_time,
            breakdowns: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// The largest rounding by the scopes of other definitions.
    fn rounding(&self, definitions: &Definitions) -> Vec<f64> {
        let of = |scope: &Arc<Scope>| {
            self.definitions.scope_position(scope.id()).map_or(0.0, |position| self.largest_rounding[position])
        };
        definitions.scopes.iter().map(of).collect()
    }

    /// This and a scorecard of a table of other things, side by side: the metrics of both for each group of either. A group
    /// that only one has is without rows in the other.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the keys differ, or both have a metric or metrics of the same totals.
    pub fn join(&self, other: &Self) -> Result<Self> {
        let definitions = self.definitions.joined(&other.definitions)?;
        // One without stocks is the same whether time was rolled away or not.
        let over_time =
            |card: &Self, beside: &Self| if card.definitions.has_stocks() { card } else { beside }.over_time;
        let mut left = self.widened(&definitions, over_time(self, other), true);
        let mut right = other.widened(&definitions, over_time(other, self), false);
        let metrics: Vec<Name> = [&self.spread.metrics[..], &other.spread.metrics[..]].concat();
        left.spread = self.spread.rearranged(&metrics, self.len());
        right.spread = other.spread.rearranged(&metrics, other.len());
        let breakdowns = self.breakdowns.clone().into_iter().chain(other.breakdowns.clone()).collect();
        Ok(Self { joined: true, ..left.combined(&right, definitions)? }.with_breakdowns(breakdowns))
    }

    /// The same totals in the lanes of wider definitions, with or without the count of rows.
    fn widened(&self, definitions: &Definitions, over_time: bool, with_rows: bool) -> Self {
        let names = definitions.lane_names();
        let own = self.definitions.lane_names();
        let place = |name: &String| names.iter().position(|known| known == name).unwrap_or_default();
        let places: Vec<usize> = own.iter().map(place).collect();
        let mut totals = self.totals.placed(names.len(), &places);
        if !with_rows {
            totals.clear(0);
        }
        Self {
            totals,
            largest_rounding: self.rounding(definitions),
            definitions: definitions.clone(),
            over_time,
            ..self.clone()
        }
    }

    fn combined(&self, other: &Self, definitions: Definitions) -> Result<Self> {
        let keys = united_keys(&self.keys, &other.keys)?;
        let differ =
            |what, left: &str, right: &str| Err(Error::Mismatch { what, left: left.into(), right: right.into() });
        if self.period != other.period {
            return differ(
                "period",
                self.period.as_deref().unwrap_or("none"),
                other.period.as_deref().unwrap_or("none"),
            );
        }
        if let (Some(left), Some(right)) = (&self.currency_key, &other.currency_key)
            && left != right
        {
            return differ("the key that is the currency", left, right);
        }
        if self.over_time != other.over_time {
            let word = |card: &Self| if card.over_time { "rolled up over time" } else { "not rolled up over time" };
            return differ("time", word(self), word(other));
        }
        if let Some(error) = self.spread.difference(&other.spread) {
            return Err(error);
        }
        let mut groups = Vec::with_capacity(self.len().max(other.len()));
        let mut totals = Totals::new(definitions.width());
        let mut distributions = self.distributions.like(&other.distributions);
        let mut spread = Spread::of(self.spread.metrics.clone());
        for (key, one, two) in outer(&self.groups, &other.groups) {
            distributions.push();
            if let Some(two) = two {
                distributions.add(&other.distributions, two);
            }
            if let Some(one) = one {
                distributions.add(&self.distributions, one);
                totals.push(&self.totals.group(one));
                spread.push(self.spread.group(one));
            }
            match (one, two) {
                (Some(_), Some(two)) => {
                    totals
                        .add(groups.len(), &other.totals.group(two))
                        .map_err(|lane| overflow_of(&definitions, lane, key))?;
                    spread.add(groups.len(), other.spread.group(two));
                }
                (None, Some(two)) => {
                    totals.push(&other.totals.group(two));
                    spread.push(other.spread.group(two));
                }
                _ => {}
            }
            groups.push(key.clone());
        }
        let mut not_measured = self.not_measured.clone();
        let known = Arc::make_mut(&mut not_measured);
        known.extend(other.not_measured.iter().map(|(id, missing)| (id.clone(), missing.clone())));
        known.retain(|id, _| definitions.shown().all(|chosen| chosen.metric.id != *id));
        let largest_rounding =
            self.largest_rounding.iter().zip(&other.largest_rounding).map(|(a, b)| a.max(*b)).collect();
        Ok(Self {
            definitions,
            keys,
            period: self.period.clone(),
            currency_key: self.currency_key.clone().or_else(|| other.currency_key.clone()),
            over_time: self.over_time,
            unique_checked: false,
            joined: self.joined || other.joined,
            groups,
            totals,
            distributions,
            spread,
            largest_rounding,
            not_measured,
            breakdowns: BTreeMap::new(),
        })
    }

    /// The same over fewer keys: exact, no rows needed. Rolling time away leaves stocks undefined.
    ///
    /// ```
    /// use svcmetrics::{Request, Scorecard, Table, Undefined};
    /// let table = Table::new(2)
    ///     .with("period", vec!["2026-01", "2026-02"])
    ///     .with("revenue_start", vec![100_i64, 120])
    ///     .with("revenue_end", vec![120_i64, 130]);
    /// let card = Scorecard::of(&table, Request::default().by(["period"]))?;
    /// let year = card.rollup::<&str>(&[])?;
    /// assert_eq!(year.figure("revenue_expansion")?.value(), Some(30.0));
    /// assert_eq!(year.figure("revenue_end")?.undefined_reason(), Some(Undefined::NotAdditiveOverTime));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] for a key that is not there, [`Error::MixedCurrency`] where amounts of several currencies would
    /// be added up, [`Error::Overflow`].
    pub fn rollup<S: AsRef<str>>(&self, by: &[S]) -> Result<Self> {
        let mut positions = Vec::new();
        for (place, key) in by.iter().map(AsRef::as_ref).enumerate() {
            if by[..place].iter().any(|earlier| earlier.as_ref() == key) {
                return Err(Error::KeyName { key: key.to_owned(), problem: "is named twice".into() });
            }
            let found = self.keys.iter().position(|known| known.name == key);
            positions.push(found.ok_or_else(|| {
                let available: Vec<String> = self.keys.iter().map(|known| known.name.clone()).collect();
                let near = crate::engine::choose::near(key, available.iter().map(String::as_str));
                Error::ColumnNotFound { metric: None, missing: vec![(key.to_owned(), near)], available }
            })?);
        }
        let mut definitions = self.definitions.clone();
        let drops_currency =
            self.currency_key.as_ref().is_some_and(|currency| !by.iter().any(|key| key.as_ref() == currency));
        if drops_currency && definitions.adds_money() {
            definitions.parameters.currency = self.one_currency()?;
        }
        let drops_time = self.period.as_ref().is_some_and(|period| !by.iter().any(|key| key.as_ref() == period));
        let mut order: Vec<(Vec<Key>, usize)> = (0..self.len())
            .map(|group| (positions.iter().map(|p| self.groups[group][*p].clone()).collect(), group))
            .collect();
        order.sort();
        let width = self.definitions.width();
        let (mut groups, mut totals): (Vec<Vec<Key>>, _) = (Vec::new(), Totals::new(width));
        let mut distributions = self.distributions.like(&self.distributions);
        let mut spread = Spread::of(self.spread.metrics.clone());
        if positions.is_empty() {
            distributions.push();
            groups.push(Vec::new());
            totals.push(&vec![0; width]);
            spread.resize(1)?;
        }
        for (key, group) in order {
            let mut lanes = self.totals.group(group);
            if drops_time {
                lanes
                    .iter_mut()
                    .enumerate()
                    .filter(|(lane, _)| self.definitions.is_stock(*lane))
                    .for_each(|(_, total)| *total = 0);
            }
            match groups.last() {
                Some(last) if *last == key => {
                    totals.add(groups.len() - 1, &lanes).map_err(|lane| overflow_of(&self.definitions, lane, &key))?;
                    spread.add(groups.len() - 1, self.spread.group(group));
                }
                _ => {
                    totals.push(&lanes);
                    spread.push(self.spread.group(group));
                    distributions.push();
                    groups.push(key);
                }
            }
            distributions.add(&self.distributions, group);
        }
        Ok(Self {
            keys: positions.iter().map(|position| self.keys[*position].clone()).collect(),
            period: if drops_time { None } else { self.period.clone() },
            currency_key: if drops_currency { None } else { self.currency_key.clone() },
            over_time: self.over_time || (drops_time && self.definitions.has_stocks()),
            unique_checked: false,
            definitions,
            groups,
            totals,
            distributions,
            spread: if drops_time { spread.without_stocks(&self.definitions) } else { spread },
            breakdowns: self.rolled_up_breakdowns(by)?,
            ..self.clone()
        })
    }

    /// The one currency of all groups, where any says one: amounts of several are not added up.
    fn one_currency(&self) -> Result<Option<String>> {
        let Some(position) = self.keys.iter().position(|key| Some(&key.name) == self.currency_key.as_ref()) else {
            return Ok(None);
        };
        one_currency(&self.keys[position].name, self.groups.iter().map(|keys| &keys[position]))
    }
}

fn overflow_of(definitions: &Definitions, lane: usize, group: &[Key]) -> Error {
    Error::Overflow { measure: definitions.lane_names()[lane].clone(), group: group_text(group), limit: "128 bits" }
}

pub(crate) fn united_keys(one: &[KeyColumn], two: &[KeyColumn]) -> Result<Vec<KeyColumn>> {
    let text = |keys: &[KeyColumn]| {
        let each: Vec<_> = keys.iter().map(|key| format!("{} ({})", key.name, key.key_type)).collect();
        if each.is_empty() { "none".to_owned() } else { each.join(", ") }
    };
    let differ = || Error::Mismatch { what: "keys", left: text(one), right: text(two) };
    if one.len() != two.len() {
        return Err(differ());
    }
    let unite = |(left, right): (&KeyColumn, &KeyColumn)| {
        let key_type = match (&left.key_type, &right.key_type) {
            (KeyType::Null, known) | (known, KeyType::Null) => known,
            (left, right) if left == right => left,
            _ => return Err(differ()),
        };
        if left.name == right.name { Ok(KeyColumn::new(&left.name, key_type.clone())) } else { Err(differ()) }
    };
    one.iter().zip(two).map(unite).collect()
}
