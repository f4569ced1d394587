//! Kafka's checkpoint files: text, one entry a line, the number of entries in front.
//!
//! ```text
//! 0                        version
//! 2                        entries
//! orders 0 1200            topic, partition, offset
//! orders 1 1187
//! ```
//! One of each kind (`recovery-point-`, `replication-`, `log-start-`, `cleaner-offset-checkpoint`) lies in a data
//! directory and speaks of all partitions in it.

use std::fmt::Write as _;
use std::path::Path;

use ottla_records::Offset;

use super::atomic::{read_text, replace};
use crate::disk::Disk;
use crate::error::{Error, Result};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionOffset {
    pub topic: String,
    pub partition: i32,
    pub offset: Offset,
}

/// Empty if there is no such file.
pub fn read_offset_checkpoint(disk: &dyn Disk, path: &Path) -> Result<Vec<PartitionOffset>> {
    let Some(text) = read_text(disk, path)? else { return Ok(Vec::new()) };
    parse_lines(&text, parse_entry).map_err(|reason| Error::malformed(path, reason))
}

/// Durable on return.
pub fn write_offset_checkpoint(disk: &dyn Disk, path: &Path, entries: &[PartitionOffset]) -> Result<()> {
    let text =
        to_lines(entries, |line, entry| write!(line, "{} {} {}", entry.topic, entry.partition, entry.offset));
    replace(disk, path, text.as_bytes())
}

fn parse_entry(line: &str) -> Option<PartitionOffset> {
    let mut words = line.split(' ');
    let entry = PartitionOffset {
        topic: words.next()?.to_owned(),
        partition: words.next()?.parse().ok()?,
        offset: words.next()?.parse().ok()?,
    };
    words.next().is_none().then_some(entry)
}

/// Reads the entries of a checkpoint of version 0. An empty file has none.
pub(crate) fn parse_lines<T>(
    text: &str,
    entry: impl Fn(&str) -> Option<T>,
) -> std::result::Result<Vec<T>, String> {
    let mut lines = text.lines();
    match lines.next() {
        None => return Ok(Vec::new()),
        Some("0") => {}
        Some(other) => return Err(format!("version {other} is not known")),
    }
    let count: usize =
        lines.next().and_then(|line| line.parse().ok()).ok_or("the number of entries is missing")?;
    let entries = lines
        .map(|line| entry(line).ok_or_else(|| format!("{line:?} is no entry")))
        .collect::<std::result::Result<Vec<T>, String>>()?;
    if entries.len() != count {
        return Err(format!("{count} entries are announced and {} are there", entries.len()));
    }
    Ok(entries)
}

pub(super) fn to_lines<T>(
    entries: &[T],
    mut entry: impl FnMut(&mut String, &T) -> std::fmt::Result,
) -> String {
    let mut text = format!("0\n{}\n", entries.len());
    for item in entries {
        entry(&mut text, item).expect("writing to a string does not fail");
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_kafka_writes_them() {
        let entries =
            parse_lines("0\n2\nwith.dots_and-dashes 0 12\ntx 1 60\n", parse_entry).expect("a checkpoint");
        assert_eq!(
            entries[0],
            PartitionOffset { topic: "with.dots_and-dashes".into(), partition: 0, offset: 12 }
        );
        assert_eq!(entries.len(), 2);
    }

    #[test]
    fn a_damaged_checkpoint_is_refused() {
        for text in
            ["1\n0\n", "0\n", "0\nx\n", "0\n2\na 0 1\n", "0\n1\na 0\n", "0\n1\na 0 1 2\n", "0\n1\na b 1\n"]
        {
            assert!(parse_lines(text, parse_entry).is_err(), "{text:?}");
        }
    }
}
