//! What actions do to the workspace.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use fa_plot::options::{FigureOptions, Hidden, ThemeName};

use super::action::{Action, Effect, command};
use super::library::DocState;
use super::panes::Pane;
use super::view::{View, ViewId, XKind, ZoomState};
use super::workspace::{FileRef, Panel, Workspace};
use super::{DocId, State, columns};

/// Closed views that can be brought back.
const CLOSED_KEPT: usize = 20;

impl State {
    /// Changes the state; says what is to be done.
    pub(super) fn reduce(&mut self, action: Action) -> Vec<Effect> {
        let mut effects = Vec::new();
        let w = &mut self.workspace;
        match action {
            Action::Open(paths) => effects.push(Effect::Find(paths)),
            Action::Found(paths) => return self.found(paths),
            Action::Reload(docs) => {
                for id in docs {
                    if let Some(doc) = self.library.get_mut(id)
                        && !doc.live
                    {
                        doc.changed = None;
                        doc.state = DocState::Loading;
                        effects.push(Effect::Load(id, doc.path.clone()));
                    }
                }
            }
            Action::Close(docs) => self.close_files(&docs),
            Action::Locate(doc, path) => {
                let mut files = w.files.as_ref().clone();
                if let Some(file) = files.iter_mut().find(|file| file.id == doc) {
                    file.path.clone_from(&path);
                }
                w.files = Arc::new(files);
                if let Some(known) = self.library.get_mut(doc) {
                    known.path.clone_from(&path);
                    known.state = DocState::Loading;
                    known.changed = None;
                }
                effects.push(Effect::Load(doc, path.clone()));
                effects.push(Effect::ReadNotes(doc, path));
            }
            Action::WatchFolder(folder) => {
                self.watched.clone_from(&folder);
                self.status = match &folder {
                    Some(folder) => format!("watching {}", folder.display()),
                    None => "watching no folder".to_owned(),
                };
                effects.push(Effect::WatchFolder(folder));
            }
            Action::Tick(doc) => self.tick(doc),
            Action::ShowOnly(mut docs) => {
                docs.retain(|doc| w.file(*doc).is_some());
                if docs.is_empty() {
                    return effects;
                }
                if let Some(view) = w.focused_mut() {
                    view.docs = docs;
                    tidy_files(view);
                } else if let Some(first) = docs.first() {
                    w.open_view(Some(*first));
                    if let Some(view) = w.focused_mut() {
                        view.docs = docs;
                    }
                }
            }
            Action::MakePrimary(doc) => {
                if w.file(doc).is_some()
                    && let Some(view) = w.focused_mut()
                {
                    view.docs.retain(|d| *d != doc);
                    view.docs.insert(0, doc);
                    view.only = None;
                }
            }
            Action::NewView(doc) => {
                let doc = doc.filter(|doc| w.file(*doc).is_some());
                w.open_view(doc);
            }
            Action::Duplicate(view) => {
                if let Some(view) = w.view(view).cloned() {
                    let id = ViewId(w.fresh_id());
                    w.add_view(View { id, ..view });
                }
            }
            Action::Focus(view) => w.focus_on(view),
            Action::StepView(by) => {
                let all = w.panes.views();
                if let Some(at) = all.iter().position(|v| Some(*v) == w.focus) {
                    let next = (at as i64 + i64::from(by)).rem_euclid(all.len() as i64) as usize;
                    w.focus_on(all[next]);
                }
            }
            Action::CloseView(view) => close_view(w, view),
            Action::CloseAllViews => {
                for view in w.panes.views() {
                    close_view(w, view);
                }
            }
            Action::ReopenView => match w.closed.pop() {
                Some(mut view) => {
                    view.docs.retain(|doc| w.file(*doc).is_some());
                    w.add_view(view);
                }
                None => self.refuse("no view was closed"),
            },
            Action::Dock(view, target, side) => {
                w.panes.dock(view, target, side);
                w.focus_on(view);
            }
            Action::Share(path, share) => w.panes.set_share(&path, share),
            Action::SetPlot(view, plot) => {
                if let Some(view) = w.view_mut(view) {
                    view.plot = Some(plot);
                    view.zoom.y.clear();
                    view.zoom.set_x(XKind::Other, None);
                }
            }
            Action::StepPlot(by) => self.step_plot(by),
            Action::SetOption(view, name, values) => self.set_option(view, name, &values),
            Action::ResetOptions(view) => {
                if let Some(view) = w.view_mut(view) {
                    view.options = FigureOptions::default();
                }
            }
            Action::Zoom(view, zoom) => {
                if let Some(view) = w.view_mut(view) {
                    view.zoom_to(zoom);
                    view.follow = false;
                }
            }
            Action::MarkZoom(view) => {
                let linked = w.view(view).is_some_and(|v| v.linked);
                for other in w.views.iter_mut().filter(|v| v.id == view || (linked && v.linked)) {
                    if other.back.last() != Some(&other.zoom) {
                        other.back.push(other.zoom.clone());
                    }
                    other.forward.clear();
                }
            }
            Action::Slide(view, kind, x, y) => {
                let linked = w.view(view).is_some_and(|v| v.linked) && kind != XKind::Other;
                for other in w.views.iter_mut().filter(|v| v.id == view || (linked && v.linked)) {
                    if x.is_some() {
                        other.zoom.set_x(kind, x);
                    }
                    other.follow = false;
                }
                if let Some(view) = w.view_mut(view) {
                    for one in y {
                        view.zoom.set_y(one.panel, one.axes, one.limits);
                    }
                }
            }
            Action::ToggleFile(view, file) => {
                if let Some(view) = w.view_mut(view) {
                    let whole = Hidden { file: Some(file), series: None };
                    let hidden = &mut view.options.hide_series;
                    if hidden.contains(&whole) { hidden.retain(|h| *h != whole) } else { hidden.push(whole) }
                }
            }
            Action::ZoomX(view, kind, limits) => self.zoom_x(view, kind, limits),
            Action::Fit(view) => {
                let kind = w.view(view).map(|v| (v.linked, v.zoom.x.clone()));
                if let Some(view) = w.view_mut(view) {
                    view.zoom_to(ZoomState::default());
                    view.follow = true;
                }
                if let Some((true, zooms)) = kind {
                    for (kind, _) in zooms.into_iter().filter(|(kind, _)| *kind != XKind::Other) {
                        for other in w.views.iter_mut().filter(|v| v.linked && v.id != view) {
                            let mut zoom = other.zoom.clone();
                            zoom.set_x(kind, None);
                            other.zoom_to(zoom);
                        }
                    }
                }
            }
            Action::FitBrush(view) => match w.view(view).and_then(|v| v.brush) {
                Some(brush) => self.zoom_x(view, XKind::Run, Some(brush)),
                None => self.refuse("nothing is marked: drag with Shift over a part of the run first"),
            },
            Action::ZoomBack(view) => {
                if let Some(view) = w.view_mut(view)
                    && let Some(zoom) = view.back.pop()
                {
                    view.forward.push(std::mem::replace(&mut view.zoom, zoom));
                }
            }
            Action::ZoomForward(view) => {
                if let Some(view) = w.view_mut(view)
                    && let Some(zoom) = view.forward.pop()
                {
                    view.back.push(std::mem::replace(&mut view.zoom, zoom));
                }
            }
            Action::ToggleLink(view) => {
                if let Some(view) = w.view_mut(view) {
                    view.linked = !view.linked;
                }
            }
            Action::ToggleSameScale(view) => {
                if let Some(view) = w.view_mut(view) {
                    view.same_scale = !view.same_scale;
                    view.zoom.y.clear();
                }
            }
            Action::Brush(view, brush) => {
                let brush = brush.map(|(a, b)| (a.min(b).max(0.0), a.max(b))).filter(|(a, b)| b > a);
                let linked = w.view(view).is_some_and(|v| v.linked);
                for other in w.views.iter_mut().filter(|v| v.id == view || (linked && v.linked)) {
                    other.brush = brush;
                }
            }
            Action::BrushToCutoff(view) => {
                if let Some(view) = w.view_mut(view)
                    && let Some(brush) = view.brush
                {
                    view.options.data_cutoff = Some(brush);
                }
            }
            Action::Cursor(view, which, at) => {
                let linked = w.view(view).is_some_and(|v| v.linked);
                for other in w.views.iter_mut().filter(|v| v.id == view || (linked && v.linked)) {
                    match at {
                        None => other.cursors.truncate(which),
                        Some(at) if which < other.cursors.len() => other.cursors[which] = at,
                        Some(at) if other.cursors.len() < 2 => other.cursors.push(at),
                        Some(_) => {}
                    }
                }
            }
            Action::ToggleSeries(view, series, file) => {
                if let Some(view) = w.view_mut(view) {
                    toggle(view, Hidden { file, series: Some(series) });
                }
            }
            Action::Isolate(view, series, file) => self.isolate(view, &series, file),
            Action::ShowAllSeries(view) => {
                if let Some(view) = w.view_mut(view) {
                    view.options.hide_series.clear();
                    view.only = None;
                }
            }
            Action::Flip(view) => {
                if let Some(view) = w.view_mut(view) {
                    let next = view.only.map_or(0, |only| only + 1);
                    view.only = (view.docs.len() > 1 && next < view.docs.len()).then_some(next);
                }
            }
            Action::Follow(view, on) => {
                if let Some(view) = w.view_mut(view) {
                    view.follow = on;
                    if on {
                        view.zoom = ZoomState::default();
                    }
                }
            }
            Action::Sort(column) => {
                w.table.sort = match w.table.sort.take() {
                    Some((by, false)) if by == column => Some((column, true)),
                    Some((by, true)) if by == column => None,
                    _ => Some((column, false)),
                };
            }
            Action::Filter(text) => w.table.filter = text,
            Action::AddColumn(column) => {
                if !w.table.columns.contains(&column) {
                    w.table.columns.push(column);
                }
            }
            Action::RemoveColumn(column) => {
                if w.table.columns.len() > 1 {
                    w.table.columns.retain(|c| *c != column);
                } else {
                    self.refuse("the last column stays");
                }
            }
            Action::MoveColumn(column, by) => {
                if let Some(at) = w.table.columns.iter().position(|c| *c == column) {
                    let to = (at as i64 + i64::from(by)).clamp(0, w.table.columns.len() as i64 - 1) as usize;
                    let column = w.table.columns.remove(at);
                    w.table.columns.insert(to, column);
                }
            }
            Action::ResetColumns => w.table.columns = columns::Table::default().columns,
            Action::ToggleByTest => w.table.by_test = !w.table.by_test,
            Action::TogglePanel(panel) => {
                if w.shows(panel) {
                    w.panels.retain(|p| *p != panel);
                } else {
                    w.show_panel(panel);
                }
            }
            Action::ShowPanel(panel) => w.show_panel(panel),
            Action::ResetLayout => {
                let fresh = Workspace::default();
                w.panels = fresh.panels;
                w.full_screen = false;
                let views = w.panes.views();
                let active = views.iter().position(|v| Some(*v) == w.focus).unwrap_or(0);
                w.panes = Pane::Tabs { views, active };
            }
            Action::ToggleFullScreen => w.full_screen = !w.full_screen,
            Action::SetTheme(theme) => w.theme = theme,
            Action::SetPalette(palette) => w.palette = palette,
            Action::SetScale(scale) => w.scale = (scale.clamp(0.75, 2.5) * 20.0).round() / 20.0,
            Action::TogglePin(key) => {
                if w.pinned.contains(&key) {
                    w.pinned.retain(|k| *k != key);
                } else {
                    w.pinned.push(key);
                }
            }
            Action::AddNote(doc, note) => {
                Arc::make_mut(w.notes.entry(doc).or_default()).push(note);
            }
            Action::EditNote(doc, at, text) => {
                if let Some(notes) = w.notes.get_mut(&doc)
                    && let Some(note) = Arc::make_mut(notes).get_mut(at)
                {
                    note.tags = super::notes::tags_in(&text);
                    note.text = text;
                }
            }
            Action::DeleteNote(doc, at) => {
                if let Some(notes) = w.notes.get_mut(&doc).filter(|notes| at < notes.len()) {
                    Arc::make_mut(notes).remove(at);
                }
            }
            Action::CopyWithNotes(doc, path) => match w.notes.get(&doc).filter(|notes| !notes.is_empty()) {
                Some(notes) => {
                    let data = w.file(doc).map(|file| file.path.clone());
                    effects.extend(data.map(|data| Effect::CopyWithNotes(data, Arc::clone(notes), path)));
                }
                None => self.refuse("there are no notes on this file"),
            },
            Action::SaveSession(path) => effects.push(Effect::SaveSession(path, Box::new(w.clone()))),
            Action::OpenSession(path) => effects.push(Effect::OpenSession(path)),
            Action::SessionRead(session) => return self.session_read(*session),
            Action::SaveFigure(view, path, how) => effects.push(Effect::SaveFigure(view, path, how)),
            Action::CopyCommand(view) => match self.command_of(view) {
                Some(text) => {
                    "the command is on the clipboard".clone_into(&mut self.status);
                    effects.push(Effect::CopyText(text));
                }
                None => self.refuse("this view shows no figure"),
            },
            Action::CopyImage(view) => effects.push(Effect::CopyImage(view)),
            Action::Export(export) => effects.push(Effect::Export(export)),
            other => return self.report(other),
        }
        effects
    }

