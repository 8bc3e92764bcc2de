//! What stands in the processor's cache, and what should by the time it is read.

#![allow(clippy::inline_always)] // a call would take longer

/// Bytes that come and go together.
pub(super) const LINE_BYTES: usize = 64;

/// Asks for the line in which something stands, and does not wait for it.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn prefetch<T>(there: &T) {
    safe_arch::prefetch_t1(there);
}

/// Elsewhere the processor is left to itself.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn prefetch<T>(_there: &T) {}
