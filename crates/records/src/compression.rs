//! The four codecs, between a batch's stored payload and its records.
//!
//! Unpacking is bounded: [`Unpacked`] is the only way to write, and refuses before memory is taken. Contexts and
//! tables that cost more than a small batch are kept, one of each for a thread.

mod gzip;
mod lz4;
mod snappy;
mod xxh32;
mod zstd;

use crate::{BatchError, Compression, Limits};

/// A compression and how hard it tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Codec {
    pub compression: Compression,
    /// gzip: 1 to 9, and below that its default, 6. zstd: −131072 to 22, by default 3, which 0 stands for too.
    /// What is beyond is brought into the range. lz4 and snappy have a single level.
    pub level: Option<i32>,
}

impl Codec {
    /// The compressed payload alone, for what is compressed as batches are and is none.
    pub fn pack(self, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        pack(self, payload, &mut out);
        out
    }

    /// What was packed.
    pub fn unpack(self, payload: &[u8], limits: &Limits) -> Result<Vec<u8>, BatchError> {
        let mut out = Vec::new();
        unpack(self.compression, payload, limits, &mut out)?;
        Ok(out)
    }
}

impl From<Compression> for Codec {
    fn from(compression: Compression) -> Self {
        Self { compression, level: None }
    }
}

/// Appends the compressed payload to `out`.
pub(crate) fn pack(codec: Codec, payload: &[u8], out: &mut Vec<u8>) {
    match codec.compression {
        Compression::None => out.extend_from_slice(payload),
        Compression::Gzip => gzip::pack(payload, codec.level, out),
        Compression::Snappy => snappy::pack(payload, out),
        Compression::Lz4 => lz4::pack(payload, out),
        Compression::Zstd => zstd::pack(payload, codec.level, out),
    }
}

/// As [`pack`], for messages of version 0, whose readers want a wrong checksum in the header of LZ4 frames.
pub(crate) fn pack_version_0(codec: Codec, payload: &[u8], out: &mut Vec<u8>) {
    match codec.compression {
        Compression::Lz4 => lz4::pack_version_0(payload, out),
        Compression::None | Compression::Gzip | Compression::Snappy | Compression::Zstd => {
            pack(codec, payload, out);
        }
    }
}

/// Unpacks the payload of a batch into `out`, which must be empty.
pub(crate) fn unpack(
    compression: Compression,
    payload: &[u8],
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<(), BatchError> {
    unpack_with(compression, payload, limits, out, lz4::HeaderChecksum::Checked)
}

/// As [`unpack`], for messages of version 0, whose writers put a wrong checksum in the header of LZ4 frames.
pub(crate) fn unpack_version_0(
    compression: Compression,
    payload: &[u8],
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<(), BatchError> {
    unpack_with(compression, payload, limits, out, lz4::HeaderChecksum::Ignored)
}

fn unpack_with(
    compression: Compression,
    payload: &[u8],
    limits: &Limits,
    out: &mut Vec<u8>,
    lz4_checksum: lz4::HeaderChecksum,
) -> Result<(), BatchError> {
    debug_assert!(out.is_empty(), "the limits count from an empty buffer");
    let allowed = limits.allowed(payload.len());
    let mut out = Unpacked { bytes: out, allowed };
    let result = match compression {
        Compression::None => out.append(payload),
        Compression::Gzip => gzip::unpack(payload, &mut out),
        Compression::Snappy => snappy::unpack(payload, &mut out),
        Compression::Lz4 => lz4::unpack(payload, &mut out, lz4_checksum),
        Compression::Zstd => zstd::unpack(payload, &mut out),
    };
    result.map_err(|fault| match fault {
        Fault::Bad(reason) => BatchError::Undecodable { compression, reason },
        Fault::TooLarge => BatchError::UnpackedTooLarge { compressed: payload.len(), allowed },
    })
}

/// Why a codec gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Bad(&'static str),
    TooLarge,
}

/// Bytes that were unpacked, and how many there may be.
struct Unpacked<'a> {
    bytes: &'a mut Vec<u8>,
    allowed: usize,
}

impl Unpacked<'_> {
    /// How many more bytes may come.
    fn room(&self) -> usize {
        self.allowed.saturating_sub(self.bytes.len())
    }

    /// Makes space for `more` bytes, or refuses them. Space doubles, but never beyond what is allowed.
    fn reserve(&mut self, more: usize) -> Result<(), Fault> {
        if more > self.room() {
            return Err(Fault::TooLarge);
        }
        if more > self.bytes.capacity() - self.bytes.len() {
            let doubled = self.bytes.capacity().min(self.room());
            self.bytes.reserve_exact(more.max(doubled));
        }
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.reserve(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends `size` zeros and gives them to be written over.
    fn append_zeros(&mut self, size: usize) -> Result<&mut [u8], Fault> {
        self.reserve(size)?;
        let start = self.bytes.len();
        self.bytes.resize(start + size, 0);
        Ok(&mut self.bytes[start..])
    }
}

/// Takes `N` bytes from the front.
fn take<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], Fault> {
    let (head, rest) = input.split_first_chunk().ok_or(Fault::Bad("it ends early"))?;
    *input = rest;
    Ok(*head)
}

/// Takes `size` bytes from the front.
fn take_slice<'a>(input: &mut &'a [u8], size: usize) -> Result<&'a [u8], Fault> {
    let (head, rest) = input.split_at_checked(size).ok_or(Fault::Bad("it ends early"))?;
    *input = rest;
    Ok(head)
}

/// A size that the format stores in 32 bits.
fn size_from(stored: u32) -> usize {
    usize::try_from(stored).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
