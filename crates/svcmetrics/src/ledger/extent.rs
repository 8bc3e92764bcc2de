//! How many months a ledger has, and from when to when they are.

use super::chunk::Chunk;
use super::spans::Span;
use std::ops::Range;

/// Months of customers, and those without a row between a customer's first and last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) months: u64,
    pub(super) gaps: u64,
    /// The first and the last of all.
    pub(super) range: Option<(i32, i32)>,
}

impl Extent {
    #[cfg(feature = "serde")]
    pub(super) fn of(chunk: &Chunk) -> Self {
        let mut extent = Self::default();
        extent.take(chunk, 0..chunk.customers.len());
        extent
    }

    pub(super) fn take(&mut self, chunk: &Chunk, customers: Range<usize>) {
        let starts = &chunk.starts[customers.start..=customers.end];
        let spans = &chunk.columns.spans;
        let (Some(first), Some(last)) = (starts.first(), starts.last()) else { return };
        if first == last {
            return;
        }
        let (months, range) = months(&spans[*first as usize..*last as usize]);
        let mut from_first_to_last = 0_u64;
        for customer in starts.windows(2) {
            let (first, last) = (spans[customer[0] as usize], spans[customer[1] as usize - 1]);
            from_first_to_last += u64::from(last.end().abs_diff(first.first()));
        }
        self.add(Self { months, gaps: from_first_to_last - months, range: Some(range) });
    }

    pub(super) fn add(&mut self, other: Self) {
        self.months += other.months;
        self.gaps += other.gaps;
        self.range = match (self.range, other.range) {
            (Some(one), Some(two)) => Some((one.0.min(two.0), one.1.max(two.1))),
            (one, two) => one.or(two),
        };
    }
}

/// How many months some spans have, and the first and the last of them.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn months(spans: &[Span]) -> (u64, (i32, i32)) {
    let (mut months, mut range) = (0, (i32::MAX, i32::MIN));
    for span in spans {
        months += u64::from(span.len());
        range = (range.0.min(span.first()), range.1.max(span.end() - 1));
    }
    (months, range)
}
