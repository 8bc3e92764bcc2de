//! Lines of one customer and month that cannot be added up.

/// Lines that cannot be added to the one before of the same customer and month: the first of them, and how many there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clashes {
    pub(super) customer: usize,
    pub(super) month: i32,
    pub(super) why: Clash,
    pub(super) count: u64,
}

impl Clashes {
    /// One more.
    pub(super) fn add(found: &mut Option<Self>, customer: usize, month: i32, why: Clash) {
        match found {
            Some(found) => found.count += 1,
            None => *found = Some(Self { customer, month, why, count: 1 }),
        }
    }
}

/// Why two lines of a customer and month cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clash {
    /// They are of two segments.
    Segments(u32, u32),
    /// Together they are too large.
    Range,
}

impl Clash {
    /// Why lines of two segments cannot be added, whose amounts together are such.
    pub(super) fn of(segments: (Option<u32>, Option<u32>), sum: Option<i64>) -> Option<Self> {
        match (segments, sum) {
            ((Some(one), Some(other)), _) if one != other => Some(Self::Segments(one, other)),
            (_, None) => Some(Self::Range),
            (_, Some(_)) => None,
        }
    }
}
