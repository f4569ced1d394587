use ottla_records::{BatchBuilder, BatchOptions};
use ottla_wire::Uuid;

use super::*;

const READING: Reading = Reading {
    check_crcs: true,
    limits: Limits { unpacked_bytes_max: 1 << 20, ratio_max: 1_000, ratio_free_bytes: 1 << 20 },
};

fn batch(from: Offset, count: usize) -> Vec<u8> {
    let mut builder = BatchBuilder::new(BatchOptions { base_offset: from, ..BatchOptions::default() });
    for _ in 0..count {
        builder.append(1_000, None, Some(b"value"), &[]).unwrap();
    }
    builder.build().unwrap().into_bytes().to_vec()
}

fn acquired(ranges: &[(Offset, Offset)]) -> Vec<AcquiredRecords> {
    let one = |(first_offset, last_offset): &(Offset, Offset)| AcquiredRecords {
        first_offset: *first_offset,
        last_offset: *last_offset,
        delivery_count: 2,
    };
    ranges.iter().map(one).collect()
}

/// What an answer gives, in short: `r1` a record, `g2-3` a gap, `u4-5` what cannot be read, `!` why not.
fn given(ranges: &[(Offset, Offset)], bytes: Vec<u8>) -> String {
    let source = Source { topic_id: Uuid::nil(), broker: 1 };
    let partition = TopicPartition::new("t", 0);
    let mut fetched = Fetched::new(partition, source, None, &acquired(ranges), bytes.into());
    let mut given = Vec::new();
    loop {
        given.push(match fetched.next(&READING) {
            Next::Record(record) => format!("r{}", record.offset),
            Next::Gap(first, last) => format!("g{first}-{last}"),
            Next::Unreadable(first, last, AcknowledgeType::Reject) => format!("x{first}-{last}"),
            Next::Unreadable(first, last, _) => format!("u{first}-{last}"),
            Next::Error(_) => "!".to_owned(),
            Next::End => return given.join(" "),
        });
    }
}

#[test]
fn of_the_records_in_an_answer_those_that_were_acquired_are_given() {
    let bytes = [batch(0, 3), batch(5, 2)].concat();
    for (ranges, expected) in [
        (&[(0, 2), (5, 6)][..], "r0 r1 r2 r5 r6"),
        (&[(1, 1), (6, 6)], "r1 r6"),
        (&[(0, 6)], "r0 r1 r2 g3-4 r5 r6"),
        (&[(6, 6), (0, 0)], "r0 r6"),
        (&[(0, 2), (1, 5)], "r0 r1 r2 g3-4 r5"),
        (&[(3, 4)], "g3-4"),
        (&[(6, i64::MAX)], "r6 g7-9223372036854775807"),
        (&[(4, 3), (-1, 2)], ""),
        (&[], ""),
    ] {
        assert_eq!(given(ranges, bytes.clone()), expected, "{ranges:?}");
    }
}

#[test]
fn what_is_damaged_is_rejected_and_the_rest_is_given() {
    let mut bad = batch(3, 3);
    *bad.last_mut().unwrap() ^= 1;
    let bytes = [batch(0, 3), bad, batch(6, 2)].concat();
    assert_eq!(given(&[(2, 6)], bytes.clone()), "r2 ! x3-5 r6");
    assert_eq!(given(&[(3, 3), (5, 7)], bytes.clone()), "! x3-3 x5-5 r6 r7");
    assert_eq!(given(&[(0, 0), (6, 6)], bytes), "r0 r6");
}

#[test]
fn what_is_cut_off_is_released() {
    let mut bytes = [batch(0, 2), batch(2, 3)].concat();
    bytes.truncate(bytes.len() - 1);
    assert_eq!(given(&[(0, 3), (4, 4)], bytes), "r0 r1 ! u2-3 u4-4");
}

#[test]
fn nothing_in_an_answer_makes_reading_it_fail_or_hang() {
    let whole = [batch(0, 3), batch(3, 3)].concat();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        let given = given(&[(0, 5)], bytes);
        assert!(!given.is_empty(), "{at}");
    }
}

#[test]
fn records_tell_how_often_they_were_delivered() {
    let source = Source { topic_id: Uuid::nil(), broker: 1 };
    let partition = TopicPartition::new("t", 0);
    let mut fetched = Fetched::new(partition, source, None, &acquired(&[(0, 0)]), batch(0, 1).into());
    let Next::Record(record) = fetched.next(&READING) else { panic!("it is a record") };
    assert_eq!((record.delivery_count, record.value.as_deref()), (2, Some(&b"value"[..])));
}
