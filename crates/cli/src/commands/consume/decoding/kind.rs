//! Kinds of bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ottla_client::Uuid;

use super::{Decoded, guess, msgpack};
use crate::compact_json::compact;
use crate::envelope::is_bytes;
use crate::integer::integer;

/// How bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    Hex,
    Base64,
    /// Of so many bytes.
    Integer {
        size: usize,
        is_signed: bool,
        is_little: bool,
    },
    /// Of four bytes or of eight.
    Float {
        size: usize,
        is_little: bool,
    },
    Uuid,
    Json,
    MessagePack,
    /// Whatever they look like.
    Auto,
}

/// Numbers are big endian, as Java's serializers write them, unless `le` follows.
pub(crate) const NAMES: &str = "auto, string, hex, base64, json, msgpack, uuid, int8 to int64, uint8 to uint64, float32, \
                                float64, and these with le";

impl Kind {
    pub(crate) fn parse(name: &str) -> Result<Kind, String> {
        let kind = match name {
            "string" => Kind::String,
            "hex" => Kind::Hex,
            "base64" => Kind::Base64,
            "uuid" => Kind::Uuid,
            "json" => Kind::Json,
            "msgpack" | "messagepack" => Kind::MessagePack,
            "auto" => Kind::Auto,
            number => {
                let little = || Kind::parse_number(number.strip_suffix("le")?, true);
                let kind = Kind::parse_number(number, false).or_else(little);
                kind.ok_or_else(|| format!("there is no kind {name}: there are {NAMES}"))?
            }
        };
        Ok(kind)
    }

    fn parse_number(name: &str, is_little: bool) -> Option<Kind> {
        let bits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let size = match bits {
            "8" => 1,
            "16" => 2,
            "32" => 4,
            "64" => 8,
            _ => 0,
        };
        match (&name[..name.len() - bits.len()], size) {
            ("int" | "uint", 1..) => {
                Some(Kind::Integer { size, is_signed: name.starts_with('i'), is_little })
            }
            ("float", 4 | 8) => Some(Kind::Float { size, is_little }),
            ("float", 0) if bits.is_empty() => Some(Kind::Float { size: 4, is_little }),
            ("double", 0) if bits.is_empty() => Some(Kind::Float { size: 8, is_little }),
            _ => None,
        }
    }

    /// What bytes mean, or why they are not of this kind.
    pub(crate) fn decode(self, bytes: &[u8]) -> Result<Decoded, String> {
        match self {
            Kind::String => {
                let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
                Ok(Decoded::Text(text.into()))
            }
            Kind::Hex => Ok(Decoded::Text(bytes.iter().map(|byte| format!("{byte:02x}")).collect())),
            Kind::Base64 => Ok(Decoded::Text(STANDARD.encode(bytes))),
            Kind::Integer { size, is_signed, is_little } => {
                check_size(bytes, size)?;
                Ok(Decoded::Json(integer(bytes, is_signed, is_little).to_string()))
            }
            Kind::Float { size, is_little } => {
                check_size(bytes, size)?;
                Ok(float(bytes, is_little))
            }
            Kind::Uuid => uuid(bytes).map(|uuid| Decoded::Text(uuid.hyphenated().to_string())),
            Kind::Json => compact(bytes).map(json),
            Kind::MessagePack => msgpack::to_json(bytes).map(Decoded::Json),
            Kind::Auto => Ok(guess::decode(bytes)),
        }
    }
}

/// What would be read as null, or as bytes, is text, so that a copy is what was copied.
fn json(json: String) -> Decoded {
    let is_itself = json != "null" && !is_bytes(&json);
    if is_itself { Decoded::Json(json) } else { Decoded::Text(json) }
}

fn check_size(bytes: &[u8], size: usize) -> Result<(), String> {
    if bytes.len() == size { Ok(()) } else { Err(format!("it has {} bytes, not {size}", bytes.len())) }
}

/// Of four bytes or of eight. What is no number in JSON is text.
fn float(bytes: &[u8], is_little: bool) -> Decoded {
    let ordered: Vec<u8> = if is_little { bytes.iter().rev().copied().collect() } else { bytes.into() };
    let (is_finite, text) = if let Ok(bytes) = <[u8; 4]>::try_from(&ordered[..]) {
        let number = f32::from_be_bytes(bytes);
        (number.is_finite(), format!("{number:?}"))
    } else {
        let number = <[u8; 8]>::try_from(&ordered[..]).map(f64::from_be_bytes).unwrap_or(f64::NAN);
        (number.is_finite(), format!("{number:?}"))
    };
    if is_finite { Decoded::Json(text) } else { Decoded::Text(text) }
}

/// Of its sixteen bytes, or of its text.
fn uuid(bytes: &[u8]) -> Result<Uuid, String> {
    let text = std::str::from_utf8(bytes).ok().and_then(|text| Uuid::parse_str(text).ok());
    let uuid = Uuid::from_slice(bytes).ok().or(text);
    uuid.ok_or_else(|| format!("its {} bytes are no UUID", bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &str, bytes: &[u8], expected: Result<Decoded, &str>) {
        let decoded = Kind::parse(kind).expect(kind).decode(bytes);
        assert_eq!(
            decoded.as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|it| *it),
            "{kind} {bytes:?}"
        );
    }

    fn text(text: &str) -> Result<Decoded, &'static str> {
        Ok(Decoded::Text(text.into()))
    }

    fn json(json: &str) -> Result<Decoded, &'static str> {
        Ok(Decoded::Json(json.into()))
    }

    #[test]
    fn bytes_are_read_as_the_kind_says() {
        check("string", "é".as_bytes(), text("é"));
        check("hex", &[0, 0xff], text("00ff"));
        check("base64", &[0xff, 0xfe, 0], text("//4A"));
        check("int64", &i64::MIN.to_be_bytes(), json("-9223372036854775808"));
        check("uint64", &[0xff; 8], json("18446744073709551615"));
        check("int16le", &[0xfe, 0xff], json("-2"));
        check("uint8", &[200], json("200"));
        check("float", &1.5_f32.to_be_bytes(), json("1.5"));
        check("double", &1e300_f64.to_be_bytes(), json("1e300"));
        check("float64le", &(-0.25_f64).to_le_bytes(), json("-0.25"));
        check("float32", &f32::INFINITY.to_be_bytes(), text("inf"));
        check("uuid", &[0x11; 16], text("11111111-1111-1111-1111-111111111111"));
        check("uuid", b"6BA7B810-9DAD-11D1-80B4-00C04FD430C8", text("6ba7b810-9dad-11d1-80b4-00c04fd430c8"));
        check("json", b" {\"a\" : 9007199254740993 }\n", json("{\"a\":9007199254740993}"));
        check("json", b"null", text("null"));
        check("json", b"\"a\"", text("\"a\""));
        check("json", b"{\"base64\":\"QQ==\"}", text("{\"base64\":\"QQ==\"}"));
        check("msgpack", &[0x81, 0xa1, b'a', 0x01], json("{\"a\":1}"));
    }

    #[test]
    fn what_is_of_another_kind_is_told() {
        check("string", &[0xff], Err("invalid utf-8 sequence of 1 bytes from index 0"));
        check("int32", &[0; 3], Err("it has 3 bytes, not 4"));
        check("float", &[0; 8], Err("it has 8 bytes, not 4"));
        check("uuid", b"nobody", Err("its 6 bytes are no UUID"));
        for name in ["int", "int7", "uint", "float16", "double64", "int64be", "", "le", "JSON"] {
            assert!(Kind::parse(name).expect_err(name).starts_with("there is no kind"), "{name}");
        }
    }
}
