//! PNG, anti-aliased, from the page's SVG.

use resvg::tiny_skia::{Pixmap, Transform};

use super::{RenderError, tree};
use crate::page::Page;

/// Most pixels of an image: 400 MB of memory.
const MOST_PIXELS: u64 = 100_000_000;

/// The page as a PNG file.
///
/// - `scale`: pixels per point; `dpi / 72`.
///
/// # Errors
/// [`RenderError::TooLarge`] for more than a hundred million pixels; others are faults of this program.
pub fn png(page: &Page, scale: f32) -> Result<Vec<u8>, RenderError> {
    let pixels = |points: f32| (f64::from(points) * f64::from(scale)).round().clamp(1.0, 1e9) as u64;
    let (width, height) = (pixels(page.size.width_pt), pixels(page.size.height_pt));
    let too_large = RenderError::TooLarge { width, height, most: MOST_PIXELS };
    if width * height > MOST_PIXELS {
        return Err(too_large);
    }
    let Some(mut image) = Pixmap::new(width as u32, height as u32) else { return Err(too_large) };
    let tree = tree(page)?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut image.as_mut());
    image.encode_png().map_err(|e| RenderError::Pixels(e.to_string()))
}
