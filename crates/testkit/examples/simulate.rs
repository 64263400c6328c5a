//! Writes the data file of a simulated run: `cargo run -p fa-testkit --example simulate -- rrul 10 out.flent.gz`.
//!
//! Bottleneck of 20 Mbit/s each way, 20 ms round trip, a queue of 200 ms, a far clock that is 3 s ahead.
//! For looking at files without a network, with our own tools or with others.

use std::error::Error;
use std::path::Path;

use fa_measure::{Recorder, Span};
use fa_testkit::{FarClock, Link, Simulation, plan_with};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [test, length, path] = &args[..] else {
        return Err("usage: simulate TEST SECONDS FILE.flent.gz".into());
    };
    let link = Link::with_delay_ms(10).bottleneck(20.0, 200.0);
    let clock = FarClock { ahead: Span::from_millis(3000), drift_ppm: 20.0 };
    let plan = plan_with(test, length.parse()?, 5.0, &[]);
    let events = Simulation::seeded(1).up(link.clone()).down(link).far_clock(clock).run(&plan);
    let data = Recorder::replay(&events).finish()?;
    fa_format::save(&data, Path::new(path))?;
    println!("{path}: {} events, {} series, {} points", events.len(), data.series.len(), data.x_values.len());
    Ok(())
}
