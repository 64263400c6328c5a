//! The figure options: one table with everything there is to know about each, and the typed settings it fills.
//!
//! The command line builds its arguments from [`OPTIONS`], the viewer its panel; [`FigureOptions::to_args`] writes the
//! settings back as arguments, and reading those gives the same settings again. Names are Flent's.

use std::fmt::Write as _;

use crate::colour::Rgb;

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

/// What colours stand for in bar plots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourMode {
    /// One colour for all bars of a series.
    Groups,
    /// One colour for each bar within a series.
    Series,
}

/// Limits of an axis; `None` leaves that end alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Left or bottom.
    pub lower: Option<f64>,
    /// Right or top.
    pub upper: Option<f64>,
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

fn flag(text: &str) -> Result<bool, String> {
    match text {
        "" | "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("takes no value".to_owned()),
    }
}

fn number(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(n) if n.is_finite() => Ok(n),
        _ => Err(format!("`{text}` is not a number")),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    number(text).and_then(|n| if n > 0.0 { Ok(n) } else { Err("must be above 0".to_owned()) })
}

fn pair(text: &str) -> Result<(f64, f64), String> {
    let (a, b) = text.split_once(',').ok_or("takes two numbers with a comma between, for example 5,-5")?;
    Ok((number(a)?, number(b)?))
}

fn bounds(text: &str) -> Result<Bounds, String> {
    let end = |text: &str| if text.trim().is_empty() { Ok(None) } else { number(text).map(Some) };
    let (lower, upper) = match text.split_once(',') {
        Some((lower, upper)) => (end(lower)?, end(upper)?),
        None => (None, Some(number(text)?)),
    };
    match (lower, upper) {
        (None, None) => Err("takes an upper limit, or lower,upper".to_owned()),
        (Some(lower), Some(upper)) if lower >= upper => Err(format!("{lower} is not below {upper}")),
        _ => Ok(Bounds { lower, upper }),
    }
}

fn one_of(text: &str, choices: &[&str]) -> Result<String, String> {
    if choices.contains(&text) { Ok(text.to_owned()) } else { Err(format!("must be one of: {}", choices.join(", "))) }
}

fn given(on: bool) -> Vec<String> {
    if on { vec![String::new()] } else { Vec::new() }
}

fn shown<T: ToString>(value: Option<&T>) -> Vec<String> {
    value.map(ToString::to_string).into_iter().collect()
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(lower) = self.lower {
            write!(f, "{lower},")?;
        }
        self.upper.map_or(Ok(()), |upper| write!(f, "{upper}"))
    }
}

macro_rules! flag_option {
    ($field:ident, $name:literal, $short:expr, $group:ident, $help:literal) => {
        OptionSpec {
            name: $name,
            aliases: &[],
            short: $short,
            group: OptionGroup::$group,
            kind: OptionKind::Flag,
            default: "off",
            help: $help,
            repeatable: false,
            read: |o, v| flag(v).map(|on| o.$field = on),
            write: |o| given(o.$field),
        }
    };
}

macro_rules! text_list {
    ($field:ident, $name:literal, $kind:ident, $group:ident, $default:literal, $help:literal) => {
        OptionSpec {
            name: $name,
            aliases: &[],
            short: None,
            group: OptionGroup::$group,
            kind: OptionKind::$kind,
            default: $default,
            help: $help,
            repeatable: true,
            read: |o, v| {
                o.$field.push(v.to_owned());
                Ok(())
            },
            write: |o| o.$field.clone(),
        }
    };
}

macro_rules! text_option {
    ($field:ident, $name:literal, $aliases:expr, $group:ident, $default:literal, $help:literal) => {
        OptionSpec {
            name: $name,
            aliases: $aliases,
            short: None,
            group: OptionGroup::$group,
            kind: OptionKind::Text,
            default: $default,
            help: $help,
            repeatable: false,
            read: |o, v| {
                o.$field = Some(v.to_owned());
                Ok(())
            },
            write: |o| shown(o.$field.as_ref()),
        }
    };
}

macro_rules! size_option {
    ($field:ident, $name:literal, $alias:literal, $default:literal, $help:literal) => {
        OptionSpec {
            name: $name,
            aliases: &[$alias],
            short: None,
            group: OptionGroup::Figure,
            kind: OptionKind::Number,
            default: $default,
            help: $help,
            repeatable: false,
            read: |o, v| positive(v).map(|n| o.$field = Some(n)),
            write: |o| shown(o.$field.as_ref()),
        }
    };
}

