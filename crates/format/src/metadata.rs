//! Metadata: everything the file says about the run, in the file's order, with typed access to the known keys.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::time;

/// Keys that every file carries, null where unset, in the order in which new files list them.
///
/// `DELAY` is ours: Flent does not record it, and a reader would have to guess where the flows began.
pub const ALWAYS_WRITTEN: [&str; 29] = [
    "NAME",
    "TITLE",
    "NOTE",
    "HOST",
    "HOSTS",
    "LOCAL_HOST",
    "TIME",
    "T0",
    "LENGTH",
    "TOTAL_LENGTH",
    "STEP_SIZE",
    "DELAY",
    "TEST_PARAMETERS",
    "FLENT_VERSION",
    "IP_VERSION",
    "BATCH_NAME",
    "BATCH_TIME",
    "BATCH_TITLE",
    "BATCH_UUID",
    "DATA_FILENAME",
    "HTTP_GETTER_URLLIST",
    "HTTP_GETTER_DNS",
    "HTTP_GETTER_WORKERS",
    "FAILED_RUNNERS",
    "KERNEL_NAME",
    "KERNEL_RELEASE",
    "MODULE_VERSIONS",
    "SYSCTLS",
    "EGRESS_INFO",
];

/// The metadata of a run: an ordered JSON object.
///
/// Getters give `None` where the key is missing, null, or of an unexpected type; [`Metadata::get`] shows what is there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    /// The metadata of a new run of test `name`: all of [`ALWAYS_WRITTEN`] in order, null (or empty) until set, then `REMOTE_METADATA` and `SERIES_META`.
    ///
    /// ```
    /// let mut m = fa_format::Metadata::for_new_run("rrul");
    /// m.set("LENGTH", 60);
    /// assert_eq!((m.name(), m.length_secs(), m.get("EGRESS_INFO")), ("rrul", Some(60.0), Some(&serde_json::Value::Null)));
    /// ```
    pub fn for_new_run(name: &str) -> Self {
        let mut map = Map::new();
        for key in ALWAYS_WRITTEN {
            let value = match key {
                "NAME" => Value::from(name),
                "TITLE" => Value::from(""),
                "HOSTS" => Value::Array(Vec::new()),
                "TEST_PARAMETERS" | "MODULE_VERSIONS" | "SYSCTLS" => Value::Object(Map::new()),
                "FAILED_RUNNERS" => Value::from(0),
                _ => Value::Null,
            };
            map.insert(key.to_owned(), value);
        }
        map.insert("REMOTE_METADATA".to_owned(), Value::Object(Map::new()));
        map.insert("SERIES_META".to_owned(), Value::Object(Map::new()));
        Metadata(map)
    }

    /// Takes a JSON object as it is.
    pub fn from_map(map: Map<String, Value>) -> Self {
        Metadata(map)
    }

    /// The whole object.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.shift_remove(key)
    }

    /// Sets a key; a new one goes to the end.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    /// The value at a path such as `REMOTE_METADATA:router:EGRESS_INFO:qdiscs:0:name`: keys of objects and indices of lists,
    /// joined by `:`. A key that contains `:` itself is found too, when the whole rest of the path is that key.
    pub fn get(&self, path: &str) -> Option<&Value> {
        if let Some(value) = self.0.get(path) {
            return Some(value);
        }
        let (first, rest) = path.split_once(':')?;
        walk(self.0.get(first)?, rest)
    }

    /// Name of the test, `NAME`; empty when missing (files that are read always have one).
    pub fn name(&self) -> &str {
        self.text("NAME").unwrap_or_default()
    }

    /// `TITLE`; empty when there is none.
    pub fn title(&self) -> &str {
        self.text("TITLE").unwrap_or_default()
    }

    /// `NOTE`, if not empty.
    pub fn note(&self) -> Option<&str> {
        self.text("NOTE").filter(|s| !s.is_empty())
    }

    /// `HOST`, the first host.
    pub fn host(&self) -> Option<&str> {
        self.text("HOST")
    }

    /// `HOSTS`; a host given twice appears as `host` and `host//2`.
    pub fn hosts(&self) -> Vec<&str> {
        self.0
            .get("HOSTS")
            .and_then(Value::as_array)
            .map_or_else(Vec::new, |l| l.iter().filter_map(Value::as_str).collect())
    }

    /// `LOCAL_HOST`, where the run was started.
    pub fn local_host(&self) -> Option<&str> {
        self.text("LOCAL_HOST")
    }

    /// `LENGTH` in seconds: how long the flows ran.
    pub fn length_secs(&self) -> Option<f64> {
        self.number("LENGTH")
    }

    /// `TOTAL_LENGTH` in seconds: how long data were taken. When a file has none, loading sets it to the largest x value.
    pub fn total_length_secs(&self) -> Option<f64> {
        self.number("TOTAL_LENGTH")
    }

    /// `STEP_SIZE` in seconds.
    pub fn step_secs(&self) -> Option<f64> {
        self.number("STEP_SIZE")
    }

    /// `DELAY` in seconds, from the start of data to the start of flows. Only our own files have it.
    pub fn delay_secs(&self) -> Option<f64> {
        self.number("DELAY")
    }

    /// `T0`, the time of x = 0, in Unix seconds.
    pub fn t0_unix(&self) -> Option<f64> {
        self.text("T0").and_then(time::unix)
    }

    /// `TIME`, when the run was started, in Unix seconds.
    pub fn time_unix(&self) -> Option<f64> {
        self.text("TIME").and_then(time::unix)
    }

    /// `TEST_PARAMETERS`. Values are text in Flent's files; other scalars are given as their JSON text.
    pub fn test_parameters(&self) -> IndexMap<String, String> {
        let map = self.0.get("TEST_PARAMETERS").and_then(Value::as_object);
        map.into_iter()
            .flatten()
            .map(|(k, v)| (k.clone(), v.as_str().map_or_else(|| v.to_string(), str::to_owned)))
            .collect()
    }

    /// `IP_VERSION`, 4 or 6.
    pub fn ip_version(&self) -> Option<i64> {
        self.0.get("IP_VERSION")?.as_i64()
    }

    /// `DATA_FILENAME`: the base name at recording time, which renaming the file does not change.
    pub fn data_filename(&self) -> Option<&str> {
        self.text("DATA_FILENAME")
    }

    /// `FLENT_VERSION`: which program wrote the file.
    pub fn flent_version(&self) -> Option<&str> {
        self.text("FLENT_VERSION")
    }

    /// `FAILED_RUNNERS`: how many flows failed.
    pub fn failed_runners(&self) -> Option<i64> {
        self.0.get("FAILED_RUNNERS")?.as_i64()
    }

    /// `BATCH_NAME`.
    pub fn batch_name(&self) -> Option<&str> {
        self.text("BATCH_NAME")
    }

    /// `BATCH_UUID`.
    pub fn batch_uuid(&self) -> Option<&str> {
        self.text("BATCH_UUID")
    }

    /// `BATCH_TITLE`.
    pub fn batch_title(&self) -> Option<&str> {
        self.text("BATCH_TITLE")
    }

    /// `BATCH_TIME` in Unix seconds.
    pub fn batch_time_unix(&self) -> Option<f64> {
        self.text("BATCH_TIME").and_then(time::unix)
    }

    /// What `SERIES_META` says about a series.
    pub fn series_meta(&self, series: &str) -> Option<&Map<String, Value>> {
        self.0.get("SERIES_META")?.as_object()?.get(series)?.as_object()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.0.get(key)?.as_f64()
    }
}

fn walk<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let step = |key: &str| match value {
        Value::Object(map) => map.get(key),
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => None,
    };
    // The whole rest may be one key: addresses and series names contain ':'.
    if let Some(found) = step(path) {
        return Some(found);
    }
    let (first, rest) = path.split_once(':')?;
    walk(step(first)?, rest)
}
