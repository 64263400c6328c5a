//! Options of `fa measure` that belong to single tools, under Flent's names.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;
use fa_measure::options::TestOptions;
use indexmap::IndexMap;

use crate::failure::Failure;

/// Bytes of `--test-payload` that are used.
const MAX_PAYLOAD: u64 = 16 * 1024 * 1024;

/// Options of single tools.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Test options (docs/test-options.md)")]
pub(crate) struct TestArgs {
    /// Local address to bind to: one for all hosts, or one for each in order; repeatable
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', value_parser = own_address)]
    pub(crate) local_bind: Vec<String>,
    /// Where control connections go when not to the host itself
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) control_host: Option<String>,
    /// Local address of control connections
    #[arg(long, value_name = "ADDRESS", value_parser = own_address)]
    pub(crate) control_local_bind: Option<String>,
    /// Bytes per write of TCP flows: one for all streams, or one for each in order; repeatable
    #[arg(long, value_name = "BYTES", value_delimiter = ',', value_parser = size)]
    pub(crate) send_size: Vec<u32>,
    /// What our TCP senders write, again and again, instead of random bytes
    #[arg(long, value_name = "FILE")]
    pub(crate) test_payload: Option<PathBuf>,
    /// TCP uploads become downloads and the other way round
    #[arg(long)]
    pub(crate) swap_up_down: bool,
    /// Do not sample the kernel's state of TCP flows
    #[arg(long, conflicts_with = "socket_stats")]
    pub(crate) no_socket_stats: bool,
    /// A name for a mark (TOS byte) to be used in test parameters; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) marking_name: Vec<String>,
    /// Seconds without an answer after which a UDP probe's request is lost; 0: never while it runs [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=3_600))]
    pub(crate) socket_timeout: Option<u32>,
    /// Milliseconds between the requests of every UDP probe, calls included
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub(crate) irtt_sampling_interval: Option<u32>,
    /// List of objects to fetch, a file or a http:// address; one fetcher for each; repeatable [default: the host's own]
    #[arg(long, value_name = "FILE|URL", value_delimiter = ',', value_parser = object_list)]
    pub(crate) http_getter_urllist: Vec<String>,
    /// Name servers to ask instead of the system's; repeatable
    #[arg(long, value_name = "ADDRESS[:PORT]", value_delimiter = ',', value_parser = name_server)]
    pub(crate) http_getter_dns_servers: Vec<String>,
    /// Milliseconds that one object may take [default: the length of the test]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(1..=86_400_000))]
    pub(crate) http_getter_timeout: Option<u32>,
    /// Objects fetched at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) http_getter_workers: u16,
    /// Left out on purpose
    #[arg(long, hide = true, value_name = "HOST")]
    pub(crate) remote_host: Option<String>,
    /// Left out on purpose
    #[arg(long, hide = true, value_name = "PORT")]
    pub(crate) netperf_control_port: Option<String>,
    /// Left out on purpose
    #[arg(long, hide = true, value_name = "PORT")]
    pub(crate) ditg_control_port: Option<String>,
    /// Left out on purpose
    #[arg(long, hide = true, value_name = "SECRET")]
    pub(crate) ditg_control_secret: Option<String>,
}

fn size(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is no number of bytes such as 8192, 8K (8 × 1024) or 1M");
    let (digits, factor) = match text.trim().to_ascii_uppercase() {
        t if t.ends_with('K') => (t.trim_end_matches('K').to_owned(), 1024),
        t if t.ends_with('M') => (t.trim_end_matches('M').to_owned(), 1024 * 1024),
        t => (t, 1),
    };
    let number: u32 = digits.trim().parse().map_err(|_| wrong())?;
    number.checked_mul(factor).filter(|&n| n > 0).ok_or_else(wrong)
}

/// An address, with the interface of a link-local one (`fe80::1%eth0`).
fn own_address(text: &str) -> Result<String, String> {
    let text = text.trim();
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    match address.parse::<IpAddr>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("not an IPv4 or IPv6 address; `ip address` shows those of this host".to_owned()),
    }
}

