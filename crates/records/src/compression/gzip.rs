//! Gzip (RFC 1952): members one after another, each a header, a deflate stream and a trailer.

use std::cell::RefCell;

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

use super::{Fault, Unpacked, size_from, take, take_slice};
use crate::crc::crc32;

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// No name, no time, an unknown file system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
const TRAILER_SIZE: usize = 8;

const HAS_HEADER_CRC: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;

/// Deflate gains at most this much.
const RATIO_MAX: usize = 1032;
const LEVEL_DEFAULT: u32 = 6;
const LEVEL_MAX: u32 = 9;

thread_local! {
    static INFLATER: RefCell<Decompress> = RefCell::new(Decompress::new(false));
    static DEFLATER: RefCell<Option<(u32, Compress)>> = const { RefCell::new(None) };
}

pub(super) fn unpack(mut input: &[u8], out: &mut Unpacked<'_>) -> Result<(), Fault> {
    reserve_for(input, out)?;
    loop {
        unpack_member(&mut input, out)?;
        // What is not another member is passed over, as Java does.
        if !input.starts_with(&MAGIC) {
            return Ok(());
        }
    }
}

/// The trailer says how much the last member unpacks to. It may lie, but not beyond what deflate can gain.
fn reserve_for(input: &[u8], out: &mut Unpacked<'_>) -> Result<(), Fault> {
    let claimed = input.last_chunk().map_or(0, |size| size_from(u32::from_le_bytes(*size)));
    let likely = claimed.min(input.len().saturating_mul(RATIO_MAX)).min(out.room());
    out.reserve(likely)
}

fn unpack_member(input: &mut &[u8], out: &mut Unpacked<'_>) -> Result<(), Fault> {
    skip_header(input)?;
    let start = out.bytes.len();
    INFLATER.with_borrow_mut(|inflater| inflate(inflater, input, out))?;
    let member = &out.bytes[start..];
    let crc = u32::from_le_bytes(take(input)?);
    let size = u32::from_le_bytes(take(input)?);
    // The trailer has the size modulo 2³²; the limits keep it below that.
    if crc != crc32(member) || size_from(size) != member.len() {
        return Err(Fault::Bad("checksum or size do not match"));
    }
    Ok(())
}

fn skip_header(input: &mut &[u8]) -> Result<(), Fault> {
    let [m0, m1, m2, flags, _, _, _, _, _, _] = take(input)?;
    if [m0, m1, m2] != MAGIC {
        return Err(Fault::Bad("not in gzip format"));
    }
    if flags & HAS_EXTRA != 0 {
        let size = u16::from_le_bytes(take(input)?);
        take_slice(input, usize::from(size))?;
    }
    for text in [HAS_NAME, HAS_COMMENT] {
        if flags & text != 0 {
            skip_text(input)?;
        }
    }
    if flags & HAS_HEADER_CRC != 0 {
        take::<2>(input)?;
    }
    Ok(())
}

fn skip_text(input: &mut &[u8]) -> Result<(), Fault> {
    let end = input.iter().position(|&byte| byte == 0).ok_or(Fault::Bad("it ends early"))?;
    *input = &input[end + 1..];
    Ok(())
}

fn inflate(inflater: &mut Decompress, input: &mut &[u8], out: &mut Unpacked<'_>) -> Result<(), Fault> {
    inflater.reset(false);
    loop {
        let before = (inflater.total_in(), inflater.total_out());
        let status = inflate_some(inflater, input, out)?;
        let consumed = usize::try_from(inflater.total_in() - before.0).expect("within the input");
        *input = &input[consumed..];
        if status == Status::StreamEnd {
            return Ok(());
        }
        if (inflater.total_in(), inflater.total_out()) == before {
            return Err(Fault::Bad("it ends early"));
        }
    }
}

fn inflate_some(inflater: &mut Decompress, input: &[u8], out: &mut Unpacked<'_>) -> Result<Status, Fault> {
    const BAD: Fault = Fault::Bad("not a deflate stream");
    if out.room() == 0 {
        // Only the end of the stream may come now.
        let before = inflater.total_out();
        let status = inflater.decompress(input, &mut [0], FlushDecompress::None);
        let ended = inflater.total_out() == before;
        return if ended { status.map_err(|_ignored| BAD) } else { Err(Fault::TooLarge) };
    }
    if out.bytes.len() == out.bytes.capacity() {
        let likely = input.len().saturating_mul(4).clamp(512, 64 << 10);
        out.reserve(likely.min(out.room()))?;
    }
    let status = inflater.decompress_vec(input, out.bytes, FlushDecompress::None);
    if out.bytes.len() > out.allowed {
        return Err(Fault::TooLarge);
    }
    status.map_err(|_ignored| BAD)
}

pub(super) fn pack(payload: &[u8], level: Option<i32>, out: &mut Vec<u8>) {
    let level = level.and_then(|level| u32::try_from(level).ok()).filter(|&level| level > 0);
    let level = level.unwrap_or(LEVEL_DEFAULT).min(LEVEL_MAX);
    out.extend_from_slice(&HEADER);
    DEFLATER.with_borrow_mut(|kept| {
        let deflater = match kept {
            Some((kept_level, deflater)) if *kept_level == level => {
                deflater.reset();
                deflater
            }
            _ => &mut kept.insert((level, Compress::new(flate2::Compression::new(level), false))).1,
        };
        deflate(deflater, payload, out);
    });
    out.extend_from_slice(&crc32(payload).to_le_bytes());
    let size = u32::try_from(payload.len()).expect("a batch is below 2³¹ bytes");
    out.extend_from_slice(&size.to_le_bytes());
}

fn deflate(deflater: &mut Compress, mut payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(payload.len() / 2 + 64 + TRAILER_SIZE);
    loop {
        let read = deflater.total_in();
        let status = deflater.compress_vec(payload, out, FlushCompress::Finish);
        let consumed = usize::try_from(deflater.total_in() - read).expect("within the payload");
        payload = &payload[consumed..];
        if status.expect("deflate takes any bytes") == Status::StreamEnd {
            return;
        }
        out.reserve(payload.len() / 2 + 1024);
    }
}
