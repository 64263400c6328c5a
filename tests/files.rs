//! Files named on the command line, metadata and tables.

use crate::command::{Desk, sample};

#[test]
fn an_argument_that_matches_nothing_is_a_usage_error() {
    let said = Desk::new().fa(["stats", "none-*.flent.gz"]).ends_with_code(2);
    assert!(said.err.contains("none-*.flent.gz"), "{}", said.err);
}

#[test]
fn a_broken_file_is_reported_and_the_rest_is_used() {
    let desk = Desk::new();
    std::fs::write(desk.file("broken.flent.gz"), b"\x1f\x8bnot gzip").unwrap();
    let good = sample("ping-idle.flent.gz");
    let said = desk.fa(["stats", "broken.flent.gz", &good]).ends_with_code(3);
    assert!(said.err.contains("broken.flent.gz"), "{}", said.err);
    assert!(said.out.contains("Ping (ms) ICMP"), "{}", said.out);
    desk.fa(["stats", "broken.flent.gz"]).ends_with_code(1);
}

#[test]
fn a_file_named_twice_counts_once() {
    let file = sample("ping-idle.flent.gz");
    let said = Desk::new().fa(["stats", "--json", &file, &file]).ends_with_code(0);
    assert_eq!(said.json()["files"].as_array().unwrap().len(), 1);
    assert!(said.err.contains("twice"), "{}", said.err);
}

#[test]
fn a_file_may_come_on_standard_input() {
    let desk = Desk::new();
    let input = std::fs::File::open(sample("ping-idle.flent.gz")).unwrap();
    let said = crate::command::Said::from(desk.command().args(["stats", "-"]).stdin(input).output().unwrap());
    assert!(said.ends_with_code(0).out.contains("Ping (ms) ICMP"));
}

#[test]
fn bufferbloat_shows_in_the_pair_of_samples() {
    let p95 = |file: &str| {
        let stats = Desk::new().fa(["stats", "--json", &sample(file)]).ends_with_code(0).json();
        stats["files"][0]["verdict"]["loaded_p95_ms"].as_f64().unwrap()
    };
    let (long, short) = (p95("bufferbloat-long.flent.gz"), p95("bufferbloat-short.flent.gz"));
    // 300 ms and 20 ms of buffer each way, at the same 20 Mbit/s.
    assert!((250.0..=650.0).contains(&long), "{long}");
    assert!((10.0..=60.0).contains(&short), "{short}");
}

#[test]
fn every_table_has_its_columns_and_nothing_else_on_stdout() {
    let file = sample("upload-long.flent.gz");
    for (table, first) in [
        ("samples", "run_id,series_id,series,kind,direction,flow,t_s,t_utc,value,unit,lost,source"),
        ("wide", "run_id,t_s,t_utc,"),
        ("summary", "run_id,file,title,test,series_id,series,"),
        ("runs", "run_id,file,size_bytes,test,title,"),
    ] {
        let said = Desk::new().fa(["export", "--format", "csv", "--table", table, &file]).ends_with_code(0);
        let mut lines = said.out.lines();
        let header = lines.next().unwrap();
        assert!(header.starts_with(first), "{table}: {header}");
        let columns = header.split(',').count();
        let row = lines.next().unwrap_or_else(|| panic!("{table} has no rows"));
        assert!(row.split(',').count() >= columns, "{table}: {row}");
        assert!(!said.out.contains("NaN") && !said.out.contains("null"), "{table}: missing is empty");
    }
}

#[test]
fn identical_input_gives_identical_tables() {
    let export = || Desk::new().fa(["export", &sample("upload-long.flent.gz")]).ends_with_code(0).bytes;
    assert_eq!(export(), export());
}

#[test]
fn a_cut_off_file_is_used_only_when_asked_for() {
    let desk = Desk::new();
    let whole = std::fs::read(sample("upload-long.flent.gz")).unwrap();
    std::fs::write(desk.file("cut.flent.gz"), &whole[..whole.len() * 3 / 4]).unwrap();
    let refused = desk.fa(["stats", "cut.flent.gz"]).ends_with_code(1);
    assert!(refused.err.contains("cut off") && refused.err.contains("--keep-partial"), "{}", refused.err);
    let used = desk.fa(["stats", "--keep-partial", "cut.flent.gz"]).ends_with_code(0);
    assert!(used.out.contains("Ping (ms) ICMP"), "{}", used.out);
    assert!(used.err.contains("note: "), "what is missing is said: {}", used.err);
    desk.fa(["export", "--keep-partial", "cut.flent.gz"]).ends_with_code(0);
    desk.fa(["plot", "totals", "--keep-partial", "cut.flent.gz", "-o", "cut.svg"]).ends_with_code(0);
}

#[test]
fn tables_are_written_by_suffix_or_not_at_all() {
    let desk = Desk::new();
    let file = sample("ping-idle.flent.gz");
    let refused = desk.fa(["export", &file, "-o", "x.xlsx"]).ends_with_code(2);
    assert!(refused.err.contains("x.xlsx") && refused.err.contains(".csv"), "{}", refused.err);
    assert!(desk.files().is_empty());
    desk.fa(["export", &file, "-o", "x.CSV"]).ends_with_code(0);
    desk.fa(["export", &file, "-o", "x.txt", "--format", "csv"]).ends_with_code(0);
    desk.fa(["export", &file, "-o", "y.txt", "--compat", "flent-stats"]).ends_with_code(0);
    assert_eq!(desk.files(), ["x.CSV", "x.txt", "y.txt"]);
}

#[test]
fn a_journal_is_recognised() {
    let desk = Desk::new();
    std::fs::write(desk.file("x.journal"), b"fa\x00journal").unwrap();
    let said = desk.fa(["stats", "x.journal"]).ends_with_code(1);
    assert!(said.err.contains("fa recover"), "{}", said.err);
}
