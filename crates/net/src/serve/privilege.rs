//! Giving up root once everything that needs it is done.

use super::ServeError;
use nix::sys::prctl::set_no_new_privs;
use nix::unistd::{Uid, User, geteuid, setgid, setgroups, setuid};
use std::io;

/// The user of a name.
fn user(name: &str) -> Result<User, ServeError> {
    let failed = |e: nix::Error| ServeError::Privileges { user: name.to_owned(), source: e.into() };
    User::from_name(name).map_err(failed)?.ok_or_else(|| ServeError::NoUser { user: name.to_owned() })
}

/// Becomes an ordinary user, for good, in all threads. Says what was given up; `None` where there was nothing to give up.
///
/// Sockets that are bound stay so, and threads keep the priority they have.
///
/// # Errors
/// [`ServeError::Privileges`] when root could not be given up: then nobody should be served.
pub(super) fn give_up(name: &str) -> Result<Option<String>, ServeError> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let failed = |source: io::Error| ServeError::Privileges { user: name.to_owned(), source };
    let user = user(name)?;
    if user.uid.is_root() {
        return Ok(Some("serving as root, as --user asks".to_owned()));
    }
    setgroups(&[]).and_then(|()| setgid(user.gid)).and_then(|()| setuid(user.uid)).map_err(|e| failed(e.into()))?;
    // Nothing that is started from here on can get them back; nothing is.
    set_no_new_privs().map_err(|e| failed(e.into()))?;
    if setuid(Uid::from_raw(0)).is_ok() {
        return Err(failed(io::Error::other("root could be had back")));
    }
    Ok(Some(format!(
        "running as {name} now (--keep-privileges stays root): priority obtained before stays; gone are statistics of Wi-Fi \
         stations, and congestion controls outside net.ipv4.tcp_allowed_congestion_control"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_that_is_not_there_is_named() {
        assert!(user("root").is_ok_and(|user| user.uid.is_root()));
        assert!(matches!(user("no such user"), Err(ServeError::NoUser { user }) if user == "no such user"));
    }
}
