//! Which colour, line and marker a mark gets.
//!
//! Colour says which series (or which file, when there is only one series); line pattern and then markers say which file.
//! With `--colour-by file` it is the other way round.

use fa_catalog::{PlotSeries, SeriesStyle};

use super::{Context, Notes};
use crate::colour::Rgb;
use crate::options::ColourBy;
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

/// The colours of all series of all files, and what decides their patterns.
#[derive(Debug)]
pub(crate) struct Hues {
    /// File by file.
    colours: Vec<Colour>,
    series: usize,
    /// Colours stand for files, patterns for series.
    by_file: bool,
}

impl Hues {
    /// - `first`: index of the first series that is drawn (those before it have no colour of their own)
    pub(crate) fn new(context: &Context, first: usize, notes: &mut Notes) -> Self {
        let (files, series) = (context.subjects.len(), context.series.len());
        let drawn = series.saturating_sub(first);
        let mut all = Vec::with_capacity(files * series);
        if context.options.colour_by == Some(ColourBy::File) {
            all.extend(context.subjects.iter().flat_map(|file| vec![Colour::Cycle(file.number); series]));
            return Self { colours: all, series, by_file: drawn > 1 };
        }
        // A colour per series, the same for all files; a colour per file when there is one series.
        let on = drawn == 1 && context.options.colour_by.is_none();
        let mut colours = Colours::default();
        for _ in 0..files {
            if !on {
                colours = Colours::default();
            }
            all.extend(vec![Colour::Ink; first]);
            all.extend(context.series[first.min(series)..].iter().map(|series| colours.of(&series.style, notes)));
        }
        Self { colours: all, series, by_file: false }
    }

    /// Colour of a series of a file.
    pub(crate) fn of(&self, file: usize, series: usize) -> Colour {
        self.colours.get(file * self.series + series).copied().unwrap_or(Colour::Ink)
    }

    /// Which of the patterns it has.
    pub(crate) fn pattern(&self, file: usize, series: usize) -> usize {
        if self.by_file { series } else { file }
    }
}

/// The look of a line with the `turn`-th pattern.
pub(crate) fn line(colour: Colour, series: &PlotSeries, turn: usize, markers: bool) -> Style {
    let asked = &series.style;
    let step = if markers { DASHES.len() + MARKERS.len() } else { DASHES.len() };
    let turn = turn % step;
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
