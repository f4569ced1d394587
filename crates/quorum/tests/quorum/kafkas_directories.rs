//! The data directories that a node of Apache Kafka 4.3.1 left behind.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
    sync::Arc,
};

use crate::support::{NOW, create, names, open_as};
use flate2::read::GzDecoder;
use ottla_log::disk::{Disk, RealDisk};
use ottla_quorum::{FOLDER, MetadataLog, SnapshotId, read_identity};
use tempfile::TempDir;
use uuid::Uuid;

const BLOCK: usize = 512;

/// Unpacks regular files of a tar archive.
fn unpack(name: &str) -> TempDir {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name);
    let mut tar = Vec::new();
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    GzDecoder::new(file).read_to_end(&mut tar).expect("the archive is gzip");
    let dir = TempDir::new().expect("a temporary directory");
    let mut at = 0;
    while tar[at] != 0 {
        let text = |range: std::ops::Range<usize>| {
            let field = &tar[at + range.start..at + range.end];
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
            std::str::from_utf8(&field[..end]).expect("ASCII").trim().to_owned()
        };
        let size = usize::from_str_radix(&text(124..136), 8).expect("an octal size");
        let path = dir.path().join(text(0..100));
        if tar[at + 156] == b'0' {
            fs::create_dir_all(path.parent().expect("it lies in a folder")).unwrap();
            fs::write(path, &tar[at + BLOCK..at + BLOCK + size]).unwrap();
        }
        at += BLOCK + size.div_ceil(BLOCK) * BLOCK;
    }
    dir
}

fn check(
    archive: &str,
    is_clean: bool,
    epoch: i32,
    end_of_log: i64,
    next_producer_id: i64,
) -> (TempDir, MetadataLog) {
    let dir = unpack(archive);
    let data = dir.path().join("data");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let identity = read_identity(&*disk, &data, Uuid::nil()).unwrap().expect("it is formatted");
    assert_eq!((identity.cluster_id.as_str(), identity.node_id), ("eA5UUVveQcGy8ukrlh49mg", 1));

    let opened = open_as(&disk, &data, u64::MAX, is_clean).unwrap();
    assert_eq!(opened.snapshot, Some(SnapshotId { end: 378, epoch: 3 }));
    assert_eq!(opened.recovery.cut, None);
    let log = opened.log;
    assert_eq!((log.epoch(), log.end_offset()), (epoch, end_of_log + 1), "one record more: the new leader");
    let image = log.image();
    assert_eq!((image.topics().len(), image.topics().partition_count()), (25, 32));
    assert_eq!((image.metadata_version(), image.next_producer_id()), (30, next_producer_id));
    assert!(image.topics().by_name("with.dots_and-dashes").is_some());
    (dir, log)
}

#[test]
fn a_directory_that_was_closed_is_opened() {
    check("data-dir-clean.tar.gz", true, 4, 379, 3000);
}

#[test]
fn a_directory_of_a_killed_node_is_opened_and_written_and_opened_again() {
    let (dir, mut log) = check("data-dir-killed.tar.gz", false, 5, 421, 4000);
    create(&mut log, "ours", 1);
    let image = log.image().clone();
    drop(log);
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let data = dir.path().join("data");
    let mut log = open_as(&disk, &data, 1, false).unwrap().log;
    assert_eq!(log.image(), &image);
    assert!(log.maybe_snapshot(NOW).unwrap());
    drop(log);
    let opened = open_as(&disk, &data, u64::MAX, false).unwrap();
    assert_eq!((opened.snapshot.map(|id| id.epoch), opened.log.image()), (Some(6), &image));
    assert!(names(opened.log.image()).contains("ours"));
    assert!(data.join(FOLDER).join("quorum-state").exists());
}
