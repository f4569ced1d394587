//! Record batches inside a message: referred to, not looked into.

use std::{fs::File, sync::Arc};

use bytes::Bytes;

/// Record batches, as one or several pieces of memory or of files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    parts: Parts,
    len: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum Parts {
    #[default]
    None,
    /// The usual case, without an allocation.
    One(RecordsPart),
    Many(Vec<RecordsPart>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum RecordsPart {
    Bytes(Bytes),
    File(FilePart),
}

/// A range of a file that goes to the socket without passing through our memory.
#[derive(Clone, Debug)]
pub struct FilePart {
    pub file: Arc<File>,
    pub position: u64,
    pub len: usize,
}

impl PartialEq for FilePart {
    fn eq(&self, other: &FilePart) -> bool {
        Arc::ptr_eq(&self.file, &other.file) && self.position == other.position && self.len == other.len
    }
}

impl RecordsPart {
    pub fn len(&self) -> usize {
        match self {
            RecordsPart::Bytes(bytes) => bytes.len(),
            RecordsPart::File(file) => file.len,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Records {
    /// Size in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn parts(&self) -> &[RecordsPart] {
        match &self.parts {
            Parts::None => &[],
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Many(parts) => parts,
        }
    }

    /// The bytes, if they are in memory in one piece, as they are after decoding.
    pub fn as_bytes(&self) -> Option<Bytes> {
        match &self.parts {
            Parts::None => Some(Bytes::new()),
            Parts::One(RecordsPart::Bytes(bytes)) => Some(bytes.clone()),
            Parts::One(RecordsPart::File(_)) | Parts::Many(_) => None,
        }
    }
}

impl From<Bytes> for Records {
    fn from(bytes: Bytes) -> Records {
        Records { len: bytes.len(), parts: Parts::One(RecordsPart::Bytes(bytes)) }
    }
}

impl FromIterator<RecordsPart> for Records {
    fn from_iter<I: IntoIterator<Item = RecordsPart>>(parts: I) -> Records {
        let parts: Vec<RecordsPart> = parts.into_iter().collect();
        Records { len: parts.iter().map(RecordsPart::len).sum(), parts: Parts::Many(parts) }
    }
}
