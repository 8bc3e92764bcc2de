//! Cases: what is resolved at once, and what needs no case at all.

use super::proportion;
use crate::error::Result;
use crate::figure::Figure;

/// The share of resolved cases that took one contact and were not reopened.
///
/// `resolved_first / resolved`, a fraction from 0 to 1; undefined where nothing was resolved.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more were resolved at first contact than at all.
///
/// ```
/// use svcmetrics::formulas::first_contact_resolution;
/// assert_eq!(first_contact_resolution(3, 4)?.value(), Some(0.75));
/// assert!(!first_contact_resolution(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn first_contact_resolution(resolved_first: u64, resolved: u64) -> Result<Figure> {
    proportion("resolved_first", resolved_first, resolved)
}

/// The share of all issues that customers resolved by self-help.
///
/// `self_resolved / issues`, a fraction from 0 to 1; undefined without issues.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more were resolved by self-help than there are.
///
/// ```
/// use svcmetrics::formulas::deflection_rate;
/// assert_eq!(deflection_rate(1, 4)?.value(), Some(0.25));
/// assert!(!deflection_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn deflection_rate(self_resolved: u64, issues: u64) -> Result<Figure> {
    proportion("self_resolved", self_resolved, issues)
}
