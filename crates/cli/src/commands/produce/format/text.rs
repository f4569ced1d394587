//! Keys, values and names.

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use serde::de::IgnoredAny;

use super::json::compact;

/// What bytes are when they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextCodec {
    Plain,
    Hex,
    Base64,
    Base64Raw,
    Json,
}

impl TextCodec {
    pub(super) fn parse(name: &str) -> Result<TextCodec, String> {
        match name {
            "" => Ok(TextCodec::Plain),
            "hex" => Ok(TextCodec::Hex),
            "base64" => Ok(TextCodec::Base64),
            "base64raw" => Ok(TextCodec::Base64Raw),
            "json" => Ok(TextCodec::Json),
            other => Err(format!(
                "bytes cannot be read as {{{other}}}: there are hex, base64, base64raw, json and re[...]"
            )),
        }
    }

    pub(super) fn decoded(self, text: Bytes) -> Result<Bytes> {
        match self {
            TextCodec::Plain => Ok(text),
            TextCodec::Hex => {
                unhex(&text).map(Bytes::from).context("it is not hexadecimal, two digits for each byte")
            }
            TextCodec::Base64 => Ok(STANDARD.decode(text).context("it is no base64")?.into()),
            TextCodec::Base64Raw => {
                Ok(STANDARD_NO_PAD.decode(text).context("it is no base64 without padding")?.into())
            }
            TextCodec::Json => {
                serde_json::from_slice::<IgnoredAny>(&text).context("it is no JSON")?;
                Ok(compact(&text).into())
            }
        }
    }
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    rest.is_empty().then(|| bytes.collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_or_told_to_be_something_else() {
        for (name, text, expected) in [
            ("", &b"a\xff"[..], Ok(&b"a\xff"[..])),
            ("hex", b"00fFa0", Ok(b"\x00\xff\xa0")),
            ("hex", b"0", Err("it is not hexadecimal")),
            ("hex", b"0g", Err("it is not hexadecimal")),
            ("base64", b"//4A", Ok(b"\xff\xfe\x00")),
            ("base64", b"/w==", Ok(b"\xff")),
            ("base64", b"/w", Err("it is no base64")),
            ("base64raw", b"/w", Ok(b"\xff")),
            ("base64raw", b"?", Err("it is no base64 without padding")),
            ("json", b" {\"a\": 9007199254740993}", Ok(b"{\"a\":9007199254740993}")),
            ("json", b"{]", Err("it is no JSON")),
        ] {
            let decoded = TextCodec::parse(name).expect(name).decoded(Bytes::from_static(text));
            match expected {
                Ok(bytes) => assert_eq!(decoded.expect(name), bytes),
                Err(reason) => assert!(decoded.expect_err(name).to_string().contains(reason)),
            }
        }
    }
}
