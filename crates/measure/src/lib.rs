//! What to send and what answers mean: plan, flow engine, protocols, recorder; no I/O.
