//! Bytes that somebody else chose: keys, values, headers.

use std::fmt;
use std::str;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// In JSON a string if the bytes are UTF-8, otherwise `{"base64":"…"}`. In text `"…"` with escapes, or `base64:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payload(pub(crate) Bytes);

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &STANDARD.encode(&self.0))?;
                map.end()
            }
        }
    }
}

/// The same back.
impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Payload, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged, expecting = "bytes are a string, or {\"base64\":\"…\"}")]
        enum Told {
            Text(String),
            Bytes { base64: String },
        }
        match Told::deserialize(deserializer)? {
            Told::Text(text) => Ok(Payload(text.into())),
            Told::Bytes { base64 } => {
                STANDARD.decode(base64).map(|bytes| Payload(bytes.into())).map_err(de::Error::custom)
            }
        }
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match str::from_utf8(&self.0) {
            // Debug escapes what could move the cursor or ring the bell.
            Ok(text) => write!(f, "{text:?}"),
            Err(_) => write!(f, "base64:{}", STANDARD.encode(&self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &'static [u8], json: &str, text: &str) {
        let payload = Payload(Bytes::from_static(bytes));
        assert_eq!(serde_json::to_string(&payload).expect("plain data"), json);
        assert_eq!(payload.to_string(), text);
        assert_eq!(serde_json::from_str::<Payload>(json).expect("it was written so"), payload);
    }

    #[test]
    fn text_is_shown_as_text_and_all_else_as_base64() {
        check(b"", r#""""#, r#""""#);
        check("Ottla \"\u{e9}\"\n".as_bytes(), r#""Ottla \"é\"\n""#, r#""Ottla \"é\"\n""#);
        check(b"\x1b[31m", r#""\u001b[31m""#, r#""\u{1b}[31m""#);
        check(&[0xff, 0xfe, 0], r#"{"base64":"//4A"}"#, "base64://4A");
    }
}
