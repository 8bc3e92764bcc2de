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

/// Lines in any order, in shards that threads fill by themselves. All customers are of one type.
#[derive(Debug, Clone, Default)]
pub(super) struct Shuffled {
    shards: Vec<Shard>,
}

/// Lines in any order.
#[derive(Debug, Clone, Default)]
pub(super) struct Shard {
    /// By number, or by code where customers have codes.
    buckets: Buckets,
    codes: Option<Codes>,
}

impl Shard {
    /// Lines of these customers, which give months, amounts and segments by their place.
    pub(super) fn add(&mut self, who: &Who<'_>, months: &[i32], amounts: &[i64], segments: &[u32]) {
        if let (Who::Whole(numbers), None) = (who, &self.codes) {
            if self.buckets.cover(numbers) {
                return self.buckets.extend(numbers, months, amounts, segments);
            }
            self.give_codes();
        }
        let codes = self.codes.get_or_insert_default().all(who, months.len());
        let covered = self.buckets.cover(&codes);
        debug_assert!(covered, "codes are counted up from 0");
        self.buckets.extend(&codes, months, amounts, segments);
    }

    /// Numbers that lie too far apart for buckets get codes.
    fn give_codes(&mut self) {
        if self.codes.is_none() {
            let codes = self.codes.insert(Codes::default());
            self.buckets.renumber(|number| codes.code(Customer::Whole(number)));
        }
    }
}

impl Shuffled {
    /// So many shards, at least.
    pub(super) fn shards(&mut self, count: usize) -> &mut [Shard] {
        self.shards.resize_with(self.shards.len().max(count), Shard::default);
        &mut self.shards
    }

    /// Lines that were thought to be in order.
    pub(super) fn add_chunk(&mut self, chunk: &Chunk) {
        let shard = &mut self.shards(1)[0];
        // some customers at a time: their numbers are written out for each line
        for start in (0..chunk.customers.len()).step_by(STRETCH) {
            let customers = start..chunk.customers.len().min(start + STRETCH);
            let lines = chunk.lines(start).start..chunk.lines(customers.end - 1).end;
            let who = customers.flat_map(|place| chunk.lines(place).map(move |_| chunk.customers.get(place)));
            let segments = chunk.columns.segments.get(lines.clone()).unwrap_or_default();
            shard.add(&Who::of(who), &chunk.columns.months[lines.clone()], &chunk.columns.amounts[lines], segments);
        }
    }

    /// The customers in order, each with its lines, how many lines were added to others, and what clashes in which chunk.
    pub(super) fn sorted(self) -> Vec<Made> {
        let (buckets, ranked) = self.together();
        each(buckets.parted(), |(bucket, numbers)| bucket.chunk(numbers, ranked.as_ref()))
    }

    /// The lines of all shards, by number, or by rank where customers have codes.
    fn together(mut self) -> (Buckets, Option<Ranked>) {
        // buckets are put together whole
        let shift = self.shards.iter().map(|shard| shard.buckets.shift).max().unwrap_or_default();
        let mut buckets = Buckets { shift, ..Buckets::default() };
        if self.shards.iter().all(|shard| shard.codes.is_none()) {
            let ends: Vec<i64> = self.shards.iter().flat_map(|shard| shard.buckets.ends()).collect();
            if buckets.cover(&ends) {
                self.shards.into_iter().for_each(|shard| buckets.merge(shard.buckets));
                return (buckets, None);
            }
        }
        buckets.shift = 0;
        self.shards.iter_mut().for_each(Shard::give_codes);
        let codes = self.shards.iter_mut().filter_map(|shard| shard.codes.take()).collect();
        let (ranked, ranks) = Codes::ranked(codes);
        for (shard, ranks) in self.shards.into_iter().zip(ranks) {
            let rank = |code| usize::try_from(code).map_or(0, |code| ranks[code]);
            shard.buckets.each_block(|block, numbers| buckets.take(&block, numbers, rank));
        }
        (buckets, Some(ranked))
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
        let (low, high) =
            numbers.iter().fold((*one, *one), |(low, high), number| (low.min(*number), high.max(*number)));
        let (mut first, mut last) = (low >> self.shift, high >> self.shift);
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
            all[place_from(first >> wider, place)].append(bucket);
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
        &mut self.all[place_from(self.first, number >> self.shift)]
    }

