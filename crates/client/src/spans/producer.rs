//! Spans of what is sent.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use opentelemetry::global::{self, BoxedSpan, BoxedTracer};
use opentelemetry::trace::{Span as _, SpanId, SpanKind, Status, TraceContextExt as _, TraceId, Tracer as _};
use opentelemetry::{Context, KeyValue};

use super::attributes::{self, Operation};
use super::tracer;
use crate::Result;
use crate::messaging::Carrier;
use crate::producer::{ProducerInterceptor, ProducerRecord, RecordMetadata};

/// An interceptor that gives each record a span: a child of what is current where it is sent.
///
/// Spans of records that are not sampled cost nothing but their headers. Those that are open are as many as the producer has records.
#[derive(Debug)]
pub struct ProducerSpans {
    tracer: BoxedTracer,
    open: Mutex<HashMap<(TraceId, SpanId), BoxedSpan>>,
}

impl ProducerSpans {
    /// Spans of the program's tracer, as it is set now.
    pub fn new() -> ProducerSpans {
        ProducerSpans { tracer: tracer(), open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<(TraceId, SpanId), BoxedSpan>> {
        // Nothing panics while it holds the lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ProducerSpans {
    fn default() -> ProducerSpans {
        ProducerSpans::new()
    }
}

impl ProducerInterceptor for ProducerSpans {
    fn on_send(&self, mut record: ProducerRecord) -> ProducerRecord {
        let mut attributes = attributes::common(Operation::Send, &record.topic);
        attributes.extend(attributes::message(record.key.as_deref(), record.value.is_none()));
        let name = format!("{} {}", Operation::Send.name(), record.topic);
        let builder =
            self.tracer.span_builder(name).with_kind(SpanKind::Producer).with_attributes(attributes);
        let span = self.tracer.build_with_context(builder, &Context::current());
        let context = span.span_context().clone();
        if !context.is_valid() {
            return record;
        }
        let mut carrier = Carrier::default();
        let remote = Context::current().with_remote_span_context(context.clone());
        global::get_text_map_propagator(|propagator| propagator.inject_context(&remote, &mut carrier));
        // What came with the record is of where the record came from.
        record.headers.retain(|header| !carrier.keys().any(|key| key.as_bytes() == &header.key[..]));
        carrier.write(&mut record);
        if span.is_recording() {
            self.open().insert((context.trace_id(), context.span_id()), span);
        }
        record
    }

    fn on_acknowledgement(&self, record: &ProducerRecord, result: &Result<RecordMetadata>) {
        let carrier = Carrier::of_record(record);
        let context = global::get_text_map_propagator(|propagator| propagator.extract(&carrier));
        let context = context.span().span_context().clone();
        let Some(mut span) = self.open().remove(&(context.trace_id(), context.span_id())) else { return };
        match result {
            Ok(written) => {
                let place = attributes::place(&written.topic_partition, written.offset);
                span.set_attributes(place);
            }
            Err(error) => {
                let kind = error.code().map_or("_OTHER".to_owned(), |code| code.to_string());
                span.set_attribute(KeyValue::new("error.type", kind));
                span.set_status(Status::error(error.to_string()));
            }
        }
        span.end();
    }
}
