//! The TOML language as types: what a definition file may say. Unknown keys are refused.

use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use crate::{Computed, Direction, Orientation, PlotType, ProbeKind, Protocol};

/// One definition file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FileDoc {
    pub(crate) test: IndexMap<String, TestDoc>,
    pub(crate) part: IndexMap<String, PartDoc>,
    /// What a plot of that name shows, where the plot itself does not say.
    pub(crate) plot_text: IndexMap<String, String>,
}

/// One test. Everything not said is taken from `base`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TestDoc {
    /// Tests whose series, plots and settings this one begins with; the first named wins for settings.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) base: Vec<String>,
    /// Only a base for others, not a test by itself.
    pub(crate) r#abstract: bool,
    pub(crate) purpose: Option<String>,
    /// Name of the plot to open with.
    pub(crate) opens: Option<String>,
    /// Whole length of the run; `L+2*D` where no base says otherwise.
    pub(crate) total: Option<String>,
    /// How often the whole test is run, an expression over settings and parameters; its series then have one value per run.
    pub(crate) iterations: Option<String>,
    /// What D is, whatever the settings say.
    pub(crate) delay: Option<String>,
    /// Least number of hosts.
    pub(crate) hosts: Option<usize>,
    /// Hosts taken in turn where none is given.
    pub(crate) default_hosts: Option<Vec<String>>,
    /// Parameters that a measurement needs.
    pub(crate) need: Option<Vec<String>>,
    /// Other names of parameters: alias = name.
    pub(crate) aliases: IndexMap<String, String>,
    /// Parameters that this test fixes.
    pub(crate) set: IndexMap<String, String>,
    /// Roles or series names of the base to leave out.
    pub(crate) drop: Vec<String>,
    /// Changes to series of the base.
    pub(crate) alter: Vec<AlterDoc>,
    pub(crate) series: Vec<SeriesDoc>,
    /// Plot names in order; `@part` stands for the plots of a part, `+` for those of the base.
    pub(crate) plots: Option<Vec<String>>,
    /// Parts in which plot names are looked up before `std`.
    pub(crate) parts: Option<Vec<String>>,
    /// Plots that this test defines itself.
    pub(crate) plot: IndexMap<String, PlotDoc>,
    /// Parts that parameters may add; `+` stands for those of the base.
    pub(crate) mixins: Option<Vec<String>>,
}

/// Series and plots that several tests share.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PartDoc {
    /// As a mixin: added when all these parameters are set.
    pub(crate) when: Vec<String>,
    pub(crate) series: Vec<SeriesDoc>,
    pub(crate) plots: Vec<String>,
    pub(crate) plot: IndexMap<String, PlotDoc>,
}

/// A change to series of the base.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlterDoc {
    /// Names they have; a shell glob.
    pub(crate) name: String,
    /// IP version.
    pub(crate) ip: Option<u8>,
    /// Flent's name of what produces the series.
    pub(crate) runner: Option<String>,
}

/// One kind of fold: its word in names and the function behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fold {
    Avg,
    Sum,
    Fairness,
}

impl Fold {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Avg => "avg",
            Self::Sum => "sum",
            Self::Fairness => "fairness",
        }
    }

    pub(crate) fn function(self) -> Computed {
        match self {
            Self::Avg => Computed::Average,
            Self::Sum => Computed::Sum,
            Self::Fairness => Computed::Fairness,
        }
    }
}

/// `upload` or `download`: the word that series names use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DirWord {
    Upload,
    Download,
}

impl DirWord {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
        }
    }

    pub(crate) fn direction(self) -> Direction {
        match self {
            Self::Upload => Direction::Up,
            Self::Download => Direction::Down,
        }
    }
}

/// One series, or a family of them. Exactly one of `flow`, `probe`, `fold`, `compute`, `null`, `runner`, `use` says what
/// it is (`runner` beside `flow` or `probe` only names the program).
///
/// Neighbours with the same `repeat` take turns, stream by stream; neighbours with the same list of `dir` do so
/// direction by direction.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SeriesDoc {
    /// Put in the series of a part here.
    pub(crate) r#use: Option<String>,
    pub(crate) flow: Option<Protocol>,
    pub(crate) probe: Option<ProbeKind>,
    pub(crate) fold: Vec<Fold>,
    pub(crate) compute: Option<Computed>,
    pub(crate) null: bool,
    pub(crate) runner: Option<String>,

    /// Template of the name.
    pub(crate) name: String,
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) dir: Vec<DirWord>,
    /// How many times: `hosts`, `param[]` (as many as the list has entries), or an expression.
    pub(crate) repeat: Option<String>,
    /// `name::1` … `name::n`; the plain name where the text is empty.
    pub(crate) copies: Option<String>,
    /// List parameter gone through for each stream, as `{item}`.
    pub(crate) items: Option<String>,
    /// One series for each table; its keys are names for templates and stand in for the keys of this entry.
    pub(crate) each: Vec<IndexMap<String, String>>,
    /// Names for templates.
    pub(crate) r#let: IndexMap<String, String>,
    /// Only the streams whose entry in this list parameter has the first letter of the direction.
    pub(crate) letters: Option<String>,

    pub(crate) id: Option<String>,
    pub(crate) short: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) units: Option<String>,
    /// Sources of a fold or computed series.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) over: Vec<String>,
    pub(crate) exclude: Vec<String>,

    pub(crate) mark: Option<String>,
    pub(crate) cc: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) start: Option<String>,
    pub(crate) length: Option<String>,
    pub(crate) interval: Option<String>,
    pub(crate) ip: Option<String>,
    pub(crate) bind: Option<String>,
    pub(crate) control: Option<String>,
    pub(crate) send_size: Option<String>,
    pub(crate) payload: Option<String>,
    pub(crate) recv_size: Option<String>,
    pub(crate) rate: Option<String>,
    pub(crate) packet: Option<String>,
    /// Settings of a collector.
    pub(crate) options: IndexMap<String, String>,
}

