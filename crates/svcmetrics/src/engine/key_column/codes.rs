//! Rows of a column -> the codes of their keys, many at a time.

use super::KeyColumn;
use super::values::{NoKey, type_of};
use crate::engine::columns::{Data, Nulls, Values};
use crate::engine::ids::NONE;
use crate::engine::short_texts::TOGETHER;
use crate::engine::texts::Texts;
use crate::error::{Error, Offence, Result};
use crate::key::{Key, KeyType};
use foldhash::HashMap;
use std::ops::Range;

/// Rows whose places in a dictionary are looked up together.
const FEW: usize = 512;

/// So many marks of texts are kept before it is asked whether any of them recur.
const MARKS: usize = 1 << 13;

/// The codes of texts by their marks.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
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

impl KeyColumn {
    /// The codes of whole numbers; whether the column is one of them.
    pub(in crate::engine) fn encode_integers(
        &mut self,
        data: &Data<'_>,
        rows: Range<usize>,
        codes: &mut Vec<u32>,
    ) -> bool {
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

    /// The codes of some of a part's rows, appended to `codes`; the part starts at row `first_row`.
    pub(in crate::engine) fn encode(
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::groups::Groups;
    use crate::request::Request;
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
