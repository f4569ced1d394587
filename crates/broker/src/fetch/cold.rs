//! Reads that wait for the disk, away from the threads that serve connections.

use std::{io, sync::Arc};

use ottla_log::{Cold, Error};
use tokio::sync::Semaphore;

use crate::{clock, metrics::Distribution, partition::ReadRefused};

/// Reads that may wait at once: enough to keep a disk busy, and as many threads at most.
const READS_MAX: usize = 16;
/// A look-up that lacks something as often as this is given up: memory does not keep what is read.
const LOADS_MAX: usize = 1000;

#[derive(Debug)]
pub(crate) struct ColdReads {
    turns: Arc<Semaphore>,
    /// How long they took, the wait for their turn included. In microseconds.
    pub(crate) times: Distribution,
}

impl Default for ColdReads {
    fn default() -> ColdReads {
        ColdReads { turns: Arc::new(Semaphore::new(READS_MAX)), times: Distribution::default() }
    }
}

impl ColdReads {
    /// Loads what a look-up lacks. Cancel-safe: a load that has begun goes on, and keeps its turn until it ends.
    pub(crate) async fn load(&self, cold: Cold) -> Result<(), Error> {
        let started = clock::now();
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("the semaphore is never closed");
        let loaded = tokio::task::spawn_blocking(move || {
            let _until_it_ends = turn;
            cold.load()
        });
        let loaded = loaded.await.unwrap_or_else(|stopped| Err(Error::Unreadable(io::Error::other(stopped))));
        self.times.record_time(clock::now() - started);
        loaded
    }

    /// Repeats a look-up, which must not wait for the disk, until it has all that it needs. Cancel-safe.
    pub(crate) async fn look_up<T>(
        &self,
        mut look: impl FnMut() -> Result<T, ReadRefused>,
    ) -> Result<T, ReadRefused> {
        let mut failed = None;
        for _ in 0..LOADS_MAX {
            let cold = match look() {
                Err(ReadRefused::Storage(Error::Cold(cold))) => cold,
                result => return result,
            };
            // The file may have been removed meanwhile: then the next look no longer asked for it.
            if let Some(error) = failed {
                return Err(ReadRefused::Storage(error));
            }
            failed = self.load(cold).await.err();
        }
        Err(ReadRefused::Storage(Error::Unreadable(io::Error::other("memory does not keep what is read"))))
    }
}

#[cfg(test)]
mod tests {
    use std::{io::IoSlice, path::Path};

    use ottla_log::disk::{Call, Disk as _, File, Mode, SimDisk};

    use super::*;

    fn cold_file(disk: &SimDisk) -> Arc<dyn File> {
        let file = disk.open(Path::new("/a"), Mode::Create).unwrap();
        file.write_all_at(&[IoSlice::new(&[7; 1000])], 0).unwrap();
        disk.drop_caches();
        file
    }

    fn look(file: &Arc<dyn File>, looks: &mut usize) -> Result<[u8; 1000], ReadRefused> {
        *looks += 1;
        let mut bytes = [0; 1000];
        match file.read_cached_at(&mut bytes, 0) {
            Ok(1000) => Ok(bytes),
            _ => Err(Error::Cold(Cold::range(Arc::clone(file), 0, 1000)).into()),
        }
    }

    #[tokio::test]
    async fn a_look_up_is_repeated_once_what_it_lacks_is_loaded() {
        let (file, mut looks) = (cold_file(&SimDisk::new()), 0);
        let reads = ColdReads::default();
        assert_eq!(reads.look_up(|| look(&file, &mut looks)).await.unwrap(), [7; 1000]);
        assert_eq!((looks, reads.times.counts().total()), (2, 1));
        reads.look_up(|| look(&file, &mut looks)).await.unwrap();
        assert_eq!((looks, reads.times.counts().total()), (3, 1));
    }

    #[tokio::test]
    async fn a_load_that_fails_is_told_unless_it_is_not_needed_any_more() {
        let disk = SimDisk::new();
        let (file, mut looks) = (cold_file(&disk), 0);
        disk.fail(Call::Read, "a", 0);
        let error = ColdReads::default().look_up(|| look(&file, &mut looks)).await.unwrap_err();
        assert!(matches!(error, ReadRefused::Storage(Error::Unreadable(_))), "{error}");

        disk.fail(Call::Read, "a", 0);
        let (reads, mut first) = (ColdReads::default(), true);
        let told = reads.look_up(|| match std::mem::take(&mut first) {
            true => look(&file, &mut looks).map(drop),
            false => Err(ReadRefused::Deleted),
        });
        assert!(matches!(told.await, Err(ReadRefused::Deleted)));
    }

    #[tokio::test]
    async fn what_never_stays_in_memory_is_given_up() {
        let (file, mut looks) = (cold_file(&SimDisk::new()), 0);
        let reads = ColdReads::default();
        let told = reads.look_up(|| -> Result<(), ReadRefused> {
            looks += 1;
            Err(Error::Cold(Cold::range(Arc::clone(&file), 0, 1)).into())
        });
        assert!(told.await.is_err());
        assert_eq!(looks, LOADS_MAX);
    }
}
