//! Records of the coordinators' topics: an `i16` stands before the body, in a key its type, in a value its version.

use bytes::Bytes;

use crate::{DecodeError, Message, Reader, Writer, message::versioned};

/// What stands at the front of a key: the type of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoordinatorKey {
    pub kind: i16,
    pub body: Bytes,
}

/// Splits a key into its type and its body.
pub fn decode_key(key: &Bytes) -> Result<CoordinatorKey, DecodeError> {
    let mut r = Reader::new(key.clone());
    let kind = r.i16()?;
    Ok(CoordinatorKey { kind, body: key.slice(r.position()..) })
}

/// The version in which a value was written.
pub fn value_version(value: &Bytes) -> Result<i16, DecodeError> {
    Reader::new(value.clone()).i16()
}

/// Reads a value, whatever version of it was written.
pub fn decode_value<M: Message>(value: &Bytes) -> Result<M, DecodeError> {
    let mut r = Reader::new(value.clone());
    let version = r.i16()?;
    versioned(&mut r, version)
}

/// Writes a key; keys have no version but 0.
pub fn encode_key<M: Message>(key: &M) -> Bytes {
    prefixed(M::API_KEY, key, 0)
}

/// Writes a value in a version.
pub fn encode_value<M: Message>(value: &M, version: i16) -> Bytes {
    prefixed(version, value, version)
}

fn prefixed<M: Message>(prefix: i16, message: &M, version: i16) -> Bytes {
    let mut w = Writer::new();
    w.i16(prefix);
    message.encode(&mut w, version);
    w.into_bytes()
}
