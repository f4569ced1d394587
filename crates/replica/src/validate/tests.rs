use ottla_records::{
    ASSIGNED_PREFIX_SIZE, Attributes, BatchBuilder, BatchOptions, NO_TIMESTAMP, Record, RecordView, crc32c,
};

use super::*;

const NOW: Timestamp = 1_000_000;
const HOUR: i64 = 3_600_000;

/// A record of a batch to be produced: its timestamp, and whether it has a key.
type Sent = (Timestamp, bool);
/// What the answer says of a record, by its place in the batch.
type Told<'a> = (i32, &'a str);

const PLAIN: [Sent; 3] = [(NOW, true), (NOW + 20, true), (NOW + 10, true)];

fn produced(options: BatchOptions, records: &[Sent]) -> Batch {
    let mut builder = BatchBuilder::new(options);
    for &(timestamp, has_key) in records {
        let key = has_key.then_some(&b"key"[..]);
        builder.append(timestamp, key, Some(b"some value some value"), &[]).unwrap();
    }
    builder.build().unwrap()
}

fn with_codec(compression: Compression) -> BatchOptions {
    BatchOptions { codec: Codec::from(compression), ..BatchOptions::default() }
}

fn run(batch: &Batch, rules: &Rules) -> Result<Validated, Refusal> {
    validate(batch.bytes(), rules, NOW, &mut Scratch::default())
}

/// What readers will find.
fn read(validated: &Validated) -> Vec<Record> {
    validated.batch.check_crc().unwrap();
    validated.batch.records(&Limits::default()).unwrap().map(Result::unwrap).collect()
}

fn records(batch: &Batch) -> Vec<Record> {
    batch.records(&Limits::default()).unwrap().map(Result::unwrap).collect()
}

