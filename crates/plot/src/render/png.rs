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
    encode(&painted(page, scale)?, scale).map_err(|e| RenderError::Pixels(e.to_string()))
}

/// The page as pixels: width, height, and four bytes (red, green, blue, opacity) for each from the upper left on.
///
/// # Errors
/// As [`png()`].
pub fn pixels(page: &Page, scale: f32) -> Result<(u32, u32, Vec<u8>), RenderError> {
    let image = painted(page, scale)?;
    Ok((image.width(), image.height(), image.take()))
}

/// A PNG file of pixels that something else painted, as [`pixels`] gives them; the opacity is left out.
///
/// # Errors
/// The number of bytes does not fit the size, or the encoder's.
pub fn png_of_pixels(width: u32, height: u32, rgba: &[u8]) -> Result<Vec<u8>, RenderError> {
    let size = resvg::tiny_skia::IntSize::from_wh(width, height);
    let image = size.and_then(|size| Pixmap::from_vec(rgba.to_vec(), size));
    let image = image.ok_or_else(|| RenderError::Pixels(format!("{} bytes are not {width} x {height}", rgba.len())))?;
    encode(&image, 1.0).map_err(|e| RenderError::Pixels(e.to_string()))
}

fn painted(page: &Page, scale: f32) -> Result<Pixmap, RenderError> {
    let pixels = |points: f32| (f64::from(points) * f64::from(scale)).round().clamp(1.0, 1e9) as u64;
    let (width, height) = (pixels(page.size.width_pt), pixels(page.size.height_pt));
    let too_large = RenderError::TooLarge { width, height, most: MOST_PIXELS };
    if width * height > MOST_PIXELS {
        return Err(too_large);
    }
    let Some(mut image) = Pixmap::new(width as u32, height as u32) else { return Err(too_large) };
    let tree = tree(page)?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut image.as_mut());
    Ok(image)
}

/// The page is opaque: three bytes a pixel, no filter (flat colours compress best without), and the resolution.
fn encode(image: &Pixmap, scale: f32) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, image.width(), image.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_filter(png::FilterType::NoFilter);
    encoder.set_compression(png::Compression::Default);
    // Pixels per metre: there are 72 points to the inch of 25.4 mm.
    let per_metre = (f64::from(scale) * 72.0 / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header()?;
    let pixels: Vec<u8> = image.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}
