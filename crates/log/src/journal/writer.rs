//! Puts entries into files: frames one behind the other, as many as there are in one write.

use std::sync::Arc;

use ottla_records::BATCH_HEADER_SIZE;

use super::file::{FileHeader, JournalFile};
use super::files::Files;
use super::frame::{FRAME_HEAD_SIZE, FRAME_HEADER_SIZE, FrameHeader, PAGE};
use super::pages::{PageWriter, Pages};
use super::queue::Queued;
use super::{Entry, Lsn};
use crate::error::Result;

#[derive(Debug)]
pub(super) struct Writer {
    files: Arc<Files>,
    salt: u64,
    generation: u32,
    /// `None` until the first entry.
    active: Option<Active>,
    /// Written since the last sync.
    unsynced: Vec<JournalFile>,
    written: Lsn,
    synced: Lsn,
    pages: Pages,
}

#[derive(Debug)]
struct Active {
    file: JournalFile,
    /// Where the next write begins: 0 before the first, always a multiple of [`PAGE`].
    position: u64,
    /// Its successor was asked for.
    asked: bool,
}

impl Active {
    fn room(&self) -> u64 {
        self.file.len - self.position.max(PAGE as u64)
    }

    /// Whether it is time to ask for a successor: late enough that little use makes no second file, early
    /// enough that a busy disk has it ready. True once.
    fn is_to_ask(&mut self) -> bool {
        let due = !self.asked && self.position >= self.file.len / 4;
        self.asked |= due;
        due
    }
}

impl Writer {
    /// `synced` is the last entry that recovery found.
    pub(super) fn new(files: Arc<Files>, salt: u64, generation: u32, synced: Lsn) -> Writer {
        Writer {
            files,
            salt,
            generation,
            active: None,
            unsynced: Vec::new(),
            written: synced,
            synced,
            pages: Pages::new(),
        }
    }

    pub(super) fn synced(&self) -> Lsn {
        self.synced
    }

    /// Writes entries, but for those at the front that are written. They are durable after [`Writer::sync`]. If the
    /// device is full it may be repeated.
    pub(super) fn write<T>(&mut self, entries: &[Queued<T>]) -> Result<()> {
        let written = entries.partition_point(|queued| queued.lsn <= self.written);
        let mut entries = &entries[written..];
        while let Some(first) = entries.first() {
            let room = self.make_room(frame_size(&first.entry))?;
            let (now, later) = entries.split_at(count_fitting(entries, room));
            self.write_together(now)?;
            entries = later;
        }
        Ok(())
    }

    /// Makes all that was written durable.
    pub(super) fn sync(&mut self) -> Result<()> {
        for file in self.unsynced.drain(..) {
            file.sync()?;
        }
        self.synced = self.written;
        Ok(())
    }

    /// Ends the active file if a frame of this size does not fit. Returns how many bytes of frames do.
    fn make_room(&mut self, frame: u64) -> Result<u64> {
        if let Some(active) = &self.active
            && padded(frame) <= active.room()
        {
            return Ok(active.room());
        }
        if let Some(active) = self.active.take() {
            self.files.put_filled(active.file, self.written);
        }
        let file = self.files.take(PAGE as u64 + padded(frame))?;
        let active = self.active.insert(Active { file, position: 0, asked: false });
        Ok(active.room())
    }

    fn write_together<T>(&mut self, entries: &[Queued<T>]) -> Result<()> {
        let Some(active) = &mut self.active else { unreachable!("room was made") };
        let last = entries.last().map_or(self.written, |entry| entry.lsn);
        let mut out = PageWriter::new(&mut self.pages, &active.file, active.position);
        if active.position == 0 {
            let header =
                FileHeader { generation: self.generation, first: self.written.next(), synced: self.synced };
            out.put(&header.to_page(self.salt))?;
        }
        let frames: u64 = entries.iter().map(|queued| frame_size(&queued.entry)).sum();
        let padding = u32::try_from(padded(frames) - frames).expect("less than a page");
        for (index, queued) in entries.iter().enumerate() {
            let header = FrameHeader {
                lsn: queued.lsn,
                synced: self.synced,
                generation: self.generation,
                batch_size: batch_size(&queued.entry),
                padding: if index + 1 == entries.len() { padding } else { 0 },
                partition: queued.entry.partition,
                topic_id: queued.entry.topic_id,
            };
            put_frame(&mut out, &header, &queued.entry, self.salt)?;
        }
        active.position = out.finish()?;
        if active.is_to_ask() {
            self.files.want_spare();
        }
        if self.unsynced.last().is_none_or(|file| file.path != active.file.path) {
            self.unsynced.push(active.file.clone());
        }
        self.written = last;
        Ok(())
    }
}

/// Without the padding.
fn put_frame<T>(out: &mut PageWriter<'_>, header: &FrameHeader, entry: &Entry<T>, salt: u64) -> Result<()> {
    let (head, body) = (entry.batch.head(), entry.batch.body());
    let mut bytes = [0; FRAME_HEAD_SIZE];
    let (first, rest) = bytes[FRAME_HEADER_SIZE..].split_at_mut(head.len());
    first.copy_from_slice(head);
    rest.copy_from_slice(&body[..BATCH_HEADER_SIZE - head.len()]);
    header.seal(salt, &mut bytes);
    out.put(&bytes[..FRAME_HEADER_SIZE + head.len()])?;
    out.put(body)
}

fn batch_size<T>(entry: &Entry<T>) -> u32 {
    u32::try_from(entry.batch.size_in_bytes()).expect("a frame of the protocol is below 2 GiB")
}

/// Without padding.
pub(super) fn frame_size<T>(entry: &Entry<T>) -> u64 {
    (FRAME_HEADER_SIZE + entry.batch.size_in_bytes()) as u64
}

fn padded(bytes: u64) -> u64 {
    bytes.next_multiple_of(PAGE as u64)
}

/// How many of the first entries fit together; at least one.
fn count_fitting<T>(entries: &[Queued<T>], room: u64) -> usize {
    let mut frames = 0;
    let fits = |queued: &&Queued<T>| {
        frames += frame_size(&queued.entry);
        padded(frames) <= room
    };
    entries.iter().take_while(fits).count().max(1)
}
