//! The language a user writes: what works, and what an error says.
#![expect(clippy::unwrap_used, reason = "tests")]

use fa_catalog::{Catalog, CatalogError, Expanded, SeriesSource, Setup};
use proptest::prelude::*;

fn with(text: &str) -> Result<Catalog, CatalogError> {
    Catalog::builtin().with_file("mine.toml", text)
}

fn expand(text: &str, test: &str) -> Expanded {
    with(text).unwrap().expand(&Setup::new(test, &["a.example", "b.example"])).unwrap()
}

fn flow<'a>(test: &'a Expanded, name: &str) -> &'a fa_catalog::FlowDef {
    match &test.series[name].source {
        SeriesSource::Flow(flow) => flow,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn there_are_82_tests_and_132_plot_names() {
    let tests = Catalog::builtin().tests();
    assert_eq!(tests.len(), 82);
    assert!(tests.iter().all(|test| !test.purpose.is_empty()), "each says what it is for");
    let everything = [
        ("ping_hosts", "h"),
        ("voip_host", "h"),
        ("include_http", "yes"),
        ("dash_url", "http://h/"),
        ("cpu_stats_hosts", "h"),
        ("qdisc_stats_hosts", "h"),
        ("qdisc_stats_interfaces", "eth0"),
        ("netstat_hosts", "h"),
        ("wifi_stats_hosts", "h"),
        ("wifi_stats_interfaces", "wlan0"),
        ("wifi_stats_stations", "aa:bb:cc:00:00:01"),
        ("command", "true"),
    ];
    let mut plots = std::collections::BTreeMap::new();
    for test in &tests {
        let mut setup = Setup::new(&test.name, &["h"]);
        for (name, value) in everything {
            setup = setup.with_param(name, value);
        }
        let expanded = Catalog::builtin().expand(&setup).unwrap();
        assert!(expanded.plots.contains_key(&test.default_plot), "{} opens with {}", test.name, test.default_plot);
        for (name, plot) in expanded.plots {
            plots.insert(name, plot.text);
        }
    }
    assert_eq!(plots.len(), 132);
    assert!(plots.values().all(|text| !text.is_empty()), "each says what it shows");
}

#[test]
fn an_unknown_test_names_the_nearest_one() {
    let error = Catalog::builtin().expand(&Setup::new("rrull", &["h"])).unwrap_err();
    assert_eq!(error.to_string(), "unknown test `rrull` (did you mean `rrul`?); `fa list tests` shows what there is");
    let error = Catalog::builtin().expand(&Setup::new("zzz", &["h"])).unwrap_err();
    assert_eq!(error, CatalogError::UnknownTest { name: "zzz".into(), suggestion: None });
    let error = Catalog::builtin().expand(&Setup::new("load", &["h"])).unwrap_err();
    assert!(matches!(error, CatalogError::UnknownTest { .. }), "a base for others is not a test: {error}");
}

#[test]
fn errors_name_file_line_and_key() {
    for (text, expected) in [
        ("[test.x]\npurpse = 'x'\n", "mine.toml:2: unknown field `purpse`"),
        ("[test.x\n", "mine.toml:1: "),
        ("[test.x]\nbase = 'nothing'\n", "mine.toml:2: test.x.base: there is no test `nothing`"),
        ("[test.x]\nbase = 'x'\n", "mine.toml:2: test.x.base: the test is built on itself"),
        ("[test.x]\nmixins = ['cpu_stats', 'nothing']\n", "mine.toml:2: test.x.mixins[2]: there is no part `nothing`"),
        ("[test.x]\nparts = ['nothing']\n", "mine.toml:2: test.x.parts: there is no part `nothing`"),
        ("[test.x]\ntotal = 'L+'\n", "mine.toml:2: test.x.total: expected a number"),
        ("[test.x]\nplots = ['nothing']\n", "mine.toml:2: test.x.plots: there is no plot `nothing`"),
        (
            "[test.x]\n[[test.x.series]]\nname = 'A'\nflow = 'tcp'\n",
            "mine.toml:2: test.x.series[1]: a flow needs a direction",
        ),
        (
            "[test.x]\n[[test.x.series]]\nname = 'A'\nprobe = 'icmp'\nmark = 'QQ'\n",
            "mine.toml:5: test.x.series[1].mark: `QQ` is not a mark",
        ),
        (
            "[test.x]\n[[test.x.series]]\nname = 'A'\nprobe = 'icmp'\nstart = '1+Q'\n",
            "mine.toml:5: test.x.series[1].start: `Q` is neither a number nor a name",
        ),
        (
            "[test.x]\n[[test.x.series]]\nname = 'A {label}'\nprobe = 'icmp'\n",
            "mine.toml:3: test.x.series[1].name: `{label}` has no value here",
        ),
        (
            "[test.x]\n[[test.x.series]]\nname = 'A'\nprobe = 'icmp'\nnull = true\n",
            "mine.toml:2: test.x.series[1]: only one of",
        ),
        ("[test.x]\n[[test.x.series]]\nname = 'A'\n", "mine.toml:2: test.x.series[1]: say what it is"),
        ("[test.x]\n[[test.x.series]]\nuse = 'nothing'\n", "mine.toml:3: test.x.series[1].use: there is no part"),
        (
            "[test.x]\nplots = ['p']\n[test.x.plot.p]\nseries = []\n",
            "mine.toml:3: test.x.plot.p.type: a plot needs a type",
        ),
        ("[test.x]\nplots = ['p']\n[test.x.plot.p]\nlike = 'q'\n[test.x.plot.q]\nlike = 'p'\n", "to be like"),
        (
            "[test.x]\nplots = ['p']\n[test.x.plot.p]\ntype = 'box'\ncutoff = ['D']\n",
            "mine.toml:5: test.x.plot.p.cutoff: a cutoff has a start and an end",
        ),
        (
            "[test.x]\nplots = ['p']\n[test.x.plot.p]\ntype = 'box'\nseries = [{ data = 'A', glob = 'B' }]\n",
            "mine.toml:5: test.x.plot.p.series[1]: say one of data, role and glob",
        ),
        (
            "[test.x]\nalter = [{ name = 'nothing*', ip = 4 }]\n",
            "mine.toml:2: test.x.alter[1].name: the base has no series",
        ),
        ("[test.x]\nplots = 3\n", "mine.toml:2: invalid type: integer `3`"),
    ] {
        let error = with(text).map(|_| ()).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}\n  {error}\n  lacks {expected}");
    }
}

