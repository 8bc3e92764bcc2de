//! Reasons as they are stored with their ledger: by lines, validated on the way in.

use super::chunk::Chunk;
use super::reasons::{Reasons, notes, verdict};
use super::spans::Paid;
use super::stored::invalid;
use super::{Ledger, LedgerOptions, Segments};
use crate::error::Result;
use crate::key::{Key, KeyType};
use crate::scorecard::{KeyColumn, RevenueChange};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    column: KeyColumn,
    known: Vec<Key>,
    /// By those, whether the loss could have been avoided; none without such a column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    avoidable: Option<Vec<Option<bool>>>,
    /// Positions of the lines that have one, in order.
    line: Vec<u32>,
    /// By those, positions among the reasons.
    reason: Vec<u32>,
}

/// All reasons of a ledger, by what they are reasons of.
pub(super) fn all(ledger: &Ledger) -> BTreeMap<String, Stored> {
    ledger.reasons.iter().map(|reasons| stored(&ledger.chunks, reasons)).collect()
}

/// The reasons of these lines, of all columns that the options say and no others.
pub(super) fn read(
    mut stored: BTreeMap<String, Stored>,
    options: &LedgerOptions,
    lines: &Chunk,
) -> Result<Vec<Reasons>> {
    let mut reasons = Vec::new();
    for (change, column) in options.reasons() {
        let Some(found) = stored.remove(change.name()) else {
            return invalid(format!("reasons: found none of {}; expected those of options", change.name()));
        };
        let verdict = options.verdict().filter(|_| change == RevenueChange::Loss);
        reasons.push(found.reasons(change, column, verdict, lines)?);
    }
    if let Some((other, _)) = stored.pop_first() {
        return invalid(format!("reasons: found some of {}; expected those of options", crate::error::shown(&other)));
    }
    Ok(reasons)
}

/// The reasons of one kind, by its name; all of their lines are lines of the chunks.
fn stored(chunks: &[Chunk], reasons: &Reasons) -> (String, Stored) {
    let lines = (0_u32..).zip(chunks.iter().flat_map(|chunk| {
        let of_customer =
            move |customer| chunk.paid(customer).map(move |paid| (chunk.customers.get(customer), paid.month));
        (0..chunk.customers.len()).flat_map(of_customer)
    }));
    let (mut line, mut reason) = (Vec::new(), Vec::new());
    let mut notes = notes(&reasons.chunks).peekable();
    for (place, of_line) in lines {
        if let Some((_, _, code)) = notes.next_if(|(customer, month, _)| (*customer, *month) == of_line) {
            line.push(place);
            reason.push(code);
        }
    }
    let column = reasons.known.columns.first().cloned();
    let column = column.unwrap_or_else(|| KeyColumn::new(reasons.change.column(), KeyType::Null));
    let known = reasons.known.keys.iter().filter_map(|key| key.first()).cloned().collect();
    let verdicts = || reasons.known.keys.iter().map(|key| key.get(1).and_then(verdict)).collect();
    let avoidable = reasons.are_judged().then(verdicts);
    (reasons.change.name().to_owned(), Stored { column, known, avoidable, line, reason })
}

impl Stored {
    /// The reasons of lines of a chunk.
    fn reasons(self, change: RevenueChange, column: &str, verdict: Option<&String>, lines: &Chunk) -> Result<Reasons> {
        let name = change.name();
        let fits = |key: &Key| *key != Key::Null && key.fits(&self.column.key_type);
        let verdicts = self.avoidable.as_ref().map(Vec::len);
        if verdicts != verdict.map(|_| self.known.len()) {
            return invalid(format!("reasons.{name}: expected a verdict for each reason where options have them"));
        }
        let mut keys: Vec<Vec<Key>> = self.known.iter().map(|reason| vec![reason.clone()]).collect();
        for (key, verdict) in keys.iter_mut().zip(self.avoidable.iter().flatten()) {
            key.push(verdict.map_or(Key::Null, Key::Boolean));
        }
        let ascends = keys.is_sorted_by(|one, other| one < other);
        if self.column.name != column || !ascends || !self.known.iter().all(fits) {
            return invalid(format!("reasons.{name}: expected the column of options, and its reasons in order"));
        }
        let misplaced =
            || invalid(format!("reasons.{name}: expected positions of lines in order, each with one of a reason"));
        let mut all = (0_u32..).zip(
            (0..lines.customers.len())
                .flat_map(|customer| lines.paid(customer).map(move |paid| (customer, paid.month))),
        );
        if self.line.len() != self.reason.len()
            || !self.line.is_sorted_by(|one, other| one < other)
            || self.reason.iter().any(|code| *code as usize >= self.known.len())
        {
            return misplaced();
        }
        let mut chunk = Chunk::default();
        let mut owner = None;
        for (line, reason) in self.line.iter().zip(self.reason) {
            let Some((_, (customer, month))) = all.find(|(place, _)| place == line) else {
                return misplaced();
            };
            if owner.replace(customer) != Some(customer) {
                chunk.begin(lines.customers.get(customer));
            }
            chunk.pay(Paid { month, segment: Some(reason), amount: 0 });
        }
        chunk.close();
        let verdict = verdict.map(|column| KeyColumn::new(column, KeyType::Boolean));
        let known = Segments { columns: std::iter::once(self.column).chain(verdict).collect(), keys };
        Ok(Reasons { change, known, chunks: if chunk.customers.len() > 0 { vec![chunk] } else { Vec::new() } })
    }
}
