//! Who is who, by values of any type, and who stands in a group twice.

use super::columns::{Data, Scalar, Values};
use super::distinct::{Distinct, Repeat};
use super::groups::Groups;
use super::key_column::{KeyColumn, NoKey};
use crate::error::{Error, Result, shown};
use crate::key::{Key, KeyType};
use foldhash::{HashMap, HashMapExt as _};
use std::ops::Range;

/// A column of identities of any type: each distinct value gets a code.
#[derive(Debug, Clone)]
pub(crate) struct IdentityColumn {
    /// The values that could be keys.
    keys: KeyColumn,
    /// The others, by their types and texts.
    others: HashMap<(String, String), u32>,
    /// Whether all values are keys of one type.
    uniform: bool,
}

impl IdentityColumn {
    pub(crate) fn new(name: &str, nan_is_missing: bool) -> Self {
        Self { keys: KeyColumn::new(name, nan_is_missing), others: HashMap::new(), uniform: true }
    }

    fn name(&self) -> &str {
        &self.keys.name
    }

    /// The code of null, where it was met.
    fn nobody(&self) -> Option<u32> {
        self.keys.null()
    }

    fn value(&self, code: u32) -> &Key {
        self.keys.value(code)
    }

    /// The codes of some of a part's rows, appended to `codes`; the part starts at row `first_row`.
    pub(crate) fn encode(
        &mut self,
        data: &Data<'_>,
        rows: Range<usize>,
        first_row: u64,
        codes: &mut Vec<u32>,
    ) -> Result<()> {
        self.uniform &= self.keys.settle_type(data, rows.clone());
        codes.reserve(rows.len());
        if self.keys.encode_integers(data, rows.clone(), codes) {
            return Ok(());
        }
        for row in rows {
            codes.push(self.one(data, row, first_row + row as u64)?);
        }
        Ok(())
    }

    /// The code of the value at a position, which row `row` has.
    fn one(&mut self, data: &Data<'_>, position: usize, row: u64) -> Result<u32> {
        match &data.values {
            Values::Dictionary { values, .. } => {
                return match data.code(position) {
                    Some(position) => self.one(values, position, row),
                    None => Ok(self.keys.key(&Key::Null)),
                };
            }
            Values::Text(texts) if !data.is_null(position) => return Ok(self.keys.text(texts.text(position))),
            _ => {}
        }
        match self.keys.read(data, position) {
            Ok(key) => {
                self.uniform &= key.fits(self.keys.key_type());
                Ok(self.keys.key(&key))
            }
            Err(problem @ NoKey::NotANumber) => Err(self.keys.error(data, position, row, problem)),
            Err(_) => {
                self.uniform = false;
                let text = data.shown(position);
                let known = (type_name(data, position), text);
                if let Some(code) = self.others.get(&known) {
                    return Ok(*code);
                }
                let code = self.keys.push(Key::from(known.1.as_str()));
                self.others.insert(known, code);
                Ok(code)
            }
        }
    }

    /// The values of these codes and their type: text, where they are not all keys of one type.
    pub(crate) fn values(&self, codes: &[u32]) -> (KeyType, Vec<Key>) {
        let values = codes.iter().map(|code| self.value(*code));
        let whole = |key: &Key| if let Key::Integer(value) = key { Some(*value) } else { None };
        let fits = values.clone().filter_map(whole).all(|value| i64::try_from(value).is_ok())
            || values.clone().filter_map(whole).all(|value| u64::try_from(value).is_ok());
        if self.uniform && fits {
            return (self.keys.key_type().clone(), values.cloned().collect());
        }
        let text = |key: &Key| if *key == Key::Null { Key::Null } else { Key::from(key.to_string().as_str()) };
        (KeyType::Text, values.map(text).collect())
    }
}

/// What tells values of one text apart.
fn type_name(data: &Data<'_>, position: usize) -> String {
    match &data.values {
        Values::Mixed(values) => match &values[position] {
            Scalar::Float(_) => "float".to_owned(),
            Scalar::Decimal { .. } | Scalar::Large(_) => "number".to_owned(),
            Scalar::Timestamp(_, unit) => format!("{unit:?}"),
            Scalar::Instant(_, unit) => format!("{unit:?}, UTC"),
            Scalar::Other(name, _) => name.clone(),
            _ => String::new(),
        },
        Values::Timestamps { unit, zone, .. } => format!("{unit:?}, {zone:?}"),
        values => values.type_name(),
    }
}

