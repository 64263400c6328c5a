//! What Flent prints (`flent -f …`), character by character, for scripts that read it.
//!
//! The same text as Flent 2.3.0 of the same files, its surprises included, with the exceptions that
//! `docs/differences-from-flent.md` lists under "Text": columns have a fixed order (Flent's is random in each run), and
//! nothing crashes. The surprises are why these are not our own tables: those are in [`super::write_csv`].

mod metadata;
mod numbers;
mod python;
mod stats;
mod summary;
mod table;

use std::str::FromStr;

use fa_catalog::{Expanded, SeriesSource};
use indexmap::IndexSet;
use jiff::tz::TimeZone;

use crate::cutoff::Cutoff;
use crate::run::Run;

/// Which of Flent's text formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlentText {
    /// `-f stats`: nine statistics of every series, one per line.
    Stats,
    /// `-f stats_csv`: the same, one row per series.
    StatsCsv,
    /// `-f csv`: the time grid, one column per series and file.
    Csv,
    /// `-f org_table`: the same as an Org mode table, two decimals.
    Org,
    /// `-f metadata`: the metadata of all files, a JSON list.
    Metadata,
    /// `-f summary`, Flent's default: mean, median, 99th percentile.
    Summary,
}

impl FlentText {
    /// All of them with the names they have in `--compat`.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("flent-stats", Self::Stats),
        ("flent-stats-csv", Self::StatsCsv),
        ("flent-csv", Self::Csv),
        ("flent-org", Self::Org),
        ("flent-metadata", Self::Metadata),
        ("flent-summary", Self::Summary),
    ];
}

/// A format that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no format `{0}`: use flent-stats, flent-stats-csv, flent-csv, flent-org, flent-metadata or flent-summary"
)]
pub struct UnknownFormat(pub String);

impl FromStr for FlentText {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, format)| *format).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// A run to print, and the test that says its units.
struct FlentRun<'a> {
    run: &'a Run<'a>,
    expanded: &'a Expanded,
}

/// Choices of the user.
#[derive(Debug, Clone)]
pub struct FlentOptions {
    /// Part of each run that counts in statistics (`--data-cutoff`); tables and metadata are always whole.
    pub cutoff: Option<Cutoff>,
    /// Zone of the times in summaries and column heads.
    pub zone: TimeZone,
}

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
pub enum FlentTextError {
    /// One table has one time grid.
    #[error(
        "row {row}: x is {first} in the first file and {other} in {file}: files with different steps do not fit into one \
         table; export them one by one, or use the table `samples`"
    )]
    Grids {
        /// Row of the table, from 1.
        row: usize,
        /// x of the first file, seconds.
        first: f64,
        /// x of the other file, seconds.
        other: f64,
        /// The other file.
        file: String,
    },
    /// The text could not be made up.
    #[error("cannot write the table: {0}")]
    Csv(#[from] csv::Error),
}

/// The text of runs, in their order; what a file would hold, line ends included (CRLF in the CSV formats).
///
/// `expanded` is the test of the first run: Flent takes units, and which series to compute, from that one for all.
///
/// # Errors
/// [`FlentTextError::Grids`] where several files do not share a grid (`Csv` and `Org`).
///
/// ```
/// use fa_analyze::export::flent::{FlentOptions, FlentText, flent_text};
/// use fa_analyze::run::Run;
/// use fa_catalog::{Catalog, Setup};
/// use fa_format::{DataSet, Metadata, RawSeries};
///
/// let mut set = DataSet { metadata: Metadata::for_new_run("ping"), x_values: vec![0.0, 0.2], ..DataSet::default() };
/// set.series.insert("Ping (ms) ICMP".to_owned(), vec![10.5, fa_format::MISSING]);
/// set.raw.insert("Ping (ms) ICMP", RawSeries::builder().finish());
/// let test = Catalog::builtin().expand(&Setup::new("ping", &["example.net"]))?;
/// let options = FlentOptions { cutoff: None, zone: jiff::tz::TimeZone::UTC };
/// let csv = flent_text(FlentText::Csv, &[Run::new(&set, &test)], &test, &options)?;
/// assert_eq!(csv, "ping,Ping (ms) ICMP\r\n0.0,10.5\r\n0.2,\r\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn flent_text(
    format: FlentText,
    runs: &[Run],
    expanded: &Expanded,
    options: &FlentOptions,
) -> Result<String, FlentTextError> {
    let runs: Vec<FlentRun> = runs.iter().map(|run| FlentRun { run, expanded }).collect();
    let runs = runs.as_slice();
    match format {
        FlentText::Stats => Ok(stats::lines(runs, options)),
        FlentText::StatsCsv => Ok(stats::csv(runs, options)?),
        FlentText::Csv => table::csv(runs, options),
        FlentText::Org => table::org(runs, options),
        FlentText::Metadata => Ok(metadata::list(runs)),
        FlentText::Summary => Ok(summary::summary(runs, options)),
    }
}

