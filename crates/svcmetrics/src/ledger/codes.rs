//! Customers by code, those of each range counted up in the order in which they came: of texts, and of numbers that lie too far
//! apart.

use super::bounds::{Bounds, prefix};
use super::chunk::{Customer, Customers};
use super::known::Known;
use super::who::Who;
use crate::engine::prefetch;
use foldhash::fast::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

/// A place without a code.
const FREE: u64 = u64::MAX;

/// Bits that say the range and the code; the others are of the hash.
const CODE: u32 = 32;
const RANGE: u32 = 8;

/// Customers that are looked up together.
const AT_ONCE: usize = 256;

/// A customer's range, and its code there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code(u64);

impl Code {
    fn new(range: usize, code: usize) -> Self {
        // so many customers fill any memory first
        Self((range as u64) << CODE | code as u64 & u64::from(u32::MAX))
    }

    pub(super) fn range(self) -> usize {
        usize::from((self.0 >> CODE).to_le_bytes()[0])
    }

    pub(super) fn code(self) -> u32 {
        #[allow(clippy::cast_possible_truncation)] // the last bits
        let code = self.0 as u32;
        code
    }

    fn place(self) -> usize {
        self.code() as usize
    }
}

/// A code for each customer. All of a range stand in one list, and are looked up there: a map that owns its keys would take
/// several times as much memory.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    bounds: Arc<Bounds>,
    /// By range.
    all: Vec<Known>,
    len: usize,
    /// By the last bits of the hash, the first ones, the range and the code; at most two thirds of the places are taken.
    places: Vec<u64>,
    state: RandomState,
}

/// Customers by rank.
#[derive(Debug)]
pub(super) struct Ranked {
    all: Customers,
}

impl Codes {
    pub(super) fn new(bounds: Arc<Bounds>) -> Self {
        let all = vec![Known::default(); bounds.ranges()];
        Self { bounds, all, len: 0, places: Vec::new(), state: RandomState::default() }
    }

    /// The code of a customer, who is of the type of those before.
    pub(super) fn code(&mut self, customer: Customer<'_>) -> Code {
        self.make_room(1);
        self.code_of(customer, self.hash(customer))
    }

    fn code_of(&mut self, customer: Customer<'_>, hash: u64) -> Code {
        let mut place = first_place(hash, &self.places);
        loop {
            let found = self.next(&mut place, hash);
            if found == FREE {
                break;
            }
            if self.is(found, customer) {
                return code_at(found);
            }
            place += 1;
        }
        let range = self.bounds.range(customer);
        let code = Code::new(range, self.all[range].push(customer));
        self.len += 1;
        self.places[place] = taken(hash, code);
        code
    }

    /// The codes of many customers, of whom most are known. What they are looked up in lies far away: it is asked for step by
    /// step, for many of them at once.
    pub(super) fn all(&mut self, who: &Who<'_>, len: usize) -> Vec<Code> {
        self.make_room(len);
        let mut codes = Vec::with_capacity(len);
        let (mut hashes, mut guesses) = (Vec::with_capacity(AT_ONCE), Vec::with_capacity(AT_ONCE));
        for start in (0..len).step_by(AT_ONCE) {
            let some = who.some(start..len.min(start + AT_ONCE));
            hashes.clear();
            hashes.extend(some.iter().map(|customer| self.hash(*customer)));
            for hash in &hashes {
                prefetch(&self.places[first_place(*hash, &self.places)]);
            }
            guesses.clear();
            guesses.extend(hashes.iter().map(|hash| self.next(&mut first_place(*hash, &self.places), *hash)));
            for code in guesses.iter().filter(|guess| **guess != FREE).map(|guess| code_at(*guess)) {
                self.all[code.range()].fetch(code.place());
            }
            for (customer, (hash, guess)) in some.iter().zip(hashes.iter().zip(&guesses)) {
                let is_sure = *guess != FREE && self.is(*guess, *customer);
                codes.push(if is_sure { code_at(*guess) } else { self.code_of(*customer, *hash) });
            }
        }
        codes
    }

