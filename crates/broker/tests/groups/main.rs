//! Consumer groups as clients meet them: a whole broker, over sockets.

mod coordinator;
mod membership;
#[allow(dead_code, reason = "not every test uses all of it")]
#[path = "../common/node.rs"]
mod node;
mod offsets;
mod recovery;
