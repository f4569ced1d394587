//! What bytes look like.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ottla_client::Uuid;

use super::{Decoded, msgpack};
use crate::compact_json::compact;
use crate::integer::integer;

/// Text, and of that JSON, by what it is; then MessagePack if it is a map or a list, UUIDs of a version that there is, numbers of
/// four and eight bytes as Java's serializers write them; else base64.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| is_plain(text)) {
        let is_structure = text.trim_start().starts_with(['{', '[']);
        let structure = is_structure.then(|| compact(bytes).ok()).flatten();
        return structure.map_or_else(|| Decoded::Text(text.into()), Decoded::Json);
    }
    if msgpack::is_structure(bytes)
        && let Ok(json) = msgpack::to_json(bytes)
    {
        return Decoded::Json(json);
    }
    match bytes.len() {
        4 | 8 => Decoded::Json(integer(bytes, true, false).to_string()),
        16 if is_uuid(bytes) => {
            let uuid = Uuid::from_slice(bytes).unwrap_or_default();
            Decoded::Text(uuid.hyphenated().to_string())
        }
        _ => Decoded::Text(STANDARD.encode(bytes)),
    }
}

/// Numbers in bytes are often valid UTF-8, but then they have control characters in them.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// Whether the bits are set that every UUID of RFC 9562 has.
fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 16 && (1..=8).contains(&(bytes[6] >> 4)) && bytes[8] >> 6 == 0b10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_what_they_look_like() {
        let json = |text: &str| Decoded::Json(text.into());
        let text = |text: &str| Decoded::Text(text.into());
        for (bytes, expected) in [
            (&b""[..], text("")),
            (b"12345678", text("12345678")),
            ("Stra\u{df}e\n".as_bytes(), text("Stra\u{df}e\n")),
            (b" {\"a\": 1}", json("{\"a\":1}")),
            (b"{\"a\": 1", text("{\"a\": 1")),
            (&[0, 0, 0, 42], json("42")),
            (&(-2_i64).to_be_bytes(), json("-2")),
            (&[0x81, 0xa1, b'a', 0x01], json("{\"a\":1}")),
            (
                b"\x01\x90\x7f\x3c\x00\x00\x7c\xde\x8f\x00\x00\x00\x00\x00\x00\x01",
                text("01907f3c-0000-7cde-8f00-000000000001"),
            ),
            (&[0xff, 0xfe, 0], text("//4A")),
        ] {
            assert_eq!(decode(bytes), expected, "{bytes:02x?}");
        }
    }
}
