//! What a record has of its batch: `%a`.

use std::io::{self, Write};

use ottla_client::consumer::Attributes;
use ottla_records::TimestampType;

use crate::format_string::NumberCodec;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttributeField {
    Compression,
    TimestampType,
    IsTransactional,
    IsControl,
}

impl AttributeField {
    pub(super) fn parse(name: &str) -> Result<AttributeField, String> {
        match name {
            "compression" => Ok(AttributeField::Compression),
            "timestamp-type" => Ok(AttributeField::TimestampType),
            "transactional-bit" => Ok(AttributeField::IsTransactional),
            "control-bit" => Ok(AttributeField::IsControl),
            other => Err(format!(
                "there is no attribute {other}: there are compression, timestamp-type, transactional-bit and control-bit"
            )),
        }
    }

    /// Without a codec a compression is written by its name.
    pub(super) fn write(
        self,
        out: &mut impl Write,
        attributes: Attributes,
        codec: Option<NumberCodec>,
    ) -> io::Result<()> {
        match (self, codec) {
            (AttributeField::Compression, None) => {
                let name = attributes.compression().map_or("unknown", |compression| compression.name());
                out.write_all(name.as_bytes())
            }
            (_, codec) => codec.unwrap_or(NumberCodec::Ascii).write(out, self.number(attributes)),
        }
    }

    fn number(self, attributes: Attributes) -> i64 {
        match self {
            AttributeField::Compression => i64::from(attributes.0 & 0b111),
            AttributeField::TimestampType => {
                i64::from(attributes.timestamp_type() == TimestampType::LogAppendTime)
            }
            AttributeField::IsTransactional => i64::from(attributes.is_transactional()),
            AttributeField::IsControl => i64::from(attributes.is_control()),
        }
    }
}

#[cfg(test)]
mod tests {
    use ottla_client::config::Compression;

    use super::*;

    #[test]
    fn attributes_have_names_and_numbers() {
        let attributes = Attributes::default()
            .with_compression(Compression::Zstd)
            .with_timestamp_type(TimestampType::LogAppendTime)
            .with_transactional(true);
        for (name, codec, expected) in [
            ("compression", None, b"zstd".as_slice()),
            ("compression", Some(NumberCodec::Ascii), b"4"),
            ("timestamp-type", None, b"1"),
            ("transactional-bit", Some(NumberCodec::Bool), b"true"),
            ("control-bit", None, b"0"),
        ] {
            let mut out = Vec::new();
            let field = AttributeField::parse(name).expect(name);
            field.write(&mut out, attributes, codec).expect("a vector takes everything");
            assert_eq!(out, expected, "{name}");
        }
    }
}
