//! Beginning and ending sessions and claims, as rebalances have it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::claim::{Claim, Queue};
use super::{GroupHandler, HandlerError, Session};
use crate::consumer::Consumer;
use crate::group::{Listening, RebalanceListener};
use crate::{TopicPartition, clock};

/// What the runner and the listener have in common.
pub(super) struct Sessions {
    pub(super) handler: Arc<dyn GroupHandler>,
    pub(super) consumer: Arc<Consumer>,
    pub(super) wake: Arc<Notify>,
    /// Below so many records that wait there is room for more.
    pub(super) low: usize,
    /// How long a handler may take to return.
    pub(super) patience: Duration,
    /// Whether what is marked is committed without the handler's doing.
    pub(super) is_auto: bool,
    /// A handler has returned.
    pub(super) returned: Notify,
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    session: Option<Session>,
    running: BTreeMap<TopicPartition, Task>,
    failure: Option<HandlerError>,
}

/// The handler of a claim, which it is known by: one that blocks its thread may go on while the partition is claimed anew.
struct Task {
    queue: Arc<Queue>,
    handle: AbortHandle,
}

impl Sessions {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn session(&self) -> Option<Session> {
        self.state().session.clone()
    }

    pub(super) fn take_failure(&self) -> Option<HandlerError> {
        self.state().failure.take()
    }

    fn fail(&self, error: HandlerError) {
        self.state().failure.get_or_insert(error);
        self.wake.notify_one();
    }

    /// The session that is, or one that begins.
    async fn begin(&self) -> Session {
        if let Some(session) = self.session() {
            return session;
        }
        let session = Session::new(self.consumer.clone(), self.wake.clone());
        if let Err(error) = self.handler.setup(&session).await {
            self.fail(error);
        }
        self.state().session = Some(session.clone());
        session
    }

    fn start(self: &Arc<Self>, session: &Session, partition: &TopicPartition) {
        let mut state = self.state();
        if state.running.contains_key(partition) {
            return;
        }
        let queue = Arc::new(Queue::new(partition.clone(), self.low, self.wake.clone()));
        session.add(queue.clone());
        let running = Running { sessions: self.clone(), queue: queue.clone() };
        let handle = tokio::spawn(running.run(session.clone())).abort_handle();
        // It cannot be gone again before this: that takes the lock.
        state.running.insert(partition.clone(), Task { queue, handle });
    }

    /// Has the handlers of these end, and waits for them as long as the group does. Broken off and repeated, it goes on.
    async fn end(&self, session: &Session, partitions: &[TopicPartition]) {
        for partition in partitions {
            session.queue(partition).iter().for_each(|queue| queue.end());
        }
        let is_all = session.queues().iter().all(|queue| partitions.contains(&queue.partition));
        if is_all {
            session.end();
        }
        let deadline = clock::now() + self.patience;
        for partition in partitions {
            if !self.has_returned(partition, deadline).await {
                tracing::warn!(target: "ottla_client::group", %partition, "its handler does not return, and is ended");
                // It may go on until it waits for something, and nobody waits for that.
                self.state().running.remove(partition).iter().for_each(|task| task.handle.abort());
            }
        }
        if is_all && !session.is_cleaned_up() {
            if let Err(error) = self.handler.cleanup(session).await {
                self.fail(error);
            }
            session.was_cleaned_up();
        }
    }

    /// What was done about these partitions is done. Before this nothing is forgotten, so that it can be repeated.
    fn give_away(&self, session: &Session, partitions: &[TopicPartition]) {
        session.give_away(partitions);
        if session.is_ended() {
            self.state().session = None;
        }
    }

    /// Waits until a handler has returned; whether it did by then.
    async fn has_returned(&self, partition: &TopicPartition, deadline: Instant) -> bool {
        let waiting = async {
            loop {
                let mut returned = std::pin::pin!(self.returned.notified());
                // What happens after the look below is not missed.
                returned.as_mut().enable();
                if !self.state().running.contains_key(partition) {
                    return;
                }
                returned.await;
            }
        };
        timeout_at(deadline, waiting).await.is_ok()
    }

    /// Ends all at once: nobody is there to wait for them.
    pub(super) fn abort(&self) {
        let mut state = self.state();
        state.session.take().iter().for_each(Session::end);
        for task in std::mem::take(&mut state.running).into_values() {
            task.handle.abort();
        }
    }
}

/// A handler at work on a partition. However it ends, it is known.
struct Running {
    sessions: Arc<Sessions>,
    queue: Arc<Queue>,
}

impl Running {
    async fn run(self, session: Session) {
        let queue = &self.queue;
        let claim = Claim { queue: queue.clone() };
        match self.sessions.handler.consume_claim(&session, claim).await {
            Err(error) => self.sessions.fail(error),
            // It wants no more of it. It may be another's by now.
            Ok(()) if !queue.is_ended() => drop(session.consumer().pause([&queue.partition])),
            Ok(()) => {}
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.sessions.fail(format!("the handler of {} panicked", self.queue.partition).into());
        }
        let mut state = self.sessions.state();
        let is_own = |task: &Task| Arc::ptr_eq(&task.queue, &self.queue);
        if state.running.get(&self.queue.partition).is_some_and(is_own) {
            state.running.remove(&self.queue.partition);
        }
        drop(state);
        self.sessions.returned.notify_waiters();
    }
}

/// The listener of the runner's consumer.
pub(super) struct Listener(pub(super) Arc<Sessions>);

impl RebalanceListener for Listener {
    fn assigned<'a>(&'a self, _: &'a Consumer, partitions: &'a [TopicPartition]) -> Listening<'a> {
        Box::pin(async move {
            let session = self.0.begin().await;
            for partition in partitions {
                self.0.start(&session, partition);
            }
        })
    }

    fn revoked<'a>(&'a self, consumer: &'a Consumer, partitions: &'a [TopicPartition]) -> Listening<'a> {
        Box::pin(async move {
            let Some(session) = self.0.session() else { return };
            self.0.end(&session, partitions).await;
            if self.0.is_auto
                && let Err(error) = consumer.commit_offsets(session.marks(partitions)).await
            {
                tracing::warn!(target: "ottla_client::group", %error,
                    "offsets were not committed: who is given the partitions consumes some records again");
            }
            self.0.give_away(&session, partitions);
        })
    }

    fn lost<'a>(&'a self, _: &'a Consumer, partitions: &'a [TopicPartition]) -> Listening<'a> {
        Box::pin(async move {
            let Some(session) = self.0.session() else { return };
            self.0.end(&session, partitions).await;
            self.0.give_away(&session, partitions);
        })
    }
}
