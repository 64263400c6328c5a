//! Small files of the kernel.

use crate::socket::Trouble;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Longer files than this are not what they should be.
const MAX_BYTES: u64 = 4 << 20;

/// A file's text.
pub(super) fn read(path: &Path) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
        .map_err(|e| Trouble::new(format!("{}: {e}", path.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
