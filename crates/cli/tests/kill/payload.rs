//! The bytes of a value: anybody who reads them knows which value they are, and whether they are whole.

use super::history::Value;
use super::random::Random;

/// `producer/number ` and as many words as belong to it.
pub(crate) fn payload(seed: u64, value: Value) -> Vec<u8> {
    let mut random = Random::new(seed ^ (u64::from(value.producer) << 32) ^ u64::from(value.number));
    let mut text = format!("{}/{} ", value.producer, value.number);
    let words = match random.below(64) {
        0 => random.below(5_000),
        _ => random.below(40),
    };
    for _ in 0..words {
        // Some of it can be compressed.
        text.push_str(random.pick(&["letter ", "sister ", "castle ", "trial "]));
        text.push_str(&random.below(1_000).to_string());
    }
    text.into_bytes()
}

/// Which value the bytes are; None if they are not wholly one.
pub(crate) fn parse(seed: u64, bytes: &[u8]) -> Option<Value> {
    let (name, _) = std::str::from_utf8(bytes).ok()?.split_once(' ')?;
    let (producer, number) = name.split_once('/')?;
    let value = Value { producer: producer.parse().ok()?, number: number.parse().ok()? };
    (payload(seed, value) == bytes).then_some(value)
}
