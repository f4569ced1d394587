//! `-Q`: offsets by time.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use ottla_client::admin::OffsetSpec;
use ottla_client::config::IsolationLevel;
use ottla_client::{Offset, TopicPartition};

use super::json;
use super::options::Options;
use super::settings::Settings;
use super::told::{Fatal, words};
use crate::exit::Outcome;
use crate::remote::connect_with;

pub(super) async fn run(options: &Options, settings: &Settings, out: &mut dyn Write) -> Result<Outcome> {
    let remote = connect_with(&settings.properties()).await?;
    let spec = |timestamp| match timestamp {
        -1 => OffsetSpec::Latest,
        -2 => OffsetSpec::Earliest,
        timestamp => OffsetSpec::Timestamp(timestamp),
    };
    let specs: BTreeMap<TopicPartition, OffsetSpec> = options
        .queries
        .iter()
        .map(|query| (TopicPartition::new(query.topic.as_str(), query.partition), spec(query.timestamp)))
        .collect();
    let listed = remote.admin.list_offsets(&specs, IsolationLevel::ReadUncommitted).await;
    let failed = |reason: String| Fatal::new(format!("offsets_for_times failed: {reason}"));
    let mut offsets = BTreeMap::new();
    for (partition, found) in listed.map_err(|error| failed(words(&error)))? {
        let is_unknown = |error: &ottla_client::Error| {
            error.code() == Some(ottla_client::ErrorCode::UnknownTopicOrPartition)
        };
        match found {
            Ok(found) => _ = offsets.insert(partition, found.offset.unwrap_or(-1)),
            Err(error) if is_unknown(&error) => return Err(failed("Local: Unknown partition".into()).into()),
            Err(error) => return Err(failed(words(&error)).into()),
        }
    }
    let mut out = out;
    if options.is_json {
        write_json(&mut out, &offsets)?
    } else {
        write_lines(&mut out, &offsets)?
    }
    Ok(Outcome::Success)
}

fn write_lines(out: &mut impl Write, offsets: &BTreeMap<TopicPartition, Offset>) -> Result<()> {
    for (TopicPartition { topic, partition }, offset) in offsets {
        writeln!(out, "{topic} [{partition}] offset {offset}")?;
    }
    Ok(())
}

/// `{"topic":{"topic":"topic","0":{"partition":0,"offset":5}}}`
fn write_json(out: &mut impl Write, offsets: &BTreeMap<TopicPartition, Offset>) -> Result<()> {
    out.write_all(b"{")?;
    let all: Vec<(&TopicPartition, &Offset)> = offsets.iter().collect();
    for (at, of_topic) in all.chunk_by(|(one, _), (next, _)| one.topic == next.topic).enumerate() {
        out.write_all(if at > 0 { b"," } else { b"" })?;
        let topic = of_topic.first().map(|(it, _)| it.topic.as_bytes()).unwrap_or_default();
        json::write_string(out, topic)?;
        out.write_all(b":{\"topic\":")?;
        json::write_string(out, topic)?;
        for (it, offset) in of_topic {
            let number = it.partition;
            write!(out, ",\"{number}\":{{\"partition\":{number},\"offset\":{offset}}}")?;
        }
        out.write_all(b"}")?;
    }
    Ok(out.write_all(b"}")?)
}
