//! `fa export`: tables for notebooks and spreadsheets.

use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use fa_analyze::cutoff::Cutoff;
use fa_analyze::export::flent::{FlentOptions, FlentText, flent_text};
use fa_analyze::export::{ExportOptions, ExportRun, TableKind, run_id, write_csv, write_csv_rows};
use fa_analyze::run::Run;
use fa_catalog::{Catalog, Expanded};
use fa_format::{DataSet, ReadOptions};

use crate::args::{ExportArgs, ExportFormat, TableName};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Console, Replacement};
use crate::{catalog, figure, inputs};

pub(crate) fn run(args: &ExportArgs, console: Console) -> Outcome {
    let ExportFormat::Csv = format_of(args)?;
    let paths = inputs::expand(&args.files, console)?;
    let catalog = catalog::load(&args.catalog)?;
    let reading = ReadOptions { keep_partial: args.keep_partial, ..ReadOptions::default() };
    if let Some(format) = args.compat {
        let loaded = inputs::load(&paths, &reading, console)?;
        let text = compat(format, &loaded.sets, &catalog, args.window, console)?;
        write(args, text.as_bytes())?;
        return Ok(loaded.code());
    }
    match args.table {
        TableName::Samples => one_by_one(TableKind::Samples, args, &paths, &reading, &catalog, console),
        TableName::Summary => one_by_one(TableKind::Summary, args, &paths, &reading, &catalog, console),
        TableName::Wide => together(TableKind::Wide, args, &paths, &reading, &catalog, console),
        TableName::Runs => together(TableKind::Runs, args, &paths, &reading, &catalog, console),
    }
}

/// A table whose columns are always the same: file by file, so that hundreds fit into memory.
fn one_by_one(
    kind: TableKind,
    args: &ExportArgs,
    paths: &[PathBuf],
    reading: &ReadOptions,
    catalog: &Catalog,
    console: Console,
) -> Outcome {
    let options = ExportOptions { window: args.window, every_field: args.every_field };
    let of = |set: DataSet| {
        let test = figure::expand(catalog, &set, None)?;
        let (id, size) = identity(&set)?;
        let mut rows = Vec::new();
        let run = [ExportRun::new(&set, &test, id, size)];
        let notes = write_csv_rows(kind, &run, options, &mut rows);
        Ok((rows, notes.map_err(Failure::failed)?))
    };
    let mut file = None;
    let mut begun = false;
    let mut remarks = Vec::new();
    // A line of progress between the rows would be in their way.
    let reader =
        Console { stderr_tty: console.stderr_tty && (args.output.is_some() || !console.stdout_tty), ..console };
    let failed = inputs::stream(paths, reading, reader, of, |(rows, notes)| {
        remarks.extend(notes);
        let mut table = Vec::new();
        if !begun {
            begun = true;
            write_csv(kind, &[], options, &mut table).map_err(Failure::failed)?;
            file = args.output.as_deref().map(Replacement::create).transpose()?;
        }
        table.extend(rows);
        match &mut file {
            Some(file) => file.write(&table),
            None => output::print(&table),
        }
    })?;
    if let Some(file) = file {
        file.finish()?;
    }
    for note in remarks {
        console.note(note);
    }
    Ok(inputs::code_with(failed))
}

/// A table whose columns depend on all runs. Neither looks at samples.
fn together(
    kind: TableKind,
    args: &ExportArgs,
    paths: &[PathBuf],
    reading: &ReadOptions,
    catalog: &Catalog,
    console: Console,
) -> Outcome {
    let reading = ReadOptions { raw: ReadOptions::without_raw().raw, ..reading.clone() };
    let loaded = inputs::load(paths, &reading, console)?;
    let tests: Vec<Expanded> =
        loaded.sets.iter().map(|set| figure::expand(catalog, set, None)).collect::<Result<_, _>>()?;
    let runs: Vec<ExportRun> = loaded
        .sets
        .iter()
        .zip(&tests)
        .map(|(set, test)| {
            let (id, size) = identity(set)?;
            Ok(ExportRun::new(set, test, id, size))
        })
        .collect::<Result<_, Failure>>()?;
    let mut table = Vec::new();
    let options = ExportOptions { window: args.window, every_field: args.every_field };
    for note in write_csv(kind, &runs, options, &mut table).map_err(Failure::failed)? {
        console.note(note);
    }
    write(args, &table)?;
    Ok(loaded.code())
}

