//! Customers by number: codes of texts, and of numbers that lie too far apart, in the order in which they came.

use super::chunk::{Customer, Customers};
use super::who::Who;
use crate::engine::prefetch;
use foldhash::fast::RandomState;
use std::hash::BuildHasher as _;

/// No code, and a place without one.
const NONE: u32 = u32::MAX;
const FREE: u64 = u64::MAX;

/// Customers that are looked up together.
const AT_ONCE: usize = 256;

/// A code for each customer. All of them stand in one text or list, and are looked up there: a map that owns its keys would
/// take several times as much memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Codes {
    all: Customers,
    /// By the last bits of the hash, the first ones and the code; at most half of the places are taken.
    places: Vec<u64>,
    state: RandomState,
}

/// Customers by rank.
#[derive(Debug)]
pub(super) struct Ranked {
    all: Customers,
}

impl Codes {
    /// The code of a customer, who is of the type of those before.
    pub(super) fn code(&mut self, customer: Customer<'_>) -> u32 {
        self.make_room(1);
        self.code_of(customer, self.hash(customer))
    }

    fn code_of(&mut self, customer: Customer<'_>, hash: u64) -> u32 {
        let mut place = self.first_place(hash);
        while let Some(found) = self.next(&mut place, hash) {
            if self.all.is_at(found as usize, customer) {
                return found;
            }
            place += 1;
        }
        // so many customers fill any memory first
        let code = u32::try_from(self.all.len()).unwrap_or(NONE);
        let is_alike = self.all.push(customer);
        debug_assert!(is_alike, "customers are of one type");
        self.places[place] = taken(hash, code);
        code
    }

    /// The codes of many customers, of whom most are known. What they are looked up in lies far away: it is asked for step by
    /// step, for many of them at once.
    pub(super) fn all(&mut self, who: &Who<'_>, len: usize) -> Vec<i64> {
        self.make_room(len);
        let mut codes = Vec::with_capacity(len);
        let (mut hashes, mut guesses) = (Vec::with_capacity(AT_ONCE), Vec::with_capacity(AT_ONCE));
        for start in (0..len).step_by(AT_ONCE) {
            let some = start..len.min(start + AT_ONCE);
            hashes.clear();
            hashes.extend(some.clone().map(|place| self.hash(who.get(place))));
            for hash in &hashes {
                prefetch(&self.places[self.first_place(*hash)]);
            }
            guesses.clear();
            guesses.extend(hashes.iter().map(|hash| self.next(&mut self.first_place(*hash), *hash)));
            for code in guesses.iter().flatten() {
                self.all.fetch_end(*code as usize);
            }
            for code in guesses.iter().flatten() {
                self.all.fetch_text(*code as usize);
            }
            for (place, (hash, guess)) in some.zip(hashes.iter().zip(&guesses)) {
                let customer = who.get(place);
                let sure = guess.filter(|code| self.all.is_at(*code as usize, customer));
                codes.push(sure.unwrap_or_else(|| self.code_of(customer, *hash)).into());
            }
        }
        codes
    }

    fn hash(&self, customer: Customer<'_>) -> u64 {
        self.state.hash_one(customer)
    }

    fn first_place(&self, hash: u64) -> usize {
        #[allow(clippy::cast_possible_truncation)] // some bits of it
        let place = hash as usize;
        place & (self.places.len() - 1)
    }

    /// The code at the first place from this one on that may be that of a customer; nothing where one is free before.
    fn next(&self, place: &mut usize, hash: u64) -> Option<u32> {
        loop {
            *place &= self.places.len() - 1;
            let found = self.places[*place];
            #[allow(clippy::cast_possible_truncation)] // the last bits
            let code = found as u32;
            if found == taken(hash, code) && found != FREE {
                return Some(code);
            }
            if found == FREE {
                return None;
            }
            *place += 1;
        }
    }

    /// Places for so many more.
    fn make_room(&mut self, more: usize) {
        let needed = 2 * (self.all.len() + more);
        if needed <= self.places.len() {
            return;
        }
        self.places = Vec::new();
        self.places = vec![FREE; needed.next_power_of_two().max(64)];
        for code in 0..self.all.len() {
            let hash = self.hash(self.all.get(code));
            let mut place = self.first_place(hash);
            while self.places[place] != FREE {
                place = (place + 1) & (self.places.len() - 1);
            }
            self.places[place] = taken(hash, u32::try_from(code).unwrap_or(NONE));
        }
    }

