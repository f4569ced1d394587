//! The edges of the protocol: whole frames in, whole frames out, and whether the connection is closed.

use std::{collections::BTreeMap, io, net::SocketAddr};

use bytes::{Buf, Bytes};
use ottla_wire::{
    ApiKey, Message, Reader, Writer, frame,
    messages::{
        ApiVersionsRequest, ApiVersionsResponse, MetadataResponse, ResponseHeader,
        api_versions_response::ApiVersion,
    },
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    node::{Node, within},
    vectors::{hex, lines},
};

/// Requests that Kafka serves and this broker does not yet: what is not built is not advertised.
const NOT_BUILT: &[ApiKey] = &[
    ApiKey::DescribeAcls,
    ApiKey::CreateAcls,
    ApiKey::DeleteAcls,
    ApiKey::CreateDelegationToken,
    ApiKey::RenewDelegationToken,
    ApiKey::ExpireDelegationToken,
    ApiKey::DescribeDelegationToken,
    ApiKey::DescribeClientQuotas,
    ApiKey::AlterClientQuotas,
    ApiKey::DescribeUserScramCredentials,
    ApiKey::AlterUserScramCredentials,
    ApiKey::ConsumerGroupHeartbeat,
    ApiKey::ConsumerGroupDescribe,
    ApiKey::ShareGroupHeartbeat,
    ApiKey::ShareGroupDescribe,
    ApiKey::ShareFetch,
    ApiKey::ShareAcknowledge,
    ApiKey::AddRaftVoter,
    ApiKey::RemoveRaftVoter,
    ApiKey::InitializeShareGroupState,
    ApiKey::ReadShareGroupState,
    ApiKey::WriteShareGroupState,
    ApiKey::DeleteShareGroupState,
    ApiKey::ReadShareGroupStateSummary,
    ApiKey::StreamsGroupHeartbeat,
    ApiKey::StreamsGroupDescribe,
    ApiKey::DescribeShareGroupOffsets,
    ApiKey::AlterShareGroupOffsets,
    ApiKey::DeleteShareGroupOffsets,
];
/// Levels that Kafka tells of and this broker does not, because their requests are among the above.
const NOT_TOLD: &[&str] = &["group.version", "share.version", "streams.version"];

/// The topic that the recorded requests produce to, and so many partitions that the last ones named are not there.
const TOPIC: (&str, i32) = ("vectors-produce", 181);

/// Nothing in the recorded requests has this one.
const PROBE: i32 = 99;

#[tokio::test]
async fn every_exchange_goes_as_with_kafka() {
    // The recorded node refuses what Kafka 4.0 removed.
    let node = Node::start_with(&["ottla.legacy.versions=false"]).await;
    node.client().await.create_topic(TOPIC.0, TOPIC.1).await;
    let exchanges = lines("exchanges.jsonl.gz");
    assert_eq!(exchanges.len(), 33);
    for exchange in &exchanges {
        Exchange::recorded(exchange).check(node.address()).await;
    }
    node.stop().await;
}

struct Exchange {
    name: String,
    requests: Vec<Bytes>,
    responses: Vec<Bytes>,
    closed: bool,
}

impl Exchange {
    fn recorded(line: &Value) -> Exchange {
        let frames = |key: &str| line[key].as_array().expect("frames").iter().map(hex).collect();
        Exchange {
            name: line["name"].as_str().expect("a name").to_owned(),
            requests: frames("requests"),
            responses: frames("responses"),
            closed: line["closed"].as_bool().expect("whether it was closed"),
        }
    }

    async fn check(&self, address: SocketAddr) {
        let mut stream = TcpStream::connect(address).await.expect("the broker listens");
        stream.write_all(&self.requests.concat()).await.expect("the broker reads");
        let answered = self.requests.iter().filter_map(answered_request).take(self.responses.len());
        let answered: Vec<_> = answered.collect();
        assert_eq!(answered.len(), self.responses.len(), "{}", self.name);
        for (theirs, (api, version)) in self.responses.iter().zip(answered) {
            let ours = within(&self.name, read_frame(&mut stream)).await;
            compare(&self.name, api, version, &ours.expect("a response"), theirs);
        }
        let closed = within(&self.name, is_closed(&mut stream)).await;
        assert_eq!(closed, self.closed, "{}", self.name);
    }
}

