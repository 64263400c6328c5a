//! One file per command.

pub(crate) mod diff;
pub(crate) mod export;
pub(crate) mod gui;
pub(crate) mod list;
pub(crate) mod measure;
pub(crate) mod meta;
pub(crate) mod plot;
pub(crate) mod recover;
pub(crate) mod serve;
pub(crate) mod stats;
