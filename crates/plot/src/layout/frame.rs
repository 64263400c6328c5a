//! Finding the data areas: how much room titles, ticks and legends get, and which of them stay when room is short.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::page::Rect;
use crate::scene::{LegendPlacement, Side};
use crate::text::{CELL_WIDTH_EM, Metrics};
use crate::theme::CELL_PT;
use fa_catalog::Orientation;

use super::axis::{AxisTicks, category_labels, horizontal, vertical};
use super::labels::LabelSet;
use super::legend::{Block, Form, Placed, Ready, fit};
use super::{DATA_SHARE, DATA_SHARE_AIM, Draft, words};

/// What a page shows besides data. Levels are tried from the most generous to the barest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    /// Lines of title.
    pub(super) title_lines: usize,
    /// Annotation, note and caption at the bottom.
    pub(super) annotation: bool,
    /// Names of axes (with their units).
    pub(super) axis_names: bool,
    /// Name of the horizontal axis.
    pub(super) x_name: bool,
    /// Numbers at ticks.
    pub(super) tick_labels: bool,
    /// Largest part of the height for upright category labels.
    pub(super) category_share: f32,
    /// What the level gives up, in units of a lost legend.
    cost: f32,
}

const LEVELS: [Level; 9] = [
    level(4, 0b1111, 0.2, 0.0),
    level(3, 0b1111, 0.17, 0.03),
    level(2, 0b1111, 0.14, 0.08),
    level(1, 0b1111, 0.11, 0.14),
    level(1, 0b0111, 0.1, 0.4),
    level(0, 0b0111, 0.1, 0.55),
    level(0, 0b0011, 0.1, 0.75),
    level(0, 0b0001, 0.08, 1.5),
    level(0, 0b0000, 0.0, 4.0),
];

/// - `parts`: bits for annotation, the name of the horizontal axis, of the vertical ones, and tick labels.
const fn level(title_lines: usize, parts: u8, category_share: f32, cost: f32) -> Level {
    let (annotation, x_name, axis_names, tick_labels) =
        (parts & 8 != 0, parts & 4 != 0, parts & 2 != 0, parts & 1 != 0);
    Level { title_lines, annotation, axis_names, x_name, tick_labels, category_share, cost }
}

/// One panel's place.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    /// Data area.
    pub(super) rect: Rect,
    pub(super) x: Rc<AxisTicks>,
    /// Height of the labels of the horizontal axis, 0 when it has none.
    pub(super) x_depth: f32,
    /// One per axes of the panel.
    pub(super) y: Vec<Rc<AxisTicks>>,
    /// Legend and its upper left corner.
    pub(super) legend: Option<Placed>,
    /// Left edge of the left axis' name, right edge of the right axis' name.
    pub(super) names: (f32, f32),
}

/// All places.
#[derive(Debug, Clone)]
pub(super) struct Arrangement {
    pub(super) level: Level,
    pub(super) slots: Vec<Slot>,
    /// Legend of all panels and its upper left corner.
    pub(super) shared: Option<Placed>,
    /// Which of the possible legends is shown.
    pub(super) variant: usize,
    pub(super) notes: Vec<String>,
}

impl Arrangement {
    /// What labels leave out, for the caption.
    ///
    /// - `unsaid`: a word that all labels leave out.
    pub(super) fn caption(&self, unsaid: Option<&str>) -> String {
        let blocks = self.slots.iter().filter_map(|s| s.legend.as_ref()).chain(&self.shared).map(|l| &l.block);
        let mut parts: Vec<&str> = blocks.flat_map(|b| &b.common).map(String::as_str).collect();
        parts.extend(self.slots.iter().filter(|s| s.x_depth > 0.0).filter_map(|s| s.x.common.as_deref()));
        parts.extend(self.slots.iter().flat_map(|s| &s.y).filter_map(|y| y.common.as_deref()));
        parts.sort_unstable();
        parts.dedup();
        parts.splice(0..0, unsaid);
        let mut explained: Vec<&str> = self.slots.iter().filter_map(|s| s.x.explained.as_deref()).collect();
        explained.dedup();
        let explained = explained.join("; ");
        match (parts.is_empty(), explained.is_empty()) {
            (true, _) => explained,
            (false, true) => format!("left out of labels: {}", parts.join("; ")),
            (false, false) => format!("{explained} (left out: {})", parts.join("; ")),
        }
    }
}

