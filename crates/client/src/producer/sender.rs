//! The driver of a producer: asks the accumulator what is to be sent, sends it, and tells it what came back.
//!
//! One task looks after everything that waits; one for each broker encodes and sends parcels in their order, and does not wait for
//! their answers before it sends the next.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use ottla_wire::messages::{InitProducerIdRequest, InitProducerIdResponse, ProduceRequest};
use ottla_wire::{ApiKey, ErrorCode};
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::Shared;
use super::accumulator::{Answer, Parcel, Plan};
use super::delivery::Written;
use super::requests::{Answers, Encoded, Said};
use super::sequence::Identity;
use super::transaction::{self, Done, Step, TransactionVersion};
use crate::client::{Call, Client, Destination, Reply};
use crate::cluster::{Broker, LeaderHint};
use crate::config::Acks;
use crate::connection::Waiting;
use crate::error::ResponseError;
use crate::{BrokerId, Error, Result, TopicPartition, clock, random};

/// How long the sender sleeps if nothing is to be done.
const IDLE: Duration = Duration::from_secs(3_600);
/// Events that wait to be looked at.
const EVENTS_MAX: usize = 1_024;

/// Something that happened while the sender waited.
enum Event {
    /// A parcel came back, with what is said of each batch.
    CameBack(Parcel, Vec<Said>),
    Identity(Result<Identity>),
    /// What was asked for a transaction's sake.
    Step(Result<Done>),
    /// The cluster was asked anew.
    Refreshed,
}

/// The task that looks after everything that waits.
pub(super) struct Sender {
    shared: Arc<Shared>,
    events: mpsc::Receiver<Event>,
    tell: mpsc::Sender<Event>,
    brokers: HashMap<BrokerId, mpsc::Sender<Parcel>>,
    asks_identity: bool,
    refreshes: bool,
}

/// Whatever ends the sender, nobody waits in vain.
impl Drop for Sender {
    fn drop(&mut self) {
        self.shared.accumulator().end(&Error::Closed("the producer"));
        self.shared.tell_of_ended();
    }
}

impl Sender {
    pub(super) fn new(shared: Arc<Shared>) -> Sender {
        let (tell, events) = mpsc::channel(EVENTS_MAX);
        Sender { shared, events, tell, brokers: HashMap::new(), asks_identity: false, refreshes: false }
    }

    /// Until the producer is closed.
    pub(super) async fn run(mut self) {
        while !self.shared.is_closed() {
            let plan = self.plan();
            self.shared.count();
            let wake_at = plan.wake_at.unwrap_or_else(|| clock::now() + IDLE);
            self.carry_out(plan);
            self.shared.tell_of_ended();
            let shared = self.shared.clone();
            tokio::select! {
                Some(event) = self.events.recv() => self.on(event),
                () = shared.wake.notified() => {}
                () = sleep_until(wake_at) => {}
            }
            while let Ok(event) = self.events.try_recv() {
                self.on(event);
            }
        }
    }

    fn plan(&self) -> Plan {
        let cluster = self.shared.client.cluster();
        self.shared.accumulator().plan(clock::now(), &cluster)
    }

    fn carry_out(&mut self, plan: Plan) {
        for parcel in plan.parcels {
            let broker = parcel.broker;
            let worker = self
                .brokers
                .entry(broker)
                .or_insert_with(|| start_worker(&self.shared, broker, self.tell.clone()));
            // There is room: no more parcels are on their way to a broker than its worker's queue holds. One that is lost since the
            // client is closed tells so when it is dropped.
            let _closed = worker.try_send(parcel);
        }
        if plan.needs_identity && !self.asks_identity {
            self.asks_identity = true;
            let (client, tell) = (self.shared.client.clone(), self.tell.clone());
            self.shared.client.spawn(async move {
                let identity = ask_identity(&client).await;
                let _ended = tell.send(Event::Identity(identity)).await;
            });
        }
        if let Some(step) = plan.step {
            self.ask_coordinator(step);
        }
        if !self.refreshes && (plan.is_leaderless || self.shared.client.is_metadata_stale()) {
            self.refresh(plan.is_leaderless);
        }
    }

