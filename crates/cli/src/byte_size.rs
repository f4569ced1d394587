//! Numbers of bytes as people write them.

/// `1048576`, `512k`, `50MB`, `1GiB`: decimal units count in thousands, binary ones in 1,024s.
pub(crate) fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_decimal_or_binary_as_they_say() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1500", Some(1500)),
            ("10k", Some(10_000)),
            ("50MB", Some(50_000_000)),
            ("1GiB", Some(1 << 30)),
            ("", None),
            ("MB", None),
            ("-1", None),
            ("1.5MB", None),
            ("1TB", None),
            ("99999999999GB", None),
        ] {
            assert_eq!(parse_bytes(text), expected, "{text}");
        }
    }
}
