//! Scripts for screenshots and smoke tests: one command a line, each done when everything before it is drawn.
//!
//! ```text
//! tick 2            tick the second file          plot all_scaled      another plot
//! brush 10 40       mark a part                   zoom 5 20            part of the time axis
//! panel stats       show a panel                  option zero-y        set an option, name=value
//! theme dark        light or dark                 diff                 metadata differences
//! view 2            a new view of a file          split                put the view to the right
//! cursor 12.5       a time cursor                 hover 0.4 0.5        the pointer, as part of the window
//! command run       a command by its id           run ping localhost 5 measure
//! wait 2            seconds                       filter text          of the files table
//! column Down       a column by its heading       dialog palette       open a dialog
//! float             the view into its own window  layout compare       a layout of the program's
//! sample 2          the second sample
//! order 2 TCP up    a series two places down      tag 1 good           a tag for a file
//! watch FOLDER       list its runs                 follow               the first of them under way
//! check HOST         ask servers in the run dialog keys                 the keys of the preferences
//! pan 300           so many frames of moving the figure to and fro, timed from there on
//! ```

use std::time::{Duration, Instant};

use eframe::egui;

use super::Viewer;
use super::window::Script;
use crate::state::columns::Column;
use crate::state::commands::commands;
use crate::state::layouts::Preset;
use crate::state::panes::Side;
use crate::state::{Action, DocId, Panel, RunRequest, Sample, ThemeChoice, XKind};

/// A script from its text.
///
/// # Errors
/// The first line that is no command.
pub fn parse(text: &str) -> Result<Script, String> {
    let lines: Vec<String> =
        text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned).collect();
    for line in &lines {
        let word = line.split(' ').next().unwrap_or_default();
        if !WORDS.contains(&word) {
            return Err(format!("{line:?} is no command"));
        }
    }
    let mut at = 0;
    let mut until: Option<Instant> = None;
    let mut settled = 0;
    let mut panning = 0_u32;
    Ok(Box::new(move |viewer, context| {
        if until.is_some_and(|until| Instant::now() < until) {
            return false;
        }
        if panning > 0 {
            panning -= 1;
            pan(viewer, panning);
            context.request_repaint();
            return false;
        }
        settled = if viewer.is_busy() { 0 } else { settled + 1 };
        if settled < 2 && until.is_none() {
            return false;
        }
        until = None;
        let Some(line) = lines.get(at) else { return true };
        at += 1;
        settled = 0;
        if let Some(frames) = line.strip_prefix("pan ") {
            panning = frames.parse().unwrap_or(100);
            viewer.perf.restart();
            context.request_repaint();
        } else if let Some(wait) = perform(viewer, context, line) {
            until = Some(Instant::now() + wait);
        }
        false
    }))
}

const WORDS: [&str; 30] = [
    "tick", "plot", "brush", "zoom", "panel", "option", "theme", "diff", "view", "split", "cursor", "hover", "command",
    "run", "wait", "filter", "column", "dialog", "palette", "size", "float", "layout", "sample", "order", "tag",
    "check", "keys", "watch", "follow", "pan",
];

/// One frame of moving to and fro.
fn pan(viewer: &mut Viewer, frame: u32) {
    let Some(view) = viewer.state.workspace.focus else { return };
    let Some(kind) = viewer.figure(view).map(|figure| figure.x_kind()) else { return };
    let Some(page) = viewer.page(view) else { return };
    let Some(axes) = page.panels.first().and_then(|panel| panel.axes.first()) else { return };
    let (a, b) = axes.x.limits();
    let by = (b - a) * if (frame / 50).is_multiple_of(2) { 0.004 } else { -0.004 };
    viewer.act(Action::Slide(view, kind, Some((a + by, b + by)), Vec::new()));
}

