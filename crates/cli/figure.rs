//! From a plot name and data sets to figures: in files, on standard output, in the terminal.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command};
use fa_catalog::{Catalog, Expanded};
use fa_format::DataSet;
use fa_plot::layout::layout;
use fa_plot::options::{FigureOptions, OPTIONS, OptionKind};
use fa_plot::page::Page;
use fa_plot::render::Format;
use fa_plot::resolve::{PlotError, combined_sets, delay_doubts, resolve_scaled, setup_from};
use fa_plot::scene::Scene;
use fa_plot::theme::Theme;
use fa_plot::{json, render};

use crate::failure::{Code, Failure, Outcome};
use crate::output::{self, Console};
use crate::record;

/// Adds every figure option of the option table to a verb, except spellings the verb has for itself.
pub(crate) fn add_options(verb: Command) -> Command {
    let taken_short: Vec<char> = verb.get_arguments().filter_map(Arg::get_short).collect();
    OPTIONS.iter().fold(verb, |verb, spec| {
        let mut arg = Arg::new(spec.name).long(spec.name).help(spec.help).help_heading(spec.group.title());
        for alias in spec.aliases {
            arg = arg.visible_alias(*alias);
        }
        if let Some(short) = spec.short.filter(|short| !taken_short.contains(short)) {
            arg = arg.short(short);
        }
        if spec.kind == OptionKind::Flag {
            arg = arg.action(ArgAction::SetTrue);
        } else {
            let action = if spec.repeatable { ArgAction::Append } else { ArgAction::Set };
            arg = arg
                .action(action)
                .value_name(value_name(spec.kind))
                .allow_hyphen_values(spec.kind.may_begin_with_minus());
            if let OptionKind::Choice(choices) = spec.kind {
                arg = arg.value_parser(clap::builder::PossibleValuesParser::new(choices));
            }
        }
        verb.arg(arg)
    })
}

fn value_name(kind: OptionKind) -> &'static str {
    match kind {
        OptionKind::Flag => "",
        OptionKind::Text => "TEXT",
        OptionKind::Number => "NUMBER",
        OptionKind::Count => "COUNT",
        OptionKind::Bounds => "[LOW,]HIGH",
        OptionKind::Pair => "START,END",
        OptionKind::Choice(_) => "CHOICE",
        OptionKind::Replacement => "OLD=NEW",
        OptionKind::Regexp => "REGEXP",
        OptionKind::Colours => "COLOURS",
        OptionKind::File => "FILE",
        OptionKind::Hidden => "FILE:SERIES",
        OptionKind::Zoom => "PANEL:LIMITS",
    }
}

/// The figure options that were typed.
pub(crate) fn options(matches: &ArgMatches) -> Result<FigureOptions, Failure> {
    let mut options = FigureOptions::default();
    for spec in OPTIONS {
        if !matches.try_contains_id(spec.name).unwrap_or(false) {
            continue;
        }
        if spec.kind == OptionKind::Flag {
            if matches.get_flag(spec.name) {
                options.set(spec.name, "").map_err(Failure::usage)?;
            }
        } else {
            for value in matches.get_many::<String>(spec.name).into_iter().flatten() {
                options.set(spec.name, value).map_err(Failure::usage)?;
            }
        }
    }
    Ok(options)
}

/// Where a figure goes.
pub(crate) struct Targets<'a> {
    /// Files; the suffix decides the format.
    pub(crate) files: &'a [PathBuf],
    /// On standard output, too.
    pub(crate) stdout: Option<Format>,
}

/// What to draw.
pub(crate) struct Request<'a> {
    /// What tests and plots there are.
    pub(crate) catalog: &'a Catalog,
    /// Plot name.
    pub(crate) plot: &'a str,
    /// Data sets in order.
    pub(crate) sets: &'a [DataSet],
    /// Data sets that only widen the axes.
    pub(crate) scale: &'a [DataSet],
    /// Settings of the figure.
    pub(crate) options: &'a FigureOptions,
    /// `--delay`: idle seconds where the file does not say.
    pub(crate) delay_secs: Option<f64>,
}

/// The test of the first file, expanded with that file's settings.
pub(crate) fn expand(catalog: &Catalog, set: &DataSet, delay_secs: Option<f64>) -> Result<Expanded, Failure> {
    let names: Vec<(String, String)> = set
        .series
        .keys()
        .map(|name| {
            let units = set.metadata.series_meta(name).and_then(|meta| meta.get("UNITS")).and_then(|u| u.as_str());
            (name.clone(), units.unwrap_or_default().to_owned())
        })
        .collect();
    let names: Vec<(&str, &str)> = names.iter().map(|(n, u)| (n.as_str(), u.as_str())).collect();
    catalog.expand_for_file(&setup_from(set, delay_secs), &names).map_err(Failure::failed)
}

