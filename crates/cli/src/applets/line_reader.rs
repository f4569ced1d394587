//! Lines into records, as the console producer reads them.
//!
//! With `parse.headers` and `parse.key` a line is `h1:v1,h2:v2<tab>key<tab>value`; each of the separators can be set.

use std::cell::Cell;

use anyhow::{Result, bail};
use bytes::Bytes;
use ottla_client::producer::ProducerRecord;
use regex::bytes::Regex;

use super::connection::Properties;
use crate::commands::produce::split_once;
use crate::java_regex::java_regex;

#[derive(Debug)]
pub(super) struct LineReader {
    topic: String,
    parse_key: bool,
    parse_headers: bool,
    ignore_error: bool,
    key_separator: String,
    headers_delimiter: String,
    headers_separator: Regex,
    headers_key_separator: String,
    null_marker: Option<String>,
    /// Of the line that is read.
    number: Cell<u64>,
}

impl LineReader {
    pub(super) fn new(topic: &str, properties: &Properties) -> Result<LineReader> {
        let is =
            |name: &str| properties.get(name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
        let text = |name: &str, default: &str| properties.get(name).unwrap_or(default).to_owned();
        let separators = [
            ("headers.delimiter", text("headers.delimiter", "\t")),
            ("headers.separator", text("headers.separator", ",")),
            ("headers.key.separator", text("headers.key.separator", ":")),
        ];
        for (at, (name, separator)) in separators.iter().enumerate() {
            if let Some((other, _)) = separators[at + 1..].iter().find(|(_, other)| other == separator) {
                bail!("{name} and {other} may not be equal");
            }
        }
        let key_separator = text("key.separator", "\t");
        let null_marker = properties.get("null.marker").map(str::to_owned);
        let [(_, headers_delimiter), (_, headers_separator), (_, headers_key_separator)] = separators;
        for (name, separator) in [
            ("key.separator", &key_separator),
            ("headers.separator", &headers_separator),
            ("headers.delimiter", &headers_delimiter),
            ("headers.key.separator", &headers_key_separator),
        ] {
            if null_marker.as_ref() == Some(separator) {
                bail!("null.marker and {name} may not be equal");
            }
        }
        Ok(LineReader {
            topic: topic.to_owned(),
            parse_key: is("parse.key"),
            parse_headers: is("parse.headers"),
            ignore_error: is("ignore.error"),
            key_separator,
            headers_delimiter,
            headers_separator: java_regex(&headers_separator)?,
            headers_key_separator,
            null_marker,
            number: Cell::new(0),
        })
    }

    /// The record of a line without its end.
    pub(super) fn record(&self, line: &[u8]) -> Result<ProducerRecord> {
        self.number.set(self.number.get() + 1);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (headers, rest) =
            self.part(self.parse_headers, line, &self.headers_delimiter, "headers delimiter")?;
        let (key, value) = self.part(self.parse_key, rest, &self.key_separator, "key separator")?;
        let mut record = ProducerRecord::new(self.topic.as_str());
        record.key = key.and_then(|key| self.unless_null(key));
        record.value = self.unless_null(value);
        match headers.filter(|headers| !self.is_null(headers)) {
            Some(headers) => self.with_headers(record, headers),
            None => Ok(record),
        }
    }

    /// What stands before a separator, if a line has that part, and what behind it.
    fn part<'a>(
        &self,
        is_there: bool,
        line: &'a [u8],
        separator: &str,
        what: &str,
    ) -> Result<(Option<&'a [u8]>, &'a [u8])> {
        if !is_there {
            return Ok((None, line));
        }
        match split_at(line, separator) {
            Some((part, rest)) => Ok((Some(part), rest)),
            None if self.ignore_error => Ok((None, line)),
            None => {
                let line = String::from_utf8_lossy(line);
                bail!("No {what} found on line number {}: '{line}'", self.number.get())
            }
        }
    }

