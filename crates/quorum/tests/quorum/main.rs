//! The metadata log from outside.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod crashes;
mod kafkas_directories;
mod metadata_log;
mod support;