/// Where a legend is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Right,
    Below,
}

/// Room for legends.
#[derive(Debug, Clone)]
struct Reserve {
    variant: usize,
    /// One block per panel.
    own: Vec<Option<Block>>,
    own_at: Beside,
    shared: Option<Block>,
    shared_at: Beside,
}

impl Reserve {
    fn none(variant: usize, panels: usize, own_at: Beside, shared_at: Beside) -> Self {
        Self { variant, own: vec![None; panels], own_at, shared: None, shared_at }
    }

    /// Width on the right.
    fn right(&self, gap: f32) -> f32 {
        let own = self.own.iter().flatten().filter(|_| self.own_at == Beside::Right);
        let shared = self.shared.iter().filter(|_| self.shared_at == Beside::Right);
        let widest = own.chain(shared).map(|b| b.width).fold(0.0, f32::max);
        if widest > 0.0 { widest + gap } else { 0.0 }
    }

    /// Height below one panel.
    fn below(&self, panel: usize, gap: f32) -> f32 {
        let block = self.own[panel].as_ref().filter(|_| self.own_at == Beside::Below);
        block.map_or(0.0, |b| b.height + gap)
    }

    /// Height below all panels.
    fn foot(&self, gap: f32) -> f32 {
        self.shared.as_ref().filter(|_| self.shared_at == Beside::Below).map_or(0.0, |b| b.height + gap)
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.own.iter().flatten().chain(&self.shared)
    }
}

/// Finds the best arrangement: the most generous level whose data area is large enough and whose legends are whole;
/// failing that, the one that loses least.
pub(super) fn arrange(draft: &Draft<'_>, m: Metrics) -> Arrangement {
    let mut best: Option<(f32, Arrangement)> = None;
    for (i, level) in LEVELS.iter().enumerate() {
        for reserve in reserves(draft, m, level) {
            let (slots, shared) = place(draft, m, level, &reserve);
            let share = share(draft, &slots);
            if share < DATA_SHARE && i + 1 < LEVELS.len() {
                continue;
            }
            let cost = cost(draft, &reserve) + unnamed(draft, &reserve, level, &slots) + level.cost - share * 0.5
                + if share < DATA_SHARE { 10.0 } else { 0.0 };
            if best.as_ref().is_none_or(|(c, _)| cost < *c) {
                let arrangement =
                    Arrangement { level: *level, slots, shared, variant: reserve.variant, notes: Vec::new() };
                best = Some((cost, arrangement));
            }
        }
        // A level further down is better only if it saves more than it gives up.
        let next = LEVELS.get(i + 1).map_or(f32::MAX, |l| l.cost);
        if best.as_ref().is_some_and(|(cost, _)| *cost <= next - 0.4) {
            break;
        }
    }
    let mut out = best.map_or_else(
        || Arrangement {
            level: LEVELS[LEVELS.len() - 1],
            slots: Vec::new(),
            shared: None,
            variant: 0,
            notes: Vec::new(),
        },
        |b| b.1,
    );
    out.notes = left_out(draft, m, &out);
    out
}

fn left_out(draft: &Draft<'_>, m: Metrics, arrangement: &Arrangement) -> Vec<String> {
    let mut notes = Vec::new();
    let level = arrangement.level;
    if words::title_lines(draft, m, usize::MAX).len() > level.title_lines {
        notes.push("the title is shortened for lack of room".into());
    }
    if !level.annotation && !draft.caption.is_empty() {
        notes.push(format!("labels leave out what they have in common: {}", draft.caption));
    }
    if !(level.annotation || draft.annotation.is_empty() && draft.note.is_empty()) {
        notes.push("no room for the annotation and the note".into());
    }
    if !level.axis_names {
        notes.push("no room for the names of the axes".into());
    } else if !level.x_name {
        notes.push("no room for the name of the horizontal axis".into());
    }
    if !level.tick_labels {
        notes.push("no room for numbers at the axes".into());
    }
    notes
}

