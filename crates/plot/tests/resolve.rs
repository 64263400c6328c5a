//! Scenes of small runs made here: what every option does, and what happens at the edges.

#![expect(clippy::unwrap_used, reason = "tests")]

use fa_catalog::{Catalog, Expanded, Setup};
use fa_format::{DataSet, MISSING, Metadata, RawSeries, RawValue};
use fa_plot::json::to_json;
use fa_plot::layout::layout;
use fa_plot::options::{FigureOptions, OPTIONS};
use fa_plot::page::PageSize;
use fa_plot::render::svg;
use fa_plot::resolve::{PlotError, combined_sets, drawable, is_combined, resolve, resolve_scaled, setup_from};
use fa_plot::scene::{Colour, Dash, Mark, Panel, Quantity, Scale, Scene, Side};
use fa_plot::theme::Theme;

const T0: f64 = 1_500_000_000.0;

/// A run of tcp_1up, 70 s at 1 s: uploads of `rate` with some spread, pings of `delay`, one of them lost.
fn run_of(title: &str, name: &str, rate: f64, delay: f64) -> DataSet {
    let mut metadata = Metadata::for_new_run("tcp_1up");
    metadata.set("TITLE", title);
    for key in ["T0", "TIME"] {
        metadata.set(key, "2017-07-14T02:40:00.000000Z");
    }
    metadata.set("LENGTH", 60);
    metadata.set("TOTAL_LENGTH", 70);
    metadata.set("STEP_SIZE", 1.0);
    metadata.set("HOSTS", vec!["example.net"]);
    metadata.set("HOST", "example.net");
    metadata.set("LOCAL_HOST", "here");
    metadata.set("DATA_FILENAME", format!("{name}.flent.gz"));
    metadata.set("BATCH_NAME", format!("batch of {title}"));
    let x_values: Vec<f64> = (0..71).map(f64::from).collect();
    let spread = |i: usize| 1.0 + 0.1 * ((i * 7) % 5) as f64;
    let (mut uploads, mut pings) = (Vec::new(), Vec::new());
    let (mut upload_raw, mut ping_raw) = (RawSeries::builder(), RawSeries::builder());
    for i in 0..71 {
        let loaded = (5..=65).contains(&i);
        let t = T0 + i as f64;
        uploads.push(if loaded { rate * spread(i) } else { MISSING });
        if loaded {
            let values = [
                ("val", RawValue::Float(rate * spread(i))),
                ("dur", RawValue::Float(1.0)),
                ("tcp_rtt", RawValue::Float(delay * 1.5 * spread(i))),
            ];
            upload_raw.push(t, &values);
        }
        pings.push(delay * spread(i + 1));
        let seq = ("seq", RawValue::Int(i as i64));
        if i == 30 {
            ping_raw.push(t, &[seq, ("lost", RawValue::Bool(true))]);
        } else {
            ping_raw.push(t, &[seq, ("val", RawValue::Float(delay * spread(i + 1)))]);
        }
    }
    let mut set = DataSet { metadata, x_values, ..DataSet::default() };
    set.series.insert("TCP upload".into(), uploads);
    set.series.insert("Ping (ms) ICMP".into(), pings);
    set.raw.insert("TCP upload", upload_raw.finish());
    set.raw.insert("Ping (ms) ICMP", ping_raw.finish());
    set
}

fn two() -> Vec<DataSet> {
    vec![run_of("codel one", "t-codel-01", 10.0, 20.0), run_of("pie two", "t-pie-01", 5.0, 80.0)]
}

fn test_of(set: &DataSet) -> Expanded {
    Catalog::builtin().expand(&setup_from(set, None)).unwrap()
}

fn options(pairs: &[(&str, &str)]) -> FigureOptions {
    FigureOptions::from_pairs(pairs.iter().copied()).unwrap()
}

fn scene(plot: &str, sets: &[DataSet], pairs: &[(&str, &str)]) -> Scene {
    resolve(plot, &test_of(&sets[0]), sets, &options(pairs)).unwrap()
}

fn labels(panel: &Panel) -> Vec<String> {
    panel.legend.iter().flat_map(|l| &l.entries).map(|e| e.label.clone()).collect()
}

