//! `fa recover`: the data file of a run that was cut short, from its journal.

use std::path::Path;

use fa_net::journal_writer::{recover, target_path};

use crate::args::RecoverArgs;
use crate::failure::{Code, Failure, Outcome};
use crate::output::{self, Console};
use crate::record;

pub(crate) fn run(args: &RecoverArgs, console: Console) -> Outcome {
    // What was dropped is among the warnings of the file.
    let (set, _) = recover(&args.journal).map_err(Failure::failed)?;
    let path = match &args.output {
        Some(path) => path.clone(),
        None => target_path(&args.journal).ok_or_else(|| {
            Failure::usage(format!("{}: the name does not end in .journal", args.journal.display()))
                .hint("say where the data file goes: --output FILE.flent.gz")
        })?,
    };
    let saved = record::save_as(set, path)?;
    for warning in record::warnings(&saved.set) {
        Console::warn(warning);
    }
    output::print(format!("{}\n", saved.path.display()).as_bytes())?;
    console
        .note(format!("the journal is still there; remove it when the file is as expected: {}", quoted(&args.journal)));
    Ok(Code::Ok)
}

fn quoted(path: &Path) -> String {
    format!("rm '{}'", path.display())
}
