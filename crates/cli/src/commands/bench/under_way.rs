//! Records on their way: how long each took is known at the moment at which its batch ends.

use std::collections::{BTreeMap, VecDeque};
use std::future::{IntoFuture, poll_fn};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use ottla_client::Error;
use ottla_client::producer::{Delivery, RecordMetadata};

use crate::clock;

/// Who wants to know what became of records.
pub(crate) trait Sink {
    fn acknowledged(&mut self, record: &Acknowledged);
    fn failed(&mut self, error: Error);
}

/// A record that was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// How many were sent before it.
    pub(crate) number: u64,
    pub(crate) at: Instant,
    pub(crate) bytes: u64,
}

/// A record that was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Acknowledged {
    pub(crate) number: u64,
    pub(crate) sent_at: Instant,
    pub(crate) at: Instant,
    pub(crate) bytes: u64,
}

impl Acknowledged {
    pub(crate) fn took(&self) -> Duration {
        self.at.saturating_duration_since(self.sent_at)
    }
}

/// Records on their way, by partition. Those of one partition end in their order, so that only the first of each is waited for.
#[derive(Default)]
pub(super) struct UnderWay {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    partitions: BTreeMap<i32, Partition>,
    /// Nothing more will be sent.
    is_closed: bool,
}

#[derive(Default)]
struct Partition {
    first: Option<(Sent, Pin<Box<Waiting>>)>,
    rest: VecDeque<(Sent, Delivery)>,
}

type Waiting = dyn Future<Output = Result<RecordMetadata, Error>> + Send;

impl UnderWay {
    pub(super) fn push(&self, sent: Sent, delivery: Delivery) {
        let number = delivery.topic_partition().partition;
        self.state().partitions.entry(number).or_default().rest.push_back((sent, delivery));
    }

    pub(super) fn close(&self) {
        self.state().is_closed = true;
    }

    /// Tells what becomes of records, until nothing more is sent and all that was has ended.
    ///
    /// Whoever pushes must do so in the same task, and before this is polled: nothing else wakes it for what is new.
    pub(super) async fn collect(&self, sink: &Mutex<impl Sink>) {
        poll_fn(|cx| {
            let mut state = self.state();
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            let mut is_empty = true;
            for partition in state.partitions.values_mut() {
                is_empty &= partition.poll(cx, &mut *sink);
            }
            if is_empty && state.is_closed { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Partition {
    /// Tells of what has ended; whether that is all.
    fn poll(&mut self, cx: &mut Context<'_>, sink: &mut impl Sink) -> bool {
        loop {
            match &mut self.first {
                Some((sent, waiting)) => match waiting.as_mut().poll(cx) {
                    Poll::Pending => return false,
                    Poll::Ready(result) => {
                        tell(sink, *sent, result);
                        self.first = None;
                    }
                },
                None => match self.rest.pop_front() {
                    None => return true,
                    Some((sent, delivery)) => match delivery.now() {
                        Some(result) => tell(sink, sent, result),
                        None => self.first = Some((sent, Box::pin(delivery.into_future()))),
                    },
                },
            }
        }
    }
}

fn tell(sink: &mut impl Sink, sent: Sent, result: Result<RecordMetadata, Error>) {
    match result {
        Ok(_written) => {
            let Sent { number, at: sent_at, bytes } = sent;
            sink.acknowledged(&Acknowledged { number, sent_at, at: clock::now(), bytes });
        }
        Err(error) => sink.failed(error),
    }
}
