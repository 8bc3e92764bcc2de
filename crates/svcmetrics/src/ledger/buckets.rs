//! Lines by neighbouring customers, in as little memory as can be: all of them are held at once.

use crate::engine::prefetch;
use std::mem;

/// Buckets at most; each then fits the second-level cache up to some ten million lines.
const BUCKETS: u32 = 1024;

/// Lines of a block of a bucket: blocks are never copied to grow.
const BLOCK: usize = 128;

/// Lines of a bucket beyond which it is parted.
pub(super) const MANY: usize = if cfg!(test) { 64 } else { 1 << 17 };

/// Lines after which one is written whose place is asked for.
pub(super) const SOON: usize = 16;

/// Bits of a month: there are 120,000.
pub(super) const MONTH: u32 = 17;

/// Bits of a customer's number that stand in a line; its bucket has the others.
const OWN: u32 = u64::BITS - MONTH;

/// A line of a bucket: 16 bytes, since all of them are held beside what they become.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// The customer's number without its first bits, and the month.
    pub(super) key: u64,
    pub(super) amount: i64,
}

impl Line {
    pub(super) fn new(number: i64, month: i32, amount: i64) -> Self {
        Self { key: number.cast_unsigned() << MONTH | u64::from(month.unsigned_abs()), amount }
    }

    pub(super) fn month(&self) -> i32 {
        // of 17 bits
        i32::try_from(self.key & ((1 << MONTH) - 1)).unwrap_or_default()
    }
}

/// What the number of each line of a bucket begins with, and how many bits its lines tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    first: i64,
    shift: u32,
}

impl Numbers {
    /// Each line has all of its own.
    pub(super) const WHOLE: Self = Self { first: 0, shift: OWN };

    pub(super) fn of(self, line: &Line) -> i64 {
        let own = (line.key >> MONTH) & ((1 << self.shift) - 1);
        self.first | own.cast_signed()
    }
}

/// Buckets of as many neighbouring numbers each as it takes for there to be few of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Buckets {
    all: Vec<Bucket>,
    /// The number of the first one's customers without their last bits, `shift` of them.
    first: i64,
    pub(super) shift: u32,
}

impl Buckets {
    /// Sees to it that these numbers have buckets; they cannot have where they lie too far apart.
    pub(super) fn cover(&mut self, numbers: &[i64]) -> bool {
        let Some(one) = numbers.first() else { return true };
        let (low, high) =
            numbers.iter().fold((*one, *one), |(low, high), number| (low.min(*number), high.max(*number)));
        let (mut first, mut last) = (low >> self.shift, high >> self.shift);
        let place = |place: usize| self.first.saturating_add(i64::try_from(place).unwrap_or(i64::MAX));
        if self.all.last().is_some() && first >= self.first && last <= place(self.all.len() - 1) {
            return true;
        }
        let used = self.all.iter().rposition(|bucket| bucket.len() > 0);
        if let Some(used) = used {
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
    pub(super) fn extend(&mut self, numbers: &[i64], months: &[i32], amounts: &[i64], segments: &[u32]) {
        for (place, number) in numbers.iter().enumerate() {
            if let Some(soon) = numbers.get(place + SOON) {
                self.bucket(*soon).fetch();
            }
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
    pub(super) fn ends(&self) -> Vec<i64> {
        let place = |bucket: Option<usize>| bucket.map(|place| self.numbers(place).first);
        let has_lines = |bucket: &Bucket| bucket.len() > 0;
        let ends = [self.all.iter().position(has_lines), self.all.iter().rposition(has_lines)];
        ends.into_iter().filter_map(place).collect()
    }

    /// The lines of others, whose numbers are covered.
    pub(super) fn merge(&mut self, others: Self) {
        debug_assert!(self.shift >= others.shift, "what covers more is wider");
        let places: Vec<i64> = (0..others.all.len()).map(|place| others.numbers(place).first).collect();
        for (bucket, number) in others.all.into_iter().zip(places).filter(|(bucket, _)| bucket.len() > 0) {
            self.bucket(number).append(bucket);
        }
    }

    /// All lines, block by block; what was taken is dropped.
    pub(super) fn each_block(self, mut take: impl FnMut(Block, Numbers)) {
        let places: Vec<Numbers> = (0..self.all.len()).map(|place| self.numbers(place)).collect();
        for (bucket, numbers) in self.all.into_iter().zip(places) {
            bucket.blocks().for_each(|block| take(block, numbers));
        }
    }

    /// Lines of a block, by other numbers, which are neighbours.
    pub(super) fn take<N: Into<i64>>(&mut self, block: &Block, numbers: Numbers, mut number: impl FnMut(i64) -> N) {
        let numbers: Vec<i64> = block.lines.iter().map(|line| number(numbers.of(line)).into()).collect();
        let covered = self.cover(&numbers);
        debug_assert!(covered, "ranks, codes and numbers of one bucket are neighbours");
        for (place, (line, number)) in block.lines.iter().zip(numbers).enumerate() {
            let line = Line::new(number, line.month(), line.amount);
            self.bucket(number).push(line, block.segments.get(place).copied());
        }
    }

    /// The buckets that have lines; what is too large for the cache is parted again.
    pub(super) fn parted(self) -> Vec<(Bucket, Numbers)> {
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
pub(super) struct Block {
    pub(super) lines: Vec<Line>,
    pub(super) segments: Vec<u32>,
}

impl Block {
    /// Other numbers for the same lines, each of which has its whole number.
    pub(super) fn renumber(&mut self, number: impl Fn(i64) -> u32) {
        for line in &mut self.lines {
            *line = Line::new(number(Numbers::WHOLE.of(line)).into(), line.month(), line.amount);
        }
    }
}

/// The lines of some customers, in no order.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    full: Vec<Block>,
    last: Block,
}

impl Bucket {
    pub(super) fn len(&self) -> usize {
        self.full.iter().map(|block| block.lines.len()).sum::<usize>() + self.last.lines.len()
    }

    pub(super) fn has_segments(&self) -> bool {
        !self.last.segments.is_empty() || self.full.iter().any(|block| !block.segments.is_empty())
    }

    pub(super) fn push(&mut self, line: Line, segment: Option<u32>) {
        if self.last.lines.len() == BLOCK {
            let segments = Vec::with_capacity(self.last.segments.len());
            let next = Block { lines: Vec::with_capacity(BLOCK), segments };
            self.full.push(mem::replace(&mut self.last, next));
        }
        self.last.lines.push(line);
        self.last.segments.extend(segment);
    }

    /// Asks for the memory in which the next line is written, and does not wait for it.
    #[inline]
    pub(super) fn fetch(&mut self) {
        if let Some(next) = self.last.lines.spare_capacity_mut().first() {
            prefetch(next);
        }
    }

    fn append(&mut self, other: Self) {
        if self.len() == 0 {
            *self = other;
        } else {
            self.full.extend(other.blocks());
        }
    }

    /// Its blocks, each of which is dropped once it is done with.
    pub(super) fn blocks(self) -> impl Iterator<Item = Block> {
        self.full.into_iter().chain([self.last]).filter(|block| !block.lines.is_empty())
    }
}
