//! Lines that come in any order: put into buckets of neighbouring customers as they come, and each bucket sorted in the cache.

mod making;

pub(super) use making::Made;

use super::bounds::Bounds;
use super::buckets::{Block, Bucket, Buckets, Line, MANY, Numbers, SOON};
use super::chunk::{Chunk, Customer};
use super::codes::{Code, Codes, Ranked};
use super::known::Known;
use super::shares::in_turns;
use super::spans::Paid;
use super::who::Who;
use crate::engine::STRETCH;
use crate::error::Error;
use making::{Making, Scratch};
use std::mem;
use std::sync::Arc;

/// Lines that become a chunk together: what a chunk holds is then large, and little of its memory is left free.
const TOGETHER: usize = if cfg!(test) { 128 } else { 1 << 16 };

/// Lines in any order, in shards that threads fill by themselves. All customers are of one type.
#[derive(Debug, Clone, Default)]
pub(super) struct Shuffled {
    shards: Vec<Shard>,
    bounds: Arc<Bounds>,
}

/// Lines in any order.
#[derive(Debug, Clone)]
pub(super) struct Shard {
    /// By number.
    buckets: Buckets,
    /// Instead of those, where customers have codes.
    coded: Option<Coded>,
    bounds: Arc<Bounds>,
}

/// Lines by range, and there by code.
#[derive(Debug, Clone)]
struct Coded {
    codes: Codes,
    ranges: Vec<Bucket>,
}

impl Coded {
    fn new(bounds: &Arc<Bounds>) -> Self {
        Self { codes: Codes::new(bounds.clone()), ranges: vec![Bucket::default(); bounds.ranges()] }
    }

    fn push(&mut self, code: Code, month: i32, amount: i64, segment: Option<u32>) {
        self.ranges[code.range()].push(Line::new(code.code().into(), month, amount), segment);
    }

    fn add(&mut self, who: &Who<'_>, months: &[i32], amounts: &[i64], segments: &[u32]) {
        let codes = self.codes.all(who, months.len());
        for (place, code) in codes.iter().enumerate() {
            if let Some(soon) = codes.get(place + SOON) {
                self.ranges[soon.range()].fetch();
            }
            self.push(*code, months[place], amounts[place], segments.get(place).copied());
        }
    }

    /// Lines of a block, by number.
    fn take(&mut self, block: &Block, numbers: Numbers) {
        for (place, line) in block.lines.iter().enumerate() {
            let code = self.codes.code(Customer::Whole(numbers.of(line)));
            self.push(code, line.month(), line.amount, block.segments.get(place).copied());
        }
    }
}

impl Shard {
    /// Lines of these customers, which give months, amounts and segments by their place.
    pub(super) fn add(&mut self, who: &Who<'_>, months: &[i32], amounts: &[i64], segments: &[u32]) {
        if let (Who::Whole(numbers), None) = (who, &self.coded)
            && self.buckets.cover(numbers)
        {
            return self.buckets.extend(numbers, months, amounts, segments);
        }
        self.coded().add(who, months, amounts, segments);
    }

    /// By code: numbers that lie too far apart for buckets get codes.
    fn coded(&mut self) -> &mut Coded {
        let Self { buckets, coded, bounds } = self;
        coded.get_or_insert_with(|| {
            let mut coded = Coded::new(bounds);
            mem::take(buckets).each_block(|block, numbers| coded.take(&block, numbers));
            coded
        })
    }
}

/// Neighbouring customers' lines, which are sorted at once.
enum Neighbours {
    Numbered(Bucket, Numbers, Option<Arc<Ranked>>),
    /// Of a range: who is known to each shard, and the lines by their code.
    Coded(Vec<(Known, Bucket)>),
}

impl Neighbours {
    fn len(&self) -> usize {
        match self {
            Self::Numbered(bucket, ..) => bucket.len(),
            Self::Coded(shards) => shards.iter().map(|(_, bucket)| bucket.len()).sum(),
        }
    }

    fn have_segments(&self) -> bool {
        match self {
            Self::Numbered(bucket, ..) => bucket.has_segments(),
            Self::Coded(shards) => shards.iter().any(|(_, bucket)| bucket.has_segments()),
        }
    }
}

/// Those that become a chunk, in order.
struct Part {
    all: Vec<Neighbours>,
    lines: usize,
}

