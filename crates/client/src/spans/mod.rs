//! OpenTelemetry's spans for what is sent, received and processed (feature `opentelemetry`), by the names of its conventions for
//! messaging. Where a message came from travels in its headers, as the program's propagator writes it: for W3C's trace context set
//! `opentelemetry_sdk::propagation::TraceContextPropagator` with `opentelemetry::global::set_text_map_propagator`.
//!
//! ```no_run
//! # async fn example(client: ottla_client::Client, consumer: ottla_client::consumer::Consumer) -> ottla_client::Result<()> {
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use ottla_client::config::ProducerConfig;
//! use ottla_client::spans::{ConsumerSpans, ProducerSpans};
//!
//! // Each record that this producer sends has a span, from when it is sent until it is written.
//! let _producer = client.producer_builder(ProducerConfig::default()).interceptor(Arc::new(ProducerSpans::new())).build()?;
//!
//! let spans = ConsumerSpans::new().group("billing");
//! let records = consumer.poll(Duration::from_secs(1)).await?;
//! spans.received(&records);
//! for record in &records {
//!     let work = async {
//!         // Spans that are begun in here are children of the record's.
//!         println!("{:?}", record.value);
//!         Ok::<_, ottla_client::Error>(())
//!     };
//!     spans.process(record).run(work).await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | span | kind | from | to |
//! |---|---|---|---|
//! | `send TOPIC` | producer | a record is handed over | it is written, or given up |
//! | `poll TOPIC` | client | records came; a link to each one's `send` | at once |
//! | `process TOPIC` | consumer | the program begins with a record; a child of its `send` | [`Processing`] is dropped |
//! | `process TOPIC` | consumer | the program begins with a batch; a link to each one's `send` | the same |
//!
//! A [`Broker`](crate::messaging::Broker) makes the spans of what it publishes and has handled by itself.

mod attributes;
mod consumer;
mod producer;

use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::propagation::{Extractor, Injector};

pub use consumer::{ConsumerSpans, Processing, ReceivedRecord};
pub use producer::ProducerSpans;

use crate::messaging::Carrier;

/// The program's tracer.
fn tracer() -> BoxedTracer {
    global::tracer(env!("CARGO_PKG_NAME"))
}

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        Carrier::set(self, key, value);
    }
}

impl Extractor for Carrier {
    fn get(&self, key: &str) -> Option<&str> {
        Carrier::get(self, key)
    }

    fn keys(&self) -> Vec<&str> {
        Carrier::keys(self).collect()
    }
}
