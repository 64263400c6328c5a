//! Histograms: the share of each sample's values in bins that all samples of the figure share.

use fa_analyze::density::{edges, equal_edges, histogram};
use fa_analyze::stats::Sample;

use super::limits::{ValueRule, bounded};
use super::panel::x_axis;
use super::spread::{self, Ruler, Spread};
use super::style::{self, Hues};
use super::{Context, Notes, PlotError, labels};
use crate::scene::{Area, Axes, Axis, Line, Mark, Panel, Quantity, Scale, Side};

/// More outlines than this in one panel cannot be told apart.
const READABLE: usize = 10;

pub(crate) fn panel(context: &Context, notes: &mut Notes) -> Result<Panel, PlotError> {
    let units = context.units()?;
    let unit = units.first().map_or("", String::as_str);
    let rule = ValueRule::new(None, context.options);
    let ruler = Ruler::new(rule.log);
    let spreads = spread::spreads(context, ruler, notes);
    let (lo, hi) = spread::range(context, &spreads, ruler, notes);
    let edges = bins(context, &spreads, (lo, hi));
    if spreads.len() > READABLE {
        notes.add(format!(
            "plot {}: {} outlines in one panel; `fa plot ridge` draws them below each other",
            context.plot.name,
            spreads.len()
        ));
    }

    let by_subject = context.series.len() == 1;
    let hues = Hues::new(context, 0, notes);
    let mut marks = Vec::new();
    let mut highest = 0.0_f64;
    for spread in &spreads {
        let series = &context.series[spread.series];
        let colour = if by_subject && context.several() && context.options.colour_by.is_none() {
            crate::scene::Colour::Cycle(spread.subject)
        } else {
            hues.of(spread.subject, spread.series)
        };
        let (x, y) = steps(&spread.sample, spread.n, &edges, ruler);
        highest = y.iter().copied().fold(highest, f64::max);
        let subject = &context.subjects[spread.subject].label;
        let label = labels::only_what_differs(series.label.as_deref(), subject, !by_subject, context.several());
        let id = context.mark_id(spread.series, spread.subject);
        if spreads.len() == 1 {
            let (x, y_lo): (std::sync::Arc<[f64]>, _) = (x.as_slice().into(), vec![0.0; x.len()].into());
            let (y_hi, style) = (y.as_slice().into(), style::filled(colour));
            marks.push(Mark::Area(Area { id: id.clone(), label: None, x, y_lo, y_hi, style, opacity: 0.35 }));
        }
        let style = style::line(colour, series, hues.pattern(spread.subject, spread.series), false);
        marks.push(Mark::Line(Line { id, label, x: x.into(), y: y.into(), style }));
    }

    let ends = (edges.first().map_or(lo, |e| ruler.value(*e)), edges.last().map_or(hi, |e| ruler.value(*e)));
    let from_zero = context.options.zero_y && rule.log.is_none() && ends.0 > 0.0;
    let x_limits = bounded(if from_zero { (0.0, ends.1) } else { ends }, context.options.bounds_x.first());
    let top = if highest > 0.0 { highest * 1.05 } else { 1.0 };
    let x = x_axis(context.x_label(0, &context.value_label(0, unit)), x_limits, rule.scale(), Quantity::Plain);
    let y = Axis {
        label: context.y_label(0, "Samples (%)".to_owned()),
        limits: bounded((0.0, top), context.options.bounds_y.first()),
        scale: Scale::Linear,
        ticks: None,
        quantity: Quantity::Plain,
    };
    let axes = vec![Axes { x, y, side: Side::Left, marks, texts: Vec::new() }];
    Ok(context.finish(axes, Vec::new()))
}

/// The user's number of bins, else bins of a round width (on a logarithmic axis: a round part of a decade or octave).
fn bins(context: &Context, spreads: &[Spread], (lo, hi): (f64, f64)) -> Vec<f64> {
    if let Some(count) = context.options.bins {
        return equal_edges(count as usize, lo, hi);
    }
    let samples: Vec<Sample> = spreads.iter().map(|s| s.sample.clone()).collect();
    edges(&samples, lo, hi)
}

/// The outline of a histogram in percent of all `n` values: up at the first edge, down at the last.
fn steps(sample: &Sample, n: usize, edges: &[f64], ruler: Ruler) -> (Vec<f64>, Vec<f64>) {
    let counts = histogram(sample, edges);
    let edges: Vec<f64> = edges.iter().map(|e| ruler.value(*e)).collect();
    let (mut x, mut y) = (Vec::with_capacity(edges.len() * 2), Vec::with_capacity(edges.len() * 2));
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return (x, y) };
    x.push(*first);
    y.push(0.0);
    for (pair, count) in edges.windows(2).zip(counts) {
        let share = 100.0 * count as f64 / n as f64;
        x.extend(pair);
        y.extend([share, share]);
    }
    x.push(*last);
    y.push(0.0);
    (x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outline_goes_up_and_down_in_percent() {
        let sample = Sample::new([0.5, 1.5, 1.6, 9.0]);
        let (x, y) = steps(&sample, 4, &[0.0, 1.0, 2.0], Ruler::new(None));
        assert_eq!(x, [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
        assert_eq!(y, [0.0, 25.0, 25.0, 50.0, 50.0, 0.0]);
    }
}
