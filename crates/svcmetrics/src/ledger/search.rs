//! The row behind an error that names a customer and a month. No row is remembered while lines are read, which would cost as
//! much as the lines: it is looked for once something turns out to be wrong.

use super::LedgerOptions;
use super::lines::{Faults, Part, required};
use crate::engine::STRETCH;
use crate::engine::columns::{Data, Table};
use crate::engine::intake::Cells;
use crate::error::{Error, Offence, Result, shown};
use crate::period::Period;

/// Looks for the row that an error of [`LedgerBuilder::finish`](crate::LedgerBuilder::finish) is about, where that knows only
/// customer and month: two segments or reasons of one month, a month without a row, amounts that add up to too much. It is
/// given the same rows once more, in parts of any size; other errors stay as they are.
///
/// ```
/// use svcmetrics::{LedgerBuilder, LedgerOptions, RowSearch, Table};
/// let table = Table::new(3)
///     .with("customer_id", vec!["a", "b", "a"])
///     .with("month", vec!["2026-01", "2026-01", "2026-01"])
///     .with("revenue", vec![50_i64, 70, 20])
///     .with("plan", vec!["basic", "pro", "pro"]);
/// let options = LedgerOptions::default().by(["plan"]);
/// let mut builder = LedgerBuilder::new(options.clone());
/// builder.add(&table)?;
/// let error = builder.finish().unwrap_err();
/// assert_eq!((error.group(), error.row()), (Some("a, 2026-01"), None));
/// let mut search = RowSearch::new(options, error);
/// search.add(&table);
/// assert_eq!(search.finish().row(), Some(2)); // the first that says something else than those before
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Example: an error that is about no month of a customer
///
/// ```
/// use svcmetrics::{Error, RowSearch};
/// let error = "2026-13".parse::<svcmetrics::Period>().unwrap_err();
/// let search = RowSearch::new(Default::default(), error.clone());
/// assert!(search.is_over());
/// assert_eq!(search.finish(), error);
/// ```
#[derive(Debug, Clone)]
pub struct RowSearch {
    options: LedgerOptions,
    error: Error,
    /// Nothing where there is nothing to look for, and once it is found.
    sought: Option<Sought>,
    /// Rows of the parts so far.
    rows: u64,
    found: Option<u64>,
}

#[derive(Debug, Clone)]
struct Sought {
    /// The customer, as the error shows it.
    customer: String,
    month: i32,
    row: Wanted,
}

/// Which of the rows of a customer and month.
#[derive(Debug, Clone)]
enum Wanted {
    /// The one whose values in these columns are others than the first row's; rows without the first of them are passed over
    /// where they are reasons.
    Other { columns: Vec<String>, are_reasons: bool, first: Option<Vec<String>> },
    /// The one with which the amounts are too large.
    TooMuch(i64),
    /// The last.
    Last,
}

impl Sought {
    fn new(options: &LedgerOptions, offence: &Offence) -> Option<Self> {
        let (None, Some((customer, month))) = (offence.row, offence.group.as_ref()?.rsplit_once(", ")) else {
            return None;
        };
        let month = month.parse::<Period>().ok()?.start();
        let (row, month) = match offence.problem.as_str() {
            HOLDS_BOTH => {
                let are_reasons = offence.column != options.by.join(", ");
                let columns = if are_reasons { options.reason_columns(&offence.column)? } else { options.by.clone() };
                (Wanted::Other { columns, are_reasons, first: None }, month)
            }
            TOO_MUCH => (Wanted::TooMuch(0), month),
            // what is missing comes after a line
            NO_ROW => (Wanted::Last, month - 1),
            _ => return None,
        };
        Some(Self { customer: customer.to_owned(), month, row })
    }

    /// Whether the row of a part is the one; `found` is what is known so far.
    fn is_it(&mut self, table: &Table<'_>, part: &Part<'_>, row: usize) -> Result<bool> {
        match &mut self.row {
            Wanted::Other { columns, are_reasons, first } => {
                let data = columns.iter().map(|column| required(table, column)).collect::<Result<Vec<&Data<'_>>>>()?;
                if *are_reasons && data[0].is_null(row) {
                    return Ok(false);
                }
                let values: Vec<String> = data.iter().map(|data| data.shown(row)).collect();
                Ok(*first.get_or_insert_with(|| values.clone()) != values)
            }
            Wanted::TooMuch(sum) => {
                let mut amounts = Vec::new();
                part.amounts(row..row + 1, &mut amounts, &mut Cells::default(), &mut Faults::default());
                let more = amounts.first().and_then(|amount| sum.checked_add(*amount));
                *sum = more.unwrap_or_default();
                Ok(more.is_none())
            }
            Wanted::Last => Ok(false),
        }
    }
}

