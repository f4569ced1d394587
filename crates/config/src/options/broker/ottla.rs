//! What Kafka has no option for.

use crate::option::{ConfigOption, boolean, int, long, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    string("ottla.log.durability").default("journal").one_of(&["journal", "os"]).high().cluster_wide()
        .doc("Where acknowledged records are: journal, on stable storage; os, in the page cache as with Kafka. The default of ottla.durability."),
    string("ottla.cluster.id")
        .doc("The id of the cluster that a new data directory is formatted for; without it a random one."),
    string("ottla.journal.dir")
        .doc("The directory of the journal; without it a folder in the first of log.dirs."),
    long("ottla.journal.file.bytes").default("67108864").at_least(1_048_576)
        .doc("The size of each file of the journal, which is written in full before it is used."),
    long("ottla.disk.reserve.bytes").default("268435456").at_least(0)
        .doc("Free space below which records are refused, so that fetching and deleting go on."),
    int("ottla.unsent.response.bytes").default("134217728").at_least(1_048_576)
        .doc("The memory that answers may hold which clients are slow to read. Beyond it the slowest are disconnected while others wait."),
    int("ottla.open.files.max").default("4096").at_least(64)
        .doc("Segment and index files that are open at once."),
    string("ottla.metrics.listener").default("127.0.0.1:9644")
        .doc("Where metrics and health checks are served, as host:port; empty for nowhere."),
    boolean("ottla.metrics.partitions").default("true").cluster_wide()
        .doc("Whether metrics have series for each partition. Without them the sums over all partitions remain."),
    boolean("ottla.legacy.versions").default("true").cluster_wide()
        .doc("Whether the request versions that Kafka 4.0 removed are served; a listener may have its own listener.name.NAME.ottla.legacy.versions."),
    string("ottla.logs.format").default("auto").one_of(&["auto", "text", "json"]).low()
        .doc("How the process logs: text, json, or auto for text on a terminal and json elsewhere."),
];
