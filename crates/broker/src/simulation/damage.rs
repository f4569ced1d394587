//! One bit has turned on the medium. What was durable and cannot be read is reported: nothing is cut off and nothing is
//! skipped, so that with the bit turned back everything is there.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use ottla_log::{
    HIGH_WATERMARKS, LEADER_EPOCHS, LOG_STARTS, RECOVERY_POINTS,
    disk::{Disk, Kind, Loss, SimDisk},
};
use ottla_quorum as quorum;
use ottla_records::Offset;

use super::{
    checks::{check, contents},
    history::{Fate, History},
    node::{DIR, JOURNAL_DIR, Node, readable},
    script::{Script, name, place},
};
use crate::partition::Partition;

/// So many bits of a large file are tried.
const BITS: u64 = 50;
/// Of a batch: offset, length and leader epoch lie outside of its checksum. Where no recovery looks, and no consumer
/// does, nobody sees that they have changed.
const UNCHECKED: usize = 16;
const POWER_LOSS: Fate = Fate::PowerLoss;

/// A disk with synced segments, with segments that are ahead of their recovery points, and with a journal. What was
/// promised at that moment is behind the journal's last write but one: of the last one nobody can tell whether it was
/// whole once.
fn world(seed: u64) -> (SimDisk, History, usize) {
    let mut script = Script::new(seed);
    script.fill();
    let at = script.disk.operations();
    script.go_on();
    (script.disk.crash(Loss::Nothing), script.history.clone(), at)
}

/// The files of partitions, journal and checkpoints, with their lengths.
fn files(disk: &SimDisk, dir: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in disk.list(dir).expect("a folder") {
        let path = dir.join(&entry.name);
        match entry.kind {
            Kind::Directory if entry.name == quorum::FOLDER => {}
            Kind::Directory => found.extend(files(disk, &path)),
            Kind::File | Kind::Other => found.push((path, entry.len)),
        }
    }
    found
}

fn is_named(path: &Path, names: &[&str]) -> bool {
    path.file_name().is_some_and(|name| names.iter().any(|known| name == *known))
}

/// Kafka's text files have no checksum. A digit that became another one is as good as the right one; then at least no
/// record may be lost.
fn is_unchecked(path: &Path) -> bool {
    is_named(path, &[RECOVERY_POINTS, LOG_STARTS, HIGH_WATERMARKS, LEADER_EPOCHS])
}

struct Damage<'a> {
    origin: &'a SimDisk,
    history: &'a History,
    at: usize,
    path: &'a Path,
    position: u64,
    bit: u8,
}

impl Damage<'_> {
    fn fail(&self, error: impl std::fmt::Display) -> ! {
        panic!("bit {} at byte {} of {}: {error}", self.bit, self.position, self.path.display())
    }

    /// Whether it was reported.
    fn check(&self) -> bool {
        let disk = self.origin.crash(Loss::Nothing);
        disk.flip_bit(self.path, self.position, self.bit);
        let was_reported = match Node::open(&disk) {
            Err(_) => true,
            Ok(node) => {
                self.check_served(&node);
                false
            }
        };
        if !is_unchecked(self.path) {
            self.check_turned_back(&disk);
        }
        was_reported
    }

    /// A consumer sees each record that was promised, or that it is damaged.
    fn check_served(&self, node: &Node) {
        for partition in node.partitions() {
            let Some(history) = self.history.partitions.get(&place(&partition)) else { continue };
            let Ok(batches) = readable(&partition) else { continue };
            let start = self.start(&partition);
            for written in history.promised(self.at, POWER_LOSS) {
                let base = written.header.base_offset;
                let is_there = batches.iter().any(|batch| {
                    let is_same = batch.bytes().get(UNCHECKED..) == written.bytes.get(UNCHECKED..);
                    is_same || (batch.header().base_offset == base && !batch.crc_is_valid())
                });
                if !is_there && written.header.next_offset() > start {
                    self.fail(format!("the batch at {base} of {} is skipped", name(&partition)));
                }
            }
        }
    }

    /// What a log start that was misread hides is not lost.
    fn start(&self, partition: &Arc<Partition>) -> Offset {
        if is_named(self.path, &[LOG_STARTS]) { partition.lock().log.start_offset() } else { 0 }
    }

    fn check_turned_back(&self, disk: &SimDisk) {
        let Ok(len) = disk.len(self.path) else { return };
        if self.position < len && self.byte(disk) != self.byte(self.origin) {
            disk.flip_bit(self.path, self.position, self.bit);
        }
        let node = Node::open(disk).unwrap_or_else(|error| self.fail(format!("turned back: {error}")));
        check(&node, self.history, self.at, POWER_LOSS)
            .unwrap_or_else(|error| self.fail(format!("turned back: {error}")));
    }

    fn byte(&self, disk: &SimDisk) -> u8 {
        let file = disk.open(self.path, ottla_log::disk::Mode::Read).expect("the file");
        let mut byte = [0];
        file.read_exact_at(&mut byte, self.position).expect("the byte");
        byte[0]
    }
}

#[test]
fn a_bit_that_turned_is_reported_or_harmless_and_costs_no_record() {
    let (origin, history, at) = world(1);
    let mut reported: BTreeMap<String, usize> = BTreeMap::new();
    for (path, len) in files(&origin, Path::new(DIR)) {
        let step = (len / BITS).max(1);
        for position in (0..len).step_by(usize::try_from(step).expect("small")) {
            let bit = u8::try_from(position % 8).expect("a bit");
            let damage = Damage { origin: &origin, history: &history, at, path: &path, position, bit };
            if damage.check() {
                let kind = path.extension().or(path.file_name()).expect("a name");
                *reported.entry(kind.to_string_lossy().into_owned()).or_default() += 1;
            }
        }
    }
    for kind in ["log", "journal", "metadata", "checkpoint", RECOVERY_POINTS, LOG_STARTS, LEADER_EPOCHS] {
        assert!(reported.contains_key(kind), "nothing was reported of {kind}: {reported:?}");
    }
}

#[test]
fn a_clean_stop_leaves_nothing_to_scan_and_no_journal() {
    let mut script = Script::new(2);
    script.fill();
    let before = contents(script.node());
    script.stop();
    let disk = &script.disk;
    assert!(!disk.exists(Path::new(JOURNAL_DIR)).expect("an answer"), "the journal is still there");
    let turn = |at: u64| {
        for (path, len) in files(disk, Path::new(DIR)) {
            if path.extension().is_some_and(|extension| extension == "log") && len > at {
                disk.flip_bit(&path, at, 0);
            }
        }
    };
    // Within the records of each segment's first batch, where only a scan would look.
    let undamaged = disk.crash(Loss::Everything);
    turn(70);
    let node = Node::open(disk).expect("nothing was scanned");
    for partition in node.partitions() {
        let state = partition.lock();
        assert_eq!(state.log.recovery_point(), state.log.end_offset(), "{}", name(&partition));
    }
    let node = Node::open(&undamaged).expect("a clean stop can be started on");
    assert_eq!(contents(&node), before);
}
