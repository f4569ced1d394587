//! Offsets and lag, members, states.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use ottla_client::TopicPartition;
use ottla_client::admin::{Admin, ShareGroup, ShareGroupOffset};

use super::super::columns::Columns;
use super::super::group_scripts::{Coordinator, by_topics, coordinators, or_dash, print_error};
use super::super::java;
use super::super::options::Options;
use super::KIND;

pub(super) async fn run(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let groups = described(admin, &KIND.wanted(options, admin).await?).await?;
    let is_verbose = options.has("verbose");
    if options.has("members") {
        for (id, group) in &groups {
            write_members(out, id, group, is_verbose)?;
        }
    } else if options.has("state") {
        let coordinators = coordinators(admin).await?;
        for (id, group) in &groups {
            let coordinator = coordinators.get(&**id).context("nobody coordinates the group")?;
            write_state(out, id, group, coordinator, is_verbose)?;
        }
    } else {
        let mut offsets = BTreeMap::new();
        for id in groups.keys() {
            offsets.insert(id, offsets_of(admin, id).await?);
        }
        for (id, offsets) in &offsets {
            write_offsets(out, id, offsets, is_verbose)?;
        }
    }
    Ok(())
}

async fn described(admin: &Admin, groups: &[String]) -> Result<BTreeMap<Arc<str>, ShareGroup>> {
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let described = admin.describe_share_groups(&groups).await?.into_iter();
    described.map(|(id, group)| Ok((id, group.map_err(|error| anyhow!(java::shown(&error)))?))).collect()
}

type Offsets = BTreeMap<TopicPartition, Option<ShareGroupOffset>>;

/// Where a group is; partitions of which that is not told are left out.
async fn offsets_of(admin: &Admin, group: &str) -> Result<Offsets> {
    let listed = admin.list_share_group_offsets(group, None).await;
    let listed = listed.map_err(|error| anyhow!(java::wrapped(&error)))?.into_iter();
    Ok(listed.filter_map(|(partition, offset)| Some((partition, offset.ok()?))).collect())
}

fn write_offsets(out: &mut dyn Write, group: &str, offsets: &Offsets, is_verbose: bool) -> io::Result<()> {
    if offsets.is_empty() {
        return writeln!(out, "\nShare group '{group}' has no offset information.");
    }
    let pick = |cells: [String; 6]| -> Vec<String> {
        let cells = cells.into_iter().enumerate();
        cells.filter(|(at, _)| is_verbose || *at != 3).map(|(_, cell)| cell).collect()
    };
    let mut rows = vec![pick(OFFSET_HEADINGS.map(str::to_owned))];
    for (partition, known) in offsets {
        rows.push(pick([
            group.to_owned(),
            partition.topic.to_string(),
            partition.partition.to_string(),
            or_dash(known.and_then(|known| known.leader_epoch)),
            or_dash(known.map(|known| known.start_offset)),
            or_dash(known.and_then(|known| known.lag)),
        ]));
    }
    let numbers: &[usize] = if is_verbose { &[10, 13, 13] } else { &[10, 13] };
    Columns::fitting(&[15, 15], &rows).then(numbers).write_set_off(out, &rows)
}

const OFFSET_HEADINGS: [&str; 6] = ["GROUP", "TOPIC", "PARTITION", "LEADER-EPOCH", "START-OFFSET", "LAG"];

fn write_members(out: &mut dyn Write, id: &str, group: &ShareGroup, is_verbose: bool) -> io::Result<()> {
    if !tell_state(out, id, group, group.members.len())? {
        return Ok(());
    }
    let pick = |cells: [String; 7]| -> Vec<String> {
        let cells = cells.into_iter().enumerate();
        cells.filter(|(at, _)| is_verbose || *at != 5).map(|(_, cell)| cell).collect()
    };
    let mut members: Vec<_> = group.members.iter().collect();
    members.sort_by(|a, b| a.id.cmp(&b.id));
    let mut rows = vec![pick(MEMBER_HEADINGS.map(str::to_owned))];
    for member in members {
        rows.push(pick([
            id.to_owned(),
            member.id.to_string(),
            member.client_host.to_string(),
            member.client_id.to_string(),
            member.assignment.len().to_string(),
            member.epoch.to_string(),
            by_topics(&member.assignment),
        ]));
    }
    let numbers: &[usize] = if is_verbose { &[12, 13] } else { &[12] };
    Columns::fitting(&[15; 4], &rows).then(numbers).write_set_off(out, &rows)
}

const MEMBER_HEADINGS: [&str; 7] =
    ["GROUP", "CONSUMER-ID", "HOST", "CLIENT-ID", "#PARTITIONS", "MEMBER-EPOCH", "ASSIGNMENT"];

fn write_state(
    out: &mut dyn Write,
    id: &str,
    group: &ShareGroup,
    coordinator: &Coordinator,
    is_verbose: bool,
) -> io::Result<()> {
    tell_state(out, id, group, 1)?;
    let Coordinator { address, id: broker } = coordinator;
    let mut headings = vec!["GROUP", "COORDINATOR (ID)", "STATE"];
    let mut row = vec![id.to_owned(), format!("{address}  ({broker})"), group.state.to_string()];
    let mut widths = vec![15];
    if is_verbose {
        headings.extend(["GROUP-EPOCH", "ASSIGNMENT-EPOCH"]);
        row.extend([group.epoch, group.assignment_epoch].map(|epoch| epoch.to_string()));
        widths.extend([12, 17]);
    }
    headings.push("#MEMBERS");
    row.push(group.members.len().to_string());
    let rows = [headings.into_iter().map(str::to_owned).collect(), row];
    Columns::fitting(&[15, 25], &rows).then(&widths).write_set_off(out, &rows)
}

/// Tells what is special about the group, and whether there is anything to be shown.
fn tell_state(out: &mut dyn Write, id: &str, group: &ShareGroup, rows: usize) -> io::Result<bool> {
    let is_dead = &*group.state == "Dead";
    if is_dead {
        print_error(out, &format!("Share group '{id}' does not exist."))?;
    } else if &*group.state == "Empty" {
        sayln!("\nShare group '{id}' has no active members.");
    }
    Ok(!is_dead && rows > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(offsets: &Offsets, is_verbose: bool, expected: &str) {
        let mut out = Vec::new();
        write_offsets(&mut out, "billing", offsets, is_verbose).expect("it can be written");
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn where_a_group_has_not_begun_there_are_dashes() {
        check(&Offsets::new(), false, "\nShare group 'billing' has no offset information.\n");
        let offsets = Offsets::from([(TopicPartition::new("orders", 0), None)]);
        let brief = "\nGROUP           TOPIC           PARTITION  START-OFFSET  LAG\
                     \nbilling         orders          0          -             -\n";
        check(&offsets, false, brief);
        let verbose = "\nGROUP           TOPIC           PARTITION  LEADER-EPOCH  START-OFFSET  LAG\
                       \nbilling         orders          0          -             -             -\n";
        check(&offsets, true, verbose);
    }
}
