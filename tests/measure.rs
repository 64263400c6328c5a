//! `fa measure` over loopback, against a server of its own: files, signals, recovery.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use crate::command::{Desk, Said};

pub(crate) fn data_file(desk: &Desk) -> String {
    let files = desk.files();
    let mut found = files.iter().filter(|name| name.ends_with(".flent.gz"));
    let file = found.next().unwrap_or_else(|| panic!("no data file among {files:?}")).clone();
    assert_eq!(found.next(), None, "more than one data file");
    file
}

/// A run in which everything went well. Where the system permits no ICMP socket (an ordinary user outside
/// `ping_group_range`), exactly the ICMP probe has failed, and that is reported.
#[track_caller]
pub(crate) fn all_well(said: Said) -> Said {
    if failed_icmp(&said) == 0 {
        return said.ends_with_code(0);
    }
    println!("skipped: the ICMP probe: no permission for ICMP sockets here");
    assert!(said.err.contains("note: 1 of the test's"), "{}", said.err);
    said.ends_with_code(3)
}

/// ICMP probes that the system did not permit: none or one.
fn failed_icmp(said: &Said) -> i64 {
    i64::from(said.err.contains("no ICMP socket"))
}

pub(crate) fn kill(child: &Child, signal: &str) {
    // The shell's own kill: no further package for two calls.
    let done = Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status().unwrap();
    assert!(done.success());
}

/// A measurement under way, its load begun.
fn under_load(desk: &Desk, more: &[&str]) -> Child {
    under_load_until(desk, more, 0).0
}

/// A measurement whose events have come to `until_ns` of its own clock, and the receiver's byte counts so far, each with
/// when it was told.
fn under_load_until(desk: &Desk, more: &[&str], until_ns: i64) -> (Child, Vec<i64>) {
    loaded(desk.command().args(["measure", "tcp_1up", "localhost", "-l", "60", "-d", "0"]), more, until_ns)
}

/// Any `fa measure`, and its events.
pub(crate) fn started(command: &mut Command) -> (Child, impl Iterator<Item = serde_json::Value> + Send + use<>) {
    let mut child = command
        .arg("--json-lines")
        // A group of its own, as an interactive shell makes it.
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let events = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, events.map(|line| serde_json::from_str(&line.unwrap()).unwrap()))
}

/// The same when its events have come to `until_ns`.
pub(crate) fn loaded(command: &mut Command, more: &[&str], until_ns: i64) -> (Child, Vec<i64>) {
    let (child, mut events) = started(command.args(more));
    let mut told = Vec::new();
    while told.last().is_none_or(|&at| at < until_ns) {
        let event = events.next().unwrap_or_else(|| panic!("the run ended before the load began"));
        if event["what"]["flow_bytes"]["end"] == "receiver" {
            told.push(event["at"].as_i64().unwrap());
        }
    }
    // The rest of the events must find a reader.
    std::thread::spawn(move || events.for_each(drop));
    (child, told)
}

fn kill_group(child: &Child, signal: &str) {
    let done = Command::new("sh").args(["-c", &format!("kill -{signal} -{}", child.id())]).status().unwrap();
    assert!(done.success());
}

pub(crate) fn ended(child: Child) -> Said {
    child.wait_with_output().unwrap().into()
}

