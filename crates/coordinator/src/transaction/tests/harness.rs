//! A shard with what the broker gives it: a log, a clock, producer ids, and partitions that take markers.

use std::{collections::BTreeMap, time::Duration};

use ottla_wire::{ErrorCode, messages::InitProducerIdRequest};

use crate::{
    AddPartitions, AppendId, CoordinatorRecord, Effect, EndTransaction, Markers, Now, ProducerIdentity,
    Ticket, TopicPartition, TransactionConfig, TransactionEffect, TransactionResponse, TransactionShard,
    TransactionState, transaction::metadata::Transaction,
};

pub(super) const ID: &str = "tx";
/// When the clock starts, in milliseconds since 1970.
pub(super) const START: i64 = 1_700_000_000_000;
pub(super) const TIMEOUT: i32 = 60_000;
pub(super) const EPOCH: i32 = 7;
/// The first id that is given to a producer.
pub(super) const FIRST_ID: i64 = 1000;

/// The versions of transactions that clients speak.
pub(super) const V1: i16 = 0;
pub(super) const V2: i16 = 2;

pub(super) struct Bench {
    pub(super) shard: TransactionShard,
    /// With the base offset of each batch counted on.
    pub(super) log: Vec<CoordinatorRecord>,
    /// How much of the log is durable.
    pub(super) durable: usize,
    pub(super) sent: Vec<Markers>,
    /// Milliseconds since the start.
    pub(super) clock: u64,
    /// The next append fails with it.
    pub(super) append_error: Option<ErrorCode>,
    /// Whether appends become durable only with `flush`.
    pub(super) slow_disk: bool,
    /// Ids that producers can be given.
    pub(super) ids: std::ops::Range<i64>,
    appended: AppendId,
    answers: BTreeMap<Ticket, TransactionResponse>,
    next_ticket: u64,
}

impl Bench {
    pub(super) fn new() -> Bench {
        Bench::with(TransactionConfig::default())
    }

    pub(super) fn with(config: TransactionConfig) -> Bench {
        let mut bench = Bench::unloaded(config);
        bench.loaded();
        bench
    }

    pub(super) fn unloaded(config: TransactionConfig) -> Bench {
        Bench {
            shard: TransactionShard::new(config, EPOCH),
            log: Vec::new(),
            durable: 0,
            sent: Vec::new(),
            clock: 0,
            append_error: None,
            slow_disk: false,
            ids: FIRST_ID..FIRST_ID + 1000,
            appended: AppendId::default(),
            answers: BTreeMap::new(),
            next_ticket: 0,
        }
    }

    /// A shard of a later process, which finds what was durable.
    pub(super) fn restarted(&self) -> Bench {
        let mut bench = Bench::unloaded(TransactionConfig::default());
        bench.clock = self.clock;
        bench.ids = self.ids.end..self.ids.end + 1000;
        bench.log = self.log[..self.durable].to_vec();
        bench.durable = self.durable;
        for (offset, record) in (0..).zip(&bench.log) {
            bench.shard.replay(offset, &record.key, record.value.as_ref()).expect("the shard wrote it");
        }
        bench.loaded();
        bench
    }

    pub(super) fn loaded(&mut self) {
        let mut out = Vec::new();
        self.shard.loaded(self.now(), &mut out);
        self.carry_out(out);
    }

