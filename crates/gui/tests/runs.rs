//! Runs before they begin, and runs of others: the dialog's checks, saved runs, the folder's monitor.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::{PING, Window, act, docs, focused, has, sample, viewer, viewer_mut, window_with};
use egui_kittest::kittest::Queryable as _;
use fa_gui::Options;
use fa_gui::state::action::{HostAnswer, Rehearsed};
use fa_gui::state::commands::Dialog;
use fa_gui::state::monitor::Stage;
use fa_gui::state::{Action, DocState, Panel, RunRequest, planned};
use fa_gui::work::live::{Journal, Measurer};
use fa_gui::work::monitor::{Looker, Now};
use fa_measure::Event;
use fa_measure::journal::Encoder;
use fa_measure::recorder::Recorder;

fn ping(secs: f64) -> Vec<Event> {
    fa_testkit::Simulation::seeded(3).run(&fa_testkit::plan("ping", secs))
}

fn journal(events: &[Event]) -> Vec<u8> {
    let mut bytes = Encoder::header().to_vec();
    let mut encoder = Encoder::default();
    for event in events {
        encoder.encode(event, &mut bytes).unwrap();
    }
    bytes
}

#[test]
fn a_folder_tells_of_runs_under_way_done_failed_cut_short_and_unreadable() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let events = ping(10.0);
    let half = &events[..events.len() / 2];
    std::fs::write(at("now.flent.gz.journal"), journal(half)).unwrap();
    std::fs::copy(sample(PING), at("good.flent.gz")).unwrap();
    let mut set = Recorder::replay(&events).finish().unwrap();
    set.metadata.set("FAILED_RUNNERS", 2);
    fa_format::save(&set, &at("partly.flent.gz")).unwrap();
    std::fs::write(at("bad.flent.gz"), "no data").unwrap();
    std::fs::write(at("note.txt"), "nothing of ours").unwrap();

    let mut looker = Looker::default();
    let monitor = looker.look(dir.path(), Now::here());
    let stage = |monitor: &fa_gui::state::monitor::Monitor, name: &str| {
        monitor.runs.iter().find(|run| run.data == at(name)).map(|run| run.stage.clone())
    };
    assert_eq!(stage(&monitor, "now.flent.gz"), Some(Stage::Running));
    assert_eq!(stage(&monitor, "good.flent.gz"), Some(Stage::Done));
    assert_eq!(stage(&monitor, "partly.flent.gz"), Some(Stage::Partly(2)));
    assert!(matches!(stage(&monitor, "bad.flent.gz"), Some(Stage::Unreadable(_))));
    assert_eq!(monitor.runs.len(), 4);
    assert_eq!(monitor.summary(), "1 measuring, 2 done, 1 unreadable");
    let now = &monitor.runs[0];
    assert_eq!((now.test.as_str(), now.hosts.len()), ("ping", 1), "those under way come first");
    let plan = fa_testkit::plan("ping", 10.0);
    assert!((now.planned_secs - plan.total_length_secs).abs() < 1e-9);
    let heard = half.last().unwrap().at.0 as f64 / 1e9;
    assert!(now.elapsed_secs > 0.0 && now.elapsed_secs <= heard + 1e-6, "{} {heard}", now.elapsed_secs);

    // It grows: what is new is read, and it goes on from there.
    std::fs::write(at("now.flent.gz.journal"), journal(&events[..events.len() * 3 / 4])).unwrap();
    let later = looker.look(dir.path(), Now::here());
    assert!(later.runs[0].elapsed_secs > now.elapsed_secs);
    // Nothing is heard of it any more.
    let silent = looker.look(dir.path(), Now::here().later(Duration::from_mins(1)));
    let run = silent.runs.iter().find(|run| run.data == at("now.flent.gz")).unwrap();
    assert_eq!(run.stage, Stage::CutShort);
    assert_eq!(run.recover(), format!("fa recover {}", at("now.flent.gz.journal").display()));
    // The file is written, the journal goes.
    std::fs::remove_file(at("now.flent.gz.journal")).unwrap();
    let set = Recorder::replay(&events).finish().unwrap();
    fa_format::save(&set, &at("now.flent.gz")).unwrap();
    assert_eq!(stage(&looker.look(dir.path(), Now::here()), "now.flent.gz"), Some(Stage::Done));
}

