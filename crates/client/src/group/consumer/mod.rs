//! The protocol `consumer` (KIP-848): the coordinator assigns partitions to each member in the answers to its heartbeats.
//!
//! | state | what happens | next |
//! |---|---|---|
//! | [`State::Out`] | nothing: it is not subscribed, or left because nobody asked for records | [`State::Entering`] |
//! | [`State::Entering`] | the application loses what it had, then a heartbeat of epoch 0 asks to be let in | [`State::In`] |
//! | [`State::In`] | heartbeats; what is assigned is made to be so, and told | [`State::Entering`], if it was fenced |
//!
//! What is assigned and what the application has are made to agree in two steps, which wait for the application: it gives away what
//! is not assigned, then takes what is. A heartbeat that tells what it has follows at once: that is how the coordinator knows that
//! others can have the rest.
//!
//! | file | holds |
//! |---|---|
//! | `member` | the core |
//! | `heartbeat` | what a heartbeat says, and what it need not say again |
//! | `driver` | the task that carries out |

mod driver;
mod heartbeat;
mod member;
#[cfg(test)]
mod tests;

#[cfg(doc)]
use super::heartbeats::State;
pub(crate) use driver::Driver;
