//! The same loads by several clients, on one server in one run: how many records they carry in a second, and what processor time
//! the client takes for a million of them.

mod driver;
mod table;

use anyhow::{Result, ensure};

use super::{
    Options, clock,
    programs::{Programs, build_executable},
    server::Server,
    start::PATIENCE,
    variant::Variant,
};
use crate::folder::Folder;
use driver::{Client, Driver};
use table::Table;

/// What is carried; every client does it with the same options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    name: &'static str,
    consumes: bool,
    record_bytes: u32,
    is_lz4: bool,
    /// About as many records as a second sees.
    rate: u32,
}

const fn load(name: &'static str, consumes: bool, record_bytes: u32, is_lz4: bool, rate: u32) -> Load {
    Load { name, consumes, record_bytes, is_lz4, rate }
}

/// Each topic is produced and then consumed.
const LOADS: &[Load] = &[
    load("produce 100 B", false, 100, false, 800_000),
    load("consume 100 B", true, 100, false, 800_000),
    load("produce 100 B, lz4", false, 100, true, 800_000),
    load("consume 100 B, lz4", true, 100, true, 800_000),
    load("produce 1 KiB", false, 1024, false, 200_000),
    load("consume 1 KiB", true, 1024, false, 200_000),
    load("produce 1 KiB, lz4", false, 1024, true, 200_000),
    load("consume 1 KiB, lz4", true, 1024, true, 200_000),
];

/// A measurement that fails leaves a gap in the table, and the others go on.
pub(crate) fn run(options: &Options) -> Result<()> {
    let loads: Vec<Load> = LOADS.iter().copied().filter(|load| options.wants(load.name)).collect();
    ensure!(!loads.is_empty(), "no row has this in its name");
    ensure!(!options.large, "--large is not for clients");
    let programs = Programs::without_generator(options.ottla.as_deref())?;
    let client_load = build_executable(["--example", "client_load"])?;
    let folder = Folder::new()?;
    // The clients are measured: the server does as little as it may.
    let server = Server::start(&programs, Variant::OttlaOs, folder.path(), PATIENCE)?;
    let driver = Driver { programs: &programs, client_load, server: &server, seconds: options.seconds };
    let clients = if options.kafka { &Client::ALL[..] } else { &Client::WITHOUT_JAVA };
    let mut table = Table::default();
    let mut failures = 0;
    // In turn, so that what the machine does meanwhile comes to all.
    for round in 0..options.rounds {
        for (at, &load) in loads.iter().enumerate() {
            for &client in clients {
                let topic = format!("{}-{round}-{at}", client.name());
                match driver.drive(client, load, &topic) {
                    Ok(sample) => table.add(load.name, client, sample),
                    Err(error) => {
                        failures += 1;
                        eprintln!("{}: {}: {error:#}", client.name(), load.name);
                    }
                }
            }
        }
    }
    println!("{table}");
    ensure!(failures == 0, "{failures} measurements failed, see above");
    server.stop()
}

/// Where what was written is synced, so that the next finds a server that has nothing to do.
fn settle() {
    clock::pause(std::time::Duration::from_millis(500));
}
