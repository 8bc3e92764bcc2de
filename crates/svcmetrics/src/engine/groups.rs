//! Keys -> dense group ids, and who stands in a group twice.

use super::columns::{Data, Scalar, TimeUnit, Values};
use crate::error::{Error, Offence, Result, shown};
use crate::key::{Key, KeyType, group_text};
use crate::request::Request;
use std::collections::HashMap;
use std::ops::Range;

/// One key column: each distinct value gets a code, in the order of their appearance.
#[derive(Debug, Clone)]
pub(crate) struct KeyColumn {
    pub(crate) name: String,
    nan_is_missing: bool,
    key_type: KeyType,
    values: Vec<Key>,
    /// Apart from the other keys, since a borrowed text can look itself up here.
    texts: HashMap<Box<str>, u32>,
    others: HashMap<Key, u32>,
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
            others: HashMap::new(),
            check: false,
            fault: None,
            bins: Vec::new(),
        }
    }

    /// The key columns of a request.
    fn of(request: &Request) -> Vec<Self> {
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

    pub(crate) fn key_type(&self) -> &KeyType {
        &self.key_type
    }

    pub(crate) fn fault(&self) -> Option<&Error> {
        self.fault.as_ref()
    }

    pub(crate) fn value(&self, code: u32) -> &Key {
        &self.values[code as usize]
    }

    fn push(&mut self, key: Key) -> u32 {
        // at most one code a row, and rows are counted against max_groups first
        let code = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(key);
        code
    }

    fn text(&mut self, text: &str) -> u32 {
        if let Some(code) = self.texts.get(text) {
            return *code;
        }
        let code = self.push(Key::from(text));
        self.texts.insert(text.into(), code);
        code
    }

    fn key(&mut self, key: Key) -> u32 {
        if let Key::Text(text) = &key {
            return self.text(text);
        }
        if let Some(code) = self.others.get(&key) {
            return *code;
        }
        let code = self.push(key.clone());
        self.others.insert(key, code);
        code
    }

    /// The codes of some of a part's rows, appended to `codes`; the part starts at row `first_row`.
    pub(crate) fn encode(
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
                codes.resize(all, self.key(Key::Null));
                Ok(())
            }
            other => other,
        }
    }

    fn encode_each(&mut self, data: &Data<'_>, rows: Range<usize>, first_row: u64, codes: &mut Vec<u32>) -> Result<()> {
        self.settle_type(data, first_row)?;
        codes.reserve(rows.len());
        if let Values::Dictionary { values, .. } = &data.values {
            let mut known: Vec<Option<u32>> = vec![None; values.values.len()];
            for row in rows {
                let code = match data.code(row) {
                    Some(position) if !values.is_null(position) => match known[position] {
                        Some(code) => code,
                        None => *known[position].insert(self.one(values, position, first_row)?),
                    },
                    _ => self.key(Key::Null),
                };
                codes.push(code);
            }
            return Ok(());
        }
        for row in rows {
            codes.push(self.one(data, row, first_row)?);
        }
        Ok(())
    }

    fn one(&mut self, data: &Data<'_>, row: usize, first_row: u64) -> Result<u32> {
        if let (KeyType::Bins(bins), false) = (&self.key_type, data.is_null(row)) {
            if let Some(position) = bins.position(data, row) {
                return Ok(self.bin(position));
            }
        } else if let (Values::Text(texts), false) = (&data.values, data.is_null(row)) {
            return Ok(self.text(texts.text(row)));
        }
        let key = self.read(data, row, first_row)?;
        Ok(self.key(key))
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

    fn read(&self, data: &Data<'_>, row: usize, first_row: u64) -> Result<Key> {
        if data.is_null(row) {
            return Ok(Key::Null);
        }
        let wrong = |hint: &str| {
            let offence = Offence::new(
                &self.name,
                format!("is a key of type {} with", data.values.type_name()),
                format!("{} keys", self.key_type),
            );
            Err(Error::ColumnType(Box::new(offence.hint(hint).at(Some(first_row + row as u64), &data.shown(row)))))
        };
        if matches!(self.key_type, KeyType::Bins(_)) && !data.is_nan(row) {
            let offence = Offence::new(
                &self.name,
                format!("is a key of bins, of type {} with", data.values.type_name()),
                "finite numbers, or the bins' labels",
            );
            return Err(Error::ColumnType(Box::new(offence.at(Some(first_row + row as u64), &data.shown(row)))));
        }
        let classes = "group by bins of such numbers, as in by=[sm.bins(column, [0, 12, 36])]";
        let float = |value: f64| {
            if value.is_nan() && self.nan_is_missing {
                return Ok(Key::Null);
            }
            if value.is_nan() {
                let offence = Offence::new(&self.name, "is a key, with", "keys, or null for missing");
                let hint = "nan=\"null\" reads NaN as missing";
                return Err(Error::NotANumber(Box::new(offence.hint(hint).at(Some(first_row + row as u64), "NaN"))));
            }
            if value.fract() != 0.0 || value.abs() >= 9e18 {
                return wrong(classes);
            }
            // whole floats are the integers that a column with nulls once held
            #[allow(clippy::cast_possible_truncation)]
            Ok(Key::Integer(value as i128))
        };
        let key = match &data.values {
            Values::Bits(bits) => Key::Boolean(bits.get(row)),
            Values::Booleans(values) => Key::Boolean(values[row]),
            Values::Int8(values) => Key::Integer(values[row].into()),
            Values::Int16(values) => Key::Integer(values[row].into()),
            Values::Int32(values) => Key::Integer(values[row].into()),
            Values::Int64(values) => Key::Integer(values[row].into()),
            Values::UInt8(values) => Key::Integer(values[row].into()),
            Values::UInt16(values) => Key::Integer(values[row].into()),
            Values::UInt32(values) => Key::Integer(values[row].into()),
            Values::UInt64(values) => Key::Integer(values[row].into()),
            Values::Float32(values) => float(f64::from(values[row]))?,
            Values::Float64(values) => float(values[row])?,
            Values::Decimal { values, scale } => match crate::money::from_scaled(values[row], i32::from(*scale), 0) {
                crate::money::Read::Exact(value) => Key::Integer(value.into()),
                _ => return wrong(classes),
            },
            Values::Text(texts) => Key::from(texts.text(row)),
            Values::Dates(values) => Key::Date(values[row]),
            Values::Timestamps { values, .. } => Key::Timestamp(values[row]),
            Values::Dictionary { values, .. } => match data.code(row) {
                Some(code) => self.read(values, code, first_row)?,
                None => Key::Null,
            },
            Values::Mixed(values) => match &values[row] {
                Scalar::Boolean(value) => Key::Boolean(*value),
                Scalar::Integer(value) => Key::Integer(*value),
                Scalar::Text(text) => Key::from(text.as_str()),
                Scalar::Date(day) => Key::Date(*day),
                Scalar::Timestamp(time, unit) if self.counts(*unit) && !self.has_zone() => Key::Timestamp(*time),
                Scalar::Instant(time, unit) if self.counts(*unit) && self.has_zone() => Key::Timestamp(*time),
                Scalar::Float(value) => float(*value)?,
                _ => return wrong("make the keys text, whole numbers, booleans or dates"),
            },
            Values::Null(_) => Key::Null,
            Values::Unknown(..) => return wrong("make the keys text, whole numbers, booleans or dates"),
        };
        if key.fits(&self.key_type) { Ok(key) } else { wrong("make all keys of a column one type") }
    }

    /// The column's type, from the first part that says one; later parts must agree.
    fn settle_type(&mut self, data: &Data<'_>, first_row: u64) -> Result<()> {
        let found = type_of(data);
        if matches!(self.key_type, KeyType::Bins(_)) {
            // each value is looked at: numbers of any type have a bin
        } else if self.key_type == KeyType::Null {
            self.key_type = found;
        } else if found != KeyType::Null && found != self.key_type {
            let offence = Offence::new(
                &self.name,
                format!("is a key of type {found} from here on,"),
                format!("{} keys as before", self.key_type),
            );
            return Err(Error::ColumnType(Box::new(offence.at(Some(first_row), ""))));
        }
        Ok(())
    }
}

