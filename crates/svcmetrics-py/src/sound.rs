//! Whether Arrow data is plainly sound: what arrow checks value by value, seen of many at once. Whatever is not plainly sound is
//! left to arrow, which says what is wrong with it, if anything is.

use arrow_data::ArrayData;
use arrow_schema::DataType;
use std::ops::{Deref, Range};
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;
use svcmetrics::arrow::{RUNS, Runs};
use svcmetrics::other_marks;
use zerocopy::FromBytes as _;

/// Views that are compared together.
const WORD: usize = u64::BITS as usize;

/// The longest text that stands within its view.
const SHORT: usize = 12;

/// The longest text that is copied, and told to be ASCII, in the same way as any shorter one.
const LONG: usize = 32;

/// Bytes of texts that are kept however few the views are.
const A_FEW: usize = 1 << 12;

/// Rows that are worth the start of a thread.
const MANY: usize = 1 << 18;

/// The bits of a view's text that are set where it is more than ASCII.
const BEYOND_ASCII: u128 = 0x8080_8080_8080_8080_8080_8080_0000_0000;

/// Where there are fewer views for each that is another than the one before, it is of no use to know these.
const RECUR: usize = 4;

/// That an array, or a piece of it, is plainly sound, and what is known of its views, if they recur side by side.
pub(crate) struct Sound(pub(crate) Option<Vec<Runs>>);

/// Looks at arrays; nothing of one where not all that [`ArrayData::validate_full`] would check is plainly as it should be.
pub(crate) fn looked_at(all: &[&ArrayData]) -> Vec<Option<Sound>> {
    let looks: Vec<Option<Look<'_>>> = all.iter().map(|data| Look::of(data)).collect();
    let pieces = looks.iter().flatten().flat_map(|look| look.pieces().map(move |piece| (look, piece)));
    let rows = all.iter().zip(&looks).filter(|(_, look)| look.is_some()).map(|(data, _)| data.len()).sum();
    let mut found = in_turns(rows, pieces.collect(), |(look, piece)| look.at(piece)).into_iter();
    let mut sound = |look: &Look<'_>| {
        let found: Vec<Option<Sound>> = found.by_ref().take(look.pieces().count()).collect();
        let seen = found.into_iter().collect::<Option<Vec<_>>>()?.into_iter().map(|piece| piece.0);
        Some(Sound(seen.collect::<Option<Vec<_>>>().map(|seen| seen.into_iter().flatten().collect())))
    };
    looks.iter().map(|look| look.as_ref().and_then(&mut sound)).collect()
}

/// What comes of each piece, in order, by two threads where there are many rows.
fn in_turns<P: Send, A: Send>(rows: usize, pieces: Vec<P>, work: impl Fn(P) -> A + Sync) -> Vec<A> {
    if rows < MANY || pieces.len() < 2 {
        return pieces.into_iter().map(work).collect();
    }
    let pieces = Mutex::new(pieces.into_iter().enumerate());
    let next = || pieces.lock().unwrap_or_else(PoisonError::into_inner).next();
    let share = || std::iter::from_fn(next).map(|(place, piece)| (place, work(piece))).collect::<Vec<_>>();
    let mut made = thread::scope(|scope| {
        let other = scope.spawn(share);
        let mut made = share();
        made.append(&mut other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        made
    });
    made.sort_unstable_by_key(|(place, _)| *place);
    made.into_iter().map(|(_, made)| made).collect()
}

/// What there is to look at in an array.
enum Look<'a> {
    Views { views: &'a [u128], shared: Vec<&'a [u8]> },
    Whole(&'a ArrayData, fn(&ArrayData) -> Option<bool>),
}

impl<'a> Look<'a> {
    /// Nothing where it is not looked at here, or not well-formed.
    fn of(data: &'a ArrayData) -> Option<Self> {
        let look = match data.data_type() {
            DataType::Utf8View => Self::Views {
                views: of(data, <[u128]>::ref_from_bytes(data.buffers().first()?).ok()?)?,
                shared: data.buffers()[1..].iter().map(Deref::deref).collect(),
            },
            DataType::Utf8 => Self::Whole(data, are_ended::<4>),
            DataType::LargeUtf8 => Self::Whole(data, are_ended::<8>),
            DataType::Dictionary(..) => Self::Whole(data, are_codes),
            _ => return None,
        };
        (data.validate().is_ok() && data.validate_nulls().is_ok()).then_some(look)
    }

    /// Views that a thread takes at a time, or the whole.
    fn pieces(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let len = match self {
            Self::Views { views, .. } => views.len(),
            Self::Whole(..) => 1,
        };
        (0..len).step_by(RUNS).map(move |start| start..len.min(start + RUNS))
    }

    /// What is seen of a piece where its views recur; nothing where it is not plainly sound.
    fn at(&self, piece: Range<usize>) -> Option<Sound> {
        match self {
            Self::Views { views, shared } => seen(&views[piece], shared),
            Self::Whole(data, is_sound) => is_sound(data)?.then_some(Sound(None)),
        }
    }
}

/// Codes that stand side by side.
fn values<const BYTES: usize>(data: &ArrayData) -> Option<&[[u8; BYTES]]> {
    of(data, data.buffers().first()?.as_slice().as_chunks().0)
}

/// Those that the data is of.
fn of<'a, T>(data: &ArrayData, all: &'a [T]) -> Option<&'a [T]> {
    all.get(data.offset()..data.offset().checked_add(data.len())?)
}

