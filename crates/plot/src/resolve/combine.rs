//! Plots over groups of files: the files are reduced to tables, and the tables drawn like files.

use fa_analyze::combine::{Columns, CombineOptions, GroupBy, Table, Wanted, combine};
use fa_analyze::cutoff::Cutoff;
use fa_analyze::reduce::{Reducer, Statistic};
use fa_analyze::run::{Clock, Run};
use fa_catalog::{PlotDef, PlotSeries, PlotType};

use super::subject::{Data, Subject};
use super::{Context, Notes, PlotError, bars, boxes, cdf, ellipse, line, saved, timeseries};
use crate::options::FigureOptions;
use crate::scene::Panel;

pub(crate) fn panel(context: &Context, notes: &mut Notes) -> Result<Panel, PlotError> {
    let combination = combination(context, notes)?;
    draw(context, &combination, notes)
}

/// Groups of files, reduced to tables with a column per series.
#[derive(Debug)]
pub(crate) struct Combination {
    pub(crate) by: GroupBy,
    pub(crate) series: Vec<PlotSeries>,
    pub(crate) tables: Vec<Table>,
    /// Only widen the axes.
    scale: Vec<Table>,
}

/// The files of a plot in groups; those that are combinations already, as they are.
pub(crate) fn combination(context: &Context, notes: &mut Notes) -> Result<Combination, PlotError> {
    let runs: Vec<&Run> = runs_of(context.subjects);
    let scale_runs = runs_of(context.scale);
    let by = group_by(context)?;
    if runs.iter().chain(&scale_runs).all(|run| saved::is_combined(run.set())) {
        let (series, tables) = saved::from_sets(context.plot, by, context.series, &runs)?;
        let scale = saved::from_sets(context.plot, by, context.series, &scale_runs)?.1;
        return Ok(Combination { by, series, tables, scale });
    }
    let wanted = wanted(context, notes);
    let options =
        CombineOptions { name_filters: context.filter.expressions().to_vec(), print_n: !context.options.no_print_n };
    let unsupported = |error: fa_analyze::combine::CombineError| PlotError::Unsupported {
        plot: context.plot.name.clone(),
        why: error.to_string(),
    };
    let combined = combine(by, &runs, &wanted, &options).map_err(unsupported)?;
    for note in combined.notes {
        notes.add(note);
    }
    note_absence(context, (&runs, &wanted), &combined.columns, &combined.tables, notes);
    let scale = if scale_runs.is_empty() {
        Vec::new()
    } else {
        combine(by, &scale_runs, &wanted, &options).map_err(unsupported)?.tables
    };
    let series = match combined.columns {
        Columns::Series => context.series.to_vec(),
        Columns::Groups(names) => turned(context, &names),
    };
    Ok(Combination { by, series, tables: combined.tables, scale })
}

/// Whether plots of this type put files into groups.
pub(crate) fn combines(kind: PlotType) -> bool {
    matches!(
        kind,
        PlotType::TimeseriesCombine
            | PlotType::LineCombine
            | PlotType::BoxCombine
            | PlotType::BarCombine
            | PlotType::CdfCombine
            | PlotType::EllipsisCombine
    )
}

/// Which files have no samples to reduce; of a series that comes to nothing in all groups: which files do not have it.
fn note_absence(
    context: &Context,
    (runs, wanted): (&[&Run], &[Wanted]),
    columns: &Columns,
    tables: &[Table],
    notes: &mut Notes,
) {
    let on_grid = on_grid(context.plot, context.options);
    if !on_grid && wanted.iter().any(|w| matches!(w.reducer, Reducer::Raw(_)) && w.raw_key.is_none()) {
        let without = context.subjects.iter().zip(runs).filter(|(_, run)| run.sets().all(|set| set.raw.is_empty()));
        for (subject, _) in without {
            notes.add(format!(
                "plot {}: {} has no samples: its values on the time grid are reduced",
                context.plot.name, subject.label
            ));
        }
    }
    let nothing = |values: &[f64]| values.iter().all(|v| v.is_nan());
    for (i, series) in context.series.iter().enumerate() {
        let empty = match columns {
            Columns::Series => tables.iter().all(|t| t.columns.get(i).is_none_or(|values| nothing(values))),
            Columns::Groups(_) => tables.get(i).is_none_or(|t| t.columns.iter().all(|values| nothing(values))),
        };
        // Fairness is taken over other series.
        if !empty || series.source.is_some() {
            continue;
        }
        for (subject, run) in context.subjects.iter().zip(runs) {
            let there = match &series.raw_key {
                Some(key) if on_grid => run.grid(&format!("{}::{key}", series.data)).is_some(),
                Some(key) => run.raw_keys(&series.data).contains(key),
                None if on_grid => run.grid(&series.data).is_some(),
                None => run.grid(&series.data).is_some() || run.raw(&series.data, None, Clock::Run).is_some(),
            };
            if !there {
                let key = series.raw_key.as_deref();
                notes.absent(&context.plot.name, &series.data, key, subject.number, &subject.label);
            }
        }
    }
}

