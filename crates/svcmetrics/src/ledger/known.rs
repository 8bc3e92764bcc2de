//! Customers of a range as they came, by code.

use super::chunk::Customer;
use crate::engine::columns::same;
use crate::engine::prefetch;

/// Bytes of a text's length, and those by which its code counts.
const STEP: usize = size_of::<u64>();

/// In a form that costs little more than their bytes, and in which a look at one is a single one at memory far away.
#[derive(Debug, Clone)]
pub(super) enum Known {
    Whole(Vec<i64>),
    /// Each behind its length, and filled up to whole steps.
    Texts(Vec<u8>),
}

impl Default for Known {
    fn default() -> Self {
        Self::Whole(Vec::new())
    }
}

impl Known {
    /// One more, of the type of those before; its code.
    pub(super) fn push(&mut self, customer: Customer<'_>) -> usize {
        if matches!(customer, Customer::Text(_)) && self.codes() == 0 {
            *self = Self::Texts(Vec::new());
        }
        let code = self.codes();
        match (self, customer) {
            (Self::Whole(numbers), Customer::Whole(number)) => numbers.push(number),
            (Self::Texts(bytes), Customer::Text(text)) => {
                bytes.extend((text.len() as u64).to_le_bytes());
                bytes.extend(text.as_bytes());
                bytes.resize(bytes.len().next_multiple_of(STEP), 0);
            }
            _ => debug_assert!(false, "customers are of one type"),
        }
        code
    }

    /// How many codes there are; texts leave some out.
    pub(super) fn codes(&self) -> usize {
        match self {
            Self::Whole(numbers) => numbers.len(),
            Self::Texts(bytes) => bytes.len() / STEP,
        }
    }

    pub(super) fn get(&self, code: usize) -> Customer<'_> {
        match self {
            Self::Whole(numbers) => Customer::Whole(numbers[code]),
            // it was a text before
            Self::Texts(bytes) => Customer::Text(str::from_utf8(text(bytes, code)).unwrap_or_default()),
        }
    }

    /// All, by code.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, Customer<'_>)> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let code = next;
            let customer = (code < self.codes()).then(|| self.get(code))?;
            next += match customer {
                Customer::Whole(_) => 1,
                Customer::Text(text) => 1 + text.len().div_ceil(STEP),
            };
            Some((code, customer))
        })
    }

    /// Whether that one has a code.
    #[inline]
    pub(super) fn is_at(&self, code: usize, customer: Customer<'_>) -> bool {
        match (self, customer) {
            (Self::Whole(numbers), Customer::Whole(number)) => numbers[code] == number,
            (Self::Texts(bytes), Customer::Text(other)) => same(text(bytes, code), other.as_bytes()),
            _ => false,
        }
    }

    /// Asks for the memory in which one stands, and does not wait for it.
    #[inline]
    pub(super) fn fetch(&self, code: usize) {
        match self {
            Self::Whole(numbers) => prefetch(&numbers[code]),
            Self::Texts(bytes) => {
                prefetch(&bytes[code * STEP]);
                // most identities end in the third step
                if let Some(third) = bytes.get((code + 2) * STEP) {
                    prefetch(third);
                }
            }
        }
    }
}

/// The text of a code.
#[inline]
fn text(bytes: &[u8], code: usize) -> &[u8] {
    let Some((len, texts)) = bytes[code * STEP..].split_first_chunk() else { return &[] };
    // of something that was in memory
    &texts[..usize::try_from(u64::from_le_bytes(*len)).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_come_out_as_they_came_in() {
        let texts: Vec<String> = (0..40).map(|len| "ä".repeat(len % 20) + &"b".repeat(len)).collect();
        let numbers = [i64::MAX, 0, -1].map(Customer::Whole).to_vec();
        for customers in [texts.iter().map(|text| Customer::Text(text)).collect(), numbers, Vec::new()] {
            let mut known = Known::default();
            let codes: Vec<usize> = customers.iter().map(|customer| known.push(*customer)).collect();
            assert_eq!(
                known.each().collect::<Vec<_>>(),
                codes.iter().copied().zip(customers.clone()).collect::<Vec<_>>()
            );
            for (code, customer) in codes.iter().zip(&customers) {
                assert!(*code < known.codes() && known.get(*code) == *customer);
                assert!(customers.iter().all(|other| known.is_at(*code, *other) == (other == customer)));
            }
        }
    }
}
