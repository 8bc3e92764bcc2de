//! A metric: a formula over measures, as data.

mod form;

pub use form::{Combination, Form};

use crate::column::{Column, ColumnKind, Name};
use crate::condition::Condition;
use crate::error::{Error, Result};
use crate::figure::Unit;
use crate::measure::{Measure, Scope, Time};

/// What can be said of a metric's numerator and denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Kind {
    /// 0 <= numerator <= denominator in every row.
    Share,
    /// May exceed 1, and may be negative where its formula can be.
    Ratio,
    /// So much per something.
    Mean,
    /// A sum, without denominator.
    Amount,
    /// Points on a scale.
    Score,
    /// Made of other metrics.
    Derived,
    /// A share for each value of a column; a group's shares add up to 1.
    Mix,
}

impl Kind {
    /// The stable lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Ratio => "ratio",
            Self::Mean => "mean",
            Self::Amount => "amount",
            Self::Score => "score",
            Self::Derived => "derived",
            Self::Mix => "mix",
        }
    }
}

/// Which direction is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// It depends.
    Neither,
}

impl Better {
    /// The stable lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
            Self::Neither => "neither",
        }
    }
}

/// The column of rows, in frames of figures and of totals; no metric and no measure is called so.
const ROWS: &str = "rows";

/// A value has 63 bits, millionths take 20: this leaves them room in 127.
const MOST_IN_A_ROW: i128 = 1 << 43;

/// A metric's definition: what it is called, how it is computed, how it is read.
///
/// ```
/// use svcmetrics::{Better, Column, ColumnKind, Measure, Metric, Request, Scope, Scorecard, Table, Time};
/// let (tickets, seats) = (Column::new("tickets", ColumnKind::Count), Column::new("seats", ColumnKind::Count));
/// let scope = Scope::new("tickets_and_seats").reads([tickets.clone(), seats.clone()]);
/// let metric = Metric::ratio(
///     "tickets_per_seat",
///     "Tickets per seat",
///     vec![(1, Measure::total("seated_tickets", &scope, tickets.into(), Time::Flow))],
///     vec![(1, Measure::total("ticketed_seats", &scope, seats.into(), Time::Stock))],
/// )
/// .better(Better::Lower);
/// let table = Table::new(2).with("tickets", vec![3_i64, 4]).with("seats", vec![10_i64, 4]);
/// let card = Scorecard::of(&table, Request::default().define(metric)?)?;
/// assert_eq!(card.figure("tickets_per_seat")?.value(), Some(0.5));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(remote = "Self", deny_unknown_fields))]
pub struct Metric {
    pub(crate) id: Name,
    pub(crate) title: Name,
    pub(crate) kind: Kind,
    pub(crate) better: Better,
    pub(crate) unit: Unit,
    pub(crate) source: Name,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "str::is_empty"))]
    pub(crate) reading: Name,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub(crate) edge_cases: Vec<Name>,
    /// The first whose columns a table has is used, for the whole table.
    pub(crate) forms: Vec<Form>,
}

#[cfg(feature = "serde")]
impl serde::Serialize for Metric {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Metric {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let metric = Self::deserialize(deserializer)?;
        metric.validate().map_err(serde::de::Error::custom)?;
        Ok(metric)
    }
}

impl Metric {
    fn new(id: impl Into<Name>, title: impl Into<Name>, kind: Kind, unit: Unit, form: Form) -> Self {
        let (id, title) = (id.into(), title.into());
        Self {
            id,
            title,
            kind,
            better: Better::Neither,
            unit,
            source: "".into(),
            reading: "".into(),
            edge_cases: Vec::new(),
            forms: vec![form],
        }
    }

    /// A share: 0 <= numerator <= denominator in every row.
    pub fn share(
        id: impl Into<Name>,
        title: impl Into<Name>,
        numerator: Combination,
        denominator: Combination,
    ) -> Self {
        Self::new(id, title, Kind::Share, Unit::Fraction, Form::Quotient { numerator, denominator })
    }

    /// A ratio, which may exceed 1.
    pub fn ratio(
        id: impl Into<Name>,
        title: impl Into<Name>,
        numerator: Combination,
        denominator: Combination,
    ) -> Self {
        Self::new(id, title, Kind::Ratio, Unit::Fraction, Form::Quotient { numerator, denominator })
    }

    /// A mean: so much per something.
    pub fn mean(
        id: impl Into<Name>,
        title: impl Into<Name>,
        unit: Unit,
        numerator: Combination,
        denominator: Combination,
    ) -> Self {
        Self::new(id, title, Kind::Mean, unit, Form::Quotient { numerator, denominator })
    }