#[test]
fn bad_parameters_are_named() {
    for (test, name, value, expected) in [
        ("tcp_nup", "upload_streams", "many", "parameter upload_streams=many: `many` is neither a number"),
        ("tcp_nup", "upload_streams", "-1", "parameter upload_streams=-1: `-1` is not a number of streams"),
        ("tcp_nup", "upload_streams", "1e9", "parameter upload_streams=1e9: "),
        ("tcp_nup", "markings", "CS0,XX", "parameter markings=CS0,XX: `XX` is not a mark"),
        ("tcp_nup", "stream_delays", "x", "parameter stream_delays=x: `x` is neither a number"),
        ("tcp_nup", "stream_delays", "1 2", "parameter stream_delays=1 2: "),
        ("iterated_bidirectional", "iterations", "0", "parameter iterations=0: a test runs 1 to 1000 times, not 0"),
        ("udp_flood", "udp_bandwidth", "fast", "parameter udp_bandwidth=fast: `fast`"),
        ("rtt_fair_var", "send_sizes", "0", "parameter send_sizes=0: `0` is not a number of bytes"),
    ] {
        let setup = Setup::new(test, &["a", "b"]).with_param("upload_streams", "2").with_param(name, value);
        let error = Catalog::builtin().expand(&setup).map(|_| ()).expect_err(value).to_string();
        assert!(error.contains(expected), "{test} {name}={value}: {error}");
    }
}

