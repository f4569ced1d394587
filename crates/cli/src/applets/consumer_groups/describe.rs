//! Offsets and lag, members, states.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use anyhow::{Context as _, Result, anyhow, bail};
use ottla_client::admin::{Admin, CommittedOffset, DescribedGroup, OffsetSpec};
use ottla_client::config::IsolationLevel;
use ottla_client::{Offset, TopicPartition};

use super::super::columns::Columns;
use super::super::group_scripts::{Coordinator, by_topics, coordinators, or_dash, print_error};
use super::super::java;
use super::super::options::Options;
use super::groups;
use crate::commands::offsets_of::offsets_of;

pub(super) async fn run(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let groups = groups(options, admin).await?;
    let ids: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut described = Vec::new();
    for (id, group) in admin.describe_groups(&ids).await? {
        described.push(Group::new(&id, group.map_err(|error| anyhow!(java::shown(&error)))?));
    }
    let is_verbose = options.has("verbose");
    if options.has("members") {
        return described.iter().try_for_each(|group| group.write_members(out, is_verbose));
    }
    if options.has("state") {
        let coordinators = coordinators(admin).await?;
        return described.iter().try_for_each(|group| {
            let coordinator = coordinators.get(&group.id).context("nobody coordinates the group")?;
            group.write_state(out, coordinator, is_verbose)
        });
    }
    for group in &described {
        group.write_offsets(out, admin, is_verbose).await?;
    }
    Ok(())
}

/// A group of either protocol.
struct Group {
    id: String,
    state: String,
    assignor: String,
    /// Of the consumer protocol: the group's epoch, and the one of its assignment.
    epochs: Option<(i32, i32)>,
    members: Vec<Member>,
}

struct Member {
    id: String,
    instance_id: String,
    client_id: String,
    host: String,
    epoch: Option<i32>,
    assignment: Vec<TopicPartition>,
    target: Vec<TopicPartition>,
    /// Of the consumer protocol, whether it speaks it itself.
    is_upgraded: Option<bool>,
}

impl Group {
    fn new(id: &str, group: DescribedGroup) -> Group {
        let id = id.to_owned();
        match group {
            DescribedGroup::Classic(group) => Group {
                id,
                state: group.state.to_string(),
                assignor: group.protocol.to_string(),
                epochs: None,
                members: group
                    .members
                    .into_iter()
                    .map(|member| Member {
                        id: member.id.to_string(),
                        instance_id: member.instance_id.as_deref().unwrap_or_default().to_owned(),
                        client_id: member.client_id.to_string(),
                        host: member.client_host.to_string(),
                        epoch: None,
                        assignment: member.partitions,
                        target: Vec::new(),
                        is_upgraded: None,
                    })
                    .collect(),
            },
            DescribedGroup::Consumer(group) => Group {
                id,
                state: group.state.to_string(),
                assignor: group.assignor.to_string(),
                epochs: Some((group.epoch, group.assignment_epoch)),
                members: group
                    .members
                    .into_iter()
                    .map(|member| Member {
                        id: member.id.to_string(),
                        instance_id: member.instance_id.as_deref().unwrap_or_default().to_owned(),
                        client_id: member.client_id.to_string(),
                        host: member.client_host.to_string(),
                        epoch: Some(member.epoch),
                        assignment: member.assignment,
                        target: member.target_assignment,
                        is_upgraded: member.is_classic.map(|is_classic| !is_classic),
                    })
                    .collect(),
            },
            _ => Group {
                id,
                state: "Unknown".into(),
                assignor: String::new(),
                epochs: None,
                members: Vec::new(),
            },
        }
    }

    /// Tells what is special about the group, and whether there is anything to be shown.
    fn tell_state(&self, out: &mut dyn Write, rows: usize) -> Result<bool> {
        let id = &self.id;
        match &*self.state {
            "Dead" => print_error(out, &format!("Consumer group '{id}' does not exist."))?,
            "Empty" => sayln!("\nConsumer group '{id}' has no active members."),
            "PreparingRebalance" | "CompletingRebalance" | "Assigning" | "Reconciling" => {
                sayln!("\nWarning: Consumer group '{id}' is rebalancing.");
            }
            "Stable" => {}
            state => bail!("Expected a valid consumer group state, but found '{state}'."),
        }
        Ok(self.state != "Dead" && rows > 0)
    }

