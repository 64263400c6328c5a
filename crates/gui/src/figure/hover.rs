//! What is under the pointer, and the values at a moment: exact samples, never what was decimated for the screen.

use std::ops::Range;
use std::sync::Arc;

use fa_plot::layout::{Pyramid, Pyramids};
use fa_plot::page::{AxesFrame, Page, Pt};
use fa_plot::scene::{Axes, Column, Line, Mark, Quantity, Scene};

/// How near a sample must be, page points.
const REACH_PT: f32 = 16.0;

/// A sample under the pointer.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Index of the mark on the page.
    pub mark: usize,
    /// Panel and axes.
    pub place: (usize, usize),
    /// Label of the mark.
    pub label: String,
    /// Index of its file.
    pub file: usize,
    /// Where the sample is on the page.
    pub at: Pt,
    /// x of the sample.
    pub x: f64,
    /// Its lines of text: value with unit, quartiles of a box and so on.
    pub text: Vec<String>,
}

/// The panel under a point: its index.
pub fn panel_at(page: &Page, at: Pt) -> Option<usize> {
    page.panels.iter().position(|panel| panel.rect.contains(at))
}

/// The nearest sample to a point of the page.
///
/// - `pyramids`: those [of](Pyramids::of) the scene: with them, a million points are no slower than a thousand.
pub fn nearest(scene: &Scene, pyramids: &Pyramids, page: &Page, at: Pt) -> Option<Hit> {
    let p = panel_at(page, at)?;
    let (panel, frame) = (scene.panels.get(p)?, page.panels.get(p)?);
    let mut best: Option<(f32, Hit)> = None;
    for (a, (axes, frame)) in panel.axes.iter().zip(&frame.axes).enumerate() {
        for (m, mark) in axes.marks.iter().enumerate() {
            let found = match mark {
                Mark::Line(line) => {
                    let within = best.as_ref().map_or(REACH_PT, |(distance, _)| *distance);
                    nearest_of_line(line, pyramids.get((p, a, m)), frame, at, within).map(|(distance, i, on)| {
                        let text = vec![value(line.y.at(i), &axes.y), x_text(line.x.at(i), axes)];
                        (distance, line.id.file, 0, on, line.x.at(i), text)
                    })
                }
                Mark::Area(area) => {
                    let x = frame.x.value(at.x);
                    let i = nearest_index(&Arc::clone(&area.x).into(), x)?;
                    let (low, high) = (frame.y.place(area.y_lo[i]), frame.y.place(area.y_hi[i]));
                    let inside = at.y >= low.min(high) && at.y <= low.max(high);
                    inside.then(|| {
                        let own = area.y_hi[i] - area.y_lo[i];
                        let text = vec![value(own, &axes.y), x_text(area.x[i], axes)];
                        (0.0, area.id.file, 0, Pt { x: frame.x.place(area.x[i]), y: high }, area.x[i], text)
                    })
                }
                Mark::Boxes(boxes) => boxes.boxes.iter().enumerate().find_map(|(i, b)| {
                    let (left, right) = (frame.x.place(b.x - b.width / 2.0), frame.x.place(b.x + b.width / 2.0));
                    let (lo, hi) = (frame.y.place(b.whisker_lo), frame.y.place(b.whisker_hi));
                    let inside = at.x >= left.min(right)
                        && at.x <= left.max(right)
                        && at.y >= lo.min(hi) - REACH_PT
                        && at.y <= lo.max(hi) + REACH_PT;
                    inside.then(|| {
                        let unit = unit_of(&axes.y.label);
                        let text = vec![
                            format!("median {}", value(b.median, &axes.y)),
                            format!("quartiles {} – {} {unit}", number(b.q1), number(b.q3)),
                            format!("whiskers {} – {} {unit}", number(b.whisker_lo), number(b.whisker_hi)),
                            format!("{} values, {} beyond the whiskers", b.n, b.fliers.len()),
                        ];
                        let on = Pt { x: f32::midpoint(left, right), y: frame.y.place(b.median) };
                        (0.0, b.file, i, on, b.x, text)
                    })
                }),
                Mark::Bars(bars) => bars.bars.iter().enumerate().find_map(|(i, b)| {
                    let (left, right) = (frame.x.place(b.x), frame.x.place(b.x + b.width));
                    let inside = at.x >= left.min(right) && at.x <= left.max(right);
                    inside.then(|| {
                        let unit = unit_of(&axes.y.label);
                        let text =
                            vec![format!("mean {}", value(b.y, &axes.y)), format!("± {} {unit}", number(b.yerr))];
                        let on = Pt { x: f32::midpoint(left, right), y: frame.y.place(b.y) };
                        (0.0, b.file, i, on, b.x, text)
                    })
                }),
                Mark::Ellipse(e) => {
                    let on = Pt { x: frame.x.place(e.x), y: frame.y.place(e.y) };
                    let distance = (on.x - at.x).hypot(on.y - at.y);
                    let text = vec![format!("centre {} | {}", number(e.x), value(e.y, &axes.y))];
                    (distance < REACH_PT).then_some((distance, e.id.file, 0, on, e.x, text))
                }
            };
            let Some((distance, file, part, on, x, text)) = found else { continue };
            if best.as_ref().is_none_or(|(so_far, _)| distance < *so_far) {
                let numbers = page.marks.iter().enumerate().filter(|(_, info)| info.place == (p, a, m));
                let Some((mark, info)) = numbers.clone().nth(part).or_else(|| numbers.clone().next()) else { continue };
                let hit = Hit { mark, place: (p, a), label: info.label.clone(), file, at: on, x, text };
                best = Some((distance, hit));
            }
        }
    }
    best.map(|(_, hit)| hit)
}

