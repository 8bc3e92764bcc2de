//! From a description in words to a metric: columns get their kinds, terms become measures.

use super::{MetricDefinition, Term};
use crate::column::{Column, ColumnKind};
use crate::condition::{Comparison, Condition};
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::figure::Unit;
use crate::health::capitalized;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Combination, Form, Kind, Metric};
use crate::metrics;
use std::collections::BTreeMap;

/// A term that was read; no sum where rows are counted.
struct Read {
    coefficient: i32,
    sum: Option<Expression>,
    only: Option<Condition>,
}

impl Read {
    fn columns(&self) -> impl Iterator<Item = &Column> {
        self.sum.iter().flat_map(Expression::columns).chain(self.only.iter().flat_map(Condition::columns))
    }

    fn expression(&self) -> Expression {
        self.sum.clone().unwrap_or_else(|| Expression::constant(1))
    }

    /// A sum is a state at a time where a column of it is; a number of rows, where they are told apart by one.
    fn is_stock(&self, among: Option<&Condition>) -> bool {
        let is_stock = |column: &Column| metrics::is_stock(&column.name);
        match &self.sum {
            Some(sum) => sum.columns().any(is_stock),
            None => self.only.iter().chain(among).flat_map(Condition::columns).any(is_stock),
        }
    }
}

impl MetricDefinition {
    /// The metric that it describes.
    ///
    /// # Errors
    /// [`Error::InvalidDefinition`] for what cannot be read or contradicts itself, and where the id is taken;
    /// [`Error::WrongColumn`] for a column that is read as something else than it holds.
    pub fn metric(&self) -> Result<Metric> {
        let Reading { among, numerator, denominator } = self.read()?;
        let terms = || numerator.iter().chain(denominator.iter().flatten());
        let conditions = || terms().filter_map(|term| term.only.as_ref());
        let is_needed = |column: &&Column| {
            let sums = terms().filter_map(|term| term.sum.as_ref()).flat_map(Expression::columns);
            sums.chain(conditions().flat_map(Condition::needs)).any(|needed| needed == *column)
        };
        let (needed, asked): (Vec<&Column>, Vec<&Column>) = terms().flat_map(Read::columns).partition(is_needed);
        let each_once = |columns: Vec<&Column>| {
            let first = |(position, column): &(usize, &&Column)| !columns[..*position].contains(column);
            columns.iter().enumerate().filter(first).map(|(_, column)| (*column).clone()).collect::<Vec<_>>()
        };
        let mut scope = Scope::new(self.id.clone()).reads(each_once(needed)).asks(each_once(asked));
        let kind = self.kind_of();
        if kind == Kind::Share {
            scope = part_of_whole(scope, &numerator, denominator.as_deref().unwrap_or_default());
        }
        if let Some(among) = &among {
            scope = scope.among(among.clone());
        }
        let combination = |side: &str, terms: &[Read]| -> Combination {
            let measure = |(position, term): (usize, &Read)| {
                let stock = term.is_stock(among.as_ref());
                let time = self.time.unwrap_or(if stock { Time::Stock } else { Time::Flow });
                let id = format!("{}_{side}_{}", self.id, position + 1);
                let measure = Measure::total(id, &scope, term.expression(), time);
                let measure = term.only.iter().fold(measure, |measure, only| measure.only(only.clone()));
                (term.coefficient, measure)
            };
            terms.iter().enumerate().map(measure).collect()
        };
        let form = match &denominator {
            None => Form::Amount(combination("numerator", &numerator)),
            Some(denominator) => Form::Quotient {
                numerator: combination("numerator", &numerator),
                denominator: combination("denominator", denominator),
            },
        };
        let metric = Metric {
            id: self.id.clone().into(),
            title: self.title.clone().unwrap_or_else(|| capitalized(&self.id.replace('_', " "))).into(),
            kind,
            better: self.better,
            unit: self.unit.unwrap_or_else(|| self.unit_of(kind, &numerator, denominator.as_deref())),
            source: self.source.clone().into(),
            forms: vec![form],
            reading: "".into(),
            edge_cases: Vec::new(),
        };
        metric.validate_own().map(|()| metric)
    }

    fn invalid(&self, problem: impl Into<String>) -> Error {
        Error::InvalidDefinition { what: "metric", id: self.id.clone(), problem: problem.into() }
    }

    fn kind_of(&self) -> Kind {
        self.kind.unwrap_or(match (&self.denominator, self.unit) {
            (None, _) => Kind::Amount,
            (Some(_), None | Some(Unit::Fraction)) => Kind::Ratio,
            (Some(_), Some(Unit::Points)) => Kind::Score,
            (Some(_), Some(Unit::Money | Unit::Number | Unit::Hours)) => Kind::Mean,
        })
    }

