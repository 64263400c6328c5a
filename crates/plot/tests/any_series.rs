//! Scatter plots, histograms, ridges and one point per series: numbers calculated by hand.

#![expect(clippy::unwrap_used, reason = "tests")]

use fa_catalog::{Catalog, Expanded, PlotDef, PlotSeries, PlotType, SeriesStyle};
use fa_format::{DataSet, Metadata, RawSeries, RawValue};
use fa_plot::json::to_json;
use fa_plot::options::FigureOptions;
use fa_plot::resolve::{PlotError, drawable, resolve, setup_from};
use fa_plot::scene::{Line, Mark, Scene};

const T0: f64 = 1_500_000_000.0;

/// A run of tcp_1up with these samples (seconds, value) of the upload and of the probe.
fn run(title: &str, upload: &[(f64, f64)], ping: &[(f64, f64)]) -> DataSet {
    let mut metadata = Metadata::for_new_run("tcp_1up");
    metadata.set("TITLE", title);
    metadata.set("T0", "2017-07-14T02:40:00.000000Z");
    metadata.set("LENGTH", 4);
    metadata.set("TOTAL_LENGTH", 14);
    metadata.set("STEP_SIZE", 1.0);
    metadata.set("HOSTS", vec!["example.net"]);
    metadata.set("DATA_FILENAME", format!("{title}.flent.gz"));
    let mut set = DataSet { metadata, x_values: vec![0.0, 1.0], ..DataSet::default() };
    for (name, values) in [("TCP upload", upload), ("Ping (ms) ICMP", ping)] {
        let mut raw = RawSeries::builder();
        for (t, value) in values {
            raw.push(T0 + t, &[("val", RawValue::Float(*value)), ("tcp_cwnd", RawValue::Float(*value * 2.0))]);
        }
        set.raw.insert(name, raw.finish());
        set.series.insert(name.to_owned(), vec![values[0].1, values[1].1]);
    }
    set
}

fn test_of(set: &DataSet) -> Expanded {
    Catalog::builtin().expand(&setup_from(set, None)).unwrap()
}

fn scene(plot: &str, sets: &[DataSet], pairs: &[(&str, &str)]) -> Scene {
    resolve(plot, &test_of(&sets[0]), sets, &FigureOptions::from_pairs(pairs.iter().copied()).unwrap()).unwrap()
}

fn lines(scene: &Scene) -> Vec<&Line> {
    let marks = scene.panels.iter().flat_map(|p| &p.axes).flat_map(|a| &a.marks);
    marks.filter_map(|mark| if let Mark::Line(line) = mark { Some(line) } else { None }).collect()
}

#[test]
fn throughput_is_paired_with_the_round_trip_of_the_same_moment() {
    let a = run(
        "a",
        &[(1.0, 10.0), (2.0, 20.0), (3.0, 40.0)],
        &[(0.5, 9.0), (1.25, 5.0), (2.0, 6.0), (2.5, 7.0), (3.5, 8.0)],
    );
    let scene = scene("scatter", &[a], &[]);
    let lines = lines(&scene);
    // A quarter of the way from 10 to 20; on the sample; half of the way from 20 to 40. Before 1 s and after 3 s no rate.
    assert_eq!((lines[0].x.to_vec(), lines[0].y.to_vec()), (vec![12.5, 20.0, 30.0], vec![5.0, 6.0, 7.0]));
    let axes = &scene.panels[0].axes[0];
    assert_eq!((axes.x.label.as_str(), axes.y.label.as_str()), ("TCP upload (Mbits/s)", "Ping (ms) ICMP"));
    assert!(scene.panels[0].legend.is_none(), "the axes say it all");
    assert_eq!(lines[0].style.dash, None);
    // 5 % of 12.5..30 and of 5..7.
    assert_eq!((axes.x.limits, axes.y.limits), ((11.625, 30.875), (4.9, 7.1)));
}

