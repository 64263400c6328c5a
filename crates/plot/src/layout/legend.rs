//! Legends: the form of a set of entries that loses least in a given room, and drawing it.

use std::rc::Rc;

use crate::page::{Anchor, Ink, Marker, Rect, Role, Shape, Stroke, pt};
use crate::text::Metrics;
use crate::theme::Theme;

use super::Fonts;
use super::labels::LabelSet;
use super::sheet::{Label, Sheet};

/// Specimen of a mark.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sample {
    /// A stretch of line, a marker, or both.
    Line(Option<Stroke>, Option<(Marker, f32, Ink)>),
    /// A filled rectangle with its edge.
    Swatch(Ink, Stroke),
    /// Nothing to show (the entry names no mark).
    None,
}

/// One entry before layout.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) label: String,
    pub(super) sample: Sample,
    /// Indices into the page's marks.
    pub(super) marks: Vec<usize>,
}

/// Entries under one heading.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Group {
    pub(super) title: String,
    pub(super) entries: Vec<Entry>,
}

/// A group with its labels measured.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) group: Group,
    set: LabelSet,
}

impl Ready {
    pub(super) fn new(group: Group, fonts: &Fonts, m: Metrics) -> Rc<Self> {
        let set = LabelSet::new(group.entries.iter().map(|e| e.label.clone()).collect(), fonts.legend, m);
        Rc::new(Self { group, set })
    }
}

/// What a legend should save: width beside the data, height below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Column,
    Row,
}

/// Groups fitted to a size, stacked.
#[derive(Debug, Clone)]
pub(super) struct Block {
    groups: Vec<Fitted>,
    pub(super) width: f32,
    pub(super) height: f32,
    /// Entries shown.
    pub(super) shown: usize,
    /// Entries whose information is lost, counting parts of them.
    pub(super) lost: f32,
    /// What labels have in common and do not say.
    pub(super) common: Vec<String>,
}

/// A block and its upper left corner.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) block: Block,
    pub(super) at: (f32, f32),
}

/// One group, fitted.
#[derive(Debug, Clone)]
struct Fitted {
    ready: Rc<Ready>,
    title: Option<String>,
    /// Lines of each place; the last place may be "… and n more".
    places: Vec<Vec<String>>,
    columns: usize,
    column_width: f32,
    width: f32,
    height: f32,
    hidden: usize,
    /// Part of the information lost, 0–1.
    loss: f32,
    common: Option<String>,
}

/// Measures of a legend at a font size.
struct Measures {
    line: f32,
    row: f32,
    sample: f32,
    gap: f32,
    between: f32,
}

impl Measures {
    fn new(m: Metrics, fonts: &Fonts) -> Self {
        let em = m.width("0", fonts.legend);
        let line = m.line_height(fonts.legend);
        let (row, sample) = if m == Metrics::Cells { (line, 2.0 * em) } else { (line * 1.12, 3.4 * em) };
        Self { line, row, sample, gap: em, between: 2.0 * em }
    }
}

/// Fits groups into `width` × `height` points; `None` when not every group gets a row.
///
/// - `columns`: as many as the user wants, if that can be.
pub(super) fn fit(
    groups: &[Rc<Ready>],
    (width, height): (f32, f32),
    form: Form,
    columns: Option<u32>,
    m: Metrics,
    fonts: &Fonts,
) -> Option<Block> {
    let groups: Vec<&Rc<Ready>> = groups.iter().filter(|g| !g.group.entries.is_empty()).collect();
    let ms = Measures::new(m, fonts);
    let mut left = ((height + 0.01) / ms.row).floor();
    // Small groups first: what they leave goes to the large ones.
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|i| groups[*i].group.entries.len());
    let mut fitted: Vec<Option<Fitted>> = vec![None; groups.len()];
    for (done, i) in order.iter().enumerate() {
        let rows = (left / (groups.len() - done) as f32).floor();
        let one = fit_group(groups[*i], (width, rows * ms.row), form, columns, m, fonts)?;
        left -= (one.height / ms.row).round();
        fitted[*i] = Some(one);
    }
    let fitted: Vec<Fitted> = fitted.into_iter().flatten().collect();
    if fitted.is_empty() {
        return None;
    }
    let total: usize = groups.iter().map(|g| g.group.entries.len()).sum();
    Some(Block {
        width: fitted.iter().map(|g| g.width).fold(0.0, f32::max),
        height: fitted.iter().map(|g| g.height).sum(),
        shown: total - fitted.iter().map(|g| g.hidden).sum::<usize>(),
        lost: fitted.iter().zip(&groups).map(|(f, g)| f.loss * g.group.entries.len() as f32).sum(),
        common: fitted.iter().filter_map(|g| g.common.clone()).collect(),
        groups: fitted,
    })
}

