//! CPU seconds and loss of paced UDP over loopback, beside iperf3.
//!
//! `cargo bench -p fa-net --bench datagrams -- [PAIRS] [SECONDS] [GBIT/S]` runs alternating pairs of our two processes and
//! iperf3's two at one rate with datagrams of 1448 bytes. CPU is user + system of both processes of a pair.

mod pair;

use fa_catalog::{Catalog, Setup};
use fa_measure::event::FlowEnd;
use fa_measure::plan::HostPlan;
use fa_measure::{Launcher, Plan, Settings, What};
use fa_net::{LaunchOptions, NetLauncher};
use pair::{Error, median, spread};
use std::io::Write;

fn main() -> Result<(), Error> {
    pair::main(client, compare)
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
        println!(
            "{name:7} CPU {} s   received {:.1} Mbit/s   lost {} %",
            spread(&costs.iter().map(|c| c.cpu), 3),
            median(costs.iter().map(|c| c.rate / 1e6).collect()),
            spread(&costs.iter().map(|c| c.loss * 100.0), 4),
        );
    }
    let cpu = |costs: &[Cost]| median(costs.iter().map(|c| c.cpu).collect());
    println!("CPU ratio {:.3}", cpu(&ours) / cpu(&theirs));
    Ok(())
}

fn fa(rate: &str, secs: u32) -> Result<Cost, Error> {
    let ([bytes, sent, received], cpu) = pair::ours(&[rate, &secs.to_string()])?;
    Ok(Cost { cpu, rate: bytes * 8.0 / f64::from(secs), loss: 1.0 - received / sent })
}

/// Our client: one flood; prints bytes received, datagrams sent and received.
fn client(arguments: &[String]) -> Result<(), Error> {
    let [port, rate, secs] = arguments else { return Err("client PORT GBITS SECONDS".into()) };
    let setup = Setup { length_secs: secs.parse()?, delay_secs: 0.0, ..Setup::new("udp_flood", &["127.0.0.1"]) }
        .with_param("udp_bandwidth", format!("{rate}G"))
        .with_param("udp_pktsize", "1448");
    let settings =
        Settings { hosts: vec![HostPlan::at("127.0.0.1", port.parse()?)], step_secs: 0.2, ..Settings::of(&setup) };
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
    let (report, cpu) = pair::iperf3(&["-u", "-b", &format!("{rate}G"), "-l", "1448", "-t", &secs.to_string()])?;
    let number = |key: &str| report["end"]["sum"][key].as_f64().ok_or("no such number");
    let (packets, lost) = (number("packets")?, number("lost_packets")?);
    let rate = (packets - lost) * 1448.0 * 8.0 / number("seconds")?;
    Ok(Cost { cpu, rate, loss: lost / packets })
}
