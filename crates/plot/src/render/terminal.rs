//! Characters for a terminal: the page laid out in cells, data in braille dots (2 × 4 to a cell).

use std::fmt::Write as _;

use crate::layout::layout;
use crate::options::ThemeName;
use crate::page::{Ink, Item, Page, PageSize, Pt, Rect, Role, Shape, Strip, TextRun};
use crate::scene::Scene;
use crate::text::CELL_WIDTH_EM;
use crate::theme::{CELL_PT, Theme};

/// Dots of a cell across and down.
const DOTS: (usize, usize) = (2, 4);

/// Draws a scene with characters.
///
/// - `columns`, `rows`: size of the terminal in cells; at least 20 × 8, at most 500 × 200 are used.
/// - `colour`: ANSI colours (256-colour palette).
///
/// Returns `rows` lines at most, without trailing blanks.
pub fn terminal(scene: &Scene, columns: usize, rows: usize, colour: bool) -> String {
    terminal_themed(scene, columns, rows, colour, ThemeName::Light)
}

/// The same for a theme: bright colours on dark, none on paper, and otherwise such as show on black and on white.
pub fn terminal_themed(scene: &Scene, columns: usize, rows: usize, colour: bool, theme: ThemeName) -> String {
    let colour = colour && theme != ThemeName::Paper;
    let theme = if theme == ThemeName::Dark { Theme::terminal_dark() } else { Theme::terminal() };
    let (columns, rows) = (columns.clamp(20, 500), rows.clamp(8, 200));
    let size = PageSize { width_pt: columns as f32 * CELL_PT * CELL_WIDTH_EM, height_pt: rows as f32 * CELL_PT };
    let page = layout(scene, size, &theme, None);
    let mut grid = Grid::new(columns, rows);
    for item in &page.items {
        grid.paint(&page, item);
    }
    grid.to_text(colour)
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Cell {
    /// Braille dots, bit by bit as in Unicode.
    dots: u8,
    /// A character instead of dots; '\0' for none. The right half of a wide one is `TAIL`.
    text: char,
    ink: Option<Ink>,
}

/// Stands where the right half of a wide character is.
const TAIL: char = '\u{1}';

struct Grid {
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
}

impl Grid {
    fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, cells: vec![Cell::default(); columns * rows] }
    }

    fn cell(&mut self, column: i32, row: i32) -> Option<&mut Cell> {
        let inside = (0..self.columns as i32).contains(&column) && (0..self.rows as i32).contains(&row);
        inside.then(|| &mut self.cells[row as usize * self.columns + column as usize])
    }

    fn paint(&mut self, page: &Page, item: &Item) {
        match (&item.shape, item.role) {
            // The grid is too coarse for grid lines, and axes get lines of their own.
            (_, Role::Grid | Role::Face | Role::LegendFrame | Role::Tick) => {}
            (Shape::Path { runs, .. }, Role::AxisLine) => {
                self.axis_line(runs, item.panel.and_then(|p| page.panels.get(p)).map(|f| f.rect));
            }
            (Shape::Path { runs, .. }, Role::Divider) => {
                for run in runs {
                    self.rule(run[0], run[run.len() - 1], '┊');
                }
            }
            (Shape::Path { runs, stroke }, Role::LegendSample) => {
                for run in runs {
                    let (column, row) = position(run[0]);
                    let dashed = !stroke.dash.is_empty();
                    for (i, c) in (if dashed { ['╌', '╌'] } else { ['━', '━'] }).into_iter().enumerate() {
                        self.put(column + i as i32, row, c, Some(stroke.ink));
                    }
                }
            }
            (Shape::Rect { rect, stroke, .. }, Role::LegendSample) => {
                let (column, row) = position(Pt { x: rect.x + rect.w / 2.0, y: rect.y + rect.h / 2.0 });
                self.put(column, row, '■', stroke.as_ref().map(|s| s.ink));
            }
            (Shape::Markers { at, ink, .. }, Role::LegendSample) => {
                for p in at {
                    let (column, row) = position(*p);
                    self.put(column, row, '●', Some(*ink));
                }
            }
            (Shape::Path { runs, stroke }, _) => {
                for run in runs {
                    for pair in run.windows(2) {
                        self.line(pair[0], pair[1], stroke.ink, page, item.panel);
                    }
                }
            }
            (Shape::Markers { at, ink, .. }, _) => {
                for p in at {
                    self.dot(*p, *ink, page, item.panel);
                }
            }
            (Shape::Band { edges, fill }, _) => self.polygon(&Strip::outline(edges), *fill, page, item.panel),
            (Shape::Polygon { points, fill }, _) => self.polygon(points, *fill, page, item.panel),
            (Shape::Rect { rect, fill, stroke }, _) => {
                if let Some(ink) = stroke.as_ref().map(|s| s.ink).or(*fill) {
                    self.block(*rect, ink, page, item.panel);
                }
            }
            (Shape::Text(run), _) => self.text(run),
        }
    }

    fn put(&mut self, column: i32, row: i32, text: char, ink: Option<Ink>) {
        if let Some(cell) = self.cell(column, row) {
            *cell = Cell { dots: 0, text, ink };
        }
    }

    /// A vertical axis takes the column beside its data area; a horizontal one would take a whole row.
    fn axis_line(&mut self, runs: &[Vec<Pt>], area: Option<Rect>) {
        for run in runs {
            let (mut a, mut b) = (run[0], run[run.len() - 1]);
            if (a.x - b.x).abs() > 0.1 {
                continue;
            }
            let cell = CELL_PT * CELL_WIDTH_EM;
            let shift = if area.is_some_and(|r| a.x > r.x + r.w / 2.0) { cell * 0.5 } else { -cell * 0.5 };
            (a.x, b.x) = (a.x + shift, b.x + shift);
            self.rule(a, b, '│');
        }
    }

    fn rule(&mut self, a: Pt, b: Pt, c: char) {
        let (column, first) = position(a);
        let (_, last) = position(b);
        for row in first.min(last)..first.max(last) {
            if let Some(cell) = self.cell(column, row)
                && cell.text == '\0'
                && cell.dots == 0
            {
                cell.text = c;
            }
        }
    }

    /// Sets one dot. Points on the right or lower edge of a data area belong to its last dot.
    fn dot(&mut self, p: Pt, ink: Ink, page: &Page, panel: Option<usize>) {
        let mut p = p;
        if let Some(rect) = panel.and_then(|i| page.panels.get(i)).map(|f| f.rect) {
            p.x = p.x.min(rect.right() - 0.01).max(rect.x);
            p.y = p.y.min(rect.bottom() - 0.01).max(rect.y);
        }
        let (x, y) = dot_position(p);
        self.set(x, y, ink);
    }

    fn set(&mut self, x: i32, y: i32, ink: Ink) {
        let (across, down) = (DOTS.0 as i32, DOTS.1 as i32);
        let (dx, dy) = (x.rem_euclid(across), y.rem_euclid(down));
        if let Some(cell) = self.cell(x.div_euclid(across), y.div_euclid(down)) {
            if !matches!(cell.text, '\0' | '│' | '┊') {
                return;
            }
            cell.text = '\0';
            cell.dots |= if dy == 3 { 0x40 << dx } else { 1 << (dy + 3 * dx) };
            cell.ink = Some(ink);
        }
    }

    fn line(&mut self, a: Pt, b: Pt, ink: Ink, page: &Page, panel: Option<usize>) {
        let (ax, ay) = dot_position(a);
        let (bx, by) = dot_position(b);
        let steps = (ax - bx).abs().max((ay - by).abs()).clamp(1, 4000);
        for i in 0..=steps {
            let t = i as f32 / steps as f32;
            self.dot(Pt { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t }, ink, page, panel);
        }
    }

    fn block(&mut self, rect: Rect, ink: Ink, page: &Page, panel: Option<usize>) {
        let corners =
            [(rect.x, rect.y), (rect.right(), rect.y), (rect.right(), rect.bottom()), (rect.x, rect.bottom())];
        let corners: Vec<Pt> = corners.into_iter().map(|(x, y)| Pt { x, y }).collect();
        self.polygon(&corners, ink, page, panel);
    }

    /// Fills by rows of dots (even-odd).
    fn polygon(&mut self, points: &[Pt], ink: Ink, page: &Page, panel: Option<usize>) {
        let step = CELL_PT / DOTS.1 as f32;
        let top = points.iter().map(|p| p.y).fold(f32::MAX, f32::min);
        let bottom = points.iter().map(|p| p.y).fold(f32::MIN, f32::max);
        let first = (top / step).floor() as i32;
        for row in first..=((bottom / step).ceil() as i32).min(first + 4000) {
            let y = (row as f32 + 0.5) * step;
            let mut crossings: Vec<f32> = (0..points.len())
                .map(|i| (points[i], points[(i + 1) % points.len()]))
                .filter(|(a, b)| (a.y <= y) != (b.y <= y))
                .map(|(a, b)| a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x))
                .collect();
            crossings.sort_by(f32::total_cmp);
            for span in crossings.chunks_exact(2) {
                self.line(Pt { x: span[0], y }, Pt { x: span[1], y }, ink, page, panel);
            }
        }
    }

    fn text(&mut self, run: &TextRun) {
        let (mut column, row) = position(Pt { x: run.bounds.x + 0.01, y: run.bounds.y + run.bounds.h / 2.0 });
        for c in run.text.chars() {
            self.put(column, row, c, Some(run.ink));
            column += 1;
            if crate::text::is_wide(c) {
                self.put(column, row, TAIL, Some(run.ink));
                column += 1;
            }
        }
    }

    fn to_text(&self, colour: bool) -> String {
        let mut out = String::new();
        for row in self.cells.chunks(self.columns) {
            let end = row.iter().rposition(|c| c.dots != 0 || !matches!(c.text, '\0' | ' ')).map_or(0, |i| i + 1);
            let mut current = None;
            for cell in &row[..end] {
                let wanted = cell.ink.filter(|_| colour && (cell.dots != 0 || is_sample(cell.text)));
                if wanted != current {
                    match wanted {
                        Some(ink) => drop(write!(out, "\x1b[38;5;{}m", ansi(ink))),
                        None => out.push_str("\x1b[39m"),
                    }
                    current = wanted;
                }
                match cell {
                    Cell { text: TAIL, .. } => {}
                    Cell { text: '\0', dots: 0, .. } => out.push(' '),
                    Cell { text: '\0', dots, .. } => {
                        out.push(char::from_u32(0x2800 + u32::from(*dots)).unwrap_or(' '));
                    }
                    Cell { text, .. } => out.push(*text),
                }
            }
            if current.is_some() {
                out.push_str("\x1b[39m");
            }
            out.push('\n');
        }
        let kept = out.trim_end_matches('\n').len();
        out.truncate(kept);
        out.push('\n');
        out
    }
}

