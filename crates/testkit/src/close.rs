//! Approximate comparison.

/// Asserts that `found` differs from `expected` by at most `tolerance`.
///
/// # Panics
/// When it does, with all three and what was compared.
#[track_caller]
pub fn assert_close(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, expected {expected} ± {tolerance}");
}
