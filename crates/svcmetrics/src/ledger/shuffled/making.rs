//! Lines of a few buckets -> a chunk: sorted by digits in the cache.

use crate::ledger::buckets::{Block, Bucket, Line, MONTH, Numbers};
use crate::ledger::chunk::{Chunk, Customer};
use crate::ledger::clashes::{Clash, Clashes};
use crate::ledger::codes::Ranked;
use crate::ledger::spans::Paid;
use std::mem;

/// Bits that one pass of the sort looks at.
const DIGIT: u32 = 11;

/// A chunk, and how many of its lines were added to others, unless some clash.
pub(in crate::ledger) type Made = (Chunk, Result<u64, Clashes>);

/// What a thread sorts lines in, without segments and with them. It is kept, since an allocator need not give again what is large
/// and was just freed.
#[derive(Default)]
pub(super) struct Scratch {
    lines: [Vec<Line>; 2],
    told: [Vec<(Line, u32)>; 2],
}

/// A chunk on the way.
pub(super) struct Making {
    pub(super) chunk: Chunk,
    pub(super) added: u64,
    pub(super) clashes: Option<Clashes>,
}

impl Making {
    /// The customers of buckets, who come after those before; each bucket's blocks are given their numbers before.
    pub(super) fn take(
        &mut self,
        buckets: Vec<Bucket>,
        numbers: Numbers,
        ranked: Option<&Ranked>,
        renumber: impl Fn(usize, &mut Block),
        scratch: &mut Scratch,
    ) {
        let customer = |line: &Line| {
            let number = numbers.of(line);
            let ranked = usize::try_from(number).ok().zip(ranked).map(|(rank, ranked)| ranked.get(rank));
            ranked.unwrap_or(Customer::Whole(number))
        };
        let has_segments = buckets.iter().any(Bucket::has_segments);
        let blocks = buckets
            .into_iter()
            .enumerate()
            .flat_map(|(place, bucket)| bucket.blocks().map(move |block| (place, block)));
        let blocks = blocks.map(|(place, mut block)| {
            renumber(place, &mut block);
            block
        });
        let Scratch { lines: [lines, other], told: [told, other_told] } = scratch;
        if has_segments {
            told.clear();
            blocks.for_each(|block| told.extend(block.lines.into_iter().zip(block.segments)));
            sort(told, other_told, |(line, _)| line.key);
            self.add(told.iter().map(|(line, segment)| (*line, Some(*segment))), customer);
        } else {
            lines.clear();
            blocks.for_each(|block| lines.extend_from_slice(&block.lines));
            sort(lines, other, |line: &Line| line.key);
            self.add(lines.iter().map(|line| (*line, None)), customer);
        }
    }

    /// Lines that are sorted; those of one customer and month are added.
    fn add<'a>(&mut self, lines: impl Iterator<Item = (Line, Option<u32>)>, customer: impl Fn(&Line) -> Customer<'a>) {
        let mut last: Option<(u64, Paid)> = None;
        for (line, segment) in lines {
            if let Some((key, paid)) = &mut last {
                if *key == line.key {
                    self.added += 1;
                    let sum = paid.amount.checked_add(line.amount);
                    paid.amount = sum.unwrap_or_default();
                    if let Some(why) = Clash::of((paid.segment, segment), sum) {
                        Clashes::add(&mut self.clashes, self.chunk.customers.len() - 1, paid.month, why);
                    }
                    continue;
                }
                self.chunk.pay(*paid);
            }
            if last.is_none_or(|(key, _)| key >> MONTH != line.key >> MONTH) {
                self.chunk.begin(customer(&line));
            }
            last = Some((line.key, Paid { month: line.month(), segment, amount: line.amount }));
        }
        if let Some((_, paid)) = last {
            self.chunk.pay(paid);
        }
    }
}

/// By customer, then month: digit by digit, where few bits tell them apart. The other place holds nothing that matters.
fn sort<L: Copy>(lines: &mut Vec<L>, other: &mut Vec<L>, key: impl Fn(&L) -> u64) {
    let Some(first) = lines.first().map(&key) else { return };
    let month = |key: u64| key & ((1 << MONTH) - 1);
    let (mut customers, mut months) = ((first >> MONTH, first >> MONTH), (month(first), month(first)));
    for key in lines.iter().map(&key) {
        customers = (customers.0.min(key >> MONTH), customers.1.max(key >> MONTH));
        months = (months.0.min(month(key)), months.1.max(month(key)));
    }
    let bits = |number: u64| u64::BITS - number.leading_zeros();
    let of_month = bits(months.1 - months.0);
    let all = bits(customers.1 - customers.0) + of_month;
    if all > 4 * DIGIT {
        return lines.sort_unstable_by_key(key);
    }
    let key = |line: &L| ((key(line) >> MONTH) - customers.0) << of_month | (month(key(line)) - months.0);
    other.clear();
    other.extend_from_slice(lines);
    for shift in (0..all).step_by(DIGIT as usize) {
        // a digit of 11 bits
        #[allow(clippy::cast_possible_truncation)]
        let digit = |line: &L| (key(line) >> shift) as usize & ((1 << DIGIT) - 1);
        let mut places = [0_u32; 1 << DIGIT];
        for line in lines.iter() {
            places[digit(line)] += 1;
        }
        let mut place = 0;
        for count in &mut places {
            place += mem::replace(count, place);
        }
        for line in lines.iter() {
            let place = &mut places[digit(line)];
            other[*place as usize] = *line;
            *place += 1;
        }
        mem::swap(lines, other);
    }
}