fn share(draft: &Draft<'_>, slots: &[Slot]) -> f32 {
    slots.iter().map(|s| s.rect.area()).sum::<f32>() / (draft.size.width_pt * draft.size.height_pt)
}

/// Whether legends stand outside the data area.
fn outside(draft: &Draft<'_>) -> bool {
    matches!(draft.scene.legend_placement, LegendPlacement::Outside | LegendPlacement::Below)
}

/// What the legends lose: 0 when every entry is shown in full, up to 1 for entries cut off, 2 for each legend that has
/// no place at all.
fn cost(draft: &Draft<'_>, reserve: &Reserve) -> f32 {
    let legends = &draft.legends[reserve.variant];
    if legends.is_empty() || !outside(draft) {
        return 0.0;
    }
    let absent = |groups: &[Rc<Ready>], block: Option<&Block>| usize::from(!groups.is_empty() && block.is_none());
    let own: usize = legends.own.iter().zip(&reserve.own).map(|(g, b)| absent(g, b.as_ref())).sum();
    let missing = own + absent(&legends.shared, reserve.shared.as_ref());
    let lost: f32 = reserve.blocks().map(|b| b.lost).sum();
    // Of two that say the same, the one with fewer entries.
    lost / legends.count().max(1) as f32 + 2.0 * missing as f32 + 0.002 * legends.count() as f32
}

/// What is lost when the names of boxes are left to ticks that cannot say them.
fn unnamed(draft: &Draft<'_>, reserve: &Reserve, level: &Level, slots: &[Slot]) -> f32 {
    let left_to_ticks = reserve.variant > 0 && draft.legends[reserve.variant].is_empty() && outside(draft);
    let cannot = slots.iter().any(|slot| slot.x.elided || !level.tick_labels);
    // An explanation in the caption, too, has to be shown.
    let unexplained = slots.iter().any(|slot| slot.x.explained.is_some()) && !level.annotation;
    if left_to_ticks && (cannot || unexplained) { 2.0 } else { 0.0 }
}

/// The forms that the legends could take on a level, each within what the data area can spare.
fn reserves(draft: &Draft<'_>, m: Metrics, level: &Level) -> Vec<Reserve> {
    let n = draft.scene.panels.len();
    let side_by_side = draft.scene.orientation == Orientation::Horizontal && n > 1;
    let below_only = draft.scene.legend_placement == LegendPlacement::Below;
    let mut out = Vec::new();
    for (variant, legends) in draft.legends.iter().enumerate() {
        if n == 0 || !outside(draft) || legends.is_empty() {
            out.push(Reserve::none(variant, n, Beside::Right, Beside::Right));
            if n == 0 || !outside(draft) {
                return out;
            }
            continue;
        }
        let has_own = legends.own.iter().any(|g| !g.is_empty());
        let mut forms = vec![(Beside::Below, Beside::Below)];
        if !below_only && !side_by_side {
            forms.push((Beside::Right, Beside::Below));
        }
        if !below_only && !has_own {
            forms.push((Beside::Right, Beside::Right));
        }
        for (own_at, shared_at) in forms {
            out.push(reserve(draft, m, level, Reserve::none(variant, n, own_at, shared_at)));
        }
    }
    out
}

