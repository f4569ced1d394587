use ottla_records::{Attributes, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE};

use super::*;
use crate::marker::Marker;
use crate::recovery::{Recovered, Recovery};
use crate::transactions::Outcome;

const NOW: Timestamp = 1_000;

fn batch(record_count: i32) -> BatchHeader {
    BatchHeader {
        base_offset: 0,
        length: 0,
        leader_epoch: 0,
        crc: 0,
        attributes: Attributes::default(),
        last_offset_delta: record_count - 1,
        base_timestamp: 0,
        max_timestamp: NOW,
        producer_id: NO_PRODUCER_ID,
        producer_epoch: NO_PRODUCER_EPOCH,
        base_sequence: NO_SEQUENCE,
        record_count,
    }
}

fn recovered(log_start: Offset, log_end: Offset) -> Replica {
    let recovered = Recovered { high_watermark: log_end, durable_end: log_end };
    Recovery::new(log_start, log_end, []).finish(NOW, recovered, Settings::default())
}

fn leader(epoch: Epoch, replicas: Replicas) -> Replica {
    let mut replica = recovered(0, 0);
    on(&mut replica, Event::BecomeLeader { epoch, replicas });
    replica
}

/// This node and two others, of which `in_sync` are.
fn replicas(in_sync: &[i32]) -> Replicas {
    Replicas { followers: vec![2, 3], in_sync: in_sync.to_vec() }
}

fn on(replica: &mut Replica, event: Event) -> Vec<Command> {
    let mut out = Vec::new();
    replica.on(NOW, &event, &mut out);
    out
}

fn append(replica: &mut Replica, record_count: i32) -> Result<Appended, AppendError> {
    replica.append(&batch(record_count), Acks::All, Origin::Client, None)
}

fn advance_to(high_watermark: Offset) -> Command {
    Command::Advance { high_watermark, last_stable_offset: high_watermark }
}

#[test]
fn batches_lie_one_behind_another_in_the_epoch_of_their_leader() {
    let mut replica = leader(4, Replicas::default());
    let place = |base_offset, last_offset| Place { base_offset, last_offset, leader_epoch: 4 };
    assert_eq!(append(&mut replica, 3), Ok(Appended::New(place(0, 2))));
    assert_eq!(append(&mut replica, 1), Ok(Appended::New(place(3, 3))));
    assert_eq!(replica.log_end_offset(), 4);
    assert_eq!((replica.durable_end_offset(), replica.high_watermark()), (0, 0));
}

#[test]
fn alone_the_high_watermark_is_what_is_durable() {
    let mut replica = leader(0, Replicas::default());
    append(&mut replica, 5).unwrap();
    let cases: [(Offset, &[Command]); 4] = [(3, &[advance_to(3)]), (3, &[]), (2, &[]), (5, &[advance_to(5)])];
    for (end, expected) in cases {
        assert_eq!(on(&mut replica, Event::Durable { end }), expected, "durable to {end}");
    }
}

#[test]
#[should_panic(expected = "what is durable was appended")]
fn what_was_not_appended_cannot_be_durable() {
    on(&mut leader(0, Replicas::default()), Event::Durable { end: 1 });
}

#[test]
fn with_followers_the_slowest_in_sync_decides() {
    let fetched = |node, durable_end| Event::FollowerFetched { node, durable_end };
    let mut replica = leader(0, replicas(&[2, 3]));
    append(&mut replica, 10).unwrap();
    let steps: [(Event, &[Command]); 8] = [
        (Event::Durable { end: 10 }, &[]),
        (fetched(2, 10), &[]),
        (fetched(3, 6), &[advance_to(6)]),
        (fetched(4, 10), &[]),
        (Event::ReplicasChanged(replicas(&[2])), &[advance_to(10)]),
        (Event::ReplicasChanged(replicas(&[2, 3])), &[]),
        (Event::BecomeLeader { epoch: 0, replicas: Replicas::default() }, &[]),
        (Event::BecomeLeader { epoch: -1, replicas: Replicas::default() }, &[]),
    ];
    for (event, expected) in steps {
        assert_eq!(on(&mut replica, event.clone()), expected, "{event:?}");
    }
    assert_eq!(replica.high_watermark(), 10);
}

#[test]
fn acks_minus_one_needs_enough_replicas_in_sync() {
    let cases: [(usize, Replicas, Acks, bool); 8] = [
        (1, replicas(&[]), Acks::All, true),
        (2, replicas(&[]), Acks::All, false),
        (2, replicas(&[]), Acks::Leader, true),
        (2, replicas(&[]), Acks::None, true),
        (2, replicas(&[2]), Acks::All, true),
        (3, replicas(&[2]), Acks::All, false),
        (4, replicas(&[2, 3]), Acks::All, true),
        (2, Replicas::default(), Acks::All, true),
    ];
    for (min_in_sync_replicas, replicas, acks, accepted) in cases {
        let context = format!("{min_in_sync_replicas} of {replicas:?} for {acks:?}");
        let mut replica = leader(0, replicas);
        on(&mut replica, Event::Configured(Settings { min_in_sync_replicas, ..Settings::default() }));
        let result = replica.append(&batch(1), acks, Origin::Client, None);
        assert_eq!(result.is_ok(), accepted, "{context}: {result:?}");
    }
}

