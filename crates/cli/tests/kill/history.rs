//! What clients did and saw, in the order in which it became known. It is only ever appended to.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

pub(crate) type Offset = i64;

/// A partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) topic: &'static str,
    pub(crate) partition: i32,
}

/// Sent once in the whole history: by this producer, as its so many-th.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Value {
    pub(crate) producer: u32,
    pub(crate) number: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Reader {
    /// Reads on from the start, whatever happens to the broker.
    Following,
    /// The only member of its group.
    Group,
    /// Comes when all is over, and reads everything.
    Last(u32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A producer has given a value to its client.
    Sent {
        place: Place,
        value: Value,
    },
    Acknowledged {
        place: Place,
        value: Value,
        offset: Offset,
    },
    /// The client has given up. The value may be in the log or not, or come into it yet.
    Unknown {
        place: Place,
        value: Value,
    },
    Polled {
        reader: Reader,
        place: Place,
        value: Value,
        offset: Offset,
    },
    /// A reader got what no producer has sent, or lost its place.
    Wrong {
        reader: Reader,
        what: String,
    },
    /// The group's member asks to commit; that it failed says nothing.
    CommitSent {
        place: Place,
        offset: Offset,
    },
    Committed {
        place: Place,
        offset: Offset,
    },
    /// What a client of the same group is told afterwards.
    CommitRead {
        place: Place,
        offset: Option<Offset>,
    },
}

#[derive(Debug, Default)]
pub(crate) struct History {
    state: Mutex<State>,
    grown: Condvar,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) events: Vec<Event>,
    pub(crate) acknowledged: usize,
    pub(crate) commits: usize,
    /// The last offset that each reader got.
    pub(crate) polled: HashMap<(Reader, Place), Offset>,
}

impl History {
    pub(crate) fn push(&self, event: Event) {
        self.lock().push(event);
        self.grown.notify_all();
    }

    /// Waits until the history has come to a point.
    pub(crate) fn wait_until(&self, what: &str, within: Duration, mut is_there: impl FnMut(&State) -> bool) {
        let waited = self.grown.wait_timeout_while(self.lock(), within, |state| !is_there(state));
        let (state, _) = waited.expect("nobody panics with the lock held");
        assert!(is_there(&state), "in vain waited until {what}; {} acknowledged", state.acknowledged);
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with the lock held")
    }
}

impl State {
    fn push(&mut self, event: Event) {
        match &event {
            Event::Acknowledged { .. } => self.acknowledged += 1,
            Event::Committed { .. } => self.commits += 1,
            Event::Polled { reader, place, offset, .. } => {
                self.polled.insert((*reader, *place), *offset);
            }
            Event::Sent { .. }
            | Event::Unknown { .. }
            | Event::Wrong { .. }
            | Event::CommitSent { .. }
            | Event::CommitRead { .. } => {}
        }
        self.events.push(event);
    }
}
