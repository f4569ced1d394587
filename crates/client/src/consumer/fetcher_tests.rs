use std::time::Duration;

use ottla_records::{BatchBuilder, BatchOptions, Limits};
use ottla_wire::messages::fetch_response::{
    EpochEndOffset, FetchableTopicResponse, LeaderIdAndEpoch, PartitionData,
};
use ottla_wire::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_wire::messages::{FetchRequest, FetchResponse, MetadataResponse};
use ottla_wire::{ErrorCode, Uuid};
use tokio::time::Instant;

use super::fetched::Reading;
use super::fetcher::{Command, Fetcher, Settings};
use super::position::{Position, StartAt};
use super::record::ConsumerRecord;
use crate::backoff::Backoff;
use crate::cluster::Cluster;
use crate::config::OffsetReset;
use crate::{BrokerId, Error, Offset, Result, TopicPartition, clock};

const PAUSE: Duration = Duration::from_millis(100);
const WALL_MS: i64 = 1_000_000;
const NOTHING: &[Offset] = &[];

fn settings() -> Settings {
    Settings {
        has_group: false,
        reset: OffsetReset::Earliest,
        bytes_max: 1_000,
        partition_bytes_max: 400,
        bytes_min: 1,
        wait_max: Duration::from_millis(500),
        rack: "here".into(),
        reading: Reading { check_crcs: true, committed_only: false, limits: Limits::default() },
        backoff: Backoff { first: PAUSE, max: PAUSE },
        preferred_lasting: Duration::from_secs(300),
    }
}

/// The topic `t`, whose partitions have these leaders.
fn cluster(leaders: &[BrokerId]) -> Cluster {
    cluster_with(Uuid::from_u128(7), leaders)
}

fn cluster_with(topic_id: Uuid, leaders: &[BrokerId]) -> Cluster {
    let broker =
        |node_id| MetadataResponseBroker { node_id, host: "h".into(), port: 1, ..Default::default() };
    let partition = |(at, leader_id): (usize, &BrokerId)| MetadataResponsePartition {
        partition_index: i32::try_from(at).unwrap(),
        leader_id: *leader_id,
        leader_epoch: 3,
        ..Default::default()
    };
    let topic = MetadataResponseTopic {
        name: Some("t".into()),
        topic_id,
        partitions: leaders.iter().enumerate().map(partition).collect(),
        ..Default::default()
    };
    let told = MetadataResponse {
        brokers: (0..3).map(broker).collect(),
        topics: vec![topic],
        ..MetadataResponse::default()
    };
    Cluster::default().merged(&told, false)
}

/// A fetcher, the time and the cluster.
struct Bench {
    fetcher: Fetcher,
    now: Instant,
    cluster: Cluster,
}

impl Bench {
    fn new(settings: Settings, leaders: &[BrokerId]) -> Bench {
        Bench { fetcher: Fetcher::new(settings), now: clock::now(), cluster: cluster(leaders) }
    }

    /// With its partitions from 0 on assigned at these offsets.
    fn at(settings: Settings, offsets: &[Offset]) -> Bench {
        let mut bench = Bench::new(settings, &vec![0; offsets.len()]);
        let starts = (0..).zip(offsets).map(|(number, offset)| (partition(number), StartAt::Offset(*offset)));
        bench.fetcher.assign(starts.collect()).unwrap();
        bench
    }

    fn due(&mut self) -> Vec<Command> {
        self.fetcher.due(self.now, WALL_MS, &self.cluster).commands
    }

    /// Whom the only fetch that is due goes to, and the partitions and offsets that it names.
    fn fetch(&mut self) -> (BrokerId, Vec<(i32, Offset)>) {
        let due = self.due();
        let [Command::Fetch(broker, request, true)] = &due[..] else { panic!("{due:?}") };
        (*broker, named(request))
    }

    fn answer(&mut self, broker: BrokerId, data: Vec<PartitionData>) -> super::answers::Learnt {
        let topic = FetchableTopicResponse {
            topic_id: Uuid::from_u128(7),
            partitions: data,
            ..FetchableTopicResponse::default()
        };
        let response = FetchResponse { session_id: 5, responses: vec![topic], ..FetchResponse::default() };
        self.fetcher.answered(broker, Ok(response), self.now)
    }

    fn take(&mut self, max: usize) -> Vec<Offset> {
        self.try_take(max).unwrap()
    }

    fn try_take(&mut self, max: usize) -> Result<Vec<Offset>> {
        let mut records: Vec<ConsumerRecord> = Vec::new();
        self.fetcher.take(max, &mut records, self.now)?;
        Ok(records.iter().map(|record| record.offset).collect())
    }