/// The formats of the files to write.
///
/// # Errors
/// A usage error names the file whose suffix is no format.
pub(crate) fn formats(files: &[PathBuf]) -> Result<Vec<(&Path, Format)>, Failure> {
    let format = |path: &Path| match Format::from_path(path) {
        // Standard output has no suffix, and only some commands draw on it in other formats.
        Err(error) if path == Path::new("-") => {
            Err(Failure::usage(error).hint("`fa plot --format FORMAT` without --output writes to standard output"))
        }
        other => other.map_err(Failure::usage),
    };
    files.iter().map(|path| Ok((path.as_path(), format(path)?))).collect()
}

/// Draws and writes one figure.
///
/// # Errors
/// A usage error for a plot the test does not have or a suffix that is no format; a failure when nothing can be drawn
/// or a file cannot be written.
pub(crate) fn draw(request: &Request<'_>, targets: &Targets<'_>, console: Console) -> Outcome {
    let formats = formats(targets.files)?;
    let first = request.sets.first().ok_or_else(|| Failure::usage("no data file to draw"))?;
    let expanded = expand(request.catalog, first, request.delay_secs)?;
    let scene =
        resolve_scaled(request.plot, &expanded, request.sets, request.scale, request.options).map_err(|error| {
            match error {
                PlotError::UnknownPlot { .. } | PlotError::UnknownSeries { .. } | PlotError::NoData => {
                    Failure::usage(error)
                }
                _ => Failure::failed(error),
            }
        })?;
    for doubt in delay_doubts(request.sets, request.catalog, request.delay_secs) {
        console.note(doubt);
    }
    let notes = if console.verbose { &scene.notes } else { &scene.brief_notes };
    for note in expanded.notes.iter().chain(notes) {
        console.note(note);
    }
    if let Some(folder) = &request.options.combine_save_dir {
        store_groups(request, &expanded, Path::new(folder), console)?;
    }
    let page = page(&scene, request.options);
    for (path, format) in formats {
        output::replace(path, &paint(&scene, &page, request.options, format, console)?)?;
    }
    if let Some(format) = targets.stdout {
        output::print(&paint(&scene, &page, request.options, format, console)?)?;
    }
    let paged = |format| matches!(format, Format::Svg | Format::Png | Format::Pdf);
    if targets.stdout.is_some_and(paged) || targets.files.iter().any(|path| Format::from_path(path).is_ok_and(paged)) {
        for note in &page.notes {
            console.note(note);
        }
    }
    match &scene.empty {
        Some(reason) => {
            output::say(format_args!("error: nothing to draw: {reason}"));
            Ok(Code::Failed)
        }
        None => Ok(Code::Ok),
    }
}

/// Writes each group of files that the plot combines into a folder, under the names that Flent gives them.
fn store_groups(request: &Request<'_>, expanded: &Expanded, folder: &Path, console: Console) -> Result<(), Failure> {
    let groups = combined_sets(request.plot, expanded, request.sets, request.options).map_err(Failure::failed)?;
    if groups.is_empty() {
        return Err(Failure::usage(format!("--combine-save-dir: plot {} puts no files into groups", request.plot))
            .hint("`fa list plots FILE` names those that do: their types end in _combine"));
    }
    std::fs::create_dir_all(folder)
        .map_err(|e| Failure::failed(format!("could not make the folder {}: {e}", folder.display())))?;
    let now = jiff::Zoned::now();
    for (i, set) in groups.into_iter().enumerate() {
        let text = |key: &str| set.metadata.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        let name = fa_format::file_name(&format!("{}-{}", text("COMBINER_PLOT"), text("FROM_COMBINER")), &now, "");
        let stem = name.strip_suffix(".flent.gz").unwrap_or(&name);
        let saved = record::save_as(set, folder.join(format!("{stem}-{i:02}.flent.gz")))?;
        console.note(format!("group {:?} stored in {}", saved.set.metadata.title(), saved.path.display()));
    }
    Ok(())
}

fn page(scene: &Scene, options: &FigureOptions) -> Page {
    layout(scene, options.size().0, &Theme::of(options), None)
}

fn paint(
    scene: &Scene,
    page: &Page,
    options: &FigureOptions,
    format: Format,
    console: Console,
) -> Result<Vec<u8>, Failure> {
    match format {
        Format::Svg => Ok(render::svg(page).into_bytes()),
        Format::Png => render::png(page, options.size().1 / 72.0).map_err(Failure::failed),
        Format::Pdf => render::pdf(page).map_err(Failure::failed),
        Format::Json => Ok((json::to_json(scene).to_string() + "\n").into_bytes()),
        Format::Terminal => {
            let (columns, rows) =
                terminal_size::terminal_size().map_or((100, 40), |(w, h)| (w.0, h.0.saturating_sub(1)));
            Ok(render::terminal_themed(scene, usize::from(columns), usize::from(rows), console.colour, options.theme)
                .into_bytes())
        }
    }
}
