//! Trace context in headers, as W3C's propagators want to carry it.

use bytes::Bytes;
use ottla_records::Headers;

use crate::producer::{ProducerRecord, RecordHeader};

/// The headers of a message, by their names.
///
/// ```
/// use ottla_client::messaging::Carrier;
///
/// let mut carrier = Carrier::default();
/// carrier.set("traceparent", "00-1");
/// carrier.set("traceparent", "00-2");
/// assert_eq!(carrier.get("traceparent"), Some("00-2"));
/// assert_eq!(carrier.keys().collect::<Vec<_>>(), ["traceparent"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carrier {
    headers: Vec<(String, Bytes)>,
}

impl Carrier {
    /// The first value under a name, if it is text.
    pub fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(name, _)| name == key)?;
        std::str::from_utf8(value).ok()
    }

    /// Sets the value under a name, in place of all that there are.
    pub fn set(&mut self, key: &str, value: impl Into<Bytes>) {
        self.headers.retain(|(name, _)| name != key);
        self.headers.push((key.to_owned(), value.into()));
    }

    /// Adds a value under a name, behind those that there are.
    pub fn add(&mut self, key: &str, value: impl Into<Bytes>) {
        self.headers.push((key.to_owned(), value.into()));
    }

    /// The names, in the order of the headers.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(name, _)| name.as_str())
    }

    /// The headers of a record that came; null is as empty.
    pub fn of(headers: &Headers) -> Carrier {
        let mut carrier = Carrier::default();
        for header in headers.iter() {
            carrier.add(&String::from_utf8_lossy(&header.key), header.value.unwrap_or_default());
        }
        carrier
    }

    /// The headers of a record to send.
    #[cfg(feature = "opentelemetry")]
    pub(crate) fn of_record(record: &ProducerRecord) -> Carrier {
        let mut carrier = Carrier::default();
        for header in &record.headers {
            carrier.add(&String::from_utf8_lossy(&header.key), header.value.clone().unwrap_or_default());
        }
        carrier
    }

    pub(crate) fn write(self, record: &mut ProducerRecord) {
        let header = |(key, value): (String, Bytes)| RecordHeader { key: key.into(), value: Some(value) };
        record.headers.extend(self.headers.into_iter().map(header));
    }
}
