//! The partitions that a transaction writes to.

use bytestring::ByteString;

/// A partition that a transaction writes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    pub topic: ByteString,
    pub partition: i32,
}