#[test]
fn a_batch_is_acknowledged_once_it_is_on_enough_replicas() {
    let mut replica = leader(0, replicas(&[2]));
    on(&mut replica, Event::Configured(Settings { min_in_sync_replicas: 2, ..Settings::default() }));
    let required = append(&mut replica, 3).unwrap().required_offset();
    assert_eq!(replica.acknowledgement(required), Acknowledgement::Pending);
    on(&mut replica, Event::Durable { end: 3 });
    assert_eq!(replica.acknowledgement(required), Acknowledgement::Pending);
    on(&mut replica, Event::FollowerFetched { node: 2, durable_end: 3 });
    assert_eq!(replica.acknowledgement(required), Acknowledgement::Done);

    let required = append(&mut replica, 3).unwrap().required_offset();
    on(&mut replica, Event::Durable { end: 6 });
    on(&mut replica, Event::ReplicasChanged(replicas(&[])));
    assert_eq!(replica.acknowledgement(required), Acknowledgement::NotEnoughReplicas);
}

#[test]
fn a_repeated_batch_waits_for_its_first_writing() {
    let mut replica = leader(0, Replicas::default());
    let sent = BatchHeader { producer_id: 1, producer_epoch: 0, base_sequence: 0, ..batch(3) };
    let first = replica.append(&sent, Acks::All, Origin::Client, None).unwrap();
    let again = replica.append(&sent, Acks::All, Origin::Client, None).unwrap();
    assert_eq!(again, Appended::Duplicate { base_offset: 0, last_offset: 2, timestamp: NOW });
    assert_eq!(again.required_offset(), first.required_offset());
    assert_eq!(replica.log_end_offset(), 3);
    assert_eq!(replica.acknowledgement(again.required_offset()), Acknowledgement::Pending);
}

#[test]
fn only_the_leader_appends() {
    let mut replica = recovered(0, 5);
    assert_eq!(append(&mut replica, 1), Err(AppendError::NotLeader));
    on(&mut replica, Event::BecomeLeader { epoch: 3, replicas: Replicas::default() });
    assert_eq!(on(&mut replica, Event::BecomeFollower { epoch: 3 }), []);
    assert!(append(&mut replica, 1).is_ok());
    assert_eq!(on(&mut replica, Event::BecomeFollower { epoch: 4 }), [Command::GiveUpLeadership]);
    assert_eq!(append(&mut replica, 1), Err(AppendError::NotLeader));
    assert_eq!(on(&mut replica, Event::BecomeFollower { epoch: 5 }), []);
    assert_eq!(replica.leader_epoch(), 5);
}

#[test]
fn a_follower_does_not_raise_the_high_watermark() {
    let mut replica = leader(0, Replicas::default());
    append(&mut replica, 5).unwrap();
    on(&mut replica, Event::BecomeFollower { epoch: 1 });
    assert_eq!(on(&mut replica, Event::Durable { end: 5 }), []);
    assert_eq!((replica.durable_end_offset(), replica.high_watermark()), (5, 0));
    let led = on(&mut replica, Event::BecomeLeader { epoch: 2, replicas: Replicas::default() });
    assert_eq!(led, [Command::SaveEpochs, advance_to(5)]);
}

#[test]
fn an_epoch_begins_where_its_leader_does() {
    let mut replica = leader(2, Replicas::default());
    append(&mut replica, 5).unwrap();
    for epoch in [4, 6] {
        let led = on(&mut replica, Event::BecomeLeader { epoch, replicas: Replicas::default() });
        assert_eq!(led, [Command::SaveEpochs]);
    }
    append(&mut replica, 5).unwrap();
    let entry = |epoch, start_offset| EpochEntry { epoch, start_offset };
    assert_eq!(replica.epochs().entries(), [entry(2, 0), entry(6, 5)]);
    assert_eq!(replica.end_offset_for(2), Some(EpochEnd { epoch: 2, end_offset: 5 }));
    assert_eq!(replica.end_offset_for(6), Some(EpochEnd { epoch: 6, end_offset: 10 }));
    assert_eq!(replica.end_offset_for(7), None);
}