fn is_sample(c: char) -> bool {
    matches!(c, '━' | '╌' | '■' | '●')
}

fn position(p: Pt) -> (i32, i32) {
    ((p.x / (CELL_PT * CELL_WIDTH_EM)).floor() as i32, (p.y / CELL_PT).floor() as i32)
}

fn dot_position(p: Pt) -> (i32, i32) {
    let width = CELL_PT * CELL_WIDTH_EM / DOTS.0 as f32;
    ((p.x / width).floor() as i32, (p.y / (CELL_PT / DOTS.1 as f32)).floor() as i32)
}

/// The nearest colour of the 6 × 6 × 6 cube; black ink becomes the middle grey that both backgrounds show.
fn ansi(ink: Ink) -> u8 {
    if ink.0.max(ink.1).max(ink.2) < 70 {
        return 244;
    }
    let level = |c: u8| match c {
        0..48 => 0,
        48..115 => 1,
        _ => (c - 35) / 40,
    };
    16 + 36 * level(ink.0) + 6 * level(ink.1) + level(ink.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_the_nearest_of_the_cube() {
        assert_eq!(ansi(Ink::rgb(0xFF_0000)), 196);
        assert_eq!(ansi(Ink::rgb(0x00_00FF)), 21);
        assert_eq!(ansi(Ink::rgb(0x00_0000)), 244);
    }

    #[test]
    fn dots_are_where_unicode_wants_them() {
        let mut grid = Grid::new(1, 1);
        for (x, y, dots) in [(0, 0, 0x01), (0, 3, 0x41), (1, 0, 0x49), (1, 3, 0xC9)] {
            grid.set(x, y, Ink::rgb(0));
            assert_eq!(grid.cells[0].dots, dots);
        }
    }
}
