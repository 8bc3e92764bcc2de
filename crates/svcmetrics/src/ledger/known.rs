//! Customers of a range as they came, by code.

use super::chunk::Customer;
use crate::engine::prefetch;
use crate::engine::texts::same;

/// Bytes of a text's length, and those by which its code counts.
const STEP: usize = size_of::<u64>();

/// Steps of a block of texts: blocks are never copied to grow, and little of them is left free.
const BLOCK: usize = if cfg!(test) { 8 } else { 256 };

/// In a form that costs little more than their bytes, and in which a look at one is a single one at memory far away.
#[derive(Debug, Clone)]
pub(super) enum Known {
    Whole(Vec<i64>),
    /// Blocks of texts, each behind its length and filled up to whole steps; one that is longer than a block has one of its own.
    Texts(Vec<Vec<u8>>),
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
        match (self, customer) {
            (Self::Whole(numbers), Customer::Whole(number)) => {
                numbers.push(number);
                numbers.len() - 1
            }
            (Self::Texts(blocks), Customer::Text(text)) => {
                let needed = steps(text) * STEP;
                if blocks.last().is_none_or(|last| last.len() + needed > BLOCK * STEP) {
                    blocks.push(Vec::with_capacity(needed.max(BLOCK * STEP)));
                }
                let before = (blocks.len() - 1) * BLOCK;
                let Some(bytes) = blocks.last_mut() else { return before };
                let code = before + bytes.len() / STEP;
                bytes.extend((text.len() as u64).to_le_bytes());
                bytes.extend(text.as_bytes());
                bytes.resize(bytes.len().next_multiple_of(STEP), 0);
                code
            }
            (known, _) => {
                debug_assert!(false, "customers are of one type");
                known.codes()
            }
        }
    }

    /// How many codes there are; texts leave some out.
    pub(super) fn codes(&self) -> usize {
        match self {
            Self::Whole(numbers) => numbers.len(),
            Self::Texts(blocks) => {
                blocks.last().map_or(0, |last| (blocks.len() - 1) * BLOCK + (last.len() / STEP).min(BLOCK))
            }
        }
    }

    /// Who has a code.
    pub(super) fn get(&self, code: usize) -> Customer<'_> {
        match self {
            Self::Whole(numbers) => Customer::Whole(numbers[code]),
            Self::Texts(blocks) => Customer::Text(text_of(from(blocks, code))),
        }
    }

    /// All, by code.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, Customer<'_>)> {
        let (numbers, blocks) = match self {
            Self::Whole(numbers) => (&numbers[..], &[][..]),
            Self::Texts(blocks) => (&[][..], &blocks[..]),
        };
        let numbers = numbers.iter().map(|number| Customer::Whole(*number)).enumerate();
        let texts = blocks.iter().enumerate().flat_map(|(place, block)| {
            let mut next = 0;
            std::iter::from_fn(move || {
                let step = next;
                let rest = block.get(step * STEP..).filter(|rest| !rest.is_empty())?;
                let text = text_of(rest);
                next += steps(text);
                Some((place * BLOCK + step, Customer::Text(text)))
            })
        });
        numbers.chain(texts)
    }

    /// Whether that one has a code.
    #[inline]
    pub(super) fn is_at(&self, code: usize, customer: Customer<'_>) -> bool {
        match (self, customer) {
            (Self::Whole(numbers), Customer::Whole(number)) => numbers[code] == number,
            (Self::Texts(blocks), Customer::Text(other)) => same(text(from(blocks, code)), other.as_bytes()),
            _ => false,
        }
    }

    /// Asks for the memory in which one stands, and does not wait for it.
    #[inline]
    pub(super) fn fetch(&self, code: usize) {
        match self {
            Self::Whole(numbers) => prefetch(&numbers[code]),
            Self::Texts(blocks) => {
                let bytes = from(blocks, code);
                // most identities end in the third step
                [bytes.first(), bytes.get(2 * STEP)].into_iter().flatten().for_each(prefetch);
            }
        }
    }
}

/// What is in a block from a code on.
#[inline]
fn from(blocks: &[Vec<u8>], code: usize) -> &[u8] {
    &blocks[code / BLOCK][code % BLOCK * STEP..]
}

/// Steps of a text and its length.
fn steps(text: &str) -> usize {
    1 + text.len().div_ceil(STEP)
}

/// The text that is first in some bytes, where one was put.
fn text_of(bytes: &[u8]) -> &str {
    str::from_utf8(text(bytes)).unwrap_or_default()
}

/// Its bytes.
#[inline]
fn text(bytes: &[u8]) -> &[u8] {
    let Some((len, texts)) = bytes.split_first_chunk() else { return &[] };
    // of something that was in memory
    &texts[..usize::try_from(u64::from_le_bytes(*len)).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_come_out_as_they_came_in() {
        // some of them longer than a block
        let texts: Vec<String> = (0..90).map(|len| "ä".repeat(len % 20) + &"b".repeat(len)).collect();
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
