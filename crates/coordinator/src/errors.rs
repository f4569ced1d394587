//! What clients are told when records cannot be written.

use ottla_wire::ErrorCode;

/// Translates the error of an append into one that clients of groups know how to handle.
#[allow(clippy::wildcard_enum_match_arm, reason = "all other errors pass as they are")]
pub(crate) fn told_for(append: ErrorCode) -> ErrorCode {
    match append {
        ErrorCode::UnknownTopicOrPartition | ErrorCode::NotEnoughReplicas | ErrorCode::RequestTimedOut => {
            ErrorCode::CoordinatorNotAvailable
        }
        ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError => ErrorCode::NotCoordinator,
        ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge | ErrorCode::InvalidFetchSize => {
            ErrorCode::UnknownServerError
        }
        other => other,
    }
}
