//! Which partition of `__consumer_offsets` a group belongs to.

/// The partition of a group, as Kafka computes it: Java's hash of the string, its sign dropped, modulo the partitions.
///
/// Panics if there are no partitions.
pub fn partition_for(group_id: &str, partitions: i32) -> i32 {
    assert!(partitions > 0, "a topic has at least one partition");
    let hash =
        group_id.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    hash.checked_abs().unwrap_or(0) % partitions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_lie_where_kafka_puts_them() {
        // From the data directory that a Kafka node left, with two partitions.
        for (group, partition) in [("classic-group", 1), ("tx-group", 0), ("consumer-group", 1)] {
            assert_eq!(partition_for(group, 2), partition, "{group}");
        }
        assert_eq!(partition_for("", 50), 0);
        // Its hash is the least i32, which has no absolute value.
        assert_eq!(partition_for("polygenelubricants", 50), 0);
    }
}
