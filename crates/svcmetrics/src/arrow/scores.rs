//! Scores of many customers: columns straight from the scorer.

use super::{Frame, key_array};
use crate::engine::{NOBODY, ScoreColumns};
use crate::error::{Error, Result};
use crate::health::{Finished, HealthModel, HealthScorer};
use crate::mask::{WORD, word_of};
use crate::scorecard::Scorecard;
use arrow_array::{ArrayRef, Decimal128Array, Float64Array, GenericStringArray, OffsetSizeTrait, RecordBatch};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use std::sync::Arc;

impl HealthScorer {
    /// The scores of all rows that were added, as [`crate::HealthScores::to_record_batch`] shows them, with the points unless
    /// they were left out, and the model as it fitted the table.
    ///
    /// ```
    /// use svcmetrics::{Component, HealthModel, HealthScorer, Request, Table};
    /// let model = HealthModel::new([Component::new("adoption_rate", 1)])?;
    /// let table = Table::new(2).with("milestones_met", vec![3_i64, 0]).with("milestones_total", vec![4_i64, 0]);
    /// let mut scorer = HealthScorer::new(Request::default().health(model)).points(false);
    /// scorer.add(&table)?;
    /// let (batch, _) = scorer.finish_record_batch()?;
    /// assert_eq!((batch.num_rows(), batch.num_columns()), (2, 3));
    /// assert!(batch["score"].is_null(1)); // no milestones were set: unknown, not 0
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`HealthScorer::finish`]; [`Error::Overflow`] for identities beyond 64 bits.
    pub fn finish_record_batch(self) -> Result<(RecordBatch, HealthModel)> {
        self.finished()?.record_batch()
    }

    /// As [`HealthScorer::finish_record_batch`], and the scorecard, in place of the model that it holds.
    ///
    /// # Errors
    /// As [`HealthScorer::finish_record_batch`] and [`HealthScorer::finish_with_scorecard`].
    pub fn finish_record_batch_with_scorecard(self) -> Result<(RecordBatch, Scorecard)> {
        let mut finished = self.finished()?;
        let card = finished.take_scorecard()?;
        Ok((finished.record_batch()?.0, card))
    }
}

impl Finished {
    fn record_batch(self) -> Result<(RecordBatch, HealthModel)> {
        let Self { model, customers, columns, .. } = self;
        let mut frame = Frame::default();
        if let Some((key_type, customers)) = &customers {
            frame.push("customer_id", key_array("customer_id", key_type, customers.iter())?);
        }
        let (mut about, mut scored) = (None, None);
        let both = [(&mut about, [NOBODY; 2]), (&mut scored, [NOBODY, 0])];
        each(columns.len(), both.into_iter(), |(nulls, none)| *nulls = nulls_of(&columns.bands, none));
        let bands = bands(&columns, &model, about.clone())?;
        let points: Vec<ArrayRef> =
            (0..columns.components()).map(|component| points(&columns, component)).collect::<Result<_>>()?;
        let ScoreColumns { scores, coverages, .. } = columns;
        frame.push("score", Arc::new(Float64Array::new(scores.into(), scored)));
        frame.push("band", bands);
        frame.push("coverage", Arc::new(Float64Array::new(coverages.into(), about)));
        for (component, points) in model.components().iter().zip(points) {
            frame.push(format!("{}_points", component.metric()), points);
        }
        Ok((frame.finish()?, model))
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

/// The names of the bands.
fn bands(columns: &ScoreColumns, model: &HealthModel, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let names = model.band_names();
    // a row without a band has no name
    let names: Names<'_> = std::array::from_fn(|band| Name::new(names.get(band).copied().unwrap_or_default()));
    let mut parts: Vec<_> = columns.bands.chunks(PART).map(|bands| (bands, 0)).collect();
    each(columns.len(), parts.iter_mut(), |(bands, length)| {
        let some = (0..=NOBODY).zip(&names).filter(|(_, name)| !name.text.is_empty());
        *length = some.map(|(band, name)| count(bands, band) * name.text.len()).sum();
    });
    if i32::try_from(parts.iter().map(|(_, length)| length).sum::<usize>()).is_ok() {
        texts::<i32>(&parts, &names, nulls)
    } else {
        texts::<i64>(&parts, &names, nulls)
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

/// The names at positions, of which the parts say how long they are together.
fn texts<O: OffsetSizeTrait>(
    parts: &[(&[u8], usize)],
    names: &Names<'_>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let (rows, total) =
        parts.iter().fold((0, 0), |(rows, total), (bands, length)| (rows + bands.len(), total + length));
    let (mut bytes, mut offsets) = (vec![0; total], vec![O::usize_as(0); rows + 1]);
    let (mut rest, mut start) = (bytes.as_mut_slice(), 0);
    let mut works = Vec::new();
    for ((bands, length), ends) in parts.iter().zip(offsets[1..].chunks_mut(PART)) {
        let (own, others) = rest.split_at_mut(*length);
        works.push((start, *bands, own, ends));
        (rest, start) = (others, start + length);
    }
    each(rows, works.into_iter(), |(start, bands, bytes, ends)| {
        let mut written = 0;
        for (band, end) in bands.iter().zip(ends) {
            let name = &names[usize::from(*band)];
            name.write(&mut bytes[written..]);
            written += name.text.len();
            *end = O::usize_as(start + written);
        }
    });
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    match GenericStringArray::try_new(offsets, Buffer::from_vec(bytes), nulls) {
        Ok(array) => Ok(Arc::new(array)),
        Err(error) => Err(malformed(&error)),
    }
}

/// Rows that a thread takes at once.
const PART: usize = 1 << 16;

/// Does all works, together if that pays for so many rows.
fn each<W: Send>(rows: usize, works: impl Iterator<Item = W>, run: impl Fn(W) + Send + Sync) {
    #[cfg(feature = "rayon")]
    if crate::engine::threads(rows) > 1 {
        use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
        let works: Vec<W> = works.collect();
        return works.into_par_iter().for_each(run);
    }
    let _ = rows;
    works.for_each(run);
}

fn points(columns: &ScoreColumns, component: usize) -> Result<ArrayRef> {
    let points = (0..columns.len()).map(|row| columns.points(component, row).map(i128::from));
    // 100 has three digits before the six places
    match points.collect::<Decimal128Array>().with_precision_and_scale(9, 6) {
        Ok(array) => Ok(Arc::new(array)),
        Err(error) => Err(malformed(&error)),
    }
}

fn malformed(error: &arrow_schema::ArrowError) -> Error {
    Error::InvalidDocument { what: "a frame", problem: error.to_string() }
}
