//! What the file says of flows.

use super::*;

#[test]
fn goodput_is_what_the_receiver_read_at_its_own_times() {
    let data = record(vec![
        // The sender's count is larger by its buffer; it must not show.
        bytes(UP, FlowEnd::Sender, ms(200), 200, 9_000_000),
        bytes(UP, FlowEnd::Receiver, ms(210), 200, 250_000),
        bytes(UP, FlowEnd::Receiver, ms(410), 200, 500_000),
    ]);
    let found = raw(&data, "TCP upload");
    // 250 kB in 0.2 s are 10 Mbit/s; the offset of 2 s is taken out, up to the drift allowed within 0.4 s.
    assert_eq!((&found[0]["dur"], &found[0]["val"]), (&0.2.into(), &10.0.into()));
    assert_eq!(found[1]["val"], 20.0);
    let t = found[0]["t"].as_f64().unwrap() - UNIX;
    assert!((t - 0.21).abs() < 1e-4, "{t}");
    let meta = meta(&data, "TCP upload");
    assert_eq!((&meta["BYTES_SENT"], &meta["BYTES_RECVD"]), (&9_000_000.into(), &750_000.into()));
    assert_eq!(meta["MEAN_VALUE"], 15.0);
    assert_eq!((&meta["RUNNER"], &meta["IDX"]), (&"NetperfDemoRunner".into(), &0.into()));
    assert_eq!(data.metadata.get("FAILED_RUNNERS").unwrap(), 4, "nothing was told about the others");
}

#[test]
fn a_last_interval_that_was_cut_short_is_joined_to_the_one_before() {
    let data = record(vec![
        bytes(UP, FlowEnd::Receiver, ms(200), 200, 250_000),
        bytes(UP, FlowEnd::Receiver, ms(400), 200, 250_000),
        // 100 kB in a millisecond would be 800 Mbit/s.
        bytes(UP, FlowEnd::Receiver, ms(401), 1, 100_000),
    ]);
    let found = raw(&data, "TCP upload");
    assert_eq!(found.len(), 2);
    assert_eq!(found[1]["dur"], 0.201);
    let mbits = found[1]["val"].as_f64().unwrap();
    assert!((mbits - 350_000.0 * 8.0 / 0.201 / 1e6).abs() < 1e-9, "{mbits}");
}

#[test]
fn the_senders_state_is_in_the_same_list_and_makes_children() {
    let state = |at, cwnd, rtt_us| {
        let info =
            TcpInfo { snd_cwnd: Some(cwnd), rtt_us: Some(rtt_us), pacing_rate: Some(125_000), ..TcpInfo::default() };
        What::TcpInfo(Box::new(TcpSample { flow: UP, end: FlowEnd::Sender, at: When::Here(at), info }))
    };
    let data = record(vec![
        bytes(UP, FlowEnd::Receiver, ms(400), 200, 250_000),
        bytes(UP, FlowEnd::Receiver, ms(200), 200, 250_000),
        state(ms(100), 10, 20_000),
        state(ms(300), 20, 40_000),
    ]);
    let found = raw(&data, "TCP upload");
    let kinds: Vec<_> = found.iter().map(|entry| entry.get("val").is_some()).collect();
    assert_eq!(kinds, [false, true, false, true], "merged by time: {found:?}");
    assert_eq!((&found[0]["tcp_cwnd"], &found[0]["tcp_rtt"]), (&10.0.into(), &20.0.into()));
    assert_eq!(found[0]["tcp_pacing_rate"], 1.0);
    // The grid starts with the earliest sample of any kind, at 0.1; a value at 0.3 is the sample there.
    assert_eq!(data.series("TCP upload::tcp_rtt").unwrap()[..2], [20.0, 40.0]);
    assert!(data.series("TCP upload::tcp_bbr_bw").is_none(), "no child without data");
    assert_eq!(meta(&data, "TCP upload::tcp_cwnd")["RUNNER"], "NullRunner");
    let names: Vec<_> = data.series.keys().map(String::as_str).collect();
    assert_eq!(names[..2], ["TCP upload", "TCP upload::tcp_cwnd"], "children follow their parent");
}

