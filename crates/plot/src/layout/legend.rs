//! Legends: how much room they get, which form shows most, and drawing them.

use crate::page::{Anchor, Ink, Marker, Rect, Role, Shape, Stroke, pt};
use crate::text::one_line;
use crate::theme::Theme;

use super::Fonts;
use super::labels::shorten;
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
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) label: String,
    pub(super) sample: Sample,
    /// Indices into the page's marks.
    pub(super) marks: Vec<usize>,
}

/// The entries of one panel.
#[derive(Debug, Clone)]
pub(super) struct Entries {
    pub(super) title: String,
    pub(super) entries: Vec<Entry>,
}

/// A legend fitted to a size.
#[derive(Debug, Clone)]
pub(super) struct Block {
    title: Option<String>,
    /// Lines of the entries shown; the last may be "… and n more".
    lines: Vec<Vec<String>>,
    columns: usize,
    column_width: f32,
    row_height: f32,
    /// Entries not shown.
    pub(super) hidden: usize,
    /// Part of the information lost, 0–1.
    pub(super) loss: f32,
    pub(super) width: f32,
    pub(super) height: f32,
    /// What all labels have in common and do not say.
    pub(super) common: Option<String>,
}

/// What a legend should save: width beside the data, height below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Column,
    Row,
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
    fn new(sheet: &Sheet, fonts: &Fonts) -> Self {
        let m = sheet.metrics;
        let em = m.width("0", fonts.legend);
        let line = m.line_height(fonts.legend);
        let cells = m == crate::text::Metrics::Cells;
        let (row, sample) = if cells { (line, 2.0 * em) } else { (line * 1.12, 3.4 * em) };
        Self { line, row, sample, gap: em, between: 2.0 * em }
    }
}

/// The form of a legend that loses least within `width` × `height` points; `None` when no entry fits.
pub(super) fn fit(
    entries: &Entries,
    (width, height): (f32, f32),
    form: Form,
    sheet: &Sheet,
    fonts: &Fonts,
) -> Option<Block> {
    let n = entries.entries.len();
    if n == 0 {
        return None;
    }
    let ms = Measures::new(sheet, fonts);
    let m = sheet.metrics;
    let title = one_line(&entries.title);
    let title = (!title.is_empty()).then(|| m.elide(&title, fonts.legend, width));
    let title_height = if title.is_some() { ms.row } else { 0.0 };
    let rows = ((height - title_height + 0.01) / ms.row).floor() as usize;
    if rows == 0 || width <= 0.0 {
        return None;
    }
    let labels: Vec<&str> = entries.entries.iter().map(|e| e.label.as_str()).collect();
    let least = m.width("0000", fonts.legend);
    let mut best: Option<Block> = None;
    for columns in 1..=8_usize.min(n) {
        let text = (width - (columns - 1) as f32 * ms.between) / columns as f32 - ms.sample - ms.gap;
        if text < least && columns > 1 || text < m.width("0", fonts.legend) {
            break;
        }
        // What does not fit is counted in the last place.
        let places = rows * columns;
        let shown = if n <= places { n } else { places - 1 };
        let spare = if columns == 1 && n <= places { (rows / n).min(3) } else { 1 };
        let short = shorten(&labels[..shown], text, fonts.legend, spare, m);
        let mut lines = short.lines;
        if shown < n {
            lines.push(vec![m.elide(&format!("… and {} more", n - shown), fonts.legend, text + ms.sample)]);
        }
        let hidden = n - shown;
        let loss = (short.loss * shown as f32 + hidden as f32) / n as f32;
        let used = lines.iter().flatten().map(|l| m.width(l, fonts.legend)).fold(0.0, f32::max).min(text.max(0.0));
        let columns_used = lines.len().div_ceil(lines.len().div_ceil(columns));
        let column_width = ms.sample + ms.gap + used;
        let rows_used = if columns == 1 { lines.iter().map(Vec::len).sum() } else { lines.len().div_ceil(columns) };
        let block = Block {
            title: title.clone(),
            columns: columns_used,
            column_width,
            row_height: ms.row,
            hidden,
            loss,
            width: columns_used as f32 * column_width + (columns_used - 1) as f32 * ms.between,
            height: title_height + rows_used as f32 * ms.row,
            common: short.common,
            lines,
        };
        let better = best.as_ref().is_none_or(|b| {
            let size = |b: &Block| if form == Form::Column { b.width } else { b.height };
            block.loss < b.loss - 0.02 || (block.loss <= b.loss + 0.001 && size(&block) < size(b) * 0.999)
        });
        if better {
            best = Some(block);
        }
    }
    best
}

