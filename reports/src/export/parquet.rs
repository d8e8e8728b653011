//! How do rows look to programs that read Parquet?
//!
//! One optional column for each of the table's: whole numbers (INT64), words (UTF-8) or other numbers (DOUBLE), in the unit of the column,
//! compressed with Snappy. A length that is known only to be longer is its bound; another column says which these are.

use super::results::plain;
use crate::table::{Cell, Table};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use std::sync::Arc;

/// Rows that are kept in memory at a time by whoever reads them.
const ROWS_IN_A_GROUP: usize = 65_536;

/// What a column consists of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Words,
    Whole,
    Real,
}

/// The table as a Parquet file: the same bytes every time.
///
/// # Errors
/// What the library says, which would be its fault or ours.
pub fn table(table: &Table) -> Result<Vec<u8>> {
    let table = table.in_files();
    let kinds: Vec<Kind> = (0..table.columns.len()).map(|column| kind(&table, column)).collect();
    let field = |(column, kind): (&crate::table::Column, &Kind)| {
        let name = column.heading();
        let builder = |physical| Type::primitive_type_builder(&name, physical).with_repetition(Repetition::OPTIONAL);
        let field = match kind {
            Kind::Words => builder(Physical::BYTE_ARRAY).with_logical_type(Some(LogicalType::String)).build(),
            Kind::Whole => builder(Physical::INT64).build(),
            Kind::Real => builder(Physical::DOUBLE).build(),
        };
        field.map(Arc::new)
    };
    let fields = table.columns.iter().zip(&kinds).map(field).collect::<Result<Vec<_>>>()?;
    let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("Stormglass {}", env!("CARGO_PKG_VERSION")))
        .build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    for rows in table.rows.chunks(ROWS_IN_A_GROUP) {
        let mut group = file.next_row_group()?;
        for (column, kind) in kinds.iter().enumerate() {
            let Some(writer) = group.next_column()? else { break };
            let cells = rows.iter().map(|row| plain(&row[column]));
            match kind {
                Kind::Words => write::<ByteArrayType>(writer, cells.map(|cell| words(cell).map(|text| ByteArray::from(text.as_str()))))?,
                Kind::Whole => write::<Int64Type>(writer, cells.map(whole))?,
                Kind::Real => write::<DoubleType>(writer, cells.map(Cell::value))?,
            }
        }
        group.close()?;
    }
    file.close()?;
    Ok(bytes)
}

/// The narrowest kind that holds all cells of a column.
fn kind(table: &Table, column: usize) -> Kind {
    let mut kind = Kind::Whole;
    for cell in table.rows.iter().map(|row| plain(&row[column])) {
        match cell {
            Cell::Missing => {}
            Cell::Text(_) | Cell::Code(_) => return Kind::Words,
            _ if whole(cell).is_some() => {}
            _ => kind = Kind::Real,
        }
    }
    kind
}

fn words(cell: &Cell) -> Option<String> {
    (*cell != Cell::Missing).then(|| cell.raw())
}

fn whole(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Count(count) | Cell::OutOf(count, _) => i64::try_from(*count).ok(),
        _ => None,
    }
}

/// Writes the values there are; a level of 1 says that there is one, 0 that there is none.
fn write<T: DataType>(mut writer: SerializedColumnWriter<'_>, cells: impl Iterator<Item = Option<T::T>>) -> Result<()> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    writer.typed::<T>().write_batch(&values, Some(&levels), None)?;
    writer.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::RowAccessor as _;
    use sim_core::time::SimDuration;

    #[test]
    fn what_is_written_is_read_back_with_its_gaps() {
        let columns = vec![Column::text("arm"), Column::number("calls", ""), Column::number("recovery time", "s")];
        let mut rows = Table::new("", columns);
        rows.push(vec![Cell::text("a, \"b\""), Cell::Count(7), Cell::Length(SimDuration::from_millis(1500))]);
        rows.push(vec![Cell::text("ü"), Cell::Missing, Cell::Censored(SimDuration::from_secs(60))]);
        rows.push(vec![Cell::Missing, Cell::Count(0), Cell::Missing]);
        let bytes = table(&rows).expect("it is written");
        assert_eq!(bytes, table(&rows).expect("it is written"));
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("it is read");
        let names: Vec<String> =
            reader.metadata().file_metadata().schema().get_fields().iter().map(|field| field.name().to_owned()).collect();
        assert_eq!(names, ["arm", "calls", "recovery time [s]"]);
        let read: Vec<_> = reader.get_row_iter(None).expect("it has rows").map(|row| row.expect("a row is read")).collect();
        assert_eq!((read[0].get_string(0).unwrap().as_str(), read[0].get_long(1).unwrap()), ("a, \"b\"", 7));
        assert!((read[0].get_double(2).unwrap() - 1.5).abs() < 1e-12 && (read[1].get_double(2).unwrap() - 60.0).abs() < 1e-12);
        assert_eq!((read[1].get_string(0).unwrap().as_str(), read[2].get_long(1).unwrap()), ("ü", 0));
        assert!(read[1].get_long(1).is_err() && read[2].get_string(0).is_err() && read[2].get_double(2).is_err());
    }
}
