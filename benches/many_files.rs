//! What a figure of hundreds of files costs, as a ratio to the CPU time of `gzip -dc` on the same files.
//!
//! `cargo bench -p fa --bench many_files`. User and system time of the whole processes, page cache warm, in turn; median of the
//! ratios with the smallest and the largest, and the largest resident size of any run (VmHWM). Takes 200 copies of the shared
//! `test-rrul` (`FA_SHARED` names the folder), without it of a sample of the project. Needs `gzip`.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

const FILES: usize = 200;
const PAIRS: usize = 7;
/// CPU time of a figure, as a share of that of `gzip -dc`.
const CPU: f64 = 0.7;
const MEMORY_MB: f64 = 200.0;

fn main() {
    // `cargo test --benches` only wants to see it start.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let shared = std::env::var_os("FA_SHARED").map(|folder| Path::new(&folder).join("data/test-rrul.flent.gz"));
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/bufferbloat-long.flent.gz");
    let source = shared.filter(|path| path.is_file()).unwrap_or(sample);
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> =
        (1..=FILES).map(|i| folder.path().join(format!("run-{}-{i:03}.flent.gz", ["codel", "pie"][i % 2]))).collect();
    for file in &files {
        std::fs::copy(&source, file).unwrap();
    }
    println!("{FILES} copies of {}", source.display());
    println!(
        "{:28} {:>8} {:>8} {:>6} {:>13} {:>8}   {:>7} {:>8}",
        "", "gzip s", "ours s", "ratio", "min-max", "promise", "peak MB", "promise"
    );
    let own = folder.path().join("own");
    std::fs::create_dir(&own).unwrap();
    let rewritten: Vec<PathBuf> = (1..=FILES).map(|i| own.join(format!("run-{i:03}.flent.gz"))).collect();
    let data = fa_format::read(&source, &fa_format::ReadOptions::default()).unwrap();
    fa_format::save(&data, &rewritten[0]).unwrap();
    for file in &rewritten[1..] {
        std::fs::copy(&rewritten[0], file).unwrap();
    }
    for plot in ["icmp_cdf", "cdf_combine", "ping_cdf", "box_combine"] {
        compare(plot, &files, folder.path());
        compare(plot, &rewritten, folder.path());
    }
}

fn compare(plot: &str, files: &[PathBuf], folder: &Path) {
    let own = files[0].parent().unwrap().ends_with("own");
    let fa = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fa"));
        command.args(["--quiet", "plot", plot, "-o"]).arg(folder.join("x.svg")).args(files);
        run(&mut command)
    };
    let gzip = || run(Command::new("gzip").arg("-dc").args(files));
    gzip();
    fa();
    let (mut theirs, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let (a, b) = (gzip(), fa());
        theirs.push(a);
        ours.push(b);
        ratios.push(b / a);
    }
    for list in [&mut theirs, &mut ours, &mut ratios] {
        list.sort_by(f64::total_cmp);
    }
    // The largest of all children so far: gzip's own is some megabytes.
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() as f64 / 1024.0;
    let kept = |yes: bool| if yes { "kept" } else { "MISSED" };
    println!(
        "{:28} {:8.2} {:8.2} {:6.3} {:6.3}-{:6.3} {:>8}   {peak:7.0} {:>8}",
        format!("{plot}{}", if own { ", written by us" } else { "" }),
        theirs[PAIRS / 2],
        ours[PAIRS / 2],
        ratios[PAIRS / 2],
        ratios[0],
        ratios[PAIRS - 1],
        kept(ratios[PAIRS / 2] <= CPU),
        kept(peak <= MEMORY_MB),
    );
}

/// CPU seconds of a command.
fn run(command: &mut Command) -> f64 {
    let before = children_secs();
    assert!(command.stdout(Stdio::null()).status().unwrap().success());
    children_secs() - before
}

fn children_secs() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let secs = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6;
    secs(usage.user_time()) + secs(usage.system_time())
}
