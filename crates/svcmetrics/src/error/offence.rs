//! Values that cannot be used, and how messages show them.

use std::fmt;

/// How many offenders an error names; it counts them all.
pub const OFFENDERS_NAMED: usize = 10;

/// The longest piece of a value that a message shows, in characters.
const SHOWN_CHARACTERS: usize = 80;

/// Text as messages show it: control and direction marks escaped, at most 80 characters.
pub(crate) fn shown(text: &str) -> String {
    let visible = |c: char| -> String {
        match c {
            '\'' | '"' => c.to_string(),
            // Marks that turn the writing direction would scramble the rest of the message.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                c.escape_unicode().to_string()
            }
            _ => c.escape_debug().to_string(),
        }
    };
    let mut head = String::new();
    for (position, c) in text.chars().enumerate() {
        let piece = visible(c);
        if position >= SHOWN_CHARACTERS || head.len() + piece.len() > 2 * SHOWN_CHARACTERS {
            head.push('…');
            break;
        }
        head.push_str(&piece);
    }
    head
}

pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    const LISTED: usize = 40;
    let mut parts: Vec<String> = names.iter().take(LISTED).map(|name| shown(name.as_ref())).collect();
    if names.len() > LISTED {
        parts.push(format!("… ({} in all)", names.len()));
    }
    parts.join(", ")
}

/// So many of what a noun says.
pub(crate) fn counted(count: impl fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    if count == "1" { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Values that cannot be used: the first of them whole, the others named and counted.
///
/// ```
/// # use svcmetrics::{Error, Request, Scorecard, Table};
/// let table = Table::new(2).with("engagements", vec![3_i64, 1]).with("positive_engagements", vec![1_i64, 2]);
/// let Err(Error::InvalidValue(offence)) = Scorecard::of(&table, Request::default()) else { unreachable!() };
/// assert_eq!((offence.column.as_str(), offence.row, offence.value.as_str()), ("positive_engagements", Some(1), "2"));
/// assert_eq!(offence.count, 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offence {
    /// The metric that reads the column, where there is one.
    pub metric: Option<String>,
    /// The column, by the name it has in the caller's table.
    pub column: String,
    /// The first offender's row: a 0-based position over all parts of the table.
    pub row: Option<u64>,
    /// The first offender's group, where there are keys.
    pub group: Option<String>,
    /// The first offender's value as text, escaped and cut.
    pub value: String,
    /// What is wrong, in a few words.
    pub problem: String,
    /// What was expected.
    pub expected: String,
    /// What to do, to be pasted.
    pub hint: Option<String>,
    /// How many rows offend.
    pub count: u64,
    /// The first offenders, ten of them (more where a table is checked): row and value.
    pub first: Vec<(u64, String)>,
}

impl Offence {
    pub(crate) fn new(column: impl Into<String>, problem: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            metric: None,
            column: column.into(),
            row: None,
            group: None,
            value: String::new(),
            problem: problem.into(),
            expected: expected.into(),
            hint: None,
            count: 0,
            first: Vec::new(),
        }
    }

    pub(crate) fn metric(mut self, metric: impl Into<String>) -> Self {
        self.metric = Some(metric.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn at(mut self, row: Option<u64>, value: &str) -> Self {
        self.value = shown(value);
        self.row = row;
        self.count = 1;
        self.first = row.map(|row| (row, self.value.clone())).into_iter().collect();
        self
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column '{}'", shown(&self.column))?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(group) = &self.group {
            write!(f, " of group {group}")?;
        }
        write!(f, ": {}", self.problem)?;
        if !self.value.is_empty() {
            write!(f, " {}", self.value)?;
        }
        write!(f, "; expected {}", self.expected)?;
        if let Some(metric) = &self.metric {
            write!(f, " (read by {metric})")?;
        }
        if self.count > 1 {
            let others: Vec<_> = self.first.iter().skip(1).map(|(row, value)| format!("{row}: {value}")).collect();
            write!(f, "; {} rows in all", self.count)?;
            if !others.is_empty() {
                write!(f, ", next {}", others.join(", "))?;
            }
        }
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}
