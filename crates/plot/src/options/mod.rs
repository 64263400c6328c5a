//! The figure options: one table with everything there is to know about each, and the typed settings it fills.
//!
//! The command line builds its arguments from [`OPTIONS`], the viewer its panel; [`FigureOptions::to_args`] writes the
//! settings back as arguments, and reading those gives the same settings again. Names are Flent's.

mod table;

use std::fmt::Write as _;

pub use table::OPTIONS;

use crate::colour::Rgb;
use crate::layout::Zoom;
use crate::page::PageSize;

/// What a figure shows and how, all of it optional.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FigureOptions {
    /// x axis labels, n-th for the n-th axis; the last one repeats.
    pub label_x: Vec<String>,
    /// y axis labels, n-th for the n-th axis; the last one repeats.
    pub label_y: Vec<String>,
    /// Turn latency axes over, so that better is up.
    pub invert_latency_y: bool,
    /// Start y axes at 0.
    pub zero_y: bool,
    /// Logarithmic axis for the values.
    pub log_scale_y: Option<LogBase>,
    /// Limits of x axes, n-th for the n-th axis.
    pub bounds_x: Vec<Bounds>,
    /// Limits of y axes, n-th for the n-th axis.
    pub bounds_y: Vec<Bounds>,
    /// Only the first file is drawn, the others widen the axes.
    pub scale_mode: bool,
    /// Files that widen the axes without being drawn.
    pub scale_data: Vec<String>,
    /// Divisors of the series, cycled over them.
    pub norm_factor: Vec<f64>,
    /// Part of the run that counts, seconds: from, to (0 or less: from the end).
    pub data_cutoff: Option<(f64, f64)>,
    /// Series that are left out, by name.
    pub filter_series: Vec<String>,
    /// Marks that are not drawn while everything else stays as it is.
    pub hide_series: Vec<Hidden>,
    /// Series whose legend entries come first, in this order: names, patterns or roles.
    pub series_order: Vec<String>,
    /// Parts of the axes to show, in place of what limits and bounds say.
    pub zoom: Vec<Zoom>,
    /// Series that are drawn: names, patterns or roles; empty: the plot's own.
    pub series: Vec<String>,
    /// Series on the x axis of a scatter plot: name, pattern or role.
    pub x_series: Option<String>,
    /// Series on the y axis of a scatter plot: names, patterns or roles.
    pub y_series: Vec<String>,
    /// Bins of a histogram.
    pub bins: Option<u32>,
    /// Smoothed lines as Flent draws them, sagging ends and wide gaps included.
    pub flent_smoothing: bool,
    /// Bars of missing series take no room.
    pub skip_missing_series: bool,
    /// Files are one run after the other.
    pub concatenate: bool,
    /// x is wall-clock time.
    pub absolute_time: bool,
    /// One panel per file.
    pub subplot_combine: bool,
    /// Names of the groups into which box and bar plots divide the files.
    pub split_group: Vec<String>,
    /// How combining plots group files, in place of the plot's own rule.
    pub override_group_by: Option<String>,
    /// Folder in which each combined group of files is stored.
    pub combine_save_dir: Option<String>,
    /// What colours stand for where several files and series are drawn.
    pub colour_by: Option<ColourBy>,
    /// What colours stand for in bar plots.
    pub override_colour_mode: Option<ColourMode>,
    /// Group titles without their number of files.
    pub no_print_n: bool,
    /// No line with hosts, time and length.
    pub no_annotation: bool,
    /// A note in the lower left corner.
    pub figure_note: Option<String>,
    /// No title.
    pub no_title: bool,
    /// A title of one's own; wins over `no_title`.
    pub override_title: Option<String>,
    /// No file labels on the ticks of box and bar plots.
    pub no_labels: bool,
    /// Files do not differ by markers once dashes are used up.
    pub no_markers: bool,
    /// Names of the files (and series), n-th for the n-th.
    pub override_label: Vec<String>,
    /// No legend.
    pub no_legend: bool,
    /// Legend below the figure.
    pub horizontal_legend: bool,
    /// Heading of the legend.
    pub legend_title: Option<String>,
    /// Legend inside the data area, at this place.
    pub legend_placement: Option<String>,
    /// Columns of the legend.
    pub legend_columns: Option<u32>,
    /// Legend from last to first.
    pub reverse_legend: bool,
    /// What all labels have in common is dropped.
    pub filter_legend: bool,
    /// Texts replaced in labels.
    pub replace_legend: Vec<(String, String)>,
    /// Regular expressions whose matches are dropped from labels and group names.
    pub filter_regexp: Vec<String>,
    /// Colours, sizes and weights as a whole.
    pub theme: ThemeName,
    /// Colours in place of the theme's.
    pub colours: Vec<Rgb>,
    /// Inches.
    pub figure_width: Option<f64>,
    /// Inches.
    pub figure_height: Option<f64>,
    /// Dots per inch of raster images.
    pub figure_dpi: Option<f64>,
}

