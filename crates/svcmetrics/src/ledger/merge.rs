//! Parts of a ledger by customer, taken together.

use super::chunk::{Chunk, Customer};
use super::options::LEDGERS;
use super::reasons::Reasons;
use super::{Ledger, Segments};
use crate::error::{Error, Offence, Result};
use crate::metrics::CURRENCY;
use crate::scorecard::united_keys;

/// Spans of a chunk that is made of others.
const SPANS: usize = 1 << 30;

impl Ledger {
    /// The ledger of both: of parts of one table, no customer in two of them.
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, Table};
    /// let part = |customer: &'static str| {
    ///     let table = Table::new(1).with("customer_id", vec![customer]).with("month", vec!["2026-01"]);
    ///     Ledger::of(&table.with("revenue", vec![50_i64]), LedgerOptions::default())
    /// };
    /// assert_eq!(part("a")?.merge(&part("b")?)?.customers(), 2);
    /// assert_eq!(part("a")?.merge(&part("a")?).unwrap_err().value(), Some("a"));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::LedgerMismatch`] that names the difference in how they were read, [`Error::InvalidValue`] that names a customer of
    /// both.
    pub fn merge(&self, other: &Self) -> Result<Self> {
        if let Some(error) = self.options.difference(&other.options) {
            return Err(error);
        }
        if let (Some(left), Some(right)) = (&self.currency, &other.currency)
            && left != right
        {
            let row = None;
            return Err(Error::MixedCurrency {
                column: CURRENCY.into(),
                first: left.clone(),
                second: right.clone(),
                row,
            });
        }
        let (segments, chunks) = united((&self.segments, &self.chunks), (&other.segments, &other.chunks))?;
        let chunks = self.ordered(chunks)?;
        let mut reasons = Vec::with_capacity(self.reasons.len());
        // the options say that both have the same
        for (one, two) in self.reasons.iter().zip(&other.reasons) {
            let (known, chunks) = united((&one.known, &one.chunks), (&two.known, &two.chunks))?;
            reasons.push(Reasons { change: one.change, known, chunks: self.ordered(chunks)? });
        }
        let months = match (self.months, other.months) {
            (Some(one), Some(two)) => Some((one.0.min(two.0), one.1.max(two.1))),
            (one, two) => one.or(two),
        };
        let diagnostics = self.diagnostics.with(&other.diagnostics);
        let currency = self.currency.clone().or_else(|| other.currency.clone());
        Ok(Self { options: self.options.clone(), chunks, segments, reasons, months, currency, diagnostics })
    }

    /// Chunks of both in ascending order of customers.
    fn ordered(&self, chunks: Vec<Chunk>) -> Result<Vec<Chunk>> {
        let follows = |pair: &[Chunk]| {
            let (last, first) =
                (pair[0].customers.last(), (pair[1].customers.len() > 0).then(|| pair[1].customers.get(0)));
            last < first
                && last.zip(first).is_none_or(|(l, f)| std::mem::discriminant(&l) == std::mem::discriminant(&f))
        };
        if chunks.windows(2).all(follows) {
            return Ok(chunks);
        }
        let order = in_order(&chunks);
        let twice = order.windows(2).find(|pair| pair[0].0 == pair[1].0);
        if let Some(pair) = twice {
            let offence =
                Offence::new(&self.options.customer, "stands in both ledgers,", "customers of its own in each part");
            return Err(Error::InvalidValue(Box::new(offence.at(None, &pair[0].0.key().to_string()))));
        }
        taken(&chunks, &order).ok_or_else(|| Error::LedgerMismatch {
            what: LEDGERS,
            option: "the type of their customers",
            left: "text".into(),
            right: "whole numbers".into(),
            hint: "make all of them text before",
        })
    }
}

/// The segments of both, and the chunks of both with codes of these; the smaller customers first where they are all smaller.
fn united(one: (&Segments, &[Chunk]), two: (&Segments, &[Chunk])) -> Result<(Segments, Vec<Chunk>)> {
    let columns = united_keys(&one.0.columns, &two.0.columns)?;
    let mut keys: Vec<_> = one.0.keys.iter().chain(&two.0.keys).cloned().collect();
    keys.sort();
    keys.dedup();
    let coded = |(segments, chunks): (&Segments, &[Chunk])| -> Vec<Chunk> {
        let code = |key| keys.binary_search(key).ok().and_then(|code| u32::try_from(code).ok());
        let codes: Vec<u32> = segments.keys.iter().map(|key| code(key).unwrap_or_default()).collect();
        let mut chunks = chunks.to_vec();
        for segment in chunks.iter_mut().flat_map(|chunk| &mut chunk.columns.segments) {
            *segment = codes[*segment as usize];
        }
        chunks
    };
    let (one, two) = (coded(one), coded(two));
    let first = |chunks: &[Chunk]| chunks.first().map(|chunk| chunk.customers.get(0).key());
    let chunks = if first(&two) < first(&one) { [two, one].concat() } else { [one, two].concat() };
    Ok((Segments { columns, keys }, chunks))
}

/// A customer, with the position of its chunk and its own.
type Placed<'a> = (Customer<'a>, usize, usize);

/// All customers of chunks, in order.
pub(super) fn in_order(chunks: &[Chunk]) -> Vec<Placed<'_>> {
    let mut order = Vec::with_capacity(chunks.iter().map(|chunk| chunk.customers.len()).sum());
    for (place, chunk) in chunks.iter().enumerate() {
        order.extend((0..chunk.customers.len()).map(|customer| (chunk.customers.get(customer), place, customer)));
    }
    order.sort_unstable();
    order
}

/// Chunks of these customers of others, in that order; nothing where they are not of one type.
pub(super) fn taken(chunks: &[Chunk], order: &[Placed<'_>]) -> Option<Vec<Chunk>> {
    let mut made = Vec::new();
    for (_, place, customer) in order {
        let chunk = &chunks[*place];
        // a chunk holds less than 2^32 spans
        if made.last().is_none_or(|last: &Chunk| last.len() + chunk.spans(*customer).len() > SPANS) {
            made.push(Chunk::default());
        }
        if !made.last_mut()?.push(chunk, *customer) {
            return None;
        }
    }
    Some(made.into_iter().map(Chunk::measured).collect())
}
