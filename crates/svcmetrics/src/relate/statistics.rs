//! Correlation and lift of pairs of numbers. These are statistics and no measures: doubles, added up in the order of the rows,
//! so the same rows in the same order give the same bits.

use super::{Correlation, Estimate, Lift, NoRelation};

/// The fewest pairs that have a correlation.
const FEWEST: usize = 3;

/// A customer's x and y.
pub(super) type Pair = [f64; 2];

/// Pearson's correlation and Spearman's, with intervals; `z` is the normal quantile of their level.
pub(super) fn correlation(pairs: &[Pair], z: f64) -> Result<Correlation, NoRelation> {
    if pairs.len() < FEWEST {
        return Err(NoRelation::TooFewCustomers);
    }
    let (x, y) = columns(pairs);
    let (rank_x, rank_y) = (ranks(&x), ranks(&y));
    let pearson = pearson(&x, &y)?;
    // Ranks differ where values do.
    let spearman = self::pearson(&rank_x, &rank_y)?;
    Ok(Correlation {
        pearson: fisher(pearson, 1.0, pairs.len(), z),
        spearman: fisher(spearman, 1.0 + spearman * spearman / 2.0, pairs.len(), z),
    })
}

fn columns(pairs: &[Pair]) -> (Vec<f64>, Vec<f64>) {
    pairs.iter().map(|[x, y]| (*x, *y)).unzip()
}

#[allow(clippy::cast_precision_loss)] // fewer than 2^53 rows
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// In two passes, the second of them corrected for what the mean lost in rounding.
#[allow(clippy::cast_precision_loss, clippy::float_cmp)] // fewer than 2^53 rows; equal is equal
fn pearson(x: &[f64], y: &[f64]) -> Result<f64, NoRelation> {
    // Told by the values themselves: sums of constants may differ from 0 by rounding.
    let constant = |values: &[f64]| values.iter().all(|value| *value == values[0]);
    if constant(x) {
        return Err(NoRelation::NoVarianceOfX);
    }
    if constant(y) {
        return Err(NoRelation::NoVarianceOfY);
    }
    let (mean_x, mean_y) = (mean(x), mean(y));
    let [mut xx, mut yy, mut xy, mut dx, mut dy] = [0.0; 5];
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
        dx += x;
        dy += y;
    }
    let count = x.len() as f64;
    (xx, yy, xy) = (xx - dx * dx / count, yy - dy * dy / count, xy - dx * dy / count);
    // Only rounding could leave these limits.
    Ok((xy / (xx * yy).sqrt()).clamp(-1.0, 1.0))
}

/// Twice the ranks, from 2, equal values sharing the mean of theirs: whole numbers.
#[allow(clippy::cast_precision_loss)] // fewer than 2^52 rows
fn ranks(values: &[f64]) -> Vec<f64> {
    doubled_ranks(values).into_iter().map(|rank| rank as f64).collect()
}

#[allow(clippy::float_cmp)] // ties are equal
fn doubled_ranks(values: &[f64]) -> Vec<u64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut ranks = vec![0; values.len()];
    let mut before = 0_u64;
    for tied in order.chunk_by(|one, other| values[*one] == values[*other]) {
        let last = before + tied.len() as u64;
        for position in tied {
            // the first and the last rank of those tied, added up
            ranks[*position] = before + 1 + last;
        }
        before = last;
    }
    ranks
}

/// The interval by Fisher's transformation, its variance `spread / (n - 3)`; of three pairs it is everything.
#[allow(clippy::cast_precision_loss)] // fewer than 2^53 rows
fn fisher(value: f64, spread: f64, count: usize, z: f64) -> Estimate {
    if count <= FEWEST {
        return Estimate { value, low: -1.0, high: 1.0 };
    }
    let half = z * (spread / (count - FEWEST) as f64).sqrt();
    // at 1 and -1 infinite, and back at 1 and -1
    let middle = value.atanh();
    // the way there and back is rounded: without the limits an interval of no width could miss the value
    Estimate { value, low: (middle - half).tanh().min(value), high: (middle + half).tanh().max(value) }
}