    fn numbers(&self, place: usize) -> Numbers {
        let place = i64::try_from(place).unwrap_or_default();
        Numbers { first: self.first.wrapping_add(place) << self.shift, shift: self.shift }
    }

    /// The first and the last number that it has buckets for, where there are lines.
    fn ends(&self) -> Vec<i64> {
        let place = |bucket: Option<usize>| bucket.map(|place| self.numbers(place).first);
        let has_lines = |bucket: &Bucket| bucket.len() > 0;
        let ends = [self.all.iter().position(has_lines), self.all.iter().rposition(has_lines)];
        ends.into_iter().filter_map(place).collect()
    }

    /// The lines of others, whose numbers are covered.
    fn merge(&mut self, others: Self) {
        debug_assert!(self.shift >= others.shift, "what covers more is wider");
        let places: Vec<i64> = (0..others.all.len()).map(|place| others.numbers(place).first).collect();
        for (bucket, number) in others.all.into_iter().zip(places).filter(|(bucket, _)| bucket.len() > 0) {
            self.bucket(number).append(bucket);
        }
    }

    /// All lines, block by block; what was taken is dropped.
    fn each_block(self, mut take: impl FnMut(Block, Numbers)) {
        let places: Vec<Numbers> = (0..self.all.len()).map(|place| self.numbers(place)).collect();
        for (bucket, numbers) in self.all.into_iter().zip(places) {
            bucket.blocks().for_each(|block| take(block, numbers));
        }
    }

    /// Other numbers for the same lines.
    fn renumber(&mut self, mut number: impl FnMut(i64) -> u32) {
        let before = mem::take(self);
        before.each_block(|block, numbers| self.take(&block, numbers, &mut number));
    }

    /// Lines of a block, by other numbers, which are neighbours.
    fn take<N: Into<i64>>(&mut self, block: &Block, numbers: Numbers, mut number: impl FnMut(i64) -> N) {
        let numbers: Vec<i64> = block.lines.iter().map(|line| number(numbers.of(line)).into()).collect();
        let covered = self.cover(&numbers);
        debug_assert!(covered, "ranks, codes and numbers of one bucket are neighbours");
        for (place, (line, number)) in block.lines.iter().zip(numbers).enumerate() {
            let line = Line::new(number, line.month(), line.amount);
            self.bucket(number).push(line, block.segments.get(place).copied());
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
            bucket.blocks().for_each(|block| parts.take(&block, numbers, |number| number));
            parted.extend(parts.parted());
        }
        parted
    }
}