fn name_server(text: &str) -> Result<String, String> {
    let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
    if text.trim().parse::<SocketAddr>().is_ok() || bare.parse::<IpAddr>().is_ok() {
        return Ok(text.trim().to_owned());
    }
    Err("a name server is named by its ADDRESS or ADDRESS:PORT".to_owned())
}

/// A list that can be fetched or read; what is in one that has to be fetched turns out in the run.
fn object_list(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.contains("://") {
        let can = text.starts_with("http://");
        return if can { Ok(text.to_owned()) } else { Err("only http:// can be fetched: there is no TLS here".into()) };
    }
    let found = std::fs::metadata(text).map_err(|e| e.to_string())?;
    if found.is_dir() {
        return Err("a folder is no list".into());
    }
    if found.is_file() {
        fa_net::check_object_list(text)?;
    }
    Ok(text.to_owned())
}

impl TestArgs {
    /// The options for the plan. Files that they name are read.
    pub(crate) fn read(&self, params: &IndexMap<String, String>) -> Result<TestOptions, Failure> {
        self.refuse_left_out()?;
        Ok(TestOptions {
            local_binds: self.local_bind.clone(),
            control_host: self.control_host.clone(),
            control_local_bind: self.control_local_bind.clone(),
            send_sizes: self.send_size.clone(),
            payload: self.test_payload.as_deref().map(|path| payload("--test-payload", path)).transpose()?,
            payload_name: self.test_payload.as_ref().map(|path| path.display().to_string()),
            payloads: payloads(params)?,
            swap_up_down: self.swap_up_down,
            socket_stats: !self.no_socket_stats,
            socket_timeout_secs: self.socket_timeout,
            irtt_interval_ms: self.irtt_sampling_interval,
            url_lists: self.http_getter_urllist.clone(),
            dns_servers: self.http_getter_dns_servers.clone(),
            http_timeout_ms: self.http_getter_timeout,
            http_workers: self.http_getter_workers,
            lists: lists(params)?,
        })
    }

    /// Flent's options that `fa` does without are refused with the reason of docs/test-options.md.
    fn refuse_left_out(&self) -> Result<(), Failure> {
        let ditg = "D-ITG's control server is not spoken to; `fa serve --key FILE` keeps strangers out of the far end";
        let left_out = [
            ("--remote-host", &self.remote_host, "runners are not started on other machines through ssh"),
            (
                "--netperf-control-port",
                &self.netperf_control_port,
                "netserver is not spoken to; HOST:PORT names the port of `fa serve`",
            ),
            ("--ditg-control-port", &self.ditg_control_port, ditg),
            ("--ditg-control-secret", &self.ditg_control_secret, ditg),
        ];
        match left_out.iter().find(|(_, value, _)| value.is_some()) {
            None => Ok(()),
            Some((option, _, why)) => Err(Failure::usage(format!("{option} is left out: {why}"))
                .hint("docs/test-options.md says what becomes of every option of Flent")),
        }
    }

    /// Puts values for the names that the user gave to marks, so that the file needs no names.
    pub(crate) fn name_marks(&self, params: &mut IndexMap<String, String>) -> Result<(), Failure> {
        let mut names = Vec::new();
        for pair in &self.marking_name {
            let wrong = |why: &str| Failure::usage(format!("--marking-name {pair}: {why}"));
            let (name, value) = pair.split_once('=').ok_or_else(|| wrong("expected NAME=VALUE"))?;
            if fa_catalog::tos(name).is_some() {
                return Err(wrong("this name has a meaning already"));
            }
            let tos = fa_catalog::tos(value).ok_or_else(|| wrong("the value is a number from 0 to 255, or 0x.."))?;
            names.push((name.trim().to_owned(), format!("{tos:#04x}")));
        }
        for (key, value) in params.iter_mut().filter(|(key, _)| key.contains("marking") || key.ends_with("tos")) {
            let named = |mark: &str| {
                let found = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(mark.trim()));
                found.map_or_else(|| mark.to_owned(), |(_, tos)| tos.clone())
            };
            let _ = key;
            *value = value.split(',').map(named).collect::<Vec<_>>().join(",");
        }
        Ok(())
    }
}

