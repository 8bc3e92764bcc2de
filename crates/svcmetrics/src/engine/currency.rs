//! One currency: amounts of several are not added up.

use super::columns::Data;
use super::intake::NAN_HINT;
use super::kernel::STRETCH;
use crate::error::{Error, Offence, Result, shown};
use crate::key::Key;

/// The one currency of all rows, once it was seen or given.
#[derive(Debug, Clone, Default)]
pub(crate) struct OneCurrency(pub(crate) Option<String>);

impl OneCurrency {
    /// Looks at the currencies of a part that starts at row `before`.
    ///
    /// # Errors
    /// [`Error::MixedCurrency`] for another one.
    pub(crate) fn see(
        &mut self,
        column: &str,
        data: &Data<'_>,
        nan_is_missing: bool,
        before: u64,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<()> {
        for row in 0..data.values.len() {
            if row % STRETCH == 0 && !go_on() {
                return Err(Error::Interrupted);
            }
            if data.is_null(row) || (nan_is_missing && data.is_nan(row)) {
                continue;
            }
            if data.is_nan(row) {
                let offence = Offence::new(column, "is the currency, with", "currencies, or null for missing");
                let offence = offence.hint(NAN_HINT).at(Some(before + row as u64), "NaN");
                return Err(Error::NotANumber(Box::new(offence)));
            }
            let found = data.plain(row);
            match &self.0 {
                Some(known) if *known == found => {}
                None => self.0 = Some(found.into_owned()),
                Some(known) => {
                    return Err(Error::MixedCurrency {
                        column: column.to_owned(),
                        first: shown(known),
                        second: shown(&found),
                        row: Some(before + row as u64),
                    });
                }
            }
        }
        Ok(())
    }
}

/// The one currency among the values of a key that is left out; nothing where they are null.
///
/// # Errors
/// [`Error::MixedCurrency`] where there are several.
pub(crate) fn one_currency<'k>(column: &str, keys: impl Iterator<Item = &'k Key>) -> Result<Option<String>> {
    let mut first: Option<&Key> = None;
    for found in keys.filter(|key| **key != Key::Null) {
        if *first.get_or_insert(found) != found {
            return Err(Error::MixedCurrency {
                column: column.to_owned(),
                first: first.map(ToString::to_string).unwrap_or_default(),
                second: found.to_string(),
                row: None,
            });
        }
    }
    Ok(first.map(ToString::to_string))
}
