//! `fa stats`: statistics of every series of data files.

use fa_analyze::summary::SummaryOptions;
use fa_format::{DataSet, ReadOptions};

use crate::args::StatsArgs;
use crate::failure::Outcome;
use crate::output::{self, Console};
use crate::{catalog, figure, inputs, summary};

pub(crate) fn run(args: &StatsArgs, console: Console) -> Outcome {
    let paths = inputs::expand(&args.files, console)?;
    let reading = ReadOptions { keep_partial: args.keep_partial, ..ReadOptions::default() };
    let catalog = catalog::load(&args.catalog)?;
    let options = SummaryOptions { cutoff: args.window, children: args.children };
    if args.json {
        let mut files = Vec::new();
        let of = |set: DataSet| Ok(summary::value(&set, &figure::expand(&catalog, &set, None)?, options));
        let failed = inputs::stream(&paths, &reading, console, of, |file| {
            files.push(file);
            Ok(())
        })?;
        output::print(summary::json(&files).as_bytes())?;
        return Ok(inputs::code_with(failed));
    }
    let mut texts = Vec::new();
    let of = |set: DataSet| Ok((summary::text(&set, &figure::expand(&catalog, &set, None)?, options), set.base_name()));
    let failed = inputs::stream(&paths, &reading, console, of, |text| {
        texts.push(text);
        Ok(())
    })?;
    let text = match texts.as_slice() {
        [(only, _)] => only.clone(),
        many => many.iter().map(|(text, name)| format!("{name}:\n{text}")).collect::<Vec<_>>().join("\n"),
    };
    output::print(text.as_bytes())?;
    Ok(inputs::code_with(failed))
}
