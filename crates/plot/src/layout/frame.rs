//! Finding the data areas: how much room titles, ticks and legends get, and which of them stay when room is short.

use crate::page::Rect;
use crate::scene::{LegendPlacement, Side};
use crate::text::Metrics;
use fa_catalog::Orientation;

use super::axis::{AxisTicks, Stance, horizontal, vertical};
use super::legend::{Block, Form, fit};
use super::sheet::Sheet;
use super::{DATA_SHARE, DATA_SHARE_AIM, Draft, words};

/// What a page shows besides data. Levels are tried from the most generous to the barest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    /// Lines of title.
    pub(super) title_lines: usize,
    /// Annotation and note at the bottom.
    pub(super) annotation: bool,
    /// Names of axes.
    pub(super) axis_names: bool,
    /// Numbers at ticks.
    pub(super) tick_labels: bool,
    /// Largest part of the height for upright category labels.
    pub(super) category_share: f32,
}

const LEVELS: [Level; 8] = [
    Level { title_lines: 4, annotation: true, axis_names: true, tick_labels: true, category_share: 0.2 },
    Level { title_lines: 3, annotation: true, axis_names: true, tick_labels: true, category_share: 0.16 },
    Level { title_lines: 2, annotation: true, axis_names: true, tick_labels: true, category_share: 0.13 },
    Level { title_lines: 1, annotation: true, axis_names: true, tick_labels: true, category_share: 0.1 },
    Level { title_lines: 1, annotation: false, axis_names: true, tick_labels: true, category_share: 0.1 },
    Level { title_lines: 0, annotation: false, axis_names: true, tick_labels: true, category_share: 0.08 },
    Level { title_lines: 0, annotation: false, axis_names: false, tick_labels: true, category_share: 0.06 },
    Level { title_lines: 0, annotation: false, axis_names: false, tick_labels: false, category_share: 0.0 },
];

/// One panel's place.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    /// Data area.
    pub(super) rect: Rect,
    pub(super) x: AxisTicks,
    /// One per axes of the panel.
    pub(super) y: Vec<AxisTicks>,
    /// Legend and its upper left corner.
    pub(super) legend: Option<(Block, (f32, f32))>,
    /// Left edge of the left axis' name, right edge of the right axis' name.
    pub(super) names: (f32, f32),
}

/// All places.
#[derive(Debug, Clone)]
pub(super) struct Arrangement {
    pub(super) level: Level,
    pub(super) slots: Vec<Slot>,
    pub(super) notes: Vec<String>,
}

/// Room for legends: width on the right, or height below each panel.
#[derive(Debug, Clone)]
enum Reserve {
    None,
    Right(Vec<Option<Block>>),
    Below(Vec<Option<Block>>),
}

impl Reserve {
    fn right(&self, gap: f32) -> f32 {
        match self {
            Self::Right(blocks) => {
                let widest = blocks.iter().flatten().map(|b| b.width).fold(0.0, f32::max);
                if widest > 0.0 { widest + gap } else { 0.0 }
            }
            _ => 0.0,
        }
    }

    fn below(&self, panel: usize, gap: f32) -> f32 {
        match self {
            Self::Below(blocks) => blocks[panel].as_ref().map_or(0.0, |b| b.height + gap),
            _ => 0.0,
        }
    }

    fn blocks(&self) -> &[Option<Block>] {
        match self {
            Self::None => &[],
            Self::Right(blocks) | Self::Below(blocks) => blocks,
        }
    }
}

