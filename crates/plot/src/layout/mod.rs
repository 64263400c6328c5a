//! `layout`: from what is drawn (`Scene`) to where it is (`Page`).
//!
//! The data area comes first: titles, annotation and legends get what it leaves them, at most 45 % of the figure. A
//! legend stands on the right if it needs no more than a quarter of the width, else below; labels lose what they have
//! in common, then their middles, and entries that still find no place are counted. What was left out is in
//! [`Page::notes`](crate::page::Page::notes). The result depends on nothing but the arguments.

mod axis;
mod band;
mod decimate;
mod domain;
mod frame;
mod grouping;
mod labels;
mod legend;
mod marks;
mod path;
mod pyramid;
mod sheet;
mod words;

pub use domain::{View, Zoom};
pub use pyramid::{Extremes, Pyramid, Pyramids};

use std::collections::HashMap;
use std::rc::Rc;

use crate::page::{Anchor, AxesFrame, MarkInfo, Page, PageSize, PanelFrame, Projection, Rect, Role, Shape, Stroke, pt};
use crate::scene::{LegendPlacement, Mark, Panel, Scene, Side};
use crate::text::{Metrics, one_line};
use crate::theme::{CELL_PT, Palette, Theme};

use axis::{draw_below, draw_beside, draw_grid, is_categories};
use domain::Domain;
use frame::{Arrangement, Memo, Slot, arrange};
use grouping::Legends;
use legend::{Entry, Group, Placed, Ready, Sample};
use marks::Canvas;
use sheet::{Label, Sheet};

/// Least part of the figure that is data, and a little more to aim at.
const DATA_SHARE: f32 = 0.55;
const DATA_SHARE_AIM: f32 = 0.556;

/// Font sizes in points, scaled to the page.
#[derive(Debug, Clone, Copy)]
struct Fonts {
    title: f32,
    subtitle: f32,
    label: f32,
    tick: f32,
    legend: f32,
    small: f32,
    /// Factor that was applied.
    scale: f32,
}

impl Fonts {
    fn new(theme: &Theme, size: PageSize) -> Self {
        let reference = PageSize::default();
        let area = (size.width_pt * size.height_pt) / (reference.width_pt * reference.height_pt);
        let scale = if theme.scales { area.powf(0.25).clamp(0.78, 1.5) } else { 1.0 };
        let f = theme.fonts;
        Self {
            title: f.title * scale,
            subtitle: f.subtitle * scale,
            label: f.label * scale,
            tick: f.tick * scale,
            legend: f.legend * scale,
            small: f.small * scale,
            scale,
        }
    }
}

/// Distances in points.
#[derive(Debug, Clone, Copy)]
struct Gaps {
    /// Page edge.
    margin: f32,
    /// Length of a tick of a vertical axis (and room for the axis itself on a terminal).
    tick: f32,
    /// Length of a tick of a horizontal axis.
    tick_down: f32,
    /// Between a tick and its label, a label and the next thing.
    text: f32,
    /// Between the data area and a legend.
    legend: f32,
}

impl Gaps {
    fn new(theme: &Theme, fonts: &Fonts) -> Self {
        if theme.metrics == Metrics::Cells {
            let cell = CELL_PT * crate::text::CELL_WIDTH_EM;
            return Self { margin: 0.0, tick: cell, tick_down: 0.0, text: 0.0, legend: cell * 2.0 };
        }
        let s = fonts.scale;
        Self { margin: 5.0 * s, tick: 3.0 * s, tick_down: 3.0 * s, text: 2.0 * s, legend: 6.0 * s }
    }
}

/// Everything that is known before places are found.
struct Draft<'a> {
    scene: &'a Scene,
    theme: &'a Theme,
    size: PageSize,
    fonts: Fonts,
    gaps: Gaps,
    domains: Vec<Vec<Domain>>,
    /// Possible legends, the plainest first.
    legends: Vec<Legends<Rc<Ready>>>,
    memo: Memo,
    title: Vec<String>,
    annotation: String,
    note: String,
    /// What shortened labels leave out.
    caption: String,
    /// The far host, where labels leave it out.
    unsaid: Option<&'a str>,
}

/// Lays out a scene.
///
/// - `size`: of the page in points; sizes below 20 points are raised to 20.
/// - `view`: limits a viewer has zoomed to; `None`: the scene's own.
pub fn layout(scene: &Scene, size: PageSize, theme: &Theme, view: Option<&View>) -> Page {
    layout_with(scene, size, theme, view, &Pyramids::default())
}