/// Kind and version of a request that is answered.
fn answered_request(frame: &Bytes) -> Option<(ApiKey, i16)> {
    let request = frame::decode_request(frame.slice(4..)).ok()?;
    let asks_for_nothing = request.api == ApiKey::Produce && {
        let mut body = request.body;
        // A flexible version: no transactional id, then the acks.
        body.i8().ok()?;
        body.i16().ok()? == 0
    };
    (!asks_for_nothing).then_some((request.api, request.version))
}

async fn read_frame(stream: &mut TcpStream) -> io::Result<Bytes> {
    let size = stream.read_i32().await?;
    let mut frame = size.to_be_bytes().to_vec();
    frame.resize(4 + usize::try_from(size).expect("a size"), 0);
    stream.read_exact(&mut frame[4..]).await?;
    Ok(frame.into())
}

/// A connection that is open answers one more request.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut probe = Writer::new();
    let request = ApiVersionsRequest::default();
    frame::encode_request(&mut probe, ApiKey::ApiVersions, 0, PROBE, None, &request);
    if stream.write_all(&probe.into_bytes()).await.is_err() {
        return true;
    }
    match read_frame(stream).await {
        Ok(answer) => {
            assert_eq!((&answer[4..]).get_i32(), PROBE, "an answer that nobody asked for");
            false
        }
        Err(_closed) => true,
    }
}

fn compare(name: &str, api: ApiKey, version: i16, ours: &Bytes, theirs: &Bytes) {
    if api == ApiKey::ApiVersions {
        // A version that is not known is answered in version 0.
        let version = if api.versions().contains(&version) { version } else { 0 };
        compare_versions(name, &decode(api, version, ours), &decode(api, version, theirs));
    } else if api == ApiKey::Metadata {
        let (ours, theirs) = (decode(api, version, ours), decode(api, version, theirs));
        assert_eq!(neutral(ours), neutral(theirs), "{name}");
    } else {
        assert_eq!(ours, theirs, "{name}");
    }
}

fn decode<M: Message>(api: ApiKey, version: i16, frame: &Bytes) -> (i32, M) {
    let mut reader = Reader::new(frame.slice(4..));
    let header = ResponseHeader::decode(&mut reader, api.response_header_version(version)).expect("a header");
    let body = M::decode(&mut reader, version).expect("a body");
    assert_eq!(reader.remaining(), 0, "bytes behind the response");
    (header.correlation_id, body)
}

/// Without what differs from node to node.
fn neutral((correlation_id, mut response): (i32, MetadataResponse)) -> (i32, MetadataResponse) {
    response.cluster_id = response.cluster_id.map(|_| "the cluster".into());
    response.brokers.iter_mut().for_each(|broker| broker.port = 9092);
    (correlation_id, response)
}

/// What is served is served in the same versions, and what is told of features is the same.
fn compare_versions(name: &str, ours: &(i32, ApiVersionsResponse), theirs: &(i32, ApiVersionsResponse)) {
    assert_eq!((ours.0, ours.1.error_code), (theirs.0, theirs.1.error_code), "{name}");
    let (ours, theirs) = (&ours.1, &theirs.1);
    let is_built =
        |api: &&ApiVersion| ApiKey::from_code(api.api_key).is_none_or(|api| !NOT_BUILT.contains(&api));
    let expected: Vec<_> = theirs.api_keys.iter().filter(is_built).cloned().collect();
    assert_eq!(ours.api_keys, expected, "{name}");
    let mut told = features(theirs);
    told.retain(|feature, _| !NOT_TOLD.contains(&feature.as_str()));
    assert_eq!(features(ours), told, "{name}");
    assert_eq!(ours.finalized_features_epoch >= 0, theirs.finalized_features_epoch >= 0, "{name}");
    assert_eq!(ours.zk_migration_ready, theirs.zk_migration_ready, "{name}");
}

type Range = (i16, i16);

/// By name: the supported levels, and the finalised ones.
fn features(response: &ApiVersionsResponse) -> BTreeMap<String, (Option<Range>, Option<Range>)> {
    let mut features: BTreeMap<String, (Option<Range>, Option<Range>)> = BTreeMap::new();
    for one in &response.supported_features {
        features.entry(one.name.to_string()).or_default().0 = Some((one.min_version, one.max_version));
    }
    for one in &response.finalized_features {
        let levels = (one.min_version_level, one.max_version_level);
        features.entry(one.name.to_string()).or_default().1 = Some(levels);
    }
    features
}
