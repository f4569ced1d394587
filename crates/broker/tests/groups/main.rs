//! Consumer groups as clients meet them: a whole broker, over sockets.

mod coordinator;
mod membership;
mod node;
mod offsets;
mod recovery;
