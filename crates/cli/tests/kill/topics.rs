//! What is written to, by whom.

use std::net::SocketAddr;

use rdkafka::admin::NewTopic;

use super::checker::Promise;
use super::client;
use super::history::Place;

pub(crate) const PARTITIONS: i32 = 2;

pub(crate) const JOURNAL: &str = "journal";
pub(crate) const PAGE_CACHE: &str = "page-cache";
pub(crate) const RECOMPRESSED: &str = "recompressed";
pub(crate) const COMPACTED: &str = "compacted";

/// Small segments, so that many are rolled in a short time.
const TOPICS: &[(&str, &[(&str, &str)])] = &[
    (JOURNAL, &[("ottla.durability", "journal"), ("segment.bytes", "1048576")]),
    (PAGE_CACHE, &[("ottla.durability", "os"), ("segment.bytes", "1048576")]),
    (RECOMPRESSED, &[("compression.type", "gzip"), ("segment.bytes", "1048576")]),
    // No key comes twice: compaction must leave everything.
    (
        COMPACTED,
        &[("cleanup.policy", "compact"), ("min.cleanable.dirty.ratio", "0"), ("segment.bytes", "1048576")],
    ),
];

pub(crate) fn create(address: SocketAddr) {
    let topics: Vec<NewTopic<'_>> = TOPICS
        .iter()
        .map(|(name, settings)| {
            let topic = client::topic(name, PARTITIONS);
            settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
        })
        .collect();
    client::create_topics(address, &topics);
}

pub(crate) fn places() -> Vec<Place> {
    TOPICS.iter().flat_map(|(topic, _)| (0..PARTITIONS).map(|partition| Place { topic, partition })).collect()
}

/// A producer that is kept alive over all restarts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) topic: &'static str,
    /// Of librdkafka.
    pub(crate) settings: &'static [(&'static str, &'static str)],
    pub(crate) promise: Promise,
}

const IDEMPOTENT: Promise = Promise { no_duplicates: true, in_order: true };
const IN_ORDER: Promise = Promise { no_duplicates: false, in_order: true };
const NOTHING: Promise = Promise { no_duplicates: false, in_order: false };

/// A client without idempotence that has several requests on their way may send them again in another order.
pub(crate) const LOADS: &[Load] = &[
    Load { topic: JOURNAL, settings: &[("enable.idempotence", "true")], promise: IDEMPOTENT },
    Load {
        topic: JOURNAL,
        settings: &[("acks", "all"), ("max.in.flight", "1"), ("compression.codec", "lz4")],
        promise: IN_ORDER,
    },
    Load { topic: JOURNAL, settings: &[("acks", "1"), ("message.timeout.ms", "1000")], promise: NOTHING },
    Load {
        topic: PAGE_CACHE,
        settings: &[("enable.idempotence", "true"), ("compression.codec", "snappy")],
        promise: IDEMPOTENT,
    },
    Load { topic: PAGE_CACHE, settings: &[("acks", "all"), ("max.in.flight", "1")], promise: IN_ORDER },
    Load {
        topic: RECOMPRESSED,
        settings: &[("enable.idempotence", "true"), ("compression.codec", "zstd")],
        promise: IDEMPOTENT,
    },
    Load { topic: COMPACTED, settings: &[("enable.idempotence", "true")], promise: IDEMPOTENT },
];

/// Of a producer by its number: those beyond the loads live for one round and are idempotent.
pub(crate) fn promise(producer: u32) -> Promise {
    let at = usize::try_from(producer).expect("small");
    LOADS.get(at).map_or(IDEMPOTENT, |load| load.promise)
}
