//! One batch, until it is handled or given up.

use std::sync::Arc;

use tokio::time::sleep;

use super::super::claim::Queue;
use super::progress::State;
use super::{Batch, BatchHandler, BatchOptions, DeadLetters, OnFailure};
use crate::Result;
use crate::consumer::ConsumerRecord;
use crate::group::HandlerError;
use crate::random;

/// What is needed to handle a batch.
pub(super) struct Work<H> {
    pub(super) handler: Arc<H>,
    pub(super) options: Arc<BatchOptions>,
    /// Tells when the partition goes to others.
    pub(super) queue: Arc<Queue>,
}

/// What became of it.
pub(super) struct Worked {
    pub(super) state: State,
    /// Why it was given up, unless it was because the partition goes.
    pub(super) failure: Option<HandlerError>,
}

/// How trying ended.
enum Tried {
    Done,
    /// The partition goes: it is not tried again.
    Ended,
    Failed {
        error: HandlerError,
        attempts: u32,
    },
}

impl<H: BatchHandler> Work<H> {
    pub(super) async fn run(self, records: Vec<ConsumerRecord>) -> Worked {
        let tried = self.try_often(&records, 0).await;
        if let Tried::Failed { error, attempts } = &tried
            && records.len() > 1
        {
            tracing::warn!(target: "ottla_client::group", partition = %records[0].partition, offset = records[0].offset,
                records = records.len(), %error, "a batch keeps failing: its records are handled one by one");
            return self.one_by_one(&records, *attempts).await;
        }
        match self.settle(&records[0], tried).await {
            Ok(true) => handled(&records),
            Ok(false) => given_up(&[], None),
            Err(error) => given_up(&[], Some(error)),
        }
    }

    /// The handler of all of them failed so often.
    async fn one_by_one(&self, records: &[ConsumerRecord], attempts: u32) -> Worked {
        for (at, record) in records.iter().enumerate() {
            if self.queue.is_ended() {
                return given_up(&records[..at], None);
            }
            let tried = self.try_often(std::slice::from_ref(record), attempts).await;
            match self.settle(record, tried).await {
                Ok(true) => {}
                Ok(false) => return given_up(&records[..at], None),
                Err(error) => return given_up(&records[..at], Some(error)),
            }
        }
        handled(records)
    }

    async fn try_often(&self, records: &[ConsumerRecord], before: u32) -> Tried {
        for failures in 1.. {
            let attempt = before.saturating_add(failures);
            let Err(error) = self.handler.handle(Batch { records, attempt }).await else {
                return Tried::Done;
            };
            if failures >= self.options.attempts_max {
                return Tried::Failed { error, attempts: attempt };
            }
            tracing::debug!(target: "ottla_client::group", partition = %records[0].partition, attempt, %error, "is handled again");
            if !self.rest(failures).await {
                break;
            }
        }
        Tried::Ended
    }

    /// Waits as long as is due after so many failures; whether the partition is still there then.
    async fn rest(&self, failures: u32) -> bool {
        tokio::select! {
            () = self.queue.ended() => false,
            () = sleep(self.options.backoff.pause(failures, random::fraction())) => true,
        }
    }

    /// Whether a record is done with; not if the partition goes.
    async fn settle(&self, record: &ConsumerRecord, tried: Tried) -> Result<bool, HandlerError> {
        match (tried, &self.options.on_failure) {
            (Tried::Done, _) => Ok(true),
            (Tried::Ended, _) => Ok(false),
            (Tried::Failed { error, attempts }, OnFailure::DeadLetters(letters)) => {
                self.bury(letters, record, &error, attempts).await
            }
            (Tried::Failed { error, .. }, OnFailure::Fail | OnFailure::StopPartition) => Err(error),
        }
    }

    /// Writes a record where those go that keep failing, however long that takes.
    async fn bury(
        &self,
        letters: &DeadLetters,
        record: &ConsumerRecord,
        error: &HandlerError,
        attempts: u32,
    ) -> Result<bool, HandlerError> {
        for failures in 1.. {
            match letters.write(record, error, attempts).await {
                Ok(()) => break,
                Err(refused) if refused.is_retriable() => {
                    tracing::warn!(target: "ottla_client::group", error = %refused, "a dead letter is written again");
                    if !self.rest(failures).await {
                        return Ok(false);
                    }
                }
                Err(refused) => return Err(refused.into()),
            }
        }
        tracing::warn!(target: "ottla_client::group", partition = %record.partition, offset = record.offset, attempts, %error,
            "a record keeps failing, and is a dead letter");
        Ok(true)
    }
}

fn handled(records: &[ConsumerRecord]) -> Worked {
    Worked { state: State::Handled(records[records.len() - 1].offset + 1), failure: None }
}

