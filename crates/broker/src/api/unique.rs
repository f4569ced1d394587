//! What is asked for twice is answered once: else a small request of many repetitions would have a large answer.

use std::hash::Hash;

use rustc_hash::FxHashSet;

/// The first item of each key.
pub(super) fn unique_by<T, K: Eq + Hash>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> impl Iterator<Item = T> {
    let mut seen = FxHashSet::default();
    items.into_iter().filter(move |item| seen.insert(key(item)))
}

/// Takes out the partitions that were asked for before, of a topic that may be listed several times itself.
#[derive(Debug)]
pub(super) struct AskedPartitions<T> {
    seen: FxHashSet<(T, i32)>,
}

impl<T: Clone + Eq + Hash> AskedPartitions<T> {
    pub(super) fn new() -> AskedPartitions<T> {
        AskedPartitions { seen: FxHashSet::default() }
    }

    /// Whether something is left of the topic to answer.
    pub(super) fn keep_new(&mut self, topic: &T, partitions: &mut Vec<i32>) -> bool {
        let asked_for_none = partitions.is_empty();
        partitions.retain(|partition| self.seen.insert((topic.clone(), *partition)));
        asked_for_none || !partitions.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_left_out() {
        assert_eq!(unique_by([31, 12, 32, 21, 11], |item| item / 10).collect::<Vec<_>>(), [31, 12, 21]);
    }

    #[test]
    fn a_partition_is_answered_once_however_often_its_topic_is_listed() {
        let mut asked = AskedPartitions::new();
        let mut check = |topic, mut partitions: Vec<i32>, left: &[i32], is_kept| {
            assert_eq!(asked.keep_new(&topic, &mut partitions), is_kept);
            assert_eq!(partitions, left);
        };
        check("a", vec![0, 1, 0], &[0, 1], true);
        check("b", vec![1], &[1], true);
        check("a", vec![1, 2], &[2], true);
        check("a", vec![0, 1, 2], &[], false);
        check("c", vec![], &[], true);
    }
}
