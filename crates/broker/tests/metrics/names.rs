//! The names and labels that dashboards and alerts ask for.

use ottla_wire::messages::ListOffsetsRequest;

use crate::{
    act::{commit, fetch, produce},
    http::scrape,
    node::Node,
};

/// A sample's name, and the labels that its series have. Where some have fewer, there is a line for each.
#[rustfmt::skip]
const TOLD: &[(&str, &[&str])] = &[
    ("kafka_brokers", &[]),
    ("kafka_broker_info", &["address", "id"]),
    ("kafka_topic_partitions", &["topic"]),
    ("kafka_topic_partition_current_offset", &["partition", "topic"]),
    ("kafka_topic_partition_oldest_offset", &["partition", "topic"]),
    ("kafka_topic_partition_in_sync_replica", &["partition", "topic"]),
    ("kafka_topic_partition_leader", &["partition", "topic"]),
    ("kafka_topic_partition_leader_is_preferred", &["partition", "topic"]),
    ("kafka_topic_partition_replicas", &["partition", "topic"]),
    ("kafka_topic_partition_under_replicated_partition", &["partition", "topic"]),
    ("kafka_consumergroup_current_offset", &["consumergroup", "partition", "topic"]),
    ("kafka_consumergroup_lag", &["consumergroup", "partition", "topic"]),
    ("kafka_consumergroup_lag_seconds", &["consumergroup", "partition", "topic"]),
    ("kafka_consumergroup_current_offset_sum", &["consumergroup", "topic"]),
    ("kafka_consumergroup_lag_sum", &["consumergroup", "topic"]),
    ("kafka_consumergroup_members", &["consumergroup"]),
    ("kafka_server_brokertopicmetrics_bytesin_total", &[]),
    ("kafka_server_brokertopicmetrics_bytesin_total", &["topic"]),
    ("kafka_server_brokertopicmetrics_bytesout_total", &[]),
    ("kafka_server_brokertopicmetrics_bytesout_total", &["topic"]),
    ("kafka_server_brokertopicmetrics_messagesin_total", &[]),
    ("kafka_server_brokertopicmetrics_messagesin_total", &["topic"]),
    ("kafka_server_brokertopicmetrics_bytesrejected_total", &[]),
    ("kafka_server_brokertopicmetrics_bytesrejected_total", &["topic"]),
    ("kafka_server_brokertopicmetrics_totalproducerequests_total", &[]),
    ("kafka_server_brokertopicmetrics_totalproducerequests_total", &["topic"]),
    ("kafka_server_brokertopicmetrics_totalfetchrequests_total", &[]),
    ("kafka_server_brokertopicmetrics_totalfetchrequests_total", &["topic"]),
    ("kafka_server_brokertopicmetrics_failedproducerequests_total", &[]),
    ("kafka_server_brokertopicmetrics_failedproducerequests_total", &["topic"]),
    ("kafka_server_brokertopicmetrics_failedfetchrequests_total", &[]),
    ("kafka_server_brokertopicmetrics_failedfetchrequests_total", &["topic"]),
    ("kafka_server_brokertopicmetrics_producemessageconversions_total", &[]),
    ("kafka_server_brokertopicmetrics_producemessageconversions_total", &["topic"]),
    ("kafka_server_brokertopicmetrics_fetchmessageconversions_total", &[]),
    ("kafka_server_brokertopicmetrics_fetchmessageconversions_total", &["topic"]),
    ("kafka_server_replicamanager_partitioncount", &[]),
    ("kafka_server_replicamanager_leadercount", &[]),
    ("kafka_server_replicamanager_underreplicatedpartitions", &[]),
    ("kafka_server_replicamanager_underminisrpartitioncount", &[]),
    ("kafka_server_replicamanager_atminisrpartitioncount", &[]),
    ("kafka_server_replicamanager_offlinereplicacount", &[]),
    ("kafka_server_replicamanager_reassigningpartitions", &[]),
    ("kafka_server_replicamanager_isrshrinks_total", &[]),
    ("kafka_server_replicamanager_isrexpands_total", &[]),
    ("kafka_cluster_partition_replicascount", &["partition", "topic"]),
    ("kafka_cluster_partition_underminisr", &["partition", "topic"]),
    ("kafka_cluster_partition_atminisr", &["partition", "topic"]),
    ("kafka_controller_kafkacontroller_activecontrollercount", &[]),
    ("kafka_controller_kafkacontroller_offlinepartitionscount", &[]),
    ("kafka_controller_kafkacontroller_preferredreplicaimbalancecount", &[]),
    ("kafka_controller_kafkacontroller_globaltopiccount", &[]),
    ("kafka_controller_kafkacontroller_globalpartitioncount", &[]),
    ("kafka_controller_kafkacontroller_activebrokercount", &[]),
    ("kafka_controller_kafkacontroller_fencedbrokercount", &[]),
    ("kafka_controller_kafkacontroller_metadataerrorcount", &[]),
    ("kafka_controller_controllerstats_uncleanleaderelections_total", &[]),
    ("kafka_network_requestmetrics_totaltimems", &["quantile", "request"]),
    ("kafka_network_requestmetrics_totaltimems_count", &["request"]),
    ("kafka_network_requestmetrics_requests_total", &["request", "version"]),
    ("kafka_network_requestmetrics_errors_total", &["error", "request"]),
    ("kafka_network_socketserver_networkprocessoravgidle_percent", &[]),
    ("kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent", &[]),
    ("kafka_server_socket_server_metrics_connection_count", &["listener"]),
    ("kafka_server_socket_server_metrics_connection_creation_total", &["listener"]),
    ("kafka_log_log_size", &["partition", "topic"]),
    ("kafka_log_log_logstartoffset", &["partition", "topic"]),
    ("kafka_log_log_logendoffset", &["partition", "topic"]),
    ("kafka_log_log_numlogsegments", &["partition", "topic"]),
    ("kafka_log_logmanager_offlinelogdirectorycount", &[]),
    ("kafka_server_kafkaserver_linux_disk_read_bytes", &[]),
    ("kafka_server_kafkaserver_linux_disk_write_bytes", &[]),
    ("kafka_coordinator_group_groupmetadatamanager_numgroups", &[]),
    ("kafka_coordinator_group_groupmetadatamanager_numgroupsstable", &[]),
    ("kafka_coordinator_group_groupmetadatamanager_numgroupsempty", &[]),
    ("kafka_coordinator_group_groupmetadatamanager_numgroupsdead", &[]),
    ("kafka_coordinator_group_groupmetadatamanager_numgroupspreparingrebalance", &[]),
    ("kafka_coordinator_group_groupmetadatamanager_numgroupscompletingrebalance", &[]),
    ("kafka_server_raftmetrics_current_leader", &[]),
    ("kafka_server_raftmetrics_current_epoch", &[]),
    ("kafka_server_raftmetrics_current_vote", &[]),
    ("kafka_server_raftmetrics_current_state", &["current_state"]),
    ("kafka_server_raftmetrics_high_watermark", &[]),
    ("kafka_server_raftmetrics_log_end_offset", &[]),
    ("kafka_server_raftmetrics_commit_latency_avg", &[]),
    ("kafka_server_raftmetrics_append_records_rate", &[]),
    ("kafka_server_raftmetrics_fetch_records_rate", &[]),
    ("kafka_server_delayedoperationpurgatory_purgatorysize", &["delayedOperation"]),
    ("process_cpu_seconds_total", &[]),
    ("process_open_fds", &[]),
    ("process_max_fds", &[]),
    ("process_resident_memory_bytes", &[]),
    ("process_virtual_memory_bytes", &[]),
    ("process_start_time_seconds", &[]),
    ("ottla_request_latency_seconds_bucket", &["le", "request"]),
    ("ottla_transactions", &["state"]),
    ("ottla_legacy_requests_total", &["address", "request", "software", "software_version", "version"]),
    ("ottla_legacy_other_requests_total", &[]),
    ("ottla_message_conversion_seconds_total", &["request"]),
    ("ottla_message_conversion_bytes_total", &["request"]),
    ("ottla_journal_flush_seconds_bucket", &["le"]),
    ("ottla_journal_flush_batches_bucket", &["le"]),
    ("ottla_journal_written_bytes_total", &[]),
    ("ottla_journal_queued_bytes", &[]),
    ("ottla_journal_needed_bytes", &[]),
    ("ottla_journal_file_bytes", &[]),
    ("ottla_journal_limit_bytes", &[]),
    ("ottla_unwritten_bytes", &[]),
    ("ottla_fetch_sessions", &[]),
    ("ottla_cold_read_seconds_bucket", &["le"]),
    ("ottla_disk_free_bytes", &[]),
    ("ottla_disk_total_bytes", &[]),
    ("ottla_disk_is_low", &[]),
    ("ottla_group_rebalances_total", &[]),
    ("ottla_group_offset_commits_total", &[]),
    ("ottla_group_offset_expirations_total", &[]),
    ("ottla_group_offset_deletions_total", &[]),
    ("ottla_build_info", &["version"]),
];

#[tokio::test]
async fn every_name_is_told_with_its_labels_and_no_other_is() {
    let node = Node::start_with(&["ottla.metrics.listener=127.0.0.1:0"]).await;
    let mut client = node.group_client().await;
    client.create_topic("t", 1).await;
    produce(&mut client, ("t", 0), 1, 0, 10).await;
    fetch(&mut client, ("t", 0), 0).await;
    fetch(&mut client, ("t", 0), 99).await;
    commit(&mut client, "g", ("t", 0), 1).await;
    client.call(0, &ListOffsetsRequest::default()).await;
    let told = scrape(&node).await;
    for (name, labels) in TOLD {
        let found = told.label_names(name);
        assert!(found.contains(*labels), "{name} has {found:?}");
    }
    for (name, family) in &told.families {
        let is_listed = |sample: &str| TOLD.iter().any(|(listed, _)| *listed == sample);
        assert!(family.samples.iter().any(|sample| is_listed(&sample.0)), "{name} is in no table");
    }
}