/// Finds the best arrangement: the most generous level whose data area is large enough and whose legends are whole;
/// failing that, the one that loses least.
pub(super) fn arrange(draft: &Draft<'_>, sheet: &Sheet) -> Arrangement {
    let mut best: Option<(f32, Arrangement)> = None;
    for (i, level) in LEVELS.iter().enumerate() {
        for reserve in reserves(draft, sheet, level) {
            let slots = place(draft, sheet, level, &reserve);
            let share = share(draft, &slots);
            let last = i + 1 == LEVELS.len();
            if share < DATA_SHARE && !last {
                continue;
            }
            let lost = loss(draft, &reserve);
            let cost = lost * 2.0 + i as f32 * 0.08 - share * 0.5 + if share < DATA_SHARE { 10.0 } else { 0.0 };
            if best.as_ref().is_none_or(|(c, _)| cost < *c) {
                best = Some((cost, Arrangement { level: *level, slots, notes: Vec::new() }));
            }
        }
        // Nothing further down can beat a level on which nothing is lost.
        if best.as_ref().is_some_and(|(cost, _)| *cost < (i + 1) as f32 * 0.08 - 0.5) {
            break;
        }
    }
    let level = best.as_ref().map_or(LEVELS[LEVELS.len() - 1], |b| b.1.level);
    let mut out = best.map_or(Arrangement { level, slots: Vec::new(), notes: Vec::new() }, |b| b.1);
    out.notes = left_out(draft, sheet, &out);
    out
}

fn left_out(draft: &Draft<'_>, sheet: &Sheet, arrangement: &Arrangement) -> Vec<String> {
    let mut notes = Vec::new();
    let level = arrangement.level;
    if words::title_lines(draft, sheet, usize::MAX).len() > level.title_lines {
        notes.push("the title is shortened for lack of room".into());
    }
    if !(level.annotation || draft.annotation.is_empty() && draft.note.is_empty()) {
        notes.push("no room for the annotation and the note".into());
    }
    if !level.axis_names {
        notes.push("no room for the names of the axes".into());
    }
    if !level.tick_labels {
        notes.push("no room for numbers at the axes".into());
    }
    notes
}

fn share(draft: &Draft<'_>, slots: &[Slot]) -> f32 {
    slots.iter().map(|s| s.rect.area()).sum::<f32>() / (draft.size.width_pt * draft.size.height_pt)
}

/// Part of the legends' information lost, 0–1.
fn loss(draft: &Draft<'_>, reserve: &Reserve) -> f32 {
    let wanted: Vec<usize> = (0..draft.legends.len()).filter(|p| wants_legend(draft, *p)).collect();
    if wanted.is_empty() {
        return 0.0;
    }
    let lost = |p: &usize| reserve.blocks().get(*p).and_then(Option::as_ref).map_or(1.0, |b| b.loss);
    wanted.iter().map(lost).sum::<f32>() / wanted.len() as f32
}

fn wants_legend(draft: &Draft<'_>, panel: usize) -> bool {
    let outside = matches!(draft.scene.legend_placement, LegendPlacement::Outside | LegendPlacement::Below);
    outside && !draft.legends[panel].entries.is_empty()
}

/// The forms that the legends could take on a level, each within what the data area can spare.
fn reserves(draft: &Draft<'_>, sheet: &Sheet, level: &Level) -> Vec<Reserve> {
    let n = draft.scene.panels.len();
    if n == 0 || !(0..n).any(|p| wants_legend(draft, p)) {
        return vec![Reserve::None];
    }
    let bare = place(draft, sheet, level, &Reserve::None);
    let page = draft.size.width_pt * draft.size.height_pt;
    let gap = draft.gaps.legend;
    let wide = draft.scene.orientation == Orientation::Horizontal && n > 1;
    let fitted = |width: &dyn Fn(usize) -> f32, height: &dyn Fn(usize) -> f32, form| -> Vec<Option<Block>> {
        let one = |p: usize| fit(&draft.legends[p], (width(p), height(p)), form, sheet, &draft.fonts);
        (0..n).map(|p| wants_legend(draft, p).then(|| one(p)).flatten()).collect()
    };
    let mut out = Vec::new();
    let data_height: f32 = bare.iter().map(|s| s.rect.h).sum();
    let data_width = bare[0].rect.w;
    if draft.scene.legend_placement == LegendPlacement::Outside && !wide {
        let spare = data_width - DATA_SHARE_AIM * page / data_height.max(1.0) - gap;
        let width = spare.min(draft.size.width_pt * 0.25);
        // A legend may reach down beside the tick labels of its own panel.
        let height = |p: usize| bare[p].rect.h + if p + 1 == n { bare[p].x.depth * 0.5 } else { 0.0 };
        out.push(Reserve::Right(fitted(&|_| width, &height, Form::Column)));
    }
    let spare = if wide {
        let widths: f32 = bare.iter().map(|s| s.rect.w).sum();
        bare[0].rect.h - DATA_SHARE_AIM * page / widths.max(1.0)
    } else {
        data_height - DATA_SHARE_AIM * page / data_width.max(1.0)
    };
    let parts = if wide { 1.0 } else { (0..n).filter(|p| wants_legend(draft, *p)).count() as f32 };
    let height = spare / parts - gap;
    let width = |p: usize| {
        if wide { bare[p].rect.w } else { draft.size.width_pt - 2.0 * draft.gaps.margin }
    };
    out.push(Reserve::Below(fitted(&width, &|_| height, Form::Row)));
    out
}

