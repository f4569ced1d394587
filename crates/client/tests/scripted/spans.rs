//! Spans for OpenTelemetry, as an exporter gets them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::global;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use ottla_client::config::{ConsumerConfig, ProducerConfig};
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::messaging::Carrier;
use ottla_client::producer::ProducerRecord;
use ottla_client::spans::{ConsumerSpans, ProducerSpans};
use ottla_client::wire::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use ottla_client::wire::messages::{FetchRequest, FetchResponse, ProduceRequest};
use ottla_client::{ErrorCode, TopicPartition};

use super::broker::{Broker, answer};
use super::producing::{say, willing, written};
use super::{DEADLINE, client};

/// What a span tells: by the names of its attributes.
fn told(span: &SpanData) -> BTreeMap<&str, String> {
    span.attributes.iter().map(|attribute| (attribute.key.as_str(), attribute.value.to_string())).collect()
}

/// A broker that gives what was produced to it.
async fn store() -> Broker {
    let broker = willing(1).await;
    let stored = Arc::new(Mutex::new(None));
    let kept = stored.clone();
    broker.on::<ProduceRequest>(move |request, _| {
        kept.lock().unwrap().clone_from(&request.topic_data[0].partition_data[0].records);
        answer(say(&request, |_, _| written(0)))
    });
    broker.on::<FetchRequest>(move |request, _| {
        let records = stored.lock().unwrap().take();
        let data = PartitionData { high_watermark: 1, records, ..PartitionData::default() };
        let topic_id = request.topics.first().map(|topic| topic.topic_id).unwrap_or_default();
        let topic = FetchableTopicResponse { topic_id, partitions: vec![data], ..Default::default() };
        answer(FetchResponse { responses: vec![topic], ..FetchResponse::default() })
    });
    broker
}

async fn send(broker: &Broker, record: ProducerRecord) {
    let builder = client(&[broker.address]).producer_builder(ProducerConfig::default());
    let producer = builder.interceptor(Arc::new(ProducerSpans::new())).build().unwrap();
    let _outcome = producer.send_and_wait(record).await;
    producer.close(DEADLINE).await.unwrap();
}

async fn receive(broker: &Broker) -> Vec<ConsumerRecord> {
    let config = ConsumerConfig::default().fetch_max_wait(Duration::from_millis(20));
    let consumer = Consumer::new(client(&[broker.address]), config).unwrap();
    consumer.assign([(TopicPartition::new("t", 0), StartAt::Offset(0))]).unwrap();
    consumer.poll(DEADLINE).await.unwrap()
}

/// The program's tracer and propagator are of the whole process: this is the only test that sets them.
#[tokio::test]
async fn sending_receiving_and_processing_are_spans_of_one_trace() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    global::set_tracer_provider(provider.clone());
    global::set_text_map_propagator(TraceContextPropagator::new());

    let broker = store().await;
    let old = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    send(&broker, ProducerRecord::new("t").key("k").value("v").header("traceparent", old)).await;
    let records = receive(&broker).await;
    let header = Carrier::of(&records[0].headers).get("traceparent").unwrap().to_owned();
    assert_eq!(Carrier::of(&records[0].headers).keys().filter(|key| *key == "traceparent").count(), 1);
    let spans = ConsumerSpans::new().group("g");
    spans.received(&records);
    let processing = spans.process(&records[0]);
    let child = global::tracer("program").start_with_context("child", processing.context());
    drop(child);
    processing.fail(&std::io::Error::other("no"));
    drop(processing);
    broker.on::<ProduceRequest>(|request, _| {
        let mut refused = written(-1);
        refused.error_code = ErrorCode::TopicAuthorizationFailed.code();
        answer(say(&request, |_, _| refused.clone()))
    });
    send(&broker, ProducerRecord::new("t")).await;

    provider.force_flush().unwrap();
    let spans = exporter.get_finished_spans().unwrap();
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["send t", "poll t", "child", "process t", "send t"]);
    let [sent, polled, child, processed, refused] = &spans[..] else { panic!("there are five") };
    let ids = sent.span_context.clone();
    assert_eq!(header, format!("00-{}-{}-01", ids.trace_id(), ids.span_id()));

    assert_eq!((&sent.span_kind, &polled.span_kind), (&SpanKind::Producer, &SpanKind::Client));
    assert_eq!(processed.span_kind, SpanKind::Consumer);
    assert_eq!(polled.links.links[0].span_context.span_id(), ids.span_id());
    assert_eq!(processed.span_context.trace_id(), ids.trace_id());
    assert_eq!(processed.parent_span_id, ids.span_id());
    assert_eq!(child.parent_span_id, processed.span_context.span_id());

    let told_of_send = told(sent);
    for (name, expected) in [
        ("messaging.system", "kafka"),
        ("messaging.operation.name", "send"),
        ("messaging.operation.type", "send"),
        ("messaging.destination.name", "t"),
        ("messaging.destination.partition.id", "0"),
        ("messaging.kafka.offset", "0"),
        ("messaging.kafka.message.key", "k"),
    ] {
        assert_eq!(told_of_send.get(name).map(String::as_str), Some(expected), "{name}");
    }
    let told_of_poll = told(polled);
    assert_eq!(told_of_poll["messaging.operation.type"], "receive");
    assert_eq!(told_of_poll["messaging.batch.message_count"], "1");
    assert_eq!(told(processed)["messaging.consumer.group.name"], "g");
    assert_eq!(processed.status, Status::error("no"));
    assert_eq!(told(refused)["error.type"], "TOPIC_AUTHORIZATION_FAILED");
    assert_eq!(told(refused)["messaging.kafka.message.tombstone"], "true");
    assert!(!opentelemetry::Context::current().span().span_context().is_valid());
}
