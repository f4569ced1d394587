//! The LZ4 frame format, as far as Kafka has it: independent blocks, one frame, no dictionary.
//!
//! ```text
//! +------------+-----+----+------------------+----+---------------------------------+---+---------+------------+
//! | 04 22 4d 18 | FLG | BD | [content size 8] | HC | size u32, block, [checksum u32] | … | 0 (u32) | [checksum] |
//! +------------+-----+----+------------------+----+---------------------------------+---+---------+------------+
//! ```
//!
//! Numbers are little-endian. HC is the second byte of XXH32 of what precedes it, the magic left out; writers of
//! messages of version 0 took the magic in. The topmost bit of a block's size says that it is not compressed. The
//! checksum of the content is not compared, as Kafka does not: the batch has one of its own.

use std::cell::RefCell;

use lz4_flex::block::{
    CompressTable, DecompressError, compress_into_with_table, decompress_into, get_maximum_output_size,
};

use super::xxh32::xxh32;
use super::{Fault, Unpacked, size_from, take, take_slice};

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
const MAGIC_AND_DESCRIPTOR: [u8; 7] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
const BLOCK_SIZE: usize = 64 << 10;

const VERSION: u8 = 0b1100_0000;
const VERSION_1: u8 = 0b0100_0000;
const INDEPENDENT_BLOCKS: u8 = 1 << 5;
const BLOCK_CHECKSUMS: u8 = 1 << 4;
const CONTENT_SIZE: u8 = 1 << 3;
const CONTENT_CHECKSUM: u8 = 1 << 2;
const RESERVED_OR_DICTIONARY: u8 = 0b11;

const UNCOMPRESSED: u32 = 1 << 31;
/// A byte of a match's length stands for at most 255 bytes.
const RATIO_MAX: usize = 255;

/// Whether the header's checksum must be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderChecksum {
    Checked,
    Ignored,
}

thread_local! {
    /// Holds one block while its size is not known.
    static BLOCK: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static TABLE: RefCell<CompressTable> = RefCell::new(CompressTable::large());
}

/// What a frame's header says of its blocks.
struct FrameHeader {
    block_size_max: usize,
    block_checksums: bool,
    content_checksum: bool,
}

pub(super) fn unpack(
    mut input: &[u8],
    out: &mut Unpacked<'_>,
    checksum: HeaderChecksum,
) -> Result<(), Fault> {
    let header = FrameHeader::take(&mut input, checksum)?;
    BLOCK.with_borrow_mut(|buffer| {
        while let Some(block) = header.take_block(&mut input)? {
            block.unpack(&header, buffer, out)?;
        }
        Ok(())
    })?;
    if header.content_checksum {
        take::<4>(&mut input)?;
    }
    Ok(())
}

impl FrameHeader {
    fn take(input: &mut &[u8], checksum: HeaderChecksum) -> Result<Self, Fault> {
        if take(input)? != MAGIC {
            return Err(Fault::Bad("not an LZ4 frame"));
        }
        let descriptor = *input;
        let [flags, block_descriptor] = take(input)?;
        if flags & CONTENT_SIZE != 0 {
            take::<8>(input)?;
        }
        let descriptor = &descriptor[..descriptor.len() - input.len()];
        let [_, expected, _, _] = xxh32(descriptor).to_le_bytes();
        let [stored] = take(input)?;
        Self::check_flags(flags)?;
        if checksum == HeaderChecksum::Checked && stored != expected {
            return Err(Fault::Bad("the frame header's checksum does not match"));
        }
        Ok(Self {
            block_size_max: Self::block_size_max(block_descriptor)?,
            block_checksums: flags & BLOCK_CHECKSUMS != 0,
            content_checksum: flags & CONTENT_CHECKSUM != 0,
        })
    }