impl FlentRun<'_> {
    /// Names of all series: those of the file, then what the test computes and the file lacks. Flent has the latter even
    /// where the file has nothing to compute them from, without a single value.
    fn series(&self) -> impl Iterator<Item = &str> {
        self.run.set().series.keys().map(String::as_str).chain(self.late_series())
    }

    /// Series that the test computes and the file lacks, in definition order.
    fn late_series(&self) -> impl Iterator<Item = &str> {
        let computed = self.expanded.series.values().filter(|def| matches!(def.source, SeriesSource::Computed(_)));
        computed.map(|def| def.name.as_str()).filter(|name| !self.run.set().series.contains_key(*name))
    }

    /// [`FlentRun::series`] in the order of their characters, as Flent sorts them.
    fn sorted_series(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.series().collect();
        names.sort_unstable();
        names
    }

    /// The unit that the test gives a series; nothing for children that it does not name.
    fn unit(&self, series: &str) -> &str {
        self.expanded.series.get(series).map_or("", |def| def.units.as_str())
    }

    /// The unit that the file gives a series, else the test's.
    fn recorded_unit(&self, series: &str) -> &str {
        let recorded = self.run.set().metadata.series_meta(series).and_then(|meta| meta.get("UNITS")?.as_str());
        // A series computed on opening the file has the unit of its sources, if it is one.
        let of_sources = || match self.units_of_sources(series).as_slice() {
            [unit] => Some(*unit),
            _ => None,
        };
        recorded.or_else(of_sources).unwrap_or_else(|| self.unit(series))
    }

    /// The units that the file gives the sources of a series computed on opening it, each once.
    fn units_of_sources(&self, series: &str) -> Vec<&str> {
        let sources = self.run.computed_from(series).map_or(&[][..], |(_, sources)| sources);
        let metadata = &self.run.set().metadata;
        let units = sources.iter().filter_map(|source| metadata.series_meta(source)?.get("UNITS")?.as_str());
        units.collect::<IndexSet<_>>().into_iter().collect()
    }

    /// Start of the run as Python prints a time without zone: UTC, no fraction where it is zero.
    fn time(&self) -> String {
        let text = self.run.set().metadata.get("TIME").and_then(|v| v.as_str()).unwrap_or("None");
        let text = text.replacen('T', " ", 1);
        let text = text.strip_suffix('Z').unwrap_or(&text);
        text.strip_suffix(".000000").unwrap_or(text).to_owned()
    }

    /// [`FlentRun::time`] and the title, where there is one.
    fn time_and_title(&self) -> String {
        match self.run.set().metadata.title() {
            "" => self.time(),
            title => format!("{} - {title}", self.time()),
        }
    }
}

fn csv_text(rows: impl Iterator<Item = Vec<String>>) -> Result<String, csv::Error> {
    let mut to = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    for row in rows {
        to.write_record(&row)?;
    }
    let bytes = to.into_inner().map_err(|e| csv::Error::from(std::io::Error::other(e.to_string())))?;
    // Made of strings.
    Ok(String::from_utf8(bytes).unwrap_or_default())
}
