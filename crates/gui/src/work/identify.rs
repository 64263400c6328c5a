//! "What is this file?": what a file is by its content, without opening it in the table.

use std::io::Read as _;
use std::path::Path;

use fa_catalog::Catalog;
use fa_format::ReadOptions;
use fa_plot::resolve::setup_from;

use super::files::is_data_file;
use crate::state::notes::sidecar;
use crate::state::session;

/// Bytes that are looked at to tell what a file is.
const HEAD: usize = 512;

/// What can be said of a file, a line each; the first one says what it is.
pub fn facts(path: &Path, catalog: &Catalog) -> Vec<String> {
    if path.is_dir() {
        let inside = std::fs::read_dir(path).into_iter().flatten().filter_map(|e| Some(e.ok()?.path()));
        let count = inside.filter(|p| is_data_file(p)).count();
        return vec![
            "A folder.".to_owned(),
            format!("{count} files in it are called like data files; opening it looks below, too."),
        ];
    }
    let mut head = Vec::new();
    if let Err(error) = std::fs::File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head)) {
        return vec![format!("It cannot be read: {error}")];
    }
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if name.ends_with(session::SUFFIX) {
        return vec![
            "A session of this viewer: files, views, settings and layout. Open it like a data file.".to_owned(),
        ];
    }
    if name.ends_with(".notes.json") {
        return vec!["Notes of the viewer on the data file of the same name: they are shown with it.".to_owned()];
    }
    let kind = container(&head);
    match fa_format::read(path, &ReadOptions::default()) {
        Ok(set) => {
            let meta = &set.metadata;
            let mut lines = vec![format!("A data file of a network test, {}.", kind.unwrap_or("compressed"))];
            let described = catalog.expand(&setup_from(&set, None)).ok().map(|test| test.purpose.clone());
            let test = described.map_or_else(|| meta.name().to_owned(), |text| format!("{} – {text}", meta.name()));
            lines.push(format!("Test: {test}"));
            if !meta.title().is_empty() {
                lines.push(format!("Title: {}", fa_plot::text::one_line(meta.title())));
            }
            if let Some(at) = meta.time_unix().or_else(|| meta.t0_unix()) {
                lines.push(format!("Measured: {}", crate::figure::hover::utc(at)));
            }
            let between = (meta.local_host().unwrap_or("?"), meta.host().unwrap_or("?"));
            lines.push(format!("Between: {} and {}", between.0, between.1));
            if let Some(length) = meta.total_length_secs() {
                lines.push(format!("Length: {length} s"));
            }
            let values: usize = set.series.values().map(Vec::len).sum();
            lines.push(format!("Holds: {} series, {values} values on the time grid", set.series.len()));
            lines.push(format!("Written by: {}", meta.flent_version().map_or("an unnamed program", |v| v)));
            if sidecar(path).exists() {
                lines.push("There are notes beside it.".to_owned());
            }
            lines.extend(set.notes.iter().map(|note| format!("Note: {note}")));
            lines
        }
        Err(error) => {
            let what = kind.map_or_else(
                || "No data file that is known here.".to_owned(),
                |kind| format!("{}, and no data file.", capital(kind)),
            );
            vec![what, error.to_string()]
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// What the first bytes tell: the magic numbers of common files.
fn container(head: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 10] = [
        (b"\x1f\x8b", "compressed by gzip"),
        (b"BZh", "compressed by bzip2"),
        (b"\x28\xb5\x2f\xfd", "compressed by zstd"),
        (b"\xfd7zXZ", "compressed by xz"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x89PNG", "a PNG picture"),
        (b"%PDF", "a PDF document"),
        (b"\xd4\xc3\xb2\xa1", "a packet capture (pcap)"),
        (b"\x0a\x0d\x0d\x0a", "a packet capture (pcapng)"),
        (b"PAR1", "a Parquet table"),
    ];
    if let Some((_, text)) = known.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(text);
    }
    let text =
        std::str::from_utf8(head).ok().or_else(|| std::str::from_utf8(&head[..head.len().saturating_sub(3)]).ok())?;
    Some(match text.trim_start().chars().next() {
        None => "empty",
        Some('{' | '[') => "plain JSON",
        Some('<') => "XML or SVG",
        Some(_) => "plain text",
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_file_is_told_by_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            facts(&path, Catalog::builtin())
        };
        let (name, bytes) = crate::state::Sample::Idle.files()[0];
        let good = write(name, bytes);
        assert!(good[0].starts_with("A data file") && good[0].contains("gzip"), "{good:?}");
        assert!(good.iter().any(|line| line.starts_with("Test: ping")), "{good:?}");
        assert!(good.iter().any(|line| line.starts_with("Between: ")), "{good:?}");
        // Whatever it is called.
        assert!(write("anything.bin", bytes)[0].starts_with("A data file"));
        assert!(write("x.flent.gz", b"\x89PNG\r\n")[0].starts_with("A PNG picture"));
        assert!(write("x.flent", b"hello")[0].starts_with("Plain text"));
        assert!(write("x.json", b"{}").len() > 1, "and why it cannot be used");
        assert!(facts(&dir.path().join("none"), Catalog::builtin())[0].contains("cannot be read"));
        assert!(facts(dir.path(), Catalog::builtin())[0].starts_with("A folder"));
    }
}
