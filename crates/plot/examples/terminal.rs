//! Draws made-up scenes with characters: `cargo run -p fa-plot --example terminal -- [COLUMNS ROWS]`.

use std::io::Write as _;

use fa_plot::render;
use fa_plot::scene::Scale;

#[path = "../tests/common/scenes.rs"]
mod scenes;

fn main() -> std::io::Result<()> {
    let mut sizes = std::env::args().skip(1).filter_map(|a| a.parse().ok());
    let (columns, rows) = (sizes.next().unwrap_or(80), sizes.next().unwrap_or(24));
    let list = [
        scenes::all_scaled(&["a"], 1400),
        scenes::totals(Scale::Log10, true),
        scenes::cdf(&["codel", "fq_codel", "pie"]),
        scenes::boxes(&["codel", "fq_codel", "pie"], 20),
        scenes::bars(&["codel", "fq_codel", "pie"]),
        scenes::ellipses(&["codel", "pie"]),
        scenes::areas(),
    ];
    for scene in &list {
        writeln!(std::io::stdout(), "{}", render::terminal(scene, columns, rows, false))?;
    }
    Ok(())
}
