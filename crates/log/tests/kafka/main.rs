//! Our log on the data directories that a node of Apache Kafka left: after a clean stop, and after a kill.

mod compaction;
mod data_dir;
mod old_segments;
mod reappend;
mod recovery;