/// As [`layout`], quicker where lines are long: `pyramids` are those [of](Pyramids::of) this scene.
pub fn layout_with(scene: &Scene, size: PageSize, theme: &Theme, view: Option<&View>, pyramids: &Pyramids) -> Page {
    let usable = |v: f32| if v.is_finite() { v.clamp(20.0, 20_000.0) } else { 20.0 };
    let size = PageSize { width_pt: usable(size.width_pt), height_pt: usable(size.height_pt) };
    let mut theme = theme.clone().with_colours(&scene.palette);
    let fonts = Fonts::new(&theme, size);
    theme.weight *= fonts.scale;
    let theme = &theme;
    let mut sheet = Sheet::new(size, theme.metrics);
    let mut notes = Vec::new();
    if let Some(reason) = &scene.empty {
        return message(sheet, size, theme, reason);
    }

    let gaps = Gaps::new(theme, &fonts);
    let domains: Vec<Vec<Domain>> = scene
        .panels
        .iter()
        .enumerate()
        .map(|(p, panel)| {
            panel.axes.iter().enumerate().map(|(a, axes)| Domain::new(axes, (p, a), view, &mut notes)).collect()
        })
        .collect();
    let palettes: Vec<Palette<'_>> = scene.panels.iter().map(|p| Palette::new(theme, p)).collect();
    let (marks, numbers) = index_marks(scene);
    let legends = (0..scene.panels.len()).map(|p| entries(scene, p, &palettes[p], theme, &fonts, &numbers)).collect();
    let mut draft = Draft {
        scene,
        theme,
        size,
        fonts,
        gaps,
        domains,
        legends: grouping::variants(scene, legends, theme.ink, &palettes)
            .into_iter()
            .map(|legends| legends.map(|group| Ready::new(group, &fonts, sheet.metrics)))
            .collect(),
        memo: Memo::default(),
        title: scene.title.iter().map(|t| one_line(t)).filter(|t| !t.is_empty()).collect(),
        annotation: words::joined(&scene.figure_text),
        note: scene.figure_note.as_deref().map(one_line).unwrap_or_default(),
        caption: String::new(),
        unsaid: labels::unsaid(scene),
    };
    let mut arrangement = arrange(&draft, sheet.metrics);
    draft.caption = arrangement.caption(draft.unsaid);
    if !draft.caption.is_empty() {
        arrangement = arrange(&draft, sheet.metrics);
        // With less room other labels may be short.
        draft.caption = arrangement.caption(draft.unsaid);
    }

    let mut panels = Vec::new();
    for (p, slot) in arrangement.slots.iter().enumerate() {
        let panel = &scene.panels[p];
        let frames = frames(panel, slot, &draft.domains[p]);
        draw_panel(&mut sheet, &draft, p, slot, &frames, &palettes[p], (&numbers, pyramids));
        panels.push(PanelFrame { rect: slot.rect, axes: frames });
    }
    words::draw(&mut sheet, &draft, &arrangement);
    for (p, slot) in arrangement.slots.iter().enumerate() {
        words::draw_axis_names(&mut sheet, &draft, p, slot, &arrangement.level);
        // A page too small for numbers is too small for names.
        if !arrangement.level.tick_labels {
            continue;
        }
        words::draw_heading(&mut sheet, &draft, p, slot, arrangement.variant);
        draw_texts(&mut sheet, &draft, p, slot, &panels[p].axes, &mut notes);
    }
    draw_legends(&mut sheet, &draft, &arrangement, &panels, &mut notes);
    draw_ticks(&mut sheet, &draft, &arrangement, &panels);
    notes.extend(arrangement.notes);
    notes.sort();
    notes.dedup();
    Page { size, background: theme.background, items: sheet.items, panels, marks, notes }
}

/// A page that only says why there is nothing on it.
fn message(mut sheet: Sheet, size: PageSize, theme: &Theme, reason: &str) -> Page {
    let fonts = Fonts::new(theme, size);
    let m = theme.metrics;
    let width = size.width_pt * 0.9;
    let reason = one_line(reason);
    let lines = m.wrap(&reason, fonts.label, width, 6).unwrap_or_else(|| vec![m.elide(&reason, fonts.label, width)]);
    let line = m.line_height(fonts.label);
    let top = (size.height_pt - line * lines.len() as f32) / 2.0;
    for (i, text) in lines.iter().enumerate() {
        sheet.text(&Label {
            role: Role::Message,
            panel: None,
            text,
            full: Some(&reason),
            at: pt(size.width_pt / 2.0, top + line * i as f32 + m.baseline(fonts.label)),
            anchor: Anchor::Middle,
            size: fonts.label,
            ink: theme.muted,
            upright: false,
        });
    }
    let (items, background) = (sheet.items, theme.background);
    Page { size, background, items, panels: Vec::new(), marks: Vec::new(), notes: Vec::new() }
}