#[test]
fn silence_is_measured_by_our_own_clock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("far.flent.gz.journal");
    let events = ping(10.0);
    // The clock of the server that the folder is on is an hour slow.
    let write = |part: usize| {
        std::fs::write(&path, journal(&events[..part])).unwrap();
        let hour_ago = std::time::SystemTime::now() - Duration::from_hours(1);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(hour_ago).unwrap();
    };
    write(events.len() / 4);
    let (mut looker, now) = (Looker::default(), Now::here());
    let stage =
        |looker: &mut Looker, secs| looker.look(dir.path(), now.later(Duration::from_secs(secs))).runs[0].stage.clone();
    assert_eq!(stage(&mut looker, 0), Stage::CutShort, "as far as can be told");
    write(events.len() / 2);
    assert_eq!(stage(&mut looker, 2), Stage::Running, "it grows");
    assert_eq!(stage(&mut looker, 14), Stage::Running);
    assert_eq!(stage(&mut looker, 20), Stage::CutShort);
    // The computer slept: the clock on the wall went on, ours did not.
    write(events.len() * 3 / 4);
    assert_eq!(stage(&mut looker, 22), Stage::Running);
    let woken = Now { wall: now.wall + Duration::from_hours(9), ..now.later(Duration::from_secs(24)) };
    assert_eq!(looker.look(dir.path(), woken).runs[0].stage, Stage::Running);
}

#[test]
fn a_run_of_somebody_else_grows_when_it_is_ticked_and_is_the_file_in_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("theirs.flent.gz");
    let journal_path = dir.path().join("theirs.flent.gz.journal");
    let events = ping(10.0);
    std::fs::write(&journal_path, journal(&events[..events.len() / 2])).unwrap();
    let mut window = window_with(Options::default(), [1360.0, 860.0]);
    act(&mut window, Action::WatchFolder(Some(dir.path().to_owned())));
    assert!(viewer(&window).state.workspace.shows(Panel::Runs));
    let mut looker = Looker::default();
    act(&mut window, Action::Monitored(Arc::new(looker.look(dir.path(), Now::here()))));
    assert!(has(&window, "● measuring") && has(&window, "1 measuring"));
    window.get_by_label("Show the run theirs.flent.gz").click();
    window.run();
    let doc = docs(&window)[0];
    let points = |window: &Window| {
        let loaded = viewer(window).state.library.loaded(doc).unwrap();
        loaded.set.raw.series("Ping (ms) ICMP").unwrap().len()
    };
    let first = points(&window);
    assert!(first > 0 && focused(&window).docs == [doc]);
    std::fs::write(&journal_path, journal(&events)).unwrap();
    window.run();
    let second = points(&window);
    assert!(second > first, "{first} → {second}");
    std::fs::remove_file(&journal_path).unwrap();
    fa_format::save(&Recorder::replay(&events).finish().unwrap(), &data).unwrap();
    window.run();
    let known = viewer(&window).state.library.get(doc).unwrap();
    assert_eq!((known.live, &known.state, &known.path), (false, &DocState::Ready, &data));
    // What the folder's watcher finds then is no second row.
    act(&mut window, Action::Found(vec![data]));
    assert_eq!(docs(&window).len(), 1);
}

#[test]
fn a_run_that_was_cut_short_shows_the_command_that_saves_it() {
    let dir = tempfile::tempdir().unwrap();
    let events = ping(5.0);
    std::fs::write(dir.path().join("left.flent.gz.journal"), journal(&events[..events.len() / 2])).unwrap();
    let mut window = window_with(Options::default(), [1360.0, 860.0]);
    act(&mut window, Action::WatchFolder(Some(dir.path().to_owned())));
    let monitor = Looker::default().look(dir.path(), Now::here().later(Duration::from_hours(1)));
    act(&mut window, Action::Monitored(Arc::new(monitor)));
    let command = format!("fa recover {}/left.flent.gz.journal", dir.path().display());
    assert!(has(&window, "◌ cut short") && has(&window, &command) && has(&window, &format!("Copy {command}")));
}

/// Plans as the testkit does, and says what it was told to say.
struct Told(Rehearsed);

impl Measurer for Told {
    fn plan(&self, request: &RunRequest) -> Result<fa_measure::plan::Plan, String> {
        Ok(fa_testkit::plan(&request.test, request.length_secs))
    }
    fn launcher(&self, _request: &RunRequest) -> Box<dyn fa_measure::Launcher> {
        unreachable!("nothing is started here")
    }
    fn rehearse(&self, _request: &RunRequest) -> Result<Rehearsed, String> {
        Ok(self.0.clone())
    }
    fn journal(&self, _folder: &Path) -> Box<dyn Journal> {
        unreachable!("nothing is started here")
    }
    fn save(&self, _recorder: Recorder, _folder: &Path) -> Result<PathBuf, String> {
        unreachable!("nothing is started here")
    }
}

