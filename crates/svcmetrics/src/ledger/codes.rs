//! Customers by number: codes of texts, and of numbers that lie too far apart, in the order in which they came.

use super::chunk::{Customer, Customers};
use super::lines::Who;
use foldhash::fast::RandomState;
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
    all: Customers,
    /// By rank, the code.
    codes: Vec<u32>,
}

impl Codes {
    /// The code of a customer; nothing where it is of another type than those before.
    pub(super) fn code(&mut self, customer: Customer<'_>) -> Option<u32> {
        if 2 * (self.all.len() + 1) > self.places.len() {
            self.grow();
        }
        let mut place = self.first_place(customer);
        loop {
            match self.places[place] {
                NONE => break,
                code if self.all.get(code as usize) == customer => return Some(code),
                _ => place = (place + 1) & (self.places.len() - 1),
            }
        }
        // so many customers fill any memory first
        let code = u32::try_from(self.all.len()).unwrap_or(NONE);
        if !self.all.push(customer) {
            return None;
        }
        self.places[place] = code;
        Some(code)
    }

    /// The codes of many customers; nothing where one is of another type. Each is looked up as if all were known: such looks
    /// do not wait for each other, and most come back with the code.
    pub(super) fn all(&mut self, who: &Who<'_>, len: usize) -> Option<Vec<i64>> {
        while 2 * (self.all.len() + len) > self.places.len() {
            self.grow();
        }
        let guesses: Vec<u32> = (0..len).map(|place| self.places[self.first_place(who.get(place))]).collect();
        let sure = |(place, guess): (usize, u32)| {
            let customer = who.get(place);
            if guess != NONE && self.all.get(guess as usize) == customer { Some(guess) } else { self.code(customer) }
        };
        guesses.into_iter().enumerate().map(sure).map(|code| code.map(i64::from)).collect()
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

    /// The customers in order, and by code, their rank.
    pub(super) fn ranked(self) -> (Ranked, Vec<u32>) {
        let Self { all, places, .. } = self;
        drop(places);
        let skip = common(&all);
        let prefix = |code| match all.get(code) {
            Customer::Whole(number) => number.cast_unsigned() ^ 1 << 63,
            Customer::Text(text) => {
                let mut bytes = [0; 8];
                let rest = text.as_bytes()[skip..].iter();
                bytes.iter_mut().zip(rest).for_each(|(byte, of_text)| *byte = *of_text);
                u64::from_be_bytes(bytes)
            }
        };
        // most are told apart without a look at their texts
        let mut order: Vec<(u64, u32)> =
            (0..all.len()).zip(0_u32..).map(|(place, code)| (prefix(place), code)).collect();
        let customer = |code: u32| all.get(code as usize);
        order.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| customer(one.1).cmp(&customer(other.1))));
        let mut ranks = vec![0; order.len()];
        for (rank, (_, code)) in (0..).zip(&order) {
            ranks[*code as usize] = rank;
        }
        (Ranked { codes: order.into_iter().map(|(_, code)| code).collect(), all }, ranks)
    }
}

impl Ranked {
    pub(super) fn get(&self, rank: usize) -> Customer<'_> {
        self.all.get(self.codes[rank] as usize)
    }
}

/// How many bytes all texts begin with.
fn common(all: &Customers) -> usize {
    let bytes = |place| match all.get(place) {
        Customer::Text(text) => text.as_bytes(),
        Customer::Whole(_) => &[],
    };
    let Some(last) = all.len().checked_sub(1) else { return 0 };
    let first = bytes(0);
    (1..=last).fold(first.len(), |common, place| {
        let pairs = first[..common].iter().zip(bytes(place));
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
            assert_eq!(codes.code(Customer::Text(name)), u32::try_from(code).ok());
        }
        assert_eq!(codes.code(Customer::Whole(5)), None);
        let (ranked, ranks) = codes.ranked();
        let mut sorted = known.clone();
        sorted.sort_unstable();
        for (rank, name) in sorted.iter().enumerate() {
            assert_eq!(ranked.get(rank), Customer::Text(name));
        }
        assert!(known.iter().zip(ranks).all(|(name, rank)| sorted[rank as usize] == *name));
    }

    #[test]
    fn numbers_have_codes_too() {
        let numbers = [i64::MAX, i64::MIN, 0, -1, 1];
        let mut codes = Codes::default();
        for (code, number) in (0..).zip(numbers) {
            assert_eq!(codes.code(Customer::Whole(number)), Some(code));
        }
        assert_eq!(codes.code(Customer::Whole(0)), Some(2));
        assert_eq!(codes.ranked().1, [4, 0, 2, 1, 3]);
    }
}
