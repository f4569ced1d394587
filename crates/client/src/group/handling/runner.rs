//! The loop that polls and hands out.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::sessions::{Listener, Sessions};
use super::{GroupHandler, HandlerError, Session};
use crate::consumer::{Committing, Consumer, ConsumerRecord};
use crate::{Error, Result, TopicPartition, clock};

/// How long it waits for records before it looks at its clock.
const TURN: Duration = Duration::from_millis(500);

/// How much longer than its handlers leaving may take.
const FAREWELL: Duration = Duration::from_secs(30);

pub(super) struct Runner {
    consumer: Arc<Consumer>,
    sessions: Arc<Sessions>,
    wake: Arc<Notify>,
    commit_at: Instant,
    /// The last commit of marks, as long as it is not known how it went.
    committing: Option<Committing>,
    /// With so many records that wait, a partition is paused.
    high: usize,
    /// Those that were paused for that.
    full: Vec<TopicPartition>,
}

impl Runner {
    pub(super) fn new(
        consumer: Arc<Consumer>,
        handler: Arc<dyn GroupHandler>,
        is_auto: bool,
    ) -> Result<Runner> {
        let config = consumer.config();
        let (wake, high) = (Arc::new(Notify::new()), config.max_poll_records.max(2));
        let sessions = Arc::new(Sessions {
            handler,
            consumer: consumer.clone(),
            wake: wake.clone(),
            low: high / 2,
            patience: config.max_poll_interval,
            is_auto,
            returned: Notify::new(),
            state: Mutex::default(),
        });
        consumer.listen(Arc::new(Listener(sessions.clone())))?;
        let commit_at = clock::now() + config.auto_commit_interval;
        Ok(Runner { consumer, sessions, wake, commit_at, committing: None, high, full: Vec::new() })
    }

    pub(super) async fn run(mut self, until: impl Future<Output = ()> + Send) -> Result<(), HandlerError> {
        let mut until = pin!(until);
        let outcome = loop {
            let consumer = self.consumer.clone();
            // It goes on while other things happen: what a rebalance has begun in it should not begin again.
            let mut polling = pin!(consumer.poll(TURN));
            let polled = loop {
                if let Some(error) = self.sessions.take_failure() {
                    break Some(Err(error));
                }
                self.look_after_session();
                tokio::select! {
                    () = &mut until => break None,
                    () = self.wake.notified() => {}
                    polled = &mut polling => break Some(polled.map_err(HandlerError::from)),
                }
            };
            match polled {
                None => break Ok(()),
                Some(Ok(records)) => self.hand_out(records),
                Some(Err(error)) if may_pass(&error) => {
                    tracing::warn!(target: "ottla_client::group", %error, "asking for records");
                }
                Some(Err(error)) => break Err(error),
            }
        };
        // Sessions end with this, as in a rebalance.
        self.consumer.leave(clock::now() + self.sessions.patience + FAREWELL).await;
        self.sessions.end_empty().await;
        match self.sessions.take_failure() {
            Some(error) if outcome.is_ok() => Err(error),
            _ => outcome,
        }
    }

    /// Resets, room in queues, commits.
    fn look_after_session(&mut self) {
        let Some(session) = self.sessions.session() else { return };
        for reset in session.resets() {
            // Nobody may wait for it any more.
            let _gone = reset.done.send(session.go_to(&reset.partition, reset.offset));
        }
        self.make_room(&session);
        if self.sessions.is_auto && self.commit_at <= clock::now() {
            self.commit_at = clock::now() + self.consumer.config().auto_commit_interval;
            self.commit_marks(&session);
        }
    }

    /// Commits what is news, and again what could not be committed the last time: nothing more may be marked for long.
    fn commit_marks(&mut self, session: &Session) {
        match self.committing.as_mut().map(Committing::outcome) {
            // More of them would pile up behind a coordinator that does not answer.
            Some(None) => return,
            Some(Some(Err(error))) => {
                tracing::debug!(target: "ottla_client::group", %error, "marks were not committed, and are again");
                session.was_not_committed();
            }
            Some(Some(Ok(()))) | None => {}
        }
        self.committing = session.news().and_then(|marks| self.consumer.start_commit_offsets(marks).ok());
    }

    /// A handler that is slow keeps its own partition waiting, and no other.
    fn make_room(&mut self, session: &Session) {
        let (consumer, high) = (&self.consumer, self.high);
        self.full.retain(|partition| {
            let is_full = session.queue(partition).is_some_and(|queue| queue.len() >= high / 2);
            if !is_full {
                // It may be another's by now.
                let _gone = consumer.resume([partition]);
            }
            is_full
        });
        for queue in session.queues() {
            if queue.len() >= high
                && !self.full.contains(&queue.partition)
                && consumer.pause([&queue.partition]).is_ok()
            {
                self.full.push(queue.partition.clone());
            }
        }
    }

    fn hand_out(&self, records: Vec<ConsumerRecord>) {
        let Some(session) = self.sessions.session() else { return };
        for record in records {
            if let Some(queue) = session.queue(&record.partition) {
                queue.push(record);
            }
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // The listener has the consumer that has the listener.
        self.consumer.stop_listening();
        self.sessions.abort();
    }
}

/// Whether it is the consumer's error, and asking again may help.
fn may_pass(error: &HandlerError) -> bool {
    error.downcast_ref::<Error>().is_some_and(Error::is_retriable)
}
