//! Whole runs, small enough to compute by hand.

#![expect(clippy::unwrap_used, reason = "tests")]

use fa_analyze::combine::{Columns, CombineOptions, GroupBy, Wanted, combine};
use fa_analyze::cutoff::Cutoff;
use fa_analyze::export::{ExportOptions, ExportRun, TableKind, write_csv};
use fa_analyze::loss::{LostTimes, lost_times, sequence_loss};
use fa_analyze::reduce::{Reducer, Reduction};
use fa_analyze::run::{Clock, Origin, Run, Want};
use fa_analyze::summary::{Group, Summary, SummaryOptions};
use fa_catalog::{Catalog, Expanded, Setup};
use fa_format::{DataSet, MISSING, Metadata, RawSeries, RawValue};

const T0: f64 = 1_500_000_000.0;

fn tcp_1up() -> Expanded {
    Catalog::builtin().expand(&Setup::new("tcp_1up", &["example.net"])).unwrap()
}

/// Four steps of one second; upload samples every second from 1 s, pings with one lost.
fn run_of(name: &str, upload: [f64; 4]) -> DataSet {
    let mut metadata = Metadata::for_new_run("tcp_1up");
    metadata.set("T0", "2017-07-14T02:40:00.000000Z");
    metadata.set("TIME", "2017-07-14T02:40:00.000000Z");
    metadata.set("TOTAL_LENGTH", 4);
    metadata.set("STEP_SIZE", 1.0);
    metadata.set("DATA_FILENAME", format!("{name}.flent.gz"));
    let mut set = DataSet { metadata, x_values: vec![0.0, 1.0, 2.0, 3.0], ..DataSet::default() };
    set.series.insert("TCP upload".into(), upload.to_vec());
    set.series.insert("Ping (ms) ICMP".into(), vec![10.0, MISSING, 30.0, 20.0]);
    let mut samples = RawSeries::builder();
    for (i, value) in upload.iter().enumerate().skip(1) {
        let values = [("val", RawValue::Float(value * 10.0)), ("dur", RawValue::Float(0.5))];
        samples.push(T0 + i as f64, &values);
        samples.push(T0 + i as f64, &[("tcp_cwnd", RawValue::Int(i as i64))]);
    }
    set.raw.insert("TCP upload", samples.finish());
    let mut pings = RawSeries::builder();
    for (seq, value) in [(1, Some(10.0)), (2, None), (3, Some(30.0)), (4, Some(20.0))] {
        let t = T0 + f64::from(seq) - 1.0;
        match value {
            Some(v) => pings.push(t, &[("seq", RawValue::Int(seq.into())), ("val", RawValue::Float(v))]),
            None => pings.push(t, &[("seq", RawValue::Int(seq.into())), ("lost", RawValue::Bool(true))]),
        }
    }
    set.raw.insert("Ping (ms) ICMP", pings.finish());
    set
}

fn reduced(run: &Run, series: &str, mode: &str, cutoff: Option<(f64, f64)>) -> Option<f64> {
    let cutoff = cutoff.map(Cutoff::from);
    Reduction { series, raw_key: None, reducer: mode.parse().unwrap(), cutoff, norm_by: None, source: None }.of(run)
}

