//! What the rows of a block add to the lines of their groups.

use super::{HALF_LINE, LINE, Line};
use crate::mask::ROWS;

/// What each row adds to a place.
pub(super) type Column = [i64; ROWS];

/// Adds what each row has for the places of a line, of which so many are used, to its group. The lines begin with the one of the
/// first group, and each group has `width` of them.
pub(super) fn add_each(near: &mut [Line], width: usize, groups: &[u32], columns: [&Column; LINE], used: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        let level = fearless_simd::Level::new();
        match (level.as_avx512(), level.as_avx2()) {
            (Some(avx512), _) if used > HALF_LINE => return wide::add_whole(avx512, near, width, groups, columns),
            (_, Some(avx2)) => return wide::add_each(avx2, near, width, groups, columns, used),
            _ => {}
        }
    }
    add_rows(near, width, groups, columns, 0);
    let _ = used;
}

/// The same from a row on.
fn add_rows(near: &mut [Line], width: usize, groups: &[u32], columns: [&Column; LINE], first: usize) {
    for (row, group) in (first..ROWS).zip(groups.iter().skip(first)) {
        let sums = &mut near[*group as usize * width].0;
        sums.iter_mut().zip(columns).for_each(|(sum, column)| *sum += column[row]);
    }
}

/// Four rows at once, whose values stand side by side only in registers. Laid out in memory first, as a compiler does by itself, it
/// takes twice the time.
#[cfg(target_arch = "x86_64")]
mod wide {
    use super::{Column, HALF_LINE, LINE, Line, ROWS, add_rows};
    use fearless_simd::{i64x4, i64x8, prelude::*};
    use std::arch::x86_64::{
        __m256i, __m512i, _mm256_add_epi64, _mm256_permute2x128_si256, _mm256_unpackhi_epi64, _mm256_unpacklo_epi64,
        _mm512_add_epi64, _mm512_castsi256_si512, _mm512_inserti64x4, _mm512_permutex2var_epi64, _mm512_setr_epi64,
        _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
    };

    /// Rows that are added at once.
    const FOUR: usize = 4;

    /// A column, four rows at a time.
    type Fours = [[i64; FOUR]; ROWS / FOUR];

