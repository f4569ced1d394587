//! Runs a round: reads the dirty part, then rewrites group after group.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ottla_records::{Batch, BatchError, Entry, Offset};

use super::super::scan::Scanned;
use super::super::span::Span;
use super::filter::{Filter, Verdict, put_keys};
use super::keys::KeyMap;
use super::plan::{Cleaning, Source};
use super::rewrite::{NewSegment, Rewrite};
use super::transactions::{Seen, Transactions};
use crate::error::{Error, Result};
use crate::names::{FileKind, FileName, Suffix};

/// New segments that are complete and durable, and have the suffix `.swap`. To be given to [`crate::Log::install`]:
/// a restart would put them into place otherwise.
#[derive(Debug)]
#[must_use = "the new segments must be installed"]
pub struct Cleaned {
    pub(super) groups: Vec<Group>,
    pub(super) end: Offset,
    pub(super) _in_use: Arc<AtomicBool>,
}

/// Segments, and the one that takes their place.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) replaced: Vec<Source>,
    pub(super) by: NewSegment,
}

impl Cleaned {
    /// Up to here no key is there twice: for `cleaner-offset-checkpoint`.
    pub fn cleaned_to(&self) -> Offset {
        self.end
    }
}

impl Cleaning {
    /// Reads as many dirty batches as their keys fit `key_bytes_max`, and writes the new segments. No lock is needed.
    ///
    /// After an error nothing of them is left, as far as the disk lets that happen. `Deleted` if the log is to be deleted
    /// meanwhile.
    pub fn run(self, key_bytes_max: usize) -> Result<Cleaned> {
        let mut groups = Vec::new();
        match self.try_run(key_bytes_max, &mut groups) {
            Ok(end) => Ok(Cleaned { groups, end, _in_use: Arc::clone(&self.in_use) }),
            Err(error) => {
                self.remove_new_files();
                Err(error)
            }
        }
    }

    fn try_run(&self, key_bytes_max: usize, groups: &mut Vec<Group>) -> Result<Offset> {
        let keys = self.read_keys(key_bytes_max)?;
        let sources: Vec<Source> =
            self.sources.iter().copied().filter(|source| source.base < keys.end()).collect();
        let mut transactions = Transactions::new(self.aborted.clone());
        for replaced in self.group(&sources) {
            let by = self.rewrite(&replaced, &keys, &mut transactions)?;
            groups.push(Group { replaced, by });
        }
        self.commit(groups)?;
        Ok(keys.end())
    }

    /// Aborted records count for nothing: what they would supersede stays.
    fn read_keys(&self, bytes_max: usize) -> Result<KeyMap> {
        let mut keys = KeyMap::new(self.first_dirty, bytes_max);
        let mut transactions = Transactions::new(self.aborted.clone());
        let mut scratch = Vec::new();
        for source in self.sources.iter().filter(|source| source.end > self.first_dirty) {
            let finished = self.for_each_batch(source, |span, entry| {
                if !keys.has_room() {
                    return Ok(false);
                }
                if let Entry::Batch(batch) = entry
                    && transactions.see(batch)? == Seen::Needed
                    && !batch.header().is_control()
                {
                    put_keys(&mut keys, batch, self.first_dirty, &mut scratch)?;
                }
                keys.batch_was_read(span.last_offset);
                Ok(true)
            })?;
            if !finished {
                return Ok(keys);
            }
        }
        Ok(keys)
    }

    /// Shows every batch of a segment until `visit` says to stop. Says whether it did not.
    fn for_each_batch(
        &self,
        source: &Source,
        mut visit: impl FnMut(Span, &Entry) -> std::result::Result<bool, BatchError>,
    ) -> Result<bool> {
        let mut scanner = self.scanner(source)?;
        loop {
            self.check_wanted()?;
            let (position, reason) = match scanner.next()? {
                Scanned::End => return Ok(true),
                Scanned::Bad { position, reason } => (position, reason),
                Scanned::Batch(span, entry) => match visit(span, &entry) {
                    Ok(true) => continue,
                    Ok(false) => return Ok(false),
                    Err(reason) => (span.position, reason),
                },
            };
            let path = FileName::new(source.base, FileKind::Log).path(&self.dir);
            return Err(Error::Corrupt { path, position: position.into(), reason: reason.to_string() });
        }
    }

