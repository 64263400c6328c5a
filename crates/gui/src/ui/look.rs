//! Fonts, colours and sizes of the window.

use std::sync::Arc;

use eframe::egui::{self, Color32, FontData, FontDefinitions, FontFamily, Visuals};

use crate::figure::paint::FAMILY;

/// Loads the embedded font of figures, before the first frame: for figures, and behind the window's own for the signs that it lacks.
pub fn install_fonts(context: &egui::Context) {
    let mut fonts = FontDefinitions::default();
    let name = fa_plot::text::FAMILY.to_owned();
    fonts.font_data.insert(name.clone(), Arc::new(FontData::from_static(fa_plot::text::embedded_font())));
    fonts.families.insert(FontFamily::Name(FAMILY.into()), vec![name.clone()]);
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        let list = fonts.families.entry(family).or_default();
        list.insert(list.len().min(1), name.clone());
    }
    context.set_fonts(fonts);
}

/// Height of small text, points: still read at the smallest size of the window.
const SMALL: f32 = 10.5;

/// What the window looks like.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Look {
    pub(crate) dark: bool,
    pub(crate) scale: f32,
}

impl Look {
    pub(crate) fn apply(&self, context: &egui::Context) {
        let theme = if self.dark { egui::Theme::Dark } else { egui::Theme::Light };
        context.set_theme(theme);
        context.set_zoom_factor(self.scale);
        context.set_visuals_of(theme, visuals(self.dark));
        context.all_styles_mut(|style| {
            style.spacing.item_spacing = egui::vec2(6.0, 3.0);
            style.spacing.button_padding = egui::vec2(5.0, 1.0);
            style.interaction.tooltip_delay = 0.4;
            style.text_styles.insert(egui::TextStyle::Small, egui::FontId::proportional(SMALL));
        });
    }
}

/// Colours of the window: text has a contrast of 4.5 : 1 and more wherever it stands.
fn visuals(dark: bool) -> Visuals {
    let mut visuals = if dark { Visuals::dark() } else { Visuals::light() };
    visuals.override_text_color = None;
    let (text, weak) = if dark { (220, 160) } else { (35, 95) };
    visuals.widgets.noninteractive.fg_stroke.color = Color32::from_gray(text);
    visuals.widgets.inactive.fg_stroke.color = Color32::from_gray(text);
    visuals.weak_text_color = Some(Color32::from_gray(weak));
    if !dark {
        visuals.hyperlink_color = Color32::from_rgb(0, 90, 165);
    }
    visuals.striped = true;
    visuals
}

/// A field for one line of text, with the text in the middle of its height as that of the controls beside it.
pub(crate) fn field(text: &mut String) -> egui::TextEdit<'_> {
    egui::TextEdit::singleline(text).align(egui::Align2::LEFT_CENTER)
}

/// Colour of trouble; never the only sign of it.
pub(crate) fn warn(ui: &egui::Ui) -> Color32 {
    warn_of(ui.visuals().dark_mode)
}

/// Colour of errors; never the only sign of it.
pub(crate) fn error(ui: &egui::Ui) -> Color32 {
    error_of(ui.visuals().dark_mode)
}

/// [`warn`] where there is no `Ui`.
pub(crate) fn warn_of(dark: bool) -> Color32 {
    if dark { Color32::from_rgb(255, 180, 60) } else { Color32::from_rgb(165, 85, 0) }
}

/// [`error`] where there is no `Ui`.
pub(crate) fn error_of(dark: bool) -> Color32 {
    if dark { Color32::from_rgb(255, 130, 120) } else { Color32::from_rgb(176, 20, 20) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fa_plot::colour::{Rgb, contrast};
    use fa_plot::theme::Theme;

    fn ratio(a: Color32, b: Color32) -> f64 {
        let rgb = |c: Color32| Rgb(c.r(), c.g(), c.b());
        contrast(rgb(a), rgb(b))
    }

    #[test]
    fn text_can_be_read_wherever_it_stands() {
        for dark in [false, true] {
            let v = visuals(dark);
            let w = &v.widgets;
            // Rows of tables are striped by a colour that is laid over the panel's.
            let stripe = v.panel_fill.blend(v.faint_bg_color);
            let plain = [("text", v.text_color()), ("hint", v.weak_text_color()), ("link", v.hyperlink_color)];
            let own = [("warning", warn_of(dark)), ("error", error_of(dark)), ("strong", v.strong_text_color())];
            for (what, ink) in plain.into_iter().chain(own) {
                for (on, ground) in [("panels", v.panel_fill), ("windows", v.window_fill), ("stripes", stripe)] {
                    let ratio = ratio(ink, ground);
                    assert!(ratio >= 4.5, "dark {dark}: {what} on {on}: {ratio:.2}");
                }
            }
            for (what, state) in
                [("button", w.inactive), ("hovered", w.hovered), ("pressed", w.active), ("open", w.open)]
            {
                let ratio = ratio(state.fg_stroke.color, state.weak_bg_fill);
                assert!(ratio >= 4.5, "dark {dark}: {what}: {ratio:.2}");
            }
            let field = v.text_edit_bg_color();
            for (what, ink, ground) in [
                ("chosen", v.selection.stroke.color, v.selection.bg_fill),
                ("chosen row", v.text_color(), v.selection.bg_fill),
                ("typed", v.text_color(), field),
                ("hint in a field", v.weak_text_color(), field),
            ] {
                let ratio = ratio(ink, ground);
                assert!(ratio >= 4.5, "dark {dark}: {what}: {ratio:.2}");
            }
        }
    }

    #[test]
    fn what_is_drawn_over_figures_can_be_seen() {
        for (dark, theme) in [(false, Theme::light()), (true, Theme::dark())] {
            let paper = crate::figure::paint::colour(theme.background);
            let accent = visuals(dark).selection.stroke.color;
            for (what, ink) in
                [("cursor, marking, keyboard", accent), ("loss", error_of(dark)), ("note", warn_of(dark))]
            {
                let ratio = ratio(ink, paper);
                assert!(ratio >= 3.0, "dark {dark}: {what}: {ratio:.2}");
            }
        }
    }

    #[test]
    fn palettes_are_seen_on_their_paper_and_stay_apart_for_every_eye() {
        use crate::state::Palette;
        for (palette, name) in Palette::ALL {
            for (dark, theme) in [(false, Theme::light()), (true, Theme::dark())] {
                let Some(colours) = palette.colours(dark) else { continue };
                let paper = Rgb(theme.background.0, theme.background.1, theme.background.2);
                let colours: Vec<Rgb> = colours.split(',').map(|c| c.parse().expect("a colour")).collect();
                for (i, colour) in colours.iter().enumerate() {
                    let ratio = contrast(*colour, paper);
                    assert!(ratio >= 3.0, "{name}, dark {dark}: {colour}: {ratio:.2}");
                    for other in &colours[i + 1..] {
                        let delta = fa_plot::colour::apart(*colour, *other);
                        assert!(delta >= 18.0, "{name}, dark {dark}: {colour} and {other}: {delta:.1}");
                    }
                }
            }
        }
    }
}
