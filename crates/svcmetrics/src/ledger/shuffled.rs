//! Lines that come in any order: put into buckets of neighbouring customers as they come, and each bucket sorted in the cache.

use super::chunk::{Chunk, Clash, Clashes, Customer};
use super::codes::{Codes, Ranked};
use super::lines::Who;
use crate::engine::STRETCH;
use std::mem;

/// Buckets at most; each then fits the second-level cache up to some ten million lines.
const BUCKETS: u32 = 1024;

/// Lines of a block of a bucket: blocks are never copied to grow.
const BLOCK: usize = 128;

/// Lines of a bucket beyond which it is parted.
const MANY: usize = if cfg!(test) { 64 } else { 1 << 17 };

/// Bits of a month: there are 120,000.
const MONTH: u32 = 17;

/// Bits of a customer's number that stand in a line; its bucket has the others.
const OWN: u32 = u64::BITS - MONTH;

/// Bits that one pass of the sort looks at.
const DIGIT: u32 = 11;

/// A line of a bucket: 16 bytes, since all of them are held beside what they become.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// The customer's number without its first bits, and the month.
    key: u64,
    amount: i64,
}

impl Line {
    fn new(number: i64, month: i32, amount: i64) -> Self {
        Self { key: number.cast_unsigned() << MONTH | u64::from(month.unsigned_abs()), amount }
    }

    fn month(&self) -> i32 {
        // of 17 bits
        i32::try_from(self.key & ((1 << MONTH) - 1)).unwrap_or_default()
    }
}

/// Lines in any order.
#[derive(Debug, Clone, Default)]
pub(super) struct Shuffled {
    /// By number, or by code where customers have codes.
    buckets: Buckets,
    codes: Option<Codes>,
}

impl Shuffled {
    /// Lines of these customers, which give months, amounts and segments by their place. Whether all are of one type.
    pub(super) fn add(&mut self, who: &Who<'_>, months: &[i32], amounts: &[i64], segments: &[u32]) -> bool {
        if let (Who::Whole(numbers), None) = (who, &self.codes) {
            if self.buckets.cover(numbers) {
                self.buckets.extend(numbers, months, amounts, segments);
                return true;
            }
            self.give_codes();
        }
        if self.codes.is_none() && !self.buckets.all.is_empty() {
            return months.is_empty();
        }
        let codes = self.codes.get_or_insert_default();
        let Some(numbers) = codes.all(who, months.len()) else { return false };
        // codes are counted up from 0
        if self.buckets.cover(&numbers) {
            self.buckets.extend(&numbers, months, amounts, segments);
        }
        true
    }

    /// Numbers that lie too far apart for buckets get codes.
    fn give_codes(&mut self) {
        let codes = self.codes.get_or_insert_default();
        // all are numbers
        self.buckets.renumber(|number| codes.code(Customer::Whole(number)).unwrap_or_default());
    }

    /// Lines that were thought to be in order.
    pub(super) fn add_chunk(&mut self, chunk: &Chunk) -> bool {
        let mut customers = 0..chunk.customers.len();
        loop {
            // some customers at a time, as their lines are many or few
            let some: Vec<usize> = customers.by_ref().take(STRETCH).collect();
            let (Some(first), Some(last)) = (some.first(), some.last()) else { return true };
            let lines = chunk.lines(*first).start..chunk.lines(*last).end;
            let each = some.iter().flat_map(|place| chunk.lines(*place).map(|_| chunk.customers.get(*place)));
            let segments = chunk.columns.segments.get(lines.clone()).unwrap_or_default();
            let (months, amounts) = (&chunk.columns.months[lines.clone()], &chunk.columns.amounts[lines]);
            if !self.add(&Who::of(each), months, amounts, segments) {
                return false;
            }
        }
    }

    /// The customers in order, each with its lines, how many lines were added to others, and what clashes in which chunk.
    pub(super) fn sorted(mut self) -> Vec<Made> {
        let ranked = self.codes.take().map(|codes| {
            let (ranked, ranks) = codes.ranked();
            self.buckets.renumber(|code| usize::try_from(code).map_or(0, |code| ranks[code]));
            ranked
        });
        each(self.buckets.parted(), |(bucket, numbers)| bucket.chunk(numbers, ranked.as_ref()))
    }
}

/// What the number of each line of a bucket begins with, and how many bits its lines tell.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    first: i64,
    shift: u32,
}

impl Numbers {
    fn of(self, line: &Line) -> i64 {
        let own = (line.key >> MONTH) & ((1 << self.shift) - 1);
        self.first | own.cast_signed()
    }
}

