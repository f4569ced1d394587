//! Snappy in the framing of xerial's snappy-java, which Kafka's clients write; a bare block is read too.
//!
//! ```text
//! byte 0                   8             12                 16
//!     +-------------------+-------------+------------------+-----------+-----------+---
//!     | 82 S N A P P Y 00 | version i32 | readable by i32  | size i32  | block     | …
//!     +-------------------+-------------+------------------+-----------+-----------+---
//! ```
//!
//! Sizes are big-endian. Streams may follow one another, each with its header.

use std::cell::RefCell;

use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};

use super::{Fault, Unpacked, size_from, take, take_slice};

const MAGIC: [u8; 8] = *b"\x82SNAPPY\0";
const HEADER: [u8; 16] = *b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01";
/// The block size that Kafka takes.
const BLOCK_SIZE: usize = 32 << 10;
/// A copy of 64 bytes takes three.
const RATIO_MAX: usize = 22;

thread_local! {
    static ENCODER: RefCell<Encoder> = RefCell::new(Encoder::new());
}

pub(super) fn unpack(mut input: &[u8], out: &mut Unpacked<'_>) -> Result<(), Fault> {
    if input.len() < HEADER.len() || !input.starts_with(&MAGIC) {
        return unpack_block(input, out);
    }
    while !input.is_empty() {
        if input.starts_with(&MAGIC) {
            take::<{ HEADER.len() }>(&mut input)?;
            continue;
        }
        let size = size_from(u32::from_be_bytes(take(&mut input)?));
        unpack_block(take_slice(&mut input, size)?, out)?;
    }
    Ok(())
}

fn unpack_block(block: &[u8], out: &mut Unpacked<'_>) -> Result<(), Fault> {
    const BAD: Fault = Fault::Bad("not a snappy block");
    let size = decompress_len(block).map_err(|_ignored| BAD)?;
    if size > block.len().saturating_mul(RATIO_MAX) {
        return Err(BAD);
    }
    let room = out.append_zeros(size)?;
    Decoder::new().decompress(block, room).map_err(|_ignored| BAD)?;
    Ok(())
}

pub(super) fn pack(payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&HEADER);
    ENCODER.with_borrow_mut(|encoder| {
        for block in payload.chunks(BLOCK_SIZE) {
            pack_block(encoder, block, out);
        }
    });
}

fn pack_block(encoder: &mut Encoder, block: &[u8], out: &mut Vec<u8>) {
    let size_at = out.len();
    let start = size_at + size_of::<u32>();
    out.resize(start + max_compress_len(block.len()), 0);
    let size = encoder.compress(block, &mut out[start..]).expect("there is room for the worst case");
    let stored = u32::try_from(size).expect("a block is small");
    out[size_at..start].copy_from_slice(&stored.to_be_bytes());
    out.truncate(start + size);
}
