//! Metrics that brokers ask for (KIP-714).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{MetricsData, NumberDataPoint};
use ottla_client::wire::messages::{
    GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse, ListGroupsRequest,
    ListGroupsResponse, PushTelemetryRequest, PushTelemetryResponse,
};
use ottla_client::{ApiKey, Call, Client, Destination, Error, ErrorCode, Uuid};
use ottla_records::{Codec, Compression, Limits};
use prost::Message as _;

use super::broker::{Answer, Broker, answer};
use super::grouping::read;
use super::{DEADLINE, config};

const ID: Uuid = Uuid::from_u128(9);

/// A broker that wants metrics of these names soon, each packed as is said.
async fn asker(compression: &[i8], metrics: &'static [&'static str]) -> Broker {
    let broker = Broker::start().await;
    broker.leads(&[]);
    broker.on::<ListGroupsRequest>(|_, _| answer(ListGroupsResponse::default()));
    let compression = compression.to_vec();
    broker.on::<GetTelemetrySubscriptionsRequest>(move |_, _| {
        answer(GetTelemetrySubscriptionsResponse {
            client_instance_id: ID,
            subscription_id: 3,
            accepted_compression_types: compression.clone(),
            push_interval_ms: 10,
            telemetry_max_bytes: 1_000_000,
            requested_metrics: metrics.iter().map(|metric| (*metric).into()).collect(),
            ..GetTelemetrySubscriptionsResponse::default()
        })
    });
    broker.on::<PushTelemetryRequest>(|_, _| answer(PushTelemetryResponse::default()));
    broker
}

/// A client that has asked something.
async fn client(broker: &Broker) -> Client {
    let client = Client::new(config(&[broker.address]).enable_metrics_push(true)).unwrap();
    client.request(&Call::to(Destination::Any), &ListGroupsRequest::default()).await.unwrap();
    client
}

fn pushes(broker: &Broker) -> Vec<PushTelemetryRequest> {
    read::<PushTelemetryRequest>(broker)
}

async fn pushed(broker: &Broker, count: usize) {
    broker.wait_until("metrics are pushed", |broker| pushes(broker).len() >= count).await;
}

/// What was pushed, by the names of the metrics and the request that they are about.
fn decoded(push: &PushTelemetryRequest) -> BTreeMap<(String, String), f64> {
    let id = i16::from(push.compression_type);
    let compression = ottla_records::Attributes(id).compression().unwrap();
    let bytes = Codec::from(compression).unpack(&push.metrics, &Limits::default()).unwrap();
    let data = MetricsData::decode(&bytes[..]).unwrap();
    let scopes = data.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
    let metrics = scopes.flat_map(|scope| scope.metrics);
    let points = metrics.flat_map(|metric| {
        let points = match metric.data.unwrap() {
            Data::Gauge(gauge) => gauge.data_points,
            Data::Sum(sum) => {
                assert!(sum.is_monotonic && sum.aggregation_temporality == 2, "{sum:?}");
                sum.data_points
            }
            Data::Histogram(_) | Data::ExponentialHistogram(_) | Data::Summary(_) => {
                panic!("there are none")
            }
        };
        points.into_iter().map(move |point| ((metric.name.clone(), about(&point)), value(&point)))
    });
    points.collect()
}

fn about(point: &NumberDataPoint) -> String {
    assert!(point.time_unix_nano > 1_600_000_000_000_000_000);
    point.attributes.first().map(|attribute| format!("{:?}", attribute.value)).unwrap_or_default()
}

fn value(point: &NumberDataPoint) -> f64 {
    match point.value {
        Some(Value::AsDouble(value)) => value,
        _ => panic!("{point:?}"),
    }
}

