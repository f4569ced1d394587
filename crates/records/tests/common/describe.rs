//! Batches as the vectors describe them.

use std::fmt::Write as _;

use ottla_records::{BatchError, BatchHeader, Entry, Limits, Record};
use serde_json::{Map, Value, json};

/// The whole of an entry, or why it cannot be read.
pub(crate) fn describe(entry: &Entry) -> Result<Value, BatchError> {
    entry.check_crc()?;
    let limits = Limits::default();
    let records: Vec<Record> = entry.records(&limits)?.collect::<Result<_, _>>()?;
    let mut batch = match entry {
        Entry::Batch(batch) => describe_header(batch.header())?,
        Entry::Message(message) => {
            let header = message.header();
            json!({
                "crc": header.crc,
                "attributes": header.attributes.0,
                "compression": header.compression()?.name(),
                "timestampType":
                    header.timestamp_type().map_or("NoTimestampType".to_owned(), |kind| kind.to_string()),
            })
        }
    };
    batch["magic"] = json!(entry.magic());
    batch["size"] = json!(entry.size_in_bytes());
    batch["baseOffset"] = json!(entry.base_offset(&limits)?);
    batch["lastOffset"] = json!(entry.last_offset());
    batch["maxTimestamp"] = json!(entry.max_timestamp());
    batch["records"] = records.iter().map(describe_record).collect();
    Ok(batch)
}

fn describe_header(header: &BatchHeader) -> Result<Value, BatchError> {
    Ok(json!({
        "crc": header.crc,
        "attributes": header.attributes.0,
        "compression": header.compression()?.name(),
        "timestampType": header.timestamp_type().to_string(),
        "partitionLeaderEpoch": header.leader_epoch,
        "producerId": header.producer_id,
        "producerEpoch": header.producer_epoch,
        "baseSequence": header.base_sequence,
        "lastSequence": header.last_sequence(),
        "transactional": header.is_transactional(),
        "control": header.is_control(),
        "count": header.record_count,
        "deleteHorizonMs": header.delete_horizon(),
    }))
}

fn describe_record(record: &Record) -> Value {
    let mut map = Map::new();
    map.insert("offset".to_owned(), json!(record.offset));
    map.insert("timestamp".to_owned(), json!(record.timestamp));
    map.insert("key".to_owned(), nullable_hex(record.key.as_deref()));
    map.insert("value".to_owned(), nullable_hex(record.value.as_deref()));
    if !record.headers.is_empty() {
        let headers = record.headers.iter().map(|header| {
            let key = String::from_utf8(header.key.to_vec()).unwrap();
            json!([key, nullable_hex(header.value.as_deref())])
        });
        map.insert("headers".to_owned(), headers.collect());
    }
    Value::Object(map)
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn nullable_hex(bytes: Option<&[u8]>) -> Value {
    bytes.map_or(Value::Null, |bytes| json!(to_hex(bytes)))
}