    fn position(&self, number: i32) -> Option<Offset> {
        self.fetcher.assigned[&partition(number)].known_position()
    }
}

fn partition(number: i32) -> TopicPartition {
    TopicPartition::new("t", number)
}

fn named(request: &FetchRequest) -> Vec<(i32, Offset)> {
    let partitions = request.topics.iter().flat_map(|topic| &topic.partitions);
    partitions.map(|partition| (partition.partition, partition.fetch_offset)).collect()
}

/// A batch of about 100 bytes for each record.
fn batch(base_offset: Offset, count: usize) -> Vec<u8> {
    let options = BatchOptions { base_offset, leader_epoch: 3, ..BatchOptions::default() };
    let mut builder = BatchBuilder::new(options);
    for _ in 0..count {
        builder.append(1_000, None, Some(&[7; 90]), &[]).unwrap();
    }
    builder.build().unwrap().into_bytes().to_vec()
}

fn data(number: i32, bytes: Vec<u8>) -> PartitionData {
    PartitionData {
        partition_index: number,
        high_watermark: 100,
        log_start_offset: 2,
        records: Some(bytes::Bytes::from(bytes).into()),
        ..PartitionData::default()
    }
}

fn refused(number: i32, code: ErrorCode) -> PartitionData {
    PartitionData { partition_index: number, error_code: code.code(), ..PartitionData::default() }
}

#[tokio::test]
async fn where_to_begin_is_asked_for_once_and_then_fetched() {
    for (start, reset, timestamp) in [
        (StartAt::Earliest, OffsetReset::None, -2),
        (StartAt::Latest, OffsetReset::None, -1),
        (StartAt::Timestamp(5), OffsetReset::None, 5),
        (StartAt::Reset, OffsetReset::Latest, -1),
        (StartAt::Reset, OffsetReset::ByDuration(Duration::from_secs(1)), WALL_MS - 1_000),
    ] {
        let mut bench = Bench::new(Settings { reset, ..settings() }, &[0]);
        bench.fetcher.assign(vec![(partition(0), start)]).unwrap();
        let due = bench.due();
        let [Command::Find(asked, round)] = &due[..] else { panic!("{due:?}") };
        assert_eq!(asked[..], [(partition(0), timestamp)], "{start:?}");
        assert!(bench.due().is_empty() && bench.position(0).is_none());
        bench.fetcher.found(*round, vec![(partition(0), Ok(Some(Position::at(42))))], bench.now);
        assert_eq!(bench.fetch(), (0, vec![(0, 42)]));
    }
}

#[tokio::test]
async fn without_a_record_that_young_consuming_begins_at_the_end() {
    let mut bench = Bench::new(settings(), &[0]);
    bench.fetcher.assign(vec![(partition(0), StartAt::Timestamp(5))]).unwrap();
    bench.due();
    bench.fetcher.found(1, vec![(partition(0), Ok(None))], bench.now);
    let due = bench.due();
    assert!(matches!(&due[..], [Command::Find(asked, _)] if asked[0].1 == -1), "{due:?}");
}

#[tokio::test]
async fn nothing_is_assigned_if_nobody_says_where_one_of_them_begins() {
    let mut bench = Bench::at(Settings { reset: OffsetReset::None, ..settings() }, &[0]);
    let starts = vec![(partition(1), StartAt::Earliest), (partition(2), StartAt::Reset)];
    assert!(matches!(bench.fetcher.assign(starts), Err(Error::Config(_))));
    assert_eq!(bench.fetcher.assigned.keys().cloned().collect::<Vec<_>>(), [partition(0)]);
}

#[tokio::test]
async fn a_partition_is_fetched_again_while_what_came_of_it_is_being_read() {
    let mut bench = Bench::at(settings(), &[10]);
    assert_eq!(bench.fetch(), (0, vec![(0, 10)]));
    assert!(bench.due().is_empty(), "one request at a time");
    bench.answer(0, vec![data(0, batch(10, 2))]);
    assert_eq!(bench.fetch(), (0, vec![(0, 12)]));
    assert_eq!((bench.take(1), bench.position(0)), (vec![10], Some(11)));
    assert_eq!((bench.take(9), bench.position(0)), (vec![11], Some(12)));
    assert_eq!(bench.take(9), NOTHING);
}

