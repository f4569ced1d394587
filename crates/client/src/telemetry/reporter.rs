//! The core: what is asked and pushed when (KIP-714). Pure.
//!
//! | state | next |
//! |---|---|
//! | [`State::Unsubscribed`] | a broker is asked what it wants; [`State::Subscribed`] if that is something, else it is asked again |
//! | [`State::Subscribed`] | metrics are pushed at its interval; unsubscribed, if it wants something else since |
//! | [`State::Over`] | nothing: brokers take no metrics, or the client closes |

use std::collections::HashMap;
use std::time::Duration;

use ottla_records::{Attributes, Compression};
use ottla_wire::messages::GetTelemetrySubscriptionsResponse;
use ottla_wire::{ErrorCode, Uuid};
use tokio::time::Instant;

use super::collect::{Point, Value};
use super::otlp::{Frame, Temporality, encode};
use crate::Result;

/// The interval where no broker names one, and before a broker that could not be asked is asked again.
const INTERVAL: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unsubscribed,
    Subscribed,
    Over,
}

/// What is to be done next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// Ask what is wanted, as the client of this id.
    Subscribe(Uuid),
    Push(Push),
    Wait(Instant),
    Over,
}

/// What a broker wants.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Push {
    pub(super) client_instance_id: Uuid,
    pub(super) subscription_id: i32,
    pub(super) compression: Compression,
    pub(super) bytes_max: usize,
    /// The client closes.
    pub(super) is_last: bool,
    prefixes: Vec<String>,
}

#[derive(Debug)]
struct Subscription {
    push: Push,
    interval: Duration,
    temporality: Temporality,
}

/// A metric, and what it is about.
type Series = (&'static str, Vec<(&'static str, String)>);

/// The core.
#[derive(Debug)]
pub(super) struct Reporter {
    state: State,
    id: Option<Uuid>,
    subscription: Option<Subscription>,
    next_at: Instant,
    retry_backoff: Duration,
    made_ms: i64,
    /// When sums were told last, and what they were.
    told_ms: i64,
    told: HashMap<Series, f64>,
}

impl Push {
    /// Whether a metric is wanted.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.prefixes.iter().any(|prefix| prefix == "*" || name.starts_with(prefix.as_str()))
    }
}

impl Reporter {
    pub(super) fn new(retry_backoff: Duration, now: Instant, wall_ms: i64) -> Reporter {
        Reporter {
            state: State::Unsubscribed,
            id: None,
            subscription: None,
            next_at: now,
            retry_backoff,
            made_ms: wall_ms,
            told_ms: wall_ms,
            told: HashMap::new(),
        }
    }

    pub(super) fn client_instance_id(&self) -> Option<Uuid> {
        self.id
    }

    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    pub(super) fn next(&self, now: Instant) -> Next {
        match (self.state, &self.subscription) {
            (State::Over, _) => Next::Over,
            _ if self.next_at > now => Next::Wait(self.next_at),
            (State::Subscribed, Some(subscription)) => Next::Push(subscription.push.clone()),
            (State::Subscribed | State::Unsubscribed, _) => Next::Subscribe(self.id.unwrap_or_default()),
        }
    }

    /// The client closes: what is pushed last, if something was wanted.
    pub(super) fn terminate(&mut self) -> Option<Push> {
        let was = std::mem::replace(&mut self.state, State::Over);
        let subscription = self.subscription.as_ref().filter(|_| was == State::Subscribed)?;
        Some(Push { is_last: true, ..subscription.push.clone() })
    }

    /// A broker said what it wants, or did not; `random` is at least 0 and less than 1.
    pub(super) fn subscribed(
        &mut self,
        answered: Result<GetTelemetrySubscriptionsResponse>,
        now: Instant,
        random: f64,
    ) {
        if self.is_over() {
            return;
        }
        let answer = match answered {
            Ok(answer) if answer.error_code == ErrorCode::None.code() => answer,
            Ok(refused) => return self.refused(refused.error_code, now),
            Err(error) => return self.failed(&error, now),
        };
        if answer.client_instance_id.is_nil() {
            return self.end("a broker gave no client instance id");
        }
        let interval = u64::try_from(answer.push_interval_ms).ok().filter(|interval| *interval > 0);
        let interval = interval.map_or(INTERVAL, Duration::from_millis);
        self.id = Some(answer.client_instance_id);
        self.subscription = Some(subscription(&answer, interval));
        if answer.requested_metrics.is_empty() {
            self.state = State::Unsubscribed;
            self.next_at = now + interval;
        } else {
            self.state = State::Subscribed;
            // Clients that began together are not to push together.
            self.next_at = now + interval.mul_f64(0.5 + random);
        }
    }