    /// Whether the customer of a place is that one.
    fn is(&self, found: u64, customer: Customer<'_>) -> bool {
        let code = code_at(found);
        self.all[code.range()].is_at(code.place(), customer)
    }

    /// All are of one type.
    fn hash(&self, customer: Customer<'_>) -> u64 {
        let mut hasher = self.state.build_hasher();
        match customer {
            Customer::Whole(number) => hasher.write_i64(number),
            Customer::Text(text) => hasher.write(text.as_bytes()),
        }
        hasher.finish()
    }

    /// What stands at the first place from this one on that may be a customer's, or is free.
    fn next(&self, place: &mut usize, hash: u64) -> u64 {
        loop {
            *place &= self.places.len() - 1;
            let found = self.places[*place];
            if found == FREE || (found ^ hash) >> (CODE + RANGE) == 0 {
                return found;
            }
            *place += 1;
        }
    }

    /// Places for so many more.
    fn make_room(&mut self, more: usize) {
        let needed = (self.len + more) * 3 / 2;
        if needed <= self.places.len() {
            return;
        }
        self.places = Vec::new();
        let mut places = vec![FREE; needed.next_power_of_two().max(64)];
        let mut some = Vec::with_capacity(AT_ONCE);
        for (range, known) in self.all.iter().enumerate() {
            let mut each = known.each().map(|(code, customer)| (self.hash(customer), Code::new(range, code)));
            loop {
                some.clear();
                some.extend(each.by_ref().take(AT_ONCE));
                if some.is_empty() {
                    break;
                }
                for (hash, _) in &some {
                    prefetch(&places[first_place(*hash, &places)]);
                }
                for (hash, code) in &some {
                    let mut place = first_place(*hash, &places);
                    while places[place] != FREE {
                        place = (place + 1) & (places.len() - 1);
                    }
                    places[place] = taken(*hash, *code);
                }
            }
        }
        self.places = places;
    }

    /// The customers by range.
    pub(super) fn into_ranges(self) -> Vec<Known> {
        self.all
    }
}

impl Ranked {
    /// The customers of all in order, each once, and of each its customers' ranks by code.
    pub(super) fn of(all: &[Known]) -> (Self, Vec<Vec<u32>>) {
        // by place: so many as 2^32 fill any memory first, and what is small an allocator gives again
        let each = (0_u32..).zip(all).flat_map(|(which, known)| {
            known.each().map(move |(code, _)| (which, u32::try_from(code).unwrap_or(u32::MAX)))
        });
        let each: Vec<(u32, u32)> = each.collect();
        let customer = |place: u32| {
            let (which, code) = each[place as usize];
            all[which as usize].get(code as usize)
        };
        let start = common(all.iter().flat_map(Known::each).map(|(_, customer)| customer));
        // most are told apart without a look at their texts
        let mut order: Vec<(u64, u32)> =
            (0..).zip(all.iter().flat_map(Known::each)).map(|(place, (_, one))| (prefix(one, start), place)).collect();
        sort(&mut order);
        let mut ranks: Vec<Vec<u32>> = all.iter().map(|known| vec![0; known.codes()]).collect();
        let mut ranked = Customers::default();
        for alike in order.chunk_by_mut(|one, other| one.0 == other.0) {
            if alike.len() > 1 {
                alike.sort_unstable_by(|one, other| customer(one.1).cmp(&customer(other.1)));
            }
            let mut before = None;
            for (_, place) in alike {
                let ((which, code), own) = (each[*place as usize], customer(*place));
                if before != Some(own) {
                    ranked.push(own);
                    before = Some(own);
                }
                ranks[which as usize][code as usize] = u32::try_from(ranked.len() - 1).unwrap_or(u32::MAX);
            }
        }
        (Self { all: ranked }, ranks)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, rank: usize) -> Customer<'_> {
        self.all.get(rank)
    }
}

/// The place from which on a customer is looked for.
fn first_place(hash: u64, places: &[u64]) -> usize {
    #[allow(clippy::cast_possible_truncation)] // some bits of it
    let place = hash as usize;
    place & (places.len() - 1)
}

