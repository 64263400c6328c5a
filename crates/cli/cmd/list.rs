//! `fa list`: tests, and the plots and series of a test or a data file.

use std::path::Path;

use fa_analyze::run::Run;
use fa_catalog::{Catalog, Expanded, SeriesSource, Setup};
use fa_format::{DataSet, ReadOptions};
use fa_plot::resolve::{Drawable, GENERAL_PLOTS, drawable};
use serde_json::{Value, json};

use crate::args::{ListArgs, Listing};
use crate::failure::{Code, Failure, Outcome};
use crate::output::{self, Console};
use crate::{catalog, figure, inputs};

/// One thing to list: name, a word of kind, and a line of text.
struct Row {
    name: String,
    kind: String,
    text: String,
    more: Value,
}

pub(crate) fn run(args: &ListArgs, console: Console) -> Outcome {
    let catalog = catalog::load(&args.catalog)?;
    let rows = match (args.what, &args.of) {
        (None, _) => listings(),
        (Some(Listing::Tests), None) => tests(&catalog),
        (Some(Listing::Tests), Some(of)) => {
            return Err(Failure::usage(format!("`fa list tests` takes no further argument, got {of:?}"))
                .hint("`fa list plots TEST|FILE` and `fa list series TEST|FILE` do"));
        }
        (Some(what), None) => {
            let name = if what == Listing::Plots { "plots" } else { "series" };
            return Err(Failure::usage(format!("of which test or file? `fa list {name} TEST|FILE`"))
                .hint("`fa list tests` names all tests"));
        }
        (Some(what), Some(of)) => {
            let (expanded, set) = subject(of, &catalog, console)?;
            for note in &expanded.notes {
                console.note(note);
            }
            if what == Listing::Plots { plots(&expanded, set.as_ref()) } else { series(&expanded, set.as_ref()) }
        }
    };
    let text =
        if args.json { format!("{:#}\n", Value::Array(rows.iter().map(object).collect())) } else { table(&rows) };
    output::print(text.as_bytes()).map(|()| Code::Ok)
}

/// What can be listed, with the command that does.
fn listings() -> Vec<Row> {
    let row = |(name, text): (&str, &str)| Row {
        name: format!("fa list {name}"),
        kind: String::new(),
        text: text.to_owned(),
        more: Value::Null,
    };
    [
        ("tests", "tests that can be measured or whose files can be plotted"),
        ("plots TEST|FILE", "plots of a test; of a file with what it lacks for each"),
        ("series TEST|FILE", "series of a test; of a file with those that it holds"),
    ]
    .map(row)
    .into()
}

fn tests(catalog: &Catalog) -> Vec<Row> {
    let row = |test: fa_catalog::TestSummary| Row {
        more: json!({ "default_plot": test.default_plot, "needs": test.needs, "hosts": test.hosts }),
        kind: String::new(),
        name: test.name,
        text: test.purpose,
    };
    catalog.tests().into_iter().map(row).collect()
}

/// The test of that name, or the test of a file with what the file says about it.
fn subject(of: &str, catalog: &Catalog, console: Console) -> Result<(Expanded, Option<DataSet>), Failure> {
    if Path::new(of).is_file() || of == "-" {
        let paths = inputs::expand(&[of.to_owned()], console)?;
        let set = inputs::load(&paths, &ReadOptions::default(), console)?.sets.remove(0);
        return Ok((figure::expand(catalog, &set, None)?, Some(set)));
    }
    let expanded = catalog.expand(&Setup::new(of, &["HOST"])).map_err(|e| {
        Failure::usage(e).hint(format!("{of:?} is neither a file here nor a test; `fa list tests` names all tests"))
    })?;
    Ok((expanded, None))
}

fn plots(expanded: &Expanded, set: Option<&DataSet>) -> Vec<Row> {
    let can: Vec<(String, Drawable)> = set.map_or_else(Vec::new, |set| drawable(&Run::new(set, expanded), expanded));
    let own = expanded.plots.values().map(|plot| {
        // The catalogue's own spelling of the type, as in files and in the JSON of a figure.
        let kind = serde_json::to_value(plot.kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        let mut more = json!({ "default": plot.name == expanded.default_plot });
        let mut text = plot.text.clone();
        if let Some((_, can)) = can.iter().find(|(name, _)| *name == plot.name) {
            more["drawable"] = can.drawable.into();
            more["missing"] = can.missing.clone().into();
            text.push_str(&lacks(can));
        }
        Row { name: plot.name.clone(), text, more, kind }
    });
    let general = GENERAL_PLOTS.iter().filter(|plot| !expanded.plots.contains_key(plot.name)).map(|plot| {
        let mut more = json!({ "default": false, "general": true });
        let mut text = plot.text.to_owned();
        if let Some((_, can)) = can.iter().find(|(name, _)| name == plot.name) {
            more["drawable"] = can.drawable.into();
            more["missing"] = json!([]);
            if !can.drawable {
                text.push_str("  (cannot be drawn from this file: it has no such series)");
            }
        }
        Row { name: plot.name.to_owned(), kind: "any series".to_owned(), text, more }
    });
    own.chain(general).collect()
}

/// Series named in full; the JSON form has all of them.
const NAMED: usize = 3;

/// What a file lacks of a plot, behind its text.
fn lacks(can: &Drawable) -> String {
    let names = can.missing.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = match can.missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match (can.drawable, can.missing.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("  (without {names}{more})"),
        (false, true) => "  (cannot be drawn from this file: the test has none of its series)".to_owned(),
        (false, false) => format!("  (cannot be drawn from this file: it lacks {names}{more})"),
    }
}

fn series(expanded: &Expanded, set: Option<&DataSet>) -> Vec<Row> {
    let defined = expanded.series.values().map(|series| {
        let source = match &series.source {
            SeriesSource::Flow(_) => "flow",
            SeriesSource::Probe(_) => "probe",
            SeriesSource::Computed(_) => "computed",
            SeriesSource::Null => "parent",
            SeriesSource::Other { .. } => "collector",
        };
        let in_file = set.map(|set| set.series.contains_key(&series.name) || set.raw.contains(&series.name));
        let absent = if in_file == Some(false) { "  (not in this file)" } else { "" };
        Row {
            name: series.name.clone(),
            kind: source.to_owned(),
            text: format!("{}{absent}", series.units),
            more: json!({ "units": series.units, "role": series.role, "runner": series.runner, "in_file": in_file }),
        }
    });
    let only_in_file =
        set.into_iter().flat_map(|set| set.series.keys()).filter(|name| !expanded.series.contains_key(*name));
    let extra = only_in_file.map(|name| Row {
        name: name.clone(),
        kind: "file only".to_owned(),
        text: String::new(),
        more: json!({ "in_file": true }),
    });
    defined.chain(extra).collect()
}

fn object(row: &Row) -> Value {
    let mut object = json!({ "name": row.name });
    if let Value::Object(map) = &mut object {
        for (key, value) in [("type", &row.kind), ("text", &row.text)] {
            if !value.is_empty() {
                map.insert(key.to_owned(), json!(value.trim()));
            }
        }
        if let Value::Object(more) = &row.more {
            map.extend(more.clone());
        }
    }
    object
}

fn table(rows: &[Row]) -> String {
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0);
    let (name, kind) = (width(|row| &row.name), width(|row| &row.kind));
    let line = |row: &Row| {
        let kind = if kind == 0 { String::new() } else { format!("{:kind$}  ", row.kind) };
        format!("{:name$}  {kind}{}", row.name, row.text).trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
