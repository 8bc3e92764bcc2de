//! The core as a stranger uses it: through its public API only.

mod arrow_tables;
mod bad_input;
mod bins;
mod definitions;
mod laws;
mod mixes;
mod money;
mod reading;
mod reasons;
mod relate;
mod support;
mod targets;
mod threads;
mod trend;
mod vectors;