/// Base of a logarithmic axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogBase {
    /// Powers of two.
    Two,
    /// Powers of ten.
    Ten,
}

/// What colours stand for; patterns then stand for the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourBy {
    /// Files (or groups of files).
    File,
    /// Series.
    Series,
}

/// What colours stand for in bar plots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourMode {
    /// One colour for all bars of a series.
    Groups,
    /// One colour for each bar within a series.
    Series,
}

/// Which theme a figure has; [`crate::theme::Theme`] holds what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// Dark on white.
    #[default]
    Light,
    /// Light on dark.
    Dark,
    /// For print.
    Paper,
}

impl ThemeName {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 3] = [("light", Self::Light), ("dark", Self::Dark), ("paper", Self::Paper)];

    /// As `--theme` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Paper => "paper",
        }
    }
}

/// Limits of an axis; `None` leaves that end alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Left or bottom.
    pub lower: Option<f64>,
    /// Right or top.
    pub upper: Option<f64>,
}

/// Marks that are not drawn: a series in all files or in one, or all series of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hidden {
    /// Index of the file; `None`: in all files.
    pub file: Option<usize>,
    /// Series name; `None`: all series.
    pub series: Option<String>,
}

impl Hidden {
    /// Whether this hides a mark of a series of a file.
    pub fn hides(&self, series: &str, file: usize) -> bool {
        self.file.is_none_or(|f| f == file) && self.series.as_deref().is_none_or(|s| s == series)
    }
}

impl std::fmt::Display for Hidden {
    /// `2:TCP upload` (files are counted from 1), `2:*`, `*:TCP upload`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.file {
            Some(file) => write!(f, "{}:", file + 1)?,
            None => f.write_str("*:")?,
        }
        f.write_str(self.series.as_deref().unwrap_or("*"))
    }
}

impl std::str::FromStr for Hidden {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (file, series) = text.split_once(':').ok_or("takes FILE:SERIES, with * for all of them")?;
        let file = match file {
            "*" => None,
            n => Some(n.parse::<usize>().ok().filter(|n| *n > 0).ok_or("files are counted from 1")? - 1),
        };
        Ok(Self { file, series: (series != "*").then(|| series.to_owned()) })
    }
}

/// Heading under which an option is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OptionGroup {
    /// Labels, limits, scales.
    Axes,
    /// Which numbers are drawn.
    Series,
    /// Several files in one figure.
    Files,
    /// The legend and the labels in it.
    Legend,
    /// Titles and notes.
    Text,
    /// Colours and size.
    Figure,
}

impl OptionGroup {
    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Axes => "Axes",
            Self::Series => "Series",
            Self::Files => "Several files",
            Self::Legend => "Legend",
            Self::Text => "Text",
            Self::Figure => "Figure",
        }
    }
}

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionKind {
    /// Nothing: given or not.
    Flag,
    /// Any text.
    Text,
    /// A number; may begin with a minus.
    Number,
    /// A whole number above 0.
    Count,
    /// `a,b`, `a,` or `b`; may begin with a minus.
    Bounds,
    /// `a,b`; may begin with a minus.
    Pair,
    /// One of these.
    Choice(&'static [&'static str]),
    /// `from=to`.
    Replacement,
    /// A regular expression.
    Regexp,
    /// `FILE:SERIES`.
    Hidden,
    /// `PANEL[.AXES]:X0,X1,Y0,Y1`.
    Zoom,
    /// Colours with commas between.
    Colours,
    /// A data file.
    File,
}

