//! Reads the journal back after a stop of any kind, and decides whether what is missing was lost or merely
//! unfinished.
//!
//! The files in order of generation and first lsn form a chain. A file ends where the next one begins, and one
//! that begins where a later generation began as well was given up by that generation. The walk starts behind
//! what was released and ends at the first frame that is not there, or is damaged. There are two reasons for
//! that:
//!
//! | what is found behind the end | so the entry at the end | and |
//! |---|---|---|
//! | a frame, or a file, that was written when the entry was durable already | is damaged | that is an error |
//! | nothing of the kind | was never durable, so nobody was told of it | the journal ends before it |
//!
//! What was read is synced before anything follows it: after the mere death of a process it may still be in the
//! page cache only, and it is about to be served.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use super::checkpoint::{Checkpoint, CheckpointFile};
use super::file::{FileHeader, JournalFile, UNFINISHED_SUFFIX, file_number, parent};
use super::files::{Files, Found};
use super::frame::PAGE;
use super::journal::Journal;
use super::reader::{self, Frame, Reader};
use super::rounds::{Event, Rounds};
use super::writer::Writer;
use super::{Lsn, Options};
use crate::disk::{Disk, Entry as DirectoryEntry, Kind, Mode};
use crate::error::{Error, Result};

/// An entry that a previous process wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    pub lsn: Lsn,
    pub topic_id: Uuid,
    pub partition: i32,
    /// Its checksum was verified.
    pub batch: Bytes,
}

/// Gives the entries that were not released, in order, then the journal to go on with.
#[derive(Debug)]
pub struct Recovery {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    options: Options,
    checkpoint: CheckpointFile,
    chain: Vec<Link>,
    /// Files without a place in the chain, and the header of none.
    others: Vec<JournalFile>,
    next_number: u32,
    walk: Walk,
}

/// One file of the chain.
#[derive(Debug)]
struct Link {
    file: JournalFile,
    header: FileHeader,
    /// The first entry that is not looked for here.
    end: Lsn,
}

#[derive(Debug)]
enum Walk {
    Inside(Position),
    /// The last entry there is, and how many files of the chain hold entries.
    Ended {
        last: Lsn,
        links: usize,
    },
    /// An error was given.
    Failed,
}

#[derive(Debug)]
struct Position {
    link: usize,
    reader: Reader,
    /// Where in the file, and which entry should be there.
    position: u64,
    next: Lsn,
}

