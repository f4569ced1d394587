use std::io::{Read, Write};

use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};

use super::*;

const ALL: [Compression; 4] = [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

fn packed(compression: Compression, payload: &[u8]) -> Vec<u8> {
    let mut out = b"before".to_vec();
    pack(compression.into(), payload, &mut out);
    out.split_off(6)
}

fn unpacked(compression: Compression, packed: &[u8], limits: &Limits) -> Result<Vec<u8>, BatchError> {
    let mut out = Vec::new();
    unpack(compression, packed, limits, &mut out)?;
    Ok(out)
}

fn limits(unpacked_bytes_max: usize) -> Limits {
    Limits { unpacked_bytes_max, ratio_max: usize::MAX, ratio_free_bytes: usize::MAX }
}

/// Bytes that do not compress.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(size).collect()
}

#[test]
fn what_is_packed_is_unpacked_whatever_its_size() {
    for size in [0, 1, 15, 16, 17, 1_000, 32 << 10, (32 << 10) + 1, 64 << 10, (64 << 10) + 1, 300_000] {
        for payload in [noise(size), vec![7; size]] {
            for compression in ALL {
                let packed = packed(compression, &payload);
                let result = unpacked(compression, &packed, &limits(size));
                assert_eq!(result.as_ref(), Ok(&payload), "{compression} {size}");
            }
        }
    }
}

#[test]
fn other_readers_read_what_is_packed() {
    for payload in [noise(100_000), vec![7; 100_000], b"short".to_vec()] {
        let read = |mut reader: Box<dyn Read + '_>| {
            let mut content = Vec::new();
            reader.read_to_end(&mut content).unwrap();
            assert_eq!(content, payload);
        };
        let gzip = packed(Compression::Gzip, &payload);
        read(Box::new(flate2::read::GzDecoder::new(gzip.as_slice())));
        let lz4 = packed(Compression::Lz4, &payload);
        read(Box::new(lz4_flex::frame::FrameDecoder::new(lz4.as_slice())));
        let zstd = packed(Compression::Zstd, &payload);
        read(Box::new(::zstd::stream::read::Decoder::new(zstd.as_slice()).unwrap()));
    }
}

#[test]
fn what_other_writers_pack_is_read() {
    for payload in [noise(5_000_000), vec![7; 5_000_000], b"short".to_vec(), Vec::new()] {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&payload).unwrap();
        let gzip = gzip.finish().unwrap();
        assert_eq!(unpacked(Compression::Gzip, &gzip, &limits(5_000_000)).as_ref(), Ok(&payload));

        for block_size in [BlockSize::Max64KB, BlockSize::Max256KB, BlockSize::Max1MB, BlockSize::Max4MB] {
            let info = FrameInfo::new().block_size(block_size).block_checksums(true).content_checksum(true);
            let mut lz4 = FrameEncoder::with_frame_info(info, Vec::new());
            lz4.write_all(&payload).unwrap();
            let lz4 = lz4.finish().unwrap();
            assert_eq!(unpacked(Compression::Lz4, &lz4, &limits(5_000_000)).as_ref(), Ok(&payload));
        }

        // Flushed often, each block could be of 128 KiB: the space that is taken for it grows as it is needed.
        let mut zstd = ::zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        for part in payload.chunks(10_000) {
            zstd.write_all(part).unwrap();
            zstd.flush().unwrap();
        }
        let zstd = zstd.finish().unwrap();
        assert_eq!(unpacked(Compression::Zstd, &zstd, &limits(5_000_000)).as_ref(), Ok(&payload));
    }
}

#[test]
fn levels_out_of_range_are_brought_into_it() {
    let payload = vec![7; 100];
    for compression in ALL {
        for level in [i32::MIN, -1, 0, 1, 9, 22, i32::MAX] {
            let mut out = Vec::new();
            pack(Codec { compression, level: Some(level) }, &payload, &mut out);
            assert_eq!(
                unpacked(compression, &out, &limits(100)),
                Ok(payload.clone()),
                "{compression} {level}"
            );
        }
    }
}

#[test]
fn one_byte_more_than_allowed_is_refused() {
    for size in [1, 1_000, 100_000, 3 << 20] {
        for payload in [noise(size), vec![7; size]] {
            for compression in ALL {
                let packed = packed(compression, &payload);
                let error = unpacked(compression, &packed, &limits(size - 1)).unwrap_err();
                assert!(
                    matches!(error, BatchError::UnpackedTooLarge { .. }),
                    "{compression} {size}: {error}"
                );
            }
        }
    }
}

#[test]
fn a_bomb_is_refused_before_memory_is_taken_for_it() {
    let limits = Limits { unpacked_bytes_max: usize::MAX, ratio_max: 10, ratio_free_bytes: 1 << 20 };
    for compression in ALL {
        let bomb = packed(compression, &vec![0; 64 << 20]);
        let mut out = Vec::new();
        let error = unpack(compression, &bomb, &limits, &mut out).unwrap_err();
        assert!(matches!(error, BatchError::UnpackedTooLarge { .. }), "{compression}: {error}");
        let allowed = limits.allowed(bomb.len());
        assert!(out.capacity() <= allowed, "{compression}: {} > {allowed}", out.capacity());
    }
}

#[test]
fn every_cut_of_a_packed_payload_is_refused() {
    let payload = [noise(300), vec![7; 300]].concat();
    for compression in ALL {
        let packed = packed(compression, &payload);
        for end in 0..packed.len() {
            // An xerial stream may end after any block, and after its header: it then has fewer bytes.
            match unpacked(compression, &packed[..end], &limits(1_000)) {
                Err(BatchError::Undecodable { .. }) => {}
                Ok(short) if compression == Compression::Snappy && short.len() < payload.len() => {}
                // A zstd input of no bytes has no frames.
                Ok(short) if compression == Compression::Zstd && end == 0 => assert!(short.is_empty()),
                other => panic!("{compression} {end}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_gzip_member_must_be_what_its_trailer_says() {
    let packed = packed(Compression::Gzip, b"payload");
    for at in packed.len() - 8..packed.len() {
        let mut damaged = packed.clone();
        damaged[at] ^= 1;
        assert!(unpacked(Compression::Gzip, &damaged, &limits(1_000)).is_err(), "byte {at}");
    }
}

#[test]
fn sizes_that_a_block_cannot_have_are_refused_without_allocating() {
    // A snappy block that says it unpacks to 2³² − 1 bytes.
    let snappy = [0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x00];
    let mut out = Vec::new();
    assert!(unpack(Compression::Snappy, &snappy, &limits(usize::MAX), &mut out).is_err());
    assert_eq!(out.capacity(), 0);
}
