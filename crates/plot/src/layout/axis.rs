//! One axis: which ticks fit a length, how much room their labels take, and drawing them.

use crate::page::{Anchor, Projection, Rect, Role, Stroke, pt};
use crate::scene::{Axis, Quantity};
use crate::text::{Metrics, one_line};
use crate::theme::Theme;
use crate::ticks::{self, Ticks};

use super::labels::LabelSet;
use super::sheet::{Label, Sheet};
use super::{Fonts, Gaps};

/// How the labels of a horizontal axis stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    Level,
    Upright,
}

/// Ticks chosen for one axis, with the texts that will be shown.
#[derive(Debug, Clone)]
pub(super) struct AxisTicks {
    /// Value, text shown, complete text.
    pub(super) labels: Vec<(f64, String, String)>,
    /// All tick positions, labelled or not (categories that were thinned).
    pub(super) marks: Vec<f64>,
    /// Further grid lines.
    pub(super) minor: Vec<f64>,
    /// Name of the axis with what the ticks add to it.
    pub(super) name: String,
    pub(super) stance: Stance,
    /// Room the labels need across the axis, points.
    pub(super) depth: f32,
    /// Room the last label needs beyond the end of the axis.
    pub(super) overshoot: f32,
    /// What the labels have in common and do not say.
    pub(super) common: Option<String>,
    /// What numbers that stand for labels mean: `1 = codel; 2 = pie`.
    pub(super) explained: Option<String>,
    /// Labels lost a part.
    pub(super) elided: bool,
}

fn name_of(axis: &Axis, ticks: &Ticks) -> String {
    let mut name = one_line(ticks.name.as_ref().unwrap_or(&axis.label));
    if let Some(remark) = &ticks.remark {
        if axis.quantity == Quantity::UnixTime {
            // The clock has no unit.
            name.truncate(name.strip_suffix(" (s)").unwrap_or(&name).len());
        }
        name = if name.is_empty() { remark.clone() } else { format!("{name} ({remark})") };
    }
    name
}

fn from_chosen(axis: &Axis, ticks: Ticks) -> AxisTicks {
    AxisTicks {
        name: name_of(axis, &ticks),
        marks: ticks.major.iter().map(|t| t.0).collect(),
        labels: ticks.major.into_iter().map(|(v, s)| (v, s.clone(), s)).collect(),
        minor: ticks.minor,
        stance: Stance::Level,
        depth: 0.0,
        overshoot: 0.0,
        common: None,
        explained: None,
        elided: false,
    }
}

/// Ticks of a vertical axis `length` points long whose labels may be `widest` points wide; names of categories, which are
/// no numbers, twice that.
///
/// - `set`: from [`category_labels`], used where ticks are fixed.
pub(super) fn vertical(
    axis: &Axis,
    limits: (f64, f64),
    (length, widest): (f32, f32),
    set: &LabelSet,
    m: Metrics,
    fonts: &Fonts,
) -> AxisTicks {
    let line = m.line_height(fonts.tick);
    let mut out = if let Some(fixed) = &axis.ticks {
        let projection = Projection::new(axis.scale, limits, (0.0, length));
        names_beside(fixed_ticks(axis, fixed, limits), set, &projection, widest * 2.0, line)
    } else {
        let most = ((length / (line * 2.0)) as usize).clamp(2, 9);
        from_chosen(axis, ticks::choose(limits, axis.scale, axis.quantity, &axis.label, most))
    };
    for (_, shown, _) in &mut out.labels {
        *shown = m.elide(shown, fonts.tick, if axis.ticks.is_some() { widest * 2.0 } else { widest });
        out.depth = out.depth.max(m.width(shown, fonts.tick));
    }
    out
}

/// Names of categories beside an axis, shortened, and thinned when they are too many for its length.
fn names_beside(mut out: AxisTicks, set: &LabelSet, projection: &Projection, widest: f32, line: f32) -> AxisTicks {
    let mut at: Vec<f32> = out.marks.iter().map(|v| projection.place(*v)).collect();
    at.sort_by(f32::total_cmp);
    let pitch = at.windows(2).map(|w| w[1] - w[0]).fold(f32::MAX, f32::min);
    let stride = (line / pitch.max(0.01)).ceil().max(1.0) as usize;
    let (lines, common, _) = set.lines(&set.fit(out.labels.len(), widest, 1), stride);
    out.common = common;
    out.labels =
        out.labels.into_iter().step_by(stride).zip(lines).map(|((v, _, full), l)| (v, l.concat(), full)).collect();
    out
}

