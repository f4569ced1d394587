//! Reads what was recorded of a node of Apache Kafka.

use std::{fs::File, io::Read, path::Path};

use bytes::Bytes;
use flate2::read::GzDecoder;
use serde_json::Value;

/// The lines of a file in `testdata`.
pub(crate) fn lines(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name);
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("text that was compressed");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

pub(crate) fn hex(digits: &Value) -> Bytes {
    let digits = digits.as_str().expect("a string of digits");
    assert!(digits.len().is_multiple_of(2), "two digits a byte");
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}
