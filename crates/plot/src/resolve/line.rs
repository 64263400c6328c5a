//! One point per series: the first value of each at 0, 1, 2, …, joined by a line per file or group, the series' labels as
//! ticks.

use super::limits::{Extent, ValueRule, values};
use super::numbers::Need;
use super::panel::x_axis;
use super::style::{self, Colours};
use super::{Context, Notes, PlotError};
use crate::scene::{Axes, Axis, Line, Mark, Marker, Panel, Quantity, Scale};

pub(crate) fn panel(context: &Context, notes: &mut Notes) -> Result<Panel, PlotError> {
    let units = context.units()?;
    let mut colours = Colours::default();
    let (mut marks, mut drawn) = (Vec::new(), Vec::new());
    for (i, subject) in context.subjects.iter().enumerate() {
        let colour = colours.next();
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for s in 0..context.series.len() {
            let numbers = context.numbers(i, s, Need::default(), notes);
            x.push(s as f64);
            y.push(numbers.as_ref().and_then(|n| n.y.first().copied()).unwrap_or(f64::NAN));
        }
        let Some(first) = context.series.first().filter(|_| y.iter().any(|v| !v.is_nan())) else { continue };
        drawn.extend(y.iter().copied());
        let mut style = style::line(colour, first, i, !context.options.no_markers);
        // A point between two gaps is no line: each is marked.
        style.marker = Some((style.marker.map_or(Marker::Circle, |(marker, _)| marker), 1));
        let label = Some(subject.label.clone()).filter(|label| context.several() && !label.is_empty());
        let id = context.mark_id(0, i);
        marks.push(Mark::Line(Line { id, label, x: x.into(), y: y.into(), style }));
    }
    let scale = super::timeseries::scale_numbers(context, Need::default(), notes);
    let rule = ValueRule::new(context.plot.scaling, context.options);
    let limits = rule.limits(drawn.into_iter().chain(values(&scale)));
    let ticks: Vec<(f64, String)> = context
        .series
        .iter()
        .enumerate()
        .map(|(s, series)| (s as f64, series.label.clone().unwrap_or_else(|| series.data.clone())))
        .collect();
    let places = Extent { min: 0.0, max: context.series.len().saturating_sub(1) as f64 };
    let x_limits = if places.max > 0.0 { places.with_margin() } else { (-0.5, 0.5) };
    let x = Axis { ticks: Some(ticks), ..x_axis(context.x_label(0, ""), x_limits, Scale::Linear, Quantity::Category) };
    let y = context.value_axis(0, units.first().map_or("", String::as_str), rule, limits);
    Ok(context.finish(vec![Axes { x, y, side: super::panel::side(0), marks, texts: Vec::new() }], Vec::new()))
}
