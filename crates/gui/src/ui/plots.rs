//! The plot selector: plots of the test by kind, each with a small picture from the files in sight.
//!
//! Pictures are made by threads, when a row comes into sight, by the way of all figures; the window never waits for one.

use std::collections::HashMap;

use eframe::egui::{self, Align2, Color32, FontId, Pos2, Rect, RichText, Sense, StrokeKind, TextureHandle, pos2, vec2};
use fa_catalog::PlotType;
use fa_plot::options::FigureOptions;

use super::Viewer;
use crate::figure::FigureKey;
use crate::state::library::{Loaded, PlotInfo};
use crate::state::{Action, DocId, View};
use crate::work::{FigureRequest, Job, Thumb, ThumbKey};

/// Size of a picture on the screen.
const PICTURE: egui::Vec2 = vec2(96.0, 60.0);

/// Pictures that are being made at a time: what is scrolled past is not waited for.
const AT_ONCE: usize = 2;

/// Files that a picture shows at most.
const FILES: usize = 8;

/// Pictures kept.
const KEPT: usize = 300;

/// A picture, or how far it is.
enum Picture {
    Asked,
    Made(Thumb),
    There(TextureHandle),
    Failed(String),
}

/// Pictures of plots.
#[derive(Default)]
pub(crate) struct Thumbs {
    all: HashMap<ThumbKey, Picture>,
}

impl Thumbs {
    /// A thread has made one, or says why not.
    pub(super) fn arrived(&mut self, key: ThumbKey, made: Result<Thumb, String>) {
        self.all.insert(key, made.map_or_else(Picture::Failed, Picture::Made));
    }

    fn waiting(&self) -> usize {
        self.all.values().filter(|picture| matches!(picture, Picture::Asked)).count()
    }

    /// How many pictures there are.
    pub(crate) fn there(&self) -> usize {
        self.all.values().filter(|picture| matches!(picture, Picture::Made(_) | Picture::There(_))).count()
    }
}

const KINDS: [(&str, &[PlotType]); 6] = [
    ("Over time", &[PlotType::Timeseries, PlotType::Meta, PlotType::TimeseriesCombine, PlotType::LineCombine]),
    ("Distributions", &[PlotType::Cdf, PlotType::CdfCombine]),
    ("Boxes", &[PlotType::Box, PlotType::BoxCombine]),
    ("Bars", &[PlotType::Bar, PlotType::BarCombine]),
    ("Quantiles", &[PlotType::Qq]),
    ("Ellipses", &[PlotType::Ellipsis, PlotType::EllipsisCombine]),
];

/// The plots of the test, by kind; those that cannot be drawn are dimmed and say why.
pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui, view: &View) {
    let now = viewer.state.plot_of(view).unwrap_or_else(|| "…".to_owned());
    let loaded = view.docs.iter().find_map(|doc| viewer.state.library.loaded(*doc)).cloned();
    let response = egui::ComboBox::from_id_salt(("plot", view.id))
        .selected_text(RichText::new(&now).strong())
        .width(160.0)
        .height(520.0)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show_ui(ui, |ui| {
            ui.set_min_width(440.0);
            let search = &mut viewer.screen.plot_search;
            let edit = ui.add(super::look::field(search).hint_text("search plots…").desired_width(220.0));
            edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search plots"));
            let search = search.to_lowercase();
            let Some(loaded) = &loaded else { return };
            let mut chosen = None;
            for (title, kinds) in KINDS {
                let fits = |p: &&PlotInfo| {
                    kinds.contains(&p.kind) && format!("{} {}", p.name, p.description).to_lowercase().contains(&search)
                };
                let list: Vec<&PlotInfo> = loaded.plots.iter().filter(fits).collect();
                if list.is_empty() {
                    continue;
                }
                ui.label(RichText::new(title).strong().small());
                for plot in list {
                    if row(viewer, ui, view, loaded, plot, plot.name == now) {
                        chosen = Some(plot.name.clone());
                    }
                }
            }
            if let Some(plot) = chosen {
                viewer.screen.act(Action::SetPlot(view.id, plot));
                viewer.screen.plot_search.clear();
                ui.close();
            }
        });
    response.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Plot: {now}")));
    response.response.on_hover_text("Which plot (Ctrl+Up, Ctrl+Down)");
}

/// One plot: its picture, its name, what it shows or why it cannot be drawn. Whether it was chosen.
fn row(viewer: &mut Viewer, ui: &mut egui::Ui, view: &View, loaded: &Loaded, plot: &PlotInfo, is_now: bool) -> bool {
    let size = vec2(ui.available_width().max(420.0), PICTURE.y + 6.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let mut reason = plot.reason();
    let mut picture = None;
    if reason.is_none() && ui.is_rect_visible(rect) {
        match ask(viewer, ui, view, loaded, plot) {
            Ok(texture) => picture = texture,
            Err(why) => reason = Some(why),
        }
    }
    let label = match &reason {
        Some(why) => format!("{} cannot be drawn: {why}", plot.name),
        None => format!("Draw {}: {}", plot.name, plot.description),
    };
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_now, &label));
    if ui.is_rect_visible(rect) {
        paint(ui, rect, &response, plot, reason.as_deref(), picture.as_ref(), is_now);
    }
    let clicked = response.clicked();
    response.on_hover_text(match &reason {
        Some(why) => format!("{}\ncannot be drawn: {why}", plot.description),
        None => plot.description.clone(),
    });
    clicked
}

