//! Customer health: a composite of catalogue metrics. A customer is a group of one, so one model scores a customer and a group.

#[cfg(feature = "serde")]
mod document;
mod metrics;
mod model;
mod parts;
mod score;
mod table;

pub use model::HealthModel;
pub use parts::{Among, Band, Component, Gate, MissingPolicy};
pub use score::{Contribution, Explanation};
pub use table::{HealthScore, HealthScorer, HealthScores};

pub(crate) use metrics::{HEALTH_BAND, HEALTH_SCORE, capitalized};
pub(crate) use score::{Apportioned, FULL, Scored, ScoredBlock, Scoring};
#[cfg(feature = "arrow")]
pub(crate) use table::Finished;
