//! The one place in the command line where chance comes from: what the standard library keeps for its hash tables.

use std::hash::{BuildHasher as _, RandomState};

use ottla_client::Uuid;

pub(crate) fn number() -> u64 {
    RandomState::new().hash_one(())
}

/// A random id (RFC 9562's version 4) that no tool takes for an option: it does not begin with a hyphen.
pub(crate) fn uuid() -> Uuid {
    loop {
        let (high, low) = (number() & !0xf000 | 0x4000, number() >> 2 | 1 << 63);
        let id = Uuid::from_u64_pair(high, low);
        if !crate::kafka_id::kafka_id(id).starts_with('-') {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_never_look_like_options() {
        let mut ids: Vec<String> = (0..1000).map(|_| crate::kafka_id::kafka_id(uuid())).collect();
        assert!(ids.iter().all(|id| !id.starts_with('-')));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 1000);
    }
}
