//! Why revenue was lost or gained: the reasons that lines say, and movements by them.

use super::builder::at;
use super::cells::{Cell, Sum};
use super::chunk::{Chunk, Customer};
use super::clashes::Clash;
use super::customers::{Movement, Watched};
use super::fold::Fold;
use super::grid::{Grid, Point, See};
use super::lines::{Faults, Part, required};
use super::options::LedgerOptions;
use super::search::HOLDS_BOTH;
use super::shuffled::Shuffled;
use super::who::Who;
use super::{MovementOptions, Segments};
use crate::column::ColumnKind;
use crate::engine::STRETCH;
use crate::engine::columns::Table;
use crate::engine::groups::Groups;
use crate::engine::intake::State;
use crate::error::{Error, Offence, Result};
use crate::key::{Key, KeyType};
use crate::request::Request;
use crate::scorecard::RevenueChange;
use foldhash::{HashMap, HashMapExt as _};
use std::ops::Range;

/// Reasons of one kind, of those lines that have one.
#[derive(Debug, Clone)]
pub(super) struct Reasons {
    pub(super) change: RevenueChange,
    /// The reasons in order, each with a verdict where there are verdicts: true, false or null.
    pub(super) known: Segments,
    /// Lines whose segments are reasons, and whose amounts say nothing; in ascending order of customers.
    pub(super) chunks: Vec<Chunk>,
}

impl Reasons {
    /// Whether they come with verdicts.
    pub(super) fn are_judged(&self) -> bool {
        self.known.columns.len() > 1
    }
}

/// They are what they hold, however they came.
impl PartialEq for Reasons {
    fn eq(&self, other: &Self) -> bool {
        (self.change, &self.known) == (other.change, &other.known) && notes(&self.chunks).eq(notes(&other.chunks))
    }
}

/// Reads reasons from parts of a table.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) change: RevenueChange,
    /// The reasons', and the verdicts' where there are some.
    columns: Vec<String>,
    pub(super) groups: Groups,
    lines: Shuffled,
}

/// Whether a loss could have been avoided, where somebody has judged.
pub(super) fn verdict(key: &Key) -> Option<bool> {
    match key {
        Key::Boolean(verdict) => Some(*verdict),
        Key::Integer(verdict) => Some(*verdict != 0),
        _ => None,
    }
}

impl Reading {
    /// One for each column of reasons that a first part has.
    pub(super) fn all(options: &LedgerOptions, part: &Table<'_>) -> Vec<Self> {
        let names = part.names();
        let there = options.reasons().filter(|(_, column)| names.contains(column));
        let reading = |(change, column): (RevenueChange, &String)| {
            let verdict = options.verdict().filter(|column| change == RevenueChange::Loss && names.contains(column));
            let columns: Vec<String> = std::iter::once(column).chain(verdict).cloned().collect();
            let request = Request::default().by(&columns).max_groups(u32::MAX.into());
            let groups = Groups::new(&request.nan_is_missing(options.nan_is_missing));
            Self { change, columns, groups, lines: Shuffled::default() }
        };
        there.map(reading).collect()
    }

    /// Refuses a part with a column of reasons that those before did not have.
    ///
    /// # Errors
    /// [`Error::ColumnType`].
    pub(super) fn none_begins(all: &[Self], options: &LedgerOptions, part: &Table<'_>, row: u64) -> Result<()> {
        let names = part.names();
        let is_read = |column: &String| all.iter().any(|reading| reading.columns.contains(column));
        let has_losses = all.iter().any(|reading| reading.change == RevenueChange::Loss);
        let verdict = options.verdict().filter(|_| has_losses);
        let mut columns = options.reasons().map(|(_, column)| column).chain(verdict);
        let Some(column) = columns.find(|column| !is_read(column) && names.contains(column)) else { return Ok(()) };
        let offence = Offence::new(column, "is there from here on", "the same columns in all parts");
        Err(Error::ColumnType(Box::new(offence.at(Some(row), ""))))
    }

    /// Whether they come with verdicts.
    pub(super) fn are_judged(&self) -> bool {
        self.columns.len() > 1
    }

