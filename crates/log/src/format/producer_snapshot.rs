//! `<offset>.snapshot`: the producers' state before the record at that offset.
//!
//! ```text
//! i16 version 1 | u32 CRC-32C of the rest | i32 entries | entries of 46 bytes:
//! i64 producer ID | i16 epoch | i32 last sequence | i64 last offset | i32 offset delta | i64 timestamp
//! | i32 coordinator epoch | i64 first offset of the open transaction, or −1
//! ```

use bytes::{Buf, BufMut};
use ottla_records::{Offset, crc32c};

const VERSION: i16 = 1;
const HEADER_BYTES: usize = 10;
const ENTRY_BYTES: usize = 46;
/// Where the bytes begin that the CRC covers.
const COVERED_FROM: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerEntry {
    pub producer_id: i64,
    pub epoch: i16,
    pub last_sequence: i32,
    pub last_offset: Offset,
    pub offset_delta: i32,
    pub timestamp: i64,
    pub coordinator_epoch: i32,
    /// −1 if no transaction is open.
    pub current_txn_first_offset: Offset,
}

pub fn encode_producer_snapshot(entries: &[ProducerEntry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + entries.len() * ENTRY_BYTES);
    bytes.put_i16(VERSION);
    bytes.put_u32(0);
    bytes.put_i32(i32::try_from(entries.len()).expect("a log has fewer than 2³¹ producers"));
    for entry in entries {
        bytes.put_i64(entry.producer_id);
        bytes.put_i16(entry.epoch);
        bytes.put_i32(entry.last_sequence);
        bytes.put_i64(entry.last_offset);
        bytes.put_i32(entry.offset_delta);
        bytes.put_i64(entry.timestamp);
        bytes.put_i32(entry.coordinator_epoch);
        bytes.put_i64(entry.current_txn_first_offset);
    }
    let crc = crc32c(&bytes[COVERED_FROM..]);
    bytes[2..COVERED_FROM].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// The reason if these are not the bytes of a snapshot.
pub fn decode_producer_snapshot(mut bytes: &[u8]) -> Result<Vec<ProducerEntry>, String> {
    if bytes.len() < HEADER_BYTES {
        return Err(format!("{} bytes are less than a header", bytes.len()));
    }
    let version = bytes.get_i16();
    if version != VERSION {
        return Err(format!("version {version} is not known"));
    }
    let (expected, actual) = (bytes.get_u32(), crc32c(bytes));
    if expected != actual {
        return Err(format!("the checksum is {actual:08x} and should be {expected:08x}"));
    }
    let count = bytes.get_i32();
    if usize::try_from(count).ok().and_then(|count| count.checked_mul(ENTRY_BYTES)) != Some(bytes.len()) {
        return Err(format!("{count} entries are announced in {} bytes", bytes.len()));
    }
    Ok(std::iter::from_fn(|| bytes.has_remaining().then(|| decode_entry(&mut bytes))).collect())
}

fn decode_entry(bytes: &mut &[u8]) -> ProducerEntry {
    ProducerEntry {
        producer_id: bytes.get_i64(),
        epoch: bytes.get_i16(),
        last_sequence: bytes.get_i32(),
        last_offset: bytes.get_i64(),
        offset_delta: bytes.get_i32(),
        timestamp: bytes.get_i64(),
        coordinator_epoch: bytes.get_i32(),
        current_txn_first_offset: bytes.get_i64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: ProducerEntry = ProducerEntry {
        producer_id: 27,
        epoch: 13,
        last_sequence: -1,
        last_offset: -1,
        offset_delta: 0,
        timestamp: 1_795_224_306_150,
        coordinator_epoch: 2,
        current_txn_first_offset: -1,
    };

    #[test]
    fn a_snapshot_is_read_back() {
        for entries in [vec![], vec![ENTRY], vec![ENTRY; 3]] {
            let bytes = encode_producer_snapshot(&entries);
            assert_eq!(decode_producer_snapshot(&bytes), Ok(entries));
        }
    }

    #[test]
    fn an_empty_snapshot_has_kafkas_checksum() {
        assert_eq!(encode_producer_snapshot(&[])[2..6], 1_214_729_159u32.to_be_bytes());
    }

    #[test]
    fn every_damaged_byte_is_noticed() {
        let bytes = encode_producer_snapshot(&[ENTRY]);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(decode_producer_snapshot(&damaged).is_err(), "byte {at}");
            assert!(decode_producer_snapshot(&bytes[..at]).is_err(), "cut at {at}");
        }
    }
}
