use ottla_wire::ApiKey;

use super::*;
use crate::clock;
use crate::error::ResponseError;

const BACKOFF: Duration = Duration::from_millis(100);
const ID: Uuid = Uuid::from_u128(9);

fn answer(metrics: &[&str]) -> GetTelemetrySubscriptionsResponse {
    GetTelemetrySubscriptionsResponse {
        client_instance_id: ID,
        subscription_id: 3,
        accepted_compression_types: vec![17, 4, 1],
        push_interval_ms: 1_000,
        telemetry_max_bytes: 1_000_000,
        delta_temporality: true,
        requested_metrics: metrics.iter().map(|metric| (*metric).into()).collect(),
        ..GetTelemetrySubscriptionsResponse::default()
    }
}

fn subscribed(now: Instant) -> Reporter {
    let mut reporter = Reporter::new(BACKOFF, now, 0);
    assert_eq!(reporter.next(now), Next::Subscribe(Uuid::nil()));
    reporter.subscribed(Ok(answer(&["*"])), now, 0.25);
    reporter
}

#[test]
fn what_is_wanted_is_pushed_at_the_interval_that_the_broker_names() {
    let now = clock::now();
    let mut reporter = subscribed(now);
    let first = now + Duration::from_millis(750);
    assert_eq!(reporter.next(now), Next::Wait(first));
    let Next::Push(push) = reporter.next(first) else { panic!("it is time") };
    assert_eq!((push.compression, push.subscription_id, push.is_last), (Compression::Zstd, 3, false));
    reporter.pushed(Ok(0), first);
    assert_eq!(reporter.next(first), Next::Wait(first + Duration::from_secs(1)));
}

#[test]
fn what_brokers_refuse_is_asked_for_again_given_up_or_left_for_later() {
    let now = clock::now();
    for (code, expected) in [
        (ErrorCode::UnknownSubscriptionId, Some(BACKOFF)),
        (ErrorCode::UnsupportedCompressionType, Some(BACKOFF)),
        (ErrorCode::TelemetryTooLarge, Some(Duration::from_secs(1))),
        (ErrorCode::ThrottlingQuotaExceeded, Some(Duration::from_secs(1))),
        (ErrorCode::InvalidRequest, None),
        (ErrorCode::InvalidRecord, None),
        (ErrorCode::UnsupportedVersion, None),
    ] {
        let mut reporter = subscribed(now);
        reporter.pushed(Ok(code.code()), now);
        let next = expected.map_or(Next::Over, |pause| Next::Wait(now + pause));
        assert_eq!(reporter.next(now), next, "{code}");
        if let Some(pause) = expected {
            assert_eq!(reporter.next(now + pause), Next::Subscribe(ID), "{code}");
        }
    }
}

#[test]
fn a_broker_that_cannot_be_asked_may_be_later_and_one_that_cannot_answer_never() {
    let now = clock::now();
    let error = ResponseError::new(ApiKey::PushTelemetry, ErrorCode::NetworkException.code());
    let mut reporter = subscribed(now);
    reporter.pushed(Err(error.into()), now);
    assert_eq!(reporter.next(now), Next::Wait(now + INTERVAL));
    let mut reporter = Reporter::new(BACKOFF, now, 0);
    reporter.subscribed(Err(crate::Error::Closed("the client")), now, 0.0);
    assert!(reporter.is_over());
}

#[test]
fn where_nothing_is_wanted_it_is_asked_again_and_nothing_is_pushed_at_the_end() {
    let now = clock::now();
    let mut reporter = Reporter::new(BACKOFF, now, 0);
    reporter.subscribed(Ok(answer(&[])), now, 0.0);
    assert_eq!(reporter.client_instance_id(), Some(ID));
    assert_eq!(reporter.next(now), Next::Wait(now + Duration::from_secs(1)));
    assert_eq!(reporter.next(now + Duration::from_secs(1)), Next::Subscribe(ID));
    assert_eq!(reporter.terminate(), None);
}

#[test]
fn closing_pushes_once_more_and_answers_that_come_later_change_nothing() {
    let now = clock::now();
    let mut reporter = subscribed(now);
    assert!(reporter.terminate().is_some_and(|push| push.is_last));
    assert_eq!(reporter.terminate(), None);
    reporter.pushed(Ok(0), now);
    reporter.subscribed(Ok(answer(&["*"])), now, 0.0);
    assert_eq!(reporter.next(now), Next::Over);
}

#[test]
fn metrics_are_chosen_by_the_beginnings_of_their_names() {
    let check = |wanted: &[&str], name, expected| {
        let push = subscription(&answer(wanted), INTERVAL).push;
        assert_eq!(push.wants(name), expected, "{wanted:?} {name}");
    };
    check(&["*"], "org.apache.kafka.consumer", true);
    check(&[""], "org.apache.kafka.consumer", true);
    check(&["org.apache.kafka.producer.", "ottla."], "ottla.client.connections", true);
    check(&["org.apache.kafka.producer."], "ottla.client.connections", false);
}

#[test]
fn deltas_are_told_since_the_last_time() {
    let mut reporter = subscribed(clock::now());
    let point = |value| Point { name: "n", unit: "1", attributes: vec![], value: Value::Sum(value) };
    assert_eq!(reporter.since_told(point(5.0)).value, Value::Sum(5.0));
    assert_eq!(reporter.since_told(point(7.0)).value, Value::Sum(2.0));
    let gauge = Point { value: Value::Gauge(7.0), ..point(0.0) };
    assert_eq!(reporter.since_told(gauge.clone()), gauge);
}