pub(super) const HOLDS_BOTH: &str = "holds both";
pub(super) const TOO_MUCH: &str = "adds up to more";
pub(super) const NO_ROW: &str = "has no row";

impl RowSearch {
    /// A search for the row of that error, of a ledger that was read with these options.
    pub fn new(options: LedgerOptions, error: Error) -> Self {
        let sought = error.offence().and_then(|offence| Sought::new(&options, offence));
        Self { options, error, sought, rows: 0, found: None }
    }

    /// The error with the row of a part that others came before: what stands there may differ from a row of theirs.
    pub(super) fn in_part(options: &LedgerOptions, error: Error, part: &Table<'_>, before: u64) -> Error {
        let mut search = Self { rows: before, ..Self::new(options.clone(), error) };
        let mut first = None;
        search.look(part, &mut || true, &mut |row| first = first.or(Some(row)));
        search.found = search.found.or(first.filter(|_| before > 0));
        search.finish()
    }

    /// Whether there is nothing to look for any more.
    pub fn is_over(&self) -> bool {
        self.sought.is_none()
    }

    /// Looks among rows.
    pub fn add(&mut self, part: &Table<'_>) {
        self.add_while(part, &mut || true);
    }

    /// Looks among rows as long as `go_on`, which is asked from time to time, says yes.
    pub fn add_while(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) {
        self.look(part, go_on, &mut |_| {});
    }

    /// `met` is told each row of the customer and month.
    fn look(&mut self, table: &Table<'_>, go_on: &mut dyn FnMut() -> bool, met: &mut dyn FnMut(u64)) {
        let Some(mut sought) = self.sought.take() else { return };
        let before = self.rows;
        self.rows += table.rows() as u64;
        // what cannot be read now could not be read before
        let Ok(part) = Part::new(table, &self.options, before) else { return };
        for start in (0..table.rows()).step_by(STRETCH) {
            let stretch = start..table.rows().min(start + STRETCH);
            if !go_on() {
                return;
            }
            let (who, months) = part.who_and_when(stretch.clone());
            for (place, row) in stretch.enumerate() {
                let is_of_month = months[place] == sought.month;
                if !is_of_month || shown(&who.get(place).key().to_string()) != sought.customer {
                    continue;
                }
                met(before + row as u64);
                match sought.is_it(table, &part, row) {
                    Ok(false) if matches!(sought.row, Wanted::Last) => self.found = Some(before + row as u64),
                    Ok(false) => {}
                    Ok(true) => return self.found = Some(before + row as u64),
                    Err(_) => return,
                }
            }
        }
        self.sought = Some(sought);
    }

    /// The error, with the row where that was found.
    pub fn finish(self) -> Error {
        let found = self.found;
        self.changed(|offence| {
            if let Some(row) = found {
                offence.row = Some(row);
                offence.first = vec![(row, offence.value.clone())];
            }
        })
    }

    /// The error where the rows are not there any more; where there was something to look for, its hint also says this.
    ///
    /// ```
    /// use svcmetrics::{LedgerBuilder, LedgerOptions, RowSearch, Table};
    /// let table = Table::new(2).with("customer_id", vec![7_i64, 7]).with("month", vec!["2026-01", "2026-03"]);
    /// let options = LedgerOptions::default().gaps(svcmetrics::Gaps::Error);
    /// let mut builder = LedgerBuilder::new(options.clone());
    /// builder.add(&table.with("revenue", vec![50_i64, 50]))?;
    /// let error = RowSearch::new(options, builder.finish().unwrap_err()).give_up("read the file again");
    /// assert_eq!(error.hint(), Some("gaps=\"zero\" reads it as revenue 0; read the file again"));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn give_up(self, hint: &str) -> Error {
        if self.is_over() {
            return self.error;
        }
        self.changed(|offence| {
            let known = offence.hint.take();
            offence.hint = Some(known.map_or_else(|| hint.to_owned(), |known| format!("{known}; {hint}")));
        })
    }

    fn changed(self, change: impl FnOnce(&mut Offence)) -> Error {
        let mut error = self.error;
        if let Error::InvalidValue(offence) | Error::OutOfRange(offence) = &mut error {
            change(offence);
        }
        error
    }
}
