//! Arithmetic on the sequence numbers of idempotent producers: after 2³¹ − 1 comes 0.

use ottla_records::Sequence;

/// The sequence `by` places further, or back if it is negative.
pub(crate) fn advance(sequence: Sequence, by: i64) -> Sequence {
    let sum = i64::from(sequence).wrapping_add(by);
    i32::try_from(sum & i64::from(i32::MAX)).expect("masked to 31 bits")
}

/// Whether a batch that begins with `next` comes right after one that ended with `last`.
///
/// [`NO_SEQUENCE`](ottla_records::NO_SEQUENCE) as `last` means that nothing was written yet: then 0 is next.
pub(crate) fn follows(last: Sequence, next: Sequence) -> bool {
    i64::from(next) == i64::from(last) + 1 || (next == 0 && last == i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_wrap_at_two_to_the_thirty_first_both_ways() {
        let cases = [
            (5, 2, 7),
            (5, -5, 0),
            (i32::MAX, 1, 0),
            (i32::MAX - 1, 3, 1),
            (0, -1, i32::MAX),
            (1, -3, i32::MAX - 1),
        ];
        for (sequence, by, expected) in cases {
            assert_eq!(advance(sequence, by), expected, "{sequence} {by:+}");
        }
    }

    #[test]
    fn only_the_next_sequence_follows() {
        let cases = [
            (-1, 0, true),
            (-1, 1, false),
            (4, 5, true),
            (4, 4, false),
            (4, 6, false),
            (i32::MAX, 0, true),
            (i32::MAX, i32::MIN, false),
            (4, 0, false),
        ];
        for (last, next, expected) in cases {
            assert_eq!(follows(last, next), expected, "{next} after {last}");
        }
    }
}