/// Fits the legends of one form into what the data area can spare. What stands for all panels comes first.
fn reserve(draft: &Draft<'_>, m: Metrics, level: &Level, mut reserve: Reserve) -> Reserve {
    let legends = &draft.legends[reserve.variant];
    let (size, gap, columns) = (draft.size, draft.gaps.legend, draft.scene.legend_columns);
    let aim = DATA_SHARE_AIM * size.width_pt * size.height_pt;
    let n = draft.scene.panels.len();
    let side_by_side = draft.scene.orientation == Orientation::Horizontal && n > 1;
    let full_width = size.width_pt - 2.0 * draft.gaps.margin;
    let fitted = |groups: &[Rc<Ready>], room: (f32, f32), form| fit(groups, room, form, columns, m, &draft.fonts);
    let spare_height = |reserve: &Reserve| {
        let (width, height) = extent(&place(draft, m, level, reserve).0, draft);
        height - aim / width.max(1.0)
    };

    if reserve.shared_at == Beside::Below {
        // Legends of the panels need some of it too.
        let own = legends.own.iter().filter(|g| !g.is_empty()).count();
        let part = match reserve.own_at {
            _ if own == 0 => 1.0,
            Beside::Right => 0.6,
            Beside::Below if side_by_side => 0.5,
            Beside::Below => 1.0 / (own + 1) as f32,
        };
        let room = (full_width, spare_height(&reserve) * part - gap);
        reserve.shared = fitted(&legends.shared, room, Form::Row);
    }
    let (slots, _) = place(draft, m, level, &reserve);
    let (width, height) = extent(&slots, draft);
    let right = (width - aim / height.max(1.0) - gap).min(size.width_pt * 0.25);
    if reserve.shared_at == Beside::Right {
        let tall = slots.last().map_or(0.0, |l| l.rect.bottom()) - slots.first().map_or(0.0, |f| f.rect.y);
        reserve.shared = fitted(&legends.shared, (right, tall), Form::Column);
    }
    let own_below = legends.own.iter().filter(|g| !g.is_empty()).count().min(if side_by_side { 1 } else { n });
    let each = spare_height(&reserve) / own_below.max(1) as f32 - gap;
    for (p, slot) in slots.iter().enumerate() {
        let (room, form) = match reserve.own_at {
            Beside::Right => {
                // The last legend may reach down beside the tick labels.
                let tail = if p + 1 == n { slot.x_depth * 0.5 } else { 0.0 };
                ((right, slot.rect.h + tail), Form::Column)
            }
            Beside::Below if side_by_side => ((slot.rect.w, each), Form::Row),
            Beside::Below => ((full_width, each), Form::Row),
        };
        reserve.own[p] = fitted(&legends.own[p], room, form);
    }
    reserve
}

/// Width and height of a single data area of the same size as all together.
fn extent(slots: &[Slot], draft: &Draft<'_>) -> (f32, f32) {
    let wide = draft.scene.orientation == Orientation::Horizontal;
    let (first_width, first_height) = slots.first().map_or((0.0, 0.0), |s| (s.rect.w, s.rect.h));
    if wide {
        (slots.iter().map(|s| s.rect.w).sum(), first_height)
    } else {
        (first_width, slots.iter().map(|s| s.rect.h).sum())
    }
}

/// Ticks already chosen: arrangements differ in much, but mostly not in the lengths of their axes.
#[derive(Debug, Default)]
pub(super) struct Memo {
    x: RefCell<HashMap<(usize, u32, u32), Rc<AxisTicks>>>,
    y: RefCell<HashMap<(usize, usize, u32), Rc<AxisTicks>>>,
    labels: RefCell<HashMap<usize, LabelSet>>,
    names: RefCell<HashMap<(usize, usize), LabelSet>>,
}

impl Memo {
    /// Ticks of the vertical axis of one pair of axes (panel, axes) at a height.
    fn vertical(&self, draft: &Draft<'_>, m: Metrics, (p, a): (usize, usize), height: f32) -> Rc<AxisTicks> {
        let choose = || {
            let axis = &draft.scene.panels[p].axes[a].y;
            let widest = draft.size.width_pt * 0.12;
            let limits = draft.domains[p][a].y;
            let mut sets = self.names.borrow_mut();
            let set = sets.entry((p, a)).or_insert_with(|| category_labels(axis, limits, m, &draft.fonts));
            Rc::new(vertical(axis, limits, (height, widest), set, m, &draft.fonts))
        };
        Rc::clone(self.y.borrow_mut().entry((p, a, height.to_bits())).or_insert_with(choose))
    }

