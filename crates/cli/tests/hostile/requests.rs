//! Requests as Apache Kafka's own classes write them, of the kinds and versions that the broker serves.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use ottla_wire::messages::RequestHeader;
use ottla_wire::{ApiKey, Message as _, Writer};

use super::random::Random;
use super::support::{json_lines, read_gzip, unhex};

/// Shared by all that make attacks.
#[derive(Debug)]
pub(crate) struct Requests {
    /// Every kind and version that is served.
    pub(crate) served: Vec<(ApiKey, i16)>,
    bodies: Vec<Body>,
}

#[derive(Debug)]
struct Body {
    api: ApiKey,
    version: i16,
    bytes: Vec<u8>,
}

impl Requests {
    pub(crate) fn read(versions: &BTreeMap<i16, RangeInclusive<i16>>) -> Requests {
        let served = versions.iter().flat_map(|(code, versions)| {
            let api = ApiKey::from_code(*code).expect("it serves what there is");
            versions.clone().map(move |version| (api, version))
        });
        let served: Vec<_> = served.collect();
        let lines = json_lines(&read_gzip("messages.jsonl.gz"));
        let bodies = lines.iter().filter(|line| line["kind"] == "request").filter_map(|line| {
            let number = |name| i16::try_from(line[name].as_i64().expect("a number")).expect("small");
            let (api, version) = (ApiKey::from_code(number("api"))?, number("version"));
            let bytes = unhex(line["hex"].as_str().expect("text"));
            served.contains(&(api, version)).then_some(Body { api, version, bytes })
        });
        let bodies: Vec<_> = bodies.collect();
        assert!(versions.keys().all(|code| bodies.iter().any(|body| body.api.code() == *code)));
        Requests { served, bodies }
    }

    pub(crate) fn count(&self) -> usize {
        self.bodies.len()
    }

    /// A valid request, with header and size.
    pub(crate) fn frame(&self, at: usize) -> Vec<u8> {
        let Body { api, version, bytes } = &self.bodies[at];
        request(api.code(), *version, api.request_header_version(*version), bytes)
    }

    /// All metadata, all versions, all options: several kilobytes each.
    pub(crate) fn with_large_answers(&self) -> Vec<u8> {
        const NULL: &[u8] = &[0xff; 4];
        let one_broker = [&[0, 0, 0, 1, 4, 0, 0][..], NULL].concat();
        [
            request(ApiKey::ApiVersions.code(), 0, 1, &[]),
            request(ApiKey::Metadata.code(), 1, 1, NULL),
            request(ApiKey::DescribeConfigs.code(), 1, 1, &[&one_broker[..], &[1]].concat()),
        ]
        .concat()
    }

    pub(crate) fn any(&self, random: &mut Random) -> Vec<u8> {
        self.frame(random.below(self.bodies.len()))
    }
}

/// Asks for something many times over, in one request.
pub(crate) fn repeated(api: ApiKey, version: i16, times: u32, one: &[u8], end: &[u8]) -> Vec<u8> {
    let all = one.repeat(usize::try_from(times).expect("small"));
    request(api.code(), version, 1, &[&times.to_be_bytes(), &all[..], end].concat())
}

/// Asks for all that a group has committed.
pub(crate) fn committed_offsets(group: &str) -> Vec<u8> {
    const ALL_TOPICS: &[u8] = &[0xff; 4];
    let length = u16::try_from(group.len()).expect("small").to_be_bytes();
    request(ApiKey::OffsetFetch.code(), 2, 1, &[&length, group.as_bytes(), ALL_TOPICS].concat())
}

/// A frame with a whole header and whatever body.
pub(crate) fn request(api: i16, version: i16, header_version: i16, body: &[u8]) -> Vec<u8> {
    let header = RequestHeader {
        request_api_key: api,
        request_api_version: version,
        correlation_id: 7,
        client_id: Some("hostile".into()),
    };
    let mut out = Writer::new();
    let start = out.begin_frame();
    header.encode(&mut out, header_version);
    out.raw(body);
    out.end_frame(start);
    out.into_bytes().into()
}