impl Recovery {
    /// Opens the journal in `dir`, which is made if need be. Nothing that could be replayed is changed.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path, options: Options) -> Result<Recovery> {
        make_directory(&*disk, dir)?;
        let entries = disk.list(dir).map_err(Error::io("list", dir))?;
        remove_unfinished(&*disk, dir, &entries)?;
        let files = open_files(&*disk, dir, &entries)?;
        let checkpoint = load_checkpoint(&*disk, dir, &files, options.salt)?;
        let next_number = files.last().map_or(0, |(number, _)| number.saturating_add(1));
        let (chain, others) =
            chain(files.into_iter().map(|(_, file)| file).collect(), &checkpoint.current())?;
        let mut recovery = Recovery {
            disk,
            dir: dir.to_owned(),
            options,
            checkpoint,
            chain,
            others,
            next_number,
            walk: Walk::Failed,
        };
        recovery.walk = recovery.start()?;
        Ok(recovery)
    }

    /// The entries that were released are in no need of being found.
    pub fn released(&self) -> Lsn {
        self.checkpoint.current().released
    }

    /// Whether nothing was ever appended here: the directory was made now, or by a start that did not come this far.
    pub fn is_new(&self) -> bool {
        self.checkpoint.current().generation == 0
    }

    /// The next entry; `None` at the end. After an error there is nothing more.
    pub fn read(&mut self) -> Result<Option<Recovered>> {
        let result = self.walk_on();
        if result.is_err() {
            self.walk = Walk::Failed;
        }
        result
    }

    /// Makes what was read durable and opens the journal for what follows.
    ///
    /// The journal holds on to what was read until [`Journal::release`] says that it is in synced segments.
    ///
    /// # Panics
    /// If the entries were not read to their end, or if that failed: what follows them would hide them.
    pub fn finish<T, F: FnMut(Event<'_, T>)>(mut self, observe: F) -> Result<Rounds<T, F>> {
        let Walk::Ended { last, links } = self.walk else {
            panic!("the journal is read to its end before it goes on")
        };
        let current = self.checkpoint.current();
        let (filled, free) = self.sort_files(last, links);
        for (file, _) in &filled {
            file.sync()?;
        }
        self.disk.sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))?;
        let generation = current.generation + 1;
        self.checkpoint.write(Checkpoint { generation, clean: false, ..current })?;
        let found = Found { checkpoint: self.checkpoint, filled, free, next_number: self.next_number };
        let files = Arc::new(Files::new(self.disk, &self.dir, self.options, found));
        files.ensure_first()?;
        let writer = Writer::new(Arc::clone(&files), current.salt, generation, last);
        let journal = Arc::new(Journal::new(files, self.options, last));
        Ok(Rounds::new(journal, writer, observe))
    }

    /// The files with entries that are still needed, each with its last, and those that can be overwritten.
    fn sort_files(&mut self, last: Lsn, links: usize) -> (VecDeque<(JournalFile, Lsn)>, Vec<JournalFile>) {
        let released = self.released();
        let mut filled = VecDeque::new();
        let mut free = std::mem::take(&mut self.others);
        for (index, link) in std::mem::take(&mut self.chain).into_iter().enumerate() {
            let last = last.min(link.end.previous());
            if index < links && last > released {
                filled.push_back((link.file, last));
            } else {
                free.push(link.file);
            }
        }
        free.retain(|file| file.len >= 2 * PAGE as u64);
        (filled, free)
    }

    fn salt(&self) -> u64 {
        self.checkpoint.current().salt
    }

    /// At the file that holds the first entry that was not released.
    fn start(&self) -> Result<Walk> {
        let Checkpoint { released, clean, .. } = self.checkpoint.current();
        if clean {
            return Ok(Walk::Ended { last: released, links: 0 });
        }
        let wanted = released.next();
        match self.chain.iter().rposition(|link| link.header.first <= wanted) {
            Some(link) => Ok(Walk::Inside(self.enter(link))),
            None => self.end(wanted, None),
        }
    }

    fn enter(&self, link: usize) -> Position {
        let Link { file, header, .. } = &self.chain[link];
        Position { link, reader: Reader::new(file.clone()), position: PAGE as u64, next: header.first }
    }

    fn walk_on(&mut self) -> Result<Option<Recovered>> {
        let salt = self.salt();
        let released = self.released();
        while let Walk::Inside(at) = &mut self.walk {
            let Link { header, end, .. } = &self.chain[at.link];
            let frame = at.reader.frame(salt, at.position)?;
            let expected = |frame: &Frame| {
                let header = (frame.header.generation == header.generation, frame.header.lsn);
                header == (true, at.next) && at.next < *end
            };
            let batch = match frame.filter(expected) {
                Some(frame) if at.next <= released => Some((frame.header, None)),
                Some(frame) => at.reader.batch(at.position, &frame)?.map(|batch| (frame.header, Some(batch))),
                None => None,
            };
            let Some((header, batch)) = batch else {
                self.walk = self.leave()?;
                continue;
            };
            let lsn = at.next;
            at.next = lsn.next();
            at.position += header.frame_size();
            if let Some(batch) = batch {
                let (topic_id, partition) = (header.topic_id, header.partition);
                return Ok(Some(Recovered { lsn, topic_id, partition, batch }));
            }
        }
        assert!(!matches!(self.walk, Walk::Failed), "nothing is read after an error");
        Ok(None)
    }

    /// From the end of a file, or damage in it, to the next one, or to the end of all.
    fn leave(&self) -> Result<Walk> {
        let Walk::Inside(at) = &self.walk else { unreachable!("only a file is left") };
        let missing = at.next.max(self.released().next());
        match self.chain.get(at.link + 1) {
            Some(next) if next.header.first <= missing => Ok(Walk::Inside(self.enter(at.link + 1))),
            Some(_) | None => self.end(missing, Some(at)),
        }
    }

    /// The walk ends before `missing`, unless anything proves that it was durable.
    fn end(&self, missing: Lsn, at: Option<&Position>) -> Result<Walk> {
        let (links, position) = at.map_or((0, PAGE as u64), |at| (at.link + 1, at.position));
        let rest = at.map(|at| (&self.chain[at.link].file, at.position));
        let behind = self.chain[links..].iter().map(|link| &link.file).chain(&self.others);
        for (file, from) in rest.into_iter().chain(behind.map(|file| (file, 0))) {
            if let Some(proof) = reader::find_synced(file, self.salt(), from, missing)? {
                let path = rest.map_or(&self.dir, |(file, _)| &file.path).clone();
                let reason = format!(
                    "entry {missing} is missing or damaged, but it was durable before what is at byte \
                     {proof} of {} was written",
                    file.path.display()
                );
                return Err(Error::Corrupt { path, position, reason });
            }
        }
        Ok(Walk::Ended { last: missing.previous(), links })
    }
}