/// Every figure option, in the order in which help shows them.
pub static OPTIONS: &[OptionSpec] = &[
    text_list!(
        label_x,
        "label-x",
        Text,
        Axes,
        "the plot's",
        "Label of the x axis; again for the next axis, the last one repeats"
    ),
    text_list!(
        label_y,
        "label-y",
        Text,
        Axes,
        "the plot's",
        "Label of the y axis; again for the next axis, the last one repeats"
    ),
    flag_option!(
        invert_latency_y,
        "invert-latency-y",
        Some('I'),
        Axes,
        "Turn latency axes (in ms) upside down, so that better is up"
    ),
    flag_option!(zero_y, "zero-y", Some('z'), Axes, "Start the y axis at 0; not together with a logarithmic axis"),
    OptionSpec {
        name: "log-scale-y",
        aliases: &[],
        short: None,
        group: OptionGroup::Axes,
        kind: OptionKind::Choice(&["log2", "log10"]),
        default: "linear",
        help: "Logarithmic axis for the values (the x axis of a CDF)",
        repeatable: false,
        read: |o, v| {
            o.log_scale_y = Some(match v {
                "log2" => LogBase::Two,
                "log10" => LogBase::Ten,
                _ => return Err("must be log2 or log10".to_owned()),
            });
            Ok(())
        },
        write: |o| match o.log_scale_y {
            Some(LogBase::Two) => vec!["log2".to_owned()],
            Some(LogBase::Ten) => vec!["log10".to_owned()],
            None => Vec::new(),
        },
    },
    OptionSpec {
        name: "log-scale",
        aliases: &[],
        short: None,
        group: OptionGroup::Axes,
        kind: OptionKind::Flag,
        default: "off",
        help: "The same as --log-scale-y log10",
        repeatable: false,
        read: |o, v| flag(v).map(|on| o.log_scale_y = on.then_some(LogBase::Ten)),
        write: |_| Vec::new(),
    },
    OptionSpec {
        name: "bounds-x",
        aliases: &[],
        short: None,
        group: OptionGroup::Axes,
        kind: OptionKind::Bounds,
        default: "the data",
        help: "Limits of the x axis: upper, or lower,upper, or lower, with nothing after the comma; again for the next axis",
        repeatable: true,
        read: |o, v| bounds(v).map(|b| o.bounds_x.push(b)),
        write: |o| o.bounds_x.iter().map(ToString::to_string).collect(),
    },
    OptionSpec {
        name: "bounds-y",
        aliases: &[],
        short: None,
        group: OptionGroup::Axes,
        kind: OptionKind::Bounds,
        default: "the data",
        help: "Limits of the y axis: upper, or lower,upper, or lower, with nothing after the comma; again for the next axis",
        repeatable: true,
        read: |o, v| bounds(v).map(|b| o.bounds_y.push(b)),
        write: |o| o.bounds_y.iter().map(ToString::to_string).collect(),
    },
    flag_option!(scale_mode, "scale-mode", Some('S'), Axes, "Draw the first file only; the others only widen the axes"),
    text_list!(scale_data, "scale-data", File, Axes, "none", "A file that widens the axes without being drawn"),
    OptionSpec {
        name: "norm-factor",
        aliases: &[],
        short: None,
        group: OptionGroup::Series,
        kind: OptionKind::Number,
        default: "1",
        help: "Divide the values by this; given several times, the factors are used in turn, series by series",
        repeatable: true,
        read: |o, v| match number(v)? {
            0.0 => Err("a series cannot be divided by 0".to_owned()),
            n => {
                o.norm_factor.push(n);
                Ok(())
            }
        },
        write: |o| o.norm_factor.iter().map(ToString::to_string).collect(),
    },
    OptionSpec {
        name: "data-cutoff",
        aliases: &[],
        short: None,
        group: OptionGroup::Series,
        kind: OptionKind::Pair,
        default: "the plot's",
        help: "Use only the data from,to these seconds of the run; an end of 0 or less counts from the end of the run",
        repeatable: false,
        read: |o, v| pair(v).map(|p| o.data_cutoff = Some(p)),
        write: |o| o.data_cutoff.map(|(a, b)| format!("{a},{b}")).into_iter().collect(),
    },
    text_list!(filter_series, "filter-series", Text, Series, "none", "Leave out the series of this name"),
    flag_option!(
        skip_missing_series,
        "skip-missing-series",
        None,
        Series,
        "Leave no room for the bars of series without data"
    ),
    flag_option!(concatenate, "concatenate", None, Files, "Join the files in time, one run after the other"),
    flag_option!(absolute_time, "absolute-time", None, Files, "Show wall-clock time on the x axis"),
    flag_option!(subplot_combine, "subplot-combine", None, Files, "Give every file a panel of its own"),
    text_list!(
        split_group,
        "split-group",
        Text,
        Files,
        "none",
        "Divide the files of a box or bar plot evenly into groups of these names"
    ),
    OptionSpec {
        name: "override-group-by",
        aliases: &[],
        short: None,
        group: OptionGroup::Files,
        kind: OptionKind::Choice(GROUP_BY),
        default: "the plot's",
        help: "How combining plots put files into groups",
        repeatable: false,
        read: |o, v| one_of(v, GROUP_BY).map(|v| o.override_group_by = Some(v)),
        write: |o| shown(o.override_group_by.as_ref()),
    },
    OptionSpec {
        name: "override-colour-mode",
        aliases: &["override-color-mode"],
        short: None,
        group: OptionGroup::Files,
        kind: OptionKind::Choice(&["groups", "series"]),
        default: "the plot's",
        help: "Colours of bars: one per series (groups), or one per bar within each series (series)",
        repeatable: false,
        read: |o, v| {
            o.override_colour_mode = Some(match v {
                "groups" => ColourMode::Groups,
                "series" => ColourMode::Series,
                _ => return Err("must be groups or series".to_owned()),
            });
            Ok(())
        },
        write: |o| match o.override_colour_mode {
            Some(ColourMode::Groups) => vec!["groups".to_owned()],
            Some(ColourMode::Series) => vec!["series".to_owned()],
            None => Vec::new(),
        },
    },
    flag_option!(no_print_n, "no-print-n", None, Files, "Do not add (n=…) to the names of groups"),
    text_list!(
        override_label,
        "override-label",
        Text,
        Files,
        "the titles",
        "Name of a file in labels; again for the next file"
    ),
    flag_option!(
        no_markers,
        "no-markers",
        None,
        Files,
        "Do not tell files apart by markers once the line patterns are used up"
    ),
    flag_option!(no_labels, "no-labels", None, Files, "No file names under the boxes and bars"),
    flag_option!(no_legend, "no-legend", None, Legend, "No legend"),
    flag_option!(horizontal_legend, "horizontal-legend", None, Legend, "Legend below the figure"),
    text_option!(legend_title, "legend-title", &[], Legend, "the plot's", "Heading of the legend"),
    OptionSpec {
        name: "legend-placement",
        aliases: &[],
        short: None,
        group: OptionGroup::Legend,
        kind: OptionKind::Choice(LEGEND_PLACES),
        default: "outside",
        help: "Legend inside the data area, at this place",
        repeatable: false,
        read: |o, v| one_of(v, LEGEND_PLACES).map(|v| o.legend_placement = Some(v)),
        write: |o| shown(o.legend_placement.as_ref()),
    },
    OptionSpec {
        name: "legend-columns",
        aliases: &[],
        short: None,
        group: OptionGroup::Legend,
        kind: OptionKind::Count,
        default: "as fits",
        help: "Columns of the legend",
        repeatable: false,
        read: |o, v| match v.parse() {
            Ok(n) if n > 0 => {
                o.legend_columns = Some(n);
                Ok(())
            }
            _ => Err("takes a whole number above 0".to_owned()),
        },
        write: |o| shown(o.legend_columns.as_ref()),
    },
    flag_option!(reverse_legend, "reverse-legend", None, Legend, "Legend from last to first"),
    flag_option!(filter_legend, "filter-legend", None, Legend, "Drop from the labels what all of them have in common"),
    OptionSpec {
        name: "replace-legend",
        aliases: &[],
        short: None,
        group: OptionGroup::Legend,
        kind: OptionKind::Replacement,
        default: "none",
        help: "Replace a text in the labels: from=to",
        repeatable: true,
        read: |o, v| match v.split_once('=') {
            Some((from, to)) if !from.is_empty() => {
                o.replace_legend.push((from.to_owned(), to.to_owned()));
                Ok(())
            }
            _ => Err("takes from=to".to_owned()),
        },
        write: |o| o.replace_legend.iter().map(|(from, to)| format!("{from}={to}")).collect(),
    },
    OptionSpec {
        name: "filter-regexp",
        aliases: &[],
        short: None,
        group: OptionGroup::Legend,
        kind: OptionKind::Regexp,
        default: "none",
        help: "Drop what this regular expression matches from labels and from the names of groups",
        repeatable: true,
        read: |o, v| match regex::Regex::new(v) {
            Ok(_) => {
                o.filter_regexp.push(v.to_owned());
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        },
        write: |o| o.filter_regexp.clone(),
    },
    flag_option!(no_annotation, "no-annotation", None, Text, "No line with hosts, time and length"),
    text_option!(
        figure_note,
        "figure-note",
        &["fig-note"],
        Text,
        "none",
        "A note in the lower left corner of the figure"
    ),
    flag_option!(no_title, "no-title", None, Text, "No title"),
    text_option!(
        override_title,
        "override-title",
        &[],
        Text,
        "test, plot and title of the file",
        "The title of the figure"
    ),
    OptionSpec {
        name: "colours",
        aliases: &["colors"],
        short: None,
        group: OptionGroup::Figure,
        kind: OptionKind::Colours,
        default: "the theme's",
        help: "Colours to use in turn, with commas between: #rrggbb or names",
        repeatable: false,
        read: |o, v| {
            let colours: Result<Vec<Rgb>, _> = v.split(',').map(str::parse).collect();
            colours.map(|c| o.colours = c).map_err(|e| e.to_string())
        },
        write: |o| {
            let colours: Vec<String> = o.colours.iter().map(ToString::to_string).collect();
            if colours.is_empty() { Vec::new() } else { vec![colours.join(",")] }
        },
    },
    size_option!(figure_width, "figure-width", "fig-width", "6.4", "Width of the figure, inches"),
    size_option!(figure_height, "figure-height", "fig-height", "4.8", "Height of the figure, inches"),
    size_option!(figure_dpi, "figure-dpi", "fig-dpi", "100", "Dots per inch of a PNG"),
];

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
