//! JSON as kcat writes it: bytes that are not UTF-8 stay as they are.

use std::io::{self, Write};

use ottla_client::consumer::{ConsumerRecord, TimestampType};

/// A string of JSON.
pub(super) fn write_string(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(b"\"")?;
    let mut plain = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escaped: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0x0c => b"\\f",
            0x08 => b"\\b",
            0..=0x1f => b"",
            _ => continue,
        };
        out.write_all(&bytes[plain..at])?;
        if escaped.is_empty() {
            write!(out, "\\u{byte:04X}")?;
        }
        out.write_all(escaped)?;
        plain = at + 1;
    }
    out.write_all(&bytes[plain..])?;
    out.write_all(b"\"")
}

pub(super) fn write_record(out: &mut impl Write, record: &ConsumerRecord, broker: i32) -> io::Result<()> {
    out.write_all(b"{\"topic\":")?;
    write_string(out, record.partition.topic.as_bytes())?;
    write!(out, ",\"partition\":{},\"offset\":{}", record.partition.partition, record.offset)?;
    if record.timestamp >= 0 {
        let kind = match record.timestamp_type {
            TimestampType::CreateTime => "create",
            TimestampType::LogAppendTime => "logappend",
        };
        write!(out, ",\"tstype\":\"{kind}\",\"ts\":{}", record.timestamp)?;
    }
    write!(out, ",\"broker\":{broker}")?;
    if !record.headers.is_empty() {
        out.write_all(b",\"headers\":[")?;
        for (at, header) in record.headers.views().enumerate() {
            out.write_all(if at > 0 { b"," } else { b"" })?;
            write_string(out, header.key)?;
            out.write_all(b",")?;
            write_nullable(out, header.value)?;
        }
        out.write_all(b"]")?;
    }
    out.write_all(b",\"key\":")?;
    write_nullable(out, record.key.as_deref())?;
    out.write_all(b",\"payload\":")?;
    write_nullable(out, record.value.as_deref())?;
    out.write_all(b"}")
}

fn write_nullable(out: &mut impl Write, bytes: Option<&[u8]>) -> io::Result<()> {
    match bytes {
        Some(bytes) => write_string(out, bytes),
        None => out.write_all(b"null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_little_as_may_be() {
        for (bytes, expected) in [
            (&b"a/b\x7f"[..], &b"\"a/b\x7f\""[..]),
            (b"\"\\\n\r\t\x0c\x08", b"\"\\\"\\\\\\n\\r\\t\\f\\b\""),
            (b"\x00\x1b\xff", b"\"\\u0000\\u001B\xff\""),
            (b"", b"\"\""),
        ] {
            let mut out = Vec::new();
            write_string(&mut out, bytes).expect("a vector takes everything");
            assert_eq!(out, expected);
        }
    }
}
