//! One series against others at the same time: throughput and round trip, two flows, whatever is worth a look.

use fa_analyze::pair;
use fa_analyze::run::{Origin, Points};

use super::limits::{Extent, ValueRule, bounded};
use super::numbers::{Need, Numbers};
use super::panel::x_axis;
use super::style::{self, Hues};
use super::timeseries::scale_numbers;
use super::{Context, Notes, PlotError, labels};
use crate::options::Bounds;
use crate::scene::{Axes, Axis, Line, Mark, Marker, Panel, Quantity, Scale, Side};

/// Markers of files, told apart at a glance where they overlap.
const MARKERS: [Marker; 8] = [
    Marker::Circle,
    Marker::TriangleUp,
    Marker::Square,
    Marker::Diamond,
    Marker::TriangleDown,
    Marker::Cross,
    Marker::Plus,
    Marker::Star,
];

pub(crate) fn panel(context: &Context, notes: &mut Notes) -> Result<Panel, PlotError> {
    if context.series.len() < 2 {
        return Err(PlotError::Unsupported {
            plot: context.plot.name.clone(),
            why: "a scatter plot needs two series: one for x and one for y".to_owned(),
        });
    }
    let need = Need::default();
    let (mut xs, mut ys, mut least_y) = (Extent::default(), Extent::default(), f64::INFINITY);
    let mut marks = Vec::new();
    // One y series: colours are free to tell files apart, markers help.
    let by_subject = context.series.len() == 2;
    let hues = Hues::new(context, 1, notes);
    for (i, subject) in context.subjects.iter().enumerate() {
        let x = context.numbers(i, 0, need, notes);
        for (s, series) in context.series.iter().enumerate().skip(1) {
            let Some(x) = &x else { continue };
            let Some(y) = context.numbers(i, s, need, notes) else { continue };
            let (x, y) = pair::on_time(&points(x), &points(&y));
            if x.is_empty() {
                notes.add(format!(
                    "plot {}: `{}` and `{}` have no values at the same time in {}",
                    context.plot.name, context.series[0].data, series.data, subject.label
                ));
                continue;
            }
            xs.merge(Extent::of(&x));
            ys.merge(Extent::of(&y));
            least_y = y.iter().copied().filter(|v| *v > 0.0).fold(least_y, f64::min);
            let marker = if context.options.no_markers {
                Marker::Circle
            } else {
                MARKERS[hues.pattern(i, s - 1) % MARKERS.len()]
            };
            marks.push(Mark::Line(Line {
                id: context.mark_id(s, i),
                label: labels::only_what_differs(
                    series.label.as_deref(),
                    &subject.label,
                    !by_subject,
                    context.several(),
                ),
                x: x.into(),
                y: y.into(),
                style: style::dots(hues.of(i, s), marker),
            }));
        }
    }
    for numbers in scale_numbers(context, need, notes) {
        if numbers.series == 0 { &mut xs } else { &mut ys }.merge(Extent::of(&numbers.y));
    }
    let rule = ValueRule::new(None, context.options);
    let x_limits = bounded(xs.with_margin(), context.options.bounds_x.first());
    let y_limits = y_limits(ys, least_y, rule, context.options.bounds_y.first());
    let unit = common_unit(context)?;
    let turned = context.options.invert_latency_y && unit == "ms";
    let x_label = context.value_label(0, context.unit(0));
    let axes = Axes {
        x: x_axis(context.x_label(0, &x_label), x_limits, Scale::Linear, Quantity::Plain),
        y: Axis {
            label: context.y_label(0, context.value_label(1, &unit)),
            limits: if turned { (y_limits.1, y_limits.0) } else { y_limits },
            scale: rule.scale(),
            ticks: None,
            quantity: Quantity::Plain,
        },
        side: Side::Left,
        marks,
        texts: Vec::new(),
    };
    Ok(context.finish(vec![axes], Vec::new()))
}

fn points(numbers: &Numbers) -> Points {
    Points { x: numbers.x.clone(), y: numbers.y.clone(), origin: Origin::Raw }
}

/// The unit of all series but the first, which have to agree.
fn common_unit(context: &Context) -> Result<String, PlotError> {
    let mut unit = "";
    for s in 1..context.series.len() {
        match context.unit(s) {
            "" => {}
            own if unit.is_empty() || unit == own => unit = own,
            own => {
                return Err(PlotError::UnitsDiffer {
                    plot: context.plot.name.clone(),
                    first: unit.to_owned(),
                    second: own.to_owned(),
                    series: context.series[s].data.clone(),
                });
            }
        }
    }
    Ok(unit.to_owned())
}

fn y_limits(extent: Extent, least: f64, rule: ValueRule, bounds: Option<&Bounds>) -> (f64, f64) {
    let (lo, hi) = extent.with_margin();
    let limits = match (rule.log, rule.zero) {
        (Some(_), _) if least.is_finite() => (if lo > 0.0 { lo } else { least }, hi.max(least * 10.0)),
        (Some(_), _) => (1.0, 10.0),
        (None, true) => (lo.min(0.0), hi.max(0.0)),
        (None, false) => (lo, hi),
    };
    let limits = if rule.zero && rule.log.is_none() && extent.min >= 0.0 { (0.0, limits.1) } else { limits };
    bounded(limits, bounds)
}
