//! Columns of vectors and slices.

use super::{Data, Nulls, Scalar, Values};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::sync::Arc;

macro_rules! from_vectors {
    ($($type:ty => $variant:ident, $empty:expr;)*) => {$(
        impl<'a> From<Vec<$type>> for Data<'a> {
            fn from(values: Vec<$type>) -> Self {
                Self { values: Values::$variant(Cow::Owned(values)), nulls: Nulls::None }
            }
        }

        impl<'a> From<&'a [$type]> for Data<'a> {
            #[inline]
            fn from(values: &'a [$type]) -> Self {
                Self { values: Values::$variant(Cow::Borrowed(values)), nulls: Nulls::None }
            }
        }

        impl<'a> From<Vec<Option<$type>>> for Data<'a> {
            fn from(values: Vec<Option<$type>>) -> Self {
                let mask = values.iter().map(Option::is_none).collect();
                let values = values.into_iter().map(|value| value.unwrap_or($empty)).collect();
                Self { values: Values::$variant(Cow::Owned(values)), nulls: Nulls::Mask(Cow::Owned(mask)) }
            }
        }
    )*};
}

from_vectors! {
    bool => Booleans, false;
    i8 => Int8, 0;
    i16 => Int16, 0;
    i32 => Int32, 0;
    i64 => Int64, 0;
    u8 => UInt8, 0;
    u16 => UInt16, 0;
    u32 => UInt32, 0;
    u64 => UInt64, 0;
    f32 => Float32, 0.0;
    f64 => Float64, 0.0;
}

impl From<Vec<Scalar>> for Data<'_> {
    fn from(values: Vec<Scalar>) -> Self {
        Self { values: Values::Mixed(Cow::Owned(values)), nulls: Nulls::None }
    }
}

impl From<Vec<Decimal>> for Data<'_> {
    fn from(values: Vec<Decimal>) -> Self {
        values.into_iter().map(Some).collect::<Vec<_>>().into()
    }
}

impl From<Vec<Option<Decimal>>> for Data<'_> {
    fn from(values: Vec<Option<Decimal>>) -> Self {
        let scalar = |value: Option<Decimal>| match value {
            // at most 28 places
            Some(value) => {
                Scalar::Decimal { value: value.mantissa(), scale: i32::try_from(value.scale()).unwrap_or(0) }
            }
            None => Scalar::Null,
        };
        values.into_iter().map(scalar).collect::<Vec<_>>().into()
    }
}

impl<'a> From<Vec<&'a str>> for Data<'a> {
    fn from(values: Vec<&'a str>) -> Self {
        Self { values: Values::Text(Arc::new(values)), nulls: Nulls::None }
    }
}

impl From<Vec<String>> for Data<'_> {
    fn from(values: Vec<String>) -> Self {
        Self { values: Values::Text(Arc::new(values)), nulls: Nulls::None }
    }
}

impl<'a> From<Vec<Option<&'a str>>> for Data<'a> {
    fn from(values: Vec<Option<&'a str>>) -> Self {
        let mask = values.iter().map(Option::is_none).collect();
        let texts: Vec<&str> = values.into_iter().map(Option::unwrap_or_default).collect();
        Self { values: Values::Text(Arc::new(texts)), nulls: Nulls::Mask(Cow::Owned(mask)) }
    }
}