#[test]
fn a_test_too_short_for_a_burst_says_so_with_the_length_that_is_needed() {
    for (test, length, delay, burst, needed) in [
        ("bursts", 3.0, 0.0, "", Some("--length 5 is not")),
        ("bursts_11e", 3.0, 1.5, "2.2", Some("--length 4 is not")),
        ("bursts", 5.0, 0.0, "", None),
    ] {
        let mut setup = Setup::new(test, &["h"]).with_param("burst_length", burst);
        (setup.length_secs, setup.delay_secs) = (length, delay);
        let expanded = Catalog::builtin().expand(&setup).unwrap();
        let told = expanded.notes.iter().find(|note| note.starts_with("no burst"));
        assert_eq!(told.is_some(), needed.is_some(), "{test} {length} {:?}", expanded.notes);
        assert!(needed.is_none_or(|needed| told.is_some_and(|note| note.contains(needed))), "{told:?}");
    }
}

#[test]
fn congestion_control_for_every_tcp_flow_that_has_none_of_its_own() {
    let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
    let cc = |test: &str, name: &str| {
        let setup = Setup::new(test, &["h"]).with_param("tcp_cong_control", "cubic,reno");
        flow(&Catalog::builtin().expand(&setup).unwrap(), name).cong_control.clone()
    };
    assert_eq!(cc("rrul", "TCP upload BE"), pair("cubic", "reno"));
    assert_eq!(cc("tcp_1up", "TCP upload"), pair("cubic", "reno"));
    assert_eq!(cc("cubic_bbr", "TCP upload BBR BE"), pair("bbr", "bbr"));
    assert_eq!(cc("cubic_westwood", "TCP upload Cubic BE"), pair("cubic", "reno"));
    let setup = Setup::new("tcp_1up", &["h"]).with_param("cc_algo", "bbr").with_param("markings", "EF");
    let test = Catalog::builtin().expand(&setup).unwrap();
    assert_eq!(flow(&test, "TCP upload").cong_control, pair("bbr", "bbr"), "by its other name");
    assert_eq!(flow(&test, "TCP upload").tos, Some((184, 184)));
}

#[test]
fn hosts_are_used_in_turn_and_defaults_only_where_none_is_given() {
    let hosts = |given: &[&str]| Catalog::builtin().expand(&Setup::new("rtt_fair6be", given)).unwrap().hosts;
    assert_eq!(hosts(&["a", "b"]), ["a", "b", "a", "b", "a", "b"]);
    let defaults = hosts(&[]);
    assert_eq!(defaults.len(), 6);
    assert_eq!(defaults[0], defaults[4], "four names for six places");
    let test = Catalog::builtin().expand(&Setup::new("rrul", &["a"]).with_param("ping_hosts", "x,a")).unwrap();
    assert_eq!(test.hosts, ["a", "x"], "extra hosts come after, each once");
    let test = Catalog::builtin().expand(&Setup::new("rrul", &[])).unwrap();
    assert_eq!(test.hosts, ["HOST"], "a test can be listed without a host");
}

#[test]
fn a_missing_parameter_is_a_note_and_listed() {
    let test = Catalog::builtin().expand(&Setup::new("tcp_nup", &["h"])).unwrap();
    assert_eq!(test.missing_params, ["upload_streams"]);
    assert!(test.notes.iter().any(|note| note.contains("upload_streams")), "{:?}", test.notes);
    let test = Catalog::builtin().expand(&Setup::new("tcp_4up", &["h"]).with_param("upload_streams", "9")).unwrap();
    assert_eq!(test.series.keys().filter(|name| name.starts_with("TCP upload::")).count(), 4, "the test fixes it");
    assert!(test.missing_params.is_empty() && test.notes.is_empty());
}