impl Part {
    /// In parts of some [`TOGETHER`] lines.
    fn of(all: Vec<Neighbours>) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        for neighbours in all {
            let lines = neighbours.len();
            match parts.last_mut().filter(|part| part.lines + lines <= TOGETHER) {
                Some(part) => {
                    part.lines += lines;
                    part.all.push(neighbours);
                }
                None => parts.push(Self { all: vec![neighbours], lines }),
            }
        }
        parts
    }

    fn chunk(self, scratch: &mut Scratch) -> Made {
        let mut making = Making { chunk: Chunk::default(), added: 0, clashes: None };
        let segments = if self.all.iter().any(Neighbours::have_segments) { self.lines } else { 0 };
        // what grows would leave behind what it grew out of, or stay larger than it need be
        making.chunk.columns.reserve(self.lines, segments);
        for neighbours in self.all {
            match neighbours {
                Neighbours::Numbered(bucket, numbers, ranked) => {
                    making.take(vec![bucket], numbers, ranked.as_deref(), |_, _| {}, scratch);
                }
                Neighbours::Coded(shards) => {
                    let (known, buckets): (Vec<Known>, Vec<Bucket>) = shards.into_iter().unzip();
                    let (ranked, ranks) = Ranked::of(&known);
                    drop(known);
                    let by_rank = |shard: usize, block: &mut Block| block.renumber(|code| rank(&ranks[shard], code));
                    making.take(buckets, Numbers::WHOLE, Some(&ranked), by_rank, scratch);
                }
            }
        }
        making.chunk.close();
        (making.chunk.tight().measured(), making.clashes.map_or(Ok(making.added), Err))
    }
}

fn rank(ranks: &[u32], code: i64) -> u32 {
    usize::try_from(code).map_or(0, |code| ranks[code])
}

impl Shuffled {
    /// Without lines yet; bounds are for customers who need codes.
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { shards: Vec::new(), bounds: Arc::new(bounds) }
    }

    /// So many shards, at least.
    pub(super) fn shards(&mut self, count: usize) -> &mut [Shard] {
        let shard = || Shard { buckets: Buckets::default(), coded: None, bounds: self.bounds.clone() };
        self.shards.resize_with(self.shards.len().max(count), shard);
        &mut self.shards
    }

    /// Lines that were thought to be in order.
    pub(super) fn add_chunk(&mut self, chunk: &Chunk) {
        let shard = &mut self.shards(1)[0];
        // some customers at a time: their numbers are written out for each line
        for start in (0..chunk.customers.len()).step_by(STRETCH) {
            let customers = start..chunk.customers.len().min(start + STRETCH);
            let who = customers.clone().flat_map(|place| chunk.paid(place).map(move |_| chunk.customers.get(place)));
            let paid: Vec<Paid> = customers.flat_map(|place| chunk.paid(place)).collect();
            let (months, amounts): (Vec<i32>, Vec<i64>) = paid.iter().map(|paid| (paid.month, paid.amount)).unzip();
            let segments: Vec<u32> = paid.iter().filter_map(|paid| paid.segment).collect();
            shard.add(&Who::of(who), &months, &amounts, &segments);
        }
    }

    /// The customers in order, each with its lines, how many lines were added to others, and what clashes in which chunk.
    /// `go_on` is asked from time to time whether to.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub(super) fn sorted(self, go_on: &mut dyn FnMut() -> bool) -> Result<Vec<Made>, Error> {
        let parts = self.parts();
        let rows = parts.iter().map(|part| part.lines).sum();
        let chunk = |part: Part, scratch: &mut Scratch, _: &mut dyn FnMut() -> bool| Some(part.chunk(scratch));
        Ok(in_turns(rows, parts, go_on, chunk)?.unwrap_or_default())
    }

    /// The lines of all shards, in parts that ascend.
    fn parts(self) -> Vec<Part> {
        if self.shards.iter().all(|shard| shard.coded.is_none()) {
            // buckets are put together whole
            let shift = self.shards.iter().map(|shard| shard.buckets.shift).max().unwrap_or_default();
            let mut buckets = Buckets::default();
            buckets.shift = shift;
            let ends: Vec<i64> = self.shards.iter().flat_map(|shard| shard.buckets.ends()).collect();
            if buckets.cover(&ends) {
                self.shards.into_iter().for_each(|shard| buckets.merge(shard.buckets));
                return Part::of(numbered(buckets, None).collect());
            }
        }
        let mut ranges: Vec<Vec<(Known, Bucket)>> = vec![Vec::new(); self.bounds.ranges()];
        for mut shard in self.shards {
            shard.coded();
            let Some(Coded { codes, ranges: lines }) = shard.coded else { continue };
            for ((range, known), lines) in ranges.iter_mut().zip(codes.into_ranges()).zip(lines) {
                range.push((known, lines));
            }
        }
        let mut all = Vec::with_capacity(ranges.len());
        for range in ranges {
            let lines: usize = range.iter().map(|(_, lines)| lines.len()).sum();
            // few are, unless those who came later are others than those that the bounds are of
            if lines > MANY { all.extend(by_rank(range)) } else { all.push(Neighbours::Coded(range)) }
        }
        Part::of(all)
    }
}