/// Buckets of as many neighbouring numbers each as it takes for there to be few of them.
#[derive(Debug, Clone, Default)]
struct Buckets {
    all: Vec<Bucket>,
    /// The number of the first one's customers without their last bits, `shift` of them.
    first: i64,
    shift: u32,
}

impl Buckets {
    /// Sees to it that these numbers have buckets; they cannot have where they lie too far apart.
    fn cover(&mut self, numbers: &[i64]) -> bool {
        let Some(one) = numbers.first() else { return true };
        let (least, most) = numbers.iter().fold((*one, *one), |(least, most), n| (least.min(*n), most.max(*n)));
        let (mut first, mut last) = (least >> self.shift, most >> self.shift);
        let place = |place: usize| self.first.saturating_add(i64::try_from(place).unwrap_or(i64::MAX));
        let used = self.all.iter().rposition(|bucket| bucket.len() > 0);
        if let Some(used) = used {
            if first >= self.first && last <= place(self.all.len() - 1) {
                return true;
            }
            (first, last) = (first.min(self.first), last.max(place(used)));
        }
        let mut wider = 0;
        while (last >> wider).abs_diff(first >> wider) >= BUCKETS.into() {
            wider += 1;
        }
        if self.shift + wider > OWN {
            return false;
        }
        let mut all: Vec<Bucket> = Vec::new();
        all.resize_with(BUCKETS as usize, Bucket::default);
        for (place, bucket) in mem::take(&mut self.all).into_iter().enumerate().take(used.map_or(0, |used| used + 1)) {
            let place = (self.first + i64::try_from(place).unwrap_or_default()) >> wider;
            all[place.abs_diff(first >> wider) as usize].append(bucket);
        }
        (self.all, self.first, self.shift) = (all, first >> wider, self.shift + wider);
        true
    }

    /// Lines of numbers that are covered.
    fn extend(&mut self, numbers: &[i64], months: &[i32], amounts: &[i64], segments: &[u32]) {
        for (place, number) in numbers.iter().enumerate() {
            let line = Line::new(*number, months[place], amounts[place]);
            self.bucket(*number).push(line, segments.get(place).copied());
        }
    }

    fn bucket(&mut self, number: i64) -> &mut Bucket {
        &mut self.all[(number >> self.shift).abs_diff(self.first) as usize]
    }

    fn numbers(&self, place: usize) -> Numbers {
        let place = i64::try_from(place).unwrap_or_default();
        Numbers { first: self.first.wrapping_add(place) << self.shift, shift: self.shift }
    }

    /// Other numbers for the same lines.
    fn renumber(&mut self, mut number: impl FnMut(i64) -> u32) {
        let before = mem::take(self);
        let places = (0..before.all.len()).map(|place| before.numbers(place)).collect::<Vec<_>>();
        for (bucket, numbers) in before.all.into_iter().zip(places) {
            for block in bucket.blocks() {
                let others: Vec<i64> = block.lines.iter().map(|line| number(numbers.of(line)).into()).collect();
                self.take(&block, &others);
            }
        }
    }

    /// Lines of a block, whose customers have these numbers.
    fn take(&mut self, block: &Block, numbers: &[i64]) {
        let covered = self.cover(numbers);
        debug_assert!(covered, "ranks, codes and numbers of one bucket are neighbours");
        for (place, (line, number)) in block.lines.iter().zip(numbers).enumerate() {
            let line = Line::new(*number, line.month(), line.amount);
            self.bucket(*number).push(line, block.segments.get(place).copied());
        }
    }

    /// The buckets that have lines; what is too large for the cache is parted again.
    fn parted(self) -> Vec<(Bucket, Numbers)> {
        let places: Vec<Numbers> = (0..self.all.len()).map(|place| self.numbers(place)).collect();
        let mut parted = Vec::new();
        for (bucket, numbers) in self.all.into_iter().zip(places).filter(|(bucket, _)| bucket.len() > 0) {
            if bucket.len() <= MANY || numbers.shift == 0 {
                parted.push((bucket, numbers));
                continue;
            }
            let mut parts = Self::default();
            for block in bucket.blocks() {
                let own: Vec<i64> = block.lines.iter().map(|line| numbers.of(line)).collect();
                parts.take(&block, &own);
            }
            parted.extend(parts.parted());
        }
        parted
    }
}

/// Lines, and their segments where there are some.
#[derive(Debug, Clone, Default)]
struct Block {
    lines: Vec<Line>,
    segments: Vec<u32>,
}

