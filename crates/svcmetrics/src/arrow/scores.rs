//! Scores of many customers: columns straight from the scorer.

use super::{Frame, key_array};
use crate::engine::{NOBODY, PIECE, ScoreRows};
use crate::error::{Error, Result};
use crate::health::{Finished, HealthModel, HealthScorer};
use crate::mask::{WORD, word_of};
use crate::scorecard::Scorecard;
use arrow_array::{ArrayRef, Decimal128Array, Float64Array, GenericStringArray, OffsetSizeTrait, RecordBatch};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use std::sync::Arc;

impl HealthScorer {
    /// The scores of all rows that were added, as [`crate::HealthScores::to_record_batch`] shows them, with the points unless
    /// they were left out, and the model as it fitted the table. It is one batch of up to 61,440 customers after another, as threads
    /// made them; of no customers there is one, without rows.
    ///
    /// ```
    /// use svcmetrics::{Component, HealthModel, HealthScorer, Request, Table};
    /// let model = HealthModel::new([Component::new("adoption_rate", 1)])?;
    /// let table = Table::new(2).with("milestones_met", vec![3_i64, 0]).with("milestones_total", vec![4_i64, 0]);
    /// let mut scorer = HealthScorer::new(Request::default().health(model)).points(false);
    /// scorer.add(&table)?;
    /// let (batches, _) = scorer.finish_record_batches()?;
    /// assert_eq!((batches.len(), batches[0].num_rows(), batches[0].num_columns()), (1, 2, 3));
    /// assert!(batches[0]["score"].is_null(1)); // no milestones were set: unknown, not 0
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`HealthScorer::finish`]; [`Error::Overflow`] for identities beyond 64 bits.
    pub fn finish_record_batches(self) -> Result<(Vec<RecordBatch>, HealthModel)> {
        self.finished()?.record_batches()
    }

    /// As [`HealthScorer::finish_record_batches`], and the scorecard, in place of the model that it holds.
    ///
    /// # Errors
    /// As [`HealthScorer::finish_record_batches`] and [`HealthScorer::finish_with_scorecard`].
    pub fn finish_record_batches_with_scorecard(self) -> Result<(Vec<RecordBatch>, Scorecard)> {
        let mut finished = self.finished()?;
        let card = finished.take_scorecard()?;
        Ok((finished.record_batches()?.0, card))
    }
}

/// What batches are made of beside their scores.
struct Made<'a> {
    customers: Option<ArrayRef>,
    names: Names<'a>,
    /// Whether those of a batch may be more than 32 bits can count.
    are_long: bool,
    /// Of the points, by component.
    points: Vec<String>,
}

impl Finished {
    fn record_batches(self) -> Result<(Vec<RecordBatch>, HealthModel)> {
        let Self { model, customers, pieces, .. } = self;
        let customers = customers.map(|(key_type, keys)| key_array("customer_id", &key_type, keys.iter()));
        let names = model.band_names();
        let components = pieces.first().map_or(0, ScoreRows::components);
        let points = model.components()[..components].iter().map(|component| format!("{}_points", component.metric()));
        let made = Made {
            customers: customers.transpose()?,
            // a row without a band has no name
            names: std::array::from_fn(|band| Name::new(names.get(band).copied().unwrap_or_default())),
            are_long: names.iter().any(|name| i32::try_from(name.len() * PIECE).is_err()),
            points: points.collect(),
        };
        let batches = made.batches(pieces)?;
        Ok((batches, model))
    }
}

impl Made<'_> {
    fn batches(&self, pieces: Vec<ScoreRows>) -> Result<Vec<RecordBatch>> {
        let mut rows = 0;
        let from = |piece: ScoreRows| {
            rows += piece.len();
            (rows - piece.len(), piece)
        };
        let all: Vec<(usize, ScoreRows)> = pieces.into_iter().map(from).collect();
        #[cfg(feature = "rayon")]
        if crate::engine::threads(rows) > 1 {
            use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
            return all.into_par_iter().map(|(first, piece)| self.batch(first, piece)).collect();
        }
        all.into_iter().map(|(first, piece)| self.batch(first, piece)).collect()
    }

    /// Of a piece, and where it begins among all.
    fn batch(&self, first: usize, mut piece: ScoreRows) -> Result<RecordBatch> {
        let mut frame = Frame::default();
        if let Some(customers) = &self.customers {
            frame.push("customer_id", customers.slice(first, piece.len()));
        }
        let floats = |values: &mut Vec<f64>, nulls| Float64Array::new(std::mem::take(values).into(), nulls);
        let about = nulls_of(&piece.bands, [NOBODY; 2]);
        let there = nulls_of(&piece.bands, [NOBODY, 0]);
        frame.push("score", Arc::new(floats(&mut piece.scores, there)));
        let texts = if self.are_long { texts::<i64> } else { texts::<i32> };
        frame.push("band", texts(&piece.bands, &self.names, about.clone())?);
        frame.push("coverage", Arc::new(floats(&mut piece.coverages, about)));
        for (component, name) in self.points.iter().enumerate() {
            frame.push(name, points(&piece, component)?);
        }
        frame.finish()
    }
}

