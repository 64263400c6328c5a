//! What the legends of a figure say, in as few entries as can be.
//!
//! Flent labels every line `series - file`. Where colour stands for the series and the pattern for the file, five
//! series of ten files need fifteen entries, not fifty. Groups that all panels share are shown once.

use std::rc::Rc;

use crate::page::{Ink, Stroke};
use crate::scene::{LegendPlacement, Mark, Panel, Scene};

use super::legend::{Entry, Group, Ready, Sample};
use crate::theme::Palette;

/// The legends of a figure.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Legends<G = Group> {
    /// Groups of each panel.
    pub(super) own: Vec<Vec<G>>,
    /// Groups that stand for all panels.
    pub(super) shared: Vec<G>,
    /// Headings that panels need because their legend no longer names them.
    pub(super) headings: Vec<Option<String>>,
}

impl<G> Legends<G> {
    /// The same legends with other groups.
    pub(super) fn map<H>(self, mut f: impl FnMut(G) -> H) -> Legends<H> {
        let own = self.own.into_iter().map(|groups| groups.into_iter().map(&mut f).collect()).collect();
        Legends { own, shared: self.shared.into_iter().map(f).collect(), headings: self.headings }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shared.is_empty() && self.own.iter().all(Vec::is_empty)
    }
}

impl Legends<Rc<Ready>> {
    pub(super) fn count(&self) -> usize {
        self.own.iter().flatten().chain(&self.shared).map(|g| g.group.entries.len()).sum()
    }
}

/// Possible legends, the plainest first.
///
/// - `plain`: one group per panel, as the scene has it.
pub(super) fn variants(scene: &Scene, plain: Vec<Group>, ink: Ink, palettes: &[Palette<'_>]) -> Vec<Legends> {
    let n = plain.len();
    let nothing = vec![None; n];
    let factored: Vec<Option<(Group, Group)>> = plain
        .iter()
        .zip(scene.panels.iter().zip(palettes))
        .map(|(g, (p, palette))| by_series_and_file(g, p, ink, palette))
        .collect();
    let own = plain.iter().map(|g| if g.entries.is_empty() { Vec::new() } else { vec![g.clone()] }).collect();
    let mut out = vec![Legends { own, shared: Vec::new(), headings: nothing.clone() }];

    let drawn: Vec<usize> = (0..n).filter(|p| !plain[*p].entries.is_empty()).collect();
    let all_factored = !drawn.is_empty() && drawn.iter().all(|p| factored[*p].is_some());
    let (series, files): (Vec<Group>, Vec<Group>) = if all_factored {
        factored.into_iter().map(Option::unwrap_or_default).unzip()
    } else {
        (plain, vec![Group::default(); n])
    };
    let mut shared_files = Vec::new();
    if all_factored {
        // Series beside each panel, files once for all.
        shared_files.push(union(&files));
        let own = series.iter().map(|g| if g.entries.is_empty() { Vec::new() } else { vec![g.clone()] }).collect();
        out.push(Legends { own, shared: shared_files.clone(), headings: nothing });
    }
    if drawn.len() > 1 && same(&series, &drawn) || n == 1 && all_factored {
        // Everything once; what tells the panels apart moves above them.
        let titles: Vec<&str> = drawn.iter().map(|p| series[*p].title.as_str()).collect();
        let alike = titles.iter().all(|t| *t == titles[0]);
        let headings =
            (0..n).map(|p| (!alike && !series[p].title.is_empty()).then(|| series[p].title.clone())).collect();
        let mut once = merged(&series, &drawn);
        if !alike {
            once.title = String::new();
        }
        let mut shared = vec![once];
        shared.append(&mut shared_files);
        out.push(Legends { own: vec![Vec::new(); n], shared, headings });
    }
    if scene.legend_placement == LegendPlacement::Outside && drawn.iter().all(|p| names_every_box(&scene.panels[*p])) {
        out.push(Legends { own: vec![Vec::new(); n], shared: Vec::new(), headings: vec![None; n] });
    }
    out
}

/// Whether the ticks below boxes name the files, so that a legend says nothing new.
fn names_every_box(panel: &Panel) -> bool {
    let boxes = panel.axes.iter().flat_map(|axes| &axes.marks).all(|mark| matches!(mark, Mark::Boxes(_)));
    let ticks = panel.axes.first().and_then(|axes| axes.x.ticks.as_ref());
    boxes && ticks.is_some_and(|ticks| ticks.iter().all(|(_, label)| !label.is_empty()))
}

/// Whether the groups of these panels say the same with the same specimens.
fn same(groups: &[Group], panels: &[usize]) -> bool {
    let Some(first) = panels.first().map(|p| &groups[*p]) else { return false };
    panels.iter().all(|p| {
        let other = &groups[*p];
        other.entries.len() == first.entries.len()
            && other.entries.iter().zip(&first.entries).all(|(a, b)| a.label == b.label && a.sample == b.sample)
    })
}

/// All entries of all groups, equal ones once.
fn union(groups: &[Group]) -> Group {
    let mut out = Group::default();
    for entry in groups.iter().flat_map(|g| &g.entries) {
        match out.entries.iter_mut().find(|e| e.label == entry.label && e.sample == entry.sample) {
            Some(same) => same.marks.extend_from_slice(&entry.marks),
            None => out.entries.push(entry.clone()),
        }
    }
    out
}

/// One group for equal groups: each entry stands for the marks of all panels.
fn merged(groups: &[Group], panels: &[usize]) -> Group {
    let Some(first) = panels.first() else { return Group::default() };
    let mut out = groups[*first].clone();
    for p in &panels[1..] {
        for (entry, other) in out.entries.iter_mut().zip(&groups[*p].entries) {
            entry.marks.extend_from_slice(&other.marks);
        }
    }
    out
}

/// What a legend entry stands for.
struct Place {
    file: usize,
    series: usize,
    /// The marker says which file it is; else, if there is one, it goes with the colour.
    own_marker: bool,
}

/// Splits entries `series - file` into a group of series (colours) and one of files (patterns), or the
/// other way round, where every label and every specimen is the combination of its two parts.
fn by_series_and_file(group: &Group, panel: &Panel, ink: Ink, palette: &Palette<'_>) -> Option<(Group, Group)> {
    let legend = panel.legend.as_ref()?;
    let places: Option<Vec<Place>> = legend
        .entries
        .iter()
        .map(|e| match panel.axes.get(e.sample.0)?.marks.get(e.sample.1)? {
            Mark::Line(line) => {
                Some(Place { file: line.id.file, series: line.id.index, own_marker: line.style.marker.is_some() })
            }
            _ => None,
        })
        .collect();
    let places = places?;
    if places.len() != group.entries.len() {
        return None;
    }
    let cut = |from_left: bool| -> Option<Vec<(&str, &str)>> {
        let split = |l: &'_ Entry| -> Option<(usize, usize)> {
            let at = if from_left { l.label.find(" - ") } else { l.label.rfind(" - ") }?;
            Some((at, at + 3))
        };
        group.entries.iter().map(|e| split(e).map(|(a, b)| (&e.label[..a], &e.label[b..]))).collect()
    };
    let mut cuts = [false, true].into_iter().filter_map(cut);
    let by_marker = palette.files_by_marker();
    cuts.find_map(|parts| {
        factor(group, &places, &parts, (ink, by_marker, false))
            .or_else(|| factor(group, &places, &parts, (ink, by_marker, true)))
    })
}

