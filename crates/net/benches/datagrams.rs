//! CPU seconds and loss of paced UDP over loopback, beside iperf3.
//!
//! `cargo bench -p fa-net --bench datagrams -- [PAIRS] [SECONDS] [GBIT/S]` runs alternating pairs of our two processes and
//! iperf3's two at one rate with datagrams of 1448 bytes. CPU is user + system of both processes of a pair.

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

/// Of one run: CPU seconds of both processes, bits per second received, share lost.
struct Cost {
    cpu: f64,
    rate: f64,
    loss: f64,
}

fn compare(arguments: &[String]) -> Result<(), Error> {
    let pairs: usize = arguments.first().map_or(Ok(5), |a| a.parse())?;
    let secs: u32 = arguments.get(1).map_or(Ok(4), |a| a.parse())?;
    let rate = arguments.get(2).map_or("1", String::as_str);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..pairs {
        ours.push(fa(rate, secs)?);
        theirs.push(iperf3(rate, secs)?);
    }
    for (name, costs) in [("fa", &ours), ("iperf3", &theirs)] {
        let of = |read: fn(&Cost) -> f64| {
            let mut values: Vec<f64> = costs.iter().map(read).collect();
            values.sort_by(f64::total_cmp);
            let at = |i: usize| values.get(i).copied().unwrap_or(f64::NAN);
            (at(values.len() / 2), at(0), at(values.len().saturating_sub(1)))
        };
        let (cpu, rate, loss) = (of(|c| c.cpu), of(|c| c.rate / 1e6), of(|c| c.loss * 100.0));
        println!(
            "{name:7} CPU {:.3} s ({:.3}–{:.3})   received {:.1} Mbit/s   lost {:.4} % ({:.4}–{:.4})",
            cpu.0, cpu.1, cpu.2, rate.0, loss.0, loss.1, loss.2
        );
    }
    let median = |costs: &[Cost]| {
        let mut cpu: Vec<f64> = costs.iter().map(|c| c.cpu).collect();
        cpu.sort_by(f64::total_cmp);
        cpu.get(cpu.len() / 2).copied().unwrap_or(f64::NAN)
    };
    println!("CPU ratio {:.3}", median(&ours) / median(&theirs));
    Ok(())
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

fn fa(rate: &str, secs: u32) -> Result<Cost, Error> {
    let before = children_cpu()?;
    let mut server = myself(&["serve"])?;
    let mut line = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let port = line.trim_end().rsplit(':').next().ok_or("no port")?;
    let output = myself(&["client", port, rate, &secs.to_string()])?.wait_with_output()?;
    drop(server.stdin.take());
    server.wait()?;
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [bytes, sent, received] = numbers[..] else { return Err(format!("the client said {text:?}").into()) };
    Ok(Cost { cpu: children_cpu()? - before, rate: bytes * 8.0 / f64::from(secs), loss: 1.0 - received / sent })
}

/// Our client: one flood; prints bytes received, datagrams sent and received.
fn client(arguments: &[String]) -> Result<(), Error> {
    let [port, rate, secs] = arguments else { return Err("client PORT GBITS SECONDS".into()) };
    let setup = Setup { length_secs: secs.parse()?, delay_secs: 0.0, ..Setup::new("udp_flood", &["127.0.0.1"]) }
        .with_param("udp_bandwidth", format!("{rate}G"))
        .with_param("udp_pktsize", "1448");
    let settings = Settings {
        test: setup.test.clone(),
        hosts: vec![HostPlan::at("127.0.0.1", port.parse()?)],
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
    let run = NetLauncher::new(LaunchOptions::default()).start(plan)?;
    let (mut bytes, mut sent, mut received) = (0, 0, 0);
    for event in run.events {
        match event.what {
            What::DatagramTotals(t) if t.end == FlowEnd::Sender => sent = t.packets,
            What::DatagramTotals(t) => (bytes, received) = (t.bytes, t.packets),
            What::FlowFailed { error, .. } => eprintln!("{error}"),
            What::Warning { text, .. } => eprintln!("{text}"),
            _ => {}
        }
    }
    writeln!(std::io::stdout(), "{bytes} {sent} {received}")?;
    Ok(())
}

fn iperf3(rate: &str, secs: u32) -> Result<Cost, Error> {
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
        .args(["-c", "127.0.0.1", "-p", &port, "-u", "-b", &format!("{rate}G"), "-l", "1448", "-J"])
        .args(["-t", &secs.to_string()])
        .output()?;
    server.wait()?;
    let _ = drain.join();
    let report: serde_json::Value = serde_json::from_slice(&client.stdout)?;
    let number = |key: &str| report["end"]["sum"][key].as_f64().ok_or("no such number");
    let (packets, lost) = (number("packets")?, number("lost_packets")?);
    let rate = (packets - lost) * 1448.0 * 8.0 / number("seconds")?;
    Ok(Cost { cpu: children_cpu()? - before, rate, loss: lost / packets })
}