/// What surrounds one panel's data area.
struct Surroundings {
    x: AxisTicks,
    y: Vec<AxisTicks>,
    left: f32,
    right: f32,
    above: f32,
    below: f32,
}

/// Places all panels. Ticks depend on the size of the data area and it on the ticks: three rounds settle it.
fn place(draft: &Draft<'_>, sheet: &Sheet, level: &Level, reserve: &Reserve) -> Vec<Slot> {
    let n = draft.scene.panels.len();
    if n == 0 {
        return Vec::new();
    }
    let (size, gaps) = (draft.size, draft.gaps);
    let top = gaps.margin + words::title_height(draft, sheet, level);
    let bottom = size.height_pt - gaps.margin - words::foot_height(draft, sheet, level);
    let (first, last) = (gaps.margin, size.width_pt - gaps.margin);
    let wide = draft.scene.orientation == Orientation::Horizontal;
    let parts = n as f32;
    let guess = if wide {
        (size.width_pt * 0.8 / parts, size.height_pt * 0.7)
    } else {
        (size.width_pt * 0.8, size.height_pt * 0.75 / parts)
    };
    let mut rects = vec![Rect::new(0.0, 0.0, guess.0, guess.1); n];
    let mut around = Vec::new();
    for _ in 0..3 {
        around = (0..n).map(|p| surroundings(draft, sheet, level, p, rects[p])).collect::<Vec<_>>();
        rects = if wide {
            columns(&around, reserve, (first, last), (top, bottom), gaps.legend)
        } else {
            rows(draft, sheet, &around, reserve, (first, last), (top, bottom))
        };
    }
    let reserve_right = reserve.right(gaps.legend);
    around
        .into_iter()
        .zip(rects)
        .enumerate()
        .map(|(p, (a, rect))| {
            let legend = reserve.blocks().get(p).and_then(Option::as_ref).map(|block| {
                let at = match reserve {
                    Reserve::Right(_) => (last - reserve_right + gaps.legend, rect.y),
                    _ => (below_left(rect, block, wide, (first, last)), rect.bottom() + a.below + gaps.legend * 0.5),
                };
                (block.clone(), at)
            });
            let names = (rect.x - a.left, rect.right() + a.right);
            Slot { rect, x: a.x, y: a.y, legend, names }
        })
        .collect()
}

/// A legend below begins under its data area, or further left when it is wider than that.
fn below_left(rect: Rect, block: &Block, wide: bool, (first, last): (f32, f32)) -> f32 {
    if wide { rect.x } else { rect.x.min(last - block.width).max(first) }
}

/// Panels below each other: equal heights, common left and right edges.
fn rows(
    draft: &Draft<'_>,
    sheet: &Sheet,
    around: &[Surroundings],
    reserve: &Reserve,
    (first, last): (f32, f32),
    (top, bottom): (f32, f32),
) -> Vec<Rect> {
    let n = around.len();
    let left = first + around.iter().map(|a| a.left).fold(0.0, f32::max);
    let legend = reserve.right(draft.gaps.legend);
    let right_need = around.iter().map(|a| a.right).fold(0.0, f32::max);
    let overshoot = around.iter().map(|a| a.x.overshoot).fold(0.0, f32::max);
    let right = last - (right_need + legend).max(overshoot - draft.gaps.margin);
    let legend_gap = draft.gaps.legend;
    let used: f32 = around.iter().enumerate().map(|(p, a)| a.above + a.below + reserve.below(p, legend_gap)).sum();
    // Numbers at the ends of neighbouring axes must not meet.
    let between = sheet.metrics.line_height(draft.fonts.tick);
    let height = ((bottom - top - used - between * (n - 1) as f32) / n as f32).max(1.0);
    let mut y = top;
    around
        .iter()
        .enumerate()
        .map(|(p, a)| {
            let rect = Rect::new(left, y + a.above, (right - left).max(1.0), height);
            y = rect.bottom() + a.below + reserve.below(p, legend_gap) + between;
            rect
        })
        .collect()
}

