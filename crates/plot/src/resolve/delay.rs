//! The idle time before the load, where a file does not say it and its total length tells another one.

use fa_catalog::{Catalog, Setup};
use fa_format::{DataSet, Note};
use indexmap::IndexMap;

use super::setup_from;

/// Seconds by which a total length may differ from the test's own: Flent writes whole seconds.
const TOLERANCE: f64 = 0.5;

/// What the total length of files says about a delay that was assumed: a remark per value, never a correction.
///
/// Cut-offs such as "the load only" need the delay, and Flent's files do not record it. `delay_override` is `--delay`.
pub fn delay_doubts<'a>(
    sets: impl IntoIterator<Item = &'a DataSet>,
    catalog: &Catalog,
    delay_override: Option<f64>,
) -> Vec<String> {
    let mut doubts: IndexMap<String, usize> = IndexMap::new();
    let mut known: Vec<(Setup, Option<(f64, f64)>)> = Vec::new();
    let mut files = 0;
    for set in sets {
        files += 1;
        let Some(total) = recorded_total(set) else { continue };
        let setup = setup_from(set, delay_override);
        let at = known.iter().position(|(seen, _)| *seen == setup).unwrap_or_else(|| {
            let own = own_total(catalog, &setup);
            known.push((setup, own));
            known.len() - 1
        });
        let (setup, Some((own, slope))) = &known[at] else { continue };
        if (total - own).abs() <= TOLERANCE {
            continue;
        }
        let delay = setup.delay_secs;
        let whence = match (delay_override, set.metadata.delay_secs()) {
            (Some(_), _) => "--delay",
            (None, Some(_)) => "DELAY of the file",
            (None, None) => "assumed, the file does not say",
        };
        let likely = delay + (total - own) / slope;
        let likely = if *slope > 0.0 && likely >= 0.0 {
            format!("the delay was probably {likely} s (--delay {likely})")
        } else {
            "no delay explains that".to_owned()
        };
        let length = setup.length_secs;
        let test = &setup.test;
        let doubt = format!(
            "TOTAL_LENGTH is {total} s, but {test} of {length} s with a delay of {delay} s ({whence}) takes {own} s: {likely}"
        );
        *doubts.entry(doubt).or_default() += 1;
    }
    let line =
        |(doubt, count): (String, usize)| if files == 1 { doubt } else { format!("{count} of {files} files: {doubt}") };
    doubts.into_iter().map(line).collect()
}

/// As recorded: not what was made from the data on loading.
fn recorded_total(set: &DataSet) -> Option<f64> {
    let made = set.notes.iter().any(|note| matches!(note, Note::TotalLengthFromData { .. }));
    set.metadata.total_length_secs().filter(|_| !made)
}

/// Total length of a test with these settings, and seconds that a second of delay adds to it.
fn own_total(catalog: &Catalog, setup: &Setup) -> Option<(f64, f64)> {
    let own = catalog.expand(setup).ok()?.total_length_secs;
    let later = Setup { delay_secs: setup.delay_secs + 1.0, ..setup.clone() };
    let slope = catalog.expand(&later).ok()?.total_length_secs - own;
    (own > 0.0).then_some((own, slope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fa_format::Metadata;

    fn run(total: f64, delay: Option<f64>) -> DataSet {
        let mut metadata = Metadata::for_new_run("rrul");
        metadata.set("LENGTH", 60);
        metadata.set("TOTAL_LENGTH", total);
        metadata.set("HOSTS", vec!["h"]);
        metadata.remove("DELAY");
        if let Some(delay) = delay {
            metadata.set("DELAY", delay);
        }
        DataSet { metadata, ..DataSet::default() }
    }

    fn doubts(sets: &[DataSet], delay: Option<f64>) -> Vec<String> {
        delay_doubts(sets, Catalog::builtin(), delay)
    }

    #[test]
    fn given_then_recorded_then_five() {
        let delay = |set: &DataSet, given| setup_from(set, given).delay_secs;
        assert_eq!(delay(&run(66.0, Some(3.0)), Some(2.0)), 2.0);
        assert_eq!(delay(&run(66.0, Some(3.0)), None), 3.0);
        assert_eq!(delay(&run(66.0, None), None), 5.0, "never inferred from the total length");
    }

    #[test]
    fn a_total_length_that_disagrees_names_the_likely_delay() {
        // rrul of 60 s takes 60 + 2 × delay.
        assert!(doubts(&[run(70.0, None)], None).is_empty());
        assert!(doubts(&[run(66.0, None)], Some(3.0)).is_empty());
        assert!(doubts(&[run(66.0, Some(3.0))], None).is_empty());
        let told = doubts(&[run(66.0, None)], None);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("takes 70 s") && told[0].ends_with("probably 3 s (--delay 3)"), "{told:?}");
        let told = doubts(&[run(40.0, None)], None);
        assert!(told[0].ends_with("no delay explains that"), "{told:?}");
    }

    #[test]
    fn many_files_are_counted() {
        let told = doubts(&[run(66.0, None), run(70.0, None), run(66.0, None)], None);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("2 of 3 files: "), "{told:?}");
    }
}
