//! The checker finds each anomaly, and nothing in a history that has none.

use super::checker::{Promise, check};
use super::history::{Event, Offset, Place, Reader, Value};

const PLACE: Place = Place { topic: "t", partition: 0 };
const STRICT: Promise = Promise { no_duplicates: true, in_order: true };

fn value(number: u32) -> Value {
    Value { producer: 1, number }
}

fn sent(number: u32) -> Event {
    Event::Sent { place: PLACE, value: value(number) }
}

fn acknowledged(number: u32, offset: Offset) -> Event {
    Event::Acknowledged { place: PLACE, value: value(number), offset }
}

fn unknown(number: u32) -> Event {
    Event::Unknown { place: PLACE, value: value(number) }
}

fn polled(reader: Reader, number: u32, offset: Offset) -> Event {
    Event::Polled { reader, place: PLACE, value: value(number), offset }
}

fn last(number: u32, offset: Offset) -> Event {
    polled(Reader::Last(0), number, offset)
}

fn commit_sent(offset: Offset) -> Event {
    Event::CommitSent { place: PLACE, offset }
}

fn committed(offset: Offset) -> Event {
    Event::Committed { place: PLACE, offset }
}

fn commit_read(offset: Option<Offset>) -> Event {
    Event::CommitRead { place: PLACE, offset }
}

#[track_caller]
fn finds(anomaly: &str, events: &[Event]) {
    let found = check(events, |_| STRICT);
    assert!(found.iter().any(|found| found.starts_with(anomaly)), "no {anomaly} in {found:?}");
}

#[track_caller]
fn finds_nothing(events: &[Event], promise: Promise) {
    let found = check(events, |_| promise);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_good_history_has_no_anomaly() {
    let events = [
        sent(0),
        sent(1),
        acknowledged(0, 0),
        sent(2),
        unknown(1),
        polled(Reader::Following, 0, 0),
        polled(Reader::Group, 0, 0),
        commit_sent(1),
        committed(1),
        acknowledged(2, 2),
        commit_sent(2),
        commit_read(Some(2)),
        last(0, 0),
        last(1, 1),
        last(2, 2),
    ];
    finds_nothing(&events, STRICT);
}

#[test]
fn a_value_that_nobody_acknowledged_may_be_missing() {
    finds_nothing(&[sent(0), sent(1), unknown(0), acknowledged(1, 0), last(1, 0)], STRICT);
}

#[test]
fn a_producer_that_repeats_itself_may_be_read_twice() {
    let events =
        [sent(0), sent(1), acknowledged(0, 2), acknowledged(1, 1), last(0, 0), last(1, 1), last(0, 2)];
    finds_nothing(&events, Promise { no_duplicates: false, in_order: true });
    finds("duplicate", &events);
}

#[test]
fn an_acknowledged_value_that_is_not_read_is_lost() {
    finds("lost", &[sent(0), sent(1), acknowledged(0, 0), acknowledged(1, 1), last(0, 0)]);
}

#[test]
fn a_value_that_was_polled_once_is_lost_when_it_is_not_read_again() {
    finds("lost", &[sent(0), unknown(0), polled(Reader::Following, 0, 0), sent(1), last(1, 1)]);
}

#[test]
fn an_offset_that_was_given_twice_is_found_by_its_values() {
    finds("inconsistent offset", &[sent(0), sent(1), acknowledged(0, 0), acknowledged(1, 0), last(1, 0)]);
    finds("inconsistent offset", &[sent(0), sent(1), polled(Reader::Group, 0, 0), last(1, 0)]);
}

#[test]
fn values_out_of_their_order_are_found() {
    finds("reordered", &[sent(0), sent(1), last(1, 0), last(0, 1)]);
}

#[test]
fn an_acknowledgement_below_an_older_one_is_found() {
    finds("stale", &[sent(0), acknowledged(0, 1), sent(1), acknowledged(1, 0), last(1, 0), last(0, 1)]);
}

#[test]
fn a_reader_that_skips_or_goes_back_is_found() {
    let log = [sent(0), sent(1), last(0, 0), last(1, 1)];
    for polls in [&[(1, 1)][..], &[(0, 0), (0, 0)], &[(0, 0), (1, 1), (0, 0)]] {
        let polls = polls.iter().map(|(number, offset)| polled(Reader::Following, *number, *offset));
        finds("skipped", &log.iter().cloned().chain(polls).collect::<Vec<_>>());
    }
}

#[test]
fn a_value_out_of_nowhere_is_found() {
    finds("never sent", &[last(0, 0)]);
}

#[test]
fn a_commit_that_goes_back_is_found() {
    let log = [sent(0), sent(1), last(0, 0), last(1, 1), commit_sent(1), commit_sent(2), committed(2)];
    for end in [commit_read(Some(1)), commit_read(None), commit_read(Some(3)), polled(Reader::Group, 1, 1)] {
        finds("commit regressed", &log.iter().cloned().chain([end]).collect::<Vec<_>>());
    }
}
