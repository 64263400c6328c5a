//! The configuration file: section `[gui]` of `config.toml` as [`Prefs`], and back.
//!
//! What is wrong is named by key path and line and leaves the default in force; it stays in the file. Writing changes only
//! what a person changed: comments, order, other sections and keys of newer programs stay as they are.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use toml_edit::{ArrayOfTables, Document, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::action::RunRequest;
use super::keys::Chord;
use super::prefs::{Prefs, RunPreset, limits};
use super::workspace::{Palette, ThemeChoice};

/// Version of the section.
pub const VERSION: i64 = 1;

/// Something wrong in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `gui.scale`; empty for the file as a whole.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) };
        write!(f, "line {}: {place}{}", self.line, self.what)
    }
}

const THEMES: [(&str, ThemeChoice); 3] =
    [("system", ThemeChoice::System), ("light", ThemeChoice::Light), ("dark", ThemeChoice::Dark)];
const PALETTES: [(&str, Palette); 3] =
    [("okabe-ito", Palette::OkabeIto), ("tol-bright", Palette::TolBright), ("tol-muted", Palette::TolMuted)];
const KEYS: [&str; 11] = [
    "version",
    "theme",
    "palette",
    "scale",
    "digits",
    "watch-interval",
    "resume",
    "memory-mb",
    "cache-mb",
    "keys",
    "runs",
];
const RUN_KEYS: [&str; 11] =
    ["name", "test", "hosts", "title", "length", "delay", "step", "parameters", "extended", "redact", "key"];
/// They come as other events than keys, from the clipboard.
const CLIPBOARD: [&str; 3] = ["Ctrl+C", "Ctrl+V", "Ctrl+X"];

/// Reads a file's text.
///
/// - `commands`: ids that can have a key
///
/// # Errors
/// Where the text is no TOML at all.
pub fn parse(text: &str, commands: &[&str]) -> Result<(Prefs, Vec<Fault>), Fault> {
    let document = Document::parse(text).map_err(|e| {
        let line = e.span().map_or(1, |span| line_of(text, span.start));
        Fault {
            path: String::new(),
            line,
            what: format!("not TOML: {}", e.message().lines().next().unwrap_or_default()),
        }
    })?;
    let mut reader = Reader { text, faults: Vec::new() };
    let mut prefs = Prefs::default();
    match document.get("gui") {
        None => {}
        Some(item) => match item.as_table_like() {
            Some(table) => reader.section(table, commands, &mut prefs),
            None => reader.fault("gui", item, "a section is expected: [gui]"),
        },
    }
    Ok((prefs, reader.faults))
}

fn line_of(text: &str, byte: usize) -> usize {
    1 + text.as_bytes().iter().take(byte).filter(|b| **b == b'\n').count()
}

