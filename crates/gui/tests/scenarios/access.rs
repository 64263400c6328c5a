//! For everybody: sizes, themes, keys, the palette, and nothing drawn in vain.

use crate::common::{LONG, SHORT, Window, act, docs, focused, has, labels, sample, viewer, viewer_mut, window};
use eframe::egui::{self, Key, Modifiers, Rect, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fa_gui::state::commands::Dialog;
use fa_gui::state::{Action, Panel, ThemeChoice};

#[test]
fn s33_themes_and_sizes_keep_every_text_on_the_page() {
    for (theme, scale) in [(ThemeChoice::Dark, 2.0), (ThemeChoice::Light, 0.75), (ThemeChoice::Dark, 2.5)] {
        let mut window = window(&[sample(LONG)]);
        act(&mut window, Action::SetTheme(theme));
        act(&mut window, Action::SetScale(scale));
        window.run();
        let view = focused(&window).id;
        let page = viewer_mut(&mut window).page(view).unwrap();
        assert_eq!(page.background == fa_plot::theme::Theme::dark().background, theme == ThemeChoice::Dark);
        for (_, run) in page.texts() {
            let b = run.bounds;
            let inside = b.x >= -0.5
                && b.y >= -0.5
                && b.right() <= page.size.width_pt + 0.5
                && b.bottom() <= page.size.height_pt + 0.5;
            assert!(inside, "{scale}: {:?} at {b:?} of {:?}", run.text, page.size);
        }
    }
}

/// A text of the last frame, with the part of the screen it may be painted on.
struct Written {
    text: String,
    rect: Rect,
    clip: Rect,
    elided: bool,
}

fn written(window: &Window) -> Vec<Written> {
    fn gather(shape: &egui::Shape, clip: Rect, into: &mut Vec<Written>) {
        match shape {
            egui::Shape::Vec(all) => all.iter().for_each(|shape| gather(shape, clip, into)),
            egui::Shape::Text(text) if !text.galley.text().trim().is_empty() => into.push(Written {
                text: text.galley.text().to_owned(),
                rect: text.visual_bounding_rect(),
                clip,
                elided: text.galley.elided,
            }),
            _ => {}
        }
    }
    let mut all = Vec::new();
    for clipped in &window.output().shapes {
        gather(&clipped.shape, clipped.clip_rect, &mut all);
    }
    all.retain(|w| w.rect.is_finite() && w.clip.intersects(w.rect));
    all
}

#[test]
fn s33_no_label_is_cut_and_what_is_shortened_can_be_read_in_full() {
    for (theme, scale, size) in [
        (ThemeChoice::Light, 0.75, [1360.0, 860.0]),
        (ThemeChoice::Dark, 1.0, [1360.0, 860.0]),
        (ThemeChoice::Dark, 2.5, [1800.0, 1200.0]),
    ] {
        let mut window = window(&[sample(LONG), sample(SHORT)]);
        window.set_size(vec2(size[0], size[1]));
        let second = docs(&window)[1];
        act(&mut window, Action::SetTheme(theme));
        act(&mut window, Action::SetScale(scale));
        act(&mut window, Action::Tick(second));
        let view = focused(&window).id;
        act(&mut window, Action::Brush(view, Some((3.0, 12.0))));
        let (mut cut, mut mute) = (Vec::new(), Vec::new());
        let mut looked_at = std::collections::HashSet::new();
        for panel in Panel::ALL {
            act(&mut window, Action::ShowPanel(panel));
            let screen = window.ctx.content_rect();
            let files = window.query_by_label("Filter files").map(|node| node.rect().right());
            let table_edges: Vec<f32> = files.into_iter().chain([screen.right()]).collect();
            for w in written(&window) {
                let what = || format!("{theme:?} {scale} {panel:?}: {:?} at {:?} within {:?}", w.text, w.rect, w.clip);
                // Half a row at the edge of a list can be scrolled to, and so can a column at the edge of a table; half a word
                // elsewhere cannot be read.
                let at_edge = table_edges.iter().any(|x| (w.clip.right() - x).abs() < 8.0);
                if !at_edge && (w.rect.left() < w.clip.left() - 2.0 || w.rect.right() > w.clip.right() + 2.0) {
                    cut.push(what());
                }
                if w.elided && looked_at.insert(w.text.clone()) {
                    window.hover_at(w.rect.intersect(w.clip).intersect(screen).center());
                    window.run_steps(6);
                    let tips = window.ctx.memory(|memory| {
                        memory.areas().visible_layer_ids().iter().any(|layer| layer.order == egui::Order::Tooltip)
                    });
                    if !tips {
                        mute.push(what());
                    }
                    window.event(egui::Event::PointerGone);
                    window.run();
                }
            }
        }
        assert!(cut.is_empty(), "cut:\n{}", cut.join("\n"));
        assert!(mute.is_empty(), "shortened without a tooltip:\n{}", mute.join("\n"));
    }
}

#[test]
fn s34_every_panel_is_reached_by_keys() {
    let mut window = window(&[sample(LONG)]);
    let keys = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7];
    for (panel, key) in Panel::ALL.into_iter().zip(keys) {
        let shown = viewer(&window).state.workspace.shows(panel);
        window.key_press_modifiers(Modifiers::COMMAND, key);
        window.run();
        assert_eq!(viewer(&window).state.workspace.shows(panel), !shown, "{panel:?}");
    }
    window.key_press(Key::F11);
    window.run();
    assert!(viewer(&window).state.workspace.full_screen);
    window.key_press(Key::Escape);
    window.run();
    assert!(!viewer(&window).state.workspace.full_screen);
    window.key_press_modifiers(Modifiers::COMMAND, Key::ArrowDown);
    window.run();
    assert!(focused(&window).plot.is_some(), "the next plot");
    window.key_press(Key::Tab);
    window.run();
    assert!(window.root().accesskit_node().children().count() > 0);
}