#[test]
fn a_file_of_an_unknown_test_gets_plots_by_roles() {
    let series = [
        ("TCP upload A", "Mbits/s"),
        ("TCP upload B", "Mbits/s"),
        ("TCP upload A::tcp_rtt", "ms"),
        ("Ping (ms) ICMP", "ms"),
        ("Ping (ms) avg", "ms"),
    ];
    let setup = Setup::new("my_own_test", &["h"]).with_param("cpu_stats_hosts", "h");
    let test = Catalog::builtin().expand_for_file(&setup, &series).unwrap();
    assert!(test.notes[0].contains("no catalogue knows the test `my_own_test`"), "{:?}", test.notes);
    let drawn = |plot: &str| -> Vec<(&str, Option<&str>)> {
        test.plots[plot].series.iter().map(|s| (s.data.as_str(), s.label.as_deref())).collect()
    };
    assert_eq!(
        drawn("upload"),
        [("TCP upload A", Some("A")), ("TCP upload B", Some("B")), ("TCP upload avg", Some("Avg"))]
    );
    assert_eq!(drawn("ping"), [("Ping (ms) ICMP", Some("ICMP")), ("Ping (ms) avg", Some("Avg"))]);
    assert!(!test.plots.contains_key("download"), "it has no downloads");
    assert_eq!(test.plots["all_scaled"].subplots, ["upload_scaled", "ping_scaled"]);
    assert!(test.plots.contains_key("cpu"), "parameters still add theirs");
    let SeriesSource::Computed(sum) = &test.series["TCP upload sum"].source else { panic!() };
    assert_eq!(sum.sources, ["TCP upload A", "TCP upload B"], "a sum the file lacks");
    let known = Catalog::builtin().expand_for_file(&Setup::new("rrul", &["h"]), &series).unwrap();
    assert_eq!(known, Catalog::builtin().expand(&Setup::new("rrul", &["h"])).unwrap());
}

#[test]
fn a_test_may_add_to_one_of_its_own_name() {
    let text = "
        [part.mine.plot.qlen]
        type = 'timeseries'
        text = 'Queue'
        series = [{ glob = 'TCP upload*', label = '', raw_key = 'qlen' }]
        [test.rrul]
        base = 'rrul'
        parts = ['mine']
        plots = ['+', 'qlen']
        [test.load]
        base = 'load'
        mixins = ['+', 'all']
        [part.all]
        plots = ['every']
        [part.all.plot]
        every = { like = 'totals', text = 'In every test' }
    ";
    let catalog = with(text).unwrap();
    let test = catalog.expand(&Setup::new("rrul", &["h"])).unwrap();
    let before = Catalog::builtin().expand(&Setup::new("rrul", &["h"])).unwrap();
    assert_eq!(test.series, before.series);
    assert_eq!(test.plots.len(), before.plots.len() + 2);
    assert_eq!(test.plots["qlen"].series[0].label.as_deref(), Some("BE"));
    assert!(catalog.expand(&Setup::new("tcp_1up", &["h"])).unwrap().plots.contains_key("every"));
    assert_eq!(catalog.tests().len(), 82, "the earlier one is no test of its own");
    assert!(!Catalog::builtin().expand(&Setup::new("tcp_1up", &["h"])).unwrap().plots.contains_key("every"));
}

#[test]
fn streams_are_counted_where_only_the_recording_host_knew() {
    let series = [
        ("TCP upload::1", "Mbits/s"),
        ("TCP upload::2", "Mbits/s"),
        ("TCP upload::3", "Mbits/s"),
        ("TCP upload::1::tcp_rtt", "ms"),
    ];
    let streams = |setup: &Setup| {
        let test = Catalog::builtin().expand_for_file(setup, &series).unwrap();
        assert!(test.missing_params.is_empty());
        test.series.keys().filter(|name| name.starts_with("TCP upload::")).count()
    };
    assert_eq!(streams(&Setup::new("tcp_nup", &["h"])), 3);
    assert_eq!(streams(&Setup::new("tcp_nup", &["h"]).with_param("upload_streams", "num_cpus")), 3);
    assert_eq!(streams(&Setup::new("tcp_nup", &["h"]).with_param("upload_streams", "5")), 5);
}

