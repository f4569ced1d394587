//! Text into records.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use ottla_client::producer::ProducerRecord;

use super::feeding::find;
use super::format::Parts;
use super::{Input, ProduceArgs};
use crate::envelope::Incoming;
use crate::exit::usage;

/// A topic's name, for many records.
#[derive(Debug, Clone)]
pub(crate) struct TopicName {
    name: Arc<str>,
    /// How many records have this very copy of it.
    named: usize,
}

/// So many records share one copy of the topic's name. Another thread lets go of them: with one copy for all, both would count its
/// holders in turn, and wait for each other.
const NAMED_MAX: usize = 512;

impl TopicName {
    pub(crate) fn new(name: &str) -> TopicName {
        TopicName { name: name.into(), named: 0 }
    }

    /// For one more record.
    pub(crate) fn give(&mut self) -> Arc<str> {
        self.named += 1;
        if self.named.is_multiple_of(NAMED_MAX) {
            self.name = Arc::from(&*self.name);
        }
        self.name.clone()
    }
}

/// What becomes of what is read.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    topic: Option<TopicName>,
    is_ndjson: bool,
    key: Option<String>,
    key_separator: Option<String>,
    headers: Vec<(String, String)>,
    partition: Option<i32>,
    repartition: bool,
    empty_is_null: bool,
}

impl Reader {
    /// `names_topic` if records may tell their topic themselves.
    pub(super) fn new(args: &ProduceArgs, names_topic: bool) -> Result<Reader> {
        let is_ndjson = args.input == Some(Input::Ndjson);
        if args.topic.is_none() && !names_topic {
            return Err(usage("name the topic"));
        }
        if is_ndjson && (args.key_separator.is_some() || args.empty_is_null) {
            return Err(usage("NDJSON tells keys and nulls itself: leave out --key-separator and -Z"));
        }
        Ok(Reader {
            topic: args.topic.as_deref().map(TopicName::new),
            is_ndjson,
            key: args.key.clone(),
            key_separator: args.key_separator.clone().filter(|separator| !separator.is_empty()),
            headers: args.headers()?,
            partition: args.partition,
            repartition: args.repartition,
            empty_is_null: args.empty_is_null,
        })
    }

    /// The record of a line without its end, or of a whole file.
    pub(super) fn record(&mut self, text: Bytes) -> Result<ProducerRecord> {
        let record = if self.is_ndjson {
            Incoming::parse(&text)?.into_record(self.topic.as_ref().map(|topic| &*topic.name))?
        } else {
            self.plain(text)?
        };
        Ok(self.as_told(record))
    }

    /// The record of what a format string made of the input.
    pub(super) fn record_of(&self, parts: Parts) -> Result<ProducerRecord> {
        let told = parts.topic.as_deref().map(str::from_utf8).transpose();
        let topic: Arc<str> = match &self.topic {
            Some(topic) => topic.name.clone(),
            None => told.context("its topic is not UTF-8")?.context("it names no topic")?.into(),
        };
        let mut record = ProducerRecord::new(topic);
        record.key = parts.key;
        record.value = parts.value.filter(|value| !(self.empty_is_null && value.is_empty()));
        (record.partition, record.timestamp) = (parts.partition, parts.timestamp);
        for (name, value) in parts.headers {
            record = match value {
                Some(value) => record.header(name, value),
                None => record.null_header(name),
            };
        }
        Ok(self.as_told(record))
    }

    /// With what flags say of every record.
    fn as_told(&self, mut record: ProducerRecord) -> ProducerRecord {
        if self.repartition {
            record.partition = None;
        }
        record.partition = self.partition.or(record.partition);
        if let Some(key) = &self.key {
            record = record.key(key.clone());
        }
        self.with_headers(record)
    }

    /// A record without a value.
    pub(super) fn tombstone(&mut self) -> Result<ProducerRecord> {
        let mut record = ProducerRecord::new(self.topic()?).key(self.key.clone().unwrap_or_default());
        record.partition = self.partition;
        Ok(self.with_headers(record))
    }

    fn topic(&mut self) -> Result<Arc<str>> {
        Ok(self.topic.as_mut().context("a topic was asked for")?.give())
    }

    fn plain(&mut self, text: Bytes) -> Result<ProducerRecord> {
        let record = ProducerRecord::new(self.topic()?);
        let separator = self.key_separator.as_ref();
        let split = separator.and_then(|separator| split_once(&text, separator.as_bytes()));
        let (record, value) = match split {
            Some((key, value)) => (record.key(text.slice_ref(key)), text.slice_ref(value)),
            None => (record, text),
        };
        let is_null = self.empty_is_null && value.is_empty();
        Ok(if is_null { record } else { record.value(value) })
    }

    fn with_headers(&self, record: ProducerRecord) -> ProducerRecord {
        self.headers.iter().fold(record, |record, (name, value)| record.header(name.clone(), value.clone()))
    }
}

/// What stands before a separator, and what behind it.
pub(crate) fn split_once<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(text, separator)?;
    Some((&text[..at], &text[at + separator.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_at_the_first_separator() {
        assert_eq!(split_once(b"a::b::c", b"::"), Some((&b"a"[..], &b"b::c"[..])));
        assert_eq!(split_once(b"::", b"::"), Some((&b""[..], &b""[..])));
        assert_eq!(split_once(b"a:", b"::"), None);
        assert_eq!(split_once(b"", b"::"), None);
    }
}
