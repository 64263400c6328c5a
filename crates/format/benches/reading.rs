//! What reading costs, as a ratio to the CPU time of the process `gzip -dc` on the same file.
//!
//! `cargo bench -p fa-format`; `cargo bench -p fa-format -- FILE…` for files of one's own. Thread CPU time against user and system time of the child, page cache warm, pairs in turn, median of the
//! ratios with their 10th and 90th percentile. Needs the shared real files, which `FA_SHARED` may name, and `gzip`.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use fa_format::{DataSet, ReadOptions, index, read, read_header, save};
use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};

const PAIRS: usize = 41;

fn main() {
    // `cargo test --benches` only wants to see it start.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let given: Vec<PathBuf> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).map(PathBuf::from).collect();
    if !given.is_empty() {
        head();
        for path in &given {
            own_file(path);
        }
        return;
    }
    let shared = std::env::var_os("FA_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let data = shared.join("data");
    if !data.is_dir() {
        println!("skipped: no shared data");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    head();
    for name in ["test-rrul", "test-rrul_be-socket_stats"] {
        let path = data.join(format!("{name}.flent.gz"));
        let own = folder.path().join(format!("{name}.flent.gz"));
        save(&read(&path, &ReadOptions::default()).unwrap(), &own).unwrap();
        compare(&format!("{name}: everything"), &path, 0.6, everything);
        compare(&format!("{name}: without raw values"), &path, 0.5, without_raw);
        compare(&format!("{name}: header"), &path, 0.1, header);
        compare(&format!("{name}, our own file: everything"), &own, 0.6, everything);
        compare(&format!("{name}, our own: without raw"), &own, 0.25, without_raw);
        compare(&format!("{name}, our own: header"), &own, 0.1, header);
    }
    index_of_thousand(&data, folder.path());
    large(&data);
}

fn head() {
    println!("{:42} {:>9} {:>9} {:>6} {:>13} {:>8}", "", "gzip ms", "ours ms", "ratio", "p10-p90", "promise");
}

/// A file that `fa measure` wrote.
fn own_file(path: &Path) {
    let name: String = path.file_name().unwrap_or_default().to_string_lossy().chars().take(24).collect();
    compare(&format!("{name}: everything"), path, 0.6, everything);
    compare(&format!("{name}: without raw"), path, 0.25, without_raw);
    compare(&format!("{name}: header"), path, 0.1, header);
}

fn everything(path: &Path) {
    let data = read(path, &ReadOptions::default()).unwrap();
    parse_raw(&data);
    black_box(data);
}

fn parse_raw(data: &DataSet) {
    for name in data.raw.names() {
        assert!(data.raw.series(name).is_some());
    }
}

fn without_raw(path: &Path) {
    black_box(read(path, &ReadOptions::without_raw()).unwrap());
}

fn header(path: &Path) {
    black_box(read_header(path, &ReadOptions::default()).unwrap());
}

fn compare(what: &str, path: &Path, promise: f64, ours: fn(&Path)) {
    for _ in 0..3 {
        gzip_secs(path);
        ours(path);
    }
    let (mut gzip, mut own, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let theirs = gzip_secs(path);
        let from = thread_secs();
        ours(path);
        let mine = thread_secs() - from;
        gzip.push(theirs);
        own.push(mine);
        ratios.push(mine / theirs);
    }
    for list in [&mut gzip, &mut own, &mut ratios] {
        list.sort_by(f64::total_cmp);
    }
    let at = |list: &[f64], q: f64| list[(q * (list.len() - 1) as f64).round() as usize];
    println!(
        "{what:42} {:9.2} {:9.2} {:6.3} {:6.3}-{:6.3} {promise:>8} {}",
        at(&gzip, 0.5) * 1e3,
        at(&own, 0.5) * 1e3,
        at(&ratios, 0.5),
        at(&ratios, 0.1),
        at(&ratios, 0.9),
        if at(&ratios, 0.5) <= promise { "kept" } else { "MISSED" },
    );
}

fn index_of_thousand(data: &Path, folder: &Path) {
    let source = data.join("test-rrul.flent.gz");
    let paths: Vec<PathBuf> = (0..1000).map(|i| folder.join(format!("copy-{i}.flent.gz"))).collect();
    for path in &paths {
        std::fs::copy(&source, path).unwrap();
    }
    assert!(index(&paths).iter().all(Result::is_ok));
    let (wall, cpu) = (Instant::now(), process_secs());
    black_box(index(&paths));
    println!(
        "index of 1000 files of 413 kB: {:.2} s, {:.2} s of CPU (promise 1.5 s)",
        wall.elapsed().as_secs_f64(),
        process_secs() - cpu
    );
}

fn large(data: &Path) {
    let folder = std::fs::read_dir(data.join("field")).unwrap();
    let Some(path) = folder.map(|e| e.unwrap().path()).find(|p| p.to_string_lossy().contains("tcp_upload_1000")) else {
        return;
    };
    compare("tcp_upload_1000 (32 MB): everything", &path, 0.6, everything);
    compare("tcp_upload_1000: without raw values", &path, 0.5, without_raw);
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = peak.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!("peak memory of this process: {}", peak.trim_start_matches("VmHWM:").trim());
}

fn gzip_secs(path: &Path) -> f64 {
    let from = children_secs();
    let status = Command::new("gzip").arg("-dc").arg(path).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    children_secs() - from
}

fn children_secs() -> f64 {
    usage_secs(UsageWho::RUSAGE_CHILDREN)
}

fn process_secs() -> f64 {
    usage_secs(UsageWho::RUSAGE_SELF)
}

fn usage_secs(who: UsageWho) -> f64 {
    let usage = getrusage(who).unwrap();
    let secs = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6;
    secs(usage.user_time()) + secs(usage.system_time())
}

fn thread_secs() -> f64 {
    let t = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    t.tv_sec() as f64 + t.tv_nsec() as f64 / 1e9
}
