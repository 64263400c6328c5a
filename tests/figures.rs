//! `fa plot`: formats, several files, options, and what cannot be drawn.

use crate::command::{Desk, sample};

#[test]
fn json_is_one_object_with_the_drawn_numbers() {
    let files = ["bufferbloat-long.flent.gz", "bufferbloat-short.flent.gz"];
    let [a, b] = files.map(sample);
    let figure = Desk::new().fa(["plot", "totals", &a, &b, "--format", "json"]).ends_with_code(0).json();
    assert_eq!(figure["files"], serde_json::json!(files));
    assert_eq!(
        (&figure["plot"], &figure["type"], &figure["drawn"]),
        (&"totals".into(), &"timeseries".into(), &true.into())
    );
    let axes = figure["axes"].as_array().unwrap();
    assert_eq!(axes.len(), 2, "throughput left, latency right");
    assert_eq!(axes[1]["y_side"], "right");
    for axes in axes {
        for series in axes["series"].as_array().unwrap() {
            assert_eq!(series["kind"], "line");
            assert_eq!(series["x"].as_array().unwrap().len(), series["y"].as_array().unwrap().len());
        }
    }
}

#[test]
fn number_pairs_take_a_leading_minus() {
    let file = sample("upload-long.flent.gz");
    for spelling in [&["--bounds-y", "-5,50"][..], &["--bounds-y=-5,50"]] {
        let args = [&["plot", "bandwidth", &file, "--format", "json"], spelling].concat();
        let figure = Desk::new().fa(args).ends_with_code(0).json();
        assert_eq!(figure["axes"][0]["ylim"], serde_json::json!([-5, 50]), "{spelling:?}");
    }
    Desk::new().fa(["plot", "bandwidth", &file, "--format", "json", "--filter-regexp=-0[0-9]"]).ends_with_code(0);
}

#[test]
fn several_outputs_at_once_are_replaced_and_identical_each_time() {
    let desk = Desk::new();
    let file = sample("upload-long.flent.gz");
    std::fs::write(desk.file("a.svg"), "old").unwrap();
    let draw = || {
        desk.fa(["plot", "totals", &file, "-o", "a.svg", "-o", "a.pdf", "-o", "a.png"]).ends_with_code(0);
        ["a.svg", "a.pdf", "a.png"].map(|name| std::fs::read(desk.file(name)).unwrap())
    };
    let first = draw();
    assert!(first == draw(), "the same input gives the same bytes");
    assert_eq!(desk.files(), ["a.pdf", "a.png", "a.svg"], "no part files are left");
}

#[test]
fn nothing_to_draw_is_said_and_is_an_error() {
    let said = Desk::new().fa(["plot", "tcp_rtt", &sample("ping-idle.flent.gz"), "--format", "json"]).ends_with_code(1);
    let figure = said.json();
    assert_eq!((&figure["drawn"], &figure["axes"]), (&false.into(), &serde_json::json!([])));
    assert!(said.err.contains("nothing to draw"), "{}", said.err);
}

#[test]
fn an_unknown_plot_gets_a_suggestion() {
    let said = Desk::new().fa(["plot", "all_scled", &sample("bufferbloat-long.flent.gz")]).ends_with_code(2);
    assert!(said.err.contains("all_scaled"), "{}", said.err);
}

#[test]
fn an_unknown_suffix_is_refused_before_anything_is_read() {
    let said = Desk::new().fa(["plot", "totals", "no-file", "-o", "x.gif"]).ends_with_code(2);
    assert!(said.err.contains("x.gif"), "{}", said.err);
}

#[test]
fn without_output_the_figure_is_drawn_in_characters() {
    let said = Desk::new().fa(["plot", "totals", &sample("upload-long.flent.gz")]).ends_with_code(0);
    assert!(said.out.lines().count() > 10, "{}", said.out);
    assert!(!said.out.contains('\x1b'), "no colour where there is no terminal");
}

