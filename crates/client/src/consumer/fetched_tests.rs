use ottla_records::{BatchBuilder, BatchOptions, Compression, ControlType, EndTransactionMarker};
use ottla_wire::messages::fetch_response::AbortedTransaction;

use super::*;
use crate::Offset;

const READING: Reading = Reading {
    check_crcs: true,
    committed_only: true,
    limits: Limits { unpacked_bytes_max: 1 << 20, ratio_max: 1_000, ratio_free_bytes: 1 << 20 },
};

/// So many records from `base` on, of the producer if it is not -1.
fn batch(base: Offset, count: i32, producer_id: i64, compression: Compression) -> Vec<u8> {
    let transactional = producer_id >= 0;
    let options = BatchOptions {
        base_offset: base,
        leader_epoch: 3,
        producer_id,
        transactional,
        codec: compression.into(),
        ..Default::default()
    };
    let mut builder = BatchBuilder::new(options);
    for at in 0..i64::from(count) {
        let value = format!("value {}", base + at);
        builder.append(1_000, None, Some(value.as_bytes()), &[]).unwrap();
    }
    builder.build().unwrap().into_bytes().to_vec()
}

fn marker(at: Offset, producer_id: i64, control_type: ControlType) -> Vec<u8> {
    let marker = EndTransactionMarker { coordinator_epoch: 0 }.to_batch(control_type, 1_000, producer_id, 0);
    let mut bytes = marker.into_bytes().to_vec();
    let length = i32::from_be_bytes(*bytes[8..].first_chunk().unwrap());
    bytes[..16].copy_from_slice(&ottla_records::prefix(at, length, 3));
    bytes
}

fn bounds(high_watermark: Offset) -> Bounds {
    Bounds { log_start_offset: 0, last_stable_offset: high_watermark, high_watermark }
}

fn fetched(bytes: Vec<u8>, aborted: &[(Offset, i64)]) -> Fetched {
    let aborted: Vec<_> = aborted
        .iter()
        .map(|(first_offset, producer_id)| AbortedTransaction {
            first_offset: *first_offset,
            producer_id: *producer_id,
        })
        .collect();
    let aborted = AbortedTransactions::new(Some(&aborted));
    Fetched::new(TopicPartition::new("t", 0), 0, bytes.into(), aborted, bounds(100))
}

/// The offsets of what is read from `from` on, and where the position is then.
fn read(mut fetched: Fetched, from: Offset, reading: &Reading) -> (Vec<Offset>, Position) {
    let mut position = Position::at(from);
    let mut offsets = Vec::new();
    while let Some(record) = fetched.next(&mut position, reading).unwrap() {
        offsets.push(record.offset);
    }
    (offsets, position)
}

fn position(offset: Offset) -> Position {
    Position { offset, epoch: Some(3) }
}

#[test]
fn records_come_in_order_from_the_position_on_whatever_the_batches_begin_with() {
    for compression in [Compression::None, Compression::Snappy] {
        let bytes = [batch(10, 3, -1, compression), batch(13, 2, -1, compression)].concat();
        for (from, expected) in [
            (0, vec![10, 11, 12, 13, 14]),
            (10, vec![10, 11, 12, 13, 14]),
            (12, vec![12, 13, 14]),
            (15, vec![]),
        ] {
            let (offsets, end) = read(fetched(bytes.clone(), &[]), from, &READING);
            assert_eq!((offsets, end.offset), (expected, 15), "{compression:?} from {from}");
        }
    }
}

#[test]
fn a_record_knows_where_it_stands_and_its_value_is_a_slice_of_the_answer() {
    let bytes = Bytes::from(batch(10, 1, -1, Compression::None));
    let within = bytes.as_ptr_range();
    let partition = TopicPartition::new("t", 0);
    let mut fetched = Fetched::new(partition.clone(), 0, bytes, AbortedTransactions::default(), bounds(15));
    let record = fetched.next(&mut Position::at(10), &READING).unwrap().unwrap();
    assert_eq!((record.partition.clone(), record.offset, record.timestamp), (partition, 10, 1_000));
    assert_eq!((record.leader_epoch, record.high_watermark, record.lag()), (Some(3), 15, 4));
    assert_eq!((record.log_start_offset, record.last_stable_offset), (0, 15));
    assert_eq!((record.producer_id, record.producer_epoch), (-1, -1));
    let value = record.value.unwrap();
    assert_eq!(value, "value 10");
    assert!(within.contains(&value.as_ptr()));
}

#[test]
fn a_record_tells_of_the_batch_that_it_came_in() {
    let mut fetched = fetched(batch(10, 1, 7, Compression::Zstd), &[]);
    let record = fetched.next(&mut Position::at(10), &READING).unwrap().unwrap();
    assert_eq!((record.producer_id, record.attributes.is_transactional()), (7, true));
    assert_eq!(record.attributes.compression(), Ok(Compression::Zstd));
}

#[test]
fn the_last_batch_may_be_cut_off() {
    let whole = batch(10, 3, -1, Compression::None);
    let next = batch(13, 2, -1, Compression::None);
    for cut in [1, 20, 60, next.len() - 1] {
        let bytes = [&whole[..], &next[..cut]].concat();
        assert_eq!(end_of(&bytes.clone().into()), Ok(position(13)), "{cut}");
        assert_eq!(read(fetched(bytes, &[]), 10, &READING), (vec![10, 11, 12], position(13)), "{cut}");
    }
    assert!(matches!(end_of(&Bytes::from(whole).slice(..70)), Err(BatchError::Incomplete { .. })));
}

#[test]
fn aborted_records_are_left_out_and_those_of_the_same_producer_before_and_after_are_not() {
    let bytes = [
        batch(0, 2, 7, Compression::None),
        marker(2, 7, ControlType::Commit),
        batch(3, 2, 7, Compression::None),
        batch(5, 2, 8, Compression::None),
        batch(7, 1, -1, Compression::None),
        marker(8, 7, ControlType::Abort),
        batch(9, 1, 7, Compression::None),
        marker(10, 8, ControlType::Commit),
        marker(11, 7, ControlType::Commit),
    ]
    .concat();
    let aborted = [(3, 7)];
    let committed = read(fetched(bytes.clone(), &aborted), 0, &READING);
    assert_eq!(committed, (vec![0, 1, 5, 6, 7, 9], position(12)));
    let all = read(fetched(bytes, &aborted), 0, &Reading { committed_only: false, ..READING });
    assert_eq!(all, (vec![0, 1, 3, 4, 5, 6, 7, 9], position(12)));
}

#[test]
fn a_flipped_bit_is_found_before_any_record_of_its_batch_is_given_unless_nobody_checks() {
    let good = batch(10, 2, -1, Compression::None);
    let mut bad = batch(12, 2, -1, Compression::None);
    // The value's last byte: behind it is the count of headers.
    let at = bad.len() - 2;
    bad[at] ^= 1;
    let bytes = [good, bad].concat();
    let mut fetched_bad = fetched(bytes.clone(), &[]);
    let mut at = Position::at(10);
    for offset in [10, 11] {
        assert_eq!(fetched_bad.next(&mut at, &READING).unwrap().unwrap().offset, offset);
    }
    let error = fetched_bad.next(&mut at, &READING).unwrap_err();
    assert!(matches!(error, BatchError::CrcMismatch { .. }), "{error}");
    assert_eq!(at, position(12));
    let unchecked = Reading { check_crcs: false, ..READING };
    assert_eq!(read(fetched(bytes, &[]), 10, &unchecked).0, [10, 11, 12, 13]);
}
