//! Rows that are read together, of one part or of several, and what a few of them say of all.

use super::bounds::{Bounds, SAMPLE};
use super::lines::Part;
use super::who::Who;
use std::ops::Range;

/// Rows that say whether rows are sorted: few, since each has to be fetched from memory.
const LOOKS: usize = 64;

/// Rows that are looked at of each section at the least.
const LOOKS_EACH: usize = 8;

/// Rows of a part.
pub(super) struct Section<'a> {
    pub(super) part: &'a Part<'a>,
    pub(super) rows: Range<usize>,
    /// Of all rows of the part; none where no columns tell any.
    pub(super) segments: &'a [u32],
}

impl<'a> Section<'a> {
    pub(super) fn segments(&self, rows: Range<usize>) -> &'a [u32] {
        self.segments.get(rows).unwrap_or_default()
    }
}

/// Whether a few of the rows, looked at from first to last, are in ascending order of customers.
pub(super) fn seem_sorted(sections: &[Section<'_>]) -> bool {
    looks(sections, LOOKS).is_sorted_by(|before, after| before.get(0) <= after.get(0))
}

/// Where the customers of the rows are parted, by what some of them are.
pub(super) fn bounds(sections: &[Section<'_>]) -> Bounds {
    Bounds::of(looks(sections, SAMPLE).iter().map(|who| who.get(0)).collect())
}

/// Who has some of the rows, about so many of them all.
fn looks<'a>(sections: &[Section<'a>], count: usize) -> Vec<Who<'a>> {
    let count = (count / sections.len().max(1)).max(LOOKS_EACH);
    sections.iter().flat_map(|section| section.part.looks(section.rows.clone(), count)).collect()
}
