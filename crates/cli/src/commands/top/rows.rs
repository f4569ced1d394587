//! What is answered: the cluster, its topics and its groups, with what they do in a second.

use serde::Serialize;

use crate::output::{Answer, Column, Layout, Nested};

/// The cluster. What is not known is missing, as are rates before there are two rounds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Top {
    pub(super) at: String,
    /// Over how long rates were measured.
    pub(super) interval_ms: Option<u64>,
    pub(super) cluster_id: Option<String>,
    pub(super) controller: Option<i32>,
    pub(super) broker_count: usize,
    pub(super) topic_count: usize,
    pub(super) partition_count: usize,
    pub(super) leaderless: usize,
    pub(super) under_replicated: usize,
    pub(super) is_healthy: bool,
    pub(super) group_count: usize,
    /// Of the topics that are meant, as all that follows.
    pub(super) records_per_second: Option<f64>,
    pub(super) bytes_per_second: Option<f64>,
    pub(super) bytes: Option<i64>,
    /// Of the groups that are meant.
    pub(super) lag: Option<i64>,
    /// Why something is missing.
    pub(super) notes: Vec<String>,
    pub(super) topics: Vec<TopicRow>,
    pub(super) groups: Vec<GroupRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TopicRow {
    pub(super) topic: String,
    /// Written, as offsets tell: markers of transactions count too.
    pub(super) records_per_second: Option<f64>,
    /// By which the leaders' segments grew.
    pub(super) bytes_per_second: Option<f64>,
    /// Of the leaders' segments.
    pub(super) bytes: Option<i64>,
    pub(super) partitions: usize,
    pub(super) under_replicated: usize,
    pub(super) leaderless: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupRow {
    pub(super) group: String,
    #[serde(rename = "type")]
    pub(super) group_type: Option<String>,
    pub(super) state: Option<String>,
    pub(super) members: Option<usize>,
    pub(super) lag: Option<i64>,
    /// By which it grew in a second; negative where it shrank.
    pub(super) lag_per_second: Option<f64>,
    /// Consumed, as committed offsets tell.
    pub(super) records_per_second: Option<f64>,
}

impl Top {
    /// Keeps the first rows alone.
    pub(super) fn limit(&mut self, rows: Option<usize>) {
        let rows = rows.unwrap_or(usize::MAX);
        self.topics.truncate(rows);
        self.groups.truncate(rows);
    }
}

impl Answer for Top {
    const LAYOUT: Layout = Layout::Details {
        facts: &[
            Column::new("AT", "at"),
            Column::wide("INTERVAL-MS", "intervalMs"),
            Column::new("CLUSTER-ID", "clusterId"),
            Column::wide("CONTROLLER", "controller"),
            Column::new("BROKERS", "brokerCount"),
            Column::new("TOPICS", "topicCount"),
            Column::new("PARTITIONS", "partitionCount"),
            Column::wide("LEADERLESS", "leaderless"),
            Column::wide("UNDER-REPLICATED", "underReplicated"),
            Column::new("HEALTHY", "isHealthy"),
            Column::new("GROUPS", "groupCount"),
            Column::new("RECORDS/S", "recordsPerSecond"),
            Column::new("BYTES/S", "bytesPerSecond"),
            Column::new("BYTES", "bytes"),
            Column::new("LAG", "lag"),
            Column::new("MISSING", "notes"),
        ],
        tables: &[
            Nested {
                title: "Topics",
                field: "topics",
                columns: &[
                    Column::new("TOPIC", "topic"),
                    Column::new("RECORDS/S", "recordsPerSecond"),
                    Column::new("BYTES/S", "bytesPerSecond"),
                    Column::new("BYTES", "bytes"),
                    Column::new("PARTITIONS", "partitions"),
                    Column::new("UNDER-REPLICATED", "underReplicated"),
                    Column::wide("LEADERLESS", "leaderless"),
                ],
            },
            Nested {
                title: "Groups",
                field: "groups",
                columns: &[
                    Column::new("GROUP", "group"),
                    Column::wide("TYPE", "type"),
                    Column::new("STATE", "state"),
                    Column::new("MEMBERS", "members"),
                    Column::new("LAG", "lag"),
                    Column::new("LAG/S", "lagPerSecond"),
                    Column::new("CONSUMED/S", "recordsPerSecond"),
                ],
            },
        ],
    };
}
