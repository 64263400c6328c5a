//! Titles, axis names, annotation and note.

use crate::page::{Anchor, Role, pt};
use crate::scene::Side;
use crate::text::{Metrics, one_line};

use super::Draft;
use super::frame::{Arrangement, Level, Slot};
use super::labels;
use super::sheet::{Label, Sheet};

/// Lines of the figure text as one line.
pub(super) fn joined(lines: &[String]) -> String {
    lines.iter().map(|l| one_line(l)).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn width(draft: &Draft<'_>) -> f32 {
    draft.size.width_pt - 2.0 * draft.gaps.margin
}

/// At most `most` title lines: text shown, complete text, font size, first or not.
pub(super) fn title_lines(draft: &Draft<'_>, m: Metrics, most: usize) -> Vec<(String, String, f32, bool)> {
    let mut out = Vec::new();
    for (i, line) in draft.title.iter().enumerate() {
        if out.len() >= most {
            break;
        }
        let size = if i == 0 { draft.fonts.title } else { draft.fonts.subtitle };
        // Every further line of the title gets its turn before one line is wrapped.
        let room = most.saturating_sub(out.len() + draft.title.len() - i - 1).clamp(1, 2);
        let lines = m.wrap(line, size, width(draft), room).unwrap_or_else(|| vec![m.elide(line, size, width(draft))]);
        out.extend(lines.into_iter().map(|l| (l, line.clone(), size, i == 0)));
    }
    out
}

/// Height of the title block with the gap below it.
pub(super) fn title_height(draft: &Draft<'_>, m: Metrics, level: &Level) -> f32 {
    let lines = title_lines(draft, m, level.title_lines);
    if lines.is_empty() {
        return 0.0;
    }
    lines.iter().map(|l| m.line_height(l.2)).sum::<f32>() + draft.gaps.text
}

/// Height of annotation and note with the gap above them.
pub(super) fn foot_height(draft: &Draft<'_>, m: Metrics, level: &Level) -> f32 {
    let lines = foot_lines(draft, m, level).len() as f32;
    if lines == 0.0 { 0.0 } else { lines * m.line_height(draft.fonts.small) + draft.gaps.text }
}

/// Most lines of the caption.
const CAPTION_LINES: usize = 6;

/// Lines at the foot of the page: text shown and complete text.
fn foot_lines<'a>(draft: &'a Draft<'_>, m: Metrics, level: &Level) -> Vec<(Role, String, &'a str)> {
    if !level.annotation {
        return Vec::new();
    }
    let (size, width) = (draft.fonts.small, width(draft));
    let mut out = Vec::new();
    if !draft.caption.is_empty() {
        let lines = m.wrap(&draft.caption, size, width, CAPTION_LINES);
        let lines = lines.unwrap_or_else(|| vec![m.elide(&draft.caption, size, width)]);
        out.extend(lines.into_iter().map(|line| (Role::Caption, line, draft.caption.as_str())));
    }
    for (role, full) in [(Role::Note, draft.note.as_str()), (Role::Annotation, draft.annotation.as_str())] {
        if !full.is_empty() {
            out.push((role, m.elide(full, size, width), full));
        }
    }
    out
}

/// Draws title, note and annotation.
pub(super) fn draw(sheet: &mut Sheet, draft: &Draft<'_>, arrangement: &Arrangement) {
    let (m, fonts, theme, margin) = (sheet.metrics, draft.fonts, draft.theme, draft.gaps.margin);
    let mut y = margin;
    for (text, full, size, first) in title_lines(draft, m, arrangement.level.title_lines) {
        sheet.text(&Label {
            role: Role::Title,
            panel: None,
            text: &text,
            full: Some(&full),
            at: pt(margin, y + m.baseline(size)),
            anchor: Anchor::Start,
            size,
            ink: if first { theme.ink } else { theme.muted },
            upright: false,
        });
        y += m.line_height(size);
    }
    let line = m.line_height(fonts.small);
    let lines = foot_lines(draft, m, &arrangement.level);
    let mut y = draft.size.height_pt - margin - line * lines.len() as f32;
    for (role, text, full) in lines {
        sheet.text(&Label {
            role,
            panel: None,
            text: &text,
            full: Some(full),
            at: pt(margin, y + m.baseline(fonts.small)),
            anchor: Anchor::Start,
            size: fonts.small,
            ink: theme.muted,
            upright: false,
        });
        y += line;
    }
}

