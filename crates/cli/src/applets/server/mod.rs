//! `kafka-server-start` and `kafka-server-stop`: `ottla serve` as Kafka's scripts start and stop a broker.
//!
//! ```text
//! start    command lines of the one
//! stop     brokers of this machine
//! process  what a process' command line says of a broker
//! ```

mod process;
pub(super) mod start;
pub(super) mod stop;
