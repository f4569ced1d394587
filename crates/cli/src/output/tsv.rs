//! Tab-separated values: every column, below its heading.

use std::io::{self, Write};

use serde_json::Value;

use super::cell;
use super::layout::{Column, Layout};

/// What is shown alone is a table of facts, and behind it one of each field that has rows, after an empty line.
pub(super) fn write(out: &mut impl Write, layout: &Layout, items: &[Value]) -> io::Result<()> {
    match layout {
        Layout::Rows(columns) => write_rows(out, columns, items),
        Layout::Details { facts, tables } => {
            write_rows(out, facts, items)?;
            for nested in *tables {
                let rows = items.iter().filter_map(|item| item[nested.field].as_array()).flatten();
                writeln!(out)?;
                write_rows(out, nested.columns, rows)?;
            }
            Ok(())
        }
    }
}

fn write_rows<'a>(
    out: &mut impl Write,
    columns: &[Column],
    rows: impl IntoIterator<Item = &'a Value>,
) -> io::Result<()> {
    let headings: Vec<&str> = columns.iter().map(|column| column.heading).collect();
    writeln!(out, "{}", headings.join("\t"))?;
    for row in rows {
        let cells: Vec<String> = columns.iter().map(|column| cell::text(&row[column.field])).collect();
        writeln!(out, "{}", cells.join("\t"))?;
    }
    Ok(())
}