#[test]
fn what_was_asked_and_what_was_obtained_are_both_kept() {
    let address: SocketAddr = "192.0.2.1:1".parse().unwrap();
    let connected = |end, at, tos, cong_control: &str| {
        What::FlowConnected(Box::new(FlowConnected {
            flow: UP,
            end,
            at,
            local: address,
            peer: address,
            facts: EndFacts {
                cong_control_asked: None,
                cong_control: Some(cong_control.into()),
                tos_asked: Some(0x22),
                tos: Some(tos),
                tos_seen: (end == FlowEnd::Receiver).then_some(0),
                send_buffer: Some(16_384),
                receive_buffer: Some(65_536),
                mss: Some(1448),
                read_size: Some(131_072),
            },
        }))
    };
    let info = TcpInfo { total_retrans: Some(3), options: Some(8), rtt_us: Some(1234), ..TcpInfo::default() };
    let ended = |end, at, bytes, elapsed_ms, info| {
        What::FlowEnded(Box::new(FlowEnded {
            flow: UP,
            end,
            at,
            elapsed: Span::from_millis(elapsed_ms),
            bytes,
            info,
            cong_control: None,
            tos_seen: None,
            error: None,
        }))
    };
    let data = record(vec![
        connected(FlowEnd::Sender, When::Here(ms(1)), 0x20, "cubic"),
        connected(FlowEnd::Receiver, When::There(far(ms(2))), 0, "reno"),
        bytes(UP, FlowEnd::Receiver, ms(200), 200, 250_000),
        ended(FlowEnd::Sender, When::Here(ms(1000)), 2_000_000, 1000, Some(info)),
        ended(
            FlowEnd::Receiver,
            When::There(far(ms(1100))),
            1_250_000,
            1000,
            Some(TcpInfo { options: Some(8 | 16), ..TcpInfo::default() }),
        ),
    ]);
    let meta = meta(&data, "TCP upload");
    for (key, expected) in [
        ("CONG_CONTROL_ASKED", Value::from("cubic")),
        ("CONG_CONTROL", Value::from("cubic")),
        ("UPSTREAM_TOS", Value::from(0x22)),
        ("UPSTREAM_TOS_OBTAINED", Value::from(0x20)),
        ("DOWNSTREAM_TOS", Value::from(0x22)),
        ("DOWNSTREAM_TOS_OBTAINED", Value::from(0)),
        ("DATA_TOS", Value::from(0x22)),
        ("DATA_TOS_SEEN", Value::from(0)),
        ("ECN", Value::from(true)),
        ("ECN_SEEN", Value::from(true)),
        ("TCP_MSS", Value::from(1448)),
        ("TCP_RETRANSMIT", Value::from(3)),
        ("TCPI_RTT", Value::from(1234)),
        ("SEND_SIZE", Value::from(131_072)),
        ("RECV_SIZE", Value::from(131_072)),
        ("MEAN_VALUE", Value::from(10.0)),
        ("ELAPSED_TIME", Value::from(1.0)),
        ("BYTES_SENT", Value::from(2_000_000)),
        ("BYTES_RECVD", Value::from(1_250_000)),
    ] {
        assert_eq!(meta[key], expected, "{key}");
    }
    let warnings = data.metadata.get("WARNINGS").unwrap().as_array().unwrap().clone();
    let of_marks: Vec<_> =
        warnings.iter().filter_map(|text| text.as_str().filter(|t| t.contains("obtained"))).collect();
    assert_eq!(of_marks.len(), 2, "{warnings:?}");
    assert!(
        of_marks[1].starts_with(
            "TCP upload: mark 0x22 was asked for and 0x20 obtained; packets arrived with ECN bits: of a TCP"
        )
    );
    assert!(!of_marks[0].contains("the kernel sets"), "0x00 is more than bits of ECN away: {}", of_marks[0]);
}

#[test]
fn a_failed_flow_and_a_missing_collector_are_data() {
    let failed = What::FlowFailed { flow: UP, error: "connect: refused".into(), hint: Some("start fa serve".into()) };
    let data = record(vec![failed, bytes(DOWN, FlowEnd::Receiver, ms(200), 200, 1000)]);
    assert_eq!(meta(&data, "TCP upload")["ERROR"], "connect: refused; start fa serve");
    assert_eq!(meta(&data, "cpu_stats_far")["ERROR"], "not native yet");
    assert_eq!(meta(&data, "cpu_stats_far")["RUNNER"], "CpuStatsRunner");
    assert!(data.series("cpu_stats_far").is_some() && data.raw.contains("cpu_stats_far"));
    assert!(!meta(&data, "TCP download").contains_key("ERROR"));
}

