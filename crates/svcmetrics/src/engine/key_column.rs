//! The keys of one column, and the code of each.

mod codes;
mod values;

pub(super) use values::NoKey;

use super::ids::Ids;
use super::short_texts::ShortTexts;
use crate::error::Error;
use crate::key::{Key, KeyType};
use crate::request::Request;
use codes::Marks;
use foldhash::{HashMap, HashMapExt as _};

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

    /// All that were met.
    pub(crate) fn values(&self) -> &[Key] {
        &self.values
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

    /// A part begins, with a dictionary and marks of its own.
    pub(super) fn begin_part(&mut self) {
        self.dictionary.clear();
        self.marks = Marks::default();
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
}
