//! Finds what must not be in a history, however often the broker was killed in it.
//!
//! | anomaly | rule |
//! |---|---|
//! | `inconsistent offset` | an offset has one value, over all acknowledgements and all polls |
//! | `lost` | what was acknowledged or polled is read at its offset in the end |
//! | `duplicate` | a value has one offset, if its producer is idempotent |
//! | `reordered` | the values of a producer come in their order, if it promises one |
//! | `stale acknowledgement` | an acknowledged offset lies above all that were acknowledged before its value was sent |
//! | `skipped` | a reader that is assigned its partitions gets one offset after the other |
//! | `never sent` | what is polled was sent, to that partition |
//! | `commit regressed` | a group is told, and begins at, what it committed last or later, never beyond what it asked for |
//!
//! A timeout or a disconnection says nothing about what the broker did: nothing here follows from one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::history::{Event, Offset, Place, Reader, Value};

/// What a producer promises about its own values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Promise {
    pub(crate) no_duplicates: bool,
    pub(crate) in_order: bool,
}

/// Checks a history at whose end everything was read. Each anomaly is a line.
pub(crate) fn check(events: &[Event], promise: impl Fn(u32) -> Promise) -> Vec<String> {
    let seen = Seen::of(events);
    let mut anomalies: Vec<String> = events.iter().filter_map(wrong).collect();
    inconsistent_offsets(&seen, &mut anomalies);
    lost(&seen, &mut anomalies);
    duplicates(&seen, &promise, &mut anomalies);
    reordered(&seen, &promise, &mut anomalies);
    stale_acknowledgements(events, &mut anomalies);
    skipped(events, &seen, &mut anomalies);
    never_sent(events, &mut anomalies);
    regressed_commits(events, &mut anomalies);
    anomalies
}

/// A log as one reader found it.
type Read = BTreeMap<Place, BTreeMap<Offset, Value>>;

#[derive(Debug, Default)]
struct Seen {
    /// By the acknowledgements and by everybody who polled.
    values: BTreeMap<(Place, Offset), BTreeSet<Value>>,
    /// What each of the last readers found.
    last: BTreeMap<Reader, Read>,
}

impl Seen {
    fn of(events: &[Event]) -> Seen {
        let mut seen = Seen::default();
        for event in events {
            match *event {
                Event::Acknowledged { place, value, offset } => seen.note(place, offset, value),
                Event::Polled { reader, place, value, offset } => {
                    seen.note(place, offset, value);
                    if matches!(reader, Reader::Last(_)) {
                        seen.last.entry(reader).or_default().entry(place).or_default().insert(offset, value);
                    }
                }
                Event::Sent { .. }
                | Event::Unknown { .. }
                | Event::Wrong { .. }
                | Event::CommitSent { .. }
                | Event::Committed { .. }
                | Event::CommitRead { .. } => {}
            }
        }
        seen
    }

    fn note(&mut self, place: Place, offset: Offset, value: Value) {
        self.values.entry((place, offset)).or_default().insert(value);
    }

    /// The log in the end. All who read it must find the same.
    fn log(&self) -> impl Iterator<Item = (&Place, &BTreeMap<Offset, Value>)> {
        self.last.values().next().into_iter().flatten()
    }
}

fn wrong(event: &Event) -> Option<String> {
    let Event::Wrong { reader, what } = event else { return None };
    Some(format!("{reader:?}: {what}"))
}

fn inconsistent_offsets(seen: &Seen, anomalies: &mut Vec<String>) {
    for ((place, offset), values) in seen.values.iter().filter(|(_, values)| values.len() > 1) {
        anomalies.push(format!("inconsistent offset: {place:?} has {values:?} at {offset}"));
    }
}

fn lost(seen: &Seen, anomalies: &mut Vec<String>) {
    for (reader, read) in &seen.last {
        let is_there = |place, offset| read.get(place).is_some_and(|read| read.contains_key(offset));
        for ((place, offset), values) in &seen.values {
            if !is_there(place, offset) {
                anomalies.push(format!("lost: {values:?} at {place:?} {offset} is not read by {reader:?}"));
            }
        }
    }
}

fn duplicates(seen: &Seen, promise: &impl Fn(u32) -> Promise, anomalies: &mut Vec<String>) {
    let mut first = HashMap::new();
    for (place, read) in seen.log() {
        for (offset, value) in read.iter().filter(|(_, value)| promise(value.producer).no_duplicates) {
            if let Some(before) = first.insert(*value, (*place, *offset)) {
                anomalies.push(format!("duplicate: {value:?} is at {before:?} and {place:?} {offset}"));
            }
        }
    }
}

