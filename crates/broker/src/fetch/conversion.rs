//! Fetches of clients from before Kafka 0.11, which know messages and not batches.
//!
//! What is stored is read and converted in portions, on a thread for blocking work: it takes processor time, and may wait
//! for the disk. An answer holds at least one record wherever the client may read one: without any, such a client
//! would ask for the same again and again.

use std::{sync::Arc, thread::available_parallelism, time::Duration};

use bytes::Bytes;
use ottla_records::{BatchError, Conversion, Entries, Limits, Offset, Room};
use ottla_wire::Records;
use tokio::{sync::Semaphore, task::JoinError};

use crate::{
    clock,
    partition::{Fetched, Partition, ReadLimits, ReadRefused},
};

/// Stored bytes that are in memory at once, unless a single batch is larger.
const PORTION: usize = 1 << 20;
/// The most that one answer takes, however much the client would.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// What a client wants of one partition.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) partition: Arc<Partition>,
    pub(crate) limits: ReadLimits,
}

/// What it gets: messages instead of batches.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) fetched: Fetched,
    /// Records that had to be converted.
    pub(crate) converted: u64,
}

/// Why it gets nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotGiven {
    #[error(transparent)]
    Read(#[from] ReadRefused),
    /// What comes first cannot be converted.
    #[error(transparent)]
    Batch(BatchError),
}

/// Lets as many conversions run at once as there are processors.
#[derive(Debug)]
pub(crate) struct Converter {
    turns: Arc<Semaphore>,
}

impl Default for Converter {
    fn default() -> Converter {
        let processors = available_parallelism().map_or(1, usize::from);
        Converter { turns: Arc::new(Semaphore::new(processors)) }
    }
}

impl Converter {
    /// Fulfils the wishes within `bytes_max` together, beginning with the one at `first`, and going on with the first one
    /// behind the last. What is given has the order of the wishes. Cancel-safe.
    pub(crate) async fn convert(
        &self,
        wishes: Vec<Wish>,
        magic: i8,
        bytes_max: usize,
        first: usize,
    ) -> (Vec<Result<Given, NotGiven>>, Duration) {
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("nobody closes it");
        let converting = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let started = clock::now();
            let given = convert_all(&wishes, magic, bytes_max.min(ANSWER_BYTES_MAX), first);
            (given, clock::now() - started)
        });
        match converting.await.map_err(JoinError::try_into_panic) {
            Ok(done) => done,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The process ends, and so will this.
            Err(Err(_cancelled)) => std::future::pending().await,
        }
    }
}

fn convert_all(wishes: &[Wish], magic: i8, bytes_max: usize, first: usize) -> Vec<Result<Given, NotGiven>> {
    let mut room = bytes_max;
    let mut is_first = true;
    let mut convert = |index: usize| {
        let given = convert(&wishes[index], magic, room, is_first);
        if let Ok(given) = &given
            && !given.fetched.records.is_empty()
        {
            is_first = false;
            room = room.saturating_sub(given.fetched.records.len());
        }
        (index, given)
    };
    let mut all: Vec<_> =
        (0..wishes.len()).cycle().skip(first).take(wishes.len()).map(&mut convert).collect();
    all.sort_unstable_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, given)| given).collect()
}

/// Reads on until there is as much as the client wants, or no more. Batches that give it nothing, such as the markers of
/// transactions, are passed over.
fn convert(wish: &Wish, magic: i8, room: usize, is_first: bool) -> Result<Given, NotGiven> {
    let bytes_max = wish.limits.bytes_max.min(room);
    let mut limits = ReadLimits { bytes_max: PORTION, min_one: true, ..wish.limits };
    let read = wish.partition.read_loaded(&limits)?;
    // What is left after this is read below.
    let mut fetched = Fetched { is_cut_short: false, records: Records::default(), ..read };
    let mut records = read.records;
    let is_full = room == 0 && !is_first;
    if is_full {
        return Ok(Given { fetched, converted: 0 });
    }
    let mut conversion = Conversion::new(magic, limits.offset, bytes_max, Limits::default());
    while !records.is_empty() {
        let next = match add(&mut conversion, in_memory(&records)) {
            Ok(Some(next)) if next > limits.offset => next,
            Err(error) if conversion.messages().is_empty() => return Err(NotGiven::Batch(error)),
            Ok(_) | Err(_) => break,
        };
        let has_some = !conversion.messages().is_empty();
        if has_some && conversion.messages().len() >= bytes_max {
            break;
        }
        limits.offset = next;
        records = match wish.partition.read_loaded(&limits) {
            Ok(more) => more.records,
            // What comes next time will be told then.
            Err(_refused) if has_some => break,
            Err(refused) => return Err(refused.into()),
        };
    }
    let converted = conversion.record_count();
    fetched.records = Records::from(Bytes::from(conversion.into_messages()));
    Ok(Given { fetched, converted })
}

/// Adds what is in the bytes. Gives the offset at which to go on, if there is room for more.
fn add(conversion: &mut Conversion, bytes: Bytes) -> Result<Option<Offset>, BatchError> {
    let mut next = None;
    for entry in Entries::new(bytes) {
        let entry = entry?;
        if conversion.add(&entry)? == Room::Full {
            return Ok(None);
        }
        next = Some(entry.last_offset().saturating_add(1));
    }
    Ok(next)
}

fn in_memory(records: &Records) -> Bytes {
    records.as_bytes().expect("they were loaded in one piece")
}
