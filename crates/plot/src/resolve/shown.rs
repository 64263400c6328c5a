//! What of a finished figure is shown: marks that a viewer's user hid, and the part of the axes zoomed to.
//!
//! Limits, colours and places of everything else stay as they are without it.

use crate::layout::Zoom;
use crate::options::Hidden;
use crate::scene::{Mark, Panel};

/// Empties hidden marks and drops their legend entries. Marks keep their places, so that colours do.
pub(super) fn hide(panels: &mut [Panel], hidden: &[Hidden]) {
    if hidden.is_empty() {
        return;
    }
    let hides = |series: &str, file: usize| hidden.iter().any(|h| h.hides(series, file));
    for panel in panels {
        // Which samples of legends are gone, by axes, mark and part.
        let mut gone = Vec::new();
        for (a, axes) in panel.axes.iter_mut().enumerate() {
            for (m, mark) in axes.marks.iter_mut().enumerate() {
                match mark {
                    Mark::Line(line) if hides(&line.id.series, line.id.file) => {
                        line.x = [].into();
                        line.y = [].into();
                        gone.push((a, m, None));
                    }
                    Mark::Area(area) if hides(&area.id.series, area.id.file) => {
                        area.x = [].into();
                        area.y_lo = [].into();
                        area.y_hi = [].into();
                        gone.push((a, m, None));
                    }
                    Mark::Ellipse(ellipse) if hides(&ellipse.id.series, ellipse.id.file) => {
                        (ellipse.width, ellipse.height) = (f64::NAN, f64::NAN);
                        gone.push((a, m, None));
                    }
                    Mark::Boxes(boxes) => {
                        for (i, one) in boxes.boxes.iter().enumerate() {
                            if hides(&boxes.id.series, one.file) {
                                gone.push((a, m, Some(i)));
                            }
                        }
                        boxes.boxes.retain(|one| !hides(&boxes.id.series, one.file));
                    }
                    Mark::Bars(bars) => {
                        bars.bars.retain(|bar| !hides(&bars.id.series, bar.file));
                        if bars.bars.is_empty() {
                            gone.push((a, m, None));
                        }
                    }
                    Mark::Line(_) | Mark::Area(_) | Mark::Ellipse(_) => {}
                }
            }
        }
        if let Some(legend) = &mut panel.legend {
            legend.entries.retain(|entry| {
                let (a, m, part) = entry.sample;
                !gone.contains(&(a, m, None)) && !gone.contains(&(a, m, Some(part)))
            });
            for entry in &mut legend.entries {
                let (a, m, part) = entry.sample;
                let before = gone.iter().filter(|g| (g.0, g.1) == (a, m) && g.2.is_some_and(|i| i < part)).count();
                entry.sample.2 -= before;
            }
        }
    }
}

/// Sets the limits of the axes named; a panel or axes that the figure lacks are passed over.
pub(super) fn zoom(panels: &mut [Panel], zooms: &[Zoom]) {
    for zoom in zooms {
        let Some(axes) = panels.get_mut(zoom.panel).and_then(|panel| panel.axes.get_mut(zoom.axes)) else { continue };
        if let Some(x) = zoom.x {
            axes.x.limits = x;
        }
        if let Some(y) = zoom.y {
            axes.y.limits = y;
        }
    }
}
