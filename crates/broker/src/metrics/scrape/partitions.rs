//! Partitions: their offsets, replicas and sizes, and what they come to together.

use std::{cmp::Ordering, sync::Arc};

use ottla_metadata as metadata;
use ottla_records::Offset;

use crate::{
    Broker,
    metrics::text::{Exposition, Family, Labels, Value},
    partition::State,
};

/// The topics of the cluster, by name, with what this broker has of their partitions.
pub(super) struct Topics {
    topics: Vec<Arc<metadata::Topic>>,
    /// Those of the topics, in order.
    partitions: Vec<Partition>,
    sums: Sums,
}

/// What a partition is at the time of the scrape.
struct Partition {
    leader: i32,
    replicas: usize,
    in_sync: usize,
    is_preferred: bool,
    /// The in-sync replicas beside `min.insync.replicas`.
    isr_to_min: Ordering,
    /// None if it is not on this broker.
    here: Option<Here>,
}

struct Here {
    log_start: Offset,
    high_watermark: Offset,
    log_end: Offset,
    bytes: u64,
    segments: usize,
}

/// Counts of partitions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) partitions: usize,
    pub(super) without_leader: usize,
    pub(super) led_by_another: usize,
    here: usize,
    led_here: usize,
    under_replicated: usize,
    under_min_isr: usize,
    at_min_isr: usize,
    reassigning: usize,
}

type Column = (Family, fn(&Partition) -> Option<Value>);

const COLUMNS: &[Column] = &[
    (
        Family::gauge("kafka_topic_partition_current_offset", "Where the partition ends for consumers."),
        |partition| Some(partition.here.as_ref()?.high_watermark.into()),
    ),
    (Family::gauge("kafka_topic_partition_oldest_offset", "Where the partition begins."), |partition| {
        Some(partition.here.as_ref()?.log_start.into())
    }),
    (Family::gauge("kafka_topic_partition_leader", "The broker that leads the partition."), |partition| {
        (partition.leader >= 0).then_some(partition.leader.into())
    }),
    (
        Family::gauge("kafka_topic_partition_leader_is_preferred", "1 if the preferred broker leads."),
        |partition| Some(partition.is_preferred.into()),
    ),
    (Family::gauge("kafka_topic_partition_replicas", "Replicas of the partition."), |partition| {
        Some(partition.replicas.into())
    }),
    (Family::gauge("kafka_topic_partition_in_sync_replica", "Replicas that are in sync."), |partition| {
        Some(partition.in_sync.into())
    }),
    (
        Family::gauge("kafka_topic_partition_under_replicated_partition", "1 if a replica is not in sync."),
        |partition| Some(partition.is_under_replicated().into()),
    ),
    (
        Family::gauge("kafka_cluster_partition_replicascount", "Replicas of a partition led here."),
        |partition| Some(partition.replicas.into()),
    ),
    (
        Family::gauge(
            "kafka_cluster_partition_underminisr",
            "1 if acks=all is refused for lack of replicas.",
        ),
        |partition| Some(partition.isr_to_min.is_lt().into()),
    ),
    (
        Family::gauge("kafka_cluster_partition_atminisr", "1 if no in-sync replica may be lost."),
        |partition| Some(partition.isr_to_min.is_eq().into()),
    ),
    (Family::gauge("kafka_log_log_size", "Bytes of the log on this broker."), |partition| {
        Some(partition.here.as_ref()?.bytes.into())
    }),
    (Family::gauge("kafka_log_log_numlogsegments", "Segments of the log on this broker."), |partition| {
        Some(partition.here.as_ref()?.segments.into())
    }),
    (Family::gauge("kafka_log_log_logstartoffset", "Where the log begins on this broker."), |partition| {
        Some(partition.here.as_ref()?.log_start.into())
    }),
    (Family::gauge("kafka_log_log_logendoffset", "Where the log ends on this broker."), |partition| {
        Some(partition.here.as_ref()?.log_end.into())
    }),
];

type Sum = (Family, fn(&Sums) -> usize);

