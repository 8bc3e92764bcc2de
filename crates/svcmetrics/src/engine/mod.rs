//! The engine: columns -> totals. The rest of the crate sees [`Engine`]: rows go in, exact totals by group come out.

pub(crate) mod columns;
pub(crate) mod groups;
mod intake;
mod kernel;
mod offences;
pub(crate) mod plan;

pub(crate) use kernel::{Engine, Rows, Status};
pub(crate) use offences::Finding;
