//! Bits that turned on the medium: never skipped, never taken for the end.

use super::support::*;
use crate::disk::{Disk, Loss};
use crate::error::Error;

/// Entries in several files, several rounds in each; all durable. The last round is the only one of which
/// nothing that follows proves that it was.
fn world() -> World {
    let mut world = World::new();
    world.write_each(0..12, 1500);
    world
}

#[test]
fn no_bit_turns_unnoticed_but_in_padding_and_in_the_last_round() {
    let world = world();
    let all = recover(&world.disk).unwrap();
    let mut reported = 0;
    for path in world.files() {
        for position in (0..world.disk.len(&path).unwrap()).step_by(61) {
            let damaged = world.disk.crash(Loss::Nothing);
            damaged.flip_bit(&path, position, 3);
            match recover(&damaged) {
                Ok(found) => assert!(
                    found == all || found == all[..all.len() - 1],
                    "byte {position} of {path:?}: {:?}",
                    numbers(&found)
                ),
                Err(Error::Corrupt { .. }) => reported += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(reported > 11 * 1500 / 61, "{reported}");
}

#[test]
fn damage_is_reported_with_its_place_and_what_proves_it() {
    let world = world();
    world.disk.flip_bit(&world.files()[0], 4096 + 200, 0);
    let error = recover(&world.disk).unwrap_err().to_string();
    assert!(error.contains("00000000.journal is corrupt at byte 4096: entry 1 is missing"), "{error}");
}

#[test]
fn a_missing_file_is_reported() {
    let world = world();
    for path in &world.files()[..world.files().len() - 1] {
        let damaged = world.disk.crash(Loss::Nothing);
        damaged.remove_file(path).unwrap();
        let error = recover(&damaged).unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    }
}

#[test]
fn a_missing_checkpoint_is_reported() {
    let world = world();
    world.disk.remove_file(&dir().join("checkpoint")).unwrap();
    recover(&world.disk).unwrap_err();
}

#[test]
fn after_damage_there_is_nothing_more() {
    let world = world();
    world.disk.flip_bit(&world.files()[0], 4096 + 200, 0);
    let found: Vec<_> =
        super::super::Recovery::open(std::sync::Arc::new(world.disk), dir(), OPTIONS).unwrap().collect();
    assert_eq!(found.len(), 1);
}

/// A record that imitates a frame, at the place of a write that tore, must not pass for one: clients do not
/// know the salt.
#[test]
fn what_a_client_wrote_does_not_pass_for_a_frame() {
    use super::super::Lsn;
    use super::super::frame::{FRAME_HEAD_SIZE, FrameHeader};
    let header = FrameHeader {
        lsn: Lsn::new(1),
        synced: Lsn::ZERO,
        generation: 1,
        batch_size: 100,
        padding: 0,
        partition: 0,
        topic_id: topic(0),
    };
    let mut head = [0; FRAME_HEAD_SIZE];
    header.seal(0, &mut head);
    assert_eq!(FrameHeader::parse(OPTIONS.salt, &head), None);
}