/// Name of what has the keyboard.
fn keyboard(window: &Window) -> String {
    fn find(node: &egui_kittest::kittest::AccessKitNode<'_>) -> Option<String> {
        if node.is_focused() && node.parent().is_some() {
            return Some(node.label().or_else(|| node.value()).unwrap_or_default());
        }
        node.children().find_map(|child| find(&child))
    }
    find(&window.root().accesskit_node()).unwrap_or_default()
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run();
}

/// F6 until the keyboard is on something called like this.
fn to_region(window: &mut Window, name: &str) {
    for _ in 0..12 {
        press(window, Modifiers::NONE, Key::F6);
        if keyboard(window).contains(name) {
            return;
        }
    }
    panic!("F6 does not reach {name}");
}

#[test]
fn s34_f6_goes_around_all_parts_of_the_window_and_back() {
    let mut window = window(&[sample(LONG)]);
    act(&mut window, Action::ShowPanel(Panel::Stats));
    act(&mut window, Action::ShowPanel(Panel::Series));
    let mut seen = Vec::new();
    for _ in 0..6 {
        press(&mut window, Modifiers::NONE, Key::F6);
        seen.push(keyboard(&window));
    }
    for part in ["File", "Files table", "Series", "Figure all_scaled", "Settings", "Statistics"] {
        assert!(seen.iter().any(|name| name.starts_with(part)), "{part}: {seen:?}");
    }
    press(&mut window, Modifiers::SHIFT, Key::F6);
    assert_eq!(keyboard(&window), seen[4], "and back");
}

#[test]
fn s34_tab_reaches_every_control_in_sight() {
    let mut window = window(&[sample(LONG), sample(SHORT)]);
    act(&mut window, Action::ShowPanel(Panel::Stats));
    let view = focused(&window).id;
    act(&mut window, Action::Brush(view, Some((5.0, 10.0))));
    for panel in [Panel::Metadata, Panel::Settings] {
        act(&mut window, Action::ShowPanel(panel));
        let controls: std::collections::BTreeSet<String> = window
            .root()
            .children_recursive()
            .map(|node| node.accesskit_node())
            .filter(|node| egui::accessibility::is_input(node.role()) && !node.is_disabled() && !node.is_hidden())
            .map(|node| node.label().or_else(|| node.data().placeholder().map(str::to_owned)).unwrap_or_default())
            .collect();
        assert!(controls.len() > 30, "{controls:?}");
        let mut reached = std::collections::BTreeSet::new();
        // Around the whole window once: until the first control has the keyboard again.
        let mut first = None;
        for _ in 0..500 {
            window.key_press(Key::Tab);
            window.step();
            let id = window.ctx.memory(egui::Memory::focused);
            if first.is_some() && id == first {
                break;
            }
            first = first.or(id);
            reached.insert(keyboard(&window));
        }
        let missed: Vec<&String> = controls.difference(&reached).collect();
        assert!(missed.is_empty(), "{panel:?}: {missed:?}");
    }
}

#[test]
fn s34_a_figure_is_zoomed_moved_measured_and_marked_by_keys() {
    let mut window = window(&[sample(LONG)]);
    let limits = |window: &mut Window| {
        let view = focused(window).id;
        viewer_mut(window).page(view).unwrap().panels[0].axes[0].x.limits()
    };
    to_region(&mut window, "Figure ");
    let whole = limits(&mut window);
    press(&mut window, Modifiers::NONE, Key::ArrowUp);
    let zoomed = limits(&mut window);
    assert!(zoomed.1 - zoomed.0 < whole.1 - whole.0, "{zoomed:?} of {whole:?}");
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    assert!(limits(&mut window).0 > zoomed.0);
    assert!(keyboard(&window).starts_with("Figure "), "arrows do not take the keyboard away");
    press(&mut window, Modifiers::NONE, Key::Num0);
    assert_eq!(limits(&mut window), whole, "plain keys work while the figure has the keyboard");
    press(&mut window, Modifiers::NONE, Key::C);
    press(&mut window, Modifiers::SHIFT, Key::C);
    let before = focused(&window).cursors.clone();
    assert_eq!(before.len(), 2);
    press(&mut window, Modifiers::NONE, Key::CloseBracket);
    let cursors = focused(&window).cursors.clone();
    assert!(cursors[1] > before[1], "by a sample");
    press(&mut window, Modifiers::NONE, Key::M);
    assert_eq!(focused(&window).brush, Some((cursors[0], cursors[1])));
    press(&mut window, Modifiers::NONE, Key::F);
    assert_eq!(limits(&mut window), (cursors[0], cursors[1]));
    // A legend entry hides its series by Space.
    for _ in 0..150 {
        press(&mut window, Modifiers::NONE, Key::Tab);
        if keyboard(&window).starts_with("Legend ") {
            break;
        }
    }
    press(&mut window, Modifiers::NONE, Key::Space);
    assert!(has(&window, "1 hidden: show all"));
}

