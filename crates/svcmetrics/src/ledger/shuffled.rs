//! Lines that come in any order: put into buckets of neighbouring customers as they come, and each bucket sorted in the cache.

use super::chunk::{Chunk, Clash, Customer, Customers};
use super::lines::Who;
use super::merge::{in_order, taken};
use foldhash::HashMap;
use std::mem;

/// Buckets of whole numbers; each then fits the second-level cache up to some ten million lines.
const BUCKETS: u32 = 1024;

/// Customers of a bucket, of those with text ids: by the order in which they came.
const OF_A_BUCKET: i64 = 1024;

/// Bits that one pass of the sort looks at.
const DIGIT: u32 = 11;

#[derive(Debug, Clone, Copy)]
struct Line {
    /// The number, or which text it is.
    customer: i64,
    month: i32,
    segment: u32,
    amount: i64,
}

/// Lines that cannot be added, and whose they are.
#[derive(Debug)]
pub(super) struct Clashing {
    pub(super) chunk: Chunk,
    pub(super) customer: usize,
    pub(super) month: i32,
    pub(super) clash: Clash,
}

/// Texts in the order in which they came.
#[derive(Debug, Clone, Default)]
struct Texts {
    codes: HashMap<Box<str>, i64>,
    all: Vec<Box<str>>,
}

/// Lines in any order.
#[derive(Debug, Clone, Default)]
pub(super) struct Shuffled {
    buckets: Vec<Vec<Line>>,
    /// Of whole numbers: the smallest of the first part, and how many bits a bucket leaves.
    range: Option<(i64, u32)>,
    /// Nothing where customers are whole numbers.
    texts: Option<Texts>,
    has_segments: bool,
}

impl Shuffled {
    /// Lines of these customers, which give months, amounts and segments by their place. Whether all are of one type.
    pub(super) fn add(&mut self, who: &Who<'_>, months: &[i32], amounts: &[i64], segments: &[u32]) -> bool {
        self.has_segments |= !segments.is_empty();
        let line = |customer: i64, place: usize| Line {
            customer,
            month: months[place],
            segment: segments.get(place).copied().unwrap_or_default(),
            amount: amounts[place],
        };
        match who {
            Who::Whole(numbers) => {
                if self.texts.is_some() {
                    return numbers.is_empty();
                }
                self.prepare(numbers);
                let (least, shift) = self.range.unwrap_or_default();
                for (place, number) in numbers.iter().enumerate() {
                    let bucket = bucket(*number, least, shift);
                    self.buckets[bucket].push(line(*number, place));
                }
            }
            Who::Texts(all) => {
                if self.range.is_some() {
                    return all.is_empty();
                }
                let texts = self.texts.get_or_insert_default();
                for (place, text) in all.iter().enumerate() {
                    let code = texts.code(text);
                    // codes are counted up from 0
                    let bucket = usize::try_from(code / OF_A_BUCKET).unwrap_or_default();
                    if bucket >= self.buckets.len() {
                        self.buckets.resize(bucket + 1, Vec::new());
                    }
                    self.buckets[bucket].push(line(code, place));
                }
            }
        }
        true
    }

    /// Lines that were thought to be in order.
    pub(super) fn add_chunk(&mut self, chunk: &Chunk) -> bool {
        (0..chunk.customers.len()).all(|customer| {
            let lines = chunk.lines(customer);
            let who = match chunk.customers.get(customer) {
                Customer::Whole(number) => Who::Whole(vec![number; lines.len()].into()),
                Customer::Text(text) => Who::Texts(vec![text.into(); lines.len()]),
            };
            let segments = chunk.columns.segments.get(lines.clone()).unwrap_or_default();
            self.add(&who, &chunk.columns.months[lines.clone()], &chunk.columns.amounts[lines], segments)
        })
    }

    /// Room for whole numbers as they are spread in the first part.
    pub(super) fn prepare(&mut self, numbers: &[i64]) {
        if self.range.is_none() && !numbers.is_empty() {
            let (least, most) =
                numbers.iter().fold((i64::MAX, i64::MIN), |(least, most), n| (least.min(*n), most.max(*n)));
            let bits = u64::BITS - most.abs_diff(least).leading_zeros();
            self.range = Some((least, bits.saturating_sub(BUCKETS.ilog2())));
            self.buckets = vec![Vec::new(); BUCKETS as usize];
        }
    }

    /// Makes room for the lines of a whole part, once it is prepared.
    pub(super) fn reserve(&mut self, numbers: &[i64]) {
        let Some((least, shift)) = self.range else { return };
        let mut counts = vec![0_usize; self.buckets.len()];
        for number in numbers {
            counts[bucket(*number, least, shift)] += 1;
        }
        self.buckets.iter_mut().zip(counts).for_each(|(bucket, count)| bucket.reserve_exact(count));
    }

