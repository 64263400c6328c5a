//! What tests and plots there are: TOML definitions, expressions, roles, expansion.

mod model;

pub use model::*;