    /// The reasons of a part's rows.
    pub(super) fn add(
        &mut self,
        table: &Table<'_>,
        part: &Part<'_>,
        faults: &mut Faults,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<()> {
        let keys = self.columns.iter().map(|column| required(table, column)).collect::<Result<Vec<_>>>()?;
        self.groups.assign(&keys, 0..0, part.before)?;
        for start in (0..table.rows()).step_by(STRETCH) {
            let stretch = start..table.rows().min(start + STRETCH);
            let codes = self.groups.assign(&keys, stretch.clone(), part.before)?;
            if !go_on() {
                return Err(Error::Interrupted);
            }
            let is_given = |place: &usize| self.groups.value(codes[*place], 0) != &Key::Null;
            let given: Vec<usize> = (0..codes.len()).filter(is_given).collect();
            if self.are_judged() {
                for place in &given {
                    self.judge(codes[*place], part.before + (stretch.start + place) as u64, faults);
                }
            }
            // of nobody at all there are other complaints
            if given.is_empty() || part.kind.is_none() {
                continue;
            }
            let (who, months) = part.who_and_when(stretch);
            let who = Who::of(given.iter().map(|place| who.get(*place)));
            let months: Vec<i32> = given.iter().map(|place| months[*place]).collect();
            let codes: Vec<u32> = given.iter().map(|place| codes[*place]).collect();
            self.lines.shards(1)[0].add(&who, &months, &vec![0; given.len()], &codes);
        }
        Ok(())
    }

    /// Finds fault with a verdict that is none.
    fn judge(&self, code: u32, row: u64, faults: &mut Faults) {
        let state = match self.groups.value(code, 1) {
            Key::Null | Key::Boolean(_) | Key::Integer(0 | 1) => return,
            Key::Integer(_) => State::NotBoolean,
            _ => State::WrongType,
        };
        let value = self.groups.value(code, 1).to_string();
        faults.add(state, row, &value, || {
            Offence::new(&self.columns[1], "holds", ColumnKind::Flag.expected()).hint(AS_FLAG)
        });
    }

    /// The reasons so far, but for those of a customer who may go on.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for two reasons in one month of a customer, [`Error::Interrupted`].
    pub(super) fn take(&mut self, open: Option<Customer<'_>>, go_on: &mut dyn FnMut() -> bool) -> Result<Vec<Chunk>> {
        let (mut chunks, mut first, mut count) = (Vec::new(), None, 0);
        for (chunk, clashes) in std::mem::take(&mut self.lines).sorted(go_on)? {
            if let Err(found) = clashes {
                count += found.count;
                first = first.or_else(|| Some(self.clash(&chunk, found.customer, found.month, found.why)));
            }
            chunks.push(chunk);
        }
        if let Some(first) = first {
            return Err(State::WrongWord.error(Offence { count, ..first }));
        }
        chunks.retain(|chunk| chunk.customers.len() > 0);
        if let (Some(open), Some(last)) = (open, chunks.last_mut())
            && last.customers.last() == Some(open)
            && let Some(open) = last.split_last()
        {
            self.lines.add_chunk(&open);
            chunks.retain(|chunk| chunk.customers.len() > 0);
        }
        Ok(chunks)
    }

    fn clash(&self, chunk: &Chunk, customer: usize, month: i32, why: Clash) -> Offence {
        let hint = match self.change {
            RevenueChange::Loss => "give the one that matters, or read none with loss_reason=None",
            RevenueChange::Gain => "give the one that matters, or read none with gain_reason=None",
        };
        let expected = if self.are_judged() {
            "one reason a customer and month, with one verdict"
        } else {
            "one reason a customer and month"
        };
        let offence = Offence::new(self.columns.join(", "), HOLDS_BOTH, expected).hint(hint);
        let value = |code: u32| self.groups.text(code);
        let offence = match why {
            Clash::Segments(one, other) => offence.at(None, &format!("{} and {}", value(one), value(other))),
            // amounts that are all 0 never are too large
            Clash::Range => offence,
        };
        at(chunk, customer, month, offence)
    }

    /// All reasons that were read.
    ///
    /// # Errors
    /// As [`Reading::take`].
    pub(super) fn finish(mut self, go_on: &mut dyn FnMut() -> bool) -> Result<Reasons> {
        let mut chunks = self.take(None, go_on)?;
        let mut known = Segments::of(&self.groups, &mut chunks);
        // null comes last, and is no reason
        known.keys.retain(|key| key.first() != Some(&Key::Null));
        if let [_, verdicts] = &mut known.columns[..] {
            verdicts.key_type = KeyType::Boolean;
            for given in known.keys.iter_mut().filter_map(|key| key.last_mut()) {
                *given = verdict(given).map_or(Key::Null, Key::Boolean);
            }
        }
        Ok(Reasons { change: self.change, known, chunks })
    }
}

const AS_FLAG: &str = "make it boolean before, as in df[column].map({\"yes\": True, \"no\": False}), or read none with \
                       loss_avoidable=None";

/// Customers, months and reasons.
pub(super) fn notes(chunks: &[Chunk]) -> impl Iterator<Item = (Customer<'_>, i32, u32)> {
    chunks.iter().flat_map(|chunk| {
        (0..chunk.customers.len()).flat_map(move |customer| {
            chunk.paid(customer).map(move |paid| {
                // lines of reasons have one
                (chunk.customers.get(customer), paid.month, paid.segment.unwrap_or_default())
            })
        })
    })
}

/// Whether movements by these columns are broken down by reasons of a column: not where that is one of them.
pub(super) fn can_break_down(change: RevenueChange, options: &LedgerOptions, movements: &MovementOptions) -> bool {
    let mut columns = options.reasons().filter(|(of, _)| *of == change);
    columns.any(|(_, column)| !movements.by.iter().any(|key| key == column || key == change.column()))
}

pub(super) fn moving(change: RevenueChange) -> &'static [Movement] {
    match change {
        RevenueChange::Loss => &[Movement::Churn, Movement::Contraction],
        RevenueChange::Gain => &[Movement::New, Movement::Reactivation, Movement::Expansion],
    }
}

