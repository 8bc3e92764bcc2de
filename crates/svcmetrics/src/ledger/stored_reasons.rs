//! Reasons as they are stored with their ledger: by lines, validated on the way in.

use super::chunk::Chunk;
use super::reasons::{Reasons, notes};
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
        reasons.push(found.reasons(change, column, lines)?);
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
    let known = reasons.known.keys.iter().flatten().cloned().collect();
    (reasons.change.name().to_owned(), Stored { column, known, line, reason })
}

impl Stored {
    /// The reasons of lines of a chunk.
    fn reasons(self, change: RevenueChange, column: &str, lines: &Chunk) -> Result<Reasons> {
        let name = change.name();
        let fits = |key: &Key| *key != Key::Null && key.fits(&self.column.key_type);
        let ascends = self.known.is_sorted_by(|one, other| one < other);
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
        let mut chunk = Chunk::new();
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
        let known =
            Segments { columns: vec![self.column], keys: self.known.into_iter().map(|key| vec![key]).collect() };
        Ok(Reasons { change, known, chunks: if chunk.customers.len() > 0 { vec![chunk] } else { Vec::new() } })
    }
}
