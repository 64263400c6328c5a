//! Measurements across a network: namespaces with a bottleneck of 20 Mbit/s and, where it has to be full, cubic.

use std::process::Command;

use crate::command::{Desk, Said};
use crate::faults::{Server, meta, samples};
use crate::measure::data_file;
use crate::spaces::{Path, SERVER, SERVER_V6};

/// Runs `fa measure` at the client with these arguments.
fn measured(path: &Path, desk: &Desk, arguments: &[&str]) -> Said {
    Said::from(path.client.fa(desk).arg("measure").args(arguments).output().unwrap())
}

fn number(meta: &serde_json::Value, series: &str, key: &str) -> f64 {
    let found = &meta["SERIES_META"][series];
    found[key].as_f64().unwrap_or_else(|| panic!("no {key} of {series}: {found}"))
}

#[test]
fn a_page_takes_as_long_as_its_bytes_take_on_the_line() {
    let Some(path) = Path::new("a page across a bottleneck") else { return };
    let path = path.with_bottleneck(300);
    let desk = Desk::new();
    let server = Server::on(path.server.fa(&desk), &format!("{SERVER}:0"));
    let said = measured(&path, &desk, &["http", &server.address, "-l", "6", "-d", "0", "-s", "0.5"]);
    said.ends_with_code(0);
    let meta = meta(&desk, &data_file(&desk));
    // 469 500 bytes of objects; of 1514 bytes on the line 1448 are payload. Heads of answers come to it, and round trips.
    let least_ms = 469_500.0 * 8.0 / 20e6 * 1514.0 / 1448.0 * 1e3;
    let took = number(&meta, "HTTP latency", "MIN_VALUE");
    // The bucket of the bottleneck, 16 kB, is full when a page begins.
    assert!(took > least_ms - 8.0 && took < least_ms * 1.25, "{took} ms, at least {least_ms} ms");
    let rounds = number(&meta, "HTTP latency", "ROUNDS");
    assert!(rounds >= 5.0, "{rounds}");
    assert_eq!(number(&meta, "HTTP latency", "OBJECTS"), rounds * 16.0);
    assert_eq!(number(&meta, "HTTP latency", "BYTES_RECVD"), rounds * 469_500.0);
    let connections = number(&meta, "HTTP latency", "CONNECTIONS");
    assert!(connections <= number(&meta, "HTTP latency", "WORKERS"), "they are kept: {connections}");
}

#[test]
fn rrul_is_measured_over_ipv6() {
    let Some(path) = Path::new("rrul over IPv6") else { return };
    if !path.v6 {
        println!("skipped: rrul over IPv6: no IPv6 here");
        return;
    }
    let path = path.with_bottleneck(100);
    let desk = Desk::new();
    // Cubic is not for everybody.
    let server = Server::with(path.server.fa(&desk), &["--keep-privileges", "--listen", &format!("[{SERVER_V6}]:0")]);
    let cubic = ["--test-parameter", "tcp_cong_control=cubic"];
    let said = measured(&path, &desk, &[&["rrul", &server.address, "-6", "-l", "4", "-d", "1"][..], &cubic].concat());
    said.ends_with_code(0);
    let file = data_file(&desk);
    let meta = meta(&desk, &file);
    assert_eq!((&meta["FAILED_RUNNERS"], &meta["IP_VERSION"]), (&0.into(), &6.into()));
    for series in ["TCP upload EF", "TCP download BK", "Ping (ms) UDP EF", "Ping (ms) ICMP"] {
        assert!(samples(&desk, &file, series) > 5, "{series}");
    }
    // The mark is a traffic class here, and is seen at the other end.
    assert_eq!(meta["SERIES_META"]["TCP upload EF"]["UPSTREAM_TOS"], 184);
    let up: f64 =
        ["BE", "BK", "CS5", "EF"].iter().map(|mark| number(&meta, &format!("TCP upload {mark}"), "BYTES_RECVD")).sum();
    // Four seconds at 20 Mbit/s less heads of 86 bytes; acknowledgements of the downloads share the line.
    let most = 4.0 * 20e6 / 8.0 * 1428.0 / 1514.0 + 16_000.0;
    // What is in queues and send buffers when the flows end is still delivered.
    assert!(up > 0.4 * most && up < most + 20e6 / 8.0, "{up} of {most}");
}

