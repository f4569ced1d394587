//! `-L`: brokers, topics and partitions.

use std::io::Write;

use anyhow::{Context as _, Result};
use ottla_client::{Call, Destination, ErrorCode};
use ottla_wire::messages::metadata_request::MetadataRequestTopic;
use ottla_wire::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use ottla_wire::messages::{MetadataRequest, MetadataResponse};
use serde_json::{Map, Value, json};

use super::options::Options;
use super::settings::Settings;
use super::told::of_code;
use crate::exit::Outcome;
use crate::remote::connect_with;

pub(super) async fn run(options: &Options, settings: &Settings, out: &mut dyn Write) -> Result<Outcome> {
    let remote = connect_with(&settings.properties()).await?;
    let cluster = remote.client.cluster();
    let asked = cluster.brokers().next().context("the cluster has no brokers")?;
    let named = |topic: &String| {
        vec![MetadataRequestTopic { name: Some(topic.as_str().into()), ..MetadataRequestTopic::default() }]
    };
    // A topic that is named is made by asking for it, where brokers do that: so it is with kcat.
    let request = MetadataRequest {
        topics: options.topic.as_ref().map(named),
        allow_auto_topic_creation: true,
        ..MetadataRequest::default()
    };
    let reply = remote.client.request(&Call::to(Destination::Broker(asked.id)), &request).await?;
    let whom = (asked.id, format!("{}:{}/{}", asked.host, asked.port, asked.id));
    if options.is_json {
        write!(out, "{}", to_json(options, &whom, &reply.response))?;
    } else {
        write(out, options, &whom, &reply.response)?;
    }
    Ok(Outcome::Success)
}

fn write(
    out: &mut dyn Write,
    options: &Options,
    (id, name): &(i32, String),
    answer: &MetadataResponse,
) -> Result<()> {
    let topic = options.topic.as_deref().unwrap_or("all topics");
    writeln!(out, "Metadata for {topic} (from broker {id}: {name}):")?;
    writeln!(out, " {} brokers:", answer.brokers.len())?;
    for broker in &answer.brokers {
        let controller = if broker.node_id == answer.controller_id { " (controller)" } else { "" };
        writeln!(out, "  broker {} at {}:{}{controller}", broker.node_id, broker.host, broker.port)?;
    }
    writeln!(out, " {} topics:", answer.topics.len())?;
    for topic in &answer.topics {
        write!(out, "  topic \"{}\" with {} partitions:", name_of(topic), topic.partitions.len())?;
        if let Some(words) = words(topic.error_code) {
            let again = topic.error_code == ErrorCode::LeaderNotAvailable.code();
            write!(out, " {words}{}", if again { " (try again)" } else { "" })?;
        }
        writeln!(out)?;
        for partition in &topic.partitions {
            writeln!(out, "{}", line(partition))?;
        }
    }
    Ok(())
}

fn line(partition: &MetadataResponsePartition) -> String {
    let list = |ids: &[i32]| ids.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
    let error = words(partition.error_code).map(|words| format!(", {words}")).unwrap_or_default();
    format!(
        "    partition {}, leader {}, replicas: {}, isrs: {}{error}",
        partition.partition_index,
        partition.leader_id,
        list(&partition.replica_nodes),
        list(&partition.isr_nodes)
    )
}

fn to_json(options: &Options, (id, name): &(i32, String), answer: &MetadataResponse) -> Value {
    let brokers: Vec<Value> = answer
        .brokers
        .iter()
        .map(|it| json!({ "id": it.node_id, "name": format!("{}:{}", &*it.host, it.port) }))
        .collect();
    json!({
        "originating_broker": { "id": id, "name": name },
        "query": { "topic": options.topic.as_deref().unwrap_or("*") },
        "controllerid": answer.controller_id,
        "brokers": brokers,
        "topics": answer.topics.iter().map(topic_to_json).collect::<Vec<Value>>(),
    })
}

fn topic_to_json(topic: &MetadataResponseTopic) -> Value {
    let mut shown = Map::new();
    shown.insert("topic".into(), name_of(topic).into());
    shown.extend(words(topic.error_code).map(|words| ("error".into(), words.into())));
    let partitions = topic.partitions.iter().map(partition_to_json).collect();
    shown.insert("partitions".into(), Value::Array(partitions));
    Value::Object(shown)
}

fn partition_to_json(partition: &MetadataResponsePartition) -> Value {
    let ids = |ids: &[i32]| ids.iter().map(|id| json!({ "id": id })).collect::<Vec<Value>>();
    let mut shown = Map::new();
    shown.insert("partition".into(), partition.partition_index.into());
    shown.extend(words(partition.error_code).map(|words| ("error".into(), words.into())));
    shown.insert("leader".into(), partition.leader_id.into());
    shown.insert("replicas".into(), ids(&partition.replica_nodes).into());
    shown.insert("isrs".into(), ids(&partition.isr_nodes).into());
    Value::Object(shown)
}

fn name_of(topic: &MetadataResponseTopic) -> &str {
    topic.name.as_deref().unwrap_or_default()
}

fn words(code: i16) -> Option<String> {
    let known = ErrorCode::from_code(code);
    match known {
        Some(ErrorCode::None) => None,
        known => Some(format!("Broker: {}", known.and_then(of_code).unwrap_or("Unknown error"))),
    }
}
