//! What was written and what was promised of it, each with the number of disk operations from which on it holds. From
//! this follows what any crash must leave, and what it may.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ottla_records::{Batch, BatchHeader, Offset, ProducerId};
use uuid::Uuid;

use super::node::Place;

/// Number of disk operations.
pub(super) type Moment = usize;

/// Against what a promise holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// The process dies; the machine goes on, and with it the page cache.
    ProcessDeath,
    PowerLoss,
}

#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) header: BatchHeader,
    pub(super) bytes: Bytes,
    /// It was acknowledged, or could be read.
    promised: Option<Promise>,
}

#[derive(Clone, Copy, Debug)]
struct Promise {
    since: Moment,
    outlives: Fate,
}

impl Written {
    pub(super) fn is_promised(&self, at: Moment, fate: Fate) -> bool {
        self.promised.is_some_and(|promise| promise.since <= at && promise.outlives >= fate)
    }

    fn promise(&mut self, since: Moment, outlives: Fate) {
        match &mut self.promised {
            Some(promise) if promise.outlives >= outlives => promise.since = promise.since.min(since),
            // What only the process's death spares is promised more now.
            other => *other = Some(Promise { since, outlives }),
        }
    }
}

/// A partition's past. Batches that were never promised may be gone and their offsets given again.
#[derive(Clone, Debug, Default)]
pub(super) struct PartitionHistory {
    written: BTreeMap<Offset, Vec<Written>>,
    /// What is in the log now.
    live: BTreeMap<Offset, Bytes>,
    /// Log starts that were asked for or brought about by retention, from when that began.
    starts_begun: Vec<(Moment, Offset)>,
    /// Log starts that are durable.
    starts_kept: Vec<(Moment, Offset)>,
}

impl PartitionHistory {
    pub(super) fn appended(&mut self, batch: &Batch) {
        let base = batch.header().base_offset;
        let same_place = self.written.entry(base).or_default();
        if !same_place.iter().any(|written| written.bytes == batch.bytes()) {
            let (header, bytes) = (*batch.header(), batch.bytes().clone());
            same_place.push(Written { header, bytes, promised: None });
        }
        self.live.insert(base, batch.bytes().clone());
    }

    /// A start found these; whoever reads is served them.
    pub(super) fn reopened(&mut self, found: &[Batch], since: Moment, outlives: Fate) {
        self.live = found.iter().map(|batch| (batch.header().base_offset, batch.bytes().clone())).collect();
        self.promise_below(Offset::MAX, since, outlives);
    }

    /// Everything in the log that ends at `end` or before it.
    pub(super) fn promise_below(&mut self, end: Offset, since: Moment, outlives: Fate) {
        for (base, bytes) in &self.live {
            let same_place = self.written.get_mut(base).into_iter().flatten();
            let live = same_place.filter(|written| written.bytes == bytes);
            live.filter(|written| written.header.next_offset() <= end)
                .for_each(|written| written.promise(since, outlives));
        }
    }

    pub(super) fn start_begins(&mut self, at: Moment, start: Offset) {
        self.starts_begun.push((at, start));
    }

    pub(super) fn start_kept(&mut self, at: Moment, start: Offset) {
        self.starts_kept.push((at, start));
    }

    /// The highest log start that a crash at this moment may leave.
    pub(super) fn start_max(&self, at: Moment) -> Offset {
        max_until(&self.starts_begun, at)
    }

    /// The lowest one.
    pub(super) fn start_min(&self, at: Moment) -> Offset {
        max_until(&self.starts_kept, at)
    }

    /// Whether such a batch was ever written there.
    pub(super) fn was_written(&self, batch: &Batch) -> bool {
        let same_place = self.written.get(&batch.header().base_offset);
        same_place.is_some_and(|all| all.iter().any(|written| written.bytes == batch.bytes()))
    }

    pub(super) fn live(&self) -> impl DoubleEndedIterator<Item = Batch> {
        self.live.values().map(|bytes| Batch::parse(bytes.clone()).expect("it was appended"))
    }

