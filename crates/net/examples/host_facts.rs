//! Prints what a data file will say about this host: `cargo run -p fa-net --example host_facts -- 192.0.2.1 [extended]`.

use std::error::Error;
use std::net::IpAddr;

use fa_net::host::{Detail, HostFacts};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let target: Option<IpAddr> = args.next().map(|text| text.parse()).transpose()?;
    let detail = if args.next().is_some() { Detail::Extended } else { Detail::Anonymous };
    println!("{}", serde_json::to_string_pretty(&HostFacts::collect(target.map(Into::into), detail).to_metadata())?);
    Ok(())
}
