//! Reads Prometheus' text format, and refuses whatever is not exactly that.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Labels = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    /// The name with what a histogram or a summary puts behind it.
    pub(crate) samples: Vec<(String, Labels, f64)>,
}

#[derive(Debug, Default)]
pub(crate) struct Exposition {
    pub(crate) families: BTreeMap<String, Family>,
}

impl Exposition {
    pub(crate) fn parse(text: &str) -> Exposition {
        assert!(text.ends_with('\n'), "the last line ends");
        let mut read = Exposition::default();
        let mut current = String::new();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect("a name and its description");
                check_name(name);
                assert!(help.ends_with('.') && !help.contains('\\'), "{line}");
                assert!(read.families.insert(name.into(), Family::default()).is_none(), "again: {name}");
                current = name.to_owned();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a name and a type");
                assert_eq!(name, current, "the type follows the description");
                assert!(["counter", "gauge", "histogram", "summary"].contains(&kind), "{line}");
                read.family(&current).kind = kind.into();
            } else {
                let sample = parse_sample(line);
                assert!(sample.0.starts_with(&current), "not under its family {current}: {line}");
                read.family(&current).samples.push(sample);
            }
        }
        read.families.iter().for_each(|(name, family)| family.check(name));
        read
    }

    fn family(&mut self, name: &str) -> &mut Family {
        self.families.get_mut(name).unwrap_or_else(|| panic!("{name} is described first"))
    }

    /// The value of the only series with these labels, and no others.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let samples = self.families.values().flat_map(|family| &family.samples);
        samples.into_iter().find(|sample| sample.0 == name && sample.1 == labels).map(|sample| sample.2)
    }

    #[track_caller]
    pub(crate) fn check(&self, name: &str, labels: &[(&str, &str)], expected: f64) {
        assert_eq!(self.value(name, labels), Some(expected), "{name} {labels:?}");
    }

    /// The names of the labels of each sample that has this name.
    pub(crate) fn label_names(&self, name: &str) -> BTreeSet<Vec<&str>> {
        let samples = self.families.values().flat_map(|family| &family.samples);
        let of_name = samples.filter(|sample| sample.0 == name);
        of_name.map(|sample| sample.1.keys().map(String::as_str).collect()).collect()
    }
}

impl Family {
    fn check(&self, name: &str) {
        assert!(!self.samples.is_empty(), "{name} has no series");
        let distinct: BTreeSet<_> = self.samples.iter().map(|(name, labels, _)| (name, labels)).collect();
        assert_eq!(distinct.len(), self.samples.len(), "{name} has a series twice");
        let suffixes: &[&str] = match self.kind.as_str() {
            "histogram" => &["_bucket", "_sum", "_count"],
            "summary" => &["", "_sum", "_count"],
            _ => &[""],
        };
        for (sample, _, value) in &self.samples {
            assert!(suffixes.iter().any(|suffix| *sample == format!("{name}{suffix}")), "{sample} in {name}");
            assert!(self.kind != "counter" || *value >= 0.0, "{sample} {value}");
        }
        if self.kind == "counter" {
            assert!(name.ends_with("_total"), "{name}");
        }
        if self.kind == "histogram" {
            self.check_buckets(name);
        }
    }

    fn check_buckets(&self, name: &str) {
        let mut last: BTreeMap<Labels, (f64, f64)> = BTreeMap::new();
        for (sample, labels, count) in &self.samples {
            let mut labels = labels.clone();
            if let Some(bound) = labels.remove("le") {
                let bound: f64 = bound.parse().expect("a bound");
                if let Some((lower, fewer)) = last.insert(labels, (bound, *count)) {
                    assert!(lower < bound && fewer <= *count, "{name} falls at {bound}");
                }
            } else if sample.ends_with("_count") {
                assert_eq!(last[&labels], (f64::INFINITY, *count), "{name} counts all");
            }
        }
    }
}

fn check_name(name: &str) {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    assert!(starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_'), "{name:?} is no name");
}

fn parse_sample(line: &str) -> (String, Labels, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line:?} has no value"));
    let value = value.parse().unwrap_or_else(|error| panic!("{line:?}: {error}"));
    let Some((name, labels)) = series.split_once('{') else {
        check_name(series);
        return (series.into(), Labels::new(), value);
    };
    check_name(name);
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("{line:?} has open braces"));
    (name.into(), parse_labels(labels), value)
}

fn parse_labels(mut text: &str) -> Labels {
    let mut labels = Labels::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").expect("a label and its value");
        check_name(name);
        let (value, rest) = parse_value(rest);
        assert!(labels.insert(name.into(), value).is_none(), "{name} twice");
        text = match rest.strip_prefix(',') {
            Some(more) => more,
            None => {
                assert!(rest.is_empty(), "{rest:?} behind a value");
                rest
            }
        };
    }
    labels
}

/// A value without its escapes, and what follows the quotation mark that ends it.
fn parse_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => match chars.next().expect("an escaped character").1 {
                'n' => value.push('\n'),
                c @ ('\\' | '"') => value.push(c),
                c => panic!("\\{c} is no escape"),
            },
            c => value.push(c),
        }
    }
    panic!("{text:?} does not end");
}
