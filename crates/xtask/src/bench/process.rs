//! What the system tells of another process (Linux).

use std::{fs, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};

/// Where processor time stands among the fields after the name: in user mode, and behind it in system mode.
const OWN: usize = 11;
const CHILDREN: usize = 13;
/// `/proc` counts processor time in hundredths of a second, whatever the kernel's own tick.
const TICK: Duration = Duration::from_millis(10);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    pub(crate) id: u32,
}

impl Process {
    /// The processor time that it has used, in user and system mode.
    pub(crate) fn processor(self) -> Result<Duration> {
        let stat = self.read("stat")?;
        processor_at(&stat, OWN).with_context(|| format!("/proc/{}/stat has no processor time", self.id))
    }

    /// The processor time of its children that have ended, and of theirs.
    pub(crate) fn processor_of_children(self) -> Result<Duration> {
        let stat = self.read("stat")?;
        processor_at(&stat, CHILDREN).with_context(|| format!("/proc/{}/stat has no processor time", self.id))
    }

    /// Resident memory now, in KiB.
    pub(crate) fn resident(self) -> Result<f64> {
        self.status("VmRSS:")
    }

    /// The most resident memory that it has had, in KiB.
    pub(crate) fn most_resident(self) -> Result<f64> {
        self.status("VmHWM:")
    }

    pub(crate) fn signal(self, name: &str) -> Result<()> {
        let id = self.id.to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().context("cannot run kill")?;
        ensure!(status.success(), "cannot send {name} to process {id}");
        Ok(())
    }

    /// A process that nobody has reaped has ended too.
    pub(crate) fn has_ended(self) -> bool {
        self.read("stat").map_or(true, |stat| after_name(&stat).starts_with('Z'))
    }

    fn status(self, key: &str) -> Result<f64> {
        let status = self.read("status")?;
        kib(&status, key).with_context(|| format!("/proc/{}/status has no {key}", self.id))
    }

    fn read(self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.id);
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    }
}

/// The fields after the name, which is in parentheses and may itself contain spaces and parentheses.
fn after_name(stat: &str) -> &str {
    stat.rsplit(')').next().unwrap_or_default().trim_start()
}

fn processor_at(stat: &str, field: usize) -> Option<Duration> {
    let mut fields = after_name(stat).split(' ').skip(field);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * (ticks()? + ticks()?))
}

fn kib(status: &str, key: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_user_and_system_time_even_after_an_odd_name() {
        let stat =
            "31880 (a) b (c) S 1 31612 19940 0 -1 4194304 128671 0 7 0 2261 235 0 0 20 0 109 0 1265102";
        assert_eq!(processor_at(stat, OWN), Some(Duration::from_millis(24_960)));
        assert_eq!(processor_at(stat, CHILDREN), Some(Duration::ZERO));
        assert_eq!(processor_at("1 (short) S 1", OWN), None);
    }

    #[test]
    fn memory_is_read_by_its_key() {
        let status = "VmHWM:\t  396120 kB\nVmRSS:\t  388000 kB\n";
        assert_eq!(kib(status, "VmRSS:"), Some(388_000.0));
        assert_eq!(kib(status, "VmSwap:"), None);
    }
}