/// After these records were handled.
fn given_up(handled: &[ConsumerRecord], failure: Option<HandlerError>) -> Worked {
    Worked { state: State::GivenUp(handled.last().map(|record| record.offset + 1)), failure }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use ottla_records::{Attributes, Headers, TimestampType};
    use tokio::sync::Notify;

    use super::*;
    use crate::group::Handled;
    use crate::{Offset, TopicPartition};

    /// The batches that came, each with its attempt.
    type Log = Arc<Mutex<Vec<(Vec<Offset>, u32)>>>;

    /// Refuses batches in which one of these records is, and remembers what came.
    struct Picky {
        bad: &'static [Offset],
        /// From this attempt on nothing is bad.
        good_from: u32,
        queue: Arc<Queue>,
        /// The attempt in which the partition goes.
        ends_at: u32,
        seen: Log,
    }

    impl BatchHandler for Picky {
        fn handle<'a>(&'a self, batch: Batch<'a>) -> Handled<'a> {
            let offsets: Vec<_> = batch.records().iter().map(|record| record.offset).collect();
            let is_bad = batch.attempt() < self.good_from && offsets.iter().any(|it| self.bad.contains(it));
            self.seen.lock().unwrap().push((offsets, batch.attempt()));
            if batch.attempt() == self.ends_at {
                self.queue.end();
            }
            Box::pin(async move { if is_bad { Err("it is bad".into()) } else { Ok(()) } })
        }
    }

    fn record(offset: Offset) -> ConsumerRecord {
        ConsumerRecord {
            partition: TopicPartition::new("t", 0),
            offset,
            leader_epoch: None,
            timestamp: 0,
            timestamp_type: TimestampType::CreateTime,
            key: None,
            value: None,
            headers: Headers::default(),
            attributes: Attributes::default(),
            producer_id: -1,
            producer_epoch: -1,
            log_start_offset: 0,
            last_stable_offset: 10,
            high_watermark: 10,
        }
    }

    /// Handles the records 4, 5 and 6, each twice at most: what becomes of them, whether an error is told, and what the handler saw.
    async fn check(
        (bad, good_from, ends_at): (&'static [Offset], u32, u32),
        expected: (State, bool),
        seen: &[(&[Offset], u32)],
    ) {
        let queue = Arc::new(Queue::new(TopicPartition::new("t", 0), 1, Arc::new(Notify::new())));
        let log = Log::default();
        let handler = Picky { bad, good_from, queue: queue.clone(), ends_at, seen: log.clone() };
        let options = BatchOptions::default().attempts_max(2).retry_backoff(Duration::ZERO, Duration::ZERO);
        let work = Work { handler: Arc::new(handler), options: Arc::new(options), queue };
        let worked = work.run([4, 5, 6].map(record).into()).await;
        assert_eq!((worked.state, worked.failure.is_some()), expected, "{bad:?}");
        let seen: Vec<_> = seen.iter().map(|(offsets, attempt)| (offsets.to_vec(), *attempt)).collect();
        assert_eq!(*log.lock().unwrap(), seen, "{bad:?}");
    }

    #[tokio::test]
    async fn a_batch_that_fails_is_handled_again_and_then_taken_apart() {
        let all: &[Offset] = &[4, 5, 6];
        check((&[], 9, 9), (State::Handled(7), false), &[(all, 1)]).await;
        check((&[5], 2, 9), (State::Handled(7), false), &[(all, 1), (all, 2)]).await;
        let apart: &[(&[Offset], u32)] = &[(all, 1), (all, 2), (&[4], 3), (&[5], 3), (&[6], 3)];
        check((&[5], 3, 9), (State::Handled(7), false), apart).await;
        let failing: &[(&[Offset], u32)] = &[(all, 1), (all, 2), (&[4], 3), (&[5], 3), (&[5], 4)];
        check((&[5], 9, 9), (State::GivenUp(Some(5)), true), failing).await;
        let first: &[(&[Offset], u32)] = &[(all, 1), (all, 2), (&[4], 3), (&[4], 4)];
        check((&[4], 9, 9), (State::GivenUp(None), true), first).await;
    }

    #[tokio::test]
    async fn what_failed_is_not_handled_again_once_the_partition_goes() {
        let all: &[Offset] = &[4, 5, 6];
        check((&[5], 9, 1), (State::GivenUp(None), false), &[(all, 1)]).await;
        check((&[], 9, 1), (State::Handled(7), false), &[(all, 1)]).await;
        let apart: &[(&[Offset], u32)] = &[(all, 1), (all, 2), (&[4], 3)];
        check((&[5], 9, 3), (State::GivenUp(Some(5)), false), apart).await;
    }
}
