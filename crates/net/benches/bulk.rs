//! CPU seconds per gigabyte of bulk TCP over loopback, beside iperf3.
//!
//! `cargo bench -p fa-net --bench bulk -- [PAIRS] [SECONDS]` runs alternating pairs of our two processes and iperf3's two,
//! cubic, payload copied at both ends, and prints the medians, their ratio and the spread. CPU is user + system of both
//! processes. Without iperf3 only ours is printed. Afterwards 1000 flows: their fairness and whether a report was lost.

use fa_catalog::{Catalog, Setup};
use fa_measure::event::FlowEnd;
use fa_measure::plan::HostPlan;
use fa_measure::{Launcher, Plan, Settings, What};
use fa_net::{LaunchOptions, NetLauncher, ServeOptions};
use nix::sys::resource::{UsageWho, getrusage};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => Ok(fa_net::serve(
            ServeOptions {
                address: Some([127, 0, 0, 1].into()),
                port: 0,
                until_stdin_closes: true,
                ..ServeOptions::default()
            },
            |_| {},
            |_| {},
            |_| {},
        )?),
        Some("client") => client(&arguments[1..]),
        _ => compare(&arguments),
    }
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
        let (a, b) = (summary(&ours), summary(&theirs));
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn summary(costs: &[Cost]) -> String {
    let of = |pick: fn(f64, f64) -> f64| costs.iter().map(Cost::per_gb).reduce(pick).unwrap_or(f64::NAN);
    format!("{:.3} ({:.3}–{:.3})", median(costs.iter().map(Cost::per_gb).collect()), of(f64::min), of(f64::max))
}

/// CPU seconds of children that have ended.
fn children_cpu() -> Result<f64, Error> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let secs = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6;
    Ok(secs(usage.user_time()) + secs(usage.system_time()))
}

fn myself(arguments: &[&str]) -> Result<Child, Error> {
    let mut command = Command::new(std::env::current_exe()?);
    Ok(command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?)
}

fn first_line(child: &mut Child) -> Result<String, Error> {
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn fa(case: &Case, secs: u32) -> Result<Cost, Error> {
    let before = children_cpu()?;
    let mut server = myself(&["serve"])?;
    let address = first_line(&mut server)?;
    let port = address.rsplit(':').next().ok_or("no port")?;
    let client = myself(&["client", port, &case.flows.to_string(), &case.block.to_string(), &secs.to_string()])?;
    let output = client.wait_with_output()?;
    drop(server.stdin.take());
    server.wait()?;
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [bytes, jain, lost] = numbers[..] else { return Err(format!("the client said {text:?}").into()) };
    Ok(Cost { bytes, cpu: children_cpu()? - before, jain, lost })
}

/// Our client: uploads; prints the bytes that the receivers read, Jain's index of the flows, and records lost.
fn client(arguments: &[String]) -> Result<(), Error> {
    let [port, flows, block, secs] = arguments else { return Err("client PORT FLOWS BLOCK SECONDS".into()) };
    let host = HostPlan::at("127.0.0.1", port.parse()?);
    let setup = Setup { length_secs: secs.parse()?, delay_secs: 0.0, ..Setup::new("tcp_nup", &["127.0.0.1"]) }
        .with_param("upload_streams", flows.as_str())
        .with_param("tcp_cong_control", "cubic");
    let settings = Settings {
        test: setup.test.clone(),
        hosts: vec![host],
        length_secs: setup.length_secs,
        delay_secs: 0.0,
        step_secs: 0.2,
        title: String::new(),
        note: String::new(),
        ip_version: None,
        params: setup.params.clone(),
        local_bind: None,
        seed: 1,
        options: fa_measure::options::TestOptions::default(),
        observe: fa_measure::Observe::default(),
    };
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
    let before = children_cpu()?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
    // Its output is buffered unless it is told to flush; the first line says that it listens.
    let mut server = Command::new("iperf3")
        .args(["-s", "-1", "--forceflush", "-B", "127.0.0.1", "-p", &port])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(server.stdout.take().ok_or("no output")?).lines();
    for line in lines.by_ref() {
        if line?.contains("listening") {
            break;
        }
    }
    let drain = std::thread::spawn(move || lines.count());
    let client = Command::new("iperf3")
        .args(["-c", "127.0.0.1", "-p", &port, "-C", "cubic", "-J"])
        .args(["-t", &secs.to_string(), "-P", &case.flows.to_string(), "-l", &case.block.to_string()])
        .output()?;
    server.wait()?;
    let _ = drain.join();
    let report: serde_json::Value = serde_json::from_slice(&client.stdout)?;
    let bytes = report["end"]["sum_received"]["bytes"].as_f64().ok_or("no byte count")?;
    Ok(Cost { bytes, cpu: children_cpu()? - before, jain: f64::NAN, lost: f64::NAN })
}
