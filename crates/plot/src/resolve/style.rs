//! Which colour, line and marker a mark gets.
//!
//! Colour says which series (or which file, when there is only one series); line pattern and then markers say which file.

use fa_catalog::{PlotSeries, SeriesStyle};

use super::Notes;
use crate::colour::Rgb;
use crate::scene::{Colour, Dash, Marker, Style};

/// Line patterns of the first files.
const DASHES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];

/// Markers of the files after those.
const MARKERS: [Marker; 10] = [
    Marker::Circle,
    Marker::TriangleUp,
    Marker::Square,
    Marker::TriangleDown,
    Marker::Diamond,
    Marker::Star,
    Marker::TriangleLeft,
    Marker::TriangleRight,
    Marker::Cross,
    Marker::Plus,
];

/// A marker stands on every so many points.
const MARK_EVERY: usize = 10;

/// Gives out colours in turn; a series that brings its own does not use one up.
#[derive(Debug, Default)]
pub(crate) struct Colours {
    used: usize,
}

impl Colours {
    pub(crate) fn next(&mut self) -> Colour {
        self.used += 1;
        Colour::Cycle(self.used - 1)
    }

    pub(crate) fn of(&mut self, style: &SeriesStyle, notes: &mut Notes) -> Colour {
        let Some(text) = &style.color else { return self.next() };
        match text.parse() {
            Ok(Rgb(0, 0, 0)) => Colour::Ink,
            Ok(rgb) => Colour::Rgb(rgb),
            Err(error) => {
                notes.add(error.to_string());
                self.next()
            }
        }
    }
}

/// The look of a line of the `file`-th file.
pub(crate) fn line(colour: Colour, series: &PlotSeries, file: usize, markers: bool) -> Style {
    let asked = &series.style;
    let step = if markers { DASHES.len() + MARKERS.len() } else { DASHES.len() };
    let turn = file % step;
    let (dash, marker) = match turn.checked_sub(DASHES.len()) {
        None => (DASHES[turn], None),
        Some(n) => (Dash::Solid, Some((MARKERS[n], MARK_EVERY))),
    };
    Style {
        colour,
        width: asked.linewidth.unwrap_or(1.0) as f32,
        dash: match asked.linestyle.as_deref() {
            None => Some(dash),
            Some(text) => named_dash(text),
        },
        marker: match asked.marker.as_deref() {
            None => marker,
            Some(text) => named_marker(text).map(|m| (m, asked.markevery.unwrap_or(1))),
        },
    }
}

/// A plain look: boxes, bars, areas.
pub(crate) fn filled(colour: Colour) -> Style {
    Style { colour, width: 1.0, dash: Some(Dash::Solid), marker: None }
}

/// Only markers, one per point.
pub(crate) fn dots(colour: Colour, marker: Marker) -> Style {
    Style { colour, width: 1.0, dash: None, marker: Some((marker, 1)) }
}

/// matplotlib's notation; `None`, an empty text and a blank draw no line.
fn named_dash(text: &str) -> Option<Dash> {
    match text {
        "--" | "dashed" => Some(Dash::Dashed),
        ":" | "dotted" => Some(Dash::Dotted),
        "-." | "dashdot" => Some(Dash::DashDot),
        "None" | "none" | "" | " " => None,
        _ => Some(Dash::Solid),
    }
}

fn named_marker(text: &str) -> Option<Marker> {
    Some(match text {
        "o" | "." | "," => Marker::Circle,
        "^" => Marker::TriangleUp,
        "s" => Marker::Square,
        "v" => Marker::TriangleDown,
        "D" | "d" => Marker::Diamond,
        "*" => Marker::Star,
        "<" => Marker::TriangleLeft,
        ">" => Marker::TriangleRight,
        "x" => Marker::Cross,
        "+" => Marker::Plus,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(style: SeriesStyle) -> PlotSeries {
        PlotSeries {
            data: "a".into(),
            label: None,
            axis: 1,
            smoothing: None,
            raw_key: None,
            combine_mode: None,
            norm_by: None,
            source: None,
            cutoff: None,
            style,
        }
    }

    #[test]
    fn files_differ_by_dash_and_then_by_marker() {
        let s = series(SeriesStyle::default());
        let look = |file, markers| {
            let style = line(Colour::Cycle(0), &s, file, markers);
            (style.dash, style.marker)
        };
        assert_eq!(look(0, true), (Some(Dash::Solid), None));
        assert_eq!(look(3, true), (Some(Dash::DashDot), None));
        assert_eq!(look(4, true), (Some(Dash::Solid), Some((Marker::Circle, 10))));
        assert_eq!(look(4, false), (Some(Dash::Solid), None));
        assert_eq!(look(14, true), (Some(Dash::Solid), None));
    }

    #[test]
    fn an_own_colour_uses_up_none() {
        let (mut colours, mut notes) = (Colours::default(), Notes::default());
        let own = |text: &str| SeriesStyle { color: Some(text.into()), ..SeriesStyle::default() };
        assert_eq!(colours.of(&SeriesStyle::default(), &mut notes), Colour::Cycle(0));
        assert_eq!(colours.of(&own("black"), &mut notes), Colour::Ink);
        assert_eq!(colours.of(&own("red"), &mut notes), Colour::Rgb(Rgb(255, 0, 0)));
        assert!(notes.all().is_empty());
        assert_eq!(colours.of(&own("reddish"), &mut notes), Colour::Cycle(1));
        assert_eq!(notes.all().len(), 1);
    }
}