/// Distance, index and place of the nearest point of a line that has a value and is no further away than `within`.
fn nearest_of_line(
    line: &Line,
    pyramid: Option<&Pyramid>,
    frame: &AxesFrame,
    at: Pt,
    within: f32,
) -> Option<(f32, usize, Pt)> {
    let mut best: Option<(f32, usize, Pt)> = None;
    let mut look = |range: Range<usize>| {
        for i in range {
            let on = Pt { x: frame.x.place(line.x.at(i)), y: frame.y.place(line.y.at(i)) };
            let distance = (on.x - at.x).hypot(on.y - at.y);
            // Of points equally near the first one, in whatever order they are looked at.
            let nearer = |(so_far, first, _): (f32, usize, Pt)| distance < so_far || (distance == so_far && i < first);
            if distance <= within && best.is_none_or(nearer) {
                best = Some((distance, i, on));
            }
        }
        best.map_or(within, |(distance, ..)| distance)
    };
    let all = 0..line.x.len();
    // Indices of the points that are not too far left or right.
    let beside = || {
        let (a, b) = (frame.x.value(at.x - within), frame.x.value(at.x + within));
        // What an axis rounds may not lose a point at the edge.
        let (a, b, slack) = (a.min(b), a.max(b), (a - b).abs() * 1e-3);
        line.x.partition_point(all.clone(), |x| x < a - slack)..line.x.partition_point(all.clone(), |x| x <= b + slack)
    };
    match pyramid {
        Some(pyramid) => {
            let aside = |a: f32, b: f32, at: f32| (a.min(b) - at).max(at - a.max(b)).max(0.0);
            let least = |points: Range<usize>, (low, high): (f64, f64)| {
                let across =
                    aside(frame.x.place(line.x.at(points.start)), frame.x.place(line.x.at(points.end - 1)), at.x);
                across.hypot(aside(frame.y.place(low), frame.y.place(high), at.y))
            };
            pyramid.nearest(beside(), within, least, look);
        }
        None if line.x.is_sorted() => _ = look(beside()),
        None => _ = look(all),
    }
    best
}

/// Index of the value nearest to `x` in an ascending column.
fn nearest_index(column: &Column, x: f64) -> Option<usize> {
    let last = column.len().checked_sub(1)?;
    let after = column.partition_point(0..column.len(), |v| v < x).min(last);
    let before = after.saturating_sub(1);
    Some(if (column.at(before) - x).abs() <= (column.at(after) - x).abs() { before } else { after })
}

/// The value of one series at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueAt {
    /// Label.
    pub label: String,
    /// Index of the mark on the page.
    pub mark: usize,
    /// Index of the file.
    pub file: usize,
    /// Unit.
    pub unit: String,
    /// x of the sample.
    pub x: f64,
    /// Its value; `None` where it is missing.
    pub value: Option<f64>,
}

/// Values of all lines at a moment: of the sample nearest to it, unless that is further away than `within`.
pub fn values_at(scene: &Scene, page: &Page, x: f64, within: f64) -> Vec<ValueAt> {
    let mut all = Vec::new();
    for (p, panel) in scene.panels.iter().enumerate() {
        for (a, axes) in panel.axes.iter().enumerate() {
            for (m, mark) in axes.marks.iter().enumerate() {
                let Mark::Line(line) = mark else { continue };
                let Some(mark) = page.marks.iter().position(|info| info.place == (p, a, m)) else { continue };
                let Some(i) = nearest_index(&line.x, x) else { continue };
                let near = (line.x.at(i) - x).abs() <= within;
                all.push(ValueAt {
                    label: page.marks[mark].label.clone(),
                    mark,
                    file: line.id.file,
                    unit: unit_of(&axes.y.label).to_owned(),
                    x: line.x.at(i),
                    value: Some(line.y.at(i)).filter(|y| near && !y.is_nan()),
                });
            }
        }
    }
    all
}

/// The moment of the next or previous sample of any line.
pub fn step(scene: &Scene, x: f64, forward: bool) -> Option<f64> {
    let lines = scene.panels.iter().flat_map(|p| &p.axes).flat_map(|a| &a.marks);
    let lines = lines.filter_map(|mark| if let Mark::Line(line) = mark { Some(line) } else { None });
    if forward {
        let next = lines.filter_map(|line| line.x.get(line.x.partition_point(0..line.x.len(), |v| v <= x)));
        next.min_by(f64::total_cmp)
    } else {
        let before = lines.filter_map(|line| {
            let at = line.x.partition_point(0..line.x.len(), |v| v < x);
            at.checked_sub(1).map(|i| line.x.at(i))
        });
        before.max_by(f64::total_cmp)
    }
}

