//! How long a server takes to answer that starts with many partitions and much data: after a clean end, and after
//! SIGKILL under load.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use super::{
    clock::pause,
    figure::{Quantity, Sample, Unit},
    load::Target,
    programs::{Programs, output},
    requests::{generate, number},
    server::Server,
    start,
    variant::Variant,
};
use crate::folder::Folder;

pub(crate) const NAME: &str = "start with 3,000 partitions and 42 GB, clean, after SIGKILL";

const CLEAN: Quantity = Quantity::new("clean ", Unit::Micros);
const KILLED: Quantity = Quantity::new("killed ", Unit::Micros);
const BYTES: f64 = 42e9;
/// With what the last slice and the load before the kill may add, and a journal.
const DISK_BYTES: f64 = 45e9;
const PATIENCE: Duration = Duration::from_secs(600);

/// At most 2 GB in each slice of the time.
const SLICE: Duration = Duration::from_secs(5);
const LOAD: &str = "-topic large -partitions 3000 -batch 131072 -records 128 -depth 2 -warmup 0";

pub(crate) fn measure(programs: &Programs, variant: Variant) -> Result<Vec<Sample>> {
    let folder = Folder::new()?;
    require_disk(folder.path())?;
    let server = Server::start(programs, variant, folder.path(), PATIENCE)?;
    fill(programs, &server)?;
    server.stop()?;
    let server = Server::start(programs, variant, folder.path(), PATIENCE)?;
    let clean = server.ready();
    kill_under_load(programs, server)?;
    let killed = Server::start(programs, variant, folder.path(), PATIENCE)?.ready();
    Ok(vec![vec![start::figure(CLEAN, clean), start::figure(KILLED, killed)]])
}

pub(crate) fn require_disk(dir: &Path) -> Result<()> {
    let printed = output(Command::new("df").args(["--output=avail", "--block-size=1"]).arg(dir))?;
    let free = printed.lines().last().and_then(|line| line.trim().parse::<f64>().ok());
    let free = free.with_context(|| format!("df tells no free space: {printed}"))?;
    ensure!(
        free >= DISK_BYTES,
        "{} has {:.0} GB free, --large needs {:.0}; set TMPDIR to a folder on a larger disk",
        dir.display(),
        free / 1e9,
        DISK_BYTES / 1e9
    );
    Ok(())
}

fn fill(programs: &Programs, server: &Server) -> Result<()> {
    let target = Target { programs, server, time: SLICE };
    let mut filled = 0.0;
    while filled < BYTES {
        let result = generate(&target, "produce", SLICE, &format!("{LOAD} -rate 3000"))?;
        filled += number(&result, "mib_per_s")? * SLICE.as_secs_f64() * f64::from(1 << 20);
        eprint!("\r{}: {:.0} of {:.0} GB", server.variant().name(), filled / 1e9, BYTES / 1e9);
    }
    eprintln!();
    Ok(())
}

fn kill_under_load(programs: &Programs, server: Server) -> Result<()> {
    let mut generator = programs.generator();
    generator.arg("produce").args(LOAD.split(' ')).args(["-rate", "500", "-seconds", "6"]);
    generator.args(["-bootstrap", &server.address().to_string()]);
    let mut load = generator.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    pause(Duration::from_secs(4));
    let still_loading = load.try_wait()?.is_none();
    let killed = server.kill();
    // It fails once its server is gone.
    load.wait()?;
    ensure!(still_loading, "the load ended before the server was killed");
    killed
}