#[test]
fn settings_come_from_the_file_and_delay_from_the_user_first() {
    let mut set = run_of("a", "a", 1.0, 1.0);
    assert_eq!(setup_from(&set, None).delay_secs, 5.0);
    set.metadata.set("DELAY", 3);
    assert_eq!(setup_from(&set, None).delay_secs, 3.0);
    assert_eq!(setup_from(&set, Some(7.0)).delay_secs, 7.0);
    let setup = setup_from(&set, None);
    assert_eq!((setup.test.as_str(), setup.length_secs, setup.step_secs), ("tcp_1up", 60.0, 1.0));
    assert_eq!(setup.hosts, ["example.net"]);
}

#[test]
fn one_file_has_its_title_and_plain_labels() {
    let scene = scene("totals", &two()[..1], &[]);
    assert_eq!(scene.title.last().map(String::as_str), Some("codel one"));
    assert!(
        scene.figure_text[0].starts_with("Local/remote: here/example.net - Time: 2017-07-1"),
        "{:?}",
        scene.figure_text
    );
    assert!(scene.figure_text[0].ends_with("Length/step: 60s/1.00s"));
    let panel = &scene.panels[0];
    assert_eq!(panel.axes.len(), 2);
    assert_eq!(panel.axes[1].side, Side::Right);
    assert!(labels(panel).iter().all(|label| !label.contains("codel")));
    assert_eq!(scene.empty, None);
}

#[test]
fn several_files_differ_by_dash_and_say_which_they_are() {
    let scene = scene("totals", &two(), &[]);
    assert!(!scene.title.iter().any(|line| line.contains("codel")));
    let lines: Vec<_> = scene.panels[0].axes[0]
        .marks
        .iter()
        .map(|mark| match mark {
            Mark::Line(line) => (line.label.clone().unwrap(), line.style.dash, line.style.colour, line.id.file),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].0.ends_with(" - codel one") && lines[1].0.ends_with(" - pie two"));
    assert_eq!((lines[0].1, lines[1].1), (Some(Dash::Solid), Some(Dash::Dashed)));
    assert_eq!(lines[0].2, lines[1].2, "the same series keeps its colour");
}

#[test]
fn limits_reach_to_the_end_of_the_run_and_around_all_values() {
    let scene = scene("bandwidth", &two(), &[]);
    let axes = &scene.panels[0].axes[0];
    // Uploads run from 5 s to 65 s: 5 % of 60 s less than 70 s, and 2 s before their start.
    assert_eq!(axes.x.limits, (2.0, 70.0));
    // 5 to 14 Mbit/s, 1 % of 9 at either end.
    assert!((axes.y.limits.0 - 4.91).abs() < 1e-9 && (axes.y.limits.1 - 14.09).abs() < 1e-9, "{:?}", axes.y.limits);
}

#[test]
fn panels_below_each_other_show_all_of_each_other() {
    let setup = Setup::new("voip-1up", &["a"]);
    let test = Catalog::builtin().expand(&setup).unwrap();
    let mut set = run_of("call", "call", 10.0, 20.0);
    set.metadata.set("NAME", "voip-1up");
    // The upload starts at 5 s, the call at 0.
    let call = set.series["Ping (ms) ICMP"].clone();
    for name in ["VoIP::delay", "VoIP::jitter", "VoIP::loss"] {
        set.series.insert(name.into(), call.clone());
    }
    let scene = resolve("totals", &test, &[set], &FigureOptions::default()).unwrap();
    assert!(scene.panels.len() > 1);
    for panel in &scene.panels {
        assert_eq!(panel.axes[0].x.limits, (0.0, 70.0));
    }
    assert!(!scene.panels[0].show_x_ticks && scene.panels[0].axes[0].x.label.is_empty());
    assert!(scene.panels.last().unwrap().show_x_ticks);
}

#[test]
fn a_lost_probe_is_not_in_a_distribution() {
    let scene = scene("ping_cdf", &two()[..1], &[]);
    let Mark::Line(line) = &scene.panels[0].axes[0].marks[0] else { panic!("a line") };
    // Its cut-off leaves 5 s to 65 s, 61 probes, one of them lost.
    assert_eq!(line.x.len(), 60);
    assert_eq!((line.y.at(0), line.y.at(59)), (1.0 / 60.0, 1.0));
    assert!(line.x.is_sorted());
}

