//! Pages as pixels: each small page of `common/cases.rs` against the picture of it in `pictures/`.
//!
//! After a change that is meant to be seen, look at what changed and renew the pictures:
//!
//! ```text
//! FA_BLESS=1 cargo test -p fa-plot --test pixels
//! ```
#![expect(clippy::unwrap_used, reason = "tests")]

mod common {
    pub(crate) mod cases;
    pub(crate) mod scenes;
}

use std::path::{Path, PathBuf};

use common::cases;
use fa_plot::page::{Page, Pt, Role, Shape};
use fa_plot::render;
use fa_testkit::{Picture, Tolerance};

/// The painter gives the same bytes on one machine; other processors round differently at edges.
const TOLERANCE: Tolerance = Tolerance { colour: 40, share: 0.0005 };

fn painted(page: &Page) -> Picture {
    let (width, height, rgba) = render::pixels(page, 1.0).unwrap();
    Picture::new(width as usize, height as usize, rgba)
}

fn expected(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(format!("{name}.png"))
}

fn read(path: &Path) -> Option<Picture> {
    let mut reader = png::Decoder::new(std::fs::File::open(path).ok()?).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((frame.color_type, frame.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    let rgba = bytes.chunks(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 255]).collect();
    Some(Picture::new(frame.width as usize, frame.height as usize, rgba))
}

fn write(path: &Path, picture: &Picture) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let bytes = render::png_of_pixels(picture.width as u32, picture.height as u32, &picture.rgba).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn every_page_is_painted_as_it_was() {
    let bless = std::env::var_os("FA_BLESS").is_some();
    let mut wrong = Vec::new();
    for (name, page) in cases::pages() {
        let actual = painted(&page);
        let path = expected(name);
        let Some(reference) = read(&path).filter(|_| !bless) else {
            if bless {
                write(&path, &actual);
            } else {
                wrong.push(format!("{name}: {} is missing", path.display()));
            }
            continue;
        };
        if let Err(difference) = actual.compare(&reference, TOLERANCE) {
            let beside = |what: &str| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pixels/{name}.{what}.png"));
            write(&beside("actual"), &actual);
            write(&beside("difference"), &difference.picture);
            wrong.push(format!(
                "{name}: {difference}\n  expected   {}\n  actual     {}\n  difference {}",
                path.display(),
                beside("actual").display(),
                beside("difference").display()
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nlook at them; if they are as meant: FA_BLESS=1 cargo test -p fa-plot --test pixels",
        wrong.join("\n")
    );
}

#[test]
fn every_picture_in_the_tree_belongs_to_a_page() {
    let names: Vec<&str> = cases::pages().iter().map(|(name, _)| *name).collect();
    for file in std::fs::read_dir(expected("x").parent().unwrap()).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        assert!(file.strip_suffix(".png").is_some_and(|name| names.contains(&name)), "{file} is of no page");
    }
}

/// The page with the data of one mark moved down by two points, which are two pixels here.
fn moved(page: &Page, mark: usize) -> Page {
    let mut page = page.clone();
    let down = |p: &mut Pt| p.y += 2.0;
    for item in page.items.iter_mut().filter(|i| i.role == Role::Data && i.marks == [mark]) {
        match &mut item.shape {
            Shape::Path { runs, .. } => runs.iter_mut().flatten().for_each(down),
            Shape::Polygon { points, .. } => points.iter_mut().for_each(down),
            Shape::Markers { at, .. } => at.iter_mut().for_each(down),
            Shape::Rect { rect, .. } => rect.y += 2.0,
            Shape::Band { edges, .. } => {
                for edge in edges {
                    edge.top += 2.0;
                    edge.bottom += 2.0;
                }
            }
            Shape::Text(_) => {}
        }
    }
    page
}

#[test]
fn a_mark_that_is_two_pixels_off_is_noticed_on_every_page() {
    for (name, page) in cases::pages().iter().filter(|(name, _)| *name != "message") {
        let right = painted(page);
        // The same page again is no difference; so what is noticed is the movement.
        assert!(painted(page).compare(&right, TOLERANCE).is_ok(), "{name}");
        let difference = painted(&moved(page, 0)).compare(&right, TOLERANCE).expect_err(name);
        let r = page.panels[0].rect;
        let [left, top, right, bottom] = difference.within.map(|v| v as f32);
        let inside = left >= r.x - 4.0 && right <= r.right() + 4.0 && top >= r.y - 4.0 && bottom <= r.bottom() + 4.0;
        assert!(inside, "{name}: {difference}, the data are in {r:?}");
    }
}

#[test]
fn a_colour_that_is_another_is_noticed() {
    let (_, mut page) = cases::pages().swap_remove(0);
    let right = painted(&page);
    let item = page.items.iter_mut().find(|i| i.role == Role::Data).unwrap();
    let Shape::Path { stroke, .. } = &mut item.shape else { panic!("a line") };
    stroke.ink.0 = stroke.ink.0.wrapping_add(90);
    assert!(painted(&page).compare(&right, TOLERANCE).is_err());
}
