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
pub(crate) struct Payload<B = Bytes>(pub(crate) B);

impl<B: AsRef<[u8]>> Serialize for Payload<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.0.as_ref();
        match str::from_utf8(bytes) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &STANDARD.encode(bytes))?;
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

impl<B: AsRef<[u8]>> fmt::Display for Payload<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.as_ref();
        match str::from_utf8(bytes) {
            // Debug escapes what could move the cursor or ring the bell.
            Ok(text) => write!(f, "{text:?}"),
            Err(_) => write!(f, "base64:{}", STANDARD.encode(bytes)),
        }
    }
}

/// Whether a terminal obeys it, rather than shows it: control characters, and those that turn the direction of text, so that what is
/// read is not what is there.
pub(crate) fn is_obeyed(c: char) -> bool {
    let is_direction = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    c.is_control() || is_direction
}

/// On one line, and harmless to a terminal: what is not text is escaped byte by byte.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_obeyed(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
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

    #[test]
    fn nothing_reaches_a_terminal_that_could_harm_it() {
        for (bytes, expected) in [
            (&b"hello \xc3\xa9"[..], "hello é"),
            (b"\x1b[31m\n\x07", "\\u{1b}[31m\\n\\u{7}"),
            (b"a\xff\xfeb", "a\\xff\\xfeb"),
            (b"\xc2\x9b", "\\u{9b}"),
            ("a\u{202e}b\u{2066}".as_bytes(), "a\\u{202e}b\\u{2066}"),
        ] {
            assert_eq!(printable(bytes), expected);
        }
    }
}