#[test]
fn s34_files_are_ticked_shown_and_closed_by_keys() {
    let mut window = window(&[sample(LONG), sample(SHORT)]);
    let all = docs(&window);
    to_region(&mut window, "Files table");
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    assert!(keyboard(&window).starts_with("Files table"), "arrows stay in the table");
    press(&mut window, Modifiers::NONE, Key::Space);
    assert_eq!(focused(&window).docs, all);
    press(&mut window, Modifiers::SHIFT, Key::Enter);
    assert_eq!(focused(&window).docs, [all[1], all[0]], "the first file now");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(focused(&window).docs, [all[1]]);
    press(&mut window, Modifiers::COMMAND, Key::Enter);
    assert_eq!(viewer(&window).state.workspace.views.len(), 2);
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(docs(&window).len(), 1);
}

#[test]
fn s34_menus_and_dialogs_are_used_by_keys() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("run.flent.gz");
    std::fs::copy(sample(LONG), &data).unwrap();
    let mut window = window(&[data]);
    // From the menu to a dialog.
    to_region(&mut window, "File");
    press(&mut window, Modifiers::NONE, Key::Enter);
    let mut steps = 0;
    while !keyboard(&window).starts_with("Save figure…") {
        press(&mut window, Modifiers::NONE, Key::ArrowDown);
        steps += 1;
        assert!(steps < 20, "the menu's entries are not reached: {}", keyboard(&window));
    }
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(window.query_by_label("File to write").is_some(), "the dialog is open");
    assert_eq!(keyboard(&window), "File to write", "and has the keyboard");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "the Enter that opened it wrote nothing");
    press(&mut window, Modifiers::NONE, Key::Escape);
    press(&mut window, Modifiers::COMMAND, Key::S);
    assert_eq!(keyboard(&window), "File to write", "the dialog begins where one types");
    let path = dir.path().join("by-keys.svg");
    press(&mut window, Modifiers::COMMAND, Key::A);
    window.event(egui::Event::Text(path.display().to_string()));
    window.run();
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(path.is_file(), "written");
    // Every dialog takes the keyboard when it opens, and Esc gives it back.
    to_region(&mut window, "Figure ");
    for (modifiers, key, title) in [
        (Modifiers::COMMAND, Key::O, "Open files"),
        (Modifiers::COMMAND, Key::E, "Export data"),
        (Modifiers::COMMAND | Modifiers::SHIFT, Key::S, "Save session"),
        (Modifiers::COMMAND, Key::K, "Search everything"),
        (Modifiers::NONE, Key::N, "New note"),
        (Modifiers::NONE, Key::F1, "Keys and gestures"),
    ] {
        press(&mut window, modifiers, key);
        assert!(has(&window, title), "{title} is open");
        let first = keyboard(&window);
        assert!(!first.is_empty() && !first.starts_with("Figure "), "{title} has the keyboard: {first}");
        press(&mut window, Modifiers::NONE, Key::Tab);
        assert!(!keyboard(&window).is_empty(), "{title}: Tab goes on");
        press(&mut window, Modifiers::NONE, Key::Escape);
        assert!(window.query_by_label(title).is_none_or(|_| title == "Search everything"), "{title} is closed");
        assert!(
            keyboard(&window).starts_with("Figure "),
            "{title}: the keyboard is back, not on {}",
            keyboard(&window)
        );
    }
}

#[test]
fn s35_the_palette_finds_series_keys_settings_and_commands() {
    let mut window = window(&[sample(LONG)]);
    for (query, found) in [
        ("show everything", "Command: Show everything"),
        ("upload BE", "Series: TCP upload BE"),
        ("log scale y", "Setting: Log scale y"),
        ("ping_cdf", "Plot: ping_cdf"),
        ("LOCAL_HOST", "Metadata: LOCAL_HOST"),
    ] {
        viewer_mut(&mut window).ask(Dialog::Palette);
        window.run();
        window.get_by_role_and_label(egui::accesskit::Role::TextInput, "Search everything").type_text(query);
        window.run();
        let hits = labels(&window, found);
        assert!(!hits.is_empty(), "{query}: {:?}", labels(&window, ": "));
        window.key_press(Key::Escape);
        window.run();
    }
}

#[test]
fn s38_nothing_is_drawn_when_nothing_changes() {
    let mut window = window(&[sample(LONG)]);
    window.run();
    window.step();
    let output = window.output();
    let delay = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert!(delay >= std::time::Duration::from_secs(1), "{delay:?}");
}
