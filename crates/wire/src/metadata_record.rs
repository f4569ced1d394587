//! Records of `__cluster_metadata`, framed as the log holds them.
//!
//! ```text
//! uvarint frame version (1) | uvarint type | uvarint version | body
//! ```

use bytes::Bytes;

use crate::{DecodeError, Reader, Writer};

pub use crate::api_key::generated::MetadataRecord;

const FRAME_VERSION: u32 = 1;

impl MetadataRecord {
    /// Reads the value of a record of the metadata log.
    pub fn decode_framed(value: &Bytes) -> Result<MetadataRecord, DecodeError> {
        MetadataRecord::decode_framed_with_version(value).map(|(record, _)| record)
    }

    /// The record, and the version in which it was written.
    pub fn decode_framed_with_version(value: &Bytes) -> Result<(MetadataRecord, i16), DecodeError> {
        let mut r = Reader::new(value.clone());
        let frame = r.unsigned_varint()?;
        if frame != FRAME_VERSION {
            let version = i16::try_from(frame).unwrap_or(i16::MAX);
            return Err(DecodeError::UnsupportedVersion { version, min: 1, max: 1 });
        }
        let kind = r.unsigned_varint()?;
        let version = i16::try_from(r.unsigned_varint()?).unwrap_or(i16::MAX);
        Ok((MetadataRecord::decode_body(&mut r, kind, version)?, version))
    }

    /// Writes it as the value of a record of the metadata log.
    pub fn encode_framed(&self, version: i16) -> Bytes {
        let (kind, _) = self.kind();
        let mut w = Writer::new();
        w.unsigned_varint(FRAME_VERSION);
        w.unsigned_varint(kind.unsigned_abs().into());
        w.unsigned_varint(version.unsigned_abs().into());
        self.encode_body(&mut w, version);
        w.into_bytes()
    }
}
