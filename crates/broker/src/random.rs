//! The one place in the broker that draws random numbers.

use std::hash::{BuildHasher, Hasher, RandomState};

use uuid::Uuid;

/// A number that was not drawn before, as far as anybody can tell. Not for secrets.
pub(crate) fn u64() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// For fetch sessions.
pub(crate) fn positive_i32() -> i32 {
    i32::try_from(u64() & 0x7fff_ffff).expect("31 bits fit").max(1)
}

/// A random id that Kafka has not reserved and that no tool takes for an option: it does not begin with a hyphen.
pub(crate) fn uuid() -> Uuid {
    loop {
        let bits = (u128::from(u64()) << 64) | u128::from(u64());
        let id = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
        let is_reserved = id.as_u128() <= 100;
        if !is_reserved && !ottla_log::format::format_id(id).starts_with('-') {
            return id;
        }
    }
}