#[test]
fn boxes_keep_their_files_colour_when_another_has_no_data() {
    let mut sets = two();
    sets[0].series.shift_remove("TCP upload");
    sets[0].raw.insert("TCP upload", RawSeries::builder().finish());
    let scene = scene("box_totals", &sets, &[]);
    let Mark::Boxes(boxes) = &scene.panels[0].axes[0].marks[0] else { panic!("boxes") };
    assert_eq!(boxes.boxes.len(), 1);
    assert_eq!((boxes.boxes[0].file, boxes.boxes[0].style.colour), (1, Colour::Cycle(1)));
    assert_eq!(boxes.boxes[0].legend.as_deref(), Some("pie two"));
    assert!(scene.notes.iter().any(|note| note.contains("`TCP upload` is missing in codel one")), "{:?}", scene.notes);
}

#[test]
fn nothing_to_show_is_said_not_raised() {
    let scene = scene("tcp_cwnd", &two()[..1], &[]);
    let why = scene.empty.as_deref().unwrap();
    assert!(why.contains("tcp_cwnd"), "{why}");
    let json = to_json(&scene);
    assert_eq!((json["drawn"].as_bool(), json["axes"].as_array().map(Vec::len)), (Some(false), Some(0)));
}

#[test]
fn what_a_file_lacks_is_known_without_drawing() {
    let set = run_of("a", "a", 10.0, 20.0);
    let test = test_of(&set);
    let answers = drawable(&fa_analyze::run::Run::new(&set, &test), &test);
    let of = |plot: &str| &answers.iter().find(|(name, _)| name == plot).unwrap().1;
    assert!(of("totals").drawable && of("totals").missing.is_empty());
    assert!(of("tcp_rtt").drawable, "samples of the upload carry tcp_rtt");
    assert!(!of("tcp_cwnd").drawable);
    assert_eq!(of("tcp_cwnd").missing, ["TCP upload [tcp_cwnd]"]);
    // The same as drawing says, plot by plot.
    for (plot, answer) in &answers {
        let scene = resolve(plot, &test, std::slice::from_ref(&set), &FigureOptions::default()).unwrap();
        let bars_of_nothing = plot == "tcp_rtt_bar_combine";
        assert!(answer.drawable == scene.empty.is_none() || bars_of_nothing, "{plot}: {answer:?}");
    }
}

#[test]
fn what_cannot_be_drawn_is_an_error_with_a_way_out() {
    let sets = two();
    let test = test_of(&sets[0]);
    let error = resolve("total", &test, &sets, &FigureOptions::default()).unwrap_err();
    assert!(error.to_string().contains("did you mean `totals`?"), "{error}");
    assert_eq!(resolve("totals", &test, &[] as &[DataSet], &FigureOptions::default()), Err(PlotError::NoData));
    let both = options(&[("override-group-by", "both")]);
    let error = resolve("bar_totals_combine", &test, &sets, &both).unwrap_err();
    assert!(error.to_string().contains("group by `groups`"), "{error}");
}

#[test]
fn different_units_do_not_share_an_axis() {
    let sets = two();
    let mut test = test_of(&sets[0]);
    let totals = test.plots.get_mut("totals").unwrap();
    totals.dual_axes = false;
    let error = resolve("totals", &test, &sets, &FigureOptions::default()).unwrap_err();
    assert!(matches!(&error, PlotError::UnitsDiffer { first, second, .. } if first != second), "{error}");
}

#[test]
fn json_has_one_object_per_axes_and_null_for_missing() {
    let json = to_json(&scene("totals", &two()[..1], &[]));
    assert_eq!(json["plot"], "totals");
    assert_eq!(json["type"], "timeseries");
    let axes = json["axes"].as_array().unwrap();
    assert_eq!(axes.len(), 2);
    assert!(axes[0].get("y_side").is_none() && axes[1]["y_side"] == "right");
    assert!(axes[0].get("legend").is_some() && axes[1].get("legend").is_none());
    let series = &axes[0]["series"][0];
    assert_eq!((series["kind"].as_str(), series["n"].as_u64()), (Some("line"), Some(61)));
    assert_eq!(series["x"][0].to_string(), "5", "whole numbers have no fraction");
    let mut sets = two();
    sets.truncate(1);
    sets[0].raw.insert("TCP upload", RawSeries::builder().finish());
    let json = to_json(&scene("bandwidth", &sets, &[]));
    assert!(json["axes"][0]["series"][0]["y"][0].is_null());
}

