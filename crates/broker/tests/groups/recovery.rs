//! Groups after a restart: from the log alone.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use ottla_records::{BatchBuilder, BatchOptions};
use ottla_wire::{
    ErrorCode, Uuid,
    messages::{
        DescribeGroupsRequest, HeartbeatRequest, ListOffsetsRequest,
        list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
    },
};
use tempfile::TempDir;

use crate::{
    membership::stable_member,
    node::{Client, Node, OFFSETS_PARTITIONS},
    offsets::{commit, committed},
};

#[tokio::test]
async fn what_was_committed_is_there_after_a_stop_and_after_a_kill() {
    let node = Node::start().await;
    let mut client = node.group_client().await;
    client.create_topic("t", 1).await;
    let groups: Vec<String> = (0..30).map(|n| format!("group-{n}")).collect();
    for (offset, group) in (0..).zip(&groups) {
        client.call(7, &commit(group, &[("t", Uuid::nil(), &[(0, offset)])])).await;
    }
    let killed = node.start_on_copy().await;
    let stopped = node.restart().await;
    for node in [killed, stopped] {
        let mut client = node.client().await;
        for (offset, group) in (0..).zip(&groups) {
            assert_eq!(committed(&mut client, group).await, [("t".to_string(), 0, offset)], "{group}");
        }
        node.stop().await;
    }
}

#[tokio::test]
async fn members_go_on_after_a_restart_as_if_nothing_had_happened() {
    let node = Node::start().await;
    let mut client = node.group_client().await;
    let member = stable_member(&mut client, "g").await;
    let heartbeat = HeartbeatRequest {
        group_id: "g".into(),
        generation_id: member.generation_id,
        member_id: member.member_id.clone(),
        ..Default::default()
    };
    let node = node.restart().await;
    let mut client = node.client().await;
    let loading = ErrorCode::CoordinatorLoadInProgress.code();
    let beat = client.until(3, &heartbeat, |beat| beat.error_code != loading).await;
    assert_eq!(beat.error_code, ErrorCode::None.code());
    let describe = DescribeGroupsRequest { groups: vec!["g".into()], ..Default::default() };
    let described = client.call(5, &describe).await;
    assert_eq!(&*described.groups[0].group_state, "Stable");
    assert_eq!(&described.groups[0].members[0].member_assignment[..], b"all");
}

/// Where each partition that keeps groups ends.
async fn ends(client: &mut Client) -> Vec<i64> {
    let partition =
        |partition_index| ListOffsetsPartition { partition_index, timestamp: -1, ..Default::default() };
    let partitions = (0..i32::try_from(OFFSETS_PARTITIONS).expect("few")).map(partition).collect();
    let topic = ListOffsetsTopic { name: "__consumer_offsets".into(), partitions };
    let listed = client.call(5, &ListOffsetsRequest { topics: vec![topic], ..Default::default() }).await;
    listed.topics[0].partitions.iter().map(|partition| partition.offset).collect()
}

/// Adds a batch to every partition that keeps groups, behind a broker's back: nothing in it can be understood.
fn add_nonsense(data: &Path) {
    for partition in 0..OFFSETS_PARTITIONS {
        let folder = data.join(format!("__consumer_offsets-{partition}"));
        let segment = folder.join("00000000000000000000.log");
        // A partition that nothing was written to has no file yet; the one with the commit has one record.
        let base_offset = i64::from(fs::metadata(&segment).is_ok_and(|segment| segment.len() > 0));
        let options = BatchOptions { base_offset, leader_epoch: 0, ..BatchOptions::default() };
        let mut batch = BatchBuilder::new(options);
        for key in [&b"nonsense"[..], b"", b"\0\x01\0\x05short"] {
            batch.append(1, Some(key), Some(b"\0\x7f"), &[]).expect("it fits");
        }
        batch.append(1, None, Some(b"without a key"), &[]).expect("it fits");
        let batch = batch.build().expect("a batch");
        let mut file = OpenOptions::new().append(true).create(true).open(segment).expect("a segment");
        file.write_all(batch.bytes()).expect("the segment can be written");
    }
    fs::remove_file(data.join(".kafka_cleanshutdown")).expect("it was stopped cleanly");
}