    /// Ticks of the horizontal axis of a panel at a width; upright labels may be `tallest`.
    fn horizontal(&self, draft: &Draft<'_>, m: Metrics, p: usize, width: f32, tallest: f32) -> Rc<AxisTicks> {
        let choose = || {
            let empty = empty_axis();
            let first = draft.scene.panels[p].axes.first().zip(draft.domains[p].first());
            let (axis, limits) = first.map_or((&empty, (0.0, 1.0)), |(axes, domain)| (&axes.x, domain.x));
            let mut sets = self.labels.borrow_mut();
            let set = sets.entry(p).or_insert_with(|| category_labels(axis, limits, m, &draft.fonts));
            Rc::new(horizontal(axis, limits, (width, tallest), set, m, &draft.fonts))
        };
        Rc::clone(self.x.borrow_mut().entry((p, width.to_bits(), tallest.to_bits())).or_insert_with(choose))
    }
}

/// What surrounds one panel's data area.
struct Surroundings {
    x: Rc<AxisTicks>,
    x_depth: f32,
    overshoot: f32,
    y: Vec<Rc<AxisTicks>>,
    left: f32,
    right: f32,
    above: f32,
    below: f32,
}

/// Places all panels and the shared legend. Ticks depend on the size of the data area and it on the ticks: three
/// rounds settle it.
fn place(draft: &Draft<'_>, m: Metrics, level: &Level, reserve: &Reserve) -> (Vec<Slot>, Option<Placed>) {
    let n = draft.scene.panels.len();
    if n == 0 {
        return (Vec::new(), None);
    }
    let (size, gaps) = (draft.size, draft.gaps);
    let top = gaps.margin + words::title_height(draft, m, level);
    let foot = size.height_pt - gaps.margin - words::foot_height(draft, m, level);
    let bottom = foot - reserve.foot(gaps.legend);
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
        around = (0..n).map(|p| surroundings(draft, m, level, reserve, p, rects[p])).collect::<Vec<_>>();
        rects = if wide {
            columns(&around, reserve, (first, last), (top, bottom), gaps.legend)
        } else {
            rows(draft, m, level, &around, reserve, (first, last), (top, bottom))
        };
        if m == Metrics::Cells {
            for r in &mut rects {
                *r = whole_cells(*r);
            }
        }
    }
    let right_edge = last - reserve.right(gaps.legend) + gaps.legend;
    let shared = reserve.shared.as_ref().map(|block| {
        let rect = rects[0];
        let at = match reserve.shared_at {
            Beside::Right => (right_edge, rect.y),
            Beside::Below => (below_left(rect, block, (first, last)), bottom + gaps.legend * 0.5),
        };
        Placed { block: block.clone(), at }
    });
    let common_left = around.iter().map(|a| a.left).fold(0.0, f32::max);
    let common_right = around.iter().map(|a| a.right).fold(0.0, f32::max);
    let slots = around
        .into_iter()
        .zip(rects)
        .enumerate()
        .map(|(p, (a, rect))| {
            let legend = reserve.own[p].as_ref().map(|block| {
                let at = match reserve.own_at {
                    Beside::Right => (right_edge, rect.y),
                    Beside::Below if wide => (rect.x, rect.bottom() + a.below + gaps.legend * 0.5),
                    Beside::Below => {
                        (below_left(rect, block, (first, last)), rect.bottom() + a.below + gaps.legend * 0.5)
                    }
                };
                Placed { block: block.clone(), at }
            });
            // Names of axes below each other stand in one line.
            let (left, right) = if wide { (a.left, a.right) } else { (common_left, common_right) };
            Slot { rect, x: a.x, x_depth: a.x_depth, y: a.y, legend, names: (rect.x - left, rect.right() + right) }
        })
        .collect();
    (slots, shared)
}

