//! Tables for programs: every column, separated by tabs or commas, below its heading.

use std::io::{self, Write};

use serde_json::Value;

use super::cell;
use super::layout::{Column, Layout};

/// What is between columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// A dash where there is nothing, as in tables.
    Tab,
    /// As RFC 4180 has it: nothing where there is nothing, and quotes around what has commas or quotes in it.
    Comma,
}

/// What is shown alone is a table of facts, and behind it one of each field that has rows, after an empty line.
pub(super) fn write(
    out: &mut impl Write,
    separator: Separator,
    layout: &Layout,
    items: &[Value],
) -> io::Result<()> {
    match layout {
        Layout::Rows(columns) => separator.write_rows(out, columns, items.iter().map(alone)),
        Layout::Details { facts, tables } => {
            separator.write_rows(out, facts, items.iter().map(alone))?;
            for nested in *tables {
                let rows = items.iter().flat_map(|item| {
                    let rows = item[nested.field].as_array().map_or(&[][..], Vec::as_slice);
                    rows.iter().map(move |row| (item, row))
                });
                separator.write_row(out, &[])?;
                separator.write_rows(out, nested.columns, rows)?;
            }
            Ok(())
        }
    }
}

fn alone(item: &Value) -> (&Value, &Value) {
    (item, item)
}

impl Separator {
    /// Each row with what it is of.
    fn write_rows<'a>(
        self,
        out: &mut impl Write,
        columns: &[Column],
        rows: impl Iterator<Item = (&'a Value, &'a Value)>,
    ) -> io::Result<()> {
        let headings: Vec<String> = columns.iter().map(|column| column.heading.to_owned()).collect();
        self.write_row(out, &headings)?;
        for (owner, row) in rows {
            let cells: Vec<String> = columns.iter().map(|column| self.cell(column.of(owner, row))).collect();
            self.write_row(out, &cells)?;
        }
        Ok(())
    }

    fn write_row(self, out: &mut impl Write, cells: &[String]) -> io::Result<()> {
        match self {
            Separator::Tab => writeln!(out, "{}", cells.join("\t")),
            Separator::Comma => write!(out, "{}\r\n", cells.join(",")),
        }
    }

    fn cell(self, value: &Value) -> String {
        match self {
            Separator::Tab => cell::text(value),
            Separator::Comma if value.is_null() => String::new(),
            Separator::Comma => quoted(cell::text(value)),
        }
    }
}

fn quoted(text: String) -> String {
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