    fn found(&mut self, paths: Vec<PathBuf>) -> Vec<Effect> {
        let w = &mut self.workspace;
        let known: HashSet<PathBuf> = w.files.iter().map(|file| file.path.clone()).collect();
        let mut files = w.files.as_ref().clone();
        let mut new = Vec::new();
        for path in paths {
            if let Some(file) = files.iter().find(|file| known.contains(&path) && file.path == path) {
                // Asked for again: it is shown.
                if new.is_empty() && w.focus.is_none() {
                    new.push((file.id, path));
                }
                continue;
            }
            // Ids of closed files are never given again: undo brings those files back.
            let id = DocId(w.next_id.max(self.library.last_id() + 1));
            w.next_id = id.0 + 1;
            files.push(FileRef { id, path: path.clone(), hash: None });
            self.library.ensure(id, &path);
            new.push((id, path));
        }
        let added = files.len() - w.files.len();
        w.files = Arc::new(files);
        if let Some((first, _)) = new.first() {
            match w.focused_mut() {
                Some(view) if view.docs.is_empty() => view.docs.push(*first),
                Some(_) => {}
                None => {
                    w.open_view(Some(*first));
                }
            }
        }
        self.status = if added == 1 { "1 file opened".to_owned() } else { format!("{added} files opened") };
        let mut effects = self.wanted_files();
        let paths: Vec<PathBuf> = new.iter().map(|(_, path)| path.clone()).collect();
        effects.push(Effect::Index(new.clone()));
        effects.extend(new.into_iter().map(|(doc, path)| Effect::ReadNotes(doc, path)));
        effects.push(Effect::Remember(paths));
        effects
    }

