//! What a batch must satisfy to be appended, and what the leader answers.

use ottla_records::{Epoch, Offset, ProducerEpoch, ProducerId, Sequence, Timestamp};

/// When the writer wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// 0: never.
    None,
    /// 1: once the leader has appended.
    Leader,
    /// −1: once every replica in sync has it.
    All,
}

/// Not a number that `acks` may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("acks must be 0, 1 or -1, not {0}")]
pub struct InvalidAcks(pub i16);

impl TryFrom<i16> for Acks {
    type Error = InvalidAcks;

    fn try_from(acks: i16) -> Result<Self, InvalidAcks> {
        match acks {
            0 => Ok(Self::None),
            1 => Ok(Self::Leader),
            -1 => Ok(Self::All),
            other => Err(InvalidAcks(other)),
        }
    }
}

/// Who writes, and so what is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A client: its sequences must follow one another.
    Client,
    /// A coordinator on this node, which writes offsets for transactional producers: they have no sequence.
    Coordinator,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It has its place, and the caller writes it there before it releases the partition.
    New(Place),
    /// It is in the log already; nothing is to be written.
    Duplicate {
        base_offset: Offset,
        last_offset: Offset,
        /// The greatest timestamp of the first writing: Kafka answers it as the log append time, whatever the
        /// topic's timestamp type.
        timestamp: Timestamp,
    },
}

/// Where a batch goes, and what is written into its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub base_offset: Offset,
    pub last_offset: Offset,
    pub leader_epoch: Epoch,
}

impl Appended {
    pub fn base_offset(&self) -> Offset {
        match *self {
            Self::New(Place { base_offset, .. }) | Self::Duplicate { base_offset, .. } => base_offset,
        }
    }

    /// The high watermark that acks −1 waits for. A duplicate waits too: its first writing may not be safe yet.
    pub fn required_offset(&self) -> Offset {
        match *self {
            Self::New(Place { last_offset, .. }) | Self::Duplicate { last_offset, .. } => last_offset + 1,
        }
    }
}

/// Why a batch was not appended. Each is one error code of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// NOT_LEADER_OR_FOLLOWER
    #[error("this node does not lead the partition")]
    NotLeader,
    /// NOT_ENOUGH_REPLICAS: acks −1 alone
    #[error("{in_sync} replicas are in sync, {required} must be")]
    NotEnoughReplicas { in_sync: usize, required: usize },
    /// INVALID_PRODUCER_EPOCH
    #[error("epoch {epoch} of producer {producer_id} is below the last seen one, {current}")]
    InvalidProducerEpoch { producer_id: ProducerId, epoch: ProducerEpoch, current: ProducerEpoch },
    /// OUT_OF_ORDER_SEQUENCE_NUMBER
    #[error("sequence {sequence} of producer {producer_id} in epoch {epoch} does not follow {last}")]
    OutOfOrderSequence { producer_id: ProducerId, epoch: ProducerEpoch, sequence: Sequence, last: Sequence },
    /// TRANSACTION_COORDINATOR_FENCED: markers alone
    #[error(
        "epoch {epoch} of the coordinator of producer {producer_id} is below the last seen one, {current}"
    )]
    TransactionCoordinatorFenced { producer_id: ProducerId, epoch: Epoch, current: Epoch },
    /// INVALID_TXN_STATE
    #[error("batch of producer {producer_id} is not part of its open transaction")]
    InvalidTransactionState { producer_id: ProducerId },
    /// KAFKA_STORAGE_ERROR: the partition can hold no more; Kafka's offsets would turn negative
    #[error("no offsets are left after {log_end}")]
    OffsetsExhausted { log_end: Offset },
}

/// Where a batch stands that was written with acks −1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// Not every replica in sync has it.
    Pending,
    /// It is safe.
    Done,
    /// NOT_ENOUGH_REPLICAS_AFTER_APPEND: it was written, but too few replicas are in sync by now.
    NotEnoughReplicas,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acks_are_zero_one_or_minus_one() {
        let cases = [
            (0, Ok(Acks::None)),
            (1, Ok(Acks::Leader)),
            (-1, Ok(Acks::All)),
            (2, Err(InvalidAcks(2))),
            (-2, Err(InvalidAcks(-2))),
        ];
        for (number, expected) in cases {
            assert_eq!(Acks::try_from(number), expected);
        }
    }
}