#[test]
fn files_that_only_widen_the_axes_are_not_drawn() {
    let sets = two();
    let test = test_of(&sets[0]);
    let plain = resolve("totals", &test, &sets[..1], &FigureOptions::default()).unwrap();
    let scaled = resolve_scaled("totals", &test, &sets[..1], &sets[1..], &FigureOptions::default()).unwrap();
    let mode = scene("totals", &sets, &[("scale-mode", "")]);
    assert_eq!(scaled.panels, mode.panels);
    assert_eq!(plain.panels[0].axes[0].marks, scaled.panels[0].axes[0].marks);
    assert!(scaled.panels[0].axes[1].y.limits.1 > plain.panels[0].axes[1].y.limits.1);
    assert_eq!(mode.files.len(), 1);
}

#[test]
fn scales_and_turned_axes() {
    let log = scene("totals", &two(), &[("log-scale-y", "log2")]);
    assert_eq!(log.panels[0].axes[0].y.scale, Scale::Log2);
    assert!(log.panels[0].axes[0].y.limits.0 > 0.0);
    let turned = scene("totals", &two(), &[("invert-latency-y", "")]);
    let (throughput, latency) = (&turned.panels[0].axes[0].y, &turned.panels[0].axes[1].y);
    assert!(throughput.limits.0 < throughput.limits.1 && latency.limits.0 > latency.limits.1);
    let clock = scene("totals", &two(), &[("absolute-time", ""), ("data-cutoff", "10,20")]);
    let x = &clock.panels[0].axes[0].x;
    assert_eq!(x.quantity, Quantity::UnixTime);
    let Mark::Line(line) = &clock.panels[0].axes[0].marks[0] else { panic!("a line") };
    assert_eq!((line.x.at(0), line.x.last().unwrap()), (T0 + 10.0, T0 + 20.0), "both ends are on the clock");
}

#[test]
fn bounds_and_labels_go_to_the_nth_axis() {
    let pairs = [("bounds-y", "1,50"), ("bounds-y", "200"), ("label-y", "A"), ("label-y", "B"), ("label-x", "C")];
    let scene = scene("totals", &two(), &pairs);
    let axes = &scene.panels[0].axes;
    assert_eq!(axes[0].y.limits, (1.0, 50.0));
    assert_eq!(axes[1].y.limits.1, 200.0);
    assert_eq!((axes[0].y.label.as_str(), axes[1].y.label.as_str(), axes[0].x.label.as_str()), ("A", "B", "C"));
}

#[test]
fn split_groups_divide_the_files() {
    let sets: Vec<DataSet> =
        (0..4).map(|i| run_of(&format!("run {i}"), &format!("t-{i}"), 5.0 + f64::from(i), 20.0)).collect();
    let scene = scene("box_totals", &sets, &[("split-group", "before"), ("split-group", "after")]);
    let texts: Vec<&str> = scene.panels[0].axes[0].texts.iter().map(|t| t.text.as_str()).collect();
    assert_eq!(texts.len(), 4, "two series in two groups");
    assert!(texts[0].ends_with(" - before") && texts[3].ends_with(" - after"), "{texts:?}");
    let Mark::Boxes(first) = &scene.panels[0].axes[0].marks[0] else { panic!("boxes") };
    assert_eq!(first.boxes.iter().map(|b| b.file).collect::<Vec<_>>(), [0, 1]);
}

