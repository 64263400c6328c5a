//! `fa`: measure networks and explain what was measured.

fn main() {}
