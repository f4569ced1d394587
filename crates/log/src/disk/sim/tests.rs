use std::collections::BTreeSet;
use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;

use super::super::{Disk, File, Mode};
use super::{Call, Loss, SimDisk};

fn path(name: &str) -> &Path {
    Path::new(name)
}

fn create(disk: &SimDisk, name: &str) -> Arc<dyn File> {
    disk.open(path(name), Mode::CreateNew).unwrap()
}

fn write(file: &dyn File, position: u64, bytes: &[u8]) {
    file.write_all_at(&[IoSlice::new(bytes)], position).unwrap();
}

fn content(disk: &SimDisk, name: &str) -> Option<Vec<u8>> {
    let file = disk.open(path(name), Mode::Read).ok()?;
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    Some(bytes)
}

/// A disk with one durable file.
fn disk_with(name: &str, bytes: &[u8]) -> (SimDisk, Arc<dyn File>) {
    let disk = SimDisk::new();
    let file = create(&disk, name);
    write(&*file, 0, bytes);
    file.sync_data().unwrap();
    disk.sync_dir(path("/")).unwrap();
    (disk, file)
}

/// What `name` may hold after a crash now.
fn outcomes(disk: &SimDisk, name: &str) -> BTreeSet<Option<String>> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    disk.crashes(1000, 0).iter().map(|crashed| content(crashed, name).map(text)).collect()
}

fn check_outcomes(disk: &SimDisk, name: &str, expected: &[Option<&str>]) {
    let expected = expected.iter().map(|text| text.map(str::to_owned)).collect();
    assert_eq!(outcomes(disk, name), expected, "of {name}");
}

#[test]
fn what_was_synced_survives_every_crash() {
    let (disk, _file) = disk_with("a", b"one");
    check_outcomes(&disk, "a", &[Some("one")]);
}

#[test]
fn unsynced_bytes_and_the_unsynced_length_may_each_be_lost() {
    let (disk, file) = disk_with("a", b"one");
    write(&*file, 2, b"lyx");
    check_outcomes(&disk, "a", &[Some("one"), Some("onlyx"), Some("one\0\0"), Some("onl")]);
}

#[test]
fn a_block_holds_what_it_held_after_any_of_its_writes() {
    let (disk, file) = disk_with("a", b"----");
    write(&*file, 0, b"1");
    write(&*file, 1, b"2");
    check_outcomes(&disk, "a", &[Some("----"), Some("1---"), Some("12--")]);
}

#[test]
fn a_write_tears_between_blocks() {
    let (disk, file) = disk_with("a", &[b'-'; 1024]);
    write(&*file, 0, &[b'x'; 1024]);
    let torn: BTreeSet<_> = disk
        .crashes(1000, 0)
        .iter()
        .map(|crashed| {
            let bytes = content(crashed, "a").unwrap();
            (bytes[0], bytes[511], bytes[512], bytes[1023])
        })
        .collect();
    let block = [b'-', b'x'];
    let expected = block.iter().flat_map(|&a| block.iter().map(move |&b| (a, a, b, b))).collect();
    assert_eq!(torn, expected);
}

#[test]
fn a_name_is_lost_unless_its_directory_was_synced() {
    let disk = SimDisk::new();
    let file = create(&disk, "a");
    write(&*file, 0, b"one");
    file.sync_data().unwrap();
    check_outcomes(&disk, "a", &[None, Some("one")]);
    disk.sync_dir(path("/")).unwrap();
    check_outcomes(&disk, "a", &[Some("one")]);
}

#[test]
fn a_rename_happens_wholly_or_not_at_all() {
    let (disk, _old) = disk_with("a", b"old");
    let file = create(&disk, "a.tmp");
    write(&*file, 0, b"new");
    file.sync_data().unwrap();
    disk.rename(path("a.tmp"), path("a")).unwrap();
    check_outcomes(&disk, "a", &[Some("old"), Some("new")]);
    check_outcomes(&disk, "a.tmp", &[None, Some("new")]);
    assert!(
        disk.crashes(1000, 0).iter().all(|crashed| {
            content(crashed, "a").unwrap() == b"old" || content(crashed, "a.tmp").is_none()
        })
    );
}

#[test]
fn a_removed_file_may_come_back_until_its_directory_is_synced() {
    let (disk, _file) = disk_with("a", b"one");
    disk.remove_file(path("a")).unwrap();
    check_outcomes(&disk, "a", &[None, Some("one")]);
    disk.sync_dir(path("/")).unwrap();
    check_outcomes(&disk, "a", &[None]);
}

