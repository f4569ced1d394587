//! The metadata log's life: first start, restarts, snapshots.

use std::{path::Path, sync::Arc};

use crate::support::{NOW, create, names, open, open_as, open_uncommitted, topic};
use ottla_log::disk::{Call, Disk, Mode, SimDisk};
use ottla_quorum::{Error, FOLDER, QuorumState, SnapshotId};
use ottla_records::{Batches, ControlKey, ControlType, Limits};
use ottla_wire::messages::{BeginTransactionRecord, MetadataRecord};

const DATA: &str = "/data";
const NO_SNAPSHOTS: u64 = u64::MAX;

fn disk() -> (SimDisk, Arc<dyn Disk>) {
    let sim = SimDisk::new();
    let disk: Arc<dyn Disk> = Arc::new(sim.clone());
    (sim, disk)
}

/// What a tool sees: of each batch its first offset, its epoch and the names of its records.
fn dump(disk: &dyn Disk, file: &str) -> Vec<(i64, i32, Vec<String>)> {
    let file = disk.open(&Path::new(DATA).join(FOLDER).join(file), Mode::Read).expect("the file is there");
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    let batches = Batches::new(bytes.into()).map(|batch| batch.expect("whole batches alone"));
    let describe = |batch: ottla_records::Batch| {
        batch.check_crc().expect("an intact batch");
        let header = *batch.header();
        let records = batch.records(&Limits::default()).unwrap().map(|record| {
            let record = record.unwrap();
            match header.is_control() {
                true => format!("{:?}", ControlKey::parse(&record.key.unwrap()).unwrap().control_type),
                false => MetadataRecord::decode_framed(&record.value.unwrap()).unwrap().name().to_owned(),
            }
        });
        (header.base_offset, header.leader_epoch, records.collect())
    };
    batches.map(describe).collect()
}

#[test]
fn a_new_log_begins_as_kafkas_does() {
    let (_, disk) = disk();
    let opened = open(&disk, Path::new(DATA), NO_SNAPSHOTS).unwrap();
    let [(0, 1, leader), (1, 1, bootstrap)] = &dump(&*disk, "00000000000000000000.log")[..] else {
        panic!("two batches")
    };
    assert_eq!(leader, &["LeaderChange"]);
    let mut expected = vec!["BeginTransactionRecord"];
    expected.extend(["FeatureLevelRecord"; 6]);
    expected.extend(["ConfigRecord", "EndTransactionRecord"]);
    assert_eq!(bootstrap, &expected);
    assert_eq!(opened.log.image().metadata_version(), 30);
    assert_eq!((opened.log.epoch(), opened.log.end_offset(), opened.log.next_offset()), (1, 10, 10));
    let state = QuorumState::read(&*disk, &Path::new(DATA).join(FOLDER)).unwrap();
    assert_eq!(state, Some(QuorumState { leader_epoch: 1, leader_id: 1, dynamic_voters: false }));
}

#[test]
fn each_start_begins_an_epoch_and_finds_what_was_committed() {
    let (_, disk) = disk();
    let mut before = open(&disk, Path::new(DATA), NO_SNAPSHOTS).unwrap().log;
    create(&mut before, "a", 2);
    for (is_clean, epoch) in [(false, 2), (true, 3), (false, 4)] {
        let image = before.image().clone();
        before.close(NOW).unwrap();
        let log = open_as(&disk, Path::new(DATA), NO_SNAPSHOTS, is_clean).unwrap().log;
        assert_eq!((log.epoch(), log.image()), (epoch, &image));
        before = log;
    }
    let epochs: Vec<_> =
        dump(&*disk, "00000000000000000000.log").into_iter().map(|(_, epoch, _)| epoch).collect();
    assert_eq!(epochs, [1, 1, 1, 2, 3, 4]);
}

#[test]
fn several_proposals_are_one_batch_and_show_in_the_image_at_once() {
    let (sim, disk) = disk();
    let mut log = open(&disk, Path::new(DATA), NO_SNAPSHOTS).unwrap().log;
    let (start, operations) = (log.end_offset(), sim.operations());
    for name in ["a", "b", "c"] {
        log.propose(topic(name, 1)).unwrap();
    }
    assert_eq!((log.end_offset(), log.next_offset(), sim.operations()), (start, start + 6, operations));
    assert_eq!(names(log.image()).len(), 3);
    let committed = log.commit(NOW).unwrap();
    assert_eq!((committed.records.len(), committed.end_offset), (6, start + 6));
    assert_eq!(dump(&*disk, "00000000000000000000.log").len(), 3);
    assert_eq!(log.commit(NOW).unwrap().records, []);
}

