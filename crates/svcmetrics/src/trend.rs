//! Trends: figures beside those of the period before and of a year before.

use crate::definitions::Chosen;
use crate::engine::columns::TimeUnit;
use crate::error::{Error, Result, shown};
use crate::figure::Figure;
use crate::key::{Key, KeyType, civil};
use crate::metric::{Better, Metric};
use crate::money::{compare_quotients, nearest_difference, nearest_sum};
use crate::period::Period;
use crate::scorecard::Scorecard;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Where a figure goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Direction {
    /// Where the metric should go.
    Better,
    /// Where it should not.
    Worse,
    /// Up, in a metric of which neither is better.
    Up,
    /// Down, in a metric of which neither is better.
    Down,
    /// Exactly as before.
    Flat,
}

impl Direction {
    fn of(change: Ordering, better: Better) -> Self {
        match (change, better) {
            (Ordering::Equal, _) => Self::Flat,
            (Ordering::Greater, Better::Higher) | (Ordering::Less, Better::Lower) => Self::Better,
            (Ordering::Less, Better::Higher) | (Ordering::Greater, Better::Lower) => Self::Worse,
            (Ordering::Greater, Better::Neither) => Self::Up,
            (Ordering::Less, Better::Neither) => Self::Down,
        }
    }

    /// The stable lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Up => "up",
            Self::Down => "down",
            Self::Flat => "flat",
        }
    }
}

/// A group's figure beside those of the same group in other periods. Differences are exact, and rounded once to the nearest
/// double; none where a figure is undefined, or its period not in the scorecard.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Trend {
    /// The group's position.
    pub group: usize,
    /// The metric.
    pub metric: String,
    /// The double nearest to its value.
    pub value: Option<f64>,
    /// The value in the period before: the calendar's, not the row's.
    pub previous: Option<f64>,
    /// The value less the previous one.
    pub change: Option<f64>,
    /// The value in the same period a year before.
    pub year_before: Option<f64>,
    /// The value less that of a year before.
    pub change_on_year: Option<f64>,
    /// The change less the previous period's change.
    pub change_of_change: Option<f64>,
    /// Where the change goes.
    pub direction: Option<Direction>,
    /// Of a ledger's movements whether the data reaches the end of the period: one that is not over is not to be compared
    /// with those that are. Of other scorecards it is not known.
    pub complete: Option<bool>,
}

impl Scorecard {
    /// Figures beside those of the period before and of a year before, group by group; all metrics, or those of these ids.
    ///
    /// The key that is time says the periods: text as [`Period`] reads it (fiscal ones too), whole years, or dates and times that
    /// are first days of months, each its month; of a time zone other than UTC nobody knows here what day it is, and such times
    /// are no periods. The period before is the calendar's: where it is not there, nothing is
    /// compared. A null period has none before it. A ledger's last period may not be over: [`Trend::complete`] says so.
    ///
    /// ```
    /// use svcmetrics::{Direction, Request, Scorecard, Table};
    /// let table = Table::new(3)
    ///     .with("period", vec!["2026-01", "2026-02", "2026-04"])
    ///     .with("revenue_start", vec![100_i64, 110, 130])
    ///     .with("revenue_end", vec![110_i64, 130, 120]);
    /// let card = Scorecard::of(&table, Request::default().by(["period"]))?;
    /// let [_, february, april] = &card.trend(Some(&["revenue_end"]))?[..] else { unreachable!() };
    /// assert_eq!((february.change, february.direction), (Some(20.0), Some(Direction::Better)));
    /// assert_eq!((april.previous, april.change), (None, None)); // March is not there
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Example: a quarter that is not over
    ///
    /// ```
    /// use svcmetrics::{Every, Ledger, LedgerOptions, MovementOptions, Table};
    /// let table = Table::new(2)
    ///     .with("customer_id", vec!["a", "a"])
    ///     .with("month", vec!["2026-03", "2026-04"])
    ///     .with("revenue", vec![50_i64, 60]);
    /// let ledger = Ledger::of(&table, LedgerOptions::default())?;
    /// let quarters = ledger.movements(&MovementOptions::default().every(Every::Quarter))?.trend(Some(&["mrr"]))?;
    /// let complete: Vec<_> = quarters.iter().map(|quarter| (quarter.change, quarter.complete)).collect();
    /// assert_eq!(complete, [(None, Some(true)), (Some(10.0), Some(false))]);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where no key is time, [`Error::InvalidPeriod`] where its values are no periods,
    /// [`Error::MetricNotFound`].
    pub fn trend(&self, metrics: Option<&[&str]>) -> Result<Vec<Trend>> {
        let (neighbours, complete) = (self.neighbours()?, self.complete());
        let chosen: Vec<&Chosen> = match metrics {
            None => self.definitions.figured().collect(),
            Some(ids) => ids.iter().map(|id| self.chosen(id)).collect::<Result<_>>()?,
        };
        let mut figures = Vec::with_capacity(chosen.len());
        for chosen in &chosen {
            let reading = self.reading(chosen);
            figures.push((0..self.len()).map(|group| reading.figure(group)).collect::<Result<Vec<Figure>>>()?);
        }
        let mut trends = Vec::with_capacity(self.len() * chosen.len());
        for (group, [before, before_that, year]) in neighbours.into_iter().enumerate() {
            for (chosen, figures) in chosen.iter().zip(&figures) {
                let found = trend(group, &chosen.metric, figures, before, before_that, year);
                trends.push(Trend { complete: complete[group], ..found });
            }
        }
        Ok(trends)
    }