    /// The accumulator gives no other step before this one has come back.
    fn ask_coordinator(&self, step: Step) {
        let Some(id) = self.shared.shape.transactional_id.clone() else { return };
        let (client, tell) = (self.shared.client.clone(), self.tell.clone());
        let timeout = self.shared.config.transaction_timeout;
        self.shared.client.spawn(async move {
            let outcome = transaction::carry_out(&client, &id, timeout, step).await;
            let _ended = tell.send(Event::Step(outcome)).await;
        });
    }

    /// Asks the cluster anew in the background, about the topics that are sent to.
    fn refresh(&mut self, is_leaderless: bool) {
        self.refreshes = true;
        let topics = self.shared.accumulator().topics.names();
        let (client, tell) = (self.shared.client.clone(), self.tell.clone());
        self.shared.client.spawn(async move {
            if is_leaderless {
                client.expire_metadata();
            }
            let refreshed = client.fresh(&topics).await;
            if is_leaderless || refreshed.is_err() {
                tokio::time::sleep(client.config().retry_backoff).await;
            }
            let _ended = tell.send(Event::Refreshed).await;
        });
    }

    fn on(&mut self, event: Event) {
        match event {
            Event::CameBack(parcel, said) => self.came_back(parcel, said),
            Event::Refreshed => self.refreshes = false,
            Event::Step(outcome) => {
                let (version, random) =
                    (TransactionVersion::of_cluster(&self.shared.client), random::fraction());
                let mut accumulator = self.shared.accumulator();
                accumulator.agree(version);
                accumulator.step_came_back(outcome, random, clock::now());
            }
            Event::Identity(Ok(identity)) => {
                self.asks_identity = false;
                self.shared.accumulator().set_identity(identity);
            }
            Event::Identity(Err(error)) => {
                self.asks_identity = false;
                if !error.is_retriable() {
                    self.shared.accumulator().end(&error);
                }
            }
        }
    }

    fn came_back(&mut self, parcel: Parcel, said: Vec<Said>) {
        let destination = Destination::Broker(parcel.broker);
        let mut accumulator = self.shared.accumulator();
        accumulator.came_back(parcel.broker);
        for ((partition, batch), Said { answer, leader }) in parcel.batches.into_iter().zip(said) {
            match &answer {
                Answer::Refused(refusal) => {
                    self.shared.client.learn_from(&destination, &refusal.clone().into());
                }
                Answer::Lost(error) => self.shared.client.learn_from(&destination, error),
                Answer::Written(_) => {}
            }
            if let Some(leader) = leader {
                self.shared.client.learn_leader(&partition, leader);
            }
            let circumstances = (leader.is_some(), random::fraction());
            accumulator.answered(&partition, batch, answer, circumstances, clock::now());
        }
    }
}

fn start_worker(shared: &Arc<Shared>, broker: BrokerId, tell: mpsc::Sender<Event>) -> mpsc::Sender<Parcel> {
    let (queue, parcels) = mpsc::channel(shared.config.max_in_flight);
    let worker = Worker { shared: Arc::downgrade(shared), client: shared.client.clone(), broker, tell };
    shared.client.spawn(worker.run(parcels));
    queue
}

/// The task that sends to one broker.
struct Worker {
    shared: Weak<Shared>,
    client: Client,
    broker: BrokerId,
    tell: mpsc::Sender<Event>,
}

/// A request that was sent.
enum Sent {
    Waiting(Box<Waiting<ProduceRequest>>, Arc<str>),
    /// With `acks=0` there is no answer.
    Unanswered,
}

