//! Replicas that move between directories of a broker.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use anyhow::{Result, bail};
use ottla_client::ErrorCode;
use ottla_client::admin::{Admin, Replica, ReplicaLogDir};

use super::super::java;
use super::super::options::Options;
use super::{Refused, joined, plural};

/// How often it is tried again where a broker is about to have a replica.
const PAUSE: Duration = Duration::from_millis(100);

const DEFAULT_TIMEOUT_MS: u64 = 10_000;

pub(super) fn timeout(options: &Options) -> Result<Duration> {
    Ok(Duration::from_millis(options.number("timeout")?.unwrap_or(DEFAULT_TIMEOUT_MS)))
}

/// How far a replica is from where it shall be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No directory has it.
    Missing,
    Completed,
    /// It is elsewhere, and stays there.
    Idle {
        current: String,
        target: String,
    },
    Moving {
        current: String,
        target: String,
        future: String,
    },
}

impl State {
    fn of(target: &str, found: ReplicaLogDir) -> State {
        let target = target.to_owned();
        match (found.current, found.future) {
            (None, _) => State::Missing,
            (Some((current, _)), None) if current == target => State::Completed,
            (Some((current, _)), None) => State::Idle { current, target },
            (Some((current, _)), Some((future, _))) => State::Moving { current, target, future },
        }
    }

    pub(super) fn is_moving(&self) -> bool {
        matches!(self, State::Moving { .. })
    }

    /// The directory that it leaves.
    pub(super) fn moving_from(self) -> Option<String> {
        match self {
            State::Moving { current, .. } => Some(current),
            State::Missing | State::Completed | State::Idle { .. } => None,
        }
    }

    pub(super) fn told(&self, replica: &Replica) -> String {
        let (partition, broker) = replica;
        let replica = shown(replica);
        match self {
            State::Missing => format!(
                "Partition {partition} is not found in any live log dir on broker {broker}. There is likely an offline \
                 log directory on the broker."
            ),
            State::Completed => format!("Reassignment of replica {replica} completed successfully."),
            State::Idle { current, target } => format!(
                "Partition {partition} on broker {broker} is not being moved from log dir {current} to {target}."
            ),
            State::Moving { target, future, .. } if target == future => {
                format!("Reassignment of replica {replica} is still in progress.")
            }
            State::Moving { target, future, .. } => format!(
                "Partition {partition} on broker {broker} is being moved to log dir {future} instead of {target}."
            ),
        }
    }
}

/// A replica as Java's client shows it.
fn shown((partition, broker): &Replica) -> String {
    format!("{partition}-{broker}")
}

pub(super) async fn states(
    targets: &BTreeMap<Replica, String>,
    admin: &Admin,
) -> Result<BTreeMap<Replica, State>> {
    let replicas: Vec<Replica> = targets.keys().cloned().collect();
    let mut states = BTreeMap::new();
    for (replica, found) in admin.describe_replica_log_dirs(&replicas).await? {
        let state = State::of(&targets[&replica], found?);
        states.insert(replica, state);
    }
    Ok(states)
}

/// Done when all have begun to move, which those cannot that their broker does not have yet.
pub(super) async fn move_to(
    targets: BTreeMap<Replica, String>,
    within: Duration,
    admin: &Admin,
    out: &mut dyn Write,
) -> Result<()> {
    let mut pending = targets;
    let begun = tokio::time::timeout(within, async {
        loop {
            begin(&mut pending, admin, out).await?;
            if pending.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
    match begun.await {
        Ok(begun) => begun,
        Err(_elapsed) => bail!(Refused(format!(
            "Timed out before log directory move{} could be started for: {}",
            plural(pending.len()),
            joined(pending.keys().map(shown))
        ))),
    }
}

async fn begin(pending: &mut BTreeMap<Replica, String>, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    for (replica, outcome) in admin.alter_replica_log_dirs(pending).await? {
        match outcome {
            Ok(()) => {
                let dir = pending.remove(&replica).unwrap_or_default();
                let (partition, broker) = &replica;
                // With the space that the original has.
                writeln!(
                    out,
                    "Successfully started moving log directory to {dir} for replica {partition} with broker {broker} "
                )?;
            }
            Err(error) if error.code() == Some(ErrorCode::ReplicaNotAvailable) => {}
            Err(error) => {
                bail!("Failed to alter dir for {}\nCaused by: {}", shown(&replica), java::shown(&error))
            }
        }
    }
    Ok(())
}