#[test]
fn records_are_deleted_up_to_the_high_watermark() {
    let cases: [(Offset, Option<Offset>, &[Command]); 8] = [
        (7, Some(7), &[Command::RaiseLogStart { offset: 7 }, Command::SaveEpochs]),
        (8, Some(8), &[Command::RaiseLogStart { offset: 8 }, Command::SaveEpochs]),
        (-1, Some(8), &[Command::RaiseLogStart { offset: 8 }, Command::SaveEpochs]),
        (5, Some(5), &[]),
        (0, Some(5), &[]),
        (9, None, &[]),
        (-2, None, &[]),
        (i64::MAX, None, &[]),
    ];
    for (offset, expected, commands) in cases {
        let mut replica = recovered(5, 8);
        on(&mut replica, Event::BecomeLeader { epoch: 1, replicas: Replicas::default() });
        replica.epochs = [EpochEntry { epoch: 1, start_offset: 5 }].into_iter().collect();
        append(&mut replica, 4).unwrap();
        let mut out = Vec::new();
        let result = replica.delete_records(offset, &mut out);
        assert_eq!(result.ok(), expected, "delete below {offset}");
        assert_eq!(out, commands, "delete below {offset}");
        assert_eq!(replica.log_start_offset(), expected.unwrap_or(5));
    }
}

#[test]
fn an_open_transaction_holds_the_last_stable_offset() {
    let transactional = Attributes::default().with_transactional(true);
    let data = BatchHeader {
        base_offset: 2,
        attributes: transactional,
        producer_id: 1,
        producer_epoch: 0,
        base_sequence: 0,
        ..batch(3)
    };
    let end = BatchHeader { base_offset: 5, attributes: transactional.with_control(true), ..data };
    let end = BatchHeader { last_offset_delta: 0, base_sequence: NO_SEQUENCE, record_count: 1, ..end };
    let marker = Marker { outcome: Outcome::Committed, coordinator_epoch: 0 };
    let recover = |ended: bool, high_watermark| {
        let mut recovery = Recovery::new(0, 2, []);
        recovery.replay(&data, None).unwrap();
        if ended {
            let completed = recovery.replay(&end, Some(marker)).unwrap().unwrap();
            assert_eq!((completed.last_stable_offset, completed.aborted()), (6, None));
        }
        recovery.finish(NOW, Recovered { high_watermark, durable_end: i64::MAX }, Settings::default())
    };
    let cases = [(false, 5, 2), (false, 1, 1), (true, 5, 2), (true, 6, 6)];
    for (ended, high_watermark, expected) in cases {
        let replica = recover(ended, high_watermark);
        assert_eq!(replica.last_stable_offset(), expected, "ended: {ended}, {high_watermark}");
    }
    let mut replica = recover(false, 5);
    replica.delete_records(4, &mut Vec::new()).unwrap();
    assert_eq!(replica.last_stable_offset(), 4);
}

#[test]
fn producers_expire_as_time_goes_by() {
    let mut replica = leader(0, Replicas::default());
    let sent = BatchHeader { producer_id: 1, producer_epoch: 0, base_sequence: 0, ..batch(3) };
    replica.append(&sent, Acks::All, Origin::Client, None).unwrap();
    on(&mut replica, Event::Configured(Settings { producer_id_expiration_ms: 1, ..Settings::default() }));
    on(&mut replica, Event::Tick);
    assert_eq!(replica.producers().len(), 1);
    replica.on(NOW + 1, &Event::Tick, &mut Vec::new());
    assert_eq!(replica.producers().len(), 0);
}

#[test]
fn the_last_offsets_are_not_wrapped() {
    let mut replica = recovered(i64::MAX - 3, i64::MAX - 3);
    on(&mut replica, Event::BecomeLeader { epoch: 0, replicas: Replicas::default() });
    let exhausted = Err(AppendError::OffsetsExhausted { log_end: i64::MAX - 3 });
    assert_eq!(append(&mut replica, 4), exhausted);
    assert_eq!(append(&mut replica, i32::MAX), exhausted);
    assert_eq!(append(&mut replica, 3).map(|appended| appended.required_offset()), Ok(i64::MAX));
    assert!(append(&mut replica, 1).is_err());
}

#[test]
fn damaged_offsets_are_reported() {
    let replay = |base_offset, last_offset_delta| {
        let header = BatchHeader { base_offset, last_offset_delta, ..batch(1) };
        Recovery::new(0, 10, []).replay(&header, None).is_ok()
    };
    let cases = [
        (10, 0, true),
        (8, 2, true),
        (15, 3, true),
        (8, 1, false),
        (12, -1, false),
        (-1, 20, false),
        (i64::MAX, 0, false),
        (i64::MAX - 1, 3, false),
    ];
    for (base_offset, last_offset_delta, accepted) in cases {
        assert_eq!(replay(base_offset, last_offset_delta), accepted, "{base_offset}+{last_offset_delta}");
    }
}

#[test]
fn an_idle_replica_is_small() {
    let size = size_of::<Replica>();
    assert!(size <= 256, "{size} bytes, times 100,000 partitions");
}
