//! The catalogue that a command works with: what the program knows, the user's own folder, and `--catalog`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use fa_catalog::Catalog;

use crate::failure::Failure;

/// The built-in catalogue with the files of the user's folder, by name, and then those of the command line added.
///
/// # Errors
/// A usage error names the file, line and key that cannot be used. A file of the folder stops every command, too: with
/// other definitions than the user believes, it would draw something else.
pub(crate) fn load(files: &[PathBuf]) -> Result<Cow<'static, Catalog>, Failure> {
    let folder = folder(|name| std::env::var_os(name).map(PathBuf::from));
    let own = folder.as_deref().map(definitions).transpose()?.unwrap_or_default();
    let mut catalog = Cow::Borrowed(Catalog::builtin());
    for path in own.iter().chain(files) {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Failure::usage(format!("could not read the catalogue {}: {e}", path.display())))?;
        let added = catalog.with_file(&path.display().to_string(), &text);
        catalog = Cow::Owned(added.map_err(|e| {
            let failure = Failure::usage(e);
            if files.contains(path) {
                failure
            } else {
                failure.hint(format!("this file is used because it is in {}", path.parent().unwrap_or(path).display()))
            }
        })?);
    }
    Ok(catalog)
}

/// `$XDG_CONFIG_HOME/fa/catalog`, else `~/.config/fa/catalog`. A relative XDG_CONFIG_HOME does not count (XDG Base Directory
/// Specification).
fn folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let config = variable("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let config = config.or_else(|| Some(variable("HOME").filter(|path| path.is_absolute())?.join(".config")));
    Some(config?.join("fa").join("catalog"))
}

/// The `.toml` files of a folder, by name; none where there is no such folder.
fn definitions(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |e: std::io::Error| Failure::failed(format!("could not list {}: {e}", folder.display()));
    let entries = match std::fs::read_dir(folder) {
        Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries.map_err(cannot)?,
    };
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>().map_err(cannot)?;
    files.retain(|path| path.extension().is_some_and(|end| end == "toml") && path.is_file());
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_follows_the_xdg_rules() {
        let of = |xdg: &str, home: &str| {
            let value = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
            folder(|name| value(if name == "HOME" { home } else { xdg })).map(|path| path.display().to_string())
        };
        assert_eq!(of("/x", "/home/a").as_deref(), Some("/x/fa/catalog"));
        assert_eq!(of("", "/home/a").as_deref(), Some("/home/a/.config/fa/catalog"));
        assert_eq!(of("relative", "/home/a").as_deref(), Some("/home/a/.config/fa/catalog"));
        assert_eq!(of("", ""), None);
    }
}