/// What moved for a reason, by period, segment and reason. What moved for none is what is left of all that moved, so only
/// customers with reasons are walked through.
pub(super) type Moved = HashMap<(i32, u32, u32), Cell<i128>>;

/// How many lines cost as much as one more map.
const COST: usize = 1 << 14;

/// Adds what moved for these reasons; `chunks` hold the lines of all of their customers.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn take(
    moved: &mut Moved,
    grid: &Grid,
    change: RevenueChange,
    chunks: &[Chunk],
    reasons: &[Chunk],
    go_on: &mut dyn FnMut() -> bool,
) -> Result<()> {
    let fold = Fold {
        cost: COST,
        empty: || Ok(Moved::new()),
        take: |moved: &mut Moved, reasons: &Chunk, customers: Range<usize>| {
            for customer in customers {
                if let Some((chunk, place)) = find(chunks, reasons.customers.get(customer)) {
                    let spans = reasons.spans(customer);
                    let mut explained = Explained { grid, change, reasons, spans, moved, before: None, first_month: 0 };
                    grid.walk(chunk, place, &mut explained);
                    explained.leave();
                }
            }
        },
        add: |moved: &mut Moved, others: Moved| {
            for (place, other) in others {
                let cell = moved.entry(place).or_default();
                for movement in moving(change) {
                    cell[*movement].merge(other[*movement]);
                }
            }
        },
    };
    fold.run(reasons, moved, go_on)
}

/// Where a customer's lines are.
fn find<'a>(chunks: &'a [Chunk], customer: Customer<'_>) -> Option<(&'a Chunk, usize)> {
    let chunk = chunks.get(chunks.partition_point(|chunk| chunk.customers.last() < Some(customer)))?;
    let (mut low, mut high) = (0, chunk.customers.len());
    while low < high {
        let middle = low.midpoint(high);
        if chunk.customers.get(middle) < customer { low = middle + 1 } else { high = middle }
    }
    (low < chunk.customers.len() && chunk.customers.get(low) == customer).then_some((chunk, low))
}

/// A customer with reasons on the way through the periods.
struct Explained<'a> {
    grid: &'a Grid,
    change: RevenueChange,
    reasons: &'a Chunk,
    /// Of the customer, among those of the reasons.
    spans: Range<usize>,
    moved: &'a mut Moved,
    before: Option<Point>,
    first_month: i32,
}

impl Explained<'_> {
    /// What the customer did in a period, at whose start and end it paid so much.
    fn watch(&mut self, period: i32, start: Option<Point>, end: Option<Point>) {
        let watched = Watched { period, start, end, inside: None, first_month: Some(self.first_month) };
        let starts_at = self.grid.start(period);
        for movement in moving(self.change) {
            let Some((segment, amount)) = watched.moved(*movement, starts_at) else { continue };
            let Some(reason) = self.reason(period, *movement) else { continue };
            let cell = self.moved.entry((period, segment, reason)).or_default();
            cell[*movement].merge(Sum { amount, customers: 1 });
        }
    }

    /// The latest reason of a period; of one who left, also that of its last line before.
    fn reason(&self, period: i32, movement: Movement) -> Option<u32> {
        let (spans, next) = (&self.reasons.columns.spans[self.spans.clone()], self.grid.start(period + 1));
        let place = spans.partition_point(|span| span.first() < next).checked_sub(1)?;
        let (latest, before) = (spans[place].end().min(next) - 1, self.grid.month_before(period));
        let is_near = latest > before || (movement == Movement::Churn && latest == before);
        is_near.then(|| self.reasons.columns.segments[self.spans.start + place])
    }

    /// The last period has come.
    fn leave(&mut self) {
        // who pays at the end of the last has not left
        if let Some(before) = self.before.take().filter(|before| before.period < self.grid.last()) {
            self.watch(before.period + 1, Some(before), None);
        }
    }
}

impl See for Explained<'_> {
    fn point(&mut self, point: Point, first_month: i32) {
        self.first_month = first_month;
        if self.before.is_some_and(|before| before.period + 1 < point.period) {
            self.leave();
        }
        // the opening stock came from nowhere
        if point.period >= 0 {
            self.watch(point.period, self.before, Some(point));
        }
        self.before = Some(point);
    }

    fn inside(&mut self, _: Point, _: i32) {}
}
