//! A broker that does what a test tells it to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ottla_client::wire::messages::api_versions_response::ApiVersion;
use ottla_client::wire::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_client::wire::messages::{
    ApiVersionsRequest, ApiVersionsResponse, MetadataRequest, MetadataResponse,
};
use ottla_client::wire::{self, ApiKey, Message, Request, Uuid, Writer, frame};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What a broker does with a request.
pub(crate) enum Answer {
    /// The body of a response, in the version of the request.
    Body(Box<dyn FnOnce(i16) -> Vec<u8> + Send>),
    /// The same after a while. Requests behind it wait, as at a real broker.
    Late(Duration, Box<Answer>),
    /// Bytes as they are, size and header included.
    Raw(Vec<u8>),
    /// Nothing, and on to the next request.
    Nothing,
    /// The connection ends.
    Close,
}

pub(crate) fn answer<M: Message + Send + 'static>(message: M) -> Answer {
    Answer::Body(Box::new(move |version| wire::to_bytes(&message, version).to_vec()))
}

/// A request as the broker got it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
    pub(crate) client_id: Option<String>,
    /// Connections are numbered from 0.
    pub(crate) connection: usize,
    body: bytes::Bytes,
}

impl Received {
    pub(crate) fn read<R: Request>(&self) -> R {
        wire::from_bytes(&self.body, self.version).expect("the client sends what can be read")
    }
}

type Handler = Box<dyn FnMut(&Received) -> Answer + Send>;

/// What a broker does, by kind of request; and what it saw.
#[derive(Default)]
struct Script {
    handlers: HashMap<i16, Handler>,
    received: Vec<Received>,
    connections: usize,
    open: usize,
}

/// A broker on a port of its own. It ends when it is dropped.
pub(crate) struct Broker {
    pub(crate) address: SocketAddr,
    script: Arc<Mutex<Script>>,
    /// Something was received, or a connection came or went.
    seen: watch::Receiver<u64>,
    tasks: JoinSet<()>,
}

impl Broker {
    /// Serves every version of everything: ApiVersions by itself, the rest as the test says.
    pub(crate) async fn start() -> Broker {
        Broker::start_with(None).await
    }

    /// The same, within TLS if there is an acceptor.
    pub(crate) async fn start_with(tls: Option<TlsAcceptor>) -> Broker {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(Script::default()));
        let (tell, seen) = watch::channel(0);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, tls, script.clone(), Arc::new(tell)));
        let broker = Broker { address, script, seen, tasks };
        broker.serves(&[]);
        broker
    }

    /// Answers requests of a kind so from now on.
    pub(crate) fn on<R: Request>(&self, mut handler: impl FnMut(R, &Received) -> Answer + Send + 'static) {
        let handler: Handler = Box::new(move |received| handler(received.read(), received));
        lock(&self.script).handlers.insert(R::API_KEY, handler);
    }

    /// Answers ApiVersions with these ranges: all that the messages have, except for those of which others are told.
    pub(crate) fn serves(&self, others: &[(ApiKey, i16, i16)]) {
        let response = ApiVersionsResponse { api_keys: ranges(others), ..Default::default() };
        self.on::<ApiVersionsRequest>(move |_, _| answer(response.clone()));
    }

    /// Tells of itself as the only broker, with topics that it leads.
    pub(crate) fn leads(&self, topics: &[(&str, i32)]) {
        let address = self.address;
        let topics: Vec<_> = topics.iter().map(|(name, count)| topic(name, *count, 0)).collect();
        self.on::<MetadataRequest>(move |_, _| answer(cluster(&[address], topics.clone())));
    }

    /// The requests of a kind that came so far.
    pub(crate) fn received<R: Request>(&self) -> Vec<Received> {
        let script = lock(&self.script);
        script.received.iter().filter(|received| received.api.code() == R::API_KEY).cloned().collect()
    }

    /// The kinds of all requests that came so far, in order.
    pub(crate) fn order(&self) -> Vec<ApiKey> {
        lock(&self.script).received.iter().map(|received| received.api).collect()
    }

    /// Connections that were made so far, and those that are open.
    pub(crate) fn connections(&self) -> (usize, usize) {
        let script = lock(&self.script);
        (script.connections, script.open)
    }

    pub(crate) async fn wait_until(&self, what: &str, mut is_true: impl FnMut(&Broker) -> bool) {
        let mut seen = self.seen.clone();
        let waiting = async {
            while !is_true(self) {
                seen.changed().await.expect("the broker runs");
            }
        };
        let outcome = tokio::time::timeout(super::DEADLINE, waiting).await;
        outcome.unwrap_or_else(|_| panic!("in vain waited until {what}"));
    }

    /// Ends at once, with all connections.
    pub(crate) async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// What ApiVersions tells.
