//! Tables for people: aligned columns without lines around them, so that awk reads them too.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::Value;

use super::cell;
use super::layout::{Column, Layout, Shown};
use crate::style::Style;

pub(super) fn write(
    out: &mut impl Write,
    style: Style,
    is_wide: bool,
    layout: &Layout,
    items: &[Value],
) -> io::Result<()> {
    match layout {
        Layout::Rows(columns) => write_rows(out, style, &shown(columns, is_wide, items), items),
        Layout::Details { facts, tables } => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    writeln!(out)?;
                }
                write_facts(out, style, &shown(facts, is_wide, std::slice::from_ref(item)), item)?;
                for nested in *tables {
                    let rows = item[nested.field].as_array().map_or(&[][..], Vec::as_slice);
                    if !rows.is_empty() {
                        writeln!(out, "\n{}", style.heading(nested.title))?;
                        write_rows(out, style, &shown(nested.columns, is_wide, rows), rows)?;
                    }
                }
            }
            Ok(())
        }
    }
}

fn shown(columns: &'static [Column], is_wide: bool, rows: &[Value]) -> Vec<&'static Column> {
    let is_shown = |column: &&Column| match column.shown {
        Shown::Always => true,
        Shown::Wide => is_wide,
        Shown::Present => is_wide || rows.iter().any(|row| !row[column.field].is_null()),
        Shown::Nowhere => false,
    };
    columns.iter().filter(is_shown).collect()
}

fn write_facts(out: &mut impl Write, style: Style, facts: &[&Column], item: &Value) -> io::Result<()> {
    let width = facts.iter().map(|fact| fact.heading.len()).max().unwrap_or_default();
    for fact in facts {
        let heading = format!("{:width$}", fact.heading);
        writeln!(out, "{}  {}", style.heading(heading), cell::text(&item[fact.field]))?;
    }
    Ok(())
}

fn write_rows(out: &mut impl Write, style: Style, columns: &[&Column], rows: &[Value]) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| column.heading));
    table.add_rows(rows.iter().map(|row| columns.iter().map(|column| cell::text(&row[column.field]))));
    for (at, column) in columns.iter().enumerate() {
        let Some(aligned) = table.column_mut(at) else { continue };
        // Two spaces between columns, none before the first.
        aligned.set_padding((0, 2));
        if rows.iter().any(|row| row[column.field].is_number()) {
            aligned.set_cell_alignment(CellAlignment::Right);
        }
    }
    for (at, line) in table.lines().enumerate() {
        let line = line.trim_end();
        match at {
            0 => writeln!(out, "{}", style.heading(line))?,
            _ => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}
