//! Sockets: listeners, connections, and what goes in and out of them.

mod admission;
mod connection;
mod inbound;
mod limits;
mod listener;
mod outbound;
mod rate;
mod unsent;

pub(crate) use admission::Admission;
pub(crate) use connection::ConnectionInfo;
pub(crate) use limits::Limits;
pub(crate) use listener::{Listener, SocketOptions, bind};
pub(crate) use unsent::Unsent;
