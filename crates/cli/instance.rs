//! One window per user: a second `fa gui` hands its files to the first one, through a socket in `$XDG_RUNTIME_DIR`.
//!
//! The socket is the user's alone (mode 0600, and both ends check the other's user id). It knows one verb: open these paths.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

/// Most bytes of a request.
const LONGEST: u64 = 1 << 20;

/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What became of a claim.
pub(crate) enum Instance {
    /// There is a window, and it has been told.
    Forwarded,
    /// This is the first one.
    First(First),
    /// There is no place for a socket.
    Unavailable,
}

/// The socket of the first window. It goes with it.
pub(crate) struct First {
    listener: UnixListener,
    path: PathBuf,
}

/// Hands the files to a window that is open, or becomes the one that others hand theirs to.
///
/// # Errors
/// The socket cannot be made, or belongs to somebody else.
pub(crate) fn claim(files: &[PathBuf]) -> io::Result<Instance> {
    match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_dir()) {
        Some(dir) => claim_in(&dir, files),
        None => Ok(Instance::Unavailable),
    }
}

fn claim_in(dir: &Path, files: &[PathBuf]) -> io::Result<Instance> {
    let path = dir.join("fa-gui.socket");
    match UnixStream::connect(&path) {
        Ok(stream) => match forward(stream, files) {
            Ok(()) => return Ok(Instance::Forwarded),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            // Whoever it is does not answer: a window of our own, without the socket.
            Err(_) => return Ok(Instance::Unavailable),
        },
        // Nobody listens: left behind by a window that crashed.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(&path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(Instance::First(First { listener, path }))
}

/// The other end belongs to the same user.
fn is_own(stream: &UnixStream) -> bool {
    getsockopt(stream, PeerCredentials).is_ok_and(|peer| peer.uid() == nix::unistd::getuid().as_raw())
}

fn forward(mut stream: UnixStream, files: &[PathBuf]) -> io::Result<()> {
    if !is_own(&stream) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the socket belongs to another user"));
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Names of files are bytes, and not always text.
    let names: Vec<&[u8]> = files.iter().map(|file| file.as_os_str().as_bytes()).collect();
    let request = serde_json::json!({ "open": names });
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    if answer == "ok\n" { Ok(()) } else { Err(io::Error::other("no answer")) }
}

impl First {
    /// Hands what others ask for on, from a thread of its own.
    pub(crate) fn listen(self, to: Sender<Vec<PathBuf>>, wake: Arc<dyn Fn() + Send + Sync>) {
        let thread = std::thread::Builder::new().name("fa-instance".to_owned());
        let started = thread.spawn(move || {
            for stream in self.listener.incoming() {
                let Ok(stream) = stream else { continue };
                let Some(files) = request(stream) else { continue };
                if to.send(files).is_err() {
                    break;
                }
                wake();
            }
        });
        // Without the thread nobody is answered, and the next window stands alone.
        drop(started);
    }
}

impl Drop for First {
    fn drop(&mut self) {
        // What is left behind is found stale by the next one.
        drop(std::fs::remove_file(&self.path));
    }
}

/// What another process wants opened.
fn request(mut stream: UnixStream) -> Option<Vec<PathBuf>> {
    if !is_own(&stream) {
        return None;
    }
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut line = String::new();
    BufReader::new((&stream).take(LONGEST)).read_line(&mut line).ok()?;
    let request: serde_json::Value = serde_json::from_str(&line).ok()?;
    let files = request.get("open")?.as_array()?;
    let names = files.iter().filter_map(|name| serde_json::from_value::<Vec<u8>>(name.clone()).ok());
    let files = names.map(|name| PathBuf::from(OsString::from_vec(name))).filter(|file| file.is_absolute()).collect();
    stream.write_all(b"ok\n").ok()?;
    Some(files)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_second_one_hands_its_files_to_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let Instance::First(first) = claim_in(dir.path(), &[]).unwrap() else { panic!("nobody was there before") };
        let mode = std::fs::metadata(dir.path().join("fa-gui.socket")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (to, opened) = std::sync::mpsc::channel();
        first.listen(to, Arc::new(|| {}));
        let files = vec![PathBuf::from("/a b.flent.gz"), PathBuf::from(OsString::from_vec(b"/\xff.flent.gz".to_vec()))];
        assert!(matches!(claim_in(dir.path(), &files).unwrap(), Instance::Forwarded));
        assert_eq!(opened.recv().unwrap(), files);
    }

    #[test]
    fn a_socket_left_behind_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        // Bound, and closed without being removed.
        drop(UnixListener::bind(dir.path().join("fa-gui.socket")).unwrap());
        assert!(matches!(claim_in(dir.path(), &[]).unwrap(), Instance::First(_)));
    }

    #[test]
    fn nonsense_is_not_obeyed() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(b"{\"run\": \"rm\"}\n").unwrap();
        assert_eq!(request(theirs), None);
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(b"{\"open\": [[97], [47, 98], [300], \"/text\", 7]}\n").unwrap();
        assert_eq!(request(theirs), Some(vec![PathBuf::from("/b")]));
    }
}