/// Number of a mark's part in the page's list: panel, axes, mark, part.
type Numbers = HashMap<(usize, usize, usize), Vec<usize>>;

/// The list of marks: one entry per line, area and ellipse, one per box and bar.
fn index_marks(scene: &Scene) -> (Vec<MarkInfo>, Numbers) {
    let mut list = Vec::new();
    let mut numbers = Numbers::new();
    for (p, panel) in scene.panels.iter().enumerate() {
        for (a, axes) in panel.axes.iter().enumerate() {
            for (m, mark) in axes.marks.iter().enumerate() {
                let place = (p, a, m);
                let (id, label, files): (_, Option<&String>, Vec<usize>) = match mark {
                    Mark::Line(l) => (&l.id, l.label.as_ref(), vec![l.id.file]),
                    Mark::Area(l) => (&l.id, l.label.as_ref(), vec![l.id.file]),
                    Mark::Ellipse(l) => (&l.id, l.label.as_ref(), vec![l.id.file]),
                    Mark::Bars(l) => (&l.id, l.label.as_ref(), l.bars.iter().map(|b| b.file).collect()),
                    Mark::Boxes(l) => (&l.id, None, l.boxes.iter().map(|b| b.file).collect()),
                };
                for file in files {
                    numbers.entry(place).or_default().push(list.len());
                    let mut info = MarkInfo::new(place, id, label.unwrap_or(&id.series));
                    info.file = file;
                    list.push(info);
                }
            }
        }
    }
    (list, numbers)
}

/// Legend entries of a panel with their specimens.
fn entries(scene: &Scene, p: usize, palette: &Palette<'_>, theme: &Theme, fonts: &Fonts, numbers: &Numbers) -> Group {
    let panel = &scene.panels[p];
    let Some(legend) = &panel.legend else { return Group::default() };
    let unsaid = labels::unsaid(scene);
    let unit = Projection::new(crate::scene::Scale::Linear, (0.0, 1.0), (0.0, 1.0));
    let canvas = Canvas {
        theme,
        palette,
        panel: p,
        frame: AxesFrame::new(unit, unit, Side::Left),
        rect: Rect::default(),
        scale: fonts.scale,
    };
    let entries = legend
        .entries
        .iter()
        .map(|entry| {
            let (a, m, part) = entry.sample;
            let mark = panel.axes.get(a).and_then(|axes| axes.marks.get(m));
            let places = numbers.get(&(p, a, m));
            // A legend entry of boxes stands for its file, one of bars for the whole series.
            let marks = match (mark, places) {
                (Some(Mark::Boxes(_)), Some(all)) => all.get(part).copied().into_iter().collect(),
                (_, Some(all)) => all.clone(),
                (_, None) => Vec::new(),
            };
            let sample = mark.map_or(Sample::None, |mark| canvas.sample(mark, part));
            Entry { label: labels::without(&one_line(&entry.label), unsaid), sample, marks }
        })
        .collect();
    Group { title: one_line(&legend.title), entries }
}

fn frames(panel: &Panel, slot: &Slot, domains: &[Domain]) -> Vec<AxesFrame> {
    let r = slot.rect;
    panel
        .axes
        .iter()
        .zip(domains)
        .map(|(axes, d)| {
            let x = Projection::new(axes.x.scale, d.x, (r.x, r.right()));
            let y = Projection::new(axes.y.scale, d.y, (r.bottom(), r.y));
            AxesFrame::new(x, y, axes.side)
        })
        .collect()
}