/// Looks at some views: of those that are the same as the one before only at the first. Nothing where one is not of a text.
fn seen(views: &[u128], shared: &[&[u8]]) -> Option<Sound> {
    let mut few = Some(Known::new(views.len()));
    let mut is_text = |view: u128| match &mut few {
        Some(known) if known.has_room(length(view)) => known.push(view, shared),
        Some(known) => {
            let are_texts = known.are_texts();
            few = None;
            are_texts && is_text(view, shared)
        }
        None => is_text(view, shared),
    };
    // no other is before it
    if !is_text(*views.first()?) {
        return None;
    }
    let mut marks = Vec::with_capacity(views.len().div_ceil(WORD));
    for start in (0..views.len()).step_by(WORD) {
        let some = &views[start..views.len().min(start + WORD + 1)];
        let others = other_marks(some);
        marks.push(others);
        let are_texts = if others == u64::MAX {
            some[1..].iter().all(|view| is_text(*view))
        } else {
            ones(others).all(|bit| is_text(some[1 + bit]))
        };
        if !are_texts {
            return None;
        }
    }
    let Some(known) = few else { return Some(Sound(None)) };
    Some(Sound(Some(vec![known.runs(marks)?])))
}

/// The bits that are set.
fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = bits.trailing_zeros() as usize;
        bits &= bits.checked_sub(1)?;
        Some(bit)
    })
}

/// Texts, one after another, that are few and short enough to be of use as [`Runs`].
struct Known {
    text: Vec<u8>,
    offsets: Vec<u32>,
    /// How many views there are in all.
    views: usize,
}

impl Known {
    fn new(views: usize) -> Self {
        let mut offsets = Vec::with_capacity(views / (2 * RECUR) + 2);
        offsets.push(0);
        Self { text: Vec::with_capacity(2 * views), offsets, views }
    }

    /// Whether one more of this length is not one too many, and all take no more memory than the views do.
    fn has_room(&self, length: usize) -> bool {
        // the first one and the last one may be cut off, and of a few views each may be of a long text
        let (most, longest) = (self.views / RECUR + 2, self.views * size_of::<u128>() + A_FEW);
        self.offsets.len() <= most && length <= longest - self.text.len()
    }

    /// One more text, for which there is room; whether its view is well-formed. Whether all are UTF-8 is asked in the end.
    fn push(&mut self, view: u128, shared: &[&[u8]]) -> bool {
        let (start, length) = (self.text.len(), length(view));
        if length <= SHORT {
            if has_padding(view) {
                return false;
            }
            self.text.extend_from_slice(&view.to_le_bytes()[4..]);
        } else {
            let Some(all) = long_text_and_on(view, shared) else { return false };
            match all.first_chunk::<LONG>() {
                // a copy of so many bytes costs no call
                Some(some) if length <= LONG => self.text.extend_from_slice(some),
                _ => self.text.extend_from_slice(&all[..length]),
            }
        }
        self.text.truncate(start + length);
        // there is room for no more than a few millions
        self.offsets.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        true
    }

    /// Whether each is UTF-8: all together are, and none ends within a character.
    fn are_texts(&self) -> bool {
        let is_between = |all: &str| self.offsets.iter().all(|end| all.is_char_boundary(*end as usize));
        std::str::from_utf8(&self.text).is_ok_and(is_between)
    }

    /// Nothing where they are not what [`Known::are_texts`] asks, at which [`Runs::new`] looks, too.
    fn runs(mut self, others: Vec<u64>) -> Option<Runs> {
        self.text.shrink_to_fit();
        self.offsets.shrink_to_fit();
        Runs::new(others, String::from_utf8(self.text).ok()?, self.offsets)
    }
}