    fearless_simd::kernel!(
        pub(super) fn add_each(
            avx2: Avx2,
            near: &mut [Line],
            width: usize,
            groups: &[u32],
            columns: [&Column; LINE],
            used: usize,
        ) {
            let load = |values: &[i64; FOUR]| -> __m256i { i64x4::from_slice(avx2, values).into() };
            // four columns of four rows -> four rows of four columns
            let rows_of = |columns: [&Fours; HALF_LINE], at: usize| {
                let [a, b, c, d] = columns.map(|column| load(&column[at]));
                let (ab, more_ab) = (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
                let (cd, more_cd) = (_mm256_unpacklo_epi64(c, d), _mm256_unpackhi_epi64(c, d));
                [
                    _mm256_permute2x128_si256::<0x20>(ab, cd),
                    _mm256_permute2x128_si256::<0x20>(more_ab, more_cd),
                    _mm256_permute2x128_si256::<0x31>(ab, cd),
                    _mm256_permute2x128_si256::<0x31>(more_ab, more_cd),
                ]
            };
            let add = |sums: &mut [i64; HALF_LINE], values: __m256i| {
                let sum: i64x4<_> = _mm256_add_epi64(load(sums), values).simd_into(avx2);
                sum.store_slice(sums);
            };
            let (fours, rest) = groups.as_chunks::<FOUR>();
            let columns_from = |first: usize| -> [&Fours; HALF_LINE] {
                std::array::from_fn(|place| zerocopy::transmute_ref!(columns[first + place]))
            };
            let (low, high) = (columns_from(0), columns_from(HALF_LINE));
            for (at, groups) in fours.iter().enumerate().take(ROWS / FOUR) {
                let low = rows_of(low, at);
                if used > HALF_LINE {
                    let high = rows_of(high, at);
                    for (group, (low, high)) in groups.iter().zip(low.into_iter().zip(high)) {
                        if let [sums, others] = near[*group as usize * width].0.as_chunks_mut().0 {
                            add(sums, low);
                            add(others, high);
                        }
                    }
                } else {
                    for (group, low) in groups.iter().zip(low) {
                        if let [sums, _] = near[*group as usize * width].0.as_chunks_mut().0 {
                            add(sums, low);
                        }
                    }
                }
            }
            add_rows(near, width, groups, columns, groups.len() - rest.len());
        }
    );

    fearless_simd::kernel!(
        /// Lines that are a register each.
        pub(super) fn add_whole(
            avx512: Avx512,
            near: &mut [Line],
            width: usize,
            groups: &[u32],
            columns: [&Column; LINE],
        ) {
            let load = |values: &[i64; FOUR]| -> __m256i { i64x4::from_slice(avx512, values).into() };
            let (fours, rest) = groups.as_chunks::<FOUR>();
            let columns_of: [&Fours; LINE] = columns.map(|column| zerocopy::transmute_ref!(column));
            // what the first of two rows has in two registers, half of the columns in each, and the second
            let one = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
            let other = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
            for (at, groups) in fours.iter().enumerate().take(ROWS / FOUR) {
                // four rows of a column, and of the one that stands half a line further on
                let [a, b, c, d] = std::array::from_fn(|place| {
                    let (low, high) = (load(&columns_of[place][at]), load(&columns_of[HALF_LINE + place][at]));
                    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
                });
                let (ab, more_ab) = (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
                let (cd, more_cd) = (_mm512_unpacklo_epi64(c, d), _mm512_unpackhi_epi64(c, d));
                let rows = [
                    _mm512_permutex2var_epi64(ab, one, cd),
                    _mm512_permutex2var_epi64(more_ab, one, more_cd),
                    _mm512_permutex2var_epi64(ab, other, cd),
                    _mm512_permutex2var_epi64(more_ab, other, more_cd),
                ];
                for (group, row) in groups.iter().zip(rows) {
                    let sums = &mut near[*group as usize * width].0;
                    let before: __m512i = i64x8::from_slice(avx512, sums.as_slice()).into();
                    let sum: i64x8<_> = _mm512_add_epi64(before, row).simd_into(avx512);
                    sum.store_slice(sums);
                }
            }
            add_rows(near, width, groups, columns, groups.len() - rest.len());
        }
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_added_the_same_in_any_number_and_by_any_processor() {
        let columns: [Column; LINE] = std::array::from_fn(|place| std::array::from_fn(|row| noise(place * ROWS + row)));
        for groups in 1..=3 {
            for rows in [0, 1, 3, 4, 63, ROWS - 2, ROWS] {
                let groups: Vec<u32> = (0..rows).map(|row| u32::try_from(row % groups).unwrap()).collect();
                let groups = groups.as_slice();
                for used in 1..=LINE {
                    let columns = std::array::from_fn(|place| if place < used { &columns[place] } else { &[0; ROWS] });
                    let mut expected = vec![[0_i64; LINE]; 3];
                    for (row, group) in groups.iter().enumerate() {
                        for (place, sum) in expected[*group as usize].iter_mut().enumerate() {
                            *sum += columns[place][row];
                        }
                    }
                    let check = |add: &dyn Fn(&mut [Line])| {
                        let mut near = vec![Line::default(); 6];
                        add(&mut near);
                        for (lines, expected) in near.as_chunks::<2>().0.iter().zip(&expected) {
                            assert_eq!((lines[0].0, lines[1].0), (*expected, [0; LINE]));
                        }
                    };
                    check(&|near| add_rows(near, 2, groups, columns, 0));
                    check(&|near| add_each(near, 2, groups, columns, used));
                    // the one that a processor with wider registers leaves alone
                    #[cfg(target_arch = "x86_64")]
                    if let Some(avx2) = fearless_simd::Level::new().as_avx2() {
                        check(&|near| wide::add_each(avx2, near, 2, groups, columns, used));
                    }
                }
            }
        }
    }

    /// A number that looks random, of any size that is added without room being made again.
    fn noise(at: usize) -> i64 {
        let number = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        number.cast_signed() >> (8 + at % 50)
    }
}