/// One plot. With `like`, everything not said is taken from that plot.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PlotDoc {
    pub(crate) like: Option<String>,
    pub(crate) r#type: Option<PlotType>,
    pub(crate) text: Option<String>,
    pub(crate) legend_title: Option<String>,
    /// Left, right; an empty text means the unit, an empty list takes the parent's labels away.
    pub(crate) axis_labels: Option<Vec<String>>,
    pub(crate) dual_axes: Option<bool>,
    pub(crate) scaling: Option<[f64; 2]>,
    /// Two expressions; an empty list takes the parent's cutoff away.
    #[serde(deserialize_with = "optional_expressions")]
    pub(crate) cutoff: Option<Vec<String>>,
    pub(crate) group_by: Option<String>,
    pub(crate) colour_mode: Option<String>,
    pub(crate) stacked: Option<bool>,
    pub(crate) subplots: Option<Vec<String>>,
    pub(crate) share_axis: Option<bool>,
    pub(crate) orientation: Option<Orientation>,
    pub(crate) series: Option<Vec<PlotSeriesDoc>>,
    /// Laid over every entry of `series`.
    pub(crate) all: PlotSeriesDoc,
}

/// One entry of a plot, or with `role` or `glob` a family of them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PlotSeriesDoc {
    /// One entry for each of these texts, which stand for `{item}` in `data` and `label`.
    pub(crate) r#for: Vec<String>,
    /// A series by its name, drawn even if the test has none of that name.
    pub(crate) data: Option<String>,
    /// Every series of that role.
    pub(crate) role: Option<String>,
    /// Every series whose name matches.
    pub(crate) glob: Option<String>,
    pub(crate) exclude: Vec<String>,
    /// Template of the label; of a glob, Flent's rule: `label -- id`.
    pub(crate) label: Option<String>,
    pub(crate) axis: Option<u8>,
    #[serde(deserialize_with = "optional_expression")]
    pub(crate) smoothing: Option<String>,
    pub(crate) raw_key: Option<String>,
    pub(crate) combine_mode: Option<String>,
    pub(crate) norm_by: Option<String>,
    pub(crate) source: Option<String>,
    #[serde(deserialize_with = "optional_expressions")]
    pub(crate) cutoff: Option<Vec<String>>,
    pub(crate) color: Option<String>,
    pub(crate) linewidth: Option<f64>,
    pub(crate) linestyle: Option<String>,
    pub(crate) marker: Option<String>,
    pub(crate) markevery: Option<usize>,
}

impl PlotSeriesDoc {
    /// This entry with everything that `over` says laid over it.
    pub(crate) fn overlaid(&self, over: &Self) -> Self {
        macro_rules! pick {
            ($($field:ident),*) => { Self {
                r#for: self.r#for.clone(),
                exclude: if over.exclude.is_empty() { self.exclude.clone() } else { over.exclude.clone() },
                $($field: over.$field.clone().or_else(|| self.$field.clone())),*
            } };
        }
        pick!(
            data,
            role,
            glob,
            label,
            axis,
            smoothing,
            raw_key,
            combine_mode,
            norm_by,
            source,
            cutoff,
            color,
            linewidth,
            linestyle,
            marker,
            markevery
        )
    }
}

/// `"a"` or `["a", "b"]`.
fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct OneOrMany<T>(std::marker::PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMany<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a text or a list of texts")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            T::deserialize(serde::de::value::StrDeserializer::new(text)).map(|one| vec![one])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq))
        }
    }

    deserializer.deserialize_any(OneOrMany(std::marker::PhantomData))
}

/// A number or an expression.
struct Expression(String);

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;

        impl Visitor<'_> for NumberOrText {
            type Value = Expression;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number or an expression such as \"-D\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Expression, E> {
                Ok(Expression(text.to_owned()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Expression, E> {
                Ok(Expression(number.to_string()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Expression, E> {
                Ok(Expression(number.to_string()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Expression, E> {
                Ok(Expression(number.to_string()))
            }
        }

        deserializer.deserialize_any(NumberOrText)
    }
}

fn optional_expression<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Expression::deserialize(deserializer).map(|Expression(text)| Some(text))
}

fn optional_expressions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Vec::<Expression>::deserialize(deserializer)
        .map(|list| Some(list.into_iter().map(|Expression(text)| text).collect()))
}
