//! Keys: the shortcuts of commands, and those that only make sense on a figure.

use eframe::egui::{self, Key, KeyboardShortcut, Modifiers};

use super::Viewer;
use crate::figure::hover;
use crate::state::commands::commands;
use crate::state::{Action, DocId, View, XKind};

pub(super) fn take(viewer: &mut Viewer, context: &egui::Context) {
    let typing = context.egui_wants_keyboard_input();
    let mut chosen = None;
    for command in commands(&viewer.state) {
        let Some(shortcut) = parse(command.key) else { continue };
        // Keys without Ctrl or Alt are letters while somebody types.
        let plain = !shortcut.modifiers.command && !shortcut.modifiers.alt && !is_function(shortcut.logical_key);
        if plain && (typing || (viewer.screen.dialog.is_some() && shortcut.logical_key != Key::Escape)) {
            continue;
        }
        if context.input_mut(|i| i.consume_shortcut(&shortcut)) && chosen.is_none() {
            match command.does {
                Ok(does) => chosen = Some(does),
                Err(why) => why.clone_into(&mut viewer.state.status),
            }
        }
    }
    if let Some(does) = chosen {
        viewer.perform(does);
    } else if !typing && viewer.screen.dialog.is_none() {
        figure_keys(viewer, context);
    }
}

fn is_function(key: Key) -> bool {
    matches!(key, Key::F1 | Key::F5 | Key::F11)
}

/// `Ctrl+Shift+Z` as a shortcut.
pub(super) fn parse(text: &str) -> Option<KeyboardShortcut> {
    let mut modifiers = Modifiers::NONE;
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix("Ctrl+") {
            modifiers = modifiers.plus(Modifiers::COMMAND);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("Shift+") {
            modifiers = modifiers.plus(Modifiers::SHIFT);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("Alt+") {
            modifiers = modifiers.plus(Modifiers::ALT);
            rest = after;
        } else {
            break;
        }
    }
    let key = match rest {
        "" => return None,
        "+" => Key::Plus,
        "-" => Key::Minus,
        "=" => Key::Equals,
        "?" => Key::Questionmark,
        "Esc" => Key::Escape,
        "Left" => Key::ArrowLeft,
        "Right" => Key::ArrowRight,
        "Up" => Key::ArrowUp,
        "Down" => Key::ArrowDown,
        name => Key::from_name(name)?,
    };
    Some(KeyboardShortcut::new(modifiers, key))
}

/// Zoom, pan, cursors and ticks by key.
fn figure_keys(viewer: &mut Viewer, context: &egui::Context) {
    let Some(view) = viewer.state.workspace.focused().cloned() else { return };
    let (pressed, shift) = context.input(|i| {
        let pressed: Vec<Key> = i
            .events
            .iter()
            .filter_map(|e| match e {
                egui::Event::Key { key, pressed: true, modifiers, .. } if !modifiers.command && !modifiers.alt => {
                    Some(*key)
                }
                _ => None,
            })
            .collect();
        (pressed, i.modifiers.shift)
    });
    for key in pressed {
        match key {
            // Flent's: lower case zooms in.
            Key::X => scale_x(viewer, &view, if shift { 1.1 } else { 1.0 / 1.1 }, 0.0),
            Key::W => scale_x(viewer, &view, 1.0 / 1.3, 0.0),
            Key::S => scale_x(viewer, &view, 1.3, 0.0),
            Key::A => scale_x(viewer, &view, 1.0, -0.2),
            Key::D => scale_x(viewer, &view, 1.0, 0.2),
            Key::Y => scale_y(viewer, &view, if shift { 1.1 } else { 1.0 / 1.1 }),
            Key::C => cursor(viewer, &view, usize::from(shift)),
            Key::OpenBracket => step_cursor(viewer, &view, false),
            Key::CloseBracket => step_cursor(viewer, &view, true),
            Key::Num1
            | Key::Num2
            | Key::Num3
            | Key::Num4
            | Key::Num5
            | Key::Num6
            | Key::Num7
            | Key::Num8
            | Key::Num9 => {
                let n = key.name().parse::<usize>().unwrap_or(1);
                let rows = super::files::order(&viewer.state);
                let docs: Vec<DocId> = rows.iter().filter_map(super::files::RowKind::doc).collect();
                if let Some(doc) = docs.get(n - 1) {
                    viewer.screen.act(Action::Tick(*doc));
                }
            }
            _ => {}
        }
    }
}

/// The horizontal limits in sight.
fn limits_x(viewer: &mut Viewer, view: &View) -> Option<(XKind, (f64, f64))> {
    let kind = viewer.figure(view.id)?.x_kind();
    let page = viewer.page(view.id)?;
    let axes = page.panels.first()?.axes.first()?;
    Some((kind, axes.x.limits()))
}

fn scale_x(viewer: &mut Viewer, view: &View, factor: f64, shift: f64) {
    let Some((kind, (a, b))) = limits_x(viewer, view) else { return };
    let (middle, half) = (f64::midpoint(a, b) + shift * (b - a), (b - a) / 2.0 * factor);
    viewer.screen.act(Action::ZoomX(view.id, kind, Some((middle - half, middle + half))));
}

fn scale_y(viewer: &mut Viewer, view: &View, factor: f64) {
    let Some(page) = viewer.page(view.id) else { return };
    let mut zoom = view.zoom.clone();
    for (p, panel) in page.panels.iter().enumerate() {
        for (a, axes) in panel.axes.iter().enumerate() {
            zoom.set_y(p, a, super::canvas::scaled(&axes.y, factor, 0.5));
        }
    }
    viewer.screen.act(Action::Zoom(view.id, zoom));
}

fn cursor(viewer: &mut Viewer, view: &View, which: usize) {
    let Some((_, (a, b))) = limits_x(viewer, view) else { return };
    let hovered = viewer.screen.hover.as_ref().filter(|(id, _)| *id == view.id).map(|(_, hit)| hit.x);
    let at = hovered.unwrap_or(a + (b - a) * if which == 0 { 0.5 } else { 0.6 });
    let which = which.min(view.cursors.len());
    let there = view.cursors.get(which).is_some() && hovered.is_none();
    viewer.screen.act(Action::Cursor(view.id, which, (!there).then_some(at)));
}

fn step_cursor(viewer: &mut Viewer, view: &View, forward: bool) {
    let Some(scene) = viewer.figure(view.id).and_then(|f| f.scene.clone()) else { return };
    let Some((which, at)) = view.cursors.iter().copied().enumerate().next_back() else { return };
    if let Some(next) = hover::step(&scene, at, forward) {
        viewer.screen.act(Action::Cursor(view.id, which, Some(next)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_key_that_can_be_pressed_and_no_two_the_same() {
        let mut seen: Vec<(KeyboardShortcut, &str)> = Vec::new();
        for command in commands(&crate::state::State::default()) {
            if command.key.is_empty() {
                continue;
            }
            let shortcut = parse(command.key);
            assert!(shortcut.is_some(), "{}: {}", command.id, command.key);
            let Some(shortcut) = shortcut else { continue };
            let other = seen.iter().find(|(s, _)| *s == shortcut);
            assert!(other.is_none(), "{} is that of {} and {:?}", command.key, command.id, other.map(|o| o.1));
            seen.push((shortcut, command.id));
        }
    }
}