/// Which of the buckets one is.
fn place_from(first: i64, place: i64) -> usize {
    #[allow(clippy::cast_possible_truncation)] // there are 1024
    let place = place.abs_diff(first) as usize;
    place
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Lines of these customers in two shards, in parts of a few; each has an amount of its own.
    fn filled(customers: &[Customer<'_>], months: &[i32], segments: &[u32]) -> Shuffled {
        let mut shuffled = Shuffled::default();
        let amounts: Vec<i64> = (1..).take(customers.len()).collect();
        for (part, start) in (0..customers.len()).step_by(7).enumerate() {
            let lines = start..customers.len().min(start + 7);
            let who = Who::of(customers[lines.clone()].iter().copied());
            let segments = segments.get(lines.clone()).unwrap_or_default();
            shuffled.shards(2)[part % 2].add(&who, &months[lines.clone()], &amounts[lines], segments);
        }
        shuffled
    }

    /// Customer, month, amount, segment.
    type Lines<'a> = Vec<(Customer<'a>, i32, i64, Option<u32>)>;

    fn lines(chunks: &[Made]) -> Lines<'_> {
        let mut lines = Vec::new();
        for (chunk, _) in chunks {
            for customer in 0..chunk.customers.len() {
                let columns = &chunk.columns;
                lines.extend(chunk.lines(customer).map(|line| {
                    let segment = columns.segments.get(line).copied();
                    (chunk.customers.get(customer), columns.months[line], columns.amounts[line], segment)
                }));
            }
        }
        lines
    }

    fn check(customers: &[Customer<'_>], with_segments: bool) {
        let month = |place: usize| 24_000 + i32::try_from(place * 31 % 37).unwrap();
        let months: Vec<i32> = (0..customers.len()).map(month).collect();
        // one a customer and month
        let segment = |place: &i32| place.unsigned_abs() % 3;
        let segments: Vec<u32> = if with_segments { months.iter().map(segment).collect() } else { Vec::new() };
        let mut expected = BTreeMap::new();
        for (place, customer) in customers.iter().enumerate() {
            let line = expected.entry((*customer, months[place])).or_insert((0, 0_u64));
            *line = (line.0 + i64::try_from(place).unwrap() + 1, line.1 + 1);
        }
        let made = filled(customers, &months, &segments).sorted();
        let expected_lines: Lines<'_> = expected
            .iter()
            .map(|((customer, month), (amount, _))| (*customer, *month, *amount, with_segments.then(|| segment(month))))
            .collect();
        assert_eq!(lines(&made), expected_lines);
        let added: u64 = made.iter().map(|(_, added)| *added.as_ref().unwrap()).sum();
        assert_eq!(added, expected.values().map(|(_, count)| count - 1).sum::<u64>());
    }

    #[test]
    fn lines_come_out_in_order_wherever_the_numbers_lie() {
        let spread = |scale: i64, start: i64| -> Vec<i64> {
            (0..900_i64).map(|n| start.wrapping_add((n * 7_919 % 701).wrapping_mul(scale))).collect()
        };
        let growing: Vec<i64> = (0..900).map(|n| n * n).collect();
        let falling: Vec<i64> = growing.iter().rev().map(|n| -n).collect();
        let outlier: Vec<i64> = spread(1, 0).into_iter().chain([1 << 50, -1 << 50]).collect();
        let ends = vec![i64::MAX, i64::MIN, 0, i64::MAX, -1, i64::MAX - 1];
        let late: Vec<i64> = spread(3, 0).into_iter().chain(ends.clone()).chain(spread(3, 1)).collect();
        let top = spread(1, i64::MAX - 701);
        for numbers in [
            spread(1, 0),
            spread(1 << 30, -5),
            spread(1 << 48, i64::MIN),
            growing,
            falling,
            outlier,
            ends,
            late,
            top,
            vec![5; 300],
            Vec::new(),
        ] {
            let customers: Vec<Customer<'_>> = numbers.iter().copied().map(Customer::Whole).collect();
            check(&customers, false);
            check(&customers, true);
            let names: Vec<String> = numbers.iter().map(|number| format!("cus_{number}")).collect();
            let customers: Vec<Customer<'_>> = names.iter().map(|name| Customer::Text(name)).collect();
            check(&customers, false);
        }
    }

    #[test]
    fn lines_that_clash_are_counted() {
        let customers = [1, 2, 1, 2, 2].map(Customer::Whole);
        let clashes = |segments: &[u32]| {
            let made = filled(&customers, &[5; 5], segments).sorted();
            made.into_iter()
                .filter_map(|(_, added)| added.err())
                .map(|found| (found.why, found.count))
                .collect::<Vec<_>>()
        };
        assert_eq!(clashes(&[0, 1, 0, 1, 1]), []);
        assert_eq!(clashes(&[0, 1, 2, 1, 0]), [(Clash::Segments(0, 2), 1), (Clash::Segments(1, 0), 1)]);
        let mut large = Shuffled::default();
        large.shards(1)[0].add(&Who::of(customers.into_iter()), &[5; 5], &[i64::MAX; 5], &[]);
        let found: Vec<Clashes> = large.sorted().into_iter().filter_map(|(_, added)| added.err()).collect();
        assert_eq!(found[0].why, Clash::Range);
    }
}