/// Nulls in rows of those bands.
fn nulls_of(bands: &[u8], none: [u8; 2]) -> Option<NullBuffer> {
    let mut words = vec![0; bands.len().div_ceil(WORD)];
    others(bands, none, &mut words);
    let there = BooleanBuffer::new(Buffer::from_vec(words), 0, bands.len());
    Some(NullBuffer::new(there)).filter(|nulls| nulls.null_count() > 0)
}

/// A bit for each band that is none of those.
#[multiversion::multiversion(targets(
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"
))]
fn others(bands: &[u8], none: [u8; 2], words: &mut [u64]) {
    let is_other = |band: u8| band != none[0] && band != none[1];
    let (whole, rest) = bands.as_chunks::<WORD>();
    for (word, bands) in words.iter_mut().zip(whole) {
        *word = word_of(|row| is_other(bands[row]));
    }
    if let Some(word) = words.get_mut(whole.len()) {
        *word = rest.iter().rev().fold(0, |word, band| word << 1 | u64::from(is_other(*band)));
    }
}

/// How many rows are in a band.
#[multiversion::multiversion(targets(
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"
))]
fn count(bands: &[u8], band: u8) -> usize {
    let (whole, rest) = bands.as_chunks::<WORD>();
    let of_words = whole.iter().map(|bands| word_of(|row| bands[row] == band).count_ones() as usize);
    of_words.chain(rest.iter().map(|other| usize::from(*other == band))).sum()
}

/// A name, and its first bytes with zeros behind.
struct Name<'a> {
    text: &'a [u8],
    padded: [u8; PADDED],
}

/// By band.
type Names<'a> = [Name<'a>; 1 << u8::BITS];

/// So many bytes are written at once.
const PADDED: usize = 16;

impl<'a> Name<'a> {
    fn new(text: &'a str) -> Self {
        let (text, mut padded) = (text.as_bytes(), [0; PADDED]);
        padded.iter_mut().zip(text).for_each(|(padded, byte)| *padded = *byte);
        Self { text, padded }
    }

    /// Writes it at the start of what is left; what is behind it is written later.
    fn write(&self, bytes: &mut [u8]) {
        match bytes.first_chunk_mut() {
            Some(first) if self.text.len() <= PADDED => *first = self.padded,
            _ => bytes[..self.text.len()].copy_from_slice(self.text),
        }
    }
}

