//! What a shard wants to be done.

use std::convert::Infallible;

use bytes::Bytes;
use ottla_wire::{
    ErrorCode,
    messages::{
        JoinGroupResponse, LeaveGroupResponse, OffsetCommitResponse, OffsetDeleteResponse, SyncGroupResponse,
        delete_groups_response::DeletableGroupResult, offset_fetch_response::OffsetFetchResponseGroup,
    },
};

use crate::{AppendId, Ticket};

/// Something for the broker to do, in the order in which it is told: of a shard that answers `R` and has `M` to tell
/// others.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<R = Response, M = Infallible> {
    /// Append these records to the shard's partition as one batch, at once, whatever `max.message.bytes` says, and
    /// call its `appended` before anything else happens to the shard.
    Append { id: AppendId, records: Vec<CoordinatorRecord> },
    /// The same, as a batch of a producer's transaction.
    AppendInTransaction { id: AppendId, producer: TransactionalProducer, records: Vec<CoordinatorRecord> },
    /// The same with the marker that ends a transaction, in place of records.
    AppendMarker { id: AppendId, end: TransactionEnd },
    /// Answer the request of that ticket.
    Reply { ticket: Ticket, response: R },
    /// Tell this to those whom it concerns.
    Send(M),
}

/// Who writes within a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionalProducer {
    pub id: i64,
    pub epoch: i16,
}

/// The end of a producer's transaction, as its coordinator has decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionEnd {
    pub producer: TransactionalProducer,
    /// The leader epoch of the coordinator's partition of `__transaction_state`.
    pub coordinator_epoch: i32,
    pub committed: bool,
    /// From 2 on the epoch is above that of the transaction's records (KIP-890).
    pub transaction_version: i8,
}

/// A record of a coordinator's topic; one without a value deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoordinatorRecord {
    pub key: Bytes,
    pub value: Option<Bytes>,
}

/// The answer to a request that had a ticket.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    JoinGroup(JoinGroupResponse),
    SyncGroup(SyncGroupResponse),
    LeaveGroup(LeaveGroupResponse),
    /// Also of offsets in a transaction.
    OffsetCommit(OffsetCommitResponse),
    TransactionEnded(ErrorCode),
    /// Of one group of the request.
    OffsetFetch(OffsetFetchResponseGroup),
    OffsetDelete(OffsetDeleteResponse),
    /// Of the groups of the request that are in this shard.
    DeleteGroups(Vec<DeletableGroupResult>),
}

impl Response {
    /// The same, had it failed as a whole.
    pub(crate) fn failed(mut self, failure: ErrorCode) -> Response {
        let error = failure.code();
        match &mut self {
            Response::JoinGroup(r) => r.error_code = error,
            Response::SyncGroup(r) => *r = SyncGroupResponse { error_code: error, ..Default::default() },
            Response::LeaveGroup(r) => *r = LeaveGroupResponse { error_code: error, ..Default::default() },
            Response::OffsetCommit(r) => {
                r.topics.iter_mut().flat_map(|t| &mut t.partitions).for_each(|p| p.error_code = error);
            }
            Response::TransactionEnded(code) => *code = failure,
            Response::OffsetFetch(r) => {
                r.topics.clear();
                r.error_code = error;
            }
            Response::OffsetDelete(r) => {
                *r = OffsetDeleteResponse { error_code: error, ..Default::default() }
            }
            Response::DeleteGroups(results) => results.iter_mut().for_each(|r| r.error_code = error),
        }
        self
    }
}