/// Whether the rule of grouping works on the time grid, step by step, and not on the samples of whole runs.
pub(crate) fn on_grid(plot: &PlotDef, options: &FigureOptions) -> bool {
    matches!(
        GroupBy::named(rule(plot, options)),
        Some(GroupBy::GroupsPoints | GroupBy::GroupsConcat | GroupBy::BatchConcat)
    )
}

fn runs_of<'a>(subjects: &'a [Subject<'a>]) -> Vec<&'a Run<'a>> {
    subjects
        .iter()
        .filter_map(|subject| match &subject.data {
            Data::Run(run) => Some(*run),
            Data::Group(_) => None,
        })
        .collect()
}

fn wanted<'c>(context: &'c Context, notes: &mut Notes) -> Vec<Wanted<'c>> {
    context.series.iter().map(|series| wanted_of(context.plot, series, context.options, notes)).collect()
}

/// How a series of a plot is reduced.
pub(crate) fn wanted_of<'s>(
    plot: &PlotDef,
    series: &'s PlotSeries,
    options: &FigureOptions,
    notes: &mut Notes,
) -> Wanted<'s> {
    Wanted {
        series: &series.data,
        label: series.label.as_deref().unwrap_or(&series.data),
        raw_key: series.raw_key.as_deref(),
        reducer: reducer(plot, series, notes),
        cutoff: options.data_cutoff.or(series.cutoff).or(plot.cutoff).map(Cutoff::from),
        norm_by: series.norm_by.as_deref(),
        source: series.source.as_ref().map(|glob| fa_catalog::Pattern { glob: glob.clone(), exclude: Vec::new() }),
    }
}

fn reducer(plot: &PlotDef, series: &PlotSeries, notes: &mut Notes) -> Reducer {
    let mean = Reducer::Best(Statistic::Mean);
    let Some(mode) = &series.combine_mode else { return mean };
    mode.parse().unwrap_or_else(|error| {
        notes.add(format!("plot {}: {error}; the mean is drawn", plot.name));
        mean
    })
}

fn group_by(context: &Context) -> Result<GroupBy, PlotError> {
    let name = rule(context.plot, context.options);
    GroupBy::named(name).ok_or_else(|| PlotError::Unsupported {
        plot: context.plot.name.clone(),
        why: format!(
            "there is no way to group files called `{name}`; try one of {}",
            crate::options::GROUP_BY.join(", ")
        ),
    })
}

/// Name of the rule by which files are grouped.
pub(crate) fn rule<'a>(plot: &'a PlotDef, options: &'a FigureOptions) -> &'a str {
    options.override_group_by.as_deref().or(plot.group_by.as_deref()).unwrap_or("groups")
}

/// A series per group, when tables stand for the plot's series.
fn turned(context: &Context, names: &[String]) -> Vec<PlotSeries> {
    let Some(model) = context.series.first() else { return Vec::new() };
    names.iter().map(|name| PlotSeries { label: Some(name.clone()), ..model.clone() }).collect()
}

fn draw(context: &Context, combination: &Combination, notes: &mut Notes) -> Result<Panel, PlotError> {
    let Combination { series, tables, scale, .. } = combination;
    let columns: Vec<usize> = (0..series.len()).collect();
    let titles: Vec<String> = tables.iter().map(|table| table.title.clone()).collect();
    let labels = context.filter.apply(&titles);
    let subjects: Vec<Subject> =
        tables.iter().zip(labels).enumerate().map(|(i, (table, label))| Subject::group(table, label, i)).collect();
    let scale: Vec<Subject> = scale
        .iter()
        .enumerate()
        .map(|(i, table)| Subject::group(table, table.title.clone(), tables.len() + i))
        .collect();
    let inner = Context { series, columns: &columns, subjects: &subjects, scale: &scale, ..*context };
    match context.plot.kind {
        PlotType::BoxCombine => boxes::panel(&inner, notes),
        PlotType::BarCombine => bars::panel(&inner, notes),
        PlotType::CdfCombine => cdf::panel(&inner, notes),
        PlotType::EllipsisCombine => ellipse::panel(&inner, notes),
        PlotType::LineCombine => line::panel(&inner, notes),
        _ => timeseries::panel(&inner, notes),
    }
}
