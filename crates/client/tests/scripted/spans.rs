//! Spans for OpenTelemetry, as an exporter gets them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use opentelemetry::global;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use ottla_client::config::{ConsumerConfig, ProducerConfig};
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::messaging::{self, BatchOptions, Carrier, PublishOptions, ReaderOptions, WriterOptions};
use ottla_client::producer::ProducerRecord;
use ottla_client::spans::{ConsumerSpans, ProducerSpans};
use ottla_client::wire::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use ottla_client::wire::messages::{FetchRequest, FetchResponse, ProduceRequest};
use ottla_client::{ErrorCode, TopicPartition};
use tokio::sync::{MutexGuard, Notify};

use super::broker::{Broker, answer};
use super::grouping::coordinator;
use super::producing::{gives_producer_ids, say, willing, written};
use super::sharing::{accept, consumer as share_consumer, sharer};
use super::{DEADLINE, client};

/// What a span tells: by the names of its attributes.
fn told(span: &SpanData) -> BTreeMap<&str, String> {
    span.attributes.iter().map(|attribute| (attribute.key.as_str(), attribute.value.to_string())).collect()
}

/// Has a broker give what was produced to it.
fn stores(broker: &Broker) {
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

/// The spans that were made, of which the tests take those of their own trace or topic.
struct Spans {
    provider: SdkTracerProvider,
    exporter: InMemorySpanExporter,
}

impl Spans {
    /// The program's tracer and propagator are of the whole process: they are set once, and one test after the other has them.
    async fn of_this_test() -> MutexGuard<'static, Spans> {
        static SPANS: LazyLock<tokio::sync::Mutex<Spans>> = LazyLock::new(|| {
            let exporter = InMemorySpanExporter::default();
            let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
            global::set_tracer_provider(provider.clone());
            global::set_text_map_propagator(TraceContextPropagator::new());
            tokio::sync::Mutex::new(Spans { provider, exporter })
        });
        let spans = SPANS.lock().await;
        spans.exporter.reset();
        spans
    }

    fn finished(&self) -> Vec<SpanData> {
        self.provider.force_flush().unwrap();
        self.exporter.get_finished_spans().unwrap()
    }
}

fn names(spans: &[SpanData]) -> Vec<&str> {
    spans.iter().map(|span| &*span.name).collect()
}

#[tokio::test]
async fn sending_receiving_and_processing_are_spans_of_one_trace() {
    let made = Spans::of_this_test().await;
    let broker = willing(1).await;
    stores(&broker);
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
    processing.fail(&"no");
    drop(processing);
    broker.on::<ProduceRequest>(|request, _| {
        let mut refused = written(-1);
        refused.error_code = ErrorCode::TopicAuthorizationFailed.code();
        answer(say(&request, |_, _| refused.clone()))
    });
    send(&broker, ProducerRecord::new("t")).await;

    let spans = made.finished();
    assert_eq!(names(&spans), ["send t", "poll t", "child", "process t", "send t"]);
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

#[tokio::test]
async fn a_broker_of_messages_makes_the_spans_of_what_it_publishes_and_has_handled() {
    let made = Spans::of_this_test().await;
    let broker = coordinator().await;
    gives_producer_ids(&broker);
    stores(&broker);
    let messages = messaging::Broker::new(client(&[broker.address]), WriterOptions::default());
    let reader = || ReaderOptions::default().max_wait(Duration::from_millis(20)).auto_ack(true);
    messages.publish("t", "v", PublishOptions::default().key("k")).await.unwrap();
    let handled = Arc::new(Notify::new());
    let tells = handled.clone();
    let one_by_one = messages.subscribe("t", "g", reader(), move |_| {
        drop(global::tracer("program").start("child"));
        let tells = tells.clone();
        async move {
            drop(global::tracer("program").start("grandchild"));
            tells.notify_one();
            Err("no".into())
        }
    });
    let one_by_one = one_by_one.await.unwrap();
    handled.notified().await;
    assert_eq!(one_by_one.stop().await.unwrap_err().to_string(), "no");

    messages.publish("t", "v", PublishOptions::default()).await.unwrap();
    let tells = handled.clone();
    let in_batches = messages.subscribe_batches("t", "g", reader(), BatchOptions::default(), move |_| {
        let tells = tells.clone();
        async move {
            tells.notify_one();
            Ok(())
        }
    });
    let in_batches = in_batches.await.unwrap();
    handled.notified().await;
    in_batches.stop().await.unwrap();

    let spans = made.finished();
    assert_eq!(names(&spans), ["send t", "child", "grandchild", "process t", "send t", "process t"]);
    let [sent, _, grandchild, processed, sent_later, batch] = &spans[..] else { panic!("there are six") };
    assert_eq!(processed.parent_span_id, sent.span_context.span_id());
    assert_eq!(grandchild.parent_span_id, processed.span_context.span_id());
    assert_eq!(processed.status, Status::error("no"));
    assert_eq!(told(processed)["messaging.consumer.group.name"], "g");
    assert_eq!(batch.links.links[0].span_context.span_id(), sent_later.span_context.span_id());
    assert_eq!(told(batch)["messaging.batch.message_count"], "1");
    assert_eq!(
        (&batch.span_kind, told(batch)["messaging.operation.type"].as_str()),
        (&SpanKind::Consumer, "process")
    );
}

#[tokio::test]
async fn records_of_a_share_group_have_spans_too() {
    let made = Spans::of_this_test().await;
    let broker = sharer().await;
    let consumer = share_consumer(&[&broker]);
    let spans = ConsumerSpans::new().group("g");
    let records = accept(&consumer).await;
    spans.received(&records);
    for record in &records {
        let outcome = spans.process(record).run(async { Ok::<_, String>(record.offset) }).await;
        assert_eq!(outcome, Ok(record.offset));
    }
    consumer.close().await;
    let spans = made.finished();
    assert_eq!(names(&spans), ["poll t", "process t", "process t", "process t"]);
    assert_eq!(told(&spans[0])["messaging.batch.message_count"], "3");
    assert_eq!(told(&spans[3])["messaging.kafka.offset"], "2");
}