/// The lines of some customers, in no order.
#[derive(Debug, Clone, Default)]
struct Bucket {
    full: Vec<Block>,
    last: Block,
}

impl Bucket {
    fn len(&self) -> usize {
        self.full.iter().map(|block| block.lines.len()).sum::<usize>() + self.last.lines.len()
    }

    fn push(&mut self, line: Line, segment: Option<u32>) {
        if self.last.lines.len() == BLOCK {
            let segments = Vec::with_capacity(self.last.segments.len());
            let next = Block { lines: Vec::with_capacity(BLOCK), segments };
            self.full.push(mem::replace(&mut self.last, next));
        }
        self.last.lines.push(line);
        self.last.segments.extend(segment);
    }

    fn append(&mut self, other: Self) {
        if self.len() == 0 {
            *self = other;
        } else {
            self.full.extend(other.blocks());
        }
    }

    /// Its blocks, each of which is dropped once it is done with.
    fn blocks(self) -> impl Iterator<Item = Block> {
        self.full.into_iter().chain([self.last]).filter(|block| !block.lines.is_empty())
    }

    /// Its customers in order.
    fn chunk(self, numbers: Numbers, ranked: Option<&Ranked>) -> Made {
        let key = |line: &Line| line.key;
        let has_segments = !self.last.segments.is_empty() || self.full.iter().any(|block| !block.segments.is_empty());
        if has_segments {
            let each = |block: Block| block.lines.into_iter().zip(block.segments);
            let mut lines: Vec<(Line, u32)> = self.blocks().flat_map(each).collect();
            sort(&mut lines, |(line, _)| key(line));
            return made(&lines, numbers, ranked, |(line, segment)| (*line, Some(*segment)));
        }
        let mut lines = Vec::with_capacity(self.len());
        self.blocks().for_each(|block| lines.extend_from_slice(&block.lines));
        sort(&mut lines, key);
        made(&lines, numbers, ranked, |line| (*line, None))
    }
}

/// The answers for all, by several threads where there are some.
fn each<A: Send, B: Send>(all: Vec<A>, answer: impl Fn(A) -> B + Sync + Send) -> Vec<B> {
    #[cfg(feature = "rayon")]
    if crate::engine::threads(usize::MAX) > 1 {
        use rayon::prelude::*;
        return all.into_par_iter().map(answer).collect();
    }
    all.into_iter().map(answer).collect()
}

/// A chunk, and how many of its lines were added to others, unless some clash.
type Made = (Chunk, Result<u64, Clashes>);

/// Lines that are sorted, those of one customer and month added.
fn made<L>(lines: &[L], numbers: Numbers, ranked: Option<&Ranked>, parts: impl Fn(&L) -> (Line, Option<u32>)) -> Made {
    let mut chunk = Chunk::new();
    chunk.columns.months.reserve_exact(lines.len());
    chunk.columns.amounts.reserve_exact(lines.len());
    let (mut added, mut clashes) = (0, None);
    // a key that no line has: its month is none
    let mut last = u64::MAX;
    for (line, segment) in lines.iter().map(parts) {
        let columns = &mut chunk.columns;
        if let (true, Some(amount)) = (last == line.key, columns.amounts.last_mut()) {
            added += 1;
            let sum = amount.checked_add(line.amount);
            *amount = sum.unwrap_or_default();
            let before = columns.segments.last().copied().unwrap_or_default();
            if let Some(why) = Clash::of((before, segment.unwrap_or_default()), sum) {
                Clashes::add(&mut clashes, chunk.customers.len() - 1, line.month(), why);
            }
            continue;
        }
        if last >> MONTH != line.key >> MONTH || chunk.customers.len() == 0 {
            let (place, number) = (columns.months.len(), numbers.of(&line));
            let customer = usize::try_from(number).ok().zip(ranked).map(|(rank, ranked)| ranked.get(rank));
            chunk.begin(customer.unwrap_or(Customer::Whole(number)), place);
        }
        chunk.columns.months.push(line.month());
        chunk.columns.amounts.push(line.amount);
        chunk.columns.segments.extend(segment);
        last = line.key;
    }
    chunk.close();
    (chunk, clashes.map_or(Ok(added), Err))
}

/// By customer, then month: digit by digit, where few bits tell them apart.
fn sort<L: Copy>(lines: &mut Vec<L>, key: impl Fn(&L) -> u64) {
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
    let mut other = lines.clone();
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
        mem::swap(lines, &mut other);
    }
}
