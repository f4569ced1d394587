//! A partition that this broker holds: its replica, which decides, and its log, which stores, under one lock.

mod append;
mod convert;
mod flushing;
mod marking;
mod read;

use std::sync::{Arc, Mutex, MutexGuard};

use bytestring::ByteString;
use ottla_log::{Log, journal::Lsn};
use ottla_records::Offset;
use ottla_replica::{Command, Event, Replica};
use uuid::Uuid;

use flushing::Flushing;

use crate::{
    clock,
    fetch::changes::Followers,
    storage::Storage,
    topics::{Durability, TopicSettings},
};

pub(crate) use append::{AppendRefused, Produced};
pub(crate) use convert::{epoch_entries, log_producer_entry, producer_entries, replica_producer_entry};
pub(crate) use flushing::FlushTime;
pub(crate) use read::{Fetched, ReadLimits, ReadRefused};

/// What a partition is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TopicIdentity {
    pub(crate) id: Uuid,
    pub(crate) name: ByteString,
}

#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) topic: Arc<TopicIdentity>,
    pub(crate) index: i32,
    state: Mutex<State>,
    /// Held while the log is synced: what is durable is known of one sync after the other. Taken before the state.
    syncing: Mutex<()>,
    followers: Arc<Followers>,
}

/// Guarded by the partition's lock. No file is touched with the lock held, but for topics with durability `os`, whose
/// promise is the page cache.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) replica: Replica,
    pub(crate) log: Log,
    pub(crate) settings: Arc<TopicSettings>,
    /// The last batch that was given to the journal.
    last_lsn: Lsn,
    flushing: Flushing,
    /// The recovery point that the checkpoint file has: below it the log may get gaps by compaction.
    checkpointed: Offset,
    /// It is in the list of those whose tail must be written.
    is_listed: bool,
    /// Its topic is gone; who still holds it is told so.
    is_deleted: bool,
}

impl Partition {
    pub(crate) fn new(
        topic: Arc<TopicIdentity>,
        index: i32,
        replica: Replica,
        log: Log,
        settings: Arc<TopicSettings>,
    ) -> Partition {
        let checkpointed = log.recovery_point();
        let state = State {
            replica,
            log,
            settings,
            last_lsn: Lsn::ZERO,
            flushing: Flushing::new(checkpointed),
            checkpointed,
            is_listed: false,
            is_deleted: false,
        };
        Partition {
            topic,
            index,
            state: Mutex::new(state),
            syncing: Mutex::default(),
            followers: Arc::default(),
        }
    }

    /// A panic with the lock held leaves offsets in doubt: whoever comes after must not go on.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a partition's invariant was broken before")
    }

    /// Waits for a sync of the log that is under way. To be taken before the lock.
    pub(crate) fn begin_sync(&self) -> MutexGuard<'_, ()> {
        self.syncing.lock().expect("a partition's invariant was broken before")
    }

    /// Those who want to know when there is more to read, or something else to be told.
    pub(crate) fn followers(&self) -> &Arc<Followers> {
        &self.followers
    }

    /// Tells the replica what happened, and the followers what came of it.
    pub(crate) fn on(&self, event: &Event) {
        let mut commands = Vec::new();
        let mut state = self.lock();
        state.replica.on(clock::wall_ms(), event, &mut commands);
        self.carry_out(state, &commands);
    }

    /// Everything below `end` is durable.
    pub(crate) fn durable(&self, end: Offset) {
        self.on(&Event::Durable { end });
    }

    /// DeleteRecords: the log start that follows.
    pub(crate) fn delete_records(&self, offset: Offset) -> Result<Offset, ottla_replica::OffsetOutOfRange> {
        let mut commands = Vec::new();
        let mut state = self.lock();
        let start = state.replica.delete_records(offset, &mut commands)?;
        self.carry_out(state, &commands);
        Ok(start)
    }

    fn carry_out(&self, mut state: MutexGuard<'_, State>, commands: &[Command]) {
        for command in commands {
            match command {
                // The log keeps epochs of its own and writes them with its next sync.
                Command::Advance { .. } | Command::GiveUpLeadership | Command::SaveEpochs => {}
                Command::RaiseLogStart { offset } => {
                    let raised = state.log.delete_records_before(*offset);
                    raised.expect("the replica knows where the log ends");
                }
            }
        }
        drop(state);
        if !commands.is_empty() {
            self.followers.tell();
        }
    }

    /// Its topic's settings changed.
    pub(crate) fn configure(&self, storage: &Storage, settings: &Arc<TopicSettings>) {
        {
            let _alone = self.begin_sync();
            let mut state = self.lock();
            if state.settings.durability == Durability::Os && settings.durability == Durability::Journal {
                storage.sync_below_journal(&mut state);
            }
            state.log.set_config(Arc::clone(&settings.log));
            state.settings = Arc::clone(settings);
        }
        self.on(&Event::Configured(settings.replica));
    }

    /// The topic was deleted: whoever follows it is told.
    pub(crate) fn mark_deleted(&self) {
        self.lock().is_deleted = true;
        self.followers.tell();
    }
}

impl State {
    pub(crate) fn checkpointed(&self) -> Offset {
        self.checkpointed
    }

    /// The checkpoint file was written with the recovery point as it is.
    pub(crate) fn recovery_point_was_stored(&mut self) {
        self.checkpointed = self.log.recovery_point();
        self.flushing.has_durable_name = true;
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.is_deleted
    }

    /// Notes that the tail is to be written; true if it was not known before.
    pub(crate) fn list(&mut self) -> bool {
        !std::mem::replace(&mut self.is_listed, true)
    }

    /// Notes that the tail is being written now; what is appended from here on lists it again.
    pub(crate) fn unlist(&mut self) {
        self.is_listed = false;
    }
}
