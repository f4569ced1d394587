//! Which brokers partitions are to be on: what Kafka's tools write down, how a plan is made, and what is slowed down by it.
//!
//! ```text
//! balance     replicas that even out brokers and racks, with as few moves as that takes
//! plan        the JSON that is handed on from tool to tool
//! listed      replicas as command lines list them
//! placement   replicas spread over brokers and racks
//! throttle    which replicas and brokers a move slows down
//! ```

mod balance;
mod listed;
mod placement;
mod plan;
mod throttle;

pub(crate) use balance::{Assignment, Change, balance, changes};
pub(crate) use listed::replica_assignment;
pub(crate) use placement::{Place, place};
pub(crate) use plan::{Plan, to_json, topics_to_move};
pub(crate) use throttle::{BROKER_THROTTLES, DIR_THROTTLE, Moves, RATE_THROTTLES, TOPIC_THROTTLES};
