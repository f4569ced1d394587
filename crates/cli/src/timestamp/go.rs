//! Times as Go writes them: by a layout that shows how it would write `Mon Jan 2 15:04:05 MST 2006`. In UTC.

use super::civil::Civil;
use super::strftime::strftime;

/// What a layout may hold, and the same for `strftime`. Of two that begin alike the longer one comes first.
const CHUNKS: [(&str, &str); 30] = [
    ("January", "%B"),
    ("Jan", "%b"),
    ("Monday", "%A"),
    ("Mon", "%a"),
    ("MST", "UTC"),
    ("_2006", "_%Y"),
    ("__2", ""),
    ("_2", "%e"),
    ("2006", "%Y"),
    ("002", "%j"),
    ("01", "%m"),
    ("02", "%d"),
    ("03", "%I"),
    ("04", "%M"),
    ("05", "%S"),
    ("06", "%y"),
    ("15", "%H"),
    ("PM", "%p"),
    ("pm", "%P"),
    ("-07:00", "+00:00"),
    ("-0700", "+0000"),
    ("-07", "+00"),
    ("Z07:00", "Z"),
    ("Z0700", "Z"),
    ("Z07", "Z"),
    ("1", ""),
    ("2", ""),
    ("3", ""),
    ("4", ""),
    ("5", ""),
];

/// What is no chunk is written as it stands.
pub(crate) fn go_time(layout: &str, it: &Civil) -> String {
    let mut text = String::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        if let Some((written, after)) = fraction(rest, it) {
            text.push_str(&written);
            rest = after;
        } else if let Some((written, after)) = chunk(rest, it) {
            text.push_str(&written);
            rest = after;
        } else {
            text.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    text
}

fn chunk<'a>(rest: &'a str, it: &Civil) -> Option<(String, &'a str)> {
    let (found, specifier) = *CHUNKS.iter().find(|(chunk, _)| rest.starts_with(chunk))?;
    let after = &rest[found.len()..];
    // A word that only begins as a name does is none: "Monitor".
    if matches!(found, "Jan" | "Mon") && after.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let written = match found {
        "1" => it.month.to_string(),
        "2" => it.day.to_string(),
        "3" => ((it.hour + 11) % 12 + 1).to_string(),
        "4" => it.minute.to_string(),
        "5" => it.second.to_string(),
        "__2" => format!("{:3}", it.day_of_year()),
        _ => strftime(specifier, it),
    };
    Some((written, after))
}

/// `.000` has so many digits, `.999` no zeros at its end.
fn fraction<'a>(rest: &'a str, it: &Civil) -> Option<(String, &'a str)> {
    let separator = rest.chars().next().filter(|c| matches!(c, '.' | ','))?;
    let digit = rest[1..].chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let count = rest[1..].chars().take_while(|c| *c == digit).count();
    let after = &rest[1 + count..];
    if after.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{:03}{:0<width$}", it.ms, "", width = count.saturating_sub(3));
    let digits = &digits[..count.min(digits.len())];
    let digits = if digit == '9' { digits.trim_end_matches('0') } else { digits };
    Some((if digits.is_empty() { String::new() } else { format!("{separator}{digits}") }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_gos() {
        // 2024-02-05T15:07:09.120Z, a Monday.
        let it = Civil::of(1_707_145_629_120);
        for (layout, expected) in [
            ("2006-01-02T15:04:05Z07:00", "2024-02-05T15:07:09Z"),
            ("2006-01-02T15:04:05.999999999Z07:00", "2024-02-05T15:07:09.12Z"),
            ("Mon Jan _2 15:04:05 2006", "Mon Feb  5 15:07:09 2024"),
            ("Monday, 02-Jan-06 15:04:05 MST", "Monday, 05-Feb-24 15:07:09 UTC"),
            ("Mon, 02 Jan 2006 15:04:05 -0700", "Mon, 05 Feb 2024 15:07:09 +0000"),
            ("3:04PM 1/2 pm 03", "3:07PM 2/5 pm 03"),
            (".000 ,00 .000000 .0001", ".120 ,12 .120000 .0002"),
            ("002|__2|_2006|4|5", "036| 36|_2024|7|9"),
            ("Monitor Janet é", "Monitor Janet é"),
        ] {
            assert_eq!(go_time(layout, &it), expected, "{layout}");
        }
    }
}