    /// For each group whether the data reaches the end of its period.
    fn complete(&self) -> Vec<Option<bool>> {
        let origin = self.definitions.parameters.origin.as_ref();
        let place = self.keys.iter().position(|key| Some(key.name.as_str()) == self.period.as_deref());
        let known = origin.zip(place);
        let complete = |keys: &Vec<Key>| known.and_then(|(origin, place)| origin.is_complete(&keys[place]));
        self.groups.iter().map(complete).collect()
    }

    /// For each group the positions of the same group in the period before, in the one before that, and a year before.
    fn neighbours(&self) -> Result<Vec<[Option<usize>; 3]>> {
        let name = self.period.as_deref();
        let Some(place) = self.keys.iter().position(|key| Some(key.name.as_str()) == name) else {
            return Err(Error::InvalidOption {
                option: "period".into(),
                found: "none".into(),
                expected: "a key that is time: one that is named 'period', or that period=... names".into(),
            });
        };
        let period = |keys: &Vec<Key>| period_of(&keys[place], &self.keys[place].key_type);
        let periods: Vec<Option<Period>> = self.groups.iter().map(period).collect::<Result<_>>()?;
        let others = |group: usize| -> Vec<&Key> {
            let keys = self.groups[group].iter().enumerate();
            keys.filter(|(position, _)| *position != place).map(|(_, key)| key).collect()
        };
        let at = |(group, period): (usize, &Option<Period>)| Some(((others(group), (*period)?), group));
        let groups: HashMap<(Vec<&Key>, Period), usize> = periods.iter().enumerate().filter_map(at).collect();
        let of_group = |(group, period): (usize, &Option<Period>)| {
            let at = |period: Option<Period>| groups.get(&(others(group), period?)).copied();
            let step = |count: i32| at(period.and_then(|period| period.step(count)));
            [step(-1), step(-2), at(period.and_then(Period::year_before))]
        };
        Ok(periods.iter().enumerate().map(of_group).collect())
    }
}

fn trend(
    group: usize,
    metric: &Metric,
    figures: &[Figure],
    before: Option<usize>,
    before_that: Option<usize>,
    year: Option<usize>,
) -> Trend {
    let exact = |group: Option<usize>| group.and_then(|group| figures[group].fraction());
    let double = |group: Option<usize>| group.and_then(|group| figures[group].value());
    let (value, previous) = (exact(Some(group)), exact(before));
    let both = value.zip(previous);
    Trend {
        group,
        metric: metric.id().to_owned(),
        value: double(Some(group)),
        previous: double(before),
        change: both.map(|(value, previous)| nearest_difference(value, previous)),
        year_before: double(year),
        change_on_year: value.zip(exact(year)).map(|(value, year)| nearest_difference(value, year)),
        change_of_change: both
            .zip(exact(before_that))
            .map(|((value, previous), earlier)| nearest_sum(&[(1, value), (-2, previous), (1, earlier)])),
        direction: both.map(|(value, previous)| Direction::of(compare_quotients(value, previous), metric.direction())),
        complete: None,
    }
}

