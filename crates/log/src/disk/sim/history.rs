//! The changes that a disk went through, and the disk after each of them.

use std::sync::Arc;

use super::super::Kind;
use super::SimDisk;
use super::state::{Change, Ino, State, Step};

#[derive(Debug, Clone)]
pub(super) enum Operation {
    /// A node without a name yet.
    Make {
        kind: Kind,
    },
    Name {
        steps: Vec<Step>,
    },
    SyncNames {
        directory: Ino,
    },
    Write {
        file: Ino,
        position: u64,
        bytes: Arc<[u8]>,
    },
    SetLen {
        file: Ino,
        len: u64,
    },
    Sync {
        file: Ino,
    },
    FailSync {
        file: Ino,
    },
    Flip {
        file: Ino,
        position: u64,
        mask: u8,
    },
}

pub(super) fn perform(state: &mut State, operation: &Operation) {
    match operation {
        Operation::Make { kind } => state.make(*kind),
        Operation::Name { steps } => state.change_names(steps),
        Operation::SyncNames { directory } => state.sync_names(*directory),
        Operation::Write { file, position, bytes } => {
            let change = Change::Write { position: *position, bytes: Arc::clone(bytes) };
            state.content_mut(*file).change(change);
        }
        Operation::SetLen { file, len } => state.content_mut(*file).change(Change::SetLen(*len)),
        Operation::Sync { file } => state.content_mut(*file).sync(),
        // As Linux does it: the pages are clean now, and will not be written again.
        Operation::FailSync { file } => state.content_mut(*file).unsynced.clear(),
        Operation::Flip { file, position, mask } => flip(state, *file, *position, *mask),
    }
}

fn flip(state: &mut State, file: Ino, position: u64, mask: u8) {
    let position = usize::try_from(position).expect("simulated files fit in memory");
    let content = state.content_mut(file);
    for bytes in [&mut content.current, &mut content.durable] {
        if let Some(byte) = bytes.get_mut(position) {
            *byte ^= mask;
        }
    }
}

/// Ends after the disk with all operations.
#[derive(Debug)]
pub struct Prefixes {
    state: State,
    history: Vec<Operation>,
    /// Operations in `state` at the next call; one more than there are when all was given.
    next: usize,
}

impl Prefixes {
    pub(super) fn new(state: State, history: Vec<Operation>) -> Prefixes {
        Prefixes { state, history, next: 0 }
    }
}

impl Iterator for Prefixes {
    /// The number of operations, and a disk on which they happened and nothing after.
    type Item = (usize, SimDisk);

    fn next(&mut self) -> Option<(usize, SimDisk)> {
        let operations = self.next;
        if let Some(last) = operations.checked_sub(1) {
            perform(&mut self.state, self.history.get(last)?);
        }
        self.next += 1;
        Some((operations, SimDisk::from_state(self.state.clone())))
    }
}
