//! What a measurement survives: servers that die or freeze, links that are cut, disks that are full, impatient users.
//! docs/measuring-faults.md has the table.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::command::{Desk, Said};
use crate::measure::{all_well, data_file, ended, kill, loaded};

/// `fa serve` of its own on a port of loopback; killed when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(desk: &Desk) -> Self {
        Self::on(desk.command(), "127.0.0.1:0")
    }

    fn on(mut command: Command, address: &str) -> Self {
        let mut child = command.args(["serve", "--listen", address]).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening on ") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "the server ended");
        }
        let address = line.split("listening on ").nth(1).unwrap().split(',').next().unwrap().to_owned();
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { child, address }
    }

    fn signal(&self, signal: &str) {
        kill(&self.child, signal);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A measurement of `test` against a server, with half a second of load behind it.
fn under_load(desk: &Desk, test: &str, server: &Server, length: &str) -> Child {
    loaded(desk.command().args(["measure", test, &server.address, "-l", length, "-d", "0"]), &[], 500_000_000).0
}

fn samples(desk: &Desk, file: &str, series: &str) -> u64 {
    let stats = desk.fa(["stats", "--json", file]).ends_with_code(0).json();
    let series = stats["files"][0]["series"].as_array().unwrap().iter().find(|s| s["series"] == series).cloned();
    series.and_then(|found| found["n"].as_u64()).unwrap_or(0)
}

fn meta(desk: &Desk, file: &str) -> serde_json::Value {
    desk.fa(["meta", "--json", file]).ends_with_code(0).json()[0].clone()
}

fn next_client_is_served(server: &Server) {
    let desk = Desk::new();
    all_well(desk.fa(["measure", "tcp_1up", &server.address, "-l", "1", "-d", "0"]));
    assert!(samples(&desk, &data_file(&desk), "TCP upload") > 0);
}

#[test]
fn a_server_that_is_killed_ends_the_run_early_with_what_there_is_and_can_be_started_again() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let child = under_load(&desk, "rrul_be", &server, "600");
    server.signal("KILL");
    // It would last ten minutes otherwise.
    let said = ended(child).ends_with_code(1);
    assert!(said.err.contains("the run ended early: all 8 flows broke"), "{}", said.err);
    let file = data_file(&desk);
    for series in ["TCP upload BE", "TCP download BE", "Ping (ms) UDP BE1"] {
        assert!(samples(&desk, &file, series) > 0, "{series}");
    }
    assert_eq!(desk.files(), std::slice::from_ref(&file), "no journal is left");
    let errors = &meta(&desk, &file)["SERIES_META"]["TCP upload BE"]["ERROR"];
    assert!(errors.is_string(), "the file says what broke");
    let address = server.address.clone();
    drop(server);
    next_client_is_served(&Server::on(desk.command(), &address));
}

#[test]
fn a_server_that_freezes_for_a_while_is_a_gap_and_no_failure_and_is_told() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let child = under_load(&desk, "rrul_be", &server, "4");
    server.signal("STOP");
    std::thread::sleep(std::time::Duration::from_secs(1));
    server.signal("CONT");
    let said = all_well(ended(child));
    let file = data_file(&desk);
    let meta = meta(&desk, &file);
    let probe = &meta["SERIES_META"]["Ping (ms) UDP BE1"];
    assert!(probe["HELD_MAX"].as_f64().unwrap() > 500.0, "the reflector answered late: {probe}");
    assert!(said.err.contains("before answering"), "{}", said.err);
    assert!(probe["MAX_VALUE"].as_f64().unwrap() < 500.0, "which is not the network's delay: {probe}");
}

#[test]
fn a_client_that_is_killed_leaves_a_journal_and_a_server_that_takes_the_next_one_at_once() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let child = under_load(&desk, "rrul_be", &server, "600");
    kill(&child, "KILL");
    ended(child);
    next_client_is_served(&server);
    let [journal] = desk.files().try_into().unwrap();
    desk.fa(["recover", &journal]).ends_with_code(0);
    let file = journal.trim_end_matches(".journal");
    // The journal reaches the system once a second, so that less than that may be all there is.
    assert!(desk.file(file).exists());
}

#[test]
fn a_second_interrupt_ends_the_program_at_once_and_keeps_the_journal() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let child = under_load(&desk, "tcp_1up", &server, "600");
    server.signal("STOP");
    kill(&child, "INT");
    kill(&child, "INT");
    let said = ended(child).ends_with_code(130);
    let [journal] = desk.files().try_into().unwrap();
    assert!(journal.ends_with(".journal"), "{}", said.err);
    desk.fa(["recover", &journal]).ends_with_code(0);
}

