//! From data sets to a scene: the busiest plot, and distributions over many files.
//!
//! `cargo bench -p fa-plot --bench scene`

#![expect(clippy::unwrap_used, reason = "a benchmark")]

use divan::Bencher;
use fa_catalog::{Catalog, Expanded, Setup};
use fa_format::{DataSet, Metadata, RawSeries, RawValue};
use fa_plot::options::FigureOptions;
use fa_plot::resolve::resolve;

fn main() {
    divan::main();
}

/// A run with `flows` uploads of 700 samples each, and as many pings.
fn run_of(flows: usize, number: usize) -> DataSet {
    let mut metadata = Metadata::for_new_run("tcp_nup");
    metadata.set("T0", "2017-07-14T02:40:00.000000Z");
    metadata.set("TIME", "2017-07-14T02:40:00.000000Z");
    metadata.set("TOTAL_LENGTH", 140);
    metadata.set("DATA_FILENAME", format!("run-group{}-{number:02}.flent.gz", number % 4));
    let x_values: Vec<f64> = (0..700).map(|i| f64::from(i) * 0.2).collect();
    let mut set = DataSet { metadata, x_values, ..DataSet::default() };
    let names = (1..=flows).map(|i| format!("TCP upload::{i}")).chain(std::iter::once("Ping (ms) ICMP".to_owned()));
    for (n, name) in names.enumerate() {
        let value = |i: usize| 1.0 + ((i * 31 + n * 17) % 97) as f64 / 10.0;
        let mut raw = RawSeries::builder();
        for i in 0..700 {
            raw.push(
                1_500_000_000.0 + i as f64 * 0.2,
                &[("dur", RawValue::Float(0.2)), ("val", RawValue::Float(value(i)))],
            );
        }
        set.series.insert(name.clone(), (0..700).map(value).collect());
        set.raw.insert(&name, raw.finish());
    }
    set
}

fn test_of(flows: usize) -> Expanded {
    let setup = Setup::new("tcp_nup", &["example.net"]).with_param("upload_streams", flows.to_string());
    Catalog::builtin().expand(&setup).unwrap()
}

/// 200 lines over their average.
#[divan::bench(args = ["upload", "upload_box", "totals"])]
fn one_file_of_200_flows(bencher: Bencher, plot: &str) {
    let (sets, test) = ([run_of(200, 0)], test_of(200));
    bencher.bench(|| resolve(plot, &test, &sets, &FigureOptions::default()).unwrap());
}

/// A distribution of pings over 200 files, one line each, and their means in four groups.
#[divan::bench(args = ["ping_cdf", "box_ping_combine"])]
fn files_200(bencher: Bencher, plot: &str) {
    let (sets, test): (Vec<DataSet>, _) = ((0..200).map(|i| run_of(1, i)).collect(), test_of(1));
    bencher.bench(|| resolve(plot, &test, &sets, &FigureOptions::default()).unwrap());
}
