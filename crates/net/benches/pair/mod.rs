//! Two processes of ours beside two of iperf3's, over loopback: what the benches of byte streams and of datagrams share.

use fa_net::ServeOptions;
use nix::sys::resource::{UsageWho, getrusage};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) type Error = Box<dyn std::error::Error>;

/// Starts what the arguments say: this program is its own server and client.
pub(crate) fn main(
    client: fn(&[String]) -> Result<(), Error>,
    compare: fn(&[String]) -> Result<(), Error>,
) -> Result<(), Error> {
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

/// The numbers that our client printed, and CPU seconds of it and its server. It gets the port and these arguments.
pub(crate) fn ours<const N: usize>(arguments: &[&str]) -> Result<([f64; N], f64), Error> {
    let before = children_cpu()?;
    let mut server = myself(&["serve"])?;
    let mut line = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let port = line.trim_end().rsplit(':').next().ok_or("no port")?;
    let output = myself(&[&["client", port], arguments].concat())?.wait_with_output()?;
    drop(server.stdin.take());
    server.wait()?;
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let numbers = numbers.try_into().map_err(|_| format!("the client said {text:?}"))?;
    Ok((numbers, children_cpu()? - before))
}

/// The report of iperf3's client, and CPU seconds of it and its server.
pub(crate) fn iperf3(arguments: &[&str]) -> Result<(serde_json::Value, f64), Error> {
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
    let client = Command::new("iperf3").args(["-c", "127.0.0.1", "-p", &port, "-J"]).args(arguments).output()?;
    server.wait()?;
    let _ = drain.join();
    Ok((serde_json::from_slice(&client.stdout)?, children_cpu()? - before))
}

/// NaN of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Median, least and most, in this form: `0.340 (0.305–0.361)`.
pub(crate) fn spread(values: &(impl Iterator<Item = f64> + Clone), digits: usize) -> String {
    let of = |pick: fn(f64, f64) -> f64| values.clone().reduce(pick).unwrap_or(f64::NAN);
    format!("{:.digits$} ({:.digits$}–{:.digits$})", median(values.clone().collect()), of(f64::min), of(f64::max))
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
