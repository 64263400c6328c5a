//! From definitions to series and plots: a pure function of the catalogue and the settings.

mod plots;
mod recognise;
mod scope;
mod series;
mod source;

use indexmap::IndexMap;

pub(crate) use recognise::recognise;

use crate::catalog::Catalog;
use crate::error::Fault;
use crate::inherit::Flat;
use crate::{Expanded, Setup};

use scope::Settings;
use series::SeriesList;

/// The whole expansion of one test.
pub(crate) fn expand(catalog: &Catalog, setup: &Setup) -> Result<Expanded, Fault> {
    let flat = catalog.flatten(&setup.test)?;
    let in_test = |fault: Fault| fault.within(setup.test.as_str()).within("test");
    let mut settings = Settings::new(&flat, setup).map_err(in_test)?;
    let mut list = SeriesList::default();
    if let Err(fault) = list.apply(catalog, &flat.ops, &mut settings) {
        return Err(settings.blamed(fault, &flat, setup));
    }
    finish(catalog, &flat, setup, settings, list)
}

/// Runs of a test that repeats itself, at most.
const MAX_ITERATIONS: u32 = 1000;

/// Mixins, plots and notes around a list of series.
fn finish(
    catalog: &Catalog,
    flat: &Flat<'_>,
    setup: &Setup,
    mut settings: Settings<'_>,
    mut list: SeriesList,
) -> Result<Expanded, Fault> {
    let mixins = mixins(catalog, flat, &settings).map_err(|fault| fault.within(setup.test.as_str()).within("test"))?;
    for part in &mixins {
        if let Err(fault) = list.mix_in(catalog, part, &mut settings) {
            return Err(settings.blamed(fault, flat, setup));
        }
    }
    list.resolve_sources();
    let plots = plots::expand(catalog, flat, &mixins, &list, &settings)?;
    let iterations = iterations(flat, &settings).map_err(|fault| {
        let fault = fault.within("iterations").within(setup.test.as_str()).within("test");
        settings.blamed(fault, flat, setup)
    })?;
    let missing_params: Vec<String> =
        flat.needs().filter(|name| settings.param(name).is_none()).map(str::to_owned).collect();
    let unread_params = settings.unread(flat, setup);
    let mut notes = settings.notes;
    notes.extend(missing_params.iter().map(|name| {
        format!(
            "test `{}` needs the parameter `{name}` (--test-parameter {name}=…): the number of hosts stands in for it",
            setup.test
        )
    }));
    if !list.twice.is_empty() {
        notes.push(format!("named twice, only the later one is there: {}", list.twice.join(", ")));
    }
    notes.extend(list.notes);
    Ok(Expanded {
        name: setup.test.clone(),
        purpose: flat.purpose.unwrap_or_default().to_owned(),
        default_plot: default_plot(flat, &plots),
        hosts: settings.hosts,
        missing_params,
        unread_params,
        named_twice: list.twice,
        total_length_secs: settings.total,
        iterations,
        series: list.series,
        plots,
        notes,
    })
}

/// How often the whole test is run.
fn iterations(flat: &Flat<'_>, settings: &Settings<'_>) -> Result<Option<u32>, Fault> {
    let Some(text) = flat.iterations else { return Ok(None) };
    settings.new_field();
    let filled = settings.text(text)?;
    let number = settings.number(&filled)?;
    if number.fract() != 0.0 || !(1.0..=f64::from(MAX_ITERATIONS)).contains(&number) {
        return Err(Fault::new(format!("a test runs 1 to {MAX_ITERATIONS} times, not {filled}")));
    }
    Ok(Some(number as u32))
}

/// The parts that parameters switch on, in the order of the test's own list.
fn mixins<'a>(catalog: &'a Catalog, flat: &Flat<'a>, settings: &Settings<'_>) -> Result<Vec<&'a str>, Fault> {
    let mut on = Vec::new();
    for (index, name) in flat.mixins.iter().enumerate() {
        let (name, part) = catalog.part(name).map_err(|fault| fault.within(index).within("mixins"))?;
        if part.when.iter().all(|param| settings.param(param).is_some()) {
            on.push(name);
        }
    }
    Ok(on)
}

/// The plot a test names, else the first there is.
fn default_plot(flat: &Flat<'_>, plots: &IndexMap<String, crate::PlotDef>) -> String {
    flat.opens
        .filter(|name| plots.contains_key(*name))
        .or_else(|| plots.keys().next().map(String::as_str))
        .unwrap_or_default()
        .to_owned()
}
