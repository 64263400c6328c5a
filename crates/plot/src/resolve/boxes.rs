//! Boxes: per series one per file, with a gap and a dotted line after each series.

use fa_analyze::boxes::BoxStats;

use super::limits::ValueRule;
use super::numbers::Need;
use super::panel::side;
use super::style;
use super::subject::Data;
use super::timeseries::scale_numbers;
use super::{Context, Notes, PlotError};
use crate::options::ColourBy;
use crate::scene::{Axes, Axis, BoxMark, Boxes, Colour, DataText, Mark, MarkId, Panel, Quantity, Scale};

/// Width of a box; boxes stand 1 apart.
const WIDTH: f64 = 0.5;

/// What boxes and bars have in common: places, ticks, names above the groups.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    pub(crate) ticks: Vec<(f64, String)>,
    pub(crate) dividers: Vec<f64>,
    /// Middle of a group, its name.
    pub(crate) names: Vec<(f64, String)>,
    next: f64,
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self { next: 1.0, ..Self::default() }
    }

    /// The next place, with a tick.
    pub(crate) fn take(&mut self, label: String) -> f64 {
        let place = self.next;
        self.ticks.push((place, label));
        self.next += 1.0;
        place
    }

    /// Ends a group that began at `first`; nothing when no place was taken.
    pub(crate) fn end_group(&mut self, first: f64, name: String) {
        if self.next > first {
            self.names.push((f64::midpoint(first, self.next - 1.0), name));
            self.dividers.push(self.next);
            self.next += 1.0;
        }
    }

    pub(crate) fn position(&self) -> f64 {
        self.next
    }

    /// The x axis with these places, without a gap at its end.
    pub(crate) fn x_axis(&self, label: String) -> Axis {
        let end = if self.ticks.is_empty() { 1.0 } else { self.next - 1.0 };
        Axis {
            label,
            limits: (0.0, end),
            scale: Scale::Linear,
            ticks: Some(self.ticks.clone()),
            quantity: Quantity::Category,
        }
    }

    /// Names of the groups, above the axis.
    pub(crate) fn texts(&self, y: &Axis) -> Vec<DataText> {
        let (bottom, top) = y.limits;
        let y = if y.scale == Scale::Linear { top + 0.01 * (top - bottom) } else { top * 1.1 };
        self.names.iter().map(|(x, text)| DataText { x: *x, y, text: text.clone() }).collect()
    }

    /// Dotted lines between groups: none after the last.
    pub(crate) fn inner_dividers(&self) -> Vec<f64> {
        self.dividers[..self.dividers.len().saturating_sub(1)].to_vec()
    }
}

impl Context<'_> {
    /// The files of each split group, in order; one nameless group when the user names none.
    pub(crate) fn split(&self) -> Vec<(Option<&str>, Vec<usize>)> {
        let all: Vec<usize> = (0..self.subjects.len()).collect();
        let names = &self.options.split_group;
        if names.is_empty() {
            return vec![(None, all)];
        }
        let size = all.len().div_ceil(names.len()).max(1);
        names.iter().map(String::as_str).map(Some).zip(all.chunks(size).map(<[usize]>::to_vec)).collect()
    }

    /// Name of a file under its box or bar, where there is more than one to tell apart; name of a group of several files.
    pub(crate) fn tick_label(&self, subject: usize) -> String {
        let of_many = matches!(&self.subjects[subject].data, Data::Group(table) if table.files > 1);
        if self.options.no_labels || !(self.several() || of_many) {
            return String::new();
        }
        self.subjects[subject].label.clone()
    }

    /// Name above the boxes or bars of a series.
    pub(crate) fn group_name(&self, series: usize, split: Option<&str>) -> String {
        let series = self.series[series].label.clone().unwrap_or_default();
        match split {
            Some(split) if self.series.len() == 1 => split.to_owned(),
            Some(split) => format!("{series} - {split}"),
            None => series,
        }
    }

    /// Names above groups: when there is more than one, or no title says it.
    pub(crate) fn names_shown(&self) -> bool {
        self.series.len() * self.options.split_group.len().max(1) > 1 || !self.options.no_title
    }
}

pub(crate) fn panel(context: &Context, notes: &mut Notes) -> Result<Panel, PlotError> {
    let units = context.units()?;
    let need = Need { grid_only: false, present_only: true };
    // The places of boxes say which file, where colours say which series.
    let by_series = context.options.colour_by == Some(ColourBy::Series);
    let mut slots = Slots::new();
    let mut marks: Vec<Vec<Mark>> = vec![Vec::new(); context.axes_count()];
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); context.axes_count()];
    let mut labelled = vec![false; context.subjects.len()];
    for (split, members) in context.split() {
        for s in 0..context.series.len() {
            let axes = context.axes_of(s);
            let first = slots.position();
            let mut boxes = Vec::new();
            for &subject in &members {
                let Some(numbers) = context.numbers(subject, s, need, notes) else { continue };
                values[axes].extend_from_slice(&numbers.y);
                let Some(stats) = BoxStats::new(numbers.y) else { continue };
                let legend = (context.several() && !labelled[subject]).then(|| context.subjects[subject].label.clone());
                labelled[subject] = true;
                let number = context.subjects[subject].number;
                let colour = Colour::Cycle(if by_series { s } else { subject });
                boxes.push(BoxMark {
                    file: number,
                    legend: legend.filter(|_| !by_series),
                    ..box_mark(stats, slots.take(context.tick_label(subject)), colour)
                });
            }
            slots.end_group(first, context.group_name(s, split));
            if let Some(first) = boxes.first() {
                let id = MarkId { file: first.file, ..context.mark_id(s, 0) };
                marks[axes].push(Mark::Boxes(Boxes { id, boxes }));
            }
        }
    }
    for numbers in scale_numbers(context, need, notes) {
        values[context.axes_of(numbers.series)].extend_from_slice(&numbers.y);
    }
    if !context.options.bounds_x.is_empty() {
        notes.add(format!("plot {}: boxes stand side by side: --bounds-x has no effect on them", context.plot.name));
    }
    let rule = ValueRule::new(None, context.options);
    let axes = marks
        .into_iter()
        .zip(values)
        .enumerate()
        .map(|(n, (marks, values))| {
            let y = context.value_axis(n, &units[n], rule, rule.limits(values));
            let texts = if n == 0 && context.names_shown() { slots.texts(&y) } else { Vec::new() };
            let label = if n == 0 { context.x_label(0, "") } else { String::new() };
            Axes { x: slots.x_axis(label), y, side: side(n), marks, texts }
        })
        .collect();
    Ok(context.finish(axes, slots.inner_dividers()))
}

fn box_mark(stats: BoxStats, x: f64, colour: Colour) -> BoxMark {
    BoxMark {
        x,
        width: WIDTH,
        file: 0,
        n: stats.n,
        q1: stats.q1,
        median: stats.median,
        q3: stats.q3,
        whisker_lo: stats.whisker_lo,
        whisker_hi: stats.whisker_hi,
        fliers: stats.fliers.into(),
        style: style::filled(colour),
        legend: None,
    }
}
