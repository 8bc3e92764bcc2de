//! Rows that come sorted by customer: they are spans of a ledger as they stand.

use super::chunk::Chunk;
use super::lines::{Faults, Part, Rounding, certain};
use super::spans::Paid;
use super::turns::{ROWS, Turned, find_others, find_turns};
use crate::engine::intake::Cells;
use crate::mask::WORD;
use std::ops::Range;

/// What a thread makes of some rows.
pub(super) struct Made {
    pub(super) chunk: Chunk,
    pub(super) faults: Faults,
    pub(super) rounding: Rounding,
}

/// What a thread needs for rows that are taken together.
#[derive(Default)]
pub(super) struct Scratch {
    /// After that of the row before.
    months: Vec<i32>,
    /// A bit for each row: where it is of another customer than the one before.
    others: Vec<u64>,
    /// And where it is not one more month of the same.
    turns: Vec<u64>,
    turned: Turned,
    /// Amounts of the row before and where the rows turn.
    floats: Vec<f64>,
    amounts: Vec<i64>,
    cells: Cells,
    /// What is made of the next piece.
    next: Option<Chunk>,
}

/// The rows, of which there are some, as a chunk, where their customers ascend.
pub(super) fn chunk_of(
    part: &Part<'_>,
    rows: Range<usize>,
    segments: &[u32],
    scratch: &mut Scratch,
    go_on: &mut dyn FnMut() -> bool,
) -> Option<Made> {
    let chunk = scratch.next.take().unwrap_or_default();
    let mut made = Made { chunk, faults: Faults::default(), rounding: Rounding::default() };
    made.begin(part, rows.start, segments.first().copied(), scratch);
    for start in (rows.start + 1..rows.end).step_by(ROWS) {
        let some = start..rows.end.min(start + ROWS);
        let segments = segments.get(start - 1 - rows.start..some.end - rows.start).unwrap_or_default();
        if !go_on() || !made.take(part, some, segments, scratch) {
            return None;
        }
    }
    made.chunk.close();
    made.chunk = made.chunk.measured();
    if made.chunk.len() < made.chunk.room() / 2 {
        // of a few rows: what has room for a piece's is for the next one
        let copy = made.chunk.clone();
        scratch.next = Some(std::mem::replace(&mut made.chunk, copy).emptied());
    } else {
        // pieces are much alike: each is made in little more memory than it needs
        made.chunk = made.chunk.tight();
        scratch.next = Some(made.chunk.another());
    }
    Some(made)
}

impl Made {
    /// Takes the first row.
    fn begin(&mut self, part: &Part<'_>, row: usize, segment: Option<u32>, scratch: &mut Scratch) {
        let Scratch { months, amounts, cells, .. } = scratch;
        months.clear();
        amounts.clear();
        self.chunk.begin(part.who(row..row + 1, &mut self.faults).get(0));
        part.months(row..row + 1, months, &mut self.faults);
        self.rounding.merge(part.amounts(row..row + 1, amounts, cells, &mut self.faults));
        self.chunk.columns.push(Paid { month: months[0], segment, amount: amounts[0] });
    }

