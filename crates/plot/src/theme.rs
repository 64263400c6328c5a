//! Themes: colours by meaning, font sizes, line weights.
//!
//! The cycle is Okabe and Ito's palette, safe for the common forms of colour blindness, reordered so that the first
//! colours are the ones that stand out most from the paper. Where several directions share a panel, direction decides
//! the hue: downloads are blue, uploads orange, latency neutral.

use std::collections::BTreeMap;

use crate::colour::Rgb;
use crate::options::{FigureOptions, ThemeName};
use crate::page::Ink;
use crate::scene::{Colour, Dash, Flavour, Mark, Marker, Panel, Style};
use crate::text::Metrics;

/// Font sizes in points, before scaling to the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FontSizes {
    /// First title line.
    pub title: f32,
    /// Further title lines.
    pub subtitle: f32,
    /// Axis names and group names.
    pub label: f32,
    /// Numbers at ticks.
    pub tick: f32,
    /// Legend.
    pub legend: f32,
    /// Annotation, caption, note.
    pub small: f32,
}

/// Colours, sizes and weights of a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// `light`, `dark`, `paper` or `terminal`.
    pub name: &'static str,
    /// Paper.
    pub background: Ink,
    /// Data area.
    pub face: Ink,
    /// Grid lines.
    pub grid: Ink,
    /// Axis lines and ticks.
    pub frame: Ink,
    /// Text and [`Colour::Ink`].
    pub ink: Ink,
    /// Text of less weight.
    pub muted: Ink,
    /// Colours of series, in order.
    pub cycle: Vec<Ink>,
    /// Shades of downloads, where directions share a panel; empty: use the cycle.
    pub down: Vec<Ink>,
    /// Shades of uploads.
    pub up: Vec<Ink>,
    /// Shades of latency.
    pub latency: Vec<Ink>,
    /// Shades of other data beside these.
    pub other: Vec<Ink>,
    /// Font sizes.
    pub fonts: FontSizes,
    /// Factor on line widths.
    pub weight: f32,
    /// What text is measured with.
    pub metrics: Metrics,
    /// Fonts and lines grow and shrink with the page; a printed page is looked at as it is.
    pub scales: bool,
    /// Series differ by dash or marker, too, not by colour alone: for paper that loses colours.
    pub grey_safe: bool,
}

const FONTS: FontSizes = FontSizes { title: 11.0, subtitle: 9.0, label: 9.0, tick: 8.0, legend: 8.0, small: 7.0 };

/// Height of a terminal cell in points: the terminal theme's unit.
pub const CELL_PT: f32 = 10.0;

impl Theme {
    /// Dark on white, for screens and documents.
    pub fn light() -> Self {
        Self {
            name: "light",
            background: Ink::rgb(0xFF_FFFF),
            face: Ink::rgb(0xFF_FFFF),
            grid: Ink::rgb(0xE2_E4E8),
            frame: Ink::rgb(0x4A_4F57),
            ink: Ink::rgb(0x1C_1F24),
            muted: Ink::rgb(0x5A_6069),
            // Okabe–Ito's hues, darker where they have less than 3 : 1 on white, and then moved until every two of them
            // stay apart for every eye; its yellow gives place to Paul Tol's wine.
            cycle: inks(&[0x13_52A4, 0xB2_4304, 0x20_844D, 0xCF_6592, 0xB8_8E06, 0x39_99EC, 0x88_2255, 0x00_0000]),
            down: inks(&[0x00_72B2, 0x39_99EC, 0x00_3F63]),
            up: inks(&[0xD5_5E00, 0xB8_8E06, 0x7A_3500]),
            latency: inks(&[0x2B_2F36, 0x8C_929B]),
            other: inks(&[0x00_9E73, 0xCC_79A7]),
            fonts: FONTS,
            weight: 1.0,
            metrics: Metrics::Embedded,
            scales: true,
            grey_safe: false,
        }
    }

    /// Light on dark, for screens.
    pub fn dark() -> Self {
        Self {
            name: "dark",
            background: Ink::rgb(0x1B_1E23),
            face: Ink::rgb(0x1B_1E23),
            grid: Ink::rgb(0x34_3941),
            frame: Ink::rgb(0x9A_A1AC),
            ink: Ink::rgb(0xE8_EAED),
            muted: Ink::rgb(0xA9_AFB8),
            // The blue is lightened and black becomes white.
            cycle: inks(&[0x56_B4E9, 0xE6_9F00, 0x00_A868, 0xCC_79A7, 0xF0_E442, 0xE0_6A10, 0x2F_82D0, 0xFF_FFFF]),
            down: inks(&[0x56_B4E9, 0x2F_82D0, 0xA8_DBFA]),
            up: inks(&[0xE6_9F00, 0xE0_6A10, 0xFF_CF70]),
            latency: inks(&[0xE8_EAED, 0x8E_959F]),
            other: inks(&[0x00_B080, 0xCC_79A7]),
            fonts: FONTS,
            weight: 1.1,
            metrics: Metrics::Embedded,
            scales: true,
            grey_safe: false,
        }
    }

