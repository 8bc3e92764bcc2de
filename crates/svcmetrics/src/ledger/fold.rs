//! All customers of a ledger, a share at a time, by several threads where there are some.

use super::chunk::Chunk;
use crate::engine::{on_threads, threads};
use crate::error::{Error, Result};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Spans that a thread takes at a time: they stay in its cache, and it is asked often whether to go on.
const SPANS: usize = 1 << 15;

/// How customers are taken into a state, and states into one.
pub(super) struct Fold<E, T, A> {
    /// How many spans cost as much as one more state: there are never so many states that they outweigh the spans.
    pub(super) cost: usize,
    pub(super) empty: E,
    pub(super) take: T,
    /// The order is any.
    pub(super) add: A,
}

impl<E, T, A> Fold<E, T, A> {
    /// Takes all customers into a state. `go_on` is asked now and then.
    ///
    /// # Errors
    /// [`Error::Interrupted`], and those of `empty`.
    pub(super) fn run<S: Send>(&self, chunks: &[Chunk], state: &mut S, go_on: &mut dyn FnMut() -> bool) -> Result<()>
    where
        E: Fn() -> Result<S>,
        T: Fn(&mut S, &Chunk, Range<usize>) + Sync,
        A: Fn(&mut S, S),
    {
        let shares: Vec<(&Chunk, Range<usize>)> = chunks.iter().flat_map(shares).collect();
        let next = AtomicUsize::new(0);
        let take = &self.take;
        let work = |state: &mut S, go_on: &mut dyn FnMut() -> bool| {
            while let Some((chunk, customers)) = shares.get(next.fetch_add(1, Ordering::Relaxed))
                && go_on()
            {
                take(state, chunk, customers.clone());
            }
        };
        let spans: usize = chunks.iter().map(Chunk::len).sum();
        let states = threads(spans).min(1 + spans / self.cost.max(1)).min(shares.len());
        let mut others = (1..states).map(|_| (self.empty)()).collect::<Result<Vec<S>>>()?;
        let is_done = on_threads(std::iter::once(&mut *state).chain(&mut others).collect(), work, go_on);
        for other in others {
            (self.add)(state, other);
        }
        if is_done { Ok(()) } else { Err(Error::Interrupted) }
    }
}

/// The customers of a chunk in stretches of some [`SPANS`].
fn shares(chunk: &Chunk) -> impl Iterator<Item = (&Chunk, Range<usize>)> {
    let (mut start, customers) = (0, chunk.customers.len());
    std::iter::from_fn(move || {
        if start == customers {
            return None;
        }
        if start == 0 && chunk.len() <= SPANS {
            start = customers;
            return Some((chunk, 0..customers));
        }
        let last = chunk.starts[start] as usize + SPANS;
        let reached = chunk.starts.partition_point(|span| *span as usize <= last) - 1;
        let share = start..reached.clamp(start + 1, customers);
        start = share.end;
        Some((chunk, share))
    })
}

/// How large sums of 64 bits can have become, to which each customer adds an amount at most once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bound {
    largest: i64,
    spans: usize,
}

impl Bound {
    /// Counts customers in. Whether the sums, of so many cells, hold theirs too: `settle` empties them where that makes room,
    /// and costs no more than the spans since.
    pub(super) fn holds(
        &mut self,
        chunk: &Chunk,
        customers: &Range<usize>,
        cells: usize,
        settle: impl FnOnce(),
    ) -> bool {
        let spans = (chunk.starts[customers.end] - chunk.starts[customers.start]) as usize;
        let most = chunk.extent().map_or(i64::MAX, |extent| extent.bits) | 1;
        let more = i64::try_from(customers.len()).ok().and_then(|customers| most.checked_mul(customers));
        let Some(more) = more else { return false };
        if self.spans >= cells && self.largest.checked_add(more).is_none() {
            settle();
            *self = Self::default();
        }
        let Some(largest) = self.largest.checked_add(more) else { return false };
        *self = Self { largest, spans: self.spans + spans };
        true
    }
}

/// Room for so many more, all default.
///
/// # Errors
/// [`Error::OutOfMemory`] that says of how many groups.
pub(super) fn grow<T: Clone + Default>(all: &mut Vec<T>, len: usize) -> Result<()> {
    let more = len.saturating_sub(all.len());
    all.try_reserve(more).map_err(|_| Error::OutOfMemory { groups: len as u64 })?;
    all.resize(len.max(all.len()), T::default());
    Ok(())
}
