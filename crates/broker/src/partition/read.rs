//! Reading batches for a fetch.

use std::sync::Arc;

use ottla_log::{Log, ReadResult, Slice};
use ottla_records::{BATCH_HEADER_SIZE, BatchHeader, Epoch, Offset, Timestamp, TimestampType};
use ottla_replica::{AbortedTransaction, EpochEnd};
use ottla_wire::{FilePart, Records, RecordsPart};

use super::{Partition, State};
use crate::fetch::cold::ColdReads;

/// Ranges of files up to this size are read into memory: cheaper than a system call of their own.
const LOADED_MAX: usize = 64 * 1024;
/// Stands for "the client did not say".
const NO_EPOCH: Epoch = -1;

/// How much a fetch takes of one partition, and of what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadLimits {
    pub(crate) offset: Offset,
    pub(crate) bytes_max: usize,
    /// The first batch comes even if it alone is larger.
    pub(crate) min_one: bool,
    /// Only what no open transaction holds back.
    pub(crate) committed_only: bool,
    /// What the reader believes the leader's epoch to be, or -1.
    pub(crate) current_leader_epoch: Epoch,
    /// The epoch of the last record that it has, or -1.
    pub(crate) last_fetched_epoch: Epoch,
}

/// What a fetch gets of one partition.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) records: Records,
    pub(crate) high_watermark: Offset,
    pub(crate) last_stable_offset: Offset,
    pub(crate) log_start: Offset,
    /// Transactions whose records the reader must skip; None unless it reads committed ones only.
    pub(crate) aborted: Option<Vec<AbortedTransaction>>,
    /// Where the reader's log and this one part.
    pub(crate) diverging: Option<EpochEnd>,
    /// The reader has all that it may read.
    pub(crate) is_at_end: bool,
    /// There may be more for the reader, which is left for its next fetch.
    pub(crate) is_cut_short: bool,
}

/// Why a partition cannot be read. Each is one error code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadRefused {
    #[error("the topic was deleted")]
    Deleted,
    #[error("leader epoch {asked} is older than the current one, {current}")]
    FencedEpoch { asked: Epoch, current: Epoch },
    #[error("leader epoch {asked} is newer than the current one, {current}")]
    UnknownEpoch { asked: Epoch, current: Epoch },
    #[error("offset {offset} is not in the log")]
    OutOfRange { offset: Offset, high_watermark: Offset, log_start: Offset },
    #[error(transparent)]
    Storage(#[from] ottla_log::Error),
}

impl Partition {
    /// Reads what there is, without waiting for more. What is on the disk alone is waited for. Cancel-safe.
    pub(crate) async fn read(
        &self,
        limits: &ReadLimits,
        cold_reads: &ColdReads,
    ) -> Result<Fetched, ReadRefused> {
        cold_reads.look_up(|| self.read_cached(limits)).await
    }

    fn read_cached(&self, limits: &ReadLimits) -> Result<Fetched, ReadRefused> {
        let (mut fetched, read) = self.lock().read(limits)?;
        fetched.records = records(&read)?;
        Ok(fetched)
    }

    /// As [`Partition::read`], with the records in one piece of memory. It waits for the disk: not for threads that serve
    /// connections.
    pub(crate) fn read_loaded(&self, limits: &ReadLimits) -> Result<Fetched, ReadRefused> {
        loop {
            let found = self.lock().read(limits);
            match found {
                Err(ReadRefused::Storage(ottla_log::Error::Cold(cold))) => cold.load()?,
                Err(refused) => return Err(refused),
                Ok((fetched, read)) => {
                    let bytes = read.load().map_err(ottla_log::Error::Unreadable)?;
                    return Ok(Fetched { records: bytes.into(), ..fetched });
                }
            }
        }
    }

    /// Looks something up in the log. What is not in memory is waited for, without the lock: not for threads that
    /// serve connections.
    pub(crate) fn look_up_waiting<T>(
        &self,
        mut look: impl FnMut(&mut State) -> ottla_log::Result<T>,
    ) -> ottla_log::Result<T> {
        loop {
            let found = look(&mut self.lock());
            match found {
                Err(ottla_log::Error::Cold(cold)) => cold.load()?,
                found => return found,
            }
        }
    }

