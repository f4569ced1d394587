//! One run of a program, and what it took.

use std::{
    fs::File,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use super::super::{
    clock::{now, pause},
    figure::{Quantity, Sample, Unit},
    process::Process,
    start::figure,
};

const PROCESSOR: Quantity = Quantity::new("cpu ", Unit::Micros);
const WALL: Quantity = Quantity::new("wall ", Unit::Micros);
const MEMORY: Quantity = Quantity::new("peak ", Unit::Kib);

/// Between two looks at a program that runs.
const LOOK: Duration = Duration::from_millis(5);

/// Processor time, user and system, of this program alone; time on the clock; the most memory that it had. Its standard input is
/// empty, or a pipe through which the file comes.
pub(super) fn measured(mut command: Command, piped: Option<&Path>) -> Result<Sample> {
    let mut pipe = piped.map(piping).transpose()?;
    let input = pipe.as_mut().and_then(|cat| cat.stdout.take()).map_or_else(Stdio::null, Stdio::from);
    let before = processor_of_children()?;
    let began = now();
    command.stdin(input).stdout(Stdio::null());
    let mut child =
        command.spawn().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    // Of the command, too, which would hold its end of the pipe open.
    drop(command);
    let (status, memory) = ended(&mut child)?;
    let (wall, processor) = (began.elapsed(), processor_of_children()?.saturating_sub(before));
    ensure!(status.success(), "the program failed ({status})");
    // Whoever wrote into the pipe is not counted: that is done when it is waited for.
    if let Some(cat) = &mut pipe {
        cat.wait()?;
    }
    Ok(vec![figure(PROCESSOR, processor), figure(WALL, wall), MEMORY.of(memory)])
}

fn piping(file: &Path) -> Result<Child> {
    let mut cat = Command::new("cat");
    cat.stdin(File::open(file)?).stdout(Stdio::piped());
    cat.spawn().context("cannot run cat")
}

/// Waits for its end; also gives the most memory that it had, in KiB, as it was told last.
fn ended(child: &mut Child) -> Result<(ExitStatus, f64)> {
    let process = Process { id: child.id() };
    let mut memory = 0.0;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, memory));
        }
        // At its very end it has none.
        memory = process.most_resident().unwrap_or(memory);
        pause(LOOK);
    }
}

fn processor_of_children() -> Result<Duration> {
    Process { id: std::process::id() }.processor_of_children()
}
