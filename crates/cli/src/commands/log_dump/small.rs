//! The small files beside the segments: each is read whole.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result};
use ottla_log::disk::RealDisk;
use ottla_log::format::{
    CleanShutdown, LeaderEpochs, MetaProperties, PartitionMetadata, decode_producer_snapshot,
    read_offset_checkpoint,
};
use serde_json::Value;

use super::line::Line;
use super::report::Report;

pub(super) fn dump_producers<W: Write>(path: &Path, report: &mut Report<W>) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    lines(report, decode_producer_snapshot(&bytes))
}

pub(super) fn dump_leader_epochs<W: Write>(path: &Path, report: &mut Report<W>) -> Result<()> {
    dump_text(path, report, |text| LeaderEpochs::parse(text).map(|epochs| epochs.entries().to_vec()))
}

pub(super) fn dump_offset_checkpoint<W: Write>(path: &Path, report: &mut Report<W>) -> Result<()> {
    lines(report, read_offset_checkpoint(&RealDisk, path))
}

pub(super) fn dump_partition_metadata<W: Write>(path: &Path, report: &mut Report<W>) -> Result<()> {
    dump_text(path, report, |text| {
        PartitionMetadata::parse(text).map(|metadata| [metadata]).ok_or("the file names no topic")
    })
}

pub(super) fn dump_meta_properties<W: Write>(path: &Path, report: &mut Report<W>) -> Result<()> {
    dump_text(path, report, |text| MetaProperties::parse(text).map(|properties| [properties]))
}

pub(super) fn dump_clean_shutdown<W: Write>(path: &Path, report: &mut Report<W>) -> Result<()> {
    dump_text(path, report, |text| {
        let CleanShutdown { broker_epoch } = CleanShutdown::parse(text);
        Ok::<_, String>([Line::CleanShutdown { broker_epoch }])
    })
}

pub(super) fn dump_quorum_state<W: Write>(path: &Path, report: &mut Report<W>) -> Result<()> {
    dump_text(path, report, |text| {
        serde_json::from_str::<Value>(text).map(|data| [Line::QuorumState { data }])
    })
}

fn dump_text<W, T, L, E>(
    path: &Path,
    report: &mut Report<W>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<()>
where
    W: Write,
    T: IntoIterator<Item = L>,
    L: Into<Line>,
    E: ToString,
{
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    match String::from_utf8(bytes) {
        Ok(text) => lines(report, parse(&text)),
        Err(error) => Ok(report.damage(None, error)?),
    }
}

fn lines<W, T, L, E>(report: &mut Report<W>, parsed: Result<T, E>) -> Result<()>
where
    W: Write,
    T: IntoIterator<Item = L>,
    L: Into<Line>,
    E: ToString,
{
    match parsed {
        Ok(entries) => entries.into_iter().try_for_each(|entry| report.line(entry))?,
        Err(reason) => report.damage(None, reason)?,
    }
    Ok(())
}
