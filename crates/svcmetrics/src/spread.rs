//! How far rows lie from their group's quotient: exact sums of squares and products, from which intervals are computed.

use crate::column::Name;
use crate::definitions::{Chosen, Definitions};
use crate::error::{Error, Result};
use crate::interval::Sampling;
use crate::money::nearest;
use num_bigint::BigInt;

/// Sums over a group's counted rows, of which each adds y to a metric's numerator and x to its denominator, both in one unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Squares {
    pub(crate) yy: BigInt,
    pub(crate) xy: BigInt,
    pub(crate) xx: BigInt,
}

impl Squares {
    pub(crate) fn add_row(&mut self, y: i128, x: i128) {
        for (sum, one, other) in [(&mut self.yy, y, y), (&mut self.xy, x, y), (&mut self.xx, x, x)] {
            match one.checked_mul(other) {
                Some(product) => *sum += product,
                None => *sum += BigInt::from(one) * other,
            }
        }
    }

    fn add(&mut self, other: &Self) {
        self.yy += &other.yy;
        self.xy += &other.xy;
        self.xx += &other.xx;
    }

    /// The variance of `y / x`, the quotient of the sums over so many rows: exact until it is converted at the end.
    pub(crate) fn variance(&self, rows: i128, (y, x): (i128, i128)) -> Option<f64> {
        if rows < 2 || x == 0 {
            return None;
        }
        let (y, x) = (BigInt::from(y), BigInt::from(x));
        let residuals = &self.yy * &x * &x - &self.xy * &x * &y * 2 + &self.xx * &y * &y;
        Some(nearest(&(residuals * rows), &(x.pow(4) * (rows - 1))))
    }

    /// Whether so many rows with these sums can have them (the inequality of Cauchy and Schwarz).
    #[cfg(feature = "serde")]
    pub(crate) fn are_of(&self, rows: i128, (y, x): (i128, i128)) -> bool {
        let at_most = |sum: i128, squares: &BigInt| BigInt::from(sum).pow(2) <= squares * rows;
        at_most(y, &self.yy) && at_most(x, &self.xx) && self.xy.pow(2) <= &self.yy * &self.xx
    }
}

/// The squares of all groups, for the metrics for which they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Spread {
    pub(crate) metrics: Vec<Name>,
    /// Row-major: a group's stand together.
    pub(crate) squares: Vec<Squares>,
}

impl Spread {
    /// No groups yet.
    pub(crate) fn of(metrics: Vec<Name>) -> Self {
        Self { metrics, squares: Vec::new() }
    }

    /// The metrics whose intervals need it.
    pub(crate) fn metrics_of(definitions: &Definitions) -> Vec<Name> {
        let needs = |chosen: &&Chosen| {
            definitions.is_summed(chosen) && chosen.metric.sampling(chosen.form()) == Sampling::Spread
        };
        definitions.chosen.iter().filter(needs).map(|chosen| chosen.metric.id.clone()).collect()
    }

    /// As many groups.
    pub(crate) fn resize(&mut self, groups: usize) -> Result<()> {
        let cells = groups * self.metrics.len();
        self.squares
            .try_reserve(cells.saturating_sub(self.squares.len()))
            .map_err(|_| Error::OutOfMemory { groups: groups as u64 })?;
        self.squares.resize(cells, Squares::default());
        Ok(())
    }

    pub(crate) fn group(&self, group: usize) -> &[Squares] {
        &self.squares[group * self.metrics.len()..(group + 1) * self.metrics.len()]
    }

    pub(crate) fn group_mut(&mut self, group: usize) -> &mut [Squares] {
        let width = self.metrics.len();
        &mut self.squares[group * width..(group + 1) * width]
    }

    pub(crate) fn find(&self, group: usize, metric: &str) -> Option<&Squares> {
        self.metrics.iter().position(|known| known == metric).map(|position| &self.group(group)[position])
    }

    /// One more group.
    pub(crate) fn push(&mut self, squares: &[Squares]) {
        self.squares.extend_from_slice(squares);
    }

    /// Adds a group's squares to another's.
    pub(crate) fn add(&mut self, group: usize, squares: &[Squares]) {
        self.group_mut(group).iter_mut().zip(squares).for_each(|(sum, more)| sum.add(more));
    }

    /// The same for other metrics: nothing for those that are new.
    pub(crate) fn rearranged(&self, metrics: &[Name], groups: usize) -> Self {
        let squares = (0..groups)
            .flat_map(|group| metrics.iter().map(move |metric| self.find(group, metric).cloned().unwrap_or_default()));
        Self { squares: squares.collect(), metrics: metrics.to_vec() }
    }

    /// Nothing for metrics that read a stock, which do not add over time.
    pub(crate) fn without_stocks(mut self, definitions: &Definitions) -> Self {
        let is_stock = |metric: &Name| definitions.find(metric).is_some_and(|chosen| chosen.form().reads_stock());
        let stocks: Vec<bool> = self.metrics.iter().map(is_stock).collect();
        for (squares, _) in self.squares.iter_mut().zip(stocks.iter().cycle()).filter(|(_, stock)| **stock) {
            *squares = Squares::default();
        }
        self
    }

    /// For messages.
    fn words(&self) -> String {
        if self.metrics.is_empty() { "none".to_owned() } else { crate::error::listed(&self.metrics) }
    }

    /// What differs between two, if anything does.
    pub(crate) fn difference(&self, other: &Self) -> Option<Error> {
        (self.metrics != other.metrics).then(|| Error::Mismatch {
            what: "the metrics whose spread is kept",
            left: self.words(),
            right: other.words(),
        })
    }
}

/// Squares as they are stored: yy, xy and xx as text.
#[cfg(feature = "serde")]
mod stored {
    use super::{BigInt, Name, Spread, Squares};

    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct StoredSpread {
        metrics: Vec<Name>,
        groups: Vec<Vec<[String; 3]>>,
    }

    /// A row's square has 254 bits at the most, and there are fewer than 2^63 rows.
    const DIGITS: usize = 97;

    impl StoredSpread {
        /// Nothing where no metric's spread is kept.
        pub(crate) fn of(spread: &Spread, groups: usize) -> Option<Self> {
            let text = |squares: &Squares| [&squares.yy, &squares.xy, &squares.xx].map(ToString::to_string);
            let groups = (0..groups).map(|group| spread.group(group).iter().map(text).collect()).collect();
            (!spread.metrics.is_empty()).then(|| Self { metrics: spread.metrics.clone(), groups })
        }

        /// The squares of so many groups, if that is what they are.
        pub(crate) fn read(self, groups: usize) -> Option<Spread> {
            let integer = |text: &String| if text.len() <= DIGITS { text.parse::<BigInt>().ok() } else { None };
            let squares =
                |[yy, xy, xx]: &[String; 3]| Some(Squares { yy: integer(yy)?, xy: integer(xy)?, xx: integer(xx)? });
            if self.groups.len() != groups || self.groups.iter().any(|group| group.len() != self.metrics.len()) {
                return None;
            }
            let squares = self.groups.iter().flatten().map(squares).collect::<Option<_>>()?;
            Some(Spread { metrics: self.metrics, squares })
        }
    }
}

#[cfg(feature = "serde")]
pub(crate) use stored::StoredSpread;
