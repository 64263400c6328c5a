//! Two quantities against each other: an ellipse of two standard deviations per file, with the medians marked.

use fa_analyze::ellipse::{Covariance, covariance_ellipse};

use super::limits::{Extent, bounded};
use super::numbers::Need;
use super::panel::x_axis;
use super::style::{self, Colours};
use super::{Context, Notes, PlotError};
use crate::options::{Bounds, ColourBy};
use crate::scene::{Axes, Axis, Colour, DataText, Ellipse, Line, Mark, Marker, Panel, Quantity, Scale, Side};

pub(crate) fn panel(context: &Context, notes: &mut Notes) -> Result<Panel, PlotError> {
    if context.series.len() < 2 {
        return Err(PlotError::Unsupported {
            plot: context.plot.name.clone(),
            why: "an ellipse needs two series, one for x and one for y".to_owned(),
        });
    }
    let need = Need { grid_only: true, present_only: false };
    let (mut xs, mut ys) = (Extent::default(), Extent::default());
    let (mut marks, mut texts) = (Vec::new(), Vec::new());
    let mut colours = Colours::default();
    for (i, subject) in context.subjects.iter().enumerate() {
        let Some(x) = context.numbers(i, 0, need, notes) else { continue };
        for s in 1..context.series.len() {
            let Some(y) = context.numbers(i, s, need, notes) else { continue };
            let Some(ellipse) = covariance_ellipse(&x.y, &y.y) else { continue };
            reach(&ellipse, &mut xs, &mut ys);
            let next = colours.next();
            let colour = match context.options.colour_by {
                Some(ColourBy::File) => Colour::Cycle(subject.number),
                Some(ColourBy::Series) => Colour::Cycle(s - 1),
                None => next,
            };
            let id = context.mark_id(s, i);
            marks.push(Mark::Ellipse(Ellipse {
                id: id.clone(),
                label: None,
                x: ellipse.x,
                y: ellipse.y,
                width: ellipse.width,
                height: ellipse.height,
                angle_deg: ellipse.angle_deg,
                style: style::filled(colour),
            }));
            marks.push(Mark::Line(Line {
                id,
                label: None,
                x: [ellipse.median_x].as_slice().into(),
                y: [ellipse.median_y].as_slice().into(),
                style: style::dots(colour, Marker::Circle),
            }));
            texts.push(DataText { x: ellipse.median_x, y: ellipse.median_y, text: name(context, s, &subject.label) });
        }
    }
    for (i, subject) in context.scale.iter().enumerate() {
        let Some(x) = context.numbers_of(subject, i, 0, need, notes) else { continue };
        for s in 1..context.series.len() {
            let y = context.numbers_of(subject, i, s, need, notes);
            if let Some(ellipse) = y.and_then(|y| covariance_ellipse(&x.y, &y.y)) {
                reach(&ellipse, &mut xs, &mut ys);
            }
        }
    }
    let (x_limits, x_label) = axis(context, 0, xs, context.options.bounds_x.first());
    let (y_limits, y_label) = axis(context, 1, ys, context.options.bounds_y.first());
    let axes = Axes {
        x: x_axis(context.x_label(0, &x_label), x_limits, Scale::Linear, Quantity::Plain),
        y: Axis {
            label: context.y_label(0, y_label),
            limits: y_limits,
            scale: Scale::Linear,
            ticks: None,
            quantity: Quantity::Plain,
        },
        side: Side::Left,
        marks,
        texts,
    };
    Ok(context.finish(vec![axes], Vec::new()))
}

/// Limits and label of the axis of the n-th series, turned over if it shows latency and the user asks.
fn axis(context: &Context, n: usize, extent: Extent, bounds: Option<&Bounds>) -> ((f64, f64), String) {
    let (lo, hi) = bounded(limits(extent, context.options.zero_y), bounds);
    let turned = context.options.invert_latency_y && context.unit(n) == "ms";
    (if turned { (hi, lo) } else { (lo, hi) }, context.value_label(n, context.unit(n)))
}

/// Which file, and which series where there are several.
fn name(context: &Context, series: usize, subject: &str) -> String {
    if context.series.len() == 2 {
        return subject.to_owned();
    }
    match context.series[series].label.as_deref() {
        Some(series) => format!("{series} - {subject}"),
        None => subject.to_owned(),
    }
}

/// The box around a turned ellipse: half widths √((a cos φ)² + (b sin φ)²) and √((a sin φ)² + (b cos φ)²).
fn reach(ellipse: &Covariance, xs: &mut Extent, ys: &mut Extent) {
    let (sin, cos) = ellipse.angle_deg.to_radians().sin_cos();
    let (a, b) = (ellipse.width / 2.0, ellipse.height / 2.0);
    let (half_x, half_y) = ((a * cos).hypot(b * sin), (a * sin).hypot(b * cos));
    for x in [ellipse.x - half_x, ellipse.x + half_x, ellipse.median_x] {
        xs.add(x);
    }
    for y in [ellipse.y - half_y, ellipse.y + half_y, ellipse.median_y] {
        ys.add(y);
    }
}

/// Some room around all ellipses; quantities that cannot be negative do not begin below 0.
fn limits(extent: Extent, zero: bool) -> (f64, f64) {
    if extent.is_empty() {
        return (0.0, 1.0);
    }
    let (lo, hi) = ((extent.min * 0.99).max(0.0), extent.max * 1.1);
    let lo = if zero { 0.0 } else { lo };
    if lo < hi { (lo, hi) } else { extent.with_margin() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upright_ellipse_reaches_up_not_sideways() {
        let e = Covariance {
            x: 10.0,
            y: 10.0,
            width: 8.0,
            height: 2.0,
            angle_deg: 90.0,
            median_x: 10.0,
            median_y: 10.0,
            n: 9,
        };
        let (mut xs, mut ys) = (Extent::default(), Extent::default());
        reach(&e, &mut xs, &mut ys);
        assert!((xs.min - 9.0).abs() < 1e-9 && (xs.max - 11.0).abs() < 1e-9);
        assert!((ys.min - 6.0).abs() < 1e-9 && (ys.max - 14.0).abs() < 1e-9);
    }
}