    /// An amount of money or of things.
    pub fn amount(id: impl Into<Name>, title: impl Into<Name>, unit: Unit, sum: Combination) -> Self {
        Self::new(id, title, Kind::Amount, unit, Form::Amount(sum))
    }

    /// The difference of two metrics' values.
    pub fn difference(
        id: impl Into<Name>,
        title: impl Into<Name>,
        minuend: impl Into<Name>,
        subtrahend: impl Into<Name>,
    ) -> Self {
        Self::new(id, title, Kind::Derived, Unit::Fraction, Form::Difference(minuend.into(), subtrahend.into()))
    }

    /// A quantile of what single rows add to a measure, each in whole units, over `per`. The measure is a flow of all counted
    /// rows.
    pub fn quantile(
        id: impl Into<Name>,
        title: impl Into<Name>,
        unit: Unit,
        of: Measure,
        percent: u8,
        per: u32,
    ) -> Self {
        Self::new(id, title, Kind::Derived, unit, Form::Quantile { of, percent, per })
    }

    /// What part of the rows in which a column is present has each of its values; `scope` names those rows, `count` their
    /// number.
    pub(crate) fn mix(
        id: &'static str,
        title: &'static str,
        scope: &'static str,
        count: &'static str,
        by: Column,
    ) -> Self {
        let known = Scope::new(scope).among(Condition::Present(by.clone()));
        let of = Measure::count(count, &known, Time::Flow);
        Self::new(id, title, Kind::Mix, Unit::Fraction, Form::Mix { of, by })
    }

    pub(crate) fn score(id: impl Into<Name>, title: impl Into<Name>, form: Form) -> Self {
        Self::new(id, title, Kind::Score, Unit::Points, form)
    }

    /// Which direction is better.
    pub fn better(mut self, better: Better) -> Self {
        self.better = better;
        self
    }

    /// What it is counted in.
    pub fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// Where its definition comes from.
    pub fn source(mut self, source: impl Into<Name>) -> Self {
        self.source = source.into();
        self
    }

    /// How to read it: what it tells, what it does not, when it misleads.
    pub fn reading(mut self, reading: impl Into<Name>) -> Self {
        self.reading = reading.into();
        self
    }

    /// What happens in one of its corners: without a denominator, with nulls, over time.
    pub fn edge_case(mut self, edge_case: impl Into<Name>) -> Self {
        self.edge_cases.push(edge_case.into());
        self
    }

    /// What is computed instead where a table lacks the columns of the forms before.
    pub fn otherwise(mut self, numerator: Combination, denominator: Combination) -> Self {
        self.forms.push(Form::Quotient { numerator, denominator });
        self
    }

    /// An amount over a whole number.
    pub(crate) fn per(mut self, per: u32) -> Self {
        for form in &mut self.forms {
            if let Form::Amount(sum) = form {
                *form = Form::Per { sum: std::mem::take(sum), per };
            }
        }
        self
    }

    /// Its stable name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its name for people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What can be said of numerator and denominator.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Which direction is better.
    pub fn direction(&self) -> Better {
        self.better
    }

    /// What it is counted in.
    pub fn counted_in(&self) -> Unit {
        self.unit
    }

    /// Where its definition comes from.
    pub fn article(&self) -> &str {
        &self.source
    }

    /// How to read it; empty where nobody said.
    pub fn how_to_read(&self) -> &str {
        &self.reading
    }

    /// What happens in its corners, a text a case; none where nobody said.
    pub fn edge_cases(&self) -> &[Name] {
        &self.edge_cases
    }

    /// The ways to compute it, best first.
    pub fn forms(&self) -> &[Form] {
        &self.forms
    }