#[test]
fn lists_go_to_streams_and_parameters_that_no_definition_reads_are_named() {
    let lists = |setup: Setup| {
        Catalog::builtin()
            .expand(&setup.with_param("local_binds", "127.0.0.2,127.0.0.3").with_param("send_sizes", "1000,20k"))
            .unwrap()
    };
    let own = |test: &Expanded, name: &str| (flow(test, name).local_bind.clone(), flow(test, name).send_size);
    let bind = |address: &str| Some(address.to_owned());
    for (test, streams, name) in
        [("tcp_nup", "upload_streams", "upload"), ("tcp_ndown", "download_streams", "download")]
    {
        let test = lists(Setup::new(test, &["h"]).with_param(streams, "3").with_param("labels", "a,b"));
        assert_eq!(own(&test, &format!("TCP {name}::1")), (bind("127.0.0.2"), Some(1000)));
        assert_eq!(own(&test, &format!("TCP {name}::2")), (bind("127.0.0.3"), Some(20_000)));
        assert_eq!(own(&test, &format!("TCP {name}::3")), (None, None));
        assert_eq!(test.unread_params, ["labels"]);
    }
    let test = lists(Setup::new("rrul_var", &["h"]).with_param("bidir_streams", "2").with_param("labels", "a,b"));
    assert_eq!(own(&test, "TCP upload::b"), (bind("127.0.0.3"), Some(20_000)));
    let SeriesSource::Probe(probe) = &test.series["Ping (ms)::UDP b"].source else { panic!("a probe") };
    assert_eq!(probe.local_bind, bind("127.0.0.3"));
    assert!(test.unread_params.is_empty(), "{:?}", test.unread_params);

    let unread = |test: &str, name: &str, value: &str| {
        Catalog::builtin().expand(&Setup::new(test, &["h"]).with_param(name, value)).unwrap().unread_params
    };
    assert_eq!(unread("udp_flood", "marking", "EF"), ["marking"]);
    assert_eq!(unread("rrul", "cc_algo", "reno"), ["cc_algo"]);
    assert_eq!(unread("tcp_4up", "upload_streams", "8"), ["upload_streams"], "the test itself sets it");
    for (test, name, value) in
        [("tcp_1up", "markings", "EF"), ("tcp_1up", "cc_algo", "reno"), ("rrul", "ping_hosts", "b")]
    {
        assert!(unread(test, name, value).is_empty(), "{test} {name}");
    }
}

#[test]
fn lists_that_do_not_fit_together_are_named() {
    let setup =
        Setup::new("rrul", &["h"]).with_param("qdisc_stats_hosts", "a,b").with_param("qdisc_stats_interfaces", "e0");
    let error = Catalog::builtin().expand(&setup).unwrap_err().to_string();
    assert!(error.contains("parameter qdisc_stats_interfaces has no entry number 2"), "{error}");
}

/// The examples of the manual are definitions like any other.
#[test]
fn the_manual_is_right() {
    let manual = include_str!("../../../docs/catalog.md");
    let examples: Vec<&str> =
        manual.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    let [stairs, plots] = examples[..] else { panic!("{} examples", examples.len()) };

    let catalog = with(stairs).unwrap();
    let test = catalog.expand(&Setup::new("stairs", &["h"]).with_param("streams", "8")).unwrap();
    let last = flow(&test, "TCP upload::8");
    assert_eq!((last.start_secs, last.length_secs, last.tos), (19.0, 46.0, Some((0, 0))));
    assert_eq!(test.plots["upload"].series.len(), 9, "eight flows and their mean");
    let SeriesSource::Probe(probe) = &test.series["Ping (ms) ICMP"].source else { panic!() };
    assert_eq!(probe.interval_secs, 1.0);

    let catalog = with(plots).unwrap();
    let rrul = catalog.expand(&Setup::new("rrul", &["h"])).unwrap();
    let labels: Vec<&str> =
        rrul.plots["uploads_and_pings"].series.iter().map(|entry| entry.label.as_deref().unwrap_or_default()).collect();
    assert_eq!(labels, ["Up BE", "Up BK", "Up CS5", "Up EF", "h UDP EF", "h UDP BK", "h UDP BE", "h ICMP"]);
    let tcp_1up = catalog.expand(&Setup::new("tcp_1up", &["h"])).unwrap();
    assert_eq!(tcp_1up.plots["load_only"].cutoff, Some((5.0, -5.0)));
    assert_eq!(tcp_1up.plots["load_only"].series, tcp_1up.plots["totals"].series);
    assert_eq!(tcp_1up.plots["tcp_rtt_var"].series[0].label.as_deref(), Some("RTT variation -- TCP upload"));

    let fault = "[test.stairs]\n[[test.stairs.series]]\nname = 'A'\nprobe = 'icmp'\nmark = 'QQ'\n";
    let error = with(fault).map(|_| ()).unwrap_err().to_string();
    assert!(manual.contains(&error), "the manual shows another error than {error}");
}