/// The plot on which an option shows, and its values; every option of the table must change a figure somewhere.
fn shows_on(option: &str) -> Option<(&'static str, &'static [&'static str])> {
    Some(match option {
        // How large a page is, which files are read and which are written is the caller's affair, and a legend goes below by
        // itself where it needs less room there: tests/figures.rs. Smoothing has its own test: no plot of this test smooths.
        "figure-width" | "figure-height" | "figure-dpi" | "scale-data" | "combine-save-dir" | "horizontal-legend"
        | "flent-smoothing" => return None,
        "bounds-x" | "bounds-y" => ("totals", &["1,50"]),
        "label-x" | "label-y" | "override-title" | "figure-note" | "legend-title" => ("totals", &["own"]),
        "log-scale-y" => ("totals", &["log10"]),
        "data-cutoff" => ("totals", &["10,20"]),
        "filter-series" => ("totals", &["TCP upload"]),
        "hide-series" => ("totals", &["*:TCP upload"]),
        "zoom" => ("totals", &["1:10,20,,"]),
        "series-order" => ("totals", &["Ping*"]),
        "colour-by" => ("totals", &["file"]),
        "skip-missing-series" => ("bar_totals", &[""]),
        "split-group" => ("box_totals", &["g1", "g2"]),
        "override-group-by" => ("box_totals_combine", &["batch"]),
        "override-colour-mode" => ("bar_totals", &["series"]),
        "override-label" => ("totals", &["first"]),
        "no-print-n" => ("box_totals_combine", &[""]),
        "no-labels" => ("box_totals", &[""]),
        "theme" => ("totals", &["dark"]),
        "legend-placement" => ("totals", &["upper right"]),
        "norm-factor" | "legend-columns" => ("totals", &["2"]),
        "replace-legend" => ("totals", &["codel=X"]),
        "filter-regexp" => ("totals", &["one"]),
        "colours" => ("totals", &["red,blue"]),
        "series" => ("totals", &["TCP*"]),
        "x" => ("scatter", &["ping.icmp"]),
        "y" => ("scatter", &["TCP upload"]),
        "bins" => ("histogram", &["3"]),
        _ => ("totals", &[""]),
    })
}

#[test]
fn every_option_does_something() {
    let mut sets: Vec<DataSet> =
        (0..6).map(|i| run_of(&format!("codel one {i}"), &format!("t-codel-{i}"), 5.0, 20.0)).collect();
    sets[1].series.shift_remove("TCP upload");
    sets[1].raw.insert("TCP upload", RawSeries::builder().finish());
    let mut idle = Vec::new();
    for spec in OPTIONS {
        let Some((plot, values)) = shows_on(spec.name) else { continue };
        let pairs: Vec<(&str, &str)> = values.iter().map(|v| (spec.name, *v)).collect();
        let figure = |pairs: &[(&str, &str)]| {
            let theme = Theme::of(&options(pairs));
            svg(&layout(&scene(plot, &sets, pairs), PageSize::inches(11.0, 8.0), &theme, None))
        };
        if figure(&[]) == figure(&pairs) {
            idle.push(format!("--{} on {plot}", spec.name));
        }
    }
    assert!(idle.is_empty(), "these change nothing: {idle:?}");
}

#[test]
fn smoothing_keeps_the_ends_unless_flents_is_asked_for() {
    let sets = [run_of("a", "a", 10.0, 20.0)];
    let mut test = test_of(&sets[0]);
    test.plots.get_mut("bandwidth").unwrap().series[0].smoothing = Some(10.0);
    let first = |pairs: &[(&str, &str)]| {
        let scene = resolve("bandwidth", &test, &sets, &options(pairs)).unwrap();
        let Mark::Line(line) = &scene.panels[0].axes[0].marks[0] else { panic!("a line") };
        line.y.at(0)
    };
    // Six values of 10 Mbit/s and up are in reach of the first; Flent adds five zeros and divides by eleven.
    let six: f64 = (5..11).map(|i| 10.0 * (1.0 + 0.1 * f64::from((i * 7) % 5))).sum();
    assert!((first(&[]) - six / 6.0).abs() < 1e-9);
    assert!((first(&[("flent-smoothing", "")]) - six / 11.0).abs() < 1e-9);
}

#[test]
fn an_unknown_colour_or_reducer_is_noted_and_drawn() {
    let sets = two();
    let mut test = test_of(&sets[0]);
    test.plots.get_mut("totals").unwrap().series[0].style.color = Some("no colour".into());
    test.plots.get_mut("box_totals_combine").unwrap().series[0].combine_mode = Some("average".into());
    for plot in ["totals", "box_totals_combine"] {
        let scene = resolve(plot, &test, &sets, &FigureOptions::default()).unwrap();
        assert!(scene.empty.is_none() && !scene.notes.is_empty(), "{plot}: {:?}", scene.notes);
    }
}

#[test]
fn every_plot_of_every_test_resolves_without_data() {
    let set = DataSet { metadata: Metadata::for_new_run("rrul"), ..DataSet::default() };
    for name in ["rrul", "tcp_nup", "rtt_fair_var", "voip-rrul", "http-rrul", "qdisc-stats"] {
        let setup = Setup::new(name, &["a", "b"]).with_param("upload_streams", "2").with_param("voip_host", "a");
        let test = Catalog::builtin().expand(&setup).unwrap();
        for plot in test.plots.keys() {
            let scene = resolve(plot, &test, std::slice::from_ref(&set), &FigureOptions::default());
            assert!(scene.is_ok(), "{name} {plot}: {scene:?}");
        }
    }
}

#[test]
fn hiding_a_series_moves_nothing_else() {
    let all = scene("totals", &two(), &[]);
    let hidden = scene("totals", &two(), &[("hide-series", "2:TCP upload")]);
    let of = |scene: &Scene| -> Vec<usize> {
        scene.panels[0].axes[0]
            .marks
            .iter()
            .map(|mark| if let Mark::Line(line) = mark { line.x.len() } else { panic!("a line") })
            .collect()
    };
    assert!(of(&all).iter().all(|n| *n > 0));
    assert_eq!(of(&hidden)[1], 0);
    assert_eq!(of(&hidden)[0], of(&all)[0]);
    assert_eq!(hidden.panels[0].axes[0].y.limits, all.panels[0].axes[0].y.limits);
    assert_eq!(labels(&hidden.panels[0]).len() + 1, labels(&all.panels[0]).len());
    let nothing = scene("totals", &two(), &[("hide-series", "*:*")]);
    assert_eq!((nothing.empty, labels(&nothing.panels[0]).len()), (None, 0));
    let boxes = scene("box_totals", &two(), &[("hide-series", "1:*")]);
    assert_eq!(labels(&boxes.panels[0]), ["pie two"]);
}

#[test]
fn a_legend_begins_with_the_series_that_are_named() {
    let plain = labels(&scene("totals", &two(), &[]).panels[0]);
    assert!(plain[0].starts_with("Upload"), "{plain:?}");
    for first in ["Ping (ms) ICMP", "Ping*", "ping.icmp"] {
        let ordered = labels(&scene("totals", &two(), &[("series-order", first)]).panels[0]);
        assert!(ordered[0].starts_with("Ping") && ordered[1].starts_with("Ping"), "{first}: {ordered:?}");
        assert!(ordered[2].ends_with("codel one") && ordered[3].ends_with("pie two"), "the others stay: {ordered:?}");
    }
    let named = [("series-order", "Ping*"), ("series-order", "TCP*"), ("reverse-legend", "")];
    assert!(labels(&scene("totals", &two(), &named).panels[0])[0].starts_with("Upload"), "then turned over");
    // Marks stay where they are: colours and what lies above do.
    let marks = |pairs: &[(&str, &str)]| scene("totals", &two(), pairs).panels[0].axes.clone();
    assert_eq!(marks(&[]), marks(&[("series-order", "Ping*")]));
}

#[test]
fn colours_stand_for_files_and_patterns_for_series_where_asked() {
    let by_file = scene("totals", &two(), &[("colour-by", "file")]);
    let marks = by_file.panels[0].axes.iter().flat_map(|axes| &axes.marks);
    let looks: Vec<_> = marks
        .map(|mark| match mark {
            Mark::Line(line) => (line.id.file, line.id.index, line.style.colour, line.style.dash),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(looks.len(), 4);
    for (file, series, colour, dash) in looks {
        assert_eq!((colour, dash), (Colour::Cycle(file), Some([Dash::Solid, Dash::Dashed][series])));
    }
    // The legend names two series and two files, not four lines.
    let texts = |pairs: &[(&str, &str)]| {
        let page = layout(&scene("totals", &two(), pairs), PageSize::inches(11.0, 8.0), &Theme::light(), None);
        page.items.iter().filter(|item| item.role == fa_plot::page::Role::LegendText).count()
    };
    assert_eq!(texts(&[("colour-by", "file")]), texts(&[]));

    let boxes = scene("box_totals", &two(), &[("colour-by", "series")]);
    for mark in boxes.panels[0].axes.iter().flat_map(|axes| &axes.marks) {
        let Mark::Boxes(boxes) = mark else { panic!("{mark:?}") };
        assert!(boxes.boxes.iter().all(|one| one.style.colour == Colour::Cycle(boxes.id.index)));
    }
    assert!(boxes.panels[0].legend.is_none(), "ticks name the files");
    let bars = |pairs: &[(&str, &str)]| scene("bar_totals", &two(), pairs).panels[0].axes.clone();
    assert_eq!(bars(&[("colour-by", "file")]), bars(&[("override-colour-mode", "series")]));
}

#[test]
fn in_a_panel_per_file_marks_know_their_file() {
    let scene = scene("totals", &two(), &[("subplot-combine", ""), ("hide-series", "2:TCP upload")]);
    let files: Vec<usize> = scene.panels.iter().map(|panel| panel.axes[0].marks[0].id().file).collect();
    assert_eq!(files, [0, 1]);
    let points = |panel: usize| match &scene.panels[panel].axes[0].marks[0] {
        Mark::Line(line) => line.x.len(),
        other => panic!("{other:?}"),
    };
    assert!(points(0) > 0 && points(1) == 0, "only that of the second file is hidden");
}

#[test]
fn a_zoom_sets_limits_as_they_are_given() {
    let scene = scene("totals", &two(), &[("zoom", "1:10,20,,"), ("zoom", "1.2:,,7,-3"), ("zoom", "9:1,2,,")]);
    let axes = &scene.panels[0].axes;
    assert_eq!(axes[0].x.limits, (10.0, 20.0));
    assert_eq!(axes[1].y.limits, (7.0, -3.0));
}

/// Stored groups give the numbers of the files behind them, without those files.
#[test]
fn stored_groups_are_drawn_as_they_are() {
    let sets: Vec<DataSet> = [("codel-01", 10.0), ("codel-02", 12.0), ("pie-01", 5.0), ("pie-02", 6.0)]
        .map(|(name, rate)| run_of(name, &format!("t-{name}"), rate, 20.0))
        .into();
    let test = test_of(&sets[0]);
    for (plot, by) in [
        ("box_totals_combine", "groups"),
        ("box_totals_combine", "groups_points"),
        ("box_totals_combine", "groups_concat"),
        ("box_totals_combine", "series"),
        ("box_totals_combine", "batch"),
    ] {
        let given = options(&[("override-group-by", by)]);
        let stored: Vec<DataSet> = combined_sets(plot, &test, &sets, &given)
            .unwrap()
            .iter()
            .map(|set| {
                // As files, to be read by Flent too: it takes a file without raw series for empty.
                let bytes = fa_format::to_bytes(set).unwrap();
                let again = fa_format::read_bytes(&bytes, "x.flent.gz".as_ref(), &fa_format::ReadOptions::default());
                let again = again.unwrap();
                assert_eq!(again.length(), again.series.len());
                again
            })
            .collect();
        assert!(stored.iter().all(is_combined));
        let panels = |sets: &[DataSet]| format!("{:?}", resolve(plot, &test, sets, &given).unwrap().panels);
        assert_eq!(panels(&sets), panels(&stored), "{plot} by {by}");
    }
    let other = combined_sets("box_totals_combine", &test, &sets, &options(&[])).unwrap();
    let error = resolve("box_totals_combine", &test, &other, &options(&[("override-group-by", "series")])).unwrap_err();
    assert!(error.to_string().contains("GroupsCombiner"), "{error}");
    assert!(combined_sets("totals", &test, &sets, &options(&[])).unwrap().is_empty());
}

#[test]
fn a_glob_over_raw_keys_that_no_sample_has_is_named_as_missing() {
    let setup = Setup::new("tcp_1up", &["example.net"]).with_param("cpu_stats_hosts", "localhost");
    let test = Catalog::builtin().expand(&setup).unwrap();
    let load = |keys: &[&str]| {
        let mut raw = RawSeries::builder();
        for i in 0..5 {
            let values: Vec<(&str, RawValue)> = keys.iter().map(|key| (*key, RawValue::Float(0.5))).collect();
            raw.push(T0 + f64::from(i), &values);
        }
        let mut set = run_of("a", "a", 10.0, 5.0);
        set.series.insert("cpu_stats_localhost::load".into(), vec![0.5; 71]);
        set.raw.insert("cpu_stats_localhost", raw.finish());
        set
    };
    let whole_machine = resolve("cpu_core", &test, &[load(&["load"])], &FigureOptions::default()).unwrap();
    let why = whole_machine.empty.unwrap();
    assert!(why.contains("cpu*") && why.contains("cpu_stats_localhost"), "{why}");
    let per_core = [load(&["load"]), load(&["load", "cpu0", "cpu1"])];
    let cores = resolve("cpu_core", &test, &per_core[1..], &FigureOptions::default()).unwrap();
    assert_eq!((cores.empty, cores.notes), (None, Vec::new()));
    let both = resolve("cpu_core", &test, &per_core, &FigureOptions::default()).unwrap();
    assert!(both.empty.is_none() && both.notes.iter().any(|note| note.contains("cpu0")), "{:?}", both.notes);
}