#[test]
fn samples_win_over_the_grid_and_absent_series_are_gaps() {
    let (set, test) = (run_of("a-01", [0.0, 1.0, 2.0, 3.0]), tcp_1up());
    let run = Run::new(&set, &test);
    let points = run.points(&Want { series: "TCP upload", ..Want::default() });
    assert_eq!((points.x.as_slice(), points.y.as_slice()), ([1.0, 2.0, 3.0].as_slice(), [10.0, 20.0, 30.0].as_slice()));
    let points = run.points(&Want { series: "TCP upload", grid_only: true, ..Want::default() });
    assert_eq!((points.y.as_slice(), points.origin), ([0.0, 1.0, 2.0, 3.0].as_slice(), Origin::Grid));
    let points = run.points(&Want { series: "TCP upload", raw_key: Some("tcp_cwnd"), ..Want::default() });
    assert_eq!(points.y, [1.0, 2.0, 3.0]);
    let points = run.points(&Want { series: "TCP upload::tcp_cwnd", ..Want::default() });
    assert_eq!(points.y, [1.0, 2.0, 3.0]);
    let points = run.points(&Want { series: "nothing", ..Want::default() });
    assert!(points.y.len() == 4 && points.y.iter().all(|y| y.is_nan()) && points.origin == Origin::Absent);
    let points = run.points(&Want { series: "nothing", raw_key: Some("x"), ..Want::default() });
    assert!(points.x.is_empty());
    let points = run.points(&Want { series: "TCP upload", clock: Clock::Unix, ..Want::default() });
    assert_eq!(points.x[0], T0 + 1.0);
}

