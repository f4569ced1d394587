//! A record as one line of JSON: what `consume -o ndjson` writes, and `produce -i ndjson` reads.
//!
//! ```json
//! {"topic":"orders","partition":0,"offset":7,"timestamp":1700000000123,"timestampType":"CreateTime",
//!  "key":"customer-7","value":{"base64":"//4A"},"headers":[["trace","4bf9"],["empty",""],["null",null]]}
//! ```
//!
//! Bytes are a string where they are UTF-8, else `{"base64":"…"}`; null is not the same as empty. A pipe from one to the other loses
//! nothing but offsets.
//!
//! Keys and values that were decoded are what they mean instead: a number, a string, an object. Where the bytes are not what they
//! were said to be they stay as they are, and `keyError` and `valueError` tell why. A copy made of such lines has what is read there:
//! text, and JSON without the space between its parts. JSON that was decoded comes back so as the JSON it was, and MessagePack, say,
//! as JSON.

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::Bytes;
use ottla_client::consumer::{ConsumerRecord, Headers, TimestampType};
use ottla_client::producer::ProducerRecord;
use ottla_records::{NO_TIMESTAMP, Offset, Timestamp};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::compact_json::without_space;
use crate::payload::Payload;

/// What is written: all that there is of a record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<'a> {
    topic: &'a str,
    partition: i32,
    offset: Offset,
    timestamp: Timestamp,
    timestamp_type: &'static str,
    key: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_error: Option<&'a str>,
    value: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_error: Option<&'a str>,
    #[serde(serialize_with = "headers")]
    headers: &'a Headers,
}

/// A key or a value.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Content<'a> {
    Bytes(Payload<&'a [u8]>),
    /// What the bytes mean.
    Text(&'a str),
    Json(&'a RawValue),
}

impl<'a> From<&'a ConsumerRecord> for Envelope<'a> {
    fn from(record: &'a ConsumerRecord) -> Envelope<'a> {
        Envelope {
            topic: &record.partition.topic,
            partition: record.partition.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            timestamp_type: match record.timestamp_type {
                TimestampType::CreateTime => "CreateTime",
                TimestampType::LogAppendTime => "LogAppendTime",
            },
            key: record.key.as_deref().map(|key| Content::Bytes(Payload(key))),
            key_error: None,
            value: record.value.as_deref().map(|value| Content::Bytes(Payload(value))),
            value_error: None,
            headers: &record.headers,
        }
    }
}

impl<'a> Envelope<'a> {
    /// With what the key means, or why it does not mean what it should.
    pub(crate) fn with_key(mut self, meaning: Result<Content<'a>, &'a str>) -> Envelope<'a> {
        match meaning {
            Ok(content) => self.key = Some(content),
            Err(error) => self.key_error = Some(error),
        }
        self
    }

    /// The same of the value.
    pub(crate) fn with_value(mut self, meaning: Result<Content<'a>, &'a str>) -> Envelope<'a> {
        match meaning {
            Ok(content) => self.value = Some(content),
            Err(error) => self.value_error = Some(error),
        }
        self
    }
}

fn headers<S: Serializer>(headers: &Headers, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(headers.views().map(|header| (Payload(header.key), header.value.map(Payload))))
}

/// What is read: all of it may be missing. Fields that a producer has no say in are passed over; any other is a mistake, which would
/// make a tombstone of a record. `payload` and `ts` are kcat's names, as are `tstype` and `broker`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Incoming<'a> {
    topic: Option<String>,
    partition: Option<i32>,
    #[serde(alias = "ts")]
    timestamp: Option<Timestamp>,
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow, alias = "payload")]
    value: Option<&'a RawValue>,
    headers: Vec<(Payload, Option<Payload>)>,
    #[serde(rename = "offset")]
    _offset: IgnoredAny,
    #[serde(rename = "timestampType", alias = "tstype")]
    _timestamp_type: IgnoredAny,
    #[serde(rename = "keyError")]
    _key_error: IgnoredAny,
    #[serde(rename = "valueError")]
    _value_error: IgnoredAny,
    #[serde(rename = "broker")]
    _broker: IgnoredAny,
}

impl Incoming<'_> {
    /// Of a line. An error tells where in it.
    pub(crate) fn parse(line: &[u8]) -> Result<Incoming<'_>> {
        // A list would be taken for the values of all fields in their order.
        if line.trim_ascii_start().first() == Some(&b'[') {
            bail!("it is no record as JSON: that is an object, as {{\"key\":\"k\",\"value\":\"v\"}}");
        }
        serde_json::from_slice(line).map_err(|error| {
            // Which line it is of its file is told by whoever read that.
            let place = format!(" at line {} column {}", error.line(), error.column());
            let (reason, column) = (error.to_string(), error.column());
            anyhow!("it is no record as JSON, at column {column}: {}", reason.trim_end_matches(&place))
        })
    }

    /// The record that it tells of; in `topic` if one is named, else in the one that it was in.
    pub(crate) fn into_record(self, topic: Option<&str>) -> Result<ProducerRecord> {
        let Some(topic) = topic.or(self.topic.as_deref()) else {
            bail!("it names no topic, and neither does the command line");
        };
        let mut record = ProducerRecord::new(topic);
        record.partition = self.partition;
        record.timestamp = self.timestamp.filter(|timestamp| *timestamp != NO_TIMESTAMP);
        record.key = self.key.map(content).transpose().context("the key")?;
        record.value = self.value.map(content).transpose().context("the value")?;
        for (name, value) in self.headers {
            record = match value {
                Some(value) => record.header(name.0, value.0),
                None => record.null_header(name.0),
            };
        }
        Ok(record)
    }
}

