//! How does one zoom into the pictures of a report, read values off them and choose the cell?
//!
//! One more file beside the page, for the interactive script of plotly.js is heavy: 4.7 MB, from the crate `plotly`, which carries it (MIT,
//! the notice stands in its first lines). Of that crate only the script is used; what is drawn comes from the tables of the same pictures,
//! by `explore.js`. Nothing is loaded from anywhere, which the policy in the head of the page enforces.

use super::{escaped, opening, palette};
use crate::charts::Picture;
use crate::charts::objective::of_availability;
use crate::summary::cell_label;
use crate::table::{Cell, Table};
use crate::theme::{ARM_COLOURS, Theme};
use scenarios::results::{Manifest, Results};
use serde_json::{Value, json};

/// The whole page. `pictures` are those of [`crate::charts::pictures`].
pub fn page(results: &Results, pictures: &[Picture]) -> String {
    let manifest = &results.manifest;
    let mut html = opening(&format!("{} – explore", manifest.scenario), &format!("\n{}{}", palette::css(), include_str!("explore.css")));
    html.reserve(6_000_000);
    html += &format!(
        "<body>\n<main>\n<p class=\"back\"><a href=\"report.html\">report.html</a></p>\n<h1>{}</h1>\n\
         <noscript><p>To zoom and to hover takes JavaScript. <a href=\"report.html\">report.html</a> says everything without.</p></noscript>\n\
         <form id=\"choices\"></form>\n<p id=\"title\" aria-live=\"polite\"></p>\n<div id=\"plot\" role=\"img\" aria-labelledby=\"title\"></div>\n\
         <p class=\"hint\">Drag to zoom, double-click to see everything again; where there is a legend, click a name in it to hide its line, twice to see it alone.</p>\n",
        escaped(&manifest.scenario)
    );
    html += &format!("</main>\n<script type=\"application/json\" id=\"data\">{}</script>\n", embedded(&data(manifest, pictures)));
    let library = plotly::Plot::offline_js_sources();
    // The first script is plotly.js; the second sets formulas, of which there are none.
    let end = library.find("</script>").map_or(library.len(), |at| at + "</script>".len());
    html += &library[..end];
    html += &format!("\n<script>{}</script>\n</body>\n</html>\n", include_str!("explore.js"));
    html
}

/// JSON in which HTML sees no tag.
fn embedded(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

fn data(manifest: &Manifest, pictures: &[Picture]) -> Value {
    let cells = 0..manifest.cells.len() as u32;
    let faults: Vec<Value> = cells.clone().map(|cell| faults(manifest, cell)).collect();
    let dashes: Vec<&str> = (0..ARM_COLOURS).map(Theme::dashes).collect();
    json!({
        "arms": manifest.arms,
        "colours": palette::arms(),
        "dashes": dashes,
        "cells": cells.map(|cell| cell_label(manifest, cell)).collect::<Vec<_>>(),
        "faults": faults,
        "objectives": of_availability(manifest).iter().map(|share| share.as_f64()).collect::<Vec<_>>(),
        "pictures": pictures.iter().filter(|picture| is_drawn(&picture.table)).map(picture).collect::<Vec<_>>(),
    })
}

/// Label, begin and end in seconds of every fault window of a cell; no end if it never ends.
fn faults(manifest: &Manifest, cell: u32) -> Value {
    let window = |fault: &scenarios::results::FaultWindow| {
        json!([fault.label, fault.begin.since_start().as_secs_f64(), fault.end.map(|end| end.since_start().as_secs_f64())])
    };
    manifest.faults_of(cell).iter().map(window).collect()
}

/// Whether a table has numbers, all rows of a column in one unit.
fn is_drawn(table: &Table) -> bool {
    let has_numbers = (0..table.columns.len()).any(|index| table.rows.iter().any(|row| row[index].value().is_some()));
    has_numbers && table.columns.iter().all(|column| column.name != "unit")
}

fn picture(picture: &Picture) -> Value {
    let table = &picture.table;
    let columns: Vec<Value> = (0..table.columns.len()).map(|index| column(table, index)).collect();
    json!({
        "chart": picture.chart,
        "summary": picture.summary,
        "title": table.title,
        "label": picture.view.label,
        "cells": picture.view.cells,
        "along": picture.view.axis.is_some() && picture.view.search.is_none(),
        "second": picture.view.second.is_some(),
        "sequence": picture.view.axis.is_some(),
        "measure": picture.measure,
        "columns": columns,
    })
}

/// Words as numbers of a list of words, numbers as they are.
fn column(table: &Table, index: usize) -> Value {
    let head = &table.columns[index];
    let cells = || table.rows.iter().map(|row| &row[index]);
    let name = head.name.replace('\n', " ");
    if cells().all(|cell| cell.value().is_some() || *cell == Cell::Missing) {
        // Numbers of nine digits are more than a screen can show.
        let values: Vec<Option<f64>> = cells().map(|cell| cell.value().map(rounded)).collect();
        return json!({ "name": name, "unit": head.unit, "values": values });
    }
    let mut words: Vec<String> = Vec::new();
    let mut at = Vec::new();
    for word in cells().map(Cell::shown) {
        let place = words.iter().position(|known| *known == word).unwrap_or_else(|| {
            words.push(word);
            words.len() - 1
        });
        at.push(place);
    }
    json!({ "name": name, "unit": head.unit, "words": words, "at": at })
}

/// To six decimals, unless that would leave nothing.
fn rounded(value: f64) -> f64 {
    if value.abs() < 0.001 { value } else { (value * 1e6).round() / 1e6 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;

    #[test]
    fn nothing_in_the_data_ends_the_script() {
        assert_eq!(embedded(&json!("</script><script>")), "\"\\u003c/script>\\u003cscript>\"");
    }

    #[test]
    fn a_column_is_numbers_or_a_list_of_words() {
        let mut table = Table::new("", vec![Column::text("arm"), Column::number("a\nb", "s")]);
        table.push(vec![Cell::text("x"), Cell::Missing]);
        table.push(vec![Cell::text("y"), Cell::Number(0.123_456_789)]);
        table.push(vec![Cell::text("x"), Cell::Number(1e-9)]);
        assert_eq!(column(&table, 0), json!({ "name": "arm", "unit": "", "words": ["x", "y"], "at": [0, 1, 0] }));
        assert_eq!(column(&table, 1), json!({ "name": "a b", "unit": "s", "values": [null, 0.123457, 1e-9] }));
    }
}