fn type_of(data: &Data<'_>) -> KeyType {
    match &data.values {
        Values::Null(_) => KeyType::Null,
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
                None => KeyType::Null,
                Some(Scalar::Boolean(_)) => KeyType::Boolean,
                Some(Scalar::Text(_)) => KeyType::Text,
                Some(Scalar::Date(_)) => KeyType::Date,
                Some(Scalar::Timestamp(_, unit)) => KeyType::Timestamp { unit: *unit, zone: None },
                Some(Scalar::Instant(_, unit)) => KeyType::Timestamp { unit: *unit, zone: Some("UTC".to_owned()) },
                Some(_) => KeyType::Integer,
            }
        }
        _ => KeyType::Integer,
    }
}

/// Rows -> dense group ids, over any number of key columns.
#[derive(Debug, Clone)]
pub(crate) struct Groups {
    pub(crate) columns: Vec<KeyColumn>,
    /// A level a column: (id over the columns before, code) -> id.
    levels: Vec<HashMap<(u32, u32), u32>>,
    /// What each id of a level stands for.
    members: Vec<Vec<(u32, u32)>>,
    limit: u64,
}

impl Groups {
    pub(crate) fn new(request: &Request) -> Self {
        Self {
            columns: KeyColumn::of(request),
            levels: request.by.iter().map(|_| HashMap::new()).collect(),
            members: vec![Vec::new(); request.by.len()],
            limit: request.max_groups,
        }
    }