#[test]
fn every_plot_of_every_sample_draws_or_says_why_not() {
    for file in ["bufferbloat-long.flent.gz", "uploads-short.flent.gz", "download-short.flent.gz", "ping-idle.flent.gz"]
    {
        let file = sample(file);
        let desk = Desk::new();
        let plots = desk.fa(["list", "plots", "--json", &file]).ends_with_code(0).json();
        for plot in plots.as_array().unwrap() {
            let name = plot["name"].as_str().unwrap();
            let said = desk.fa(["plot", name, &file, "-o", "x.svg"]);
            assert!(
                said.code == 0 || (said.code == 1 && said.err.contains("error: ")),
                "{name} of {file}: {}",
                said.err
            );
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_reported_and_the_rest_is_drawn() {
    let desk = Desk::new();
    std::fs::write(desk.file("broken.flent.gz"), b"\x1f\x8bnot gzip").unwrap();
    let [a, b] = ["bufferbloat-long.flent.gz", "bufferbloat-short.flent.gz"].map(sample);
    for files in [["broken.flent.gz", &a, &b], [&a, "broken.flent.gz", &b], [&a, &b, "broken.flent.gz"]] {
        let args = [&["plot", "icmp_cdf", "--format", "json"], &files[..]].concat();
        let said = desk.fa(args).ends_with_code(3);
        assert!(said.err.contains("broken.flent.gz"), "{}", said.err);
        assert_eq!(said.json()["files"].as_array().unwrap().len(), 2);
    }
    desk.fa(["plot", "icmp_cdf", "broken.flent.gz"]).ends_with_code(1);
}

#[test]
fn what_files_lack_is_one_line_and_the_whole_list_is_there_for_the_asking() {
    let files = ["bufferbloat-long.flent.gz", "upload-long.flent.gz", "uploads-short.flent.gz"].map(sample);
    let plot = |more: &[&str]| {
        let args = [&["plot", "all", "-o", "x.svg"], more, &files.each_ref().map(String::as_str)[..]].concat();
        Desk::new().fa(args).ends_with_code(0).err
    };
    let lines =
        |said: &str| said.lines().filter(|line| line.contains("files lack") || line.contains("missing")).count();
    let (brief, all) = (plot(&[]), plot(&["-v"]));
    // `all` has three panels.
    assert!(lines(&brief) <= 3 && brief.contains("2 of 3 files lack"), "{brief}");
    assert!(lines(&all) > 10, "{all}");
    let json =
        Desk::new().fa([&["plot", "all", "-q", "-f", "json"], &files.each_ref().map(String::as_str)[..]].concat());
    assert!(json.json()["notes"].as_array().unwrap().len() > 10);
}

/// The options that no scene shows: sizes, files to read and files to write.
#[test]
fn options_of_the_page_and_of_files_do_something() {
    let desk = Desk::new();
    let [a, b] = ["bufferbloat-long.flent.gz", "bufferbloat-short.flent.gz"].map(sample);
    let figure = |more: &[&str]| {
        desk.fa([&["plot", "totals", &b, "-o", "x.png", "-o", "x.svg"], more].concat()).ends_with_code(0);
        ["x.png", "x.svg"].map(|name| std::fs::read(desk.file(name)).unwrap())
    };
    let plain = figure(&[]);
    for option in [["--figure-width", "12"], ["--figure-height", "9"], ["--scale-data", &a]] {
        let other = figure(&option);
        assert!(plain[0] != other[0] && plain[1] != other[1], "{option:?}");
    }
    assert!(plain[0] != figure(&["--figure-dpi", "50"])[0]);
    assert!(plain[0] != figure(&["--fig-dpi", "50"])[0], "an alias");
    // Where there is room beside the panels, a legend goes there.
    let legend = |more: &[&str]| {
        desk.fa([&["plot", "all_scaled", &b, "-o", "y.svg"], more].concat()).ends_with_code(0);
        std::fs::read(desk.file("y.svg")).unwrap()
    };
    assert!(legend(&[]) != legend(&["--horizontal-legend"]));
}

#[test]
fn combined_groups_are_stored_and_drawn_again() {
    let desk = Desk::new();
    let [a, b] = ["bufferbloat-long.flent.gz", "bufferbloat-short.flent.gz"].map(sample);
    let numbers = |figure: serde_json::Value| figure["axes"].clone();
    let args = ["plot", "box_combine", &a, &b, "-f", "json", "--combine-save-dir", "groups"];
    let first = numbers(desk.fa(args).ends_with_code(0).json());
    let stored: Vec<_> = std::fs::read_dir(desk.file("groups")).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(!stored.is_empty());
    for path in &stored {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("box_combine-GroupsCombiner-") && name.ends_with(".flent.gz"), "{name}");
    }
    let again = numbers(desk.fa(["plot", "box_combine", "groups", "-f", "json"]).ends_with_code(0).json());
    assert_eq!(first, again);
    let args = ["plot", "totals", &a, "-f", "json", "--combine-save-dir", "groups"];
    assert!(desk.fa(args).ends_with_code(2).err.contains("no files into groups"));
}

#[test]
fn a_delay_that_does_not_fit_is_said_and_not_corrected() {
    let desk = Desk::new();
    let file = sample("bufferbloat-long.flent.gz");
    let said = |more: &[&str]| desk.fa([&["plot", "totals", &file, "-f", "json"], more].concat()).ends_with_code(0).err;
    assert!(!said(&[]).contains("TOTAL_LENGTH"), "{}", said(&[]));
    let other = said(&["--delay", "7"]);
    assert!(other.contains("probably 3 s (--delay 3)"), "{other}");
}
