//! What a frame costs the window's thread: panning over ten million points, and what those points cost in memory.

#![allow(clippy::expect_used, reason = "a bench")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;
use fa_catalog::{Orientation, PlotType};
use fa_gui::figure::hover::{nearest, values_at};
use fa_gui::figure::paint::Painted;
use fa_plot::layout::{Pyramids, View, Zoom, layout_with};
use fa_plot::page::{PageSize, Pt};
use fa_plot::scene::{
    Axes, Axis, Colour, Column, Dash, LegendPlacement, Line, Mark, MarkId, Panel, Quantity, Scale, Scene, Side, Style,
};
use fa_plot::theme::Theme;

fn main() {
    let (scene, pyramids) = scene(10, 1_000_000);
    println!("pyramids: {:.2} bytes per sample", pyramids.bytes() as f64 / 1e7);
    panning(&scene, &pyramids);
    drop((scene, pyramids));
    divan::main();
}

/// Processor time of this thread.
fn thread_time() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux").into()
}

/// Frames of panning: page, triangles, and egui's own work on them; processor time of the thread beside time on the clock.
fn panning(scene: &Scene, pyramids: &Pyramids) {
    const FRAMES: usize = 200;
    let theme = Theme::light();
    let context = egui::Context::default();
    fa_gui::ui::install_fonts(&context);
    let mut painted = Painted::default();
    let (mut whole, mut layout, mut clock) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..FRAMES + 10 {
        let at = i as f64 * 0.5;
        let (cpu, wall) = (thread_time(), Instant::now());
        let zoom = Zoom { panel: 0, axes: 0, x: Some((at, at + 800.0)), y: None };
        let view = View { zooms: vec![zoom] };
        let page = Arc::new(layout_with(scene, SIZE, &theme, Some(&view), pyramids));
        let laid = thread_time();
        let mut output = context.run_ui(egui::RawInput::default(), |ui| {
            painted.paint(ui.painter(), &page, egui::Pos2::ZERO, None);
        });
        output.textures_delta.clear();
        let triangles = context.tessellate(std::mem::take(&mut output.shapes), 1.0);
        let (done, shown) = (thread_time(), wall.elapsed());
        divan::black_box_drop(triangles);
        // The first frames make letters and memory.
        if i >= 10 {
            whole.push(done.saturating_sub(cpu));
            layout.push(laid.saturating_sub(cpu));
            clock.push(shown);
        }
    }
    let ms = |times: &mut Vec<Duration>, share: f64| {
        times.sort();
        times[(times.len() as f64 * share) as usize].as_secs_f64() * 1e3
    };
    println!(
        "panning ten lines of a million points, {FRAMES} frames: median {:.2} ms CPU a frame ({:.2} of it layout), \
         19 of 20 within {:.2}; {:.2} ms on the clock; {} vertices (≤ 8)",
        ms(&mut whole, 0.5),
        ms(&mut layout, 0.5),
        ms(&mut whole, 0.95),
        ms(&mut clock, 0.5),
        painted.vertices(),
    );
}

const SIZE: PageSize = PageSize { width_pt: 525.0, height_pt: 560.0 };

fn axis(limits: (f64, f64)) -> Axis {
    Axis { label: "ms".into(), limits, scale: Scale::Linear, ticks: None, quantity: Quantity::Plain }
}

fn scene(series: usize, points: usize) -> (Scene, Pyramids) {
    let x: Column = (0..points).map(|i| i as f64 / 1000.0).collect();
    let mut seed = 1_u64;
    let marks = (0..series)
        .map(|n| {
            let y: Column = (0..points)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    n as f64 * 10.0 + (seed >> 40) as f64 / 2e6
                })
                .collect();
            let id = MarkId { series: format!("s{n}"), index: n, ..MarkId::default() };
            let style = Style { colour: Colour::Cycle(n), width: 1.0, dash: Some(Dash::Solid), marker: None };
            Mark::Line(Line { id, label: Some(format!("s{n}")), x: x.clone(), y, style })
        })
        .collect();
    let axes = Axes {
        x: axis((0.0, points as f64 / 1000.0)),
        y: axis((0.0, 110.0)),
        side: Side::Left,
        marks,
        texts: Vec::new(),
    };
    let panel = Panel { title: None, axes: vec![axes], legend: None, dividers: Vec::new(), show_x_ticks: true };
    let mut scene = Scene {
        plot: "bench".into(),
        kind: PlotType::Timeseries,
        files: vec!["a".into()],
        title: vec!["Ten million points".into()],
        figure_text: Vec::new(),
        host: None,
        figure_note: None,
        panels: vec![panel],
        orientation: Orientation::Vertical,
        empty: None,
        notes: Vec::new(),
        brief_notes: Vec::new(),
        legend_placement: LegendPlacement::Hidden,
        legend_columns: None,
        palette: Vec::new(),
    };
    // As the viewer keeps it.
    scene.pack();
    let pyramids = Pyramids::of(&scene);
    (scene, pyramids)
}

/// The sample under the pointer, wherever it is: ten places a time.
#[divan::bench(sample_count = 50)]
fn hovering_at_ten_places(bencher: divan::Bencher) {
    let (scene, pyramids) = scene(10, 1_000_000);
    let page = layout_with(&scene, SIZE, &Theme::light(), None, &pyramids);
    let r = page.panels[0].rect;
    let mut seed = 3_u64;
    bencher.bench_local(|| {
        (0..10)
            .filter_map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let share = |bits: u64| (bits & 0xFFFF) as f32 / 65_536.0;
                let at = Pt { x: r.x + r.w * share(seed >> 16), y: r.y + r.h * share(seed >> 40) };
                nearest(&scene, &pyramids, &page, at)
            })
            .count()
    });
}

/// Values of all lines at a cursor.
#[divan::bench(sample_count = 50)]
fn values_at_a_cursor(bencher: divan::Bencher) {
    let (scene, pyramids) = scene(10, 1_000_000);
    let page = layout_with(&scene, SIZE, &Theme::light(), None, &pyramids);
    bencher.bench_local(|| values_at(&scene, &page, 437.21, 1.0));
}

/// The page alone.
#[divan::bench(sample_count = 50)]
fn laying_out_ten_million_points(bencher: divan::Bencher) {
    let (scene, pyramids) = scene(10, 1_000_000);
    let theme = Theme::light();
    bencher.bench_local(|| layout_with(&scene, SIZE, &theme, None, &pyramids));
}
