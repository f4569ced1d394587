//! Snapshots of the metadata log: `END-EPOCH.checkpoint`, and `bootstrap.checkpoint`, which has the same format.
//!
//! ```text
//! control batch   SnapshotHeader [KRaftVersion] [KRaftVoters]
//! batches         the image as records; offsets count from 0
//! control batch   SnapshotFooter
//! ```

use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use ottla_log::{
    disk::{Disk, Kind},
    format,
};
use ottla_metadata::Image;
use ottla_records::{Batch, Batches, ControlType, Epoch, Offset, Timestamp};
use ottla_wire::messages::MetadataRecord;

use crate::{
    Error, Result,
    encode::{Position, batches, read_batch},
    files::{list, read_whole},
    kraft::{Voters, snapshot_footer, snapshot_header},
};

const SUFFIX: &str = ".checkpoint";
/// The one that is written now and the one before it: should the newer be unreadable, an operator has the older.
const KEPT: usize = 2;

/// What a snapshot covers: everything below `end`, whose last record is of `epoch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotId {
    pub end: Offset,
    pub epoch: Epoch,
}

impl SnapshotId {
    pub fn file_name(self) -> String {
        format!("{:020}-{:010}{SUFFIX}", self.end, self.epoch)
    }

    /// `None` for any other file.
    pub fn parse(file_name: &str) -> Option<SnapshotId> {
        let (end, epoch) = file_name.strip_suffix(SUFFIX)?.split_once('-')?;
        let is_number = |text: &str, digits| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(end, 20) || !is_number(epoch, 10) {
            return None;
        }
        Some(SnapshotId { end: end.parse().ok()?, epoch: epoch.parse().ok()? })
    }

    /// All snapshots of a folder, the oldest first. None where there is no folder.
    pub(crate) fn list(disk: &dyn Disk, folder: &Path) -> Result<Vec<SnapshotId>> {
        let entries = list(disk, folder)?;
        let files = entries.iter().filter(|entry| entry.kind == Kind::File);
        let mut ids: Vec<_> = files.filter_map(|entry| SnapshotId::parse(&entry.name)).collect();
        ids.sort_unstable();
        Ok(ids)
    }
}

/// A snapshot, read.
#[derive(Debug)]
pub struct Snapshot {
    pub records: Vec<MetadataRecord>,
    pub(crate) voters: Voters,
}

impl Snapshot {
    /// `None` if there is no such file. A snapshot takes its name when it is complete, so one that is not whole is
    /// damaged.
    pub fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Snapshot>> {
        let Some(bytes) = read_whole(disk, path)? else { return Ok(None) };
        Snapshot::parse(bytes).map(Some).map_err(|reason| Error::malformed(path, reason))
    }

    fn parse(bytes: Bytes) -> std::result::Result<Snapshot, String> {
        let mut snapshot = Snapshot { records: Vec::new(), voters: Voters::default() };
        let mut last_control = None;
        let mut next_offset = 0;
        for batch in Batches::new(bytes) {
            let batch = batch.map_err(|error| error.to_string())?;
            batch.check_crc().map_err(|error| error.to_string())?;
            if batch.header().base_offset != next_offset {
                return Err(format!("a batch is missing at offset {next_offset}"));
            }
            next_offset = batch.header().next_offset();
            if last_control.is_none() && !batch.header().is_control() {
                return Err("it does not begin with a header".into());
            }
            let Snapshot { records, voters } = &mut snapshot;
            read_batch(
                &batch,
                0,
                |_, record| {
                    records.push(record);
                    Ok(())
                },
                |control_type, value| {
                    voters.replay(control_type, value);
                    last_control = Some(control_type);
                },
            )
            .map_err(|error| error.to_string())?;
        }
        match last_control {
            Some(ControlType::SnapshotFooter) => Ok(snapshot),
            _ => Err("it ends without a footer".into()),
        }
    }
}

/// What a snapshot is made of.
pub(crate) struct Contents<'a, R> {
    pub(crate) records: R,
    pub(crate) voters: &'a Voters,
    pub(crate) epoch: Epoch,
    /// Of the last batch that the snapshot covers.
    pub(crate) last_timestamp: Timestamp,
    pub(crate) now_ms: Timestamp,
}

impl<R: IntoIterator<Item = Bytes>> Contents<'_, R> {
    pub(crate) fn encode(self) -> Bytes {
        let mut out = BytesMut::new();
        let start = Position { next_offset: 0, epoch: self.epoch, timestamp: self.now_ms };
        let mut next = push(&mut out, &snapshot_header(self.last_timestamp, self.voters, start), start);
        for batch in batches(self.records, next) {
            next = push(&mut out, &batch, next);
        }
        push(&mut out, &snapshot_footer(next), next);
        out.freeze()
    }

    /// Durable on return, under its name only when it is complete.
    pub(crate) fn write(self, disk: &dyn Disk, path: &Path) -> Result<()> {
        Ok(format::replace(disk, path, &self.encode())?)
    }
}

fn push(out: &mut BytesMut, batch: &Batch, position: Position) -> Position {
    out.extend_from_slice(batch.bytes());
    Position { next_offset: batch.header().next_offset(), ..position }
}

/// The records of an image, as they are stored.
pub(crate) fn values(image: &Image) -> impl Iterator<Item = Bytes> {
    image.records().map(|record| record.encode_framed(image.record_version(&record)))
}

/// Removes all but the newest, and gives the oldest of those that are left, once there are as many as are kept.
pub(crate) fn remove_old(disk: &dyn Disk, folder: &Path) -> Result<Option<SnapshotId>> {
    let ids = SnapshotId::list(disk, folder)?;
    let (old, kept) = ids.split_at(ids.len().saturating_sub(KEPT));
    for id in old {
        let path: PathBuf = folder.join(id.file_name());
        disk.remove_file(&path).map_err(|source| Error::Io { path, source })?;
    }
    Ok(kept.first().copied().filter(|_| kept.len() == KEPT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kafkas() {
        let id = SnapshotId { end: 378, epoch: 3 };
        assert_eq!(id.file_name(), "00000000000000000378-0000000003.checkpoint");
        assert_eq!(SnapshotId::parse(&id.file_name()), Some(id));
        for other in [
            "bootstrap.checkpoint",
            "00000000000000000378-0000000003.checkpoint.tmp",
            "1-2.checkpoint",
            "0000000000000000037x-0000000003.checkpoint",
            "99999999999999999999-0000000003.checkpoint",
        ] {
            assert_eq!(SnapshotId::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_snapshot_that_is_not_whole_is_refused() {
        let voters = Voters::default();
        let contents =
            Contents { records: Vec::new(), voters: &voters, epoch: 1, last_timestamp: 0, now_ms: 5 };
        let whole = contents.encode();
        assert!(Snapshot::parse(whole.clone()).is_ok());
        for cut in 0..whole.len() {
            assert!(Snapshot::parse(whole.slice(..cut)).is_err(), "{cut} bytes");
        }
        // A batch's leader epoch is outside of its checksum.
        let header = 61 + 22;
        let epochs = [12..16, header + 12..header + 16];
        for flipped in (0..whole.len()).filter(|byte| !epochs.iter().any(|epoch| epoch.contains(byte))) {
            let mut bytes = whole.to_vec();
            bytes[flipped] ^= 4;
            assert!(Snapshot::parse(bytes.into()).is_err(), "byte {flipped}");
        }
    }
}
