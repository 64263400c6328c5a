//! Triangles of egui as pixels, on the processor: what a graphics card makes of them, so that tests see what people see.

#![allow(dead_code, reason = "each test file uses a part")]

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use eframe::egui::epaint::{Mesh, Primitive, Vertex};
use eframe::egui::{ClippedPrimitive, ColorImage, Context, FullOutput, ImageData, Pos2, TextureId, TexturesDelta};
use egui_kittest::TestRenderer;
use fa_testkit::Picture;

/// Images that triangles refer to: the font's letters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Textures(Rc<RefCell<HashMap<TextureId, ColorImage>>>);

impl Textures {
    /// Takes in what changed in a frame.
    pub(crate) fn apply(&self, delta: &mut TexturesDelta) {
        let mut all = self.0.borrow_mut();
        for (id, changes) in delta.set.drain() {
            for change in changes {
                let ImageData::Color(image) = change.image;
                match (change.pos, all.get_mut(&id)) {
                    (Some([left, top]), Some(whole)) => {
                        for y in 0..image.size[1] {
                            let to = (top + y) * whole.size[0] + left;
                            let from = y * image.size[0];
                            whole.pixels[to..to + image.size[0]]
                                .copy_from_slice(&image.pixels[from..from + image.size[0]]);
                        }
                    }
                    _ => {
                        all.insert(id, ColorImage::clone(&image));
                    }
                }
            }
        }
        // A texture that is let go is not in later frames.
        delta.free.clear();
    }

    /// A frame as pixels.
    pub(crate) fn paint(&self, context: &Context, output: &FullOutput, size: [usize; 2]) -> Picture {
        let scale = output.pixels_per_point;
        let primitives = context.tessellate(output.shapes.clone(), scale);
        let all = self.0.borrow();
        let mut canvas = Canvas { size, pixels: vec![[0.0; 3]; size[0] * size[1]] };
        for ClippedPrimitive { clip_rect, primitive } in &primitives {
            let Primitive::Mesh(mesh) = primitive else { continue };
            let Some(texture) = all.get(&mesh.texture_id) else { continue };
            let pixel = |v: f32, most: usize| (v * scale).round().clamp(0.0, most as f32) as usize;
            let clip = [
                pixel(clip_rect.min.x, size[0]),
                pixel(clip_rect.min.y, size[1]),
                pixel(clip_rect.max.x, size[0]),
                pixel(clip_rect.max.y, size[1]),
            ];
            canvas.mesh(mesh, texture, clip, scale);
        }
        let rgba = canvas.pixels.iter().flat_map(|p| {
            let [r, g, b] = p.map(|v| v.round().clamp(0.0, 255.0) as u8);
            [r, g, b, 255]
        });
        Picture::new(size[0], size[1], rgba.collect())
    }
}

impl TestRenderer for Textures {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        self.apply(delta);
    }
}

struct Canvas {
    size: [usize; 2],
    pixels: Vec<[f32; 3]>,
}

impl Canvas {
    fn mesh(&mut self, mesh: &Mesh, texture: &ColorImage, clip: [usize; 4], scale: f32) {
        for corners in mesh.indices.chunks_exact(3) {
            let corners = [corners[0], corners[1], corners[2]].map(|i| &mesh.vertices[i as usize]);
            self.triangle(corners, texture, clip, scale);
        }
    }

    /// Pixels whose centre is in the triangle; of those on an edge, only the ones on its left and upper edges, so that
    /// neighbours share none.
    fn triangle(&mut self, [a, b, c]: [&Vertex; 3], texture: &ColorImage, clip: [usize; 4], scale: f32) {
        let at = |v: &Vertex| [f64::from(v.pos.x * scale), f64::from(v.pos.y * scale)];
        let cross =
            |p: [f64; 2], q: [f64; 2], r: [f64; 2]| (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
        let area = cross(at(a), at(b), at(c));
        if area == 0.0 || !area.is_finite() {
            return;
        }
        let (b, c, area) = if area < 0.0 { (c, b, -area) } else { (b, c, area) };
        let [pa, pb, pc] = [at(a), at(b), at(c)];
        let lowest = |i: usize| pa[i].min(pb[i]).min(pc[i]).floor().max(0.0) as usize;
        let highest = |i: usize| pa[i].max(pb[i]).max(pc[i]).ceil().max(0.0) as usize;
        // With y down and a positive area, an upper edge goes right and a left one goes up.
        let owns = |p: [f64; 2], q: [f64; 2]| q[1] < p[1] || (q[1] == p[1] && q[0] > p[0]);
        let inside = |w: f64, own: bool| w > 0.0 || (w == 0.0 && own);
        let (own_a, own_b, own_c) = (owns(pb, pc), owns(pc, pa), owns(pa, pb));
        for y in lowest(1).max(clip[1])..highest(1).min(clip[3]).min(self.size[1]) {
            for x in lowest(0).max(clip[0])..highest(0).min(clip[2]).min(self.size[0]) {
                let p = [x as f64 + 0.5, y as f64 + 0.5];
                let (wa, wb, wc) = (cross(pb, pc, p), cross(pc, pa, p), cross(pa, pb, p));
                if !(inside(wa, own_a) && inside(wb, own_b) && inside(wc, own_c)) {
                    continue;
                }
                let share = [(wa / area) as f32, (wb / area) as f32, (wc / area) as f32];
                self.blend(x, y, [a, b, c], share, texture);
            }
        }
    }

    /// Colours carry their opacity within them, and mix as they are.
    fn blend(&mut self, x: usize, y: usize, corners: [&Vertex; 3], share: [f32; 3], texture: &ColorImage) {
        let mut colour = [0.0; 4];
        let mut uv = Pos2::ZERO;
        for (corner, share) in corners.iter().zip(share) {
            for (sum, v) in colour.iter_mut().zip(corner.color.to_array()) {
                *sum += share * f32::from(v);
            }
            uv += corner.uv.to_vec2() * share;
        }
        let ink = sampled(texture, uv);
        let opacity = colour[3] * ink[3] / (255.0 * 255.0);
        let pixel = &mut self.pixels[y * self.size[0] + x];
        for ((pixel, colour), ink) in pixel.iter_mut().zip(colour).zip(ink) {
            *pixel = colour * ink / 255.0 + *pixel * (1.0 - opacity);
        }
    }
}

/// Between the four nearest pixels of a texture.
fn sampled(texture: &ColorImage, uv: Pos2) -> [f32; 4] {
    let [width, height] = texture.size;
    let place = |v: f32, n: usize| (v * n as f32 - 0.5).clamp(0.0, (n - 1) as f32);
    let (x, y) = (place(uv.x, width), place(uv.y, height));
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (along, down) = (x - left as f32, y - top as f32);
    let mut sum = [0.0; 4];
    for (x, y, share) in [
        (left, top, (1.0 - along) * (1.0 - down)),
        (right, top, along * (1.0 - down)),
        (left, bottom, (1.0 - along) * down),
        (right, bottom, along * down),
    ] {
        if share > 0.0 {
            for (sum, v) in sum.iter_mut().zip(texture.pixels[y * width + x].to_array()) {
                *sum += share * f32::from(v);
            }
        }
    }
    sum
}
