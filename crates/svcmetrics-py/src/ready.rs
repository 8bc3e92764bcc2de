//! Requests made ready: a call that asks what one has asked a moment ago, of a table with the same columns, starts where that
//! one did.

use crate::error::Result;
use crate::request::request;
use crate::scorecard::Scorecard;
use crate::source::{Source, patiently, reads_of};
use crate::table::Reads;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use std::sync::{Arc, Mutex, PoisonError};
use svcmetrics::{Request, ScorecardBuilder};

/// How many are kept; the one that was not used for the longest time goes first.
const KEPT: usize = 32;

/// Arguments within arguments: deeper ones are not kept.
const DEPTH: usize = 4;

/// What was asked, by value: an argument that is changed afterwards, or is equal and of another type, is another one.
enum Argument {
    None,
    Boolean(bool),
    Integer(i64),
    /// Its bits.
    Float(u64),
    Text(String),
    /// A list, a tuple, or a tuple of ours with names.
    Sequence(Py<PyType>, Vec<Argument>),
    Mapping(Vec<(Argument, Argument)>),
    /// A model or metric, by its type and what cannot change in it.
    Native(Py<PyType>, Py<PyAny>),
}

/// Whether the package made that type.
fn is_ours(kind: &Bound<'_, PyType>) -> PyResult<bool> {
    let module = kind.module()?;
    Ok(matches!(module.to_str()?, "svcmetrics.bins" | "svcmetrics.health" | "svcmetrics.metric" | "svcmetrics.options"))
}

fn is_native(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<crate::health::HealthModel>()
        || object.is_exact_instance_of::<crate::metric::Metric>()
}

