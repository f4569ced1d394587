//! Our own client library as programs meet it, against the real process.

mod blocking;
mod examples;
mod metrics;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/node.rs"]
mod node;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

/// Nothing takes longer, on however slow a machine.
const DEADLINE: Duration = Duration::from_secs(60);
