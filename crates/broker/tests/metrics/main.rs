//! Metrics and health as collectors meet them: a whole broker, over HTTP.

mod act;
mod exposition;
mod health;
mod http;
mod names;
#[allow(dead_code, reason = "not every test uses all of it")]
#[path = "../common/node.rs"]
mod node;
mod values;