/// The unit in an axis label: what stands in the last parentheses, or the label when it is as short as a unit.
pub fn unit_of(label: &str) -> &str {
    if let (Some(open), Some(close)) = (label.rfind('('), label.rfind(')'))
        && open < close
    {
        return &label[open + 1..close];
    }
    let known = ["Mbits/s", "Mbit/s", "packets", "bytes", "ms", "%"];
    known.into_iter().find(|unit| label.ends_with(unit)).unwrap_or(if label.len() <= 8 { label } else { "" })
}

/// Shortest text that reads back as the same number, without an exponent for the usual sizes.
pub fn number(value: f64) -> String {
    if value != 0.0 && !(1e-6..1e12).contains(&value.abs()) { format!("{value:e}") } else { format!("{value}") }
}

fn value(value: f64, axis: &fa_plot::scene::Axis) -> String {
    let unit = unit_of(&axis.label);
    if unit.is_empty() { number(value) } else { format!("{} {unit}", number(value)) }
}

fn x_text(x: f64, axes: &Axes) -> String {
    match axes.x.quantity {
        Quantity::UnixTime => utc(x),
        _ if axes.x.label.is_empty() || axes.x.label.starts_with("Time") => format!("t = {x:.3} s"),
        _ => format!("x = {} {}", number(x), unit_of(&axes.x.label)),
    }
}

/// Time of day with milliseconds, UTC.
pub fn utc(unix: f64) -> String {
    let at = jiff::Timestamp::from_millisecond((unix * 1e3).round() as i64);
    at.map(|at| at.strftime("%Y-%m-%d %H:%M:%S%.3fZ").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_in_labels() {
        assert_eq!(unit_of("Latency (ms)"), "ms");
        assert_eq!(unit_of("Mbits/s"), "Mbits/s");
        assert_eq!(unit_of("TCP upload Mbits/s"), "Mbits/s");
        assert_eq!(unit_of("Cumulative probability"), "");
    }

    #[test]
    fn numbers_are_shown_as_they_are() {
        assert_eq!(
            (number(12.345_678_9), number(0.1), number(1e-9)),
            ("12.3456789".into(), "0.1".into(), "1e-9".into())
        );
    }

    #[test]
    fn a_pyramid_finds_the_same_sample_as_looking_at_every_one() {
        use fa_plot::page::Projection;
        use fa_plot::scene::{Colour, MarkId, Scale, Style};
        let mut seed = 1_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as f64 / f64::from(1_u32 << 31)
        };
        let n = 30_000;
        let y: Vec<f64> =
            (0..n).map(|i| if (9_000..9_400).contains(&i) { f64::NAN } else { 20.0 + 10.0 * next() }).collect();
        let y = Column::from(y).packed();
        let pyramid = Pyramid::new(&y);
        let style = Style { colour: Colour::Ink, width: 1.0, dash: None, marker: None };
        let x = (0..n).map(f64::from).collect();
        let line = Line { id: MarkId::default(), label: None, x, y, style };
        let (mut found, mut missed) = (0, 0);
        for (from, to) in [(0.0, 30_000.0), (9_300.0, 9_500.0), (29_000.0, -1_000.0)] {
            let frame = AxesFrame {
                x: Projection::new(Scale::Linear, (from, to), (30.0, 530.0)),
                y: Projection::new(Scale::Linear, (0.0, 60.0), (400.0, 0.0)),
                right: false,
            };
            for _ in 0..200 {
                let at = Pt { x: 30.0 + 500.0 * next() as f32, y: 400.0 * next() as f32 };
                let (quick, slow) =
                    (nearest_of_line(&line, Some(&pyramid), &frame, at, REACH_PT), every(&line, &frame, at));
                assert_eq!(quick.map(|hit| (hit.0, hit.1)), slow, "{at:?}");
                if quick.is_some() { found += 1 } else { missed += 1 }
            }
        }
        assert!(found > 50 && missed > 50, "{found} {missed}");
    }

    /// Distance and index of the nearest point of all, the first of those equally near.
    fn every(line: &Line, frame: &AxesFrame, at: Pt) -> Option<(f32, usize)> {
        let distances =
            line.x.iter().zip(line.y.iter()).map(|(x, y)| (frame.x.place(x) - at.x).hypot(frame.y.place(y) - at.y));
        let near = distances.enumerate().map(|(i, d)| (d, i)).filter(|(d, _)| *d <= REACH_PT);
        near.min_by(|a, b| a.0.total_cmp(&b.0))
    }

    #[test]
    fn the_nearest_of_a_column_is_found_at_its_ends_too() {
        let x = Column::from([0.0, 1.0, 3.0]);
        let at: Vec<Option<usize>> = [-5.0, 0.4, 0.6, 2.1, 9.0].iter().map(|v| nearest_index(&x, *v)).collect();
        assert_eq!(at, [Some(0), Some(0), Some(1), Some(2), Some(2)]);
        assert_eq!(nearest_index(&Column::default(), 1.0), None);
    }
}
