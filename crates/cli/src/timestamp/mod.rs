//! Times for people: UTC, ISO 8601, milliseconds.

mod civil;
mod go;
mod names;
mod strftime;

use std::fmt;
use std::time::Duration;

use ottla_records::{NO_TIMESTAMP, Timestamp};

pub(crate) use civil::Civil;
pub(crate) use go::go_time;
pub(crate) use strftime::strftime;

/// `2023-11-14T22:13:20.000Z`, or `-` where there is no timestamp.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Iso(pub(crate) Timestamp);

impl fmt::Display for Iso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == NO_TIMESTAMP {
            return f.write_str("-");
        }
        let Civil { year, month, day, hour, minute, second, ms, .. } = Civil::of(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

/// A time as people write it: milliseconds since 1970 (13 digits), seconds (9 or 10 digits), `2024-02-29`, `2024-02-29T12:30:00Z`, that with `+02:00`,
/// `now`, or a duration before now, as `-48h`.
pub(crate) fn parse_time(text: &str, now: Timestamp) -> Option<Timestamp> {
    if text == "now" {
        return Some(now);
    }
    if let Some(ago) = text.strip_prefix('-') {
        let ago = i64::try_from(parse_duration(ago)?.as_millis()).ok()?;
        return now.checked_sub(ago);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.len() {
            9 | 10 => text.parse::<i64>().ok()?.checked_mul(1000),
            13 => text.parse().ok(),
            _ => None,
        };
    }
    parse_iso(text)
}

/// `1h30m`, `250ms`, `7d`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let ms: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(ms)?))?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// A day, or a day and a time of day, in UTC unless it says how far it is ahead of that.
fn parse_iso(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let (time, ahead) = split_zone(time)?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let with_seconds = if clock.matches(':').count() == 1 { format!("{clock}:00") } else { clock.into() };
    let ms: i64 = numbers::<1>(format!("{fraction:0<3}").get(..3)?, ':')?[0];
    Some(Civil::timestamp_of(numbers(date, '-')?, numbers(&with_seconds, ':')?)? + ms - ahead)
}

/// A time of day without its zone, and how many milliseconds that is ahead of UTC: `Z`, `+02:00`, `-0530`, `+02`.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    let Some(at) = time.find(['+', '-']) else {
        return Some((time.strip_suffix('Z').unwrap_or(time), 0));
    };
    let digits = time[at + 1..].replace(':', "");
    let [zone] = numbers::<1>(&digits, ':')?;
    let (hours, minutes) = if digits.len() == 4 { (zone / 100, zone % 100) } else { (zone, 0) };
    let is_zone = digits.len().is_multiple_of(2) && hours < 24 && minutes < 60;
    let ahead = (hours * 60 + minutes) * 60_000;
    is_zone.then_some((&time[..at], if time[at..].starts_with('-') { -ahead } else { ahead }))
}

/// Exactly so many, of digits alone and few of them.
fn numbers<const N: usize>(text: &str, separator: char) -> Option<[i64; N]> {
    let parts = text.split(separator);
    let number = |part: &str| {
        let is_number = (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse().ok()).flatten()
    };
    parts.map(number).collect::<Option<Vec<i64>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now = 1_700_000_000_123;
        for (text, expected) in [
            ("1700000000123", Some(now)),
            ("1700000000", Some(1_700_000_000_000)),
            ("2023-11-14T22:13:20.123Z", Some(now)),
            ("2023-11-14 22:13:20.123", Some(now)),
            ("2000-02-29", Some(951_782_400_000)),
            ("2000-02-29T00:01", Some(951_782_460_000)),
            ("1969-12-31T23:59:59.998Z", Some(-2)),
            ("2023-11-15T00:13:20.123+02:00", Some(now)),
            ("2023-11-14T16:43:20.123-0530", Some(now)),
            ("2023-11-14T23:13:20.123+01", Some(now)),
            ("2023-11-14T23:13:20+1", None),
            ("2023-11-14T23:13:20+01:60", None),
            ("2023-11-14T23:13:20+", None),
            ("2100-02-29", None),
            ("2024-13-01", None),
            ("2024-01-01T24:00", None),
            ("2024-01-01T10:00:00.é", None),
            ("now", Some(now)),
            ("-1h30m", Some(now - 5_400_000)),
            ("-", None),
            ("-1", None),
            ("12", None),
            ("yesterday", None),
        ] {
            assert_eq!(parse_time(text, now), expected, "{text}");
        }
    }

    #[test]
    fn durations_have_units() {
        for (text, expected) in [
            ("250ms", Some(250)),
            ("1d2h", Some(93_600_000)),
            ("1w", Some(604_800_000)),
            ("", None),
            ("h", None),
            ("1y", None),
            ("99999999999999999999w", None),
        ] {
            assert_eq!(parse_duration(text).map(|it| it.as_millis()), expected, "{text}");
        }
    }

    #[test]
    fn times_are_written_in_utc() {
        for (timestamp, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "-"),
            (-2, "1969-12-31T23:59:59.998Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Iso(timestamp).to_string(), text);
        }
    }

    #[test]
    fn no_time_is_too_far_away() {
        assert_eq!(Iso(i64::MAX).to_string(), "292278994-08-17T07:12:55.807Z");
        assert!(Iso(i64::MIN).to_string().starts_with("-292275055-05-16"));
    }
}
