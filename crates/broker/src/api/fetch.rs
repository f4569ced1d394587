//! Fetch: reads what there is; if that is less than the client wants, waits for more without polling.

use std::{sync::Arc, time::Duration};

use ottla_records::{BatchError, Offset};
use ottla_wire::{
    ErrorCode,
    messages::{
        FetchRequest, FetchResponse,
        fetch_response::{AbortedTransaction, EpochEndOffset, FetchableTopicResponse, PartitionData},
    },
};
use tokio::time::{Instant, timeout_at};

use super::Context;
use crate::{
    fetch::{
        conversion::{Given, NotGiven, Wish},
        session::{Due, PartitionKey, Told, Wanted},
        sessions::Plan,
    },
    partition::{Fetched, Partition, ReadLimits, ReadRefused},
    random,
    topics::Topic,
};

/// The first version that names topics by id.
const TOPIC_IDS_FROM: i16 = 13;
const READ_COMMITTED: i8 = 1;
/// The answer to consumers; followers of other nodes give theirs.
const CONSUMER: i32 = -1;

pub(crate) async fn handle(context: &Context<'_>, request: FetchRequest) -> FetchResponse {
    let sessions = &context.broker.fetch_sessions;
    let now_ms = crate::clock::wall_ms();
    let plan = match sessions.plan(&request, context.version, now_ms, random::positive_i32) {
        Ok(plan) => plan,
        Err(error) => return FetchResponse { error_code: error.code(), ..Default::default() },
    };
    let outcomes = Fetch::new(context, &request, &plan).read_enough(&request).await;
    count(&outcomes);
    respond(&plan, outcomes)
}

/// A partition that may have something to say, looked up.
struct Place {
    due: Due,
    found: Result<Found, ErrorCode>,
}

struct Found {
    topic: Arc<Topic>,
    partition: Arc<Partition>,
}

struct Fetch<'a> {
    context: &'a Context<'a>,
    plan: &'a Plan,
    bytes_max: usize,
    committed_only: bool,
    format: Format,
}

/// What the client reads.
#[derive(Clone, Copy)]
enum Format {
    Batches,
    /// Messages of this old version.
    Messages {
        magic: i8,
    },
}

impl Format {
    fn of(version: i16) -> Format {
        match version {
            ..=1 => Format::Messages { magic: 0 },
            2..=3 => Format::Messages { magic: 1 },
            _ => Format::Batches,
        }
    }
}

/// What a partition's read gave, beside the partition that it was for.
struct Outcome {
    place: Place,
    result: Result<Fetched, Failed>,
}

struct Failed {
    error: ErrorCode,
    high_watermark: Offset,
    log_start: Offset,
}

impl From<ErrorCode> for Failed {
    fn from(error: ErrorCode) -> Failed {
        Failed { error, high_watermark: -1, log_start: -1 }
    }
}