    /// For print: black on white, thin lines, fonts for a column of a paper.
    pub fn paper() -> Self {
        Self {
            name: "paper",
            ink: Ink::rgb(0x00_0000),
            muted: Ink::rgb(0x30_3030),
            frame: Ink::rgb(0x00_0000),
            grid: Ink::rgb(0xDC_DCDC),
            // The same colours, neighbours far apart in lightness.
            cycle: inks(&[0x00_0000, 0x13_52A4, 0xB8_8E06, 0x88_2255, 0x39_99EC, 0xB2_4304, 0x20_844D, 0xCF_6592]),
            fonts: FontSizes { title: 9.0, subtitle: 8.0, label: 8.0, tick: 7.0, legend: 7.0, small: 6.0 },
            weight: 0.8,
            scales: false,
            grey_safe: true,
            ..Self::light()
        }
    }

    /// Character cells: every text is one cell high.
    pub fn terminal() -> Self {
        let c = CELL_PT;
        Self {
            name: "terminal",
            // Colours of the 256 that show on black and on white.
            cycle: inks(&[0x00_87FF, 0xFF_8700, 0x00_AF5F, 0xD7_87AF, 0xD7_AF00, 0x00_AFD7, 0xAF_5FFF, 0x8A_8A8A]),
            down: inks(&[0x00_87FF, 0x00_AFD7, 0x5F_87AF]),
            up: inks(&[0xFF_8700, 0xD7_AF00, 0xD7_5F00]),
            latency: inks(&[0x8A_8A8A, 0xBC_BCBC]),
            other: inks(&[0x00_AF5F, 0xD7_87AF]),
            fonts: FontSizes { title: c, subtitle: c, label: c, tick: c, legend: c, small: c },
            metrics: Metrics::Cells,
            scales: false,
            ..Self::light()
        }
    }

    /// Character cells of a terminal known to be dark.
    pub fn terminal_dark() -> Self {
        let dark = Self::dark();
        Self {
            name: "terminal",
            // Ink is white there.
            ink: dark.ink,
            cycle: dark.cycle,
            down: dark.down,
            up: dark.up,
            latency: dark.latency,
            other: dark.other,
            ..Self::terminal()
        }
    }

    /// By name; `None` for an unknown one.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "light" => Some(Self::light()),
            "dark" => Some(Self::dark()),
            "paper" => Some(Self::paper()),
            _ => None,
        }
    }

    /// The theme of an option, with the user's colours.
    pub fn of(options: &FigureOptions) -> Self {
        let theme = match options.theme {
            ThemeName::Light => Self::light(),
            ThemeName::Dark => Self::dark(),
            ThemeName::Paper => Self::paper(),
        };
        theme.with_colours(&options.colours)
    }

    /// The same theme with other colours for series (`--colours`); directions then follow the list too.
    #[must_use]
    pub fn with_colours(mut self, colours: &[Rgb]) -> Self {
        if !colours.is_empty() {
            self.cycle = colours.iter().map(|c| Ink::from(*c)).collect();
            self.down.clear();
            self.up.clear();
            self.latency.clear();
            self.other.clear();
        }
        self
    }

    fn family(&self, flavour: Flavour) -> &[Ink] {
        match flavour {
            Flavour::Download => &self.down,
            Flavour::Upload => &self.up,
            Flavour::Latency => &self.latency,
            Flavour::Other => &self.other,
        }
    }
}

fn inks(hex: &[u32]) -> Vec<Ink> {
    hex.iter().copied().map(Ink::rgb).collect()
}

/// Line patterns in the order in which they are given out.
const DASHES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];

/// Markers of the files that have a dash elsewhere.
const FILE_MARKERS: [Marker; 3] = [Marker::Plus, Marker::Cross, Marker::TriangleRight];

/// Which ink each colour of one panel becomes.
#[derive(Debug)]
pub(crate) struct Palette<'a> {
    theme: &'a Theme,
    /// Direction decides the hue: rank of each cycle number within its direction.
    by_direction: Option<BTreeMap<(u8, usize), usize>>,
    /// Dashes are free to tell apart series beyond the cycle.
    dashes_free: bool,
    /// No file is told apart by its marker.
    markers_free: bool,
    /// Colours may be lost and files need markers: dashes then tell series apart and markers all files but the first.
    files_by_marker: bool,
}