fn factor(
    group: &Group,
    places: &[Place],
    parts: &[(&str, &str)],
    (ink, by_marker, colours_are_files): (Ink, bool, bool),
) -> Option<(Group, Group)> {
    let mut series = Group { title: group.title.clone(), entries: Vec::new() };
    let mut files = Group::default();
    let mut seen_series: Vec<(usize, &str)> = Vec::new();
    let mut seen_files: Vec<(usize, &str)> = Vec::new();
    for (entry, (place, (head, tail))) in group.entries.iter().zip(places.iter().zip(parts)) {
        let (of_series, of_file) = if colours_are_files {
            split_by_file(&entry.sample, ink)?
        } else {
            split_sample(&entry.sample, ink, place.own_marker, by_marker)?
        };
        collect(&mut series, &mut seen_series, place.series, head, of_series, &entry.marks)?;
        collect(&mut files, &mut seen_files, place.file, tail, of_file, &entry.marks)?;
    }
    // One series or one file: nothing to combine. Two specimens alike: they do not tell the files (or series) apart.
    let distinct =
        |g: &Group| (1..g.entries.len()).all(|i| g.entries[..i].iter().all(|e| e.sample != g.entries[i].sample));
    let worth = series.entries.len() > 1 && files.entries.len() > 1;
    (worth && distinct(&series) && distinct(&files)).then_some((series, files))
}

/// Adds an entry's part to its group; `None` when the same number comes with another text or specimen.
fn collect<'a>(
    group: &mut Group,
    seen: &mut Vec<(usize, &'a str)>,
    number: usize,
    label: &'a str,
    sample: Sample,
    marks: &[usize],
) -> Option<()> {
    if let Some(i) = seen.iter().position(|(n, _)| *n == number) {
        let entry = &mut group.entries[i];
        if seen[i].1 != label || entry.sample != sample {
            return None;
        }
        entry.marks.extend_from_slice(marks);
        return Some(());
    }
    seen.push((number, label));
    group.entries.push(Entry { label: label.to_owned(), sample, marks: marks.to_vec() });
    Some(())
}

/// Pattern, width and marker alone, which are the series', and colour alone, which is the file's.
fn split_by_file(sample: &Sample, ink: Ink) -> Option<(Sample, Sample)> {
    let Sample::Line(Some(stroke), marker) = sample else { return None };
    let pattern = Stroke { ink, ..stroke.clone() };
    let colour = Stroke::solid(stroke.ink, 1.6);
    Some((Sample::Line(Some(pattern), marker.map(|(m, r, _)| (m, r, ink))), Sample::Line(Some(colour), None)))
}

/// Colour and width alone, and pattern alone; the marker with the one it belongs to.
fn split_sample(sample: &Sample, ink: Ink, marker_of_file: bool, by_marker: bool) -> Option<(Sample, Sample)> {
    let Sample::Line(Some(stroke), marker) = sample else { return None };
    if by_marker {
        let thin = Stroke::solid(ink, 1.0);
        return Some((
            Sample::Line(Some(stroke.clone()), None),
            Sample::Line(Some(thin), marker.map(|(m, r, _)| (m, r, ink))),
        ));
    }
    let mut solid = stroke.clone();
    solid.dash.clear();
    let mut pattern = stroke.clone();
    // Dashes are in units of the width: back to those of a thin line.
    let unit = 1.0 / stroke.width;
    pattern.dash.iter_mut().for_each(|d| *d = (*d * unit * 100.0).round() / 100.0);
    pattern.ink = ink;
    pattern.width = 1.0;
    let (of_series, of_file) = if marker_of_file { (None, *marker) } else { (*marker, None) };
    Some((Sample::Line(Some(solid), of_series), Sample::Line(Some(pattern), of_file.map(|(m, r, _)| (m, r, ink)))))
}
