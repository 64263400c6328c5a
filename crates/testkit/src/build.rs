//! Plans of catalogue tests, as a command line would make them.

use fa_catalog::{Catalog, Setup};
use fa_measure::plan::{Plan, Settings};
use indexmap::IndexMap;

/// A test of the catalogue against `far.example`, with this many seconds of load and no delay before or after it.
///
/// # Panics
/// When the catalogue has no such test.
pub fn plan(test: &str, length_secs: f64) -> Plan {
    plan_with(test, length_secs, 0.0, &[])
}

/// The same with a delay before and after the load, and test parameters.
///
/// # Panics
/// When the catalogue has no such test.
pub fn plan_with(test: &str, length_secs: f64, delay_secs: f64, params: &[(&str, &str)]) -> Plan {
    let host = "far.example";
    let params: IndexMap<String, String> = params.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    let setup = Setup { length_secs, delay_secs, params, ..Setup::new(test, &[host]) };
    match Catalog::builtin().expand(&setup).map(|expanded| Plan::from_expanded(&expanded, &Settings::of(&setup))) {
        Ok(Ok(plan)) => plan,
        Ok(Err(error)) => panic!("test {test}: {error}"),
        Err(error) => panic!("test {test}: {error}"),
    }
}
