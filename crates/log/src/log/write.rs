//! Carries the memory tail and the new index entries to the segment files.

use std::io::IoSlice;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use ottla_records::Offset;

use super::Log;
use super::segment::Segment;
use crate::error::{Error, Result};
use crate::files::{FileKey, Files};
use crate::index::{Growth, IndexEntry, encode_entries};
use crate::names::{FileKind, FileName};

/// Index entries wait for company, or for a sync: each write of a few bytes costs as much as one of a page.
const INDEX_ENTRIES_MIN: usize = 256;

/// Bytes that lie in memory and belong into files. Taken with [`Log::take_writes`], carried out with
/// [`Writes::run`], which needs no lock, and given back to [`Log::written`].
///
/// Dropped without that, nothing is lost: the next one carries the same bytes to the same places.
#[derive(Debug)]
pub struct Writes {
    files: Arc<Files>,
    dir: Arc<Path>,
    jobs: Vec<Job>,
    /// The log's first segment.
    first: Offset,
    /// `preallocate`: the size of a segment.
    reserved: Option<u64>,
    /// The segment and the position that the last bytes reach, and the offset that follows them.
    reached: Option<(Offset, u32, Offset)>,
    _in_use: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Job {
    key: FileKey,
    position: u64,
    parts: Vec<Bytes>,
    len: u64,
    /// The last that the indexes of a segment get.
    closes: bool,
}

impl Job {
    fn new(key: FileKey, position: u64) -> Job {
        Job { key, position, parts: Vec::new(), len: 0, closes: false }
    }

    fn of(key: FileKey, position: u64, bytes: Vec<u8>) -> Job {
        Job { key, position, len: bytes.len() as u64, parts: vec![bytes.into()], closes: false }
    }

    fn push(&mut self, part: &Bytes) {
        self.len += part.len() as u64;
        self.parts.push(part.clone());
    }

    fn opens_segment(&self) -> bool {
        self.key.kind == FileKind::Log && self.position == 0
    }

    fn end(&self) -> u64 {
        self.position + self.len
    }

    fn run(&self, files: &Files, dir: &Path) -> Result<()> {
        let file = files.get_or_create(self.key, dir)?;
        let parts: Vec<IoSlice<'_>> = self.parts.iter().map(|part| IoSlice::new(part)).collect();
        if parts.is_empty() {
            return Ok(());
        }
        let path = || FileName::new(self.key.base, self.key.kind).path(dir);
        file.write_all_at(&parts, self.position).map_err(|error| Error::io("write", &path())(error))
    }
}

impl Writes {
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub fn bytes(&self) -> u64 {
        self.jobs.iter().map(|job| job.len).sum()
    }

    /// May be repeated after an error, once its cause is gone.
    pub fn run(&self) -> Result<()> {
        for job in &self.jobs {
            if job.opens_segment() && job.key.base > self.first {
                // No segment may survive a crash that one before it does not survive.
                self.files.disk().sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))?;
            }
            job.run(&self.files, &self.dir)?;
            if let Some(len) = self.reserved {
                self.preallocate(job, len)?;
            }
        }
        Ok(())
    }

    /// Room for a segment that begins; what one that ends has not used is given back. The length of a file is that of its
    /// batches at any time, so that a recovery finds no zeros behind them. Without room it is as without the option.
    fn preallocate(&self, job: &Job, len: u64) -> Result<()> {
        let batches = FileKey { kind: FileKind::Log, ..job.key };
        if job.opens_segment() {
            let _best_effort = self.files.get(batches, &self.dir)?.reserve(len);
        } else if job.closes
            && let Some(file) = self.files.find(batches, &self.dir)?
        {
            let _best_effort = file.trim();
        }
        Ok(())
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = FileKey> {
        self.jobs.iter().map(|job| job.key)
    }

    /// Whether a file may be new.
    pub(super) fn creates(&self) -> bool {
        self.jobs.iter().any(|job| job.position == 0)
    }

    /// The offset up to which the log is in files after this.
    pub(super) fn reached_offset(&self) -> Option<Offset> {
        self.reached.map(|(_, _, offset)| offset)
    }
}

impl Log {
    /// All that is not in files yet, but for a few index entries.
    pub fn take_writes(&self) -> Writes {
        self.take(INDEX_ENTRIES_MIN)
    }

    /// All that is not in files yet.
    pub(super) fn take_all_writes(&self) -> Writes {
        self.take(1)
    }

