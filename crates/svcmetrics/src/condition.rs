//! Conditions on a row, in a small language that reads as it is written: `goals_total > 0 and is_active`.

use crate::column::{Column, ColumnKind, Name};
use crate::error::{Error, Result, shown};
use crate::expression::Expression;
use std::fmt;

/// How two sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Comparison {
    pub(crate) fn holds(self, left: i128, right: i128) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    fn read(sign: &str) -> Option<Self> {
        [Self::Equal, Self::Unequal, Self::Less, Self::AtMost, Self::More, Self::AtLeast]
            .into_iter()
            .find(|c| c.sign() == sign)
    }
}

/// What may hold of a row.
///
/// ```
/// use svcmetrics::Condition;
/// let condition: Condition = "revenue_end > 0 and is_active".parse()?;
/// assert_eq!(condition.to_string(), "revenue_end > 0 and is_active");
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Condition<C = Column> {
    /// The column is true.
    IsTrue(C),
    /// The column is false.
    IsFalse(C),
    /// The column is not null. Never unknown: a null makes it false.
    Present(C),
    /// The column holds this word of its category.
    Is(C, Name),
    /// A comparison of two expressions.
    Compare(Expression<C>, Comparison, Expression<C>),
    /// All of these; false as soon as one is, even where another is unknown.
    All(Vec<Condition<C>>),
}

impl<C> Condition<C> {
    /// Those of its columns that are compared as numbers.
    pub(crate) fn compared(&self) -> Vec<&C> {
        match self {
            Self::IsTrue(_) | Self::IsFalse(_) | Self::Present(_) => Vec::new(),
            Self::Is(column, _) => vec![column],
            Self::Compare(left, _, right) => left.columns().chain(right.columns()).collect(),
            Self::All(conditions) => conditions.iter().flat_map(Self::compared).collect(),
        }
    }

    /// The columns it asks for.
    pub fn columns(&self) -> Vec<&C> {
        match self {
            Self::IsTrue(column) | Self::IsFalse(column) | Self::Present(column) | Self::Is(column, _) => vec![column],
            Self::Compare(left, _, right) => left.columns().chain(right.columns()).collect(),
            Self::All(conditions) => conditions.iter().flat_map(Self::columns).collect(),
        }
    }

    /// The columns that it wants to be there: a null in one of them makes it false.
    pub(crate) fn demanded(&self) -> Vec<&C> {
        match self {
            Self::Present(column) => vec![column],
            Self::All(conditions) => conditions.iter().flat_map(Self::demanded).collect(),
            _ => Vec::new(),
        }
    }

    /// The columns without which its answer is not known: all that it asks for, but where it asks for presence first.
    pub(crate) fn needs(&self) -> Vec<&C>
    where
        C: PartialEq,
    {
        let may_be_null = self.demanded();
        self.columns().into_iter().filter(|column| !may_be_null.contains(column)).collect()
    }

    /// The same with columns named in another way.
    pub(crate) fn map<D>(&self, name: &impl Fn(&C) -> D) -> Condition<D> {
        match self {
            Self::IsTrue(column) => Condition::IsTrue(name(column)),
            Self::IsFalse(column) => Condition::IsFalse(name(column)),
            Self::Present(column) => Condition::Present(name(column)),
            Self::Is(column, word) => Condition::Is(name(column), word.clone()),
            Self::Compare(left, comparison, right) => Condition::Compare(left.map(name), *comparison, right.map(name)),
            Self::All(conditions) => Condition::All(conditions.iter().map(|condition| condition.map(name)).collect()),
        }
    }
}

impl Condition {
    /// A comparison.
    pub fn compare(left: impl Into<Expression>, comparison: Comparison, right: impl Into<Expression>) -> Self {
        Self::Compare(left.into(), comparison, right.into())
    }

    /// `column > 0`.
    pub fn positive(column: Column) -> Self {
        Self::compare(column, Comparison::More, Expression::constant(0))
    }

    /// `part <= whole`.
    pub fn at_most(part: Column, whole: Column) -> Self {
        Self::compare(part, Comparison::AtMost, whole)
    }

