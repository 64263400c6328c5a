//! Bars: the mean of each series and file, with the standard deviation as error bar.
//!
//! A series without data keeps its place as a bar of no height (and a note says so), unless the user asks to skip it: so
//! the same plot of several files has the same places.

use fa_analyze::stats::Sample;

use super::boxes::Slots;
use super::limits::{Extent, bounded};
use super::numbers::Need;
use super::panel::side;
use super::style::{self, Colours};
use super::timeseries::scale_numbers;
use super::{Context, Notes, PlotError};
use crate::options::{ColourBy, ColourMode};
use crate::scene::{Axes, Axis, BarMark, Bars, Colour, Mark, MarkId, Panel, Quantity, Scale};

/// Bars stand side by side within a group.
const WIDTH: f64 = 1.0;

pub(crate) fn panel(context: &Context, notes: &mut Notes) -> Result<Panel, PlotError> {
    let units = context.units()?;
    let need = Need { grid_only: false, present_only: true };
    let mut slots = Slots::new();
    let mut marks: Vec<Vec<Mark>> = vec![Vec::new(); context.axes_count()];
    let mut extents = vec![Extent::default(); context.axes_count()];
    let by_bar = colour_by_bar(context);
    for (split, members) in context.split() {
        let mut colours = Colours::default();
        for (s, series) in context.series.iter().enumerate() {
            let axes = context.axes_of(s);
            let first = slots.position();
            let own = colours.of(&series.style, notes);
            let mut bars = Vec::new();
            for (place, &subject) in members.iter().enumerate() {
                let sample =
                    context.numbers(subject, s, need, notes).map(|n| Sample::new(n.y)).filter(|s| !s.is_empty());
                if sample.is_none() && context.options.skip_missing_series {
                    continue;
                }
                let (y, yerr) = sample.as_ref().map_or((0.0, 0.0), mean_and_deviation);
                extents[axes].add(y - yerr);
                extents[axes].add(y + yerr);
                let x = slots.take(context.tick_label(subject)) - WIDTH / 2.0;
                let colour = if by_bar { Colour::Cycle(place) } else { own };
                bars.push(BarMark {
                    x,
                    width: WIDTH,
                    y,
                    yerr,
                    file: context.subjects[subject].number,
                    style: style::filled(colour),
                });
            }
            slots.end_group(first, context.group_name(s, split));
            if let Some(first) = bars.first() {
                let id = MarkId { file: first.file, ..context.mark_id(s, 0) };
                marks[axes].push(Mark::Bars(Bars { id, label: None, bars }));
            }
        }
    }
    for numbers in scale_numbers(context, need, notes) {
        let axes = context.axes_of(numbers.series);
        let (y, yerr) = mean_and_deviation(&Sample::new(numbers.y));
        extents[axes].add(y - yerr);
        extents[axes].add(y + yerr);
    }
    note_unused_options(context, notes);
    let axes = marks
        .into_iter()
        .zip(extents)
        .enumerate()
        .map(|(n, (marks, extent))| {
            let y = Axis {
                label: context.y_label(n, context.value_label(n, &units[n])),
                limits: bounded(bar_limits(extent), context.options.bounds_y.get(n)),
                scale: Scale::Linear,
                ticks: None,
                quantity: Quantity::Plain,
            };
            let texts = if n == 0 && context.names_shown() { slots.texts(&y) } else { Vec::new() };
            let label = if n == 0 { context.x_label(0, "") } else { String::new() };
            Axes { x: slots.x_axis(label), y, side: side(n), marks, texts }
        })
        .collect();
    Ok(context.finish(axes, slots.inner_dividers()))
}

fn mean_and_deviation(sample: &Sample) -> (f64, f64) {
    (sample.mean().unwrap_or(0.0), sample.std_dev().unwrap_or(0.0))
}

/// The length of a bar is its value only from a linear 0 upwards.
fn note_unused_options(context: &Context, notes: &mut Notes) {
    let options = context.options;
    let unused = [
        ("--log-scale-y", options.log_scale_y.is_some()),
        ("--invert-latency-y", options.invert_latency_y),
        ("--bounds-x", !options.bounds_x.is_empty()),
    ];
    for (name, _) in unused.iter().filter(|(_, given)| *given) {
        notes.add(format!(
            "plot {}: bars stand on a linear axis from 0: {name} has no effect on them",
            context.plot.name
        ));
    }
}

fn colour_by_bar(context: &Context) -> bool {
    match context.options.override_colour_mode {
        Some(mode) => mode == ColourMode::Series,
        None => match context.options.colour_by {
            Some(by) => by == ColourBy::File,
            None => context.plot.colour_mode.as_deref() == Some("series"),
        },
    }
}

/// Bars stand on 0; 5 % of the height is free beyond the longest error bar. Bars of no height have room on both sides.
fn bar_limits(extent: Extent) -> (f64, f64) {
    if extent.is_empty() {
        return (0.0, 1.0);
    }
    let (lo, hi) = (extent.min.min(0.0), extent.max.max(0.0));
    if lo == hi {
        return extent.with_margin();
    }
    let free = 0.05 * (hi - lo);
    (if lo < 0.0 { lo - free } else { 0.0 }, if hi > 0.0 { hi + free } else { 0.0 })
}
