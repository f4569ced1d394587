//! What partitions cost: to be created, in memory, and to be there.

use std::time::Duration;

use anyhow::Result;

use super::{
    clock::pause,
    figure::{Quantity, Sample, Unit},
    load::Target,
    programs::Programs,
    requests::{generate, number},
    server::Server,
    start::PATIENCE,
    variant::Variant,
};
use crate::folder::Folder;

pub(crate) const NAME: &str = "create partitions (Kafka 3,000, Ottla 10,000), memory of each, idle with them";

const EACH: Quantity = Quantity::new("each ", Unit::Kib);
const IDLE: Quantity = Quantity::new("idle cpu ", Unit::Percent);
const SETTLE: Duration = Duration::from_secs(5);
const IDLE_TIME: Duration = Duration::from_secs(10);

pub(crate) fn measure(programs: &Programs, variant: Variant) -> Result<Vec<Sample>> {
    let folder = Folder::new()?;
    let server = Server::start(programs, variant, folder.path(), PATIENCE)?;
    let target = Target { programs, server: &server, time: Duration::from_secs(1) };
    let topics = if variant.is_kafka() { "30" } else { "100" };
    let args = format!("-topic many -topics {topics} -partitions 100");
    let created = generate(&target, "topics", target.time, &args)?;
    Ok(vec![vec![
        Quantity::RATE.of(number(&created, "partitions_per_s")?),
        EACH.of(number(&created, "server_kib_per_partition")?),
        IDLE.of(idle_percent(&server)?),
    ]])
}

/// Of one core, once the work of the creation is done.
fn idle_percent(server: &Server) -> Result<f64> {
    let process = server.process()?;
    pause(SETTLE);
    let before = process.processor()?;
    pause(IDLE_TIME);
    let used = process.processor()?.saturating_sub(before);
    Ok(used.as_secs_f64() / IDLE_TIME.as_secs_f64() * 100.0)
}