    /// A log that is to be deleted waits for this round to end.
    fn check_wanted(&self) -> Result<()> {
        if self.in_use.load(Ordering::Relaxed) {
            return Err(Error::Deleted { path: self.dir.to_path_buf() });
        }
        Ok(())
    }

    /// Neighbours that fit one segment together, with their indexes and their offsets.
    fn group(&self, sources: &[Source]) -> Vec<Vec<Source>> {
        let mut groups: Vec<Vec<Source>> = Vec::new();
        for source in sources {
            match groups.last_mut() {
                Some(group) if self.fits(group, source) => group.push(*source),
                _ => groups.push(vec![*source]),
            }
        }
        groups
    }

    fn fits(&self, group: &[Source], next: &Source) -> bool {
        let with_next = |of: fn(&Source) -> u32| -> u64 {
            group.iter().chain([next]).map(|source| u64::from(of(source))).sum()
        };
        let index_bytes_max = u64::from(self.config.segment_index_bytes);
        next.end - group[0].base <= i64::from(i32::MAX)
            && with_next(|source| source.size) <= u64::from(self.config.segment_bytes)
            && with_next(|source| source.offset_entries) * 8 <= index_bytes_max
            && with_next(|source| source.time_entries) * 12 <= index_bytes_max
    }

    fn rewrite(
        &self,
        replaced: &[Source],
        keys: &KeyMap,
        transactions: &mut Transactions,
    ) -> Result<NewSegment> {
        let base = replaced[0].base;
        let mut rewrite =
            Rewrite::begin(self.files.disk(), &self.dir, base, self.config.index_interval_bytes)?;
        let filter = Filter {
            keys,
            producers: &self.producers,
            now_ms: self.now_ms,
            delete_retention_ms: self.config.delete_retention_ms,
        };
        let mut scratch = Vec::new();
        let mut batches = Vec::new();
        for source in replaced {
            self.for_each_batch(source, |_, entry| {
                match entry {
                    Entry::Message(_) => rewrite.push_message(entry),
                    Entry::Batch(batch) => {
                        let seen = transactions.see(batch)?;
                        if let Seen::EndOfAborted(transaction) = seen {
                            rewrite.push_aborted(transaction);
                        }
                        batches.extend(remaining(&filter, batch, seen, &mut scratch)?);
                    }
                }
                batches.drain(..).for_each(|batch| rewrite.push(&batch));
                Ok(rewrite.is_healthy())
            })?;
        }
        rewrite.finish()
    }

    /// From here on a restart completes the round.
    fn commit(&self, groups: &[Group]) -> Result<()> {
        for group in groups.iter().rev() {
            for kind in &group.by.kinds {
                let name = FileName::new(group.by.base, *kind);
                let from = name.with(Suffix::Cleaned).path(&self.dir);
                let to = name.with(Suffix::Swap).path(&self.dir);
                self.files.disk().rename(&from, &to).map_err(Error::io("rename", &from))?;
            }
        }
        self.files.disk().sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))
    }

    /// As far as that succeeds: the error that led here is told, not a second one.
    fn remove_new_files(&self) {
        for source in &self.sources {
            for kind in FileKind::SEGMENT {
                for suffix in [Suffix::Cleaned, Suffix::Swap] {
                    let path = FileName::new(source.base, kind).with(suffix).path(&self.dir);
                    drop(self.files.disk().remove_file(&path));
                }
            }
        }
    }
}

fn remaining(
    filter: &Filter<'_>,
    batch: &Batch,
    seen: Seen,
    scratch: &mut Vec<u8>,
) -> std::result::Result<Option<Batch>, BatchError> {
    Ok(match filter.apply(batch, seen, scratch)? {
        Verdict::Keep => Some(batch.clone()),
        Verdict::Replace(batch) => Some(batch),
        Verdict::Drop => None,
    })
}
