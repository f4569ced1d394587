//! Deleting groups.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::Result;
use ottla_client::admin::{Admin, GroupListing};

use super::super::java;
use super::{Kind, print_error};

/// What became of groups that were to be deleted.
#[derive(Debug, Default)]
pub(in crate::applets) struct Deletion {
    pub(in crate::applets) done: BTreeSet<String>,
    /// With the exceptions that say why not.
    failed: BTreeMap<String, String>,
}

impl Deletion {
    /// Keeps what may be deleted: groups of the kind that have no members.
    pub(in crate::applets) fn refuse_others(
        &mut self,
        kind: &Kind,
        groups: &mut Vec<String>,
        there: &[GroupListing],
    ) {
        groups.retain(|group| match refusal(kind, group, there) {
            Some(refusal) => {
                self.failed.insert(group.clone(), refusal);
                false
            }
            None => true,
        });
    }

    pub(in crate::applets) async fn delete(&mut self, admin: &Admin, groups: &[String]) -> Result<()> {
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        for (group, outcome) in admin.delete_groups(&groups).await? {
            match outcome {
                Ok(()) => _ = self.done.insert(group.to_string()),
                Err(error) => _ = self.failed.insert(group.to_string(), java::shown(&error)),
            }
        }
        Ok(())
    }

    /// The last sentence of one of the scripts has a full stop.
    pub(in crate::applets) fn tell(&self, out: &mut dyn Write, kind: &str, full_stop: &str) -> Result<()> {
        let done = quoted(&self.done);
        if self.failed.is_empty() {
            return Ok(writeln!(out, "Deletion of requested {kind} groups ({done}) was successful.")?);
        }
        print_error(out, &format!("Deletion of some {kind} groups failed:"))?;
        for (group, error) in &self.failed {
            writeln!(out, "* Group '{group}' could not be deleted due to: {error}")?;
        }
        if !done.is_empty() {
            writeln!(out, "\nThese {kind} groups were deleted successfully: {done}{full_stop}")?;
        }
        Ok(())
    }
}

fn refusal(kind: &Kind, group: &str, there: &[GroupListing]) -> Option<String> {
    let Some(listed) = there.iter().find(|listed| *listed.id == *group) else {
        return Some(format!("java.lang.IllegalArgumentException: Group '{group}' {}.", kind.stranger));
    };
    let which = format!("{} group '{group}'", kind.group_type);
    match listed.state.as_deref() {
        None | Some("Empty") => None,
        Some("Dead") => Some(format!("java.lang.IllegalStateException: {which} group state is DEAD.")),
        Some(_) => {
            Some(format!("org.apache.kafka.common.errors.GroupNotEmptyException: {which} is not EMPTY."))
        }
    }
}

fn quoted(groups: &BTreeSet<String>) -> String {
    let quoted: Vec<String> = groups.iter().map(|group| format!("'{group}'")).collect();
    quoted.join(", ")
}
