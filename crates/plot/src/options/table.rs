//! The table: a row per option.

use super::{
    Bounds, ColourBy, ColourMode, GROUP_BY, LEGEND_PLACES, LogBase, OptionGroup, OptionKind, OptionSpec, ThemeName,
};
use crate::colour::Rgb;

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

/// More bins than a figure has columns of pixels say nothing.
const MOST_BINS: u32 = 10_000;

const THEMES: &[&str] = &["light", "dark", "paper"];

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
    OptionSpec {
        name: "zoom",
        aliases: &[],
        short: None,
        group: OptionGroup::Axes,
        kind: OptionKind::Zoom,
        default: "everything",
        help: "Part of one panel to show, as a viewer zooms: PANEL:X0,X1,Y0,Y1, counted from 1, PANEL.2 for the axis on \
               the right; ends left out stay as they are",
        repeatable: true,
        read: |o, v| v.parse().map(|z| o.zoom.push(z)),
        write: |o| o.zoom.iter().map(ToString::to_string).collect(),
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
    OptionSpec {
        name: "hide-series",
        aliases: &[],
        short: None,
        group: OptionGroup::Series,
        kind: OptionKind::Hidden,
        default: "none",
        help: "Do not draw this series of this file (FILE:SERIES, counted from 1, * for all); unlike --filter-series, \
               colours and limits stay",
        repeatable: true,
        read: |o, v| v.parse().map(|h| o.hide_series.push(h)),
        write: |o| o.hide_series.iter().map(ToString::to_string).collect(),
    },
    text_list!(
        series_order,
        "series-order",
        Text,
        Legend,
        "the plot's",
        "Put series of this name, pattern ('Ping*') or role (ping.icmp) first in the legend; again for the next ones"
    ),
    text_list!(
        series,
        "series",
        Text,
        Series,
        "the plot's",
        "Draw only series of this name, pattern ('Ping*') or role (ping.icmp); again for more. The plots histogram, ridge, timeseries, cdf, box and bar take any series of the files"
    ),
    text_option!(
        x_series,
        "x",
        &[],
        Series,
        "throughput",
        "Series on the x axis of a scatter plot: name, pattern or role"
    ),
    text_list!(
        y_series,
        "y",
        Text,
        Series,
        "latency",
        "Series on the y axis of a scatter plot: name, pattern or role; again for more"
    ),
    OptionSpec {
        name: "bins",
        aliases: &[],
        short: None,
        group: OptionGroup::Series,
        kind: OptionKind::Count,
        default: "as the data need",
        help: "Bins of a histogram: this many of equal width",
        repeatable: false,
        read: |o, v| match v.parse() {
            Ok(n @ 1..=MOST_BINS) => {
                o.bins = Some(n);
                Ok(())
            }
            _ => Err(format!("takes a whole number from 1 to {MOST_BINS}")),
        },
        write: |o| shown(o.bins.as_ref()),
    },
    flag_option!(
        flent_smoothing,
        "flent-smoothing",
        None,
        Series,
        "Smooth as Flent does, with zeros beyond the ends and gaps as wide as the window: to compare with its figures"
    ),
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
        name: "colour-by",
        aliases: &["color-by"],
        short: None,
        group: OptionGroup::Files,
        kind: OptionKind::Choice(&["file", "series"]),
        default: "series where there are several, else file; boxes: file",
        help: "What colours tell apart, files or series; line patterns tell the other apart",
        repeatable: false,
        read: |o, v| {
            o.colour_by = Some(match v {
                "file" => ColourBy::File,
                "series" => ColourBy::Series,
                _ => return Err("must be file or series".to_owned()),
            });
            Ok(())
        },
        write: |o| match o.colour_by {
            Some(ColourBy::File) => vec!["file".to_owned()],
            Some(ColourBy::Series) => vec!["series".to_owned()],
            None => Vec::new(),
        },
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
    text_option!(
        combine_save_dir,
        "combine-save-dir",
        &[],
        Files,
        "not stored",
        "Store each group of files that the plot combines as a data file in this folder; plots of such files draw them as they are"
    ),
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
        name: "theme",
        aliases: &[],
        short: None,
        group: OptionGroup::Figure,
        kind: OptionKind::Choice(THEMES),
        default: "light",
        help: "Look of the figure: light or dark for screens, paper for print (small fonts, thin lines, legible in grey)",
        repeatable: false,
        read: |o, v| {
            let found = ThemeName::ALL.iter().find(|(name, _)| *name == v);
            o.theme = found.ok_or_else(|| format!("must be one of: {}", THEMES.join(", ")))?.1;
            Ok(())
        },
        write: |o| if o.theme == ThemeName::default() { Vec::new() } else { vec![o.theme.name().to_owned()] },
    },
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
    size_option!(figure_width, "figure-width", "fig-width", "8 (paper: 6)", "Width of the figure, inches"),
    size_option!(figure_height, "figure-height", "fig-height", "5 (paper: 3.75)", "Height of the figure, inches"),
    size_option!(figure_dpi, "figure-dpi", "fig-dpi", "100 (paper: 300)", "Dots per inch of a PNG"),
];

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
