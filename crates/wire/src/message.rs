//! What the generated messages have in common.

use bytes::Bytes;

use crate::{DecodeError, Reader, Writer};

/// A message of the protocol: a request, a response, a record, or a blob inside one.
pub trait Message: Sized + Default {
    /// As Kafka names it: `FetchRequest`.
    const NAME: &'static str;
    /// The API key or record type; -1 where there is none.
    const API_KEY: i16;
    const MIN_VERSION: i16;
    const MAX_VERSION: i16;
    /// The first flexible version; `i16::MAX` where there is none.
    const FLEXIBLE_FROM: i16;

    /// Reads a body. The version must be one that the tables know; bytes after the body are left unread.
    fn decode(r: &mut Reader, version: i16) -> Result<Self, DecodeError>;

    /// Writes a body. A field that the version lacks is left out.
    fn encode(&self, w: &mut Writer, version: i16);

    /// For how many milliseconds the client is to be silent, of a response that says so.
    fn throttle_time_ms(&self) -> i32 {
        0
    }

    fn supports(version: i16) -> bool {
        (Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version)
    }
}

/// A request, and the response that answers it.
pub trait Request: Message {
    type Response: Message;
}

/// The body as one piece of memory.
pub fn to_bytes<M: Message>(message: &M, version: i16) -> Bytes {
    let mut writer = Writer::new();
    message.encode(&mut writer, version);
    writer.into_bytes()
}

/// The message in `bytes`, after its version is checked.
pub fn from_bytes<M: Message>(bytes: &Bytes, version: i16) -> Result<M, DecodeError> {
    versioned(&mut Reader::new(bytes.clone()), version)
}

pub(crate) fn versioned<M: Message>(r: &mut Reader, version: i16) -> Result<M, DecodeError> {
    if M::supports(version) {
        M::decode(r, version)
    } else {
        Err(DecodeError::UnsupportedVersion { version, min: M::MIN_VERSION, max: M::MAX_VERSION })
    }
}
