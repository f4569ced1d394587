//! Zigzag varints, as protocol buffers have them: seven bits a byte, the lowest first.
//!
//! A writer that pads them is read too, up to five bytes for 32 bits and ten for 64; bits beyond the number's are
//! dropped, as Kafka drops them.

/// Takes a varint from the front, or nothing if it does not end.
#[inline]
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<i32> {
    // Nearly every length and offset delta in a record fits a byte.
    if let [first, rest @ ..] = *bytes
        && *first < 0x80
    {
        *bytes = rest;
        return Some(unzigzag_32(u32::from(*first)));
    }
    take_long_varint(bytes)
}

fn take_long_varint(bytes: &mut &[u8]) -> Option<i32> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(5).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *bytes = &bytes[index + 1..];
            return Some(unzigzag_32(value));
        }
    }
    None
}

/// Takes a 64-bit varint from the front, or nothing if it does not end.
#[inline]
pub(crate) fn take_varlong(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *bytes = &bytes[index + 1..];
            return Some(unzigzag_64(value));
        }
    }
    None
}

pub(crate) fn put_varint(out: &mut Vec<u8>, value: i32) {
    put_varlong(out, i64::from(value));
}

pub(crate) fn put_varlong(out: &mut Vec<u8>, value: i64) {
    let mut rest = zigzag(value);
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

/// As many bytes as [`put_varlong`] and [`put_varint`] write.
pub(crate) fn varint_size(value: i64) -> usize {
    let bits = u64::BITS - (zigzag(value) | 1).leading_zeros();
    usize::try_from(bits.div_ceil(7)).expect("at most ten")
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag_32(value: u32) -> i32 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn unzigzag_64(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_bytes_that_protocol_buffers_give_them() {
        let cases: [(i64, &[u8]); 9] = [
            (0, &[0]),
            (-1, &[1]),
            (1, &[2]),
            (63, &[0x7e]),
            (-64, &[0x7f]),
            (64, &[0x80, 1]),
            (i64::from(i32::MAX), &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
            (i64::from(i32::MIN), &[0xff, 0xff, 0xff, 0xff, 0x0f]),
            (i64::MIN, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ];
        for (value, expected) in cases {
            let mut out = Vec::new();
            put_varlong(&mut out, value);
            assert_eq!(out, expected, "{value}");
            assert_eq!(varint_size(value), expected.len(), "{value}");

            let mut bytes = expected;
            assert_eq!(take_varlong(&mut bytes), Some(value));
            assert!(bytes.is_empty());
            if let Ok(small) = i32::try_from(value) {
                let mut bytes = expected;
                assert_eq!(take_varint(&mut bytes), Some(small));
                assert!(bytes.is_empty());
            }
        }
    }

    #[test]
    fn padding_is_read_and_what_does_not_end_is_not() {
        let mut padded: &[u8] = &[0x82, 0x80, 0x80, 0x80, 0x00, 9];
        assert_eq!(take_varint(&mut padded), Some(1));
        assert_eq!(padded, [9]);
        for unended in [&[][..], &[0x80], &[0x80, 0x80, 0x80, 0x80, 0x80, 0]] {
            assert_eq!(take_varint(&mut { unended }), None, "{unended:?}");
        }
        assert_eq!(take_varlong(&mut &[0x80; 11][..]), None);
    }
}