    fn unit_of(&self, kind: Kind, numerator: &[Read], denominator: Option<&[Read]>) -> Unit {
        let is_money = |column: &Column| match column.kind {
            ColumnKind::Money => true,
            // Of numbers of either sign, those that were said to be money.
            ColumnKind::SignedMoney => {
                self.declared().is_ok_and(|declared| declared.contains_key(column.name.as_ref()))
            }
            _ => false,
        };
        let money =
            |terms: &[Read]| terms.iter().filter_map(|term| term.sum.as_ref()).any(|sum| sum.columns().any(is_money));
        match kind {
            Kind::Score => Unit::Points,
            Kind::Amount | Kind::Mean if money(numerator) && !denominator.is_some_and(money) => Unit::Money,
            Kind::Amount | Kind::Mean => Unit::Number,
            Kind::Share | Kind::Ratio | Kind::Derived | Kind::Mix => Unit::Fraction,
        }
    }
}

/// What a share promises, where it can be said of a row: a part of a whole, not below 0.
fn part_of_whole(scope: Scope, numerator: &[Read], denominator: &[Read]) -> Scope {
    let side = |terms: &[Read]| -> Option<Expression> {
        let mut sum = Expression { terms: Vec::new(), constant: 0 };
        for term in terms {
            let Expression { terms, constant } = term.only.is_none().then(|| term.expression())?;
            for (coefficient, column) in terms {
                sum.terms.push((term.coefficient.checked_mul(coefficient)?, column));
            }
            sum.constant = sum.constant.checked_add(constant.checked_mul(term.coefficient.into())?)?;
        }
        Some(sum)
    };
    let (Some(part), Some(whole)) = (side(numerator), side(denominator)) else { return scope };
    if part.terms.is_empty() {
        return scope;
    }
    let not_negative = part
        .terms
        .iter()
        .any(|(coefficient, column)| *coefficient < 0 || column.kind == ColumnKind::SignedMoney)
        .then(|| Condition::compare(part.clone(), Comparison::AtLeast, Expression::constant(0)));
    let scope = scope.rule(Condition::compare(part, Comparison::AtMost, whole));
    not_negative.into_iter().fold(scope, Scope::rule)
}

/// All of a definition's words, read.
struct Reading {
    among: Option<Condition>,
    numerator: Vec<Read>,
    denominator: Option<Vec<Read>>,
}

impl MetricDefinition {
    /// The words, read; every column of one kind.
    fn read(&self) -> Result<Reading> {
        match (self.kind, &self.denominator) {
            (Some(Kind::Derived), _) => {
                return Err(self.invalid("kind: found derived; what is made of metrics has no sums"));
            }
            (Some(Kind::Mix), _) => {
                return Err(self.invalid("kind: found mix; only the catalogue's own metrics are one"));
            }
            (Some(Kind::Amount), Some(_)) => {
                return Err(self.invalid("kind: found amount; expected no denominator then"));
            }
            (Some(kind), None) if kind != Kind::Amount => {
                return Err(self.invalid(format!("kind: found {}; expected a denominator then", kind.name())));
            }
            _ => {}
        }
        let declared = self.declared()?;
        let known = |name: &str| declared.get(name).cloned().or_else(|| metrics::column(name));
        let condition = |field: &str, text: &String| {
            Condition::parse(text, known).map_err(|error| match error {
                Error::WrongColumn { column, holds, expected, id: text, .. } => {
                    let expected = format!("{expected}, as in {field}: '{text}'");
                    Error::WrongColumn { what: "metric", id: self.id.clone(), column, holds, expected }
                }
                error => self.invalid(format!("{field}: {error}")),
            })
        };
        let side = |field: &str, terms: &Vec<Term>| -> Result<Vec<Read>> {
            let mut read = Vec::new();
            for (position, term) in terms.iter().enumerate() {
                let field = if terms.len() > 1 { format!("{field}[{position}]") } else { field.to_owned() };
                if term.coefficient == 0 {
                    return Err(self.invalid(format!("{field}.times: found 0; expected another whole number")));
                }
                read.push(Read {
                    coefficient: term.coefficient,
                    sum: term.sum.as_ref().map(|sum| self.sum(&field, sum, &known)).transpose()?,
                    only: term.only.as_ref().map(|only| condition(&format!("{field}.where"), only)).transpose()?,
                });
            }
            Ok(read)
        };
        if self.numerator.is_empty() || self.denominator.as_ref().is_some_and(Vec::is_empty) {
            return Err(self.invalid("found no sums; expected at least one in numerator and denominator"));
        }
        self.of_one_kind(Reading {
            among: self.among.as_ref().map(|among| condition("among", among)).transpose()?,
            numerator: side("numerator", &self.numerator)?,
            denominator: self.denominator.as_ref().map(|terms| side("denominator", terms)).transpose()?,
        })
    }