#[test]
fn every_field_of_both_ends_is_a_series_when_asked_for() {
    let state = |end, at| {
        let info = TcpInfo { rtt_us: Some(1500), snd_mss: Some(1448), rcv_space: Some(14_480), ..TcpInfo::default() };
        What::TcpInfo(Box::new(TcpSample { flow: UP, end, at, info }))
    };
    let told = || {
        vec![
            state(FlowEnd::Sender, When::Here(ms(100))),
            state(FlowEnd::Receiver, When::There(far(ms(110)))),
            bytes(UP, FlowEnd::Receiver, ms(200), 200, 1000),
        ]
    };
    let few = collected(plan(), told());
    let last = &meta(&few, "TCP upload")["TCP_INFO"];
    for end in ["sender", "receiver"] {
        let found = [&last[end]["tcp_rtt"], &last[end]["tcp_snd_mss"], &last[end]["tcp_rcv_space"]];
        assert_eq!(found, [&Value::from(1.5), &Value::from(1448.0), &Value::from(14_480.0)], "{end}, without asking");
    }
    assert!(few.series("TCP upload::tcp_rtt").is_some() && few.series("TCP upload::tcp_snd_mss").is_none());
    let mut every = plan();
    every.settings.observe.socket_stats = true;
    let every = collected(every, told());
    for name in ["tcp_rtt", "tcp_snd_mss", "tcp_rcv_space", "receiver_tcp_rtt", "sender_tcp_rcv_space"] {
        assert!(every.series(&format!("TCP upload::{name}")).is_some(), "{name}");
    }
    let raw = every.raw.series("TCP upload").unwrap();
    assert_eq!(&*raw.numbers("tcp_rtt").unwrap().value, [1.5], "the sender's alone");
    assert_eq!(&*raw.numbers("tcp_rcv_space").unwrap().value, [14_480.0], "the receiver's alone");
}

#[test]
fn the_samples_of_both_ends_have_every_field_also_when_the_flow_broke() {
    // Every field that the structure has, each with a number of its own.
    let names: Vec<String> = {
        let text = serde_json::to_value(all_fields(7)).unwrap();
        text.as_object().unwrap().keys().filter(|key| *key != "bbr").cloned().collect()
    };
    assert!(names.len() >= 57, "{}", names.len());
    let state = |end, at, n| {
        let info = all_fields(n);
        What::TcpInfo(Box::new(TcpSample { flow: UP, end, at, info }))
    };
    let broken = FlowEnded {
        flow: UP,
        end: FlowEnd::Sender,
        at: When::Here(ms(420)),
        elapsed: Span::from_millis(420),
        bytes: 5000,
        info: Some(TcpInfo { state: Some(7), ..all_fields(12) }),
        cong_control: None,
        tos_seen: None,
        error: Some("Connection reset by peer (os error 104)".into()),
    };
    let data = collected(
        plan(),
        vec![
            state(FlowEnd::Sender, When::Here(ms(200)), 10),
            state(FlowEnd::Receiver, When::There(far(ms(210))), 20),
            bytes(UP, FlowEnd::Receiver, ms(200), 200, 1000),
            state(FlowEnd::Sender, When::Here(ms(400)), 11),
            state(FlowEnd::Receiver, When::There(far(ms(410))), 20),
            What::FlowEnded(Box::new(broken)),
        ],
    );
    assert_eq!(meta(&data, "TCP upload")["ERROR"], "Connection reset by peer (os error 104)");
    assert_eq!(meta(&data, "TCP upload")["TCP_INFO"]["sender"]["tcp_state"], 7.0, "as the kernel left it");
    let again = fa_format::to_bytes(&data).unwrap();
    let again = fa_format::read_bytes(&again, std::path::Path::new("x.flent.gz"), &fa_format::ReadOptions::default());
    let again = again.unwrap();
    let raw = again.raw.series("TCP upload").unwrap();
    assert_eq!(raw, data.raw.series("TCP upload").unwrap());
    let keys = raw.keys();
    // One field of the kernel holds two window scales; BBR has four of its own.
    let of = |prefix: &str| keys.iter().filter(|key| key.starts_with(prefix)).count();
    let expected = names.len() + 1 + 4;
    assert_eq!((of("tcp_") + of("sender_tcp_"), of("receiver_tcp_")), (expected + 4, expected - 4), "{keys:?}");
    for (key, sender) in
        [("tcp_rto", [0.01, 0.011]), ("tcp_segs_in", [10.0, 11.0]), ("sender_tcp_rcv_wnd", [10.0, 11.0])]
    {
        let found = raw.numbers(key).unwrap();
        assert_eq!(found.value[..], sender, "{key}");
        assert!((found.t[1] - UNIX - 0.4).abs() < 1e-4, "{key}");
    }
    for (key, receiver) in [("receiver_tcp_rto", 0.02), ("receiver_tcp_bbr_bw", 160e-6), ("tcp_rcv_wnd", 20.0)] {
        let found = raw.numbers(key).unwrap();
        assert_eq!(found.value[..], [receiver; 2], "{key}");
        assert!((found.t[1] - UNIX - 0.41).abs() < 1e-3, "{key}");
    }
    assert!(again.series("TCP upload::tcp_rto").is_none(), "samples, no series");
    assert!(record(vec![state(FlowEnd::Receiver, When::Here(ms(1)), 1)]).raw.series("TCP upload").unwrap().len() == 1);
}

