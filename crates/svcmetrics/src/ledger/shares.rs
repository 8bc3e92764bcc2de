//! A part's rows in shares, a thread each, or in pieces that threads take in turns.

use super::lines::Part;
use crate::engine::{on_threads, threads};
use crate::error::{Error, Result};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Rows that a thread must have: what it allocates is its own, and small shares would cost more memory than
/// they take time.
const SHARE: usize = if cfg!(test) { 2 } else { 1 << 16 };

/// The rows in as many shares as there are threads.
pub(super) fn shares(rows: Range<usize>) -> Vec<Range<usize>> {
    let threads = threads(rows.len()).min((rows.len() / SHARE).max(1));
    let at = |share: usize| rows.start + rows.len() * share / threads;
    (0..threads).map(|share| at(share)..at(share + 1)).collect()
}

/// Rows of a piece: what is made of them stays in the cache until all is known of it, and not many pieces are made.
const PIECE: usize = if cfg!(test) { 2 } else { 1 << 16 };

/// Rows that are sorted, in pieces: no customer is in two of them. Who has the first rows of many may go on from a part before, and is
/// a piece alone: what is made of it is added there, and what is made of the others need not be moved.
pub(super) fn pieces(part: &Part<'_>, rows: Range<usize>) -> Vec<Range<usize>> {
    let mut start = rows.start;
    let mut piece = |end: usize| {
        let mut end = end.clamp(start, rows.end);
        while end > start && end < rows.end && part.goes_on(end) {
            end += 1;
        }
        std::mem::replace(&mut start, end)..end
    };
    let first = (rows.len() > PIECE).then_some(rows.start + 1);
    let ends = first.into_iter().chain((rows.start + PIECE..rows.end).step_by(PIECE)).chain([rows.end]);
    ends.map(&mut piece).filter(|piece| !piece.is_empty()).collect()
}

/// What comes of each piece, in order; so many rows are in all of them. Threads take one after the other, and each has something
/// of its own. Nothing where nothing comes of one of them.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn in_turns<P: Send, O: Default, A: Send>(
    rows: usize,
    pieces: Vec<P>,
    go_on: &mut dyn FnMut() -> bool,
    work: impl Fn(P, &mut O, &mut dyn FnMut() -> bool) -> Option<A> + Sync,
) -> Result<Option<Vec<A>>> {
    let pieces = Mutex::new(pieces.into_iter().enumerate());
    let next = || pieces.lock().unwrap_or_else(PoisonError::into_inner).next();
    let share = |_, (), go_on: &mut dyn FnMut() -> bool| {
        let (mut own, mut made) = (O::default(), Vec::new());
        while let Some((place, piece)) = next() {
            if !go_on() {
                return None;
            }
            made.push((place, work(piece, &mut own, go_on)?));
        }
        Some(made)
    };
    let made = in_shares(shares(0..rows).into_iter().map(|rows| (rows, ())).collect(), go_on, share)?;
    Ok(made.map(|made| {
        let mut made: Vec<(usize, A)> = made.into_iter().flatten().collect();
        made.sort_unstable_by_key(|(place, _)| *place);
        made.into_iter().map(|(_, made)| made).collect()
    }))
}

/// What comes of each share, each with something of its own; nothing where nothing comes of one of them: then the others need
/// not go on. The caller's thread asks whether to go on.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn in_shares<S: Send, A: Send>(
    shares: Vec<(Range<usize>, S)>,
    go_on: &mut dyn FnMut() -> bool,
    work: impl Fn(Range<usize>, S, &mut dyn FnMut() -> bool) -> Option<A> + Sync,
) -> Result<Option<Vec<A>>> {
    let stopped = AtomicBool::new(false);
    let one = |((rows, own), made): ((Range<usize>, S), &mut Option<A>), go_on: &mut dyn FnMut() -> bool| {
        *made = work(rows, own, &mut || !stopped.load(Ordering::Relaxed) && go_on());
        if made.is_none() {
            stopped.store(true, Ordering::Relaxed);
        }
    };
    let mut made: Vec<Option<A>> = Vec::new();
    made.resize_with(shares.len(), || None);
    let is_done = on_threads(shares.into_iter().zip(&mut made).collect(), one, go_on);
    if is_done { Ok(made.into_iter().collect()) } else { Err(Error::Interrupted) }
}