/// Draws the names of a panel's axes.
pub(super) fn draw_axis_names(sheet: &mut Sheet, draft: &Draft<'_>, p: usize, slot: &Slot, level: &Level) {
    if !level.axis_names {
        return;
    }
    let (m, fonts, gaps) = (sheet.metrics, draft.fonts, draft.gaps);
    let (line, base) = (m.line_height(fonts.label), m.baseline(fonts.label));
    let panel = &draft.scene.panels[p];
    let rect = slot.rect;
    let name = |sheet: &mut Sheet, full: &str, room: f32, at, anchor, upright| {
        let text = m.elide(full, fonts.label, room);
        let (role, panel, size, ink) = (Role::AxisLabel, Some(p), fonts.label, draft.theme.ink);
        sheet.text(&Label { role, panel, text: &text, full: Some(full), at, anchor, size, ink, upright });
    };
    let two = panel.axes.len() > 1;
    for (axes, ticks) in panel.axes.iter().zip(&slot.y) {
        let right = axes.side == Side::Right;
        if m == Metrics::Cells {
            let room = if two { rect.w * 0.48 } else { rect.w };
            let y = rect.y - line + base;
            let (x, anchor) = if right { (rect.right(), Anchor::End) } else { (rect.x, Anchor::Start) };
            name(sheet, &ticks.name, room, pt(x, y), anchor, false);
            continue;
        }
        // Read from bottom to top on both sides.
        let x = if right { slot.names.1 - line + base } else { slot.names.0 + base };
        let centre = rect.y + rect.h / 2.0;
        name(sheet, &ticks.name, rect.h + 4.0, pt(x, centre), Anchor::Middle, true);
    }
    if panel.show_x_ticks && level.x_name {
        let depth = if slot.x_depth > 0.0 { gaps.text + slot.x_depth } else { 0.0 };
        let top = rect.bottom() + gaps.tick_down + depth + gaps.text * 0.5;
        name(sheet, &slot.x.name, rect.w, pt(rect.x + rect.w / 2.0, top + base), Anchor::Middle, false);
    }
}

/// Height of the band above a data area: names of groups that lie above its upper limit.
pub(super) fn band_height(draft: &Draft<'_>, m: Metrics, p: usize) -> f32 {
    let panel = &draft.scene.panels[p];
    let above = panel.axes.iter().zip(&draft.domains[p]).any(|(axes, d)| {
        let (lo, hi) = d.y;
        axes.texts.iter().any(|t| if hi >= lo { t.y >= hi } else { t.y <= hi })
    });
    if above { m.line_height(draft.fonts.label) + draft.gaps.text * 0.5 } else { 0.0 }
}

/// Heading of a panel: its own, or what its legend would have said.
fn heading<'a>(draft: &'a Draft<'_>, p: usize, variant: usize) -> Option<&'a str> {
    let of_legend = draft.legends.get(variant).and_then(|l| l.headings.get(p)).and_then(Option::as_deref);
    draft.scene.panels[p].title.as_deref().or(of_legend).filter(|t| !t.trim().is_empty())
}

/// Height of a panel's heading.
pub(super) fn heading_height(draft: &Draft<'_>, m: Metrics, p: usize, variant: usize) -> f32 {
    if heading(draft, p, variant).is_some() { m.line_height(draft.fonts.label) } else { 0.0 }
}

/// Height of the line above the data area that the names of the vertical axes have on a terminal.
fn names_above(draft: &Draft<'_>, m: Metrics, slot: &Slot) -> f32 {
    let named = m == Metrics::Cells && slot.y.iter().any(|t| !t.name.is_empty());
    if named { m.line_height(draft.fonts.label) } else { 0.0 }
}

/// Draws a panel's heading above everything that stands above its data area.
pub(super) fn draw_heading(sheet: &mut Sheet, draft: &Draft<'_>, p: usize, slot: &Slot, variant: usize) {
    let Some(full) = heading(draft, p, variant).map(one_line) else { return };
    let (m, size) = (sheet.metrics, draft.fonts.label);
    let bottom = slot.rect.y - band_height(draft, m, p) - names_above(draft, m, slot);
    sheet.text(&Label {
        role: Role::GroupText,
        panel: Some(p),
        text: &m.elide(&full, size, slot.rect.w),
        full: Some(&full),
        at: pt(slot.rect.x, bottom - m.line_height(size) + m.baseline(size)),
        anchor: Anchor::Start,
        size,
        ink: draft.theme.muted,
        upright: false,
    });
}

/// Draws the names in the band above a data area, each within half the way to its neighbours.
pub(super) fn draw_band(sheet: &mut Sheet, draft: &Draft<'_>, p: usize, slot: &Slot, names: &mut [(f32, &str)]) {
    let (m, fonts, rect) = (sheet.metrics, draft.fonts, slot.rect);
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (line, base) = (m.line_height(fonts.label), m.baseline(fonts.label));
    let bottom = rect.y - names_above(draft, m, slot);
    for i in 0..names.len() {
        let (x, full) = (names[i].0, one_line(names[i].1));
        let before = if i > 0 { (x - names[i - 1].0) / 2.0 } else { x - rect.x };
        let after = names.get(i + 1).map_or(rect.right() - x, |next| (next.0 - x) / 2.0);
        let shorter = labels::without(&full, draft.unsaid);
        let text = m.elide(&shorter, fonts.label, 2.0 * before.min(after) - m.width(" ", fonts.label));
        sheet.text(&Label {
            role: Role::GroupText,
            panel: Some(p),
            text: &text,
            full: Some(&full),
            at: pt(x, bottom - line + base - draft.gaps.text * 0.25),
            anchor: Anchor::Middle,
            size: fonts.label,
            ink: draft.theme.ink,
            upright: false,
        });
    }
}
