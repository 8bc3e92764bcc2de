//! Two things at once, where there are threads and enough to do.

/// Both answers; `much` is how many rows or groups each is about.
#[cfg(feature = "rayon")]
pub(crate) fn both<A: Send, B: Send>(
    much: usize,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    if super::threads(much) > 1 { rayon::join(one, other) } else { (one(), other()) }
}

/// Both answers, one after the other.
#[cfg(not(feature = "rayon"))]
pub(crate) fn both<A, B>(_much: usize, one: impl FnOnce() -> A, other: impl FnOnce() -> B) -> (A, B) {
    (one(), other())
}
