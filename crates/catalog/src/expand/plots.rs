//! Plots: looked up by name in the test's tables, laid over their parents, filled with the test's series.

use indexmap::IndexMap;

use super::scope::Settings;
use super::series::{SeriesList, role_within};
use crate::catalog::Catalog;
use crate::doc::{PlotDoc, PlotSeriesDoc};
use crate::error::Fault;
use crate::inherit::{Flat, MIXINS, Scope};
use crate::template::{Names, fill};
use crate::{Pattern, PlotDef, PlotSeries, PlotType, SeriesDef, SeriesSource, SeriesStyle};

/// The part in which every plot name is looked up last.
const STANDARD: &str = "std";

/// Every plot of the test, in order.
pub(super) fn expand(
    catalog: &Catalog,
    flat: &Flat<'_>,
    mixins: &[&str],
    list: &SeriesList,
    settings: &Settings<'_>,
) -> Result<IndexMap<String, PlotDef>, Fault> {
    let mut scopes = flat.scopes.clone();
    let names = order(catalog, flat, mixins, &mut scopes)?;
    let standard = catalog.part(STANDARD)?;
    scopes.push(Scope { table: ("part", standard.0), plots: &standard.1.plot });
    let builder = Builder { catalog, scopes: &scopes, list, settings };
    let mut plots = IndexMap::new();
    for name in names {
        if !plots.contains_key(&name)
            && let Some(plot) = builder.plot(&name)?
        {
            plots.insert(name, plot);
        }
    }
    drop_empty_panels(&mut plots);
    Ok(plots)
}

/// Plot names in order; parts that are named on the way are added to `scopes`.
fn order<'a>(
    catalog: &'a Catalog,
    flat: &Flat<'a>,
    mixins: &[&str],
    scopes: &mut Vec<Scope<'a>>,
) -> Result<Vec<String>, Fault> {
    let parts: Vec<String> = mixins.iter().map(|part| format!("@{part}")).collect();
    let mut wanted: Vec<String> = Vec::new();
    for name in flat.plots.iter().map(String::as_str).chain([MIXINS]) {
        if name == MIXINS { wanted.extend(parts.iter().cloned()) } else { wanted.push(name.to_owned()) }
    }
    let mut names = Vec::new();
    for name in wanted {
        match name.strip_prefix('@') {
            None => names.push(name),
            Some(part) => {
                let (part, doc) = catalog.part(part)?;
                names.extend(doc.plots.iter().cloned());
                scopes.push(Scope { table: ("part", part), plots: &doc.plot });
            }
        }
    }
    Ok(names)
}

/// Panels that the test does not have, and meta plots without panels.
fn drop_empty_panels(plots: &mut IndexMap<String, PlotDef>) {
    let there: Vec<String> = plots.keys().cloned().collect();
    plots.retain(|_, plot| {
        plot.subplots.retain(|panel| there.contains(panel));
        plot.kind != PlotType::Meta || !plot.subplots.is_empty()
    });
}

struct Builder<'a> {
    catalog: &'a Catalog,
    scopes: &'a [Scope<'a>],
    list: &'a SeriesList,
    settings: &'a Settings<'a>,
}

