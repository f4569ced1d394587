//! Copies of what a request holds.
//!
//! Strings off the wire are slices of their frame: one that is kept would keep the whole frame in memory.

use bytes::Bytes;
use bytestring::ByteString;

pub(crate) fn text(slice: &ByteString) -> ByteString {
    ByteString::from(&**slice)
}

pub(crate) fn bytes(slice: &Bytes) -> Bytes {
    Bytes::copy_from_slice(slice)
}
