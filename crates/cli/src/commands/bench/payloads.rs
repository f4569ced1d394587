//! The values of the records that are sent.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use ottla_client::partitioner::{RandomSource as _, SplitMix64};

use crate::commands::produce::find;

/// Values without an end.
#[derive(Debug, Clone)]
pub(crate) enum Payloads {
    /// Each as likely as the others.
    AnyOf { values: Vec<Bytes>, random: SplitMix64 },
    /// The number of the record, in digits.
    Monotonic,
}

/// So many bytes of random values are made in advance: making them anew would cost more than sending them.
const POOL_BYTES: usize = 4 << 20;
const POOL_VALUES_MAX: usize = 4096;

impl Payloads {
    /// Random letters, the same at every start.
    pub(crate) fn random(size: usize) -> Payloads {
        let mut random = SplitMix64::new(0);
        let count = (POOL_BYTES / size.max(1)).clamp(1, POOL_VALUES_MAX);
        let values = (0..count).map(|_| letters(size, &mut random)).collect();
        Payloads::AnyOf { values, random }
    }

    /// What a file has between delimiters.
    pub(crate) fn of_file(path: &Path, delimiter: &str) -> Result<Payloads> {
        let shown = path.display();
        let text = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
        let values = split(Bytes::from(text), delimiter.as_bytes());
        if values.is_empty() {
            bail!("{shown} is empty: there is nothing to send");
        }
        Ok(Payloads::AnyOf { values, random: SplitMix64::new(0) })
    }

    /// How many different values there are, if that is known.
    pub(crate) fn count(&self) -> Option<usize> {
        match self {
            Payloads::AnyOf { values, .. } => Some(values.len()),
            Payloads::Monotonic => None,
        }
    }

    /// The value of the record of that number.
    pub(crate) fn next(&mut self, number: u64) -> Bytes {
        match self {
            Payloads::AnyOf { values, random } => {
                let bound = u32::try_from(values.len()).unwrap_or(u32::MAX);
                values[random.below(bound) as usize].clone()
            }
            Payloads::Monotonic => Bytes::from(number.to_string()),
        }
    }
}

fn letters(size: usize, random: &mut SplitMix64) -> Bytes {
    let letter = |_| b'A' + u8::try_from(random.below(26)).expect("it is below 26");
    (0..size).map(letter).collect()
}

/// A delimiter at the end ends the last value; it does not begin another.
fn split(text: Bytes, delimiter: &[u8]) -> Vec<Bytes> {
    let mut values = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = find(&rest, delimiter).unwrap_or(rest.len());
        values.push(rest.slice(..end));
        rest = rest.slice((end + delimiter.len()).min(rest.len())..);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_values_have_their_size_and_are_the_same_at_every_start() {
        let (mut one, mut other) = (Payloads::random(100), Payloads::random(100));
        for number in 0..50 {
            let value = one.next(number);
            assert!(value.len() == 100 && value.iter().all(u8::is_ascii_uppercase));
            assert_eq!(value, other.next(number));
        }
        assert_eq!(Payloads::random(0).next(0), Bytes::new());
        assert_eq!(Payloads::Monotonic.next(17), "17");
    }

    #[test]
    fn values_lie_between_delimiters() {
        for (text, delimiter, expected) in [
            ("a\nb\n", "\n", &["a", "b"][..]),
            ("a\n\nb", "\n", &["a", "", "b"]),
            ("a--b-c", "--", &["a", "b-c"]),
            ("abc", "", &["abc"]),
            ("", "\n", &[]),
        ] {
            assert_eq!(
                split(Bytes::from_static(text.as_bytes()), delimiter.as_bytes()),
                expected,
                "{text:?}"
            );
        }
    }
}