fn is_text(view: u128, shared: &[&[u8]]) -> bool {
    if length(view) <= SHORT { is_short_text(view) } else { is_long_text(view, shared) }
}

#[allow(clippy::cast_possible_truncation)] // its first 32 bits
fn length(view: u128) -> usize {
    view as u32 as usize
}

fn is_short_text(view: u128) -> bool {
    let is_text = || std::str::from_utf8(&view.to_le_bytes()[4..4 + length(view)]).is_ok();
    !has_padding(view) && (view & BEYOND_ASCII == 0 || is_text())
}

/// Whether something stands behind a short text.
fn has_padding(view: u128) -> bool {
    (view >> 32).checked_shr(8 * u32::try_from(length(view)).unwrap_or(u32::MAX)).unwrap_or_default() != 0
}

fn is_long_text(view: u128, shared: &[&[u8]]) -> bool {
    long_text_and_on(view, shared).is_some_and(|all| is_utf8(&all[..length(view)]))
}

/// A long text and what follows it; nothing where the view is not well-formed.
fn long_text_and_on<'a>(view: u128, shared: &[&'a [u8]]) -> Option<&'a [u8]> {
    let bytes = view.to_le_bytes();
    let ([_, start, buffer, at], _) = bytes.as_chunks::<4>() else { return None };
    let (buffer, at) = (u32::from_le_bytes(*buffer) as usize, u32::from_le_bytes(*at) as usize);
    let all = shared.get(buffer)?.get(at..)?;
    (all.len() >= length(view) && all.first_chunk() == Some(start)).then_some(all)
}

/// Whether it is UTF-8: most texts are of 13 to 32 bytes, and ASCII is told without a call.
#[inline]
fn is_utf8(text: &[u8]) -> bool {
    is_short_ascii(text).unwrap_or_else(|| text.is_ascii()) || std::str::from_utf8(text).is_ok()
}

/// Whether 8 to 32 bytes are all ASCII, found in the same way for any number of them: of texts of many lengths no processor foresees
/// which is the next one's.
#[inline]
fn is_short_ascii(text: &[u8]) -> Option<bool> {
    let last = text.len().checked_sub(8).filter(|last| *last <= LONG - 8)?;
    // those in between overlap with others, or are the same
    let starts = [0, last.min(8), last.saturating_sub(8), last];
    let word = |start: usize| text.get(start..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    let all = starts.into_iter().try_fold(0, |all, start| Some(all | word(start)?))?;
    Some(all & 0x8080_8080_8080_8080 == 0)
}

/// Whether texts that each end where the next one begins, at offsets of so many bytes, are of ASCII alone: they may end anywhere.
fn are_ended<const BYTES: usize>(data: &ArrayData) -> Option<bool> {
    let [offsets, all] = data.buffers() else { return None };
    let offsets = offsets.as_slice().as_chunks::<BYTES>().0;
    let offsets = offsets.get(data.offset()..=data.offset().checked_add(data.len())?)?;
    let offset = |bytes: &[u8; BYTES]| {
        let mut number = [0; size_of::<u64>()];
        number[..BYTES].copy_from_slice(bytes);
        // a negative one is larger than any buffer
        u64::from_le_bytes(number)
    };
    let ascends = offsets.windows(2).fold(true, |ascends, pair| ascends & (offset(&pair[0]) <= offset(&pair[1])));
    let [start, end] = [offsets.first()?, offsets.last()?].map(|bytes| usize::try_from(offset(bytes)).ok());
    Some(ascends && all.get(start?..end?)?.is_ascii())
}

/// Whether all codes are of values of the dictionary, be they null or not.
fn are_codes(data: &ArrayData) -> Option<bool> {
    let DataType::Dictionary(codes, _) = data.data_type() else { return None };
    let dictionary = data.child_data().first()?;
    macro_rules! all_below {
        ($type:ty) => {{
            // a negative one is too large, too; those that have the highest bit are left to arrow, signed or not
            let limit = <$type>::try_from(dictionary.len()).unwrap_or(<$type>::MAX).min(<$type>::MAX / 2 + 1);
            values(data)?.iter().filter(|code| <$type>::from_le_bytes(**code) >= limit).count() == 0
        }};
    }
    let are_below = match codes.primitive_width()? {
        1 => all_below!(u8),
        2 => all_below!(u16),
        4 => all_below!(u32),
        _ => all_below!(u64),
    };
    Some(are_below && dictionary.validate_full().is_ok())
}
