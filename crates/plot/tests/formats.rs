//! Every plot of the samples in every format, and the same bytes each time.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;

use fa_catalog::{Catalog, Expanded, PlotDef, PlotType};
use fa_format::{DataSet, ReadOptions};
use fa_plot::layout::layout;
use fa_plot::options::{FigureOptions, ThemeName};
use fa_plot::page::Page;
use fa_plot::resolve::{GENERAL_PLOTS, resolve, setup_from};
use fa_plot::scene::Scene;
use fa_plot::theme::Theme;
use fa_plot::{json, render};

/// Every type, so that a new one cannot be forgotten.
const TYPES: [PlotType; 16] = [
    PlotType::Timeseries,
    PlotType::TimeseriesCombine,
    PlotType::LineCombine,
    PlotType::Box,
    PlotType::BoxCombine,
    PlotType::Bar,
    PlotType::BarCombine,
    PlotType::Cdf,
    PlotType::CdfCombine,
    PlotType::Qq,
    PlotType::Ellipsis,
    PlotType::EllipsisCombine,
    PlotType::Meta,
    PlotType::Scatter,
    PlotType::Histogram,
    PlotType::Ridge,
];

/// The two runs of the same load, read anew.
fn pair() -> Vec<DataSet> {
    let read = |name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name);
        fa_format::read(&path, &ReadOptions::default()).unwrap()
    };
    ["bufferbloat-long.flent.gz", "bufferbloat-short.flent.gz"].map(read).into()
}

/// Their test, with plots of the types that it has none of, and one that stacks.
fn test_of(set: &DataSet) -> Expanded {
    let mut test = Catalog::builtin().expand(&setup_from(set, None)).unwrap();
    let upload = PlotDef { dual_axes: false, scaling: None, ..test.plots["upload"].clone() };
    let own = |name: &str, kind, by: &str, like: &PlotDef| PlotDef {
        name: name.to_owned(),
        kind,
        group_by: Some(by.to_owned()),
        ..like.clone()
    };
    let plots = [
        own("line", PlotType::LineCombine, "groups", &upload),
        own("cdf_combine", PlotType::CdfCombine, "groups_concat", &upload),
        own("ellipsis_combine", PlotType::EllipsisCombine, "groups_concat", &test.plots["ellipsis"]),
        PlotDef { stacked: true, ..own("stacked", PlotType::Timeseries, "groups", &upload) },
    ];
    for plot in plots {
        test.plots.insert(plot.name.clone(), plot);
    }
    test
}

fn names(test: &Expanded) -> Vec<String> {
    let general = GENERAL_PLOTS.iter().map(|plot| plot.name.to_owned());
    test.plots.keys().cloned().chain(general.filter(|name| !test.plots.contains_key(name))).collect()
}

fn page(scene: &Scene, options: &FigureOptions) -> Page {
    layout(scene, options.size().0, &Theme::of(options), None)
}

#[test]
fn every_plot_of_the_samples_has_text_json_and_a_terminal_form_the_same_each_time() {
    let (sets, again) = (pair(), pair());
    let (test, test_again) = (test_of(&sets[0]), test_of(&again[0]));
    let options = FigureOptions::default();
    let mut drawn: BTreeMap<String, usize> = BTreeMap::new();
    for name in names(&test) {
        let scene = resolve(&name, &test, &sets, &options).unwrap_or_else(|e| panic!("{name}: {e}"));
        let other = resolve(&name, &test_again, &again, &options).unwrap();
        let text = json::to_json(&scene).to_string();
        let text_again = json::to_json(&other).to_string();
        assert!(text == text_again, "{name}: json");
        let cells = render::terminal(&scene, 80, 24, true);
        assert!(cells == render::terminal(&other, 80, 24, true), "{name}: terminal");
        assert!(render::svg(&page(&scene, &options)) == render::svg(&page(&other, &options)), "{name}: svg");
        assert!(cells.lines().count() <= 24 && !cells.trim().is_empty(), "{name}:\n{cells}");
        if scene.empty.is_none() {
            *drawn.entry(format!("{:?}", scene.kind)).or_default() += 1;
            assert!(text.contains("\"drawn\":true"), "{name}");
            let dots = cells.chars().any(|c| ('\u{2801}'..='\u{28FF}').contains(&c));
            assert!(dots, "{name}: nothing but text in the terminal\n{cells}");
        }
    }
    for kind in TYPES {
        assert!(drawn.contains_key(&format!("{kind:?}")), "no {kind:?} was drawn: {drawn:?}");
    }
}

#[test]
fn each_type_gives_the_same_bytes_as_png_and_pdf_in_every_theme() {
    let (sets, again) = (pair(), pair());
    let test = test_of(&sets[0]);
    for (n, kind) in TYPES.into_iter().enumerate() {
        let name = names(&test).into_iter().find(|name| {
            let general = GENERAL_PLOTS.iter().find(|g| g.name == name.as_str() && !test.plots.contains_key(name));
            let own = test.plots.get(name).map(|plot| plot.kind).or(general.map(|g| g.kind));
            own == Some(kind)
        });
        let name = name.unwrap();
        // Small: what is compared does not depend on the size.
        let options = FigureOptions {
            theme: ThemeName::ALL[n % ThemeName::ALL.len()].1,
            figure_width: Some(4.0),
            figure_height: Some(3.0),
            figure_dpi: Some(40.0),
            ..FigureOptions::default()
        };
        let pages = [&sets, &again].map(|sets| page(&resolve(&name, &test, sets, &options).unwrap(), &options));
        let dots = options.size().1 / 72.0;
        let [a, b] = [0, 1].map(|i| (render::png(&pages[i], dots).unwrap(), render::pdf(&pages[i]).unwrap()));
        assert!(a.0 == b.0 && a.0.starts_with(b"\x89PNG"), "{name}: png");
        assert!(a.1 == b.1 && a.1.starts_with(b"%PDF"), "{name}: pdf");
    }
}

#[test]
fn a_theme_changes_colours_and_never_what_is_said() {
    let sets = pair();
    let test = test_of(&sets[0]);
    let svg = |theme: ThemeName| {
        let options =
            FigureOptions { theme, figure_width: Some(8.0), figure_height: Some(5.0), ..FigureOptions::default() };
        let scene = resolve("totals", &test, &sets, &options).unwrap();
        (page(&scene, &options), json::to_json(&scene))
    };
    let all = ThemeName::ALL.map(|(_, theme)| svg(theme));
    assert!(all.iter().all(|(_, json)| *json == all[0].1), "numbers have no theme");
    let backgrounds: Vec<_> = all.iter().map(|(page, _)| page.background).collect();
    assert!(backgrounds[0] == backgrounds[2] && backgrounds[0] != backgrounds[1]);
    let scene = resolve("totals", &test, &sets, &FigureOptions::default()).unwrap();
    let cells = |theme| render::terminal_themed(&scene, 80, 24, true, theme);
    assert_ne!(cells(ThemeName::Light), cells(ThemeName::Dark), "bright colours on dark");
    assert!(!cells(ThemeName::Paper).contains('\x1b'), "no colour on paper");
}