    fn with_headers(&self, mut record: ProducerRecord, headers: &[u8]) -> Result<ProducerRecord> {
        let mut pairs: Vec<&[u8]> = self.headers_separator.split(headers).collect();
        // Empty pairs at the end are none; a line without any text is one pair nevertheless.
        while pairs.len() > 1 && pairs.last().is_some_and(|pair| pair.is_empty()) {
            pairs.pop();
        }
        for pair in pairs {
            record = match split_at(pair, &self.headers_key_separator) {
                Some((key, _)) if self.is_null(key) => bail!(
                    "Header keys should not be equal to the null marker '{}' as they can't be null",
                    self.null_marker.as_deref().unwrap_or_default()
                ),
                Some((key, value)) => match self.unless_null(value) {
                    Some(value) => record.header(key.to_vec(), value),
                    None => record.null_header(key.to_vec()),
                },
                None if self.ignore_error => record.null_header(pair.to_vec()),
                None => {
                    let (pair, number) = (String::from_utf8_lossy(pair), self.number.get());
                    bail!("No header key separator found in pair '{pair}' on line number {number}")
                }
            };
        }
        Ok(record)
    }

    fn is_null(&self, text: &[u8]) -> bool {
        self.null_marker.as_ref().is_some_and(|marker| marker.as_bytes() == text)
    }

    fn unless_null(&self, text: &[u8]) -> Option<Bytes> {
        (!self.is_null(text)).then(|| Bytes::copy_from_slice(text))
    }
}

fn split_at<'a>(text: &'a [u8], separator: &str) -> Option<(&'a [u8], &'a [u8])> {
    if separator.is_empty() {
        return Some((&text[..0], text));
    }
    split_once(text, separator.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(pairs: &[(&str, &str)]) -> Result<LineReader> {
        let mut properties = Properties::default();
        pairs.iter().for_each(|(name, value)| properties.set(name, *value));
        LineReader::new("t", &properties)
    }

    fn text(bytes: Option<&Bytes>) -> String {
        bytes.map_or("null".to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    fn check(pairs: &[(&str, &str)], line: &str, expected: &str) {
        let shown = match reader(pairs).expect("valid").record(line.as_bytes()) {
            Ok(record) => {
                let headers = record.headers.iter().map(|header| {
                    format!("{}={};", String::from_utf8_lossy(&header.key), text(header.value.as_ref()))
                });
                let headers: String = headers.collect();
                format!("{headers}{}|{}", text(record.key.as_ref()), text(record.value.as_ref()))
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected, "{pairs:?} {line:?}");
    }

    #[test]
    fn lines_are_taken_apart_as_kafka_does() {
        let (key, headers) = (("parse.key", "true"), ("parse.headers", "True "));
        let (null, ignore) = (("null.marker", "NULL"), ("ignore.error", "true"));
        check(&[], "a\tb\r", "null|a\tb");
        check(&[key], "a\tb\tc", "a|b\tc");
        check(&[key], "ab", "No key separator found on line number 1: 'ab'");
        check(&[key, ignore], "ab", "null|ab");
        check(&[key, ("key.separator", "::")], "a::b", "a|b");
        check(&[key, headers], "h:1,i:\tk\tv", "h=1;i=;k|v");
        check(&[headers], "h:1,\tv", "h=1;null|v");
        check(&[headers], "h\tv", "No header key separator found in pair 'h' on line number 1");
        check(&[headers, ignore], "h\tv", "h=null;null|v");
        check(&[headers], "hv", "No headers delimiter found on line number 1: 'hv'");
        check(&[key, headers, null], "h:NULL\tNULL\tNULL", "h=null;null|null");
        check(&[headers, null], "NULL\tv", "null|v");
        let refused = "Header keys should not be equal to the null marker 'NULL' as they can't be null";
        check(&[headers, null], "NULL:1\tv", refused);
    }

    #[test]
    fn separators_must_differ() {
        for (pairs, expected) in [
            (
                [("headers.delimiter", ","), ("x", "")],
                "headers.delimiter and headers.separator may not be equal",
            ),
            ([("null.marker", ":"), ("x", "")], "null.marker and headers.key.separator may not be equal"),
            (
                [("key.separator", "N"), ("null.marker", "N")],
                "null.marker and key.separator may not be equal",
            ),
        ] {
            assert_eq!(reader(&pairs).expect_err("refused").to_string(), expected);
        }
    }
}
