//! Draws made-up scenes of every plot type, to look at: `cargo run -p fa-plot --example specimens -- DIR [THEME]`.

use std::path::Path;

use fa_plot::layout::layout;
use fa_plot::page::PageSize;
use fa_plot::render;
use fa_plot::scene::{LegendPlacement, Scale};
use fa_plot::theme::Theme;

#[path = "../tests/common/scenes.rs"]
mod scenes;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "specimens".into());
    let theme = std::env::args().nth(2).and_then(|name| Theme::named(&name)).unwrap_or_else(Theme::light);
    std::fs::create_dir_all(&dir)?;
    let absurd = scenes::absurd(100, 120);
    let absurd: Vec<&str> = absurd.iter().map(String::as_str).collect();
    let names: Vec<String> = (0..40).map(|i| format!("rrul-run-{i:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut inside = scenes::cdf(&names[..4]);
    inside.legend_placement = LegendPlacement::Inside("best".into());
    let mut empty = scenes::cdf(&names[..1]);
    empty.empty = Some("none of the files has the series 'Ping (ms) UDP BE'".into());
    let list = [
        ("all_scaled", scenes::all_scaled(&["a"], 1400)),
        ("all_scaled_2", scenes::all_scaled(&["fq_codel", "pfifo_fast"], 1400)),
        ("all_scaled_absurd5", scenes::all_scaled(&absurd[..5], 700)),
        ("totals", scenes::totals(Scale::Linear, false)),
        ("totals_log_inverted", scenes::totals(Scale::Log10, true)),
        ("totals_log2", scenes::totals(Scale::Log2, true)),
        ("cdf", scenes::cdf(&["ping"])),
        ("cdf_5", scenes::cdf(&names[..5])),
        ("cdf_absurd", scenes::cdf(&absurd[..12])),
        ("cdf_absurd_100", scenes::cdf(&absurd)),
        ("cdf_inside", inside),
        ("box_1", scenes::boxes(&names[..1], 30)),
        ("box_5", scenes::boxes(&names[..5], 60)),
        ("box_40", scenes::boxes(&names, 200)),
        ("box_absurd", scenes::boxes(&absurd[..8], 30)),
        ("bar_1", scenes::bars(&names[..1])),
        ("bar_5", scenes::bars(&names[..5])),
        ("ellipses", scenes::ellipses(&names[..4])),
        ("areas", scenes::areas()),
        ("busiest", scenes::busiest(200, 1400)),
        ("empty", empty),
    ];
    for (name, scene) in &list {
        for (size, suffix, scale) in
            [(PageSize::default(), "", 100.0 / 72.0), (PageSize { width_pt: 252.0, height_pt: 180.0 }, "_column", 3.0)]
        {
            let page = layout(scene, size, &theme, None);
            let path = Path::new(&dir).join(format!("{name}{suffix}"));
            std::fs::write(path.with_extension("svg"), render::svg(&page))?;
            std::fs::write(path.with_extension("png"), render::png(&page, scale)?)?;
            std::fs::write(path.with_extension("pdf"), render::pdf(&page)?)?;
            println!(
                "{name}{suffix}: data {:.0} %, {} items {:?}",
                page.data_share() * 100.0,
                page.items.len(),
                page.notes
            );
        }
    }
    Ok(())
}