impl Iterator for Recovery {
    type Item = Result<Recovered>;

    fn next(&mut self) -> Option<Result<Recovered>> {
        if matches!(self.walk, Walk::Failed) { None } else { self.read().transpose() }
    }
}

fn make_directory(disk: &dyn Disk, dir: &Path) -> Result<()> {
    disk.create_dir_all(dir).map_err(Error::io("create", dir))?;
    let parent = parent(dir);
    disk.sync_dir(parent).map_err(Error::io("sync", parent))
}

/// What was prepared when the power failed.
fn remove_unfinished(disk: &dyn Disk, dir: &Path, entries: &[DirectoryEntry]) -> Result<()> {
    let unfinished = |entry: &&DirectoryEntry| {
        Path::new(&entry.name).extension().is_some_and(|it| it == UNFINISHED_SUFFIX)
    };
    for entry in entries.iter().filter(unfinished) {
        let path = dir.join(&entry.name);
        disk.remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    Ok(())
}

/// In order of their numbers, which has no other meaning.
fn open_files(disk: &dyn Disk, dir: &Path, entries: &[DirectoryEntry]) -> Result<Vec<(u32, JournalFile)>> {
    let mut files = Vec::new();
    for entry in entries.iter().filter(|entry| entry.kind == Kind::File) {
        if let Some(number) = file_number(&entry.name) {
            let path = dir.join(&entry.name);
            let file = disk.open(&path, Mode::Write).map_err(Error::io("open", &path))?;
            // Whole pages: a file whose last length was lost is as good as one page shorter.
            let len = entry.len - entry.len % PAGE as u64;
            files.push((number, JournalFile { file, path, len }));
        }
    }
    files.sort_by_key(|(number, _)| *number);
    Ok(files)
}

fn load_checkpoint(
    disk: &dyn Disk,
    dir: &Path,
    files: &[(u32, JournalFile)],
    salt: u64,
) -> Result<CheckpointFile> {
    if let Some(checkpoint) = CheckpointFile::load(disk, dir)? {
        return Ok(checkpoint);
    }
    if let Some((_, file)) = files.first() {
        return Err(Error::malformed(&file.path, "the journal's checkpoint file is missing"));
    }
    CheckpointFile::create(disk, dir, Checkpoint { salt, released: Lsn::ZERO, generation: 0, clean: false })
}

/// Puts the files that hold entries in order. The others were never used, tore at their first write, or hold
/// entries that a later generation gave up.
fn chain(files: Vec<JournalFile>, checkpoint: &Checkpoint) -> Result<(Vec<Link>, Vec<JournalFile>)> {
    let mut headed = Vec::new();
    let mut others = Vec::new();
    for file in files {
        match file.read_header(checkpoint.salt)? {
            Some(header) => headed.push(Link { file, header, end: Lsn::MAX }),
            None => others.push(file),
        }
    }
    headed.sort_by_key(|link| (link.header.generation, link.header.first));
    let mut chain: Vec<Link> = Vec::new();
    for link in headed {
        while let Some(given_up) = chain.pop_if(|before| before.header.first >= link.header.first) {
            others.push(given_up.file);
        }
        if let Some(before) = chain.last_mut() {
            before.end = link.header.first;
        }
        chain.push(link);
    }
    Ok((chain, others))
}
