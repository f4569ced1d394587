//! Deleting groups, and single offsets.

use std::io::Write;

use anyhow::Result;
use ottla_client::admin::Admin;

use super::super::group_scripts::{Deletion, Doomed, delete_offsets};
use super::super::options::Options;
use super::{KIND, groups as wanted_groups};

pub(super) async fn groups(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let mut deletion = Deletion::default();
    deletion.delete(admin, &wanted_groups(options, admin).await?).await?;
    deletion.tell(out, KIND, "")
}

pub(super) async fn offsets(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let group = options.value("group")?.unwrap_or_default();
    let doomed = Doomed::named(options, "topic", admin).await?;
    delete_offsets(admin, group, doomed, out).await
}