/// Panels side by side: equal widths, common upper and lower edges.
fn columns(
    around: &[Surroundings],
    reserve: &Reserve,
    (first, last): (f32, f32),
    (top, bottom): (f32, f32),
    gap: f32,
) -> Vec<Rect> {
    let n = around.len();
    let above = around.iter().map(|a| a.above).fold(0.0, f32::max);
    let below = around.iter().enumerate().map(|(p, a)| a.below + reserve.below(p, gap)).fold(0.0, f32::max);
    let side = |a: &Surroundings| a.left + a.right.max(a.x.overshoot);
    let used: f32 = around.iter().map(side).sum();
    let legend = reserve.right(gap);
    let width = ((last - first - used - legend - gap * (n - 1) as f32) / n as f32).max(1.0);
    let mut x = first;
    around
        .iter()
        .map(|a| {
            let rect = Rect::new(x + a.left, top + above, width, (bottom - top - above - below).max(1.0));
            x = rect.right() + a.right.max(a.x.overshoot) + gap;
            rect
        })
        .collect()
}

fn surroundings(draft: &Draft<'_>, sheet: &Sheet, level: &Level, p: usize, rect: Rect) -> Surroundings {
    let (panel, fonts, gaps) = (&draft.scene.panels[p], &draft.fonts, draft.gaps);
    let domains = &draft.domains[p];
    let m = sheet.metrics;
    let cells = m == Metrics::Cells;
    let label_line = m.line_height(fonts.label);
    let widest = draft.size.width_pt * 0.12;
    let y: Vec<AxisTicks> =
        panel.axes.iter().zip(domains).map(|(axes, d)| vertical(&axes.y, d.y, rect.h, widest, sheet, fonts)).collect();
    let tallest = draft.size.height_pt * level.category_share;
    let mut x = match (panel.axes.first(), domains.first()) {
        (Some(axes), Some(d)) => horizontal(&axes.x, d.x, rect.w, tallest, sheet, fonts),
        _ => horizontal(&empty_axis(), (0.0, 1.0), rect.w, tallest, sheet, fonts),
    };
    if !(level.tick_labels && panel.show_x_ticks) {
        x.overshoot = 0.0;
        x.depth = 0.0;
        if x.stance == Stance::Upright {
            x.stance = Stance::Level;
        }
    }
    let mut sides = [0.0_f32; 2];
    for (axes, ticks) in panel.axes.iter().zip(&y) {
        let side = &mut sides[usize::from(axes.side == Side::Right)];
        let mut need = gaps.tick;
        if level.tick_labels {
            need += gaps.text + ticks.depth;
        }
        if level.axis_names && !ticks.name.is_empty() && !cells {
            need += gaps.text + label_line;
        }
        *side = side.max(need);
    }
    let mut below = gaps.tick + if x.depth > 0.0 { gaps.text + x.depth } else { 0.0 };
    if level.axis_names && panel.show_x_ticks && !x.name.is_empty() {
        below += gaps.text * 0.5 + label_line;
    }
    let mut above = words::band_height(draft, sheet, p);
    if cells && level.axis_names && y.iter().any(|t| !t.name.is_empty()) {
        above += label_line;
    }
    // The topmost number stands half above its tick.
    if p == 0 && level.tick_labels && !cells {
        above = above.max(m.line_height(fonts.tick) * 0.5);
    }
    Surroundings { x, y, left: sides[0], right: sides[1], above, below }
}

fn empty_axis() -> crate::scene::Axis {
    crate::scene::Axis {
        label: String::new(),
        limits: (0.0, 1.0),
        scale: crate::scene::Scale::Linear,
        ticks: Some(Vec::new()),
        quantity: crate::scene::Quantity::Category,
    }
}