#[tokio::test]
async fn what_a_broker_asks_for_is_pushed_as_it_accepts_it() {
    for compression in Compression::ALL {
        let id = i8::try_from(ottla_records::Attributes::default().with_compression(compression).0).unwrap();
        let broker = asker(&[id], &["*"]).await;
        let client = client(&broker).await;
        assert_eq!(client.client_instance_id(DEADLINE).await.unwrap(), ID);
        // What is being pushed now may have been counted before the client asked.
        pushed(&broker, pushes(&broker).len() + 2).await;
        let push = pushes(&broker).pop().unwrap();
        assert_eq!((push.client_instance_id, push.subscription_id, push.compression_type), (ID, 3, id));
        let metrics = decoded(&push);
        let opened = ("org.apache.kafka.producer.connection.creation.total".to_owned(), String::new());
        assert_eq!(metrics[&opened], 1.0);
        let asked = metrics
            .iter()
            .find(|((name, about), _)| name == "ottla.client.requests.total" && about.contains("ListGroups"));
        assert_eq!(asked.map(|(_, count)| *count), Some(1.0), "{metrics:?}");
    }
}

#[tokio::test]
async fn only_what_is_asked_for_is_pushed_and_once_more_at_the_end() {
    let broker = asker(&[], &["ottla.client.producer."]).await;
    let client = client(&broker).await;
    pushed(&broker, 1).await;
    client.close().await;
    let pushes = pushes(&broker);
    assert!(pushes.iter().all(|push| !decoded(push).is_empty() && push.compression_type == 0));
    for push in &pushes {
        assert!(decoded(push).keys().all(|(name, _)| name.starts_with("ottla.client.producer.")));
    }
    let (last, before) = pushes.split_last().unwrap();
    assert!(last.terminating && before.iter().all(|push| !push.terminating));
}

#[tokio::test]
async fn another_subscription_is_asked_for_where_one_is_not_known_any_more() {
    let broker = asker(&[], &["*"]).await;
    let count = AtomicUsize::new(0);
    broker.on::<PushTelemetryRequest>(move |_, _| {
        let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
        let error_code = if is_first { ErrorCode::UnknownSubscriptionId.code() } else { 0 };
        answer(PushTelemetryResponse { error_code, ..PushTelemetryResponse::default() })
    });
    let _client = client(&broker).await;
    pushed(&broker, 2).await;
    let asked = read::<GetTelemetrySubscriptionsRequest>(&broker);
    let ids: Vec<_> = asked.iter().map(|asked| asked.client_instance_id).collect();
    assert_eq!(ids, [Uuid::nil(), ID]);
}

#[tokio::test]
async fn a_broker_that_takes_no_metrics_is_not_asked_and_closing_waits_for_none() {
    let broker = asker(&[], &["*"]).await;
    let without: Vec<_> =
        [ApiKey::GetTelemetrySubscriptions, ApiKey::PushTelemetry].map(|api| (api, 99, 99)).to_vec();
    broker.serves(&without);
    let client = client(&broker).await;
    let error = client.client_instance_id(DEADLINE).await.unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error}");
    client.close().await;
    assert!(pushes(&broker).is_empty());
    assert!(read::<GetTelemetrySubscriptionsRequest>(&broker).is_empty());
}

#[tokio::test]
async fn closing_does_not_wait_for_a_broker_that_does_not_answer() {
    let broker = asker(&[], &["*"]).await;
    let client = client(&broker).await;
    pushed(&broker, 1).await;
    broker.on::<PushTelemetryRequest>(|_, _| Answer::Nothing);
    tokio::time::timeout(Duration::from_secs(10), client.close()).await.expect("it waits a second");
}

#[tokio::test]
async fn without_the_option_nothing_is_asked() {
    let broker = asker(&[], &["*"]).await;
    let client = Client::new(config(&[broker.address])).unwrap();
    client.request(&Call::to(Destination::Any), &ListGroupsRequest::default()).await.unwrap();
    let error = client.client_instance_id(DEADLINE).await.unwrap_err();
    assert!(matches!(error, Error::Config(_)));
    client.close().await;
    assert!(read::<GetTelemetrySubscriptionsRequest>(&broker).is_empty());
}
