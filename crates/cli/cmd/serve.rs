//! `fa serve`: be the other end.

use std::net::IpAddr;

use fa_measure::access::Prefix;
use fa_measure::plan::DEFAULT_PORT;
use fa_net::{ServeError, ServeOptions, serve};

use crate::args::ServeArgs;
use crate::failure::{Code, Failure, Outcome};
use crate::output::{self, Console};
use crate::record;

pub(crate) fn run(args: &ServeArgs, console: Console) -> Outcome {
    let (address, port) = args.listen.as_deref().map_or(Ok((None, DEFAULT_PORT)), listen)?;
    let allow = args
        .allow
        .iter()
        .map(|text| text.parse::<Prefix>().map_err(|e| Failure::usage(format!("--allow {text}: {e}"))))
        .collect::<Result<_, _>>()?;
    let key = args.key.as_deref().map(record::read_key).transpose()?;
    let options = ServeOptions {
        address,
        port,
        allow,
        key,
        public: args.public,
        rate_bps: args.rate_limit.map(|mbits| mbits * 1_000_000),
        daily_bytes: args.daily_limit.map(|gigabytes| gigabytes * 1_000_000_000),
        memory: args.memory_limit.map(|megabytes| usize::try_from(megabytes * 1_000_000).unwrap_or(usize::MAX)),
        // A child has the rights of the measurement that started it, and listens to nobody else.
        become_user: (!args.keep_privileges && !args.child).then(|| args.user.clone()),
        until_stdin_closes: args.child,
    };
    let (quiet, child) = (console.quiet, args.child);
    let who = match (args.public, args.key.is_some()) {
        (true, _) => "everybody, within tight limits",
        (_, true) => "clients with the key",
        _ if args.allow.is_empty() => "loopback, link-local and private addresses",
        _ => "loopback, link-local, private and allowed addresses",
    };
    let ready = move |addresses: &[std::net::SocketAddr]| {
        if !quiet && !child {
            for address in addresses {
                output::say(format_args!("listening on {address}, TCP and UDP, for {who}"));
            }
        }
    };
    let log = move |line: &str| {
        if !quiet && !child {
            output::say(line);
        }
    };
    let notice = move |text: &str| {
        if !quiet {
            output::say(text);
        }
    };
    serve(options, ready, notice, log).map_err(|error| {
        let code = match error {
            ServeError::Listen { .. } => Code::Missing,
            ServeError::NoUser { .. } => Code::Usage,
            _ => Code::Failed,
        };
        Failure::new(code, error)
    })?;
    Ok(Code::Ok)
}

/// `ADDR`, `ADDR:PORT`, `[ADDR6]:PORT`, `:PORT`.
fn listen(text: &str) -> Result<(Option<IpAddr>, u16), Failure> {
    let bad = || {
        Failure::usage(format!("--listen {text}: not an address with an optional port"))
            .hint("for example 192.0.2.1, 192.0.2.1:6000, [2001:db8::1]:6000 or :6000")
    };
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok((Some(address), DEFAULT_PORT));
    }
    if let Ok(address) = text.parse::<std::net::SocketAddr>() {
        return Ok((Some(address.ip()), address.port()));
    }
    let port = text.strip_prefix(':').and_then(|port| port.parse().ok()).ok_or_else(bad)?;
    Ok((None, port))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn listen_takes_addresses_with_and_without_port() {
        let address = |text: &str| Some(text.parse().unwrap());
        assert_eq!(listen("10.0.0.1").unwrap(), (address("10.0.0.1"), 5999));
        assert_eq!(listen("10.0.0.1:0").unwrap(), (address("10.0.0.1"), 0));
        assert_eq!(listen("::1").unwrap(), (address("::1"), 5999));
        assert_eq!(listen("[::1]").unwrap(), (address("::1"), 5999));
        assert_eq!(listen("[::1]:7").unwrap(), (address("::1"), 7));
        assert_eq!(listen(":7").unwrap(), (None, 7));
        for text in ["", "host", "10.0.0.1:", ":70000"] {
            assert_eq!(listen(text).unwrap_err().code, Code::Usage, "{text}");
        }
    }
}