/// The format asked for, else that of the suffix. `--compat` is text and may be called anything.
fn format_of(args: &ExportArgs) -> Result<ExportFormat, Failure> {
    let suffix = args.output.as_deref().and_then(Path::extension);
    match (args.format, suffix) {
        (Some(format), _) => Ok(format),
        (None, Some(suffix)) if args.compat.is_none() => ExportFormat::value_variants()
            .iter()
            .copied()
            .find(|format| suffix.eq_ignore_ascii_case(format.suffix()))
            .ok_or_else(|| {
                let known: Vec<String> =
                    ExportFormat::value_variants().iter().map(|format| format!(".{}", format.suffix())).collect();
                let path = args.output.as_deref().unwrap_or(Path::new("")).display();
                Failure::usage(format!("{path}: tables are not written as .{}", suffix.display())).hint(format!(
                    "known suffixes: {}; with --format the file may be called anything",
                    known.join(", ")
                ))
            }),
        (None, _) => Ok(ExportFormat::Csv),
    }
}

impl ExportFormat {
    /// Of its files.
    fn suffix(self) -> &'static str {
        match self {
            Self::Csv => "csv",
        }
    }
}

fn write(args: &ExportArgs, bytes: &[u8]) -> Result<(), Failure> {
    match &args.output {
        Some(path) => output::replace(path, bytes),
        None => output::print(bytes),
    }
}

/// What Flent prints of the files.
fn compat(
    format: FlentText,
    sets: &[DataSet],
    catalog: &Catalog,
    window: Option<Cutoff>,
    console: Console,
) -> Result<String, Failure> {
    let counts = matches!(format, FlentText::Stats | FlentText::StatsCsv | FlentText::Summary);
    if window.is_some() && !counts {
        return Err(Failure::usage("--window changes only flent-stats, flent-stats-csv and flent-summary")
            .hint("`fa export --table samples` and `--table wide` write a part of a run"));
    }
    let Some(first) = sets.first() else { return Ok(String::new()) };
    let others = sets.iter().filter(|set| set.metadata.name() != first.metadata.name()).count();
    if others > 0 {
        console.note(format!(
            "{others} of {} files are of another test than the first ({}): as in Flent, units are that one's",
            sets.len(),
            first.metadata.name()
        ));
    }
    let expanded = figure::expand(catalog, first, None)?;
    let runs: Vec<Run> = sets.iter().map(|set| Run::new(set, &expanded)).collect();
    let options = FlentOptions { cutoff: window, zone: jiff::tz::TimeZone::system() };
    flent_text(format, &runs, &expanded, &options).map_err(Failure::failed)
}

/// Digest of the uncompressed file and its size; a data set from standard input is identified by what we would write.
fn identity(set: &fa_format::DataSet) -> Result<(String, Option<u64>), Failure> {
    match set.path.as_deref().filter(|path| path.is_file()) {
        Some(path) => {
            let bytes = std::fs::read(path)
                .map_err(|e| Failure::failed(format!("could not read {} again: {e}", path.display())))?;
            let text = fa_format::uncompressed(&bytes, path, &ReadOptions::default()).map_err(Failure::failed)?;
            Ok((run_id(&text), Some(bytes.len() as u64)))
        }
        None => Ok((run_id(fa_format::to_json(set).map_err(Failure::failed)?.as_bytes()), None)),
    }
}
