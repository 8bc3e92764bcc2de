//! Where what a metric reads stands among the lanes of a group: found once for a scorecard's definitions, read of any group.

use crate::definitions::{Chosen, Definitions};
use crate::figure::Total;
use crate::interval::Sampling;
use crate::metric::{Combination, Form};
use crate::money::MICROS;
use crate::totals::Totals;
#[cfg(feature = "arrow")]
use {arrow_schema::Field, std::sync::Arc};

/// Lanes that are added up, each times a number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sum {
    pub(crate) terms: Vec<(i128, usize)>,
    pub(crate) micro: bool,
}

impl Sum {
    pub(crate) fn new(definitions: &Definitions, terms: &Combination) -> Self {
        let micro = terms.iter().any(|(_, measure)| measure.is_micro());
        let scaled = |(coefficient, lane): (i32, usize)| {
            let scale = if micro && !definitions.is_micro(lane) { MICROS } else { 1 };
            (i128::from(coefficient) * i128::from(scale), lane)
        };
        Self { terms: definitions.lanes(terms).map(scaled).collect(), micro }
    }

    /// Nothing beyond 128 bits.
    pub(crate) fn of(&self, totals: &Totals, group: usize) -> Option<Total> {
        let add =
            |sum: i128, (times, lane): &(i128, usize)| sum.checked_add(totals.get(group, *lane).checked_mul(*times)?);
        Some(Total::new(self.terms.iter().try_fold(0, add)?, self.micro))
    }
}

/// What a metric's form reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    /// The lane of its scope's first count.
    pub(crate) counts: Option<usize>,
    /// Of a quotient, or the amount itself.
    pub(crate) numerator: Sum,
    pub(crate) denominator: Sum,
    pub(crate) measures: Vec<usize>,
    pub(crate) sampling: Sampling,
    pub(crate) reads_stock: bool,
    /// Its column in the wide frame.
    #[cfg(feature = "arrow")]
    pub(crate) field: Arc<Field>,
}

impl Places {
    pub(crate) fn new(definitions: &Definitions, chosen: &Chosen) -> Self {
        let form = chosen.form();
        let sum = |terms: &Combination| Sum::new(definitions, terms);
        let (numerator, denominator) = match form {
            Form::Quotient { numerator, denominator } => (sum(numerator), sum(denominator)),
            Form::Amount(amount) | Form::Per { sum: amount, .. } => (sum(amount), Sum::default()),
            _ => Default::default(),
        };
        let scope = form.scope().and_then(|scope| definitions.scope_position(scope.id()));
        Self {
            counts: scope.map(Definitions::scope_lane),
            numerator,
            denominator,
            measures: form.measures().filter_map(|measure| definitions.lane(measure)).collect(),
            sampling: chosen.metric.sampling(form),
            reads_stock: form.reads_stock(),
            #[cfg(feature = "arrow")]
            field: Arc::new(crate::arrow::field_of(&chosen.metric, form)),
        }
    }
}