    /// Takes rows after others; whether their customers ascend. Segments are those of the row before and of
    /// these.
    fn take(&mut self, part: &Part<'_>, rows: Range<usize>, segments: &[u32], scratch: &mut Scratch) -> bool {
        let Self { chunk, faults, rounding } = self;
        let Scratch { months, others, turns, turned, floats, amounts, cells, .. } = scratch;
        let who = part.who_after(rows.clone(), faults);
        for words in [&mut *others, turns] {
            words.resize(rows.len().div_ceil(WORD), 0);
        }
        if find_others(&who, others, &mut chunk.customers).is_none() {
            return false;
        }
        months.drain(..months.len() - 1);
        part.months(rows.clone(), months, faults);
        amounts.clear();
        let is_read = part.floats().is_some_and(|all| {
            let all = &all[rows.start - 1..rows.end];
            find_turns(months, all, segments, others, turns);
            turned.find(turns, others, months);
            floats.clear();
            // where the row before is rounded, so is each that goes on with it
            floats.push(all[0]);
            floats.extend(turned.places().iter().map(|place| all[*place as usize + 1]));
            certain(floats, amounts)
        });
        if !is_read {
            amounts.extend(chunk.columns.amounts.last());
            rounding.merge(part.amounts(rows, amounts, cells, faults));
            find_turns(months, amounts, segments, others, turns);
            turned.find(turns, others, months);
            for (turn, place) in turned.places().iter().enumerate() {
                amounts[turn + 1] = amounts[*place as usize + 1];
            }
        }
        chunk.ascends &= turned.ascends;
        let (places, begins) = (turned.places(), turned.begins());
        chunk.columns.go_on(turned.before());
        let firsts = begins.iter().map(|turn| places[*turn as usize] as usize + 1);
        let ascend = chunk.begin_many(&who, firsts, begins);
        chunk.columns.spans.extend(turned.spans());
        chunk.columns.amounts.extend_from_slice(&amounts[1..=places.len()]);
        if !segments.is_empty() {
            chunk.columns.segments.extend(places.iter().map(|place| segments[*place as usize + 1]));
        }
        ascend
    }
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
        before.extend_last(&chunk);
        chunk.drop_first();
    }
    // the last chunk is the one that may go on
    if chunk.customers.len() > 0 {
        chunks.push(chunk);
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::columns::Table;
    use crate::ledger::{Ledger, LedgerBuilder, LedgerOptions};
    use crate::period::Period;

    /// Customers with up to 200 months, of which some are left out, come twice, or say nothing new; 1 in 50 amounts is no decimal.
    fn rows() -> Vec<(i64, i32, f64)> {
        let mut rows = Vec::new();
        let mut seed = 7_u32;
        let mut random = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % below
        };
        for customer in 0..40 {
            let mut amount = 5.0;
            for month in 0..random(200) {
                let times = match random(20) {
                    0 => 0,
                    1 => 1 + random(2),
                    _ => 1,
                };
                for _ in 0..times {
                    amount = match random(50) {
                        0 => 1.0 / 3.0,
                        1..5 => f64::from(random(4)),
                        _ => amount,
                    };
                    rows.push((customer * 3 - 50, 24_000 + month.cast_signed(), amount));
                }
            }
        }
        rows
    }

    fn table(rows: &[(i64, i32, f64)], as_text: bool) -> Table<'static> {
        let months: Vec<String> = rows.iter().map(|row| Period::of_month(row.1).unwrap().to_string()).collect();
        let segments: Vec<i64> = rows.iter().map(|row| i64::from(row.1 / 30)).collect();
        let table = Table::new(rows.len())
            .with("month", months)
            .with("revenue", rows.iter().map(|row| row.2).collect::<Vec<f64>>())
            .with("plan", segments);
        if as_text {
            table.with("customer_id", rows.iter().map(|row| format!("cus_{:08}", row.0 + 50)).collect::<Vec<String>>())
        } else {
            table.with("customer_id", rows.iter().map(|row| row.0).collect::<Vec<i64>>())
        }
    }

    fn options(by: bool) -> LedgerOptions {
        let options = LedgerOptions::default();
        if by { options.by(["plan"]) } else { options }
    }

    fn ledger(rows: &[(i64, i32, f64)], as_text: bool, by: bool) -> Ledger {
        Ledger::of(&table(rows, as_text), options(by)).unwrap()
    }

    #[test]
    fn parts_that_come_together_make_the_same_ledger_as_one_table() {
        let ordered = rows();
        for (as_text, by) in [(false, true), (true, false)] {
            let whole = ledger(&ordered, as_text, by);
            for length in [1, 7, 300, 2_000] {
                let mut parts: Vec<Table<'_>> = ordered.chunks(length).map(|rows| table(rows, as_text)).collect();
                parts.push(table(&[], as_text));
                // in order, customers going on from part to part; and each in order, but not one after another
                for is_in_order in [true, false] {
                    let mut builder = LedgerBuilder::new(options(by));
                    builder.add_parts_while(&parts, &mut || true).unwrap();
                    assert_eq!(builder.is_sorted(), is_in_order, "{length} rows a part");
                    assert_eq!(builder.finish().unwrap(), whole, "{length} rows a part");
                    parts.reverse();
                }
            }
        }
    }

    #[test]
    fn months_and_gaps_of_who_goes_on_are_counted_once() {
        // with others after the first one, who goes on, and alone; two months are left out
        for others in [vec![(1, 24_003, 10.0), (2, 24_000, 10.0)], vec![(1, 24_003, 10.0)]] {
            let parts = [vec![(1, 24_000, 10.0)], others.clone()];
            let mut builder = LedgerBuilder::new(options(false));
            builder.add_parts_while(&parts.each_ref().map(|rows| table(rows, true)), &mut || true).unwrap();
            assert!(builder.is_sorted());
            let diagnostics = *builder.finish().unwrap().diagnostics();
            assert_eq!((diagnostics.months, diagnostics.gaps), (1 + others.len() as u64, 2));
        }
    }

    #[test]
    fn rows_in_order_make_the_same_ledger_as_rows_in_none() {
        let ordered = rows();
        let mut others = ordered.clone();
        others.sort_by_key(|row| (row.1 % 7, row.0 % 11));
        let once: Vec<_> = ordered.chunk_by(|one, two| (one.0, one.1) == (two.0, two.1)).map(|rows| rows[0]).collect();
        for (as_text, by) in [(false, false), (false, true), (true, false), (true, true)] {
            let sorted = ledger(&ordered, as_text, by);
            assert_eq!(sorted, ledger(&others, as_text, by));
            assert!(
                sorted.diagnostics().added > 0 && sorted.diagnostics().gaps > 0 && sorted.diagnostics().rounded > 0
            );
            let sorted = ledger(&once, as_text, by);
            assert!(sorted == ledger(&once.iter().rev().copied().collect::<Vec<_>>(), as_text, by));
            let held: usize = sorted.chunks.iter().map(super::Chunk::len).sum();
            assert!(held * 3 < once.len(), "{held} of {}", once.len());
        }
    }
}
