//! What flags say to the producer, and what sarama refuses of it.

use anyhow::{Result, bail};
use ottla_client::ErrorCode;

use crate::applets::connection::Properties;
use crate::applets::sarama::connection::{brokers, readable, set_certificate};
use crate::applets::sarama::console_producer::too_large;
use crate::applets::sarama::flags::Flags;
use crate::applets::sarama::told::{Ended, of_code};

pub(super) fn properties(flags: &Flags) -> Result<Properties> {
    let mut properties = brokers(flags);
    properties.set("client.id", flags.text("client-id"));
    let partitioner = match flags.text("partitioner").as_str() {
        "random" => "sarama.Random",
        "hash" => "sarama.Hash",
        "manual" => "sarama.Manual",
        _ => "sarama.RoundRobin",
    };
    properties.set("partitioner.class", partitioner);
    let compression = flags.text("compression");
    if !matches!(compression.as_str(), "none" | "gzip" | "snappy" | "lz4") {
        bail!(flags.misuse(&format!("Unknown -compression: {compression}")));
    }
    properties.set("compression.type", compression);
    if version(&flags.text("version")).is_none() {
        bail!(flags.misuse(&format!("unknown -version: {}", flags.text("version"))));
    }
    set_limits(&mut properties, flags);
    if flags.text("security-protocol") == "SSL" {
        set_security(&mut properties, flags)?;
    }
    Ok(properties)
}

/// What is out of range is refused by [`check`].
fn set_limits(properties: &mut Properties, flags: &Flags) {
    const BATCH_OVERHEAD: i64 = 1024;
    let ms = |name: &str| flags.duration(name) / 1_000_000;
    let (linger, timeout) = (ms("flush-frequency").max(0), ms("timeout").max(1));
    let max = flags.int("max-message-bytes").max(1);
    let batch = Some(flags.int("flush-bytes")).filter(|bytes| *bytes > 0).unwrap_or(max);
    let messages = ["flush-max-messages", "flush-messages"].map(|name| flags.int(name));
    for (name, number) in [
        ("acks", flags.int("required-acks").clamp(-1, 1)),
        ("linger.ms", linger),
        ("request.timeout.ms", timeout),
        ("delivery.timeout.ms", linger.saturating_add(timeout).max(120_000)),
        ("batch.size", batch),
        ("max.request.size", max.saturating_add(BATCH_OVERHEAD)),
        ("max.in.flight.requests.per.connection", flags.int("max-open-requests").max(1)),
        ("retries", 3),
    ] {
        properties.set(name, number.to_string());
    }
    if let Some(messages) = messages.into_iter().find(|messages| *messages > 0) {
        properties.set("batch.num.messages", messages.to_string());
    }
    properties.set("enable.idempotence", "false");
}

fn set_security(properties: &mut Properties, flags: &Flags) -> Result<(), Ended> {
    set_certificate(properties, flags).map_err(|reason| {
        let (certificate, key) = (flags.text("tls-client-cert"), flags.text("tls-client-key"));
        Ended::unavailable(format!(
            "failed to load client certificate from: {certificate} and private key from: {key}: {reason}"
        ))
    })?;
    let authorities = flags.text("tls-ca-certs");
    if !authorities.is_empty() {
        readable(&authorities)
            .map_err(|reason| Ended::unavailable(format!("failed to read root CA certificates: {reason}")))?;
        properties.set("ssl.truststore.location", authorities);
    }
    properties.set("security.protocol", "SSL");
    Ok(())
}

/// What sarama checks of its own options, in its order.
pub(super) fn check(flags: &Flags) -> Result<(), Ended> {
    let version = flags.text("version");
    let (most, least) = (flags.int("flush-max-messages"), flags.int("flush-messages"));
    let is_lz4_unknown = flags.text("compression") == "lz4" && !is_at_least(&version, [0, 10, 0, 0]);
    let client_id = flags.text("client-id");
    let is_id_unusual = !client_id.bytes().all(|it| it.is_ascii_alphanumeric() || b"._-".contains(&it));
    let id = format!("ClientID value {client_id:?} is not valid for Kafka versions before 1.0.0");
    for (is_wrong, reason) in [
        (flags.int("max-open-requests") <= 0, "Net.MaxOpenRequests must be > 0"),
        (flags.int("max-message-bytes") <= 0, "Producer.MaxMessageBytes must be > 0"),
        (flags.int("required-acks") < -1, "Producer.RequiredAcks must be >= -1"),
        (flags.duration("timeout") <= 0, "Producer.Timeout must be > 0"),
        (flags.int("flush-bytes") < 0, "Producer.Flush.Bytes must be >= 0"),
        (least < 0, "Producer.Flush.Messages must be >= 0"),
        (flags.duration("flush-frequency") < 0, "Producer.Flush.Frequency must be >= 0"),
        (most < 0, "Producer.Flush.MaxMessages must be >= 0"),
        (most > 0 && most < least, "Producer.Flush.MaxMessages must be >= Producer.Flush.Messages when set"),
        (is_lz4_unknown, "lz4 compression requires Version >= V0_10_0_0"),
        (flags.int("channel-buffer-size") < 0, "ChannelBufferSize must be >= 0"),
        (!is_at_least(&version, [1, 0, 0, 0]) && (is_id_unusual || client_id.is_empty()), &id),
    ] {
        if is_wrong {
            return Err(Ended::unavailable(format!(
                "Invalid configuration: kafka: invalid configuration ({reason})"
            )));
        }
    }
    Ok(())
}

/// `0.N.N.N` or `N.N.N`, with nothing behind it.
fn version(text: &str) -> Option<[u32; 4]> {
    let numbers: Option<Vec<u32>> = text.split('.').map(|number| number.parse().ok()).collect();
    match numbers?[..] {
        [0, a, b, c] => Some([0, a, b, c]),
        [a, b, c] if a > 0 => Some([a, b, c, 0]),
        _ => None,
    }
}

fn is_at_least(text: &str, least: [u32; 4]) -> bool {
    version(text).is_some_and(|version| version >= least)
}

/// What sarama would not send, or no broker would take.
pub(super) fn refusal(flags: &Flags, size: u64) -> Option<String> {
    let overhead = if is_at_least(&flags.text("version"), [0, 11, 0, 0]) { 36 } else { 26 };
    let (size, max) = (size.saturating_add(overhead), u64::try_from(flags.int("max-message-bytes")).ok()?);
    if size > max {
        let as_size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        return Some(too_large(as_size(size), as_size(max)));
    }
    let is_known = (-1..=1).contains(&flags.int("required-acks"));
    if is_known { None } else { of_code(ErrorCode::InvalidRequiredAcks).map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_three_numbers_or_four_behind_a_zero() {
        for (text, expected) in [
            ("0.8.2.0", Some([0, 8, 2, 0])),
            ("2.8.0", Some([2, 8, 0, 0])),
            ("2.8", None),
            ("0.8.2", None),
            ("1.0.0.0", None),
            ("2.8.x", None),
            ("", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }
}
