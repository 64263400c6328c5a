//! Development only: simulated links, builders, approximate comparison.