fn draw_panel(
    sheet: &mut Sheet,
    draft: &Draft<'_>,
    p: usize,
    slot: &Slot,
    frames: &[AxesFrame],
    palette: &Palette<'_>,
    (numbers, pyramids): (&Numbers, &Pyramids),
) {
    let (theme, panel, rect) = (draft.theme, &draft.scene.panels[p], slot.rect);
    if theme.face != theme.background {
        sheet.push(Role::Face, Some(p), Shape::Rect { rect, fill: Some(theme.face), stroke: None });
    }
    if let (Some(first), Some(y)) = (frames.first(), slot.y.first()) {
        let categories = panel.axes.first().is_some_and(|a| is_categories(&a.x));
        draw_grid(sheet, (&slot.x, &first.x), (y, &first.y), p, rect, theme, categories);
        let dots = Stroke { dash: vec![1.0, 2.0], ..Stroke::solid(theme.muted, 0.7 * theme.weight) };
        for value in &panel.dividers {
            let x = first.x.place(*value);
            if x > rect.x && x < rect.right() {
                sheet.line(Role::Divider, p, pt(x, rect.y), pt(x, rect.bottom()), dots.clone());
            }
        }
    }
    for (a, (axes, frame)) in panel.axes.iter().zip(frames).enumerate() {
        let canvas = Canvas { theme, palette, panel: p, frame: *frame, rect, scale: draft.fonts.scale };
        for (m, mark) in axes.marks.iter().enumerate() {
            let parts = numbers.get(&(p, a, m)).map_or(&[][..], Vec::as_slice);
            canvas.draw(sheet, mark, parts, pyramids.get((p, a, m)));
        }
    }
}

/// Axis lines, ticks and their labels; last, because a label in the way of anything else is left out.
fn draw_ticks(sheet: &mut Sheet, draft: &Draft<'_>, arrangement: &Arrangement, panels: &[PanelFrame]) {
    let style = (draft.theme, &draft.fonts, draft.gaps);
    let labels = arrangement.level.tick_labels;
    for (p, (slot, frame)) in arrangement.slots.iter().zip(panels).enumerate() {
        let panel = &draft.scene.panels[p];
        if let Some(first) = frame.axes.first() {
            draw_below(sheet, &slot.x, &first.x, p, slot.rect, style, labels && panel.show_x_ticks);
        }
        for (ticks, axes) in slot.y.iter().zip(&frame.axes) {
            draw_beside(sheet, ticks, &axes.y, p, slot.rect, style, (axes.right, labels));
        }
    }
}

/// Texts at data coordinates: in the band above the data area if they lie above it, else where there is room.
fn draw_texts(
    sheet: &mut Sheet,
    draft: &Draft<'_>,
    p: usize,
    slot: &Slot,
    frames: &[AxesFrame],
    notes: &mut Vec<String>,
) {
    let (m, fonts, rect) = (sheet.metrics, draft.fonts, slot.rect);
    let (line, base) = (m.line_height(fonts.label), m.baseline(fonts.label));
    let air = draft.gaps.tick_down;
    for (axes, frame) in draft.scene.panels[p].axes.iter().zip(frames) {
        let mut above: Vec<(f32, &str)> = Vec::new();
        let ellipses = marks::ellipses(axes, frame);
        for text in &axes.texts {
            let at = marks::place(&frame.x, &frame.y, (text.x, text.y));
            if !at.x.is_finite() || !at.y.is_finite() || at.x < rect.x - 0.1 || at.x > rect.right() + 0.1 {
                continue;
            }
            if at.y <= rect.y + 0.5 {
                above.push((at.x, &text.text));
                continue;
            }
            let full = one_line(&text.text);
            let shown = m.elide(&full, fonts.label, rect.w * 0.4);
            let half = m.width(&shown, fonts.label) / 2.0;
            // Above the point that it names, clear of its marker; where its ellipse has no room for it, beside that.
            let over = -(3.5 * draft.fonts.scale) - (line - base);
            let mut tries: Vec<(f32, f32)> = Vec::new();
            if let Some((_, _, around)) = ellipses.iter().find(|(x, y, _)| (*x, *y) == (text.x, text.y))
                && (around.w < 2.6 * half || around.h < 5.0 * line)
            {
                let level = at.y - line / 2.0 + base;
                tries.push((at.x, around.y - air - (line - base)));
                tries.push((at.x, around.bottom() + air + base));
                tries.push((around.right() + air + half, level));
                tries.push((around.x - air - half, level));
            }
            tries.extend([over, line + 1.0, over - line, 2.0 * line, over - 2.0 * line].map(|dy| (at.x, at.y + dy)));
            let beside_edge = |x: f32| {
                let reach = (half + air).min(rect.w / 2.0);
                x.clamp(rect.x + reach, rect.right() - reach)
            };
            // First where nothing must be moved.
            let inside = |(x, y): &(f32, f32)| {
                beside_edge(*x) == *x && *y >= rect.y + base && *y <= rect.bottom() - (line - base)
            };
            let (kept, moved): (Vec<_>, Vec<_>) = tries.into_iter().partition(inside);
            let free = kept.into_iter().chain(moved).any(|(x, y)| {
                let x = beside_edge(x);
                let y = y.clamp(rect.y + base, rect.bottom() - (line - base));
                sheet.text(&Label {
                    role: Role::GroupText,
                    panel: Some(p),
                    text: &shown,
                    full: Some(&full),
                    at: pt(x, y),
                    anchor: Anchor::Middle,
                    size: fonts.label,
                    ink: draft.theme.ink,
                    upright: false,
                })
            });
            if !free {
                notes.push(format!("no room for the name {full:?}"));
            }
        }
        words::draw_band(sheet, draft, p, slot, &mut above);
    }
}

