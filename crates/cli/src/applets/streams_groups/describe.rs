//! Offsets and lag, members with their tasks, states.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anyhow::{Context as _, Result, anyhow};
use ottla_client::TopicPartition;
use ottla_client::admin::{Admin, OffsetSpec, StreamsGroup, StreamsGroupMember, StreamsTask};
use ottla_client::config::IsolationLevel;

use super::super::columns::Columns;
use super::super::ending::Misuse;
use super::super::group_scripts::{Coordinator, coordinators, or_dash, print_error};
use super::super::java;
use super::super::options::Options;
use super::KIND;
use super::input::committed;
use crate::commands::offsets_of::offsets_of;

pub(super) async fn run(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let is_verbose = options.has("verbose");
    for id in KIND.wanted(options, admin).await? {
        let described = admin.describe_streams_groups(&[&id]).await?.into_values().next();
        let group = described.context("nobody told of the group")?;
        let group = group.map_err(|error| anyhow!(java::shown(&error)))?;
        if options.has("members") {
            write_members(out, &id, &group, is_verbose)?;
        } else if options.has("state") {
            let coordinators = coordinators(admin).await?;
            let coordinator = coordinators.get(&id).context("nobody coordinates the group")?;
            write_state(out, &id, &group, coordinator, is_verbose)?;
        } else if !group.members.is_empty() {
            tell_state(out, &id, &group)?;
            let rows = offset_rows(options, admin, &id, &group).await?;
            write_offsets(out, &rows, is_verbose)?;
        }
    }
    Ok(())
}

/// Tells what is special about the group.
fn tell_state(out: &mut dyn Write, id: &str, group: &StreamsGroup) -> io::Result<()> {
    match &*group.state {
        "Dead" => print_error(out, &format!("Streams group '{id}' does not exist.")),
        "Empty" => print_error(out, &format!("Streams group '{id}' has no active members.")),
        _ => Ok(()),
    }
}

/// All columns of each partition that a member reads.
async fn offset_rows(
    options: &Options,
    admin: &Admin,
    id: &str,
    group: &StreamsGroup,
) -> Result<Vec<[String; 7]>> {
    let partitions: Vec<TopicPartition> = assigned(options, group)?.into_iter().collect();
    let isolation = IsolationLevel::ReadUncommitted;
    let starts = offsets_of(admin, &partitions, OffsetSpec::Earliest, isolation).await?;
    let ends = offsets_of(admin, &partitions, OffsetSpec::Latest, isolation).await?;
    let committed = committed(admin, id).await?;
    let row = |partition: &TopicPartition| {
        let (start, end) = (starts.get(partition)?, ends.get(partition)?);
        let committed = committed.get(partition);
        let offset = committed.map(|committed| committed.offset);
        Some([
            id.to_owned(),
            partition.topic.to_string(),
            partition.partition.to_string(),
            or_dash(offset),
            or_dash(committed.and_then(|committed| committed.leader_epoch)),
            end.to_string(),
            (end - offset.unwrap_or(*start)).to_string(),
        ])
    };
    Ok(partitions.iter().filter_map(row).collect())
}

/// What members read: of each task its partition, of all topics of its subtopology.
fn assigned(options: &Options, group: &StreamsGroup) -> Result<BTreeSet<TopicPartition>, Misuse> {
    let mut partitions = BTreeSet::new();
    for task in group.members.iter().flat_map(|member| &member.active) {
        let part = group.subtopologies.iter().find(|part| part.id == task.subtopology).ok_or_else(|| {
            options.misuse(format!("Subtopology {} not found in group description!", task.subtopology))
        })?;
        let topics = part.source_topics.iter().chain(&part.repartition_source_topics);
        partitions.extend(topics.map(|topic| TopicPartition::new(topic.clone(), task.partition)));
    }
    Ok(partitions)
}

fn write_offsets(out: &mut dyn Write, rows: &[[String; 7]], is_verbose: bool) -> io::Result<()> {
    let pick = |cells: &[String; 7]| -> Vec<String> {
        let cells = cells.iter().enumerate();
        cells.filter(|(at, _)| is_verbose || !(3..=5).contains(at)).map(|(_, cell)| cell.clone()).collect()
    };
    let headings = OFFSET_HEADINGS.map(str::to_owned);
    let rows: Vec<Vec<String>> = [&headings].into_iter().chain(rows).map(pick).collect();
    let numbers: &[usize] = if is_verbose { &[10, 15, 15, 15, 15] } else { &[10] };
    Columns::fitting(&[15, 15], &rows).then(numbers).write_lines(out, &rows)
}

const OFFSET_HEADINGS: [&str; 7] =
    ["GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LEADER-EPOCH", "LOG-END-OFFSET", "OFFSET-LAG"];

fn write_members(out: &mut dyn Write, id: &str, group: &StreamsGroup, is_verbose: bool) -> io::Result<()> {
    if group.members.is_empty() {
        return Ok(());
    }
    tell_state(out, id, group)?;
    if is_verbose { write_members_verbosely(out, id, group) } else { write_members_briefly(out, id, group) }
}

