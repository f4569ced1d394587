//! The scripts that there are.

use std::io::Write;

use anyhow::Result;

use super::{
    acls, broker_api_versions, client_metrics, cluster, configs, console_consumer, console_producer,
    console_share_consumer, consumer_groups, delegation_tokens, delete_records, dump_log, features,
    get_offsets, groups, kcat, leader_election, log_dirs, metadata_quorum, performance, reassign_partitions,
    run_class, sarama, server, share_groups, storage, streams_groups, topics, transactions,
};
use crate::exit::Outcome;

/// One of Kafka's scripts, one of sarama's tools, or kcat.
pub(super) struct Applet {
    /// Its file's name.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) run: Run,
}

/// Reads its command line, and writes its answer.
type Run = fn(&[String], &mut dyn Write) -> Result<Outcome>;

#[rustfmt::skip]
pub(super) const APPLETS: &[Applet] = &[
    Applet { name: "kafka-acls.sh", about: "List, add and remove access control lists", run: acls::run },
    Applet { name: "kafka-broker-api-versions.sh", about: "Show which requests brokers serve", run: broker_api_versions::run },
    Applet { name: "kafka-client-metrics.sh", about: "Show and change which metrics clients push", run: client_metrics::run },
    Applet { name: "kafka-cluster.sh", about: "Show the cluster's id and its brokers, unregister a broker", run: cluster::run },
    Applet { name: "kafka-configs.sh", about: "Show and change options", run: configs::run },
    Applet { name: "kafka-console-consumer", about: "Print records, as sarama's or Kafka's", run: sarama::run_consumer },
    Applet { name: "kafka-console-consumer.sh", about: "Print records", run: console_consumer::run },
    Applet { name: "kafka-console-partitionconsumer", about: "Print records of one partition, as sarama's", run: sarama::run_partition_consumer },
    Applet { name: "kafka-console-producer", about: "Write one record, as sarama's; lines, as Kafka's", run: sarama::run_producer },
    Applet { name: "kafka-console-producer.sh", about: "Write lines as records", run: console_producer::run },
    Applet { name: "kafka-console-share-consumer.sh", about: "Print records as a member of a share group", run: console_share_consumer::run },
    Applet { name: "kafka-consumer-groups.sh", about: "Show groups and their lag, set where they are", run: consumer_groups::run },
    Applet { name: "kafka-consumer-perf-test.sh", about: "Measure how fast records are read", run: performance::run_consumer },
    Applet { name: "kafka-delegation-tokens.sh", about: "Create, renew, expire and show delegation tokens", run: delegation_tokens::run },
    Applet { name: "kafka-delete-records.sh", about: "Delete the records before an offset", run: delete_records::run },
    Applet { name: "kafka-dump-log.sh", about: "Show what is in segments and their indexes", run: dump_log::run },
    Applet { name: "kafka-e2e-latency.sh", about: "Measure how long records take from producer to consumer", run: performance::run_round_trips },
    Applet { name: "kafka-features.sh", about: "Show and change what the cluster has agreed to do", run: features::run },
    Applet { name: "kafka-get-offsets.sh", about: "Show offsets of partitions", run: get_offsets::run },
    Applet { name: "kafka-groups.sh", about: "List groups of all kinds", run: groups::run },
    Applet { name: "kafka-leader-election.sh", about: "Have leaders of partitions elected", run: leader_election::run },
    Applet { name: "kafka-log-dirs.sh", about: "Show what is in data directories", run: log_dirs::run },
    Applet { name: "kafka-metadata-quorum.sh", about: "Show the quorum of controllers, add and remove voters", run: metadata_quorum::run },
    Applet { name: "kafka-producer-perf-test.sh", about: "Measure how fast records are written", run: performance::run_producer },
    Applet { name: "kafka-producer-performance", about: "Measure how fast records are written, as sarama's", run: sarama::run_performance },
    Applet { name: "kafka-reassign-partitions.sh", about: "Move partitions between brokers and directories", run: reassign_partitions::run },
    Applet { name: "kafka-run-class.sh", about: "Run what one of these is by the name of its class", run: run_class::run },
    Applet { name: "kafka-server-start.sh", about: "Start a broker", run: server::start::run },
    Applet { name: "kafka-server-stop.sh", about: "Stop brokers of this machine", run: server::stop::run },
    Applet { name: "kafka-share-groups.sh", about: "Show share groups and their lag, set where they are", run: share_groups::run },
    Applet { name: "kafka-storage.sh", about: "Make ids and data directories, and look at them", run: storage::run },
    Applet { name: "kafka-streams-groups.sh", about: "Show streams groups and their lag, set where they are", run: streams_groups::run },
    Applet { name: "kafka-topics.sh", about: "List, describe, create, alter and delete topics", run: topics::run },
    Applet { name: "kafka-transactions.sh", about: "Show transactions, find and end those that hang", run: transactions::run },
    Applet { name: "kafkacat", about: "kcat, by its old name", run: kcat::run },
    Applet { name: "kcat", about: "Produce, consume, and look at topics", run: kcat::run },
];

/// The script of this name, wherever its file is. Kafka's may be called without their `.sh`, if no other is called so.
pub(super) fn find(called: &str) -> Option<&'static Applet> {
    let file = called.rsplit('/').next().unwrap_or(called);
    let is_kafkas = |name: &str| name.strip_suffix(".sh") == Some(file);
    let by_name = APPLETS.iter().find(|applet| applet.name == file);
    by_name.or_else(|| APPLETS.iter().find(|applet| is_kafkas(applet.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_found_by_its_name_however_it_is_called() {
        for called in ["kafka-topics", "kafka-topics.sh", "/opt/kafka/bin/kafka-topics.sh", "./kafka-topics"]
        {
            assert_eq!(find(called).map(|applet| applet.name), Some("kafka-topics.sh"), "{called}");
        }
        for called in ["kafka-console-producer", "kafka-console-producer.sh", "kafka-producer-performance"] {
            assert_eq!(find(called).map(|applet| applet.name), Some(called));
        }
        for called in ["ottla", "topics", "kafka-topics.bat", "kafka-topics.sh/x", ".sh", ""] {
            assert!(find(called).is_none(), "{called}");
        }
    }

    #[test]
    fn scripts_are_in_the_order_of_their_names() {
        assert!(APPLETS.is_sorted_by_key(|applet| applet.name.trim_end_matches(".sh")));
    }
}
