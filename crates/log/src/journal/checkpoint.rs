//! What the journal must know before it reads a single frame: two slots that are written in turn, so that one
//! is always whole.
//!
//! ```text
//!  0               4               8                               16
//! +---------------+---------------+-------------------------------+
//! | magic  "OJC1" | crc           | sequence                      |   slot 0 at byte 0, slot 1 at byte 4096
//! +---------------+---------------+-------------------------------+
//! | salt                          | released                      |  16
//! +---------------+---------------+-------------------------------+
//! | generation    | clean (0, 1)  |                                  32
//! +---------------+---------------+
//! ```
//! The higher sequence is the later one.

use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Lsn;
use super::frame::{self, PAGE};
use crate::disk::{Disk, File, Mode};
use crate::error::{Error, Result};

const NAME: &str = "checkpoint";
const MAGIC: [u8; 4] = *b"OJC1";
const SIZE: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checkpoint {
    /// Unpredictable to clients; fixed when the directory was made.
    pub(super) salt: u64,
    /// Entries up to here are in synced segments; the files that held them may be in other use.
    pub(super) released: Lsn,
    /// Counts how often the directory was opened. Durable before the first frame that carries it.
    pub(super) generation: u32,
    /// Nothing was written behind `released`.
    pub(super) clean: bool,
}

impl Checkpoint {
    fn encode(&self, sequence: u64) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&sequence.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.salt.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.released.get().to_be_bytes());
        bytes[32..36].copy_from_slice(&self.generation.to_be_bytes());
        bytes[36..].copy_from_slice(&u32::from(self.clean).to_be_bytes());
        let crc = frame::salted_crc(0, &bytes[8..]);
        bytes[4..8].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    /// The sequence and what was written with it.
    fn decode(bytes: &[u8; SIZE]) -> Option<(u64, Checkpoint)> {
        let intact = bytes[..4] == MAGIC && frame::number(bytes, 4) == frame::salted_crc(0, &bytes[8..]);
        intact.then(|| {
            let checkpoint = Checkpoint {
                salt: frame::long(bytes, 16),
                released: Lsn::new(frame::long(bytes, 24)),
                generation: frame::number(bytes, 32),
                clean: frame::number(bytes, 36) != 0,
            };
            (frame::long(bytes, 8), checkpoint)
        })
    }
}

#[derive(Debug)]
pub(super) struct CheckpointFile {
    file: Arc<dyn File>,
    path: PathBuf,
    sequence: u64,
    current: Checkpoint,
}

impl CheckpointFile {
    /// `None` if the directory was never opened.
    pub(super) fn load(disk: &dyn Disk, dir: &Path) -> Result<Option<CheckpointFile>> {
        let path = dir.join(NAME);
        let file = match disk.open(&path, Mode::Write) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", &path)(error)),
        };
        let slots = [read_slot(&*file, &path, 0)?, read_slot(&*file, &path, 1)?];
        let latest = slots.into_iter().flatten().max_by_key(|(sequence, _)| *sequence);
        let Some((sequence, current)) = latest else {
            return Err(Error::malformed(&path, "neither of its two slots is whole"));
        };
        Ok(Some(CheckpointFile { file, path, sequence, current }))
    }

    /// The file appears whole or not at all.
    pub(super) fn create(disk: &dyn Disk, dir: &Path, first: Checkpoint) -> Result<CheckpointFile> {
        let path = dir.join(NAME);
        let unfinished = dir.join(format!("{NAME}.{}", super::file::UNFINISHED_SUFFIX));
        let file = disk.open(&unfinished, Mode::Create).map_err(Error::io("create", &unfinished))?;
        let mut created = CheckpointFile { file, path: unfinished, sequence: 0, current: first };
        created.write(first)?;
        disk.rename(&created.path, &path).map_err(Error::io("rename", &created.path))?;
        disk.sync_dir(dir).map_err(Error::io("sync", dir))?;
        Ok(CheckpointFile { path, ..created })
    }

    pub(super) fn current(&self) -> Checkpoint {
        self.current
    }

    /// Durable when it returns.
    pub(super) fn write(&mut self, checkpoint: Checkpoint) -> Result<()> {
        let sequence = self.sequence + 1;
        let bytes = checkpoint.encode(sequence);
        let written = self.file.write_all_at(&[IoSlice::new(&bytes)], slot_position(sequence));
        written.map_err(Error::io("write", &self.path))?;
        self.file.sync_data().map_err(Error::io("sync", &self.path))?;
        self.sequence = sequence;
        self.current = checkpoint;
        Ok(())
    }
}

fn slot_position(sequence: u64) -> u64 {
    (sequence % 2) * PAGE as u64
}

fn read_slot(file: &dyn File, path: &Path, slot: u64) -> Result<Option<(u64, Checkpoint)>> {
    let mut bytes = [0; SIZE];
    match file.read_exact_at(&mut bytes, slot_position(slot)) {
        Ok(()) => Ok(Checkpoint::decode(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Loss, SimDisk};

    fn checkpoint(released: u64) -> Checkpoint {
        Checkpoint { salt: 1, released: Lsn::new(released), generation: 2, clean: released.is_multiple_of(2) }
    }

    fn load(disk: &SimDisk) -> Checkpoint {
        CheckpointFile::load(disk, Path::new("/")).unwrap().unwrap().current()
    }

    #[test]
    fn a_directory_without_one_was_never_opened() {
        assert!(CheckpointFile::load(&SimDisk::new(), Path::new("/")).unwrap().is_none());
    }

    #[test]
    fn what_was_written_survives_and_a_torn_write_leaves_what_was_before() {
        let disk = SimDisk::new();
        let mut file = CheckpointFile::create(&disk, Path::new("/"), checkpoint(0)).unwrap();
        for released in 1..6 {
            let before = disk.operations();
            file.write(checkpoint(released)).unwrap();
            assert_eq!(load(&disk.crash(Loss::Everything)), checkpoint(released));
            for (_, prefix) in disk.prefixes().skip(before) {
                for crashed in prefix.crashes(100, 0) {
                    assert!([released - 1, released].map(checkpoint).contains(&load(&crashed)));
                }
            }
        }
    }

    #[test]
    fn one_of_which_no_slot_is_whole_is_refused() {
        let disk = SimDisk::new();
        let mut file = CheckpointFile::create(&disk, Path::new("/"), checkpoint(0)).unwrap();
        file.write(checkpoint(1)).unwrap();
        disk.flip_bit(Path::new("checkpoint"), 10, 0);
        load(&disk);
        disk.flip_bit(Path::new("checkpoint"), 4096 + 10, 0);
        CheckpointFile::load(&disk, Path::new("/")).unwrap_err();
    }
}