/// Ticks of a horizontal axis `length` points long; upright labels may be `tallest` points tall.
///
/// - `set`: from [`category_labels`], used where ticks are fixed.
pub(super) fn horizontal(
    axis: &Axis,
    limits: (f64, f64),
    (length, tallest): (f32, f32),
    set: &LabelSet,
    m: Metrics,
    fonts: &Fonts,
) -> AxisTicks {
    let projection = Projection::new(axis.scale, limits, (0.0, length));
    if let Some(fixed) = &axis.ticks {
        let out = fixed_ticks(axis, fixed, limits);
        return categories(out, set, &projection, (length, tallest), m, fonts);
    }
    let line = m.line_height(fonts.tick);
    let gap = m.width("00", fonts.tick);
    // From dense to sparse until neighbours keep their distance; two ticks may still collide on a tiny page, and the
    // sheet then leaves one out.
    let dense = ((length / (line * 2.5)) as usize).clamp(2, 13);
    let mut out = from_chosen(axis, Ticks::default());
    for most in (2..=dense).rev() {
        out = from_chosen(axis, ticks::choose(limits, axis.scale, axis.quantity, &axis.label, most));
        let mut spans: Vec<(f32, f32)> = out
            .labels
            .iter()
            .map(|(v, s, _)| (projection.place(*v), m.width(s, fonts.tick) / 2.0))
            .map(|(at, half)| (at - half, at + half))
            .collect();
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        if spans.windows(2).all(|w| w[0].1 + gap <= w[1].0) {
            break;
        }
    }
    out.depth = line;
    out.overshoot = overshoot(&out, &projection, length, m, fonts);
    out
}

fn overshoot(ticks: &AxisTicks, projection: &Projection, length: f32, m: Metrics, fonts: &Fonts) -> f32 {
    let beyond = |(v, s, _): &(f64, String, String)| projection.place(*v) + m.width(s, fonts.tick) / 2.0 - length;
    ticks.labels.iter().map(beyond).fold(0.0, f32::max)
}

fn fixed_ticks(axis: &Axis, fixed: &[(f64, String)], limits: (f64, f64)) -> AxisTicks {
    let (lo, hi) = (limits.0.min(limits.1), limits.0.max(limits.1));
    let inside = fixed.iter().filter(|(v, _)| *v >= lo && *v <= hi);
    let mut out = from_chosen(axis, Ticks::default());
    for (value, text) in inside {
        let text = one_line(text);
        out.marks.push(*value);
        out.labels.push((*value, text.clone(), text));
    }
    out
}

/// Category labels: level where they fit, else upright, shortened, and thinned when even that is too dense.
fn categories(
    mut out: AxisTicks,
    set: &LabelSet,
    projection: &Projection,
    (length, tallest): (f32, f32),
    m: Metrics,
    fonts: &Fonts,
) -> AxisTicks {
    let line = m.line_height(fonts.tick);
    let mut at: Vec<f32> = out.marks.iter().map(|v| projection.place(*v)).collect();
    at.sort_by(f32::total_cmp);
    let pitch = at.windows(2).map(|w| w[1] - w[0]).fold(length, f32::min);
    let blank = m.width(" ", fonts.tick);
    let n = out.labels.len();
    let mut fit = set.fit(n, pitch - blank, 1);
    let mut stride = 1;
    if fit.is_elided() && m == Metrics::Cells {
        // A terminal cannot turn letters: elide within the pitch, or thin.
        stride = ((line * 2.0) / pitch.max(0.1)).ceil().max(1.0) as usize;
        fit = set.fit(n, pitch * stride as f32 - blank, 1);
    } else if fit.is_elided() {
        stride = (line / pitch.max(0.01)).ceil().max(1.0) as usize;
        out.stance = Stance::Upright;
        fit = set.fit(n, tallest, 1);
        if fit.is_elided()
            && let Some(numbered) = numbered(&out, set, projection, (length, pitch), m, fonts)
        {
            return numbered;
        }
    }
    out.elided = fit.is_elided();
    let (lines, common, _) = set.lines(&fit, stride);
    out.common = common;
    out.labels =
        out.labels.into_iter().step_by(stride).zip(lines).map(|((v, _, full), l)| (v, l.concat(), full)).collect();
    if out.stance == Stance::Upright {
        out.depth = out.labels.iter().map(|l| m.width(&l.1, fonts.tick)).fold(0.0, f32::max);
    } else {
        out.depth = if n == 0 { 0.0 } else { line };
        out.overshoot = overshoot(&out, projection, length, m, fonts);
    }
    out
}