    pub(super) fn now(&self) -> Now {
        let clock = self.clock;
        Now { uptime: Duration::from_millis(clock), unix_millis: START + i64::try_from(clock).unwrap() }
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// Carries out what the shard wants, as the broker does.
    pub(super) fn carry_out(&mut self, mut effects: Vec<TransactionEffect>) {
        let now = self.now();
        while !effects.is_empty() {
            let mut more = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Append { id, records } => {
                        let result = self.append(id, records);
                        self.shard.appended(id, result, now, &mut more);
                    }
                    Effect::Reply { ticket, response } => {
                        assert!(self.answers.insert(ticket, response).is_none(), "answered once");
                    }
                    Effect::Send(markers) => self.sent.push(markers),
                    other @ (Effect::AppendInTransaction { .. } | Effect::AppendMarker { .. }) => {
                        unreachable!("nobody writes to this topic in a transaction: {other:?}")
                    }
                }
            }
            if !self.slow_disk {
                self.durable = self.log.len();
                self.shard.committed(self.appended, now, &mut more);
            }
            effects = more;
        }
    }

    fn append(&mut self, id: AppendId, records: Vec<CoordinatorRecord>) -> Result<i64, ErrorCode> {
        if let Some(error) = self.append_error.take() {
            return Err(error);
        }
        self.appended = id;
        let base = i64::try_from(self.log.len()).unwrap();
        self.log.extend(records);
        Ok(base)
    }

    /// All that was appended is durable.
    pub(super) fn flush(&mut self) {
        self.durable = self.log.len();
        let mut out = Vec::new();
        self.shard.committed(self.appended, self.now(), &mut out);
        self.carry_out(out);
    }

    /// Lets time pass, and what is due happen.
    pub(super) fn sleep(&mut self, ms: u64) {
        let end = self.clock + ms;
        while let Some(next) = self.shard.next_deadline()
            && next <= Duration::from_millis(end)
        {
            self.clock = self.clock.max(u64::try_from(next.as_millis()).unwrap());
            self.advance();
        }
        self.clock = end;
        self.advance();
    }

    fn advance(&mut self) {
        let mut out = Vec::new();
        self.shard.advance(self.now(), &mut out);
        self.carry_out(out);
    }

    pub(super) fn answer(&mut self, ticket: Ticket) -> Option<TransactionResponse> {
        self.answers.remove(&ticket)
    }

    fn producer(&mut self, ticket: Ticket) -> Result<ProducerIdentity, ErrorCode> {
        match self.answer(ticket) {
            Some(TransactionResponse::Producer(producer)) => producer,
            other => panic!("no producer: {other:?}"),
        }
    }

    fn codes(&mut self, ticket: Ticket) -> Vec<ErrorCode> {
        match self.answer(ticket) {
            Some(TransactionResponse::Partitions(codes)) => codes,
            other => panic!("no partitions: {other:?}"),
        }
    }

    pub(super) fn ask_init(&mut self, request: &InitProducerIdRequest) -> Ticket {
        let (now, ticket, mut out) = (self.now(), self.ticket(), Vec::new());
        let ids = &mut self.ids;
        self.shard.init_producer_id(request, now, &mut || ids.next(), ticket, &mut out);
        self.carry_out(out);
        ticket
    }

    pub(super) fn ask_add(
        &mut self,
        producer: ProducerIdentity,
        partitions: &[TopicPartition],
        client_version: i16,
    ) -> Ticket {
        let (now, ticket, mut out) = (self.now(), self.ticket(), Vec::new());
        let add = AddPartitions { transactional_id: ID, producer, partitions, client_version };
        self.shard.add_partitions(&add, now, ticket, &mut out);
        self.carry_out(out);
        ticket
    }

    pub(super) fn ask_end(
        &mut self,
        producer: ProducerIdentity,
        commit: bool,
        client_version: i16,
    ) -> Ticket {
        let (now, ticket, mut out) = (self.now(), self.ticket(), Vec::new());
        let end = EndTransaction { transactional_id: ID, producer, commit, client_version };
        let ids = &mut self.ids;
        self.shard.end(&end, now, &mut || ids.next(), ticket, &mut out);
        self.carry_out(out);
        ticket
    }

    pub(super) fn init(&mut self) -> Result<ProducerIdentity, ErrorCode> {
        self.init_as(ProducerIdentity::NONE)
    }

    pub(super) fn init_as(&mut self, expected: ProducerIdentity) -> Result<ProducerIdentity, ErrorCode> {
        let ticket = self.ask_init(&init(expected));
        self.producer(ticket)
    }

    pub(super) fn add(&mut self, producer: ProducerIdentity, version: i16) -> ErrorCode {
        let ticket = self.ask_add(producer, &[at("t", 0), at("t", 1)], version);
        let codes = self.codes(ticket);
        assert_eq!(codes.len(), 2);
        assert_eq!(codes[0], codes[1]);
        codes[0]
    }

    pub(super) fn verify(
        &mut self,
        producer: ProducerIdentity,
        partitions: &[TopicPartition],
    ) -> Vec<ErrorCode> {
        let (ticket, mut out) = (self.ticket(), Vec::new());
        let asked = AddPartitions { transactional_id: ID, producer, partitions, client_version: V2 };
        self.shard.verify_partitions(&asked, ticket, &mut out);
        self.carry_out(out);
        self.codes(ticket)
    }

    pub(super) fn end(
        &mut self,
        producer: ProducerIdentity,
        commit: bool,
        version: i16,
    ) -> Result<ProducerIdentity, ErrorCode> {
        let ticket = self.ask_end(producer, commit, version);
        self.producer(ticket)
    }

    /// The partitions take the markers that were sent.
    pub(super) fn write_markers(&mut self) {
        for markers in std::mem::take(&mut self.sent) {
            self.marked(&markers, &markers.partitions);
        }
    }

    /// Some partitions take theirs.
    pub(super) fn marked(&mut self, markers: &Markers, partitions: &[TopicPartition]) {
        let (now, mut out) = (self.now(), Vec::new());
        self.shard.markers_written(&markers.transactional_id, markers.producer, partitions, now, &mut out);
        self.carry_out(out);
    }

    pub(super) fn transaction(&self) -> &Transaction {
        self.shard.transaction(ID).expect("it is known")
    }

    pub(super) fn state(&self) -> TransactionState {
        self.transaction().state
    }

    /// A producer that has begun a transaction with two partitions.
    pub(super) fn begun(&mut self, version: i16) -> ProducerIdentity {
        let producer = self.init().expect("a new producer");
        assert_eq!(self.add(producer, version), ErrorCode::None);
        producer
    }
}

pub(super) fn at(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition { topic: topic.into(), partition }
}

pub(super) fn producer(id: i64, epoch: i16) -> ProducerIdentity {
    ProducerIdentity { id, epoch }
}

pub(super) fn init(expected: ProducerIdentity) -> InitProducerIdRequest {
    InitProducerIdRequest {
        transactional_id: Some(ID.into()),
        transaction_timeout_ms: TIMEOUT,
        producer_id: expected.id,
        producer_epoch: expected.epoch,
        ..Default::default()
    }
}