/// The form of one group that loses least, and of equal ones the smallest.
fn fit_group(
    ready: &Rc<Ready>,
    (width, height): (f32, f32),
    form: Form,
    wanted: Option<u32>,
    m: Metrics,
    fonts: &Fonts,
) -> Option<Fitted> {
    let group = &ready.group;
    let n = group.entries.len();
    let ms = Measures::new(m, fonts);
    let title = (!group.title.is_empty()).then(|| m.elide(&group.title, fonts.legend, width));
    let title_height = if title.is_some() { ms.row } else { 0.0 };
    let rows = ((height - title_height + 0.01) / ms.row).floor() as usize;
    if rows == 0 || width <= 0.0 {
        return None;
    }
    let text_width = |columns: usize| (width - (columns - 1) as f32 * ms.between) / columns as f32 - ms.sample - ms.gap;
    let more = |hidden: usize| format!("… and {hidden} more");
    let least = m.width("0000", fonts.legend);
    let most = wanted.map_or(12, |w| w as usize).clamp(1, n);
    // Loss, size to save, columns, and how the labels fit.
    let mut best: Option<(f32, f32, usize, super::labels::Fit)> = None;
    for columns in if wanted.is_some() { most } else { 1 }..=most {
        let text = text_width(columns);
        if text < least && columns > 1 || text < m.width("0", fonts.legend) {
            break;
        }
        // What does not fit is counted in the last place, and a count that cannot be read is no use.
        let room = rows * columns;
        let shown = if n <= room { n } else { room - 1 };
        if shown < n && m.width(&more(n), fonts.legend) > text + ms.sample + ms.gap {
            break;
        }
        let spare = if columns == 1 && n <= room { (rows / n).min(3) } else { 1 };
        let fit = ready.set.fit(shown, text, spare);
        let loss = (fit.loss * shown as f32 + (n - shown) as f32) / n as f32;
        let size = match form {
            Form::Column => columns as f32,
            Form::Row => -(columns as f32),
        };
        let better = best.is_none_or(|(l, s, ..)| loss < l - 0.02 || loss <= l + 0.001 && size < s);
        if better {
            best = Some((loss, size, columns, fit));
        }
    }
    let (loss, _, columns, fit) = best?;
    let (mut places, common, alike) = ready.set.lines(&fit, 1);
    let hidden = n - places.len();
    if hidden > 0 {
        places.push(vec![more(hidden)]);
    }
    let used = places.iter().flatten().take(places.len() - usize::from(hidden > 0));
    let used = used.map(|l| m.width(l, fonts.legend)).fold(0.0, f32::max).min(text_width(columns).max(0.0));
    let last = if hidden > 0 { m.width(&more(hidden), fonts.legend) } else { 0.0 };
    let columns = places.len().div_ceil(places.len().div_ceil(columns));
    let column_width = (ms.sample + ms.gap + used).max(last);
    let rows = if columns == 1 { places.iter().map(Vec::len).sum() } else { places.len().div_ceil(columns) };
    let title_is_cut = title.as_ref().is_some_and(|t| *t != group.title);
    Some(Fitted {
        ready: Rc::clone(ready),
        width: (columns as f32 * column_width + (columns - 1) as f32 * ms.between)
            .max(title.as_ref().map_or(0.0, |t| m.width(t, fonts.legend))),
        height: title_height + rows as f32 * ms.row,
        title,
        places,
        columns,
        column_width,
        hidden,
        loss: (loss + alike + if title_is_cut { 0.1 } else { 0.0 }).min(1.0),
        common,
    })
}

/// Draws a legend.
pub(super) fn draw(
    sheet: &mut Sheet,
    Placed { block, at: (x, y) }: &Placed,
    panel: Option<usize>,
    theme: &Theme,
    fonts: &Fonts,
) {
    let ms = Measures::new(sheet.metrics, fonts);
    let base = sheet.metrics.baseline(fonts.legend);
    let (x, mut top) = (*x, *y);
    for group in &block.groups {
        let mut first = top;
        let text = |role, text, full, at, ink| Label {
            role,
            panel,
            text,
            full,
            at,
            anchor: Anchor::Start,
            size: fonts.legend,
            ink,
            upright: false,
        };
        let all = &group.ready.group;
        if let Some(title) = &group.title {
            sheet.text(&text(Role::LegendTitle, title, Some(all.title.as_str()), pt(x, first + base), theme.muted));
            first += ms.row;
        }
        // Down the columns, so that order is read as in a list.
        let rows = group.places.len().div_ceil(group.columns);
        let mut used = 0;
        for (i, lines) in group.places.iter().enumerate() {
            let entry = all.entries.get(i).filter(|_| i + group.hidden < all.entries.len());
            let (column, row) = if group.columns == 1 { (0, used) } else { (i / rows, i % rows) };
            used += lines.len();
            let left = x + column as f32 * (group.column_width + ms.between);
            let line_top = first + row as f32 * ms.row;
            let marks = entry.map(|e| e.marks.as_slice()).unwrap_or_default();
            let mut text_x = left;
            if let Some(entry) = entry {
                draw_sample(sheet, entry, panel, Rect::new(left, line_top, ms.sample, ms.line));
                text_x += ms.sample + ms.gap;
            }
            let full = entry.map(|e| e.label.as_str());
            for (k, line) in lines.iter().enumerate() {
                let at = pt(text_x, line_top + k as f32 * ms.row + base);
                sheet.text_for(&text(Role::LegendText, line, full, at, theme.ink), marks.to_vec());
            }
        }
        top += group.height;
    }
}

fn draw_sample(sheet: &mut Sheet, entry: &Entry, panel: Option<usize>, at: Rect) {
    let middle = at.y + at.h / 2.0;
    let mut push = |shape| {
        sheet.push(Role::LegendSample, panel, shape);
        if let Some(item) = sheet.items.last_mut() {
            item.marks.clone_from(&entry.marks);
        }
    };
    match &entry.sample {
        Sample::Line(stroke, marker) => {
            if let Some(stroke) = stroke {
                let runs = vec![vec![pt(at.x, middle), pt(at.right(), middle)]];
                push(Shape::Path { runs, stroke: stroke.clone() });
            }
            if let Some((marker, radius, ink)) = marker {
                let at = vec![pt(at.x + at.w / 2.0, middle)];
                push(Shape::Markers { at, marker: *marker, radius: *radius, ink: *ink });
            }
        }
        Sample::Swatch(fill, stroke) => {
            let h = at.h * 0.62;
            let rect = Rect::new(at.x + at.w * 0.1, middle - h / 2.0, at.w * 0.8, h);
            push(Shape::Rect { rect, fill: Some(*fill), stroke: Some(stroke.clone()) });
        }
        Sample::None => {}
    }
}
