//! A [`Scene`] as JSON: one object per figure, one entry of `axes` per drawn axes, every number in full.
//!
//! For programs, and for comparing what is drawn with other programs' figures. Missing values are null, whole numbers are
//! written without a fraction, all others with the fewest digits that read back as the same number.

use serde_json::{Map, Value, json};

use crate::scene::{
    Area, Axes, Axis, Bars, Boxes, Colour, Column, Dash, DataText, Ellipse, Legend, Line, Mark, Marker, Panel, Scale,
    Scene, Side, Style,
};

/// The whole figure: `{files, plot, type, title, figure_text, axes, drawn, notes}`.
///
/// Nothing drawable gives `drawn: false` and no axes. Panels come in drawing order, a second y axis after the first one
/// with `y_side: "right"`; the legend of a panel belongs to its first axes.
pub fn to_json(scene: &Scene) -> Value {
    let drawn = scene.empty.is_none();
    let axes: Vec<Value> = if drawn { scene.panels.iter().flat_map(panel).collect() } else { Vec::new() };
    let kind = serde_json::to_value(scene.kind).unwrap_or(Value::Null);
    json!({
        "files": scene.files,
        "plot": scene.plot,
        "type": kind,
        "title": scene.title.join("\n"),
        "figure_text": scene.figure_text,
        "axes": axes,
        "drawn": drawn,
        "notes": scene.notes,
    })
}

fn panel(panel: &Panel) -> Vec<Value> {
    panel.axes.iter().enumerate().map(|(i, axes)| axes_object(axes, panel.legend.as_ref().filter(|_| i == 0))).collect()
}

fn axes_object(axes: &Axes, legend: Option<&Legend>) -> Value {
    let mut object = Map::new();
    object.insert("xlabel".into(), axes.x.label.clone().into());
    object.insert("ylabel".into(), axes.y.label.clone().into());
    object.insert("xlim".into(), limits(&axes.x));
    object.insert("ylim".into(), limits(&axes.y));
    object.insert("xscale".into(), scale(&axes.x).into());
    object.insert("yscale".into(), scale(&axes.y).into());
    object.insert("series".into(), axes.marks.iter().map(mark).collect());
    if axes.side == Side::Right {
        object.insert("y_side".into(), "right".into());
    }
    if !axes.texts.is_empty() {
        object.insert("texts".into(), axes.texts.iter().map(text).collect());
    }
    if let Some(ticks) = &axes.x.ticks {
        object.insert("xticks".into(), ticks.iter().map(|t| number(t.0)).collect());
        object.insert("xticklabels".into(), ticks.iter().map(|t| Value::from(t.1.as_str())).collect());
    }
    if let Some(legend) = legend {
        let labels: Vec<&str> = legend.entries.iter().map(|e| e.label.as_str()).collect();
        object.insert("legend".into(), json!({ "title": legend.title, "labels": labels }));
    }
    Value::Object(object)
}

fn limits(axis: &Axis) -> Value {
    json!([number(axis.limits.0), number(axis.limits.1)])
}

fn scale(axis: &Axis) -> &'static str {
    if axis.scale == Scale::Linear { "linear" } else { "log" }
}

fn text(text: &DataText) -> Value {
    json!({ "text": text.text, "x": number(text.x), "y": number(text.y) })
}

fn mark(mark: &Mark) -> Value {
    match mark {
        Mark::Line(line) => line_object(line),
        Mark::Boxes(boxes) => boxes_object(boxes),
        Mark::Bars(bars) => bars_object(bars),
        Mark::Area(area) => area_object(area),
        Mark::Ellipse(ellipse) => ellipse_object(ellipse),
    }
}

fn line_object(line: &Line) -> Value {
    let mut object = json!({
        "kind": "line",
        "label": line.label,
        "n": line.x.len(),
        "color": colour(&line.style),
        "linestyle": linestyle(&line.style),
        "marker": marker(&line.style),
        "linewidth": number(f64::from(line.style.width)),
        "x": column(&line.x),
        "y": column(&line.y),
    });
    if !matches!(line.style.dash, None | Some(Dash::Solid)) {
        object["dashed"] = true.into();
    }
    object
}