    /// What must be found after a crash at this moment, in order.
    pub(super) fn promised(&self, at: Moment, fate: Fate) -> impl Iterator<Item = &Written> {
        let start = self.start_max(at);
        let all = self.written.values().flatten();
        all.filter(move |written| written.is_promised(at, fate) && written.header.next_offset() > start)
    }

    fn since(&self, at: Moment, fate: Fate) -> PartitionHistory {
        let mut written = self.written.clone();
        for written in written.values_mut().flatten() {
            let outlives = written.promised.map_or(fate, |promise| promise.outlives);
            written.promised = written.is_promised(at, fate).then_some(Promise { since: 0, outlives });
        }
        PartitionHistory {
            written,
            live: BTreeMap::new(),
            starts_begun: vec![(0, self.start_max(at))],
            starts_kept: vec![(0, self.start_min(at))],
        }
    }

    /// Of each producer the last batch that is among those found or was ever promised.
    pub(super) fn last_of_producers(
        &self,
        at: Moment,
        fate: Fate,
        found: &BTreeSet<(Offset, Bytes)>,
    ) -> BTreeMap<ProducerId, &Written> {
        let mut last: BTreeMap<ProducerId, &Written> = BTreeMap::new();
        for (base, same_place) in &self.written {
            for written in same_place.iter().filter(|written| written.header.producer_id >= 0) {
                if written.is_promised(at, fate) || found.contains(&(*base, written.bytes.clone())) {
                    last.insert(written.header.producer_id, written);
                }
            }
        }
        last
    }
}

fn max_until(noted: &[(Moment, Offset)], at: Moment) -> Offset {
    noted.iter().filter(|(moment, _)| *moment <= at).map(|(_, start)| *start).max().unwrap_or(0)
}

#[derive(Clone, Debug)]
pub(super) struct TopicHistory {
    pub(super) name: String,
    pub(super) partitions: i32,
    created: (Moment, Option<Moment>),
    deleted: Option<(Moment, Option<Moment>)>,
}

impl TopicHistory {
    pub(super) fn must_exist(&self, at: Moment) -> bool {
        self.created.1.is_some_and(|done| done <= at) && self.deleted.is_none_or(|(begun, _)| begun > at)
    }

    pub(super) fn may_exist(&self, at: Moment) -> bool {
        self.created.0 <= at && self.deleted.is_none_or(|(_, done)| done.is_none_or(|done| done > at))
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) topics: BTreeMap<Uuid, TopicHistory>,
    pub(super) partitions: BTreeMap<Place, PartitionHistory>,
}

impl History {
    pub(super) fn creation_begins(&mut self, id: Uuid, name: &str, partitions: i32, at: Moment) {
        let topic = TopicHistory { name: name.into(), partitions, created: (at, None), deleted: None };
        self.topics.insert(id, topic);
    }

    pub(super) fn created(&mut self, id: Uuid, at: Moment) {
        self.topics.get_mut(&id).expect("its creation began").created.1.get_or_insert(at);
    }

    pub(super) fn deletion_begins(&mut self, id: Uuid, at: Moment) {
        self.topics.get_mut(&id).expect("it was created").deleted.get_or_insert((at, None));
    }

    pub(super) fn deleted(&mut self, id: Uuid, at: Moment) {
        let topic = self.topics.get_mut(&id).expect("it was created");
        topic.deleted.as_mut().expect("its deletion began").1.get_or_insert(at);
    }

    /// As it is for a disk whose first moment is that crash, after which these topics were found.
    pub(super) fn since(&self, at: Moment, fate: Fate, found: impl Fn(&Uuid) -> bool) -> History {
        let topic = |(id, topic): (&Uuid, &TopicHistory)| {
            let deleted = (!found(id)).then_some((0, Some(0)));
            (*id, TopicHistory { created: (0, Some(0)), deleted, ..topic.clone() })
        };
        History {
            topics: self.topics.iter().map(topic).collect(),
            partitions: self.partitions.iter().map(|(place, of)| (*place, of.since(at, fate))).collect(),
        }
    }

    pub(super) fn of(&mut self, place: Place) -> &mut PartitionHistory {
        self.partitions.entry(place).or_default()
    }
}
