//! Consumer groups as clients meet them: a whole broker, over sockets.

mod coordinator;
mod membership;
#[path = "../common/node.rs"]
mod node;
mod offsets;
mod recovery;