    fn close_files(&mut self, docs: &[DocId]) {
        let w = &mut self.workspace;
        let running = self.running.as_ref().map(|run| run.doc);
        if docs.iter().any(|doc| Some(*doc) == running) {
            self.refuse("the run is still being measured: stop it first");
            return;
        }
        let files: Vec<FileRef> = w.files.iter().filter(|file| !docs.contains(&file.id)).cloned().collect();
        w.files = Arc::new(files);
        for view in &mut w.views {
            if view.docs.iter().any(|doc| docs.contains(doc)) {
                view.docs.retain(|doc| !docs.contains(doc));
                tidy_files(view);
            }
        }
        let empty: Vec<ViewId> = w.views.iter().filter(|view| view.docs.is_empty()).map(|view| view.id).collect();
        for view in empty {
            close_view(w, view);
        }
        self.status = format!("{} files closed", docs.len());
    }

    fn tick(&mut self, doc: DocId) {
        if self.workspace.file(doc).is_none() {
            return;
        }
        let Some(view) = self.workspace.focused_mut() else {
            self.workspace.open_view(Some(doc));
            return;
        };
        if !view.docs.contains(&doc) {
            view.docs.push(doc);
        } else if view.docs.len() == 1 {
            self.refuse("a view shows at least one file: tick another one first, or close the view");
        } else {
            view.docs.retain(|d| *d != doc);
            tidy_files(view);
        }
    }