impl Worker {
    async fn run(self, mut parcels: mpsc::Receiver<Parcel>) {
        while let Some(mut parcel) = parcels.recv().await {
            let Some(shared) = self.shared.upgrade() else { return };
            match self.send(&shared, &mut parcel).await {
                Ok(Sent::Unanswered) => {
                    let nothing = Written { base_offset: None, append_time: None };
                    tell_all(&self.tell, parcel, || Answer::Written(nothing)).await;
                }
                Ok(Sent::Waiting(waiting, broker)) => {
                    let (client, tell) = (self.client.clone(), self.tell.clone());
                    self.client.spawn(receive(client, tell, parcel, waiting, broker));
                }
                Err(Error::Response(refusal)) => {
                    tell_all(&self.tell, parcel, || Answer::Refused(refusal.clone())).await;
                }
                Err(error) => tell_all(&self.tell, parcel, || Answer::Lost(error.clone())).await,
            }
        }
    }

    async fn send(&self, shared: &Shared, parcel: &mut Parcel) -> Result<Sent> {
        let cluster = self.client.cluster();
        let Encoded { request, versions } = shared.shape.encode(parcel, &cluster)?;
        let call = Call::to(Destination::Broker(self.broker)).lane(shared.lane);
        let (_, connection) = self.client.connection(&call).await?;
        let version = connection.versions().choose::<ProduceRequest>(connection.broker(), &versions)?;
        let timeout = self.client.config().request_timeout;
        if shared.config.acks == Acks::None {
            connection.send_unanswered(&request, version, timeout).await?;
            return Ok(Sent::Unanswered);
        }
        let waiting = connection.send(&request, version, timeout).await?;
        Ok(Sent::Waiting(Box::new(waiting), connection.broker().clone()))
    }
}

/// Waits for an answer, and tells what it says.
async fn receive(
    client: Client,
    tell: mpsc::Sender<Event>,
    parcel: Parcel,
    waiting: Box<Waiting<ProduceRequest>>,
    broker: Arc<str>,
) {
    let response = tokio::select! {
        response = waiting.response() => response,
        // Nobody wants to know any more. To wait on would keep the client and its connections.
        () = tell.closed() => return,
    };
    match response {
        Ok(response) => {
            for node in &response.node_endpoints {
                client.learn_broker(Broker::told(node.node_id, &node.host, node.port, node.rack.as_deref()));
            }
            let cluster = client.cluster();
            let mut answers = Answers::of(response, broker);
            let id = |partition: &TopicPartition| cluster.topic(&partition.topic).and_then(|topic| topic.id);
            let said = parcel.batches.iter().map(|(p, _)| answers.take(p, id(p))).collect();
            let _ended = tell.send(Event::CameBack(parcel, said)).await;
        }
        Err(error) => tell_all(&tell, parcel, || Answer::Lost(error.clone())).await,
    }
}

async fn tell_all(tell: &mpsc::Sender<Event>, parcel: Parcel, answer: impl Fn() -> Answer) {
    let leader: Option<LeaderHint> = None;
    let said = parcel.batches.iter().map(|_| Said { answer: answer(), leader }).collect();
    let _ended = tell.send(Event::CameBack(parcel, said)).await;
}

/// Asks for an id until there is one, or it is clear that there will be none.
async fn ask_identity(client: &Client) -> Result<Identity> {
    let request = InitProducerIdRequest {
        transactional_id: None,
        transaction_timeout_ms: i32::MAX,
        producer_id: -1,
        producer_epoch: -1,
        ..InitProducerIdRequest::default()
    };
    let call = Call::to(Destination::Any);
    let within = client.config().default_api_timeout;
    let judge = |Reply { response, broker, .. }: Reply<InitProducerIdResponse>| match response.error_code {
        code if code == ErrorCode::None.code() => {
            Ok(Identity { id: response.producer_id, epoch: response.producer_epoch })
        }
        code => Err(ResponseError::new(ApiKey::InitProducerId, code).with_broker(broker).into()),
    };
    client.request_until("getting a producer id", within, &call, &request, judge).await
}