impl<'a> Palette<'a> {
    pub(crate) fn new(theme: &'a Theme, panel: &Panel) -> Self {
        let mut seen: BTreeMap<usize, Flavour> = BTreeMap::new();
        let mut clean = true;
        let mut dashes_free = true;
        let mut markers_free = true;
        let (mut marked, mut unmarked) = (false, false);
        for (style, flavour) in panel.axes.iter().flat_map(|a| &a.marks).flat_map(styles) {
            markers_free &= style.marker.is_none();
            marked |= style.dash.is_some() && style.marker.is_some();
            unmarked |= style.dash.is_some() && style.marker.is_none();
            dashes_free &= matches!(style.dash, Some(Dash::Solid)) && style.marker.is_none();
            if let Colour::Cycle(n) = style.colour {
                clean &= *seen.entry(n).or_insert(flavour) == flavour;
            }
        }
        // A number that stands for two directions is a file's, not a series'.
        let by_direction = clean.then(|| ranks(theme, &seen)).flatten();
        let files_by_marker = theme.grey_safe && marked && unmarked && seen.len() > 1;
        Self { theme, by_direction, dashes_free, markers_free, files_by_marker }
    }

    /// Whether markers stand for files and dashes for series, whatever the styles say.
    pub(crate) fn files_by_marker(&self) -> bool {
        self.files_by_marker
    }

    /// Ink of a style.
    pub(crate) fn ink(&self, style: &Style, flavour: Flavour) -> Ink {
        match style.colour {
            Colour::Rgb(rgb) => rgb.into(),
            Colour::Ink => self.theme.ink,
            Colour::Cycle(n) => {
                if let Some(rank) = self.by_direction.as_ref().and_then(|m| m.get(&(order(flavour), n))) {
                    return self.theme.family(flavour)[*rank];
                }
                let cycle = &self.theme.cycle;
                let Some(&ink) = cycle.get(n % cycle.len().max(1)) else { return self.theme.ink };
                // A second round of the cycle is told apart by its dash, or else by being darker.
                if self.dashes_free { ink } else { ink.mix(self.theme.ink, 0.3 * ((n / cycle.len()) % 3) as f32) }
            }
        }
    }

    /// Dash of a style: the given one, or one for each further round of the cycle (each colour where colours may be lost).
    pub(crate) fn dash(&self, style: &Style) -> Option<Dash> {
        let dashes = DASHES;
        match (style.dash, style.colour) {
            (Some(_), Colour::Cycle(n)) if self.files_by_marker => Some(dashes[n % dashes.len()]),
            (Some(_), _) if self.files_by_marker => Some(Dash::Solid),
            (Some(Dash::Solid), Colour::Cycle(n)) if self.dashes_free => {
                let turn = if self.theme.grey_safe { n } else { n / self.theme.cycle.len().max(1) };
                Some(dashes[turn % dashes.len()])
            }
            (dash, _) => dash,
        }
    }

    /// Marker of a style: the given one; where colours may be lost, one per colour once dashes are used up.
    pub(crate) fn marker(&self, style: &Style) -> Option<(Marker, usize)> {
        const MARKERS: [Marker; 7] = [
            Marker::Circle,
            Marker::Square,
            Marker::TriangleUp,
            Marker::Diamond,
            Marker::TriangleDown,
            Marker::Cross,
            Marker::Plus,
        ];
        if self.files_by_marker {
            let dash = style.dash.and_then(|d| DASHES.iter().position(|other| *other == d)).unwrap_or(0);
            return match style.marker {
                Some((marker, every)) => Some((marker, every)),
                None => dash.checked_sub(1).map(|n| (FILE_MARKERS[n % FILE_MARKERS.len()], 10)),
            };
        }
        let turn = match style.colour {
            // Of dashes that are free, the first four colours have one each; of dashes that tell files apart, none.
            Colour::Cycle(n) if self.theme.grey_safe && self.markers_free => {
                if self.dashes_free {
                    n / 4
                } else {
                    n
                }
            }
            _ => 0,
        };
        match (style.marker, turn) {
            (None, 1..) => Some((MARKERS[(turn - 1) % MARKERS.len()], 10)),
            (given, _) => given,
        }
    }
}

fn order(flavour: Flavour) -> u8 {
    flavour as u8
}

/// Rank of each number within its direction, when at least two directions share the panel and the shades suffice.
fn ranks(theme: &Theme, seen: &BTreeMap<usize, Flavour>) -> Option<BTreeMap<(u8, usize), usize>> {
    let mut counts = [0_usize; 4];
    let mut out = BTreeMap::new();
    for (&n, &flavour) in seen {
        let count = &mut counts[usize::from(order(flavour))];
        if *count >= theme.family(flavour).len() {
            return None;
        }
        out.insert((order(flavour), n), *count);
        *count += 1;
    }
    (counts[..3].iter().filter(|c| **c > 0).count() >= 2).then_some(out)
}