/// Who stands where: the check for duplicates.
#[derive(Debug, Clone)]
pub(crate) struct Identities {
    column: IdentityColumn,
    /// What a row is.
    subject: &'static str,
    /// Whole numbers, as long as nothing else has come.
    whole: Option<Distinct>,
    /// By code, the first group and row; nearly all have no other.
    first_seen: Vec<Option<(u32, u64)>>,
    /// The first rows in other groups.
    seen: HashMap<(u32, u32), u64>,
    /// Group, value, first row, second row.
    first: Option<(u32, String, u64, u64)>,
    pub(crate) repeated: Vec<(u64, String)>,
    count: u64,
    keep: usize,
    check: bool,
    /// What a check found: values that identify nobody.
    fault: Option<Error>,
}

impl Identities {
    pub(crate) fn new(column: &str, subject: &'static str, keep: usize, nan_is_missing: bool) -> Self {
        Self {
            subject,
            column: IdentityColumn::new(column, nan_is_missing),
            whole: Some(Distinct::default()),
            first_seen: Vec::new(),
            seen: HashMap::new(),
            first: None,
            repeated: Vec::new(),
            count: 0,
            keep,
            check: false,
            fault: None,
        }
    }

    /// Values that identify nobody become what a check found.
    pub(crate) fn check(&mut self) {
        self.check = true;
    }

    pub(crate) fn fault(&self) -> Option<&Error> {
        self.fault.as_ref()
    }

    /// So many rows will come next.
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.whole.iter_mut().for_each(|whole| whole.reserve(rows));
    }

    /// Some of a part's rows; a null identity is nobody's.
    pub(crate) fn add(&mut self, data: &Data<'_>, rows: Range<usize>, groups: &[u32], first_row: u64) -> Result<()> {
        if let Some(mut whole) = self.whole.take() {
            if whole.add(data, rows.clone(), groups, first_row) {
                self.whole = Some(whole);
                return Ok(());
            }
            for (row, (value, group)) in (0..).zip(whole.rows()) {
                if let Some(group) = group {
                    let code = self.column.keys.key(&Key::Integer(value.into()));
                    self.stands(group, code, row);
                }
            }
        }
        let mut codes = Vec::new();
        let start = rows.start;
        match self.column.encode(data, rows, first_row, &mut codes) {
            Err(error) if self.check => {
                self.fault.get_or_insert(error);
                return Ok(());
            }
            done => done?,
        }
        for (position, (code, group)) in codes.iter().zip(groups).enumerate() {
            if self.column.nobody() == Some(*code) {
                continue;
            }
            self.stands(*group, *code, first_row + (start + position) as u64);
        }
        Ok(())
    }

    fn stands(&mut self, group: u32, code: u32, row: u64) {
        if let Some(earlier) = self.earlier(group, code, row) {
            let told = self.is_told().then(|| shown(&self.column.value(code).shown(self.column.keys.key_type())));
            self.repeat(group, told, earlier, row);
        }
    }

    /// Whether the next one that stands twice is told, and not just counted.
    fn is_told(&self) -> bool {
        self.first.is_none() || self.repeated.len() < self.keep
    }

    fn repeat(&mut self, group: u32, told: Option<String>, earlier: u64, row: u64) {
        self.count += 1;
        let Some(value) = told else { return };
        if self.repeated.len() < self.keep {
            self.repeated.push((row, value.clone()));
        }
        self.first.get_or_insert((group, value, earlier, row));
    }

    /// Looks through the rows that were kept for it; there are no more of them.
    pub(crate) fn settle(&mut self, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let Some(whole) = self.whole.take() else { return Ok(()) };
        for Repeat { value, group, earlier, row } in whole.repeats(go_on).ok_or(Error::Interrupted)? {
            let told = self.is_told().then(|| value.to_string());
            self.repeat(group, told, earlier, row);
        }
        Ok(())
    }

    /// The row in which this identity was in this group before; otherwise it is there from now on.
    fn earlier(&mut self, group: u32, code: u32, row: u64) -> Option<u64> {
        let place = code as usize;
        if self.first_seen.len() <= place {
            self.first_seen.resize(place + 1, None);
        }
        match self.first_seen[place] {
            None => {
                self.first_seen[place] = Some((group, row));
                None
            }
            Some((known, earlier)) if known == group => Some(earlier),
            Some(_) => {
                let earlier = self.seen.get(&(group, code)).copied();
                if earlier.is_none() {
                    self.seen.insert((group, code), row);
                }
                earlier
            }
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.column.name()
    }

    pub(crate) fn error(&self, groups: &Groups) -> Option<Error> {
        let (group, value, one, other) = self.first.as_ref()?;
        Some(Error::DuplicateCustomer {
            column: self.column.name().to_owned(),
            value: value.clone(),
            rows: (*one, *other),
            group: if groups.columns.is_empty() { String::new() } else { groups.text(*group) },
            count: self.count,
            subject: self.subject,
        })
    }
}
