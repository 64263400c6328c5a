//! `fa stats`: statistics of every series of data files.

use fa_analyze::summary::SummaryOptions;
use fa_catalog::Expanded;
use fa_format::{DataSet, ReadOptions};

use crate::args::StatsArgs;
use crate::failure::Outcome;
use crate::output::{self, Console};
use crate::{catalog, figure, inputs, summary};

pub(crate) fn run(args: &StatsArgs, console: Console) -> Outcome {
    let paths = inputs::expand(&args.files, console)?;
    let loaded =
        inputs::load(&paths, &ReadOptions { keep_partial: args.keep_partial, ..ReadOptions::default() }, console)?;
    let catalog = catalog::load(&args.catalog)?;
    let options = SummaryOptions { cutoff: args.window, children: args.children };
    let runs: Vec<(&DataSet, Expanded)> = loaded
        .sets
        .iter()
        .map(|set| Ok((set, figure::expand(&catalog, set, None)?)))
        .collect::<Result<_, crate::failure::Failure>>()?;
    let text = if args.json {
        summary::json(&runs, options)
    } else {
        let many = runs.len() > 1;
        let mut text = String::new();
        for (set, expanded) in &runs {
            if many {
                text.push_str(&format!("{}{}:\n", if text.is_empty() { "" } else { "\n" }, set.base_name()));
            }
            text.push_str(&summary::text(set, expanded, options));
        }
        text
    };
    output::print(text.as_bytes())?;
    Ok(loaded.code())
}
