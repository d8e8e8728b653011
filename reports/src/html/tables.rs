//! How does a table look on the page?

use super::escaped;
use crate::table::{Align, Cell, Table};
use std::fmt::Write as _;

/// The column that says of which arm a row is, and one that says of which arms.
const ARM: &str = "arm";
const ARMS: &str = "arms";

/// A table; numbers carry their raw value for the script that sorts, and what belongs to one of these arms carries its number for the script
/// that hides arms.
pub fn table(table: &Table, arms: &[String]) -> String {
    let mut html = "<div class=\"wide\"><table>\n<thead><tr>".to_owned();
    let class = |align: Align| if align == Align::Right { " class=\"number\"" } else { "" };
    let of_row = table.columns.iter().position(|column| column.name == ARM);
    // A column is an arm's where rows are not.
    let of_column: Vec<String> = table
        .columns
        .iter()
        .map(|column| if of_row.is_some() { String::new() } else { mark(arms, &column.name.replace('\n', " ")) })
        .collect();
    let is_name = |name: &str| [ARM, ARMS].contains(&name);
    for (column, mark) in table.columns.iter().zip(&of_column) {
        let class = if is_name(&column.name) { " class=\"name\"" } else { class(column.align) };
        let _ = write!(html, "<th scope=\"col\"{class}{mark}>{}</th>", escaped(&column.name).replace('\n', "<br>"));
    }
    html += "</tr></thead>\n<tbody>\n";
    for row in &table.rows {
        let mark = of_row.and_then(|column| row.get(column)).map_or(String::new(), |cell| mark(arms, &cell.shown()));
        let _ = write!(html, "<tr{mark}>");
        for ((column, mark), cell) in table.columns.iter().zip(&of_column).zip(row) {
            // A range may be broken after "to": a table that fits says more than one that has to be moved.
            let class = match cell {
                Cell::Between(_) => " class=\"number range\"",
                _ if is_name(&column.name) => " class=\"name\"",
                _ => class(column.align),
            };
            html += &cell_of(&format!("{class}{mark}"), cell);
        }
        html += "</tr>\n";
    }
    html += "</tbody>\n</table></div>\n";
    if let Some(note) = &table.note {
        let _ = writeln!(html, "<p class=\"note\">{}</p>", escaped(note));
    }
    html
}

/// The attribute of what belongs to an arm; nothing if it belongs to none.
pub fn mark(arms: &[String], name: &str) -> String {
    arms.iter().position(|arm| arm == name).map_or(String::new(), |arm| format!(" data-arm=\"{arm}\""))
}

fn cell_of(attributes: &str, cell: &Cell) -> String {
    let value = cell.value().map_or_else(String::new, |value| format!(" data-value=\"{value}\""));
    let shown = escaped(&cell.shown());
    match cell {
        // Broken there and nowhere else: a number keeps its unit.
        Cell::Between(_) => format!("<td{attributes}{value}>{}</td>", shown.replace(' ', "\u{a0}").replace("\u{a0}to\u{a0}", "\u{a0}to ")),
        Cell::Code(_) => format!("<td{attributes}><code>{}</code></td>", kept_whole(&shown)),
        Cell::Noted(_, note) => format!("<td{attributes}{value}><abbr title=\"{}\">{shown}</abbr></td>", escaped(note)),
        _ => format!("<td{attributes}{value}>{shown}</td>"),
    }
}

/// A command whose options are not torn apart at the end of a line.
fn kept_whole(command: &str) -> String {
    let word = |word: &str| if word.starts_with("--") { format!("<span>{word}</span>") } else { word.to_owned() };
    command.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;

    #[test]
    fn heads_are_broken_where_they_say_so_and_what_there_is_to_know_stands_below() {
        let mut rows = Table::new("", vec![Column::number("more\nthan < 1", "")]);
        rows.push(vec![Cell::Count(3)]);
        rows.note = Some("3 > 1.".to_owned());
        let html = table(&rows, &[]);
        assert!(html.contains(">more<br>than &lt; 1</th>"), "{html}");
        assert!(html.ends_with("</table></div>\n<p class=\"note\">3 &gt; 1.</p>\n"), "{html}");
    }

    #[test]
    fn what_belongs_to_an_arm_can_be_hidden_with_it() {
        let arms = ["a".to_owned(), "b & c".to_owned()];
        let mut rows = Table::new("", vec![Column::text("arm"), Column::number("a", "")]);
        rows.push(vec![Cell::text("b & c"), Cell::Count(3)]);
        let html = table(&rows, &arms);
        assert!(
            html.contains("<tr data-arm=\"1\"><td class=\"name\">b &amp; c</td><td class=\"number\" data-value=\"3\">3</td></tr>"),
            "{html}"
        );
        assert!(!html.contains("data-arm=\"0\""), "a column of a table of arms is no arm: {html}");
        let mut columns = Table::new("", vec![Column::text("cell"), Column::number("a", "")]);
        columns.push(vec![Cell::text("b & c"), Cell::Count(3)]);
        assert_eq!(table(&columns, &arms).matches("data-arm=\"0\"").count(), 2);
    }
}
