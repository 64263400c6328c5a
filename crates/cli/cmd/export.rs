//! `fa export`: tables for notebooks and spreadsheets.

use fa_analyze::export::{ExportOptions, ExportRun, TableKind, run_id, write_csv};
use fa_catalog::Expanded;
use fa_format::ReadOptions;

use crate::args::{ExportArgs, ExportFormat, TableName};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Console};
use crate::{figure, inputs};

pub(crate) fn run(args: &ExportArgs, console: Console) -> Outcome {
    let paths = inputs::expand(&args.files, console)?;
    let loaded = inputs::load(&paths, &ReadOptions::default(), console)?;
    let tests: Vec<Expanded> = loaded.sets.iter().map(|set| figure::expand(set, None)).collect::<Result<_, _>>()?;
    let runs: Vec<ExportRun> = loaded
        .sets
        .iter()
        .zip(&tests)
        .map(|(set, test)| {
            let (id, size) = identity(set)?;
            Ok(ExportRun::new(set, test, id, size))
        })
        .collect::<Result<_, Failure>>()?;
    let kind = match args.table {
        TableName::Samples => TableKind::Samples,
        TableName::Wide => TableKind::Wide,
        TableName::Summary => TableKind::Summary,
        TableName::Runs => TableKind::Runs,
    };
    let mut table = Vec::new();
    match args.format {
        ExportFormat::Csv => {
            write_csv(kind, &runs, ExportOptions { window: args.window }, &mut table).map_err(Failure::failed)?;
        }
    }
    match &args.output {
        Some(path) => output::replace(path, &table)?,
        None => output::print(&table)?,
    }
    Ok(loaded.code())
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