    /// This and another.
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut conditions) => {
                conditions.push(other);
                Self::All(conditions)
            }
            one => Self::All(vec![one, other]),
        }
    }

    /// Whether times are compared with times only, and their differences with numbers of seconds.
    pub(crate) fn compares_like_with_like(&self) -> bool {
        match self {
            Self::Compare(left, _, right) => left.instants() == right.instants(),
            Self::All(conditions) => conditions.iter().all(Self::compares_like_with_like),
            _ => true,
        }
    }

    /// Reads a condition; `known` gives the kinds of columns that are known by name. Other columns are flags where they
    /// stand alone and amounts where they are compared.
    ///
    /// # Errors
    /// [`Error::InvalidDefinition`] with what could not be read.
    pub fn parse(text: &str, known: impl Fn(&str) -> Option<Column>) -> Result<Self> {
        let mut parts =
            text.split(" and ").map(|part| Self::parse_one(part.trim(), text, &known)).collect::<Result<Vec<_>>>()?;
        Ok(if parts.len() == 1 { parts.remove(0) } else { Self::All(parts) })
    }

    fn parse_one(part: &str, whole: &str, known: &impl Fn(&str) -> Option<Column>) -> Result<Self> {
        let invalid = |problem: String| Error::InvalidDefinition { what: "condition", id: whole.to_owned(), problem };
        let column = |name: &str, otherwise: ColumnKind| {
            let fits = !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            if fits {
                Ok(known(name).unwrap_or_else(|| Column::new(name.to_owned(), otherwise)))
            } else {
                Err(invalid(format!("'{}' is no column name", shown(name))))
            }
        };
        let holds_no = |column: &Column, expected: &str| Error::WrongColumn {
            what: "condition",
            id: whole.to_owned(),
            column: column.name.to_string(),
            holds: column.expected(),
            expected: expected.to_owned(),
        };
        let flag = |name: &str| {
            let column = column(name, ColumnKind::Flag)?;
            match column.kind {
                ColumnKind::Flag => Ok(column),
                _ => Err(holds_no(&column, &format!("{} where it stands alone", ColumnKind::Flag.expected()))),
            }
        };
        let side = |text: &[&str]| -> Result<Expression> {
            let named =
                |name: &str| known(name).unwrap_or_else(|| Column::new(name.to_owned(), ColumnKind::SignedMoney));
            let side = Expression::parse(&text.join(" "), &named).map_err(invalid)?;
            let wrong = side.columns().find(|column| !column.kind.is_number());
            wrong.map_or(Ok(()), |column| Err(holds_no(column, "a number where it is compared")))?;
            Ok(side)
        };
        let words: Vec<&str> = part.split_whitespace().collect();
        if let Some(place) = words.iter().position(|word| Comparison::read(word).is_some())
            && let Some(comparison) = Comparison::read(words[place])
        {
            let compared = Self::Compare(side(&words[..place])?, comparison, side(&words[place + 1..])?);
            if !compared.compares_like_with_like() {
                return Err(invalid(format!("'{compared}' compares a time with what is none")));
            }
            return Ok(compared);
        }
        match words.as_slice() {
            [name] => Ok(Self::IsTrue(flag(name)?)),
            ["not", name] => Ok(Self::IsFalse(flag(name)?)),
            [name, "is", "present"] => Ok(Self::Present(column(name, ColumnKind::Anything)?)),
            [name, "is", word] => {
                let column = column(name, ColumnKind::Category)?;
                if column.kind != ColumnKind::Category {
                    return Err(holds_no(&column, &format!("one of a category's words, '{}' among them", shown(word))));
                }
                if column.words.is_empty() {
                    return Err(invalid(format!("the words of '{name}' are not known; a metric's 'columns' names them")));
                }
                if !column.words.iter().any(|known| known == word) {
                    return Err(invalid(format!("'{}' is no word of '{name}'; expected {}", shown(word), column.expected())));
                }
                Ok(Self::Is(column, (*word).to_owned().into()))
            }
            [_, sign, _] => {
                Err(invalid(format!("'{}' is no comparison; expected =, !=, <, <=, > or >=", shown(sign))))
            }
            _ => Err(invalid(
                "expected 'flag', 'not flag', 'column is present', 'column is word' or 'column > 0', several joined by ' and '"
                    .to_owned(),
            )),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsTrue(column) => f.write_str(&column.name),
            Self::IsFalse(column) => write!(f, "not {}", column.name),
            Self::Present(column) => write!(f, "{} is present", column.name),
            Self::Is(column, word) => write!(f, "{} is {word}", column.name),
            Self::Compare(left, comparison, right) => write!(f, "{left} {} {right}", comparison.sign()),
            Self::All(conditions) => {
                for (position, condition) in conditions.iter().enumerate() {
                    let joint = if position > 0 { " and " } else { "" };
                    write!(f, "{joint}{condition}")?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_read_back_as_they_are_written() {
        for text in [
            "is_new",
            "risk is defection",
            "not is_active",
            "goals_total > 0",
            "loss_reason is present",
            "revenue_start > revenue_end and loss_reason is present",
            "revenue_end >= 2.5",
            "own_column != -3",
            "resolved_at >= opened_at",
            "benefit - investment > 2 x cases + 1.5",
        ] {
            let condition: Condition = text.parse().unwrap();
            assert_eq!(condition.to_string(), text);
        }
    }

    #[test]
    fn a_column_that_holds_something_else_is_named() {
        for (text, column) in [
            ("is_new > 0", "is_new"),
            ("0 < cases + risk", "risk"),
            ("goals_total", "goals_total"),
            ("not loss_reason", "loss_reason"),
            ("cases is positive", "cases"),
        ] {
            let error = text.parse::<Condition>().unwrap_err();
            assert_eq!((error.kind(), error.column()), ("invalid_definition", Some(column)), "{text}");
            assert!(error.value().is_some() && error.expected().is_some(), "{text}");
        }
    }

    #[test]
    fn only_presence_asks_for_a_column_that_may_be_null() {
        let needs = |text: &str| -> Vec<String> {
            text.parse::<Condition>().unwrap().needs().iter().map(|column| column.name.to_string()).collect()
        };
        assert_eq!(needs("risk is present"), [""; 0]);
        assert_eq!(needs("cases is present and cases > 2 and is_new"), ["is_new"]);
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in [
            "",
            "a b",
            "a ~ b",
            "x > 1.2345678",
            "x > 0.00000000000000000000000000000000001",
            "1x",
            "a > 0 and ",
            "a or b",
            "opened_at > 0",
            "> 1",
            "a >",
            "a > b > c",
            "a + > 1",
            "a b > 1",
            "1.5 x a > 1",
            "risk is high",
            "own is high",
            "a > 1x",
            "a > 2 * 3",
            "a - - b > 1",
        ] {
            assert!(text.parse::<Condition>().is_err(), "{text}");
        }
    }
}
