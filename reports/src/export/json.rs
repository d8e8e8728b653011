//! How does a table look to a program?
//!
//! `{"title", "columns": [{"name", "unit"}], "rows": [{name: value}]}`: numbers in the unit of their column, `null` for
//! what does not exist, `{"longer_than": seconds}` for a censored length.

use crate::table::{Cell, Column, Table};
use serde_json::{Map, Value, json};

/// The table as a JSON value.
pub fn table(table: &Table) -> Value {
    let table = table.in_files();
    let columns: Vec<Value> = table.columns.iter().map(|column| json!({ "name": name(column), "unit": column.unit })).collect();
    let row = |row: &Vec<Cell>| -> Value {
        let fields = table.columns.iter().zip(row).map(|(column, cell)| (name(column), value(cell)));
        Value::Object(fields.collect::<Map<_, _>>())
    };
    json!({ "title": table.title, "columns": columns, "rows": table.rows.iter().map(row).collect::<Vec<_>>() })
}

/// A line break in a head is for readers.
fn name(column: &Column) -> String {
    column.name.replace('\n', " ")
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Text(text) | Cell::Code(text) | Cell::Written(text, _) => Value::from(text.as_str()),
        Cell::Count(count) | Cell::OutOf(count, _) => Value::from(*count),
        Cell::Censored(length) => json!({ "longer_than": length.as_secs_f64() }),
        _ => cell.value().map_or(Value::Null, Value::from),
    }
}