#[test]
fn a_link_local_address_is_a_host_of_its_interface() {
    let Some(path) = Path::new("a link-local target") else { return };
    // The router is the only neighbour that the client has.
    path.router.run("ip addr add fe80::fe/64 dev left nodad");
    if !path.client.run("ip addr add fe80::1/64 dev eth nodad") {
        println!("skipped: a link-local target: no IPv6 here");
        return;
    }
    let desk = Desk::new();
    let server = Server::on(path.router.fa(&desk), "[::]:0");
    let port = server.address.rsplit(':').next().unwrap();
    let target = format!("[fe80::fe%eth]:{port}");
    measured(&path, &desk, &["rrul", &target, "-l", "1", "-d", "0", "-t", "rrul"]).ends_with_code(0);
    measured(&path, &desk, &["http", &target, "-l", "1", "-d", "0", "-t", "http"]).ends_with_code(0);
    for (title, series) in [("rrul", "TCP download EF"), ("rrul", "Ping (ms) ICMP"), ("http", "HTTP latency")] {
        let file = desk.files().into_iter().find(|name| name.ends_with(&format!(".{title}.flent.gz"))).unwrap();
        assert!(samples(&desk, &file, series) > 0, "{series}");
    }
}

#[test]
fn traffic_classes_are_those_that_tc_shows() {
    let Some(path) = Path::new("traffic classes beside tc") else { return };
    if !path.client.run("tc qdisc add dev eth root handle 1: htb default 20") {
        println!("skipped: traffic classes beside tc: this kernel has no htb");
        return;
    }
    path.client.must("tc class add dev eth parent 1: classid 1:1 htb rate 20mbit");
    path.client.must("tc class add dev eth parent 1:1 classid 1:10 htb rate 5mbit ceil 20mbit prio 3");
    path.client.must("tc class add dev eth parent 1:1 classid 1:20 htb rate 15mbit ceil 20mbit");
    // Neighbours are found before anything is counted twice.
    path.client.must("ping -c 3 -i 0.2 -s 1000 10.213.2.1");
    let desk = Desk::new();
    let interface = ["--test-parameter", "interface=eth"];
    measured(&path, &desk, &[&["qdisc-stats", "localhost", "-l", "1", "-d", "0"][..], &interface].concat())
        .ends_with_code(0);
    let shown = Said::from(path.client.program(&desk, "tc").args("-s class show dev eth".split(' ')).output().unwrap());
    let file = Command::new("gzip").arg("-dc").arg(desk.file(&data_file(&desk))).output().unwrap();
    let file: serde_json::Value = serde_json::from_slice(&file.stdout).unwrap();
    let samples = file["raw_values"]["qdisc-stats"].as_array().unwrap();
    let told = samples.last().unwrap()["classes"].as_object().unwrap();
    assert_eq!(told.keys().collect::<Vec<_>>(), ["htb 1:1 root", "htb 1:10 parent 1:1", "htb 1:20 parent 1:1"]);
    for (name, values) in told {
        // `class htb 1:20 parent 1:1 prio 0 rate …`, and below it ` Sent 3138 bytes 4 pkt (dropped 0, overlimits 0 …`.
        let of_class = shown.out.split("class ").find(|text| text.starts_with(name.as_str())).unwrap();
        let sent: Vec<&str> = of_class.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(values["sent_bytes"].as_f64(), sent[1].parse().ok(), "{name}: {of_class}");
        assert_eq!(values["sent_pkts"].as_f64(), sent[3].parse().ok(), "{name}: {of_class}");
        let ceil = format!(" ceil {}Mbit ", values["ceil_mbits"]).replace(".0Mbit", "Mbit");
        assert!(of_class.contains(&ceil), "{ceil}: {of_class}");
    }
    assert!(told["htb 1:20 parent 1:1"]["sent_bytes"].as_f64() > Some(3000.0), "{told:?}");
    assert!(file["results"]["qdisc-stats::class 1:20 mbits"].is_array());
}
