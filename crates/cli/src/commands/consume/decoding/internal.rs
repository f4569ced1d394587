//! Records that brokers keep for themselves.

use ottla_client::consumer::ConsumerRecord;
use serde_json::{Value, json};

use super::{Decoded, Meaning};
use crate::internal_records::{CoordinatorRecord, Schema};

/// Of key and value, if the topic is one of the brokers' own.
pub(super) fn decode(record: &ConsumerRecord) -> Option<(Meaning, Meaning)> {
    let schema = Schema::of_topic(&record.partition.topic);
    if schema == Schema::Opaque {
        return None;
    }
    let (key, value) = (record.key.as_ref(), record.value.as_ref());
    let refused = |error: String| (Some(Err(error.clone())), Some(Err(error)));
    Some(match schema.coordinator_record(key, value) {
        Ok(Some(record)) => of_coordinator(record),
        Ok(None) => match schema.decode(key, value) {
            Ok(decoded) => (None, decoded.map(meaning)),
            Err(error) => refused(error.to_string()),
        },
        Err(error) => refused(error.to_string()),
    })
}

fn of_coordinator(record: CoordinatorRecord) -> (Meaning, Meaning) {
    let Some(known) = record.known else {
        return (Some(meaning(json!({ "type": record.kind }))), None);
    };
    let value = known.value.map(|(version, data)| meaning(json!({ "version": version, "data": data })));
    (Some(meaning(json!({ "type": known.name, "data": known.key }))), value)
}

fn meaning(json: Value) -> Result<Decoded, String> {
    Ok(Decoded::Json(json.to_string()))
}