    /// How many groups there are; without keys there is one, even of no rows.
    pub(crate) fn len(&self) -> usize {
        self.members.last().map_or(1, Vec::len)
    }

    /// The groups of some of a part's rows.
    pub(crate) fn assign(&mut self, keys: &[&Data<'_>], rows: Range<usize>, first_row: u64) -> Result<Vec<u32>> {
        let mut ids = vec![0_u32; rows.len()];
        let mut codes = Vec::new();
        for (level, data) in keys.iter().enumerate() {
            codes.clear();
            self.columns[level].encode(data, rows.clone(), first_row, &mut codes)?;
            let (known, members) = (&mut self.levels[level], &mut self.members[level]);
            for (row, (id, code)) in ids.iter_mut().zip(&codes).enumerate() {
                let pair = (*id, *code);
                if let Some(known) = known.get(&pair) {
                    *id = *known;
                    continue;
                }
                if members.len() as u64 >= self.limit {
                    return Err(Error::TooManyGroups { limit: self.limit, row: first_row + (rows.start + row) as u64 });
                }
                *id = u32::try_from(members.len())
                    .map_err(|_| Error::TooManyGroups { limit: u64::from(u32::MAX), row: first_row })?;
                members.push(pair);
                known.insert(pair, *id);
            }
        }
        Ok(ids)
    }

    /// What a check found: by key column, the first value that is no key.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &Error> {
        self.columns.iter().filter_map(KeyColumn::fault)
    }

    /// A group's keys.
    pub(crate) fn keys(&self, group: u32) -> Vec<Key> {
        let mut keys = Vec::with_capacity(self.columns.len());
        let mut id = group;
        for (column, members) in self.columns.iter().zip(&self.members).rev() {
            let (before, code) = members[id as usize];
            keys.push(column.value(code).clone());
            id = before;
        }
        keys.reverse();
        keys
    }
}

/// Who stands where: the check for duplicates.
#[derive(Debug, Clone)]
pub(crate) struct Identities {
    column: KeyColumn,
    /// What a row is.
    subject: &'static str,
    seen: HashMap<(u32, u32), u64>,
    /// Group, code, first row, second row.
    first: Option<(u32, u32, u64, u64)>,
    pub(crate) repeated: Vec<(u64, String)>,
    count: u64,
    keep: usize,
}

impl Identities {
    pub(crate) fn new(column: &str, subject: &'static str, keep: usize, nan_is_missing: bool) -> Self {
        Self {
            column: KeyColumn::new(column, nan_is_missing),
            subject,
            seen: HashMap::new(),
            first: None,
            repeated: Vec::new(),
            count: 0,
            keep,
        }
    }

    /// Some of a part's rows; a null identity is nobody's.
    pub(crate) fn add(&mut self, data: &Data<'_>, rows: Range<usize>, groups: &[u32], first_row: u64) -> Result<()> {
        let mut codes = Vec::new();
        let start = rows.start;
        self.column.encode(data, rows, first_row, &mut codes)?;
        for (position, (code, group)) in codes.iter().zip(groups).enumerate() {
            if *self.column.value(*code) == Key::Null {
                continue;
            }
            let row = first_row + (start + position) as u64;
            if let Some(earlier) = self.seen.get(&(*group, *code)) {
                self.count += 1;
                if self.first.is_none() {
                    self.first = Some((*group, *code, *earlier, row));
                }
                if self.repeated.len() < self.keep {
                    self.repeated.push((row, shown(&self.column.value(*code).to_string())));
                }
            } else {
                self.seen.insert((*group, *code), row);
            }
        }
        Ok(())
    }

    pub(crate) fn name(&self) -> &str {
        &self.column.name
    }

    pub(crate) fn check(&mut self) {
        self.column.check();
    }

    pub(crate) fn fault(&self) -> Option<&Error> {
        self.column.fault()
    }

    pub(crate) fn error(&self, groups: &Groups) -> Option<Error> {
        let (group, code, one, other) = self.first?;
        Some(Error::DuplicateCustomer {
            column: self.column.name.clone(),
            value: shown(&self.column.value(code).to_string()),
            rows: (one, other),
            group: if groups.columns.is_empty() { String::new() } else { group_text(&groups.keys(group)) },
            count: self.count,
            subject: self.subject,
        })
    }
}
