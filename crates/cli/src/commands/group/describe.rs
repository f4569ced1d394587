//! `ottla group describe`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use ottla_client::admin::{DescribedGroup, OffsetSpec, Results};
use ottla_client::config::IsolationLevel;
use ottla_client::{Client, Offset, TopicPartition};
use serde::Serialize;

use super::committed_offsets;
use crate::clock;
use crate::commands::next_records::next_records;
use crate::commands::offsets_of::offsets_of;
use crate::exit::{Outcome, answered};
use crate::output::{Answer, Column, Layout, Nested, OutputArgs};
use crate::remote::{ConnectionArgs, Remote};

/// For how long records are looked for that tell how far behind a group is in time.
const LOOKING_TIME: Duration = Duration::from_secs(5);

/// Show groups: state, members, offsets and lag
#[derive(Debug, Args)]
#[command(after_help = "\
LAG-MS is how long the oldest record that the group has not had has been there.

Examples:
  ottla group describe billing
  ottla group describe billing -o json | jq '.[].totalLag'")]
pub(crate) struct DescribeArgs {
    /// Groups of any kind that commits offsets
    #[arg(required = true, value_name = "GROUP")]
    groups: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupDetails {
    group: String,
    #[serde(rename = "type")]
    group_type: &'static str,
    state: String,
    assignor: String,
    member_count: usize,
    /// Nothing where the lag of no partition is known.
    total_lag: Option<i64>,
    offsets: Vec<OffsetRow>,
    members: Vec<MemberRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OffsetRow {
    topic: String,
    partition: i32,
    committed_offset: Option<Offset>,
    end_offset: Option<Offset>,
    lag: Option<i64>,
    lag_ms: Option<i64>,
    member_id: Option<String>,
    client_id: Option<String>,
    host: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberRow {
    member_id: String,
    instance_id: Option<String>,
    client_id: String,
    host: String,
    partitions: Vec<String>,
}

/// What members of both protocols have.
struct Member {
    row: MemberRow,
    assignment: Vec<TopicPartition>,
}

impl Member {
    fn new<T: ToString>(
        id: T,
        instance_id: Option<T>,
        client_id: T,
        host: T,
        assignment: Vec<TopicPartition>,
    ) -> Member {
        let row = MemberRow {
            member_id: id.to_string(),
            instance_id: instance_id.map(|id| id.to_string()),
            client_id: client_id.to_string(),
            host: host.to_string(),
            partitions: assignment.iter().map(ToString::to_string).collect(),
        };
        Member { row, assignment }
    }
}

impl Answer for GroupDetails {
    const LAYOUT: Layout = Layout::Details {
        facts: &[
            Column::new("GROUP", "group"),
            Column::new("TYPE", "type"),
            Column::new("STATE", "state"),
            Column::new("ASSIGNOR", "assignor"),
            Column::new("MEMBERS", "memberCount"),
            Column::new("TOTAL-LAG", "totalLag"),
        ],
        tables: &[
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
                    Column::new("LAG-MS", "lagMs"),
                    Column::wide("MEMBER-ID", "memberId"),
                    Column::new("CLIENT-ID", "clientId"),
                    Column::new("HOST", "host"),
                ],
            },
            Nested {
                title: "Members",
                field: "members",
                columns: &[
                    Column::of_owner("GROUP", "group"),
                    Column::new("MEMBER-ID", "memberId"),
                    Column::wide("INSTANCE-ID", "instanceId"),
                    Column::new("CLIENT-ID", "clientId"),
                    Column::new("HOST", "host"),
                    Column::new("PARTITIONS", "partitions"),
                ],
            },
        ],
    };
}

pub(super) async fn run(args: &DescribeArgs) -> Result<Outcome> {
    let remote = args.connection.connect().await?;
    let (details, outcome) = answered(describe(&remote, &args.groups).await?, cannot_describe);
    let details: Vec<GroupDetails> = details.into_iter().map(|(_, details)| details).collect();
    args.output.print_found(&details)?;
    Ok(outcome)
}

pub(super) fn cannot_describe(name: &Arc<str>) -> String {
    format!("cannot describe {name}")
}

pub(super) async fn describe(remote: &Remote, groups: &[String]) -> Result<Results<Arc<str>, GroupDetails>> {
    let names: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut details = Results::new();
    for (name, group) in remote.admin.describe_groups(&names).await? {
        let described = match group {
            Ok(group) => Ok(details_of(remote, &name, group).await?),
            Err(error) => Err(error),
        };
        details.insert(name, described);
    }
    Ok(details)
}

/// How far a group is behind.
#[derive(Debug)]
pub(crate) struct Lag {
    /// The records that it has not had.
    pub(crate) records: i64,
    /// How long the oldest of them has been there, as far as that is known.
    pub(crate) ms: Option<i64>,
}

/// How far a group is behind in these topics, or in all that it has been in.
pub(crate) async fn lag_of(remote: &Remote, group: &str, topics: &[String]) -> Result<Lag> {
    let described = remote.admin.describe_groups(&[group]).await?.into_values().next();
    let described = described.context("the broker said nothing of the group")??;
    let details = details_of(remote, group, described).await?;
    let is_meant = |row: &&OffsetRow| topics.is_empty() || topics.contains(&row.topic);
    let behind: Vec<&OffsetRow> =
        details.offsets.iter().filter(is_meant).filter(|row| row.lag.is_some()).collect();
    let ms = behind.iter().map(|row| row.lag_ms).try_fold(0, |most, ms| Some(ms?.max(most)));
    Ok(Lag { records: behind.iter().filter_map(|row| row.lag).sum(), ms })
}

async fn details_of(remote: &Remote, name: &str, group: DescribedGroup) -> Result<GroupDetails> {
    let admin = &remote.admin;
    let (group_type, state, assignor, members) = parts(group)?;
    let committed = committed_offsets(admin, name, &[]).await?;
    let assigned = members.iter().flat_map(|member| &member.assignment);
    let partitions: BTreeSet<TopicPartition> = committed.keys().chain(assigned).cloned().collect();
    let partitions: Vec<TopicPartition> = partitions.into_iter().collect();
    let ends = offsets_of(admin, &partitions, OffsetSpec::Latest, IsolationLevel::ReadUncommitted).await?;
    let waiting = waiting_ms(&remote.client, &committed, &ends).await?;
    let offsets: Vec<OffsetRow> = partitions
        .iter()
        .map(|partition| {
            let owner = members.iter().find(|member| member.assignment.contains(partition));
            let (committed, end) = (committed.get(partition).copied(), ends.get(partition).copied());
            OffsetRow {
                topic: partition.topic.to_string(),
                partition: partition.partition,
                committed_offset: committed,
                end_offset: end,
                lag: end.zip(committed).map(|(end, committed)| (end - committed).max(0)),
                lag_ms: waiting.get(partition).copied(),
                member_id: owner.map(|member| member.row.member_id.clone()),
                client_id: owner.map(|member| member.row.client_id.clone()),
                host: owner.map(|member| member.row.host.clone()),
            }
        })
        .collect();
    Ok(GroupDetails {
        group: name.to_owned(),
        group_type,
        state,
        assignor,
        member_count: members.len(),
        total_lag: offsets.iter().filter_map(|row| row.lag).reduce(|sum, lag| sum + lag),
        offsets,
        members: members.into_iter().map(|member| member.row).collect(),
    })
}

/// How long the records have been there that the group would read next; 0 where there is none.
async fn waiting_ms(
    client: &Client,
    committed: &BTreeMap<TopicPartition, Offset>,
    ends: &BTreeMap<TopicPartition, Offset>,
) -> Result<BTreeMap<TopicPartition, i64>> {
    let known = committed.iter().filter_map(|(it, from)| Some((it.clone(), (*from, *ends.get(it)?))));
    let (behind, done): (BTreeMap<_, _>, BTreeMap<_, _>) = known.partition(|(_, (from, end))| from < end);
    let next = next_records(client, &behind, 1, LOOKING_TIME).await?;
    let now = clock::wall_ms();
    let ages = next.into_iter().filter_map(|(it, records)| Some((it, now - records.first()?.timestamp)));
    Ok(done.into_keys().map(|it| (it, 0)).chain(ages.map(|(it, age)| (it, age.max(0)))).collect())
}

/// Kind, state, assignor and members.
fn parts(group: DescribedGroup) -> Result<(&'static str, String, String, Vec<Member>)> {
    Ok(match group {
        DescribedGroup::Classic(group) => {
            let members = group.members.into_iter();
            let members = members
                .map(|it| Member::new(it.id, it.instance_id, it.client_id, it.client_host, it.partitions));
            ("classic", group.state.to_string(), group.protocol.to_string(), members.collect())
        }
        DescribedGroup::Consumer(group) => {
            let members = group.members.into_iter();
            let members = members
                .map(|it| Member::new(it.id, it.instance_id, it.client_id, it.client_host, it.assignment));
            ("consumer", group.state.to_string(), group.assignor.to_string(), members.collect())
        }
        _ => bail!("a group of a kind that is later than this command"),
    })
}
