//! The process, as the system sees it. What a system does not tell is left out.

use std::fs;

use rustix::{
    process::{Resource, getrlimit},
    time::{ClockId, clock_gettime},
};

use crate::{
    Broker,
    metrics::text::{Exposition, Family, Value},
};

const CPU: Family =
    Family::counter("process_cpu_seconds_total", "Processor time, of the user and of the system.");
const OPEN_FILES: Family = Family::gauge("process_open_fds", "Open files and sockets.");
const OPEN_FILES_MAX: Family = Family::gauge("process_max_fds", "Files and sockets that may be open.");
const RESIDENT: Family = Family::gauge("process_resident_memory_bytes", "Memory that is in use.");
const VIRTUAL: Family = Family::gauge("process_virtual_memory_bytes", "Addresses that are in use.");
const STARTED: Family =
    Family::gauge("process_start_time_seconds", "When the broker started, in seconds since 1970.");
const DISK_READ: Family =
    Family::gauge("kafka_server_kafkaserver_linux_disk_read_bytes", "Bytes that were read from devices.");
const DISK_WRITTEN: Family =
    Family::gauge("kafka_server_kafkaserver_linux_disk_write_bytes", "Bytes that are to go to devices.");

pub(super) fn write(broker: &Broker, out: &mut Exposition<'_>) {
    out.one(&STARTED, broker.metrics.started);
    out.one(&CPU, cpu_seconds());
    if let Some(limit) = getrlimit(Resource::Nofile).current {
        out.one(&OPEN_FILES_MAX, limit);
    }
    // The directory is open while it is counted.
    let open = fs::read_dir("/proc/self/fd").map(|files| files.count().saturating_sub(1)).ok();
    put(&OPEN_FILES, open.map(Value::from), out);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    put(&RESIDENT, number(&status, "VmRSS:").map(|kib| (kib * 1024).into()), out);
    put(&VIRTUAL, number(&status, "VmSize:").map(|kib| (kib * 1024).into()), out);
    let io = fs::read_to_string("/proc/self/io").unwrap_or_default();
    put(&DISK_READ, number(&io, "read_bytes:").map(Value::from), out);
    put(&DISK_WRITTEN, number(&io, "write_bytes:").map(Value::from), out);
}

fn put(family: &Family, value: Option<Value>, out: &mut Exposition<'_>) {
    if let Some(value) = value {
        out.one(family, value);
    }
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The number behind a name at the beginning of a line.
fn number(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_the_names_of_their_lines() {
        let text = "Name:\tx\nVmSize:\t  2048 kB\nVmRSS:\t   17 kB\nread_bytes: 4096\n";
        for (name, expected) in [
            ("VmRSS:", Some(17)),
            ("VmSize:", Some(2048)),
            ("read_bytes:", Some(4096)),
            ("Name:", None),
            ("x:", None),
        ] {
            assert_eq!(number(text, name), expected, "{name}");
        }
    }
}
