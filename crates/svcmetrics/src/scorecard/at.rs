//! The groups of one value of a key, such as one period: a scorecard of its own.

use super::Scorecard;
use crate::error::{Error, Result, listed};
use crate::key::{Key, KeyType};
use crate::spread::Spread;
use crate::totals::Totals;

impl Scorecard {
    /// The groups in which a key has that value, without the key. Of one period nothing is rolled up over time, so that stocks
    /// stay what they are: what changed between two periods is a comparison, or an attribution, of these.
    ///
    /// ```
    /// use svcmetrics::{CompareOptions, Key, Request, Scorecard, Table};
    /// let table = Table::new(2)
    ///     .with("period", vec!["2026-01", "2026-02"])
    ///     .with("revenue_start", vec![100_i64, 120])
    ///     .with("revenue_end", vec![120_i64, 130]);
    /// let card = Scorecard::of(&table, Request::default().by(["period"]))?;
    /// let (now, before) = (card.at("period", &Key::from("2026-02"))?, card.at("period", &Key::from("2026-01"))?);
    /// assert_eq!(now.figure("revenue_end")?.value(), Some(130.0));
    /// let options = CompareOptions::default().metrics(["revenue_end"]);
    /// assert_eq!(now.compare(&before, &options)?.changes[0].difference, Some(10.0));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Example: stocks of two periods are not added up
    ///
    /// ```
    /// # use svcmetrics::{Key, Request, Scorecard, Table};
    /// # let table = Table::new(2).with("period", vec!["2026-01", "2026-02"]);
    /// # let table = table.with("revenue_start", vec![100_i64, 120]).with("revenue_end", vec![120_i64, 130]);
    /// # let card = Scorecard::of(&table, Request::default().by(["period"]))?;
    /// # let (now, before) = (card.at("period", &Key::from("2026-02"))?, card.at("period", &Key::from("2026-01"))?);
    /// assert_eq!(now.merge(&before).unwrap_err().kind(), "mismatch");
    /// assert!(card.at("period", &Key::from("2026-03")).is_err()); // no group has it
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Example: a day or a time by its text, with a zone that of UTC
    ///
    /// ```
    /// use svcmetrics::{Data, Key, Nulls, Request, Scorecard, Table, Values};
    /// let days = Data::new(Values::Dates(vec![20_454, 20_485].into()), Nulls::None)?;
    /// let table = Table::new(2).with("month", days).with("cases", vec![4_i64, 5]).with("defect_cases", vec![1_i64, 2]);
    /// let card = Scorecard::of(&table, Request::default().by(["month"]))?;
    /// assert_eq!(card.at("month", &Key::from("2026-02-01"))?.figure("defect_share")?.value(), Some(0.4));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] for a key that is not there, [`Error::InvalidOption`] for a value that no group has.
    pub fn at(&self, key: &str, value: &Key) -> Result<Self> {
        let found = self.keys.iter().position(|known| known.name == key);
        let place = found.ok_or_else(|| {
            let available: Vec<String> = self.keys.iter().map(|known| known.name.clone()).collect();
            let near = crate::engine::choose::near(key, available.iter().map(String::as_str));
            Error::ColumnNotFound { metric: None, missing: vec![(key.to_owned(), near)], available }
        })?;
        let key_type = &self.keys[place].key_type;
        let mut values: Vec<&Key> = self.groups.iter().map(|group| &group[place]).collect();
        let is_named = |known: &&&Key| is_named(known, key_type, value);
        if let Some(known) = values.iter().find(|known| **known == value).or_else(|| values.iter().find(is_named)) {
            return Ok(self.taken(place, known));
        }
        values.sort();
        values.dedup();
        let values: Vec<String> = values.into_iter().map(|known| known.shown(key_type)).collect();
        Err(Error::InvalidOption {
            option: "value".into(),
            found: value.shown(key_type),
            expected: format!("a value of '{key}': {}", listed(&values)),
        })
    }

    fn taken(&self, place: usize, value: &Key) -> Self {
        let (name, key_type) = (&self.keys[place].name, &self.keys[place].key_type);
        let is = |key: &Option<String>| key.as_ref() == Some(name);
        let mut definitions = self.definitions.clone();
        if is(&self.currency_key) && *value != Key::Null {
            definitions.parameters.currency = Some(value.to_string());
        }
        if is(&self.period) {
            // a time as text, since without its column nobody knows what it counts
            let period = if let Key::Timestamp(_) = value { Key::from(&*value.shown(key_type)) } else { value.clone() };
            definitions.parameters.period = definitions.has_stocks().then_some(period);
        } else if let Some(origin) = &mut definitions.parameters.origin {
            origin.read = None;
        }
        let mut totals = Totals::new(definitions.width());
        let mut distributions = self.distributions.like(&self.distributions);
        let mut spread = Spread::of(self.spread.metrics.clone());
        let mut groups = Vec::new();
        for group in (0..self.len()).filter(|group| self.groups[*group][place] == *value) {
            let mut key = self.groups[group].clone();
            key.remove(place);
            groups.push(key);
            totals.push(&self.totals.group(group));
            spread.push(self.spread.group(group));
            distributions.push();
            distributions.add(&self.distributions, group);
        }
        let mut keys = self.keys.clone();
        keys.remove(place);
        Self {
            keys,
            period: self.period.clone().filter(|_| !is(&self.period)),
            currency_key: self.currency_key.clone().filter(|_| !is(&self.currency_key)),
            definitions,
            groups,
            totals,
            distributions,
            spread,
            breakdowns: self.breakdowns.iter().map(|(name, card)| (name.clone(), card.taken(place, value))).collect(),
            ..self.clone()
        }
    }
}

/// Whether a text names a day or a time, which at midnight is that of the day.
fn is_named(known: &Key, key_type: &KeyType, value: &Key) -> bool {
    let (Key::Text(text), Key::Date(_) | Key::Timestamp(_)) = (value, known) else { return false };
    plain(&known.shown(key_type)) == plain(text)
}

/// A day or a time by its text in whatever form, and whether it is one of a zone, by UTC.
fn plain(text: &str) -> (String, bool) {
    let of_zone = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"));
    let time = of_zone.unwrap_or(text).replacen('T', " ", 1);
    let whole = if time.contains('.') { time.trim_end_matches('0').trim_end_matches('.') } else { &time };
    let day = if of_zone.is_none() { whole.strip_suffix(" 00:00:00") } else { None };
    (day.unwrap_or(whole).to_owned(), of_zone.is_some())
}
