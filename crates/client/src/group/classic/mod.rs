//! The classic protocol: the coordinator gathers the members, and one of them, the leader, assigns partitions to all.
//!
//! | state | what happens | next |
//! |---|---|---|
//! | [`State::Out`] | nothing: it is not subscribed, or left because nobody asked for records | [`State::Preparing`] |
//! | [`State::Preparing`] | the application gives away what it must before a rebalance | [`State::Joining`] |
//! | [`State::Joining`] | the coordinator waits until all members have joined | [`State::Leading`] or [`State::Syncing`] |
//! | [`State::Leading`] | this member assigns partitions to all | [`State::Syncing`] |
//! | [`State::Syncing`] | the coordinator hands out what the leader assigned | [`State::Stable`] |
//! | [`State::Stable`] | the application takes what it was given and consumes | [`State::Preparing`], at the next rebalance |
//!
//! Whatever says that the coordinator does not count this member (any more) has the application lose all that it has, and leads
//! back to [`State::Preparing`]. With the eager protocol a member gives away everything before it joins. With the cooperative one it
//! gives away what it turns out to have too much when it is [`State::Stable`], and joins once more.
//!
//! | file | holds |
//! |---|---|
//! | `member` | the core: what is due |
//! | `answers` | what answers make of it |
//! | `heartbeat` | when the coordinator is told that the member lives |
//! | `leader` | assigning |
//! | `driver` | the task that carries out |

mod answers;
mod driver;
mod heartbeat;
mod leader;
mod member;
#[cfg(test)]
mod tests;

pub(crate) use driver::Driver;
#[cfg(doc)]
use member::State;
