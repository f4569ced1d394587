//! A load on a server that runs and is warm.

use std::time::Duration;

use anyhow::Result;

use super::{figure::Sample, programs::Programs, requests, server::Server, tools};

pub(crate) trait Load: Sync {
    fn name(&self) -> &'static str;

    /// Whether it writes nothing that matters, so that durability makes no difference.
    fn only_reads(&self) -> bool {
        false
    }

    /// Whether it is among those that warm a server up.
    fn warms_up(&self) -> bool {
        false
    }

    /// Fills what it reads; once for each server.
    fn prepare(&self, _target: &Target<'_>) -> Result<()> {
        Ok(())
    }

    /// Puts the load on, into a topic that nothing else uses.
    fn run(&self, target: &Target<'_>, topic: &str) -> Result<Sample>;
}

/// Where a load goes, and for how long.
pub(crate) struct Target<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) server: &'a Server,
    pub(crate) time: Duration,
}

/// In the order in which they run.
pub(crate) fn all() -> Vec<&'static dyn Load> {
    let requests = requests::ALL.iter().map(|load| -> &dyn Load { load });
    requests.chain(tools::ALL.iter().copied()).collect()
}