#[test]
fn series_of_a_scatter_plot_are_chosen_by_name_key_or_role() {
    let a = run("a", &[(1.0, 10.0), (2.0, 20.0)], &[(1.0, 5.0), (2.0, 6.0)]);
    let swapped = scene("scatter", std::slice::from_ref(&a), &[("x", "ping.icmp"), ("y", "TCP upload::tcp_cwnd")]);
    assert_eq!((lines(&swapped)[0].x.to_vec(), lines(&swapped)[0].y.to_vec()), (vec![5.0, 6.0], vec![20.0, 40.0]));
    let error = |pairs: &[(&str, &str)]| {
        let options = FigureOptions::from_pairs(pairs.iter().copied()).unwrap();
        resolve("scatter", &test_of(&a), std::slice::from_ref(&a), &options).unwrap_err()
    };
    let unknown = error(&[("x", "TCP uplod")]);
    assert!(matches!(&unknown, PlotError::UnknownSeries { suggestion: Some(s), .. } if s == "TCP upload"), "{unknown}");
    assert!(error(&[("x", "*")]).to_string().contains("--x takes one series"));
}

#[test]
fn files_of_a_scatter_plot_differ_by_colour_and_marker() {
    let samples = [(1.0, 10.0), (2.0, 20.0)];
    let scene = scene("scatter", &[run("a", &samples, &samples), run("b", &samples, &samples)], &[]);
    let (a, b) = (&lines(&scene)[0], &lines(&scene)[1]);
    assert_eq!((a.label.as_deref(), b.label.as_deref()), (Some("a"), Some("b")));
    assert!(a.style.colour != b.style.colour && a.style.marker != b.style.marker);
}