fn write_members_briefly(out: &mut dyn Write, id: &str, group: &StreamsGroup) -> io::Result<()> {
    let mut rows =
        vec![["GROUP", "MEMBER", "PROCESS", "CLIENT-ID", "ASSIGNMENTS"].map(str::to_owned).to_vec()];
    rows.extend(group.members.iter().map(|member| {
        let (process, client) = (member.process_id.to_string(), member.client_id.to_string());
        vec![id.to_owned(), member.id.to_string(), process, client, tasks_of(member)]
    }));
    Columns::fitting(&[15; 4], &rows).write_lines(out, &rows)
}

fn write_members_verbosely(out: &mut dyn Write, id: &str, group: &StreamsGroup) -> io::Result<()> {
    // These two stand side by side without a space between them.
    let epoch_and_member = |epoch: &str, member: &str| format!("{epoch:15}{member}");
    let mut rows = vec![vec![
        "GROUP".to_owned(),
        "TARGET-ASSIGNMENT-EPOCH".to_owned(),
        epoch_and_member("TOPOLOGY-EPOCH", "MEMBER"),
        "MEMBER-PROTOCOL".to_owned(),
        "MEMBER-EPOCH".to_owned(),
        "PROCESS".to_owned(),
        "CLIENT-ID".to_owned(),
        "ASSIGNMENTS".to_owned(),
    ]];
    let topology_epoch = group.topology_epoch.unwrap_or_default().to_string();
    rows.extend(group.members.iter().map(|member| {
        vec![
            id.to_owned(),
            group.assignment_epoch.to_string(),
            epoch_and_member(&topology_epoch, &member.id),
            if member.is_classic { "classic" } else { "streams" }.to_owned(),
            member.epoch.to_string(),
            member.process_id.to_string(),
            member.client_id.to_string(),
            tasks_of(member) + &target_tasks_of(member),
        ]
    }));
    Columns::fitting(&[15, 25, 30, 15, 15, 15, 15], &rows).write_lines(out, &rows)
}

fn tasks_of(member: &StreamsGroupMember) -> String {
    tasks("ACTIVE", &member.active) + &tasks("STANDBY", &member.standby) + &tasks("WARMUP", &member.warmup)
}

fn target_tasks_of(member: &StreamsGroupMember) -> String {
    tasks("TARGET-ACTIVE", &member.target_active)
        + &tasks("TARGET-STANDBY", &member.target_standby)
        + &tasks("TARGET-WARMUP", &member.target_warmup)
}

/// As `ACTIVE: 0:[0,1]; 1:[2]; `.
fn tasks(kind: &str, tasks: &[StreamsTask]) -> String {
    if tasks.is_empty() {
        return String::new();
    }
    let parts = tasks.chunk_by(|a, b| a.subtopology == b.subtopology).map(|tasks| {
        let partitions: Vec<String> = tasks.iter().map(|task| task.partition.to_string()).collect();
        format!("{}:[{}]; ", tasks[0].subtopology, partitions.join(","))
    });
    format!("{kind}: {}", parts.collect::<String>())
}

fn write_state(
    out: &mut dyn Write,
    id: &str,
    group: &StreamsGroup,
    coordinator: &Coordinator,
    is_verbose: bool,
) -> io::Result<()> {
    tell_state(out, id, group)?;
    let Coordinator { address, id: broker } = coordinator;
    let mut headings = vec!["GROUP", "COORDINATOR (ID)", "STATE"];
    let mut row = vec![id.to_owned(), format!("{address} ({broker})"), group.state.to_string()];
    let mut widths = vec![25];
    if is_verbose {
        headings.extend(["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"]);
        row.extend([group.epoch, group.assignment_epoch].map(|epoch| epoch.to_string()));
        widths.extend([15, 25]);
    }
    headings.push("#MEMBERS");
    row.push(group.members.len().to_string());
    let rows = [headings.into_iter().map(str::to_owned).collect(), row];
    Columns::fitting(&[15, 25], &rows).then(&widths).write_lines(out, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_told_with_what_there_is_to_do() {
        let row = ["totals", "orders", "0", "-", "-", "10", "10"].map(str::to_owned);
        for (is_verbose, expected) in [
            (
                false,
                "GROUP           TOPIC           PARTITION  OFFSET-LAG\n\
                     totals          orders          0          10\n",
            ),
            (
                true,
                "GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LEADER-EPOCH    LOG-END-OFFSET  OFFSET-LAG     \n\
                    totals          orders          0          -               -               10              10             \n",
            ),
        ] {
            let mut out = Vec::new();
            write_offsets(&mut out, std::slice::from_ref(&row), is_verbose).expect("it can be written");
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }

    #[test]
    fn tasks_are_told_by_subtopologies() {
        let of = |subtopology: &str, partition| StreamsTask { subtopology: subtopology.into(), partition };
        assert_eq!(tasks("ACTIVE", &[of("0", 0), of("0", 1), of("1", 2)]), "ACTIVE: 0:[0,1]; 1:[2]; ");
        assert_eq!(tasks("STANDBY", &[]), "");
    }
}
