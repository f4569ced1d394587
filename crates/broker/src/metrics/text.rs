//! Prometheus' text format, version 0.0.4, which every collector reads.
//!
//! ```text
//! # HELP name What it is.
//! # TYPE name gauge
//! name{label="value",...} 1
//! ```

use std::{fmt, fmt::Write as _, io};

pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Text is passed on in pieces of about this size.
const PIECE: usize = 64 * 1024;

/// A metric with all its series. The names of counters end in `_total`.
#[derive(Debug)]
pub(crate) struct Family {
    name: &'static str,
    kind: Kind,
    help: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
    Summary,
}

impl Family {
    pub(crate) const fn counter(name: &'static str, help: &'static str) -> Family {
        Family { name, kind: Kind::Counter, help }
    }

    pub(crate) const fn gauge(name: &'static str, help: &'static str) -> Family {
        Family { name, kind: Kind::Gauge, help }
    }

    pub(crate) const fn histogram(name: &'static str, help: &'static str) -> Family {
        Family { name, kind: Kind::Histogram, help }
    }

    pub(crate) const fn summary(name: &'static str, help: &'static str) -> Family {
        Family { name, kind: Kind::Summary, help }
    }

    /// Whether it is known by this name, which may be that of one of its samples.
    fn is_named(&self, name: &str) -> bool {
        let suffix = name.strip_prefix(self.name);
        suffix.is_some_and(|suffix| match self.kind {
            Kind::Counter | Kind::Gauge => suffix.is_empty(),
            Kind::Histogram => ["", "_bucket", "_count", "_sum"].contains(&suffix),
            Kind::Summary => ["", "_count", "_sum"].contains(&suffix),
        })
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
            Kind::Summary => "summary",
        }
    }
}

/// The labels of a series, ready to be written as often as there are families with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Labels(String);

impl Labels {
    pub(crate) const NONE: Labels = Labels(String::new());

    pub(crate) fn of(name: &str, value: impl fmt::Display) -> Labels {
        Labels::NONE.and(name, value)
    }

    pub(crate) fn and(mut self, name: &str, value: impl fmt::Display) -> Labels {
        let comma = if self.0.is_empty() { "" } else { "," };
        let _to_memory = write!(self.0, "{comma}{name}=\"");
        let _to_memory = write!(Escaped(&mut self.0), "{value}");
        self.0.push('"');
        self
    }
}

/// Writes a label's value.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

macro_rules! values {
    ($($from:ty => $to:ident),*) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Value {
                Value::$to(value.into())
            }
        })*
    };
}

values!(i32 => Signed, i64 => Signed, u32 => Unsigned, u64 => Unsigned, bool => Unsigned, f64 => Float);

impl From<usize> for Value {
    fn from(value: usize) -> Value {
        Value::Unsigned(value as u64)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Signed(value) => value.fmt(f),
            Value::Unsigned(value) => value.fmt(f),
            Value::Float(value) if value.is_infinite() => {
                f.write_str(if *value > 0.0 { "+Inf" } else { "-Inf" })
            }
            Value::Float(value) => value.fmt(f),
        }
    }
}

/// The text of one scrape.
pub(crate) struct Exposition<'a> {
    out: &'a mut dyn io::Write,
    /// Names; empty for all.
    wanted: &'a [String],
    piece: String,
}

impl<'a> Exposition<'a> {
    /// `out` is memory, or what packs into memory: writing to it does not fail.
    pub(crate) fn new(out: &'a mut dyn io::Write, wanted: &'a [String]) -> Exposition<'a> {
        Exposition { out, wanted, piece: String::with_capacity(PIECE + PIECE / 4) }
    }

    /// Whether somebody asked for it. What is costly to find out is not found out otherwise.
    pub(crate) fn wants(&self, family: &Family) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|name| family.is_named(name))
    }

    /// Begins a family; one without series does not appear.
    pub(crate) fn family<'e>(&'e mut self, family: &'e Family) -> Series<'e, 'a> {
        let is_wanted = self.wants(family);
        Series { exposition: self, family, is_wanted, has_begun: false }
    }

    /// A family of one series without labels.
    pub(crate) fn one(&mut self, family: &Family, value: impl Into<Value>) {
        self.family(family).put(&Labels::NONE, value);
    }

    pub(crate) fn finish(mut self) {
        self.pass_on();
    }

    fn pass_on(&mut self) {
        self.out.write_all(self.piece.as_bytes()).expect("memory takes everything");
        self.piece.clear();
    }
}

