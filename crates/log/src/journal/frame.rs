//! The bytes of one entry.
//!
//! ```text
//!  0               4               8                               16
//! +---------------+---------------+-------------------------------+
//! | magic  "OJF1" | crc           | lsn                           |
//! +---------------+---------------+---------------+---------------+
//! | synced                        | generation    | batch size    |  16
//! +-------------------------------+---------------+---------------+
//! | padding       | partition     | topic id                      |  32
//! +---------------+---------------+-------------------------------+
//! | topic id, rest                | batch, padding bytes of zeros .. 48
//! +-------------------------------+-------------------------------
//! ```
//! Numbers are big-endian, as in a batch.
//!
//! - The crc is CRC-32C over the directory's salt, the frame's header from `lsn` on, and the first 61 bytes of
//!   the batch. Of these the batch's own checksum leaves out the first 21; it covers all that follows, so no
//!   body is summed twice. The salt keeps a record that somebody produced from passing for a frame.
//! - `synced` was durable when the frame was written. A frame that survives proves by it that whatever is
//!   missing before was durable once and did not merely tear: see [`super::recovery`].
//! - `padding` is 0 except in the last frame of a write. It fills the last page, so that the next write begins
//!   on a fresh one: it neither has to read that page first nor puts bytes at risk that are durable already.

use ottla_records::{BATCH_HEADER_SIZE, crc32c};
use uuid::Uuid;

use super::Lsn;

pub(super) const FRAME_HEADER_SIZE: usize = 56;
/// What the frame's checksum needs to see: its header and the batch's.
pub(super) const FRAME_HEAD_SIZE: usize = FRAME_HEADER_SIZE + BATCH_HEADER_SIZE;

/// Where a write begins, and where to look for the next one behind damage.
pub(super) const PAGE: usize = 4096;

const MAGIC: [u8; 4] = *b"OJF1";
const SUMMED_FROM: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) lsn: Lsn,
    pub(super) synced: Lsn,
    pub(super) generation: u32,
    pub(super) batch_size: u32,
    pub(super) padding: u32,
    pub(super) partition: i32,
    pub(super) topic_id: Uuid,
}

impl FrameHeader {
    /// Of the whole frame, padding included.
    pub(super) fn frame_size(&self) -> u64 {
        FRAME_HEADER_SIZE as u64 + u64::from(self.batch_size) + u64::from(self.padding)
    }

    /// Writes the header into the first bytes of a head that ends in the first bytes of the batch.
    pub(super) fn seal(&self, salt: u64, head: &mut [u8; FRAME_HEAD_SIZE]) {
        head[..4].copy_from_slice(&MAGIC);
        head[8..16].copy_from_slice(&self.lsn.get().to_be_bytes());
        head[16..24].copy_from_slice(&self.synced.get().to_be_bytes());
        head[24..28].copy_from_slice(&self.generation.to_be_bytes());
        head[28..32].copy_from_slice(&self.batch_size.to_be_bytes());
        head[32..36].copy_from_slice(&self.padding.to_be_bytes());
        head[36..40].copy_from_slice(&self.partition.to_be_bytes());
        head[40..56].copy_from_slice(self.topic_id.as_bytes());
        let crc = salted_crc(salt, &head[SUMMED_FROM..]);
        head[4..8].copy_from_slice(&crc.to_be_bytes());
    }

    /// `None` if this is no frame of this directory, or a damaged one.
    pub(super) fn parse(salt: u64, head: &[u8; FRAME_HEAD_SIZE]) -> Option<FrameHeader> {
        let intact = head[..4] == MAGIC && number(head, 4) == salted_crc(salt, &head[SUMMED_FROM..]);
        intact.then(|| FrameHeader {
            lsn: Lsn::new(long(head, 8)),
            synced: Lsn::new(long(head, 16)),
            generation: number(head, 24),
            batch_size: number(head, 28),
            padding: number(head, 32),
            partition: number(head, 36).cast_signed(),
            topic_id: Uuid::from_bytes(at(head, 40)),
        })
    }
}

/// Whether a batch, as it was read back, carries the checksum of its bytes.
pub(super) fn batch_is_intact(batch: &[u8]) -> bool {
    const CRC: usize = 17;
    const SUMMED_FROM: usize = 21;
    batch.len() >= BATCH_HEADER_SIZE && number(batch, CRC) == crc32c(&batch[SUMMED_FROM..])
}

/// The checksum over salt and bytes, which are less than a page.
pub(super) fn salted_crc(salt: u64, bytes: &[u8]) -> u32 {
    let mut salted = [0; 128];
    salted[..8].copy_from_slice(&salt.to_be_bytes());
    salted[8..8 + bytes.len()].copy_from_slice(bytes);
    crc32c(&salted[..8 + bytes.len()])
}

pub(super) fn at<const N: usize>(bytes: &[u8], position: usize) -> [u8; N] {
    bytes[position..position + N].try_into().expect("a slice of that length")
}

pub(super) fn number(bytes: &[u8], position: usize) -> u32 {
    u32::from_be_bytes(at(bytes, position))
}

pub(super) fn long(bytes: &[u8], position: usize) -> u64 {
    u64::from_be_bytes(at(bytes, position))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: u64 = 0x1122_3344_5566_7788;

    fn header() -> FrameHeader {
        FrameHeader {
            lsn: Lsn::new(7),
            synced: Lsn::new(5),
            generation: 3,
            batch_size: 1000,
            padding: 24,
            partition: -2,
            topic_id: Uuid::from_u128(9),
        }
    }

    fn sealed() -> [u8; FRAME_HEAD_SIZE] {
        let mut head = [0xAB; FRAME_HEAD_SIZE];
        header().seal(SALT, &mut head);
        head
    }

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        assert_eq!(FrameHeader::parse(SALT, &sealed()), Some(header()));
        assert_eq!(header().frame_size(), 56 + 1000 + 24);
    }

    #[test]
    fn a_frame_of_another_directory_is_none() {
        assert_eq!(FrameHeader::parse(SALT + 1, &sealed()), None);
    }

    #[test]
    fn no_bit_of_the_head_can_turn_unnoticed() {
        for bit in 0..FRAME_HEAD_SIZE * 8 {
            let mut head = sealed();
            head[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(FrameHeader::parse(SALT, &head), None, "bit {bit}");
        }
    }
}
