//! A time in the Gregorian calendar, in UTC.

use ottla_records::Timestamp;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A timestamp, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) timestamp: Timestamp,
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    pub(crate) ms: i64,
}

impl Civil {
    pub(crate) fn of(timestamp: Timestamp) -> Civil {
        let (year, month, day) = date_of(timestamp.div_euclid(DAY_MS));
        let time = timestamp.rem_euclid(DAY_MS);
        Civil {
            timestamp,
            year,
            month,
            day,
            hour: time / 3_600_000,
            minute: time / 60_000 % 60,
            second: time / 1000 % 60,
            ms: time % 1000,
        }
    }

    /// Of a day and a time of day, if there is such a day, and such a time.
    pub(crate) fn timestamp_of(
        [year, month, day]: [i64; 3],
        [hour, minute, second]: [i64; 3],
    ) -> Option<Timestamp> {
        let is_month = (1..=12).contains(&month);
        let is_day = is_month && day >= 1 && date_of(day_of(year, month, day)) == (year, month, day);
        let is_time = hour < 24 && minute < 60 && second < 60;
        (is_day && is_time)
            .then(|| day_of(year, month, day) * DAY_MS + (hour * 3600 + minute * 60 + second) * 1000)
    }

    /// 0 is Sunday.
    pub(crate) fn weekday(&self) -> i64 {
        // The first day of all was a Thursday.
        (self.timestamp.div_euclid(DAY_MS) + 4).rem_euclid(7)
    }

    /// 1 to 366.
    pub(crate) fn day_of_year(&self) -> i64 {
        day_of(self.year, self.month, self.day) - day_of(self.year, 1, 1) + 1
    }

    /// The year that the week counts to, and its number there, by ISO 8601: a week belongs to the year of its Thursday.
    pub(crate) fn iso_week(&self) -> (i64, i64) {
        let days_since_monday = (self.weekday() + 6) % 7;
        let thursday = self.timestamp.div_euclid(DAY_MS) + 3 - days_since_monday;
        let (year, ..) = date_of(thursday);
        (year, (thursday - day_of(year, 1, 1)) / 7 + 1)
    }
}

/// Year, month and day of a day since 1970-01-01.
///
/// Counts in eras of 400 years that begin in March, so that the leap day is the last of a year.
fn date_of(days: i64) -> (i64, i64, i64) {
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

/// The day since 1970-01-01 of a date; the other way round.
fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let march_month = (month + 9) % 12;
    let year = if month <= 2 { year - 1 } else { year };
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(400) * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_belong_to_the_year_of_their_thursday() {
        for (date, weekday, day_of_year, week) in [
            ([1970, 1, 1], 4, 1, (1970, 1)),
            ([2021, 1, 3], 0, 3, (2020, 53)),
            ([2021, 1, 4], 1, 4, (2021, 1)),
            ([2024, 12, 30], 1, 365, (2025, 1)),
            ([2024, 12, 31], 2, 366, (2025, 1)),
            ([1969, 12, 31], 3, 365, (1970, 1)),
        ] {
            let civil = Civil::of(Civil::timestamp_of(date, [0; 3]).expect("a day"));
            assert_eq!(
                (civil.weekday(), civil.day_of_year(), civil.iso_week()),
                (weekday, day_of_year, week),
                "{date:?}"
            );
        }
    }
}
