//! Rows that come sorted by customer: they are columns of a ledger as they stand.

use super::chunk::{Chunk, Customer, same};
use super::lines::{Faults, Part, Rounding};
use super::who::Who;
use crate::engine::STRETCH;
use crate::engine::intake::Cells;
use std::cmp::Ordering;
use std::ops::Range;

/// What a thread makes of some rows.
pub(super) struct Made {
    pub(super) chunk: Chunk,
    pub(super) faults: Faults,
    pub(super) rounding: Rounding,
}

/// The rows as a chunk, where their customers ascend.
pub(super) fn chunk_of(
    part: &Part<'_>,
    rows: Range<usize>,
    segments: &[u32],
    go_on: &mut dyn FnMut() -> bool,
) -> Option<Made> {
    let mut chunk = Chunk::new();
    let (mut faults, mut rounding, mut cells) = (Faults::default(), Rounding::default(), Cells::default());
    chunk.columns.months.reserve_exact(rows.len());
    chunk.columns.amounts.reserve_exact(rows.len());
    for start in rows.clone().step_by(STRETCH) {
        let stretch = start..rows.end.min(start + STRETCH);
        let first = chunk.len();
        let who = part.who(stretch.clone(), &mut faults);
        if !go_on() || !begin_all(&mut chunk, &who, first) {
            return None;
        }
        rounding.merge(part.read(stretch, &mut chunk.columns, &mut cells, &mut faults));
        let from = first.saturating_sub(1);
        chunk.ascends &= strictly(&chunk, &who, first, from);
    }
    chunk.columns.segments.extend_from_slice(segments);
    chunk.close();
    Some(Made { chunk, faults, rounding })
}

/// Begins a customer wherever another comes; whether they ascend.
fn begin_all(chunk: &mut Chunk, who: &Who<'_>, first: usize) -> bool {
    match who {
        Who::Whole(numbers) => {
            let before = chunk.customers.last();
            let Some(one) = numbers.first() else { return true };
            match before.map(|before| before.cmp(&Customer::Whole(*one))) {
                Some(Ordering::Greater) => return false,
                Some(Ordering::Equal) => {}
                Some(Ordering::Less) | None => {
                    if !chunk.begin(Customer::Whole(*one), first) {
                        return false;
                    }
                }
            }
            let mut places = vec![0; numbers.len()];
            let Some(count) = changes(numbers, &mut places) else { return false };
            chunk.begin_many(numbers, &places[..count], first)
        }
        Who::Texts(texts) => {
            for (place, text) in texts.iter().enumerate() {
                let customer = Customer::Text(text);
                let order = match place.checked_sub(1) {
                    // the one before is the last that began
                    Some(before) if same(texts[before].as_bytes(), text.as_bytes()) => continue,
                    Some(before) => Some(texts[before].cmp(text)),
                    None => chunk.customers.last().map(|last| last.cmp(&customer)),
                };
                match order {
                    Some(Ordering::Equal) => continue,
                    Some(Ordering::Greater) => return false,
                    Some(Ordering::Less) | None => {}
                }
                if !chunk.begin(customer, first + place) {
                    return false;
                }
            }
            true
        }
    }
}

/// Where a number is another than the one before, and how many there are such, where numbers ascend.
#[allow(clippy::needless_bitwise_bool)] // without branches, of which many would be foreseen wrongly
fn changes(numbers: &[i64], places: &mut [usize]) -> Option<usize> {
    let (mut count, mut ascends) = (0, true);
    for (place, pair) in (1..).zip(numbers.windows(2)) {
        // there are fewer of them than numbers
        places[count] = place;
        count += usize::from(pair[0] != pair[1]);
        ascends &= pair[0] <= pair[1];
    }
    ascends.then_some(count)
}

/// Whether months ascend wherever a number is that of before.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f"))]
#[allow(clippy::needless_bitwise_bool)] // without branches, many at once
fn ascend(numbers: &[i64], months: &[i32]) -> bool {
    let pairs = numbers.windows(2).zip(months.windows(2));
    pairs.fold(true, |all, (who, months)| all & ((who[0] != who[1]) | (months[0] < months[1])))
}

/// Whether the months of each customer ascend among the lines from `from` on.
fn strictly(chunk: &Chunk, who: &Who<'_>, first: usize, from: usize) -> bool {
    let months = &chunk.columns.months;
    let same_as_before = |place: usize| who.get(place) == who.get(place - 1);
    let within = match who {
        Who::Whole(numbers) => ascend(numbers, &months[first..]),
        Who::Texts(texts) => {
            (1..texts.len()).all(|place| months[first + place - 1] < months[first + place] || !same_as_before(place))
        }
    };
    // the line before the stretch is of the same customer unless one begins here
    let begins = |line: usize| {
        chunk
            .starts
            .iter()
            .rev()
            .skip(1)
            .take_while(|start| **start as usize >= line)
            .any(|start| *start as usize == line)
    };
    within && (from == first || months[from] < months[first] || begins(first))
}

/// Whether the chunks go on where those before end.
pub(super) fn follow(chunks: &[Chunk], made: &[Made]) -> bool {
    let mut before = chunks.iter().rev().find_map(|chunk| chunk.customers.last());
    for chunk in made.iter().map(|made| &made.chunk).filter(|chunk| chunk.customers.len() > 0) {
        let first = chunk.customers.get(0);
        let alike = before.is_none_or(|before| std::mem::discriminant(&before) == std::mem::discriminant(&first));
        if !alike || before.is_some_and(|before| before > first) {
            return false;
        }
        before = chunk.customers.last();
    }
    true
}

/// Appends a chunk; a customer who goes on in it is taken together.
pub(super) fn append(chunks: &mut Vec<Chunk>, mut chunk: Chunk) {
    let last = chunks.last().and_then(|last| last.customers.last());
    if let (Some(last), true) = (last, chunk.customers.len() > 0)
        && chunk.customers.get(0) == last
        && let Some(before) = chunks.last_mut()
    {
        before.ascends &= chunk.ascends && before.columns.months.last() < chunk.columns.months.first();
        before.columns.extend(&chunk.columns, chunk.lines(0));
        before.close();
        chunk.drop_first();
    }
    // the last chunk is the one that may go on
    if chunk.customers.len() > 0 {
        chunks.push(chunk);
    }
}
