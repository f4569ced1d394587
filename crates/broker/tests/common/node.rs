//! A broker in this process, and clients that speak the protocol to it.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use ottla_broker::Running;
use ottla_config::{Assignment, StartConfig, parse_set};
use ottla_wire::{
    ApiKey, ErrorCode, Message, Reader, Request, Uuid, Writer, frame,
    messages::{
        CreateTopicsRequest, DeleteTopicsRequest, FindCoordinatorRequest, FindCoordinatorResponse,
        MetadataRequest, ResponseHeader, create_topics_request::CreatableTopic,
        metadata_request::MetadataRequestTopic,
    },
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Nothing here takes that long, on any machine.
const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) const OFFSETS_PARTITIONS: usize = 4;

pub(crate) struct Node {
    running: Running,
    dir: PathBuf,
    _temporary: TempDir,
}

impl Node {
    pub(crate) async fn start() -> Node {
        Node::start_with(&[]).await
    }

    /// `settings` are of the form `KEY=VALUE`.
    pub(crate) async fn start_with(settings: &[&str]) -> Node {
        let temporary = TempDir::new().expect("a temporary directory");
        let dir = temporary.path().join("data");
        Node::start_in(temporary, dir, settings).await
    }

    pub(crate) async fn start_in(temporary: TempDir, dir: PathBuf, settings: &[&str]) -> Node {
        let running = ottla_broker::start(config(&dir, settings)).await.expect("the broker starts");
        Node { running, dir, _temporary: temporary }
    }

    /// A clean stop, and a start on what it left.
    pub(crate) async fn restart(self) -> Node {
        let Node { running, dir, _temporary } = self;
        within("the broker stops", running.shutdown()).await;
        Node::start_in(_temporary, dir, &[]).await
    }

    /// A start on a copy of what is in the files now, as a kill would leave them.
    pub(crate) async fn start_on_copy(&self) -> Node {
        let temporary = TempDir::new().expect("a temporary directory");
        let dir = temporary.path().join("data");
        copy(&self.dir, &dir).expect("the directory can be copied");
        Node::start_in(temporary, dir, &[]).await
    }

    pub(crate) async fn stop(self) {
        within("the broker stops", self.running.shutdown()).await;
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.addresses()[0].bound
    }

    pub(crate) fn metrics_address(&self) -> Option<SocketAddr> {
        self.running.metrics_address()
    }

    pub(crate) async fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address()).await.expect("the broker listens");
        Client { stream, correlation_id: 0 }
    }

    /// A client that may ask for groups: their topic is there.
    pub(crate) async fn group_client(&self) -> Client {
        let mut client = self.client().await;
        assert_eq!(client.find_coordinator().await.error_code, 0);
        client
    }
}

fn config(dir: &Path, settings: &[&str]) -> StartConfig {
    let dir = format!("log.dirs={}", dir.display());
    let partitions = format!("offsets.topic.num.partitions={OFFSETS_PARTITIONS}");
    let all = [
        "listeners=PLAINTEXT://127.0.0.1:0",
        "ottla.metrics.listener=",
        "node.id=1",
        "group.initial.rebalance.delay.ms=0",
        "group.min.session.timeout.ms=10",
        "offsets.retention.minutes=2147483647",
        "ottla.journal.file.bytes=16777216",
        &dir,
        &partitions,
    ];
    let assignments: Vec<Assignment> =
        all.iter().chain(settings).map(|text| parse_set(text).expect("an assignment")).collect();
    StartConfig::new(assignments).expect("a valid configuration").0
}

/// Files may go while they are listed: journal files are removed and segments renamed.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

pub(crate) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match timeout(DEADLINE, future).await {
        Ok(output) => output,
        Err(_elapsed) => panic!("not within {DEADLINE:?}: {what}"),
    }
}

pub(crate) struct Client {
    stream: TcpStream,
    correlation_id: i32,
}

impl Client {
    pub(crate) async fn call<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        self.send(version, request).await;
        self.receive::<R>(version).await
    }

    pub(crate) async fn send<R: Request>(&mut self, version: i16, request: &R) {
        let api = ApiKey::from_code(R::API_KEY).expect("requests have keys");
        self.correlation_id += 1;
        let mut out = Writer::new();
        frame::encode_request(&mut out, api, version, self.correlation_id, Some("tester"), request);
        self.stream.write_all(&out.into_bytes()).await.expect("the broker reads");
    }

    /// The answer to a request of that kind.
    pub(crate) async fn receive<R: Request>(&mut self, version: i16) -> R::Response {
        let api = ApiKey::from_code(R::API_KEY).expect("requests have keys");
        let bytes = within(&format!("{} is answered", api.name()), self.read_frame()).await;
        let mut reader = Reader::new(bytes.expect("the broker answers"));
        let header = ResponseHeader::decode(&mut reader, api.response_header_version(version));
        assert_eq!(header.expect("a header").correlation_id, self.correlation_id);
        R::Response::decode(&mut reader, version).expect("a response")
    }

    async fn read_frame(&mut self) -> io::Result<Bytes> {
        let size = self.stream.read_i32().await?;
        let mut frame = vec![0; usize::try_from(size).expect("a size")];
        self.stream.read_exact(&mut frame).await?;
        Ok(frame.into())
    }

    /// Whether the broker closes the connection instead of an answer.
    pub(crate) async fn is_closed(&mut self) -> bool {
        within("the broker closes or answers", self.read_frame()).await.is_err()
    }

    /// Asks until the answer is as wanted.
    pub(crate) async fn until<R: Request>(
        &mut self,
        version: i16,
        request: &R,
        is_wanted: impl Fn(&R::Response) -> bool,
    ) -> R::Response {
        within("the answer is as wanted", async {
            loop {
                let response = self.call(version, request).await;
                if is_wanted(&response) {
                    return response;
                }
            }
        })
        .await
    }

    pub(crate) async fn find_coordinator(&mut self) -> FindCoordinatorResponse {
        self.call(3, &FindCoordinatorRequest { key: "any".into(), ..Default::default() }).await
    }

    pub(crate) async fn create_topic(&mut self, name: &str, partitions: i32) -> Uuid {
        let topic = CreatableTopic {
            name: name.into(),
            num_partitions: partitions,
            replication_factor: 1,
            ..Default::default()
        };
        let request = CreateTopicsRequest { topics: vec![topic], ..Default::default() };
        let created = self.call(7, &request).await;
        assert_eq!(created.topics[0].error_code, ErrorCode::None.code());
        created.topics[0].topic_id
    }

    pub(crate) async fn delete_topic(&mut self, name: &str) {
        let request = DeleteTopicsRequest { topic_names: vec![name.into()], ..Default::default() };
        let deleted = self.call(5, &request).await;
        assert_eq!(deleted.responses[0].error_code, ErrorCode::None.code());
    }

    /// None: there is no such topic.
    pub(crate) async fn partition_count(&mut self, topic: &str) -> Option<usize> {
        let topic = MetadataRequestTopic { name: Some(topic.into()), ..Default::default() };
        let topics = Some(vec![topic]);
        let request = MetadataRequest { topics, allow_auto_topic_creation: false, ..Default::default() };
        let described = &self.call(12, &request).await.topics[0];
        (described.error_code == ErrorCode::None.code()).then_some(described.partitions.len())
    }
}