/// Draws a legend with its upper left corner at (`x`, `y`).
pub(super) fn draw(
    sheet: &mut Sheet,
    block: &Block,
    entries: &Entries,
    panel: usize,
    (x, y): (f32, f32),
    theme: &Theme,
    fonts: &Fonts,
) {
    let ms = Measures::new(sheet, fonts);
    let m = sheet.metrics;
    let base = m.baseline(fonts.legend);
    let mut top = y;
    if let Some(title) = &block.title {
        sheet.text(&Label {
            role: Role::LegendTitle,
            panel: Some(panel),
            text: title,
            full: Some(&entries.title),
            at: pt(x, top + base),
            anchor: Anchor::Start,
            size: fonts.legend,
            ink: theme.muted,
            upright: false,
        });
        top += block.row_height;
    }
    let shown = block.lines.len() - usize::from(block.hidden > 0);
    // Down the columns, so that order is read as in a list.
    let rows = block.lines.len().div_ceil(block.columns);
    let mut offset = 0.0;
    for (i, lines) in block.lines.iter().enumerate() {
        let (column, row) = if block.columns == 1 { (0, 0) } else { (i / rows, i % rows) };
        let left = x + column as f32 * (block.column_width + ms.between);
        let line_top = top + if block.columns == 1 { offset } else { row as f32 * block.row_height };
        let entry = entries.entries.get(i).filter(|_| i < shown);
        let marks = entry.map(|e| e.marks.clone()).unwrap_or_default();
        if let Some(entry) = entry {
            draw_sample(sheet, entry, panel, Rect::new(left, line_top, ms.sample, ms.line), &marks);
        }
        let text_x = if entry.is_some() { left + ms.sample + ms.gap } else { left };
        for (k, line) in lines.iter().enumerate() {
            let label = Label {
                role: Role::LegendText,
                panel: Some(panel),
                text: line,
                full: entry.map(|e| e.label.as_str()),
                at: pt(text_x, line_top + k as f32 * block.row_height + base),
                anchor: Anchor::Start,
                size: fonts.legend,
                ink: theme.ink,
                upright: false,
            };
            sheet.text_for(&label, marks.clone());
        }
        offset += lines.len() as f32 * block.row_height;
    }
}

fn draw_sample(sheet: &mut Sheet, entry: &Entry, panel: usize, at: Rect, marks: &[usize]) {
    let middle = at.y + at.h / 2.0;
    let mut push = |shape| {
        sheet.push(Role::LegendSample, Some(panel), shape);
        if let Some(item) = sheet.items.last_mut() {
            item.marks = marks.to_vec();
        }
    };
    match &entry.sample {
        Sample::Line(stroke, marker) => {
            if let Some(stroke) = stroke {
                push(Shape::Path {
                    runs: vec![vec![pt(at.x, middle), pt(at.right(), middle)]],
                    stroke: stroke.clone(),
                });
            }
            if let Some((marker, radius, ink)) = marker {
                push(Shape::Markers {
                    at: vec![pt(at.x + at.w / 2.0, middle)],
                    marker: *marker,
                    radius: *radius,
                    ink: *ink,
                });
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
