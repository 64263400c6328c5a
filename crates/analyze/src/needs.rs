//! What of a file is read for a purpose: a figure of hundreds of files holds only what it draws.

use std::collections::HashSet;

use fa_catalog::glob::Matcher;
use fa_catalog::{Expanded, Pattern, SeriesSource};
use fa_format::{Metadata, Wanted};

use crate::reduce::{Reducer, Reduction, Statistic, number_of};

/// Series whose values, and series whose raw samples are read.
///
/// Too much costs memory. Too little raw samples costs reading a file twice; too few series would be taken for missing.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    everything: bool,
    names: HashSet<String>,
    patterns: Vec<Matcher>,
    raw: Vec<RawNeed>,
}

#[derive(Debug, Clone)]
struct RawNeed {
    name: Name,
    /// Not needed of a file that has this number in the metadata of the series (of the one named, else of itself).
    unless: Option<(Option<String>, &'static str)>,
}

#[derive(Debug, Clone)]
enum Name {
    One(String),
    All(Matcher),
}

impl Needs {
    /// All there is.
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// Values of a series on the time grid.
    pub fn grid(&mut self, series: &str) {
        self.names.insert(series.to_owned());
    }

    /// Values of all series that a glob names.
    pub fn pattern(&mut self, glob: &str) {
        self.patterns.push(Pattern::new(glob).matcher());
    }

    /// Raw samples of a series; of its parent, where it is a child (`parent::key`) without samples of its own.
    pub fn raw(&mut self, series: &str) {
        self.raw_unless(series, None);
    }

    /// Raw samples of all series that a glob names, and of the parents of children that it names.
    pub fn raw_pattern(&mut self, glob: &str) {
        for glob in std::iter::once(glob).chain(glob.rsplit_once("::").map(|(parent, _)| parent)) {
            self.raw.push(RawNeed { name: Name::All(Pattern::new(glob).matcher()), unless: None });
        }
    }

    fn raw_unless(&mut self, series: &str, number: Option<&'static str>) {
        let of = |series: &str| Some((Some(series.to_owned()), number?));
        self.raw.push(RawNeed { name: Name::One(series.to_owned()), unless: of(series) });
        if let Some((parent, _)) = fa_catalog::child::split_last(series) {
            self.raw.push(RawNeed { name: Name::One(parent.to_owned()), unless: of(series) });
        }
    }

    /// Whatever a reduction may look at.
    pub fn reduction(&mut self, reduction: &Reduction) {
        let series = reduction.series;
        self.grid(series);
        if let Some(key) = reduction.raw_key {
            self.grid(&format!("{series}::{key}"));
        }
        if let Some(by) = reduction.norm_by {
            self.grid(by);
        }
        let whole = reduction.cutoff.is_none();
        match &reduction.reducer {
            Reducer::Best(Statistic::Mean) if whole && reduction.raw_key.is_none() => {
                self.raw_unless(series, Some("MEAN_VALUE"));
            }
            Reducer::Best(_) | Reducer::Raw(_) => self.raw(series),
            Reducer::Span | Reducer::MeanSpan | Reducer::MeanZero | Reducer::Meta(_) => {}
            Reducer::SeqLoss | Reducer::Mos => {
                let parent = fa_catalog::child::split(series).map_or(series, |(parent, _)| parent);
                let number = if reduction.reducer == Reducer::Mos { "OWD_UP_MEAN" } else { "PACKET_LOSS_RATE" };
                self.raw_unless(parent, whole.then_some(number));
            }
            Reducer::Fairness => {
                if let Some(source) = reduction.source {
                    self.patterns.push(source.matcher());
                    let unless = (whole && reduction.raw_key.is_none()).then_some((None, "MEAN_VALUE"));
                    self.raw.push(RawNeed { name: Name::All(source.matcher()), unless });
                }
            }
        }
    }

    /// Adds what computed series among the needed ones are computed from, should a file lack them.
    pub fn add_sources(&mut self, expanded: &Expanded) {
        let mut added = HashSet::new();
        loop {
            let before = added.len();
            for (name, def) in &expanded.series {
                if let SeriesSource::Computed(computed) = &def.source
                    && self.series(name)
                    && added.insert(name)
                {
                    self.patterns.extend(computed.patterns.iter().map(Pattern::matcher));
                }
            }
            if added.len() == before {
                return;
            }
        }
    }
}

impl Wanted for Needs {
    fn series(&self, name: &str) -> bool {
        self.everything || self.names.contains(name) || self.patterns.iter().any(|pattern| pattern.matches(name))
    }

    fn raw(&self, name: &str, metadata: &Metadata) -> bool {
        let needed = |need: &RawNeed| {
            let named = match &need.name {
                Name::One(one) => one == name,
                Name::All(pattern) => pattern.matches(name),
            };
            let answered =
                |(of, key): &(Option<String>, &str)| number_of(metadata, of.as_deref().unwrap_or(name), key).is_some();
            named && !need.unless.as_ref().is_some_and(answered)
        };
        self.everything || self.raw.iter().any(needed)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use fa_catalog::{Catalog, Setup};
    use serde_json::json;

    fn mean(series: &str) -> Reduction<'_> {
        let reducer = Reducer::Best(Statistic::Mean);
        Reduction { series, raw_key: None, reducer, cutoff: None, norm_by: None, source: None }
    }

    #[test]
    fn a_mean_that_the_tool_reported_needs_no_samples() {
        let mut metadata = Metadata::default();
        metadata.set("SERIES_META", json!({ "A": { "MEAN_VALUE": 3.0 }, "B::c": { "MEAN_VALUE": "4" } }));
        let mut needs = Needs::default();
        for series in ["A", "B::c", "D::e"] {
            needs.reduction(&mean(series));
        }
        let raw = |name| Wanted::raw(&needs, name, &metadata);
        assert!(needs.series("A") && !needs.series("D"));
        assert_eq!([raw("A"), raw("B"), raw("B::c"), raw("D"), raw("D::e")], [false, false, false, true, true]);
        let mut cut = Needs::default();
        cut.reduction(&Reduction { cutoff: Some((5.0, -5.0).into()), ..mean("A") });
        assert!(Wanted::raw(&cut, "A", &metadata), "the reported mean is that of the whole run");
    }

    #[test]
    fn computed_series_need_their_sources() {
        let test = Catalog::builtin().expand(&Setup::new("rrul", &["h"])).unwrap();
        let mut needs = Needs::default();
        needs.grid("TCP totals");
        needs.add_sources(&test);
        assert!(needs.series("TCP upload BE") && needs.series("TCP download EF"));
        // Totals are sums over the flows themselves.
        assert!(!needs.series("TCP upload sum"));
        assert!(!needs.series("Ping (ms) ICMP"));
    }
}
