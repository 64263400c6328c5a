//! The sheet being laid out: items in painting order, and the rule that texts neither collide nor leave the page.

use crate::page::{Anchor, Ink, Item, PageSize, Pt, Rect, Role, Shape, Stroke, TextRun};
use crate::text::Metrics;

/// Overlap of text boxes, in points, that cannot be seen: the boxes include room for accents and descenders.
const SLACK: f32 = 0.05;

/// A text wanted somewhere.
pub(super) struct Label<'a> {
    pub(super) role: Role,
    pub(super) panel: Option<usize>,
    pub(super) text: &'a str,
    /// The complete text, if `text` is not.
    pub(super) full: Option<&'a str>,
    /// Anchor: on the baseline.
    pub(super) at: Pt,
    pub(super) anchor: Anchor,
    pub(super) size: f32,
    pub(super) ink: Ink,
    pub(super) upright: bool,
}

pub(super) struct Sheet {
    pub(super) metrics: Metrics,
    pub(super) items: Vec<Item>,
    page: Rect,
    boxes: Vec<Rect>,
}

impl Sheet {
    pub(super) fn new(size: PageSize, metrics: Metrics) -> Self {
        let page = Rect::new(0.0, 0.0, size.width_pt, size.height_pt);
        Self { metrics, items: Vec::new(), page, boxes: Vec::new() }
    }

    pub(super) fn push(&mut self, role: Role, panel: Option<usize>, shape: Shape) {
        self.items.push(Item { role, panel, marks: Vec::new(), shape });
    }

    pub(super) fn line(&mut self, role: Role, panel: usize, a: Pt, b: Pt, stroke: Stroke) {
        self.push(role, Some(panel), Shape::Path { runs: vec![vec![a, b]], stroke });
    }

    /// Where a text would be.
    pub(super) fn bounds(&self, label: &Label<'_>) -> Rect {
        let width = self.metrics.width(label.text, label.size);
        let (height, base) = (self.metrics.line_height(label.size), self.metrics.baseline(label.size));
        let before = match label.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        if label.upright {
            Rect::new(label.at.x - base, label.at.y - width + before, height, width)
        } else {
            Rect::new(label.at.x - before, label.at.y - base, width, height)
        }
    }

    /// Whether a box is on the page and clear of every text so far.
    pub(super) fn is_free(&self, bounds: &Rect) -> bool {
        let p = &self.page;
        bounds.x >= p.x - SLACK
            && bounds.y >= p.y - SLACK
            && bounds.right() <= p.right() + SLACK
            && bounds.bottom() <= p.bottom() + SLACK
            && !self.boxes.iter().any(|b| b.overlaps(bounds, SLACK))
    }

    /// Writes a text if there is room; answers whether it did.
    pub(super) fn text(&mut self, label: &Label<'_>) -> bool {
        self.text_for(label, Vec::new())
    }

    /// The same for a text that belongs to marks.
    pub(super) fn text_for(&mut self, label: &Label<'_>, marks: Vec<usize>) -> bool {
        let bounds = self.bounds(label);
        if label.text.is_empty() || !self.is_free(&bounds) {
            return label.text.is_empty();
        }
        self.boxes.push(bounds);
        let run = TextRun {
            text: label.text.to_owned(),
            full: label.full.filter(|f| *f != label.text).map(str::to_owned),
            at: label.at,
            anchor: label.anchor,
            size: label.size,
            ink: label.ink,
            upright: label.upright,
            bounds,
        };
        self.items.push(Item { role: label.role, panel: label.panel, marks, shape: Shape::Text(run) });
        true
    }
}
