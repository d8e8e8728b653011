//! How is a table for readers laid out for programs?
//!
//! A column for each end of an interval, and the unit of what has several kinds of it: in the head of its column where all rows agree, in a
//! column `unit` where each row has its own.

use super::{Cell, Column, Table};

/// The same values with one number per column.
pub(super) fn widened(table: &Table) -> Table {
    let mut columns: Vec<(Column, Vec<Cell>)> = Vec::new();
    for (index, column) in table.columns.iter().enumerate() {
        let cells = || table.rows.iter().map(|row| &row[index]);
        if cells().any(|cell| matches!(cell, Cell::Between(_))) {
            let [from, to] = ["from", "to"].map(|end| Column { name: format!("{} {end}", column.name), ..column.clone() });
            columns.push((from, cells().map(|cell| end(cell, |ends| &ends.0)).collect()));
            columns.push((to, cells().map(|cell| end(cell, |ends| &ends.1)).collect()));
        } else {
            columns.push((column.clone(), cells().cloned().collect()));
        }
    }
    let mut of_rows: Vec<&'static str> = vec![""; table.rows.len()];
    let mut first_of_several = None;
    for (place, (column, cells)) in columns.iter_mut().enumerate() {
        let mut units = cells.iter().map(Cell::unit).filter(|unit| !unit.is_empty());
        let Some(first) = units.next().filter(|_| column.unit.is_empty()) else { continue };
        if units.all(|unit| unit == first) && cells.iter().all(|cell| *cell == Cell::Missing || cell.unit() == first) {
            column.unit = first;
            continue;
        }
        first_of_several = first_of_several.or(Some(place));
        let unknown = of_rows.iter_mut().zip(cells.iter()).filter(|(unit, _)| unit.is_empty());
        unknown.for_each(|(unit, cell)| *unit = cell.unit());
    }
    if let Some(place) = first_of_several {
        columns.insert(place, (Column::text("unit"), of_rows.into_iter().map(Cell::text).collect()));
    }
    let (heads, mut cells): (Vec<Column>, Vec<_>) = columns.into_iter().map(|(head, cells)| (head, cells.into_iter())).unzip();
    let mut wide = Table::new(table.title.as_str(), heads);
    for _ in &table.rows {
        wide.push(cells.iter_mut().map(|column| column.next().expect("every column has a cell for every row")).collect());
    }
    wide
}

/// One end of an interval; what is none has both ends where it is.
fn end(cell: &Cell, which: fn(&(Cell, Cell)) -> &Cell) -> Cell {
    match cell {
        Cell::Between(ends) => which(ends).clone(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::time::SimDuration;

    fn between(low: Cell, high: Cell) -> Cell {
        Cell::Between(Box::new((low, high)))
    }

    #[test]
    fn both_ends_of_an_interval_are_there_with_the_unit_of_their_row() {
        let columns = vec![Column::text("measure"), Column::number("mean\ndifference", ""), Column::number("interval", "")];
        let mut table = Table::new("t", columns);
        let second = |millis| Cell::Length(SimDuration::from_millis(millis));
        table.push(vec![Cell::text("a"), Cell::Points(10_000_000), between(Cell::Points(-20_000_000), Cell::Points(40_000_000))]);
        table.push(vec![Cell::text("b"), second(1_500), between(second(1_000), second(2_000))]);
        table.push(vec![Cell::text("c"), second(7), Cell::Missing]);
        let wide = table.in_files();
        let heads: Vec<String> = wide.columns.iter().map(Column::heading).collect();
        assert_eq!(heads, ["measure", "unit", "mean difference", "interval from", "interval to"]);
        let rows: Vec<Vec<String>> = wide.rows.iter().map(|row| row.iter().map(Cell::raw).collect()).collect();
        assert_eq!(rows, [["a", "pp", "1", "-2", "4"], ["b", "s", "1.5", "1", "2"], ["c", "s", "0.007", "", ""]]);
    }

    #[test]
    fn a_unit_that_all_rows_have_stands_in_the_head_and_what_has_no_interval_is_left_alone() {
        let mut table = Table::new("t", vec![Column::number("share", ""), Column::number("interval", "")]);
        table.push(vec![Cell::share(0.5), between(Cell::share(0.25), Cell::share(0.75))]);
        table.push(vec![Cell::share(1.0), Cell::Missing]);
        let heads: Vec<String> = table.in_files().columns.iter().map(Column::heading).collect();
        assert_eq!(heads, ["share [0..1]", "interval from [0..1]", "interval to [0..1]"]);
        let mut plain = Table::new("t", vec![Column::number("share", "")]);
        plain.push(vec![Cell::share(0.5)]);
        assert_eq!(*plain.in_files(), plain);
    }
}