/// The period that a key stands for; none for null.
fn period_of(key: &Key, key_type: &KeyType) -> Result<Option<Period>> {
    let invalid = |found: String| Error::InvalidPeriod {
        found,
        expected: "text such as 2026-03, 2026-Q1, 2026, FY2026-Q1, a year, or the first day of a month",
    };
    let month = |day: i32| {
        let (year, month, date) = civil(day.into());
        let (year, month) = (i32::try_from(year).ok()?, u8::try_from(month).ok()?);
        if date == 1 { Period::month(year, month).ok() } else { None }
    };
    let found = match (key, key_type) {
        (Key::Null, _) => return Ok(None),
        // In which month a fiscal year starts does not matter to what comes before what; it must be none of the calendar's.
        (Key::Text(text), _) => Period::parse_fiscal(text, 2).ok(),
        (Key::Integer(year), _) => {
            i32::try_from(*year).ok().filter(|year| *year >= 1000).and_then(|year| Period::year(year).ok())
        }
        (Key::Date(day), _) => month(*day),
        (Key::Timestamp(_), KeyType::Timestamp { zone: Some(zone), .. }) if !is_utc(zone) => {
            // which day it is there only a table of zones says
            return Err(Error::InvalidPeriod {
                found: format!("a time of {}", shown(zone)),
                expected: "a time without a zone, as df[column].dt.tz_localize(None) gives",
            });
        }
        (Key::Timestamp(time), KeyType::Timestamp { unit, zone }) => {
            let per_second = match unit {
                TimeUnit::Second => 1,
                TimeUnit::Millisecond => 1_000,
                TimeUnit::Microsecond => 1_000_000,
                TimeUnit::Nanosecond => 1_000_000_000,
            };
            let seconds = time.div_euclid(per_second);
            let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
            let Ok(day) = i32::try_from(day) else { return Err(invalid(key.to_string())) };
            if second > 0 || time.rem_euclid(per_second) > 0 {
                let clock = format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
                let zone = if zone.is_some() { " UTC" } else { "" };
                return Err(invalid(format!("{} {clock}{zone}", Key::Date(day))));
            }
            return month(day).map(Some).ok_or_else(|| invalid(Key::Date(day).to_string()));
        }
        _ => None,
    };
    found.map(Some).ok_or_else(|| invalid(key.to_string()))
}

/// By any of the names that the tables of zones have for it, or as an offset.
fn is_utc(zone: &str) -> bool {
    let name = zone.strip_prefix("Etc/").unwrap_or(zone);
    let names = ["UTC", "UCT", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich", "Universal", "Zulu"];
    names.contains(&name) || ["+00:00", "-00:00", "Z"].contains(&zone)
}

#[cfg(feature = "arrow")]
impl Scorecard {
    /// [`Scorecard::trend`] as a frame: keys, `metric`, `value`, `previous`, `change`, `year_before`, `change_on_year`,
    /// `change_of_change` and `direction`; of a ledger's movements also `complete`.
    ///
    /// # Errors
    /// As [`Scorecard::trend`]; [`Error::KeyName`] for a key that is named like one of the columns.
    pub fn trend_record_batch(&self, metrics: Option<&[&str]>) -> Result<arrow_array::RecordBatch> {
        use arrow_array::{BooleanArray, Float64Array, StringArray};
        use std::sync::Arc;
        let trends = self.trend(metrics)?;
        let mut frame = crate::arrow::Frame::default();
        self.push_keys(&mut frame, metrics.map_or_else(|| self.definitions.figured().count(), <[_]>::len), None)?;
        let floats = |of: fn(&Trend) -> Option<f64>| Arc::new(trends.iter().map(of).collect::<Float64Array>());
        let direction = |trend: &Trend| trend.direction.map(Direction::name);
        frame.push("metric", Arc::new(trends.iter().map(|trend| Some(trend.metric.as_str())).collect::<StringArray>()));
        frame.push("value", floats(|trend| trend.value));
        frame.push("previous", floats(|trend| trend.previous));
        frame.push("change", floats(|trend| trend.change));
        frame.push("year_before", floats(|trend| trend.year_before));
        frame.push("change_on_year", floats(|trend| trend.change_on_year));
        frame.push("change_of_change", floats(|trend| trend.change_of_change));
        frame.push("direction", Arc::new(trends.iter().map(direction).collect::<StringArray>()));
        if self.definitions.parameters.origin.is_some() {
            let complete = trends.iter().map(|trend| trend.complete);
            frame.push("complete", Arc::new(complete.collect::<BooleanArray>()));
        }
        frame.finish()
    }
}
