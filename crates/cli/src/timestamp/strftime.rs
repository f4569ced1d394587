//! Times as C's `strftime` writes them, in UTC and the locale `C`.

use std::fmt::{self, Write as _};

use super::civil::Civil;
use super::names::{DAYS, MONTHS};

/// A specifier that does not exist is written as it stands.
pub(crate) fn strftime(format: &str, civil: &Civil) -> String {
    let mut text = String::new();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let Some(mut specifier) = rest.next() else {
            text.push('%');
            break;
        };
        // These ask for another locale's digits and calendar, which C does not have.
        if matches!(specifier, 'E' | 'O') {
            specifier = rest.next().unwrap_or(specifier);
        }
        // A string takes everything.
        let _written = write(&mut text, specifier, civil);
    }
    text
}

fn write(text: &mut String, specifier: char, it: &Civil) -> fmt::Result {
    let (half, twelve) = (if it.hour < 12 { "AM" } else { "PM" }, (it.hour + 11) % 12 + 1);
    let short_year = it.year.rem_euclid(100);
    match specifier {
        'a' => text.write_str(&day_name(it)[..3]),
        'A' => text.write_str(day_name(it)),
        'b' | 'h' => text.write_str(&month_name(it)[..3]),
        'B' => text.write_str(month_name(it)),
        'c' => all(text, "a b e T Y", ' ', it),
        'C' => write!(text, "{:02}", it.year.div_euclid(100)),
        'd' => write!(text, "{:02}", it.day),
        'D' | 'x' => all(text, "m/d/y", '/', it),
        'e' => write!(text, "{:2}", it.day),
        'F' => all(text, "Y-m-d", '-', it),
        'g' => write!(text, "{:02}", it.iso_week().0.rem_euclid(100)),
        'G' => write!(text, "{:04}", it.iso_week().0),
        'H' => write!(text, "{:02}", it.hour),
        'I' => write!(text, "{twelve:02}"),
        'j' => write!(text, "{:03}", it.day_of_year()),
        'k' => write!(text, "{:2}", it.hour),
        'l' => write!(text, "{twelve:2}"),
        'm' => write!(text, "{:02}", it.month),
        'M' => write!(text, "{:02}", it.minute),
        'n' => text.write_char('\n'),
        'p' => text.write_str(half),
        'P' => text.write_str(&half.to_lowercase()),
        'r' => {
            all(text, "I:M:S", ':', it)?;
            write!(text, " {half}")
        }
        'R' => all(text, "H:M", ':', it),
        's' => write!(text, "{}", it.timestamp.div_euclid(1000)),
        'S' => write!(text, "{:02}", it.second),
        't' => text.write_char('\t'),
        'T' | 'X' => all(text, "H:M:S", ':', it),
        'u' => write!(text, "{}", (it.weekday() + 6) % 7 + 1),
        'U' => write!(text, "{:02}", (it.day_of_year() + 6 - it.weekday()) / 7),
        'V' => write!(text, "{:02}", it.iso_week().1),
        'w' => write!(text, "{}", it.weekday()),
        'W' => write!(text, "{:02}", (it.day_of_year() + 6 - (it.weekday() + 6) % 7) / 7),
        'y' => write!(text, "{short_year:02}"),
        'Y' => write!(text, "{:04}", it.year),
        'z' => text.write_str("+0000"),
        'Z' => text.write_str("UTC"),
        '+' => all(text, "a b e T Z Y", ' ', it),
        '%' => text.write_char('%'),
        other => write!(text, "%{other}"),
    }
}

/// Specifiers with what stands between them.
fn all(text: &mut String, specifiers: &str, separator: char, it: &Civil) -> fmt::Result {
    for c in specifiers.chars() {
        if c == separator { text.write_char(c)? } else { write(text, c, it)? }
    }
    Ok(())
}

fn day_name(it: &Civil) -> &'static str {
    usize::try_from(it.weekday()).ok().and_then(|day| DAYS.get(day)).expect("a week has seven days")
}

fn month_name(it: &Civil) -> &'static str {
    usize::try_from(it.month - 1).ok().and_then(|month| MONTHS.get(month)).expect("a year has twelve months")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_are_those_of_date() {
        // 2024-02-05T00:07:09.012Z, a Monday.
        let it = Civil::of(1_707_091_629_012);
        for (format, expected) in [
            ("%a %A %b %B %h", "Mon Monday Feb February Feb"),
            ("%c|%x|%X|%r|%R|%T", "Mon Feb  5 00:07:09 2024|02/05/24|00:07:09|12:07:09 AM|00:07|00:07:09"),
            ("%C %d %D %e %F", "20 05 02/05/24  5 2024-02-05"),
            ("%g %G %V %u %w %U %W %j", "24 2024 06 1 1 05 06 036"),
            ("%H %I %k %l %M %S %p %P", "00 12  0 12 07 09 AM am"),
            ("%s %y %Y %z %Z %%", "1707091629 24 2024 +0000 UTC %"),
            ("%Ey %Od %+", "24 05 Mon Feb  5 00:07:09 UTC 2024"),
            ("é%n%t%q%", "é\n\t%q%"),
        ] {
            assert_eq!(strftime(format, &it), expected, "{format}");
        }
    }
}
