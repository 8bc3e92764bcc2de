//! Whether Arrow data is plainly sound: what arrow checks value by value, seen of many at once. Whatever is not plainly sound is
//! left to arrow, which says what is wrong with it, if anything is.

use arrow_data::ArrayData;
use arrow_schema::DataType;
use std::ops::Deref;
use std::panic::resume_unwind;
use std::thread;
use svcmetrics::other_marks;
use zerocopy::FromBytes as _;

/// Views that are compared together.
const WORD: usize = u64::BITS as usize;

/// The longest text that stands within its view.
const SHORT: usize = 12;

/// Views that are worth the start of a thread.
const MANY: usize = 1 << 18;

/// The bits of a view's text that are set where it is more than ASCII.
const BEYOND_ASCII: u128 = 0x8080_8080_8080_8080_8080_8080_0000_0000;

/// Whether all that [`ArrayData::validate_full`] would check is as it should be.
pub(crate) fn is_plainly_sound(data: &ArrayData) -> bool {
    let of_type = match data.data_type() {
        DataType::Utf8View => are_texts,
        DataType::Utf8 => are_ended::<4>,
        DataType::LargeUtf8 => are_ended::<8>,
        DataType::Dictionary(..) => are_codes,
        _ => return false,
    };
    data.validate().is_ok() && data.validate_nulls().is_ok() && of_type(data).unwrap_or(false)
}

/// Codes that stand side by side.
fn values<const BYTES: usize>(data: &ArrayData) -> Option<&[[u8; BYTES]]> {
    of(data, data.buffers().first()?.as_slice().as_chunks().0)
}

/// Those that the data is of.
fn of<'a, T>(data: &ArrayData, all: &'a [T]) -> Option<&'a [T]> {
    all.get(data.offset()..data.offset().checked_add(data.len())?)
}

/// Whether views are of texts.
fn are_texts(data: &ArrayData) -> Option<bool> {
    let views = of(data, <[u128]>::ref_from_bytes(data.buffers().first()?).ok()?)?;
    let shared: Vec<&[u8]> = data.buffers().get(1..)?.iter().map(Deref::deref).collect();
    let (one, other) = views.split_at(views.len() / 2);
    let (one, other) = both(views.len(), || all_texts(one, &shared), || all_texts(other, &shared));
    Some(one && other)
}

/// Whether all views are of texts: of those that are the same as the one before only the first is looked at.
fn all_texts(views: &[u128], shared: &[&[u8]]) -> bool {
    let is_text = |view: &u128| if length(*view) <= SHORT { is_short_text(*view) } else { is_long_text(*view, shared) };
    let are_texts = |first: usize| {
        let some = &views[first - 1..views.len().min(first + WORD)];
        let mut others = other_marks(some);
        if others == u64::MAX {
            return some[1..].iter().all(is_text);
        }
        while others != 0 {
            if !is_text(&some[1 + others.trailing_zeros() as usize]) {
                return false;
            }
            others &= others - 1;
        }
        true
    };
    views.first().is_none_or(is_text) && (1..views.len()).step_by(WORD).all(are_texts)
}

/// Both answers, by two threads where there are many views.
fn both<T: Send>(views: usize, one: impl FnOnce() -> T, other: impl FnOnce() -> T + Send) -> (T, T) {
    if views < MANY {
        return (one(), other());
    }
    thread::scope(|scope| {
        let other = scope.spawn(other);
        (one(), other.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

#[allow(clippy::cast_possible_truncation)] // its first 32 bits
fn length(view: u128) -> usize {
    view as u32 as usize
}

fn is_short_text(view: u128) -> bool {
    let length = length(view);
    let has_padding = (view >> 32).checked_shr(8 * u32::try_from(length).unwrap_or(u32::MAX)).unwrap_or_default() != 0;
    let is_text = || std::str::from_utf8(&view.to_le_bytes()[4..4 + length]).is_ok();
    !has_padding && (view & BEYOND_ASCII == 0 || is_text())
}

fn is_long_text(view: u128, shared: &[&[u8]]) -> bool {
    let bytes = view.to_le_bytes();
    let ([_, start, buffer, at], _) = bytes.as_chunks::<4>() else { return false };
    let (buffer, at) = (u32::from_le_bytes(*buffer) as usize, u32::from_le_bytes(*at) as usize);
    let text = shared.get(buffer).and_then(|buffer| buffer.get(at..at.checked_add(length(view))?));
    text.is_some_and(|text| text.first_chunk() == Some(start) && is_text(text))
}

/// Whether it is UTF-8: most texts are of 13 to 32 bytes, and ASCII is told without a call.
#[inline]
fn is_text(text: &[u8]) -> bool {
    is_short_ascii(text).unwrap_or_else(|| text.is_ascii()) || std::str::from_utf8(text).is_ok()
}

/// Whether 8 to 32 bytes are all ASCII, found in the same way for any number of them: of texts of many lengths no processor foresees
/// which is the next one's.
#[inline]
fn is_short_ascii(text: &[u8]) -> Option<bool> {
    let last = text.len().checked_sub(8).filter(|last| *last <= 24)?;
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
