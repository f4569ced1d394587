//! What becomes of many records, kept by the batch and not by the record.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Delivery;
use super::delivery::Outcome;
use crate::{Offset, Result, TopicPartition};

/// Records on their way, in the order in which they were sent: see [`super::Producer::send_many`].
///
/// Dropped, it changes nothing.
#[derive(Debug, Default)]
#[must_use = "records whose deliveries nobody looks at may be lost without notice"]
pub struct Deliveries {
    runs: VecDeque<Run>,
    records: usize,
}

/// Records that follow each other, and went into one batch.
#[derive(Debug)]
struct Run {
    outcome: Arc<Outcome>,
    /// The number of the first of them in the batch.
    first: usize,
    count: usize,
}

/// Records that were sent one after the other, and of which the same became.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivered {
    /// The partition that they went to.
    pub topic_partition: TopicPartition,
    /// How many they are; at least one.
    pub count: usize,
    /// The place of the first of them, which the others follow, or why none was written. There is no place with `acks=0`, and where
    /// the broker had the records from an earlier try and forgot it.
    pub result: Result<Option<Offset>>,
}

impl Deliveries {
    /// None yet.
    pub fn new() -> Deliveries {
        Deliveries::default()
    }

    /// How many records there are of which [`Deliveries::next`] has not told.
    pub fn len(&self) -> usize {
        self.records
    }

    /// Whether there is nothing left to tell.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Adds a record that was sent alone, after the others.
    pub fn push(&mut self, delivery: Delivery) {
        self.records += 1;
        let (outcome, at) = delivery.into_place();
        match self.runs.back_mut() {
            Some(last) if last.first + last.count == at && Arc::ptr_eq(&last.outcome, &outcome) => {
                last.count += 1;
            }
            _ => self.runs.push_back(Run { outcome, first: at, count: 1 }),
        }
    }

    /// What became of the first records, which are told of once; none if there are none left.
    ///
    /// Cancel-safe: what was not told will be.
    pub async fn next(&mut self) -> Option<Delivered> {
        let Run { outcome, first, .. } = self.runs.front()?;
        outcome.known(*first).await;
        self.try_next()
    }

    /// As [`Deliveries::next`]; none, too, if it is not known yet.
    pub fn try_next(&mut self) -> Option<Delivered> {
        let run = self.runs.front_mut()?;
        let (ended, result) = run.outcome.results(run.first)?;
        let count = ended.min(run.count);
        let delivered = Delivered { topic_partition: run.outcome.partition().clone(), count, result };
        run.first += count;
        run.count -= count;
        self.records -= count;
        if run.count == 0 {
            self.runs.pop_front();
        }
        Some(delivered)
    }
}

#[cfg(test)]
mod tests {
    use super::super::delivery::Written;
    use super::*;
    use crate::Error;

    fn outcome(partition: i32) -> Arc<Outcome> {
        Arc::new(Outcome::new(TopicPartition::new("t", partition)))
    }

    fn sent(places: &[(&Arc<Outcome>, usize)]) -> Deliveries {
        let mut deliveries = Deliveries::new();
        for (outcome, at) in places {
            deliveries.push(Delivery::new((*outcome).clone(), *at, 0));
        }
        deliveries
    }

    fn written(base_offset: i64) -> Result<Written> {
        Ok(Written { base_offset: Some(base_offset), append_time: None })
    }

    /// Partition, count and offset of what is known, from the first on.
    fn told(deliveries: &mut Deliveries) -> Vec<(i32, usize, Option<i64>)> {
        let next = || {
            let Delivered { topic_partition, count, result } = deliveries.try_next()?;
            Some((topic_partition.partition, count, result.ok().flatten()))
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn what_is_known_is_told_by_the_batch_in_the_order_of_sending() {
        let (one, two) = (outcome(1), outcome(2));
        let mut deliveries = sent(&[(&one, 0), (&one, 1), (&two, 0), (&one, 2), (&one, 3), (&two, 1)]);
        assert_eq!(told(&mut deliveries), []);
        one.resolve(0, 4, written(10));
        assert_eq!(told(&mut deliveries), [(1, 2, Some(10))], "what comes next is not known");
        assert_eq!(deliveries.len(), 4);
        two.resolve(0, 2, written(50));
        assert_eq!(told(&mut deliveries), [(2, 1, Some(50)), (1, 2, Some(12)), (2, 1, Some(51))]);
        assert!(deliveries.is_empty());
    }

    #[test]
    fn parts_of_a_batch_that_was_too_large_are_told_each() {
        let outcome = outcome(0);
        let mut deliveries = sent(&[(&outcome, 0), (&outcome, 1), (&outcome, 2)]);
        outcome.resolve(2, 1, Err(Error::BufferFull));
        assert_eq!(told(&mut deliveries), []);
        outcome.resolve(0, 2, written(7));
        assert_eq!(told(&mut deliveries), [(0, 2, Some(7)), (0, 1, None)]);
    }

    #[tokio::test]
    async fn whoever_waits_is_told_once_it_is_known() {
        let outcome = outcome(0);
        let mut deliveries = sent(&[(&outcome, 0)]);
        let resolved = async { outcome.resolve(0, 1, written(3)) };
        let (delivered, ()) = tokio::join!(deliveries.next(), resolved);
        assert_eq!(delivered.map(|delivered| delivered.result.unwrap()), Some(Some(3)));
        assert!(deliveries.next().await.is_none());
    }
}