    /// A broker answered a push with a code, or did not answer.
    pub(super) fn pushed(&mut self, answered: Result<i16>, now: Instant) {
        if self.is_over() {
            return;
        }
        match answered {
            Ok(code) if code == ErrorCode::None.code() => self.next_at = now + self.interval(),
            Ok(code) => self.refused(code, now),
            Err(error) => self.failed(&error, now),
        }
    }

    fn refused(&mut self, code: i16, now: Instant) {
        let pause = match ErrorCode::from_code(code) {
            // Something else is wanted: that is asked for soon, though never without a pause.
            Some(ErrorCode::UnknownSubscriptionId | ErrorCode::UnsupportedCompressionType) => {
                self.retry_backoff
            }
            Some(ErrorCode::TelemetryTooLarge | ErrorCode::ThrottlingQuotaExceeded) => self.interval(),
            _ => return self.end("a broker refused metrics for good"),
        };
        self.state = State::Unsubscribed;
        self.next_at = now + pause;
    }

    /// Another broker may do better, later.
    fn failed(&mut self, error: &crate::Error, now: Instant) {
        if !error.is_retriable() {
            return self.end("brokers take no metrics");
        }
        self.state = State::Unsubscribed;
        self.next_at = now + INTERVAL;
    }

    fn end(&mut self, why: &str) {
        tracing::debug!(target: "ottla_client::telemetry", why, "no metrics are pushed from here on");
        self.state = State::Over;
    }

    fn interval(&self) -> Duration {
        self.subscription.as_ref().map_or(INTERVAL, |subscription| subscription.interval)
    }

    /// What is pushed.
    pub(super) fn payload(
        &mut self,
        points: impl Iterator<Item = Point>,
        rack: Option<&str>,
        now_ms: i64,
    ) -> Vec<u8> {
        let temporality = self.subscription.as_ref().map_or(Temporality::Cumulative, |it| it.temporality);
        let start_ms = match temporality {
            Temporality::Delta => std::mem::replace(&mut self.told_ms, now_ms),
            Temporality::Cumulative => self.made_ms,
        };
        let frame = Frame { rack, temporality, start: nanos(start_ms), now: nanos(now_ms) };
        match temporality {
            Temporality::Cumulative => encode(points, &frame),
            Temporality::Delta => encode(points.map(|point| self.since_told(point)), &frame),
        }
    }

    fn since_told(&mut self, mut point: Point) -> Point {
        if let Value::Sum(sum) = point.value {
            let told = self.told.insert((point.name, point.attributes.clone()), sum);
            point.value = Value::Sum(sum - told.unwrap_or(0.0));
        }
        point
    }
}

fn subscription(answer: &GetTelemetrySubscriptionsResponse, interval: Duration) -> Subscription {
    let compression = answer.accepted_compression_types.iter().find_map(|id| compression_of(*id));
    Subscription {
        push: Push {
            client_instance_id: answer.client_instance_id,
            subscription_id: answer.subscription_id,
            compression: compression.unwrap_or(Compression::None),
            bytes_max: usize::try_from(answer.telemetry_max_bytes).unwrap_or(0),
            is_last: false,
            prefixes: answer.requested_metrics.iter().map(ToString::to_string).collect(),
        },
        interval,
        temporality: if answer.delta_temporality { Temporality::Delta } else { Temporality::Cumulative },
    }
}

fn compression_of(id: i8) -> Option<Compression> {
    Compression::ALL.into_iter().find(|compression| id_of(*compression) == id)
}

/// A compression as it stands in a request, which is as it stands in batches.
pub(super) fn id_of(compression: Compression) -> i8 {
    let id = Attributes::default().with_compression(compression).0;
    i8::try_from(id).expect("there are few")
}

fn nanos(wall_ms: i64) -> u64 {
    u64::try_from(wall_ms).unwrap_or(0).saturating_mul(1_000_000)
}

#[cfg(test)]
#[path = "reporter_tests.rs"]
mod tests;