    fn sum(&self, field: &str, text: &str, known: &impl Fn(&str) -> Option<Column>) -> Result<Expression> {
        let column = |name: &str| known(name).unwrap_or_else(|| Column::new(name.to_owned(), ColumnKind::SignedMoney));
        let sum = Expression::parse(text, &column).map_err(|problem| self.invalid(format!("{field}: {problem}")))?;
        if sum.terms.is_empty() {
            return Err(self.invalid(format!("{field}: found no column; expected one, or a count of rows")));
        }
        match sum.columns().find(|column| matches!(column.kind, ColumnKind::Category | ColumnKind::Anything)) {
            Some(column) => Err(self.wrong(column, column.expected(), format!("a number to sum, as in {field}"))),
            None => Ok(sum.clone()),
        }
    }

    fn wrong(&self, column: &Column, holds: String, expected: String) -> Error {
        let (id, column) = (self.id.clone(), column.name.to_string());
        Error::WrongColumn { what: "metric", id, column, holds, expected }
    }

    /// What columns hold that the catalogue does not know, by `columns` and by the terms that sum them.
    fn declared(&self) -> Result<BTreeMap<String, Column>> {
        let mut declared = self.columns.clone();
        for term in self.numerator.iter().chain(self.denominator.iter().flatten()) {
            let (Some(kind), Some(sum)) = (term.kind, &term.sum) else { continue };
            let summed = Expression::parse(sum, &|name: &str| Column::new(name.to_owned(), kind));
            let summed = summed.map_err(|problem| self.invalid(problem))?;
            let is_new = |column: &&Column| metrics::column(&column.name).is_none();
            // Where some are of the catalogue and some are not, it is said of those that are not.
            let is_said = |column: &&Column| is_new(column) || summed.columns().all(|column| !is_new(&column));
            for column in summed.columns().filter(is_said) {
                let known = declared.entry(column.name.to_string()).or_insert_with(|| column.clone());
                if known != column {
                    return Err(self.wrong(
                        column,
                        known.expected(),
                        format!("one kind throughout, not {}", kind.expected()),
                    ));
                }
            }
        }
        for column in declared.values() {
            // of what the catalogue asks nothing but that it is there, more may be said
            let known = metrics::column(&column.name).filter(|known| known.kind != ColumnKind::Anything);
            if let Some(known) = known.filter(|known| known != column) {
                let expected = format!("no other kind, such as {}", column.expected());
                return Err(self.wrong(column, known.expected(), expected));
            }
            if column.kind.is_computed() || (column.kind == ColumnKind::Category && column.words.is_empty()) {
                let (name, kind) = (&column.name, column.kind.name());
                let expected = "another kind, or a category's words";
                return Err(self.invalid(format!("columns.{name}: found {kind}; expected {expected}")));
            }
        }
        Ok(declared)
    }

    /// The same with every column of one kind: what is only asked for anywhere is what it is elsewhere.
    fn of_one_kind(&self, Reading { among, numerator, denominator }: Reading) -> Result<Reading> {
        let terms = numerator.iter().chain(denominator.iter().flatten());
        let mut kinds: BTreeMap<String, Column> = BTreeMap::new();
        for column in terms.flat_map(Read::columns).chain(among.iter().flat_map(Condition::columns)) {
            let known = kinds.entry(column.name.to_string()).or_insert_with(|| column.clone());
            if known.kind == ColumnKind::Anything {
                known.clone_from(column);
            } else if known != column && column.kind != ColumnKind::Anything {
                let holds = format!("{} in one place", known.expected());
                let expected = format!("{} in another; 'columns' can say what it holds", column.expected());
                return Err(self.wrong(column, holds, expected));
            }
        }
        let one = |column: &Column| kinds.get(column.name.as_ref()).unwrap_or(column).clone();
        let side = |terms: Vec<Read>| {
            let term = |term: Read| Read {
                sum: term.sum.map(|sum| sum.map(&one)),
                only: term.only.map(|only| only.map(&one)),
                ..term
            };
            terms.into_iter().map(term).collect::<Vec<_>>()
        };
        Ok(Reading {
            among: among.map(|among| among.map(&one)),
            numerator: side(numerator),
            denominator: denominator.map(side),
        })
    }
}
