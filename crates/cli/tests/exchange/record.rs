//! A record, and the line that stands for it between programs.

use bytes::Bytes;
use ottla_client::consumer::ConsumerRecord;
use ottla_client::producer::ProducerRecord;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    timestamp: i64,
    key: Option<Bytes>,
    value: Option<Bytes>,
    headers: Vec<(Bytes, Option<Bytes>)>,
}

/// Those that are exchanged: whatever a record can be.
pub(crate) fn records() -> Vec<Record> {
    let all_bytes: Vec<u8> = (0..=255).collect();
    let one =
        |timestamp, key: Option<&[u8]>, value: Option<&[u8]>, headers: &[(&str, Option<&[u8]>)]| Record {
            timestamp,
            key: key.map(Bytes::copy_from_slice),
            value: value.map(Bytes::copy_from_slice),
            headers: headers
                .iter()
                .map(|(name, value)| {
                    (Bytes::copy_from_slice(name.as_bytes()), value.map(Bytes::copy_from_slice))
                })
                .collect(),
        };
    vec![
        one(1_700_000_000_000, Some(b"key"), Some(b"value"), &[]),
        one(1_700_000_000_001, None, Some(b""), &[("again", Some(b"1")), ("again", Some(b"2"))]),
        one(1_600_000_000_000, Some(b""), None, &[("empty", Some(b"")), ("null", None)]),
        one(1_500_000_000_000, Some(&all_bytes), Some(&all_bytes), &[("gr\u{fc}n", Some(&all_bytes))]),
        one(1, Some(b"large"), Some(&b"0123456789".repeat(20_000)), &[]),
    ]
}

impl Record {
    /// Timestamp, key, value and headers (`name=value`, with commas between them) with tabs between them: in hexadecimal, `-` for null.
    pub(crate) fn line(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| format!("{}={}", hex(name), text(value)));
        let headers = headers.collect::<Vec<_>>().join(",");
        format!("{}\t{}\t{}\t{headers}", self.timestamp, text(&self.key), text(&self.value))
    }

    pub(crate) fn of(record: &ConsumerRecord) -> Record {
        Record {
            timestamp: record.timestamp,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: record.headers.iter().map(|header| (header.key, header.value)).collect(),
        }
    }

    pub(crate) fn for_topic(&self, topic: &str) -> ProducerRecord {
        let mut record = ProducerRecord::new(topic).timestamp(self.timestamp);
        record.key.clone_from(&self.key);
        record.value.clone_from(&self.value);
        self.headers.iter().fold(record, |record, (name, value)| match value {
            Some(value) => record.header(name.clone(), value.clone()),
            None => record.null_header(name.clone()),
        })
    }
}

fn text(bytes: &Option<Bytes>) -> String {
    bytes.as_deref().map_or_else(|| "-".to_owned(), hex)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
