//! Customers as a table has them: whole numbers, texts, or values that are held as text.

use super::chunk::Customer;
use crate::engine::columns::{Data, Scalar, Values};
use crate::engine::texts::Texts;
use std::borrow::Cow;
use std::ops::Range;

pub(super) const CUSTOMERS: &str = "text or whole numbers, or other values, all of one type";
pub(super) const AS_TEXT: &str = "make it text before, as in df[column].astype(str)";

/// Who has the rows of a stretch.
pub(super) enum Who<'a> {
    Whole(Cow<'a, [i64]>),
    Texts(Vec<Cow<'a, str>>),
    /// As a column has them, at some rows: what is not looked at costs nothing.
    Column(&'a dyn Texts, Range<usize>),
}

impl<'a> Who<'a> {
    /// These customers, all of one type.
    pub(super) fn of(customers: impl Iterator<Item = Customer<'a>>) -> Self {
        let mut who = Self::Whole(Cow::Owned(Vec::new()));
        for customer in customers {
            match (&mut who, customer) {
                (Self::Whole(numbers), Customer::Whole(number)) => numbers.to_mut().push(number),
                (Self::Texts(texts), Customer::Text(text)) => texts.push(text.into()),
                (_, Customer::Text(text)) => who = Self::Texts(vec![text.into()]),
                (_, Customer::Whole(number)) => who = Self::Whole(vec![number].into()),
            }
        }
        who
    }

    /// These customers and then others, all of one type.
    pub(super) fn then(self, others: Self) -> Self {
        match (self, others) {
            (Self::Whole(mut numbers), Self::Whole(others)) => {
                numbers.to_mut().extend_from_slice(&others);
                Self::Whole(numbers)
            }
            (Self::Texts(mut texts), Self::Texts(others)) => {
                texts.extend(others);
                Self::Texts(texts)
            }
            (Self::Column(texts, rows), Self::Column(_, others)) => Self::Column(texts, rows.start..others.end),
            (_, others) => others,
        }
    }

    pub(super) fn get(&self, place: usize) -> Customer<'_> {
        match self {
            Self::Whole(numbers) => Customer::Whole(numbers[place]),
            Self::Texts(texts) => Customer::Text(&texts[place]),
            Self::Column(texts, rows) => Customer::Text(texts.text(rows.start + place)),
        }
    }

    /// Those at some places.
    pub(super) fn some(&self, places: Range<usize>) -> Vec<Customer<'_>> {
        match self {
            Self::Whole(numbers) => numbers[places].iter().copied().map(Customer::Whole).collect(),
            Self::Texts(texts) => texts[places].iter().map(|text| Customer::Text(text)).collect(),
            Self::Column(texts, rows) => {
                let texts = texts.some(rows.start + places.start..rows.start + places.end);
                texts.into_iter().map(Customer::Text).collect()
            }
        }
    }
}

/// Whether a column's type can say who.
pub(super) fn can_be_customers(data: &Data<'_>) -> bool {
    match &data.values {
        Values::Dictionary { values, .. } => can_be_customers(values),
        Values::Bits(_) | Values::Booleans(_) | Values::Unknown(..) => false,
        _ => true,
    }
}

/// What a column's customers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CustomerKind {
    Whole,
    Text,
    /// Values of another type, by the text that they are shown as.
    Shown(String),
}

impl CustomerKind {
    /// What those of a column are: of a column of objects, what the first is. Nothing where there are none.
    pub(super) fn of(data: &Data<'_>) -> Option<Self> {
        Some(match &data.values {
            Values::Null(_) => return None,
            Values::Text(_) => Self::Text,
            Values::Dictionary { values, .. } => return Self::of(values),
            Values::Mixed(values) => {
                return values.iter().position(|value| *value != Scalar::Null).map(|row| Self::of_object(data, row));
            }
            Values::Dates(_) | Values::Timestamps { .. } | Values::Binary(_) => Self::Shown(data.values.type_name()),
            _ => Self::Whole,
        })
    }

    fn of_object(data: &Data<'_>, row: usize) -> Self {
        match data.type_name(row).as_str() {
            "int" | "float" | "decimal" => Self::Whole,
            "text" => Self::Text,
            other => Self::Shown(other.to_owned()),
        }
    }

    /// A customer of this kind as text.
    pub(super) fn text<'a>(&self, data: &'a Data<'_>, row: usize) -> Option<Cow<'a, str>> {
        if data.is_null(row) {
            return None;
        }
        match (&data.values, self) {
            (Values::Dictionary { values, .. }, _) => self.text(values, data.code(row)?),
            (Values::Mixed(_), _) if Self::of_object(data, row) != *self || data.type_name(row) == "bool" => None,
            (Values::Text(_) | Values::Mixed(_), Self::Text) => Some(data.plain(row)),
            (_, Self::Shown(_)) => Some(Cow::Owned(data.shown(row))),
            _ => None,
        }
    }
}

/// A whole number, of whatever type.
pub(super) fn whole(data: &Data<'_>, row: usize) -> Option<i64> {
    if data.is_null(row) {
        return None;
    }
    let whole_float = |value: f64| {
        // whole floats are the integers that a column with nulls once held; those below 2^53 say which
        #[allow(clippy::cast_possible_truncation)]
        (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
    };
    match &data.values {
        Values::Int8(values) => Some(values[row].into()),
        Values::Int16(values) => Some(values[row].into()),
        Values::Int32(values) => Some(values[row].into()),
        Values::Int64(values) => Some(values[row]),
        Values::UInt8(values) => Some(values[row].into()),
        Values::UInt16(values) => Some(values[row].into()),
        Values::UInt32(values) => Some(values[row].into()),
        Values::UInt64(values) => i64::try_from(values[row]).ok(),
        Values::Float32(values) => whole_float(values[row].into()),
        Values::Float64(values) => whole_float(values[row]),
        Values::Decimal { values, scale } => match crate::money::from_scaled(values[row], i32::from(*scale), 0) {
            crate::money::Read::Exact(value) => Some(value),
            _ => None,
        },
        Values::Dictionary { values, .. } => whole(values, data.code(row)?),
        Values::Mixed(values) => match &values[row] {
            Scalar::Integer(value) => i64::try_from(*value).ok(),
            Scalar::Float(value) => whole_float(*value),
            _ => None,
        },
        _ => None,
    }
}
