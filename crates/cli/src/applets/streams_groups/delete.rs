//! Deleting groups, and single offsets.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use ottla_client::admin::Admin;

use super::super::group_scripts::{Deletion, Doomed, delete_offsets};
use super::super::options::Options;
use super::{KIND, input, internal_topics};

pub(super) async fn groups(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let mut groups = KIND.wanted(options, admin).await?;
    if groups.is_empty() {
        return Ok(writeln!(out, "Deletion of requested streams groups ('') was successful.")?);
    }
    let there = KIND.listed(admin, Vec::new()).await?;
    let mut deletion = Deletion::default();
    deletion.refuse_others(&KIND, &mut groups, &there);
    // Whoever knows them is gone afterwards.
    let internal = match options.has("delete-all-internal-topics") && !groups.is_empty() {
        true => internal_topics::of_groups(admin, &groups, out).await?,
        false => BTreeMap::new(),
    };
    deletion.delete(admin, &groups).await?;
    let deleted = internal_topics::delete_of(admin, &internal, &deletion.done, out).await?;
    deletion.tell(out, KIND.name, ".")?;
    deleted.tell(out)
}

pub(super) async fn offsets(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let group = options.value("group")?.unwrap_or_default();
    let doomed = match options.has("all-input-topics") {
        true => Doomed::of(input::partitions(admin, group).await?),
        false => Doomed::named(options, "input-topic", admin).await?,
    };
    delete_offsets(admin, group, doomed, out).await
}