impl OptionKind {
    /// Whether a value may begin with a minus and still is a value.
    pub fn may_begin_with_minus(self) -> bool {
        matches!(self, Self::Number | Self::Bounds | Self::Pair | Self::Regexp | Self::Text | Self::Replacement)
    }
}

/// One row of the table.
pub struct OptionSpec {
    /// Name without dashes, Flent's.
    pub name: &'static str,
    /// Other names for the same.
    pub aliases: &'static [&'static str],
    /// One-letter name.
    pub short: Option<char>,
    /// Heading.
    pub group: OptionGroup,
    /// What it takes.
    pub kind: OptionKind,
    /// What holds when it is not given, as a person would say it.
    pub default: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// May be given several times, each adding to a list.
    pub repeatable: bool,
    read: fn(&mut FigureOptions, &str) -> Result<(), String>,
    write: fn(&FigureOptions) -> Vec<String>,
}

impl std::fmt::Debug for OptionSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OptionSpec").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// An option that does not exist, or a value it cannot take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// No such option.
    #[error("there is no figure option --{0}")]
    Unknown(String),
    /// The value does not fit.
    #[error("--{name} {value}: {why}")]
    Value {
        /// The option.
        name: &'static str,
        /// What was given.
        value: String,
        /// What it should have been.
        why: String,
    },
}

/// Places inside the data area for `--legend-placement`.
pub const LEGEND_PLACES: &[&str] = &[
    "best",
    "upper right",
    "upper left",
    "lower left",
    "lower right",
    "right",
    "center left",
    "center right",
    "lower center",
    "upper center",
    "center",
];

/// The rules by which combining plots group files.
pub const GROUP_BY: &[&str] =
    &["groups", "groups_points", "groups_concat", "series", "both", "batch", "batch_concat", "batch_series"];

impl FigureOptions {
    /// Sets one option by its name or alias. A flag takes an empty value, `true` or `false`; a repeatable option adds.
    ///
    /// # Errors
    /// The option does not exist or cannot take the value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        let spec = find(name).ok_or_else(|| OptionError::Unknown(name.to_owned()))?;
        (spec.read)(self, value).map_err(|why| OptionError::Value { name: spec.name, value: value.to_owned(), why })
    }

    /// Options from names and values, in order.
    ///
    /// ```
    /// use fa_plot::options::FigureOptions;
    /// let options = FigureOptions::from_pairs([("bounds-y", "-5,50"), ("zero-y", "")])?;
    /// assert_eq!(options.to_args(), ["--zero-y", "--bounds-y=-5,50"]);
    /// # Ok::<(), fa_plot::options::OptionError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, OptionError> {
        let mut options = Self::default();
        for (name, value) in pairs {
            options.set(name, value)?;
        }
        Ok(options)
    }

    /// What differs from the defaults, as names and values in the table's order; a flag's value is empty.
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        OPTIONS.iter().flat_map(|spec| (spec.write)(self).into_iter().map(|value| (spec.name, value))).collect()
    }

    /// Size of the figure, and dots per inch of raster images, asked for or usual for the theme.
    ///
    /// ```
    /// use fa_plot::options::FigureOptions;
    /// let (size, dpi) = FigureOptions::from_pairs([("figure-width", "4")])?.size();
    /// assert_eq!((size.width_pt, size.height_pt, dpi), (288.0, 360.0, 100.0));
    /// # Ok::<(), fa_plot::options::OptionError>(())
    /// ```
    pub fn size(&self) -> (PageSize, f32) {
        let (width, height, dpi) = match self.theme {
            ThemeName::Light | ThemeName::Dark => (8.0, 5.0, 100.0),
            // The text width of most papers; at 300 dots a line of 0.8 points is smooth.
            ThemeName::Paper => (6.0, 3.75, 300.0),
        };
        let or = |own: Option<f64>, usual: f32| own.map_or(usual, |v| v as f32);
        (PageSize::inches(or(self.figure_width, width), or(self.figure_height, height)), or(self.figure_dpi, dpi))
    }

    /// The same as command line arguments.
    pub fn to_args(&self) -> Vec<String> {
        let arg = |(name, value): (&str, String)| {
            let mut arg = format!("--{name}");
            if find(name).is_some_and(|spec| spec.kind != OptionKind::Flag) {
                let _ = write!(arg, "={value}");
            }
            arg
        };
        self.to_pairs().into_iter().map(arg).collect()
    }
}

