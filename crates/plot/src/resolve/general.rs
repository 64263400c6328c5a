//! Plots that any file has, whatever its test: any series in any of these forms.
//!
//! Which series they draw is the user's choice (`--series`; `--x` and `--y` for scatter plots), or what the roles of the
//! file's series suggest.

use fa_analyze::kind::{self, Kind, Summing};
use fa_analyze::run::Run;
use fa_catalog::{Expanded, Orientation, Pattern, PlotDef, PlotSeries, PlotType, SeriesDef, SeriesStyle};

use super::{Notes, PlotError};
use crate::options::FigureOptions;

/// A plot of this kind that needs no definition in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GeneralPlot {
    /// Name on the command line.
    pub name: &'static str,
    /// Its type.
    pub kind: PlotType,
    /// What it shows.
    pub text: &'static str,
}

/// All of them.
pub const GENERAL_PLOTS: [GeneralPlot; 7] = [
    GeneralPlot {
        name: "scatter",
        kind: PlotType::Scatter,
        text: "One series against others at the same time (--x, --y)",
    },
    GeneralPlot {
        name: "histogram",
        kind: PlotType::Histogram,
        text: "Share of the samples in each range of values (--series)",
    },
    GeneralPlot { name: "ridge", kind: PlotType::Ridge, text: "Densities of many runs below each other (--series)" },
    GeneralPlot { name: "timeseries", kind: PlotType::Timeseries, text: "Any series over time (--series)" },
    GeneralPlot { name: "cdf", kind: PlotType::Cdf, text: "Empirical distribution of any series (--series)" },
    GeneralPlot { name: "box", kind: PlotType::Box, text: "Box plot of any series (--series)" },
    GeneralPlot { name: "bar", kind: PlotType::Bar, text: "Means and deviations of any series (--series)" },
];

/// The general plot of that name. A test's own plot of the name comes first, unless the user names series.
pub(crate) fn named(plot: &str, expanded: &Expanded, options: &FigureOptions) -> Option<GeneralPlot> {
    let found = GENERAL_PLOTS.into_iter().find(|general| general.name == plot)?;
    (!expanded.plots.contains_key(plot) || !options.series.is_empty()).then_some(found)
}