fn boxes_object(boxes: &Boxes) -> Value {
    let boxes: Vec<Value> = boxes
        .boxes
        .iter()
        .map(|b| {
            json!({
                "x": number(b.x),
                "n": b.n,
                "q1": number(b.q1),
                "median": number(b.median),
                "q3": number(b.q3),
                "whisker_lo": number(b.whisker_lo),
                "whisker_hi": number(b.whisker_hi),
                "n_fliers": b.fliers.len(),
                "fliers": numbers(&b.fliers),
                "color": colour(&b.style),
                "legend": b.legend,
            })
        })
        .collect();
    json!({ "kind": "box", "boxes": boxes })
}

fn bars_object(bars: &Bars) -> Value {
    json!({
        "kind": "bar",
        "label": bars.label,
        "x": bars.bars.iter().map(|b| number(b.x)).collect::<Vec<_>>(),
        "width": bars.bars.iter().map(|b| number(b.width)).collect::<Vec<_>>(),
        "y": bars.bars.iter().map(|b| number(b.y)).collect::<Vec<_>>(),
        "yerr": bars.bars.iter().map(|b| number(b.yerr)).collect::<Vec<_>>(),
        "color": bars.bars.iter().map(|b| colour(&b.style)).collect::<Vec<_>>(),
    })
}

fn area_object(area: &Area) -> Value {
    json!({
        "kind": "area",
        "label": area.label,
        "x": numbers(&area.x),
        "y_lo": numbers(&area.y_lo),
        "y_hi": numbers(&area.y_hi),
        "color": colour(&area.style),
    })
}

fn ellipse_object(ellipse: &Ellipse) -> Value {
    json!({
        "kind": "ellipse",
        "x": [number(ellipse.x)],
        "y": [number(ellipse.y)],
        "width": number(ellipse.width),
        "height": number(ellipse.height),
        "angle": number(ellipse.angle_deg),
        "color": colour(&ellipse.style),
    })
}

/// `C0`, `C1`, … for the cycle, as matplotlib writes it.
fn colour(style: &Style) -> String {
    match style.colour {
        Colour::Cycle(n) => format!("C{n}"),
        Colour::Rgb(rgb) => rgb.to_string(),
        Colour::Ink => "#000000".to_owned(),
    }
}

fn linestyle(style: &Style) -> &'static str {
    match style.dash {
        None => "None",
        Some(Dash::Solid) => "-",
        Some(Dash::Dashed) => "--",
        Some(Dash::Dotted) => ":",
        Some(Dash::DashDot) => "-.",
    }
}

fn marker(style: &Style) -> &'static str {
    match style.marker {
        None => "None",
        Some((Marker::Circle, _)) => "o",
        Some((Marker::TriangleUp, _)) => "^",
        Some((Marker::Square, _)) => "s",
        Some((Marker::TriangleDown, _)) => "v",
        Some((Marker::Diamond, _)) => "D",
        Some((Marker::Star, _)) => "*",
        Some((Marker::TriangleLeft, _)) => "<",
        Some((Marker::TriangleRight, _)) => ">",
        Some((Marker::Cross, _)) => "x",
        Some((Marker::Plus, _)) => "+",
    }
}

fn column(values: &Column) -> Value {
    values.iter().map(number).collect()
}

fn numbers(values: &[f64]) -> Value {
    values.iter().map(|v| number(*v)).collect()
}

/// Not finite is null; whole numbers that a double holds exactly have no fraction.
fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        return (value as i64).into();
    }
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact() {
        assert_eq!(number(0.1 + 0.2).to_string(), "0.30000000000000004");
        assert_eq!(number(150.0).to_string(), "150");
        assert_eq!(number(-0.0).to_string(), "0");
        assert_eq!(number(f64::NAN), Value::Null);
        assert_eq!(number(f64::INFINITY), Value::Null);
        assert_eq!(number(1e300).to_string(), "1e+300");
    }
}
