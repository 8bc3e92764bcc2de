//! Where customers are parted into ranges of about as many lines each, by what a few of them are.

use super::chunk::{Customer, Customers};

/// Ranges at most: the lines of each then fit the second-level cache up to some ten million, and the place where the next line
/// of each goes the nearest one.
pub(super) const RANGES: usize = if cfg!(test) { 4 } else { 256 };

/// Customers that say where.
pub(super) const SAMPLE: usize = 16 * RANGES;

/// The first customers of ranges, in ascending order; without any, all customers are in one range.
#[derive(Debug, Clone, Default)]
pub(super) struct Bounds {
    /// What the texts of most begin with.
    start: Vec<u8>,
    /// Of each range but the first its first customer, and the number that tells it from most others.
    firsts: Customers,
    prefixes: Vec<u64>,
}

impl Bounds {
    /// Ranges of as many of these each.
    pub(super) fn of(mut sample: Vec<Customer<'_>>) -> Self {
        sample.sort_unstable();
        sample.dedup();
        let mut bounds = Self::default();
        if let [Customer::Text(first), .., Customer::Text(last)] = sample.as_slice() {
            let common = first.bytes().zip(last.bytes()).take_while(|(one, other)| one == other);
            bounds.start = common.map(|(byte, _)| byte).collect();
        }
        let ranges = RANGES.min(sample.len());
        for range in 1..ranges {
            let first = sample[sample.len() * range / ranges];
            bounds.prefixes.push(prefix(first, &bounds.start));
            let is_alike = bounds.firsts.push(first);
            debug_assert!(is_alike, "customers are of one type");
        }
        bounds
    }

    pub(super) fn ranges(&self) -> usize {
        self.firsts.len() + 1
    }

    /// The range in which a customer is, who is of the type of the others.
    pub(super) fn range(&self, customer: Customer<'_>) -> usize {
        let prefix = prefix(customer, &self.start);
        let below = self.prefixes.partition_point(|first| *first < prefix);
        let alike = self.prefixes[below..].iter().take_while(|first| **first == prefix).count();
        // those that the number does not tell apart
        let (mut low, mut high) = (below, below + alike);
        while low < high {
            let middle = low.midpoint(high);
            if self.firsts.get(middle) <= customer { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// A number that is less only where a customer is, and tells most of those apart whose texts begin like that.
pub(super) fn prefix(customer: Customer<'_>, start: &[u8]) -> u64 {
    let text = match customer {
        Customer::Whole(number) => return number.cast_unsigned() ^ 1 << 63,
        Customer::Text(text) => text.as_bytes(),
    };
    let Some(rest) = text.strip_prefix(start) else { return if text < start { 0 } else { u64::MAX } };
    let bytes = rest.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(rest).for_each(|(byte, of_text)| *byte = *of_text);
        bytes
    });
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_ascend_with_their_customers() {
        let texts = |start: &str, scale: u32| -> Vec<String> {
            (0..200_u32).map(|number| format!("{start}{:05}", number * scale % 100_003)).collect()
        };
        let alike = texts("", 7_919).iter().map(|text| format!("a name of many, {text}")).collect();
        for mut names in [texts("cus_", 7_919), texts("", 1), alike, vec![String::new(); 3], Vec::new()] {
            let bounds = Bounds::of(names.iter().map(|name| Customer::Text(name)).collect());
            let others = ["", "a", "a name", "cus", "cus_", "cus_\0", "cus_00000\0", "cus_9\u{ff}", "d", "\u{10ffff}"];
            names.extend(others.map(str::to_owned));
            names.sort_unstable();
            let ranges: Vec<usize> = names.iter().map(|name| bounds.range(Customer::Text(name))).collect();
            assert!(ranges.is_sorted() && ranges.iter().all(|range| *range < bounds.ranges()), "{ranges:?}");
            assert!(names.len() < 200 || bounds.ranges() == RANGES);
        }
        let numbers = [i64::MIN, -1, 0, 1, 5, i64::MAX];
        let bounds = Bounds::of(numbers.iter().rev().copied().map(Customer::Whole).collect());
        assert!(numbers.map(|number| bounds.range(Customer::Whole(number))).is_sorted());
        assert_eq!((bounds.range(Customer::Whole(i64::MIN)), bounds.range(Customer::Whole(i64::MAX))), (0, RANGES - 1));
    }
}
