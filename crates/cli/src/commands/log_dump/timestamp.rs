//! Times for people: UTC, ISO 8601, milliseconds.

use std::fmt;

use ottla_records::{NO_TIMESTAMP, Timestamp};

/// `2023-11-14T22:13:20.000Z`, or `-` where there is no timestamp.
#[derive(Debug, Clone, Copy)]
pub(super) struct Iso(pub(super) Timestamp);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl fmt::Display for Iso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == NO_TIMESTAMP {
            return f.write_str("-");
        }
        let (year, month, day) = civil(self.0.div_euclid(DAY_MS));
        let time = self.0.rem_euclid(DAY_MS);
        let (hour, minute) = (time / 3_600_000, time / 60_000 % 60);
        let (second, ms) = (time / 1000 % 60, time % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

/// Year, month and day of a day since 1970-01-01 in the Gregorian calendar.
///
/// Counts in eras of 400 years that begin in March, so that the leap day is the last of a year.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

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
