//! Every message in every version against the bytes that Kafka's own classes wrote, and hostile input.

use std::{
    collections::{BTreeSet, HashMap},
    io::{BufRead, BufReader},
    path::Path,
};

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use crate::{
    ApiKey, ByteString, DecodeError, Message, Reader, ToJson, Writer, frame,
    messages::{MetadataRecord, *},
    to_bytes,
};

/// A message type without its type: what a test needs to go through all of them.
pub(crate) struct Entry {
    name: &'static str,
    min_version: i16,
    max_version: i16,
    decode: fn(Bytes, i16) -> Result<Decoded, DecodeError>,
}

struct Decoded {
    json: Value,
    encoded: Bytes,
    unread: usize,
}

impl Entry {
    const fn of<M: Message + ToJson>() -> Entry {
        Entry { name: M::NAME, min_version: M::MIN_VERSION, max_version: M::MAX_VERSION, decode: decode::<M> }
    }
}

fn decode<M: Message + ToJson>(bytes: Bytes, version: i16) -> Result<Decoded, DecodeError> {
    let mut r = Reader::new(bytes);
    let message = M::decode(&mut r, version)?;
    let json = message.to_json(version);
    Ok(Decoded { json, encoded: to_bytes(&message, version), unread: r.remaining() })
}

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

fn lines(file: &str) -> impl Iterator<Item = Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(file);
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    BufReader::new(flate2::read::GzDecoder::new(file))
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_else(|| panic!("{key} in {line}"))
}

fn number(line: &Value, key: &str) -> i64 {
    line[key].as_i64().unwrap_or_else(|| panic!("{key} in {line}"))
}

fn hex(text: &str) -> Bytes {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn catalogue() -> HashMap<&'static str, &'static Entry> {
    CATALOGUE.iter().map(|entry| (entry.name, entry)).collect()
}

#[test]
fn every_message_in_every_version_has_the_fields_and_bytes_that_kafka_gives_it() {
    assert_eq!(check_messages("messages.jsonl.gz"), 3900);
}

#[test]
fn so_has_every_version_that_kafka_4_removed() {
    assert_eq!(check_messages("messages-removed.jsonl.gz"), 266);
}

fn check_messages(file: &str) -> usize {
    let catalogue = catalogue();
    let mut seen = 0;
    // Unknown tagged fields are skipped, so such a message is written again as the same message without them.
    let mut without_tags: HashMap<(String, i64), Bytes> = HashMap::new();
    for line in lines(file) {
        let (name, version, case) = (text(&line, "name"), number(&line, "version"), text(&line, "case"));
        let what = format!("{name} {version} {case}");
        let bytes = hex(text(&line, "hex"));
        let entry = catalogue.get(name).unwrap_or_else(|| panic!("no such message: {what}"));
        let version_number = i16::try_from(version).unwrap();
        assert!((entry.min_version..=entry.max_version).contains(&version_number), "{what}");
        let decoded = (entry.decode)(bytes.clone(), version_number).unwrap_or_else(|e| panic!("{what}: {e}"));
        // A tagged struct that holds nothing but unknown tags is its default for us, and so not there.
        if !(case == "tagged-unknown" && name == "FetchSnapshotResponse") {
            assert_eq!(decoded.json, line["json"], "{what}");
        }
        assert_eq!(decoded.unread, 0, "{what}");
        let key = (format!("{name} {}", decoded.json), version);
        if case == "tagged-unknown" {
            assert!(decoded.encoded.len() < bytes.len(), "{what}");
            assert_eq!(Some(&decoded.encoded), without_tags.get(&key), "{what}");
        } else {
            assert_eq!(decoded.encoded, bytes, "{what}");
            without_tags.insert(key, bytes);
        }
        seen += 1;
    }
    seen
}

#[test]
fn the_removed_versions_are_those_of_the_vectors_and_no_others() {
    let mut removed = BTreeSet::new();
    for line in lines("messages-removed.jsonl.gz").filter(|line| text(line, "kind") == "request") {
        let (api, version) = (number(&line, "api"), number(&line, "version"));
        removed.insert((i16::try_from(api).unwrap(), i16::try_from(version).unwrap()));
    }
    for api in ApiKey::ALL {
        for version in api.versions_with_removed() {
            assert_eq!(api.is_removed(version), removed.remove(&(api.code(), version)), "{api:?} {version}");
            assert_ne!(api.is_removed(version), api.versions().contains(&version), "{api:?} {version}");
        }
    }
    assert!(removed.is_empty(), "{removed:?}");
}

#[test]
fn whole_frames_have_the_headers_that_kafka_gives_them() {
    let mut seen = 0;
    for line in lines("frames.jsonl.gz") {
        let bytes = hex(text(&line, "hex"));
        match text(&line, "frame") {
            "request" => check_request(&line, &bytes),
            "response" => check_response(&line, &bytes),
            _ => check_record(&line, &bytes),
        }
        seen += 1;
    }
    assert_eq!(seen, 534);
}

fn check_request(line: &Value, bytes: &Bytes) {
    let request = frame::decode_request(bytes.slice(4..)).unwrap_or_else(|e| panic!("{line}: {e}"));
    assert_eq!(i64::from(request.api.code()), number(line, "api"));
    assert_eq!(i64::from(request.version), number(line, "version"));
    assert_eq!(i64::from(request.correlation_id), number(&line["header"], "correlationId"));
    assert_eq!(request.client_id.as_deref(), line["header"]["clientId"].as_str());
    assert_eq!(request.body.position() + 4, usize::try_from(number(line, "bodyAt")).unwrap());
}

fn check_response(line: &Value, bytes: &Bytes) {
    let api = ApiKey::from_code(i16::try_from(number(line, "api")).unwrap()).unwrap();
    let version = i16::try_from(number(line, "version")).unwrap();
    if text(line, "case") == "header-tagged-unknown" {
        return;
    }
    let answered = if text(line, "case") == "unsupported-version" { 0 } else { version };
    let header =
        ResponseHeader { correlation_id: i32::try_from(number(&line["header"], "correlationId")).unwrap() };
    let header = to_bytes(&header, api.response_header_version(answered));
    let body_at = usize::try_from(number(line, "bodyAt")).unwrap();
    assert_eq!(bytes.slice(4..body_at), header, "{line}");
}

fn check_record(line: &Value, bytes: &Bytes) {
    let (kind, name, version) =
        (text(line, "kind"), text(line, "name"), i16::try_from(number(line, "version")).unwrap());
    match kind {
        "metadata" => {
            let (record, read) = MetadataRecord::decode_framed_with_version(bytes).unwrap();
            assert_eq!((record.name(), read), (name, version));
            assert_eq!(record.encode_framed(version), *bytes, "{line}");
        }
        "storage" => {}
        _ if name.ends_with("Key") && !name.ends_with("PrincipalKey") => {
            let key = crate::decode_key(bytes).unwrap();
            assert!((catalogue()[name].decode)(key.body, 0).is_ok(), "{line}");
        }
        _ => {
            assert_eq!(crate::value_version(bytes).unwrap(), version, "{line}");
            assert!((catalogue()[name].decode)(bytes.slice(2..), version).is_ok(), "{line}");
        }
    }
}

#[test]
fn a_count_that_cannot_be_is_refused_before_anything_is_allocated() {
    let check = |body: &[u8], version| {
        let error = crate::from_bytes::<MetadataRequest>(&Bytes::copy_from_slice(body), version).unwrap_err();
        assert!(matches!(error, DecodeError::BadLength { .. }), "{error}");
    };
    check(&[0x7f, 0xff, 0xff, 0xff], 1);
    check(&[0xff, 0xff, 0xff, 0xfe], 1);
    check(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0], 12);
}

