//! How many months a chunk has, from when to when they are, and how large its amounts can be.

use super::chunk::Chunk;
use super::spans::Span;

/// Months of customers, and those without a row between a customer's first and last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) months: u64,
    pub(super) gaps: u64,
    /// The first and the last of all.
    pub(super) range: Option<(i32, i32)>,
    /// The bits of all amounts together: amounts are not negative, and none is larger.
    pub(super) bits: i64,
}

impl Extent {
    /// That of a chunk in which each customer's months ascend.
    pub(super) fn of(chunk: &Chunk) -> Self {
        let spans = &chunk.columns.spans;
        if spans.is_empty() {
            return Self::default();
        }
        let (months, range) = months(spans);
        let mut from_first_to_last = 0;
        for customer in chunk.starts.windows(2) {
            let (first, last) = (spans[customer[0] as usize], spans[customer[1] as usize - 1]);
            from_first_to_last += u64::from(last.end().abs_diff(first.first()));
        }
        let bits = bits(&chunk.columns.amounts);
        Self { months, gaps: from_first_to_last - months, range: Some(range), bits }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.months += other.months;
        self.gaps += other.gaps;
        self.range = match (self.range, other.range) {
            (Some(one), Some(two)) => Some((one.0.min(two.0), one.1.max(two.1))),
            (one, two) => one.or(two),
        };
        self.bits |= other.bits;
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

#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn bits(amounts: &[i64]) -> i64 {
    amounts.iter().fold(0, |bits, amount| bits | amount)
}
