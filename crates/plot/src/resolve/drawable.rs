//! Whether a plot can be drawn from a file, without drawing it.

use fa_analyze::run::Run;
use fa_catalog::{Expanded, PlotDef, PlotSeries, PlotType};

use super::Notes;
use super::general::{self, GENERAL_PLOTS, GeneralPlot};
use crate::options::FigureOptions;

/// What a file has of a plot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawable {
    /// Something would be drawn.
    pub drawable: bool,
    /// Series (with their raw key) that the plot names and the file lacks, each once, in the plot's order.
    pub missing: Vec<String>,
}

/// Says of every plot of a test, and of the plots that any file has, whether a file has what it draws, and what it lacks. Combining plots need the same as others.
///
/// Answers from names: a series whose values are all missing counts as there.
pub fn drawable(run: &Run, expanded: &Expanded) -> Vec<(String, Drawable)> {
    let own = expanded.plots.iter().map(|(name, plot)| (name.clone(), of_plot(plot, run, expanded)));
    let of_general = |general: GeneralPlot| {
        let defined = general::define(
            general,
            expanded,
            std::slice::from_ref(run),
            &FigureOptions::default(),
            &mut Notes::default(),
        );
        (general.name.to_owned(), Drawable { drawable: defined.is_ok(), missing: Vec::new() })
    };
    let general = GENERAL_PLOTS.into_iter().filter(|plot| !expanded.plots.contains_key(plot.name)).map(of_general);
    own.chain(general).collect()
}

fn of_plot(plot: &PlotDef, run: &Run, expanded: &Expanded) -> Drawable {
    if plot.kind == PlotType::Meta {
        let panels: Vec<Drawable> = plot
            .subplots
            .iter()
            .filter_map(|name| expanded.plots.get(name))
            .map(|sub| of_plot(sub, run, expanded))
            .collect();
        let mut missing = Vec::new();
        for series in panels.iter().flat_map(|panel| &panel.missing) {
            add(&mut missing, series.clone());
        }
        return Drawable { drawable: panels.iter().any(|panel| panel.drawable), missing };
    }
    let there: Vec<bool> = plot.series.iter().map(|series| has(run, series)).collect();
    let mut missing = Vec::new();
    for (series, _) in plot.series.iter().zip(&there).filter(|(_, there)| !**there) {
        let name =
            series.raw_key.as_ref().map_or_else(|| series.data.clone(), |key| format!("{} [{key}]", series.data));
        add(&mut missing, name);
    }
    let any = there.iter().any(|t| *t);
    // Ellipses and scatter plots lay the others over the first.
    let ellipse = matches!(plot.kind, PlotType::Ellipsis | PlotType::EllipsisCombine | PlotType::Scatter);
    let drawable = if ellipse { there.first() == Some(&true) && there[1..].contains(&true) } else { any };
    Drawable { drawable, missing }
}

fn add(list: &mut Vec<String>, name: String) {
    if !list.contains(&name) {
        list.push(name);
    }
}

fn has(run: &Run, series: &PlotSeries) -> bool {
    match series.raw_key.as_deref() {
        Some(glob) if glob.contains(['*', '?', '[']) => {
            let pattern = fa_catalog::Pattern::new(glob);
            run.raw_keys(&series.data).iter().any(|key| pattern.matches(key))
        }
        Some(key) => run.raw_keys(&series.data).iter().any(|have| have == key),
        None => run.grid(&series.data).is_some() || !run.raw_keys(&series.data).is_empty(),
    }
}
