//! Replicas as command lines list them.

use anyhow::{Result, anyhow, bail};
use ottla_client::BrokerId;

/// The brokers of each partition, the preferred leader first: `0:1,1:2` is two partitions with two replicas each.
pub(crate) fn replica_assignment(text: &str) -> Result<Vec<Vec<BrokerId>>> {
    let mut assigned: Vec<Vec<BrokerId>> = Vec::new();
    for (number, partition) in text.split(',').enumerate() {
        let brokers = partition.split(':').map(|broker| {
            let broker = broker.trim();
            broker.parse().map_err(|_not_a_number| anyhow!("For input string: \"{broker}\""))
        });
        let brokers = brokers.collect::<Result<Vec<BrokerId>>>()?;
        let repeated = |at: &usize| brokers[..*at].contains(&brokers[*at]);
        if let Some(at) = (0..brokers.len()).find(repeated) {
            bail!("Partition replica lists may not contain duplicate entries: {}", brokers[at]);
        }
        if assigned.first().is_some_and(|first| first.len() != brokers.len()) {
            bail!("Partition {number} has different replication factor: {brokers:?}");
        }
        assigned.push(brokers);
    }
    Ok(assigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_between_commas_and_their_brokers_between_colons() {
        assert_eq!(replica_assignment("1").unwrap(), [[1]]);
        assert_eq!(replica_assignment("1:2,2:3, 3:1").unwrap(), [[1, 2], [2, 3], [3, 1]]);
    }

    #[test]
    fn what_cannot_be_assigned_is_refused() {
        for (text, said) in [
            ("", "For input string: \"\""),
            ("1:b", "For input string: \"b\""),
            ("1:2,", "For input string: \"\""),
            ("1:2:1", "Partition replica lists may not contain duplicate entries: 1"),
            ("1:2,3", "Partition 1 has different replication factor: [3]"),
        ] {
            assert_eq!(replica_assignment(text).unwrap_err().to_string(), said, "{text}");
        }
    }
}
