//! The requests: one table of what is served, and one file for each kind.
#![allow(clippy::unused_async, reason = "the table calls every handler alike")]

mod admission;
mod errors;
mod legacy;
mod operations;
pub(crate) mod produce;
mod segment_offsets;
mod unique;

use bytestring::ByteString;
use ottla_coordinator::{Response, Shard};
use ottla_wire::{
    ApiKey, DecodeError, ErrorCode, Message, Request, Writer,
    frame::{self, RequestFrame},
};

use crate::{
    Broker,
    controller::Stopped,
    groups::{Asked, Asker},
    server::ConnectionInfo,
};

/// What a handler knows beside the request.
pub(crate) struct Context<'a> {
    pub(crate) broker: &'a Broker,
    pub(crate) connection: &'a ConnectionInfo,
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
    pub(crate) client_id: ByteString,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        broker: &'a Broker,
        connection: &'a ConnectionInfo,
        frame: &RequestFrame,
    ) -> Context<'a> {
        let client_id = frame.client_id.clone().unwrap_or_default();
        Context { broker, connection, api: frame.api, version: frame.version, client_id }
    }

    /// Asks the controller. It stops only after the connections were told to end: should that be now, this waits for the
    /// connection's end.
    pub(crate) async fn decide<R, F>(&self, decide: F) -> R
    where
        R: Send + 'static,
        F: FnOnce(&ottla_metadata::Controller<'_>) -> ottla_metadata::Decision<R> + Send + 'static,
    {
        match self.broker.controller.decide(decide).await {
            Ok(response) => response,
            Err(Stopped) => std::future::pending().await,
        }
    }

    /// Asks the shard of a group, once there is room for what it may write, and waits for the answer.
    pub(crate) async fn ask_group(
        &self,
        group: &str,
        act: impl FnOnce(&mut Shard, Asked<'_>),
    ) -> Result<Response, ErrorCode> {
        self.broker.room_to_write().await;
        let asker = Asker::new(self);
        let ask = |shard: &mut Shard, now, ticket, out: &mut Vec<_>| act(shard, asker.asks(now, ticket, out));
        self.broker.groups.ask(group, ask).await
    }
}

/// A request that gets no answer: the connection is closed, as Kafka does.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{} version {version} is not served", api.name())]
    NotServed { api: ApiKey, version: i16 },
    #[error("{} version {version} is malformed: {error}", api.name())]
    Malformed { api: ApiKey, version: i16, error: DecodeError },
    #[error("a produce request that asked for no answer failed with {0}")]
    Unanswerable(ErrorCode),
}

/// The kinds that are served, each by a function `handle` in its module. Produce has its own way: it is started here and
/// answered by the connection once its records are durable.
macro_rules! served {
    ($($api:ident => $module:ident),* $(,)?) => {
        $(pub(crate) mod $module;)*

        /// What this broker serves, in the order of the keys.
        pub(crate) const SERVED: &[ApiKey] = &[ApiKey::Produce, $(ApiKey::$api),*];

        async fn dispatch(
            context: &Context<'_>,
            frame: &mut RequestFrame,
            out: &mut Writer,
        ) -> Result<(), Refused> {
            match frame.api {
                $(ApiKey::$api => {
                    let request = decode(context, frame)?;
                    let response = Box::pin($module::handle(context, request)).await;
                    errors::count(context, &response);
                    encode(frame, out, &response);
                    Ok(())
                })*
                api => Err(Refused::NotServed { api, version: frame.version }),
            }
        }
    };
}

served! {
    Fetch => fetch,
    ListOffsets => list_offsets,
    Metadata => metadata,
    OffsetCommit => offset_commit,
    OffsetFetch => offset_fetch,
    FindCoordinator => find_coordinator,
    JoinGroup => join_group,
    Heartbeat => heartbeat,
    LeaveGroup => leave_group,
    SyncGroup => sync_group,
    DescribeGroups => describe_groups,
    ListGroups => list_groups,
    SaslHandshake => sasl_handshake,
    ApiVersions => api_versions,
    CreateTopics => create_topics,
    DeleteTopics => delete_topics,
    DeleteRecords => delete_records,
    InitProducerId => init_producer_id,
    OffsetForLeaderEpoch => offset_for_leader_epoch,
    AddPartitionsToTxn => add_partitions_to_txn,
    AddOffsetsToTxn => add_offsets_to_txn,
    EndTxn => end_txn,
    WriteTxnMarkers => write_txn_markers,
    TxnOffsetCommit => txn_offset_commit,
    DescribeConfigs => describe_configs,
    AlterConfigs => alter_configs,
    AlterReplicaLogDirs => alter_replica_log_dirs,
    DescribeLogDirs => describe_log_dirs,
    SaslAuthenticate => sasl_authenticate,
    CreatePartitions => create_partitions,
    DeleteGroups => delete_groups,
    ElectLeaders => elect_leaders,
    IncrementalAlterConfigs => incremental_alter_configs,
    AlterPartitionReassignments => alter_partition_reassignments,
    ListPartitionReassignments => list_partition_reassignments,
    OffsetDelete => offset_delete,
    DescribeQuorum => describe_quorum,
    UpdateFeatures => update_features,
    DescribeCluster => describe_cluster,
    DescribeProducers => describe_producers,
    UnregisterBroker => unregister_broker,
    DescribeTransactions => describe_transactions,
    ListTransactions => list_transactions,
    ListConfigResources => list_config_resources,
    DescribeTopicPartitions => describe_topic_partitions,
}

/// Whether the answer takes about as much memory as the request, or less. What keeps groups alive is among these.
pub(crate) fn answers_briefly(api: ApiKey) -> bool {
    use ApiKey as A;
    [A::ApiVersions, A::FindCoordinator, A::InitProducerId].contains(&api)
        || [A::AddPartitionsToTxn, A::AddOffsetsToTxn, A::EndTxn].contains(&api)
        || [A::Heartbeat, A::JoinGroup, A::SyncGroup, A::LeaveGroup, A::OffsetCommit].contains(&api)
}

/// Serves a request and appends the answer to `out`.
pub(crate) async fn serve(
    context: &Context<'_>,
    mut frame: RequestFrame,
    out: &mut Writer,
) -> Result<(), Refused> {
    if frame.api == ApiKey::ApiVersions && !frame.api.versions().contains(&frame.version) {
        context.broker.metrics.request_failed(frame.api, ErrorCode::UnsupportedVersion);
        api_versions::unsupported(&frame, out);
        return Ok(());
    }
    dispatch(context, &mut frame, out).await
}

fn decode<R: Request>(context: &Context<'_>, frame: &mut RequestFrame) -> Result<R, Refused> {
    legacy::check_version(context)?;
    let (api, version) = (frame.api, frame.version);
    R::decode(&mut frame.body, version).map_err(|error| Refused::Malformed { api, version, error })
}

fn encode<M: Message>(frame: &RequestFrame, out: &mut Writer, response: &M) {
    frame::encode_response(out, frame.api, frame.version, frame.correlation_id, response);
}

/// Clients before that version know a fenced producer by INVALID_PRODUCER_EPOCH.
fn fenced_before(known_from: i16, version: i16, error: ErrorCode) -> ErrorCode {
    let is_known = error != ErrorCode::ProducerFenced || version >= known_from;
    if is_known { error } else { ErrorCode::InvalidProducerEpoch }
}