fn paint(
    ui: &egui::Ui,
    rect: Rect,
    response: &egui::Response,
    plot: &PlotInfo,
    reason: Option<&str>,
    picture: Option<&TextureHandle>,
    is_now: bool,
) {
    let visuals = ui.visuals();
    let painter = ui.painter_at(rect);
    let fill = if is_now {
        visuals.selection.bg_fill.gamma_multiply(0.5)
    } else if response.hovered() || response.has_focus() {
        visuals.widgets.hovered.weak_bg_fill
    } else {
        Color32::TRANSPARENT
    };
    painter.rect_filled(rect, 3.0, fill);
    let place = Rect::from_min_size(rect.min + vec2(3.0, 3.0), PICTURE);
    match picture {
        Some(texture) => {
            let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            painter.image(texture.id(), place, whole, Color32::WHITE);
        }
        None if reason.is_some() => {
            painter.text(
                place.center(),
                Align2::CENTER_CENTER,
                "–",
                FontId::proportional(18.0),
                visuals.weak_text_color(),
            );
        }
        None => {
            painter.text(
                place.center(),
                Align2::CENTER_CENTER,
                "…",
                FontId::proportional(18.0),
                visuals.weak_text_color(),
            );
        }
    }
    painter.rect_stroke(place, 2.0, visuals.widgets.noninteractive.bg_stroke, StrokeKind::Inside);
    let dim = reason.is_some();
    let colour = if dim { visuals.weak_text_color() } else { visuals.strong_text_color() };
    let left = place.right() + 8.0;
    let body = egui::TextStyle::Body.resolve(ui.style());
    let small = egui::TextStyle::Small.resolve(ui.style());
    painter.text(pos2(left, rect.top() + 6.0), Align2::LEFT_TOP, &plot.name, body, colour);
    let text = match reason {
        Some(why) => format!("cannot be drawn: {why}"),
        None => plot.description.clone(),
    };
    let galley = painter.layout(text, small, visuals.weak_text_color(), (rect.right() - left - 4.0).max(60.0));
    painter.galley(pos2(left, rect.top() + 26.0), galley, colour);
}

/// The picture of a plot, if it is there; asked for if it is not. An error: why there is none.
fn ask(
    viewer: &mut Viewer,
    ui: &egui::Ui,
    view: &View,
    loaded: &Loaded,
    plot: &PlotInfo,
) -> Result<Option<TextureHandle>, String> {
    let dark = viewer.theme(view).name == "dark";
    let mut options = FigureOptions::default();
    options.colour_by = view.options.colour_by;
    if let Some(colours) = viewer.state.workspace.palette.colours(dark) {
        // The table of palettes holds colours only.
        drop(options.set("colours", colours));
    }
    let known = |doc: &DocId| Some((*doc, viewer.state.library.loaded(*doc)?.clone()));
    let files: Vec<_> = view.docs.iter().filter_map(known).take(FILES).collect();
    let key = ThumbKey {
        figure: FigureKey {
            plot: plot.name.clone(),
            docs: files.iter().map(|(doc, l)| (*doc, l.generation)).collect(),
            options: options.to_pairs(),
        },
        dark,
    };
    let thumbs = &mut viewer.screen.thumbs;
    match thumbs.all.get_mut(&key) {
        Some(Picture::There(texture)) => return Ok(Some(texture.clone())),
        Some(Picture::Failed(why)) => return Err(why.clone()),
        Some(Picture::Asked) => return Ok(None),
        Some(made @ Picture::Made(_)) => {
            let Picture::Made(thumb) = std::mem::replace(made, Picture::Asked) else { return Ok(None) };
            let image = egui::ColorImage::from_rgba_unmultiplied([thumb.width, thumb.height], &thumb.rgba);
            let texture = ui.ctx().load_texture(format!("plot {}", plot.name), image, egui::TextureOptions::LINEAR);
            *made = Picture::There(texture.clone());
            return Ok(Some(texture));
        }
        None => {}
    }
    if thumbs.waiting() < AT_ONCE {
        if thumbs.all.len() >= KEPT {
            thumbs.all.retain(|_, picture| matches!(picture, Picture::Asked));
        }
        thumbs.all.insert(key.clone(), Picture::Asked);
        let sets = files.iter().map(|(_, l)| std::sync::Arc::clone(&l.set)).collect();
        let request =
            FigureRequest { key: key.figure.clone(), expanded: std::sync::Arc::clone(&loaded.expanded), sets };
        let pixels = PICTURE * ui.ctx().pixels_per_point();
        viewer.workers.give(Job::Thumb(key, Box::new(request), (pixels.x, pixels.y)));
    }
    Ok(None)
}
