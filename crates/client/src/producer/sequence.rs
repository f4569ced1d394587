//! The numbers of an idempotent producer's records in one partition (KIP-98, KIP-360). Pure.
//!
//! Every record of a partition has the number after that of the record before it, so that the broker can tell a batch that it has
//! already from one that is new, and one that is new from one that comes too early. Batches that were sent keep their numbers
//! until it is known what became of them:
//!
//! | what is known of a batch | its numbers | the partition |
//! |---|---|---|
//! | it was written | are used up | goes on |
//! | nothing: the connection broke | stay; it is sent again as it was | goes on |
//! | it was never written, nor will be | are left out | begins anew, once nothing that was sent is unknown |
//! | nothing, and its time is over | are left out | the same |
//!
//! To begin anew is to take the next epoch, and 0 as the first number: the broker keeps epochs by partition, and refuses what
//! comes late out of an older one. No number is left out within an epoch, since the broker would refuse all that follow.
//!
//! A broker that knows nothing of a producer takes whatever number comes first. So the first batch of an epoch goes alone until it
//! is written: if it and the broker were lost together, the second would be taken for the first, and written before it.
//!
//! A broker remembers the last five batches of a producer, and what is sent again is known to it only as one of those. So nothing new
//! is sent that would be the fifth after one of which it is not known whether it was written, whatever is known of those between.

use std::collections::{BTreeSet, VecDeque};

use ottla_records::{ProducerEpoch, ProducerId, Sequence};

/// How many batches of a producer in one partition brokers remember (KIP-98).
const REMEMBERED: usize = 5;

/// Who produces: what `InitProducerId` gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) id: ProducerId,
    pub(super) epoch: ProducerEpoch,
}

/// The numbers that a batch was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) identity: Identity,
    /// The first of them, counted without an end.
    pub(super) first: u64,
}

impl Numbered {
    /// As it stands in the batch: after 2³¹ − 1 comes 0.
    pub(super) fn base_sequence(&self) -> Sequence {
        i32::try_from(self.first & 0x7fff_ffff).expect("31 bits")
    }
}

/// The numbers of one partition.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    identity: Option<Identity>,
    next: u64,
    /// The first numbers of batches that were sent and of which it is not known what became.
    unknown: BTreeSet<u64>,
    /// The first numbers of the batches of this epoch that the broker will remember beside the next one.
    latest: VecDeque<u64>,
    /// A batch of this epoch was written: the broker knows which number comes next.
    is_begun: bool,
    /// A number was left out: nothing new is sent before the partition begins anew.
    is_broken: bool,
    /// A batch of this epoch was surely not written, so that none after it can be.
    has_gap: bool,
}

impl Sequences {
    /// Whether a batch that has no numbers yet may be sent.
    pub(super) fn takes_new(&self) -> bool {
        let Some(oldest) = self.unknown.first() else { return true };
        let is_remembered =
            self.latest.len() < REMEMBERED - 1 || self.latest.front().is_some_and(|first| first <= oldest);
        self.is_begun && !self.is_broken && is_remembered
    }

    /// Whether this batch is the oldest that is not known to be written.
    pub(super) fn is_oldest(&self, batch: &Numbered) -> bool {
        self.unknown.first() == Some(&batch.first)
    }

    /// Gives a batch its numbers. None if there are no epochs left: the producer needs another id.
    pub(super) fn number(&mut self, producer: Identity, count: usize) -> Option<Numbered> {
        debug_assert!(self.takes_new(), "nothing new is sent before the broker can tell its place");
        let identity = self.identity_for(producer)?;
        let first = self.next;
        self.next += u64::try_from(count).expect("a batch has few records");
        self.sent(first);
        Some(Numbered { identity, first })
    }

    fn sent(&mut self, first: u64) {
        self.unknown.insert(first);
        let at = self.latest.partition_point(|other| *other < first);
        self.latest.insert(at, first);
        if self.latest.len() == REMEMBERED {
            self.latest.pop_front();
        }
    }

    fn identity_for(&mut self, producer: Identity) -> Option<Identity> {
        // The coordinator of transactions gives epochs, too; those that it gave are older than what was taken here.
        let is_same = |current: Identity| current.id == producer.id && current.epoch >= producer.epoch;
        let identity = match self.identity {
            Some(current) if is_same(current) && !self.is_broken => return Some(current),
            Some(current) if is_same(current) => {
                let epoch = current.epoch.checked_add(1).filter(|epoch| *epoch < ProducerEpoch::MAX)?;
                Identity { epoch, ..current }
            }
            Some(_) | None if !self.unknown.is_empty() => return self.identity,
            Some(_) | None => producer,
        };
        *self = Sequences { identity: Some(identity), ..Sequences::default() };
        Some(identity)
    }

    /// It was written.
    pub(super) fn written(&mut self, batch: &Numbered) {
        self.unknown.remove(&batch.first);
        self.is_begun = true;
    }

    /// It is given up. `is_unwritten` says that it was surely not written.
    pub(super) fn given_up(&mut self, batch: &Numbered, is_unwritten: bool) {
        self.unknown.remove(&batch.first);
        self.is_broken = true;
        self.has_gap |= is_unwritten;
    }

    /// Whether a batch that the broker finds out of order will never be written with its numbers.
    pub(super) fn is_hopeless(&self, batch: &Numbered) -> bool {
        self.has_gap || self.is_oldest(batch)
    }

    /// The broker misses what came before it. Whether that means that it will never be written with these numbers.
    pub(super) fn out_of_order(&mut self, batch: &Numbered) -> bool {
        let is_hopeless = self.is_hopeless(batch);
        if is_hopeless {
            self.given_up(batch, true);
        }
        is_hopeless
    }

