//! What bad input gets, row by row of the specification's table.

mod after_errors;
mod cases;
mod columns;
mod currencies;
mod documents;
mod domains;
mod groups;
mod identities;
mod measures;
mod merging;
mod models;
mod stored_values;
mod values;