impl<'a> Fetch<'a> {
    fn new(context: &'a Context<'a>, request: &FetchRequest, plan: &'a Plan) -> Fetch<'a> {
        let bytes_max = usize::try_from(request.max_bytes).unwrap_or(0).min(context.broker.settings.fetch_bytes_max);
        let committed_only = request.isolation_level == READ_COMMITTED;
        Fetch { context, plan, bytes_max, committed_only, format: Format::of(context.version) }
    }

    /// Reads, and as long as it is too little and there is time, waits for more and reads again.
    async fn read_enough(&self, request: &FetchRequest) -> Vec<Outcome> {
        let bytes_min = usize::try_from(request.min_bytes).unwrap_or(0);
        let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
        let first = self.read(self.places()).await;
        if wait.is_zero() || self.plan.lock().is_empty() || is_enough(&first, bytes_min) {
            return first;
        }
        let _counted = self.context.broker.metrics.waiting_fetches.count();
        let deadline = Instant::now() + wait;
        let changes = self.plan.lock().changes();
        loop {
            let outcomes = self.read(self.followed_places()).await;
            if is_enough(&outcomes, bytes_min) || timeout_at(deadline, changes.happened()).await.is_err() {
                return outcomes;
            }
        }
    }

    fn places(&self) -> Vec<Place> {
        let due = self.plan.lock().due();
        due.into_iter().map(|due| Place { found: find(self.context, &due.wanted.key), due }).collect()
    }

    /// From here on it is told what happens to the partitions: what happened before is seen when they are read.
    fn followed_places(&self) -> Vec<Place> {
        let places = self.places();
        let mut session = self.plan.lock();
        for place in &places {
            if let Ok(found) = &place.found {
                session.follow(place.due.at, found.partition.followers());
            }
        }
        places
    }

    async fn read(&self, places: Vec<Place>) -> Vec<Outcome> {
        match self.format {
            Format::Batches => self.read_batches(places).await,
            Format::Messages { magic } => self.read_messages(places, magic).await,
        }
    }

    async fn read_batches(&self, places: Vec<Place>) -> Vec<Outcome> {
        let mut room = self.bytes_max;
        let mut is_first = true;
        let mut outcomes = Vec::with_capacity(places.len());
        for place in places {
            let result = self.read_one(&place, room, is_first).await;
            if let Ok(fetched) = &result
                && !fetched.records.is_empty()
            {
                is_first = false;
                room = room.saturating_sub(fetched.records.len());
            }
            outcomes.push(Outcome { place, result });
        }
        outcomes
    }

    async fn read_messages(&self, places: Vec<Place>, magic: i8) -> Vec<Outcome> {
        let wish = |place: &Place| {
            let partition = Arc::clone(&place.found.as_ref().ok()?.partition);
            Some(Wish { partition, limits: self.limits(&place.due.wanted, self.bytes_max, true) })
        };
        let wishes: Vec<Wish> = places.iter().filter_map(wish).collect();
        // These clients always name their partitions in the same order. Another one comes first each time, so that all
        // get their turn.
        let first = usize::try_from(random::u64() % (wishes.len().max(1) as u64)).expect("a place");
        let broker = self.context.broker;
        let (given, time) = broker.converter.convert(wishes, magic, self.bytes_max, first).await;
        let bytes = given.iter().flatten().map(|given| given.fetched.records.len()).sum();
        if bytes > 0 {
            broker.metrics.fetch_conversions.converted(time, bytes);
        }
        let mut given = given.into_iter();
        let outcome = |place: Place| {
            let result = match &place.found {
                Ok(found) => found.given(given.next().expect("there is one for each wish")),
                Err(error) => Err((*error).into()),
            };
            Outcome { place, result }
        };
        places.into_iter().map(outcome).collect()
    }

    async fn read_one(&self, place: &Place, room: usize, min_one: bool) -> Result<Fetched, Failed> {
        let partition = &place.found.as_ref().map_err(|error| *error)?.partition;
        let limits = self.limits(&place.due.wanted, room, min_one);
        let read = partition.read(&limits, &self.context.broker.cold_reads).await;
        read.map_err(|refused| failed(partition, &refused))
    }

    fn limits(&self, wanted: &Wanted, room: usize, min_one: bool) -> ReadLimits {
        ReadLimits {
            offset: wanted.offset,
            bytes_max: usize::try_from(wanted.bytes_max).unwrap_or(0).min(room),
            min_one,
            committed_only: self.committed_only,
            current_leader_epoch: wanted.current_leader_epoch,
            last_fetched_epoch: wanted.last_fetched_epoch,
        }
    }
}

fn is_enough(outcomes: &[Outcome], bytes_min: usize) -> bool {
    let mut bytes = 0;
    for outcome in outcomes {
        match &outcome.result {
            Ok(fetched) if fetched.diverging.is_some() || fetched.is_cut_short => return true,
            Ok(fetched) => bytes += fetched.records.len(),
            Err(_) => return true,
        }
    }
    bytes >= bytes_min
}

/// What was read goes out with the answer.
fn count(outcomes: &[Outcome]) {
    for outcome in outcomes {
        let Ok(found) = &outcome.place.found else { continue };
        match &outcome.result {
            Ok(fetched) => found.topic.traffic.fetched(fetched.records.len()),
            Err(failed) => found.topic.traffic.fetch_refused(failed.error),
        }
    }
}

fn find(context: &Context<'_>, key: &PartitionKey) -> Result<Found, ErrorCode> {
    let topics = &context.broker.topics;
    let topic = match context.version >= TOPIC_IDS_FROM {
        true => topics.by_id(key.topic_id).ok_or(ErrorCode::UnknownTopicId)?,
        false => topics.by_name(&key.topic).ok_or(ErrorCode::UnknownTopicOrPartition)?,
    };
    let partition = topic.partition(key.partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    Ok(Found { topic, partition })
}

fn failed(partition: &Partition, refused: &ReadRefused) -> Failed {
    let error = read_error(refused);
    match refused {
        ReadRefused::OutOfRange { .. } => Failed { error, high_watermark: -1, log_start: -1 },
        ReadRefused::Storage(reason) => {
            tracing::error!(topic = %partition.topic.name, partition = partition.index, %reason, "cannot read");
            error.into()
        }
        ReadRefused::Deleted | ReadRefused::FencedEpoch { .. } | ReadRefused::UnknownEpoch { .. } => error.into(),
    }
}

impl Found {
    /// What was given in an old format, counted.
    fn given(&self, given: Result<Given, NotGiven>) -> Result<Fetched, Failed> {
        match given {
            Ok(given) => {
                self.topic.traffic.converted_out(given.converted);
                Ok(given.fetched)
            }
            Err(not) => Err(not_given(&self.partition, &not)),
        }
    }
}

fn not_given(partition: &Partition, not_given: &NotGiven) -> Failed {
    match not_given {
        NotGiven::Read(refused) => failed(partition, refused),
        NotGiven::Batch(BatchError::CompressionTooNew { .. }) => ErrorCode::UnsupportedCompressionType.into(),
        NotGiven::Batch(error) => {
            tracing::error!(topic = %partition.topic.name, partition = partition.index, %error, "cannot convert");
            ErrorCode::CorruptMessage.into()
        }
    }
}

pub(crate) fn read_error(refused: &ReadRefused) -> ErrorCode {
    match refused {
        ReadRefused::Deleted => ErrorCode::UnknownTopicOrPartition,
        ReadRefused::FencedEpoch { .. } => ErrorCode::FencedLeaderEpoch,
        ReadRefused::UnknownEpoch { .. } => ErrorCode::UnknownLeaderEpoch,
        ReadRefused::OutOfRange { .. } => ErrorCode::OffsetOutOfRange,
        ReadRefused::Storage(_) => ErrorCode::KafkaStorageError,
    }
}

fn respond(plan: &Plan, outcomes: Vec<Outcome>) -> FetchResponse {
    let mut responses: Vec<FetchableTopicResponse> = Vec::new();
    let mut session = plan.lock();
    for Outcome { place: Place { due, .. }, result } in outcomes {
        let gave_data = result.as_ref().is_ok_and(|fetched| !fetched.records.is_empty());
        let says_more = gave_data || result.as_ref().map_or(true, |fetched| fetched.diverging.is_some());
        let is_at_its_end = result.as_ref().is_ok_and(|fetched| fetched.is_at_end);
        let data = partition_data(&due.wanted, result);
        let told = Told { high_watermark: data.high_watermark, log_start: data.log_start_offset };
        let is_news = session.is_news(&due, told);
        if gave_data {
            session.had_its_turn(&due);
        } else if is_at_its_end {
            session.is_at_its_end(&due);
        }
        if plan.is_incremental && !is_news && !says_more {
            continue;
        }
        match responses.last_mut() {
            Some(topic) if topic.topic == due.wanted.key.topic && topic.topic_id == due.wanted.key.topic_id => {
                topic.partitions.push(data);
            }
            _ => responses.push(FetchableTopicResponse {
                topic: due.wanted.key.topic,
                topic_id: due.wanted.key.topic_id,
                partitions: vec![data],
            }),
        }
    }
    FetchResponse { session_id: plan.session_id, responses, ..Default::default() }
}

fn partition_data(wanted: &Wanted, result: Result<Fetched, Failed>) -> PartitionData {
    let empty = PartitionData {
        partition_index: wanted.key.partition,
        aborted_transactions: None,
        preferred_read_replica: CONSUMER,
        records: Some(Default::default()),
        ..Default::default()
    };
    match result {
        Ok(fetched) => {
            PartitionData {
                high_watermark: fetched.high_watermark,
                last_stable_offset: fetched.last_stable_offset,
                log_start_offset: fetched.log_start,
                diverging_epoch: fetched.diverging.map_or_else(Default::default, |end| EpochEndOffset {
                    epoch: end.epoch,
                    end_offset: end.end_offset,
                }),
                aborted_transactions: fetched.aborted.map(|aborted| {
                    let entry = |a: ottla_replica::AbortedTransaction| AbortedTransaction {
                        producer_id: a.producer_id,
                        first_offset: a.first_offset,
                    };
                    aborted.into_iter().map(entry).collect()
                }),
                records: Some(fetched.records),
                ..empty
            }
        }
        Err(failed) => PartitionData {
            error_code: failed.error.code(),
            high_watermark: failed.high_watermark,
            last_stable_offset: -1,
            log_start_offset: failed.log_start,
            ..empty
        },
    }
}

