//! The spans of what is published and handled: with the feature `opentelemetry` a broker makes them by itself.

use crate::consumer::ConsumerRecord;
use crate::group::HandlerError;
use crate::producer::ProducerBuilder;
#[cfg(feature = "opentelemetry")]
use crate::spans::{ConsumerSpans, ProducerSpans};

/// Those of a subscription.
#[derive(Debug)]
pub(super) struct Spans {
    #[cfg(feature = "opentelemetry")]
    spans: ConsumerSpans,
}

/// A writer whose messages have spans.
#[cfg(feature = "opentelemetry")]
pub(super) fn traced(writer: ProducerBuilder) -> ProducerBuilder {
    writer.interceptor(std::sync::Arc::new(ProducerSpans::new()))
}

#[cfg(not(feature = "opentelemetry"))]
pub(super) fn traced(writer: ProducerBuilder) -> ProducerBuilder {
    writer
}

#[cfg(feature = "opentelemetry")]
impl Spans {
    pub(super) fn of_group(id: &str) -> Spans {
        Spans { spans: ConsumerSpans::new().group(id) }
    }

    /// Handles a message in its span.
    pub(super) async fn handle(&self, record: &ConsumerRecord, handling: impl Handling) -> Outcome {
        self.spans.process(record).run(handling).await
    }

    /// Handles messages of one partition in a span of theirs.
    pub(super) async fn handle_batch(&self, records: &[ConsumerRecord], handling: impl Handling) -> Outcome {
        match self.spans.process_batch(records) {
            Some(span) => span.run(handling).await,
            None => handling.await,
        }
    }
}

#[cfg(not(feature = "opentelemetry"))]
impl Spans {
    pub(super) fn of_group(_: &str) -> Spans {
        Spans {}
    }

    pub(super) async fn handle(&self, _: &ConsumerRecord, handling: impl Handling) -> Outcome {
        handling.await
    }

    pub(super) async fn handle_batch(&self, _: &[ConsumerRecord], handling: impl Handling) -> Outcome {
        handling.await
    }
}

/// What became of a message.
pub(super) type Outcome = Result<(), HandlerError>;

/// What the program's handler does.
pub(super) trait Handling: Future<Output = Outcome> + Send {}

impl<F: Future<Output = Outcome> + Send> Handling for F {}