fn numbered(buckets: Buckets, ranked: Option<Arc<Ranked>>) -> impl Iterator<Item = Neighbours> {
    buckets.parted().into_iter().map(move |(bucket, numbers)| Neighbours::Numbered(bucket, numbers, ranked.clone()))
}

/// Lines of a range that are too many for the cache.
fn by_rank(shards: Vec<(Known, Bucket)>) -> impl Iterator<Item = Neighbours> {
    let (known, lines): (Vec<Known>, Vec<Bucket>) = shards.into_iter().unzip();
    let (ranked, ranks) = Ranked::of(&known);
    drop(known);
    // all have the same buckets
    let ends: Vec<i64> =
        [0, ranked.len().saturating_sub(1)].into_iter().filter_map(|rank| rank.try_into().ok()).collect();
    let by_rank = |(lines, ranks): (Bucket, Vec<u32>)| {
        let mut buckets = Buckets::default();
        buckets.cover(&ends);
        lines.blocks().for_each(|block| buckets.take(&block, Numbers::WHOLE, |code| rank(&ranks, code)));
        buckets
    };
    let mut together = Buckets::default();
    together.cover(&ends);
    for buckets in each(lines.into_iter().zip(ranks).collect(), by_rank) {
        together.merge(buckets);
    }
    numbered(together, Some(Arc::new(ranked)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::clashes::{Clash, Clashes};
    use std::collections::BTreeMap;

    /// Lines of these customers in two shards, in parts of a few; each has an amount of its own.
    fn filled(customers: &[Customer<'_>], months: &[i32], segments: &[u32]) -> Shuffled {
        let sample = customers.iter().copied().step_by(3).collect();
        let mut shuffled = Shuffled::new(Bounds::of(sample));
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
                let who = chunk.customers.get(customer);
                lines.extend(chunk.paid(customer).map(|paid| (who, paid.month, paid.amount, paid.segment)));
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
        let made = filled(customers, &months, &segments).sorted(&mut || true).unwrap();
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
    fn sorting_stops_when_it_is_told_to() {
        let customers: Vec<Customer<'_>> = (0..1_000).map(Customer::Whole).collect();
        let filled = filled(&customers, &[5; 1_000], &[]);
        assert_eq!(filled.sorted(&mut || false).unwrap_err(), Error::Interrupted);
    }

    #[test]
    fn lines_that_clash_are_counted() {
        let customers = [1, 2, 1, 2, 2].map(Customer::Whole);
        let clashes = |segments: &[u32]| {
            let made = filled(&customers, &[5; 5], segments).sorted(&mut || true).unwrap();
            made.into_iter()
                .filter_map(|(_, added)| added.err())
                .map(|found| (found.why, found.count))
                .collect::<Vec<_>>()
        };
        assert_eq!(clashes(&[0, 1, 0, 1, 1]), []);
        assert_eq!(clashes(&[0, 1, 2, 1, 0]), [(Clash::Segments(0, 2), 2)]);
        let mut large = Shuffled::default();
        large.shards(1)[0].add(&Who::of(customers.into_iter()), &[5; 5], &[i64::MAX; 5], &[]);
        let found: Vec<Clashes> =
            large.sorted(&mut || true).unwrap().into_iter().filter_map(|(_, added)| added.err()).collect();
        assert_eq!(found[0].why, Clash::Range);
    }
}