#[test]
fn joined_runs_follow_each_other_samples_and_all() {
    let (a, b) = (run_of("a-01", [0.0, 1.0, 2.0, 3.0]), run_of("a-02", [4.0, 5.0, 6.0, 7.0]));
    let test = tcp_1up();
    let run = Run::joined(&[&a, &b], &test).unwrap();
    assert_eq!(*run.grid_x(Clock::Run), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    assert_eq!(*run.grid("TCP upload").unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    let points = run.points(&Want { series: "TCP upload", ..Want::default() });
    assert_eq!(points.x, [1.0, 2.0, 3.0, 5.0, 6.0, 7.0]);
    assert_eq!(points.y, [10.0, 20.0, 30.0, 50.0, 60.0, 70.0]);
    assert_eq!(run.total_length(), 8.0);
}

#[test]
fn reducers_take_the_best_source() {
    let (mut set, test) = (run_of("a-01", [0.0, 1.0, 2.0, 3.0]), tcp_1up());
    {
        let run = Run::new(&set, &test);
        // Samples 10, 20, 30; the mean of the grid would be 1.5.
        assert_eq!(reduced(&run, "TCP upload", "mean", None), Some(20.0));
        // Samples strictly after 1 s and before 4 s: 20 and 30.
        assert_eq!(reduced(&run, "TCP upload", "mean", Some((1.0, 0.0))), Some(25.0));
        assert_eq!(reduced(&run, "TCP upload", "span", None), Some(3.0));
        assert_eq!(reduced(&run, "TCP upload", "mean_span", None), Some(1.5));
        assert_eq!(reduced(&run, "Ping (ms) ICMP", "mean_zero", None), Some(15.0));
        // Each sample stands for half a second.
        assert_eq!(reduced(&run, "TCP upload", "cumsum", None), Some(30.0));
        // Pings have no duration: values on the grid times the step of 1 s.
        assert_eq!(reduced(&run, "Ping (ms) ICMP", "cumsum", None), Some(60.0));
        assert_eq!(reduced(&run, "Ping (ms) ICMP", "raw_seq_loss", None), Some(0.25));
        assert_eq!(reduced(&run, "nothing", "mean", None), None);
    }
    set.metadata.set("SERIES_META", serde_json::json!({"TCP upload": {"MEAN_VALUE": 7.5, "TCP_RETRANSMIT": "82"}}));
    let run = Run::new(&set, &test);
    assert_eq!(reduced(&run, "TCP upload", "mean", None), Some(7.5));
    assert_eq!(reduced(&run, "TCP upload", "mean", Some((0.0, 0.0))), Some(20.0));
    assert_eq!(reduced(&run, "TCP upload", "meta:TCP_RETRANSMIT", None), Some(82.0));
}

#[test]
fn groups_come_from_names() {
    let sets = [
        run_of("t-codel-01", [0.0, 1.0, 2.0, 3.0]),
        run_of("t-codel-02", [2.0, 3.0, 4.0, 5.0]),
        run_of("t-pie-01", [9.0, 9.0, 9.0, 9.0]),
    ];
    let test = tcp_1up();
    let runs: Vec<Run> = sets.iter().map(|set| Run::new(set, &test)).collect();
    let runs: Vec<&Run> = runs.iter().collect();
    let wanted = |mode: &str| {
        [Wanted {
            series: "TCP upload",
            label: "Upload",
            raw_key: None,
            reducer: mode.parse::<Reducer>().unwrap(),
            cutoff: None,
            norm_by: None,
            source: None,
        }]
    };
    let options = CombineOptions { print_n: true, ..CombineOptions::default() };
    let tables = |by, mode: &str| combine(by, &runs, &wanted(mode), &options).unwrap();

    let groups = tables(GroupBy::Groups, "span").tables;
    assert_eq!(groups.iter().map(|t| t.title.as_str()).collect::<Vec<_>>(), ["codel (n=2)", "pie (n=1)"]);
    assert_eq!(groups[0].columns, [[3.0, 3.0]]);
    let points = tables(GroupBy::GroupsPoints, "mean").tables;
    assert_eq!(points[0].columns, [[1.0, 2.0, 3.0, 4.0]]);
    let concat = tables(GroupBy::GroupsConcat, "span").tables;
    assert_eq!(concat[0].columns, [[0.0, 1.0, 2.0, 3.0, 0.0, 1.0, 2.0, 3.0]]);
    let turned = tables(GroupBy::Series, "span");
    assert_eq!(turned.columns, Columns::Groups(vec!["codel".into(), "pie".into()]));
    assert_eq!(turned.tables[0].title, "Upload");
    assert_eq!(turned.tables[0].columns[0], [3.0, 3.0]);
    let both = tables(GroupBy::Both, "span");
    assert_eq!(both.notes.len(), 2, "neither name has a dash: {:?}", both.notes);
    let twice = [wanted("span"), wanted("mean")].concat();
    assert!(combine(GroupBy::Both, &runs, &twice, &options).is_err());
}

#[test]
fn a_summary_counts_loss_and_keeps_its_order() {
    let (set, test) = (run_of("a-01", [0.0, 1.0, 2.0, 3.0]), tcp_1up());
    let summary = Summary::new(&Run::new(&set, &test), &test, SummaryOptions::default());
    let rows: Vec<_> = summary.rows.iter().map(|r| (r.series.as_str(), r.group, r.n, r.p50, r.loss)).collect();
    assert_eq!(rows[0], ("Ping (ms) ICMP", Group::Ping, 3, Some(20.0), Some(0.25)));
    assert_eq!(rows[1], ("TCP upload", Group::Upload, 3, Some(20.0), None));
}

#[test]
fn lost_probes_have_times_by_the_same_definition_as_their_count() {
    let with = |entries: &[(f64, f64, bool)]| {
        let mut set = run_of("a", [0.0; 4]);
        let mut pings = RawSeries::builder();
        for (t, seq, lost) in entries {
            let seq = ("seq", RawValue::Float(*seq));
            let value = if *lost { ("lost", RawValue::Bool(true)) } else { ("val", RawValue::Float(1.0)) };
            pings.push(T0 + t, &[seq, value]);
        }
        set.raw.insert("Ping (ms) ICMP", pings.finish());
        set
    };
    let test = tcp_1up();
    let of = |set: &DataSet| {
        let run = Run::new(set, &test);
        let count = sequence_loss(&run, "Ping (ms) ICMP", |_| true).map(|loss| loss.lost());
        (count, lost_times(&run, "Ping (ms) ICMP").unwrap())
    };
    // 2 is lost without an entry, 5 with one; 4 is only late.
    let set = with(&[(0.0, 1.0, false), (2.0, 3.0, false), (4.0, 6.0, false), (4.5, 4.0, false), (3.25, 5.0, true)]);
    let (count, lost) = of(&set);
    assert_eq!((count, lost.more), (Some(2), 0));
    assert_eq!(lost.times, [1.0, 3.25]);
    assert_eq!(lost_times(&Run::new(&set, &test), "TCP upload"), None);
    // A number that is out of all proportion: what is lost is counted, and not all of it is listed.
    let (count, lost) = of(&with(&[(0.0, 1.0, false), (1.0, 4e12, false), (2.0, 1e300, false)]));
    assert_eq!(lost.times.len(), LostTimes::MOST);
    assert!(lost.more > 3_000_000_000_000 && count.is_some());
    assert!(lost.times.is_sorted() && lost.times.iter().all(|t| (0.0..=2.0).contains(t)));
}

#[test]
fn a_summary_has_the_loss_of_a_flow_of_datagrams_as_its_receiver_counted_it() {
    let (mut set, test) = (run_of("a-01", [0.0, 1.0, 2.0, 3.0]), tcp_1up());
    let mut samples = RawSeries::builder();
    // The second interval takes back one of the first's: 200 arrived of 300.
    for (x, packets, lost) in [(1.0, 100, 31), (2.0, 60, -1), (3.0, 40, 70)] {
        let counts = [("packets", RawValue::Int(packets)), ("lost", RawValue::Int(lost))];
        samples.push(T0 + x, &[("val", RawValue::Float(8.0)), counts[0].clone(), counts[1].clone()]);
    }
    set.raw.insert("TCP upload", samples.finish());
    let cutoff = None;
    let summary = Summary::new(&Run::new(&set, &test), &test, SummaryOptions { cutoff, ..SummaryOptions::default() });
    let row = summary.rows.iter().find(|row| row.series == "TCP upload").unwrap();
    assert_eq!((row.lost, row.loss), (Some(100), Some(1.0 / 3.0)));
    assert!(summary.to_text().contains("33.3%"), "{}", summary.to_text());
    // The table gives way to a narrow terminal: name and median stay, and what is left out is named.
    let wide = summary.to_text().lines().map(|line| line.chars().count()).max().unwrap();
    assert_eq!(summary.to_text_within(wide), summary.to_text());
    let narrow = summary.to_text_within(40);
    assert!(
        narrow.lines().take_while(|line| !line.starts_with("no room")).all(|line| line.chars().count() <= 40),
        "{narrow}"
    );
    assert!(narrow.contains("p50") && narrow.contains("no room for n, "), "{narrow}");
}

/// An upload planned from 1 to 3 s of 4, whose queue drains until 3.4 s, and whose far end then froze.
fn drained(delay: Option<f64>) -> DataSet {
    let mut set = run_of("a-01", [0.0, 1.0, 2.0, 3.0]);
    set.metadata.set("LENGTH", 2);
    if let Some(delay) = delay {
        set.metadata.set("DELAY", delay);
    }
    let mut samples = RawSeries::builder();
    // Stamp and length of the interval before it, s; rate, Mbit/s.
    for (x, dur, rate) in
        [(1.5, 0.5, 8.0), (2.0, 0.5, 10.0), (2.5, 0.5, 12.0), (3.0005, 0.5, 14.0), (3.4, 0.4, 40.0), (4.5, 0.5, 0.0)]
    {
        samples.push(T0 + x, &[("val", RawValue::Float(rate)), ("dur", RawValue::Float(dur))]);
    }
    for (x, ssthresh) in [(1.5, 2_147_483_647), (2.0, 20)] {
        samples.push(T0 + x, &[("tcp_ssthresh", RawValue::Int(ssthresh))]);
    }
    set.raw.insert("TCP upload", samples.finish());
    set
}

#[test]
fn statistics_end_where_the_test_was_planned_to_end() {
    let stats = |set: &DataSet, cutoff: Option<(f64, f64)>| {
        let test = Catalog::builtin().expand(&fa_setup(set)).unwrap();
        let options = SummaryOptions { cutoff: cutoff.map(Cutoff::from), children: false };
        let summary = Summary::new(&Run::new(set, &test), &test, options);
        let row = summary.rows.iter().find(|row| row.series == "TCP upload").unwrap().clone();
        (row.window_secs, row.n, row.mean.unwrap(), row.min.unwrap(), row.max.unwrap(), row.total.unwrap())
    };
    // By hand: (8 + 10 + 12 + 14) / 4; (8 + 10 + 12 + 14) · 0.5 s.
    assert_eq!(stats(&drained(Some(1.0)), None), ((1.0, 3.0), 4, 11.0, 8.0, 14.0, 22.0));
    // Flent's files do not say when flows began: only the end of the run is known. 84 / 5; 22 + 40 · 0.4.
    assert_eq!(stats(&drained(None), None), ((0.0, 4.0), 5, 16.8, 8.0, 40.0, 38.0));
    // The user's window counts stamps, whatever was planned.
    assert_eq!(stats(&drained(Some(1.0)), Some((3.2, 5.0))), ((3.2, 5.0), 2, 20.0, 0.0, 40.0, 16.0));
}

fn fa_setup(set: &DataSet) -> Setup {
    let mut setup = Setup::new("tcp_1up", &["example.net"]);
    setup.length_secs = set.metadata.length_secs().unwrap();
    setup.delay_secs = set.metadata.delay_secs().unwrap_or(5.0);
    setup
}

#[test]
fn kernel_state_has_its_kind_and_unit_and_no_number_for_no_limit() {
    let (set, test) = (drained(Some(1.0)), tcp_1up());
    let runs = [ExportRun::new(&set, &test, "0123456789ab".into(), None)];
    let mut bytes = Vec::new();
    let notes = write_csv(TableKind::Samples, &runs, ExportOptions::default(), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let of_key: Vec<&str> = text.lines().filter(|line| line.contains("ssthresh")).collect();
    assert_eq!(of_key.len(), 2);
    assert!(of_key[0].contains(",cwnd,up,1,1.5,") && of_key[0].ends_with(",,packets,,raw"), "{}", of_key[0]);
    assert!(of_key[1].ends_with(",20,packets,,raw"), "{}", of_key[1]);
    assert_eq!(notes, ["a-01.flent.gz: tcp_ssthresh is \"no limit\" in 1 samples, written as missing"]);
}

#[test]
fn fields_in_columns_are_exported_when_asked_for_and_those_that_explain_most_always() {
    let (mut set, test) = (run_of("a-01", [0.0, 1.0, 2.0, 3.0]), tcp_1up());
    let mut raw = fa_format::RawSeries::builder();
    let t0 = set.metadata.t0_unix().unwrap();
    raw.push(t0 + 1.0, &[("val", RawValue::Float(5.0))]);
    raw.push_block(&[t0 + 1.0, t0 + 2.0], &[("tcp_rto", &[204.0, 208.0]), ("tcp_lost", &[0.0, 3.0])]);
    set.raw.insert("TCP upload", raw.finish());
    let text = |every_field| {
        let runs = [ExportRun::new(&set, &test, "0123456789ab".into(), None)];
        let mut bytes = Vec::new();
        let options = ExportOptions { every_field, ..ExportOptions::default() };
        let notes = write_csv(TableKind::Samples, &runs, options, &mut bytes).unwrap();
        (String::from_utf8(bytes).unwrap(), notes.join(" "))
    };
    let ((few, notes), (every, none)) = (text(false), text(true));
    assert!(few.contains("TCP upload::tcp_lost,loss,up,1,2,") && !few.contains("tcp_rto"), "{few}");
    assert!(notes.contains("1 more fields of the kernel's state of flows: --every-field"), "{notes}");
    assert!(every.contains("TCP upload::tcp_rto,other,up,1,2,") && every.contains(",208,ms,"), "{every}");
    assert_eq!(none, "");
}

#[test]
fn without_any_samples_the_grid_is_reduced() {
    let (mut set, test) = (run_of("a-01", [0.0, 1.0, 2.0, 3.0]), tcp_1up());
    assert_eq!(reduced(&Run::new(&set, &test), "TCP upload", "raw_median", None), Some(20.0));
    set.raw = fa_format::RawValues::default();
    let run = Run::new(&set, &test);
    assert_eq!(reduced(&run, "TCP upload", "raw_median", None), Some(1.5));
    assert_eq!(reduced(&run, "TCP upload", "raw_max", Some((0.0, 2.0))), Some(2.0));
    assert_eq!(reduced(&run, "TCP download", "raw_max", None), None);
}

fn exported(kind: TableKind) -> String {
    let (set, test) = (run_of("a-01", [0.0, 1.0, 2.0, 3.0]), tcp_1up());
    let runs = [ExportRun::new(&set, &test, "0123456789ab".into(), Some(99))];
    let mut bytes = Vec::new();
    write_csv(kind, &runs, ExportOptions { window: Some((0.0, 2.0).into()), ..ExportOptions::default() }, &mut bytes)
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn samples_are_long_and_say_what_was_lost() {
    insta::assert_snapshot!(exported(TableKind::Samples), @r"
    run_id,series_id,series,kind,direction,flow,t_s,t_utc,value,unit,lost,source
    0123456789ab,tcp_upload,TCP upload,throughput,up,1,1,2017-07-14T02:40:01.000000Z,10,Mbit/s,,raw
    0123456789ab,tcp_upload,TCP upload,throughput,up,1,2,2017-07-14T02:40:02.000000Z,20,Mbit/s,,raw
    0123456789ab,tcp_upload__tcp_cwnd,TCP upload::tcp_cwnd,cwnd,up,1,1,2017-07-14T02:40:01.000000Z,1,packets,,raw
    0123456789ab,tcp_upload__tcp_cwnd,TCP upload::tcp_cwnd,cwnd,up,1,2,2017-07-14T02:40:02.000000Z,2,packets,,raw
    0123456789ab,ping_icmp,Ping (ms) ICMP,rtt,none,1,0,2017-07-14T02:40:00.000000Z,10,ms,false,raw
    0123456789ab,ping_icmp,Ping (ms) ICMP,rtt,none,1,1,2017-07-14T02:40:01.000000Z,,ms,true,raw
    0123456789ab,ping_icmp,Ping (ms) ICMP,rtt,none,1,2,2017-07-14T02:40:02.000000Z,30,ms,false,raw
    ");
}

#[test]
fn wide_has_the_grid() {
    insta::assert_snapshot!(exported(TableKind::Wide), @r"
    run_id,t_s,t_utc,tcp_upload_mbps,ping_icmp_ms
    0123456789ab,0,2017-07-14T02:40:00.000000Z,0,10
    0123456789ab,1,2017-07-14T02:40:01.000000Z,1,
    0123456789ab,2,2017-07-14T02:40:02.000000Z,2,30
    ");
}

#[test]
fn summary_and_runs_have_their_columns() {
    insta::assert_snapshot!(exported(TableKind::Summary), @r"
    run_id,file,title,test,series_id,series,kind,direction,unit,window_start_s,window_end_s,n,n_missing,n_lost,loss_ratio,mean,std,min,p01,p05,p10,p25,p50,p75,p90,p95,p99,p999,max,total,total_unit,tool_mean,method
    0123456789ab,a-01.flent.gz,,tcp_1up,tcp_upload,TCP upload,throughput,up,Mbit/s,0,2,2,0,,,15,5,10,10.1,10.5,11,12.5,15,17.5,19,19.5,19.9,19.990000000000002,20,15,Mbit,,raw; percentiles linear; std of the population
    0123456789ab,a-01.flent.gz,,tcp_1up,ping_icmp,Ping (ms) ICMP,rtt,none,ms,0,2,2,0,1,0.3333333333333333,20,10,10,10.2,11,12,15,20,25,28,29,29.8,29.980000000000004,30,,,,raw; percentiles linear; std of the population
    ");
    insta::assert_snapshot!(exported(TableKind::Runs), @r"
    run_id,file,size_bytes,test,title,note,tags,time_utc,duration_s,step_s,local_host,hosts,ip_version,flent_version,kernel,failed_runners
    0123456789ab,a-01.flent.gz,99,tcp_1up,,,,2017-07-14T02:40:00.000000Z,4,1,,,,,,0
    ");
}
