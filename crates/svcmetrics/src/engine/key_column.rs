//! Keys of one column -> codes.

use super::columns::{Data, Nulls, Scalar, TimeUnit, Values};
use super::ids::{Ids, NONE};
use super::intake::NAN_HINT;
use super::short_texts::{ShortTexts, TOGETHER};
use super::texts::Texts;
use crate::error::{Error, Offence, Result};
use crate::key::{Key, KeyType};
use crate::request::Request;
use foldhash::{HashMap, HashMapExt as _};
use std::ops::Range;

/// Rows whose places in a dictionary are looked up together.
const FEW: usize = 512;

/// So many marks of texts are kept before it is asked whether any of them recur.
const MARKS: usize = 1 << 13;

/// Why a value is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoKey {
    NotANumber,
    /// A number that is not whole, or too large.
    Fraction,
    /// Of a type that is none of keys.
    Unknown,
    /// A key, but of another type than the column's.
    OtherType,
    /// What no bin holds.
    OfNoBin,
}

/// The codes of texts by their marks.
#[derive(Debug, Clone, Default)]
struct Marks {
    codes: HashMap<u128, u32>,
    /// How many were met again.
    again: usize,
}

impl Marks {
    /// Whether they are met again often enough to be kept: texts that are equal may each have a mark of its own.
    fn recur(&self) -> bool {
        self.codes.len() < MARKS + self.again
    }

    #[inline]
    fn get(&mut self, mark: u128) -> Option<u32> {
        let code = self.codes.get(&mark).copied();
        self.again += usize::from(code.is_some());
        code
    }

    fn insert(&mut self, mark: u128, code: u32) {
        self.codes.insert(mark, code);
    }
}

/// One key column: each distinct value gets a code, in the order of their appearance.
#[derive(Debug, Clone)]
pub(crate) struct KeyColumn {
    pub(crate) name: String,
    nan_is_missing: bool,
    key_type: KeyType,
    values: Vec<Key>,
    /// Apart from the other keys, since a borrowed text can look itself up here; but for those that `short_texts` holds.
    texts: HashMap<Box<str>, u32>,
    short_texts: ShortTexts,
    integers: Ids,
    /// By position in the dictionary of the part that is being read.
    dictionary: Vec<u32>,
    /// Of the texts' marks in the part that is being read.
    marks: Marks,
    others: HashMap<Key, u32>,
    null: Option<u32>,
    check: bool,
    /// What a check found: values that are no keys.
    fault: Option<Error>,
    /// Of bins, by position: a number has no value of its own to look up.
    bins: Vec<Option<u32>>,
}

impl KeyColumn {
    pub(crate) fn new(name: impl Into<String>, nan_is_missing: bool) -> Self {
        Self {
            name: name.into(),
            nan_is_missing,
            key_type: KeyType::Null,
            values: Vec::new(),
            texts: HashMap::new(),
            short_texts: ShortTexts::default(),
            integers: Ids::default(),
            dictionary: Vec::new(),
            marks: Marks::default(),
            others: HashMap::new(),
            null: None,
            check: false,
            fault: None,
            bins: Vec::new(),
        }
    }

    /// The key columns of a request.
    pub(super) fn of(request: &Request) -> Vec<Self> {
        let column = |name: &String| {
            let column = Self::new(name, request.nan_is_missing);
            let bins = request.bins.get(name).map(|(_, bins)| KeyType::Bins(bins.clone()));
            Self { key_type: bins.unwrap_or(KeyType::Null), ..column }
        };
        request.by.iter().map(column).collect()
    }

    /// Values that are no keys become what a check found, and their rows have no key.
    pub(crate) fn check(&mut self) {
        self.check = true;
    }

    pub(super) fn is_checked(&self) -> bool {
        self.check
    }

    /// The same column, without values.
    #[cfg(feature = "rayon")]
    pub(super) fn emptied(&self) -> Self {
        Self { key_type: self.key_type.clone(), ..Self::new(&self.name, self.nan_is_missing) }
    }

    /// How many values were met.
    #[cfg(feature = "rayon")]
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn key_type(&self) -> &KeyType {
        &self.key_type
    }

    pub(crate) fn fault(&self) -> Option<&Error> {
        self.fault.as_ref()
    }

    pub(crate) fn value(&self, code: u32) -> &Key {
        &self.values[code as usize]
    }

    /// The code of null, where it was met.
    pub(super) fn null(&self) -> Option<u32> {
        self.null
    }