    /// Flow or stock: a stock if any of its measures is one, or any metric that it is made of, which `find` gives.
    pub fn time<'a>(&'a self, find: &impl Fn(&str) -> Option<&'a Metric>) -> Time {
        // What goes in circles is asked once.
        let (mut open, mut asked) = (vec![self], Vec::new());
        while let Some(metric) = open.pop() {
            asked.push(metric.id());
            for form in &metric.forms {
                let stock = match form {
                    Form::Difference(one, other) => {
                        let parts = [one, other].map(|id| find(id));
                        let new = parts.into_iter().flatten().filter(|part| !asked.contains(&part.id()));
                        open.extend(new);
                        parts.contains(&None)
                    }
                    Form::Health => true,
                    _ => form.measures().any(|measure| measure.time == Time::Stock),
                };
                if stock {
                    return Time::Stock;
                }
            }
        }
        Time::Flow
    }

    /// Checks that the definition does not contradict itself.
    pub(crate) fn validate(&self) -> Result<()> {
        let invalid =
            |problem: String| Err(Error::InvalidDefinition { what: "metric", id: self.id.to_string(), problem });
        let plain = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let rows = |name: &str| format!("'{name}' is the name of the column of rows");
        if self.id == ROWS {
            return invalid(rows(ROWS));
        }
        if self.forms.is_empty() {
            return invalid("it has no formula".to_owned());
        }
        if !plain(&self.id) {
            return invalid("an id is lower-case letters, digits and '_', and starts with a letter".to_owned());
        }
        for form in &self.forms {
            let Some(scope) = form.scope() else {
                if matches!(form, Form::Difference(..) | Form::Health) {
                    continue;
                }
                return invalid("it has no measures".to_owned());
            };
            if matches!(form, Form::Quotient { numerator, denominator } if numerator.is_empty() || denominator.is_empty())
            {
                return invalid("it needs a numerator and a denominator".to_owned());
            }
            if let Some(problem) = self.beyond_sums(form) {
                return invalid(problem);
            }
            if !plain(scope.id()) {
                return invalid(format!("the scope's id '{}' is not lower-case letters, digits and '_'", scope.id()));
            }
            let (asked, required): (Vec<&Column>, Vec<&Column>) =
                scope.columns().into_iter().partition(|column| scope.asks.contains(column));
            let only = form.measures().flat_map(|measure| &measure.only);
            if let Some(condition) = scope
                .among
                .iter()
                .chain(&scope.rules)
                .chain(only)
                .find(|condition| !condition.compares_like_with_like())
            {
                return invalid(format!("'{condition}' compares a time with what is none"));
            }
            for measure in form.measures() {
                if measure.scope() != scope {
                    return invalid(format!("'{}' and its other measures see different rows", measure.id()));
                }
                if !plain(&measure.id) {
                    return invalid(format!(
                        "the measure's id '{}' is not lower-case letters, digits and '_'",
                        measure.id()
                    ));
                }
                if measure.id == ROWS {
                    return invalid(rows(ROWS));
                }
                if measure.sum.instants() != 0 {
                    return invalid(format!("'{}' adds up times; subtract one from another", measure.id()));
                }
                let needed = measure.only.iter().flat_map(Condition::needs);
                let mut named = measure.only.iter().flat_map(Condition::columns);
                let is_read = |column: &&Column| required.contains(column) || column.kind.is_computed();
                if let Some(column) = measure
                    .sum
                    .columns()
                    .chain(needed)
                    .find(|column| !is_read(column))
                    .or_else(|| named.find(|column| !is_read(column) && !asked.contains(column)))
                {
                    return invalid(format!("'{}' sums '{}', which its rows need not have", measure.id(), column.name));
                }
                if measure
                    .sum
                    .columns()
                    .any(|column| matches!(column.kind, ColumnKind::Anything | ColumnKind::Category))
                {
                    return invalid(format!("'{}' sums a column that is no number", measure.id()));
                }
            }
            if form.row_weight() > MOST_IN_A_ROW {
                return invalid("its coefficients are so large that one row could exceed 128 bits".to_owned());
            }
        }
        Ok(())
    }

    /// What is wrong with a form that takes more than sums.
    fn beyond_sums(&self, form: &Form) -> Option<String> {
        if (self.kind == Kind::Mix) != matches!(form, Form::Mix { .. }) {
            return Some("what is a mix has the kind and the form of one".to_owned());
        }
        match form {
            Form::Per { per: 0, .. } => Some("nothing is divided by 0".to_owned()),
            Form::Quantile { percent, per, .. } if !(0..=100).contains(percent) || *per == 0 => {
                Some("a quantile is of 0 to 100 percent, over 1 or more".to_owned())
            }
            Form::Quantile { of, .. } if of.only.is_some() || of.time == Time::Stock => {
                Some(format!("a quantile is of a flow of all counted rows, which '{}' is not", of.id()))
            }
            Form::Mix { of, by } => {
                let present = of.scope.outside_without().contains(&by);
                let fits = present && of.counts_rows() && of.only.is_none() && of.time == Time::Flow;
                (!fits).then(|| format!("a mix counts the rows in which its column is present, unlike '{}'", of.id()))
            }
            _ => None,
        }
    }

    /// The columns a table needs for the first of the forms.
    pub fn columns(&self) -> Vec<&Column> {
        self.forms.first().and_then(Form::scope).map(Scope::columns).unwrap_or_default()
    }
}