#[test]
fn records_larger_than_a_page_are_referred_to_and_not_copied() {
    use fetch_response::{FetchableTopicResponse, PartitionData};
    let records = Bytes::from(vec![7; 100_000]);
    let partition = PartitionData { records: Some(records.clone().into()), ..Default::default() };
    let topic = FetchableTopicResponse { partitions: vec![partition], ..Default::default() };
    let response = FetchResponse { responses: vec![topic], ..Default::default() };
    let mut w = Writer::new();
    frame::encode_response(&mut w, ApiKey::Fetch, 12, 5, &response);
    let length = w.len();
    let parts = w.into_parts();
    let shared = parts.iter().any(|p| matches!(p, crate::Part::Bytes(b) if b.as_ptr() == records.as_ptr()));
    assert!(shared, "the records were copied");
    let crate::Part::Bytes(head) = &parts[0] else { panic!("the frame starts in memory") };
    let size = i32::from_be_bytes(head[..4].try_into().unwrap());
    assert_eq!(usize::try_from(size).unwrap() + 4, length);
}

#[test]
fn text_too_long_for_the_classic_encoding_is_cut_at_a_character() {
    let name = ByteString::from("é".repeat(20_000));
    let header = RequestHeader { client_id: Some(name), ..Default::default() };
    let back: RequestHeader = crate::from_bytes(&to_bytes(&header, 1), 1).unwrap();
    assert_eq!(back.client_id.unwrap().len(), 32_766);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_bytes_never_panic(entry in 0..CATALOGUE.len(), version in 0..20i16, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let entry = &CATALOGUE[entry];
        let version = version.clamp(entry.min_version, entry.max_version);
        let _ignored = (entry.decode)(Bytes::from(bytes), version);
    }
}

#[test]
fn mutated_messages_never_panic() {
    let catalogue = catalogue();
    for (index, line) in lines("messages.jsonl.gz").chain(lines("messages-removed.jsonl.gz")).enumerate() {
        let entry = catalogue[text(&line, "name")];
        let version = i16::try_from(number(&line, "version")).unwrap();
        let bytes = hex(text(&line, "hex"));
        for cut in 0..bytes.len().min(64) {
            let _ignored = (entry.decode)(bytes.slice(..cut), version);
        }
        let mut mutated = bytes.to_vec();
        for step in 0..mutated.len().min(64) {
            let at = (index * 31 + step * 7) % mutated.len();
            mutated[at] = mutated[at].wrapping_mul(31).wrapping_add(0x81);
            let _ignored = (entry.decode)(Bytes::from(mutated.clone()), version);
        }
    }
}