#[test]
fn the_first_command_measures_writes_summarises_and_draws() {
    let desk = Desk::new();
    let said = all_well(desk.fa([
        "measure",
        "rrul",
        "localhost",
        "--length",
        "2",
        "--delay",
        "1",
        "-t",
        "a b/ü",
        "--plot",
        "all_scaled",
    ]));
    let file = data_file(&desk);
    assert!(file.starts_with("rrul-") && file.ends_with(".a_b__.flent.gz"), "{file}");
    assert_eq!(desk.files(), std::slice::from_ref(&file), "no journal is left");
    assert!(said.out.contains(&file), "{}", said.out);
    let header = said.out.lines().next().unwrap();
    assert_eq!(
        header.split_whitespace().collect::<Vec<_>>(),
        ["series", "min", "p50", "mean", "p95", "p99", "max", "loss", "n", "unit"]
    );
    let groups =
        ["Ping (ms) UDP EF", "TCP download BE", "TCP upload BE", "TCP download avg", "TCP download sum", "TCP totals"];
    let places: Vec<_> = groups.map(|name| said.out.find(name).unwrap_or_else(|| panic!("{name} is missing"))).to_vec();
    assert!(places.is_sorted(), "series stand by group: {}", said.out);

    let meta = desk.fa(["meta", "--json", &file]).ends_with_code(0).json();
    let meta = &meta[0];
    assert_eq!((&meta["NAME"], &meta["LENGTH"], &meta["DELAY"]), (&"rrul".into(), &2.into(), &1.into()));
    for key in
        ["T0", "TIME", "HOST", "LOCAL_HOST", "KERNEL_NAME", "SYSCTLS", "EGRESS_INFO", "FLENT_VERSION", "IP_VERSION"]
    {
        assert!(!meta[key].is_null(), "{key} is missing");
    }
    assert_eq!(meta["FAILED_RUNNERS"], failed_icmp(&said), "{}", said.err);
    let flow = &meta["SERIES_META"]["TCP upload EF"];
    assert_eq!(flow["UPSTREAM_TOS"], 184, "EF is TOS byte 0xb8");
    assert_eq!(flow["BYTES_SENT"], flow["BYTES_RECVD"], "loopback loses nothing");

    desk.fa(["plot", "all_scaled", &file, "-o", "a.svg", "-o", "a.png", "-o", "a.pdf", "-q"]).ends_with_code(0);
    let read = |name: &str| std::fs::read(desk.file(name)).unwrap();
    assert!(read("a.svg").starts_with(b"<svg") || read("a.svg").starts_with(b"<?xml"));
    assert!(read("a.png").starts_with(b"\x89PNG"));
    assert!(read("a.pdf").starts_with(b"%PDF"));
}

#[test]
fn a_congestion_control_the_kernel_lacks_fails_that_flow_with_the_list() {
    let desk = Desk::new();
    let said = desk
        .fa(["measure", "rrul", "localhost", "-l", "1", "-d", "0", "--test-parameter", "tcp_cong_control=nonsense"])
        .ends_with_code(3);
    assert!(said.err.contains("nonsense") && said.err.contains("reno"), "{}", said.err);
    let file = data_file(&desk);
    let meta = desk.fa(["meta", "--json", &file]).ends_with_code(0).json();
    assert_eq!(meta[0]["FAILED_RUNNERS"], 8 + failed_icmp(&said), "eight flows");
    let plot = desk.fa(["plot", "ping_cdf", &file, "--format", "json"]).ends_with_code(0).json();
    assert_eq!(plot["drawn"], true, "the pings went on");
}

#[test]
fn load_without_a_server_does_not_start_and_says_what_to_do() {
    let desk = Desk::new();
    // Nothing listens on port 1 of loopback, and who names a port gets no server of our own.
    let said = desk.fa(["measure", "rrul", "127.0.0.1:1", "-l", "60"]).ends_with_code(5);
    assert!(said.err.contains("fa serve"), "{}", said.err);
    assert_eq!(said.err.matches("refused").count(), 1, "said once: {}", said.err);
    assert_eq!(desk.files(), [""; 0]);
}

#[test]
fn extended_metadata_is_only_there_when_asked_for() {
    let desk = Desk::new();
    for (arguments, there) in [(&["-x"][..], true), (&[], false)] {
        let said = desk.fa([&["measure", "ping", "localhost", "-l", "1", "-q"], arguments].concat());
        let meta = desk.fa(["meta", "--json", said.out.lines().last().unwrap()]).ends_with_code(0).json();
        assert_eq!(meta[0].get("IP_ADDRS").is_some(), there, "{arguments:?}");
    }
}

#[test]
fn an_interrupt_leaves_a_journal_from_which_the_file_is_made() {
    let desk = Desk::new();
    let child = under_load(&desk, &[]);
    kill(&child, "INT");
    let said = ended(child).ends_with_code(130);
    assert!(said.err.contains("fa recover "), "{}", said.err);
    let [journal] = desk.files().try_into().unwrap();
    assert!(journal.ends_with(".flent.gz.journal"), "{journal}");

    desk.fa(["recover", &journal]).ends_with_code(0);
    let file = journal.trim_end_matches(".journal").to_owned();
    assert_eq!(data_file(&desk), file);
    let stats = desk.fa(["stats", "--json", &file]).ends_with_code(0).json();
    let series = stats["files"][0]["series"].as_array().unwrap().clone();
    assert!(series.iter().any(|s| s["series"] == "TCP upload"), "{series:?}");

    let again = desk.fa(["recover", &journal]).ends_with_code(1);
    assert!(again.err.contains(&file), "a data file is never overwritten: {}", again.err);
}

