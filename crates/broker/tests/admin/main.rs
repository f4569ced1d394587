//! Administration as clients meet it: a whole broker, over sockets.

mod cluster;
mod configs;
mod legacy;
#[allow(dead_code, reason = "not every test uses all of it")]
#[path = "../common/node.rs"]
mod node;
mod partitions;
mod producer_ids;
mod records;
mod versions;