/// A state with every field there is, each of them `n`.
fn all_fields(n: u8) -> TcpInfo {
    let bbr =
        crate::tcp_info::BbrInfo { bw: n.into(), min_rtt_us: n.into(), pacing_gain: n.into(), cwnd_gain: n.into() };
    // Names of the fields from what refuses an unknown one would be a list to keep: the structure's own debug text has them.
    let none = format!("{:?}", TcpInfo::default());
    let names = none
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with(char::is_lowercase));
    let fields =
        names.filter(|name| *name != "bbr").map(|name| (name.to_owned(), Value::from(n))).collect::<Map<_, _>>();
    let info: TcpInfo = serde_json::from_value(fields.into()).unwrap();
    TcpInfo { bbr: Some(bbr), ..info }
}

/// Warnings of a run whose upload is a flow of datagrams with these totals.
fn warnings_of_datagrams(sender: DatagramTotals, receiver: DatagramTotals) -> Vec<String> {
    let told = [(sender, FlowEnd::Sender), (receiver, FlowEnd::Receiver)]
        .map(|(totals, end)| What::DatagramTotals(Box::new(DatagramTotals { flow: UP, end, ..totals })));
    let data = record(told.into());
    let warnings = data.metadata.get("WARNINGS").unwrap().as_array().unwrap().clone();
    let of_flow = |text: &Value| text.as_str().filter(|text| text.contains(": TCP upload: ")).map(str::to_owned);
    warnings.iter().filter_map(of_flow).collect()
}

#[test]
fn a_flow_of_datagrams_that_its_own_hosts_limited_says_so() {
    let sender = |packets, unsent, refused, late_ms| DatagramTotals {
        packets,
        unsent,
        refused,
        lateness: Span::from_millis(late_ms),
        ..DatagramTotals::default()
    };
    let receiver = |dropped| DatagramTotals { packets: 12_000, dropped, ..DatagramTotals::default() };
    // 100 Mbit/s into an interface of our own with 50.
    let texts = warnings_of_datagrams(sender(12_481, 13_030, 0, 1528), receiver(0));
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].starts_with("this host: TCP upload: 13030 of 25511 datagrams were not sent"), "{texts:?}");
    assert!(texts[0].contains("up to 1528 ms after their time"), "{texts:?}");
    let texts = warnings_of_datagrams(sender(10_000, 0, 7, 50), receiver(44));
    let parts =
        ["left up to 50 ms after", "refused to send 7 of 10000", "far.example: TCP upload: 44 datagrams arrived"];
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts.iter().zip(parts).all(|(text, part)| text.contains(part)), "{texts:?}");
    assert_eq!(warnings_of_datagrams(sender(10_000, 10, 0, 49), receiver(0)), Vec::<String>::new(), "sound");
}

/// A download of a megabyte by the plan, of which so many bytes arrived.
fn fixed_size(arrived: u64) -> DataSet {
    let mut plan = plan();
    plan.flows[usize::from(DOWN.0)].bytes = Some(1_000_000);
    let mut all = begin();
    for event in &mut all {
        if let What::Plan(planned) = &mut event.what {
            **planned = plan.clone();
        }
    }
    let ended = FlowEnded {
        flow: DOWN,
        end: FlowEnd::Receiver,
        at: When::Here(ms(900)),
        elapsed: Span::from_millis(900),
        bytes: arrived,
        info: None,
        cong_control: None,
        tos_seen: None,
        error: None,
    };
    all.extend(events(vec![What::Origin { at: ms(100) }, What::FlowEnded(Box::new(ended))]));
    Recorder::replay(&all).finish().unwrap()
}

#[test]
fn a_flow_of_a_fixed_size_says_whether_it_got_there() {
    let done = fixed_size(1_000_000);
    let found = meta(&done, "TCP download");
    assert_eq!((&found["COMPLETED"], &found["COMPLETION_TIME"]), (&true.into(), &0.8.into()));
    let warnings = |set: &DataSet| set.metadata.get("WARNINGS").unwrap().to_string();
    assert!(!warnings(&done).contains("completion"), "{}", warnings(&done));
    let cut = fixed_size(999_999);
    let found = meta(&cut, "TCP download");
    assert_eq!((&found["COMPLETED"], found.get("COMPLETION_TIME")), (&false.into(), None));
    assert!(warnings(&cut).contains("TCP download: 999999 of its 1000000 bytes"), "{}", warnings(&cut));
}
