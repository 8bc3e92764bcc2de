//! Movements of more rows than memory holds.

use super::{Ledger, LedgerBuilder, LedgerOptions, MovementOptions};
use crate::engine::columns::Table;
use crate::error::{Error, Result};
use crate::scorecard::Scorecard;

/// Movements from parts of a table that come sorted by customer: each customer's lines are forgotten once they are counted, so
/// memory holds a part at a time. The months must be given, since the first and the last are known only in the end.
///
/// ```
/// use svcmetrics::{LedgerOptions, MovementOptions, MovementsBuilder, Table};
/// let options = LedgerOptions::default().months("2026-01".parse()?, "2026-02".parse()?);
/// let mut builder = MovementsBuilder::new(options, MovementOptions::default())?;
/// for customer in [1_i64, 2] {
///     let part = Table::new(1).with("customer_id", vec![customer]).with("month", vec!["2026-01"]);
///     builder.add(&part.with("revenue", vec![50_i64]))?;
/// }
/// assert_eq!(builder.finish()?.figures("revenue_churn")?[1].value(), Some(100.0));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MovementsBuilder {
    lines: LedgerBuilder,
    movements: MovementOptions,
    card: Option<Scorecard>,
}

impl MovementsBuilder {
    /// A builder for these movements.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where the months are not given, or are none.
    pub fn new(options: LedgerOptions, movements: MovementOptions) -> Result<Self> {
        if options.range()?.is_none() {
            return Err(Error::InvalidOption {
                option: "months".into(),
                found: "nothing".into(),
                expected: "the first and the last month, which are not known before all rows have come".into(),
            });
        }
        Ok(Self { lines: LedgerBuilder::new(options), movements, card: None })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// As [`LedgerBuilder::add`] and [`LedgerBuilder::finish`]; [`Error::InvalidValue`] where customers do not ascend.
    pub fn add(&mut self, part: &Table<'_>) -> Result<()> {
        self.add_while(part, &mut || true)
    }

    /// Adds rows as long as `go_on`, which is asked every thousand rows or so, says yes.
    ///
    /// # Errors
    /// As [`MovementsBuilder::add`], and [`Error::Interrupted`]; the builder is of no use afterwards.
    pub fn add_while(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        self.lines.add_while(part, go_on)?;
        if let Some(complete) = self.lines.take_complete()? {
            self.count(&complete.finish()?)?;
        }
        Ok(())
    }

    fn count(&mut self, ledger: &Ledger) -> Result<()> {
        let card = ledger.movements(&self.movements)?;
        self.card = Some(match self.card.take() {
            Some(before) => before.merge(&card)?,
            None => card,
        });
        Ok(())
    }

    /// The movements of all rows that were added.
    ///
    /// # Errors
    /// As [`LedgerBuilder::finish`].
    pub fn finish(mut self) -> Result<Scorecard> {
        let rest = self.lines.clone().finish()?;
        self.count(&rest)?;
        self.card.map_or_else(|| rest.movements(&self.movements), Ok)
    }
}
