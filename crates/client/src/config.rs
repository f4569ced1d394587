//! Configuration: typed, with Kafka's names and Kafka 4.3's defaults.
//!
//! Each option is declared once, in the structs below: its field, its name in property files, its default and how its text is read.
//! [`ClientConfig`] is what all have in common; a producer, a consumer and an admin add their own.
//!
//! ```
//! use ottla_client::config::{ClientConfig, Compression, ProducerConfig};
//!
//! let client = ClientConfig::new("a:9092,b:9092").client_id("billing");
//! let producer = ProducerConfig::default().compression_type(Compression::Lz4);
//!
//! // The same from Java's properties, or with librdkafka's or sarama's names where they mean the same.
//! let text = [("metadata.broker.list", "a:9092,b:9092"), ("client.id", "billing"), ("compression.type", "lz4")];
//! assert_eq!(ProducerConfig::from_properties(text)?, (client, producer));
//!
//! let error = ProducerConfig::from_properties([("bootstrap.server", "a:9092")]).unwrap_err();
//! assert!(error.to_string().contains("did you mean bootstrap.servers?"));
//! # Ok::<(), ottla_client::Error>(())
//! ```

mod admin;
mod aliases;
mod client;
mod consumer;
mod declare;
mod names;
mod oauth;
mod parse;
mod producer;
mod properties;
mod secret;
mod security;

pub use admin::AdminConfig;
pub use client::{ClientConfig, DnsLookup, RecoveryStrategy};
pub use consumer::{
    AcknowledgementMode, AcquireMode, ConsumerConfig, GroupProtocol, IsolationLevel, OffsetReset,
};
pub use oauth::{OAuthConfig, TokenSourceOption};
pub use ottla_records::Compression;
pub use producer::{Acks, ProducerConfig};
pub use secret::Secret;
pub use security::{Credentials, SaslMechanism, SecurityConfig, SecurityProtocol};

#[cfg(test)]
mod tests;
