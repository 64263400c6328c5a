//! What the file says of the run.

use super::*;

#[test]
fn metadata_says_what_ran_where_and_when() {
    let more = serde_json::from_str(r#"{"EGRESS_INFO":{"tc_stats_post":["x"]}}"#).unwrap();
    let data = record(vec![
        What::HostFacts { host: None, facts: more },
        What::Warning { host: Some(HOST), text: "queue full".into() },
        What::Overflow { host: None, queue: "journal".into(), lost: 3 },
        What::Overflow { host: None, queue: "journal".into(), lost: 4 },
        What::Ended { reason: EndReason::Completed },
    ]);
    let get = |key: &str| data.metadata.get(key).unwrap().clone();
    for (key, expected) in [
        ("NAME", r#""mini""#),
        ("TITLE", r#""by hand""#),
        ("NOTE", "null"),
        ("HOST", r#""far.example""#),
        ("HOSTS", r#"["far.example"]"#),
        ("LOCAL_HOST", r#""here""#),
        ("TIME", r#""2023-11-14T22:13:20.000000Z""#),
        ("LENGTH", "1"),
        ("TOTAL_LENGTH", "2"),
        ("STEP_SIZE", "0.2"),
        ("DELAY", "0.5"),
        ("TEST_PARAMETERS", r#"{"upload_streams":"1"}"#),
        ("FLENT_VERSION", r#""fa 0.1.0""#),
        ("IP_VERSION", "4"),
        ("KERNEL_NAME", r#""Linux""#),
        ("EGRESS_INFO", r#"{"iface":"lo","tc_stats_post":["x"]}"#),
        ("REMOTE_METADATA", r#"{"far.example":{"KERNEL_RELEASE":"6.1","FA_VERSION":"fa 0.1.0","LOCAL_HOST":"there"}}"#),
        ("RUN_END", r#""completed""#),
        ("WARNINGS", r#"["far.example: queue full","this host: journal was full: 7 records are missing"]"#),
    ] {
        assert_eq!(get(key), json(expected), "{key}");
    }
    let clock = &get("CLOCKS")["far.example"];
    assert!((clock["offset_ms"].as_f64().unwrap() - 2000.0).abs() < 0.01, "{clock}");
    assert!((clock["bound_ms"].as_f64().unwrap() - 1.0).abs() < 0.01, "{clock}");
}

#[test]
fn a_flood_of_warnings_is_counted() {
    let flood = (0..300).map(|i| What::Warning { host: None, text: format!("number {i}") }).collect();
    let data = record(flood);
    let warnings = data.metadata.get("WARNINGS").unwrap().as_array().unwrap().clone();
    assert_eq!(warnings.len(), 201);
    assert_eq!(warnings[200], "and 100 more warnings");
}

#[test]
fn a_redacted_file_names_nobody_and_says_what_was_left_out() {
    let mut plan = with_collector(Collected::Program(Program::Command { command: "cat /home/toke/x".into() }), None);
    plan.settings.observe.redact = true;
    plan.settings.params.insert("command".into(), "cat /home/toke/x".into());
    plan.settings.note = "from my desk to far.example".into();
    plan.series[0].name = "TCP upload far.example".into();
    plan.flows[0].series = "TCP upload far.example".into();
    let facts = serde_json::from_str(
        r#"{"IP_ADDRS":{"eth0":["198.51.100.7"]},"WIFI_DATA":{"wlan0":{"ssid":"our place"}},"EGRESS_INFO":{"link_params":{"ether":"02:fc:00:00:00:01"},"nexthop":"198.51.100.1"}}"#,
    );
    let told = vec![
        What::HostFacts { host: None, facts: facts.unwrap() },
        What::Warning { host: Some(HOST), text: "contact to 192.0.2.1:5999 lost".into() },
        bytes(UP, FlowEnd::Receiver, ms(200), 200, 1000),
    ];
    let text = fa_format::to_json(&collected(plan, told)).unwrap();
    for secret in ["far.example", "192.0.2.1", "198.51.100", "02:fc:00", "toke", "our place", "\"there\"", "\"here\""] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains("TCP upload host-1") && text.contains("from my desk to host-1"));
    assert!(text.contains("\"REDACTED\"") && text.contains("IP_ADDRS:eth0:*"), "{text}");
}

#[test]
fn redacted_events_name_nobody_and_hosts_as_the_file_does() {
    let mut plan = with_collector(Collected::Program(Program::Command { command: "cat /home/toke/x".into() }), None);
    plan.settings.observe.redact = true;
    plan.settings.params.insert("command".into(), "cat /home/toke/x".into());
    // A host may have the name of a word of the vocabulary.
    plan.hosts.push(HostPlan::named("load"));
    let facts = serde_json::from_str(r#"{"IP_ADDRS":{"eth0":["198.51.100.7"]},"REMOTE":{"far.example":1},"WIFI_DATA":{"wlan0":{"ssid":"our place"}}}"#).unwrap();
    let told = vec![
        What::HostFacts { host: None, facts },
        What::Phase(crate::event::Phase::Load),
        What::Warning { host: Some(HOST), text: "contact to 192.0.2.1:5999 and far.example lost, load is away".into() },
        bytes(UP, FlowEnd::Receiver, ms(200), 200, 1000),
    ];
    let mut all = begin();
    for event in &mut all {
        if let What::Plan(planned) = &mut event.what {
            **planned = plan.clone();
        }
    }
    all.extend(events(told));
    let mut redactor = LiveRedactor::default();
    let lines: Vec<Value> = all.iter().flat_map(|event| redactor.lines(event, None)).collect();
    assert_eq!(lines.len(), all.len());
    let text: String = lines.iter().map(Value::to_string).collect();
    for secret in ["far.example", "192.0.2.1", "198.51.100", "toke", "our place", ":\"there\"", ":\"here\""] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let file = fa_format::to_json(&Recorder::replay(&all).finish().unwrap()).unwrap();
    let of_file = |name: &str| file.contains(name);
    assert!(of_file("\"LOCAL_HOST\": \"host-3\"") && text.contains("\"local_host\":\"host-3\""), "{text}");
    assert!(text.contains(r#"{"phase":"load"}"#) && text.contains("host-1 lost, host-2 is away"), "{text}");
    let events: Vec<Value> = all.iter().map(|event| serde_json::to_value(event).unwrap()).collect();
    assert_eq!(lines.last(), events.last(), "what names nobody is as it was");
}

#[test]
fn the_version_of_ip_that_was_asked_for_is_that_of_the_file() {
    let mut all = begin();
    for event in &mut all {
        if let What::Plan(plan) = &mut event.what {
            plan.settings.ip_version = Some(IpVersion::V6);
        }
    }
    let data = Recorder::replay(&all).finish().unwrap();
    assert_eq!(data.metadata.get("IP_VERSION").unwrap(), 6, "its first far end has IPv4");
}
