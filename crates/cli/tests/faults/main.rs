//! The real process on disks that are full, fail or are slow.
//!
//! A full disk is a file system in memory of a few megabytes, mounted in a namespace of the test's own; a failing one is
//! system calls that `strace` lets fail. Both want Linux, `unshare` and `nsenter` of util-linux, `strace`, and either
//! root with the right to mount or the right to make user namespaces.

mod broken_disk;
mod cold_disk;
mod full_disk;
mod small_disk;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/record.rs"]
mod record;
#[path = "../support/mod.rs"]
mod support;
