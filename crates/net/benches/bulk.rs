//! CPU seconds per gigabyte of bulk TCP over loopback, beside iperf3.
//!
//! `cargo bench -p fa-net --bench bulk -- [PAIRS] [SECONDS]` runs alternating pairs of our two processes and iperf3's two,
//! cubic, payload copied at both ends, and prints the medians, their ratio and the spread. CPU is user + system of both
//! processes. Without iperf3 only ours is printed. Afterwards 1000 flows: their fairness and whether a report was lost.

mod pair;

use fa_catalog::{Catalog, Setup};
use fa_measure::event::FlowEnd;
use fa_measure::plan::HostPlan;
use fa_measure::{Launcher, Plan, Settings, What};
use fa_net::{LaunchOptions, NetLauncher};
use pair::{Error, median, spread};
use std::io::Write;
use std::process::{Command, Stdio};

fn main() -> Result<(), Error> {
    pair::main(client, compare)
}

/// One cell of the table.
struct Case {
    flows: u32,
    block: u32,
}

/// Bytes received and CPU seconds of both processes; of ours also fairness and records lost.
struct Cost {
    bytes: f64,
    cpu: f64,
    jain: f64,
    lost: f64,
}

impl Cost {
    fn per_gb(&self) -> f64 {
        self.cpu / (self.bytes / 1e9)
    }
}

fn compare(arguments: &[String]) -> Result<(), Error> {
    let pairs: usize = arguments.first().map_or(Ok(9), |a| a.parse())?;
    let secs: u32 = arguments.get(1).map_or(Ok(4), |a| a.parse())?;
    let with_iperf3 = Command::new("iperf3").arg("--version").stdout(Stdio::null()).status().is_ok();
    println!("flows  block   fa CPU-s/GB (spread)      iperf3 CPU-s/GB (spread)  ratio  fa / iperf3 Gbit/s");
    for case in [(1, 131_072), (8, 131_072), (1, 8_192), (8, 8_192)].map(|(flows, block)| Case { flows, block }) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..pairs {
            ours.push(fa(&case, secs)?);
            if with_iperf3 {
                theirs.push(iperf3(&case, secs)?);
            }
        }
        let (a, b) = (spread(&ours.iter().map(Cost::per_gb), 3), spread(&theirs.iter().map(Cost::per_gb), 3));
        let rate = |costs: &[Cost]| median(costs.iter().map(|c| c.bytes * 8e-9 / f64::from(secs)).collect());
        println!(
            "{:5} {:6}   {a:24}  {b:24}  {:5.2}  {:.1} / {:.1}",
            case.flows,
            case.block,
            median(ours.iter().map(Cost::per_gb).collect()) / median(theirs.iter().map(Cost::per_gb).collect()),
            rate(&ours),
            rate(&theirs),
        );
    }
    let many = fa(&Case { flows: 1000, block: 131_072 }, secs)?;
    println!(
        "1000 flows: Jain {:.4}, {} records lost, {:.3} CPU-s/GB, {:.1} Gbit/s",
        many.jain,
        many.lost,
        many.per_gb(),
        many.bytes * 8e-9 / f64::from(secs)
    );
    Ok(())
}

fn fa(case: &Case, secs: u32) -> Result<Cost, Error> {
    let ([bytes, jain, lost], cpu) =
        pair::ours(&[&case.flows.to_string(), &case.block.to_string(), &secs.to_string()])?;
    Ok(Cost { bytes, cpu, jain, lost })
}

/// Our client: uploads; prints the bytes that the receivers read, Jain's index of the flows, and records lost.
fn client(arguments: &[String]) -> Result<(), Error> {
    let [port, flows, block, secs] = arguments else { return Err("client PORT FLOWS BLOCK SECONDS".into()) };
    let host = HostPlan::at("127.0.0.1", port.parse()?);
    let setup = Setup { length_secs: secs.parse()?, delay_secs: 0.0, ..Setup::new("tcp_nup", &["127.0.0.1"]) }
        .with_param("upload_streams", flows.as_str())
        .with_param("tcp_cong_control", "cubic");
    let settings = Settings { hosts: vec![host], step_secs: 0.2, ..Settings::of(&setup) };
    let mut plan = Plan::from_expanded(&Catalog::builtin().expand(&setup)?, &settings)?;
    plan.probes.clear();
    for flow in &mut plan.flows {
        flow.block = block.parse()?;
    }
    let run = NetLauncher::new(LaunchOptions::default()).start(plan)?;
    let (mut flows, mut lost) = (Vec::new(), 0);
    for event in run.events {
        match event.what {
            What::FlowEnded(e) if e.end == FlowEnd::Receiver => flows.push(e.bytes as f64),
            What::Overflow { lost: records, .. } => lost += records,
            What::FlowFailed { error, .. } => eprintln!("{error}"),
            What::Warning { text, .. } => eprintln!("{text}"),
            _ => {}
        }
    }
    let (sum, squares) = (flows.iter().sum::<f64>(), flows.iter().map(|b| b * b).sum::<f64>());
    let jain = sum * sum / (flows.len() as f64 * squares);
    writeln!(std::io::stdout(), "{sum} {jain} {lost}")?;
    Ok(())
}

fn iperf3(case: &Case, secs: u32) -> Result<Cost, Error> {
    let (flows, block, secs) = (case.flows.to_string(), case.block.to_string(), secs.to_string());
    let (report, cpu) = pair::iperf3(&["-C", "cubic", "-t", &secs, "-P", &flows, "-l", &block])?;
    let bytes = report["end"]["sum_received"]["bytes"].as_f64().ok_or("no byte count")?;
    Ok(Cost { bytes, cpu, jain: f64::NAN, lost: f64::NAN })
}
