//! Transactions as clients meet them: a whole broker, over sockets.

mod coordinator;
#[allow(dead_code, reason = "not every test uses all of it")]
#[path = "../common/node.rs"]
mod node;
mod recovery;
mod writer;
