//! Layout and rendering: `cargo bench -p fa-plot --bench page`.

#[path = "../tests/common/scenes.rs"]
mod scenes;

use divan::{Bencher, black_box};
use fa_plot::layout::layout;
use fa_plot::page::PageSize;
use fa_plot::render;
use fa_plot::scene::Scene;
use fa_plot::theme::Theme;

fn main() {
    divan::main();
}

fn scene(name: &str) -> Scene {
    let files = scenes::absurd(100, 120);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    match name {
        "busiest: 200 lines of 1400" => scenes::busiest(200, 1400),
        "all_scaled" => scenes::all_scaled(&["a"], 1400),
        "all_scaled of 5 files" => scenes::all_scaled(&files[..5], 1400),
        "cdf of 100 files" => scenes::cdf(&files),
        "boxes of 100 files" => scenes::boxes(&files, 60),
        _ => scenes::busiest(1, 1_000_000),
    }
}

const SCENES: [&str; 6] = [
    "busiest: 200 lines of 1400",
    "all_scaled",
    "all_scaled of 5 files",
    "cdf of 100 files",
    "boxes of 100 files",
    "one line of 1 000 000",
];

#[divan::bench(args = SCENES)]
fn page(bencher: Bencher<'_, '_>, name: &str) {
    let scene = scene(name);
    bencher.bench(|| layout(black_box(&scene), PageSize::default(), &Theme::light(), None));
}

#[divan::bench(args = SCENES)]
fn svg(bencher: Bencher<'_, '_>, name: &str) {
    let page = layout(&scene(name), PageSize::default(), &Theme::light(), None);
    bencher.bench(|| render::svg(black_box(&page)));
}

#[divan::bench(args = ["all_scaled", "cdf of 100 files"])]
fn png(bencher: Bencher<'_, '_>, name: &str) {
    let page = layout(&scene(name), PageSize::default(), &Theme::light(), None);
    bencher.bench(|| render::png(black_box(&page), 100.0 / 72.0));
}

#[divan::bench(args = ["all_scaled", "cdf of 100 files"])]
fn pdf(bencher: Bencher<'_, '_>, name: &str) {
    let page = layout(&scene(name), PageSize::default(), &Theme::light(), None);
    bencher.bench(|| render::pdf(black_box(&page)));
}