#[test]
fn a_histogram_shows_the_share_of_samples_in_each_bin() {
    let pings: Vec<(f64, f64)> = [1.0, 1.5, 2.0, 2.9, 4.0].iter().enumerate().map(|(i, v)| (i as f64, *v)).collect();
    let sets = [run("a", &[(1.0, 1.0), (2.0, 1.0)], &pings), run("b", &[(1.0, 1.0), (2.0, 1.0)], &pings[..2])];
    let scene = scene("histogram", &sets, &[("bins", "3"), ("bounds-x", "1,4")]);
    let lines = lines(&scene);
    // 1..2: two of five; 2..3: two; 3..4 with its end: one.
    assert_eq!(lines[0].x.to_vec(), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
    assert_eq!(lines[0].y.to_vec(), [0.0, 40.0, 40.0, 40.0, 40.0, 20.0, 20.0, 0.0]);
    // The shares of a run do not depend on how long it was.
    assert_eq!(lines[1].y.to_vec(), [0.0, 100.0, 100.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(scene.panels[0].axes[0].y.limits, (0.0, 105.0));
}

#[test]
fn bins_of_a_logarithmic_histogram_are_equal_on_the_axis_and_zeros_are_told() {
    let pings: Vec<(f64, f64)> = [1.0, 5.0, 20.0, 100.0, 0.0].iter().enumerate().map(|(i, v)| (i as f64, *v)).collect();
    let scene =
        scene("histogram", &[run("a", &[(1.0, 1.0), (2.0, 1.0)], &pings)], &[("bins", "2"), ("log-scale-y", "log10")]);
    assert_eq!(lines(&scene)[0].x.to_vec(), [1.0, 1.0, 10.0, 10.0, 100.0, 100.0]);
    assert_eq!(lines(&scene)[0].y.to_vec(), [0.0, 40.0, 40.0, 40.0, 40.0, 0.0], "of all five");
    assert!(scene.notes.iter().any(|n| n.contains("1 values of 0 or less")), "{:?}", scene.notes);
}

#[test]
fn a_tail_beyond_the_axis_is_told() {
    let mut pings: Vec<(f64, f64)> = (0..200).map(|i| (f64::from(i), 10.0 + f64::from(i % 20))).collect();
    pings[100].1 = 9000.0;
    let scene = scene("histogram", &[run("a", &[(1.0, 1.0), (2.0, 1.0)], &pings)], &[]);
    assert!(scene.panels[0].axes[0].x.limits.1 < 50.0);
    assert!(scene.notes.iter().any(|n| n.contains("1 of 200 values") && n.contains("9000")), "{:?}", scene.notes);
}

#[test]
fn a_ridge_has_a_row_per_run_each_as_high_as_its_peak() {
    let ping = |values: [f64; 5]| values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect::<Vec<_>>();
    let upload = [(1.0, 1.0), (2.0, 1.0)];
    let sets = [run("a", &upload, &ping([1.0, 2.0, 3.0, 4.0, 5.0])), run("b", &upload, &ping([3.0; 5]))];
    let scene = scene("ridge", &sets, &[]);
    let axes = &scene.panels[0].axes[0];
    assert_eq!(axes.y.ticks, Some(vec![(1.0, "a".to_owned()), (0.0, "b".to_owned())]));
    let Mark::Area(first) = &axes.marks[0] else { panic!("{:?}", axes.marks[0]) };
    let peak = first.y_hi.iter().copied().fold(0.0, f64::max);
    assert!((peak - 1.9).abs() < 1e-3, "{peak}");
    assert!(first.y_lo.iter().all(|v| *v == 1.0));
    // Half of Silverman's rule: h = 0.45 · (2 / 1.34) · 5^(-1/5); the density is a mean of five Gaussians.
    let h = 0.45 * (2.0 / 1.34) * 5f64.powf(-0.2);
    let by_hand = |at: f64| (1..=5).map(|v| (-0.5 * ((at - f64::from(v)) / h).powi(2)).exp()).sum::<f64>();
    let highest = first.x.iter().map(|x| by_hand(*x)).fold(0.0, f64::max);
    for (x, y) in first.x.iter().zip(first.y_hi.iter()) {
        assert!((y - 1.0 - 0.9 * by_hand(*x) / highest).abs() < 1e-6, "at {x}: {y}");
    }
    // The median of 1..5 is marked from the foot to the curve.
    let Mark::Line(median) = &axes.marks[2] else { panic!("{:?}", axes.marks[2]) };
    assert_eq!((median.x.to_vec(), median.y.at(0)), (vec![3.0, 3.0], 1.0));
    assert!((median.y.at(1) - 1.0 - 0.9 * by_hand(3.0) / highest).abs() < 1e-6);
}

#[test]
fn a_combined_line_has_the_first_value_of_each_series() {
    let samples = |v: f64| [(1.0, v), (2.0, v + 2.0)];
    let sets = [run("x-a-01", &samples(10.0), &samples(50.0)), run("x-b-01", &samples(30.0), &samples(70.0))];
    let mut test = test_of(&sets[0]);
    let series = |data: &str, label: &str| PlotSeries {
        data: data.to_owned(),
        label: Some(label.to_owned()),
        axis: 1,
        smoothing: None,
        raw_key: Some("val".to_owned()),
        combine_mode: Some("raw_mean".to_owned()),
        norm_by: None,
        source: None,
        cutoff: None,
        style: SeriesStyle::default(),
    };
    let plot = PlotDef {
        kind: PlotType::LineCombine,
        group_by: Some("groups".to_owned()),
        series: vec![series("TCP upload", "Up"), series("Ping (ms) ICMP", "RTT")],
        cutoff: None,
        name: "power".to_owned(),
        ..test.plots["totals"].clone()
    };
    test.plots.insert("power".to_owned(), PlotDef { dual_axes: false, ..plot });
    let scene = resolve("power", &test, &sets, &FigureOptions::default()).unwrap();
    let lines = lines(&scene);
    let of = |line: &Line| (line.label.clone(), line.x.to_vec(), line.y.to_vec());
    // Means of two samples each; a file is a group of its own.
    assert_eq!(of(lines[0]), (Some("a (n=1)".to_owned()), vec![0.0, 1.0], vec![11.0, 51.0]));
    assert_eq!(of(lines[1]), (Some("b (n=1)".to_owned()), vec![0.0, 1.0], vec![31.0, 71.0]));
    let ticks = scene.panels[0].axes[0].x.ticks.clone();
    assert_eq!(ticks, Some(vec![(0.0, "Up".to_owned()), (1.0, "RTT".to_owned())]));
}

#[test]
fn any_file_has_these_plots_and_a_plot_of_the_test_may_be_narrowed() {
    let samples = [(1.0, 10.0), (2.0, 20.0)];
    let a = run("a", &samples, &samples);
    let test = test_of(&a);
    let can = drawable(&fa_analyze::run::Run::new(&a, &test), &test);
    for name in ["scatter", "histogram", "ridge", "timeseries", "cdf", "bar"] {
        assert!(can.iter().any(|(n, can)| n == name && can.drawable), "{name}");
    }
    let only = scene("totals", std::slice::from_ref(&a), &[("series", "Ping*")]);
    assert!(lines(&only).iter().all(|line| line.id.series.starts_with("Ping")), "{:?}", lines(&only));
    let error = resolve("totals", &test, &[a], &FigureOptions::from_pairs([("series", "Pong")]).unwrap()).unwrap_err();
    assert!(matches!(error, PlotError::UnknownSeries { .. }), "{error}");
    let json = to_json(&only);
    assert_eq!(json["drawn"], true);
}
