//! Lines over time, on one or two value axes; areas on top of each other where the plot stacks.

use fa_analyze::run::Clock;

use super::limits::{Extent, ValueRule, bounded, time, values};
use super::numbers::{Need, Numbers};
use super::panel::{side, x_axis};
use super::style::{self, Hues};
use super::subject::Data;
use super::{Context, Notes, PlotError, labels};
use crate::scene::{Area, Axes, Colour, Line, Mark, Panel, Quantity, Scale};

pub(crate) fn panel(context: &Context, notes: &mut Notes) -> Result<Panel, PlotError> {
    let units = context.units()?;
    let need = Need { grid_only: context.plot.stacked, present_only: false };
    let mut drawn: Vec<Numbers> = Vec::new();
    for subject in 0..context.subjects.len() {
        drawn.extend((0..context.series.len()).filter_map(|s| context.numbers(subject, s, need, notes)));
    }
    let scale = scale_numbers(context, need, notes);

    let mut marks: Vec<Vec<Mark>> = vec![Vec::new(); context.axes_count()];
    let hues = Hues::new(context, 0, notes);
    let mut stacks = Stacks::default();
    for numbers in &drawn {
        let axes = context.axes_of(numbers.series);
        let mark = if context.plot.stacked {
            stacks.area(context, numbers, axes, hues.of(numbers.subject, numbers.series))
        } else {
            Mark::Line(line(context, numbers, &hues))
        };
        marks[axes].push(mark);
    }

    let x_limits = time_limits(context, &drawn, &scale);
    let rule = ValueRule::new(context.plot.scaling, context.options);
    let axes = marks
        .into_iter()
        .enumerate()
        .map(|(n, marks)| {
            // Flent scales anew after each file, with its numbers and all numbers: the last file's count twice.
            let last = drawn.iter().map(|numbers| numbers.subject).max().filter(|last| *last > 0);
            let twice = drawn.iter().filter(|numbers| last == Some(numbers.subject));
            let on_axes = drawn.iter().chain(twice).chain(&scale);
            let limits = if context.plot.stacked {
                stacks.limits(n, rule)
            } else {
                rule.limits(values(on_axes.filter(|numbers| context.axes_of(numbers.series) == n)))
            };
            let label = if n == 0 { context.x_label(0, x_name(context)) } else { String::new() };
            let quantity = if context.clock() == Clock::Unix { Quantity::UnixTime } else { Quantity::Plain };
            let x_limits = bounded(x_limits, context.options.bounds_x.get(n).or(context.options.bounds_x.first()));
            Axes {
                x: x_axis(label, x_limits, Scale::Linear, quantity),
                y: context.value_axis(n, &units[n], rule, limits),
                side: side(n),
                marks,
                texts: Vec::new(),
            }
        })
        .collect();
    Ok(context.finish(axes, Vec::new()))
}

/// What x counts: seconds, runs of a test that is run again and again, or in groups files or values one after the other.
fn x_name(context: &Context) -> &'static str {
    match context.subjects.first().map(|subject| &subject.data) {
        Some(Data::Run(run)) if run.is_iterated() => "Run",
        Some(Data::Group(table)) => table.counts.unwrap_or("Time (s)"),
        _ => "Time (s)",
    }
}

/// Numbers of the subjects that only widen the axes.
pub(crate) fn scale_numbers(context: &Context, need: Need, notes: &mut Notes) -> Vec<Numbers> {
    let mut numbers = Vec::new();
    for (i, subject) in context.scale.iter().enumerate() {
        let of = |s| context.numbers_of(subject, i, s, need, notes);
        numbers.extend((0..context.series.len()).filter_map(of));
    }
    numbers
}

fn line(context: &Context, numbers: &Numbers, hues: &Hues) -> Line {
    let series = &context.series[numbers.series];
    let (colour, turn) = (hues.of(numbers.subject, numbers.series), hues.pattern(numbers.subject, numbers.series));
    let subject = &context.subjects[numbers.subject];
    Line {
        id: context.mark_id(numbers.series, numbers.subject),
        label: labels::series_label(series.label.as_deref(), &subject.label, context.several()),
        x: numbers.x.as_slice().into(),
        y: numbers.y.as_slice().into(),
        style: style::line(colour, series, turn, !context.options.no_markers),
    }
}

/// From the first x to the end of the longest run, whatever of it is drawn; at least what panels above show.
fn time_limits(context: &Context, drawn: &[Numbers], scale: &[Numbers]) -> (f64, f64) {
    let (mut points, mut visible) = (Extent::default(), Extent::default());
    for numbers in drawn.iter().chain(scale) {
        points.merge(Extent::of(&numbers.x));
    }
    let first = drawn.first().map(|numbers| numbers.subject);
    for numbers in drawn.iter().filter(|numbers| Some(numbers.subject) == first) {
        visible.merge(Extent::of(numbers.x.iter().zip(&numbers.y).filter(|(_, y)| y.is_finite()).map(|(x, _)| x)));
    }
    if let Some((left, right)) = context.shared_x {
        return if points.is_empty() { (left, right) } else { (left.min(points.min), right.max(points.max)) };
    }
    let end = context
        .subjects
        .iter()
        .chain(context.scale)
        .filter_map(|subject| {
            let total = subject.total_length()?;
            Some(if context.clock() == Clock::Unix { subject.t0() + total } else { total })
        })
        .max_by(f64::total_cmp);
    time(points, visible, end)
}

/// Running sums of stacked series, per axes.
#[derive(Debug, Default)]
struct Stacks {
    /// Per axes: the subject being stacked, the sum so far, and all edges.
    per_axes: Vec<(usize, Vec<f64>, Extent)>,
}

impl Stacks {
    /// The series on top of those before it. A step without a value adds nothing and shows a gap.
    fn area(&mut self, context: &Context, numbers: &Numbers, axes: usize, colour: Colour) -> Mark {
        while self.per_axes.len() <= axes {
            self.per_axes.push((usize::MAX, Vec::new(), Extent::default()));
        }
        let (subject, sum, extent) = &mut self.per_axes[axes];
        if *subject != numbers.subject {
            *subject = numbers.subject;
            sum.clear();
        }
        sum.resize(sum.len().max(numbers.y.len()), 0.0);
        let lower: Vec<f64> = sum.iter().zip(&numbers.y).map(|(s, y)| if y.is_nan() { f64::NAN } else { *s }).collect();
        let upper: Vec<f64> = sum.iter().zip(&numbers.y).map(|(s, y)| s + y).collect();
        for (sum, y) in sum.iter_mut().zip(&numbers.y).filter(|(_, y)| !y.is_nan()) {
            *sum += y;
        }
        for edge in lower.iter().chain(&upper) {
            extent.add(*edge);
        }
        let series = &context.series[numbers.series];
        let subject = &context.subjects[numbers.subject].label;
        Mark::Area(Area {
            id: context.mark_id(numbers.series, numbers.subject),
            label: labels::series_label(series.label.as_deref(), subject, context.several()),
            x: numbers.x.as_slice().into(),
            y_lo: lower.into(),
            y_hi: upper.into(),
            style: style::filled(colour),
            opacity: 0.8,
        })
    }

    /// All edges with 5 % of their span at either end.
    fn limits(&self, axes: usize, rule: ValueRule) -> (f64, f64) {
        let extent = self.per_axes.get(axes).map_or(Extent::default(), |(_, _, extent)| *extent);
        if extent.is_empty() {
            return rule.limits([]);
        }
        if rule.zero || rule.log.is_some() { rule.limits([extent.min, extent.max]) } else { extent.with_margin() }
    }
}
