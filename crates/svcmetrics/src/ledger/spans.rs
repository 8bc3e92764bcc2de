//! Months of a customer that follow each other, with one amount and in one segment: most change rarely, and all of a span are
//! held, and summed, at once.

use std::ops::Range;

/// Bits that say how many months a span has; the others, 17 of them, say its first.
const LENGTH: u32 = 15;

/// Months of a span at most.
const MOST: u32 = (1 << LENGTH) - 1;

/// The first month, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(u32);

impl Span {
    /// So many months, no more than [`MOST`].
    #[inline]
    pub(super) fn new(first: i32, months: u32) -> Self {
        Self(first.cast_unsigned() << LENGTH | months)
    }

    #[inline]
    pub(super) fn first(self) -> i32 {
        (self.0 >> LENGTH).cast_signed()
    }

    #[inline]
    pub(super) fn len(self) -> u32 {
        self.0 & MOST
    }

    /// The month after its last.
    #[inline]
    pub(super) fn end(self) -> i32 {
        self.first() + self.len().cast_signed()
    }

    pub(super) fn months(self) -> Range<i32> {
        self.first()..self.end()
    }
}

/// What a customer paid in a month; without segments, in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Paid {
    pub(super) month: i32,
    pub(super) segment: Option<u32>,
    /// The run rate of a year, in micro-units.
    pub(super) amount: i64,
}

/// Spans, a place each. Without segments there are no codes of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub(super) spans: Vec<Span>,
    /// Run rates of a year, in micro-units.
    pub(super) amounts: Vec<i64>,
    pub(super) segments: Vec<u32>,
}

/// So many, and a few more.
pub(super) fn with_slack(len: usize) -> usize {
    len + len / 16 + 8
}

/// Whether there is memory for more than a few more.
pub(super) fn is_loose<T>(all: &Vec<T>) -> bool {
    all.capacity() > with_slack(all.len())
}

impl Columns {
    pub(super) fn reserve(&mut self, spans: usize, segments: usize) {
        self.spans.reserve_exact(spans);
        self.amounts.reserve_exact(spans);
        self.segments.reserve_exact(segments);
    }

    pub(super) fn extend(&mut self, other: &Self, spans: Range<usize>) {
        self.spans.extend_from_slice(&other.spans[spans.clone()]);
        self.amounts.extend_from_slice(&other.amounts[spans.clone()]);
        if !other.segments.is_empty() {
            self.segments.extend_from_slice(&other.segments[spans]);
        }
    }

    /// None, with room for a little more than there are here.
    pub(super) fn another(&self) -> Self {
        let mut another = Self::default();
        let segments = if self.segments.is_empty() { 0 } else { with_slack(self.segments.len()) };
        another.reserve(with_slack(self.spans.len()), segments);
        another
    }

    pub(super) fn are_loose(&self) -> bool {
        is_loose(&self.spans) || is_loose(&self.amounts) || is_loose(&self.segments)
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.spans.truncate(len);
        self.amounts.truncate(len);
        self.segments.truncate(len);
    }

    pub(super) fn drop_first(&mut self, spans: usize) {
        self.spans.drain(..spans);
        self.amounts.drain(..spans);
        self.segments.drain(..spans.min(self.segments.len()));
    }

    /// Begins a span.
    pub(super) fn push(&mut self, paid: Paid) {
        self.spans.push(Span::new(paid.month, 1));
        self.amounts.push(paid.amount);
        self.segments.extend(paid.segment);
    }

    /// The last span goes on for so many months.
    pub(super) fn go_on(&mut self, months: u32) {
        let Some(last) = self.spans.last_mut() else { return };
        if last.len() + months <= MOST {
            last.0 += months;
            return;
        }
        // thousands of years are more than one span
        let next = Span::new(last.end(), months);
        self.spans.push(next);
        self.amounts.extend_from_within(self.amounts.len() - 1..);
        self.segments.extend_from_within(self.segments.len().saturating_sub(1)..);
    }

    /// What was paid in each month of some spans.
    pub(super) fn paid(&self, spans: Range<usize>) -> impl Iterator<Item = Paid> {
        spans.flat_map(|span| {
            let (segment, amount) = (self.segments.get(span).copied(), self.amounts[span]);
            self.spans[span].months().map(move |month| Paid { month, segment, amount })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_as_long_as_there_are_months() {
        for segment in [None, Some(7)] {
            let first = Paid { month: 0, segment, amount: 5 };
            let mut columns = Columns::default();
            columns.push(first);
            for _ in 0..59 {
                columns.go_on(2_033);
            }
            columns.go_on(52);
            let months: Vec<Paid> = (0..120_000).map(|month| Paid { month, ..first }).collect();
            assert_eq!(columns.paid(0..columns.spans.len()).collect::<Vec<_>>(), months);
            assert!(columns.spans.len() < 5, "{}", columns.spans.len());
        }
    }
}
