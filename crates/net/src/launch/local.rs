//! A far end of our own: the same program as a child process, for tests against `localhost` without a server.

use crate::socket::Trouble;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A program that serves as a child: it listens on the address in its arguments, says `listening ADDRESS:PORT` on its
/// first line of output, and ends when its input is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildCommand {
    /// What to start.
    pub program: PathBuf,
    /// Arguments before `--listen ADDRESS:0`.
    pub arguments: Vec<OsString>,
}

impl ChildCommand {
    /// This very program with `serve --child`.
    ///
    /// # Errors
    /// When the system does not tell where this program is.
    pub fn this_program() -> std::io::Result<Self> {
        Ok(Self { program: std::env::current_exe()?, arguments: vec!["serve".into(), "--child".into()] })
    }
}

/// The line by which a child tells where it listens.
pub(crate) fn announcement(address: SocketAddr) -> String {
    format!("listening {address}")
}

/// A server of our own; gone when this is dropped.
#[derive(Debug)]
pub(super) struct LocalServer {
    child: Child,
    pub(super) address: SocketAddr,
}

impl LocalServer {
    /// Starts it on a free port of `ip` and waits until it listens.
    pub(super) fn start(command: &ChildCommand, ip: IpAddr) -> Result<Self, Trouble> {
        let program = command.program.display();
        let failed = |e: &dyn std::fmt::Display| Trouble::new(format!("cannot start {program} as a server: {e}"));
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            .arg("--listen")
            .arg(SocketAddr::new(ip, 0).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C on the terminal is for us alone: a run that keeps what it has still needs its far end.
            .process_group(0)
            .spawn()
            .map_err(|e| failed(&e))?;
        let mut line = String::new();
        let read = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        let address = line.trim_end().strip_prefix("listening ").and_then(|a| a.parse().ok());
        let mut server = Self { child, address: SocketAddr::new(ip, 0) };
        match (read, address) {
            (Some(Ok(_)), Some(address)) => {
                server.address = address;
                Ok(server)
            }
            (Some(Err(e)), _) => Err(failed(&e)),
            // Dropping `server` ends it.
            _ => Err(failed(&format!("it said {:?}", line.trim_end()))),
        }
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        // The closed input alone would do; a child that hangs must not outlive us either.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// Process group of a process.
    fn group(pid: u32) -> u32 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // The name in parentheses may hold anything; state, parent and group follow it.
        stat.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap().parse().unwrap()
    }

    #[test]
    fn signals_of_the_terminal_do_not_reach_a_server_of_our_own() {
        let script = "echo listening 127.0.0.1:1; exec cat >/dev/null";
        // `--listen ADDRESS` become the script's own arguments.
        let command = ChildCommand { program: "/bin/sh".into(), arguments: vec!["-c".into(), script.into()] };
        let server = LocalServer::start(&command, IpAddr::from([127, 0, 0, 1])).unwrap();
        assert_eq!(group(server.child.id()), server.child.id());
        assert_ne!(group(server.child.id()), group(std::process::id()));
    }
}