#[test]
fn a_second_usr1_is_ignored_and_an_interrupt_still_works() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let mut child = under_load(&desk, "tcp_1up", &server, "600");
    // A far end that does not answer keeps the run waiting for what it measured.
    server.signal("STOP");
    kill(&child, "USR1");
    kill(&child, "USR1");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "it goes on waiting for the far end");
    kill(&child, "INT");
    ended(child).ends_with_code(130);
    assert!(desk.files().iter().any(|name| name.ends_with(".journal")));
}

/// A command that needs root and may not work in every container.
fn permitted(line: &str) -> bool {
    let mut words = line.split(' ');
    let done = Command::new(words.next().unwrap()).args(words).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}

/// Undoes something when the test is over, however it ends.
struct Undo(String);

impl Drop for Undo {
    fn drop(&mut self) {
        permitted(&self.0);
    }
}

#[test]
fn a_full_disk_costs_neither_the_run_nor_what_it_measured() {
    let desk = Desk::new();
    let small = desk.file("small");
    std::fs::create_dir(&small).unwrap();
    let mount = format!("mount -t tmpfs -o size=48k none {}", small.display());
    if !nix::unistd::geteuid().is_root() || !permitted(&mount) {
        println!("skipped: a full disk: no permission to mount a small file system");
        return;
    }
    let _undo = Undo(format!("umount {}", small.display()));
    let spare = desk.file("spare");
    std::fs::create_dir(&spare).unwrap();
    let said = Said::from(
        desk.command()
            .env("TMPDIR", &spare)
            .args(["measure", "rrul_be", "localhost", "-l", "4", "-d", "0", "-s", "0.05", "-D", "small"])
            .output()
            .unwrap(),
    );
    assert!(said.err.contains("would not survive a crash"), "told while it goes on: {}", said.err);
    let said = all_well(said);
    let path = said.out.lines().last().unwrap();
    assert!(path.starts_with(spare.to_str().unwrap()), "the file went where there is room: {}", said.out);
    assert!(said.err.contains("No space left"), "{}", said.err);
    assert!(samples(&desk, path, "TCP upload BE") > 10);
}

#[test]
fn a_link_that_is_cut_shows_as_loss_or_delay_and_the_series_go_on_when_it_is_back() {
    let id = std::process::id();
    let (here, there) = (format!("fa-here-{id}"), format!("fa-there-{id}"));
    if !nix::unistd::geteuid().is_root() || !permitted(&format!("ip netns add {here}")) {
        println!("skipped: a link that is cut: no permission to make network namespaces");
        return;
    }
    let _here = Undo(format!("ip netns del {here}"));
    let _there = Undo(format!("ip netns del {there}"));
    for line in [
        format!("ip netns add {there}"),
        format!("ip -n {here} link add eth type veth peer name eth netns {there}"),
        format!("ip -n {here} addr add 10.214.1.1/24 dev eth"),
        format!("ip -n {there} addr add 10.214.1.2/24 dev eth"),
        format!("ip -n {here} link set eth up"),
        format!("ip -n {there} link set eth up"),
    ] {
        assert!(permitted(&line), "{line}");
    }
    let within = |desk: &Desk, space: &str| {
        let fa = desk.command();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", space]).arg(fa.get_program()).current_dir(desk.path()).env("TZ", "UTC");
        command
    };
    let desk = Desk::new();
    let server = Server::on(within(&desk, &there), "10.214.1.2:0");
    let mut command = within(&desk, &here);
    command.args(["measure", "rrul_be", &server.address, "-l", "6", "-d", "0", "-s", "0.1"]);
    let (child, _) = loaded(&mut command, &[], 500_000_000);
    assert!(permitted(&format!("ip -n {there} link set eth down")));
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert!(permitted(&format!("ip -n {there} link set eth up")));
    let said = ended(child);
    let file = data_file(&desk);
    let meta = meta(&desk, &file);
    assert_eq!(meta["FAILED_RUNNERS"], 0, "{}", said.err);
    for series in ["Ping (ms) UDP BE1", "Ping (ms) ICMP"] {
        let of = &meta["SERIES_META"][series];
        let (sent, received) = (of["PACKETS_SENT"].as_u64().unwrap(), of["PACKETS_RECEIVED"].as_u64().unwrap());
        // The kernel may keep requests until the link is back: then they took long, which is as true as being lost.
        let longest = of["MAX_VALUE"].as_f64().unwrap();
        assert!(sent >= received + 5 || longest > 500.0, "{series}: {received} of {sent}, {longest} ms at most");
        assert!(received >= 20, "{series} goes on: {received}");
    }
}