    async fn write_offsets(&self, out: &mut dyn Write, admin: &Admin, is_verbose: bool) -> Result<()> {
        let offsets = Offsets::of(self, admin).await?;
        let mut rows = offsets.rows(self, is_verbose);
        if !self.tell_state(out, rows.len())? {
            return Ok(());
        }
        let mut headings = OFFSET_HEADINGS.to_vec();
        let mut least = OFFSET_WIDTHS.to_vec();
        if is_verbose {
            headings.insert(3, "LEADER-EPOCH");
            least.insert(3, 15);
        }
        // Numbers have columns that do not grow.
        let mut columns = Columns::fitting(&least, &rows);
        for (at, width) in least.iter().enumerate().take(least.len() - 2).skip(2) {
            columns = columns.with_width(at, *width);
        }
        rows.insert(0, headings.into_iter().map(str::to_owned).collect());
        Ok(columns.write_set_off(out, &rows)?)
    }

    fn write_members(&self, out: &mut dyn Write, is_verbose: bool) -> Result<()> {
        let has_rows = self.tell_state(out, self.members.len())?;
        let members: &[Member] = if has_rows { &self.members } else { &[] };
        let has_instances = members.iter().any(|member| !member.instance_id.is_empty());
        let is_of = |upgraded: bool| members.iter().any(|member| member.is_upgraded == Some(upgraded));
        let is_migrating = is_of(true) && is_of(false);
        let pick = |cells: [String; 11]| -> Vec<String> {
            let kept = |at: usize| match at {
                2 => has_instances,
                6..=9 => is_verbose,
                10 => is_verbose && is_migrating,
                _ => true,
            };
            let cells = cells.into_iter().enumerate();
            cells.filter(|(at, _)| kept(*at)).map(|(_, cell)| cell).collect()
        };
        let headings = pick(MEMBER_HEADINGS.map(str::to_owned));
        let rows: Vec<Vec<String>> = members.iter().map(|member| pick(self.member_cells(member))).collect();
        let least: Vec<usize> = headings.iter().map(|heading| member_width(heading)).collect();
        let columns = Columns::fitting(&least, &rows);
        writeln!(out)?;
        for row in [&headings].into_iter().chain(&rows) {
            columns.write(out, row)?;
            if !is_verbose {
                write!(out, " ")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn member_cells(&self, member: &Member) -> [String; 11] {
        [
            self.id.clone(),
            member.id.clone(),
            member.instance_id.clone(),
            member.host.clone(),
            member.client_id.clone(),
            member.assignment.len().to_string(),
            or_dash(member.epoch),
            or_dash(assignment(&member.assignment)),
            or_dash(self.epochs.map(|(_, of_assignment)| of_assignment)),
            or_dash(assignment(&member.target)),
            or_dash(member.is_upgraded),
        ]
    }

    fn write_state(&self, out: &mut dyn Write, coordinator: &Coordinator, is_verbose: bool) -> Result<()> {
        if !self.tell_state(out, 1)? {
            return Ok(());
        }
        let assignor = if self.assignor.is_empty() { "-" } else { &self.assignor };
        let mut headings = vec!["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE"];
        let Coordinator { address, id } = coordinator;
        let coordinator = format!("{address}  ({id})");
        let mut row = vec![self.id.clone(), coordinator, assignor.to_owned(), self.state.clone()];
        let mut least = vec![15, 25, 20, 20];
        if is_verbose {
            headings.extend(["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"]);
            let (group, target) = self.epochs.unzip();
            row.extend([group, target].map(or_dash));
            least.extend([15, 25]);
        }
        headings.push("#MEMBERS");
        row.push(self.members.len().to_string());
        let columns = Columns::fitting(&least, std::slice::from_ref(&row)).with_width(2, 20);
        let mut write = || -> io::Result<()> {
            writeln!(out)?;
            columns.write(out, &headings)?;
            writeln!(out)?;
            columns.write(out, &row)?;
            writeln!(out)
        };
        Ok(write()?)
    }
}

const OFFSET_HEADINGS: [&str; 9] = [
    "GROUP",
    "TOPIC",
    "PARTITION",
    "CURRENT-OFFSET",
    "LOG-END-OFFSET",
    "LAG",
    "CONSUMER-ID",
    "HOST",
    "CLIENT-ID",
];

/// The last column is not padded.
const OFFSET_WIDTHS: [usize; 8] = [15, 15, 10, 15, 15, 15, 15, 15];

const MEMBER_HEADINGS: [&str; 11] = [
    "GROUP",
    "CONSUMER-ID",
    "GROUP-INSTANCE-ID",
    "HOST",
    "CLIENT-ID",
    "#PARTITIONS",
    "CURRENT-EPOCH",
    "CURRENT-ASSIGNMENT",
    "TARGET-EPOCH",
    "TARGET-ASSIGNMENT",
    "UPGRADED",
];

fn member_width(heading: &str) -> usize {
    match heading {
        "GROUP-INSTANCE-ID" => 17,
        "CURRENT-ASSIGNMENT" | "TARGET-ASSIGNMENT" => 20,
        "UPGRADED" => 0,
        _ => 15,
    }
}

fn assignment(partitions: &[TopicPartition]) -> Option<String> {
    (!partitions.is_empty()).then(|| by_topics(partitions))
}

/// Where a group is, and where its partitions end.
struct Offsets {
    committed: BTreeMap<TopicPartition, CommittedOffset>,
    ends: BTreeMap<TopicPartition, Offset>,
}

impl Offsets {
    async fn of(group: &Group, admin: &Admin) -> Result<Offsets> {
        let mut committed = BTreeMap::new();
        for (partition, offset) in admin.list_group_offsets(&group.id, None, false).await? {
            committed.extend(offset?.map(|offset| (partition, offset)));
        }
        let assigned = group.members.iter().flat_map(|member| &member.assignment);
        let all: BTreeSet<TopicPartition> = committed.keys().chain(assigned).cloned().collect();
        let all: Vec<TopicPartition> = all.into_iter().collect();
        let ends = offsets_of(admin, &all, OffsetSpec::Latest, IsolationLevel::ReadUncommitted).await?;
        Ok(Offsets { committed, ends })
    }

    /// Those of members first, who has most before the others, then what nobody has.
    fn rows(&self, group: &Group, is_verbose: bool) -> Vec<Vec<String>> {
        let mut members: Vec<&Member> =
            group.members.iter().filter(|member| !member.assignment.is_empty()).collect();
        members.sort_by_key(|member| std::cmp::Reverse(member.assignment.len()));
        let mut rows = Vec::new();
        let mut taken = BTreeSet::new();
        for member in members {
            let partitions: BTreeSet<&TopicPartition> = member.assignment.iter().collect();
            let who = [&member.id, &member.host, &member.client_id];
            rows.extend(partitions.iter().map(|it| self.row(group, it, who, is_verbose)));
            taken.extend(partitions);
        }
        let nobody = "-".to_owned();
        let left = self.committed.keys().filter(|partition| !taken.contains(partition));
        rows.extend(left.map(|it| self.row(group, it, [&nobody; 3], is_verbose)));
        rows
    }

    fn row(
        &self,
        group: &Group,
        partition: &TopicPartition,
        who: [&String; 3],
        verbose: bool,
    ) -> Vec<String> {
        let committed = self.committed.get(partition);
        let (offset, end) = (committed.map(|committed| committed.offset), self.ends.get(partition).copied());
        let lag = offset.zip(end).map(|(offset, end)| end - offset);
        let mut row = vec![group.id.clone(), partition.topic.to_string(), partition.partition.to_string()];
        if verbose {
            row.push(or_dash(committed.and_then(|committed| committed.leader_epoch)));
        }
        row.extend([or_dash(offset), or_dash(end), or_dash(lag)]);
        row.extend(who.map(Clone::clone));
        row
    }
}
