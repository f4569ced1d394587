//! Whatever a client sends, what is accepted can be read again.

#![allow(clippy::unwrap_used, reason = "a test ends at what it does not expect")]

mod common;

use std::sync::LazyLock;

use bytes::Bytes;
use ottla_records::{BatchHeader, Codec, Compression, Limits, TimestampType, crc32c};
use ottla_replica::{Rules, Scratch, Target, validate};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const NOW: i64 = 1_750_000_000_000;

/// Every batch of the vectors, good and bad.
static BATCHES: LazyLock<Vec<Bytes>> = LazyLock::new(|| {
    let lines = common::testdata("batches.jsonl.gz");
    lines.lines().map(|line| common::hex(common::parse(line)["hex"].as_str().unwrap())).collect()
});

/// A change of one byte, somewhere.
type Damage = (Index, u8);

fn damaged(batch: &Bytes, damages: &[Damage]) -> Bytes {
    let mut bytes = batch.to_vec();
    for (index, value) in damages {
        let at = index.index(bytes.len());
        bytes[at] = *value;
    }
    with_checksum(bytes).into()
}

/// Without it, nothing that is behind the checksum would be looked at.
fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = bytes.get(8..12).and_then(|length| length.try_into().ok()).map_or(0, i32::from_be_bytes);
    let end = usize::try_from(length).unwrap_or(0).saturating_add(12);
    if let Some(checked) = bytes.get(21..end) {
        let crc = crc32c(checked);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    }
    bytes
}

fn rules() -> impl Strategy<Value = Rules> {
    let codecs =
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];
    let codec = select(codecs.to_vec()).prop_map(|codec| Target::Codec(Codec::from(codec)));
    let target = prop_oneof![Just(Target::Producer), codec];
    let timestamp_type = select(vec![TimestampType::CreateTime, TimestampType::LogAppendTime]);
    (target, timestamp_type, any::<bool>(), any::<bool>()).prop_map(
        |(target, timestamp_type, compacted, transactional)| {
            let limits = Limits { unpacked_bytes_max: 1 << 20, ..Limits::default() };
            Rules { target, timestamp_type, compacted, transactional, limits, ..Rules::default() }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_can_be_read(
        batch in any::<Index>(),
        damages in vec(any::<Damage>(), 0..4),
        rules in rules(),
    ) {
        let bytes = damaged(batch.get(&BATCHES), &damages);
        let Ok(validated) = validate(&bytes, &rules, NOW, &mut Scratch::default()) else { return Ok(()) };
        prop_assert!(validated.batch.crc_is_valid());
        prop_assert!(validated.batch.size_in_bytes() <= rules.message_bytes_max);
        let records: Vec<_> = validated.batch.records(&rules.limits).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(i32::try_from(records.len()).unwrap(), validated.header().record_count);
        prop_assert_eq!(validated.header().last_offset_delta, validated.header().record_count - 1);
        prop_assert_eq!(validated.header().timestamp_type(), rules.timestamp_type);
        // Kafka takes the time of an append that a producer claims for that of its records, and keeps it.
        let sent = BatchHeader::parse(&bytes).unwrap();
        if sent.timestamp_type() == TimestampType::LogAppendTime {
            return Ok(());
        }
        let greatest = records.iter().map(|record| record.timestamp).max().unwrap().max(-1);
        prop_assert_eq!(validated.header().max_timestamp, greatest);
    }
}