    /// Whether batches that were not answered cannot have been written.
    pub(super) fn has_gap(&self) -> bool {
        self.has_gap
    }

    /// The second part of a batch that is sent in two.
    pub(super) fn split(&mut self, batch: &Numbered, count_of_first: usize) -> Numbered {
        let first = batch.first + u64::try_from(count_of_first).expect("a batch has few records");
        self.sent(first);
        Numbered { first, ..*batch }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRODUCER: Identity = Identity { id: 7, epoch: 3 };

    /// Batches that were sent after the first of the epoch, a single record, was written.
    fn sent(counts: &[usize]) -> (Sequences, Vec<Numbered>) {
        let mut sequences = Sequences::default();
        let first = sequences.number(PRODUCER, 1).unwrap();
        sequences.written(&first);
        let batches = counts.iter().map(|count| sequences.number(PRODUCER, *count).unwrap()).collect();
        (sequences, batches)
    }

    fn next(sequences: &mut Sequences) -> (ProducerEpoch, Sequence) {
        let batch = sequences.number(PRODUCER, 1).unwrap();
        (batch.identity.epoch, batch.base_sequence())
    }

    #[test]
    fn numbers_follow_each_other_and_wrap_at_two_to_the_thirty_first() {
        let (mut sequences, batches) = sent(&[5, 2]);
        assert_eq!(batches.iter().map(Numbered::base_sequence).collect::<Vec<_>>(), [1, 6]);
        sequences.next = (1 << 31) - 1;
        assert_eq!(next(&mut sequences), (3, i32::MAX));
        assert_eq!(next(&mut sequences), (3, 0));
    }

    #[test]
    fn the_first_batch_of_each_epoch_goes_alone_until_it_is_written() {
        let mut sequences = Sequences::default();
        for epoch in [3, 4] {
            let first = sequences.number(PRODUCER, 2).unwrap();
            assert_eq!((first.identity.epoch, first.base_sequence()), (epoch, 0));
            assert!(!sequences.takes_new());
            sequences.written(&first);
            assert!(sequences.takes_new());
            let second = sequences.number(PRODUCER, 1).unwrap();
            assert!(sequences.takes_new());
            sequences.given_up(&second, true);
        }
    }

    #[test]
    fn nothing_new_has_the_broker_forget_what_may_be_sent_again() {
        let (mut sequences, batches) = sent(&[2, 2, 2, 2]);
        assert!(sequences.takes_new());
        sequences.number(PRODUCER, 1).unwrap();
        assert!(!sequences.takes_new(), "the broker remembers five, and this would be the sixth");
        for later in &batches[1..] {
            sequences.written(later);
            assert!(!sequences.takes_new(), "of the oldest nothing is known yet");
        }
        sequences.written(&batches[0]);
        assert!(sequences.takes_new());
    }

    #[test]
    fn a_batch_in_two_parts_counts_as_two() {
        let (mut sequences, batches) = sent(&[4, 1, 1]);
        sequences.split(&batches[0], 2);
        assert!(sequences.takes_new());
        sequences.split(&batches[0], 1);
        assert!(!sequences.takes_new());
    }

    #[test]
    fn a_batch_that_the_broker_finds_early_waits_for_the_one_before_it() {
        let (mut sequences, batches) = sent(&[1, 1]);
        assert!(!sequences.out_of_order(&batches[1]));
        sequences.written(&batches[0]);
        assert!(sequences.is_oldest(&batches[1]));
        sequences.written(&batches[1]);
        assert_eq!(next(&mut sequences), (3, 3));
    }

    #[test]
    fn the_oldest_that_is_out_of_order_ends_the_epoch_for_all_that_were_sent_with_it() {
        let (mut sequences, batches) = sent(&[1, 1, 1]);
        sequences.written(&batches[0]);
        assert!(sequences.out_of_order(&batches[1]));
        assert!(!sequences.takes_new(), "the third is not answered yet");
        assert!(sequences.has_gap());
        assert!(sequences.out_of_order(&batches[2]));
        assert!(sequences.takes_new());
        assert_eq!(next(&mut sequences), (4, 0));
    }

    #[test]
    fn after_a_batch_of_which_nothing_is_known_is_given_up_those_sent_after_it_are_settled_first() {
        let (mut sequences, batches) = sent(&[1, 1]);
        sequences.given_up(&batches[0], false);
        assert!(!sequences.takes_new() && !sequences.has_gap());
        assert!(sequences.is_oldest(&batches[1]));
        sequences.written(&batches[1]);
        assert_eq!(next(&mut sequences), (4, 0));
    }

    #[test]
    fn a_batch_in_two_parts_keeps_its_numbers() {
        let (mut sequences, batches) = sent(&[4, 1]);
        let second = sequences.split(&batches[0], 3);
        assert_eq!(second.base_sequence(), 4);
        sequences.written(&batches[0]);
        assert!(sequences.is_oldest(&second));
        assert!(!sequences.is_oldest(&batches[1]));
    }

    #[test]
    fn another_id_begins_at_its_own_epoch_and_the_last_epoch_of_an_id_is_not_used() {
        let (mut sequences, batches) = sent(&[1]);
        sequences.written(&batches[0]);
        let other = Identity { id: 8, epoch: 0 };
        assert_eq!(sequences.number(other, 1).unwrap().identity, other);

        let last = Identity { id: 9, epoch: ProducerEpoch::MAX - 1 };
        let mut sequences = Sequences::default();
        let batch = sequences.number(last, 1).unwrap();
        sequences.given_up(&batch, true);
        assert_eq!(sequences.number(last, 1), None);
        assert_eq!(sequences.number(other, 1).unwrap().identity, other);
    }
}