const CODECS: [Compression; 5] =
    [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

#[test]
fn a_good_batch_is_stored_as_it_came_without_a_copy() {
    for compression in CODECS {
        let batch = produced(with_codec(compression), &PLAIN);
        let validated = run(&batch, &Rules::default()).unwrap();
        assert_eq!(validated.batch, batch);
        assert_eq!(validated.batch.bytes().as_ptr(), batch.bytes().as_ptr(), "{compression}");
        assert_eq!(validated.log_append_time, None);
    }
}

#[test]
fn a_torn_batch_behind_the_whole_one_is_cut_off() {
    let batch = produced(BatchOptions::default(), &PLAIN);
    let size = batch.size_in_bytes();
    let twice = [&batch.bytes()[..], &batch.bytes()[..]].concat();
    for end in size..2 * size {
        let bytes = Bytes::copy_from_slice(&twice[..end]);
        let validated = validate(&bytes, &Rules::default(), NOW, &mut Scratch::default());
        assert_eq!(validated.unwrap().batch, batch, "{end}");
    }
    let refused = validate(&twice.into(), &Rules::default(), NOW, &mut Scratch::default());
    assert_eq!(refused, Err(InvalidBatch::Several.into()));
}

#[test]
fn sizes_are_held_against_the_topics_limits() {
    let batch = produced(BatchOptions::default(), &PLAIN);
    let size = batch.size_in_bytes();
    let rules = |message_bytes_max, segment_bytes_max| Rules {
        message_bytes_max,
        segment_bytes_max,
        ..Rules::default()
    };
    let cases = [
        (rules(size, size), None),
        (rules(size - 1, size), Some(Refusal::TooLarge { size, max: size - 1 })),
        (rules(size, size - 1), Some(Refusal::LargerThanSegment { size, max: size - 1 })),
    ];
    for (rules, expected) in cases {
        assert_eq!(run(&batch, &rules).err(), expected);
    }
}

#[test]
fn a_batch_that_recompression_makes_too_large_is_refused() {
    let batch = produced(with_codec(Compression::Gzip), &[(NOW, true); 50]);
    let uncompressed = produced(BatchOptions::default(), &[(NOW, true); 50]).size_in_bytes();
    let rules = |message_bytes_max| Rules {
        message_bytes_max,
        target: Target::Codec(Codec::from(Compression::None)),
        ..Rules::default()
    };
    assert!(run(&batch, &rules(uncompressed)).is_ok());
    let expected = Refusal::TooLarge { size: uncompressed, max: uncompressed - 1 };
    assert_eq!(run(&batch, &rules(uncompressed - 1)), Err(expected));
}

#[test]
fn timestamps_are_held_against_the_brokers_clock() {
    let rules = |timestamp_before_max_ms, timestamp_after_max_ms| Rules {
        timestamp_before_max_ms,
        timestamp_after_max_ms,
        ..Rules::default()
    };
    let cases: [(Timestamp, Rules, bool); 11] = [
        (NOW + HOUR, Rules::default(), true),
        (NOW + HOUR + 1, Rules::default(), false),
        (0, Rules::default(), true),
        (NO_TIMESTAMP, rules(0, 0), true),
        (-2, Rules::default(), true),
        (NOW - 10, rules(10, 10), true),
        (NOW - 11, rules(10, 10), false),
        (NOW + 10, rules(10, 10), true),
        (NOW + 11, rules(10, 10), false),
        (i64::MAX, rules(i64::MAX, i64::MAX), true),
        (i64::MIN, Rules::default(), false),
    ];
    for (timestamp, rules, accepted) in cases {
        let result = run(&produced(BatchOptions::default(), &[(timestamp, true)]), &rules);
        assert_eq!(result.is_ok(), accepted, "{timestamp} {rules:?}");
    }
}

#[test]
fn the_answer_names_the_records_and_what_is_wrong_with_them() {
    let late = NOW + HOUR + 1;
    let compacted = Rules { compacted: true, ..Rules::default() };
    let no_key = "Compacted topic cannot accept message without key in topic partition t-3";
    let out_of_range = format!(
        "Timestamp {late} of message with offset 1 is out of range. The timestamp should be within \
         [-9223372036853775807, {}]",
        NOW + HOUR
    );
    let summary = format!(
        "One or more records have been rejected due to 4 record errors in total, and only showing the first three \
         errors at most: [RecordError(batchIndex=0, message='{no_key}'), RecordError(batchIndex=1, \
         message='{no_key}'), RecordError(batchIndex=3, message='{no_key}')]"
    );
    let by_timestamp = "One or more records have been rejected due to invalid timestamp";
    let cases: [(Rules, &[Sent], &str, &[Told<'_>]); 3] = [
        (Rules::default(), &[(NOW, true), (late, true)], by_timestamp, &[(1, &out_of_range)]),
        (
            compacted,
            &[(NOW, false), (late, false), (NOW, true), (NOW, false), (NOW, false)],
            &summary,
            &[(0, no_key), (1, no_key), (3, no_key), (4, no_key)],
        ),
        (compacted, &[(NOW, false), (late, true)], by_timestamp, &[(0, no_key), (1, &out_of_range)]),
    ];
    for (rules, sent, message, errors) in cases {
        for compression in CODECS {
            let refusal = run(&produced(with_codec(compression), sent), &rules).unwrap_err();
            assert_eq!(refusal.message(&"t-3").as_deref(), Some(message), "{compression}");
            let told: Vec<_> = refusal
                .record_errors()
                .iter()
                .map(|error| (error.batch_index, error.message(&"t-3")))
                .collect();
            let errors: Vec<_> = errors.iter().map(|&(index, message)| (index, message.to_owned())).collect();
            assert_eq!(told, errors, "{compression}");
            assert!(refusal.tells_log_start());
            let timestamps = matches!(refusal, Refusal::InvalidTimestamps(_));
            assert_eq!(timestamps, message == by_timestamp);
        }
    }
}

#[test]
fn few_of_many_bad_records_are_named_but_all_are_counted() {
    let batch = produced(with_codec(Compression::Zstd), &vec![(NOW, false); 12_345]);
    let refusal = run(&batch, &Rules { compacted: true, ..Rules::default() }).unwrap_err();
    assert_eq!(refusal.record_errors().len(), 10_000);
    assert!(refusal.message(&"t-0").unwrap().contains("due to 12345 record errors"));
}

#[test]
fn on_a_topic_with_append_time_every_record_takes_it() {
    let rules = Rules { timestamp_type: TimestampType::LogAppendTime, ..Rules::default() };
    let targets = [Target::Producer, Target::Codec(Codec::from(Compression::Zstd))];
    for (compression, target) in CODECS.into_iter().flat_map(|codec| targets.map(|target| (codec, target))) {
        // Its own timestamps do not matter.
        let batch = produced(with_codec(compression), &[(0, true), (i64::MAX, true)]);
        let validated = run(&batch, &Rules { target, ..rules }).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(validated.log_append_time, Some(NOW));
        assert_eq!(validated.header().timestamp_type(), TimestampType::LogAppendTime);
        assert!(read(&validated).iter().all(|record| record.timestamp == NOW), "{compression} {target:?}");
    }
}

#[test]
fn producers_do_not_say_when_the_broker_appends() {
    let claims = |compression, max_timestamp| {
        let options = BatchOptions {
            timestamp_type: TimestampType::LogAppendTime,
            max_timestamp: Some(max_timestamp),
            ..with_codec(compression)
        };
        produced(options, &[(NOW, true)])
    };
    let append_time = Rules { timestamp_type: TimestampType::LogAppendTime, ..Rules::default() };
    let message = |name, timestamp| {
        format!(
            "Invalid timestamp type in message {name}(offset=0, timestamp={timestamp}, key=3 bytes, value=21 bytes). \
             Producer should not set timestamp type to LogAppendTime."
        )
    };
    let cases = [
        (Compression::None, NOW, append_time, Some(message("DefaultRecord", NOW))),
        (Compression::Gzip, NOW, append_time, Some(message("PartialDefaultRecord", NOW))),
        (Compression::None, NO_TIMESTAMP, Rules::default(), Some(message("DefaultRecord", NO_TIMESTAMP))),
        (Compression::None, NOW, Rules::default(), None),
    ];
    for (compression, max_timestamp, rules, expected) in cases {
        let result = run(&claims(compression, max_timestamp), &rules);
        let told = result.err().map(|refusal| refusal.record_errors()[0].message(&"t-0"));
        assert_eq!(told, expected);
    }
}

#[test]
fn the_header_tells_the_greatest_timestamp_of_the_records() {
    for (claimed, compression) in
        [(0, Compression::None), (i64::MAX, Compression::None), (NOW, Compression::Lz4)]
    {
        let options = BatchOptions { max_timestamp: Some(claimed), ..with_codec(compression) };
        let batch = produced(options, &PLAIN);
        let validated = run(&batch, &Rules::default()).unwrap();
        assert_eq!(validated.header().max_timestamp, NOW + 20);
        assert_eq!(read(&validated), records(&batch));
    }
}

#[test]
fn a_topics_codec_replaces_the_producers() {
    let pairs = CODECS.into_iter().flat_map(|from| CODECS.map(|to| (from, to)));
    for (from, to) in pairs {
        let options = BatchOptions {
            producer_id: 5,
            producer_epoch: 6,
            base_sequence: 7,
            transactional: true,
            ..with_codec(from)
        };
        let batch = produced(options, &PLAIN);
        let rules = Rules { target: Target::Codec(Codec::from(to)), transactional: true, ..Rules::default() };
        let validated = run(&batch, &rules).unwrap();
        assert_eq!(read(&validated), records(&batch), "{from} to {to}");
        let header = validated.header();
        assert_eq!(header.compression(), Ok(to));
        assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence), (5, 6, 7));
        assert!(header.is_transactional());
        assert_eq!((header.max_timestamp, header.record_count), (NOW + 20, 3));
        assert_eq!(validated.batch == batch, from == to, "{from} to {to}");
    }
}

#[test]
fn wrong_offsets_within_a_compressed_batch_are_put_right() {
    let mut builder = BatchBuilder::new(with_codec(Compression::Zstd));
    for offset in [2, 0, 2] {
        builder.append_view(&RecordView { offset, ..view() }).unwrap();
    }
    let validated = run(&builder.build().unwrap(), &Rules::default()).unwrap();
    assert_eq!(read(&validated).iter().map(|record| record.offset).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(validated.header().compression(), Ok(Compression::Zstd));
}

fn view() -> RecordView<'static> {
    RecordView { offset: 0, timestamp: NOW, key: None, value: Some(b"value"), headers: Default::default() }
}

/// A batch whose header was changed, with the checksum that goes with it.
fn tampered(change: impl FnOnce(&mut BatchHeader)) -> Batch {
    let batch = produced(BatchOptions::default(), &PLAIN);
    let mut header = *batch.header();
    change(&mut header);
    let mut bytes = [&header.encode()[..], batch.payload()].concat();
    let crc = crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    Batch::parse(bytes.into()).unwrap()
}

#[test]
fn headers_that_clients_must_not_send_are_refused() {
    let count = |count, last_offset_delta| Some(InvalidBatch::Count { count, last_offset_delta });
    let attributes = |attributes: Attributes| tampered(|header| header.attributes = attributes);
    let cases: [(Batch, Option<InvalidBatch>); 9] = [
        (tampered(|_| ()), None),
        (tampered(|header| header.base_offset = 1), Some(InvalidBatch::BaseOffset { base_offset: 1 })),
        (tampered(|header| header.record_count = 2), count(2, 2)),
        (tampered(|header| (header.record_count, header.last_offset_delta) = (0, -1)), count(0, -1)),
        (
            tampered(|header| (header.record_count, header.last_offset_delta) = (-1, i32::MAX)),
            count(-1, i32::MAX),
        ),
        (attributes(Attributes::default().with_control(true)), Some(InvalidBatch::Control)),
        (tampered(|header| header.producer_id = 3), Some(InvalidBatch::Sequence { sequence: -1 })),
        (tampered(|header| header.producer_id = -3), None),
        (tampered(|header| header.leader_epoch = 77), None),
    ];
    for (batch, expected) in cases {
        assert_eq!(run(&batch, &Rules::default()).err(), expected.map(Refusal::from), "{:?}", batch.header());
    }
}

#[test]
fn what_the_request_does_not_allow_is_refused() {
    let zstd = produced(with_codec(Compression::Zstd), &PLAIN);
    let old = Rules { zstd: false, ..Rules::default() };
    assert_eq!(run(&zstd, &old), Err(Refusal::ZstdTooNew));
    assert!(run(&produced(with_codec(Compression::Lz4), &PLAIN), &old).is_ok());

    let transactional = produced(BatchOptions { transactional: true, ..BatchOptions::default() }, &PLAIN);
    assert_eq!(run(&transactional, &Rules::default()), Err(Refusal::TransactionalIdMissing));
    assert!(run(&transactional, &Rules { transactional: true, ..Rules::default() }).is_ok());
}

#[test]
fn a_batch_that_unpacks_to_more_than_is_allowed_is_too_large() {
    let batch = produced(with_codec(Compression::Gzip), &vec![(NOW, true); 1_000]);
    let limits = Limits { unpacked_bytes_max: 20_000, ..Limits::default() };
    let refused = run(&batch, &Rules { limits, ..Rules::default() });
    assert!(matches!(refused, Err(Refusal::UnpackedTooLarge(_))), "{refused:?}");
}

#[test]
fn unpacking_does_not_keep_much_memory() {
    let mut scratch = Scratch::default();
    let small = produced(with_codec(Compression::Zstd), &PLAIN);
    let large = produced(with_codec(Compression::Zstd), &vec![(NOW, true); 100_000]);
    for (batch, kept) in [(small.clone(), true), (large, false), (small, true)] {
        validate(batch.bytes(), &Rules { message_bytes_max: 1 << 30, ..Rules::default() }, NOW, &mut scratch)
            .unwrap();
        assert_eq!(scratch.bytes.capacity() > 0, kept);
    }
}

#[test]
fn the_stored_bytes_begin_with_what_the_partition_sets() {
    let batch = produced(BatchOptions::default(), &PLAIN);
    let stored = run(&batch, &Rules::default()).unwrap().batch.assign(40, 9);
    assert_eq!((stored.header().base_offset, stored.header().leader_epoch), (40, 9));
    assert_eq!(stored.to_bytes()[ASSIGNED_PREFIX_SIZE..], batch.bytes()[ASSIGNED_PREFIX_SIZE..]);
}
