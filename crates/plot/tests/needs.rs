//! Files read for one plot only give the same figure as files read whole.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use fa_catalog::{Catalog, Expanded};
use fa_format::{DataSet, ReadOptions, read, read_only};
use fa_plot::json::to_json;
use fa_plot::options::FigureOptions;
use fa_plot::resolve::{needs, resolve, setup_from};

fn expand(set: &DataSet) -> Expanded {
    let names: Vec<(&str, &str)> = set.series.keys().map(|name| (name.as_str(), "")).collect();
    Catalog::builtin().expand_for_file(&setup_from(set, None), &names).unwrap()
}

/// What is drawn, or why nothing is, with all notes.
fn figure(plot: &str, test: &Expanded, sets: &[DataSet], options: &FigureOptions) -> String {
    match resolve(plot, test, sets, options) {
        Ok(scene) => format!("{} {:?}", to_json(&scene), scene.notes),
        Err(error) => error.to_string(),
    }
}

/// Compares all plots of the first file's test over all files. The files are gone before anything is drawn: reading one again
/// would be noticed.
fn compare(files: &[PathBuf]) -> usize {
    let whole: Vec<DataSet> = files.iter().map(|file| read(file, &ReadOptions::default()).unwrap()).collect();
    let test = expand(&whole[0]);
    let mut variants = vec![FigureOptions::default()];
    variants.extend(["groups_points", "series", "batch_concat"].map(|by| option("override-group-by", by)));
    variants.push(option("data-cutoff", "1,-1"));
    let mut compared = 0;
    for (name, plot) in &test.plots {
        let combining = plot.group_by.is_some() || format!("{:?}", plot.kind).ends_with("Combine");
        for options in variants.iter().filter(|options| combining || **options == FigureOptions::default()) {
            let needed = needs(name, &test, options);
            let folder = tempfile::tempdir().unwrap();
            let only: Vec<DataSet> = files
                .iter()
                .map(|file| {
                    let copy = folder.path().join(file.file_name().unwrap());
                    std::fs::copy(file, &copy).unwrap();
                    read_only(&copy, &ReadOptions::default(), &needed).unwrap()
                })
                .collect();
            folder.close().unwrap();
            let (of_whole, of_only) = (figure(name, &test, &whole, options), figure(name, &test, &only, options));
            assert!(of_whole == of_only, "{name} of {files:?} with {:?}", options.to_args());
            assert!(only.iter().all(|set| !format!("{:?}", set.all_notes()).contains("RawUnavailable")), "{name}");
            compared += 1;
        }
    }
    compared
}

fn option(name: &str, value: &str) -> FigureOptions {
    FigureOptions::from_pairs([(name, value)]).unwrap()
}

fn samples(names: &[&str]) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    names.iter().map(|name| folder.join(format!("{name}.flent.gz"))).collect()
}

#[test]
fn reading_only_what_a_plot_draws_changes_no_figure_of_our_own_files() {
    let compared = compare(&samples(&["bufferbloat-long", "bufferbloat-short"]))
        + compare(&samples(&["uploads-short", "upload-long"]))
        + compare(&samples(&["ping-idle", "download-short"]));
    assert!(compared > 100, "{compared} figures compared");
}

#[test]
fn reading_only_what_a_plot_draws_changes_no_figure_of_flents_files() {
    let shared = std::env::var_os("FA_SHARED").map(|path| PathBuf::from(path).join("data"));
    let Some(folder) = shared.filter(|path| path.is_dir()) else {
        println!("skipped: no shared data (FA_SHARED)");
        return;
    };
    for name in ["test-tcp_nup", "test-http-1up", "test-tcp_1up_noping-cpu_stats", "test-voip-1up"] {
        let file = folder.join(format!("{name}.flent.gz"));
        compare(std::slice::from_ref(&file));
    }
}