#[tokio::test]
async fn what_cannot_be_read_is_skipped_and_the_rest_is_served() {
    let temporary = TempDir::new().expect("a temporary directory");
    let data = temporary.path().join("data");
    let node = Node::start_in(TempDir::new().expect("another"), data.clone(), &[]).await;
    let mut client = node.group_client().await;
    client.create_topic("t", 1).await;
    client.call(7, &commit("g", &[("t", Uuid::nil(), &[(0, 5)])])).await;
    node.stop().await;
    add_nonsense(&data);
    let node = Node::start_in(temporary, data, &[]).await;
    let mut client = node.client().await;
    let mut ends = ends(&mut client).await;
    ends.sort_unstable();
    assert_eq!(ends, [4, 4, 4, 5], "the nonsense is in the log");
    assert_eq!(committed(&mut client, "g").await, [("t".to_string(), 0, 5)]);
    client.call(7, &commit("g", &[("t", Uuid::nil(), &[(0, 6)])])).await;
    assert_eq!(committed(&mut client, "g").await, [("t".to_string(), 0, 6)]);
}

/// The files of the partitions that keep groups, and how long they are.
fn segments(data: &Path) -> Vec<(PathBuf, u64)> {
    let folder = |partition| data.join(format!("__consumer_offsets-{partition}"));
    let segments = (0..OFFSETS_PARTITIONS).map(|p| folder(p).join("00000000000000000000.log"));
    segments.filter_map(|path| fs::metadata(&path).ok().map(|segment| (path, segment.len()))).collect()
}

#[tokio::test]
async fn a_topic_that_was_deleted_just_before_a_kill_leaves_no_offsets() {
    let temporary = TempDir::new().expect("a temporary directory");
    let data = temporary.path().join("data");
    let another = || TempDir::new().expect("another");
    let node = Node::start_in(another(), data.clone(), &[]).await;
    let mut client = node.group_client().await;
    for topic in ["stays", "goes"] {
        client.create_topic(topic, 1).await;
    }
    let offsets = &[(0, 5)][..];
    client.call(7, &commit("g", &[("stays", Uuid::nil(), offsets), ("goes", Uuid::nil(), offsets)])).await;
    node.stop().await;
    let before = segments(&data);

    let node = Node::start_in(another(), data.clone(), &[]).await;
    let mut client = node.client().await;
    assert_eq!(committed(&mut client, "g").await.len(), 2);
    client.delete_topic("goes").await;
    node.stop().await;
    assert_ne!(segments(&data), before, "the deletion is in the log");
    for (segment, size) in before {
        let segment = OpenOptions::new().write(true).open(segment).expect("a segment");
        segment.set_len(size).expect("it can be cut");
    }
    for file in [".kafka_cleanshutdown", "recovery-point-offset-checkpoint"] {
        fs::remove_file(data.join(file)).expect("a clean stop leaves it");
    }

    let node = Node::start_in(temporary, data, &[]).await;
    let mut client = node.client().await;
    client.create_topic("goes", 1).await;
    assert_eq!(committed(&mut client, "g").await, [("stays".to_string(), 0, 5)]);
}

/// See the manifest of the directory, `testdata/data-dir-clean.json.gz`.
#[tokio::test]
async fn the_groups_that_a_kafka_node_left_are_served() {
    let temporary = TempDir::new().expect("a temporary directory");
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/data-dir-clean.tar.gz");
    let status = Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(temporary.path()).status();
    assert!(status.expect("the tar program runs").success());
    let data = temporary.path().join("data");
    let node = Node::start_in(temporary, data, &[]).await;
    let mut client = node.client().await;
    let plain = |partition, offset| ("plain".to_string(), partition, offset);
    let zstd = ("codec-zstd".to_string(), 0, 3);
    for (group, expected) in [
        ("classic-group", vec![plain(0, 15), plain(1, 21)]),
        ("classic-static", vec![plain(0, 15), plain(1, 21)]),
        ("consumer-group", vec![zstd, plain(0, 30)]),
        ("tx-group", vec![plain(0, 1)]),
        ("admin-group", vec![plain(1, 3)]),
        ("deleted-group", vec![]),
    ] {
        assert_eq!(committed(&mut client, group).await, expected, "{group}");
    }
    let describe = DescribeGroupsRequest { groups: vec!["classic-static".into()], ..Default::default() };
    let described = client.call(5, &describe).await;
    assert_eq!((&*described.groups[0].group_state, described.groups[0].members.len()), ("Stable", 1));
}
