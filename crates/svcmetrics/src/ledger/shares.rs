//! A part's rows in shares, a thread each.

use super::lines::Part;
use crate::error::{Error, Result};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(feature = "rayon")]
use std::sync::mpsc;
#[cfg(feature = "rayon")]
use std::time::Duration;

/// Rows that a thread must have: what it allocates is its own, and small shares would cost more memory than
/// they take time.
#[cfg(feature = "rayon")]
const SHARE: usize = if cfg!(test) { 2 } else { 1 << 16 };

/// How long a thread waits for the others before it asks whether to go on.
#[cfg(feature = "rayon")]
const PATIENCE: Duration = Duration::from_millis(10);

/// The rows in as many shares as there are threads.
pub(super) fn shares(rows: Range<usize>) -> Vec<Range<usize>> {
    #[cfg(feature = "rayon")]
    let threads = crate::engine::threads(rows.len()).min((rows.len() / SHARE).max(1));
    #[cfg(not(feature = "rayon"))]
    let threads = 1;
    let at = |share: usize| rows.start + rows.len() * share / threads;
    (0..threads).map(|share| at(share)..at(share + 1)).collect()
}

/// The same where rows are sorted: no customer is in two of them.
pub(super) fn shares_of_customers(part: &Part<'_>, rows: Range<usize>) -> Vec<Range<usize>> {
    let mut start = rows.start;
    let mut whole = |share: Range<usize>| {
        let mut end = share.end.max(start);
        while end > start && end < rows.end && part.goes_on(end) {
            end += 1;
        }
        std::mem::replace(&mut start, end)..end
    };
    shares(rows.clone()).into_iter().map(&mut whole).filter(|share| !share.is_empty()).collect()
}

/// What comes of each share, each with something of its own; nothing where nothing comes of one of them: then the others need
/// not go on. The caller's thread takes the first, and asks whether to go on.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn in_shares<S: Send, A: Send>(
    shares: Vec<(Range<usize>, S)>,
    go_on: &mut dyn FnMut() -> bool,
    work: impl Fn(Range<usize>, S, &mut dyn FnMut() -> bool) -> Option<A> + Sync,
) -> Result<Option<Vec<A>>> {
    let stopped = AtomicBool::new(false);
    let one = |(rows, own): (Range<usize>, S), go_on: &mut dyn FnMut() -> bool| {
        let made = work(rows, own, &mut || !stopped.load(Ordering::Relaxed) && go_on());
        if made.is_none() {
            stopped.store(true, Ordering::Relaxed);
        }
        made
    };
    let mut interrupted = false;
    let mut own_go_on = || {
        interrupted |= !go_on();
        !interrupted
    };
    let mut shares = shares.into_iter();
    let first = shares.next();
    let mut made: Vec<Option<A>> = Vec::new();
    made.resize_with(shares.len(), || None);
    #[cfg(feature = "rayon")]
    let first = rayon::in_place_scope(|scope| {
        let (done, others) = mpsc::channel::<()>();
        for (place, share) in made.iter_mut().zip(shares) {
            let (one, done) = (&one, done.clone());
            scope.spawn(move |_| {
                *place = one(share, &mut || true);
                drop(done);
            });
        }
        drop(done);
        let first = first.map(|share| one(share, &mut own_go_on));
        // Who wants to stop is heard while the others are at it. A thread of the pool's own takes what waits for one meanwhile.
        while others.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            while rayon::yield_now() == Some(rayon::Yield::Executed) {}
            if !own_go_on() {
                stopped.store(true, Ordering::Relaxed);
            }
        }
        first
    });
    #[cfg(not(feature = "rayon"))]
    let first = first.map(|share| one(share, &mut own_go_on));
    if interrupted { Err(Error::Interrupted) } else { Ok(first.into_iter().chain(made).collect()) }
}