/// The row of an option, by name or alias.
pub fn find(name: &str) -> Option<&'static OptionSpec> {
    OPTIONS.iter().find(|spec| spec.name == name || spec.aliases.contains(&name))
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(lower) = self.lower {
            write!(f, "{lower},")?;
        }
        self.upper.map_or(Ok(()), |upper| write!(f, "{upper}"))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// A value that each kind of option accepts; two where lists can show that they append.
    fn examples(spec: &OptionSpec) -> Vec<&'static str> {
        match spec.kind {
            OptionKind::Flag => vec![""],
            OptionKind::Text | OptionKind::File => vec!["a,b = c", "-x"],
            OptionKind::Number => vec!["2.5", "0.125"],
            OptionKind::Count => vec!["3"],
            OptionKind::Bounds => vec!["-5,50", "3,", "7.5", "-1"],
            OptionKind::Pair => vec!["5,-5"],
            OptionKind::Choice(choices) => vec![choices[choices.len() - 1]],
            OptionKind::Replacement => vec!["a=b=c", "-x="],
            OptionKind::Regexp => vec!["-0[0-9]", "a,b"],
            OptionKind::Colours => vec!["#010203,black"],
            OptionKind::Hidden => vec!["*:a: b", "2:*"],
            OptionKind::Zoom => vec!["1:1,2.5,,", "2.2:,,-3,4"],
        }
    }

    #[test]
    fn arguments_to_options_to_arguments_is_a_fixpoint() {
        for spec in OPTIONS.iter().filter(|spec| spec.name != "log-scale") {
            let mut values = examples(spec);
            if !spec.repeatable {
                values.truncate(1);
            }
            let options = FigureOptions::from_pairs(values.iter().map(|v| (spec.name, *v))).unwrap();
            assert_ne!(options, FigureOptions::default(), "--{} is parsed and ignored", spec.name);
            let pairs = options.to_pairs();
            assert_eq!(pairs.len(), values.len(), "--{}", spec.name);
            let again = FigureOptions::from_pairs(pairs.iter().map(|(n, v)| (*n, v.as_str()))).unwrap();
            assert_eq!(again, options, "--{}", spec.name);
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> =
            OPTIONS.iter().flat_map(|s| std::iter::once(s.name).chain(s.aliases.iter().copied())).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        let mut shorts: Vec<char> = OPTIONS.iter().filter_map(|s| s.short).collect();
        let all = shorts.len();
        shorts.sort_unstable();
        shorts.dedup();
        assert_eq!(shorts.len(), all);
    }

    #[test]
    fn one_number_is_an_upper_bound() {
        let options = FigureOptions::from_pairs([("bounds-y", "50"), ("bounds-y", "-5,"), ("bounds-x", ",9")]).unwrap();
        assert_eq!(
            options.bounds_y,
            [Bounds { lower: None, upper: Some(50.0) }, Bounds { lower: Some(-5.0), upper: None }]
        );
        assert_eq!(options.bounds_x, [Bounds { lower: None, upper: Some(9.0) }]);
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        for (name, value) in [
            ("bounds-y", "a"),
            ("bounds-y", ","),
            ("bounds-x", "5,5"),
            ("data-cutoff", "5"),
            ("norm-factor", "0"),
            ("norm-factor", "nan"),
            ("legend-columns", "0"),
            ("figure-dpi", "-1"),
            ("filter-regexp", "("),
            ("replace-legend", "x"),
            ("override-group-by", "size"),
            ("colours", "#12,black"),
            ("zero-y", "maybe"),
            ("hide-series", "a"),
            ("hide-series", "0:a"),
            ("zoom", "1:1,2"),
            ("zoom", "1:,,,"),
            ("zoom", "1:3,3,,"),
            ("zoom", "0:1,2,,"),
        ] {
            let error = FigureOptions::default().set(name, value).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
        assert_eq!(FigureOptions::default().set("zeroy", ""), Err(OptionError::Unknown("zeroy".to_owned())));
    }

    #[test]
    fn a_comma_inside_one_value_does_not_split_it() {
        let options = FigureOptions::from_pairs([("override-label", "A,B"), ("override-label", "C")]).unwrap();
        assert_eq!(options.override_label, ["A,B", "C"]);
    }
}