fn perform(viewer: &mut Viewer, context: &egui::Context, line: &str) -> Option<Duration> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let numbers: Vec<f64> = rest.split(' ').filter_map(|n| n.parse().ok()).collect();
    let focus = viewer.state.workspace.focus;
    let nth = |viewer: &Viewer, n: &[f64]| -> Option<DocId> {
        viewer.state.workspace.files.get((*n.first()? as usize).checked_sub(1)?).map(|f| f.id)
    };
    let action = match (word, focus) {
        ("tick", _) => nth(viewer, &numbers).map(Action::Tick),
        ("view", _) => Some(Action::NewView(nth(viewer, &numbers))),
        ("plot", Some(view)) => Some(Action::SetPlot(view, rest.to_owned())),
        ("brush", Some(view)) => Some(Action::Brush(view, Some((*numbers.first()?, *numbers.get(1)?)))),
        ("zoom", Some(view)) => Some(Action::ZoomX(view, XKind::Run, Some((*numbers.first()?, *numbers.get(1)?)))),
        ("cursor", Some(view)) => {
            let which = viewer.state.workspace.focused().map_or(0, |v| v.cursors.len());
            Some(Action::Cursor(view, which, numbers.first().copied()))
        }
        ("float", Some(view)) => Some(Action::Float(view)),
        ("layout", _) => Preset::ALL.into_iter().find(|p| p.title() == rest).map(Action::ApplyPreset),
        ("sample", _) => {
            let n = (*numbers.first()? as usize).checked_sub(1)?;
            Sample::ALL.get(n).copied().map(Action::OpenSample)
        }
        ("order", Some(view)) => {
            let (by, series) = rest.split_once(' ')?;
            Some(Action::MoveSeries(view, series.to_owned(), by.parse().ok()?))
        }
        ("tag", _) => {
            nth(viewer, &numbers).zip(rest.split_once(' ')).map(|(d, (_, tag))| Action::ToggleTag(d, tag.to_owned()))
        }
        ("split", Some(view)) => Some(Action::Dock(view, view, Side::Right)),
        ("panel", _) => {
            let found = Panel::ALL.into_iter().find(|p| p.title().to_lowercase().starts_with(rest));
            found.map(Action::ShowPanel)
        }
        ("option", Some(view)) => {
            let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
            fa_plot::options::find(name).map(|spec| Action::SetOption(view, spec.name, vec![value.to_owned()]))
        }
        ("theme", _) => {
            let found = ThemeChoice::ALL.into_iter().find(|(_, name)| name.to_lowercase() == rest);
            found.map(|(theme, _)| Action::SetTheme(theme))
        }
        ("diff", _) => {
            viewer.screen.metadata.diff = true;
            Some(Action::ShowPanel(Panel::Metadata))
        }
        ("check", _) => viewer.screen.run.check(rest).map(|run| Action::CheckServers(Box::new(run))),
        ("watch", _) => Some(Action::WatchFolder(Some(rest.into()))),
        ("follow", _) => {
            let running = |run: &&crate::state::monitor::Seen| run.stage == crate::state::monitor::Stage::Running;
            let run = viewer.state.monitor.as_ref().and_then(|monitor| monitor.runs.iter().find(running));
            run.map(|run| Action::FollowRun(run.data.clone()))
        }
        ("keys", _) => {
            viewer.screen.prefs.show_keys();
            None
        }
        ("filter", _) => Some(Action::Filter(rest.to_owned())),
        ("column", _) => {
            let found = Column::FIXED.into_iter().find(|c| c.title().starts_with(rest));
            Some(Action::AddColumn(found.unwrap_or_else(|| Column::Meta(rest.to_owned()))))
        }
        ("size", _) => Some(Action::SetScale(numbers.first().copied().unwrap_or(1.0) as f32)),
        ("command" | "dialog" | "palette", _) => {
            let found =
                commands(&viewer.state).into_iter().find(|c| c.id == rest || (word == "palette" && c.id == "palette"));
            if let Some(Ok(does)) = found.map(|c| c.does) {
                viewer.perform(does);
            }
            None
        }
        ("hover", _) => {
            let rect = context.content_rect();
            let at =
                rect.min + egui::vec2(rect.width() * *numbers.first()? as f32, rect.height() * *numbers.get(1)? as f32);
            viewer.screen.pointer = Some(at);
            None
        }
        ("run", _) => {
            let words: Vec<&str> = rest.split(' ').collect();
            let [test, host, length, ..] = words[..] else { return None };
            Some(Action::StartRun(Box::new(RunRequest {
                test: test.to_owned(),
                hosts: vec![host.to_owned()],
                title: words.get(3).copied().unwrap_or("live").to_owned(),
                length_secs: length.parse().ok()?,
                delay_secs: 2.0,
                step_secs: 0.2,
                params: words[4.min(words.len())..]
                    .iter()
                    .filter_map(|p| p.split_once('='))
                    .map(|(k, v)| (k.to_owned(), v.to_owned()))
                    .collect(),
                folder: std::env::temp_dir(),
                ..RunRequest::default()
            })))
        }
        ("wait", _) => return Some(Duration::from_secs_f64(numbers.first().copied().unwrap_or(1.0).clamp(0.0, 600.0))),
        _ => None,
    };
    if let Some(action) = action {
        viewer.act(action);
    }
    context.request_repaint();
    None
}