    /// The codes in the order of their values.
    pub(super) fn sorted(&self) -> Vec<u32> {
        let count = self.values.len();
        if self.integers.len() + usize::from(self.null.is_some()) == count {
            // null is the last
            return self.integers.sorted().chain(self.null).collect();
        }
        let mut order: Vec<u32> = (0..).take(count).collect();
        order.sort_unstable_by(|one, other| self.value(*one).cmp(self.value(*other)));
        order
    }

    /// By code, the place of its value among all that were met.
    pub(super) fn ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.values.len()];
        for (rank, code) in (0..).zip(self.sorted()) {
            ranks[code as usize] = rank;
        }
        ranks
    }

    pub(super) fn push(&mut self, key: Key) -> u32 {
        // a code is a group of its level, and `Groups::assign` stops at 2^32 of them; so many customers fill any memory first
        let code = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(key);
        code
    }

    pub(super) fn text(&mut self, text: &str) -> u32 {
        let is_short = ShortTexts::holds(text);
        let known = if is_short { self.short_texts.get(text) } else { self.texts.get(text).copied() };
        known.unwrap_or_else(|| {
            let code = self.push(Key::from(text));
            if is_short {
                self.short_texts.insert(text, code);
            } else {
                self.texts.insert(text.into(), code);
            }
            code
        })
    }

    pub(super) fn key(&mut self, key: &Key) -> u32 {
        if let Key::Text(text) = key {
            return self.text(text);
        }
        if let Key::Bin { position, .. } = key {
            return self.bin(*position as usize);
        }
        if let Key::Integer(value) = key
            && let Ok(value) = i64::try_from(*value)
        {
            return self.integer(value);
        }
        if *key == Key::Null {
            return self.null.unwrap_or_else(|| {
                let code = self.push(Key::Null);
                *self.null.insert(code)
            });
        }
        if let Some(code) = self.others.get(key) {
            return *code;
        }
        let code = self.push(key.clone());
        self.others.insert(key.clone(), code);
        code
    }

    fn integer(&mut self, value: i64) -> u32 {
        if let Some(code) = self.integers.get(value) {
            return code;
        }
        let code = self.push(Key::Integer(value.into()));
        self.integers.insert(value, code);
        code
    }

    /// The codes of whole numbers; whether the column is one of them.
    pub(super) fn encode_integers(&mut self, data: &Data<'_>, rows: Range<usize>, codes: &mut Vec<u32>) -> bool {
        macro_rules! each {
            ($values:expr) => {{
                let (values, before) = (&$values[rows.clone()], codes.len());
                self.integers.quickly(values, codes);
                let has_nulls = !matches!(data.nulls, Nulls::None);
                let are_known = !codes[before..].iter().fold(false, |any, code| any | (*code == NONE));
                if are_known && !has_nulls {
                    return true;
                }
                // in the order of the rows: the next new code is that of the next new key
                for (row, (code, value)) in rows.zip(codes[before..].iter_mut().zip(values)) {
                    if has_nulls && data.is_null(row) {
                        *code = self.key(&Key::Null);
                    } else if *code == NONE {
                        *code = self.integer((*value).into());
                    }
                }
            }};
        }
        if self.key_type != KeyType::Integer {
            return false;
        }
        match &data.values {
            Values::Int8(values) => each!(values),
            Values::Int16(values) => each!(values),
            Values::Int32(values) => each!(values),
            Values::Int64(values) => each!(values),
            Values::UInt8(values) => each!(values),
            Values::UInt16(values) => each!(values),
            Values::UInt32(values) => each!(values),
            _ => return false,
        }
        true
    }

    /// A part begins, with a dictionary and marks of its own.
    pub(super) fn begin_part(&mut self) {
        self.dictionary.clear();
        self.marks = Marks::default();
    }

    /// The codes of some of a part's rows, appended to `codes`; the part starts at row `first_row`.
    pub(super) fn encode(
        &mut self,
        data: &Data<'_>,
        rows: Range<usize>,
        first_row: u64,
        codes: &mut Vec<u32>,
    ) -> Result<()> {
        let (before, all) = (codes.len(), codes.len() + rows.len());
        match self.encode_each(data, rows, first_row, codes) {
            Err(error) if self.check => {
                self.fault.get_or_insert(error);
                codes.truncate(before);
                codes.resize(all, self.key(&Key::Null));
                Ok(())
            }
            other => other,
        }
    }

    fn encode_each(&mut self, data: &Data<'_>, rows: Range<usize>, first_row: u64, codes: &mut Vec<u32>) -> Result<()> {
        if !self.settle_type(data, rows.clone()) {
            let offence = Offence::new(
                &self.name,
                format!("is a key of type {} from here on,", type_of(data)),
                format!("{} keys as before", self.key_type),
            );
            return Err(Error::ColumnType(Box::new(offence.at(Some(first_row), ""))));
        }
        codes.reserve(rows.len());
        if self.encode_integers(data, rows.clone(), codes) {
            return Ok(());
        }
        if let Values::Dictionary { values, .. } = &data.values {
            self.dictionary.resize(values.values.len(), NONE);
            // A few rows at a time: those that follow know what was met in those before.
            for start in rows.clone().step_by(FEW) {
                self.encode_dictionary(data, values, start..rows.end.min(start + FEW), first_row, codes)?;
            }
            return Ok(());
        }
        if let (Values::Text(texts), Nulls::None, KeyType::Text) = (&data.values, &data.nulls, &self.key_type) {
            match texts.marks().filter(|_| self.marks.recur()) {
                Some(marks) => self.encode_marked(texts.as_ref(), marks, rows, codes),
                None => self.encode_texts(texts.as_ref(), rows, codes),
            }
            return Ok(());
        }
        for row in rows {
            codes.push(self.one(data, row, first_row + row as u64)?);
        }
        Ok(())
    }

    /// The codes of texts, many at a time.
    fn encode_texts(&mut self, texts: &dyn Texts, rows: Range<usize>, codes: &mut Vec<u32>) {
        for start in rows.clone().step_by(TOGETHER) {
            let (texts, before) = (texts.some(start..rows.end.min(start + TOGETHER)), codes.len());
            self.short_texts.codes(&texts, codes);
            for (code, text) in codes[before..].iter_mut().zip(texts).filter(|(code, _)| **code == NONE) {
                *code = self.text(text);
            }
        }
    }

    /// The codes of texts with marks: one that was met needs no look at its text.
    fn encode_marked(&mut self, texts: &dyn Texts, marks: &[u128], rows: Range<usize>, codes: &mut Vec<u32>) {
        for (row, mark) in rows.clone().zip(&marks[rows]) {
            let known = self.marks.get(*mark);
            codes.push(known.unwrap_or_else(|| {
                let code = self.text(texts.text(row));
                self.marks.insert(*mark, code);
                code
            }));
        }
    }

    fn encode_dictionary(
        &mut self,
        data: &Data<'_>,
        values: &Data<'_>,
        rows: Range<usize>,
        first_row: u64,
        codes: &mut Vec<u32>,
    ) -> Result<()> {
        let before = codes.len();
        data.look_up(rows.clone(), &self.dictionary, self.null.unwrap_or(NONE), codes);
        // those that are met for the first time, and those outside the dictionary
        for (row, code) in rows.zip(&mut codes[before..]).filter(|(_, code)| **code == NONE) {
            *code = match data.code(row).filter(|_| !data.is_null(row)) {
                Some(position) => {
                    if self.dictionary[position] == NONE {
                        self.dictionary[position] = self.one(values, position, first_row + row as u64)?;
                    }
                    self.dictionary[position]
                }
                None => self.key(&Key::Null),
            };
        }
        Ok(())
    }

    /// The code of the value at a position, which row `row` has.
    fn one(&mut self, data: &Data<'_>, position: usize, row: u64) -> Result<u32> {
        if let (KeyType::Bins(bins), false) = (&self.key_type, data.is_null(position)) {
            if let Some(bin) = bins.position(data, position) {
                return Ok(self.bin(bin));
            }
        } else if let (Values::Text(texts), false) = (&data.values, data.is_null(position)) {
            return Ok(self.text(texts.text(position)));
        }
        match self.read(data, position) {
            Ok(key) if key.fits(&self.key_type) => Ok(self.key(&key)),
            Ok(_) => Err(self.error(data, position, row, NoKey::OtherType)),
            Err(problem) => Err(self.error(data, position, row, problem)),
        }
    }

    /// The error for the value at a position, which row `row` has.
    pub(super) fn error(&self, data: &Data<'_>, position: usize, row: u64, problem: NoKey) -> Error {
        let hint = match problem {
            NoKey::NotANumber => {
                let offence = Offence::new(&self.name, "is a key, with", "keys, or null for missing");
                return Error::NotANumber(Box::new(offence.hint(NAN_HINT).at(Some(row), "NaN")));
            }
            NoKey::OfNoBin => {
                let of = format!("is a key of bins, of type {} with", data.values.type_name());
                let offence = Offence::new(&self.name, of, "finite numbers, or the bins' labels");
                return Error::ColumnType(Box::new(offence.at(Some(row), &data.shown(position))));
            }
            NoKey::Fraction => "group by bins of such numbers, as in by=[sm.bins(column, [0, 12, 36])]",
            NoKey::Unknown => "make the keys text, whole numbers, booleans or dates",
            NoKey::OtherType => "make all keys of a column one type",
        };
        let expected = match (problem, &self.key_type) {
            (NoKey::Unknown, _) | (_, KeyType::Null) => "text, whole numbers, booleans, dates or times".to_owned(),
            (_, known) => format!("{known} keys"),
        };
        let offence = Offence::new(&self.name, format!("is a key of type {} with", data.values.type_name()), expected);
        Error::ColumnType(Box::new(offence.hint(hint).at(Some(row), &data.shown(position))))
    }

    fn bin(&mut self, place: usize) -> u32 {
        if let Some(Some(code)) = self.bins.get(place) {
            return *code;
        }
        // there are no more bins than edges and one
        let position = u32::try_from(place).unwrap_or(u32::MAX);
        let label = if let KeyType::Bins(bins) = &self.key_type { bins.label(position) } else { None };
        let code = self.push(Key::Bin { position, label: label.unwrap_or_default().into() });
        self.bins.resize(self.bins.len().max(place + 1), None);
        self.bins[place] = Some(code);
        code
    }

    fn counts(&self, unit: TimeUnit) -> bool {
        matches!(self.key_type, KeyType::Timestamp { unit: known, .. } if known == unit)
    }

    fn has_zone(&self) -> bool {
        matches!(self.key_type, KeyType::Timestamp { zone: Some(_), .. })
    }

    /// A value as a key, or why it is none.
    pub(super) fn read(&self, data: &Data<'_>, position: usize) -> Result<Key, NoKey> {
        if data.is_null(position) {
            return Ok(Key::Null);
        }
        if matches!(self.key_type, KeyType::Bins(_)) && !data.is_nan(position) {
            return Err(NoKey::OfNoBin);
        }
        let float = |value: f64| {
            if value.is_nan() {
                return if self.nan_is_missing { Ok(Key::Null) } else { Err(NoKey::NotANumber) };
            }
            if value.fract() != 0.0 || value.abs() >= 9e18 {
                return Err(NoKey::Fraction);
            }
            // whole floats are the integers that a column with nulls once held
            #[allow(clippy::cast_possible_truncation)]
            Ok(Key::Integer(value as i128))
        };
        Ok(match &data.values {
            Values::Bits(bits) => Key::Boolean(bits.get(position)),
            Values::Booleans(values) => Key::Boolean(values[position]),
            Values::Int8(values) => Key::Integer(values[position].into()),
            Values::Int16(values) => Key::Integer(values[position].into()),
            Values::Int32(values) => Key::Integer(values[position].into()),
            Values::Int64(values) => Key::Integer(values[position].into()),
            Values::UInt8(values) => Key::Integer(values[position].into()),
            Values::UInt16(values) => Key::Integer(values[position].into()),
            Values::UInt32(values) => Key::Integer(values[position].into()),
            Values::UInt64(values) => Key::Integer(values[position].into()),
            Values::Float32(values) => float(f64::from(values[position]))?,
            Values::Float64(values) => float(values[position])?,
            Values::Decimal { values, scale } => {
                match crate::money::from_scaled(values[position], i32::from(*scale), 0) {
                    crate::money::Read::Exact(value) => Key::Integer(value.into()),
                    _ => return Err(NoKey::Fraction),
                }
            }
            Values::Text(texts) => Key::from(texts.text(position)),
            Values::Dates(values) => Key::Date(values[position]),
            Values::Timestamps { values, unit, zone } => match &self.key_type {
                KeyType::Timestamp { unit: known, zone: of } if known == unit && of == zone => {
                    Key::Timestamp(values[position])
                }
                _ => return Err(NoKey::OtherType),
            },
            Values::Dictionary { values, .. } => match data.code(position) {
                Some(code) => self.read(values, code)?,
                None => Key::Null,
            },
            Values::Mixed(values) => match &values[position] {
                Scalar::Boolean(value) => Key::Boolean(*value),
                Scalar::Integer(value) => Key::Integer(*value),
                Scalar::Text(text) => Key::from(text.as_str()),
                Scalar::Date(day) => Key::Date(*day),
                Scalar::Timestamp(time, unit) if self.counts(*unit) && !self.has_zone() => Key::Timestamp(*time),
                Scalar::Instant(time, unit) if self.counts(*unit) && self.has_zone() => Key::Timestamp(*time),
                Scalar::Float(value) => float(*value)?,
                _ => return Err(NoKey::Unknown),
            },
            Values::Null(_) => Key::Null,
            Values::Binary(_) | Values::Unknown(..) => return Err(NoKey::Unknown),
        })
    }

    /// The column's type, from the first part that says one; whether these rows of a part, or all, are of no other.
    pub(super) fn settle_type(&mut self, data: &Data<'_>, rows: Range<usize>) -> bool {
        if matches!(self.key_type, KeyType::Bins(_)) {
            // each value is looked at: numbers of any type have a bin
            return true;
        }
        let nothing = self.nan_is_missing && data.is_all_nan(rows);
        let found = if nothing { KeyType::Null } else { type_of(data) };
        if self.key_type == KeyType::Null {
            self.key_type = found;
            return true;
        }
        found == KeyType::Null || found == self.key_type
    }
}

