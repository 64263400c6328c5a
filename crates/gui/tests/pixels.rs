//! What the window shows is what is exported: the same pages, painted by egui and as a PNG, pixel for pixel.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "../../plot/tests/common/cases.rs"]
mod cases;
mod common;
#[path = "../../plot/tests/common/scenes.rs"]
mod scenes;

use std::path::Path;
use std::sync::Arc;

use common::raster::Textures;
use common::{LONG, SHORT, act, docs, focused, pictured, sample, viewer, viewer_mut};
use eframe::egui::{self, Pos2, RawInput, Rect, pos2, vec2};
use egui_kittest::kittest::Queryable as _;
use fa_gui::figure::paint::{self, Painted};
use fa_gui::state::{Action, FigureFile, Panel, ThemeChoice};
use fa_plot::page::{Page, Pt, Role, Shape};
use fa_plot::render::{self, Format};
use fa_testkit::{Picture, Tolerance};

/// Both painters soften edges, each in its own way, and place letters on fractions of pixels differently.
const TOLERANCE: Tolerance = Tolerance { colour: 45, share: 0.01 };

/// Pixels over which both pictures are softened before they are compared.
const SOFT: usize = 1;

fn exported(page: &Page) -> Picture {
    let (width, height, rgba) = render::pixels(page, paint::SCALE).unwrap();
    Picture::new(width as usize, height as usize, rgba)
}

/// The page as egui paints it at one pixel per screen point.
fn shown(page: &Arc<Page>) -> Picture {
    let size = vec2(page.size.width_pt, page.size.height_pt) * paint::SCALE;
    let size = [size.x.round() as usize, size.y.round() as usize];
    let context = egui::Context::default();
    fa_gui::ui::install_fonts(&context);
    let textures = Textures::default();
    let mut painted = Painted::default();
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(size[0] as f32, size[1] as f32))),
        ..RawInput::default()
    };
    // Letters are in the font's texture after the first frame that shows them.
    let mut last = None;
    for _ in 0..2 {
        let mut output = context.run_ui(input.clone(), |ui| {
            painted.paint(&ui.painter().with_clip_rect(Rect::EVERYTHING), page, Pos2::ZERO, None);
        });
        textures.apply(&mut output.textures_delta);
        last = Some(output);
    }
    textures.paint(&context, &last.unwrap(), size)
}

fn save(name: &str, picture: &Picture) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shown/{name}.png"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let bytes = render::png_of_pixels(picture.width as u32, picture.height as u32, &picture.rgba).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// Compares, and keeps the pictures of what is different.
fn agree(name: &str, shown: &Picture, exported: &Picture) -> Result<(), String> {
    shown.softened(SOFT).compare(&exported.softened(SOFT), TOLERANCE).map_err(|difference| {
        let files = [("shown", shown), ("exported", exported), ("difference", &difference.picture)];
        let files = files.map(|(what, picture)| save(&format!("{name}.{what}"), picture));
        format!("{name}: {difference}\n  {}", files.join("\n  "))
    })
}