/// Where the series of one family go.
pub(crate) struct Series<'e, 'a> {
    exposition: &'e mut Exposition<'a>,
    family: &'e Family,
    is_wanted: bool,
    has_begun: bool,
}

impl Series<'_, '_> {
    pub(crate) fn put(&mut self, labels: &Labels, value: impl Into<Value>) {
        self.put_with("", labels, value);
    }

    /// With what a histogram or a summary puts behind the name.
    pub(crate) fn put_with(&mut self, suffix: &str, labels: &Labels, value: impl Into<Value>) {
        if !self.is_wanted {
            return;
        }
        let Family { name, kind, help } = self.family;
        let piece = &mut self.exposition.piece;
        if !std::mem::replace(&mut self.has_begun, true) {
            let _to_memory = write!(piece, "# HELP {name} {help}\n# TYPE {name} {}\n", kind.name());
        }
        piece.push_str(name);
        piece.push_str(suffix);
        if !labels.0.is_empty() {
            piece.push('{');
            piece.push_str(&labels.0);
            piece.push('}');
        }
        let _to_memory = writeln!(piece, " {}", value.into());
        if piece.len() >= PIECE {
            self.exposition.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Family = Family::gauge("size", "How large it is.");
    const TIMES: Family = Family::histogram("times", "How long it took.");

    fn written(wanted: &[&str], fill: impl FnOnce(&mut Exposition<'_>)) -> String {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let mut out = Vec::new();
        let mut exposition = Exposition::new(&mut out, &wanted);
        fill(&mut exposition);
        exposition.finish();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_family_is_described_once_and_only_if_it_has_series() {
        let text = written(&[], |out| {
            let mut series = out.family(&SIZE);
            series.put(&Labels::of("a", 1).and("b", "x"), 7_i64);
            series.put(&Labels::of("a", 2).and("b", "y"), -1.5);
            out.family(&TIMES);
        });
        let expected = "# HELP size How large it is.\n# TYPE size gauge\nsize{a=\"1\",b=\"x\"} 7\nsize{a=\"2\",b=\"y\"} -1.5\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn values_of_labels_are_escaped() {
        let labels = Labels::of("group", "a\"b\\c\nd");
        assert_eq!(labels, Labels("group=\"a\\\"b\\\\c\\nd\"".into()));
    }

    #[test]
    fn numbers_are_written_as_prometheus_reads_them() {
        for (value, expected) in [
            (Value::from(u64::MAX), "18446744073709551615"),
            (Value::from(i64::MIN), "-9223372036854775808"),
            (Value::from(true), "1"),
            (Value::from(0.000_128), "0.000128"),
            (Value::from(f64::INFINITY), "+Inf"),
            (Value::from(f64::NAN), "NaN"),
        ] {
            assert_eq!(value.to_string(), expected);
        }
    }

    #[test]
    fn only_what_is_wanted_is_written() {
        let check = |wanted: &[&str], expected: [bool; 2]| {
            let text = written(wanted, |out| {
                out.one(&SIZE, 1_u64);
                out.family(&TIMES).put_with("_count", &Labels::NONE, 1_u64);
            });
            assert_eq!([text.contains("\nsize 1"), text.contains("\ntimes_count 1")], expected, "{wanted:?}");
        };
        check(&[], [true, true]);
        check(&["size"], [true, false]);
        check(&["times_bucket"], [false, true]);
        check(&["times", "size"], [true, true]);
        check(&["siz", "size_count"], [false, false]);
    }

    #[test]
    fn long_texts_go_out_in_pieces() {
        let text = written(&[], |out| {
            let mut series = out.family(&SIZE);
            (0..10_000).for_each(|n| series.put(&Labels::of("n", n), n));
        });
        assert_eq!(text.lines().count(), 10_002);
        assert!(text.ends_with("size{n=\"9999\"} 9999\n"));
    }
}
