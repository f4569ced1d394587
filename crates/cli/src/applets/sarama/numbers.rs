//! Numbers as Go's package `strconv` reads them, and durations as `time` does.

/// Why a text is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotANumber {
    #[error("parse error")]
    Syntax,
    #[error("value out of range")]
    Range,
}

/// `ParseBool`.
pub(super) fn parse_bool(text: &str) -> Result<bool, NotANumber> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(NotANumber::Syntax),
    }
}

/// `ParseInt` of base 0: the digits say which base they are of, and may have underscores between them.
pub(super) fn parse_int(text: &str) -> Result<i64, NotANumber> {
    let (is_negative, unsigned) = unsigned(text);
    let (base, digits) = base(unsigned);
    if !has_good_underscores(unsigned, digits) {
        return Err(NotANumber::Syntax);
    }
    magnitude(&digits.replace('_', ""), base, is_negative)
}

/// `ParseInt` of base 10.
pub(super) fn parse_decimal(text: &str) -> Result<i64, NotANumber> {
    let (is_negative, digits) = unsigned(text);
    magnitude(digits, 10, is_negative)
}

fn unsigned(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn base(text: &str) -> (u32, &str) {
    for (prefixes, base) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(digits) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
            return (base, digits);
        }
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => (8, digits),
        _ => (10, text),
    }
}

/// One at a time, behind a digit or what tells the base, before a digit.
fn has_good_underscores(unsigned: &str, digits: &str) -> bool {
    let leads = digits.starts_with('_') && digits.len() == unsigned.len();
    !leads && !digits.ends_with('_') && !digits.contains("__")
}

fn magnitude(digits: &str, base: u32, is_negative: bool) -> Result<i64, NotANumber> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return Err(NotANumber::Syntax);
    }
    let number = i128::from_str_radix(digits, base).map_err(|_too_large| NotANumber::Range)?;
    i64::try_from(if is_negative { -number } else { number }).map_err(|_too_large| NotANumber::Range)
}

const UNITS: [(&str, i64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// `time.ParseDuration`, in nanoseconds.
pub(super) fn parse_duration(text: &str) -> Result<i64, NotANumber> {
    let (is_negative, mut rest) = unsigned(text);
    if rest == "0" {
        return Ok(0);
    }
    let mut total: i64 = 0;
    loop {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(NotANumber::Syntax)?;
        let (number, behind) = rest.split_at(number);
        let unit = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(NotANumber::Syntax)?;
        // Go takes what is too large for no duration at all.
        total = nanoseconds(number, *scale).and_then(|it| total.checked_add(it)).ok_or(NotANumber::Syntax)?;
        if behind.is_empty() {
            return Ok(if is_negative { -total } else { total });
        }
        rest = behind;
    }
}

/// Digits with a point among them, or none.
fn nanoseconds(number: &str, scale: i64) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = (whole.len() + fraction.len() > 0) && !fraction.contains('.');
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut total = whole.checked_mul(scale).filter(|_| is_number)?;
    let mut place = scale;
    for digit in fraction.bytes() {
        place /= 10;
        total = total.checked_add(place * i64::from(digit - b'0'))?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use NotANumber::{Range, Syntax};

    #[test]
    fn numbers_may_be_of_any_base() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("-12", Ok(-12)),
            ("+12", Ok(12)),
            ("0x1F", Ok(31)),
            ("0b101", Ok(5)),
            ("0o17", Ok(15)),
            ("017", Ok(15)),
            ("1_000", Ok(1000)),
            ("0x_f", Ok(15)),
            ("_1", Err(Syntax)),
            ("1__0", Err(Syntax)),
            ("1_", Err(Syntax)),
            ("09", Err(Syntax)),
            ("0x", Err(Syntax)),
            ("", Err(Syntax)),
            ("--1", Err(Syntax)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", Err(Range)),
            ("999999999999999999999999999999999999999999", Err(Range)),
        ] {
            assert_eq!(parse_int(text), expected, "{text}");
        }
        for (text, expected) in [("010", Ok(10)), ("1_0", Err(Syntax)), ("0x1", Err(Syntax))] {
            assert_eq!(parse_decimal(text), expected, "{text}");
        }
    }

    #[test]
    fn durations_have_units() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("10s", Ok(10_000_000_000)),
            ("-1.5h", Ok(-5_400_000_000_000)),
            ("1m30s", Ok(90_000_000_000)),
            ("250ms", Ok(250_000_000)),
            (".5µs", Ok(500)),
            ("1.", Err(Syntax)),
            ("3", Err(Syntax)),
            ("s", Err(Syntax)),
            (".s", Err(Syntax)),
            ("1.2.3s", Err(Syntax)),
            ("", Err(Syntax)),
            ("1d", Err(Syntax)),
            ("9999999999h", Err(Syntax)),
        ] {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }
}
