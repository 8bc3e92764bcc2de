//! A ledger as it is stored: its lines, validated on the way in.

use super::chunk::{Chunk, Customer};
use super::spans::Paid;
use super::{Diagnostics, Gaps, Ledger, LedgerOptions, Segments, stored_reasons};
use crate::error::{Error, Result};
use crate::key::Key;
use crate::period::Period;
use crate::scorecard::KeyColumn;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the document.
const FORMAT: u32 = 1;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    format: u32,
    options: LedgerOptions,
    /// Months since January of year 0: the first and the last of the data.
    months: Option<(i32, i32)>,
    diagnostics: Diagnostics,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    columns: Vec<KeyColumn>,
    segments: Vec<Vec<Key>>,
    customers: Vec<Key>,
    /// By customer, how many lines.
    lines: Vec<u32>,
    month: Vec<i32>,
    /// Run rates of a year in millionths, as text, since JSON readers take long integers for doubles.
    yearly: Vec<String>,
    /// By line; empty without segments.
    segment: Vec<u32>,
    /// By what they are reasons of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    reasons: BTreeMap<String, stored_reasons::Stored>,
}

impl From<Ledger> for Stored {
    fn from(ledger: Ledger) -> Self {
        let mut stored = Self {
            format: FORMAT,
            reasons: stored_reasons::all(&ledger),
            months: ledger.months,
            diagnostics: ledger.diagnostics,
            currency: ledger.currency,
            columns: ledger.segments.columns,
            segments: ledger.segments.keys,
            customers: Vec::new(),
            lines: Vec::new(),
            month: Vec::new(),
            yearly: Vec::new(),
            segment: Vec::new(),
            options: ledger.options,
        };
        for chunk in &ledger.chunks {
            for customer in 0..chunk.customers.len() {
                stored.customers.push(chunk.customers.get(customer).key());
                let mut lines = 0;
                for paid in chunk.paid(customer) {
                    stored.month.push(paid.month);
                    stored.yearly.push(paid.amount.to_string());
                    stored.segment.extend(paid.segment);
                    lines += 1;
                }
                stored.lines.push(lines);
            }
        }
        stored
    }
}

pub(super) fn invalid<T>(problem: impl Into<String>) -> Result<T> {
    Err(Error::InvalidDocument { what: "a ledger", problem: problem.into() })
}

impl TryFrom<Stored> for Ledger {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self> {
        if stored.format != FORMAT {
            return invalid(format!("format: found {}; expected {FORMAT}", stored.format));
        }
        let lines: u64 = stored.lines.iter().map(|lines| u64::from(*lines)).sum();
        let is_segmented = !stored.columns.is_empty();
        let segments = if is_segmented { stored.month.len() } else { 0 };
        if lines != stored.month.len() as u64
            || lines >= u64::from(u32::MAX)
            || stored.yearly.len() != stored.month.len()
            || stored.segment.len() != segments
            || stored.lines.len() != stored.customers.len()
        {
            return invalid("lines: expected as many of each column as the customers have");
        }
        let names: Vec<&String> = stored.columns.iter().map(|column| &column.name).collect();
        if names != stored.options.by.iter().collect::<Vec<_>>() {
            return invalid("columns: expected those of options.by");
        }
        let fits = |key: &Vec<Key>| {
            key.len() == stored.columns.len()
                && key.iter().zip(&stored.columns).all(|(key, column)| key.fits(&column.key_type))
        };
        let known = if is_segmented { stored.segments.len() } else { 0 };
        if is_segmented && !(stored.segments.is_sorted_by(|one, other| one < other) && stored.segments.iter().all(fits))
        {
            return invalid("segments: expected keys of the columns in order, each once");
        }
        if stored.segment.iter().any(|code| *code as usize >= known) {
            return invalid("segment: expected positions among the segments");
        }
        if let Err(error) = stored.options.check() {
            return invalid(format!("options: {error}"));
        }
        let found = stored.month.iter().min().copied().zip(stored.month.iter().max().copied());
        let range = stored.options.range()?;
        let is_month = |month: &i32| Period::MONTHS.contains(month);
        let is_within = |range: (i32, i32)| found.is_none_or(|found| range.0 <= found.0 && found.1 <= range.1);
        if stored.months != range.or(found) || !range.is_none_or(is_within) || !stored.month.iter().all(is_month) {
            return invalid("months: expected the first and the last month of the options, or else of the lines");
        }
        let mut chunk = Chunk::default();
        let mut start = 0;
        for (key, lines) in stored.customers.iter().zip(&stored.lines) {
            let customer = match key {
                Key::Text(text) => Customer::Text(text),
                Key::Integer(number) if i64::try_from(*number).is_ok() => {
                    Customer::Whole(i64::try_from(*number).unwrap_or_default())
                }
                _ => return invalid("customers: expected texts or whole numbers of 64 bits"),
            };
            let ascends = chunk.customers.last().is_none_or(|before| before < customer);
            let end = start + *lines as usize;
            let months = &stored.month[start..end];
            if *lines == 0 || !ascends || !months.is_sorted_by(|one, other| one < other) || !chunk.begin(customer) {
                return invalid("customers: expected them in order, each once, with months in order");
            }
            for (line, month) in (start..).zip(months) {
                let Some(amount) = stored.yearly[line].parse().ok().filter(|amount: &i64| *amount >= 0) else {
                    return invalid("yearly: expected whole numbers, 0 or more");
                };
                chunk.pay(Paid { month: *month, segment: stored.segment.get(line).copied(), amount });
            }
            start = end;
        }
        chunk.close();
        let chunk = chunk.measured();
        let gaps = chunk.extent().map_or(0, |extent| extent.gaps);
        let Diagnostics { months, gaps: counted, .. } = stored.diagnostics;
        if let Err(problem) = stored.diagnostics.validated() {
            return invalid(problem);
        }
        if (months, counted) != (lines, gaps) || (gaps > 0 && stored.options.gaps == Gaps::Error) {
            return invalid(
                "diagnostics: expected the months and the gaps of the lines, and none where they are errors",
            );
        }
        let reasons = stored_reasons::read(stored.reasons, &stored.options, &chunk)?;
        Ok(Self {
            reasons,
            chunks: if chunk.customers.len() > 0 { vec![chunk] } else { Vec::new() },
            options: stored.options,
            segments: Segments { columns: stored.columns, keys: stored.segments },
            months: stored.months,
            currency: stored.currency,
            diagnostics: stored.diagnostics,
        })
    }
}

impl Ledger {
    /// The whole ledger as JSON.
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, Table};
    /// let table = Table::new(1).with("customer_id", vec!["a"]).with("month", vec!["2026-01"]).with("revenue", vec![50_i64]);
    /// let ledger = Ledger::of(&table, LedgerOptions::default())?;
    /// assert_eq!(Ledger::from_json(&ledger.to_json()?)?, ledger);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that data can cause.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Error::InvalidDocument { what: "a ledger", problem: error.to_string() })
    }

    /// Reads what [`Ledger::to_json`] wrote.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`] that says what is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|error| Error::InvalidDocument { what: "a ledger", problem: error.to_string() })
    }
}
