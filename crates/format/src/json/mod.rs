//! A small JSON reader of our own.
//!
//! serde_json would do for metadata, but not here: Python writes `NaN` and `Infinity`, raw values must be found by byte
//! range without being parsed, errors must name the byte, a file that was cut off must be closable, and the number loop
//! is where most of the time goes. It accepts exactly what serde_json accepts, plus the three literals of Python
//! (its tests hold it to that).

mod cursor;
mod number;
mod repair;
mod skip;
mod value;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use cursor::{Cursor, Fault, FaultKind};

pub(crate) use repair::close;
pub(crate) use skip::list_end;
pub use value::is_non_finite_value;
pub(crate) use value::{MAX_DEPTH, ValueNotes, value_of};
pub(crate) use write::{push_f64, push_string, push_value};
