//! The process that is attacked, and what it looks like from outside.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::ops::RangeInclusive;

use ottla_wire::messages::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_wire::{ApiKey, Message as _, Reader, Writer, frame};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::client::DEADLINE;
use super::support::server::{Server, serve};
use super::support::wait_until;

/// The request's frame: correlation id. That of the answer to ApiVersions has no tags.
const RESPONSE_HEADER: usize = 4;

pub(crate) struct Victim {
    server: Server,
    address: SocketAddr,
    metrics: SocketAddr,
    _dir: TempDir,
}

impl Victim {
    pub(crate) fn start(settings: &[&str]) -> Victim {
        let dir = TempDir::new().expect("a temporary directory");
        let ports = dir.path().join("ports.json");
        let mut command = serve(&dir.path().join("data"));
        command.arg("--ports-file").arg(&ports);
        let usual = ["group.initial.rebalance.delay.ms=0", "offsets.topic.num.partitions=2"];
        command.args(usual.iter().chain(settings).flat_map(|setting| ["--set", setting]));
        let mut server = Server::start(&mut command);
        server.wait_for("listening");
        wait_until("it tells its ports", || ports.exists());
        let told = std::fs::read_to_string(&ports).expect("the file");
        let told: Value = serde_json::from_str(&told).expect("JSON");
        let address = |at: &Value| at.as_str().expect("an address").parse().expect("an address");
        let (metrics, address) = (address(&told["metrics"]), address(&told["listeners"]["PLAINTEXT"]));
        Victim { server, address, metrics, _dir: dir }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it says that it serves.
    pub(crate) fn versions(&self) -> BTreeMap<i16, RangeInclusive<i16>> {
        let mut request = Writer::new();
        frame::encode_request(&mut request, ApiKey::ApiVersions, 0, 1, None, &ApiVersionsRequest::default());
        let answer = ask(self.address, &request.into_bytes());
        let mut body = Reader::new(answer.slice(RESPONSE_HEADER..));
        let response = ApiVersionsResponse::decode(&mut body, 0).expect("a valid answer");
        let versions = response.api_keys.iter().map(|api| (api.api_key, api.min_version..=api.max_version));
        versions.collect()
    }

    pub(crate) fn open_files(&self) -> usize {
        self.server.open_files()
    }

    /// Those of the connections are closed; a few more may be segments and journals.
    pub(crate) fn has_as_many_open_files(&self, before: usize) {
        const OF_TOPICS_MAX: usize = 40;
        wait_until("the connections are closed", || self.open_files() <= before + OF_TOPICS_MAX);
    }

    pub(crate) fn memory_peak(&self) -> usize {
        self.server.memory_peak()
    }

    pub(crate) fn is_ready(&self) {
        let mut stream = TcpStream::connect(self.metrics).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        stream.write_all(b"GET /readyz HTTP/1.0\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.0 200") && answer.ends_with("ready\n"), "{answer}");
    }

    /// It still runs, ends cleanly, and has never panicked.
    pub(crate) fn stop(mut self) {
        assert!(self.server.is_running(), "{:?}", self.server.ended());
        let ended = self.server.stop(Signal::TERM);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let complaints = ["panicked", "ERROR", "a connection's task failed"];
        assert!(!complaints.iter().any(|text| ended.stderr.contains(text)), "{}", ended.stderr);
    }
}

/// Sends a frame and reads the frame that answers it, without its size.
pub(crate) fn ask(address: SocketAddr, frame: &[u8]) -> bytes::Bytes {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    stream.write_all(frame).expect("it reads");
    let mut size = [0; 4];
    stream.read_exact(&mut size).expect("it answers");
    let mut answer = vec![0; usize::try_from(u32::from_be_bytes(size)).expect("small")];
    stream.read_exact(&mut answer).expect("it answers");
    answer.into()
}
