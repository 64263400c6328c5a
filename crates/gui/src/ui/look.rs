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
        let mut visuals = if self.dark { Visuals::dark() } else { Visuals::light() };
        // Text of labels has a contrast of 7 : 1 and more, hints one of 4.5 : 1.
        visuals.override_text_color = None;
        let (text, weak) = if self.dark { (220, 160) } else { (35, 95) };
        visuals.widgets.noninteractive.fg_stroke.color = Color32::from_gray(text);
        visuals.widgets.inactive.fg_stroke.color = Color32::from_gray(text);
        visuals.weak_text_color = Some(Color32::from_gray(weak));
        visuals.striped = true;
        context.set_visuals_of(theme, visuals);
        context.all_styles_mut(|style| {
            style.spacing.item_spacing = egui::vec2(6.0, 3.0);
            style.spacing.button_padding = egui::vec2(5.0, 1.0);
            style.interaction.tooltip_delay = 0.4;
        });
    }
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
