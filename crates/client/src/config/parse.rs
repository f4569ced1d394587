//! Values out of text, as Kafka reads them. What is wrong is said in words that follow the option's name.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::Secret;
use super::names::Named;

pub(super) type Parsed<T> = Result<T, String>;

pub(super) fn string(text: &str) -> Parsed<String> {
    Ok(text.to_owned())
}

pub(super) fn secret(text: &str) -> Parsed<Secret> {
    Ok(Secret::from(text))
}

pub(super) fn path(text: &str) -> Parsed<PathBuf> {
    Ok(PathBuf::from(text))
}

/// An empty text stands for none.
pub(super) fn optional<T>(parse: impl Fn(&str) -> Parsed<T>) -> impl Fn(&str) -> Parsed<Option<T>> {
    move |text| if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

pub(super) fn boolean(text: &str) -> Parsed<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

pub(super) fn number<T: FromStr>(text: &str) -> Parsed<T> {
    text.parse().map_err(|_not_one| format!("{text:?} is not a number in range"))
}

pub(super) fn positive<T: FromStr + From<u8> + PartialOrd>(text: &str) -> Parsed<T> {
    let value = number::<T>(text)?;
    if value >= T::from(1) { Ok(value) } else { Err("must be at least 1".into()) }
}

/// Within bounds, both included.
pub(super) fn between(least: i32, most: i32) -> impl Fn(&str) -> Parsed<i32> {
    move |text| match number(text)? {
        value if (least..=most).contains(&value) => Ok(value),
        value => Err(format!("{value} is not between {least} and {most}")),
    }
}

/// Milliseconds; or with units, as Go has them: `500ms`, `1m30s`.
pub(super) fn millis(text: &str) -> Parsed<Duration> {
    match text.parse() {
        Ok(number) => Ok(Duration::from_millis(number)),
        Err(_) => with_units(text).ok_or_else(|| format!("{text:?} is not a number of milliseconds")),
    }
}

fn with_units(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u32 = rest[..digits].parse().ok()?;
        let end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        total = total.checked_add(unit(&rest[digits..end])?.checked_mul(number)?)?;
        rest = &rest[end..];
    }
    (!text.is_empty()).then_some(total)
}

fn unit(name: &str) -> Option<Duration> {
    Some(match name {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        "h" => Duration::from_secs(3_600),
        _ => return None,
    })
}

/// Bytes of a socket's buffer; -1 leaves it to the system.
pub(super) fn buffer(text: &str) -> Parsed<Option<u32>> {
    if text == "-1" { Ok(None) } else { number(text).map(Some) }
}

/// Items between commas.
pub(super) fn list(text: &str) -> Parsed<Vec<String>> {
    Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

/// One of the names of an enum, in any case.
pub(super) fn named<T: Named>(text: &str) -> Parsed<T> {
    let found = T::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = T::NAMES.iter().map(|(name, _)| *name).collect();
        format!("{text:?} is none of {}", names.join(", "))
    })
}
