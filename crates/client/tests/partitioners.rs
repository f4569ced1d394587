//! Each partitioner beside the one whose name it bears: what sarama, kafka-go, librdkafka and Java chose for thousands of keys and in
//! long runs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::disallowed_methods,
    reason = "a partitioner is told the time, and a test has to begin somewhere"
)]

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use ottla_client::partitioner::{
    Appended, Partitioner, PartitionerError, PartitionerKind, PartitionerOptions, Queue, RecordRef,
    SplitMix64, TopicRef, java, kafka_go, librdkafka::Librdkafka, sarama,
};
use serde_json::Value;

fn testdata(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

/// `null`, or `x` and the bytes as hex.
fn key(text: &str) -> Option<Vec<u8>> {
    let hex = text.strip_prefix('x')?;
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    Some(pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect())
}

fn keyed(key: Option<&[u8]>) -> RecordRef<'_> {
    RecordRef { key, ..RecordRef::default() }
}

fn topic(available: &[i32]) -> TopicRef<'_> {
    TopicRef { name: "orders", partitions: u32::try_from(available.len()).unwrap(), available }
}

/// A column of the table is named after its partitioner; Java has two, of which the older is its default of then.
fn kind_of(column: &str) -> PartitionerKind {
    let name = match column {
        "java" => "java.BuiltIn",
        "java.2.8" => "java.Default",
        name => name,
    };
    name.parse().unwrap()
}

#[test]
fn keys_go_where_the_other_clients_put_them() {
    let table = testdata("partitions.tsv.gz");
    let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let columns = lines.next().unwrap();
    let numbers: Vec<i32> = (0..100).collect();
    let kinds: Vec<_> = columns[2..].iter().map(|column| kind_of(column)).collect();
    let mut compared = 0;
    for line in lines {
        let key = key(line[0]);
        let partitions: usize = line[1].parse().unwrap();
        let topic = topic(&numbers[..partitions]);
        for (kind, expected) in kinds.iter().zip(&line[2..]) {
            let chosen = choices(*kind, keyed(key.as_deref()), topic);
            // Where the other client chose by chance, so must this one.
            let expected = if *expected == "*" { None } else { Some(expected.parse().unwrap()) };
            let same = chosen.iter().all(|other| *other == chosen[0]).then_some(chosen[0]);
            assert_eq!(same, expected, "{kind} of key {} among {partitions}", line[0]);
            compared += 1;
        }
    }
    assert_eq!(compared, 3_891 * 17);
}

/// What a partitioner chooses for the same record time after time: once where it can but be one, forty times where it may be chance.
fn choices(kind: PartitionerKind, record: RecordRef<'_>, topic: TopicRef<'_>) -> Vec<i32> {
    let options = PartitionerOptions { sticky_linger: Duration::ZERO, ..PartitionerOptions::default() };
    let mut partitioner = kind.build(options, SplitMix64::new(11));
    let times = if record.key.is_some_and(|key| !key.is_empty()) { 2 } else { 40 };
    let now = Instant::now();
    let mut choose = || {
        let partition = partitioner.partition(record, topic, now).unwrap();
        // Sticky partitioners choose anew when a batch is full.
        partitioner.on_new_batch(topic, partition);
        let bytes = 2 * options.batch_size;
        partitioner.on_appended(record, topic, Appended { partition, bytes, batch_ready: true });
        partition
    };
    (0..times).map(|_| choose()).collect()
}

