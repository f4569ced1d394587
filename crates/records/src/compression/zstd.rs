//! Zstandard (RFC 8878), through the reference library.
//!
//! A batch is unpacked in one call, straight to where it belongs: a stream would first allocate the window that the
//! frame asks for, up to 128 MiB however little is in it. How much space that takes is bounded by walking the blocks.

use std::cell::RefCell;
use std::io::Cursor;

use zstd::bulk::Compressor;
use zstd::zstd_safe::{self, DCtx, get_error_name};

use super::{Fault, Unpacked, size_from, take, take_slice};

const FRAME_MAGIC: u32 = 0xfd2f_b528;
const SKIPPABLE_MAGIC: u32 = 0x184d_2a50;
const BLOCK_SIZE_MAX: usize = 128 << 10;
/// Space is taken at once up to here; beyond, only as it proves to be needed.
const SPACE_AT_ONCE: usize = 1 << 20;
const RATIO_LIKELY: usize = 16;
const LEVEL_DEFAULT: i32 = 3;

thread_local! {
    static DECOMPRESSOR: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
    static COMPRESSOR: RefCell<Option<(i32, Compressor<'static>)>> = const { RefCell::new(None) };
}

pub(super) fn unpack(input: &[u8], out: &mut Unpacked<'_>) -> Result<(), Fault> {
    let bound = size_bound(input)?;
    let most = bound.min(out.room());
    let mut space = most.min(SPACE_AT_ONCE.max(input.len().saturating_mul(RATIO_LIKELY)));
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        loop {
            out.reserve(space)?;
            match decompressor.decompress(out.bytes, input) {
                Ok(_) => return check_size(out),
                Err(code) if !is_too_small(code) => return Err(Fault::Bad(get_error_name(code))),
                Err(_) if space < most => space = most.min(space.saturating_mul(4)),
                Err(_) if bound > most => return Err(Fault::TooLarge),
                Err(_) => return Err(Fault::Bad("it unpacks to more than its blocks can hold")),
            }
        }
    })
}

/// The buffer may have had more capacity than is allowed.
fn check_size(out: &Unpacked<'_>) -> Result<(), Fault> {
    if out.bytes.len() <= out.allowed { Ok(()) } else { Err(Fault::TooLarge) }
}

fn is_too_small(code: usize) -> bool {
    get_error_name(code) == "Destination buffer is too small"
}

/// How much all frames can unpack to, at most.
fn size_bound(mut input: &[u8]) -> Result<usize, Fault> {
    let mut bound = 0_usize;
    while !input.is_empty() {
        bound = bound.saturating_add(take_frame(&mut input)?);
    }
    Ok(bound)
}

/// Takes a frame from the front; gives how much it can unpack to.
fn take_frame(input: &mut &[u8]) -> Result<usize, Fault> {
    let magic = u32::from_le_bytes(take(input)?);
    if magic & !0xf == SKIPPABLE_MAGIC {
        let size = size_from(u32::from_le_bytes(take(input)?));
        take_slice(input, size)?;
        return Ok(0);
    }
    if magic != FRAME_MAGIC {
        return Err(Fault::Bad("not a zstd frame"));
    }
    let has_checksum = skip_frame_header(input)?;
    let mut bound = 0_usize;
    loop {
        let block = BlockHeader::take(input)?;
        take_slice(input, block.stored_size)?;
        bound = bound.saturating_add(block.size_bound);
        if block.is_last {
            break;
        }
    }
    if has_checksum {
        take::<4>(input)?;
    }
    Ok(bound)
}

/// Passes over the descriptor and what it announces: window, dictionary, content size. Gives whether there is a
/// checksum at the frame's end.
fn skip_frame_header(input: &mut &[u8]) -> Result<bool, Fault> {
    let [descriptor] = take(input)?;
    let single_segment = descriptor & (1 << 5) != 0;
    let window = usize::from(!single_segment);
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = match descriptor >> 6 {
        0 => usize::from(single_segment),
        power => 1 << power,
    };
    take_slice(input, window + dictionary + content_size)?;
    Ok(descriptor & (1 << 2) != 0)
}

struct BlockHeader {
    is_last: bool,
    stored_size: usize,
    size_bound: usize,
}

impl BlockHeader {
    fn take(input: &mut &[u8]) -> Result<Self, Fault> {
        let [b0, b1, b2] = take(input)?;
        let bits = u32::from_le_bytes([b0, b1, b2, 0]);
        let size = size_from(bits >> 3);
        let (stored_size, size_bound) = match (bits >> 1) & 3 {
            0 => (size, size),
            1 => (1, size),
            2 => (size, BLOCK_SIZE_MAX),
            _ => return Err(Fault::Bad("unknown block type")),
        };
        Ok(Self { is_last: bits & 1 != 0, stored_size, size_bound })
    }
}

pub(super) fn pack(payload: &[u8], level: Option<i32>, out: &mut Vec<u8>) {
    let levels = zstd::compression_level_range();
    let level = level.unwrap_or(LEVEL_DEFAULT).clamp(*levels.start(), *levels.end());
    out.reserve(zstd_safe::compress_bound(payload.len()));
    let mut end = Cursor::new(&mut *out);
    end.set_position(u64::try_from(end.get_ref().len()).expect("lengths fit 64 bits"));
    COMPRESSOR.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|(kept_level, _)| *kept_level != level) {
            *kept = Some((level, Compressor::new(level).expect("the level is in range")));
        }
        let (_, compressor) = kept.as_mut().expect("just set");
        compressor.compress_to_buffer(payload, &mut end).expect("there is room for the worst case");
    });
}
