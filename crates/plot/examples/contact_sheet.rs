//! One image of many: `cargo run -p fa-plot --example contact_sheet -- SHEET.png FIGURE.png…`.
//!
//! All figures have one size; each is halved (every pixel the mean of four) and set in four columns.

use std::fs::File;
use std::io::{BufReader, BufWriter};

const COLUMNS: usize = 4;
/// Pixels between figures.
const GAP: usize = 6;

/// Rows of RGB pixels.
struct Image {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

fn read(path: &str) -> Result<Image, Box<dyn std::error::Error>> {
    let mut reader = png::Decoder::new(BufReader::new(File::open(path)?)).read_info()?;
    let mut rgb = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut rgb)?;
    if info.color_type != png::ColorType::Rgb || info.bit_depth != png::BitDepth::Eight {
        return Err(format!("{path}: not a figure of fa").into());
    }
    Ok(Image { width: info.width as usize, height: info.height as usize, rgb })
}

fn halved(image: &Image) -> Image {
    let (width, height) = (image.width / 2, image.height / 2);
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let at = |dx, dy| u32::from(image.rgb[((2 * y + dy) * image.width + 2 * x + dx) * 3 + channel]);
                rgb.push(((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + 2) / 4) as u8);
            }
        }
    }
    Image { width, height, rgb }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let sheet = args.next().ok_or("usage: contact_sheet SHEET.png FIGURE.png…")?;
    let figures = args.map(|path| Ok(halved(&read(&path)?))).collect::<Result<Vec<_>, Box<dyn std::error::Error>>>()?;
    let (w, h) = figures.first().map(|f| (f.width, f.height)).ok_or("no figures")?;
    if figures.iter().any(|f| (f.width, f.height) != (w, h)) {
        return Err("the figures are of different sizes".into());
    }
    let rows = figures.len().div_ceil(COLUMNS);
    let (width, height) = (COLUMNS * (w + GAP) + GAP, rows * (h + GAP) + GAP);
    let mut out = vec![0xD0; width * height * 3];
    for (i, figure) in figures.iter().enumerate() {
        let (left, top) = (GAP + i % COLUMNS * (w + GAP), GAP + i / COLUMNS * (h + GAP));
        for (y, row) in figure.rgb.chunks(w * 3).enumerate() {
            let at = ((top + y) * width + left) * 3;
            out[at..at + w * 3].copy_from_slice(row);
        }
    }
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(sheet)?), width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Best);
    encoder.set_filter(png::FilterType::Paeth);
    encoder.set_adaptive_filter(png::AdaptiveFilterType::Adaptive);
    encoder.write_header()?.write_image_data(&out)?;
    Ok(())
}
