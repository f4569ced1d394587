//! The scripts that there are.

use std::io::Write;

use anyhow::Result;

use super::{
    acls, broker_api_versions, cluster, configs, console_consumer, console_producer, consumer_groups,
    delete_records, dump_log, features, get_offsets, groups, kcat, leader_election, log_dirs,
    metadata_quorum, performance, reassign_partitions, run_class, server, storage, topics, transactions,
};
use crate::exit::Outcome;

/// One of Kafka's scripts.
pub(super) struct Applet {
    /// Its file's name, without the `.sh` of Kafka's scripts.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) run: Run,
}

/// Reads its command line, and writes its answer.
type Run = fn(&[String], &mut dyn Write) -> Result<Outcome>;

impl Applet {
    /// What its file is called.
    pub(super) fn file_name(&self) -> String {
        if self.name.starts_with("kafka-") { format!("{}.sh", self.name) } else { self.name.to_owned() }
    }
}

#[rustfmt::skip]
pub(super) const APPLETS: &[Applet] = &[
    Applet { name: "kafka-acls", about: "List, add and remove access control lists", run: acls::run },
    Applet { name: "kafka-broker-api-versions", about: "Show which requests brokers serve", run: broker_api_versions::run },
    Applet { name: "kafka-cluster", about: "Show the cluster's id and its brokers, unregister a broker", run: cluster::run },
    Applet { name: "kafka-configs", about: "Show and change options", run: configs::run },
    Applet { name: "kafka-console-consumer", about: "Print records", run: console_consumer::run },
    Applet { name: "kafka-console-producer", about: "Write lines as records", run: console_producer::run },
    Applet { name: "kafka-consumer-groups", about: "Show groups and their lag, set where they are", run: consumer_groups::run },
    Applet { name: "kafka-consumer-perf-test", about: "Measure how fast records are read", run: performance::run_consumer },
    Applet { name: "kafka-delete-records", about: "Delete the records before an offset", run: delete_records::run },
    Applet { name: "kafka-dump-log", about: "Show what is in segments and their indexes", run: dump_log::run },
    Applet { name: "kafka-e2e-latency", about: "Measure how long records take from producer to consumer", run: performance::run_round_trips },
    Applet { name: "kafka-features", about: "Show and change what the cluster has agreed to do", run: features::run },
    Applet { name: "kafka-get-offsets", about: "Show offsets of partitions", run: get_offsets::run },
    Applet { name: "kafka-groups", about: "List groups of all kinds", run: groups::run },
    Applet { name: "kafka-leader-election", about: "Have leaders of partitions elected", run: leader_election::run },
    Applet { name: "kafka-log-dirs", about: "Show what is in data directories", run: log_dirs::run },
    Applet { name: "kafka-metadata-quorum", about: "Show the quorum of controllers, add and remove voters", run: metadata_quorum::run },
    Applet { name: "kafka-producer-perf-test", about: "Measure how fast records are written", run: performance::run_producer },
    Applet { name: "kafka-reassign-partitions", about: "Move partitions between brokers and directories", run: reassign_partitions::run },
    Applet { name: "kafka-run-class", about: "Run what one of these is by the name of its class", run: run_class::run },
    Applet { name: "kafka-server-start", about: "Start a broker", run: server::start::run },
    Applet { name: "kafka-server-stop", about: "Stop brokers of this machine", run: server::stop::run },
    Applet { name: "kafka-storage", about: "Make ids and data directories, and look at them", run: storage::run },
    Applet { name: "kafka-topics", about: "List, describe, create, alter and delete topics", run: topics::run },
    Applet { name: "kafka-transactions", about: "Show transactions, find and end those that hang", run: transactions::run },
    Applet { name: "kafkacat", about: "kcat, by its old name", run: kcat::run },
    Applet { name: "kcat", about: "Produce, consume, and look at topics", run: kcat::run },
];

/// The script of this name, with or without `.sh`, wherever its file is.
pub(super) fn find(called: &str) -> Option<&'static Applet> {
    let file = called.rsplit('/').next().unwrap_or(called);
    let name = file.strip_suffix(".sh").unwrap_or(file);
    APPLETS.iter().find(|applet| applet.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_found_by_its_name_however_it_is_called() {
        for called in ["kafka-topics", "kafka-topics.sh", "/opt/kafka/bin/kafka-topics.sh", "./kafka-topics"]
        {
            assert_eq!(find(called).map(|applet| applet.name), Some("kafka-topics"), "{called}");
        }
        for called in ["ottla", "topics", "kafka-topics.bat", "kafka-topics.sh/x", ""] {
            assert!(find(called).is_none(), "{called}");
        }
    }

    #[test]
    fn scripts_are_in_the_order_of_their_names() {
        assert!(APPLETS.is_sorted_by_key(|applet| applet.name));
    }
}