#[test]
fn an_interrupt_with_keep_writes_the_file() {
    let desk = Desk::new();
    let child = under_load(&desk, &["--keep"]);
    kill(&child, "TERM");
    all_well(ended(child));
    assert_eq!(desk.files(), [data_file(&desk)]);
}

#[test]
fn usr1_ends_gracefully_and_keeps_what_was_measured() {
    let desk = Desk::new();
    let child = under_load(&desk, &[]);
    kill(&child, "USR1");
    all_well(ended(child));
    assert_eq!(desk.files(), [data_file(&desk)]);
}

#[test]
fn a_killed_process_leaves_every_flushed_sample_recoverable() {
    let desk = Desk::new();
    let (child, told) = under_load_until(&desk, &[], 4_000_000_000);
    kill(&child, "KILL");
    ended(child);
    let last = *told.last().unwrap();
    // The journal is flushed each second; half a second more for a busy machine's disk.
    let safe = told.iter().filter(|&&at| at < last - 1_500_000_000).count();
    assert!(safe > 0, "{told:?}");

    let [journal] = desk.files().try_into().unwrap();
    desk.fa(["recover", &journal, "-o", "rescued.flent.gz"]).ends_with_code(0);
    let stats = desk.fa(["stats", "--json", "rescued.flent.gz"]).ends_with_code(0).json();
    let series = stats["files"][0]["series"].as_array().unwrap();
    let upload = series.iter().find(|s| s["series"] == "TCP upload").unwrap()["n"].as_u64().unwrap();
    // The last interval may have been joined to the one before it.
    assert!(upload + 1 >= safe as u64, "{upload} of {safe}");
}

#[test]
fn an_interrupt_of_the_whole_terminal_does_not_break_flows_that_are_kept() {
    let desk = Desk::new();
    let child = under_load(&desk, &["--keep"]);
    // As a terminal does it: to everybody in the process group.
    kill_group(&child, "INT");
    all_well(ended(child));
    assert_eq!(desk.files(), [data_file(&desk)]);
}

#[test]
fn pings_alone_know_the_way_and_the_version_without_any_far_end() {
    let desk = Desk::new();
    // Nothing listens on port 1 of loopback: only the ICMP probe goes on.
    let said = desk.fa(["measure", "ping", "127.0.0.1:1", "-l", "1", "-s", "0.5"]);
    if failed_icmp(&said) > 0 {
        println!("skipped: the ICMP probe: no permission for ICMP sockets here");
        return;
    }
    let said = said.ends_with_code(3);
    let meta = desk.fa(["meta", "--json", said.out.lines().last().unwrap()]).ends_with_code(0).json();
    assert_eq!(meta[0]["IP_VERSION"], 4);
    assert_eq!(meta[0]["EGRESS_INFO"]["iface"], "lo", "{}", meta[0]["EGRESS_INFO"]);
}

