//! Reads the vectors that Kafka's own classes wrote.

#[allow(dead_code, reason = "not every test is refused something")]
pub(crate) mod refusals;

use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use flate2::read::GzDecoder;
use serde_json::Value;

/// The unpacked text of a file in `testdata`.
pub(crate) fn testdata(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

pub(crate) fn parse(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[allow(dead_code, reason = "not every test reads bytes")]
pub(crate) fn hex(hex: &str) -> Bytes {
    assert!(hex.len().is_multiple_of(2), "two digits a byte");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
