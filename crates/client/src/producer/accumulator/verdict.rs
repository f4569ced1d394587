//! What a broker's refusal means for a batch.

use ottla_wire::ErrorCode;

use super::super::batch::Batch;
use crate::error::ResponseError;

/// What is to be done with a batch that was refused.
pub(super) enum Verdict {
    /// It is written: an earlier try was, and its answer lost.
    WrittenBefore,
    /// It is sent in two parts.
    InTwo,
    /// The broker misses what came before it, or does not know the producer.
    OutOfOrder,
    /// It is sent once more.
    Again,
    /// It will not be written.
    Never,
}

impl Verdict {
    pub(super) fn of(refusal: &ResponseError, batch: &Batch) -> Verdict {
        let is_out_of_order = [
            ErrorCode::OutOfOrderSequenceNumber,
            ErrorCode::UnknownProducerId,
            ErrorCode::InvalidProducerEpoch,
        ];
        let code = refusal.code;
        if code == ErrorCode::DuplicateSequenceNumber {
            Verdict::WrittenBefore
        } else if code == ErrorCode::MessageTooLarge && batch.count() > 1 {
            Verdict::InTwo
        } else if is_out_of_order.contains(&code) && batch.numbers.is_some() {
            Verdict::OutOfOrder
        } else if refusal.is_retriable() {
            Verdict::Again
        } else {
            Verdict::Never
        }
    }
}
