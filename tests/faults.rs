//! What a measurement survives: servers that die or freeze, links that are cut, disks that are full, impatient users.
//! docs/measuring-faults.md has the table.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::command::{Desk, Said};
use crate::measure::{all_well, data_file, ended, kill, loaded, started};
use crate::spaces::{Path, SERVER, Undo, permitted};

/// `fa serve` of its own on a port of loopback; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(desk: &Desk) -> Self {
        Self::on(desk.command(), "127.0.0.1:0")
    }

    pub(crate) fn on(command: Command, address: &str) -> Self {
        Self::with(command, &["--listen", address])
    }

    pub(crate) fn with(mut command: Command, arguments: &[&str]) -> Self {
        let mut child = command.arg("serve").args(arguments).stderr(Stdio::piped()).spawn().unwrap();
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

    pub(crate) fn signal(&self, signal: &str) {
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

pub(crate) fn samples(desk: &Desk, file: &str, series: &str) -> u64 {
    let stats = desk.fa(["stats", "--json", file]).ends_with_code(0).json();
    let series = stats["files"][0]["series"].as_array().unwrap().iter().find(|s| s["series"] == series).cloned();
    series.and_then(|found| found["n"].as_u64()).unwrap_or(0)
}

pub(crate) fn meta(desk: &Desk, file: &str) -> serde_json::Value {
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
fn a_server_that_is_started_again_under_probes_alone_is_loss_until_the_end() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let (child, mut events) =
        started(desk.command().args(["measure", "ping", &server.address, "-l", "3", "-s", "0.1"]));
    events.find(|event| !event["what"]["probe_reply"].is_null()).unwrap();
    let address = server.address.clone();
    drop(server);
    let _again = Server::on(desk.command(), &address);
    std::thread::spawn(move || events.for_each(drop));
    let said = all_well(ended(child));
    assert!(said.err.contains("contact is lost for good"), "{}", said.err);
    let probe = meta(&desk, &data_file(&desk))["SERIES_META"]["Ping (ms) UDP"].clone();
    let (sent, received) = (probe["PACKETS_SENT"].as_u64().unwrap(), probe["PACKETS_RECEIVED"].as_u64().unwrap());
    assert!(sent == 31 && (1..31).contains(&received), "none is skipped: {probe}");
}

#[test]
fn a_client_that_sleeps_for_a_while_sends_what_was_due_and_says_that_it_was_late() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let child = under_load(&desk, "rrul_be", &server, "4");
    kill(&child, "STOP");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    kill(&child, "CONT");
    let said = all_well(ended(child));
    assert!(said.err.contains("after their time, because of this host"), "{}", said.err);
    let probe = meta(&desk, &data_file(&desk))["SERIES_META"]["Ping (ms) UDP BE1"].clone();
    assert_eq!(probe["PACKETS_SENT"], 21, "0 to 4 s every 0.2 s: {probe}");
    assert_eq!(probe["PACKETS_RECEIVED"], 21, "{probe}");
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
    assert!(said.err.contains(&format!("fa recover {journal}")), "{}", said.err);
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
fn a_disk_full_for_the_file_alone_leaves_the_journal_from_which_it_is_made_later() {
    let desk = Desk::new();
    let small = desk.file("small");
    std::fs::create_dir(&small).unwrap();
    // Room for one file beside the folder itself, which is the journal.
    let mount = format!("mount -t tmpfs -o nr_inodes=2 none {}", small.display());
    if !nix::unistd::geteuid().is_root() || !permitted(&mount) {
        println!("skipped: a disk full for the file alone: no permission to mount a small file system");
        return;
    }
    let _undo = Undo(format!("umount {}", small.display()));
    let said = desk.fa(["measure", "tcp_1up", "localhost", "-l", "1", "-d", "0", "-D", "small"]).ends_with_code(1);
    assert!(said.err.contains("No space left"), "{}", said.err);
    assert!(said.err.contains("the measurement is in the journal"), "{}", said.err);
    let command = said.err.lines().find_map(|line| line.split("fa recover ").nth(1)).unwrap().to_owned();
    desk.fa(["recover", &command]).ends_with_code(1);
    assert!(permitted(&format!("mount -o remount,nr_inodes=10 {}", small.display())));
    let said = desk.fa(["recover", &command]).ends_with_code(0);
    assert!(samples(&desk, said.out.lines().last().unwrap(), "TCP upload") > 0, "{}", said.out);
}

#[test]
fn a_server_that_freezes_for_good_is_waited_for_a_little_while_and_the_rest_is_kept() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    // Late enough for what the server counts of uploads to have come several times, on a busy machine as well.
    let mut command = desk.command();
    command.args(["measure", "rrul_be", &server.address, "-l", "3", "-d", "0"]);
    let child = loaded(&mut command, &[], 2_000_000_000).0;
    server.signal("STOP");
    let said = ended(child);
    server.signal("CONT");
    assert!(said.err.contains("does not answer: waiting up to "), "{}", said.err);
    assert!(said.err.contains("lost for good (no answer for 10 s after the run)"), "{}", said.err);
    assert_eq!(said.code, 3, "{}", said.err);
    let file = data_file(&desk);
    // What it had counted of the uploads may all have been kept.
    for series in ["TCP download BE", "Ping (ms) UDP BE1"] {
        assert!(samples(&desk, &file, series) > 0, "{series}");
    }
    assert_eq!(desk.files(), std::slice::from_ref(&file), "no journal is left");
}

#[test]
fn who_does_not_want_to_wait_for_a_frozen_server_gets_the_file_at_once() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let mut command = desk.command();
    command.args(["measure", "rrul_be", &server.address, "-l", "2", "-d", "0"]);
    let (mut child, events) = started(&mut command);
    let mut frozen = false;
    for event in events {
        let loaded = event["what"]["flow_bytes"]["end"] == "receiver" && event["at"].as_i64().unwrap() > 1_000_000_000;
        if loaded && !frozen {
            server.signal("STOP");
            frozen = true;
        }
        if !event["what"]["waiting"].is_null() {
            assert!(child.try_wait().unwrap().is_none());
            kill(&child, "USR1");
        }
    }
    let said = ended(child);
    server.signal("CONT");
    assert!(said.err.contains("stopped waiting for it, as asked"), "{}", said.err);
    assert!(samples(&desk, &data_file(&desk), "TCP download BE") > 0);
}

#[test]
fn a_link_that_is_cut_shows_as_loss_or_delay_and_the_series_go_on_when_it_is_back() {
    let Some(path) = Path::new("a link that is cut") else { return };
    let desk = Desk::new();
    let server = Server::on(path.server.fa(&desk), &format!("{SERVER}:0"));
    let mut command = path.client.fa(&desk);
    command.args(["measure", "rrul_be", &server.address, "-l", "6", "-d", "0", "-s", "0.1"]);
    let (child, _) = loaded(&mut command, &[], 500_000_000);
    path.server.must("ip link set eth down");
    std::thread::sleep(std::time::Duration::from_secs(1));
    path.server.must("ip link set eth up");
    path.server.must("ip route add default via 10.213.2.254");
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
