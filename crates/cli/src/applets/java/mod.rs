//! What Java's client says of errors: scripts look for it.

use ottla_client::{Error, ErrorCode};

/// Code, class and words of each error, tab-separated.
const ERRORS: &str = include_str!("errors.tsv");

/// The words of an exception: the broker's, or if it said nothing those of the exception's class.
pub(super) fn message(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Error>() {
        Some(error @ Error::Response(_)) => words(error),
        _ => format!("{error:#}"),
    }
}

/// The words of an exception.
pub(super) fn words(error: &Error) -> String {
    let Error::Response(response) = error else { return error.to_string() };
    match &response.message {
        Some(message) => message.to_string(),
        None => of_code(response.code).map_or_else(|| error.to_string(), |(_, words)| words.to_owned()),
    }
}

/// Class and words, as an exception shows itself.
pub(super) fn shown(error: &Error) -> String {
    match class(error) {
        Some(class) => format!("{class}: {}", words(error)),
        None => words(error),
    }
}

/// The words of an exception that has another one as its cause.
pub(super) fn wrapped(cause: &Error) -> String {
    format!("java.util.concurrent.ExecutionException: {}", shown(cause))
}

/// The class of the exception, in full.
pub(super) fn class(error: &Error) -> Option<String> {
    let is_late = matches!(error, Error::Timeout { .. } | Error::RequestTimeout { .. });
    let class = if is_late { "TimeoutException" } else { of_code(error.code()?)?.0 };
    Some(format!("org.apache.kafka.common.errors.{class}"))
}

/// A number as Java shows a double.
pub(super) fn double(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 || (1e-3..1e7).contains(&size) || !number.is_finite() {
        return format!("{number:?}").replace("inf", "Infinity");
    }
    let text = format!("{number:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

fn of_code(code: ErrorCode) -> Option<(&'static str, &'static str)> {
    let code = code.code().to_string();
    let mut columns = ERRORS.lines().map(|line| line.split('\t'));
    let mut columns = columns.find(|columns| columns.clone().next() == Some(&code))?;
    columns.next();
    Some((columns.next()?, columns.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_shown_as_java_shows_them() {
        for (number, expected) in [
            (0.0, "0.0"),
            (1024.0, "1024.0"),
            (0.25, "0.25"),
            (9_999_999.0, "9999999.0"),
            (10_000_000.0, "1.0E7"),
            (10_485_760.0, "1.048576E7"),
            (0.000_5, "5.0E-4"),
            (-12_345_678.5, "-1.23456785E7"),
        ] {
            assert_eq!(double(number), expected);
        }
    }

    #[test]
    fn every_error_has_a_class_and_words() {
        for line in ERRORS.lines() {
            let code = line.split('\t').next().and_then(|code| code.parse().ok());
            let code = code.and_then(ErrorCode::from_code).unwrap_or_else(|| panic!("{line}"));
            let (class, words) = of_code(code).unwrap_or_else(|| panic!("{line}"));
            assert!(!class.is_empty() && !words.is_empty(), "{line}");
        }
        assert_eq!(
            of_code(ErrorCode::UnknownTopicOrPartition),
            Some(("UnknownTopicOrPartitionException", "This server does not host this topic-partition."))
        );
        assert_eq!(of_code(ErrorCode::None), None);
    }
}
