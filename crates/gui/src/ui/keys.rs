//! Keys: the shortcuts of commands, and those that only make sense on a figure.

use eframe::egui::{self, Key, Modifiers};

use super::Viewer;
use crate::figure::hover;
use crate::state::commands::{Does, OnFigure, commands};
use crate::state::{Action, Chord, DocId, View, XKind};

pub(super) fn take(viewer: &mut Viewer, context: &egui::Context) {
    if viewer.screen.prefs.listening.is_some() {
        // Ctrl, Alt and Shift tell of themselves, too, on the way to what is meant.
        let heard = context.input_mut(|i| {
            let heard = i.events.iter().find_map(|event| match event {
                egui::Event::Key { key, pressed: true, modifiers, .. } if !modifies(*key) => Some((*key, *modifiers)),
                _ => None,
            });
            i.events.retain(|event| !matches!(event, egui::Event::Key { pressed: true, .. }));
            heard
        });
        if let Some((key, modifiers)) = heard {
            viewer.screen.prefs.heard(key, modifiers);
        }
        return;
    }
    // Any other control may have the focus: a figure after a click, a button after Tab.
    let typing = context.text_edit_focused();
    let pressed: Vec<Chord> = context.input(|i| i.events.iter().filter_map(chord_of).collect());
    if pressed.is_empty() {
        return;
    }
    let dialog = viewer.screen.dialog.is_some();
    let mut chosen = None;
    for command in commands(&viewer.state) {
        let Ok(chord) = Chord::parse(&command.key) else { continue };
        // An open menu or list is closed first, by egui.
        if command.id == "cancel" && egui::Popup::is_any_open(context) {
            continue;
        }
        // Keys without Ctrl or Alt are letters while somebody types.
        if chord.types() && (typing || (dialog && command.id != "cancel")) {
            continue;
        }
        // And what moves in the text and takes typing back is the text's.
        if typing && chord.edits() {
            continue;
        }
        if pressed.iter().any(|pressed| chord.is(pressed)) {
            context.input_mut(|i| i.events.retain(|e| !chord_of(e).is_some_and(|pressed| chord.is(&pressed))));
            if chosen.is_none() {
                match command.does {
                    Ok(does) => chosen = Some(does),
                    Err(why) => why.clone_into(&mut viewer.state.status),
                }
            }
        }
    }
    if let Some(Does::Region(by)) = chosen {
        viewer.screen.regions.step(context, by);
    } else if let Some(does) = chosen {
        viewer.perform(does);
    } else if let Some(view) = viewer.state.workspace.focus
        && context.memory(|memory| memory.has_focus(super::canvas::id(view)))
    {
        // Arrows move the keyboard, unless it is on a figure.
        for pressed in pressed.iter().filter(|chord| !chord.ctrl && !chord.alt && !chord.shift) {
            match pressed.key.as_str() {
                "Up" => on_figure(viewer, OnFigure::ScaleTime(1.0 / 1.3)),
                "Down" => on_figure(viewer, OnFigure::ScaleTime(1.3)),
                "Left" => on_figure(viewer, OnFigure::PanTime(-0.2)),
                "Right" => on_figure(viewer, OnFigure::PanTime(0.2)),
                _ => {}
            }
        }
    }
}

/// A key that only changes what others mean.
fn modifies(key: Key) -> bool {
    [
        (Key::ShiftLeft, Key::ShiftRight),
        (Key::ControlLeft, Key::ControlRight),
        (Key::AltLeft, Key::AltRight),
        (Key::SuperLeft, Key::SuperRight),
    ]
    .iter()
    .any(|(left, right)| key == *left || key == *right)
}

/// Enter ends the typing in a field, and egui forgets where that was: Tab goes on from there, not from the first menu.
pub(super) fn resume(viewer: &mut Viewer, context: &egui::Context) {
    let focused = context.memory(egui::Memory::focused);
    let screen = &mut viewer.screen;
    if focused.is_some() {
        screen.last_focus = focused;
    } else if context.input(|i| i.key_pressed(Key::Tab))
        && let Some(last) = screen.last_focus.filter(|id| context.read_response(*id).is_some())
    {
        context.memory_mut(|memory| memory.request_focus(last));
    }
}

/// The key that an event presses.
fn chord_of(event: &egui::Event) -> Option<Chord> {
    match event {
        egui::Event::Key { key, pressed: true, modifiers, .. } => chord(*key, *modifiers),
        _ => None,
    }
}

/// Parts of the window that the keyboard goes to in turn.
#[derive(Debug, Default)]
pub(crate) struct Regions {
    /// Those of this frame so far.
    now: Vec<Region>,
    /// Those of the last frame.
    last: Vec<Region>,
}

#[derive(Debug)]
struct Region {
    rect: egui::Rect,
    anchor: egui::Id,
}

impl Regions {
    /// Begins a frame.
    pub(super) fn begin(&mut self) {
        std::mem::swap(&mut self.last, &mut self.now);
        self.now.clear();
    }

    /// A part of the window, and what gets the keyboard first in it.
    pub(super) fn add(&mut self, rect: egui::Rect, anchor: egui::Id) {
        self.now.push(Region { rect, anchor });
    }

