//! Values as Kafka's JSON converters write them.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytestring::ByteString;
use serde_json::Value;
use uuid::Uuid;

/// A message as JSON: the fields that its version has, tagged ones only if they differ from their default.
pub trait ToJson {
    fn to_json(&self, version: i16) -> Value;
}

pub(crate) fn string(text: &ByteString) -> Value {
    Value::from(&**text)
}

pub(crate) fn uuid(id: &Uuid) -> Value {
    Value::from(URL_SAFE_NO_PAD.encode(id.as_bytes()))
}

pub(crate) fn bytes(bytes: &[u8]) -> Value {
    Value::from(STANDARD.encode(bytes))
}