impl Builder<'_> {
    /// The plot, or nothing where the test has none of the roles it draws.
    fn plot(&self, name: &str) -> Result<Option<PlotDef>, Fault> {
        let (doc, table) = self.inherited(name, 0, 0)?;
        let at = |fault: Fault| fault.within(name).within("plot").within(table.1).within(table.0);
        let kind = doc.r#type.ok_or_else(|| at(Fault::new("a plot needs a type").within("type")))?;
        let entries = doc.series.as_deref().unwrap_or_default();
        let (series, lacking) = self.entries(entries, &doc.all).map_err(at)?;
        // Two quantities against each other: one of them alone is no figure.
        let needs_all =
            matches!(kind, PlotType::Qq | PlotType::Ellipsis | PlotType::EllipsisCombine | PlotType::Scatter);
        if lacking && (series.is_empty() || needs_all) {
            return Ok(None);
        }
        let own_text = doc.text.or_else(|| self.catalog.text_of_plot(name).map(str::to_owned));
        Ok(Some(PlotDef {
            name: name.to_owned(),
            kind,
            text: own_text.unwrap_or_default(),
            legend_title: doc.legend_title.filter(|title| !title.is_empty()),
            axis_labels: doc
                .axis_labels
                .unwrap_or_default()
                .into_iter()
                .map(|label| Some(label).filter(|label| !label.is_empty()))
                .collect(),
            dual_axes: doc.dual_axes.unwrap_or(false),
            scaling: doc.scaling.map(|[low, high]| (low, high)),
            cutoff: self.cutoff(doc.cutoff.as_deref()).map_err(at)?,
            group_by: doc.group_by.filter(|rule| !rule.is_empty()),
            colour_mode: doc.colour_mode,
            stacked: doc.stacked.unwrap_or(false),
            subplots: doc.subplots.unwrap_or_default(),
            share_axis: doc.share_axis.unwrap_or(true),
            orientation: doc.orientation.unwrap_or_default(),
            series,
        }))
    }

    /// The definition with its parents under it, and the table it was found in. Looking begins at `from`, so that a
    /// plot may be like the plot of the same name further out.
    fn inherited(&self, name: &str, from: usize, depth: usize) -> Result<(PlotDoc, (&str, &str)), Fault> {
        const DEEPEST: usize = 16;
        let found = self
            .scopes
            .iter()
            .enumerate()
            .skip(from)
            .find_map(|(index, scope)| Some((index, scope, scope.plots.get(name)?)));
        let Some((index, scope, doc)) = found else {
            let (table, owner) = self.scopes.first().map_or(("test", ""), |scope| scope.table);
            return Err(Fault::new(format!("there is no plot `{name}`")).within("plots").within(owner).within(table));
        };
        let mut doc = doc.clone();
        if let Some(parent) = doc.like.take() {
            let at = |problem: String| {
                Fault::new(problem)
                    .within("like")
                    .within(name)
                    .within("plot")
                    .within(scope.table.1)
                    .within(scope.table.0)
            };
            if depth > DEEPEST {
                return Err(at("the plot is like itself".to_owned()));
            }
            let from = if parent == name { index + 1 } else { 0 };
            let (below, _) = self
                .inherited(&parent, from, depth + 1)
                .map_err(|_| at(format!("there is no plot `{parent}` to be like")))?;
            doc = laid_over(below, doc);
        }
        Ok((doc, scope.table))
    }

    /// The entries drawn, and whether some role was missing.
    fn entries(&self, docs: &[PlotSeriesDoc], all: &PlotSeriesDoc) -> Result<(Vec<PlotSeries>, bool), Fault> {
        let mut drawn = Vec::new();
        let mut lacking = false;
        // Flent keeps the excludes of one glob for the next ones of the same plot.
        let mut excluded: Vec<String> = Vec::new();
        let entries = docs.iter().enumerate().flat_map(|(index, doc)| spread(doc).map(move |doc| (index, doc)));
        for (index, doc) in entries {
            let doc = doc.overlaid(all);
            let at = |fault: Fault| fault.within(index).within("series");
            match (&doc.data, &doc.role, &doc.glob) {
                (Some(data), None, None) => {
                    let data = self.settings.text(data).map_err(at)?;
                    let label = doc.label.as_deref().map(|label| self.label(label, &data)).transpose().map_err(at)?;
                    drawn.push(self.entry(&doc, data, label).map_err(at)?);
                }
                (None, Some(role), None) => {
                    let before = drawn.len();
                    for name in self.with_role(role) {
                        let label =
                            doc.label.as_deref().map(|label| self.label(label, name)).transpose().map_err(at)?;
                        drawn.push(self.entry(&doc, name.to_owned(), label).map_err(at)?);
                    }
                    lacking |= drawn.len() == before;
                }
                (None, None, Some(glob)) => {
                    excluded.extend(doc.exclude.iter().cloned());
                    let pattern = Pattern { glob: self.settings.text(glob).map_err(at)?, exclude: excluded.clone() };
                    let matcher = pattern.matcher();
                    for name in self.list.series.keys().filter(|name| matcher.matches(name)) {
                        let label =
                            doc.label.as_deref().map(|label| self.glob_label(label, name)).transpose().map_err(at)?;
                        drawn.push(self.entry(&doc, name.clone(), label).map_err(at)?);
                    }
                }
                _ => return Err(at(Fault::new("say one of data, role and glob"))),
            }
        }
        Ok((drawn, lacking))
    }

    /// Series of exactly that role; else measured ones below it (`ping` takes `ping.udp` and `ping.icmp`, not `ping.avg`).
    fn with_role<'b>(&'b self, role: &'b str) -> impl Iterator<Item = &'b str> {
        self.list
            .series
            .values()
            .filter(move |def| {
                def.role == role || (role_within(&def.role, role) && !matches!(def.source, SeriesSource::Computed(_)))
            })
            .map(|def| def.name.as_str())
    }

    fn label(&self, label: &str, name: &str) -> Result<String, Fault> {
        let names = SeriesNames {
            settings: self.settings,
            def: self.list.series.get(name),
            short: self.list.shorts.get(name).map(String::as_str),
        };
        fill(label, &names).map_err(|problem| Fault::new(problem).within("label"))
    }

    fn glob_label(&self, label: &str, name: &str) -> Result<String, Fault> {
        let label = self.label(label, name)?;
        let id = self.list.series.get(name).and_then(|def| def.id.as_deref()).unwrap_or(name);
        Ok(if label.is_empty() { id.to_owned() } else { format!("{label} -- {id}") })
    }

    fn entry(&self, doc: &PlotSeriesDoc, data: String, label: Option<String>) -> Result<PlotSeries, Fault> {
        let names = SeriesNames { settings: self.settings, def: self.list.series.get(&data), short: None };
        let source = doc.source.as_deref().map(|source| fill(source, &names)).transpose();
        let smoothing = doc.smoothing.as_deref().map(|points| self.settings.number(points)).transpose();
        let axis = doc.axis.unwrap_or(1);
        if !(1..=2).contains(&axis) {
            return Err(Fault::new(format!("axis {axis}: 1 is the left one, 2 the right one")).within("axis"));
        }
        Ok(PlotSeries {
            label,
            axis,
            smoothing: smoothing.map_err(|fault| fault.within("smoothing"))?,
            raw_key: doc.raw_key.clone(),
            combine_mode: doc.combine_mode.clone(),
            norm_by: doc.norm_by.clone(),
            source: source.map_err(|problem| Fault::new(problem).within("source"))?,
            cutoff: self.cutoff(doc.cutoff.as_deref())?,
            style: SeriesStyle {
                color: doc.color.clone(),
                linewidth: doc.linewidth,
                linestyle: doc.linestyle.clone(),
                marker: doc.marker.clone(),
                markevery: doc.markevery,
            },
            data,
        })
    }

    fn cutoff(&self, ends: Option<&[String]>) -> Result<Option<(f64, f64)>, Fault> {
        let number = |text: &String| {
            // A delay of 0 must not leave a negative zero behind.
            self.settings.number(text).map(|value| value + 0.0).map_err(|fault| fault.within("cutoff"))
        };
        match ends {
            None | Some([]) => Ok(None),
            Some([start, end]) => Ok(Some((number(start)?, number(end)?))),
            Some(_) => Err(Fault::new("a cutoff has a start and an end").within("cutoff")),
        }
    }
}