    fn take(&self, index_entries_min: usize) -> Writes {
        let mut jobs = self.tail_jobs();
        for segment in &self.segments {
            if let Some(growth) = segment.growth.as_deref() {
                self.index_jobs(segment, growth, index_entries_min, &mut jobs);
            }
        }
        let reached = self.tail.iter().last().map(|batch| (batch.segment, batch.end(), self.end));
        Writes {
            files: Arc::clone(&self.files),
            dir: Arc::clone(&self.dir),
            jobs,
            first: self.segments[0].base,
            reserved: self.config.preallocate.then(|| self.config.segment_bytes.into()),
            reached,
            _in_use: Arc::clone(&self.in_use),
        }
    }

    /// The tail, as one run of bytes for each segment.
    fn tail_jobs(&self) -> Vec<Job> {
        let mut jobs: Vec<Job> = Vec::new();
        for batch in self.tail.iter() {
            let key = self.key(batch.segment, FileKind::Log);
            if jobs.last().is_none_or(|job| job.key != key) {
                jobs.push(Job::new(key, u64::from(batch.position)));
            }
            let job = jobs.last_mut().expect("one was just pushed");
            batch.parts().for_each(|part| job.push(part));
        }
        jobs
    }

    fn index_jobs(&self, segment: &Segment, growth: &Growth, entries_min: usize, jobs: &mut Vec<Job>) {
        let due = |pending: usize| growth.closed || pending >= entries_min;
        if due(growth.offsets.len()) {
            jobs.push(self.index_job(
                segment,
                FileKind::OffsetIndex,
                segment.offset_entries,
                &growth.offsets,
            ));
        }
        if !growth.aborted.is_empty() && due(growth.aborted.len()) {
            jobs.push(self.index_job(segment, FileKind::TxnIndex, segment.aborted_entries, &growth.aborted));
        }
        if due(growth.times.len()) {
            let job = self.index_job(segment, FileKind::TimeIndex, segment.time_entries, &growth.times);
            jobs.push(Job { closes: growth.closed, ..job });
        }
    }

    fn index_job<E: IndexEntry>(
        &self,
        segment: &Segment,
        kind: FileKind,
        in_file: u32,
        entries: &[E],
    ) -> Job {
        let position = u64::from(in_file) * E::SIZE as u64;
        Job::of(self.key(segment.base, kind), position, encode_entries(segment.base, entries))
    }

    /// The writes are done: the tail shrinks.
    pub fn written(&mut self, writes: Writes) {
        for job in &writes.jobs {
            self.job_done(job);
        }
        if let Some((segment, position, _)) = writes.reached {
            self.tail.drop_until(segment, position);
        }
        self.written_end = self.tail.first_offset().unwrap_or(self.end);
    }

    /// Everything that is in memory goes to the files at once: durability `os`.
    pub fn write_pending(&mut self) -> Result<()> {
        let writes = self.take_writes();
        writes.run()?;
        self.written(writes);
        Ok(())
    }

    fn job_done(&mut self, job: &Job) {
        let (base, kind) = (job.key.base, job.key.kind);
        if job.position == 0 {
            self.folder_changed = true;
        }
        if !self.unsynced.contains(&(base, kind)) {
            self.unsynced.push((base, kind));
        }
        let Ok(at) = self.segments.binary_search_by_key(&base, |segment| segment.base) else { return };
        let segment = &mut self.segments[at];
        match kind {
            FileKind::OffsetIndex => {
                settle(&mut segment.offset_entries, job, &mut segment.growth, |g| &mut g.offsets)
            }
            FileKind::TimeIndex => {
                settle(&mut segment.time_entries, job, &mut segment.growth, |g| &mut g.times)
            }
            FileKind::TxnIndex => {
                settle(&mut segment.aborted_entries, job, &mut segment.growth, |g| &mut g.aborted)
            }
            FileKind::Log | FileKind::Snapshot => {}
        }
        if job.closes {
            segment.drop_settled_growth();
        }
    }
}

/// The entries of `job` are in the file: count them there, and no longer in memory. Jobs may overlap.
fn settle<E: IndexEntry>(
    in_file: &mut u32,
    job: &Job,
    growth: &mut Option<Box<Growth>>,
    entries: impl Fn(&mut Growth) -> &mut Vec<E>,
) {
    let end = u32::try_from(job.end() / E::SIZE as u64).expect("an index has fewer than 2³² entries");
    let Some(growth) = growth else { return };
    let settled = end.saturating_sub(*in_file) as usize;
    entries(growth).drain(..settled);
    *in_file = end.max(*in_file);
}

impl Segment {
    /// A closed segment whose entries are all in files needs no more memory for them.
    fn drop_settled_growth(&mut self) {
        if let Some(growth) = self.growth.as_deref()
            && growth.closed
            && !growth.has_entries()
        {
            self.last_time = Some(growth.largest()).filter(|last| last.timestamp >= 0);
            self.growth = None;
        }
    }
}
