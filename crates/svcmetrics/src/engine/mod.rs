//! The engine: columns -> totals. The rest of the crate sees [`Engine`]: rows go in, exact totals by group come out.

pub(crate) mod choose;
pub(crate) mod columns;
#[cfg(feature = "test-faults")]
mod faults;
pub(crate) mod groups;
pub(crate) mod identities;
mod instants;
mod intake;
mod judge;
mod kernel;
mod offences;
pub(crate) mod plan;
mod rows;

pub(crate) use judge::Status;
pub(crate) use kernel::{BLOCK, Engine, STRETCH};
pub(crate) use offences::Finding;
pub(crate) use plan::{RowMetric, row_metric};
pub(crate) use rows::Rows;
