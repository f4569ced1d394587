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
    /// None until it is spawned.
    handle: Option<AbortHandle>,
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

    /// The session that is, or one that begins. One that has nothing ends when something comes.
    async fn begin(&self, partitions: &[TopicPartition]) -> Session {
        if !partitions.is_empty() {
            self.end_empty().await;
        }
        if let Some(session) = self.session() {
            return session;
        }
        let session = Session::new(self.consumer.clone(), self.wake.clone());
        partitions.iter().for_each(|partition| session.add(self.queue(partition)));
        if let Err(error) = self.handler.setup(&session).await {
            self.fail(error);
        }
        session.was_set_up();
        self.state().session = Some(session.clone());
        session
    }

    fn queue(&self, partition: &TopicPartition) -> Arc<Queue> {
        Arc::new(Queue::new(partition.clone(), self.low, self.wake.clone()))
    }

    fn start(self: &Arc<Self>, session: &Session, partition: &TopicPartition) {
        let waiting = session.queue(partition).filter(|queue| !queue.is_ended());
        let queue = waiting.unwrap_or_else(|| self.queue(partition));
        if !self.expect(&queue) {
            return;
        }
        session.add(queue.clone());
        let running = Running { sessions: self.clone(), queue: queue.clone() };
        // Without the lock: a runtime that shuts down drops the task right here, and that takes the lock.
        let handle = tokio::spawn(running.run(session.clone())).abort_handle();
        self.is_started(&queue, handle);
    }

    /// Counts the handler of a claim as running; whether it is the only one of its partition.
    fn expect(&self, queue: &Arc<Queue>) -> bool {
        let mut state = self.state();
        let is_new = !state.running.contains_key(&queue.partition);
        if is_new {
            state.running.insert(queue.partition.clone(), Task { queue: queue.clone(), handle: None });
        }
        is_new
    }

    fn is_started(&self, queue: &Arc<Queue>, handle: AbortHandle) {
        let mut state = self.state();
        match state.running.get_mut(&queue.partition).filter(|task| Arc::ptr_eq(&task.queue, queue)) {
            Some(task) => task.handle = Some(handle),
            None => {
                drop(state);
                // It has returned, or all were ended meanwhile.
                handle.abort();
            }
        }
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
                let given_up = self.state().running.remove(partition);
                given_up.iter().for_each(Task::abort);
            }
        }
        if is_all && !session.is_cleaned_up() {
            if let Err(error) = self.handler.cleanup(session).await {
                self.fail(error);
            }
            session.was_cleaned_up();
        }
    }

    /// Ends a session that has no partitions. Broken off and repeated, it goes on.
    pub(super) async fn end_empty(&self) {
        if let Some(session) = self.session().filter(|session| session.queues().is_empty()) {
            self.end(&session, &[]).await;
            self.give_away(&session, &[]);
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
        let (session, running) = {
            let mut state = self.state();
            (state.session.take(), std::mem::take(&mut state.running))
        };
        session.iter().for_each(Session::end);
        running.values().for_each(Task::abort);
    }
}

impl Task {
    fn abort(&self) {
        self.handle.iter().for_each(AbortHandle::abort);
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
            let session = self.0.begin(partitions).await;
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

#[cfg(test)]
mod tests {
    use super::super::Handled;
    use super::*;
    use crate::Client;
    use crate::config::{ClientConfig, ConsumerConfig};

    struct Idle;

    impl GroupHandler for Idle {
        fn consume_claim<'a>(&'a self, _: &'a Session, claim: Claim) -> Handled<'a> {
            Box::pin(async move {
                claim.ended().await;
                Ok(())
            })
        }
    }

    fn sessions() -> Arc<Sessions> {
        let client = Client::new(ClientConfig::new("localhost:1")).unwrap();
        let consumer = Consumer::new(client, ConsumerConfig::default().group_id("g".to_owned())).unwrap();
        Arc::new(Sessions {
            handler: Arc::new(Idle),
            consumer: Arc::new(consumer),
            wake: Arc::default(),
            low: 1,
            patience: Duration::from_secs(1),
            is_auto: false,
            returned: Notify::new(),
            state: Mutex::default(),
        })
    }

    #[test]
    fn a_runtime_that_shuts_down_ends_a_handler_that_is_being_started() {
        let (tell, told) = std::sync::mpsc::channel();
        // In a thread of its own: what would go wrong is that it never ends.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let handle = runtime.handle().clone();
            let _within = handle.enter();
            let sessions = sessions();
            let session = Session::new(sessions.consumer.clone(), Arc::default());
            drop(runtime);
            sessions.start(&session, &TopicPartition::new("t", 0));
            tell.send(sessions.state().running.len()).unwrap();
        });
        assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(0));
    }
}