    /// Gives the keyboard to another part.
    pub(super) fn step(&self, context: &egui::Context, by: isize) {
        // From left to right, from top to bottom.
        let mut all: Vec<&Region> = if self.now.is_empty() { &self.last } else { &self.now }.iter().collect();
        all.sort_by(|a, b| {
            (a.rect.left(), a.rect.top())
                .partial_cmp(&(b.rect.left(), b.rect.top()))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let focused = context.memory(egui::Memory::focused);
        let place = focused.and_then(|id| context.read_response(id)).map(|response| response.rect.center());
        let here = |r: &&Region| Some(r.anchor) == focused;
        let around = |r: &&Region| place.is_some_and(|at| r.rect.contains(at));
        let at = all.iter().position(here).or_else(|| all.iter().rposition(around));
        let next = match at {
            Some(at) => (at as isize + by).rem_euclid(all.len() as isize) as usize,
            None => 0,
        };
        if let Some(region) = all.get(next) {
            context.memory_mut(|memory| memory.request_focus(region.anchor));
        }
    }
}

/// A pressed key by our name; `None` for keys that no command can have.
pub(super) fn chord(key: Key, modifiers: Modifiers) -> Option<Chord> {
    let name = match key {
        Key::Plus => "+",
        Key::Minus => "-",
        Key::Equals => "=",
        Key::Questionmark => "?",
        Key::Exclamationmark => "!",
        Key::Comma => ",",
        Key::Period => ".",
        Key::Colon => ":",
        Key::Semicolon => ";",
        Key::Slash => "/",
        Key::Backslash => "\\",
        Key::Pipe => "|",
        Key::OpenBracket => "[",
        Key::CloseBracket => "]",
        Key::OpenCurlyBracket => "{",
        Key::CloseCurlyBracket => "}",
        Key::Backtick => "`",
        Key::Escape => "Esc",
        Key::ArrowLeft => "Left",
        Key::ArrowRight => "Right",
        Key::ArrowUp => "Up",
        Key::ArrowDown => "Down",
        other => other.name(),
    };
    let pressed = Chord { ctrl: modifiers.command, alt: modifiers.alt, shift: modifiers.shift, key: name.to_owned() };
    // Only what can be written down can be pressed.
    Chord::parse(&pressed.to_string()).ok()
}

/// Zoom, pan, cursors and ticks by key.
pub(super) fn on_figure(viewer: &mut Viewer, what: OnFigure) {
    if let OnFigure::TickNth(n) = what {
        let rows = super::files::order(&viewer.state);
        if let Some(doc) = rows.iter().filter_map(super::files::RowKind::doc).collect::<Vec<DocId>>().get(n) {
            viewer.screen.act(Action::Tick(*doc));
        }
        return;
    }
    let Some(view) = viewer.state.workspace.focused().cloned() else { return };
    match what {
        OnFigure::ScaleTime(factor) => scale_x(viewer, &view, factor, 0.0),
        OnFigure::PanTime(share) => scale_x(viewer, &view, 1.0, share),
        OnFigure::ScaleValues(factor) => scale_y(viewer, &view, factor),
        OnFigure::Cursor(which) => cursor(viewer, &view, which),
        OnFigure::StepCursor(forward) => step_cursor(viewer, &view, forward),
        OnFigure::TickNth(_) => {}
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
    let Some((kind, (a, b))) = limits_x(viewer, view) else { return };
    let hovered = viewer.screen.hover.as_ref().filter(|(id, _)| *id == view.id).map(|(_, hit)| hit.x);
    let at = hovered.unwrap_or(a + (b - a) * if which == 0 { 0.5 } else { 0.6 });
    // Cursors are moments of the run, whatever the axis counts.
    let Some(at) = viewer.state.run_axis(view, kind).of_run(at) else {
        "cursors are moments of the run: this figure has no axis of time".clone_into(&mut viewer.state.status);
        return;
    };
    let which = which.min(view.cursors.len());
    let there = view.cursors.get(which).is_some() && hovered.is_none();
    viewer.screen.act(Action::Cursor(view.id, which, (!there).then_some(at)));
}

fn step_cursor(viewer: &mut Viewer, view: &View, forward: bool) {
    let Some((kind, scene)) = viewer.figure(view.id).and_then(|f| Some((f.x_kind(), f.scene.clone()?))) else { return };
    let axis = viewer.state.run_axis(view, kind);
    let Some((which, at)) = view.cursors.iter().copied().enumerate().next_back() else { return };
    let next = axis.on_axis(at).and_then(|at| hover::step(&scene, at, forward)).and_then(|x| axis.of_run(x));
    if let Some(next) = next {
        viewer.screen.act(Action::Cursor(view.id, which, Some(next)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_key_that_can_be_pressed_and_no_two_the_same() {
        let mut seen: Vec<(Chord, &str)> = Vec::new();
        for command in commands(&crate::state::State::default()) {
            if command.built_in.is_empty() {
                continue;
            }
            let key = Chord::parse(command.built_in);
            assert!(key.is_ok(), "{}: {}", command.id, command.built_in);
            let Ok(key) = key else { continue };
            assert_eq!((command.key.as_str(), command.built_in), (command.built_in, key.to_string().as_str()));
            assert!(crate::state::config::usable(key.clone()).is_ok(), "{}", command.built_in);
            let other = seen.iter().find(|(s, _)| *s == key);
            assert!(other.is_none(), "{} is that of {} and {:?}", command.key, command.id, other.map(|o| o.1));
            seen.push((key, command.id));
        }
        assert!(seen.len() > 60, "{}", seen.len());
    }

    #[test]
    fn every_key_that_can_be_written_down_can_be_pressed() {
        use crate::state::keys::{NAMED, SIGNS};
        let letters = ('A'..='Z').chain('0'..='9').map(String::from);
        let names = NAMED.iter().chain(&SIGNS).map(|name| (*name).to_owned()).chain(letters).chain(["F12".to_owned()]);
        for name in names {
            let key = Key::from_name(&name).map(|key| chord(key, Modifiers::COMMAND));
            assert_eq!(key.flatten().map(|c| c.to_string()), Some(format!("Ctrl+{name}")));
        }
    }
}