/// The plot with the series that the user or the roles of the files' series choose.
pub(crate) fn define(
    general: GeneralPlot,
    expanded: &Expanded,
    runs: &[Run],
    options: &FigureOptions,
    notes: &mut Notes,
) -> Result<PlotDef, PlotError> {
    let asked = options.series.iter().chain(&options.x_series).chain(&options.y_series);
    let there = series_of(runs, expanded, asked.into_iter().any(|name| fa_catalog::child::split(name).is_some()));
    let unknown = |wanted: &str| unknown_series(wanted, &there, expanded);
    let choose = |wanted: &[String]| {
        let mut names: Vec<String> = Vec::new();
        for one in wanted {
            let found = selected(one, &there, expanded);
            if found.is_empty() {
                return Err(unknown(one));
            }
            names.extend(found.into_iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
        }
        Ok(names)
    };
    let by_role = |rank: fn(&str, &Expanded) -> Option<u8>, option: &str, what: &str, notes: &mut Notes| {
        let best = there.iter().filter_map(|name| Some((rank(name, expanded)?, name))).min_by_key(|(rank, _)| *rank);
        let Some((_, name)) = best else {
            return Err(PlotError::Unsupported {
                plot: general.name.to_owned(),
                why: format!("no series here counts {what}: choose one with {option}; `fa list series FILE` shows all"),
            });
        };
        notes.add(format!("plot {}: {name} is drawn; {option} chooses others", general.name));
        Ok(vec![name.clone()])
    };
    let mut axis_labels = Vec::new();
    let names = if general.kind == PlotType::Scatter {
        let x = match &options.x_series {
            Some(wanted) => choose(std::slice::from_ref(wanted))?,
            None => by_role(load_rank, "--x", "throughput", notes)?,
        };
        let [x] = x.as_slice() else {
            return Err(PlotError::Unsupported {
                plot: general.name.to_owned(),
                why: format!("--x takes one series, this names {}: {}", x.len(), listed(&x)),
            });
        };
        let wanted: Vec<String> = options.y_series.iter().chain(&options.series).cloned().collect();
        let y = if wanted.is_empty() { by_role(delay_rank, "--y", "latency", notes)? } else { choose(&wanted)? };
        let y_label = if let [only] = y.as_slice() { Some(with_unit(only, expanded)) } else { None };
        axis_labels = vec![Some(with_unit(x, expanded)), y_label];
        std::iter::once(x.clone()).chain(y).collect()
    } else if options.series.is_empty() {
        by_role(sample_rank, "--series", "anything", notes)?
    } else {
        choose(&options.series)?
    };
    if let ([only], true) = (names.as_slice(), general.kind != PlotType::Scatter) {
        axis_labels = vec![Some(with_unit(only, expanded))];
    }
    Ok(PlotDef {
        name: general.name.to_owned(),
        kind: general.kind,
        text: text(general, &names),
        legend_title: None,
        axis_labels,
        dual_axes: false,
        scaling: None,
        cutoff: None,
        group_by: None,
        colour_mode: None,
        stacked: false,
        subplots: Vec::new(),
        share_axis: false,
        orientation: Orientation::Vertical,
        series: names.into_iter().map(series).collect(),
    })
}

/// What is drawn, for the title.
fn text(general: GeneralPlot, names: &[String]) -> String {
    let of = |names: &[String]| if names.len() <= 2 { names.join(" and ") } else { format!("{} series", names.len()) };
    match (general.kind, names) {
        (PlotType::Scatter, [x, y @ ..]) => format!("{} against {x}, at the same time", of(y)),
        (PlotType::Histogram, names) => format!("Histogram of {}", of(names)),
        (PlotType::Ridge, names) => format!("Density of {}", of(names)),
        (PlotType::Cdf, names) => format!("CDF of {}", of(names)),
        (PlotType::Bar, names) => format!("Mean and standard deviation of {}", of(names)),
        (_, names) => of(names),
    }
}

fn series(name: String) -> PlotSeries {
    PlotSeries {
        label: Some(name.clone()),
        data: name,
        axis: 1,
        smoothing: None,
        raw_key: None,
        combine_mode: None,
        norm_by: None,
        source: None,
        cutoff: None,
        style: SeriesStyle::default(),
    }
}

/// A plot of the catalogue as the user wants it: with `--series` only those of its series, and of its panels those that
/// still have some.
pub(crate) fn narrowed(
    def: &PlotDef,
    expanded: &Expanded,
    options: &FigureOptions,
    notes: &mut Notes,
) -> Result<PlotDef, PlotError> {
    let mut own = def.clone();
    if def.kind != PlotType::Scatter && !(options.x_series.is_none() && options.y_series.is_empty()) {
        notes.add(format!("plot {} is no scatter plot: --x and --y do nothing here", def.name));
    }
    if options.series.is_empty() {
        return Ok(own);
    }
    let series_in = |plot: &PlotDef| plot.series.iter().map(|s| s.data.clone()).collect::<Vec<_>>();
    let panel = |name: &String| expanded.plots.get(name).map(series_in).unwrap_or_default();
    let there: Vec<String> = series_in(def).into_iter().chain(def.subplots.iter().flat_map(panel)).collect();
    for wanted in &options.series {
        if selected(wanted, &there, expanded).is_empty() {
            return Err(unknown_series(wanted, &there, expanded));
        }
    }
    own.subplots.retain(|name| panel(name).iter().any(|series| is_wanted(series, &options.series, expanded)));
    Ok(own)
}

/// Whether one of these names, patterns or roles means this series.
pub(crate) fn is_wanted(series: &String, wanted: &[String], expanded: &Expanded) -> bool {
    wanted.is_empty() || wanted.iter().any(|w| !selected(w, std::slice::from_ref(series), expanded).is_empty())
}

/// Names of all series that hold a number in some run, in the test's order, then in the files'.
///
/// - `children`: the keys of samples, too, as `parent::key`; looking for them reads all samples.
pub(crate) fn series_of(runs: &[Run], expanded: &Expanded, children: bool) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str, there: &dyn Fn() -> bool| {
        if !seen.contains(name) && there() {
            seen.insert(name.to_owned());
            names.push(name.to_owned());
        }
    };
    for run in runs {
        for name in run.series_names() {
            add(name, &|| has_numbers(run, name));
        }
        for set in run.sets() {
            for name in set.raw.names() {
                if run.grid(name).is_none() {
                    add(name, &|| true);
                }
                if children {
                    let own = |key: &String| !matches!(key.as_str(), "val" | "t" | "seq" | "dur");
                    run.raw_keys(name).into_iter().filter(own).for_each(|key| add(&format!("{name}::{key}"), &|| true));
                }
            }
        }
    }
    let place = |name: &String| expanded.series.get_index_of(name.as_str()).unwrap_or(usize::MAX);
    names.sort_by_key(place);
    names
}

fn has_numbers(run: &Run, name: &str) -> bool {
    run.grid(name).is_some_and(|values| values.iter().any(|v| v.is_finite()))
}

/// The series of the test that a name, pattern or role means.
pub(crate) fn selected_of<'e>(wanted: &str, expanded: &'e Expanded) -> Vec<&'e str> {
    let matcher = Pattern::new(wanted).matcher();
    let means = |(name, def): &(&'e String, &SeriesDef)| matcher.matches(name) || matcher.matches(&def.role);
    expanded.series.iter().filter(means).map(|(name, _)| name.as_str()).collect()
}

