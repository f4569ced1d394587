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

/// `0 B`, `1023 B`, `1.0 KiB`, `12.5 GiB`.
pub(crate) fn shown_bytes(bytes: f64) -> String {
    let mut shown = bytes;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if shown.abs() < 1024.0 {
            break;
        }
        (shown, unit) = (shown / 1024.0, larger);
    }
    if unit == "B" { format!("{shown:.0} B") } else { format!("{shown:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_bytes_are_shown_in_the_largest_unit_that_fits() {
        for (bytes, expected) in [
            (0.0, "0 B"),
            (1023.0, "1023 B"),
            (1024.0, "1.0 KiB"),
            (1_572_864.0, "1.5 MiB"),
            (1e18, "888.2 PiB"),
        ] {
            assert_eq!(shown_bytes(bytes), expected);
        }
    }

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