/// A place that is taken: the hash tells most customers apart without a look at them.
fn taken(hash: u64, code: Code) -> u64 {
    hash >> (CODE + RANGE) << (CODE + RANGE) | code.0
}

fn code_at(place: u64) -> Code {
    Code(place & ((1 << (CODE + RANGE)) - 1))
}

/// By the numbers, by several threads where there are some.
fn sort(order: &mut [(u64, u32)]) {
    #[cfg(feature = "rayon")]
    if crate::engine::threads(order.len()) > 1 {
        use rayon::prelude::*;
        return order.par_sort_unstable();
    }
    order.sort_unstable();
}

/// What all texts begin with.
fn common<'a>(mut customers: impl Iterator<Item = Customer<'a>>) -> &'a [u8] {
    let bytes = |customer| match customer {
        Customer::Text(text) => str::as_bytes(text),
        Customer::Whole(_) => &[],
    };
    let Some(first) = customers.next().map(bytes) else { return &[] };
    let len = customers.fold(first.len(), |common, customer| {
        let pairs = first[..common].iter().zip(bytes(customer));
        pairs.take_while(|(one, other)| one == other).count()
    });
    &first[..len]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn ranked(codes: Codes, more: Codes) -> (Ranked, Vec<Vec<u32>>) {
        let all: Vec<Known> = [codes, more].into_iter().flat_map(Codes::into_ranges).collect();
        Ranked::of(&all)
    }

    /// Each customer's code, which is the same each time, and in its range.
    fn coded<'a>(codes: &mut Codes, customers: &[Customer<'a>], bounds: &Bounds) -> BTreeMap<Customer<'a>, Code> {
        let who = Who::of(customers.iter().chain(customers).copied());
        let all = codes.all(&who, 2 * customers.len());
        let known: BTreeMap<Customer<'a>, Code> = customers.iter().copied().zip(all.iter().copied()).collect();
        for (customer, code) in customers.iter().chain(customers).zip(all) {
            assert_eq!((known[customer], codes.code(*customer)), (code, code));
            assert_eq!(code.range(), bounds.range(*customer));
        }
        let distinct: BTreeSet<(usize, u32)> = known.values().map(|code| (code.range(), code.code())).collect();
        assert_eq!(distinct.len(), known.len());
        known
    }

    #[test]
    fn customers_have_codes_in_their_ranges_and_ranks_in_order() {
        let names: Vec<String> = (0..1_000).map(|number| format!("cus_{:05}", number * 7_919 % 100_003)).collect();
        let others = ["cus_", "cus_00000", "cus_0000000000000001", "cus_0000000000000002", "cus_00000\0"];
        let names: Vec<Customer<'_>> = names.iter().map(String::as_str).chain(others).map(Customer::Text).collect();
        let own = ["cus_1", "cus_00000", "c"].map(Customer::Text);
        let numbers = [i64::MAX, i64::MIN, 0, -1, 1].map(Customer::Whole);
        let far: Vec<Customer<'_>> = (0..900_i64).map(|number| Customer::Whole(number.wrapping_mul(1 << 55))).collect();
        for (customers, more) in [(names, own.to_vec()), (numbers.to_vec(), far)] {
            for bounds in [Bounds::default(), Bounds::of(customers.clone())] {
                let bounds = Arc::new(bounds);
                let (mut one, mut other) = (Codes::new(bounds.clone()), Codes::new(bounds.clone()));
                let known = [coded(&mut one, &customers, &bounds), coded(&mut other, &more, &bounds)];
                let (ranked, ranks) = ranked(one, other);
                let mut sorted = [&customers[..], &more].concat();
                sorted.sort_unstable();
                sorted.dedup();
                assert_eq!(ranked.len(), sorted.len());
                assert!(sorted.iter().enumerate().all(|(rank, customer)| ranked.get(rank) == *customer));
                for (known, ranks) in known.iter().zip(ranks.chunks(bounds.ranges())) {
                    for (customer, code) in known {
                        assert_eq!(sorted[ranks[code.range()][code.place()] as usize], *customer);
                    }
                }
            }
        }
    }
}
