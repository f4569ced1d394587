//! Encoding of the protocol's primitives.

use bytes::Bytes;
use bytestring::ByteString;
use uuid::Uuid;

use crate::{Records, RecordsPart, records::FilePart};

/// Records up to this size are copied beside their neighbours: cheaper than a piece of its own in the vectored write.
const COPIED_MAX: usize = 2048;

/// Collects encoded bytes; records are referred to where they stand.
///
/// ```text
/// text:   [size header fields.......|fields.....|tags]     one growing buffer
/// cuts:                        ^ records     ^ records     (position in the buffer, what stands there)
/// ```
#[derive(Debug, Default)]
pub struct Writer {
    text: Vec<u8>,
    cuts: Vec<(usize, RecordsPart)>,
    cut_bytes: usize,
}

/// A piece of an encoded message, in the order in which it goes out.
#[derive(Clone, Debug)]
pub enum Part {
    Bytes(Bytes),
    File(FilePart),
}

/// Where a frame began, to write its size when it is complete.
#[derive(Debug)]
#[must_use = "a frame is complete once it is ended"]
pub struct FrameStart {
    text: usize,
    cut_bytes: usize,
}

impl Writer {
    pub fn new() -> Writer {
        Writer::default()
    }

    /// Bytes that it holds or refers to.
    pub fn len(&self) -> usize {
        self.text.len() + self.cut_bytes
    }