/// Most labels that a caption can explain.
const MOST_NUMBERED: usize = 40;

/// Numbers in place of labels that are too long, equal labels with equal numbers; what they mean is for the caption.
fn numbered(
    ticks: &AxisTicks,
    set: &LabelSet,
    projection: &Projection,
    (length, pitch): (f32, f32),
    m: Metrics,
    fonts: &Fonts,
) -> Option<AxisTicks> {
    let mut distinct: Vec<&str> = Vec::new();
    let numbers: Vec<usize> = ticks
        .labels
        .iter()
        .map(|(_, _, full)| {
            distinct.iter().position(|d| d == full).unwrap_or_else(|| {
                distinct.push(full);
                distinct.len() - 1
            })
        })
        .collect();
    if distinct.len() > MOST_NUMBERED {
        return None;
    }
    let (short, common) = set.shortest_texts();
    let mut meanings = vec![""; distinct.len()];
    for (number, text) in numbers.iter().zip(short) {
        meanings[*number] = text;
    }
    // What a number means stays on its line where that is possible.
    let explain = |(i, text): (usize, &&str)| format!("{} = {text}", i + 1).replace(' ', "\u{A0}");
    let explained: Vec<String> = meanings.iter().enumerate().map(explain).collect();
    let widest = m.width(&distinct.len().to_string(), fonts.tick) + m.width("0", fonts.tick) * 0.5;
    let stride = (widest / pitch.max(0.01)).ceil().max(1.0) as usize;
    let labels = ticks.labels.iter().zip(&numbers);
    let mut out = AxisTicks {
        labels: labels.step_by(stride).map(|((v, _, full), n)| (*v, (n + 1).to_string(), full.clone())).collect(),
        stance: Stance::Level,
        depth: m.line_height(fonts.tick),
        common,
        explained: Some(explained.join("; ")),
        ..ticks.clone()
    };
    out.overshoot = overshoot(&out, projection, length, m, fonts);
    Some(out)
}

/// The labels of an axis with fixed ticks that are within its limits.
pub(super) fn category_labels(axis: &Axis, limits: (f64, f64), m: Metrics, fonts: &Fonts) -> LabelSet {
    let fixed = fixed_ticks(axis, axis.ticks.as_deref().unwrap_or_default(), limits);
    LabelSet::new(fixed.labels.into_iter().map(|l| l.2).collect(), fonts.tick, m)
}

/// Axis line, ticks and tick labels below a data area.
pub(super) fn draw_below(
    sheet: &mut Sheet,
    ticks: &AxisTicks,
    projection: &Projection,
    panel: usize,
    rect: Rect,
    style: (&Theme, &Fonts, Gaps),
    labels: bool,
) {
    let (theme, fonts, gaps) = style;
    let y = rect.bottom();
    let stroke = Stroke::solid(theme.frame, 0.8 * theme.weight);
    sheet.line(Role::AxisLine, panel, pt(rect.x, y), pt(rect.right(), y), stroke.clone());
    for value in &ticks.marks {
        let x = projection.place(*value);
        if x >= rect.x - 0.1 && x <= rect.right() + 0.1 {
            sheet.line(Role::Tick, panel, pt(x, y), pt(x, y + gaps.tick_down), stroke.clone());
        }
    }
    if !labels {
        return;
    }
    let m = sheet.metrics;
    let (line, base) = (m.line_height(fonts.tick), m.baseline(fonts.tick));
    for (value, shown, full) in &ticks.labels {
        let x = projection.place(*value);
        if x < rect.x - 0.1 || x > rect.right() + 0.1 {
            continue;
        }
        let top = y + gaps.tick_down + gaps.text;
        let (at, anchor, upright) = match ticks.stance {
            Stance::Level => (pt(x, top + base), Anchor::Middle, false),
            Stance::Upright => (pt(x - line / 2.0 + base, top), Anchor::End, true),
        };
        sheet.text(&Label {
            role: Role::TickLabel,
            panel: Some(panel),
            text: shown,
            full: Some(full),
            at,
            anchor,
            size: fonts.tick,
            ink: theme.ink,
            upright,
        });
    }
}