/// The names of bands.
fn texts<O: OffsetSizeTrait>(bands: &[u8], names: &Names<'_>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let some = (0..=NOBODY).zip(names).filter(|(_, name)| !name.text.is_empty());
    let total = some.map(|(band, name)| count(bands, band) * name.text.len()).sum();
    let (mut bytes, mut offsets) = (vec![0; total], vec![O::usize_as(0); bands.len() + 1]);
    let mut written = 0;
    for (band, end) in bands.iter().zip(&mut offsets[1..]) {
        let name = &names[usize::from(*band)];
        name.write(&mut bytes[written..]);
        written += name.text.len();
        *end = O::usize_as(written);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    match GenericStringArray::try_new(offsets, Buffer::from_vec(bytes), nulls) {
        Ok(array) => Ok(Arc::new(array)),
        Err(error) => Err(malformed(&error)),
    }
}

fn points(piece: &ScoreRows, component: usize) -> Result<ArrayRef> {
    let points = (0..piece.len()).map(|row| piece.points(component, row).map(i128::from));
    // 100 has three digits before the six places
    match points.collect::<Decimal128Array>().with_precision_and_scale(9, 6) {
        Ok(array) => Ok(Arc::new(array)),
        Err(error) => Err(malformed(&error)),
    }
}

fn malformed(error: &arrow_schema::ArrowError) -> Error {
    Error::InvalidDocument { what: "a frame", problem: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::columns::Values;
    use crate::health::Component;
    use crate::request::Request;
    use crate::{HealthScores, Table};

    /// Customers with no milestones, some of whom do not pay.
    fn table(rows: usize) -> Table<'static> {
        let each = |of: fn(i64) -> i64| -> Vec<i64> { (0..).take(rows).map(of).collect() };
        Table::new(rows)
            .with("customer_id", each(|row| 7 * row))
            .with("milestones_met", each(|row| if row % 5 == 0 { 0 } else { row % 3 }))
            .with("milestones_total", each(|row| if row % 5 == 0 { 0 } else { 4 }))
            .with("revenue_end", each(|row| i64::from(row % 11 != 0)))
    }

    fn scorer(rows: usize) -> HealthScorer {
        let model = HealthModel::new([Component::new("adoption_rate", 1)]).unwrap();
        let mut scorer = HealthScorer::new(Request::default().health(model));
        scorer.add(&table(rows)).unwrap();
        scorer
    }

    #[test]
    fn small_parts_fill_a_batch_together() {
        let mut parts = scorer(0);
        (0..30).for_each(|_| parts.add(&table(PIECE / 20)).unwrap());
        let (batches, _) = parts.finish_record_batches().unwrap();
        let rows: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
        assert_eq!(rows, [20, 10].map(|parts| parts * (PIECE / 20)));
    }

    #[test]
    fn rows_that_threads_score_together_stay_in_their_order() {
        let rows = 3 * PIECE + 77;
        let (together, _) = scorer(rows).finish_record_batches().unwrap();
        let mut one_by_one = scorer(0);
        let all = table(rows);
        let columns = ["customer_id", "milestones_met", "milestones_total", "revenue_end"];
        for start in (0..rows).step_by(1000) {
            let some = start..rows.min(start + 1000);
            let column = |name: &str| match &all.get(name).unwrap().unwrap().values {
                Values::Int64(values) => values[some.clone()].to_vec(),
                _ => unreachable!("only such numbers"),
            };
            let part = columns.iter().fold(Table::new(some.len()), |part, name| part.with(*name, column(name)));
            one_by_one.add(&part).unwrap();
        }
        let (expected, _) = one_by_one.finish_record_batches().unwrap();
        let flat = |batches: &[RecordBatch]| -> Vec<_> {
            let rows = |batch: &RecordBatch| (0..batch.num_rows()).map(|row| batch.slice(row, 1)).collect::<Vec<_>>();
            batches.iter().flat_map(rows).collect()
        };
        assert_eq!(flat(&together), flat(&expected));
    }

    #[test]
    fn a_scorer_whose_rows_are_there_in_part_is_of_no_use() {
        for stop_after in [1, 4] {
            let (mut scorer, mut asked) = (scorer(0), 0);
            let stopped = scorer.add_while(&table(3 * PIECE), &mut || {
                asked += 1;
                asked <= stop_after
            });
            assert_eq!(stopped.unwrap_err().kind(), "interrupted");
            assert_eq!(scorer.add(&table(10)).unwrap_err().kind(), "interrupted");
            assert_eq!(scorer.finish_record_batches().unwrap_err().kind(), "interrupted");
        }
        let mut scorer = scorer(10);
        let nameless = Table::new(1).with("milestones_met", vec![1_i64]).with("milestones_total", vec![2_i64]);
        let error = scorer.add(&nameless).unwrap_err();
        assert_eq!((error.kind(), error.column()), ("column_not_found", Some("customer_id")));
    }

    #[test]
    fn batches_are_what_is_shown_of_all_scores_row_by_row() {
        for rows in [0, 1, PIECE, 20 * PIECE + 3] {
            let (batches, _) = scorer(rows).finish_record_batches().unwrap();
            let all: HealthScores = scorer(rows).finish().unwrap();
            let all = all.to_record_batch(true).unwrap();
            assert!(batches.len() >= rows.div_ceil(PIECE).max(1));
            let mut first = 0;
            for batch in batches {
                assert_eq!(batch, all.slice(first, batch.num_rows()));
                assert_eq!(batch.schema(), all.schema());
                first += batch.num_rows();
            }
            assert_eq!((first, all.num_rows()), (rows, rows));
        }
    }
}