fn number(value: &Value) -> i32 {
    i32::try_from(value.as_i64().unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<i32> {
    value.as_array().unwrap().iter().map(number).collect()
}

#[test]
fn runs_of_records_go_where_the_other_clients_put_them() {
    let mut runs = 0;
    for line in testdata("partition-sequences.jsonl.gz").lines() {
        let run: Value = serde_json::from_str(line).unwrap();
        let kind: PartitionerKind = run["partitioner"].as_str().unwrap().parse().unwrap();
        let options = PartitionerOptions {
            chunk_size: run["chunk_size"].as_u64().map_or(1, |size| u32::try_from(size).unwrap()),
            batch_size: run["batch_size"].as_u64().map_or(16_384, |size| usize::try_from(size).unwrap()),
            ..PartitionerOptions::default()
        };
        let drawn = run.get("random").map(numbers).unwrap_or_default();
        let mut drawn: VecDeque<u32> = drawn.into_iter().map(i32::cast_unsigned).collect();
        let mut partitioner = kind.build(options, move || drawn.pop_front().expect("Java drew no more"));
        for (at, step) in run["steps"].as_array().unwrap().iter().enumerate() {
            walk(&mut partitioner, step, &format!("{kind}, step {at}"));
        }
        runs += 1;
    }
    assert_eq!(runs, 36);
}

fn walk(partitioner: &mut dyn Partitioner, step: &Value, context: &str) {
    let count = number(&step["partitions"]);
    let available = step.get("available").map_or_else(|| (0..count).collect(), numbers);
    let topic = TopicRef { name: "orders", partitions: count.cast_unsigned(), available: &available };
    if let Some(load) = step.get("load") {
        let queues: Vec<Queue> = load.as_array().unwrap().iter().map(queue).collect();
        return partitioner.on_queues(topic, &queues);
    }
    let key = step["key"].as_str().and_then(key);
    let value = step["value"].as_u64().map(|size| vec![0; usize::try_from(size).unwrap()]);
    let record = RecordRef { key: key.as_deref(), value: value.as_deref(), partition: None };
    let partition = partitioner.partition(record, topic, Instant::now()).unwrap();
    assert_eq!(partition, number(&step["partition"]), "{context}");
    if let Some(bytes) = step["bytes"].as_u64() {
        let batch_ready = step["batch_ready"].as_bool().unwrap();
        let bytes = usize::try_from(bytes).unwrap();
        partitioner.on_appended(record, topic, Appended { partition, bytes, batch_ready });
    }
}

fn queue(value: &Value) -> Queue {
    Queue {
        partition: number(&value[0]),
        batches: number(&value[1]).cast_unsigned(),
        slow: value[2].as_bool().unwrap(),
    }
}

#[test]
fn all_partitioners_answer_for_a_topic_without_partitions() {
    for kind in PartitionerKind::all() {
        let mut partitioner = kind.build(PartitionerOptions::default(), SplitMix64::new(0));
        let chosen = partitioner.partition(keyed(Some(b"k")), topic(&[]), Instant::now());
        assert_eq!(chosen, Err(PartitionerError::NoPartitions), "{kind}");
    }
}

#[test]
fn without_a_key_sarama_and_java_choose_a_partition_that_has_a_leader() {
    let topic = TopicRef { name: "orders", partitions: 9, available: &[2, 5] };
    for kind in PartitionerKind::all().filter(|kind| *kind != PartitionerKind::SaramaManual) {
        let available = kind.name().starts_with("sarama") || kind.name().starts_with("java");
        let options = PartitionerOptions { sticky_linger: Duration::ZERO, ..PartitionerOptions::default() };
        let mut partitioner = kind.build(options, SplitMix64::new(3));
        for _ in 0..50 {
            let chosen = partitioner.partition(keyed(None), topic, Instant::now()).unwrap();
            partitioner.on_new_batch(topic, chosen);
            assert!(!available || [2, 5].contains(&chosen), "{kind} chose {chosen}");
            assert!((0..9).contains(&chosen), "{kind} chose {chosen}");
        }
    }
}

#[test]
fn sarama_refuses_to_choose_by_chance_where_no_partition_has_a_leader() {
    let topic = TopicRef { name: "orders", partitions: 3, available: &[] };
    let mut partitioner = sarama::Hash::fnv1a(SplitMix64::new(0));
    let now = Instant::now();
    assert_eq!(partitioner.partition(keyed(None), topic, now), Err(PartitionerError::NoneAvailable));
    assert!(partitioner.partition(keyed(Some(b"k")), topic, now).is_ok());
}

#[test]
fn the_manual_partitioner_follows_the_record_as_far_as_there_are_partitions() {
    let check = |partition, expected| {
        let record = RecordRef { partition, ..RecordRef::default() };
        assert_eq!(sarama::Manual.partition(record, topic(&[0, 1, 2]), Instant::now()), expected);
    };
    check(Some(2), Ok(2));
    check(Some(3), Err(PartitionerError::NoSuchPartition { partition: 3, partitions: 3 }));
    check(Some(-1), Err(PartitionerError::NoSuchPartition { partition: -1, partitions: 3 }));
    check(None, Err(PartitionerError::PartitionMissing));
}

/// A hash of four bytes, which shows its bits.
fn first_word(key: &[u8]) -> u32 {
    u32::from_be_bytes(key.try_into().unwrap())
}

#[test]
fn a_hash_of_ones_own_takes_saramas_options() {
    let random = || SplitMix64::new(0);
    let numbers: Vec<i32> = (0..10).collect();
    let check = |mut partitioner: Box<dyn Partitioner>, key: Option<[u8; 4]>, expected| {
        let key = key.as_ref().map(<[u8; 4]>::as_slice);
        assert_eq!(partitioner.partition(keyed(key), topic(&numbers), Instant::now()), Ok(expected));
    };
    // As a signed number -5; without its sign bit 2147483643; unsigned 4294967291.
    let key = Some([0xff, 0xff, 0xff, 0xfb]);
    check(Box::new(sarama::Hash::custom(first_word, random())), key, 5);
    check(Box::new(sarama::Hash::custom(first_word, random()).with_abs_first()), key, 3);
    check(Box::new(sarama::Hash::custom(first_word, random()).with_hash_unsigned()), key, 1);
    check(Box::new(kafka_go::Hash::hash_with(first_word)), key, 5);
    check(Box::new(kafka_go::Hash::reference_hash_with(first_word, random())), key, 3);
    let fallback = sarama::Hash::fnv1a(random()).with_fallback(kafka_go::RoundRobin::new(7));
    check(Box::new(fallback), None, 0);
}

#[test]
fn librdkafkas_null_keys_stay_with_a_partition_for_the_linger() {
    let numbers: Vec<i32> = (0..50).collect();
    let linger = Duration::from_millis(10);
    let start = Instant::now();
    let makers: [fn(SplitMix64, Duration) -> Librdkafka; 4] = [
        Librdkafka::random,
        Librdkafka::consistent_random,
        Librdkafka::murmur2_random,
        Librdkafka::fnv1a_random,
    ];
    for make in makers {
        let mut partitioner = make(SplitMix64::new(5), linger);
        let mut at = |millis, available: &[i32]| {
            let topic = TopicRef { name: "orders", partitions: 50, available };
            partitioner.partition(keyed(None), topic, start + Duration::from_millis(millis)).unwrap()
        };
        let first = at(0, &numbers);
        assert_eq!([at(1, &numbers), at(10, &numbers)], [first, first]);
        let second = at(11, &numbers);
        assert_ne!(second, first);
        assert_eq!(at(20, &numbers), second);
        let others: Vec<i32> = numbers.iter().copied().filter(|number| *number != second).collect();
        assert_ne!(at(20, &others), second, "its leader is gone");
    }
}

#[test]
fn librdkafkas_random_ignores_keys_and_draws_again_once_where_there_is_no_leader() {
    let mut draws = VecDeque::from([0, u32::MAX, 0, 0]);
    let mut partitioner = Librdkafka::random(move || draws.pop_front().unwrap(), Duration::from_secs(1));
    let topic = TopicRef { name: "orders", partitions: 4, available: &[3] };
    for expected in [3, 0] {
        assert_eq!(partitioner.partition(keyed(Some(b"k")), topic, Instant::now()), Ok(expected));
    }
}

#[test]
fn the_sticky_partitioner_leaves_a_partition_when_it_would_need_a_new_batch() {
    let available = [0, 1, 2];
    let topic = topic(&available);
    let now = Instant::now();
    for mut partitioner in
        [java::Sticky::keyed(SplitMix64::new(1)), java::Sticky::uniform(SplitMix64::new(1))]
    {
        let first = partitioner.partition(keyed(None), topic, now).unwrap();
        assert_eq!(partitioner.partition(keyed(None), topic, now), Ok(first));
        assert!(partitioner.on_new_batch(topic, first));
        let second = partitioner.partition(keyed(None), topic, now).unwrap();
        assert_ne!(second, first);
        // A batch of a partition that was left already changes nothing.
        assert!(partitioner.on_new_batch(topic, first));
        assert_eq!(partitioner.partition(keyed(None), topic, now), Ok(second));
    }
}

#[test]
fn keys_have_a_say_in_the_built_in_partitioner_unless_they_are_ignored() {
    let available: Vec<i32> = (0..10).collect();
    let now = Instant::now();
    let mut partitioner = java::BuiltIn::new(SplitMix64::new(1), 100).with_ignore_keys(true);
    let first = partitioner.partition(keyed(Some(b"a")), topic(&available), now).unwrap();
    assert_eq!(partitioner.partition(keyed(Some(b"kafka")), topic(&available), now), Ok(first));
    let mut partitioner = java::BuiltIn::new(SplitMix64::new(1), 100);
    assert_eq!(partitioner.partition(keyed(Some(b"a")), topic(&available), now), Ok(4));
    assert_eq!(partitioner.partition(keyed(Some(b"kafka")), topic(&available), now), Ok(0));
}