/// The type of a column's keys; null where it says none.
fn type_of(data: &Data<'_>) -> KeyType {
    match &data.values {
        Values::Bits(_) | Values::Booleans(_) => KeyType::Boolean,
        Values::Text(_) => KeyType::Text,
        Values::Dates(_) => KeyType::Date,
        Values::Timestamps { unit, zone, .. } => KeyType::Timestamp { unit: *unit, zone: zone.clone() },
        Values::Dictionary { values, .. } => type_of(values),
        Values::Mixed(values) => {
            let first = values
                .iter()
                .find(|value| !matches!(value, Scalar::Null) && !matches!(value, Scalar::Float(x) if x.is_nan()));
            match first {
                Some(Scalar::Boolean(_)) => KeyType::Boolean,
                Some(Scalar::Text(_)) => KeyType::Text,
                Some(Scalar::Date(_)) => KeyType::Date,
                Some(Scalar::Timestamp(_, unit)) => KeyType::Timestamp { unit: *unit, zone: None },
                Some(Scalar::Instant(_, unit)) => KeyType::Timestamp { unit: *unit, zone: Some("UTC".to_owned()) },
                None | Some(Scalar::Other(..)) => KeyType::Null,
                Some(_) => KeyType::Integer,
            }
        }
        Values::Null(_) | Values::Binary(_) | Values::Unknown(..) => KeyType::Null,
        _ => KeyType::Integer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::groups::Groups;
    use std::sync::Arc;

    /// Texts of which each is one of a few, with marks that recur or do not.
    struct Marked(Vec<String>, Vec<u128>);

    impl Texts for Marked {
        fn text(&self, position: usize) -> &str {
            &self.0[position]
        }

        fn count(&self) -> usize {
            self.0.len()
        }

        fn marks(&self) -> Option<&[u128]> {
            Some(&self.1)
        }
    }

    #[test]
    fn texts_with_marks_have_the_codes_of_their_texts_in_each_part() {
        let rows = 3 * MARKS;
        // few marks, two for each text; and as many as there are rows
        for marks in [14, u128::MAX] {
            let mut plain = KeyColumn::new("key", false);
            let mut groups = Groups::new(&Request::default().by(["key"]));
            for part in 0..3_u8 {
                // the same mark stands for another text in the next part
                let text = |row: u128| format!("text {}", (row % marks + u128::from(part)) % 7);
                let texts: Vec<String> = (0..).take(rows).map(text).collect();
                let marks = (0..).take(rows).map(|row| row % marks).collect();
                let data = Data::new(Values::Text(Arc::new(Marked(texts.clone(), marks))), Nulls::None).unwrap();
                let mut found = Vec::new();
                for start in (0..rows).step_by(1000) {
                    let stretch = start..rows.min(start + 1000);
                    found.extend(groups.assign(&[&data], stretch, u64::from(part) * rows as u64).unwrap());
                }
                let expected: Vec<u32> = texts.iter().map(|text| plain.text(text)).collect();
                assert_eq!(found, expected, "part {part}");
            }
            assert_eq!(groups.columns[0].marks.recur(), marks == 14);
        }
    }
}
