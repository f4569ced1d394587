//! The main path as an unmodified client from outside walks it: librdkafka against the real process.

mod administering;
mod consuming;
mod producing;
mod restarting;
mod transacting;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/node.rs"]
mod node;
#[path = "../support/record.rs"]
mod record;
#[path = "../support/mod.rs"]
mod support;

use client::topic;
use node::Node;
