//! Figures, statistics and tables.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fa_analyze::cutoff::Cutoff;
use fa_analyze::export::{ExportOptions, ExportRun, run_id, write_csv};
use fa_analyze::loss::lost_times;
use fa_analyze::run::Run;
use fa_analyze::summary::{Summary, SummaryOptions};
use fa_format::{DataSet, ReadOptions};
use fa_plot::layout::{Pyramids, layout_with};
use fa_plot::page::{Page, PageSize};
use fa_plot::render::{self, Format};
use fa_plot::resolve::resolve_scaled;
use fa_plot::theme::Theme;

use super::files::{replace, spared};
use super::{FigureRequest, SaveFigure, Shared, Thumb, options_of};
use crate::figure::Figure;
use crate::figure::miniature::bare;
use crate::state::library::Losses;
use crate::state::{Action, Export, Loaded, Problem};

/// The scene of a view, and what makes laying it out quick.
pub(super) fn resolve(request: FigureRequest) -> Figure {
    let key = request.key;
    let options = options_of(&key.options);
    let nothing: [Arc<DataSet>; 0] = [];
    match resolve_scaled(&key.plot, &request.expanded, &request.sets, &nothing, &options) {
        Ok(mut scene) => {
            scene.pack();
            let pyramids = Arc::new(Pyramids::of(&scene));
            Figure { key, scene: Some(Arc::new(scene)), pyramids, error: None }
        }
        Err(why) => Figure { key, scene: None, pyramids: Arc::default(), error: Some(why.to_string()) },
    }
}

/// A small picture of a plot, without words.
///
/// - `size`: pixels
pub(super) fn thumb(request: FigureRequest, dark: bool, size: (f32, f32)) -> Result<Thumb, String> {
    /// As many points high: lines are as thick as in a large figure.
    const HEIGHT_PT: f32 = 62.0;
    const PANELS: usize = 4;
    let figure = resolve(request);
    let scene = figure.scene.as_deref().ok_or_else(|| figure.error.clone().unwrap_or_default())?;
    if let Some(why) = &scene.empty {
        return Err(why.clone());
    }
    let scale = size.1 / HEIGHT_PT;
    let page = PageSize { width_pt: size.0 / scale, height_pt: HEIGHT_PT };
    let theme = if dark { Theme::dark() } else { Theme::light() };
    let page = layout_with(&bare(scene, PANELS), page, &theme, None, &figure.pyramids);
    let (width, height, rgba) = render::pixels(&page, scale).map_err(|e| e.to_string())?;
    Ok(Thumb { width: width as usize, height: height as usize, rgba })
}

/// Statistics of a run.
pub(super) fn summary(loaded: &Loaded, cutoff: Option<Cutoff>) -> Summary {
    let run = Run::new(&loaded.set, &loaded.expanded);
    Summary::new(&run, &loaded.expanded, SummaryOptions { cutoff, children: false })
}

/// When probes of a run were lost, and what is to be said about series of which not all can be marked.
pub(super) fn losses(loaded: &Loaded) -> (Losses, Vec<String>) {
    let run = Run::new(&loaded.set, &loaded.expanded);
    let (mut all, mut notes) = (Losses::new(), Vec::new());
    for name in loaded.set.series.keys() {
        let Some(lost) = lost_times(&run, name) else { continue };
        if lost.more > 0 {
            let (marked, more) = (lost.times.len(), lost.more);
            notes.push(format!("{name}: of its lost probes, {marked} are marked in figures and {more} are not"));
        }
        if !lost.times.is_empty() {
            all.insert(name.clone(), lost.times);
        }
    }
    (all, notes)
}

/// The page that a file of a figure shows: at the screen's size and in its theme, the screen's own page.
pub fn page_for_file(save: &SaveFigure) -> Option<Page> {
    let scene = save.figure.scene.as_ref()?;
    let size = save.how.size_in.map_or(save.size, |(w, h)| PageSize::inches(w, h));
    let theme = save.how.theme.and_then(Theme::named).unwrap_or_else(|| save.theme.clone());
    Some(layout_with(scene, size, &theme, Some(&save.view), &save.figure.pyramids))
}

/// The pixels of a figure as they are put on the clipboard.
pub(super) fn image(save: &SaveFigure) -> Result<Thumb, String> {
    let page = page_for_file(save).ok_or("there is no figure")?;
    let (width, height, rgba) = render::pixels(&page, save.how.dpi / 72.0).map_err(|e| e.to_string())?;
    Ok(Thumb { width: width as usize, height: height as usize, rgba })
}

pub(super) fn save(path: &Path, save: &SaveFigure, shared: &Shared) {
    let page = page_for_file(save).ok_or_else(|| "there is no figure".to_owned());
    let bytes = page.and_then(|page| match save.how.format {
        Format::Png => render::png(&page, save.how.dpi / 72.0).map_err(|e| e.to_string()),
        Format::Pdf => render::pdf(&page).map_err(|e| e.to_string()),
        _ => Ok(render::svg(&page).into_bytes()),
    });
    let free = spared(path).and(bytes);
    shared.act(match free.and_then(|bytes| replace(path, &bytes)) {
        Ok(()) => Action::Done(format!("figure written to {}", path.display())),
        Err(why) => Action::Problem(Problem::error(format!("could not write the figure {}: {why}", path.display()))),
    });
}

pub(super) fn export(export: &Export, runs: Vec<(PathBuf, Option<Arc<Loaded>>)>, shared: &Shared) {
    let path = export.path.display();
    let mut there = Vec::new();
    for (path, loaded) in runs {
        match loaded.map_or_else(|| super::files::load(&path, &shared.catalog).1, Ok) {
            Ok(loaded) => there.push(loaded),
            Err(why) => shared.act(Action::Problem(Problem::warning(format!("not in the table: {why}")))),
        }
    }
    let bytes = spared(&export.path).and_then(|()| table(export, &there));
    shared.act(match bytes.and_then(|bytes| replace(&export.path, &bytes)) {
        Ok(()) => Action::Done(format!("table written to {path}")),
        Err(why) => Action::Problem(Problem::error(format!("could not write the table {path}: {why}"))),
    });
}

fn table(export: &Export, runs: &[Arc<Loaded>]) -> Result<Vec<u8>, String> {
    let runs: Vec<ExportRun> = runs
        .iter()
        .map(|loaded| {
            let (id, size) = identity(&loaded.set)?;
            Ok(ExportRun::new(&loaded.set, &loaded.expanded, id, size))
        })
        .collect::<Result<_, String>>()?;
    let mut bytes = Vec::new();
    let options = ExportOptions { window: export.window.map(Cutoff::from), ..ExportOptions::default() };
    write_csv(export.table, &runs, options, &mut bytes).map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// Digest of the uncompressed file and its size.
fn identity(set: &DataSet) -> Result<(String, Option<u64>), String> {
    match set.path.as_deref().filter(|path| path.is_file()) {
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
            let text = fa_format::uncompressed(&bytes, path, &ReadOptions::default()).map_err(|e| e.to_string())?;
            Ok((run_id(&text), Some(bytes.len() as u64)))
        }
        None => Ok((run_id(fa_format::to_json(set).map_err(|e| e.to_string())?.as_bytes()), None)),
    }
}