/// What is in the files of `test_payloads`, each read once.
fn payloads(params: &IndexMap<String, String>) -> Result<IndexMap<String, Vec<u8>>, Failure> {
    let names = params.get("test_payloads").map(String::as_str).unwrap_or_default();
    let mut found = IndexMap::new();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if !found.contains_key(name) {
            found.insert(name.to_owned(), payload("--test-parameter test_payloads", Path::new(name))?);
        }
    }
    Ok(found)
}

fn payload(option: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let failed = |e: std::io::Error| Failure::usage(format!("{option} {}: {e}", path.display()));
    let mut bytes = Vec::new();
    // Devices have no end.
    std::fs::File::open(path).map_err(failed)?.take(MAX_PAYLOAD + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_PAYLOAD {
        let most = MAX_PAYLOAD >> 20;
        return Err(Failure::usage(format!("{option} {}: the file is longer than {most} MiB", path.display())));
    }
    if bytes.is_empty() {
        return Err(Failure::usage(format!("{option} {}: the file is empty", path.display())));
    }
    Ok(bytes)
}

/// What `file:NAME` stands for in the parameters of calls: one number per line.
fn lists(params: &IndexMap<String, String>) -> Result<IndexMap<String, Vec<f64>>, Failure> {
    let mut lists = IndexMap::new();
    for key in fa_measure::call::PARAMETERS {
        let Some(text) = params.get(key).map(|text| text.trim()) else { continue };
        let Some(name) = text.strip_prefix("file:") else { continue };
        let wrong = |why: String| Failure::usage(format!("--test-parameter {key}={text}: {why}"));
        let content = std::fs::read_to_string(name).map_err(|e| wrong(e.to_string()))?;
        let numbers: Result<Vec<f64>, _> = content.split_whitespace().map(str::parse).collect();
        let numbers = numbers.map_err(|_| wrong("the file has one number per line".to_owned()))?;
        if numbers.is_empty() || numbers.len() > fa_measure::traffic::MAX_LIST {
            return Err(wrong(format!(
                "the file has {} numbers; 1 to {} are possible",
                numbers.len(),
                fa_measure::traffic::MAX_LIST
            )));
        }
        lists.insert(text.to_owned(), numbers);
    }
    Ok(lists)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn named_marks_become_numbers_in_parameters_that_take_marks() {
        let args = TestArgs { marking_name: vec!["LE=4".into(), "VA=0xb0".into()], ..TestArgs::default() };
        let given = [("markings", "LE,CS1,va"), ("labels", "LE"), ("burst_tos", "LE")];
        let mut params = given.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect();
        args.name_marks(&mut params).unwrap();
        assert_eq!(params.values().collect::<Vec<_>>(), ["0x04,CS1,0xb0", "LE", "0x04"]);
        for bad in ["LE", "LE=300", "CS1=8"] {
            let args = TestArgs { marking_name: vec![bad.into()], ..TestArgs::default() };
            assert!(args.name_marks(&mut IndexMap::new()).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_take_suffixes() {
        assert_eq!((size("8192"), size("8k"), size("1M")), (Ok(8192), Ok(8192), Ok(1_048_576)));
        assert!(["", "0", "-1", "5000M", "x"].iter().all(|text| size(text).is_err()));
    }

    #[test]
    fn name_servers_are_addresses_and_lists_are_there() {
        for good in ["192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:53"] {
            assert!(name_server(good).is_ok(), "{good}");
        }
        assert!(name_server("foo").unwrap_err().contains("ADDRESS"));
        assert!(object_list("http://a.example/list").is_ok() && object_list("/dev/null").is_ok());
        let why = object_list("Cargo.toml").unwrap_err();
        assert!(why.contains("[workspace]") && why.contains("http://"), "{why}");
        assert!(object_list("https://a.example/list").unwrap_err().contains("TLS"));
        assert!(object_list("no/such/list").is_err() && object_list(".").is_err());
    }
}
