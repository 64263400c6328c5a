//! Errors: what failed, where, and what to do about it.

use std::fmt::Write as _;

/// Why a test could not be found, read or expanded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CatalogError {
    /// No catalogue has a test of that name.
    #[error("unknown test `{name}`{}; `fa list tests` shows what there is", hint(suggestion.as_deref()))]
    UnknownTest {
        /// What was asked for.
        name: String,
        /// The nearest name there is, if one is near.
        suggestion: Option<String>,
    },
    /// A definition file is not TOML, or has a key that the language does not know.
    #[error("{file}:{line}: {problem}")]
    Syntax {
        /// File as named by the caller.
        file: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong, naming the key.
        problem: String,
    },
    /// A definition is well-formed but means nothing.
    #[error("{file}:{line}: {key}: {problem}")]
    Definition {
        /// File as named by the caller.
        file: String,
        /// Line, from 1; 1 where it cannot be told.
        line: usize,
        /// Path of the key: `test.mine.series[2].mark`.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// A definition cannot be filled in with these settings and parameters.
    #[error("{}", settings(test, key, parameter.as_deref(), problem))]
    Settings {
        /// Test name.
        test: String,
        /// The parameter as it was given, `NAME=VALUE`, where one is to blame.
        parameter: Option<String>,
        /// Path of the key inside the test: `series[2].mark`.
        key: String,
        /// What is wrong, with the value.
        problem: String,
    },
}

/// Whoever gave a parameter knows its name, not the key of the definition that reads it.
fn settings(test: &str, key: &str, parameter: Option<&str>, problem: &str) -> String {
    match parameter {
        Some(parameter) => format!("parameter {parameter}: {problem} (test `{test}`)"),
        None if key.is_empty() => format!("test `{test}`: {problem}; see `--test-parameter`"),
        None => format!("test `{test}`: {key}: {problem}; see `--test-parameter`"),
    }
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"))
}

/// A fault in one definition, before file and line are known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// Path of the key inside the test or part, outermost first.
    pub(crate) path: Vec<Step>,
    /// What is wrong.
    pub(crate) problem: String,
    /// The user's parameter that is to blame, `NAME=VALUE`.
    pub(crate) parameter: Option<String>,
}

/// One step of a key path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl Fault {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self { path: Vec::new(), problem: problem.into(), parameter: None }
    }

    /// The same fault seen from one table further out.
    pub(crate) fn within(mut self, step: impl Into<Step>) -> Self {
        self.path.insert(0, step.into());
        self
    }

    pub(crate) fn key(&self) -> String {
        let mut key = String::new();
        for step in &self.path {
            match step {
                Step::Key(name) if key.is_empty() => key.push_str(name),
                Step::Key(name) => {
                    key.push('.');
                    key.push_str(name);
                }
                Step::Index(index) => {
                    let _ = write!(key, "[{}]", index + 1);
                }
            }
        }
        key
    }
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}