/// The largest rectangle of whole terminal cells inside another.
fn whole_cells(r: Rect) -> Rect {
    let inner = |from: f32, to: f32, cell: f32| {
        let first = (from / cell - 0.01).ceil() * cell;
        (first, (((to / cell + 0.01).floor() * cell) - first).max(cell))
    };
    let ((x, w), (y, h)) = (inner(r.x, r.right(), CELL_PT * CELL_WIDTH_EM), inner(r.y, r.bottom(), CELL_PT));
    Rect::new(x, y, w, h)
}

/// A legend below begins under its data area, or further left when it is wider than that.
fn below_left(rect: Rect, block: &Block, (first, last): (f32, f32)) -> f32 {
    rect.x.min(last - block.width).max(first)
}

/// Panels below each other: equal heights, common left and right edges.
fn rows(
    draft: &Draft<'_>,
    m: Metrics,
    level: &Level,
    around: &[Surroundings],
    reserve: &Reserve,
    (first, last): (f32, f32),
    (top, bottom): (f32, f32),
) -> Vec<Rect> {
    let n = around.len();
    let left = first + around.iter().map(|a| a.left).fold(0.0, f32::max);
    let legend = reserve.right(draft.gaps.legend);
    let right_need = around.iter().map(|a| a.right).fold(0.0, f32::max);
    let overshoot = around.iter().map(|a| a.overshoot).fold(0.0, f32::max);
    let right = last - (right_need + legend).max(overshoot - draft.gaps.margin);
    let legend_gap = draft.gaps.legend;
    let used: f32 = around.iter().enumerate().map(|(p, a)| a.above + a.below + reserve.below(p, legend_gap)).sum();
    // Numbers at the ends of neighbouring axes must not meet.
    let between = if level.tick_labels { m.line_height(draft.fonts.tick) } else { draft.gaps.text };
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
    let side = |a: &Surroundings| a.left + a.right.max(a.overshoot);
    let used: f32 = around.iter().map(side).sum();
    let legend = reserve.right(gap);
    let width = ((last - first - used - legend - gap * (n - 1) as f32) / n as f32).max(1.0);
    let mut x = first;
    around
        .iter()
        .map(|a| {
            let rect = Rect::new(x + a.left, top + above, width, (bottom - top - above - below).max(1.0));
            x = rect.right() + a.right.max(a.overshoot) + gap;
            rect
        })
        .collect()
}

fn surroundings(draft: &Draft<'_>, m: Metrics, level: &Level, reserve: &Reserve, p: usize, rect: Rect) -> Surroundings {
    let (panel, fonts, gaps) = (&draft.scene.panels[p], &draft.fonts, draft.gaps);
    let cells = m == Metrics::Cells;
    let label_line = m.line_height(fonts.label);
    let y: Vec<Rc<AxisTicks>> = (0..panel.axes.len()).map(|a| draft.memo.vertical(draft, m, (p, a), rect.h)).collect();
    let x = draft.memo.horizontal(draft, m, p, rect.w, draft.size.height_pt * level.category_share);
    let labelled = level.tick_labels && panel.show_x_ticks;
    let (x_depth, overshoot) = if labelled { (x.depth, x.overshoot) } else { (0.0, 0.0) };
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
    let mut below = gaps.tick_down + if x_depth > 0.0 { gaps.text + x_depth } else { 0.0 };
    if level.x_name && panel.show_x_ticks && !x.name.is_empty() {
        below += gaps.text * 0.5 + label_line;
    }
    let mut above = if level.tick_labels {
        words::band_height(draft, m, p) + words::heading_height(draft, m, p, reserve.variant)
    } else {
        0.0
    };
    if cells && level.axis_names && y.iter().any(|t| !t.name.is_empty()) {
        above += label_line;
    }
    // The topmost number stands half above its tick.
    if p == 0 && level.tick_labels && !cells {
        above = above.max(m.line_height(fonts.tick) * 0.5);
    }
    Surroundings { x, x_depth, overshoot, y, left: sides[0], right: sides[1], above, below }
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
