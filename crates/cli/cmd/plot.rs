//! `fa plot`: a figure from one or many data files.

use std::path::Path;

use fa_analyze::needs::Needs;
use fa_format::{DataSet, ReadOptions};
use fa_plot::options::FigureOptions;
use fa_plot::render::Format;
use fa_plot::resolve::{is_combined, needs};

use crate::args::PlotArgs;
use crate::catalog;
use crate::failure::{Code, Failure, Outcome};
use crate::figure::{self, Request, Targets};
use crate::inputs::{self, Loaded};
use crate::output::Console;

pub(crate) fn run(args: &PlotArgs, options: &FigureOptions, console: Console) -> Outcome {
    figure::formats(&args.output)?;
    let catalog = catalog::load(&args.catalog)?;
    // `fa plot FILE`: the plot name was left out. A plot is never called like an existing file.
    let Some(named) = &args.plot else {
        return Err(Failure::usage("which plot of which file?").hint(
            "fa plot FILE… draws what the test opens with; `fa list plots FILE` names all plots; `fa plot --help` \
             explains the options",
        ));
    };
    let (plot, files) = if Path::new(named).is_file() {
        (None, [std::slice::from_ref(named), &args.files].concat())
    } else {
        (Some(named.as_str()), args.files.clone())
    };
    if files.is_empty() {
        return Err(Failure::usage(format!("plot {named:?} of which file?"))
            .hint("fa plot PLOT FILE…, for example: fa plot icmp_cdf runs/*.flent.gz"));
    }
    let paths = inputs::expand(&files, console)?;
    let reading = ReadOptions { keep_partial: args.keep_partial, ..ReadOptions::default() };
    // Of many files only what the plot draws is held in memory.
    let wanted = |first: &DataSet| {
        if is_combined(first) {
            return Ok(Needs::everything());
        }
        let expanded = figure::expand(&catalog, first, args.delay)?;
        Ok(needs(plot.unwrap_or(&expanded.default_plot), &expanded, options))
    };
    let loaded = inputs::load_wanted(&paths, &reading, console, wanted)?;
    let scale = if options.scale_data.is_empty() {
        Loaded { sets: Vec::new(), failed: 0 }
    } else {
        let of_first = |_: &DataSet| wanted(&loaded.sets[0]);
        inputs::load_wanted(&inputs::expand(&options.scale_data, console)?, &reading, console, of_first)?
    };
    let opens_with;
    let plot = if let Some(plot) = plot {
        plot
    } else {
        opens_with = figure::expand(&catalog, &loaded.sets[0], args.delay)?.default_plot;
        console.note(format!("no plot named: drawing {opens_with}, which this test opens with"));
        &opens_with
    };
    let stdout = args.format.or_else(|| args.output.is_empty().then_some(Format::Terminal));
    let request =
        Request { catalog: &catalog, plot, sets: &loaded.sets, scale: &scale.sets, options, delay_secs: args.delay };
    let drawn = figure::draw(&request, &Targets { files: &args.output, stdout }, console)?;
    Ok(if drawn == Code::Ok && loaded.failed + scale.failed > 0 { Code::Partial } else { drawn })
}
