//! Quantiles of one file against those of another.

use super::limits::Extent;
use super::numbers::Need;
use super::panel::x_axis;
use super::style;
use super::{Context, Notes, PlotError};
use crate::scene::{Axes, Axis, Colour, Dash, Line, Mark, Marker, Panel, Quantity, Scale, Side, Style};

pub(crate) fn panel(context: &Context, notes: &mut Notes) -> Result<Panel, PlotError> {
    if context.series.len() != 1 {
        return Err(PlotError::Unsupported {
            plot: context.plot.name.clone(),
            why: format!("quantiles compare one series between two files, this plot has {}", context.series.len()),
        });
    }
    let second = 1.min(context.subjects.len() - 1);
    if context.subjects.len() > 2 {
        notes.add(format!("plot {} compares two files: the first two are drawn", context.plot.name));
    }
    let need = Need { grid_only: true, present_only: true };
    let of = |subject: usize, notes: &mut Notes| {
        context.numbers(subject, 0, need, notes).map(|numbers| numbers.y).unwrap_or_default()
    };
    let (first_values, second_values) = (of(0, notes), of(second, notes));
    let (x, y) = fa_analyze::cdf::qq(first_values, second_values);

    let (of_x, of_y) = (Extent::of(&x), Extent::of(&y));
    let mut extent = of_x;
    extent.merge(of_y);
    let marks = if extent.is_empty() { Vec::new() } else { marks(context, x, y, extent) };
    let limits = |of: Extent| if of.is_empty() { (0.0, 1.0) } else { (of.min * 0.99, of.max * 1.01) };
    let label = |subject: usize| context.subjects[subject].label.clone();
    let axes = Axes {
        x: x_axis(context.x_label(0, &label(0)), limits(of_x), Scale::Linear, Quantity::Plain),
        y: Axis {
            label: context.y_label(0, label(second)),
            limits: limits(of_y),
            scale: Scale::Linear,
            ticks: None,
            quantity: Quantity::Plain,
        },
        side: Side::Left,
        marks,
        texts: Vec::new(),
    };
    Ok(context.finish(vec![axes], Vec::new()))
}

/// The points, and the line on which equal distributions lie.
fn marks(context: &Context, x: Vec<f64>, y: Vec<f64>, extent: Extent) -> Vec<Mark> {
    let name = context.series[0].label.clone().unwrap_or_else(|| context.series[0].data.clone());
    let points = Line {
        id: context.mark_id(0, 0),
        label: Some(name),
        x: x.into(),
        y: y.into(),
        style: style::dots(Colour::Cycle(0), Marker::Circle),
    };
    let reference = Line {
        id: crate::scene::MarkId::default(),
        label: Some("Ref (x=y)".to_owned()),
        x: [0.0, extent.max].as_slice().into(),
        y: [0.0, extent.max].as_slice().into(),
        style: Style { colour: Colour::Cycle(1), width: 1.0, dash: Some(Dash::Solid), marker: None },
    };
    vec![Mark::Line(points), Mark::Line(reference)]
}
