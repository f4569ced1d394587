//! Keys, values and names.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::unpack::Unpack;
use crate::format_string::Modifier;
use crate::payload::{Payload, printable};

/// How bytes are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextCodec {
    Plain,
    Hex,
    Base64,
    Base64Raw,
    Json,
    Unpack(Unpack),
}

impl TextCodec {
    pub(super) fn parse(modifier: Option<Modifier<'_>>) -> Result<TextCodec, String> {
        let Some(modifier) = modifier else { return Ok(TextCodec::Plain) };
        if let Modifier { name: "unpack", argument: Some(types) } = modifier {
            return Unpack::parse(types).map(TextCodec::Unpack);
        }
        match modifier.alone()? {
            "" => Ok(TextCodec::Plain),
            "hex" => Ok(TextCodec::Hex),
            "base64" => Ok(TextCodec::Base64),
            "base64raw" => Ok(TextCodec::Base64Raw),
            "json" => Ok(TextCodec::Json),
            other => Err(format!(
                "bytes cannot be {{{other}}}: there are hex, base64, base64raw, json and unpack[...]"
            )),
        }
    }

    /// To a terminal nothing is written as it is that could harm it.
    pub(super) fn write(&self, out: &mut impl Write, bytes: &[u8], is_terminal: bool) -> io::Result<()> {
        match self {
            TextCodec::Plain if is_terminal => out.write_all(printable(bytes).as_bytes()),
            TextCodec::Plain => out.write_all(bytes),
            TextCodec::Hex => bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}")),
            TextCodec::Base64 => out.write_all(STANDARD.encode(bytes).as_bytes()),
            TextCodec::Base64Raw => out.write_all(STANDARD_NO_PAD.encode(bytes).as_bytes()),
            TextCodec::Json => Ok(serde_json::to_writer(out, &Payload(bytes))?),
            TextCodec::Unpack(unpack) => {
                let unpacked = unpack.unpacked(bytes);
                if is_terminal {
                    out.write_all(printable(&unpacked).as_bytes())
                } else {
                    out.write_all(&unpacked)
                }
            }
        }
    }
}
