//! What can be wrong with bytes off the wire, and Kafka's error codes.

use std::fmt;

include!(concat!(env!("OUT_DIR"), "/errors.rs"));

impl ErrorCode {
    /// The number on the wire.
    pub fn code(self) -> i16 {
        self as i16
    }

    pub fn is_error(self) -> bool {
        self != ErrorCode::None
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("the message ends {missing} bytes too early, at byte {at}")]
    Truncated { at: usize, missing: usize },
    #[error("a length or count of {length} at byte {at} cannot be: {remaining} bytes remain")]
    BadLength { at: usize, length: i64, remaining: usize },
    #[error("null at byte {at} where the version allows none")]
    UnexpectedNull { at: usize },
    #[error("text at byte {at} is not UTF-8")]
    NotUtf8 { at: usize },
    #[error("a variable-length number at byte {at} is longer than it can be")]
    BadVarint { at: usize },
    #[error("tagged field {tag} at byte {at} is repeated, out of order, or not of its stated size")]
    BadTag { at: usize, tag: u32 },
    #[error("the message would take more memory than a message of its size may")]
    TooLarge,
    #[error("unknown record type {0}")]
    UnknownType(u32),
    #[error("unsupported version {version}, known are {min} to {max}")]
    UnsupportedVersion { version: i16, min: i16, max: i16 },
}
