//! Customers by number: codes of texts, and of numbers that lie too far apart, in the order in which they came.

use super::chunk::{Customer, Customers};
use super::who::Who;
use foldhash::fast::RandomState;
use std::cmp::Ordering;
use std::hash::BuildHasher as _;

/// No code.
const NONE: u32 = u32::MAX;

/// A code for each customer. All of them stand in one text or list, and are looked up there: a map that owns its keys would
/// take several times as much memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Codes {
    all: Customers,
    /// By hash, the codes; at most half of the places are taken.
    places: Vec<u32>,
    state: RandomState,
}

/// Customers by rank.
#[derive(Debug)]
pub(super) struct Ranked {
    all: Vec<Customers>,
    /// By rank, whose code is the customer's, and the code.
    first: Vec<(u32, u32)>,
}

impl Codes {
    /// The code of a customer, who is of the type of those before.
    pub(super) fn code(&mut self, customer: Customer<'_>) -> u32 {
        if 2 * (self.all.len() + 1) > self.places.len() {
            self.grow();
        }
        let mut place = self.first_place(customer);
        loop {
            match self.places[place] {
                NONE => break,
                code if self.all.is_at(code as usize, customer) => return code,
                _ => place = (place + 1) & (self.places.len() - 1),
            }
        }
        // so many customers fill any memory first
        let code = u32::try_from(self.all.len()).unwrap_or(NONE);
        let is_alike = self.all.push(customer);
        debug_assert!(is_alike, "customers are of one type");
        self.places[place] = code;
        code
    }

    /// The codes of many customers. Each is looked up as if all were known: such looks do not wait for each other, and most
    /// come back with the code.
    pub(super) fn all(&mut self, who: &Who<'_>, len: usize) -> Vec<i64> {
        while 2 * (self.all.len() + len) > self.places.len() {
            self.grow();
        }
        let guesses: Vec<u32> = (0..len).map(|place| self.places[self.first_place(who.get(place))]).collect();
        let sure = |(place, guess): (usize, u32)| {
            let customer = who.get(place);
            if guess != NONE && self.all.is_at(guess as usize, customer) { guess } else { self.code(customer) }
        };
        guesses.into_iter().enumerate().map(sure).map(i64::from).collect()
    }

    fn first_place(&self, customer: Customer<'_>) -> usize {
        #[allow(clippy::cast_possible_truncation)] // some bits of it
        let hash = self.state.hash_one(customer) as usize;
        hash & (self.places.len() - 1)
    }

    fn grow(&mut self) {
        self.places = vec![NONE; (2 * self.places.len()).max(64)];
        for code in 0..self.all.len() {
            let mut place = self.first_place(self.all.get(code));
            while self.places[place] != NONE {
                place = (place + 1) & (self.places.len() - 1);
            }
            self.places[place] = u32::try_from(code).unwrap_or(NONE);
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
        let customer = |which: u32, code: u32| all[which as usize].get(code as usize);
        let compare = |one: &(u64, u32, u32), other: &(u64, u32, u32)| {
            one.0.cmp(&other.0).then_with(|| customer(one.1, one.2).cmp(&customer(other.1, other.2)))
        };
        order.sort_unstable_by(compare);
        let mut ranks: Vec<Vec<u32>> = all.iter().map(|customers| vec![0; customers.len()]).collect();
        let mut first: Vec<(u32, u32)> = Vec::new();
        let mut before = None;
        for next in &order {
            if before.is_none_or(|before| compare(before, next) != Ordering::Equal) {
                first.push((next.1, next.2));
            }
            before = Some(next);
            // so many customers fill any memory first
            ranks[next.1 as usize][next.2 as usize] = u32::try_from(first.len() - 1).unwrap_or(NONE);
        }
        (Ranked { all, first }, ranks)
    }
}

impl Ranked {
    pub(super) fn get(&self, rank: usize) -> Customer<'_> {
        let (which, code) = self.first[rank];
        self.all[which as usize].get(code as usize)
    }
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
