//! What of its files a plot draws, so that hundreds of them fit into memory.

use fa_analyze::needs::Needs;
use fa_catalog::{Expanded, PlotDef, PlotType};

use super::combine;
use super::general::{self, GeneralPlot};
use crate::options::FigureOptions;

/// What [`resolve`](super::resolve) looks at in the files of this plot. Of an unknown plot: everything, so that the error is
/// the same.
pub fn needs(plot: &str, expanded: &Expanded, options: &FigureOptions) -> Needs {
    let mut needs = Needs::default();
    if let Some(general) = general::named(plot, expanded, options) {
        of_general(general, expanded, options, &mut needs);
        needs.add_sources(expanded);
        return needs;
    }
    let Some(def) = expanded.plots.get(plot) else { return Needs::everything() };
    let panels = def.subplots.iter().filter_map(|name| expanded.plots.get(name));
    let panels: Vec<&PlotDef> = if def.kind == PlotType::Meta { panels.collect() } else { vec![def] };
    for panel in panels {
        match panel.kind {
            PlotType::Timeseries if panel.stacked => drawn(panel, options, false, &mut needs),
            PlotType::Qq | PlotType::Ellipsis => drawn(panel, options, false, &mut needs),
            PlotType::Timeseries
            | PlotType::Box
            | PlotType::Bar
            | PlotType::Cdf
            | PlotType::Scatter
            | PlotType::Histogram
            | PlotType::Ridge => {
                drawn(panel, options, true, &mut needs);
            }
            PlotType::TimeseriesCombine
            | PlotType::LineCombine
            | PlotType::BoxCombine
            | PlotType::BarCombine
            | PlotType::CdfCombine
            | PlotType::EllipsisCombine => reduced(panel, options, &mut needs),
            PlotType::Meta => {}
        }
    }
    needs.add_sources(expanded);
    needs
}

/// What a plot of any series draws: what the user names, else what the roles suggest. Which of those have numbers is known
/// from the values on the grid; should it be others, their samples are read then.
fn of_general(general: GeneralPlot, expanded: &Expanded, options: &FigureOptions, needs: &mut Needs) {
    let named: Vec<&String> =
        options.series.iter().chain(&options.x_series).chain(&options.y_series).filter(|n| !n.is_empty()).collect();
    for name in &named {
        needs.pattern(name);
        needs.raw_pattern(name);
        let of_role = general::selected_of(name, expanded);
        for series in of_role {
            needs.grid(series);
            needs.raw(series);
        }
    }
    let chosen = general::suggested(general, expanded, options);
    if !chosen.is_empty() {
        needs.pattern("**");
    }
    for series in chosen {
        needs.raw(series);
    }
}

/// Series that are drawn as recorded.
fn drawn(plot: &PlotDef, options: &FigureOptions, samples: bool, needs: &mut Needs) {
    for series in plot.series.iter().filter(|series| !options.filter_series.contains(&series.data)) {
        needs.grid(&series.data);
        if samples || is_glob(series.raw_key.as_deref()) {
            needs.raw(&series.data);
        }
    }
}

/// Series that are reduced, file by file or step by step.
fn reduced(plot: &PlotDef, options: &FigureOptions, needs: &mut Needs) {
    let on_grid = combine::on_grid(plot, options);
    for series in plot.series.iter().filter(|series| !options.filter_series.contains(&series.data)) {
        if is_glob(series.raw_key.as_deref()) {
            // Which keys there are is known from the samples, and each becomes a series with the name of its key.
            needs.raw(&series.data);
            needs.pattern(&format!("{}::**", series.data));
        }
        if on_grid {
            needs.grid(&series.data);
            if let Some(key) = &series.raw_key {
                needs.grid(&format!("{}::{key}", series.data));
            }
        } else {
            needs.reduction(&combine::wanted_of(plot, series, options, &mut super::Notes::default()).reduction());
        }
    }
}

fn is_glob(raw_key: Option<&str>) -> bool {
    raw_key.is_some_and(|key| key.contains(['*', '?', '[']))
}
