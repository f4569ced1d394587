//! MessagePack as JSON.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmpv::{Utf8String, Value};

/// What is nested deeper is refused.
const DEPTH_MAX: usize = 128;

/// All of the bytes, as JSON on one line; why they are no MessagePack, if they are none.
///
/// What JSON does not have is written so: bytes as `{"base64":"…"}`, an extension as `{"extension":5,"base64":"…"}`, a key that is
/// no string as its JSON in a string, a number that is not finite as a string.
pub(super) fn to_json(bytes: &[u8]) -> Result<String, String> {
    let value = read(bytes)?;
    let mut json = String::new();
    write(&mut json, &value);
    Ok(json)
}

/// Whether bytes are a map or a list as a whole, which nothing else is by chance.
pub(super) fn is_structure(bytes: &[u8]) -> bool {
    matches!(read(bytes), Ok(Value::Map(_) | Value::Array(_)))
}

fn read(bytes: &[u8]) -> Result<Value, String> {
    let mut rest = bytes;
    let value = rmpv::decode::read_value_with_max_depth(&mut rest, DEPTH_MAX);
    let value = value.map_err(|error| format!("it is no MessagePack: {error}"))?;
    if rest.is_empty() { Ok(value) } else { Err(format!("{} bytes follow the MessagePack", rest.len())) }
}

fn write(json: &mut String, value: &Value) {
    // A string takes everything.
    let _written = match value {
        Value::Nil => write!(json, "null"),
        Value::Boolean(it) => write!(json, "{it}"),
        Value::Integer(it) => write!(json, "{it}"),
        Value::F32(it) if it.is_finite() => write!(json, "{it:?}"),
        Value::F64(it) if it.is_finite() => write!(json, "{it:?}"),
        Value::F32(it) => write!(json, "\"{it:?}\""),
        Value::F64(it) => write!(json, "\"{it:?}\""),
        Value::String(it) => {
            write_text(json, it);
            Ok(())
        }
        Value::Binary(it) => write!(json, "{{\"base64\":\"{}\"}}", STANDARD.encode(it)),
        Value::Ext(kind, it) => {
            write!(json, "{{\"extension\":{kind},\"base64\":\"{}\"}}", STANDARD.encode(it))
        }
        Value::Array(items) => {
            write_all(json, ['[', ']'], items, write);
            Ok(())
        }
        Value::Map(entries) => {
            write_all(json, ['{', '}'], entries, |json, (key, value)| {
                write_key(json, key);
                json.push(':');
                write(json, value);
            });
            Ok(())
        }
    };
}

fn write_all<T>(json: &mut String, [open, close]: [char; 2], items: &[T], write: impl Fn(&mut String, &T)) {
    json.push(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        write(json, item);
    }
    json.push(close);
}

fn write_key(json: &mut String, key: &Value) {
    if let Value::String(text) = key {
        return write_text(json, text);
    }
    let mut shown = String::new();
    write(&mut shown, key);
    json.push_str(&serde_json::Value::from(shown).to_string());
}

/// With U+FFFD in place of what is not UTF-8.
fn write_text(json: &mut String, text: &Utf8String) {
    let text = String::from_utf8_lossy(text.as_bytes());
    json.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_json() {
        for (bytes, expected) in [
            (&[0xc0][..], "null"),
            (&[0xc3], "true"),
            (&[0xff], "-1"),
            (&[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "18446744073709551615"),
            (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], "-9223372036854775808"),
            (&[0xca, 0x3f, 0xc0, 0, 0], "1.5"),
            (&[0xca, 0x7f, 0x80, 0, 0], "\"inf\""),
            (&[0xa2, b'"', b'\n'], "\"\\\"\\n\""),
            (&[0xc4, 1, 0xff], "{\"base64\":\"/w==\"}"),
            (&[0xd4, 5, 1], "{\"extension\":5,\"base64\":\"AQ==\"}"),
            (&[0x93, 1, 0x90, 0x80], "[1,[],{}]"),
            (&[0x82, 0xa1, b'a', 1, 2, 0xc2], "{\"a\":1,\"2\":false}"),
            (&[0x81, 0x91, 1, 2], "{\"[1]\":2}"),
        ] {
            assert_eq!(to_json(bytes).as_deref(), Ok(expected), "{bytes:02x?}");
        }
    }

    #[test]
    fn what_is_cut_off_or_goes_on_or_is_too_deep_is_refused() {
        let deep = [0x91; 1000];
        for bytes in [
            &[][..],
            &[0x92, 1],
            &[1, 1],
            &[0xdd, 0xff, 0xff, 0xff, 0xff],
            &[0xc6, 0xff, 0xff, 0xff, 0xff],
            &deep,
        ] {
            assert!(to_json(bytes).is_err(), "{bytes:02x?}");
        }
    }
}