#[test]
fn every_page_is_shown_as_it_is_exported() {
    let wrong: Vec<String> = cases::pages()
        .into_iter()
        .filter_map(|(name, page)| {
            let page = Arc::new(page);
            agree(name, &shown(&page), &exported(&page)).err()
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_line_that_is_shown_two_pixels_off_is_noticed() {
    for (name, page) in cases::pages().into_iter().filter(|(name, _)| ["gaps", "cdf", "dark", "step"].contains(name)) {
        let mut wrong = page.clone();
        for item in wrong.items.iter_mut().filter(|i| i.role == Role::Data) {
            if let Shape::Path { runs, .. } = &mut item.shape {
                runs.iter_mut().flatten().for_each(|p| p.y += 2.0 / paint::SCALE);
            }
        }
        agree(&format!("{name}-moved"), &shown(&Arc::new(wrong)), &exported(&page)).expect_err(name);
    }
}

#[test]
fn the_figure_in_the_window_is_the_exported_one() {
    for (plot, theme) in [("all_scaled", ThemeChoice::Light), ("ping_cdf", ThemeChoice::Dark)] {
        let (mut window, textures) = pictured(&[sample(LONG), sample(SHORT)], [900.0, 640.0]);
        let (second, view) = (docs(&window)[1], focused(&window).id);
        act(&mut window, Action::SetTheme(theme));
        act(&mut window, Action::Tick(second));
        act(&mut window, Action::SetPlot(view, plot.into()));
        act(&mut window, Action::ToggleFullScreen);
        let canvas = window.get_by_label_contains("Figure ").rect();
        let picture = textures.paint(&window.ctx, window.output(), [900, 640]);
        let how = FigureFile { format: Format::Png, size_in: None, dpi: 96.0, theme: None };
        let save = viewer(&window).save_figure(view, how).unwrap();
        let exported = exported(&fa_gui::work::page_for_file(&save).unwrap());
        let (left, top) = (canvas.min.x.round() as usize, canvas.min.y.round() as usize);
        let figure = picture.part(left, top, exported.width, exported.height);
        agree(&format!("window-{plot}"), &figure, &exported).unwrap();
    }
}

#[test]
fn what_is_marked_lost_or_pointed_at_is_drawn_over_the_figure_and_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut values = common::wave(600);
    for lost in [200, 201, 400] {
        values[lost] = f64::NAN;
    }
    let path = common::save(dir.path(), "a.flent.gz", &common::ping("a", "a", 1.6e9, &values));
    let (mut window, textures) = pictured(&[path], [900.0, 640.0]);
    let view = focused(&window).id;
    act(&mut window, Action::ToggleFullScreen);
    act(&mut window, Action::SetOption(view, "zero-y", vec![String::new()]));
    act(&mut window, Action::Brush(view, Some((5.0, 15.0))));
    act(&mut window, Action::Cursor(view, 0, Some(33.0)));
    let page = viewer_mut(&mut window).page(view).unwrap();
    let origin = window.get_by_label_contains("Figure ").rect().min;
    let with = textures.paint(&window.ctx, window.output(), [900, 640]);
    save("overlays", &with);
    let (axes, r) = (page.panels[0].axes[0], page.panels[0].rect);
    let screen = |x: f64, down: f32| paint::place(Pt { x: axes.x.place(x), y: r.y + r.h * down }, origin);
    let at = |picture: &Picture, p: Pos2| picture.at(p.x as usize, p.y as usize);
    let paper = {
        let b = page.background;
        [b.0, b.1, b.2]
    };
    // 0.93 of the height is below the wave and off the grid.
    assert_eq!(at(&with, screen(43.0, 0.93)), paper, "nothing is marked there");
    let (inside, before, after) = (screen(8.0, 0.93), screen(4.5, 0.93), screen(15.5, 0.93));
    assert_ne!(at(&with, inside), paper, "the marking");
    assert_eq!((at(&with, before), at(&with, after)), (paper, paper), "as wide as it is meant to be");
    // The cursor is one and a half points wide: the columns beside its place are coloured, those further off are not.
    let columns = (-6..=6).filter(|dx| at(&with, screen(33.0, 0.93) + vec2(*dx as f32, 0.0)) != paper);
    let columns: Vec<i32> = columns.collect();
    assert!(!columns.is_empty() && columns.iter().all(|dx| dx.abs() <= 2), "{columns:?}");
    // Lost probes: red at the foot of the panel, at their times.
    let reddish = |p: Pos2| {
        let [red, green, blue] = at(&with, p).map(i32::from);
        red - green > 40 && red - blue > 40
    };
    for t in [20.0, 20.1, 40.0] {
        let foot = screen(t, 1.0) - vec2(0.0, 3.0);
        assert!((-1..=1).any(|dx| reddish(foot + vec2(dx as f32, 0.0))), "lost at {t} s");
    }
    for t in [25.0, 35.0, 50.0] {
        assert!(!reddish(screen(t, 1.0) - vec2(0.0, 3.0)), "nothing was lost at {t} s");
    }
    // Without all of that, the figure is as before.
    act(&mut window, Action::Brush(view, None));
    act(&mut window, Action::Cursor(view, 0, None));
    act(&mut window, Action::ShowPanel(Panel::Files));
    let without = textures.paint(&window.ctx, window.output(), [900, 640]);
    assert_eq!(at(&without, inside), paper);
    assert_ne!(at(&without, pos2(origin.x + 1.0, origin.y + 1.0)), [0, 0, 0], "the window is painted all over");
}
