//! Network namespaces for tests that cross a network. They need root, `ip` and `tc`, and are reported as skipped without.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::command::Desk;

/// Runs a command that needs root and may not work in every container; whether it did.
pub(crate) fn permitted(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let done = Command::new(words.next().unwrap()).args(words).stdout(Stdio::null()).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}

/// Undoes something when the test is over, however it ends.
pub(crate) struct Undo(pub(crate) String);

impl Drop for Undo {
    fn drop(&mut self) {
        permitted(&self.0);
    }
}

/// A network namespace; gone when dropped.
pub(crate) struct Space(String);

impl Space {
    fn new(role: &str) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fa-{role}-{}-{number}", std::process::id());
        let root = nix::unistd::geteuid().is_root();
        let space = (root && permitted(&format!("ip netns add {name}"))).then_some(Self(name))?;
        // Addresses are usable at once: nobody else is there who could have them.
        for file in ["all/accept_dad", "default/accept_dad"] {
            space.run(&format!("sysctl -qw net/ipv6/conf/{file}=0"));
        }
        space.must("ip link set lo up");
        Some(space)
    }

    /// Runs a command in here; whether it did what it should.
    pub(crate) fn run(&self, line: &str) -> bool {
        permitted(&format!("ip netns exec {} {line}", self.0))
    }

    #[track_caller]
    pub(crate) fn must(&self, line: &str) {
        assert!(self.run(line), "{line}");
    }

    /// A program in here, in the desk's folder.
    pub(crate) fn program(&self, desk: &Desk, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0]).arg(program).current_dir(desk.path()).env("TZ", "UTC");
        command.env("XDG_CONFIG_HOME", desk.path()).stdin(Stdio::null());
        command
    }

    /// `fa` in here.
    pub(crate) fn fa(&self, desk: &Desk) -> Command {
        self.program(desk, desk.command().get_program())
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        permitted(&format!("ip netns del {}", self.0));
    }
}

/// Client – router – server.
pub(crate) struct Path {
    pub(crate) client: Space,
    pub(crate) router: Space,
    pub(crate) server: Space,
    /// IPv6 addresses could be had.
    pub(crate) v6: bool,
}

/// Addresses of the server.
pub(crate) const SERVER: &str = "10.213.2.1";
pub(crate) const SERVER_V6: &str = "fd00:213:2::1";

impl Path {
    /// The interface of client and server is `eth`, the router's ports are `left` and `right`. `None` where namespaces are
    /// not permitted, which is reported under the test's name.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let Some(client) = Space::new("client") else {
            println!("skipped: {test}: no permission to make network namespaces");
            return None;
        };
        let (router, server) = (Space::new("router")?, Space::new("server")?);
        let mut v6 = true;
        for (net, end, port) in [(1, &client, "left"), (2, &server, "right")] {
            end.must(&format!("ip link add eth type veth peer name {port} netns {}", router.0));
            end.must(&format!("ip addr add 10.213.{net}.1/24 dev eth"));
            router.must(&format!("ip addr add 10.213.{net}.254/24 dev {port}"));
            end.must("ip link set eth up");
            router.must(&format!("ip link set {port} up"));
            end.must(&format!("ip route add default via 10.213.{net}.254"));
            v6 &= end.run(&format!("ip addr add fd00:213:{net}::1/64 dev eth nodad"))
                && router.run(&format!("ip addr add fd00:213:{net}::fe/64 dev {port} nodad"))
                && end.run(&format!("ip route add default via fd00:213:{net}::fe"));
        }
        router.must("sysctl -qw net/ipv4/ip_forward=1");
        v6 &= router.run("sysctl -qw net/ipv6/conf/all/forwarding=1");
        Some(Self { client, router, server, v6 })
    }

    /// Both directions carry 20 Mbit/s, with a queue of so many milliseconds.
    #[must_use]
    pub(crate) fn with_bottleneck(self, queue_ms: u32) -> Self {
        for port in ["left", "right"] {
            self.router.must(&format!("tc qdisc add dev {port} root tbf rate 20mbit burst 16kb latency {queue_ms}ms"));
        }
        self
    }
}
