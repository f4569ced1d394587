//! How long a server with nothing in it takes to answer.

use std::time::Duration;

use anyhow::Result;

use super::{
    figure::{Figure, Quantity, Sample, Unit},
    programs::Programs,
    server::Server,
    variant::Variant,
};
use crate::folder::Folder;

pub(crate) const NAME: &str = "start, empty";
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

const READY: Quantity = Quantity::new("", Unit::Micros);

pub(crate) fn measure(programs: &Programs, variant: Variant) -> Result<Vec<Sample>> {
    let times = if variant.is_kafka() { kafka(programs, variant)? } else { ottla(programs, variant)? };
    Ok(times.into_iter().map(|time| vec![figure(READY, time)]).collect())
}

pub(crate) fn figure(quantity: Quantity, time: Duration) -> Figure {
    quantity.of(time.as_secs_f64() * 1e6)
}

/// Without the format step, which is another program's: its folder is formatted by a start that does not count.
fn kafka(programs: &Programs, variant: Variant) -> Result<Vec<Duration>> {
    let folder = Folder::new()?;
    let start = || {
        let server = Server::start(programs, variant, folder.path(), PATIENCE)?;
        let ready = server.ready();
        server.stop()?;
        Ok(ready)
    };
    start()?;
    (0..3).map(|_| start()).collect()
}

/// In a new folder each time, which it formats.
fn ottla(programs: &Programs, variant: Variant) -> Result<Vec<Duration>> {
    let start = |_| {
        let folder = Folder::new()?;
        Ok(Server::start(programs, variant, folder.path(), PATIENCE)?.ready())
    };
    (0..10).map(start).collect()
}