#[tokio::test]
async fn what_is_buffered_and_asked_for_stays_within_the_bounds() {
    let mut bench = Bench::at(settings(), &[0, 0, 0]);
    bench.cluster = cluster(&[0, 1, 2]);
    let due = bench.due();
    let bytes: Vec<i32> = due
        .iter()
        .map(|command| match command {
            Command::Fetch(_, request, _) => request.max_bytes,
            Command::Find(..) | Command::Recall(..) => panic!("{command:?}"),
        })
        .collect();
    assert_eq!(bytes, [333, 333, 333]);
    bench.answer(0, vec![data(0, batch(0, 4))]);
    assert!(bench.due().is_empty(), "what came takes the room that was kept for it");
    assert_eq!(bench.take(9).len(), 4);
    assert_eq!(bench.fetch().1.len(), 1);
}

#[tokio::test]
async fn a_batch_larger_than_all_bounds_is_read_too() {
    let mut bench = Bench::at(settings(), &[0]);
    bench.fetch();
    bench.answer(0, vec![data(0, batch(0, 30))]);
    assert!(bench.due().is_empty());
    assert_eq!(bench.take(99).len(), 30);
    assert_eq!(bench.fetch(), (0, vec![(0, 30)]));
}

#[tokio::test]
async fn a_seek_throws_away_what_is_buffered_and_what_is_on_its_way() {
    let mut bench = Bench::at(settings(), &[0]);
    bench.fetch();
    bench.answer(0, vec![data(0, batch(0, 2))]);
    bench.fetch();
    bench.fetcher.seek(&partition(0), StartAt::Offset(50)).unwrap();
    assert_eq!((bench.take(9), bench.position(0)), (NOTHING.to_vec(), Some(50)));
    bench.answer(0, vec![data(0, batch(2, 2))]);
    assert_eq!(bench.take(9), NOTHING);
    assert_eq!(bench.fetch(), (0, vec![(0, 50)]));
    let error = bench.fetcher.seek(&partition(9), StartAt::Earliest).unwrap_err();
    assert!(matches!(error, Error::NotAssigned { .. }), "{error}");
}

#[tokio::test]
async fn where_a_partition_ends_is_still_known_when_it_is_assigned_again() {
    let mut bench = Bench::at(settings(), &[0]);
    bench.fetch();
    bench.answer(0, vec![data(0, batch(0, 2))]);
    bench.fetcher.assign(vec![(partition(0), StartAt::Offset(1))]).unwrap();
    assert_eq!(bench.fetcher.assigned[&partition(0)].high_watermark, Some(100));
}

#[tokio::test]
async fn a_paused_partition_gives_nothing_and_loses_nothing() {
    let mut bench = Bench::at(settings(), &[0]);
    bench.fetch();
    bench.answer(0, vec![data(0, batch(0, 2))]);
    assert_eq!(bench.take(1), vec![0]);
    bench.fetcher.pause(&partition(0)).unwrap();
    assert_eq!(bench.take(9), NOTHING);
    assert!(bench.due().is_empty());
    bench.fetcher.resume(&partition(0)).unwrap();
    assert_eq!(bench.fetch(), (0, vec![(0, 1)]));
    bench.answer(0, vec![data(0, batch(0, 2))]);
    assert_eq!(bench.take(9), vec![1]);
}

#[tokio::test]
async fn what_is_out_of_range_begins_anew_or_is_told() {
    let mut bench = Bench::at(settings(), &[1_000]);
    bench.fetch();
    bench.answer(0, vec![refused(0, ErrorCode::OffsetOutOfRange)]);
    let due = bench.due();
    assert!(matches!(&due[..], [Command::Find(asked, _)] if asked[0].1 == -2), "{due:?}");

    let mut bench = Bench::at(Settings { reset: OffsetReset::None, ..settings() }, &[1_000]);
    bench.fetch();
    bench.answer(0, vec![refused(0, ErrorCode::OffsetOutOfRange)]);
    assert!(bench.due().is_empty(), "nothing goes on before it is told");
    let error = bench.try_take(9).unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OffsetOutOfRange));
    assert_eq!(error.topic_partition(), Some(&partition(0)));
    assert!(error.to_string().contains("no offset 1000"), "{error}");
    bench.fetcher.seek(&partition(0), StartAt::Offset(5)).unwrap();
    assert_eq!(bench.fetch(), (0, vec![(0, 5)]));
}

