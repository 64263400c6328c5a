//! Figures without words, for where there is no room for any: the strip of the whole run, and small pictures of plots.

use fa_plot::scene::{LegendPlacement, Scene};

/// The same marks on the same scales, without titles, labels, numbers and legends.
///
/// - `panels`: at most so many of the first ones
pub fn bare(scene: &Scene, panels: usize) -> Scene {
    let mut bare = scene.clone();
    bare.title.clear();
    bare.figure_text.clear();
    bare.figure_note = None;
    bare.notes.clear();
    bare.brief_notes.clear();
    bare.legend_placement = LegendPlacement::Hidden;
    bare.panels.truncate(panels);
    for panel in &mut bare.panels {
        panel.title = None;
        panel.legend = None;
        panel.show_x_ticks = false;
        for axes in &mut panel.axes {
            axes.texts.clear();
            for axis in [&mut axes.x, &mut axes.y] {
                axis.label.clear();
                axis.ticks = Some(Vec::new());
            }
        }
    }
    bare
}
