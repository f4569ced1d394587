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

    /// The data directories in `tests/manifests.rs` show where a Kafka node has put groups.
    #[test]
    fn every_group_has_a_partition() {
        assert_eq!(partition_for("", 50), 0);
        // Java's hash of "a" is 97, of "é" 233.
        assert_eq!(partition_for("a", 50), 47);
        assert_eq!(partition_for("é", 50), 33);
        // The least i32, which has no absolute value.
        assert_eq!(partition_for("polygenelubricants", 50), 0);
    }
}