    fn step_plot(&mut self, by: i32) {
        let Some(view) = self.workspace.focused() else { return };
        let Some(plot) = self.plot_of(view) else { return };
        let Some(loaded) = view.docs.first().and_then(|doc| self.library.loaded(*doc)) else { return };
        let names: Vec<&String> =
            loaded.plots.iter().filter(|p| p.drawable || p.name == plot).map(|p| &p.name).collect();
        let Some(at) = names.iter().position(|name| **name == plot) else { return };
        let next = (at as i64 + i64::from(by)).rem_euclid(names.len() as i64) as usize;
        let (view, plot) = (view.id, names[next].clone());
        self.reduce(Action::SetPlot(view, plot));
    }

    /// Sets all values of one option, keeping the others in their order.
    fn set_option(&mut self, view: ViewId, name: &str, values: &[String]) {
        let Some(view) = self.workspace.view_mut(view) else { return };
        let mut options = FigureOptions::default();
        let others = view.options.to_pairs().into_iter().filter(|(n, _)| *n != name);
        let own = values.iter().map(|value| (name, value.clone()));
        let mut trouble = None;
        for (name, value) in others.chain(own) {
            if let Err(error) = options.set(name, &value) {
                trouble.get_or_insert(error.to_string());
            }
        }
        match trouble {
            None => view.options = options,
            Some(why) => self.refuse(why),
        }
    }