/// The mean of y by quantiles of x, relative to the mean of all.
pub(super) fn lifts(pairs: &[Pair], quantiles: u32, z: f64) -> Vec<Lift> {
    let (x, y) = columns(pairs);
    let mut bins: Vec<Vec<Pair>> = vec![Vec::new(); quantiles as usize];
    let count = pairs.len() as u64;
    for (pair, rank) in pairs.iter().zip(doubled_ranks(&x)) {
        // Those tied stand where their mean rank does; without ties bins differ by one customer at the most.
        let bin = u128::from(rank - 1) * u128::from(quantiles) / u128::from(2 * count);
        bins[usize::try_from(bin).unwrap_or_default()].push(*pair);
    }
    let overall = if pairs.is_empty() { None } else { overall(&y) };
    (1..).zip(bins).map(|(quantile, bin)| lift(quantile, &bin, overall, z)).collect()
}

/// The mean of all, unless it is 0, or so near to it that it may be rounding alone.
#[allow(clippy::cast_precision_loss)] // fewer than 2^53 rows
fn overall(y: &[f64]) -> Option<f64> {
    let noise = f64::EPSILON * y.len() as f64 * y.iter().map(|y| y.abs()).sum::<f64>();
    (y.iter().sum::<f64>().abs() > noise).then(|| mean(y))
}

#[allow(clippy::cast_precision_loss)] // fewer than 2^53 rows
fn lift(quantile: u32, bin: &[Pair], overall: Option<f64>, z: f64) -> Lift {
    let (x, y) = columns(bin);
    let bin_mean = (!bin.is_empty()).then(|| mean(&y));
    let relative = |value: f64| overall.map(|overall| value / overall);
    let half = bin_mean.filter(|_| bin.len() > 1).map(|mean| {
        let squares: f64 = y.iter().map(|y| (y - mean) * (y - mean)).sum();
        z * (squares / (bin.len() - 1) as f64 / bin.len() as f64).sqrt()
    });
    let edge = |sign: f64| bin_mean.zip(half).and_then(|(mean, half)| relative(mean + sign * half));
    // Dividing by a mean below 0 turns the sides.
    let sign = if overall.is_some_and(|overall| overall < 0.0) { -1.0 } else { 1.0 };
    Lift {
        quantile,
        x_low: x.iter().copied().reduce(f64::min),
        x_high: x.iter().copied().reduce(f64::max),
        customers: bin.len() as u64,
        mean: bin_mean,
        lift: bin_mean.and_then(relative),
        low: edge(-sign),
        high: edge(sign),
        undefined_reason: match (bin_mean, overall) {
            (None, _) => Some(NoRelation::NoCustomers),
            (_, None) => Some(NoRelation::MeanIsZero),
            _ => None,
        },
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // to the bit is what is meant
mod tests {
    use super::*;

    #[test]
    fn ties_share_the_mean_of_their_ranks() {
        assert_eq!(doubled_ranks(&[5.0, 1.0, 5.0, 2.0]), [7, 2, 7, 4]);
        assert_eq!(doubled_ranks(&[3.0, 3.0, 3.0]), [4, 4, 4]);
        assert_eq!(doubled_ranks(&[]), [0_u64; 0]);
    }

    #[test]
    fn a_constant_has_no_variance_whatever_its_sum_is_rounded_to() {
        let pairs: Vec<Pair> = (0..10).map(|i| [0.1, f64::from(i)]).collect();
        assert_eq!(correlation(&pairs, 2.0), Err(NoRelation::NoVarianceOfX));
        let turned: Vec<Pair> = pairs.iter().map(|[x, y]| [*y, *x]).collect();
        assert_eq!(correlation(&turned, 2.0), Err(NoRelation::NoVarianceOfY));
        assert_eq!(correlation(&pairs[..2], 2.0), Err(NoRelation::TooFewCustomers));
    }

    #[test]
    fn a_perfect_correlation_is_1_with_no_room() {
        let pairs: Vec<Pair> = (0..7).map(|i| [f64::from(i) / 7.0, -f64::from(i) / 7.0]).collect();
        let Correlation { pearson, spearman } = correlation(&pairs, 2.0).unwrap();
        assert_eq!(pearson, Estimate { value: -1.0, low: -1.0, high: -1.0 });
        assert_eq!(spearman, pearson);
        let three = correlation(&pairs[..3], 2.0).unwrap().pearson;
        assert_eq!((three.low, three.high), (-1.0, 1.0));
    }

    #[test]
    fn a_mean_that_is_rounding_alone_gives_no_lift() {
        let lifts = lifts(&[[1.0, 0.1], [2.0, 0.2], [3.0, -0.3]], 3, 2.0);
        assert!(lifts.iter().all(|lift| lift.undefined_reason == Some(NoRelation::MeanIsZero) && lift.lift.is_none()));
        assert_eq!(lifts[2].mean, Some(-0.3));
    }
}
