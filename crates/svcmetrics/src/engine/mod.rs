//! The engine: columns -> totals. The rest of the crate sees [`Engine`]: rows go in, exact totals by group come out.

mod accumulator;
mod block;
pub(crate) mod choose;
pub(crate) mod columns;
#[cfg(feature = "test-faults")]
mod faults;
mod fused;
pub(crate) mod groups;
mod intake;
mod judge;
mod kernel;
mod offences;
mod parallel;
pub(crate) mod plan;
mod rows;
mod sums;

pub(crate) use judge::Status;
pub(crate) use kernel::{BLOCK, Engine};
pub(crate) use offences::Finding;
pub(crate) use rows::Rows;