struct Reader<'a> {
    text: &'a str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, path: &str, item: &Item, what: impl Into<String>) {
        let line = item.span().map_or(1, |span| line_of(self.text, span.start));
        self.faults.push(Fault { path: path.to_owned(), line, what: what.into() });
    }

    fn section(&mut self, table: &dyn TableLike, commands: &[&str], prefs: &mut Prefs) {
        if let Some(version) = table.get("version")
            && version.as_integer() != Some(VERSION)
        {
            self.fault(
                "gui.version",
                version,
                format!("this program knows version {VERSION}; what it knows of it is used"),
            );
        }
        for (key, item) in table.iter().filter(|(key, _)| !KEYS.contains(key)) {
            self.fault(&format!("gui.{key}"), item, "no such setting; it is kept and has no effect");
        }
        self.choice(table, "theme", &THEMES, &mut prefs.theme);
        self.choice(table, "palette", &PALETTES, &mut prefs.palette);
        let mut scale = f64::from(prefs.scale);
        self.number(table, "gui", "scale", &limits::SCALE, &mut scale);
        prefs.scale = scale as f32;
        self.whole(table, "digits", &limits::DIGITS, |n| prefs.digits = n as u8);
        self.number(table, "gui", "watch-interval", &limits::WATCH, &mut prefs.watch_secs);
        self.flag(table, "gui", "resume", &mut prefs.resume);
        self.whole(table, "memory-mb", &limits::MEMORY, |n| prefs.memory_mb = n as u32);
        self.whole(table, "cache-mb", &limits::CACHE, |n| prefs.cache_mb = n as u32);
        if let Some(item) = table.get("keys") {
            match item.as_table_like() {
                Some(keys) => self.keys(keys, commands, &mut prefs.keys),
                None => self.fault("gui.keys", item, "a table is expected: command = \"Ctrl+S\""),
            }
        }
        if let Some(item) = table.get("runs") {
            match item.as_array_of_tables() {
                Some(runs) => {
                    for (n, run) in runs.iter().enumerate() {
                        self.run(&format!("gui.runs[{n}]"), run, &mut prefs.runs);
                    }
                }
                None => self.fault("gui.runs", item, "tables are expected: [[gui.runs]]"),
            }
        }
    }

    fn choice<T: Copy>(&mut self, table: &dyn TableLike, key: &str, known: &[(&str, T)], into: &mut T) {
        let Some(item) = table.get(key) else { return };
        if let Some((_, value)) = item.as_str().and_then(|text| known.iter().find(|(name, _)| *name == text)) {
            *into = *value;
        } else {
            let names: Vec<String> = known.iter().map(|(name, _)| format!("{name:?}")).collect();
            self.fault(&format!("gui.{key}"), item, format!("one of {} is expected", names.join(", ")));
        }
    }

    fn number(&mut self, table: &dyn TableLike, path: &str, key: &str, range: &RangeInclusive<f64>, into: &mut f64) {
        let Some(item) = table.get(key) else { return };
        let value = item.as_float().or_else(|| item.as_integer().map(|n| n as f64));
        if let Some(value) = value.filter(|value| range.contains(value)) {
            *into = value;
        } else {
            let what = format!("a number from {} to {} is expected", range.start(), range.end());
            self.fault(&format!("{path}.{key}"), item, what);
        }
    }

    fn whole(&mut self, table: &dyn TableLike, key: &str, range: &RangeInclusive<i64>, set: impl FnOnce(i64)) {
        let Some(item) = table.get(key) else { return };
        if let Some(n) = item.as_integer().filter(|n| range.contains(n)) {
            set(n);
        } else {
            let what = format!("a whole number from {} to {} is expected", range.start(), range.end());
            self.fault(&format!("gui.{key}"), item, what);
        }
    }

    fn flag(&mut self, table: &dyn TableLike, path: &str, key: &str, into: &mut bool) {
        let Some(item) = table.get(key) else { return };
        match item.as_bool() {
            Some(value) => *into = value,
            None => self.fault(&format!("{path}.{key}"), item, "true or false is expected"),
        }
    }

    fn keys(&mut self, table: &dyn TableLike, commands: &[&str], into: &mut BTreeMap<String, Option<Chord>>) {
        for (id, item) in table.iter() {
            let path = format!("gui.keys.{id}");
            if !commands.contains(&id) {
                self.fault(&path, item, "there is no such command; F1 names all of them");
                continue;
            }
            let chord = match item.as_str() {
                Some("") => None,
                Some(text) => match Chord::parse(text).and_then(usable) {
                    Ok(chord) => Some(chord),
                    Err(why) => {
                        self.fault(&path, item, why);
                        continue;
                    }
                },
                None => {
                    self.fault(&path, item, "a key is expected, as \"Ctrl+S\", or \"\" for none");
                    continue;
                }
            };
            let other = into.iter().find(|(_, known)| chord.is_some() && **known == chord).map(|(id, _)| id.clone());
            if let (Some(other), Some(chord)) = (other, &chord) {
                self.fault(&path, item, format!("{chord} is that of {other}, too: only one of them has it"));
            }
            into.insert(id.to_owned(), chord);
        }
    }

    fn run(&mut self, path: &str, table: &Table, into: &mut Vec<RunPreset>) {
        let mut run = RunRequest::default();
        let mut name = String::new();
        for (key, item) in table.iter().filter(|(key, _)| !RUN_KEYS.contains(key)) {
            self.fault(&format!("{path}.{key}"), item, "no such setting; it is kept and has no effect");
        }
        for (key, value) in [("name", &mut name), ("test", &mut run.test), ("title", &mut run.title)] {
            if let Some(item) = table.get(key) {
                match item.as_str() {
                    Some(text) => text.clone_into(value),
                    None => self.fault(&format!("{path}.{key}"), item, "a text is expected"),
                }
            }
        }
        if let Some(item) = table.get("hosts") {
            let texts = item.as_array().map(|all| all.iter().map(|v| v.as_str().map(str::to_owned)).collect());
            match texts {
                Some(Some(hosts)) => run.hosts = hosts,
                _ => self.fault(&format!("{path}.hosts"), item, "a list of texts is expected"),
            }
        }
        self.number(table, path, "length", &(1.0..=86_400.0), &mut run.length_secs);
        self.number(table, path, "delay", &(0.0..=3600.0), &mut run.delay_secs);
        self.number(table, path, "step", &(0.001..=60.0), &mut run.step_secs);
        if let Some(item) = table.get("parameters") {
            let pairs = item
                .as_table_like()
                .map(|all| all.iter().map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned()))).collect());
            match pairs {
                Some(Some(params)) => run.params = params,
                _ => self.fault(&format!("{path}.parameters"), item, "a table of texts is expected"),
            }
        }
        self.flag(table, path, "extended", &mut run.extended);
        self.flag(table, path, "redact", &mut run.redact);
        if let Some(item) = table.get("key") {
            match item.as_str() {
                Some(text) => run.key = Some(PathBuf::from(text)),
                None => self.fault(&format!("{path}.key"), item, "the path of a key file is expected"),
            }
        }
        if name.is_empty() || run.test.is_empty() {
            let what = "name and test are needed; the run is left out";
            let line = table.span().map_or(1, |span| line_of(self.text, span.start));
            self.faults.push(Fault { path: path.to_owned(), line, what: what.to_owned() });
        } else {
            into.push(RunPreset { name, run });
        }
    }
}