#[test]
fn a_directory_that_is_lost_takes_its_files_with_it() {
    let disk = SimDisk::new();
    disk.create_dir_all(path("/x/y")).unwrap();
    create(&disk, "/x/y/a");
    disk.sync_dir(path("/x/y")).unwrap();
    disk.sync_dir(path("/x")).unwrap();
    assert!(!disk.crash(Loss::Everything).exists(path("/x")).unwrap());
    disk.sync_dir(path("/")).unwrap();
    assert!(disk.crash(Loss::Everything).exists(path("/x/y/a")).unwrap());
}

#[test]
fn a_failed_sync_is_not_made_good_by_the_next() {
    let (disk, file) = disk_with("a", b"one");
    write(&*file, 0, b"two");
    disk.fail(Call::Sync, "a", 0);
    assert_eq!(file.sync_data().unwrap_err().raw_os_error(), Some(5));
    file.sync_data().unwrap();
    assert_eq!(content(&disk, "a").unwrap(), b"two");
    check_outcomes(&disk, "a", &[Some("one")]);
}

#[test]
fn a_fault_strikes_once_after_the_calls_that_it_skips() {
    let (disk, file) = disk_with("a", b"one");
    disk.fail(Call::Write, "a", 1);
    disk.fail(Call::Read, "other", 0);
    write(&*file, 0, b"1");
    file.write_all_at(&[IoSlice::new(b"2")], 0).unwrap_err();
    write(&*file, 0, b"3");
    assert_eq!(content(&disk, "a").unwrap(), b"3ne");
}

#[test]
fn a_full_disk_takes_what_fits_and_still_overwrites() {
    let (disk, file) = disk_with("a", b"one");
    disk.limit_room(2);
    let error = file.write_all_at(&[IoSlice::new(b"3456")], 2).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(content(&disk, "a").unwrap(), b"on345");
    write(&*file, 0, b"12");
    assert_eq!(disk.free_space(path("/")).unwrap().free, 0);
}

#[test]
fn a_flipped_bit_is_durable() {
    let (disk, _file) = disk_with("a", b"one");
    disk.flip_bit(path("a"), 1, 0);
    check_outcomes(&disk, "a", &[Some("ooe")]);
}

#[test]
fn each_prefix_holds_what_happened_until_then() {
    let (disk, file) = disk_with("a", b"one");
    let written = disk.operations();
    write(&*file, 0, b"two");
    let held: Vec<_> = disk.prefixes().map(|(at, disk)| (at, content(&disk, "a"))).collect();
    assert_eq!(held.first(), Some(&(0, None)));
    assert_eq!(held[written], (written, Some(b"one".to_vec())));
    assert_eq!(held.last(), Some(&(written + 1, Some(b"two".to_vec()))));
}

#[test]
fn more_outcomes_than_asked_for_are_sampled_the_same_for_the_same_seed() {
    let (disk, file) = disk_with("a", &[0; 16 * 512]);
    write(&*file, 0, &[1; 16 * 512]);
    let sampled = |seed| disk.crashes(20, seed).iter().map(|disk| content(disk, "a")).collect::<Vec<_>>();
    assert_eq!(sampled(7), sampled(7));
    assert_ne!(sampled(7), sampled(8));
    assert_eq!(sampled(7).len(), 20);
    assert!(sampled(7).contains(&Some(vec![0; 16 * 512])));
    assert!(sampled(7).contains(&Some(vec![1; 16 * 512])));
    assert_eq!(
        content(&disk.crash(Loss::Part { seed: 3 }), "a"),
        content(&disk.crash(Loss::Part { seed: 3 }), "a")
    );
}

#[test]
fn a_lock_is_held_by_one_until_it_is_dropped_or_the_power_fails() {
    let disk = SimDisk::new();
    let lock = disk.lock(path(".lock")).unwrap();
    assert_eq!(disk.lock(path(".lock")).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    disk.crash(Loss::Nothing).lock(path(".lock")).unwrap();
    drop(lock);
    disk.lock(path(".lock")).unwrap();
}

#[test]
fn a_file_opened_for_reading_is_not_written() {
    let (disk, _file) = disk_with("a", b"one");
    let file = disk.open(path("a"), Mode::Read).unwrap();
    file.set_len(0).unwrap_err();
}
