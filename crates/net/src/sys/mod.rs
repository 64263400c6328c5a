//! System calls that no safe wrapper covers: the only place where `unsafe` is allowed.

pub(crate) mod ethtool;