#[tokio::test]
async fn a_log_that_was_cut_is_read_on_from_where_it_agrees_or_the_loss_is_told() {
    let cut = || PartitionData {
        partition_index: 0,
        diverging_epoch: EpochEndOffset { epoch: 2, end_offset: 4 },
        ..PartitionData::default()
    };
    for reset in [OffsetReset::Latest, OffsetReset::None] {
        let mut bench = Bench::at(Settings { reset, ..settings() }, &[0]);
        bench.fetch();
        bench.answer(0, vec![data(0, batch(0, 3)), data(0, batch(3, 3))]);
        bench.take(9);
        let due = bench.due();
        let [Command::Fetch(_, request, _)] = &due[..] else { panic!("{due:?}") };
        assert_eq!(request.topics[0].partitions[0].last_fetched_epoch, 3);
        let read = bench.position(0).unwrap();
        bench.answer(
            0,
            vec![PartitionData { diverging_epoch: EpochEndOffset { epoch: 2, end_offset: 1 }, ..cut() }],
        );
        if reset == OffsetReset::None {
            let error = bench.try_take(9).unwrap_err();
            assert!(matches!(error, Error::Truncated { offset, end: 1, .. } if offset == read), "{error}");
        } else {
            assert_eq!(bench.fetch(), (0, vec![(0, 1)]));
        }
    }
    // Only what was fetched ahead is gone.
    let mut bench = Bench::at(Settings { reset: OffsetReset::None, ..settings() }, &[0]);
    bench.fetch();
    bench.answer(0, vec![data(0, batch(0, 3))]);
    bench.take(1);
    bench.fetch();
    bench.answer(
        0,
        vec![PartitionData { diverging_epoch: EpochEndOffset { epoch: 2, end_offset: 2 }, ..cut() }],
    );
    assert_eq!((bench.take(9), bench.position(0)), (NOTHING.to_vec(), Some(1)));
    assert_eq!(bench.fetch(), (0, vec![(0, 1)]));
}

