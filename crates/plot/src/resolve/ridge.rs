//! Ridges: the density of each run below that of the run before it, each as high as the others; what many runs have in
//! common and which of them is different shows at a glance.

use fa_analyze::density::{bandwidth, density, equal_edges};

use super::limits::{ValueRule, bounded};
use super::panel::x_axis;
use super::spread::{self, Ruler, Spread};
use super::style::{self, Colours};
use super::{Context, Notes, PlotError};
use crate::options::ColourBy;
use crate::scene::{Area, Axes, Axis, Colour, Dash, Line, Mark, Panel, Quantity, Scale, Side, Style};

/// Places at which a density is computed.
const PLACES: usize = 400;

pub(crate) fn panel(context: &Context, notes: &mut Notes) -> Result<Panel, PlotError> {
    let units = context.units()?;
    let unit = units.first().map_or("", String::as_str);
    let rule = ValueRule::new(None, context.options);
    let ruler = Ruler::new(rule.log);
    let spreads = spread::spreads(context, ruler, notes);
    let range = spread::range(context, &spreads, ruler, notes);
    // Nothing to smooth by: a peak as narrow as the figure shows.
    let narrow = (range.1 - range.0) / 200.0;
    let shown = widened(range, &spreads, narrow, ruler);
    let places = equal_edges(PLACES, shown.0, shown.1);

    let mut colours = Colours::default();
    let series_colours: Vec<Colour> = context.series.iter().map(|s| colours.of(&s.style, notes)).collect();
    let colour = |spread: &spread::Spread| match context.options.colour_by {
        Some(ColourBy::File) => Colour::Cycle(context.subjects[spread.subject].number),
        _ => series_colours[spread.series],
    };
    // Few rows keep apart; many may reach into the row above.
    let height = if spreads.len() > 5 { (spreads.len() as f64 / 25.0).max(1.6) } else { 0.9 };
    let thin = if spreads.len() > 30 { 0.6 } else { 1.0 };
    let (mut marks, mut ticks) = (Vec::new(), Vec::new());
    for (row, spread) in spreads.iter().enumerate() {
        let base = (spreads.len() - 1 - row) as f64;
        let width = bandwidth(&spread.sample).unwrap_or(narrow);
        let heights = density(&spread.sample, width, &places);
        let peak = heights.iter().copied().fold(0.0, f64::max);
        let factor = if peak > 0.0 { height / peak } else { 0.0 };
        let label = row_label(context, spread);
        ticks.push((base, label.clone()));
        let style = Style { width: thin, ..style::filled(colour(spread)) };
        let x: std::sync::Arc<[f64]> = places.iter().map(|p| ruler.value(*p)).collect();
        let y: std::sync::Arc<[f64]> = heights.iter().map(|d| base + d * factor).collect();
        let id = context.mark_id(spread.series, spread.subject);
        marks.push(Mark::Area(Area {
            id: id.clone(),
            label: None,
            x: x.clone(),
            y_lo: vec![base; x.len()].into(),
            y_hi: y.clone(),
            style: style.clone(),
            opacity: if spreads.len() > 30 { 0.15 } else { 0.45 },
        }));
        marks.push(Mark::Line(Line { id: id.clone(), label: None, x: x.into(), y: y.into(), style: style.clone() }));
        if let Some(median) = spread.sample.median().filter(|m| *m >= shown.0 && *m <= shown.1) {
            let top = base + density(&spread.sample, width, &[median])[0] * factor;
            let at = ruler.value(median);
            marks.push(Mark::Line(Line {
                id,
                label: None,
                x: [at, at].as_slice().into(),
                y: [base, top].as_slice().into(),
                style: Style { colour: Colour::Ink, width: thin, dash: Some(Dash::Solid), marker: None },
            }));
        }
    }

    let ends = (ruler.value(shown.0), ruler.value(shown.1));
    let from_zero = context.options.zero_y && rule.log.is_none() && ends.0 > 0.0;
    let x_limits = bounded(if from_zero { (0.0, ends.1) } else { ends }, context.options.bounds_x.first());
    let rows = spreads.len().max(1) as f64;
    let y = Axis {
        label: context.y_label(0, "Density, each row to its peak".to_owned()),
        limits: bounded((-0.1, rows - 1.0 + height + 0.1), context.options.bounds_y.first()),
        scale: Scale::Linear,
        ticks: Some(ticks),
        quantity: Quantity::Category,
    };
    let x = x_axis(context.x_label(0, &context.value_label(0, unit)), x_limits, rule.scale(), Quantity::Plain);
    let axes = vec![Axes { x, y, side: Side::Left, marks, texts: Vec::new() }];
    Ok(context.finish(axes, Vec::new()))
}

fn row_label(context: &Context, spread: &Spread) -> String {
    let subject = &context.subjects[spread.subject].label;
    let series = context.series[spread.series].label.clone().unwrap_or_default();
    let label = match (context.series.len() > 1, context.several()) {
        (true, true) => format!("{series} - {subject}"),
        (true, false) => series,
        (false, _) => subject.clone(),
    };
    context.filter.apply(std::slice::from_ref(&label)).pop().unwrap_or(label)
}

/// Room for the feet of the outer densities; not below 0 where no value is.
fn widened((lo, hi): (f64, f64), spreads: &[Spread], narrow: f64, ruler: Ruler) -> (f64, f64) {
    let foot = |at_low: bool| {
        let near = spreads.iter().filter(|s| {
            let end = if at_low { s.sample.min() } else { s.sample.max() };
            end.is_some_and(|v| if at_low { v <= lo } else { v >= hi })
        });
        near.map(|s| bandwidth(&s.sample).unwrap_or(narrow)).fold(0.0, f64::max) * 3.0
    };
    let span = hi - lo;
    let (below, above) = (foot(true).min(span * 0.1), foot(false).min(span * 0.1));
    let left = if ruler == Ruler::new(None) && lo >= 0.0 { (lo - below).max(0.0) } else { lo - below };
    (left, hi + above)
}
