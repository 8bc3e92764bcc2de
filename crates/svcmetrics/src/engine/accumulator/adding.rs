//! What the rows of a block add to the lines of their groups.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use super::{Duo, Line};
use crate::mask::ROWS;

/// Rows that are gone through without asking whether they are the last.
const AT_ONCE: usize = 4;

/// Calls for the group of each row of a block. What is done with it takes so little time that a loop's own part is kept small.
#[inline(always)]
fn each_row(groups: &[u32], mut call: impl FnMut(u32, usize)) {
    let (all, rest) = groups.as_chunks::<AT_ONCE>();
    for (at, groups) in all.iter().enumerate().take(ROWS / AT_ONCE) {
        for (row, group) in groups.iter().enumerate() {
            call(*group, at * AT_ONCE + row);
        }
    }
    for (row, group) in (all.len() * AT_ONCE..ROWS).zip(rest) {
        call(*group, row);
    }
}

/// A line is loaded, added and stored at once. Each pair comes by itself: of an array of them the compiler would fetch what stands
/// apart by an instruction that takes longer.
#[multiversion::multiversion(targets(
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"
))]
pub(super) fn add_eight(near: &mut [Line], width: usize, groups: &[u32], a: &Duo, b: &Duo, c: &Duo, d: &Duo) {
    each_row(groups, |group, row| {
        let values = [a[row][0], a[row][1], b[row][0], b[row][1], c[row][0], c[row][1], d[row][0], d[row][1]];
        let sums = &mut near[group as usize * width].0;
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    });
}

/// The same for half a line.
#[multiversion::multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"))]
pub(super) fn add_four(near: &mut [Line], width: usize, groups: &[u32], a: &Duo, b: &Duo) {
    each_row(groups, |group, row| {
        if let Some(sums) = near[group as usize * width].0.first_chunk_mut::<4>() {
            let values = [a[row][0], a[row][1], b[row][0], b[row][1]];
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
    });
}

pub(super) fn add_two(near: &mut [Line], width: usize, groups: &[u32], duo: &Duo) {
    each_row(groups, |group, row| {
        if let Some(sums) = near[group as usize * width].0.first_chunk_mut::<2>() {
            sums.iter_mut().zip(duo[row]).for_each(|(sum, value)| *sum += value);
        }
    });
}
