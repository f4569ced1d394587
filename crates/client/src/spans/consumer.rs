//! Spans of what is received and processed.

use std::collections::BTreeMap;

use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::trace::{Link, Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};

use super::attributes::{self, Operation};
use super::tracer;
use crate::consumer::ConsumerRecord;
use crate::messaging::Carrier;

/// More links than any backend keeps.
const LINKS_MAX: usize = 128;

/// Makes the spans of a consumer.
#[derive(Debug)]
pub struct ConsumerSpans {
    tracer: BoxedTracer,
    group: Option<String>,
}

/// A record that is being processed. The span ends when this is dropped.
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
    pub fn received<'a>(&self, records: impl IntoIterator<Item = &'a ConsumerRecord>) {
        let mut topics: BTreeMap<&str, Vec<&ConsumerRecord>> = BTreeMap::new();
        for record in records {
            topics.entry(&record.partition.topic).or_default().push(record);
        }
        for (topic, records) in topics {
            let mut attributes = self.attributes(Operation::Poll, topic);
            let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
            attributes.push(KeyValue::new("messaging.batch.message_count", count));
            let sent =
                records.iter().take(LINKS_MAX).map(|record| sent(record).span().span_context().clone());
            let links = sent.filter(|context| context.is_valid());
            let name = format!("{} {topic}", Operation::Poll.name());
            let builder = self.tracer.span_builder(name).with_kind(SpanKind::Client);
            let builder =
                builder.with_attributes(attributes).with_links(links.map(Link::with_context).collect());
            self.tracer.build_with_context(builder, &Context::current()).end();
        }
    }

    /// The program begins with a record.
    pub fn process(&self, record: &ConsumerRecord) -> Processing {
        let topic = &record.partition.topic;
        let mut attributes = self.attributes(Operation::Process, topic);
        attributes.extend(attributes::message(record.key.as_deref(), record.value.is_none()));
        attributes.extend(attributes::place(&record.partition, Some(record.offset)));
        let name = format!("{} {topic}", Operation::Process.name());
        let builder =
            self.tracer.span_builder(name).with_kind(SpanKind::Consumer).with_attributes(attributes);
        let sent = sent(record);
        let span = self.tracer.build_with_context(builder, &sent);
        Processing { context: sent.with_span(span) }
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

    /// It was not processed.
    pub fn fail(&self, error: &dyn std::error::Error) {
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

/// Where a record was sent.
fn sent(record: &ConsumerRecord) -> Context {
    let carrier = Carrier::of(&record.headers);
    global::get_text_map_propagator(|propagator| {
        propagator.extract_with_context(&Context::current(), &carrier)
    })
}
