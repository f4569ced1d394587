//! Where each kind of answer has its error codes, for the metrics.

use ottla_wire::{ErrorCode, messages::*};

use super::Context;

/// An answer that can tell its errors.
#[diagnostic::on_unimplemented(
    message = "where `{Self}` has its error codes is not known",
    note = "add it to the table in api/errors.rs"
)]
pub(crate) trait Errors {
    fn each(&self, tell: &mut dyn FnMut(i16));
}

/// Counts what goes wrong. Most answers have no error.
pub(super) fn count(context: &Context<'_>, response: &impl Errors) {
    response.each(&mut |code| {
        if let Some(error) = ErrorCode::from_code(code).filter(|error| error.is_error()) {
            context.broker.metrics.request_failed(context.api, error);
        }
    });
}

macro_rules! tell {
    ($tell:ident, $at:expr, $code:ident) => {
        $tell($at.$code)
    };
    ($tell:ident, $at:expr, $list:ident . $($rest:ident).+) => {
        for one in &$at.$list {
            tell!($tell, one, $($rest).+);
        }
    };
}

macro_rules! errors {
    ($($response:ident: $($($step:ident).+),+;)*) => {
        $(impl Errors for $response {
            fn each(&self, tell: &mut dyn FnMut(i16)) {
                $(tell!(tell, self, $($step).+);)+
            }
        })*
    };
}

errors! {
    AddOffsetsToTxnResponse: error_code;
    AddPartitionsToTxnResponse: error_code, results_by_topic_v3_and_below.results_by_partition.partition_error_code, results_by_transaction.topic_results.results_by_partition.partition_error_code;
    AlterConfigsResponse: responses.error_code;
    AlterPartitionReassignmentsResponse: error_code, responses.partitions.error_code;
    AlterReplicaLogDirsResponse: results.partitions.error_code;
    ApiVersionsResponse: error_code;
    CreatePartitionsResponse: results.error_code;
    CreateTopicsResponse: topics.error_code;
    DeleteGroupsResponse: results.error_code;
    DeleteRecordsResponse: topics.partitions.error_code;
    DeleteTopicsResponse: responses.error_code;
    DescribeClusterResponse: error_code;
    DescribeConfigsResponse: results.error_code;
    DescribeGroupsResponse: groups.error_code;
    DescribeLogDirsResponse: error_code, results.error_code;
    DescribeProducersResponse: topics.partitions.error_code;
    DescribeQuorumResponse: error_code, topics.partitions.error_code;
    DescribeTransactionsResponse: transaction_states.error_code;
    DescribeTopicPartitionsResponse: topics.error_code, topics.partitions.error_code;
    EndTxnResponse: error_code;
    ElectLeadersResponse: error_code, replica_election_results.partition_result.error_code;
    FetchResponse: error_code, responses.partitions.error_code;
    FindCoordinatorResponse: error_code, coordinators.error_code;
    HeartbeatResponse: error_code;
    IncrementalAlterConfigsResponse: responses.error_code;
    InitProducerIdResponse: error_code;
    JoinGroupResponse: error_code;
    LeaveGroupResponse: error_code, members.error_code;
    ListConfigResourcesResponse: error_code;
    ListGroupsResponse: error_code;
    ListOffsetsResponse: topics.partitions.error_code;
    ListPartitionReassignmentsResponse: error_code;
    ListTransactionsResponse: error_code;
    MetadataResponse: error_code, topics.error_code, topics.partitions.error_code;
    OffsetCommitResponse: topics.partitions.error_code;
    OffsetDeleteResponse: error_code, topics.partitions.error_code;
    OffsetFetchResponse: error_code, topics.partitions.error_code, groups.error_code, groups.topics.partitions.error_code;
    OffsetForLeaderEpochResponse: topics.partitions.error_code;
    ProduceResponse: responses.partition_responses.error_code;
    SaslAuthenticateResponse: error_code;
    SaslHandshakeResponse: error_code;
    SyncGroupResponse: error_code;
    TxnOffsetCommitResponse: topics.partitions.error_code;
    UnregisterBrokerResponse: error_code;
    UpdateFeaturesResponse: error_code, results.error_code;
    WriteTxnMarkersResponse: markers.topics.partitions.error_code;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_at_every_depth() {
        use offset_fetch_response::{
            OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
        };
        let partition = |error_code| OffsetFetchResponsePartitions { error_code, ..Default::default() };
        let topic =
            OffsetFetchResponseTopics { partitions: vec![partition(0), partition(3)], ..Default::default() };
        let group = OffsetFetchResponseGroup { error_code: 16, topics: vec![topic], ..Default::default() };
        let response = OffsetFetchResponse { error_code: 14, groups: vec![group], ..Default::default() };
        let mut told = Vec::new();
        response.each(&mut |code| told.push(code));
        assert_eq!(told, [14, 16, 0, 3]);
    }
}
