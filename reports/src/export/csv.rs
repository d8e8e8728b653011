//! How does a table look to a spreadsheet or a script?
//!
//! Raw numbers, the unit in the column's head, RFC 4180 quoting, lines end in `\n`.

use crate::table::{Column, Table};

/// The table as comma-separated values.
pub fn table(table: &Table) -> String {
    let table = table.in_files();
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let written = "memory takes every record";
    writer.write_record(table.columns.iter().map(Column::heading)).expect(written);
    for row in &table.rows {
        writer.write_record(row.iter().map(|cell| cell.raw())).expect(written);
    }
    let bytes = writer.into_inner().expect(written);
    String::from_utf8(bytes).expect("what was written were strings")
}