#[test]
fn directions_and_streams_take_turns() {
    let text = "
        [test.x]
        [[test.x.series]]
        name = 'TCP {dir} {host}'
        flow = 'tcp'
        dir = ['upload', 'download']
        repeat = 'hosts'
        start = 'D + 2*i'
        length = 'L - 2*i'
        [[test.x.series]]
        name = 'Ping {n}'
        probe = 'icmp'
        repeat = 'hosts'
        interval = 'max(S, 1)'
    ";
    let test = expand(text, "x");
    let names: Vec<&String> = test.series.keys().collect();
    assert_eq!(
        names,
        [
            "TCP upload a.example",
            "TCP download a.example",
            "Ping 1",
            "TCP upload b.example",
            "TCP download b.example",
            "Ping 2"
        ]
    );
    let second = flow(&test, "TCP upload b.example");
    assert_eq!((second.host, second.start_secs, second.length_secs), (1, 7.0, 58.0));
    let SeriesSource::Probe(probe) = &test.series["Ping 2"].source else { panic!() };
    assert_eq!((probe.host, probe.interval_secs, probe.length_secs), (1, 1.0, 70.0));
}

proptest! {
    /// Whatever a file's metadata holds, expansion gives a test or an error.
    #[test]
    fn no_settings_panic(
        index in 0_usize..82,
        hosts in proptest::collection::vec("\\PC{0,12}", 0..4),
        params in proptest::collection::vec(("[a-z_]{1,20}", "\\PC{0,20}"), 0..4),
        streams in "[0-9a-z,.{}?*-]{0,6}",
        length in -1e12_f64..1e12,
        delay in -1e6_f64..1e6,
        step in -1.0_f64..10.0,
    ) {
        let tests = Catalog::builtin().tests();
        let mut setup = Setup::new(&tests[index].name, &[]);
        setup.hosts = hosts;
        setup.params.extend(params);
        for name in ["upload_streams", "download_streams", "bidir_streams", "labels", "markings", "stream_delays", "wifi_stats_stations"] {
            setup.params.insert(name.to_owned(), streams.clone());
        }
        (setup.length_secs, setup.delay_secs, setup.step_secs) = (length, delay, step);
        let _ = Catalog::builtin().expand(&setup);
        let _ = Catalog::builtin().expand_for_file(&Setup { test: "none".into(), ..setup }, &[(&streams, "ms")]);
    }

    /// Whatever a definition file holds, reading it gives a catalogue or an error.
    #[test]
    fn no_definition_panics(
        total in "[LDT0-9+*/() ,maxin.-]{0,20}",
        name in "[A-Za-z {}\\[\\]?]{0,20}",
        glob in "[a-zT*?\\[\\]!:-]{0,20}",
    ) {
        let text = format!(
            "[test.x]\ntotal = '{total}'\nplots = ['p']\n[[test.x.series]]\nname = '{name}'\nprobe = 'icmp'\n\
             [test.x.plot.p]\ntype = 'box'\nseries = [{{ glob = '{glob}', label = '{name}' }}]\n"
        );
        let _ = with(&text);
    }
}

#[test]
fn hosts_used_in_turn_do_not_give_two_series_of_a_test_one_name() {
    let catalog = fa_catalog::Catalog::builtin();
    for test in catalog.tests() {
        for hosts in [&["a.example"][..], &["a.example", "b.example"], &["a.example", "b.example", "c.example"]] {
            let expanded = catalog.expand(&Setup::new(test.name.as_str(), hosts)).unwrap();
            assert_eq!(expanded.named_twice, [""; 0], "{} {hosts:?}", test.name);
        }
    }
}

#[test]
fn hosts_that_are_addresses_are_in_sums_like_all_others() {
    let sources = |hosts: &[&str]| {
        let expanded = Catalog::builtin().expand(&Setup::new("rtt_fair_var", hosts)).unwrap();
        let found = expanded.series.values().filter_map(|series| match &series.source {
            fa_catalog::SeriesSource::Computed(computed) => Some((series.name.clone(), computed.sources.len())),
            _ => None,
        });
        found.collect::<Vec<_>>()
    };
    assert_eq!(sources(&["fd00::1", "::1"]), sources(&["a.example", "b.example"]));
}
