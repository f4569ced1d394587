//! Record batches: the unit in which Kafka's clients send, brokers store and consumers fetch records.
//!
//! The crate reads and writes the message format: version 2 above all, and the message sets of the versions 0 and 1,
//! which old segments still hold and old clients still speak. Kafka's own classes decide what is right: where this crate
//! and the message format's documentation differ, Apache Kafka's reader was followed.
//!
//! A batch is a view of received bytes ([`Batch`]): its header is parsed, its records are not looked at until
//! somebody asks, and the broker stores the bytes as they came, behind a fresh prefix ([`AssignedBatch`]).
//!
//! | to | use |
//! |---|---|
//! | split bytes into batches | [`Batches`]; [`Entries`] where old message sets may be among them; [`Frame`] for the first bytes of either |
//! | read a header | [`BatchHeader::parse`], or [`EntryHeader::parse`] for any version |
//! | read records | [`Batch::records`], or [`Batch::record_views`] without allocating for each |
//! | read offsets and keys alone | [`Batch::record_views`], whose items borrow and cost no copy |
//! | give a batch its offset | [`Batch::assign`], [`Batch::assign_with_time`] |
//! | write a batch | [`BatchBuilder`] |
//! | send a batch again, with other numbers or in two parts | [`Batch::produced_by`], [`Batch::split_at`] |
//! | give batches to clients that know messages of the versions 0 and 1 alone | [`Conversion`] |
//! | read and write control records | [`ControlKey`], [`EndTransactionMarker`] |
//!
//! Upstream of it is nothing of ours; downstream are `replica` (validates batches), `log` (stores them),
//! `coordinator` and `metadata` (keep their state in them) and the broker.
//!
//! It never reads a clock, a file or a socket, never decides an offset or a timestamp, never allocates by a
//! length that it has not checked, and never unpacks more than [`Limits`] allow.

#![forbid(unsafe_code)]

mod assigned;
mod attributes;
mod batch;
mod batches;
mod builder;
mod compression;
mod control;
mod crc;
mod encode;
mod entry;
mod entry_header;
mod error;
mod frame;
mod header;
mod legacy;
mod limits;
mod record;
mod records;
mod resent;
mod splitter;
mod varint;

pub use assigned::{ASSIGNED_PREFIX_SIZE, AssignedBatch, prefix};
pub use attributes::{Attributes, Compression, TimestampType};
pub use batch::Batch;
pub use batches::Batches;
pub use builder::{BatchBuilder, BatchOptions};
pub use compression::Codec;
pub use control::{ControlKey, ControlType, EndTransactionMarker};
pub use crc::crc32c;
pub use entry::{Entries, Entry};
pub use entry_header::EntryHeader;
pub use error::{BatchError, BatchErrorKind, PositionedError, RecordFault};
pub use frame::Frame;
pub use header::{BATCH_HEADER_SIZE, BatchHeader};
pub use legacy::{Conversion, LegacyHeader, LegacyMessage, Room};
pub use limits::Limits;
pub use record::{Header, HeaderView, HeaderViews, Headers, Record, RecordView};
pub use records::{RecordViews, Records};

/// The place of a record in its partition.
pub type Offset = i64;
/// The term of a partition's leader.
pub type Epoch = i32;
/// The identity of an idempotent producer.
pub type ProducerId = i64;
/// The incarnation of an idempotent producer; a higher one fences the lower.
pub type ProducerEpoch = i16;
/// The number of a record among those that one producer sent to one partition; after 2³¹ − 1 comes 0.
pub type Sequence = i32;
/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Timestamp = i64;

/// Stands for "no timestamp".
pub const NO_TIMESTAMP: Timestamp = -1;
/// Stands for "the batch has not been given a leader epoch".
pub const NO_LEADER_EPOCH: Epoch = -1;
/// Stands for "the producer is not idempotent".
pub const NO_PRODUCER_ID: ProducerId = -1;
/// Goes with [`NO_PRODUCER_ID`].
pub const NO_PRODUCER_EPOCH: ProducerEpoch = -1;
/// Goes with [`NO_PRODUCER_ID`].
pub const NO_SEQUENCE: Sequence = -1;
