//! `ottla streams describe`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{
    Admin, OffsetSpec, StreamsGroup, StreamsGroupMember, StreamsSubtopology, StreamsTask,
};
use ottla_client::config::IsolationLevel;
use ottla_client::{Offset, TopicPartition};
use serde::Serialize;

use crate::commands::group::committed_offsets;
use crate::commands::offsets_of::offsets_of;
use crate::exit::{Outcome, answered};
use crate::output::{Answer, Column, Layout, Nested, OutputArgs};
use crate::remote::ConnectionArgs;

/// Show streams groups: state, topology, members with their tasks, and offsets
#[derive(Debug, Args)]
#[command(after_help = "\
A task is a partition of a subtopology: 0_3 is partition 3 of subtopology 0.

Examples:
  ottla streams describe totals
  ottla streams describe totals -o json | jq '.[].subtopologies'")]
pub(crate) struct DescribeArgs {
    /// Streams groups
    #[arg(required = true, value_name = "GROUP")]
    groups: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamsDetails {
    group: String,
    state: String,
    epoch: i32,
    assignment_epoch: i32,
    topology_epoch: Option<i32>,
    member_count: usize,
    subtopologies: Vec<SubtopologyRow>,
    offsets: Vec<OffsetRow>,
    members: Vec<MemberRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SubtopologyRow {
    id: String,
    source_topics: Vec<String>,
    repartition_source_topics: Vec<String>,
    repartition_sink_topics: Vec<String>,
    changelog_topics: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OffsetRow {
    topic: String,
    partition: i32,
    committed_offset: Offset,
    end_offset: Option<Offset>,
    lag: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberRow {
    member_id: String,
    instance_id: Option<String>,
    process_id: String,
    client_id: String,
    host: String,
    epoch: i32,
    active: Vec<String>,
    standby: Vec<String>,
    warmup: Vec<String>,
    target_active: Vec<String>,
}

impl Answer for StreamsDetails {
    const LAYOUT: Layout = Layout::Details {
        facts: &[
            Column::new("GROUP", "group"),
            Column::new("STATE", "state"),
            Column::wide("EPOCH", "epoch"),
            Column::wide("ASSIGNMENT-EPOCH", "assignmentEpoch"),
            Column::wide("TOPOLOGY-EPOCH", "topologyEpoch"),
            Column::new("MEMBERS", "memberCount"),
        ],
        tables: &[
            Nested {
                title: "Subtopologies",
                field: "subtopologies",
                columns: &[
                    Column::of_owner("GROUP", "group"),
                    Column::new("ID", "id"),
                    Column::new("SOURCES", "sourceTopics"),
                    Column::new("REPARTITION", "repartitionSourceTopics"),
                    Column::wide("SINKS", "repartitionSinkTopics"),
                    Column::new("CHANGELOGS", "changelogTopics"),
                ],
            },
            Nested {
                title: "Offsets",
                field: "offsets",
                columns: &[
                    Column::of_owner("GROUP", "group"),
                    Column::new("TOPIC", "topic"),
                    Column::new("PARTITION", "partition"),
                    Column::new("COMMITTED", "committedOffset"),
                    Column::new("END", "endOffset"),
                    Column::new("LAG", "lag"),
                ],
            },
            Nested {
                title: "Members",
                field: "members",
                columns: &[
                    Column::of_owner("GROUP", "group"),
                    Column::new("MEMBER-ID", "memberId"),
                    Column::wide("INSTANCE-ID", "instanceId"),
                    Column::wide("PROCESS-ID", "processId"),
                    Column::new("CLIENT-ID", "clientId"),
                    Column::new("HOST", "host"),
                    Column::wide("EPOCH", "epoch"),
                    Column::new("ACTIVE", "active"),
                    Column::new("STANDBY", "standby"),
                    Column::new("WARMUP", "warmup"),
                    Column::wide("TARGET", "targetActive"),
                ],
            },
        ],
    };
}

pub(super) async fn run(args: &DescribeArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let names: Vec<&str> = args.groups.iter().map(String::as_str).collect();
    let described = admin.describe_streams_groups(&names).await?;
    let (groups, outcome) = answered(described, |name| format!("cannot describe {name}"));
    let mut details = Vec::new();
    for (name, group) in groups {
        let offsets = offsets(&admin, &name).await?;
        details.push(details_of(&name, &group, offsets));
    }
    args.output.print_found(&details)?;
    Ok(outcome)
}

async fn offsets(admin: &Admin, group: &str) -> Result<Vec<OffsetRow>> {
    let committed = committed_offsets(admin, group, &[]).await?;
    let partitions: Vec<TopicPartition> = committed.keys().cloned().collect();
    let ends = offsets_of(admin, &partitions, OffsetSpec::Latest, IsolationLevel::ReadUncommitted).await?;
    let row = |(partition, committed_offset): (TopicPartition, Offset)| {
        let end_offset = ends.get(&partition).copied();
        OffsetRow {
            topic: partition.topic.to_string(),
            partition: partition.partition,
            committed_offset,
            end_offset,
            lag: end_offset.map(|end| (end - committed_offset).max(0)),
        }
    };
    Ok(committed.into_iter().map(row).collect())
}

fn details_of(name: &str, group: &StreamsGroup, offsets: Vec<OffsetRow>) -> StreamsDetails {
    StreamsDetails {
        group: name.to_owned(),
        state: group.state.to_string(),
        epoch: group.epoch,
        assignment_epoch: group.assignment_epoch,
        topology_epoch: group.topology_epoch,
        member_count: group.members.len(),
        subtopologies: group.subtopologies.iter().map(SubtopologyRow::from).collect(),
        offsets,
        members: group.members.iter().map(MemberRow::from).collect(),
    }
}

impl From<&StreamsSubtopology> for SubtopologyRow {
    fn from(part: &StreamsSubtopology) -> SubtopologyRow {
        SubtopologyRow {
            id: part.id.to_string(),
            source_topics: texts(&part.source_topics),
            repartition_source_topics: texts(&part.repartition_source_topics),
            repartition_sink_topics: texts(&part.repartition_sink_topics),
            changelog_topics: texts(&part.changelog_topics),
        }
    }
}

impl From<&StreamsGroupMember> for MemberRow {
    fn from(member: &StreamsGroupMember) -> MemberRow {
        MemberRow {
            member_id: member.id.to_string(),
            instance_id: member.instance_id.as_ref().map(ToString::to_string),
            process_id: member.process_id.to_string(),
            client_id: member.client_id.to_string(),
            host: member.client_host.to_string(),
            epoch: member.epoch,
            active: tasks(&member.active),
            standby: tasks(&member.standby),
            warmup: tasks(&member.warmup),
            target_active: tasks(&member.target_active),
        }
    }
}

fn texts(names: &[impl ToString]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn tasks(tasks: &[StreamsTask]) -> Vec<String> {
    tasks.iter().map(|task| format!("{}_{}", task.subtopology, task.partition)).collect()
}
