//! Asking a transaction's coordinator whether its producer may write to partitions (KIP-890).

use ottla_coordinator::{TopicPartition, TransactionalProducer};
use ottla_wire::ErrorCode;

use super::Context;
use crate::transactions::Admission;

/// Who wants to write, and how its version goes about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Applicant<'a> {
    pub(super) transactional_id: &'a str,
    pub(super) producer: TransactionalProducer,
    pub(super) admission: Admission,
    /// The client's version has the code that says: abort, and all is well.
    pub(super) knows_abortable: bool,
}

/// A code for each partition, in their order, that the client's version knows.
pub(super) async fn ask(
    context: &Context<'_>,
    applicant: &Applicant<'_>,
    partitions: &[TopicPartition],
) -> Vec<ErrorCode> {
    let TransactionalProducer { id, epoch } = applicant.producer;
    let admission = applicant.admission;
    let asked =
        context.broker.transactions.admit(applicant.transactional_id, id, epoch, partitions, admission);
    asked.await.into_iter().map(|code| told(code, applicant.knows_abortable)).collect()
}

#[allow(clippy::wildcard_enum_match_arm, reason = "all other codes pass as they are")]
fn told(code: ErrorCode, knows_abortable: bool) -> ErrorCode {
    match code {
        ErrorCode::ProducerFenced => ErrorCode::InvalidProducerEpoch,
        ErrorCode::TransactionAbortable if !knows_abortable => ErrorCode::InvalidTxnState,
        other => other,
    }
}

/// Whether the coordinator may say yes later.
pub(super) fn is_retriable(code: ErrorCode) -> bool {
    use ErrorCode as E;
    [E::ConcurrentTransactions, E::CoordinatorLoadInProgress, E::CoordinatorNotAvailable, E::NotCoordinator]
        .contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_what_their_version_knows() {
        use ErrorCode as E;
        for (code, knows_abortable, expected) in [
            (E::None, false, E::None),
            (E::ProducerFenced, true, E::InvalidProducerEpoch),
            (E::TransactionAbortable, true, E::TransactionAbortable),
            (E::TransactionAbortable, false, E::InvalidTxnState),
            (E::InvalidProducerIdMapping, true, E::InvalidProducerIdMapping),
            (E::ConcurrentTransactions, true, E::ConcurrentTransactions),
        ] {
            assert_eq!(told(code, knows_abortable), expected, "{code:?}");
        }
    }
}
