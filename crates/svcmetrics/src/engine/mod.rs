//! The engine: columns -> totals. The rest of the crate sees [`Engine`]: rows go in, exact totals by group come out.

mod accumulator;
mod block;
pub(crate) mod both;
mod cache;
pub(crate) mod choose;
pub(crate) mod columns;
mod currency;
mod distinct;
#[cfg(feature = "test-faults")]
pub(crate) mod faults;
mod fused;
pub(crate) mod groups;
pub(crate) mod identities;
mod ids;
mod instants;
pub(crate) mod intake;
mod judge;
mod kernel;
pub(crate) mod key_column;
mod offences;
#[cfg(feature = "rayon")]
mod parallel;
pub(crate) mod plan;
mod reused;
mod rows;
mod scores;
mod short_texts;
mod sums;
pub(crate) mod texts;
mod threads;

pub(crate) use cache::prefetch;
pub(crate) use currency::{OneCurrency, one_currency};
pub(crate) use instants::text as instant_text;
pub(crate) use kernel::{Engine, STRETCH};
pub(crate) use offences::Finding;
pub(crate) use plan::{RowMetric, row_metric};
pub(crate) use rows::{Rows, required};
#[cfg(feature = "arrow")]
pub(crate) use scores::PIECE;
pub(crate) use scores::{NOBODY, ScoreRows};
pub(crate) use threads::{on_threads, threads};