    /// The timestamp of the first batch that ends behind `offset`, if it can be read. Of the log's bytes only the
    /// batch's header is. It waits for the disk.
    pub(crate) fn timestamp_from(&self, offset: Offset) -> Option<Timestamp> {
        let read = self.look_up_waiting(|state| {
            let (start, end) = (state.log.start_offset(), state.replica.high_watermark());
            state.log.without_waiting(|log| log.read(offset.clamp(start, end.max(start)), 0, end, true))
        });
        let mut head = [0; BATCH_HEADER_SIZE];
        match read.ok()?.slices.first()? {
            Slice::Memory(bytes) => head.copy_from_slice(bytes.get(..BATCH_HEADER_SIZE)?),
            Slice::File { file, position, .. } => file.read_exact_at(&mut head, *position).ok()?,
        }
        let header = BatchHeader::parse(&head).ok()?;
        Some(match header.timestamp_type() {
            TimestampType::CreateTime => header.base_timestamp,
            TimestampType::LogAppendTime => header.max_timestamp,
        })
    }
}

impl State {
    /// What a reader is told, without the records yet, and where these are.
    fn read(&mut self, limits: &ReadLimits) -> Result<(Fetched, ReadResult), ReadRefused> {
        self.check_epoch(limits.current_leader_epoch)?;
        let replica = &self.replica;
        let (high_watermark, last_stable_offset) = (replica.high_watermark(), replica.last_stable_offset());
        let log_start = replica.log_start_offset();
        let upper = if limits.committed_only { last_stable_offset } else { high_watermark };
        let mut fetched = Fetched {
            records: Records::default(),
            high_watermark,
            last_stable_offset,
            log_start,
            aborted: limits.committed_only.then(Vec::new),
            diverging: self.diverging(limits),
            is_cut_short: false,
            is_at_end: false,
        };
        if fetched.diverging.is_some() {
            return Ok((fetched, ReadResult::default()));
        }
        if !(log_start..=replica.log_end_offset()).contains(&limits.offset) {
            return Err(ReadRefused::OutOfRange { offset: limits.offset, high_watermark, log_start });
        }
        fetched.is_at_end = limits.offset >= upper;
        let look = |log: &mut Log| log.read(limits.offset, limits.bytes_max, upper, limits.min_one);
        let read = self.log.without_waiting(look)?;
        if limits.committed_only && !read.is_empty() {
            fetched.aborted = Some(self.aborted_within(limits.offset, upper)?);
        }
        fetched.is_cut_short = read.is_cut_short;
        Ok((fetched, read))
    }

    /// Whether who asks knows the leader's epoch, if it said one.
    pub(crate) fn check_epoch(&self, asked: Epoch) -> Result<(), ReadRefused> {
        if self.is_deleted {
            return Err(ReadRefused::Deleted);
        }
        let current = self.replica.leader_epoch();
        match asked {
            NO_EPOCH => Ok(()),
            asked if asked < current => Err(ReadRefused::FencedEpoch { asked, current }),
            asked if asked > current => Err(ReadRefused::UnknownEpoch { asked, current }),
            _ => Ok(()),
        }
    }

    fn diverging(&self, limits: &ReadLimits) -> Option<EpochEnd> {
        if limits.last_fetched_epoch == NO_EPOCH {
            return None;
        }
        let end = self.replica.end_offset_for(limits.last_fetched_epoch)?;
        (end.epoch < limits.last_fetched_epoch || end.end_offset < limits.offset).then_some(end)
    }

    fn aborted_within(
        &mut self,
        from: Offset,
        upper: Offset,
    ) -> Result<Vec<AbortedTransaction>, ReadRefused> {
        let entries = self.log.without_waiting(|log| log.aborted_transactions(from, upper))?;
        Ok(entries
            .iter()
            .map(|entry| AbortedTransaction {
                producer_id: entry.producer_id,
                first_offset: entry.first_offset,
                last_offset: entry.last_offset,
                last_stable_offset: entry.last_stable_offset,
            })
            .collect())
    }
}

/// The slices of a read as a response refers to them.
fn records(read: &ReadResult) -> Result<Records, ReadRefused> {
    let loads = read.bytes <= LOADED_MAX;
    let part = |slice: &Slice| -> Result<RecordsPart, ReadRefused> {
        match slice {
            Slice::Memory(bytes) => Ok(RecordsPart::Bytes(bytes.clone())),
            Slice::File { file, position, len } => match file.as_std() {
                Some(file) if !loads => Ok(RecordsPart::File(FilePart {
                    file: Arc::clone(&file),
                    position: *position,
                    len: *len as usize,
                })),
                _ => Ok(RecordsPart::Bytes(slice.load_cached()?)),
            },
        }
    };
    match read.slices.as_slice() {
        [] => Ok(Records::default()),
        [Slice::Memory(bytes)] => Ok(Records::from(bytes.clone())),
        slices => slices.iter().map(part).collect(),
    }
}