/// Every style of a mark with its direction.
fn styles(mark: &Mark) -> Vec<(&Style, Flavour)> {
    match mark {
        Mark::Line(m) => vec![(&m.style, m.id.flavour)],
        Mark::Boxes(m) => m.boxes.iter().map(|b| (&b.style, m.id.flavour)).collect(),
        Mark::Bars(m) => m.bars.iter().map(|b| (&b.style, m.id.flavour)).collect(),
        Mark::Area(m) => vec![(&m.style, m.id.flavour)],
        Mark::Ellipse(m) => vec![(&m.style, m.id.flavour)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contrast(a: Ink, b: Ink) -> f64 {
        let rgb = |ink: Ink| Rgb(ink.0, ink.1, ink.2);
        crate::colour::contrast(rgb(a), rgb(b))
    }

    #[test]
    fn on_paper_no_two_series_differ_by_colour_alone() {
        use crate::scene::{Axes, Axis, Line, MarkId, Quantity, Scale, Side};
        let axis = || Axis {
            label: String::new(),
            limits: (0.0, 1.0),
            scale: Scale::Linear,
            ticks: None,
            quantity: Quantity::Plain,
        };
        // Two files of 12 series each: the second file is dashed.
        let marks: Vec<Mark> = (0..24)
            .map(|i| {
                let dash = if i < 12 { Dash::Solid } else { Dash::Dashed };
                let style = Style { colour: Colour::Cycle(i % 12), width: 1.0, dash: Some(dash), marker: None };
                let id = MarkId { file: i / 12, index: i % 12, ..MarkId::default() };
                Mark::Line(Line { id, label: None, x: [].into(), y: [].into(), style })
            })
            .collect();
        let distinct = |marks: &[Mark], how_many: usize| {
            let axes = Axes { x: axis(), y: axis(), side: Side::Left, marks: marks.to_vec(), texts: Vec::new() };
            let panel = Panel { title: None, axes: vec![axes], legend: None, dividers: Vec::new(), show_x_ticks: true };
            let theme = Theme::paper();
            let palette = Palette::new(&theme, &panel);
            let mut looks: Vec<String> = marks
                .iter()
                .flat_map(styles)
                .map(|(style, _)| format!("{:?} {:?}", palette.dash(style), palette.marker(style)))
                .collect();
            looks.sort_unstable();
            looks.dedup();
            assert_eq!(looks.len(), how_many, "{looks:?}");
        };
        distinct(&marks[..8], 8);
        distinct(&marks[..12], 12);
        distinct(&[&marks[..8], &marks[12..20]].concat(), 16);
        // Nine files of four series: files from the fifth on have markers already.
        let many: Vec<Mark> = (0..36)
            .map(|i| {
                let (file, series) = (i / 4, i % 4);
                let dash = if file < 4 { DASHES[file] } else { Dash::Solid };
                let markers =
                    [Marker::Circle, Marker::TriangleUp, Marker::Square, Marker::TriangleDown, Marker::Diamond];
                let marker = file.checked_sub(4).map(|n| (markers[n], 10));
                let style = Style { colour: Colour::Cycle(series), width: 1.0, dash: Some(dash), marker };
                let id = MarkId { file, index: series, ..MarkId::default() };
                Mark::Line(Line { id, label: None, x: [].into(), y: [].into(), style })
            })
            .collect();
        distinct(&many, 36);
    }

    #[test]
    fn text_can_be_read_on_every_theme() {
        for theme in [Theme::light(), Theme::dark(), Theme::paper()] {
            assert!(contrast(theme.ink, theme.background) >= 7.0, "{}", theme.name);
            assert!(contrast(theme.muted, theme.background) >= 4.5, "{}", theme.name);
            for ink in [&theme.cycle, &theme.down, &theme.up, &theme.latency, &theme.other].into_iter().flatten() {
                let ratio = contrast(*ink, theme.background);
                assert!(ratio >= 3.0, "{} {ink:?}: {ratio:.2}", theme.name);
            }
        }
    }

    #[test]
    fn colours_stay_apart_for_the_colour_blind() {
        for (theme, least) in [(Theme::light(), 20.0), (Theme::paper(), 20.0), (Theme::dark(), 14.0)] {
            for (i, a) in theme.cycle.iter().enumerate() {
                for b in &theme.cycle[i + 1..] {
                    let rgb = |ink: &Ink| Rgb(ink.0, ink.1, ink.2);
                    let delta = crate::colour::apart(rgb(a), rgb(b));
                    assert!(delta >= least, "{}: {a:?} and {b:?} differ by {delta:.1}", theme.name);
                }
            }
        }
    }
}
