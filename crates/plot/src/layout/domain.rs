//! What part of the data each pair of axes shows, fit for projection.

use serde::{Deserialize, Serialize};

use crate::scene::{Axes, Mark, Scale};

/// What a viewer has zoomed into; axes without an entry show the scene's limits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct View {
    /// One per zoomed pair of axes.
    pub zooms: Vec<Zoom>,
}

/// Limits of one pair of axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Zoom {
    /// Panel in the scene.
    pub panel: usize,
    /// Axes in the panel.
    pub axes: usize,
    /// Left and right end.
    pub x: Option<(f64, f64)>,
    /// Lower and upper end.
    pub y: Option<(f64, f64)>,
}

impl std::fmt::Display for Zoom {
    /// `PANEL:X0,X1,Y0,Y1` or `PANEL.AXES:…`, counted from 1.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.panel + 1)?;
        if self.axes > 0 {
            write!(f, ".{}", self.axes + 1)?;
        }
        let ends = |ends: Option<(f64, f64)>| ends.map_or_else(|| ",".to_owned(), |(a, b)| format!("{a},{b}"));
        write!(f, ":{},{}", ends(self.x), ends(self.y))
    }
}

impl std::str::FromStr for Zoom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const SHAPE: &str = "takes PANEL:X0,X1,Y0,Y1, for example 1:10,20,, or 2.2:,,0,50";
        let count = |text: &str| text.parse::<usize>().ok().filter(|n| *n > 0).map(|n| n - 1);
        let (place, limits) = text.split_once(':').ok_or(SHAPE)?;
        let (panel, axes) = place.split_once('.').unwrap_or((place, "1"));
        let (panel, axes) = (count(panel).ok_or(SHAPE)?, count(axes).ok_or(SHAPE)?);
        let parts: Vec<&str> = limits.split(',').map(str::trim).collect();
        let [x0, x1, y0, y1] = parts[..] else { return Err(SHAPE.to_owned()) };
        let ends = |a: &str, b: &str| match (a.parse::<f64>(), b.parse::<f64>()) {
            _ if a.is_empty() && b.is_empty() => Ok(None),
            (Ok(a), Ok(b)) if a.is_finite() && b.is_finite() && a != b => Ok(Some((a, b))),
            _ => Err(SHAPE.to_owned()),
        };
        let (x, y) = (ends(x0, x1)?, ends(y0, y1)?);
        if x.is_none() && y.is_none() { Err(SHAPE.to_owned()) } else { Ok(Self { panel, axes, x, y }) }
    }
}

/// Limits that can be projected: finite, different, positive on logarithmic axes; order as in the scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Domain {
    pub(super) x: (f64, f64),
    pub(super) y: (f64, f64),
}

impl Domain {
    pub(super) fn new(axes: &Axes, place: (usize, usize), view: Option<&View>, notes: &mut Vec<String>) -> Self {
        let zoom = view.and_then(|v| v.zooms.iter().find(|z| (z.panel, z.axes) == place));
        let x = zoom.and_then(|z| z.x).unwrap_or(axes.x.limits);
        let y = zoom.and_then(|z| z.y).unwrap_or(axes.y.limits);
        let mut fit = |limits, scale, vertical| match scale {
            Scale::Linear => finite(limits),
            Scale::Log2 | Scale::Log10 => apart(positive(finite(limits), axes, vertical, notes)),
        };
        Self { x: fit(x, axes.x.scale, false), y: fit(y, axes.y.scale, true) }
    }
}

/// Finite and different ends.
fn finite((a, b): (f64, f64)) -> (f64, f64) {
    const FAR: f64 = 1e300;
    if a.is_nan() || b.is_nan() {
        return (0.0, 1.0);
    }
    let (a, b) = (a.clamp(-FAR, FAR), b.clamp(-FAR, FAR));
    // Closer than the digits of a number: nothing to divide by.
    if (b - a).abs() <= (a.abs().max(b.abs()) * 1e-13).max(1e-290) {
        let half = if a.abs() < 1e-290 { 0.5 } else { a.abs() * 0.05 };
        return (a - half, a + half);
    }
    (a, b)
}

/// Ends whose logarithms differ.
fn apart((a, b): (f64, f64)) -> (f64, f64) {
    if (b.ln() - a.ln()).abs() > 1e-12 { (a, b) } else { (a / 1.1, a * 1.1) }
}

/// Positive ends: an end at or below zero moves to the smallest positive value drawn on these axes.
fn positive((a, b): (f64, f64), axes: &Axes, vertical: bool, notes: &mut Vec<String>) -> (f64, f64) {
    if a > 0.0 && b > 0.0 {
        return (a, b);
    }
    let mut smallest = f64::INFINITY;
    let mut dropped = false;
    let mut look = |v: f64| {
        if v > 0.0 {
            smallest = smallest.min(v);
        } else if v <= 0.0 {
            dropped = true;
        }
    };
    for mark in &axes.marks {
        match mark {
            Mark::Line(m) => (if vertical { &m.y } else { &m.x }).iter().for_each(&mut look),
            Mark::Boxes(m) if vertical => {
                for b in &m.boxes {
                    look(b.whisker_lo);
                    b.fliers.iter().copied().for_each(&mut look);
                }
            }
            Mark::Bars(m) if vertical => m.bars.iter().for_each(|b| look(b.y)),
            Mark::Area(m) => (if vertical { &m.y_hi } else { &m.x }).iter().copied().for_each(&mut look),
            Mark::Ellipse(m) => look(if vertical { m.y } else { m.x }),
            Mark::Boxes(_) | Mark::Bars(_) => {}
        }
    }
    if dropped {
        notes.push("values at or below zero cannot be shown on a logarithmic axis; they stand at its edge".into());
    }
    let top = a.max(b);
    let (floor, top) = match (smallest.is_finite(), top > 0.0) {
        (true, true) if smallest < top => (smallest, top),
        (true, true) => (top / 10.0, top),
        (true, false) => (smallest, smallest * 10.0),
        (false, true) => (top / 1000.0, top),
        (false, false) => (0.1, 1.0),
    };
    if a <= b { (floor, top) } else { (top, floor) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_made_fit_for_division() {
        assert_eq!(finite((1.0, 2.0)), (1.0, 2.0));
        assert_eq!(finite((2.0, 1.0)), (2.0, 1.0), "inverted stays inverted");
        assert_eq!(finite((0.0, 0.0)), (-0.5, 0.5));
        assert_eq!(finite((f64::NAN, 1.0)), (0.0, 1.0));
        assert_eq!(finite((0.0, 1e-320)), (-0.5, 0.5), "nothing can be divided by it");
        let (a, b) = finite((f64::NEG_INFINITY, f64::INFINITY));
        assert!(a.is_finite() && b.is_finite() && (b - a).is_finite());
    }
}