    fn zoom_x(&mut self, view: ViewId, kind: XKind, limits: Option<(f64, f64)>) {
        let linked = self.workspace.view(view).is_some_and(|v| v.linked) && kind != XKind::Other;
        for other in self.workspace.views.iter_mut().filter(|v| v.id == view || (linked && v.linked)) {
            let mut zoom = other.zoom.clone();
            zoom.set_x(kind, limits);
            other.zoom_to(zoom);
            other.follow = limits.is_none();
        }
    }

    fn isolate(&mut self, view: ViewId, series: &str, file: Option<usize>) {
        let all = self.series_of(view);
        let Some(view) = self.workspace.view_mut(view) else { return };
        let wanted = |name: &str, index: usize| name == series && file.is_none_or(|f| f == index);
        let hidden: Vec<Hidden> = all
            .iter()
            .flat_map(|name| (0..view.docs.len()).map(move |file| (name, file)))
            .filter(|(name, file)| !wanted(name, *file))
            .map(|(name, file)| Hidden { file: Some(file), series: Some(name.clone()) })
            .collect();
        let alone = hidden.iter().all(|h| view.options.hide_series.contains(h))
            && view.options.hide_series.len() == hidden.len();
        view.options.hide_series = if alone { Vec::new() } else { hidden };
    }

    /// Names of the series that the plot of a view draws, in its order.
    pub fn series_of(&self, view: ViewId) -> Vec<String> {
        let Some(view) = self.workspace.view(view) else { return Vec::new() };
        let Some(plot) = self.plot_of(view) else { return Vec::new() };
        let Some(loaded) = view.docs.iter().find_map(|doc| self.library.loaded(*doc)) else { return Vec::new() };
        let plots = &loaded.expanded.plots;
        let mut names: Vec<String> = Vec::new();
        let mut add = |plot: &fa_catalog::PlotDef| {
            for series in &plot.series {
                if !names.contains(&series.data) {
                    names.push(series.data.clone());
                }
            }
        };
        if let Some(def) = plots.get(&plot) {
            add(def);
            def.subplots.iter().filter_map(|name| plots.get(name)).for_each(add);
        }
        names
    }