fn draw_legends(
    sheet: &mut Sheet,
    draft: &Draft<'_>,
    arrangement: &Arrangement,
    panels: &[PanelFrame],
    notes: &mut Vec<String>,
) {
    if draft.scene.legend_placement == LegendPlacement::Hidden {
        return;
    }
    let mut places: Vec<(Option<usize>, Placed)> = Vec::new();
    for (p, slot) in arrangement.slots.iter().enumerate() {
        let place = match &draft.scene.legend_placement {
            LegendPlacement::Inside(place) => inside(sheet, draft, p, panels, place),
            _ => slot.legend.clone(),
        };
        places.extend(place.map(|place| (Some(p), place)));
    }
    places.extend(arrangement.shared.clone().map(|place| (None, place)));
    let mut shown = 0;
    for (panel, placed) in &places {
        shown += placed.block.shown;
        legend::draw(sheet, placed, *panel, draft.theme, &draft.fonts);
    }
    let total = draft.legends[arrangement.variant].count();
    if shown < total {
        notes.push(format!("room for {shown} of {total} legend entries"));
    }
}

/// A legend inside the data area, on a background of its own.
fn inside(sheet: &mut Sheet, draft: &Draft<'_>, p: usize, panels: &[PanelFrame], place: &str) -> Option<Placed> {
    let rect = panels[p].rect;
    let pad = 4.0 * draft.fonts.scale;
    let room = (rect.w * 0.6 - 2.0 * pad, rect.h * 0.7 - 2.0 * pad);
    let groups = &draft.legends[0].own[p];
    let columns = draft.scene.legend_columns;
    let block = legend::fit(groups, room, legend::Form::Column, columns, sheet.metrics, &draft.fonts)?;
    let (w, h) = (block.width + 2.0 * pad, block.height + 2.0 * pad);
    let corner = |place: &str| {
        let x = if place.contains("left") {
            rect.x + pad
        } else if place.contains("right") {
            rect.right() - w - pad
        } else {
            rect.x + (rect.w - w) / 2.0
        };
        let y = if place.contains("upper") {
            rect.y + pad
        } else if place.contains("lower") {
            rect.bottom() - h - pad
        } else {
            rect.y + (rect.h - h) / 2.0
        };
        Rect::new(x, y, w, h)
    };
    let frame = if place == "best" || place.is_empty() {
        let corners = [
            "upper right",
            "upper left",
            "lower left",
            "lower right",
            "center right",
            "center left",
            "lower center",
            "upper center",
        ];
        corners.into_iter().map(corner).min_by_key(|r| crowd(sheet, p, r))?
    } else {
        corner(place)
    };
    let fill = Some(draft.theme.face.with_alpha(0.85));
    let stroke = Some(Stroke::solid(draft.theme.grid, 0.8));
    sheet.push(Role::LegendFrame, Some(p), Shape::Rect { rect: frame, fill, stroke });
    Some(Placed { block, at: (frame.x + pad, frame.y + pad) })
}

/// Number of data points under a rectangle.
fn crowd(sheet: &Sheet, panel: usize, rect: &Rect) -> usize {
    sheet
        .items
        .iter()
        .filter(|i| i.role == Role::Data && i.panel == Some(panel))
        .map(|item| match &item.shape {
            Shape::Path { runs, .. } => runs.iter().flatten().filter(|q| rect.contains(**q)).count(),
            Shape::Band { edges, .. } => edges.iter().filter(|e| rect.contains(pt(e.x, e.top))).count(),
            Shape::Polygon { points, .. } => points.iter().filter(|q| rect.contains(**q)).count(),
            Shape::Markers { at, .. } => at.iter().filter(|q| rect.contains(**q)).count(),
            Shape::Rect { rect: r, .. } => usize::from(r.overlaps(rect, 0.0)) * 20,
            Shape::Text(_) => 0,
        })
        .sum()
}
