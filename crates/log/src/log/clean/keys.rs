//! The last offset of each key in the dirty part of a log.

use std::collections::HashMap;

use ottla_records::Offset;
use rustc_hash::FxBuildHasher;

/// What an entry takes beside the key: pointer, length, offset, the table's control byte and free slots, the
/// allocator's rounding.
const ENTRY_BYTES: usize = 64;

#[derive(Debug)]
pub(super) struct KeyMap {
    offsets: HashMap<Box<[u8]>, Offset, FxBuildHasher>,
    bytes: usize,
    bytes_max: usize,
    /// Behind the last batch that was read.
    end: Offset,
}

impl KeyMap {
    pub(super) fn new(start: Offset, bytes_max: usize) -> KeyMap {
        KeyMap { offsets: HashMap::default(), bytes: 0, bytes_max, end: start }
    }

    pub(super) fn end(&self) -> Offset {
        self.end
    }

    /// Whether another batch may be read. The first one always may, or there would be no progress.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < self.bytes_max
    }

    pub(super) fn put(&mut self, key: &[u8], offset: Offset) {
        match self.offsets.get_mut(key) {
            Some(last) => *last = offset.max(*last),
            None => {
                self.bytes += key.len() + ENTRY_BYTES;
                self.offsets.insert(key.into(), offset);
            }
        }
    }

    pub(super) fn batch_was_read(&mut self, last_offset: Offset) {
        self.end = self.end.max(last_offset + 1);
    }

    /// Whether no later record has the key, as far as the map reaches.
    pub(super) fn is_last(&self, key: &[u8], offset: Offset) -> bool {
        self.offsets.get(key).is_none_or(|last| offset >= *last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_offset_of_a_key_counts() {
        let mut keys = KeyMap::new(5, 200);
        keys.put(b"a", 5);
        keys.put(b"a", 7);
        assert!(keys.has_room());
        keys.put(b"b", 6);
        keys.put(b"c", 8);
        keys.put(b"d", 9);
        assert!(!keys.has_room());
        assert!(!keys.is_last(b"a", 5) && keys.is_last(b"a", 7) && keys.is_last(b"x", 0));
        assert_eq!(keys.end(), 5);
        keys.batch_was_read(9);
        assert_eq!(keys.end(), 10);
    }
}