/// The bytes of a key or a value: those of a string, those in base64, or of any other JSON what is written there.
fn content(json: &RawValue) -> Result<Bytes> {
    if !is_bytes(json.get()) {
        return Ok(without_space(json.get()).into());
    }
    Ok(serde_json::from_str::<Payload>(json.get())?.0)
}

/// Whether it stands for bytes, and not for itself.
pub(crate) fn is_bytes(json: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Base64 {
        #[serde(rename = "base64")]
        _base64: String,
    }
    json.starts_with('"') || serde_json::from_str::<Base64>(json).is_ok()
}

#[cfg(test)]
mod tests {
    use ottla_client::producer::RecordHeader;

    use super::*;

    fn read(line: &str) -> ProducerRecord {
        let incoming = Incoming::parse(line.as_bytes()).expect("an envelope");
        incoming.into_record(None).expect("it names its topic")
    }

    #[test]
    fn null_and_empty_and_what_is_not_text_are_kept_apart() {
        let record = read(
            r#"{"topic":"t","partition":3,"offset":9,"key":"","value":{"base64":"//4A"},
               "headers":[["a","1"],["a",null],["","" ]],"timestamp":12}"#,
        );
        assert_eq!((record.partition, record.timestamp), (Some(3), Some(12)));
        assert_eq!(record.key.as_deref(), Some(&[][..]));
        assert_eq!(record.value.as_deref(), Some(&[0xff, 0xfe, 0][..]));
        let headers: Vec<(&[u8], Option<&[u8]>)> = record
            .headers
            .iter()
            .map(|RecordHeader { key, value, .. }| (&key[..], value.as_deref()))
            .collect();
        assert_eq!(headers, [(&b"a"[..], Some(&b"1"[..])), (b"a", None), (b"", Some(b""))]);
        let bare = read(r#"{"topic":"t"}"#);
        assert_eq!((bare.key, bare.value, bare.timestamp), (None, None, None));
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        for line in [
            "",
            "[]",
            r#"["x",1]"#,
            r#"{"topic":1}"#,
            r#"{"value":{"base64":"?"}}"#,
            r#"{"headers":[["a"]]}"#,
        ] {
            let record = Incoming::parse(line.as_bytes()).and_then(|it| it.into_record(Some("t")));
            assert!(record.is_err(), "{line}");
        }
        let typo = Incoming::parse(br#"{"vlaue":"x"}"#).expect_err("there is no such field").to_string();
        assert!(typo.starts_with("it is no record as JSON, at column 8: unknown field `vlaue`"), "{typo}");
        assert!(typo.contains("`key`, `payload`, `value`") && !typo.contains("at line"), "{typo}");
    }

    #[test]
    fn json_that_stands_for_no_bytes_is_written_as_it_is() {
        for (value, expected) in [
            (r#"{"a" : [1, "b c"]}"#, r#"{"a":[1,"b c"]}"#),
            ("9007199254740993", "9007199254740993"),
            ("true", "true"),
            (r#"{"base64":"QQ==","a":1}"#, r#"{"base64":"QQ==","a":1}"#),
            (r#"{"base64":"QQ=="}"#, "A"),
            (r#""\u0041\n""#, "A\n"),
        ] {
            let record = read(&format!(r#"{{"topic":"t","key":{value},"value":{value}}}"#));
            assert_eq!(record.key, record.value);
            assert_eq!(record.value.as_deref(), Some(expected.as_bytes()), "{value}");
        }
    }

    #[test]
    fn whatever_is_told_of_a_record_may_be_there() {
        let told = r#"{"topic":"t","partition":0,"offset":7,"timestamp":1,"timestampType":"CreateTime","key":"k",
                       "keyError":"it has 1 bytes, not 4","value":"v","valueError":"no JSON","headers":[]}"#;
        let kcats = r#"{"topic":"t","partition":0,"offset":7,"tstype":"create","ts":1,"broker":1,"key":"k","payload":"v"}"#;
        for line in [told, kcats] {
            let record = read(line);
            assert_eq!((record.key.as_deref(), record.value.as_deref()), (Some(&b"k"[..]), Some(&b"v"[..])));
        }
    }
}
