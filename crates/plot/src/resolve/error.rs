//! What can keep a plot from being drawn at all.

/// Why there is no scene. A scene that merely has nothing to show is no error: see [`crate::scene::Scene::empty`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// No data set was given.
    #[error("no data file to draw: name at least one")]
    NoData,
    /// The test has no such plot.
    #[error("test `{test}` has no plot `{plot}`{}; `fa list plots {test}` shows all of them", hint(suggestion.as_deref()))]
    UnknownPlot {
        /// Test name.
        test: String,
        /// What was asked for.
        plot: String,
        /// A name that is close to it.
        suggestion: Option<String>,
    },
    /// No series of that name, pattern or role.
    #[error(
        "test `{test}`: no series here is `{series}`, by name, pattern or role{}; there are {there}",
        hint(suggestion.as_deref())
    )]
    UnknownSeries {
        /// Test name.
        test: String,
        /// What was asked for.
        series: String,
        /// A name that is close to it.
        suggestion: Option<String>,
        /// The first few that there are.
        there: String,
    },
    /// Two series on one axis count different things.
    #[error(
        "plot `{plot}` puts {first} and {second} on one axis (series `{series}`): values of different units cannot share it"
    )]
    UnitsDiffer {
        /// Plot name.
        plot: String,
        /// Unit of the axis so far.
        first: String,
        /// The other unit.
        second: String,
        /// The series with the other unit.
        series: String,
    },
    /// The plot type cannot be drawn as asked for.
    #[error("plot `{plot}`: {why}")]
    Unsupported {
        /// Plot name.
        plot: String,
        /// What does not work, and what would.
        why: String,
    },
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}