/// Where values may come twice, it is their first places that are in order.
fn reordered(seen: &Seen, promise: &impl Fn(u32) -> Promise, anomalies: &mut Vec<String>) {
    for (place, read) in seen.log() {
        let mut last: HashMap<u32, u32> = HashMap::new();
        let mut known = BTreeSet::new();
        for (offset, value) in read.iter().filter(|(_, value)| promise(value.producer).in_order) {
            if !known.insert(*value) {
                continue;
            }
            let before = last.insert(value.producer, value.number);
            if before.is_some_and(|before| before > value.number) {
                anomalies.push(format!("reordered: {value:?} at {place:?} {offset} comes after {before:?}"));
            }
        }
    }
}

fn stale_acknowledgements(events: &[Event], anomalies: &mut Vec<String>) {
    let mut highest: HashMap<Place, Offset> = HashMap::new();
    let mut floors: HashMap<Value, Offset> = HashMap::new();
    for event in events {
        if let Event::Sent { place, value } = *event {
            floors.insert(value, highest.get(&place).copied().unwrap_or(-1));
        }
        let Event::Acknowledged { place, value, offset } = *event else { continue };
        let floor = floors.get(&value).copied().unwrap_or(-1);
        if offset <= floor {
            anomalies.push(format!(
                "stale acknowledgement: {value:?} at {place:?} {offset} was sent after that of {floor}"
            ));
        }
        let highest = highest.entry(place).or_insert(-1);
        *highest = offset.max(*highest);
    }
}

fn skipped(events: &[Event], seen: &Seen, anomalies: &mut Vec<String>) {
    let log: BTreeMap<_, _> = seen.log().collect();
    let mut next: HashMap<(Reader, Place), Offset> = HashMap::new();
    for event in events {
        let Event::Polled { reader, place, offset, .. } = event else { continue };
        if *reader == Reader::Group {
            continue;
        }
        let next = next.entry((*reader, *place)).or_insert(0);
        let expected = log.get(place).and_then(|log| log.range(*next..).next()).map(|(offset, _)| *offset);
        if expected != Some(*offset) {
            anomalies
                .push(format!("skipped: {reader:?} got {offset} of {place:?}, {expected:?} was expected"));
        }
        *next = offset + 1;
    }
}

fn never_sent(events: &[Event], anomalies: &mut Vec<String>) {
    let mut sent = HashMap::new();
    for event in events {
        if let Event::Sent { place, value } = *event {
            sent.insert(value, place);
        }
        let Event::Polled { reader, place, value, offset } = *event else { continue };
        if sent.get(&value) != Some(&place) {
            anomalies.push(format!("never sent: {reader:?} got {value:?} of {place:?} at {offset}"));
        }
    }
}

fn regressed_commits(events: &[Event], anomalies: &mut Vec<String>) {
    let mut asked: HashMap<Place, Offset> = HashMap::new();
    let mut committed: HashMap<Place, Offset> = HashMap::new();
    for event in events {
        match *event {
            Event::CommitSent { place, offset } => {
                let asked = asked.entry(place).or_insert(offset);
                *asked = offset.max(*asked);
            }
            Event::Committed { place, offset } => {
                let before = committed.insert(place, offset);
                if before.is_some_and(|before| before > offset) {
                    anomalies.push(format!("commit regressed: {place:?} from {before:?} to {offset}"));
                }
            }
            Event::Polled { reader: Reader::Group, place, offset, .. } => {
                let below = committed.get(&place).filter(|committed| offset < **committed);
                let told = below
                    .map(|below| format!("commit regressed: {place:?} is read at {offset}, below {below}"));
                anomalies.extend(told);
            }
            Event::CommitRead { place, offset } => {
                let bounds = (committed.get(&place).copied(), asked.get(&place).copied());
                if offset < bounds.0 || offset > bounds.1 {
                    anomalies.push(format!(
                        "commit regressed: {place:?} is told {offset:?}, not within {bounds:?}"
                    ));
                }
            }
            Event::Sent { .. }
            | Event::Acknowledged { .. }
            | Event::Unknown { .. }
            | Event::Wrong { .. }
            | Event::Polled { .. } => {}
        }
    }
}