    /// The customers of all in order, each once, and of each its customers' ranks by code.
    pub(super) fn ranked(codes: Vec<Self>) -> (Ranked, Vec<Vec<u32>>) {
        // places are needed no more
        let all: Vec<Customers> = codes.into_iter().map(|codes| codes.all).collect();
        let skip = common(&all);
        let prefix = |customer| match customer {
            Customer::Whole(number) => number.cast_unsigned() ^ 1 << 63,
            Customer::Text(text) => {
                let mut bytes = [0; 8];
                let rest = text.as_bytes()[skip..].iter();
                bytes.iter_mut().zip(rest).for_each(|(byte, of_text)| *byte = *of_text);
                u64::from_be_bytes(bytes)
            }
        };
        // most are told apart without a look at their texts
        let mut order: Vec<(u64, u32, u32)> = Vec::with_capacity(all.iter().map(Customers::len).sum());
        for (which, customers) in (0..).zip(&all) {
            order.extend((0..customers.len()).zip(0..).map(|(at, code)| (prefix(customers.get(at)), which, code)));
        }
        sort(&mut order);
        let customer = |one: &(u64, u32, u32)| all[one.1 as usize].get(one.2 as usize);
        let mut ranks: Vec<Vec<u32>> = all.iter().map(|customers| vec![0; customers.len()]).collect();
        let mut ranked = Customers::default();
        let (mut start, mut asked) = (0, 0);
        while start < order.len() {
            // their texts lie far away from each other
            if start >= asked {
                asked = order.len().min(start + AT_ONCE);
                let soon = &order[start..asked];
                for next in soon {
                    all[next.1 as usize].fetch_end(next.2 as usize);
                }
                for next in soon {
                    all[next.1 as usize].fetch_text(next.2 as usize);
                }
            }
            let len = order[start..].iter().take_while(|next| next.0 == order[start].0).count();
            let alike = &mut order[start..start + len];
            start += len;
            if alike.len() > 1 {
                alike.sort_unstable_by(|one, other| customer(one).cmp(&customer(other)));
            }
            let mut before = None;
            for next in alike {
                let own = customer(next);
                if before != Some(own) {
                    ranked.push(own);
                    before = Some(own);
                }
                // so many customers fill any memory first
                ranks[next.1 as usize][next.2 as usize] = u32::try_from(ranked.len() - 1).unwrap_or(NONE);
            }
        }
        (Ranked { all: ranked }, ranks)
    }
}

impl Ranked {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, rank: usize) -> Customer<'_> {
        self.all.get(rank)
    }
}

/// A place that is taken: the hash tells most customers apart without a look at them.
fn taken(hash: u64, code: u32) -> u64 {
    hash & !u64::from(u32::MAX) | u64::from(code)
}

/// By the numbers, by several threads where there are some.
fn sort(order: &mut [(u64, u32, u32)]) {
    #[cfg(feature = "rayon")]
    if crate::engine::threads(order.len()) > 1 {
        use rayon::prelude::*;
        return order.par_sort_unstable();
    }
    order.sort_unstable();
}

/// How many bytes all texts begin with.
fn common(all: &[Customers]) -> usize {
    let bytes = |customer| match customer {
        Customer::Text(text) => str::as_bytes(text),
        Customer::Whole(_) => &[],
    };
    let mut customers = all.iter().flat_map(|customers| (0..customers.len()).map(|place| customers.get(place)));
    let Some(first) = customers.next().map(bytes) else { return 0 };
    customers.fold(first.len(), |common, customer| {
        let pairs = first[..common].iter().zip(bytes(customer));
        pairs.take_while(|(one, other)| one == other).count()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_codes_as_they_come_and_ranks_in_order() {
        let names: Vec<String> = (0..1_000).map(|number| format!("cus_{:05}", number * 7_919 % 100_003)).collect();
        let others = ["cus_", "cus_00000", "cus_0000000000000001", "cus_0000000000000002", "cus_00000\0"];
        let names: Vec<&str> = names.iter().map(String::as_str).chain(others).collect();
        let mut codes = Codes::default();
        let mut known: Vec<&str> = Vec::new();
        for name in names.iter().chain(&names) {
            let code = known.iter().position(|one| one == name).unwrap_or_else(|| {
                known.push(name);
                known.len() - 1
            });
            assert_eq!(codes.code(Customer::Text(name)) as usize, code);
        }
        let mut more = Codes::default();
        let own = ["cus_1", "cus_00000", "c"];
        let who = Who::of(own.iter().chain(&own).map(|name| Customer::Text(name)));
        assert_eq!(more.all(&who, 6), [0, 1, 2, 0, 1, 2]);
        let (ranked, ranks) = Codes::ranked(vec![codes, more]);
        let mut sorted = [&known[..], &own].concat();
        sorted.sort_unstable();
        sorted.dedup();
        for (rank, name) in sorted.iter().enumerate() {
            assert_eq!(ranked.get(rank), Customer::Text(name));
        }
        for (names, ranks) in [&known[..], &own].into_iter().zip(ranks) {
            assert!(names.iter().zip(ranks).all(|(name, rank)| sorted[rank as usize] == *name));
        }
    }

    #[test]
    fn numbers_have_codes_too() {
        let numbers = [i64::MAX, i64::MIN, 0, -1, 1];
        let mut codes = Codes::default();
        for (code, number) in (0..).zip(numbers) {
            assert_eq!(codes.code(Customer::Whole(number)), code);
        }
        assert_eq!(codes.code(Customer::Whole(0)), 2);
        assert_eq!(Codes::ranked(vec![codes]).1, [[4, 0, 2, 1, 3]]);
    }
}
