//! What a shard is asked, and what it answers.

use ottla_wire::ErrorCode;

use super::TopicPartition;

/// A producer as requests name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProducerIdentity {
    pub id: i64,
    pub epoch: i16,
}

impl ProducerIdentity {
    /// Nobody: of a request or an answer without one.
    pub const NONE: ProducerIdentity = ProducerIdentity { id: -1, epoch: -1 };
}

/// AddPartitionsToTxn, AddOffsetsToTxn, or a produce request that adds its partitions itself.
#[derive(Clone, Copy, Debug)]
pub struct AddPartitions<'a> {
    pub transactional_id: &'a str,
    pub producer: ProducerIdentity,
    pub partitions: &'a [TopicPartition],
    /// The transaction version that the client speaks.
    pub client_version: i16,
}

/// EndTxn.
#[derive(Clone, Copy, Debug)]
pub struct EndTransaction<'a> {
    pub transactional_id: &'a str,
    pub producer: ProducerIdentity,
    pub commit: bool,
    /// The transaction version that the client speaks.
    pub client_version: i16,
}

/// The answer to a request that had a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionResponse {
    /// To InitProducerId and EndTxn: who the producer is from now on.
    Producer(Result<ProducerIdentity, ErrorCode>),
    /// To the adding and the verification of partitions: one for each, in their order.
    Partitions(Vec<ErrorCode>),
}

impl TransactionResponse {
    /// The same, had it failed as a whole.
    pub(super) fn failed(self, error: ErrorCode) -> TransactionResponse {
        match self {
            TransactionResponse::Producer(_) => TransactionResponse::Producer(Err(error)),
            TransactionResponse::Partitions(codes) => {
                TransactionResponse::Partitions(vec![error; codes.len()])
            }
        }
    }
}