impl Argument {
    /// Nothing for what can change, or can be read only once.
    fn of(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Option<Self>> {
        let each = |values: Vec<Bound<'_, PyAny>>| -> PyResult<Option<Vec<Self>>> {
            values.iter().map(|value| Self::of(value, depth + 1)).collect()
        };
        let kind = value.get_type();
        Ok(if depth > DEPTH {
            None
        } else if value.is_none() {
            Some(Self::None)
        } else if let Ok(truth) = value.cast_exact::<PyBool>() {
            Some(Self::Boolean(truth.is_true()))
        } else if value.is_exact_instance_of::<PyInt>() {
            value.extract().ok().map(Self::Integer)
        } else if let Ok(float) = value.cast_exact::<PyFloat>() {
            Some(Self::Float(float.value().to_bits()))
        } else if let Ok(text) = value.cast_exact::<PyString>() {
            text.to_str().ok().map(|text| Self::Text(text.to_owned()))
        } else if let Ok(list) = value.cast_exact::<PyList>() {
            each(list.iter().collect())?.map(|each| Self::Sequence(kind.unbind(), each))
        } else if let Ok(mapping) = value.cast_exact::<PyDict>() {
            let pair = |(key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| -> PyResult<Option<(Self, Self)>> {
                Ok(Self::of(&key, depth + 1)?.zip(Self::of(&value, depth + 1)?))
            };
            mapping.iter().map(pair).collect::<PyResult<Option<_>>>()?.map(Self::Mapping)
        } else if let Ok(tuple) = value.cast::<PyTuple>()
            && (kind.is(value.py().get_type::<PyTuple>()) || is_ours(&kind)?)
        {
            each(tuple.iter().collect())?.map(|each| Self::Sequence(kind.unbind(), each))
        } else if is_ours(&kind)?
            && let Some(native) = value.getattr_opt("_native")?.filter(is_native)
        {
            Some(Self::Native(kind.unbind(), native.unbind()))
        } else {
            None
        })
    }

    /// Whether a value is the same as the one that was asked.
    fn is(&self, value: &Bound<'_, PyAny>) -> bool {
        let py = value.py();
        match self {
            Self::None => value.is_none(),
            Self::Boolean(truth) => value.cast_exact::<PyBool>().is_ok_and(|value| value.is_true() == *truth),
            Self::Integer(integer) => {
                value.is_exact_instance_of::<PyInt>() && value.extract().is_ok_and(|value: i64| value == *integer)
            }
            Self::Float(bits) => value.cast_exact::<PyFloat>().is_ok_and(|value| value.value().to_bits() == *bits),
            Self::Text(text) => is_text(value, text),
            Self::Sequence(kind, each) => {
                let same = |(argument, value): (&Self, Bound<'_, PyAny>)| argument.is(&value);
                if !kind.bind(py).is(value.get_type()) {
                    false
                } else if let Ok(list) = value.cast::<PyList>() {
                    list.len() == each.len() && each.iter().zip(list.iter()).all(same)
                } else if let Ok(tuple) = value.cast::<PyTuple>() {
                    tuple.len() == each.len() && each.iter().zip(tuple.iter()).all(same)
                } else {
                    false
                }
            }
            Self::Mapping(pairs) => value.cast_exact::<PyDict>().is_ok_and(|mapping| {
                mapping.len() == pairs.len()
                    && pairs.iter().zip(mapping.iter()).all(|((key, one), (other, two))| key.is(&other) && one.is(&two))
            }),
            Self::Native(kind, native) => {
                kind.bind(py).is(value.get_type())
                    && value.getattr("_native").is_ok_and(|known| known.is(native.bind(py)))
            }
        }
    }
}

/// Whether an object is that text.
fn is_text(value: &Bound<'_, PyAny>, text: &str) -> bool {
    value.cast_exact::<PyString>().is_ok_and(|value| value.to_str().is_ok_and(|value| value == text))
}

/// The names of a table's columns, and the objects that they were, where there were such: most often they are the same again.
pub(crate) struct Names {
    pub(crate) texts: Vec<String>,
    objects: Vec<Py<PyAny>>,
}

impl Names {
    fn of(source: &Source<'_>) -> Result<Self> {
        Ok(Self { texts: source.names()?, objects: source.name_objects() })
    }

    /// Whether these objects are those names.
    pub(crate) fn are<'a, 'py: 'a, O: std::borrow::Borrow<Bound<'py, PyAny>>>(
        &self,
        objects: impl ExactSizeIterator<Item = O>,
    ) -> bool {
        let mut known = self.objects.iter();
        objects.len() == self.texts.len()
            && objects.zip(&self.texts).all(|(object, text)| {
                let object = object.borrow();
                known.next().is_some_and(|known| known.is(object)) || is_text(object, text)
            })
    }
}

/// A request made ready for tables with columns of these names.
struct Ready {
    names: Names,
    /// By column.
    reads: Vec<Reads>,
    builder: ScorecardBuilder,
}

impl Ready {
    fn new(request: Request, names: Names) -> Result<Self> {
        let builder = ScorecardBuilder::of_columns(request, &names.texts)?;
        let flags = builder.reads_flags();
        let mut reads = reads_of(&names.texts, &builder.reads());
        names
            .texts
            .iter()
            .zip(&mut reads)
            .filter(|(name, _)| flags.contains(name))
            .for_each(|(_, reads)| *reads = Reads::Flag);
        Ok(Self { names, reads, builder })
    }
}

/// The latest first.
static LATEST: Mutex<Vec<(Argument, Arc<Ready>)>> = Mutex::new(Vec::new());

/// Nothing in here runs Python, so that no thread waits for another that waits for the interpreter's lock.
fn latest() -> std::sync::MutexGuard<'static, Vec<(Argument, Arc<Ready>)>> {
    LATEST.lock().unwrap_or_else(PoisonError::into_inner)
}

fn find(asked: &Bound<'_, PyAny>, source: &Source<'_>) -> Option<Arc<Ready>> {
    let mut latest = latest();
    let position = latest.iter().position(|(known, ready)| source.is_named(&ready.names) && known.is(asked))?;
    latest[..=position].rotate_right(1);
    Some(latest[0].1.clone())
}

fn keep(asked: Argument, ready: Arc<Ready>) {
    let mut latest = latest();
    latest.insert(0, (asked, ready));
    let forgotten = if latest.len() > KEPT { latest.pop() } else { None };
    // What is let go may run Python.
    drop(latest);
    drop(forgotten);
}

/// The scorecard of a table, with what is known of it, of which it is the first. `asked` is all on which the options depend that
/// `options` gives of both.
#[pyfunction]
pub(crate) fn scorecard<'py>(
    py: Python<'py>,
    found: &Bound<'py, PyTuple>,
    asked: &Bound<'py, PyTuple>,
    options: &Bound<'py, PyAny>,
) -> Result<Scorecard> {
    let request = || -> Result<Request> { request(options.call1((found, asked))?.cast::<PyDict>()?) };
    let table = &found.get_item(0)?;
    let source = if let Some(source) = Source::of_columns(table)? {
        source
    } else {
        // A stream is read once: not before it is clear what for.
        if !latest().iter().any(|(known, _)| known.is(asked)) {
            request()?;
        }
        Source::of(table)?
    };
    let ready = if let Some(ready) = find(asked, &source) {
        ready
    } else {
        let ready = Arc::new(Ready::new(request()?, Names::of(&source)?)?);
        if let Some(asked) = Argument::of(asked, 0)? {
            keep(asked, ready.clone());
        }
        ready
    };
    let mut builder = ready.builder.clone();
    source.pour(py, &ready.names.texts, &ready.reads, &mut builder)?;
    Ok(Scorecard(patiently(py, |go_on| builder.finish_while(go_on))?))
}