#[test]
fn what_a_commit_gives_completes_the_image_that_opening_gave() {
    let (_, disk) = disk();
    let mut log = open(&disk, Path::new(DATA), NO_SNAPSHOTS).unwrap().log;
    // The controller dies within a metadata transaction, which the next one aborts.
    log.propose(vec![BeginTransactionRecord { name: None }.into()]).unwrap();
    log.commit(NOW).unwrap();
    drop(log);
    let mut log = open_uncommitted(&disk, Path::new(DATA), NO_SNAPSHOTS, false).unwrap().log;
    let mut published = log.image().clone();
    assert!(!published.in_transaction());
    log.propose(topic("a", 1)).unwrap();
    for record in log.commit(NOW).unwrap().records {
        published.replay(record, &mut Vec::new()).expect("it fits");
    }
    assert_eq!(&published, log.image());
    drop(log);
    assert_eq!(open(&disk, Path::new(DATA), NO_SNAPSHOTS).unwrap().log.image(), &published);
}

#[test]
fn a_proposal_that_does_not_fit_is_refused() {
    let (_, disk) = disk();
    let mut log = open(&disk, Path::new(DATA), NO_SNAPSHOTS).unwrap().log;
    create(&mut log, "a", 1);
    assert!(matches!(log.propose(topic("a", 1)), Err(Error::Replay { offset: 12, .. })));
}

#[test]
fn snapshots_replace_the_log_before_them() {
    let (_, disk) = disk();
    let folder = Path::new(DATA).join(FOLDER);
    let mut log = open(&disk, Path::new(DATA), 1000).unwrap().log;
    for i in 0..40 {
        create(&mut log, &format!("topic-{i}"), 3);
        log.maybe_snapshot(NOW).unwrap();
    }
    let image = log.image().clone();
    drop(log);
    let files: Vec<String> = disk.list(&folder).unwrap().into_iter().map(|entry| entry.name).collect();
    let snapshots: Vec<_> = files.iter().filter_map(|name| SnapshotId::parse(name)).collect();
    assert_eq!(snapshots.len(), 2, "{files:?}");
    let first = files.iter().find(|name| name.ends_with(".log")).expect("there is a segment");
    assert_eq!(first[..20].parse(), Ok(snapshots[0].end), "the log starts where the older snapshot ends");
    let batches = dump(&*disk, &snapshots[1].file_name());
    assert_eq!(
        batches.first().map(|batch| &batch.2[..]),
        Some(&[format!("{:?}", ControlType::SnapshotHeader)][..])
    );
    assert_eq!(
        batches.last().map(|batch| &batch.2[..]),
        Some(&[format!("{:?}", ControlType::SnapshotFooter)][..])
    );

    let opened = open(&disk, Path::new(DATA), 1000).unwrap();
    assert_eq!((opened.snapshot, opened.log.image()), (Some(snapshots[1]), &image));
}

#[test]
fn a_snapshot_without_the_log_behind_it_is_enough_and_one_without_the_log_before_it_is_not() {
    let (_, disk) = disk();
    let folder = Path::new(DATA).join(FOLDER);
    let mut log = open(&disk, Path::new(DATA), 1).unwrap().log;
    create(&mut log, "a", 1);
    assert!(log.maybe_snapshot(NOW).unwrap());
    let id = SnapshotId { end: log.end_offset(), epoch: log.epoch() };
    drop(log);
    let later = SnapshotId { end: id.end + 100, ..id };
    disk.rename(&folder.join(id.file_name()), &folder.join(later.file_name())).unwrap();
    assert!(matches!(open(&disk, Path::new(DATA), 1), Err(Error::Gap { .. } | Error::Log(_))));
}

#[test]
fn a_failed_sync_is_an_error_and_what_was_committed_before_is_found() {
    let (sim, disk) = disk();
    let mut log = open(&disk, Path::new(DATA), NO_SNAPSHOTS).unwrap().log;
    create(&mut log, "a", 1);
    log.propose(topic("b", 1)).unwrap();
    sim.fail(Call::Sync, ".log", 0);
    assert!(log.commit(NOW).is_err());
    let crashed: Arc<dyn Disk> = Arc::new(sim.crash(ottla_log::disk::Loss::Everything));
    let log = open(&crashed, Path::new(DATA), NO_SNAPSHOTS).unwrap().log;
    assert!(names(log.image()).contains("a"));
}

#[test]
fn a_flipped_bit_in_the_middle_is_reported_and_nothing_is_cut() {
    let (sim, disk) = disk();
    let mut log = open(&disk, Path::new(DATA), NO_SNAPSHOTS).unwrap().log;
    let path = Path::new(DATA).join(FOLDER).join("00000000000000000000.log");
    create(&mut log, "a", 1);
    let middle = disk.len(&path).unwrap() - 20;
    create(&mut log, "b", 1);
    drop(log);
    sim.flip_bit(&path, middle, 3);
    let len = disk.len(&path).unwrap();
    for _ in 0..2 {
        assert!(matches!(open(&disk, Path::new(DATA), NO_SNAPSHOTS), Err(Error::Corrupt { .. })));
        assert_eq!(disk.len(&path).unwrap(), len);
    }
}
