//! The kinds of request and their versions.

use crate::{DecodeError, Message, Reader, Writer, message::versioned, messages::*};

use std::ops::RangeInclusive;

/// What the schema tables say of a request's versions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ApiSchema {
    pub(crate) oldest: i16,
    pub(crate) min: i16,
    pub(crate) max: i16,
    pub(crate) flexible: i16,
}

impl ApiKey {
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The stable versions of Apache Kafka 4.3.
    pub fn versions(self) -> RangeInclusive<i16> {
        let schema = self.schema();
        schema.min..=schema.max
    }

    /// These, and before them the versions that Kafka 4.0 removed (KIP-896) and 3.9 still served to clients.
    pub fn versions_with_removed(self) -> RangeInclusive<i16> {
        let schema = self.schema();
        schema.oldest..=schema.max
    }

    /// Whether Kafka 3.9 served this version and 4.0 removed it.
    pub fn is_removed(self, version: i16) -> bool {
        let schema = self.schema();
        (schema.oldest..schema.min).contains(&version)
    }

    pub fn is_flexible(self, version: i16) -> bool {
        version >= self.schema().flexible
    }

    /// The version of the header before a request of this version.
    pub fn request_header_version(self, version: i16) -> i16 {
        if self.is_flexible(version) { 2 } else { 1 }
    }

    /// The version of the header before the response. That to ApiVersions never has tagged fields: a client reads it
    /// before it knows what the broker speaks.
    pub fn response_header_version(self, version: i16) -> i16 {
        i16::from(self != ApiKey::ApiVersions && self.is_flexible(version))
    }
}

#[allow(clippy::all, reason = "generated")]
pub(crate) mod generated {
    use super::*;

    include!(concat!(env!("OUT_DIR"), "/registry.rs"));
}
pub use generated::ApiKey;
