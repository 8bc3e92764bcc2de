//! What columns hold, and where they are null.

use super::Data;
use crate::engine::texts::{Blobs, Texts};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The unit in which timestamps count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum TimeUnit {
    /// Seconds since 1970.
    Second,
    /// Milliseconds.
    Millisecond,
    /// Microseconds.
    Microsecond,
    /// Nanoseconds.
    Nanosecond,
}

/// One value of a column that holds values of several types.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Scalar {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(#[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))] i128),
    /// A float.
    Float(f64),
    /// `value / 10^scale`.
    Decimal {
        /// The digits.
        #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
        value: i128,
        /// The decimal places.
        scale: i32,
    },
    /// A text.
    Text(String),
    /// Days since 1970.
    Date(i32),
    /// A time since 1970, without a zone.
    Timestamp(i64, TimeUnit),
    /// An instant since 1970, in UTC.
    Instant(i64, TimeUnit),
    /// A number that is too large for the others, as text.
    Large(String),
    /// Something else: its type and the value as text.
    Other(String, String),
}

/// Bits packed as Arrow packs them, the least significant first.
#[derive(Debug, Clone, Copy)]
pub struct Bits<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offset: usize,
    pub(crate) len: usize,
}

impl<'a> Bits<'a> {
    /// `len` bits of `bytes` from bit `offset`; nothing if there are not that many.
    pub fn new(bytes: &'a [u8], offset: usize, len: usize) -> Option<Self> {
        (offset.checked_add(len)?.div_ceil(8) <= bytes.len()).then_some(Self { bytes, offset, len })
    }

    pub(crate) fn get(&self, position: usize) -> bool {
        let bit = self.offset + position;
        self.bytes[bit / 8] >> (bit % 8) & 1 == 1
    }
}

/// Where a column is null.
#[derive(Debug, Clone)]
pub enum Nulls<'a> {
    /// Nowhere.
    None,
    /// Where the bit is 0.
    Valid(Bits<'a>),
    /// Where it is true.
    Mask(Cow<'a, [bool]>),
}

macro_rules! values {
    ($($(#[$doc:meta])* $variant:ident($type:ty),)*) => {
        /// What a column holds.
        #[derive(Clone)]
        #[non_exhaustive]
        pub enum Values<'a> {
            /// Nulls only, of no type.
            Null(usize),
            /// Booleans, a bit each.
            Bits(Bits<'a>),
            $($(#[$doc])* $variant(Cow<'a, [$type]>),)*
            /// Decimals: `value / 10^scale`.
            Decimal {
                /// The digits.
                values: Cow<'a, [i128]>,
                /// The decimal places.
                scale: i8,
            },
            /// Texts.
            Text(Arc<dyn Texts + 'a>),
            /// Bytes: identities only.
            Binary(Arc<dyn Blobs + 'a>),
            /// Times since 1970.
            Timestamps {
                /// The times.
                values: Cow<'a, [i64]>,
                /// What they count.
                unit: TimeUnit,
                /// The time zone, if any.
                zone: Option<String>,
            },
            /// Positions in a shorter column of distinct values.
            Dictionary {
                /// The positions: whole numbers.
                codes: Box<Data<'a>>,
                /// The values.
                values: Box<Data<'a>>,
            },
            /// Values of several types.
            Mixed(Cow<'a, [Scalar]>),
            /// A type that is not known: its name, and how many rows.
            Unknown(String, usize),
        }

        impl Values<'_> {
            /// How many rows.
            pub fn len(&self) -> usize {
                match self {
                    Self::Null(rows) | Self::Unknown(_, rows) => *rows,
                    Self::Bits(bits) => bits.len,
                    $(Self::$variant(values) => values.len(),)*
                    Self::Decimal { values, .. } => values.len(),
                    Self::Text(texts) => texts.count(),
                    Self::Binary(blobs) => blobs.count(),
                    Self::Timestamps { values, .. } => values.len(),
                    Self::Dictionary { codes, .. } => codes.values.len(),
                    Self::Mixed(values) => values.len(),
                }
            }

            /// Whether there are no rows.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }
    };
}

values! {
    /// Booleans, a byte each.
    Booleans(bool),
    /// 8-bit integers.
    Int8(i8),
    /// 16-bit integers.
    Int16(i16),
    /// 32-bit integers.
    Int32(i32),
    /// 64-bit integers.
    Int64(i64),
    /// Unsigned 8-bit integers.
    UInt8(u8),
    /// Unsigned 16-bit integers.
    UInt16(u16),
    /// Unsigned 32-bit integers.
    UInt32(u32),
    /// Unsigned 64-bit integers.
    UInt64(u64),
    /// 32-bit floats.
    Float32(f32),
    /// 64-bit floats.
    Float64(f64),
    /// Days since 1970.
    Dates(i32),
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows of {}", self.len(), self.type_name())
    }
}

impl Values<'_> {
    /// The type, for messages.
    pub(crate) fn type_name(&self) -> String {
        match self {
            Self::Null(_) => "null".into(),
            Self::Bits(_) | Self::Booleans(_) => "bool".into(),
            Self::Int8(_) => "int8".into(),
            Self::Int16(_) => "int16".into(),
            Self::Int32(_) => "int32".into(),
            Self::Int64(_) => "int64".into(),
            Self::UInt8(_) => "uint8".into(),
            Self::UInt16(_) => "uint16".into(),
            Self::UInt32(_) => "uint32".into(),
            Self::UInt64(_) => "uint64".into(),
            Self::Float32(_) => "float32".into(),
            Self::Float64(_) => "float64".into(),
            Self::Decimal { scale, .. } => format!("decimal({scale} places)"),
            Self::Text(_) => "text".into(),
            Self::Binary(_) => "binary".into(),
            Self::Dates(_) => "date".into(),
            Self::Timestamps { .. } => "timestamp".into(),
            Self::Dictionary { values, .. } => format!("dictionary of {}", values.values.type_name()),
            Self::Mixed(_) => "object".into(),
            Self::Unknown(name, _) => name.clone(),
        }
    }
}