    /// Bytes that it holds in memory, without those that stand in files.
    pub fn bytes_in_memory(&self) -> usize {
        let in_memory = |part: &RecordsPart| match part {
            RecordsPart::Bytes(bytes) => bytes.len(),
            RecordsPart::File(_) => 0,
        };
        self.text.len() + self.cuts.iter().map(|(_, part)| in_memory(part)).sum::<usize>()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, if all of them are its own.
    pub fn as_contiguous(&self) -> Option<&[u8]> {
        self.cuts.is_empty().then_some(self.text.as_slice())
    }

    /// Empties it but keeps its memory, up to `keep_max` bytes.
    pub fn clear(&mut self, keep_max: usize) {
        self.text.clear();
        self.text.shrink_to(keep_max);
        self.cuts.clear();
        self.cut_bytes = 0;
    }

    /// Leaves room for the size of a frame.
    pub fn begin_frame(&mut self) -> FrameStart {
        let start = FrameStart { text: self.text.len(), cut_bytes: self.cut_bytes };
        self.i32(0);
        start
    }

    /// Writes the size of the frame that began there.
    ///
    /// Panics if the frame is larger than an `i32` can tell; responses are bounded far below.
    pub fn end_frame(&mut self, start: FrameStart) {
        let size = self.text.len() - start.text - 4 + self.cut_bytes - start.cut_bytes;
        let size = i32::try_from(size).expect("responses are bounded below 2 GiB");
        self.text[start.text..start.text + 4].copy_from_slice(&size.to_be_bytes());
    }

    /// The pieces in order.
    pub fn into_parts(self) -> Vec<Part> {
        let text = Bytes::from(self.text);
        let mut parts = Vec::with_capacity(self.cuts.len() * 2 + 1);
        let mut from = 0;
        for (at, part) in self.cuts {
            if at > from {
                parts.push(Part::Bytes(text.slice(from..at)));
                from = at;
            }
            parts.push(match part {
                RecordsPart::Bytes(bytes) => Part::Bytes(bytes),
                RecordsPart::File(file) => Part::File(file),
            });
        }
        if from < text.len() {
            parts.push(Part::Bytes(text.slice(from..)));
        }
        parts
    }

    /// All of it in one piece of memory.
    ///
    /// Panics if a part stands in a file: only responses that go to a socket refer to files.
    pub fn into_bytes(self) -> Bytes {
        if self.cuts.is_empty() {
            return Bytes::from(self.text);
        }
        let mut out = Vec::with_capacity(self.len());
        for part in self.into_parts() {
            match part {
                Part::Bytes(bytes) => out.extend_from_slice(&bytes),
                Part::File(file) => panic!("{file:?} is not in memory"),
            }
        }
        Bytes::from(out)
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    pub fn bool(&mut self, value: bool) {
        self.text.push(u8::from(value));
    }

    pub fn i8(&mut self, value: i8) {
        self.raw(&value.to_be_bytes());
    }

    pub fn i16(&mut self, value: i16) {
        self.raw(&value.to_be_bytes());
    }

    pub fn u16(&mut self, value: u16) {
        self.raw(&value.to_be_bytes());
    }

    pub fn i32(&mut self, value: i32) {
        self.raw(&value.to_be_bytes());
    }

    pub fn u32(&mut self, value: u32) {
        self.raw(&value.to_be_bytes());
    }

    pub fn i64(&mut self, value: i64) {
        self.raw(&value.to_be_bytes());
    }

    pub fn f64(&mut self, value: f64) {
        self.raw(&value.to_be_bytes());
    }

    pub fn uuid(&mut self, value: Uuid) {
        self.raw(value.as_bytes());
    }

    pub fn unsigned_varint(&mut self, value: u32) {
        let (bytes, length) = varint(value);
        self.raw(&bytes[..length]);
    }

    /// A length or count, or null.
    fn length(&mut self, flexible: bool, length: Option<usize>) {
        let length = length.map(|l| i32::try_from(l).expect("messages are bounded below 2 GiB"));
        match (flexible, length) {
            (true, length) => self.unsigned_varint(length.map_or(0, |l| l.unsigned_abs() + 1)),
            (false, length) => self.i32(length.unwrap_or(-1)),
        }
    }

    /// The longest text that the classic encoding can carry is 32,767 bytes; a longer one is cut at a character.
    pub fn nullable_string(&mut self, flexible: bool, value: Option<&ByteString>) {
        let text = value.map(|v| if flexible { v } else { truncated(v, i16::MAX.unsigned_abs().into()) });
        match (flexible, text) {
            (true, text) => self.length(true, text.map(str::len)),
            (false, Some(text)) => self.i16(i16::try_from(text.len()).expect("it was cut to fit")),
            (false, None) => self.i16(-1),
        }
        self.raw(text.unwrap_or("").as_bytes());
    }

    pub fn string(&mut self, flexible: bool, value: &ByteString) {
        self.nullable_string(flexible, Some(value));
    }

    pub fn nullable_bytes(&mut self, flexible: bool, value: Option<&Bytes>) {
        self.length(flexible, value.map(Bytes::len));
        self.raw(value.map_or(&[], |bytes| bytes));
    }

    pub fn bytes(&mut self, flexible: bool, value: &Bytes) {
        self.nullable_bytes(flexible, Some(value));
    }

    pub fn nullable_records(&mut self, flexible: bool, value: Option<&Records>) {
        self.length(flexible, value.map(Records::len));
        for part in value.into_iter().flat_map(Records::parts) {
            self.part(part);
        }
    }

    pub fn records(&mut self, flexible: bool, value: &Records) {
        self.nullable_records(flexible, Some(value));
    }

    fn part(&mut self, part: &RecordsPart) {
        match part {
            RecordsPart::Bytes(bytes) if bytes.len() <= COPIED_MAX => self.raw(bytes),
            RecordsPart::Bytes(_) | RecordsPart::File(_) => {
                self.cut_bytes += part.len();
                self.cuts.push((self.text.len(), part.clone()));
            }
        }
    }

    pub fn nullable_array<T>(&mut self, flexible: bool, items: Option<&[T]>, item: impl Fn(&mut Writer, &T)) {
        self.length(flexible, items.map(<[T]>::len));
        for value in items.unwrap_or(&[]) {
            item(self, value);
        }
    }

    pub fn array<T>(&mut self, flexible: bool, items: &[T], item: impl Fn(&mut Writer, &T)) {
        self.nullable_array(flexible, Some(items), item);
    }

    /// Whether a nullable struct follows.
    pub fn present(&mut self, present: bool) {
        self.i8(if present { 1 } else { -1 });
    }

    /// Whether a nullable struct follows, in a tagged field.
    pub fn tagged_present(&mut self, present: bool) {
        self.unsigned_varint(u32::from(present));
    }

    pub fn no_tags(&mut self) {
        self.text.push(0);
    }

    /// A tagged field: its number, its size, and what `value` writes.
    pub fn tag(&mut self, tag: u32, value: impl FnOnce(&mut Writer)) {
        self.unsigned_varint(tag);
        let start = self.text.len();
        value(self);
        let size = u32::try_from(self.text.len() - start).expect("messages are bounded below 2 GiB");
        let (bytes, length) = varint(size);
        self.text.splice(start..start, bytes[..length].iter().copied());
    }
}

fn varint(mut value: u32) -> ([u8; 5], usize) {
    let mut bytes = [0; 5];
    let mut length = 0;
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        bytes[length] = if value == 0 { low & 0x7f } else { low | 0x80 };
        length += 1;
        if value == 0 {
            return (bytes, length);
        }
    }
}

fn truncated(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