/// Axis line, ticks and tick labels beside a data area.
pub(super) fn draw_beside(
    sheet: &mut Sheet,
    ticks: &AxisTicks,
    projection: &Projection,
    panel: usize,
    rect: Rect,
    style: (&Theme, &Fonts, Gaps),
    side: (bool, bool),
) {
    let (theme, fonts, gaps) = style;
    let (right, labels) = side;
    let x = if right { rect.right() } else { rect.x };
    let out = if right { 1.0 } else { -1.0 };
    let stroke = Stroke::solid(theme.frame, 0.8 * theme.weight);
    sheet.line(Role::AxisLine, panel, pt(x, rect.y), pt(x, rect.bottom()), stroke.clone());
    let m = sheet.metrics;
    let (line, base) = (m.line_height(fonts.tick), m.baseline(fonts.tick));
    for value in &ticks.marks {
        let y = projection.place(*value);
        if y >= rect.y - 0.1 && y <= rect.bottom() + 0.1 {
            sheet.line(Role::Tick, panel, pt(x, y), pt(x + out * gaps.tick, y), stroke.clone());
        }
    }
    if !labels {
        return;
    }
    for (value, shown, full) in &ticks.labels {
        let y = projection.place(*value);
        if y < rect.y - 0.1 || y > rect.bottom() + 0.1 {
            continue;
        }
        // On a terminal a number at the end of an axis belongs to the last row of the data.
        let y = if m == Metrics::Cells { y.clamp(rect.y + line / 2.0, rect.bottom() - line / 2.0) } else { y };
        sheet.text(&Label {
            role: Role::TickLabel,
            panel: Some(panel),
            text: shown,
            full: Some(full),
            at: pt(x + out * (gaps.tick + gaps.text), y - line / 2.0 + base),
            anchor: if right { Anchor::Start } else { Anchor::End },
            size: fonts.tick,
            ink: theme.ink,
            upright: false,
        });
    }
}

/// Grid lines of both directions.
pub(super) fn draw_grid(
    sheet: &mut Sheet,
    (x, x_map): (&AxisTicks, &Projection),
    (y, y_map): (&AxisTicks, &Projection),
    panel: usize,
    rect: Rect,
    theme: &Theme,
    x_is_categories: bool,
) {
    let major = Stroke::solid(theme.grid, 0.7 * theme.weight);
    let minor = Stroke::solid(theme.grid.mix(theme.face, 0.45), 0.4 * theme.weight);
    let inside = |v: f32, lo: f32, hi: f32| v > lo + 0.5 && v < hi - 0.5;
    for (values, stroke) in [(&y.minor, &minor), (&y.marks, &major)] {
        for value in values {
            let at = y_map.place(*value);
            if inside(at, rect.y, rect.bottom()) {
                sheet.line(Role::Grid, panel, pt(rect.x, at), pt(rect.right(), at), stroke.clone());
            }
        }
    }
    if x_is_categories {
        return;
    }
    for (values, stroke) in [(&x.minor, &minor), (&x.marks, &major)] {
        for value in values {
            let at = x_map.place(*value);
            if inside(at, rect.x, rect.right()) {
                sheet.line(Role::Grid, panel, pt(at, rect.y), pt(at, rect.bottom()), stroke.clone());
            }
        }
    }
}

/// Whether an axis stands for categories.
pub(super) fn is_categories(axis: &Axis) -> bool {
    axis.quantity == Quantity::Category || axis.ticks.is_some()
}
