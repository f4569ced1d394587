//! Spans of what is received and processed.

use std::collections::BTreeMap;
use std::fmt::Display;

use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::trace::{
    FutureExt as _, Link, Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use ottla_records::Headers;

use super::attributes::{self, Operation};
use super::tracer;
use crate::consumer::ConsumerRecord;
use crate::messaging::Carrier;
use crate::share::ShareRecord;
use crate::{Offset, TopicPartition};

/// More links than any backend keeps.
const LINKS_MAX: usize = 128;

/// Makes the spans of a consumer.
#[derive(Debug)]
pub struct ConsumerSpans {
    tracer: BoxedTracer,
    group: Option<String>,
}

/// What spans tell of a record that came, to whichever kind of consumer.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedRecord<'a> {
    partition: &'a TopicPartition,
    offset: Offset,
    key: Option<&'a [u8]>,
    is_tombstone: bool,
    headers: &'a Headers,
}

/// A record, or a batch of them, that is being processed. The span ends when this is dropped.
#[derive(Debug)]
pub struct Processing {
    context: Context,
}

impl ConsumerSpans {
    /// Spans of the program's tracer, as it is set now.
    pub fn new() -> ConsumerSpans {
        ConsumerSpans { tracer: tracer(), group: None }
    }

    /// Those of a consumer of a group.
    #[must_use]
    pub fn group(mut self, id: impl Into<String>) -> ConsumerSpans {
        self.group = Some(id.into());
        self
    }

    /// Records came: a span for each topic, with links to where its first 128 records were sent.
    pub fn received<'a, R: Into<ReceivedRecord<'a>>>(&self, records: impl IntoIterator<Item = R>) {
        for (topic, records) in by_topic(records) {
            let (name, attributes) = self.of_batch(Operation::Poll, topic, records.len());
            let builder = self.tracer.span_builder(name).with_kind(SpanKind::Client);
            let builder = builder.with_attributes(attributes).with_links(links(&records));
            self.tracer.build_with_context(builder, &Context::current()).end();
        }
    }

    /// The program begins with a record.
    pub fn process<'a>(&self, record: impl Into<ReceivedRecord<'a>>) -> Processing {
        let record = record.into();
        let topic = &record.partition.topic;
        let mut attributes = self.attributes(Operation::Process, topic);
        attributes.extend(attributes::message(record.key, record.is_tombstone));
        attributes.extend(attributes::place(record.partition, Some(record.offset)));
        let name = format!("{} {topic}", Operation::Process.name());
        let builder =
            self.tracer.span_builder(name).with_kind(SpanKind::Consumer).with_attributes(attributes);
        let sent = record.sent();
        let span = self.tracer.build_with_context(builder, &sent);
        Processing { context: sent.with_span(span) }
    }

    /// The program begins with records of one topic, which it processes together: a span with links to where the first 128 of them
    /// were sent. None without records.
    pub fn process_batch<'a, R: Into<ReceivedRecord<'a>>>(
        &self,
        records: impl IntoIterator<Item = R>,
    ) -> Option<Processing> {
        let records: Vec<ReceivedRecord<'a>> = records.into_iter().map(Into::into).collect();
        let topic = &records.first()?.partition.topic;
        let (name, attributes) = self.of_batch(Operation::Process, topic, records.len());
        let builder = self.tracer.span_builder(name).with_kind(SpanKind::Consumer);
        let builder = builder.with_attributes(attributes).with_links(links(&records));
        let current = Context::current();
        let span = self.tracer.build_with_context(builder, &current);
        Some(Processing { context: current.with_span(span) })
    }

    fn of_batch(&self, operation: Operation, topic: &str, count: usize) -> (String, Vec<KeyValue>) {
        let mut attributes = self.attributes(operation, topic);
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        attributes.push(KeyValue::new("messaging.batch.message_count", count));
        (format!("{} {topic}", operation.name()), attributes)
    }

    fn attributes(&self, operation: Operation, topic: &str) -> Vec<KeyValue> {
        let group = self.group.iter().map(|id| KeyValue::new("messaging.consumer.group.name", id.clone()));
        attributes::common(operation, topic).into_iter().chain(group).collect()
    }
}

impl Default for ConsumerSpans {
    fn default() -> ConsumerSpans {
        ConsumerSpans::new()
    }
}

impl Processing {
    /// What is done for the record is done in this.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Does some work within the span, which ends with it: spans that the work makes are its children, and an error is told.
    pub async fn run<T, E: Display>(self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let outcome = work.with_context(self.context.clone()).await;
        if let Err(error) = &outcome {
            self.fail(error);
        }
        outcome
    }

    /// It was not processed.
    pub fn fail(&self, error: &impl Display) {
        let span = self.context.span();
        span.set_attribute(KeyValue::new("error.type", "_OTHER"));
        span.set_status(Status::error(error.to_string()));
    }
}

impl Drop for Processing {
    fn drop(&mut self) {
        self.context.span().end();
    }
}

impl ReceivedRecord<'_> {
    /// Where it was sent.
    fn sent(&self) -> Context {
        let carrier = Carrier::of(self.headers);
        global::get_text_map_propagator(|propagator| {
            propagator.extract_with_context(&Context::current(), &carrier)
        })
    }
}

impl<'a> From<&'a ConsumerRecord> for ReceivedRecord<'a> {
    fn from(record: &'a ConsumerRecord) -> ReceivedRecord<'a> {
        ReceivedRecord {
            partition: &record.partition,
            offset: record.offset,
            key: record.key.as_deref(),
            is_tombstone: record.value.is_none(),
            headers: &record.headers,
        }
    }
}

impl<'a> From<&'a ShareRecord> for ReceivedRecord<'a> {
    fn from(record: &'a ShareRecord) -> ReceivedRecord<'a> {
        ReceivedRecord {
            partition: &record.partition,
            offset: record.offset,
            key: record.key.as_deref(),
            is_tombstone: record.value.is_none(),
            headers: &record.headers,
        }
    }
}

fn by_topic<'a, R: Into<ReceivedRecord<'a>>>(
    records: impl IntoIterator<Item = R>,
) -> BTreeMap<&'a str, Vec<ReceivedRecord<'a>>> {
    let mut topics: BTreeMap<&str, Vec<ReceivedRecord<'_>>> = BTreeMap::new();
    for record in records.into_iter().map(Into::into) {
        topics.entry(&record.partition.topic).or_default().push(record);
    }
    topics
}

/// To where records were sent, as far as their headers tell.
fn links(records: &[ReceivedRecord<'_>]) -> Vec<Link> {
    let sent = records.iter().take(LINKS_MAX).map(|record| record.sent().span().span_context().clone());
    sent.filter(|context| context.is_valid()).map(Link::with_context).collect()
}