#[test]
fn what_cannot_be_used_is_refused_before_anything_starts() {
    let desk = Desk::new();
    for (arguments, why) in [
        (&["ping", "localhost", "--local-bind", "foo"][..], "not an IPv4 or IPv6 address"),
        (&["ping", "localhost", "--control-local-bind", "foo"], "not an IPv4 or IPv6 address"),
        (&["http", "localhost", "--http-getter-dns-servers", "foo"], "ADDRESS:PORT"),
        (&["rrul", "localhost", "--remote-host", "1=a"], "ssh"),
        (&["rrul", "localhost", "--netperf-control-port", "1"], "HOST:PORT"),
        (&["rrul", "localhost", "--ditg-control-port", "1"], "fa serve --key"),
        (&["rrul", "localhost", "--ditg-control-secret", "x"], "fa serve --key"),
        (&["http", "localhost", "--http-getter-urllist", "no/such/list"], "No such file"),
        (&["http", "localhost", "--http-getter-urllist", "https://a.example/list"], "TLS"),
    ] {
        let said = desk.fa([&["measure"], arguments].concat()).ends_with_code(2);
        assert!(said.err.contains(why), "{arguments:?}: {}", said.err);
    }
    assert_eq!(desk.files(), [""; 0]);
    std::fs::write(desk.file("list"), "http://127.0.0.1/a\nb\n").unwrap();
    for (arguments, why) in [
        (&["http", "localhost", "--http-getter-urllist", "list"][..], "\"b\" in the list list"),
        (&["ping", "localhost", "-o", "x.foo"], ".svg, .png"),
        (&["tcp_nup", "localhost", "--test-parameter", "upload_streams=abc"], "parameter upload_streams=abc: "),
        (&["tcp_nup", "localhost", "--test-parameter", "upload_streams=1;local_binds=foo"], "local_binds=foo: "),
    ] {
        let said = desk.fa([&["measure"], arguments].concat()).ends_with_code(2);
        assert!(said.err.contains(why) && !said.err.contains("--format"), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn a_test_that_is_run_again_and_again_has_a_value_per_run() {
    let desk = Desk::new();
    let arguments = ["measure", "iterated_bidirectional", "localhost", "-l", "1", "-d", "0"];
    let said = desk.fa(arguments.iter().chain(&["--test-parameter", "iterations=0"])).ends_with_code(2);
    assert!(said.err.contains("1 to 1000 times"), "{}", said.err);
    desk.fa(arguments.iter().chain(&["--test-parameter", "iterations=2"])).ends_with_code(0);
    let file = data_file(&desk);
    let data = fa_format::read(&desk.file(&file), &fa_format::ReadOptions::default()).unwrap();
    assert_eq!(data.x_values, [0.0, 1.0]);
    for series in ["TCP upload", "TCP download"] {
        let values = data.series(series).unwrap();
        assert!(values.len() == 2 && values.iter().all(|value| *value > 0.0), "{values:?}");
    }
    let stats = desk.fa(["stats", "--json", &file]).ends_with_code(0).json().to_string();
    assert!(stats.contains("\"n\":2"), "both values count: {stats}");
}

#[test]
fn notes_of_the_plan_are_told_once() {
    let desk = Desk::new();
    let command = ["measure", "udp_flood", "localhost", "-l", "1", "-d", "0", "--test-parameter", "udp_pktsize=1"];
    let parameters = ["--test-parameter", "udp_bandwidth=1M;marking=EF"];
    let said = desk.fa(command.iter().chain(&parameters));
    assert_eq!(said.err.matches("datagrams of 1 bytes are not possible").count(), 1, "{}", said.err);
    assert_eq!(said.err.matches("parameter marking has no effect").count(), 1, "{}", said.err);
}

#[test]
fn commands_are_not_run_on_other_hosts_and_that_is_said() {
    let desk = Desk::new();
    let parameters = "command=echo 1;command-host=far.example";
    let said = desk.fa(["measure", "command-output", "-l", "1", "--test-parameter", parameters]).ends_with_code(5);
    assert!(said.err.contains("on this host only, not on far.example"), "{}", said.err);
    assert_eq!(desk.files(), [""; 0]);
}

#[test]
fn a_series_without_values_says_why_on_the_screen() {
    let desk = Desk::new();
    std::fs::write(desk.file("list"), "http://127.0.0.1:1/gone\n").unwrap();
    let said = desk.fa(["measure", "http", "localhost", "-l", "1", "-s", "0.5", "--http-getter-urllist", "list"]);
    let said = said.ends_with_code(3);
    assert!(said.err.contains("HTTP latency: ") && said.err.contains("refused"), "{}", said.err);
    let summary = desk.fa(["stats", "--json", said.out.lines().last().unwrap()]).ends_with_code(0).json();
    let file = &summary["files"][0];
    assert!(file["failed"]["HTTP latency"].as_str().unwrap().contains("refused"), "{file}");
    assert!(file["warnings"].to_string().contains("1 of the 1 objects"), "{file}");
}

#[test]
fn what_is_known_only_after_the_run_is_a_line_of_json_too() {
    let desk = Desk::new();
    // A series that no event tells about: it was clear before that there is no way to measure it.
    let video = ["--test-parameter", "dash_url=http://web.example/"];
    let said = desk.fa(["measure", "tcp_1up", "localhost", "-l", "1", "-d", "0", "--json-lines"].iter().chain(&video));
    let said = said.ends_with_code(3);
    let lines: Vec<serde_json::Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |line: &&serde_json::Value| line["remark"]["text"].to_string().contains("browser");
    assert_eq!(lines.iter().filter(told).count(), 1, "{}", said.err);
    assert!(lines.iter().all(|line| line["what"].is_object() || line["what"].is_string()), "one shape for all");
}
