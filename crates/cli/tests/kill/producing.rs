//! Producers that send as fast as they are acknowledged.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use rdkafka::ClientContext;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};

use super::client::{self, DEADLINE};
use super::history::{Event, History, Place, Value};
use super::payload::payload;
use super::topics::{JOURNAL, LOADS, Load, PARTITIONS, promise};

/// Values of one producer that are sent and not acknowledged.
const WINDOW: usize = 100;
/// What a producer sends that lives for one round.
const BURST: u32 = 40;

/// The producers of a run. They stop when told, and then everything that they sent has been answered.
#[derive(Debug)]
pub(crate) struct Producers {
    address: SocketAddr,
    seed: u64,
    history: Arc<History>,
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Producers {
    pub(crate) fn start(address: SocketAddr, seed: u64, history: &Arc<History>) -> Producers {
        let mut producers = Producers {
            address,
            seed,
            history: Arc::clone(history),
            stopping: Arc::default(),
            threads: Vec::new(),
        };
        LOADS.iter().for_each(|load| producers.add(*load, u32::MAX));
        producers
    }

    /// A producer that comes, sends a little and goes. It must not be taken for one that was there before.
    pub(crate) fn burst(&mut self) {
        let settings = &[("enable.idempotence", "true")];
        let number = u32::try_from(self.threads.len()).expect("small");
        self.add(Load { topic: JOURNAL, settings, promise: promise(number) }, BURST);
    }

    fn add(&mut self, load: Load, count: u32) {
        let number = u32::try_from(self.threads.len()).expect("small");
        let window = Arc::new(Window::default());
        let producer = Producer {
            client: client(self.address, load, &self.history, &window),
            history: Arc::clone(&self.history),
            window,
            topic: load.topic,
            number,
        };
        let (seed, stopping) = (self.seed, Arc::clone(&self.stopping));
        self.threads.push(thread::spawn(move || {
            let values = (0..count).map(|at| Value { producer: number, number: at });
            let going = values.take_while(|_| !stopping.load(Ordering::Relaxed));
            going.for_each(|value| producer.send(seed, value));
            producer.finish();
        }));
    }

    /// Ends them; the broker must be there.
    pub(crate) fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().expect("the producer ended well"));
    }
}

struct Producer {
    client: ThreadedProducer<Recorder>,
    history: Arc<History>,
    window: Arc<Window>,
    topic: &'static str,
    number: u32,
}

fn client(
    address: SocketAddr,
    load: Load,
    history: &Arc<History>,
    window: &Arc<Window>,
) -> ThreadedProducer<Recorder> {
    let mut config = client::config(address);
    // Without a timeout of its own a value is sent until it is acknowledged.
    config.set("message.timeout.ms", "0").set("linger.ms", "2").set("batch.num.messages", "20");
    load.settings.iter().for_each(|(key, value)| {
        config.set(*key, *value);
    });
    let recorder = Recorder { history: Arc::clone(history), window: Arc::clone(window) };
    config.create_with_context(recorder).expect("a producer")
}

impl Producer {
    fn send(&self, seed: u64, value: Value) {
        self.window.enter();
        let partition = i32::try_from(value.number).expect("small") % PARTITIONS;
        let place = Place { topic: self.topic, partition };
        let key = format!("{}/{}", value.producer, value.number);
        let payload = payload(seed, value);
        self.history.push(Event::Sent { place, value });
        let record = BaseRecord::with_opaque_to(self.topic, Box::new((place, value)));
        let sent = self.client.send(record.partition(partition).key(&key).payload(&payload));
        sent.map_err(|(error, _)| error).expect("there is room in the client's queue");
    }

    fn finish(&self) {
        self.client.flush(DEADLINE).unwrap_or_else(|error| panic!("producer {}: {error}", self.number));
        if let Some((error, reason)) = self.client.client().fatal_error() {
            panic!("producer {}: {error}: {reason}", self.number);
        }
    }
}

/// Notes what became of each value.
struct Recorder {
    history: Arc<History>,
    window: Arc<Window>,
}

impl ClientContext for Recorder {}

impl ProducerContext for Recorder {
    type DeliveryOpaque = Box<(Place, Value)>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Box<(Place, Value)>) {
        use rdkafka::message::Message as _;
        let (place, value) = *sent;
        self.history.push(match result {
            Ok(message) => Event::Acknowledged { place, value, offset: message.offset() },
            Err(_) => Event::Unknown { place, value },
        });
        self.window.leave();
    }
}

/// Bounds what is on its way.
#[derive(Debug, Default)]
struct Window {
    used: Mutex<usize>,
    left: Condvar,
}

impl Window {
    fn enter(&self) {
        let used = self.used.lock().expect("nobody panics with the lock held");
        let (mut used, _) = self
            .left
            .wait_timeout_while(used, DEADLINE, |used| *used >= WINDOW)
            .expect("nobody panics with the lock held");
        assert!(*used < WINDOW, "nothing is acknowledged any more");
        *used += 1;
    }

    fn leave(&self) {
        *self.used.lock().expect("nobody panics with the lock held") -= 1;
        self.left.notify_one();
    }
}