fn with_dialog(dir: &Path, rehearsed: Rehearsed) -> Window {
    let options = Options {
        measurer: Some(Arc::new(Told(rehearsed))),
        config: Some(dir.join("config.toml")),
        state_dir: Some(dir.join("state")),
        ..Options::default()
    };
    let mut window = window_with(options, [1360.0, 1000.0]);
    viewer_mut(&mut window).ask(Dialog::RunTest);
    window.run();
    window
}

#[test]
fn servers_are_asked_before_the_start_and_what_the_file_will_say_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let good = HostAnswer {
        name: "good.example".into(),
        trouble: None,
        facts: vec![("Its clock".into(), "+0.31 ms against ours".into())],
    };
    let trouble = Some("bad.example cannot be reached: refused\nrun fa serve on bad.example".to_owned());
    let bad = HostAnswer { name: "bad.example".into(), trouble, facts: Vec::new() };
    let stored = vec![("LOCAL_HOST".to_owned(), "redacted-1".to_owned())];
    let mut window = with_dialog(dir.path(), Rehearsed { hosts: vec![good, bad], stored });
    assert!(!has(&window, "would take part"), "nobody is asked unasked");
    window.get_by_label("Check the servers").click();
    window.run();
    for part in
        ["good.example would take part", "+0.31 ms against ours", "bad.example cannot be reached", "run fa serve on"]
    {
        assert!(has(&window, part), "{part}");
    }
    window.get_by_label("What the file will say").click();
    window.run();
    assert!(has(&window, "LOCAL_HOST") && has(&window, "redacted-1"));
    // What was said is about that run only.
    window.get_by_label("store addresses, gateways and MAC addresses, too").click();
    window.run();
    assert!(!has(&window, "would take part"));
    window.get_by_label("Plan in full").click();
    window.run();
    assert!(has(&window, "UDP probe") && has(&window, "TCP flow, down") && has(&window, "for every 100 Mbit/s"));
}

#[test]
fn a_run_is_saved_under_a_name_and_comes_back_with_all_its_options() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = with_dialog(dir.path(), Rehearsed::default());
    for (label, text) in
        [("Title", "at home"), ("Parameters", "tcp_cong_control=cubic"), ("Name of the saved run", "home")]
    {
        let input = eframe::egui::accesskit::Role::TextInput;
        window.get_by_role_and_label(input, label).focus();
        window.run();
        window.get_by_role_and_label(input, label).type_text(text);
        window.run();
    }
    window.get_by_label("store no names, addresses or commands: placeholders take their places").click();
    window.run();
    window.get_by_label("Save the run under this name").click();
    window.run();
    let saved = viewer(&window).state.prefs.runs.clone();
    let run = &saved[0].run;
    assert_eq!((saved.len(), saved[0].name.as_str(), run.title.as_str(), run.redact), (1, "home", "at home", true));
    assert_eq!(run.params, [("tcp_cong_control".to_owned(), "cubic".to_owned())]);
    let text = std::fs::read_to_string(dir.path().join("config.toml")).unwrap();
    assert!(text.contains("[[gui.runs]]") && text.contains("tcp_cong_control = \"cubic\""), "{text}");
    // Another window has it.
    let window = with_dialog(dir.path(), Rehearsed::default());
    assert_eq!(viewer(&window).state.prefs.runs, saved);
}

#[test]
fn a_plan_says_what_it_will_send_before_it_does() {
    let plan = fa_testkit::plan_with("rrul", 60.0, 5.0, &[]);
    assert_eq!(planned::rows(&plan).iter().filter(|row| row.what.starts_with("TCP flow")).count(), 8);
    let volume = planned::volume(&plan);
    // 60 s of 100 Mbit/s are 750 MB.
    assert!(volume[0].contains("up: as much as the line takes for 60 s, 750 MB for every 100 Mbit/s"), "{volume:?}");
    assert!(planned::summary(&plan).starts_with("8 flows and "), "{}", planned::summary(&plan));
    assert_eq!([999, 1500, 2_345_000, 12_000_000_000].map(planned::size), ["999 B", "1.50 kB", "2.35 MB", "12.0 GB"]);
}