    /// The customers in order, each with its lines, and how many lines were added to others; a clash with its customer and
    /// month.
    pub(super) fn sorted(mut self) -> Result<(Vec<Chunk>, u64), Box<Clashing>> {
        let has_segments = self.has_segments;
        let made = each(mem::take(&mut self.buckets), |lines| bucket_chunk(lines, has_segments));
        let (mut chunks, mut added) = (Vec::new(), 0);
        for (mut chunk, of_chunk, clash) in made {
            if let Some(texts) = &self.texts {
                texts.name(&mut chunk);
            }
            if let Some((customer, month, clash)) = clash {
                return Err(Box::new(Clashing { chunk, customer, month, clash }));
            }
            added += of_chunk;
            if chunk.customers.len() > 0 {
                chunks.push(chunk);
            }
        }
        if self.texts.is_some() {
            // all are texts
            chunks = taken(&chunks, &in_order(&chunks)).unwrap_or_default();
        }
        Ok((chunks, added))
    }
}

impl Texts {
    fn code(&mut self, text: &str) -> i64 {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        // so many texts fill any memory first
        let code = i64::try_from(self.all.len()).unwrap_or(i64::MAX);
        self.all.push(text.into());
        self.codes.insert(text.into(), code);
        code
    }

    /// Puts the texts for their codes.
    fn name(&self, chunk: &mut Chunk) {
        let Customers::Whole(codes) = &chunk.customers else { return };
        let mut customers = Customers::texts();
        for code in codes {
            let text = usize::try_from(*code).ok().and_then(|code| self.all.get(code));
            customers.push(Customer::Text(text.map(Box::as_ref).unwrap_or_default()));
        }
        chunk.customers = customers;
    }
}

fn bucket(number: i64, least: i64, shift: u32) -> usize {
    // the numbers of later parts may lie outside
    let place = if number < least { 0 } else { number.abs_diff(least).checked_shr(shift).unwrap_or_default() };
    usize::try_from(place.min(u64::from(BUCKETS) - 1)).unwrap_or_default()
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

type Made = (Chunk, u64, Option<(usize, i32, Clash)>);

fn bucket_chunk(mut lines: Vec<Line>, has_segments: bool) -> Made {
    sort(&mut lines);
    let mut chunk = Chunk::new();
    chunk.columns.months.reserve_exact(lines.len());
    chunk.columns.amounts.reserve_exact(lines.len());
    let (mut added, mut clash) = (0, None);
    let mut last: Option<Line> = None;
    for line in &lines {
        let columns = &mut chunk.columns;
        if let (Some(before), Some(amount)) = (last, columns.amounts.last_mut())
            && (before.customer, before.month) == (line.customer, line.month)
        {
            added += 1;
            let sum = amount.checked_add(line.amount);
            *amount = sum.unwrap_or_default();
            let what = if before.segment == line.segment {
                Clash::Range
            } else {
                Clash::Segments(before.segment, line.segment)
            };
            if clash.is_none() && (sum.is_none() || before.segment != line.segment) {
                clash = Some((chunk.customers.len() - 1, line.month, what));
            }
            continue;
        }
        if last.is_none_or(|before| before.customer != line.customer) {
            let place = columns.months.len();
            chunk.begin(Customer::Whole(line.customer), place);
        }
        chunk.columns.months.push(line.month);
        chunk.columns.amounts.push(line.amount);
        if has_segments {
            chunk.columns.segments.push(line.segment);
        }
        last = Some(*line);
    }
    chunk.close();
    (chunk, added, clash)
}

/// By customer, then month: digit by digit, where few bits tell them apart.
fn sort(lines: &mut Vec<Line>) {
    let Some(first) = lines.first() else { return };
    let (mut customers, mut months) = ((first.customer, first.customer), (first.month, first.month));
    for line in lines.iter() {
        customers = (customers.0.min(line.customer), customers.1.max(line.customer));
        months = (months.0.min(line.month), months.1.max(line.month));
    }
    let bits = |number: u64| u64::BITS - number.leading_zeros();
    let of_month = bits(months.1.abs_diff(months.0).into());
    let all = bits(customers.1.abs_diff(customers.0)) + of_month;
    if all > 4 * DIGIT {
        return lines.sort_unstable_by_key(|line| (line.customer, line.month));
    }
    let key = |line: &Line| line.customer.abs_diff(customers.0) << of_month | u64::from(line.month.abs_diff(months.0));
    let mut other = lines.clone();
    for shift in (0..all).step_by(DIGIT as usize) {
        // a digit of 11 bits
        #[allow(clippy::cast_possible_truncation)]
        let digit = |line: &Line| (key(line) >> shift) as usize & ((1 << DIGIT) - 1);
        let mut places = [0_u32; 1 << DIGIT];
        for line in lines.iter() {
            places[digit(line)] += 1;
        }
        let mut place = 0;
        for count in &mut places {
            place += std::mem::replace(count, place);
        }
        for line in lines.iter() {
            let place = &mut places[digit(line)];
            other[*place as usize] = *line;
            *place += 1;
        }
        mem::swap(lines, &mut other);
    }
}
