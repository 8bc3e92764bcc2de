//! Metrics of the user's own, described in the catalogue's vocabulary: what Rust, Python, TOML and JSON share.

mod compile;
#[cfg(feature = "serde")]
mod document;

use crate::column::{Column, ColumnKind};
use crate::engine::choose::RESERVED;
use crate::error::{Error, Result};
use crate::expression::signed;
use crate::figure::Unit;
use crate::measure::Time;
use crate::metric::{Better, Form, Kind, Metric};
use crate::metrics;
use std::collections::BTreeMap;
use std::fmt;

/// What a metric of one's own sums: a column, an expression of columns, or rows; under a condition, with a coefficient.
///
/// ```
/// use svcmetrics::Term;
/// assert_eq!(Term::total("benefit - investment").only("is_active").to_string(), "(benefit - investment where is_active)");
/// assert_eq!(Term::count().times(-2).to_string(), "-2 x rows");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    coefficient: i32,
    /// An expression of columns; none where rows are counted.
    sum: Option<String>,
    only: Option<String>,
    kind: Option<ColumnKind>,
}

impl Term {
    /// The sum of a column, or of an expression such as `benefit - 2 x investment`.
    pub fn total(sum: impl Into<String>) -> Self {
        Self { coefficient: 1, sum: Some(sum.into()), only: None, kind: None }
    }

    /// The number of rows.
    pub fn count() -> Self {
        Self { coefficient: 1, sum: None, only: None, kind: None }
    }

    /// Only rows for which this condition holds. A row that lacks what it asks for is missing, unless it asks for that first:
    /// `nps_score is present and nps_score >= 9`.
    pub fn only(mut self, condition: impl Into<String>) -> Self {
        self.only = Some(condition.into());
        self
    }

    /// So many times, as often as it is said.
    pub fn times(mut self, coefficient: i32) -> Self {
        // Too large a product is refused with all that one row could bring beyond 128 bits.
        self.coefficient = self.coefficient.saturating_mul(coefficient);
        self
    }

    /// What its columns hold, where the catalogue does not know them.
    pub fn kind(mut self, kind: ColumnKind) -> Self {
        self.kind = Some(kind);
        self
    }
}

impl<S: Into<String>> From<S> for Term {
    fn from(sum: S) -> Self {
        Self::total(sum)
    }
}

/// The term in words.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words(std::slice::from_ref(self)))
    }
}

fn words(terms: &[Term]) -> String {
    let term = |(position, term): (usize, &Term)| {
        let sum = term.sum.as_deref().unwrap_or("rows").trim();
        let is_alone = terms.len() == 1 && term.coefficient == 1;
        let words = match &term.only {
            Some(only) => format!("({sum} where {})", only.trim()),
            None if sum.contains(' ') && !is_alone => format!("({sum})"),
            None => sum.to_owned(),
        };
        signed(position, term.coefficient) + &words
    };
    terms.iter().enumerate().map(term).collect()
}

/// A metric of one's own, as it is described: sums, counts and conditions in words. [`MetricDefinition::metric`] makes a
/// [`Metric`] of it, for [`Request::define`](crate::Request::define).
///
/// Rows count where they have every column that is summed or compared. Columns of the catalogue hold what they hold there;
/// any other is a number of either sign, or true or false where it stands alone in a condition, unless
/// [`MetricDefinition::column`] says what it holds.
///
/// ```
/// use svcmetrics::{Better, MetricDefinition, Request, Scorecard, Table, Unit};
/// let definition = MetricDefinition::new("cases_per_license")
///     .numerator(["cases"])
///     .denominator(["licenses_sold"])
///     .unit(Unit::Number)
///     .better(Better::Lower);
/// let table = Table::new(2).with("cases", vec![3_i64, 1]).with("licenses_sold", vec![2_i64, 6]);
/// let card = Scorecard::of(&table, Request::default().define(definition.metric()?)?)?;
/// assert_eq!(card.figure("cases_per_license")?.value(), Some(0.5));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Example: conditions, coefficients, and rows that it is about
///
/// ```
/// use svcmetrics::{MetricDefinition, Term};
/// let definition = MetricDefinition::new("unattended_share")
///     .numerator([Term::count(), Term::count().only("engagements > 0").times(-1)])
///     .denominator([Term::count()])
///     .among("is_active");
/// assert_eq!(
///     definition.to_string(),
///     "unattended_share = (rows - (rows where engagements > 0)) / rows among is_active"
/// );
/// assert!(definition.metric().is_ok());
/// ```
///
/// # Example: a condition on what is no number
///
/// ```
/// use svcmetrics::MetricDefinition;
/// let error = MetricDefinition::new("own").numerator(["cases"]).among("is_active > 3").metric().unwrap_err();
/// assert_eq!((error.kind(), error.column()), ("invalid_definition", Some("is_active")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricDefinition {
    id: String,
    title: Option<String>,
    numerator: Vec<Term>,
    denominator: Option<Vec<Term>>,
    among: Option<String>,
    kind: Option<Kind>,
    unit: Option<Unit>,
    better: Better,
    time: Option<Time>,
    source: String,
    columns: BTreeMap<String, Column>,
}