/// What the roles of a test suggest for what the user leaves open.
pub(crate) fn suggested<'e>(general: GeneralPlot, expanded: &'e Expanded, options: &FigureOptions) -> Vec<&'e str> {
    let best = |rank: fn(&str, &Expanded) -> Option<u8>| {
        let ranked = expanded.series.keys().filter_map(|name| Some((rank(name, expanded)?, name.as_str())));
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, name)| name)
    };
    match general.kind {
        PlotType::Scatter => {
            let x = options.x_series.is_none().then(|| best(load_rank)).flatten();
            let y_open = options.y_series.is_empty() && options.series.is_empty();
            x.into_iter().chain(y_open.then(|| best(delay_rank)).flatten()).collect()
        }
        _ if options.series.is_empty() => best(sample_rank).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The series that a name, else a pattern, else a role means.
pub(crate) fn selected<'n>(wanted: &str, there: &'n [String], expanded: &Expanded) -> Vec<&'n String> {
    if let Some(exact) = there.iter().find(|name| *name == wanted) {
        return vec![exact];
    }
    let matcher = Pattern::new(wanted).matcher();
    let by_name: Vec<&String> = there.iter().filter(|name| matcher.matches(name)).collect();
    if !by_name.is_empty() {
        return by_name;
    }
    let role = |name: &&String| expanded.series.get(name.as_str()).is_some_and(|def| matcher.matches(&def.role));
    there.iter().filter(role).collect()
}

/// The error for a name that means no series.
pub(crate) fn unknown_series(wanted: &str, there: &[String], expanded: &Expanded) -> PlotError {
    let likeness = |name: &String| {
        let (a, b) = (wanted.to_lowercase(), name.to_lowercase());
        let near = strsim::jaro_winkler(&a, &b);
        // Part of a name is how people speak of a series.
        if a.len() > 2 && b.contains(&a) { near.max(0.9) } else { near }
    };
    let close = there.iter().map(|name| (likeness(name), name)).filter(|(likeness, _)| *likeness > 0.75);
    PlotError::UnknownSeries {
        test: expanded.name.clone(),
        series: wanted.to_owned(),
        suggestion: close.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name.clone()),
        there: listed(there),
    }
}

/// The first few names.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let mut text = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// `TCP download sum (Mbits/s)`.
pub(crate) fn with_unit(name: &str, expanded: &Expanded) -> String {
    match expanded.series.get(name).map(|def| def.units.as_str()).filter(|unit| !unit.is_empty()) {
        Some(unit) if !name.contains(&format!("({unit})")) => format!("{name} ({unit})"),
        _ => name.to_owned(),
    }
}

/// What a run carried, the most complete account first.
fn load_rank(name: &str, expanded: &Expanded) -> Option<u8> {
    let class = kind::of(name, expanded);
    (class.kind == Kind::Throughput && fa_catalog::child::split(name).is_none()).then_some(match class.summing {
        Summing::Total => 0,
        Summing::Sum => 1,
        Summing::Single => 2,
        _ => 3,
    })
}

/// The delay that goes with it.
fn delay_rank(name: &str, expanded: &Expanded) -> Option<u8> {
    let class = kind::of(name, expanded);
    match class.kind {
        Kind::Rtt if fa_catalog::child::split(name).is_some() => Some(4),
        Kind::Rtt if class.summing == Summing::Average => Some(0),
        Kind::Rtt => Some(1),
        Kind::Owd => Some(2),
        Kind::Http => Some(3),
        _ => None,
    }
}

/// What a distribution says most about: measured delays, else throughput, else anything.
#[expect(clippy::unnecessary_wraps, reason = "one of three ranks, of which the others say no to some")]
fn sample_rank(name: &str, expanded: &Expanded) -> Option<u8> {
    let class = kind::of(name, expanded);
    let of_kind = match (class.kind, class.summing) {
        (Kind::Rtt, Summing::Single) if name.to_ascii_uppercase().contains("ICMP") => 0,
        (Kind::Rtt, Summing::Single) => 1,
        (Kind::Owd | Kind::Http, _) => 2,
        (Kind::Throughput, Summing::Single) => 3,
        _ => 4,
    };
    Some(if fa_catalog::child::split(name).is_some() { of_kind + 5 } else { of_kind })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use fa_catalog::{Catalog, Setup};

    #[test]
    fn a_series_is_meant_by_name_then_pattern_then_role() {
        let test = Catalog::builtin().expand(&Setup::new("rrul", &["example.net"])).unwrap();
        let names: Vec<String> = test.series.keys().cloned().collect();
        let of = |wanted: &str| selected(wanted, &names, &test).into_iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(of("Ping (ms) ICMP"), ["Ping (ms) ICMP"]);
        assert_eq!(of("ping.icmp"), ["Ping (ms) ICMP"]);
        assert_eq!(of("*download BE"), ["TCP download BE"]);
        assert_eq!(of("nonsense"), Vec::<&str>::new());
        let error = unknown_series("icmp", &names, &test).to_string();
        assert!(error.contains("did you mean `Ping (ms) ICMP`?"), "{error}");
    }

    #[test]
    fn roles_choose_throughput_against_latency() {
        let test = Catalog::builtin().expand(&Setup::new("rrul", &["example.net"])).unwrap();
        let best = |rank: fn(&str, &Expanded) -> Option<u8>| {
            test.series.keys().filter_map(|n| Some((rank(n, &test)?, n))).min_by_key(|r| r.0).unwrap().1.as_str()
        };
        assert_eq!(
            (best(load_rank), best(delay_rank), best(sample_rank)),
            ("TCP totals", "Ping (ms) avg", "Ping (ms) ICMP")
        );
    }
}
