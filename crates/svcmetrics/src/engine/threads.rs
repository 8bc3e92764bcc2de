//! Threads that share what there is to do.

#[cfg(feature = "rayon")]
pub(crate) use several::{on_threads, threads};

/// How many threads are worth their while for so many rows.
#[cfg(not(feature = "rayon"))]
pub(crate) fn threads(_rows: usize) -> usize {
    1
}

/// Does all works, one after another. Each asks whether to go on; whether it always was to.
#[cfg(not(feature = "rayon"))]
pub(crate) fn on_threads<W>(
    works: Vec<W>,
    work: impl Fn(W, &mut dyn FnMut() -> bool),
    go_on: &mut dyn FnMut() -> bool,
) -> bool {
    let mut goes_on = true;
    for one in works {
        work(one, &mut || {
            goes_on = goes_on && go_on();
            goes_on
        });
    }
    goes_on
}

#[cfg(feature = "rayon")]
mod several {
    use crate::engine::kernel::STRETCH;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
    use std::time::Duration;

    /// Stretches that a thread must have before it is worth its start.
    const STRETCHES: usize = if cfg!(test) { 2 } else { 8 };

    /// How long a caller waits for threads to begin.
    const SOON: Duration = Duration::from_micros(100);

    /// And then for them to end, before it asks whether to go on.
    const PATIENCE: Duration = Duration::from_millis(10);

    /// The process that started the threads.
    static STARTED_BY: OnceLock<u32> = OnceLock::new();

    /// How many threads are worth their while for so many rows.
    pub(crate) fn threads(rows: usize) -> usize {
        let enough = rows / (STRETCHES * STRETCH);
        if enough < 2 {
            return 1;
        }
        // A process that was forked has none of its parent's threads, and would wait for them for ever.
        let here = std::process::id();
        if *STARTED_BY.get_or_init(|| here) == here { enough.min(rayon::current_num_threads()) } else { 1 }
    }

    /// Does all works, each on a thread of the pool. Each asks whether to go on, which is asked of the caller now and then; whether
    /// it always was to. A caller that is none of these threads does none of several works: whoever wakes a thread and works on is
    /// often where that one is to run, which then waits until the work is done. But what no thread begins soon waits for a place to
    /// run, while the caller's is free: that it does itself.
    pub(crate) fn on_threads<W: Send>(
        works: Vec<W>,
        work: impl Fn(W, &mut dyn FnMut() -> bool) + Sync,
        go_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        let (count, stopped) = (works.len(), AtomicBool::new(false));
        let goes_on = || !stopped.load(Ordering::Relaxed);
        let mut ask = || {
            if goes_on() && !go_on() {
                stopped.store(true, Ordering::Relaxed);
            }
            goes_on()
        };
        let works = Mutex::new(works.into_iter());
        let next = || works.lock().unwrap_or_else(PoisonError::into_inner).next();
        if count < 2 {
            if let Some(one) = next() {
                work(one, &mut ask);
            }
            return goes_on();
        }
        ask();
        rayon::in_place_scope(|scope| {
            let (done, all_done) = mpsc::channel::<()>();
            for _ in 0..count {
                let (next, work, goes_on, done) = (&next, &work, &goes_on, done.clone());
                scope.spawn(move |_| {
                    if let Some(one) = next() {
                        work(one, &mut || goes_on());
                    }
                    drop(done);
                });
            }
            drop(done);
            // a caller that is a thread of the pool does its share, and more
            while rayon::current_thread_index().is_some()
                && let Some(one) = next()
            {
                work(one, &mut ask);
            }
            let mut patience = SOON;
            loop {
                // it may be the one that is to see that nothing is left
                while rayon::yield_now() == Some(rayon::Yield::Executed) {}
                if all_done.recv_timeout(patience) != Err(mpsc::RecvTimeoutError::Timeout) {
                    break;
                }
                ask();
                while let Some(one) = next() {
                    work(one, &mut ask);
                }
                patience = PATIENCE;
            }
        });
        goes_on()
    }

    #[cfg(test)]
    mod tests {
        use super::on_threads;
        use std::sync::atomic::{AtomicUsize, Ordering};
        use std::time::{Duration, Instant};

        #[test]
        fn each_work_is_done_once() {
            for count in [0, 1, 2, 50] {
                let mut done = vec![0; count];
                assert!(on_threads(done.iter_mut().collect(), |done, _| *done += 1, &mut || true));
                assert_eq!(done, vec![1; count]);
            }
        }

        #[test]
        fn the_caller_does_what_no_thread_begins() {
            let (works, here) = (rayon::current_num_threads() + 1, AtomicUsize::new(0));
            let (began, patience) = (Instant::now(), Duration::from_secs(20));
            // each waits for all others, of which one has no thread
            let wait = |(), go_on: &mut dyn FnMut() -> bool| {
                here.fetch_add(1, Ordering::Relaxed);
                while here.load(Ordering::Relaxed) < works && go_on() {
                    assert!(began.elapsed() < patience, "{here:?} of {works} began");
                    std::thread::yield_now();
                }
            };
            assert!(on_threads(vec![(); works], wait, &mut || true));
        }

        #[test]
        fn all_works_hear_that_they_are_not_to_go_on() {
            let until_stopped = |works: usize| {
                let mut asked = 0;
                let until_stopped = |(), go_on: &mut dyn FnMut() -> bool| while go_on() {};
                let goes_on = on_threads(vec![(); works], until_stopped, &mut || {
                    asked += 1;
                    asked < 3
                });
                assert!(!goes_on && asked == 3, "asked {asked} times of {works} works");
            };
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            for works in [1, 2, rayon::current_num_threads() + 1] {
                until_stopped(works);
                pool.install(|| until_stopped(works));
            }
        }
    }
}