/// A key that can be pressed and heard.
///
/// # Errors
/// Why not.
pub fn usable(chord: Chord) -> Result<Chord, String> {
    if CLIPBOARD.contains(&chord.to_string().as_str()) {
        return Err(format!("{chord} is the clipboard's and cannot be given to a command"));
    }
    Ok(chord)
}

/// The text with the changes in it that lead from some preferences to others. Whatever the text says otherwise stays: another
/// window, or somebody with an editor, may have written it since this one read it.
///
/// # Errors
/// Where the text is no TOML, or holds something else under a name of ours: nothing of it is to be lost.
pub fn edited(text: &str, before: &Prefs, prefs: &Prefs, commands: &[&str]) -> Result<String, Fault> {
    parse(text, commands)?;
    let fault = |path: &str| Fault { path: path.to_owned(), line: 1, what: "is no section".to_owned() };
    let mut document: DocumentMut = text.parse().map_err(|_| fault(""))?;
    let fresh = document.get("gui").is_none();
    let gui = document.entry("gui").or_insert_with(|| Item::Table(Table::new()));
    let gui = gui.as_table_like_mut().ok_or_else(|| fault("gui"))?;
    if fresh {
        gui.insert("version", Item::Value(VERSION.into()));
    }
    let name = |known: &[(&'static str, ThemeChoice)]| known.iter().find(|(_, t)| *t == prefs.theme).map(|(n, _)| *n);
    let changes: [(&str, bool, Option<Value>); 8] = [
        ("theme", before.theme != prefs.theme, name(&THEMES).map(Value::from)),
        (
            "palette",
            before.palette != prefs.palette,
            PALETTES.iter().find(|(_, p)| *p == prefs.palette).map(|(n, _)| Value::from(*n)),
        ),
        ("scale", before.scale != prefs.scale, Some(rounded(f64::from(prefs.scale)).into())),
        ("digits", before.digits != prefs.digits, Some(i64::from(prefs.digits).into())),
        ("watch-interval", before.watch_secs != prefs.watch_secs, Some(prefs.watch_secs.into())),
        ("resume", before.resume != prefs.resume, Some(prefs.resume.into())),
        ("memory-mb", before.memory_mb != prefs.memory_mb, Some(i64::from(prefs.memory_mb).into())),
        ("cache-mb", before.cache_mb != prefs.cache_mb, Some(i64::from(prefs.cache_mb).into())),
    ];
    for (key, _, value) in changes.into_iter().filter(|(_, changed, _)| *changed) {
        if let Some(value) = value {
            set(gui, key, value);
        }
    }
    if before.keys != prefs.keys {
        let keys = gui.entry("keys").or_insert_with(|| Item::Table(Table::new()));
        let keys = keys.as_table_like_mut().ok_or_else(|| fault("gui.keys"))?;
        for id in before.keys.keys().filter(|id| !prefs.keys.contains_key(*id)) {
            keys.remove(id);
        }
        for (id, chord) in &prefs.keys {
            if before.keys.get(id) != Some(chord) {
                set(keys, id, chord.as_ref().map(ToString::to_string).unwrap_or_default().into());
            }
        }
    }
    if before.runs != prefs.runs {
        let runs = gui.entry("runs").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        let runs = runs.as_array_of_tables_mut().ok_or_else(|| fault("gui.runs"))?;
        let is = |table: &Table, name: &str| table.get("name").and_then(Item::as_str) == Some(name);
        let gone = |table: &Table| {
            let known = before.runs.iter().any(|preset| is(table, &preset.name));
            known && !prefs.runs.iter().any(|preset| is(table, &preset.name))
        };
        runs.retain(|table| !gone(table));
        for preset in &prefs.runs {
            if before.runs.contains(preset) {
                continue;
            }
            let at = runs.iter().position(|table| is(table, &preset.name));
            if let Some(table) = at.and_then(|at| runs.get_mut(at)) {
                write_run(table, preset);
            } else {
                let mut table = Table::new();
                write_run(&mut table, preset);
                runs.push(table);
            }
        }
    }
    Ok(document.to_string())
}

/// Sets a value; what stands around the old one stays.
fn set(table: &mut dyn TableLike, key: &str, mut value: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        None => {
            table.insert(key, Item::Value(value));
        }
    }
}

fn write_run(table: &mut Table, preset: &RunPreset) {
    let run = &preset.run;
    set(table, "name", preset.name.as_str().into());
    set(table, "test", run.test.as_str().into());
    set(table, "hosts", Value::Array(run.hosts.iter().map(String::as_str).collect()));
    set(table, "title", run.title.as_str().into());
    set(table, "length", run.length_secs.into());
    set(table, "delay", run.delay_secs.into());
    set(table, "step", run.step_secs.into());
    let mut params = InlineTable::new();
    for (key, value) in &run.params {
        params.insert(key, value.as_str().into());
    }
    set(table, "parameters", Value::InlineTable(params));
    set(table, "extended", run.extended.into());
    set(table, "redact", run.redact.into());
    match &run.key {
        Some(path) => set(table, "key", path.display().to_string().into()),
        None => {
            table.remove("key");
        }
    }
}

/// A number that came from single precision, as a person would write it.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const COMMANDS: [&str; 3] = ["save-figure", "fit", "link"];

    fn read(text: &str) -> (Prefs, Vec<String>) {
        let (prefs, faults) = parse(text, &COMMANDS).unwrap();
        (prefs, faults.iter().map(ToString::to_string).collect())
    }

    const FILE: &str = r#"# mine
[other]
a = 1 # stays

[gui]
version = 1
theme = "dark"   # at night
scale = 1.25
future = [1, 2]

[gui.keys]
fit = "F"
later-command = "Ctrl+J"
"#;

    #[test]
    fn what_is_wrong_is_named_by_path_and_line_and_the_rest_is_used() {
        let text = "[gui]\ntheme = \"blue\"\nscale = 9\nresume = \"yes\"\ndigits = 4\n[gui.keys]\nfit = \"Hyper+F\"\nnope = \"A\"\nlink = \"Ctrl+V\"\n[[gui.runs]]\nname = \"x\"\n";
        let (prefs, faults) = read(text);
        assert_eq!(prefs, Prefs { digits: 4, ..Prefs::default() });
        for (line, part) in [
            (2, "gui.theme: one of \"system\", \"light\", \"dark\""),
            (3, "gui.scale: a number from 0.75 to 2.5"),
            (4, "gui.resume: true or false"),
            (7, "gui.keys.fit: \"Hyper\" is no modifier"),
            (8, "gui.keys.nope: there is no such command"),
            (9, "gui.keys.link: Ctrl+V is the clipboard's"),
            (10, "gui.runs[0]: name and test are needed"),
        ] {
            assert!(
                faults.iter().any(|f| f.starts_with(&format!("line {line}: {part}"))),
                "{line} {part}: {faults:#?}"
            );
        }
        assert_eq!(faults.len(), 7, "{faults:#?}");
        let broken = parse("[gui]\nscale = = 1\n", &COMMANDS).unwrap_err();
        assert!(broken.line == 2 && broken.what.contains("not TOML"), "{broken}");
    }

    #[test]
    fn writing_changes_what_changed_and_nothing_else() {
        let (mut prefs, faults) = read(FILE);
        assert_eq!((prefs.theme, prefs.scale, faults.len()), (ThemeChoice::Dark, 1.25, 2), "{faults:?}");
        assert_eq!(edited(FILE, &read(FILE).0, &prefs, &COMMANDS).unwrap(), FILE);
        prefs.theme = ThemeChoice::Light;
        prefs.digits = 5;
        prefs.keys.clear();
        prefs.keys.insert("save-figure".to_owned(), None);
        let text = edited(FILE, &read(FILE).0, &prefs, &COMMANDS).unwrap();
        for kept in [
            "# mine",
            "a = 1 # stays",
            "theme = \"light\"   # at night",
            "future = [1, 2]",
            "later-command = \"Ctrl+J\"",
            "scale = 1.25",
        ] {
            assert!(text.contains(kept), "{kept} in\n{text}");
        }
        assert!(!text.contains("fit ="), "{text}");
        assert_eq!(read(&text).0, prefs);
    }

    #[test]
    fn a_fresh_file_holds_what_differs_from_the_defaults() {
        let mut prefs = Prefs { resume: true, ..Prefs::default() };
        let run = RunRequest {
            test: "rrul".into(),
            hosts: vec!["a".into(), "b:6000".into()],
            params: vec![("tcp_cong_control".into(), "cubic".into())],
            redact: true,
            key: Some("/k".into()),
            ..RunRequest::default()
        };
        prefs.save_run("office", &run);
        let text = edited("", &Prefs::default(), &prefs, &COMMANDS).unwrap();
        assert!(text.contains("version = 1") && text.contains("resume = true") && !text.contains("scale"), "{text}");
        assert_eq!(read(&text), (prefs.clone(), Vec::new()));
        // The preset that is gone leaves the others as they are.
        let mut before = prefs.clone();
        prefs.save_run("home", &run);
        let both = edited(&text, &before, &prefs, &COMMANDS).unwrap();
        before = prefs.clone();
        prefs.runs.remove(0);
        let one = edited(&both, &before, &prefs, &COMMANDS).unwrap();
        assert_eq!(read(&one).0.runs.len(), 1);
        assert!(one.contains("home") && !one.contains("office"), "{one}");
    }

    #[test]
    fn what_another_window_wrote_since_stays() {
        let run = RunRequest { test: "rrul".into(), ..RunRequest::default() };
        let mut theirs = Prefs { digits: 7, ..Prefs::default() };
        theirs.save_run("theirs", &run);
        theirs.keys.insert("fit".to_owned(), None);
        let text = edited("", &Prefs::default(), &theirs, &COMMANDS).unwrap();
        // A window that began with an empty file saves a run and chooses a theme.
        let mut ours = Prefs { theme: ThemeChoice::Dark, ..Prefs::default() };
        ours.save_run("ours", &run);
        let both = read(&edited(&text, &Prefs::default(), &ours, &COMMANDS).unwrap()).0;
        let names: Vec<&str> = both.runs.iter().map(|preset| preset.name.as_str()).collect();
        assert_eq!((both.digits, both.theme, names), (7, ThemeChoice::Dark, vec!["theirs", "ours"]));
        assert_eq!(both.keys.get("fit"), Some(&None));
        // And takes its own run away again.
        let without = read(&edited(&text, &ours, &Prefs::default(), &COMMANDS).unwrap()).0;
        assert_eq!(without.runs[0].name, "theirs");
    }
}
