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
