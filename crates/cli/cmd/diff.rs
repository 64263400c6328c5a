//! `fa diff`: in what the metadata of data files differ.

use fa_analyze::metadiff::{DiffOptions, MetaDiff, diff};
use fa_format::Metadata;
use serde::Serialize;

use crate::args::DiffArgs;
use crate::failure::{Code, Failure, Outcome};
use crate::inputs;
use crate::output::{self, Console};

/// As of `diff` and `cmp`: 1 is an answer here, so what went wrong is 2, whatever it was.
const DIFFERENT: Code = Code::Failed;

/// Characters in a line where standard output is no terminal.
const WIDTH: usize = 120;

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    diff: &'a MetaDiff,
}

pub(crate) fn run(args: &DiffArgs, console: Console) -> Outcome {
    compare(args, console).map_err(|failure| Failure { code: Code::Usage, ..failure })
}

fn compare(args: &DiffArgs, console: Console) -> Outcome {
    let paths = inputs::expand(&args.files, console)?;
    if paths.len() < 2 && args.files.len() < 2 {
        return Err(Failure::usage("one file alone differs from nothing").hint("fa diff FILE FILE…"));
    }
    let mut notes = inputs::Notes::default();
    let mut files: Vec<(String, Metadata)> = Vec::with_capacity(paths.len());
    for (path, header) in paths.iter().zip(inputs::headers(&paths)) {
        let header = header.map_err(Failure::failed)?;
        notes.add(path, &header.notes);
        files.push((path.display().to_string(), header.metadata));
    }
    notes.tell(console);
    let files: Vec<(&str, &Metadata)> = files.iter().map(|(name, metadata)| (name.as_str(), metadata)).collect();
    let options = DiffOptions { all: args.all, keys: args.key.clone() };
    let found = diff(&files, &options);
    if args.json {
        let document = Document { schema: "fa.diff.1", diff: &found };
        let text = serde_json::to_string_pretty(&document).map_err(Failure::failed)?;
        output::print(format!("{text}\n").as_bytes())?;
    } else {
        let width =
            if console.stdout_tty { terminal_size::terminal_size().map(|(w, _)| usize::from(w.0)) } else { None };
        output::print(found.to_text(width.unwrap_or(WIDTH)).as_bytes())?;
    }
    if found.left_out > 0 {
        console.note(format!(
            "{} differences in times, ids, counters and results are left out: see --all",
            found.left_out
        ));
    }
    Ok(if found.is_same() { Code::Ok } else { DIFFERENT })
}