/// What needs other brokers never happens while this one is alone, and is told as zero: alerts look at it.
const SUMS: &[Sum] = &[
    (Family::gauge("kafka_server_replicamanager_partitioncount", "Partitions on this broker."), |s| s.here),
    (Family::gauge("kafka_server_replicamanager_leadercount", "Partitions led by this broker."), |s| {
        s.led_here
    }),
    (
        Family::gauge(
            "kafka_server_replicamanager_underreplicatedpartitions",
            "Partitions led here that have a replica out of sync.",
        ),
        |s| s.under_replicated,
    ),
    (
        Family::gauge(
            "kafka_server_replicamanager_underminisrpartitioncount",
            "Partitions led here that refuse acks=all.",
        ),
        |s| s.under_min_isr,
    ),
    (
        Family::gauge(
            "kafka_server_replicamanager_atminisrpartitioncount",
            "Partitions led here that may lose no in-sync replica.",
        ),
        |s| s.at_min_isr,
    ),
    (
        Family::gauge(
            "kafka_server_replicamanager_reassigningpartitions",
            "Partitions led here whose replicas are being changed.",
        ),
        |s| s.reassigning,
    ),
    (
        Family::gauge(
            "kafka_server_replicamanager_offlinereplicacount",
            "Replicas on log directories that failed.",
        ),
        |_| 0,
    ),
    (
        Family::counter("kafka_server_replicamanager_isrshrinks_total", "Replicas that fell out of sync."),
        |_| 0,
    ),
    (
        Family::counter("kafka_server_replicamanager_isrexpands_total", "Replicas that came back into sync."),
        |_| 0,
    ),
];

/// Looks at every partition.
pub(super) fn topics(broker: &Broker) -> Topics {
    let topics: Vec<_> = broker.metadata.image().topics().sorted().into_iter().map(Arc::clone).collect();
    let mut partitions = Vec::with_capacity(topics.iter().map(|topic| topic.partitions.len()).sum());
    let mut sums = Sums::default();
    for topic in &topics {
        let here = broker.topics.by_id(topic.id);
        for described in &topic.partitions {
            let here = here.as_ref().and_then(|topic| topic.partition(described.id));
            let partition = match here {
                Some(here) => Partition::here(described, &here.lock()),
                None => Partition::elsewhere(described),
            };
            sums.add(&partition, described, broker.identity.node_id);
            partitions.push(partition);
        }
    }
    Topics { topics, partitions, sums }
}

pub(super) fn write(broker: &Broker, topics: &Topics, out: &mut Exposition<'_>) {
    for (family, sum) in SUMS {
        out.one(family, sum(&topics.sums));
    }
    let is_on = broker.config().metrics.of_partitions;
    if is_on && COLUMNS.iter().any(|(family, _)| out.wants(family)) {
        write_columns(topics, out);
    }
}

fn write_columns(topics: &Topics, out: &mut Exposition<'_>) {
    let labels = topics.topics.iter().flat_map(|topic| {
        let of_topic = Labels::of("topic", &topic.name);
        topic.partitions.iter().map(move |partition| of_topic.clone().and("partition", partition.id))
    });
    let rows: Vec<(Labels, &Partition)> = labels.zip(&topics.partitions).collect();
    for (family, value) in COLUMNS {
        let mut series = out.family(family);
        for (labels, partition) in &rows {
            if let Some(value) = value(partition) {
                series.put(labels, value);
            }
        }
    }
}

impl Topics {
    pub(super) fn all(&self) -> &[Arc<metadata::Topic>] {
        &self.topics
    }

    pub(super) fn sums(&self) -> Sums {
        self.sums
    }
}

impl Partition {
    fn elsewhere(described: &metadata::Partition) -> Partition {
        Partition::new(described, 1, None)
    }

    fn here(described: &metadata::Partition, state: &State) -> Partition {
        let here = Here {
            log_start: state.replica.log_start_offset(),
            high_watermark: state.replica.high_watermark(),
            log_end: state.replica.log_end_offset(),
            bytes: state.log.size_in_bytes(),
            segments: state.log.segment_count(),
        };
        Partition::new(described, state.settings.replica.min_in_sync_replicas, Some(here))
    }

    fn new(described: &metadata::Partition, min_isr: usize, here: Option<Here>) -> Partition {
        let (replicas, in_sync) = (described.replicas.len(), described.isr.len());
        Partition {
            leader: described.leader,
            replicas,
            in_sync,
            is_preferred: described.preferred_leader() == Some(described.leader),
            isr_to_min: in_sync.cmp(&min_isr.min(replicas)),
            here,
        }
    }

    fn is_under_replicated(&self) -> bool {
        self.in_sync < self.replicas
    }
}

impl Sums {
    fn add(&mut self, partition: &Partition, described: &metadata::Partition, node_id: i32) {
        self.partitions += 1;
        self.without_leader += usize::from(!described.has_leader());
        self.led_by_another += usize::from(!partition.is_preferred);
        self.here += usize::from(partition.here.is_some());
        if partition.leader == node_id {
            self.led_here += 1;
            self.under_replicated += usize::from(partition.is_under_replicated());
            self.under_min_isr += usize::from(partition.isr_to_min.is_lt());
            self.at_min_isr += usize::from(partition.isr_to_min.is_eq());
            self.reassigning += usize::from(described.is_reassigning());
        }
    }
}