#[tokio::test]
async fn another_topic_of_the_same_name_begins_with_its_first_record_or_is_told() {
    for (reset, is_told) in
        [(OffsetReset::Earliest, false), (OffsetReset::Latest, false), (OffsetReset::None, true)]
    {
        let mut bench = Bench::at(Settings { reset, ..settings() }, &[5]);
        assert_eq!(bench.fetch(), (0, vec![(0, 5)]));
        bench.answer(0, vec![data(0, batch(5, 2))]);
        bench.cluster = cluster_with(Uuid::from_u128(8), &[0]);
        assert!(bench.due().is_empty(), "what was read is given before anything is asked");
        assert_eq!(bench.take(10), [5, 6]);
        assert!(bench.due().is_empty());
        if is_told {
            let error = bench.try_take(10).expect_err("it is told");
            assert!(matches!(error, Error::Truncated { offset: 7, end: 0, .. }), "{error}");
            bench.now += PAUSE;
            assert!(bench.due().is_empty());
            assert!(bench.try_take(10).is_err(), "and again, until somebody seeks");
            bench.fetcher.seek(&partition(0), StartAt::Offset(2)).unwrap();
            assert_eq!(bench.fetch(), (0, vec![(0, 2)]));
        } else {
            let due = bench.due();
            let [Command::Find(asked, round)] = &due[..] else { panic!("{due:?}") };
            assert_eq!(asked, &[(partition(0), -2)], "{reset:?}");
            bench.fetcher.found(*round, vec![(partition(0), Ok(Some(Position::at(1))))], bench.now);
            assert_eq!(bench.fetch(), (0, vec![(0, 1)]));
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_behind_what_can_and_a_seek_goes_on() {
    let mut bench = Bench::at(settings(), &[0]);
    bench.fetch();
    let mut bad = batch(2, 2);
    bad[100] ^= 1;
    bench.answer(0, vec![data(0, [batch(0, 2), bad].concat())]);
    assert_eq!(bench.take(9), vec![0, 1]);
    let error = bench.try_take(9).unwrap_err();
    assert!(matches!(error, Error::Corrupt { offset: 2, .. }), "{error}");
    bench.fetcher.seek(&partition(0), StartAt::Offset(4)).unwrap();
    assert_eq!(bench.fetch(), (0, vec![(0, 4)]));
}

#[tokio::test]
async fn a_leader_that_moved_is_learnt_and_the_partition_rests_a_while() {
    let mut bench = Bench::at(settings(), &[0]);
    bench.fetch();
    let moved = PartitionData {
        current_leader: LeaderIdAndEpoch { leader_id: 1, leader_epoch: 4 },
        ..refused(0, ErrorCode::NotLeaderOrFollower)
    };
    let learnt = bench.answer(0, vec![moved]);
    assert!(learnt.is_stale);
    assert_eq!(learnt.leaders.len(), 1);
    bench.cluster = cluster(&[1]);
    let due = bench.fetcher.due(bench.now, WALL_MS, &bench.cluster);
    assert!(due.commands.is_empty());
    bench.now = due.wake_at.expect("it rests");
    assert_eq!(bench.fetch(), (1, vec![(0, 0)]));
    assert_eq!(bench.take(9), NOTHING, "nobody is told of what is mended");
}

#[tokio::test]
async fn a_broker_that_does_not_answer_is_asked_again_and_what_cannot_be_mended_is_told() {
    let gone = Error::Disconnected { broker: "b".into(), api: crate::ApiKey::Fetch, reason: "gone".into() };
    let stranger = Error::Authentication { broker: "b".into(), reason: "no".into() };
    for (error, is_told) in [(gone, false), (stranger, true)] {
        let mut bench = Bench::at(settings(), &[0]);
        bench.fetch();
        assert!(bench.fetcher.answered(0, Err(error), bench.now).is_stale);
        assert_eq!(bench.try_take(9).is_err(), is_told);
        assert!(bench.due().is_empty());
        bench.now += PAUSE;
        assert_eq!(bench.fetch(), (0, vec![(0, 0)]));
    }
}

#[tokio::test]
async fn a_replica_nearby_is_read_until_it_lags_behind() {
    let mut bench = Bench::at(settings(), &[50]);
    bench.fetch();
    bench.answer(0, vec![PartitionData { preferred_read_replica: 2, ..data(0, Vec::new()) }]);
    assert_eq!(bench.fetch(), (2, vec![(0, 50)]));
    bench.answer(2, vec![refused(0, ErrorCode::OffsetOutOfRange)]);
    assert_eq!(bench.fetch().0, 0, "only the leader knows what is out of range");
    assert_eq!(bench.position(0), Some(50));
}

#[tokio::test]
async fn a_partition_without_a_leader_is_missed_and_its_topics_error_is_told_if_it_stays() {
    let mut bench = Bench::at(settings(), &[0]);
    bench.cluster = cluster(&[-1]);
    let due = bench.fetcher.due(bench.now, WALL_MS, &bench.cluster);
    assert!(due.commands.is_empty() && due.misses_leader);
    for (code, is_told) in
        [(ErrorCode::UnknownTopicOrPartition, false), (ErrorCode::TopicAuthorizationFailed, true)]
    {
        bench.fetcher.refreshed(Ok(()), vec![(partition(0), Some(code))], bench.now);
        assert_eq!(bench.try_take(9).is_err(), is_told, "{code}");
    }
}

#[tokio::test]
async fn a_session_that_the_broker_lost_is_opened_anew_at_once() {
    let mut bench = Bench::at(settings(), &[0]);
    bench.fetch();
    bench.answer(0, vec![data(0, batch(0, 1))]);
    bench.fetch();
    let lost =
        FetchResponse { error_code: ErrorCode::FetchSessionIdNotFound.code(), ..FetchResponse::default() };
    assert!(!bench.fetcher.answered(0, Ok(lost), bench.now).is_stale);
    assert_eq!(bench.fetch(), (0, vec![(0, 1)]));
    assert!(bench.fetcher.closing().is_empty());
    bench.answer(0, vec![]);
    assert_eq!(bench.fetcher.closing().len(), 1);
}

#[test]
fn what_comes_besides_begins_where_the_group_is_and_what_goes_leaves_the_rest_alone() {
    let mut bench = Bench::new(Settings { has_group: true, ..settings() }, &[0, 0, 0]);
    bench.fetcher.assign(vec![(partition(0), StartAt::Offset(5))]).unwrap();
    let besides = [1, 2].map(|number| (partition(number), StartAt::Committed));
    bench.fetcher.add(besides.to_vec()).unwrap();
    let due = bench.fetcher.due(bench.now, WALL_MS, &bench.cluster);
    let recalled = due.commands.iter().find_map(|command| match command {
        Command::Recall(partitions, round) => Some((partitions.clone(), *round)),
        Command::Fetch(..) | Command::Find(..) => None,
    });
    let (partitions, round) = recalled.unwrap();
    assert_eq!(partitions, [partition(1), partition(2)]);
    let found = vec![(partition(1), Ok(Some(Position::at(7)))), (partition(2), Ok(None))];
    bench.fetcher.found(round, found, bench.now);
    let position = |bench: &Bench, number| bench.fetcher.assigned[&partition(number)].known_position();
    assert_eq!(position(&bench, 1), Some(7));
    assert_eq!(position(&bench, 2), None, "nothing was committed: it begins where auto.offset.reset says");
    bench.fetcher.remove(&[partition(1)]);
    assert_eq!(bench.fetcher.assigned.len(), 2);
    assert_eq!(position(&bench, 0), Some(5));
}
