//! Which brokers hold a partition.

use std::ops::Range;

use ottla_wire::ErrorCode;

use super::{ApiError, Controller};
use crate::{Broker, Partition};

impl Controller<'_> {
    /// Partitions striped over the brokers: those that serve first, so that each partition has a leader.
    pub(super) fn place(&self, partitions: Range<i32>, replicas: i16) -> Result<Vec<Partition>, ApiError> {
        let (active, fenced): (Vec<&Broker>, Vec<&Broker>) =
            self.image.cluster().brokers().partition(|b| b.is_active());
        check_replication_factor(replicas, active.len(), active.len() + fenced.len())?;
        let replicas = usize::try_from(replicas).expect("a replication factor was checked to be positive");
        let first = self.image.topics().len();
        let place = |(start, id): (usize, i32)| {
            let striped = (0..active.len()).map(|i| active[(start + i) % active.len()]);
            let brokers: Vec<i32> =
                striped.chain(fenced.iter().copied()).take(replicas).map(|b| b.id).collect();
            self.new_partition(id, &brokers)
        };
        (first..).zip(partitions).map(place).collect()
    }

    /// A partition on these brokers, led by the first of them that serves.
    pub(super) fn new_partition(&self, id: i32, brokers: &[i32]) -> Result<Partition, ApiError> {
        let cluster = self.image.cluster();
        let isr: Box<[i32]> = brokers.iter().copied().filter(|broker| cluster.is_active(*broker)).collect();
        let Some(&leader) = isr.first() else {
            let message = format!(
                "All brokers specified in the manual partition assignment for partition {id} are fenced or in \
                 controlled shutdown."
            );
            return Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, message));
        };
        let directory =
            |id: &i32| cluster.broker(*id).map_or_else(Default::default, Broker::directory_for_new_replica);
        Ok(Partition {
            id,
            leader,
            replicas: brokers.into(),
            isr,
            directories: brokers.iter().map(directory).collect(),
            ..Partition::default()
        })
    }

    /// A list of brokers that a client made up.
    pub(super) fn check_assignment(&self, brokers: &[i32], replicas: Option<usize>) -> Result<(), ApiError> {
        let refused = |what: &str| {
            let message = format!("The manual partition assignment includes {what}");
            Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, message))
        };
        if brokers.is_empty() {
            return refused("an empty replica list.");
        }
        let mut sorted = brokers.to_vec();
        sorted.sort_unstable();
        for (i, broker) in sorted.iter().enumerate() {
            if self.image.cluster().broker(*broker).is_none() {
                return refused(&format!("broker {broker}, but no such broker is registered."));
            }
            if i > 0 && sorted[i - 1] == *broker {
                return refused(&format!("the broker {broker} more than once."));
            }
        }
        match replicas {
            Some(before) if before != brokers.len() => refused(&format!(
                "a partition with {} replica(s), but this is not consistent with previous partitions, which have \
                 {before} replica(s).",
                brokers.len()
            )),
            _ => Ok(()),
        }
    }
}

fn check_replication_factor(replicas: i16, active: usize, registered: usize) -> Result<(), ApiError> {
    let refused = |message: String| Err(ApiError::new(ErrorCode::InvalidReplicationFactor, message));
    if replicas <= 0 {
        return refused(format!(
            "Invalid replication factor {replicas}: the replication factor must be positive."
        ));
    }
    if active == 0 {
        return refused("All brokers are currently fenced.".to_owned());
    }
    if usize::try_from(replicas).is_ok_and(|replicas| replicas > registered) {
        return refused(format!(
            "The target replication factor of {replicas} cannot be reached because only {registered} broker(s) are \
             registered or some brokers have all their log directories cordoned."
        ));
    }
    Ok(())
}