pub(crate) fn ranges(others: &[(ApiKey, i16, i16)]) -> Vec<ApiVersion> {
    let keys = (0..100).filter_map(ApiKey::from_code);
    let range = |key: ApiKey| {
        let other = others.iter().find(|(other, _, _)| *other == key);
        let (min, max) =
            other.map_or((*key.versions().start(), *key.versions().end()), |(_, min, max)| (*min, *max));
        ApiVersion { api_key: key.code(), min_version: min, max_version: max }
    };
    keys.map(range).collect()
}

/// A cluster of brokers numbered from 0, the first of which is the controller.
pub(crate) fn cluster(addresses: &[SocketAddr], topics: Vec<MetadataResponseTopic>) -> MetadataResponse {
    let broker = |(id, address): (usize, &SocketAddr)| MetadataResponseBroker {
        node_id: i32::try_from(id).unwrap(),
        host: address.ip().to_string().into(),
        port: address.port().into(),
        rack: None,
    };
    MetadataResponse {
        brokers: addresses.iter().enumerate().map(broker).collect(),
        cluster_id: Some("scripted".into()),
        controller_id: 0,
        topics,
        ..Default::default()
    }
}

/// A topic whose partitions are all led by one broker.
pub(crate) fn topic(name: &str, partitions: i32, leader_id: i32) -> MetadataResponseTopic {
    let partition = |partition_index| MetadataResponsePartition {
        partition_index,
        leader_id,
        leader_epoch: leader_id,
        replica_nodes: vec![leader_id],
        isr_nodes: vec![leader_id],
        ..Default::default()
    };
    MetadataResponseTopic {
        name: Some(name.into()),
        topic_id: Uuid::from_u128(name.bytes().fold(7, |id, byte| id * 31 + u128::from(byte))),
        partitions: (0..partitions).map(partition).collect(),
        ..Default::default()
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    script: Arc<Mutex<Script>>,
    seen: Arc<watch::Sender<u64>>,
) {
    let mut connections = JoinSet::new();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let number = {
            let mut script = lock(&script);
            script.open += 1;
            script.connections += 1;
            script.connections - 1
        };
        seen.send_modify(|count| *count += 1);
        let (tls, script, seen) = (tls.clone(), script.clone(), seen.clone());
        connections.spawn(async move {
            // A client that goes away is no mistake of the broker's.
            let _ended = secure_and_serve(tls, socket, number, &script, &seen).await;
            lock(&script).open -= 1;
            seen.send_modify(|count| *count += 1);
        });
    }
}

async fn secure_and_serve(
    tls: Option<TlsAcceptor>,
    socket: TcpStream,
    connection: usize,
    script: &Mutex<Script>,
    seen: &watch::Sender<u64>,
) -> std::io::Result<()> {
    match tls {
        Some(tls) => serve(tls.accept(socket).await?, connection, script, seen).await,
        None => serve(socket, connection, script, seen).await,
    }
}

async fn serve(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    connection: usize,
    script: &Mutex<Script>,
    seen: &watch::Sender<u64>,
) -> std::io::Result<()> {
    loop {
        let size = socket.read_i32().await?;
        let mut frame = vec![0; usize::try_from(size).expect("the client sends sizes")];
        socket.read_exact(&mut frame).await?;
        let mut request = frame::decode_request(frame.into()).expect("the client sends requests");
        let remaining = request.body.remaining();
        let received = Received {
            api: request.api,
            version: request.version,
            client_id: request.client_id.as_ref().map(ToString::to_string),
            connection,
            body: request.body.slice(remaining).unwrap(),
        };
        let mut answer = {
            let mut script = lock(script);
            script.received.push(received.clone());
            let handler = script.handlers.get_mut(&received.api.code());
            handler.unwrap_or_else(|| panic!("the test does not say what to do with {received:?}"))(&received)
        };
        seen.send_modify(|count| *count += 1);
        while let Answer::Late(pause, then) = answer {
            tokio::time::sleep(pause).await;
            answer = *then;
        }
        match answer {
            Answer::Body(body) => {
                let frame = response(&received, request.correlation_id, &body(received.version));
                socket.write_all(&frame).await?;
            }
            Answer::Raw(bytes) => socket.write_all(&bytes).await?,
            Answer::Late(..) => unreachable!("it was waited for"),
            Answer::Nothing => {}
            Answer::Close => return Ok(()),
        }
    }
}

fn response(received: &Received, correlation_id: i32, body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    let start = writer.begin_frame();
    writer.i32(correlation_id);
    if received.api.response_header_version(received.version) > 0 {
        writer.no_tags();
    }
    writer.raw(body);
    writer.end_frame(start);
    writer.into_bytes().to_vec()
}

fn lock(script: &Mutex<Script>) -> std::sync::MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}
