//! Groups, with their kinds and states.

use std::io::Write;

use anyhow::Result;
use ottla_client::admin::{Admin, GroupListing, GroupsFilter};

use super::super::columns::Columns;
use super::super::group_scripts::chosen;
use super::super::options::Options;

/// States that groups of consumers have.
const STATES: [&str; 8] = [
    "PreparingRebalance",
    "CompletingRebalance",
    "Stable",
    "Dead",
    "Empty",
    "Assigning",
    "Reconciling",
    "Unknown",
];

const TYPES: [&str; 2] = ["Classic", "Consumer"];

pub(super) async fn run(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let (with_type, with_state) = (options.has("type"), options.has("state"));
    if !with_type && !with_state {
        for group in groups(admin).await? {
            writeln!(out, "{group}")?;
        }
        return Ok(());
    }
    let filter = GroupsFilter {
        states: chosen(options, "state", &STATES, "Invalid state list '{}'. Valid states are: ")?,
        types: chosen(options, "type", &TYPES, "Invalid types list '{}'. Valid types are: ")?,
    };
    let mut headings = vec!["GROUP".to_owned()];
    headings.extend(with_type.then(|| "TYPE".to_owned()));
    headings.extend(with_state.then(|| "STATE".to_owned()));
    let mut rows = vec![headings];
    for group in listed(admin, &filter).await? {
        let told = |text: Option<&str>| text.unwrap_or("Unknown").to_owned();
        let mut row = vec![group.id.to_string()];
        row.extend(with_type.then(|| capitalized(&told(group.group_type.as_deref()))));
        row.extend(with_state.then(|| told(group.state.as_deref())));
        rows.push(row);
    }
    let width = Columns::fitting(&[15], &rows).first() + 10;
    let columns = Columns::fixed(&[width, 20, 20]);
    for row in &rows {
        columns.write(out, row)?;
        writeln!(out)?;
    }
    Ok(())
}

/// All groups of consumers.
pub(super) async fn groups(admin: &Admin) -> Result<Vec<String>> {
    let listed = listed(admin, &GroupsFilter::default()).await?;
    Ok(listed.into_iter().map(|group| group.id.to_string()).collect())
}

/// Those of consumers alone, by their names in order.
pub(super) async fn listed(admin: &Admin, filter: &GroupsFilter) -> Result<Vec<GroupListing>> {
    let mut groups = Vec::new();
    for listed in admin.list_groups(filter).await?.into_values() {
        groups.extend(listed?);
    }
    groups.retain(|group| matches!(&*group.protocol_type, "" | "consumer"));
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(groups)
}

/// Kinds are told in any case.
fn capitalized(kind: &str) -> String {
    let mut letters = kind.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
