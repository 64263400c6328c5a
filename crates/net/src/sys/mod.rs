//! System calls that no safe wrapper covers: the only place where `unsafe` is allowed.

pub(crate) mod batch;
pub(crate) mod child;
pub(crate) mod ethtool;
pub(crate) mod priority;
pub(crate) mod seen_tos;
pub(crate) mod tcp_info;