/// The entry for each text of its `for`, or the entry itself.
fn spread(doc: &PlotSeriesDoc) -> impl Iterator<Item = PlotSeriesDoc> {
    let whole = doc.r#for.is_empty().then(|| doc.clone());
    let items = doc.r#for.iter().map(|item| {
        let put = |text: &Option<String>| text.as_ref().map(|text| text.replace("{item}", item));
        PlotSeriesDoc { r#for: Vec::new(), data: put(&doc.data), label: put(&doc.label), ..doc.clone() }
    });
    whole.into_iter().chain(items)
}

/// A plot with its parent under it.
fn laid_over(parent: PlotDoc, own: PlotDoc) -> PlotDoc {
    macro_rules! pick {
        ($($field:ident),*) => { PlotDoc {
            like: None,
            // What a parent shows is not what its child shows.
            text: own.text,
            // New entries do not take over what the parent lays over its own.
            all: if own.series.is_some() { own.all } else { parent.all.overlaid(&own.all) },
            $($field: own.$field.or(parent.$field)),*
        } };
    }
    pick!(
        r#type,
        legend_title,
        axis_labels,
        dual_axes,
        scaling,
        cutoff,
        group_by,
        colour_mode,
        stacked,
        subplots,
        share_axis,
        orientation,
        series
    )
}

/// The names in force for a label: those of one series, then parameters.
struct SeriesNames<'a> {
    settings: &'a Settings<'a>,
    def: Option<&'a SeriesDef>,
    short: Option<&'a str>,
}

impl Names for SeriesNames<'_> {
    fn value(&self, name: &str, depth: usize) -> Result<Option<String>, String> {
        let own = self.def.and_then(|def| match name {
            "name" => Some(def.name.as_str()),
            "id" => Some(def.id.as_deref().unwrap_or(&def.name)),
            "short" => Some(self.short.unwrap_or(&def.name)),
            _ => None,
        });
        match own {
            Some(own) => Ok(Some(own.to_owned())),
            None => self.settings.value(name, depth),
        }
    }

    fn stream(&self) -> usize {
        0
    }
}