    fn check_flags(flags: u8) -> Result<(), Fault> {
        if flags & VERSION != VERSION_1 || flags & RESERVED_OR_DICTIONARY != 0 {
            return Err(Fault::Bad("unsupported version or flags"));
        }
        if flags & INDEPENDENT_BLOCKS == 0 {
            return Err(Fault::Bad("linked blocks are not supported"));
        }
        Ok(())
    }

    fn block_size_max(block_descriptor: u8) -> Result<usize, Fault> {
        match block_descriptor {
            0x40 => Ok(64 << 10),
            0x50 => Ok(256 << 10),
            0x60 => Ok(1 << 20),
            0x70 => Ok(4 << 20),
            _ => Err(Fault::Bad("unsupported block size")),
        }
    }

    /// Takes a block from the front; nothing at the end mark.
    fn take_block<'a>(&self, input: &mut &'a [u8]) -> Result<Option<Block<'a>>, Fault> {
        let stored = u32::from_le_bytes(take(input)?);
        if stored == 0 {
            return Ok(None);
        }
        let size = size_from(stored & !UNCOMPRESSED);
        if size > self.block_size_max {
            return Err(Fault::Bad("a block is larger than the frame allows"));
        }
        let bytes = take_slice(input, size)?;
        if self.block_checksums && u32::from_le_bytes(take(input)?) != xxh32(bytes) {
            return Err(Fault::Bad("a block's checksum does not match"));
        }
        Ok(Some(Block { bytes, compressed: stored & UNCOMPRESSED == 0 }))
    }
}

struct Block<'a> {
    bytes: &'a [u8],
    compressed: bool,
}

impl Block<'_> {
    fn unpack(
        &self,
        header: &FrameHeader,
        buffer: &mut Vec<u8>,
        out: &mut Unpacked<'_>,
    ) -> Result<(), Fault> {
        if !self.compressed {
            return out.append(self.bytes);
        }
        let size_max = header.block_size_max.min(self.bytes.len() * RATIO_MAX);
        let space = size_max.min(out.room());
        if buffer.len() < space {
            buffer.resize(space, 0);
        }
        let size = decompress_into(self.bytes, &mut buffer[..space]).map_err(|error| {
            let cut = space < size_max && matches!(error, DecompressError::OutputTooSmall { .. });
            if cut { Fault::TooLarge } else { Fault::Bad("not an LZ4 block") }
        })?;
        out.append(&buffer[..size])
    }
}

pub(super) fn pack(payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&MAGIC_AND_DESCRIPTOR);
    pack_blocks(payload, out);
}

/// With the header checksum that readers of messages of version 0 ask for.
pub(super) fn pack_version_0(payload: &[u8], out: &mut Vec<u8>) {
    let [header @ .., _right] = MAGIC_AND_DESCRIPTOR;
    let [_, checksum, _, _] = xxh32(&header).to_le_bytes();
    out.extend_from_slice(&header);
    out.push(checksum);
    pack_blocks(payload, out);
}

fn pack_blocks(payload: &[u8], out: &mut Vec<u8>) {
    TABLE.with_borrow_mut(|table| {
        for block in payload.chunks(BLOCK_SIZE) {
            pack_block(table, block, out);
        }
    });
    out.extend_from_slice(&[0; 4]);
}

fn pack_block(table: &mut CompressTable, block: &[u8], out: &mut Vec<u8>) {
    let size_at = out.len();
    let start = size_at + size_of::<u32>();
    out.resize(start + get_maximum_output_size(block.len()), 0);
    let size =
        compress_into_with_table(block, &mut out[start..], table).expect("there is room for the worst case");
    let (size, flag) = if size < block.len() {
        (size, 0)
    } else {
        out[start..start + block.len()].copy_from_slice(block);
        (block.len(), UNCOMPRESSED)
    };
    let stored = u32::try_from(size).expect("a block is small") | flag;
    out[size_at..start].copy_from_slice(&stored.to_le_bytes());
    out.truncate(start + size);
}
