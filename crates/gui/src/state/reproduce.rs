//! What draws a view again: the series of its plot, and the command line.

use std::path::{Path, PathBuf};

use fa_plot::options::ThemeName;
use fa_plot::render::Format;

use super::State;
use super::action::{FigureFile, command};
use super::library::DocId;
use super::view::{View, ViewId};

impl State {
    /// Names of the series that the plot of a view draws, in the order of its legends.
    pub fn series_of(&self, view: ViewId) -> Vec<String> {
        let Some(view) = self.workspace.view(view) else { return Vec::new() };
        let Some(plot) = self.plot_of(view) else { return Vec::new() };
        let Some(loaded) = view.docs.iter().find_map(|doc| self.library.loaded(*doc)) else { return Vec::new() };
        let plots = &loaded.expanded.plots;
        let mut names: Vec<String> = Vec::new();
        let mut add = |plot: &fa_catalog::PlotDef| {
            for series in &plot.series {
                if !names.contains(&series.data) {
                    names.push(series.data.clone());
                }
            }
        };
        if let Some(def) = plots.get(&plot) {
            add(def);
            def.subplots.iter().filter_map(|name| plots.get(name)).for_each(add);
        }
        let order = &view.options.series_order;
        names.sort_by_key(|name| order.iter().position(|other| other == name).unwrap_or(usize::MAX));
        names
    }

    /// The files of a view that its figure is made from: those whose numbers are there, in order.
    pub fn drawn(&self, view: &View) -> Vec<DocId> {
        view.docs.iter().copied().filter(|doc| self.library.loaded(*doc).is_some()).collect()
    }

    /// The command that draws a view's figure, as large and in the theme that it has on the screen where that is known.
    /// Files that cannot be read are not in it, as they are not in the figure.
    pub fn command_of(&self, view: ViewId) -> Option<String> {
        let plot = self.plot_of(self.workspace.view(view)?)?;
        self.command_to(view, &PathBuf::from(format!("{plot}.svg")), None)
    }

    /// The command that writes the figure file that is asked for.
    pub fn command_of_file(&self, view: ViewId, how: &FigureFile, path: &Path) -> Option<String> {
        self.command_to(view, path, Some(how))
    }

    fn command_to(&self, view: ViewId, path: &Path, how: Option<&FigureFile>) -> Option<String> {
        let look = self.looks.get(&view).copied();
        let view = self.workspace.view(view)?;
        let plot = self.plot_of(view)?;
        let drawn = self.drawn(view);
        let mut options = view.figure_options(&drawn);
        let axes = self.axes_of(view, &plot);
        options.zoom.extend(view.zoom.for_layout(self.x_kind(view), &axes).zooms);
        if let Some((width, height)) = how.and_then(|how| how.size_in) {
            (options.figure_width, options.figure_height) = (Some(f64::from(width)), Some(f64::from(height)));
        }
        let theme = how.and_then(|how| how.theme);
        if let Some(theme) = theme {
            // Presets name themes that there are; they come with their own colours.
            drop(options.set("theme", theme));
        } else if options.colours.is_empty()
            && let Some(colours) =
                self.workspace.palette.colours(look.is_some_and(|look| look.2) || options.theme == ThemeName::Dark)
        {
            // The table of palettes holds colours only.
            drop(options.set("colours", colours));
        }
        if let Some((width, height, dark)) = look {
            options.figure_width.get_or_insert(f64::from(width) / 72.0);
            options.figure_height.get_or_insert(f64::from(height) / 72.0);
            if dark && theme.is_none() && options.theme == ThemeName::default() {
                options.theme = ThemeName::Dark;
            }
        }
        if let Some(how) = how.filter(|how| how.format == Format::Png) {
            options.figure_dpi = Some(f64::from(how.dpi));
        }
        let files: Vec<PathBuf> =
            drawn.iter().filter_map(|doc| self.workspace.file(*doc)).map(|file| file.path.clone()).collect();
        (!files.is_empty()).then(|| command(&plot, &options, &files, path))
    }

    /// How many axes each panel of a view's plot has.
    fn axes_of(&self, view: &View, plot: &str) -> Vec<usize> {
        let Some(loaded) = view.docs.iter().find_map(|doc| self.library.loaded(*doc)) else { return Vec::new() };
        let plots = &loaded.expanded.plots;
        let count = |def: &fa_catalog::PlotDef| if def.dual_axes { 2 } else { 1 };
        match plots.get(plot) {
            Some(def) if !def.subplots.is_empty() => {
                def.subplots.iter().filter_map(|name| plots.get(name)).map(count).collect()
            }
            Some(def) if view.options.subplot_combine => vec![count(def); view.docs.len()],
            Some(def) => vec![count(def)],
            None => Vec::new(),
        }
    }
}