impl MetricDefinition {
    /// A metric of that id: lower-case letters, digits and `_`.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: None,
            numerator: Vec::new(),
            denominator: None,
            among: None,
            kind: None,
            unit: None,
            better: Better::Neither,
            time: None,
            source: String::new(),
            columns: BTreeMap::new(),
        }
    }

    /// Its name for people; without it, the id in words.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What is divided; without a denominator, the amount.
    pub fn numerator(mut self, terms: impl IntoIterator<Item = impl Into<Term>>) -> Self {
        self.numerator = terms.into_iter().map(Into::into).collect();
        self
    }

    /// What it is divided by.
    pub fn denominator(mut self, terms: impl IntoIterator<Item = impl Into<Term>>) -> Self {
        self.denominator = Some(terms.into_iter().map(Into::into).collect());
        self
    }

    /// Only rows for which this condition holds.
    pub fn among(mut self, condition: impl Into<String>) -> Self {
        self.among = Some(condition.into());
        self
    }

    /// What can be said of numerator and denominator. Without it: an amount where there is no denominator, a mean where the
    /// unit is a number or money, a score where it is points, else a ratio. A share of sums without conditions is checked row
    /// by row: a part above its whole, or below 0, is invalid.
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// What it is counted in. Without it: shares and ratios in fractions, scores in points, amounts and means in money where
    /// the numerator sums money, else in numbers.
    pub fn unit(mut self, unit: Unit) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Which direction is better; without it neither.
    pub fn better(mut self, better: Better) -> Self {
        self.better = better;
        self
    }

    /// Whether its sums add up over time. Without it, a sum is a stock where it sums a column that the catalogue takes for a
    /// state at a time (revenue, licences, milestones), or counts rows by one; else a flow.
    pub fn time(mut self, time: Time) -> Self {
        self.time = Some(time);
        self
    }

    /// Where its definition comes from.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// What a column holds that the catalogue does not know.
    pub fn column(mut self, column: Column) -> Self {
        self.columns.insert(column.name.to_string(), column);
        self
    }

    /// Its stable name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `cases / (licenses_sold - (licenses_sold where is_trial))`: the formula over columns.
    pub fn formula(&self) -> String {
        let side = |terms: &[Term]| {
            let text = words(terms);
            let is_one = terms.len() == 1 && (text.starts_with('(') || !text.contains(' '));
            if is_one { text } else { format!("({text})") }
        };
        match &self.denominator {
            Some(denominator) => format!("{} / {}", side(&self.numerator), side(denominator)),
            None => words(&self.numerator),
        }
    }

    /// What it holds that is called so, where it reads such a column.
    #[cfg(feature = "serde")]
    pub(crate) fn column_of(&self, name: &str) -> Option<Column> {
        let metric = self.metric().ok()?;
        metric.columns().into_iter().find(|column| column.name == name).cloned()
    }
}

/// The whole definition in one line.
impl fmt::Display for MetricDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.id, self.formula())?;
        match &self.among {
            Some(among) => write!(f, " among {}", among.trim()),
            None => Ok(()),
        }
    }
}

impl Metric {
    /// Checks that a metric of the user's own contradicts neither itself nor the catalogue.
    pub(crate) fn validate_own(&self) -> Result<()> {
        self.validate()?;
        if let Some(column) = self.forms().iter().find_map(Form::computed_column) {
            return Err(
                self.invalid(format!("it reads '{}' as computed, which only health's own metrics do", column.name))
            );
        }
        if self.forms().iter().any(|form| matches!(form, Form::Mix { .. })) {
            return Err(self.invalid("it is a mix, which only the catalogue's own metrics are".to_owned()));
        }
        if metrics::find(self.id()).is_some() {
            return Err(self.taken());
        }
        if RESERVED.contains(&self.id()) {
            return Err(self.invalid("a column of the result is called so; choose another id".to_owned()));
        }
        let known = || metrics::catalog().iter().flat_map(Metric::forms).flat_map(Form::measures);
        for measure in self.forms().iter().flat_map(Form::measures) {
            let scope = measure.scope();
            if known().any(|known| known.scope().id() == scope.id() && known.scope() != scope) {
                return Err(self.invalid(format!("the catalogue calls other rows '{}'; choose another id", scope.id())));
            }
            if known().any(|known| known.id() == measure.id() && known != measure) {
                return Err(self.invalid(format!("the catalogue has another measure '{}'", measure.id())));
            }
        }
        Ok(())
    }

    fn invalid(&self, problem: String) -> Error {
        Error::InvalidDefinition { what: "metric", id: self.id().to_owned(), problem }
    }

    /// The error where there is another of this id.
    pub(crate) fn taken(&self) -> Error {
        self.invalid("there is a metric of that id; choose another".to_owned())
    }
}
