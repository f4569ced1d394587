//! Numbers in bytes.

/// The number in up to eight bytes, which may be an `i64` or a `u64`.
pub(crate) fn integer(bytes: &[u8], is_signed: bool, is_little: bool) -> i128 {
    debug_assert!(bytes.len() <= 8, "there is room for a sign");
    let more = |number: i128, byte: &u8| number << 8 | i128::from(*byte);
    let number = if is_little { bytes.iter().rev().fold(0, more) } else { bytes.iter().fold(0, more) };
    let values = 1_i128 << (8 * bytes.len());
    if is_signed && number >= values / 2 { number - values } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_its_sign_and_its_order() {
        for (bytes, is_signed, is_little, expected) in [
            (&[0xff][..], true, false, -1),
            (&[0xff], false, false, 255),
            (&[0x80, 0], true, false, -32_768),
            (&[0x80, 0], true, true, 128),
            (&[0xff; 8], false, true, u64::MAX.into()),
            (&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], true, false, i64::MAX.into()),
        ] {
            assert_eq!(integer(bytes, is_signed, is_little), expected, "{bytes:?}");
        }
    }
}
