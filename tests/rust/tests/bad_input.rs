//! What bad input gets, row by row of the specification's table.

mod cases;
mod columns;
mod documents;
mod domains;
mod groups;
mod merging;
mod models;
mod stored_values;
mod values;
