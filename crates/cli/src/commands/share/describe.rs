//! `ottla share describe`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{Admin, ShareGroup, ShareGroupOffset};
use ottla_client::{Offset, TopicPartition};
use serde::Serialize;

use crate::exit::{Outcome, answered};
use crate::output::{Answer, Column, Layout, Nested, OutputArgs};
use crate::remote::ConnectionArgs;

/// Show share groups: state, members, where they are, and what they have to do
#[derive(Debug, Args)]
#[command(after_help = "\
START is the first record that is not done; LAG is how many are not, where the
broker tells.

Examples:
  ottla share describe billing
  ottla share describe billing -o json | jq '.[].members'")]
pub(crate) struct DescribeArgs {
    /// Share groups
    #[arg(required = true, value_name = "GROUP")]
    groups: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ShareDetails {
    group: String,
    state: String,
    assignor: String,
    epoch: i32,
    assignment_epoch: i32,
    member_count: usize,
    offsets: Vec<OffsetRow>,
    members: Vec<MemberRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OffsetRow {
    topic: String,
    partition: i32,
    start_offset: Option<Offset>,
    lag: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberRow {
    member_id: String,
    client_id: String,
    host: String,
    rack: Option<String>,
    epoch: i32,
    topics: Vec<String>,
    partitions: Vec<String>,
}

impl Answer for ShareDetails {
    const LAYOUT: Layout = Layout::Details {
        facts: &[
            Column::new("GROUP", "group"),
            Column::new("STATE", "state"),
            Column::new("ASSIGNOR", "assignor"),
            Column::wide("EPOCH", "epoch"),
            Column::wide("ASSIGNMENT-EPOCH", "assignmentEpoch"),
            Column::new("MEMBERS", "memberCount"),
        ],
        tables: &[
            Nested {
                title: "Offsets",
                field: "offsets",
                columns: &[
                    Column::of_owner("GROUP", "group"),
                    Column::new("TOPIC", "topic"),
                    Column::new("PARTITION", "partition"),
                    Column::new("START", "startOffset"),
                    Column::new("LAG", "lag"),
                ],
            },
            Nested {
                title: "Members",
                field: "members",
                columns: &[
                    Column::of_owner("GROUP", "group"),
                    Column::new("MEMBER-ID", "memberId"),
                    Column::new("CLIENT-ID", "clientId"),
                    Column::new("HOST", "host"),
                    Column::wide("RACK", "rack"),
                    Column::wide("EPOCH", "epoch"),
                    Column::wide("TOPICS", "topics"),
                    Column::new("PARTITIONS", "partitions"),
                ],
            },
        ],
    };
}

pub(super) async fn run(args: &DescribeArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let names: Vec<&str> = args.groups.iter().map(String::as_str).collect();
    let described = admin.describe_share_groups(&names).await?;
    let (groups, mut outcome) = answered(described, |name| format!("cannot describe {name}"));
    let mut details = Vec::new();
    for (name, group) in groups {
        let (offsets, known) = offsets(&admin, &name).await?;
        outcome = outcome.and(known);
        details.push(details_of(&name, group, offsets));
    }
    args.output.print_found(&details)?;
    Ok(outcome)
}

async fn offsets(admin: &Admin, group: &str) -> Result<(Vec<OffsetRow>, Outcome)> {
    let listed = admin.list_share_group_offsets(group, None).await?;
    let (listed, outcome) = answered(listed, |partition| format!("where {group} is in {partition}"));
    let row = |(partition, known): (TopicPartition, Option<ShareGroupOffset>)| OffsetRow {
        topic: partition.topic.to_string(),
        partition: partition.partition,
        start_offset: known.map(|it| it.start_offset),
        lag: known.and_then(|it| it.lag),
    };
    Ok((listed.into_iter().map(row).collect(), outcome))
}

fn details_of(name: &str, group: ShareGroup, offsets: Vec<OffsetRow>) -> ShareDetails {
    let members = group.members.into_iter().map(|member| MemberRow {
        member_id: member.id.to_string(),
        client_id: member.client_id.to_string(),
        host: member.client_host.to_string(),
        rack: member.rack.map(|rack| rack.to_string()),
        epoch: member.epoch,
        topics: member.subscribed_topics.iter().map(ToString::to_string).collect(),
        partitions: member.assignment.iter().map(ToString::to_string).collect(),
    });
    let members: Vec<MemberRow> = members.collect();
    ShareDetails {
        group: name.to_owned(),
        state: group.state.to_string(),
        assignor: group.assignor.to_string(),
        epoch: group.epoch,
        assignment_epoch: group.assignment_epoch,
        member_count: members.len(),
        offsets,
        members,
    }
}