    /// The command that draws a view's figure, as large and in the theme that it has on the screen where that is known.
    pub fn command_of(&self, view: ViewId) -> Option<String> {
        let look = self.looks.get(&view).copied();
        let view = self.workspace.view(view)?;
        let plot = self.plot_of(view)?;
        let mut options = view.figure_options();
        let axes = self.axes_of(view, &plot);
        options.zoom.extend(view.zoom.for_layout(self.x_kind(view), &axes).zooms);
        if options.colours.is_empty()
            && let Some(colours) = self.workspace.palette.colours()
        {
            // The table of palettes holds colours only.
            drop(options.set("colours", colours));
        }
        if let Some((width, height, dark)) = look {
            options.figure_width.get_or_insert(f64::from(width) / 72.0);
            options.figure_height.get_or_insert(f64::from(height) / 72.0);
            if dark && options.theme == ThemeName::default() {
                options.theme = ThemeName::Dark;
            }
        }
        let files: Vec<PathBuf> =
            view.docs.iter().filter_map(|doc| self.workspace.file(*doc)).map(|file| file.path.clone()).collect();
        (!files.is_empty()).then(|| command(&plot, &options, &files))
    }

    /// How many axes each panel of a view's plot has.
    fn axes_of(&self, view: &View, plot: &str) -> Vec<usize> {
        let Some(loaded) = view.docs.iter().find_map(|doc| self.library.loaded(*doc)) else { return Vec::new() };
        let plots = &loaded.expanded.plots;
        let count = |def: &fa_catalog::PlotDef| if def.dual_axes { 2 } else { 1 };
        match plots.get(plot) {
            Some(def) if !def.subplots.is_empty() => {
                def.subplots.iter().filter_map(|name| plots.get(name)).map(count).collect()
            }
            Some(def) if view.options.subplot_combine => vec![count(def); view.docs.len()],
            Some(def) => vec![count(def)],
            None => Vec::new(),
        }
    }
}

/// What refers to files by their index means nothing when the files are others.
fn tidy_files(view: &mut View) {
    view.only = None;
    let count = view.docs.len();
    view.options.hide_series.retain(|h| h.file.is_none_or(|file| file < count));
}

fn toggle(view: &mut View, what: Hidden) {
    let files = view.docs.len();
    let hidden = &mut view.options.hide_series;
    let Some(series) = what.series.clone() else { return };
    let shown = (0..files).filter(|file| what.file.is_none_or(|f| f == *file));
    let all_hidden = shown.clone().all(|file| hidden.iter().any(|h| h.hides(&series, file)));
    if all_hidden {
        // What hid it with others, hides only the others from now on.
        let keep: Vec<Hidden> = hidden
            .iter()
            .filter(|h| h.series.as_deref() == Some(&*series) && h.file.is_none() && what.file.is_some())
            .flat_map(|_| (0..files).filter(|f| Some(*f) != what.file))
            .map(|file| Hidden { file: Some(file), series: Some(series.clone()) })
            .collect();
        hidden.retain(|h| !shown.clone().any(|file| h.hides(&series, file)));
        hidden.extend(keep);
    } else {
        hidden.push(what);
    }
}

fn close_view(w: &mut Workspace, id: ViewId) {
    let Some(at) = w.views.iter().position(|view| view.id == id) else { return };
    let order = w.panes.views();
    let place = order.iter().position(|v| *v == id).unwrap_or(0);
    w.panes.remove(id);
    let view = w.views.remove(at);
    if !view.docs.is_empty() {
        w.closed.push(view);
        if w.closed.len() > CLOSED_KEPT {
            w.closed.remove(0);
        }
    }
    if w.focus == Some(id) {
        let left = w.panes.views();
        w.focus = left.get(place.min(left.len().saturating_sub(1))).copied();
        if let Some(focus) = w.focus {
            w.panes.show(focus);
        }
    }
    // One panel stays reachable without views: the files.
    if w.views.is_empty() {
        w.full_screen = false;
        if !w.shows(Panel::Files) {
            w.show_panel(Panel::Files);
        }
    }
}
