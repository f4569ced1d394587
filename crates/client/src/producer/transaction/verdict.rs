//! What a failure means for a transaction and its producer.

use std::sync::Arc;

use ottla_wire::ErrorCode;

use super::Step;
use crate::Error;

/// What is to be done after a failure.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The same once more.
    Again(Error),
    /// The transaction can only be aborted. The producer lives on.
    Abort(Error),
    /// The producer will never be answered otherwise.
    Over(Error),
}

impl Verdict {
    /// Of a step that failed.
    pub(super) fn of_step(step: &Step, transactional_id: &Arc<str>, error: Error) -> Verdict {
        if is_fencing(&error) || has_ended(step, &error) {
            return Verdict::Over(fenced(transactional_id, error));
        }
        if error.is_retriable() {
            return Verdict::Again(error);
        }
        let code = error.code();
        if code == Some(ErrorCode::TransactionAbortable) {
            return failed(error);
        }
        if step.is_about_what_is_sent()
            && code.is_none_or(|code| !ENDS_PRODUCER.contains(&code))
            && !is_lasting(&error)
        {
            return failed(error);
        }
        Verdict::Over(error)
    }

    /// Of a batch that will not be sent again. Whether the producer was fenced, its coordinator knows: an epoch or a transaction
    /// that a leader does not take may also be one that the coordinator ended.
    pub(super) fn of_batch(transactional_id: &Arc<str>, error: Error) -> Verdict {
        match error.code() {
            Some(ErrorCode::ProducerFenced) => Verdict::Over(fenced(transactional_id, error)),
            Some(ErrorCode::InvalidTxnState) => failed(error),
            Some(code) if ENDS_PRODUCER.contains(&code) => Verdict::Over(error),
            Some(_) => failed(error),
            None if is_lasting(&error) => Verdict::Over(error),
            None => failed(error),
        }
    }
}

/// Answers to a producer that has no future under its id.
const ENDS_PRODUCER: &[ErrorCode] = &[
    ErrorCode::TransactionalIdAuthorizationFailed,
    ErrorCode::ClusterAuthorizationFailed,
    ErrorCode::InvalidTxnState,
    ErrorCode::InvalidProducerIdMapping,
    ErrorCode::UnsupportedForMessageFormat,
];

fn is_fencing(error: &Error) -> bool {
    [ErrorCode::ProducerFenced, ErrorCode::InvalidProducerEpoch].map(Some).contains(&error.code())
}

/// With V2 a coordinator that aborted what took too long takes the commit for an old one that comes again.
fn has_ended(step: &Step, error: &Error) -> bool {
    matches!(step, Step::End { .. }) && error.code() == Some(ErrorCode::InvalidTxnState)
}

/// Whether no broker has to do with it, and it stays.
fn is_lasting(error: &Error) -> bool {
    error.code().is_none() && error.is_fatal()
}

fn fenced(transactional_id: &Arc<str>, cause: Error) -> Error {
    Error::ProducerFenced { transactional_id: transactional_id.clone(), cause: Arc::new(cause) }
}

fn failed(cause: Error) -> Verdict {
    Verdict::Abort(Error::TransactionFailed { cause: Arc::new(cause) })
}
