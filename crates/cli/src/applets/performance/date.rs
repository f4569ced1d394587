//! Times by the patterns of Java's `SimpleDateFormat`, in UTC.

use anyhow::{Result, bail};
use ottla_records::Timestamp;

use crate::timestamp::Civil;

/// A pattern, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DateFormat(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A letter, and how often it stands there: as many digits at least.
    Field(char, usize),
}

/// What it takes of Java's letters: those of numbers.
const LETTERS: &str = "yMdHhmsSa";

impl DateFormat {
    pub(super) fn parse(pattern: &str) -> Result<DateFormat> {
        let mut parts = Vec::new();
        let mut rest = pattern.chars().peekable();
        while let Some(letter) = rest.next() {
            match letter {
                '\'' => parts.push(Part::Text(quoted(&mut rest)?)),
                'a'..='z' | 'A'..='Z' => {
                    if !LETTERS.contains(letter) {
                        bail!("Illegal pattern character '{letter}'");
                    }
                    let mut count = 1;
                    while rest.next_if_eq(&letter).is_some() {
                        count += 1;
                    }
                    parts.push(Part::Field(letter, count));
                }
                other => parts.push(Part::Text(other.into())),
            }
        }
        Ok(DateFormat(parts))
    }

    pub(super) fn format(&self, timestamp: Timestamp) -> String {
        let at = Civil::of(timestamp);
        self.0.iter().map(|part| part.shown(at)).collect()
    }
}

impl Part {
    fn shown(&self, at: Civil) -> String {
        let (letter, count) = match self {
            Part::Text(text) => return text.clone(),
            Part::Field(letter, count) => (*letter, *count),
        };
        let number = match letter {
            'y' if count == 2 => at.year % 100,
            'y' => at.year,
            'M' => at.month,
            'd' => at.day,
            'H' => at.hour,
            'h' => (at.hour + 11) % 12 + 1,
            'm' => at.minute,
            's' => at.second,
            'S' => at.ms,
            _ => return if at.hour < 12 { "AM".into() } else { "PM".into() },
        };
        format!("{number:0count$}")
    }
}

/// Up to the next quote; two of them are one.
fn quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String> {
    let mut text = String::new();
    if rest.next_if_eq(&'\'').is_some() {
        return Ok("'".into());
    }
    loop {
        match rest.next() {
            Some('\'') if rest.next_if_eq(&'\'').is_some() => text.push('\''),
            Some('\'') => return Ok(text),
            Some(other) => text.push(other),
            None => bail!("Unterminated quote"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: &str) {
        let shown = match DateFormat::parse(pattern) {
            Ok(format) => format.format(1_700_000_000_007),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected, "{pattern}");
    }

    #[test]
    fn times_are_shown_as_java_shows_them() {
        check("yyyy-MM-dd HH:mm:ss:SSS", "2023-11-14 22:13:20:007");
        check("yy/M/d h:mm a", "23/11/14 10:13 PM");
        check("yyyy-MM-dd'T'HH", "2023-11-14T22");
        check("''d'o''clock'", "'14o'clock");
        check("S", "7");
        check("", "");
        check("EEE", "Illegal pattern character 'E'");
        check("'open", "Unterminated quote");
    }
}
