//! What bytes mean, by the names of Java's classes.

use anyhow::{Result, bail};
use ottla_client::Uuid;

/// One of Kafka's deserializers, as far as what it gives can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deserializer {
    String,
    Short,
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    Uuid,
    Bytes,
}

impl Deserializer {
    /// Of a class that is not known bytes are shown as they are, as by a script that cannot load it.
    pub(super) fn of_class(class: &str) -> Option<Deserializer> {
        let known = match class.strip_prefix("org.apache.kafka.common.serialization.") {
            Some("StringDeserializer") => Deserializer::String,
            Some("ShortDeserializer") => Deserializer::Short,
            Some("IntegerDeserializer") => Deserializer::Integer,
            Some("LongDeserializer") => Deserializer::Long,
            Some("FloatDeserializer") => Deserializer::Float,
            Some("DoubleDeserializer") => Deserializer::Double,
            Some("BooleanDeserializer") => Deserializer::Boolean,
            Some("UUIDDeserializer") => Deserializer::Uuid,
            Some("BytesDeserializer") => Deserializer::Bytes,
            _ => {
                sayln!("Unable to instantiate a deserializer from {class}");
                return None;
            }
        };
        Some(known)
    }

    pub(super) fn shown(self, bytes: &[u8]) -> Result<String> {
        Ok(match self {
            Deserializer::String => String::from_utf8_lossy(bytes).into_owned(),
            Deserializer::Short => i16::from_be_bytes(exactly(bytes, "ShortDeserializer")?).to_string(),
            Deserializer::Integer => i32::from_be_bytes(exactly(bytes, "IntegerDeserializer")?).to_string(),
            Deserializer::Long => i64::from_be_bytes(exactly(bytes, "LongDeserializer")?).to_string(),
            Deserializer::Float => java_float(f32::from_be_bytes(exactly(bytes, "FloatDeserializer")?)),
            Deserializer::Double => java_double(f64::from_be_bytes(exactly(bytes, "DoubleDeserializer")?)),
            Deserializer::Boolean => match exactly(bytes, "BooleanDeserializer")? {
                [0] => "false".to_owned(),
                [1] => "true".to_owned(),
                [other] => bail!("Unexpected byte received by BooleanDeserializer: {}", other.cast_signed()),
            },
            Deserializer::Uuid => {
                match std::str::from_utf8(bytes).ok().and_then(|text| Uuid::parse_str(text).ok()) {
                    Some(uuid) => uuid.hyphenated().to_string(),
                    None => bail!("Error parsing data into UUID"),
                }
            }
            Deserializer::Bytes => escaped(bytes),
        })
    }
}

fn exactly<const N: usize>(bytes: &[u8], class: &str) -> Result<[u8; N]> {
    match bytes.try_into() {
        Ok(bytes) => Ok(bytes),
        Err(_of_another_size) => bail!("Size of data received by {class} is not {N}"),
    }
}

/// Java always shows a fraction.
pub(super) fn java_double(number: f64) -> String {
    with_exponent(format!("{number:?}"))
}

fn java_float(number: f32) -> String {
    with_exponent(format!("{number:?}"))
}

fn with_exponent(shown: String) -> String {
    match shown.as_str() {
        "inf" => "Infinity".to_owned(),
        "-inf" => "-Infinity".to_owned(),
        _ => match shown.split_once('e') {
            Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
            Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
            None => shown,
        },
    }
}

/// What can be printed as it is, the rest as `\xNN`.
fn escaped(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b' '..=b'~' if *byte != b'\\' => shown.push(char::from(*byte)),
            _ => shown.push_str(&format!("\\x{byte:02X}")),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(class: &str, bytes: &[u8], expected: &str) {
        let class = format!("org.apache.kafka.common.serialization.{class}");
        let deserializer = Deserializer::of_class(&class).expect("it is known");
        let shown = deserializer.shown(bytes).unwrap_or_else(|error| error.to_string());
        assert_eq!(shown, expected, "{class} {bytes:?}");
    }

    #[test]
    fn bytes_are_shown_as_java_shows_them() {
        check("StringDeserializer", b"a\xff", "a\u{fffd}");
        check("LongDeserializer", &i64::MIN.to_be_bytes(), "-9223372036854775808");
        check("LongDeserializer", b"null", "Size of data received by LongDeserializer is not 8");
        check("IntegerDeserializer", &[0, 0, 1, 0], "256");
        check("ShortDeserializer", &[0xff, 0xfe], "-2");
        check("DoubleDeserializer", &1.0_f64.to_be_bytes(), "1.0");
        check("DoubleDeserializer", &1e20_f64.to_be_bytes(), "1.0E20");
        check("FloatDeserializer", &f32::INFINITY.to_be_bytes(), "Infinity");
        check("BooleanDeserializer", &[1], "true");
        check("BooleanDeserializer", &[2], "Unexpected byte received by BooleanDeserializer: 2");
        check("BytesDeserializer", b"a\\\x01", "a\\x5C\\x01");
        let uuid = b"6ba7b810-9dad-11d1-80b4-00c04fd430c8";
        check("UUIDDeserializer", uuid, "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
        assert_eq!(Deserializer::of_class("com.example.Own"), None);
    }
}
