//! Lines as Java's `printf` pads them.

use std::io::{self, Write};

/// How wide columns are: as wide as what is in them, and at least so.
#[derive(Debug)]
pub(super) struct Columns(Vec<usize>);

impl Columns {
    /// Without a width a column is the last, and what is in it is not padded.
    pub(super) fn fitting(least: &[usize], rows: &[Vec<String>]) -> Columns {
        let width = |(at, least): (usize, &usize)| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
            cells.max().unwrap_or_default().max(*least)
        };
        Columns(least.iter().enumerate().map(width).collect())
    }

    /// How wide the first is.
    pub(super) fn first(&self) -> usize {
        self.0.first().copied().unwrap_or_default()
    }

    /// Of these widths, whatever is in them.
    pub(super) fn fixed(widths: &[usize]) -> Columns {
        Columns(widths.to_vec())
    }

    /// With columns behind these that do not grow with what is in them.
    pub(super) fn then(mut self, widths: &[usize]) -> Columns {
        self.0.extend(widths);
        self
    }

    /// A column that does not grow with what is in it.
    pub(super) fn with_width(mut self, at: usize, width: usize) -> Columns {
        self.0[at] = width;
        self
    }

    pub(super) fn write(&self, out: &mut dyn Write, row: &[impl AsRef<str>]) -> io::Result<()> {
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                write!(out, " ")?;
            }
            write!(out, "{:width$}", cell.as_ref(), width = self.0.get(at).copied().unwrap_or_default())?;
        }
        Ok(())
    }

    pub(super) fn write_lines(&self, out: &mut dyn Write, rows: &[Vec<String>]) -> io::Result<()> {
        for row in rows {
            self.write(out, row)?;
            writeln!(out)?;
        }
        Ok(())
    }

    /// Lines with an empty one above them.
    pub(super) fn write_set_off(&self, out: &mut dyn Write, rows: &[Vec<String>]) -> io::Result<()> {
        for row in rows {
            writeln!(out)?;
            self.write(out, row)?;
        }
        writeln!(out)
    }
}

/// A table as Kafka's later scripts print it: each cell as wide as its column, with a tab behind it.
pub(super) fn write_table<const N: usize>(
    out: &mut dyn Write,
    headings: [&str; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let width = |(at, heading): (usize, &&str)| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        cells.max().unwrap_or_default().max(heading.len())
    };
    let widths: Vec<usize> = headings.iter().enumerate().map(width).collect();
    for row in std::iter::once(&headings.map(str::to_owned)).chain(rows) {
        for (cell, &width) in row.iter().zip(&widths) {
            write!(out, "{cell:width$}\t")?;
        }
        writeln!(out)?;
    }
    Ok(())
}
