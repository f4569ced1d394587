//! What keys and values say.

use anyhow::{Result, bail};
use ottla_records::Record;
use ottla_wire::messages::{ConsumerProtocolAssignment, ConsumerProtocolSubscription};
use ottla_wire::{Message, ToJson, decode_value, value_version};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::applets::ending::Misuse;
use crate::applets::options::Options;
use crate::internal_records::{CoordinatorRecord, Schema};

/// How keys and values are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contents {
    Text,
    Of(Schema),
}

const STRING_DECODER: &str = "org.apache.kafka.tools.api.StringDecoder";

const DECODERS: [(&str, Schema); 4] = [
    ("offsets-decoder", Schema::Offsets),
    ("transaction-log-decoder", Schema::Transactions),
    ("cluster-metadata-decoder", Schema::Metadata),
    ("share-group-state-decoder", Schema::ShareState),
];

impl Contents {
    /// None if contents are not to be shown.
    pub(super) fn of(options: &Options) -> Result<Option<Contents>, Misuse> {
        if options.has("remote-log-metadata-decoder") {
            return Err(Misuse::Bare("there is no decoder of remote log metadata".into()));
        }
        if let Some((_, schema)) = DECODERS.iter().find(|(name, _)| options.has(name)) {
            return Ok(Some(Contents::Of(*schema)));
        }
        let classes = ["key-decoder-class", "value-decoder-class"];
        for class in classes.iter().filter_map(|name| options.values(name).last()) {
            if class != STRING_DECODER {
                return Err(Misuse::Bare(format!(
                    "there is no decoder {class}: Java's classes cannot be run"
                )));
            }
        }
        let is_text = options.has("print-data-log") || options.count(&classes) > 0;
        Ok(is_text.then_some(Contents::Text))
    }

    /// Key and value, each of which may be missing.
    pub(super) fn shown(self, record: &Record) -> Result<(Option<String>, Option<String>)> {
        Ok(match self {
            Contents::Text => {
                let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
                (record.key.as_ref().map(text), record.value.as_ref().map(text))
            }
            Contents::Of(Schema::Metadata) => {
                let decoded = Schema::Metadata.decode(None, record.value.as_ref());
                let failed = |reason| format!("Error at {}, skipping. {reason}", record.offset);
                (None, Some(decoded.map_or_else(failed, |value| value.unwrap_or_default().to_string())))
            }
            Contents::Of(_) if record.key.is_none() => bail!(
                "Failed to decode message at offset {} using the specified decoder (message had a missing key)",
                record.offset
            ),
            Contents::Of(schema) => coordinator(schema, record),
        })
    }
}

fn coordinator(schema: Schema, record: &Record) -> (Option<String>, Option<String>) {
    let at = record.offset;
    match schema.coordinator_record(record.key.as_ref(), record.value.as_ref()) {
        Err(reason) => (Some(format!("Error at offset {at}, skipping. {reason}")), None),
        Ok(None) => (None, None),
        Ok(Some(CoordinatorRecord { kind, known: None })) => {
            (Some(format!("Unknown record type {kind} at offset {at}, skipping.")), None)
        }
        Ok(Some(CoordinatorRecord { kind, known: Some(known) })) => {
            let key = json!({ "type": kind.to_string(), "data": known.key });
            let value = known.value.map(|(version, data)| {
                json!({ "version": version.to_string(), "data": with_protocol(data) }).to_string()
            });
            (Some(key.to_string()), Some(value.unwrap_or_else(|| "<DELETE>".into())))
        }
    }
}

/// Of a group of consumers, what its members told and were told, in place of the bytes.
fn with_protocol(mut group: Value) -> Value {
    if group["protocolType"] == "consumer"
        && let Some(members) = group["members"].as_array_mut()
    {
        for member in members {
            replace::<ConsumerProtocolSubscription>(&mut member["subscription"]);
            replace::<ConsumerProtocolAssignment>(&mut member["assignment"]);
        }
    }
    group
}

/// What is something else stays.
fn replace<M: Message + ToJson>(field: &mut Value) {
    let bytes = field.as_str().and_then(|text| STANDARD.decode(text).ok()).map(Bytes::from);
    let decoded = bytes.and_then(|bytes| {
        let version = value_version(&bytes).ok()?;
        Some(decode_value::<M>(&bytes).ok()?.to_json(version))
    });
    if let Some(decoded) = decoded {
        *field = decoded;
    }
}
