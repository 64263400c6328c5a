//! Empirical distributions.

use super::limits::{Extent, ValueRule, bounded};
use super::numbers::{Need, Numbers};
use super::panel::x_axis;
use super::style::{self, Hues};
use super::timeseries::scale_numbers;
use super::{Context, Notes, PlotError, labels};
use crate::options::LogBase;
use crate::scene::{Axes, Axis, Line, Mark, Panel, Quantity, Scale, Side};

pub(crate) fn panel(context: &Context, notes: &mut Notes) -> Result<Panel, PlotError> {
    let units = context.units()?;
    let unit = units.first().map_or("", String::as_str);
    let need = Need { grid_only: false, present_only: true };
    let hues = Hues::new(context, 0, notes);
    let (mut marks, mut extent) = (Vec::new(), Extent::default());
    // As in Flent, the first file decides the margin and others only widen the axis.
    let mut visible: Option<(usize, Extent)> = None;
    let mut smallest_positive = f64::INFINITY;
    for (i, subject) in context.subjects.iter().enumerate() {
        for (s, series) in context.series.iter().enumerate() {
            let Some(numbers) = context.numbers(i, s, need, notes) else { continue };
            let (x, y) = fa_analyze::cdf::cdf(numbers.y);
            let own = Extent::of(&x);
            extent.merge(own);
            let (first, of_first) = visible.get_or_insert((i, own));
            if *first == i {
                of_first.merge(own);
            }
            smallest_positive =
                x.iter().copied().find(|v| *v > 0.0).map_or(smallest_positive, |v| v.min(smallest_positive));
            marks.push(Mark::Line(Line {
                id: context.mark_id(s, i),
                label: labels::series_label(series.label.as_deref(), &subject.label, context.several()),
                x: x.into(),
                y: y.into(),
                style: style::line(hues.of(i, s), series, hues.pattern(i, s), !context.options.no_markers),
            }));
        }
    }
    for Numbers { y, .. } in scale_numbers(context, need, notes) {
        extent.merge(Extent::of(&y));
    }
    let rule = ValueRule::new(None, context.options);
    let limits = match rule.log {
        Some(base) => log_limits(extent, smallest_positive, base),
        None => value_limits(extent, visible.map_or(extent, |(_, of_first)| of_first), context.options.zero_y),
    };
    let limits = bounded(limits, context.options.bounds_x.first());
    let x = x_axis(context.x_label(0, &context.value_label(0, unit)), limits, rule.scale(), Quantity::Plain);
    let y = Axis {
        label: context.y_label(0, "Cumulative probability".to_owned()),
        limits: (0.0, 1.0),
        scale: Scale::Linear,
        ticks: None,
        quantity: Quantity::Plain,
    };
    let axes = vec![Axes { x, y, side: Side::Left, marks, texts: Vec::new() }];
    Ok(context.finish(axes, Vec::new()))
}

/// Limits of the values: round numbers beyond the data, and at least 5 % of the span free at either end.
fn value_limits(extent: Extent, visible: Extent, zero: bool) -> (f64, f64) {
    if extent.is_empty() {
        return (0.0, 1.0);
    }
    let (auto_left, auto_right) = visible.with_margin();
    let mut right = extent.max;
    if right > 10.0 {
        right += 10.0 - right % 10.0;
    }
    let mut left = extent.min;
    for step in [10.0, 100.0] {
        if left > step {
            left = (left / step).floor() * step;
        }
    }
    let left = if zero { 0.0 } else { left.min(auto_left) };
    (left, right.max(auto_right))
}

/// Powers of the base around the positive data.
fn log_limits(extent: Extent, smallest_positive: f64, base: LogBase) -> (f64, f64) {
    let base = if base == LogBase::Two { 2.0f64 } else { 10.0 };
    if extent.is_empty() || extent.max <= 0.0 {
        return (1.0, base);
    }
    let left = base.powf((smallest_positive.ln() / base.ln()).floor());
    let right = base.powf((extent.max.ln() / base.ln()).ceil());
    if left < right { (left, right) } else { (left, left * base) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_round_and_leave_room() {
        let e = Extent { min: 15.3, max: 403.1 };
        let (left, right) = value_limits(e, e, false);
        // 5 % of 387.8 is 19.39: further out than 10 and 410.
        assert!((left - (15.3 - 19.39)).abs() < 1e-9 && (right - 422.49).abs() < 1e-9);
        let e = Extent { min: 230.0, max: 239.0 };
        assert_eq!(value_limits(e, e, false), (200.0, 240.0));
        assert_eq!(value_limits(e, e, true).0, 0.0);
    }

    #[test]
    fn logarithmic_limits_are_powers() {
        let (left, right) = log_limits(Extent { min: -3.0, max: 900.0 }, 0.2, LogBase::Ten);
        assert!((left - 0.1).abs() < 1e-12 && (right - 1000.0).abs() < 1e-9);
    }
}
