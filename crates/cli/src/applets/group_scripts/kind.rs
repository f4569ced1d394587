//! Groups that have a script of their own.

use std::io::Write;

use anyhow::Result;
use ottla_client::admin::{Admin, GroupListing, GroupsFilter};

use super::super::columns::Columns;
use super::super::ending::Misuse;
use super::super::options::Options;

/// A kind of groups, as brokers tell it from others.
#[derive(Debug)]
pub(in crate::applets) struct Kind {
    /// In the middle of a sentence.
    pub(in crate::applets) name: &'static str,
    /// As brokers spell it.
    pub(in crate::applets) group_type: &'static str,
    /// What states its groups can be in.
    pub(in crate::applets) states: &'static [&'static str],
    /// What is said of a group that is none of them.
    pub(in crate::applets) stranger: &'static str,
}

impl Kind {
    /// Those in some states, or all, by their names in order.
    pub(in crate::applets) async fn listed(
        &self,
        admin: &Admin,
        states: Vec<String>,
    ) -> Result<Vec<GroupListing>> {
        let filter = GroupsFilter { states, types: vec![self.group_type.to_owned()] };
        let mut groups = Vec::new();
        for listed in admin.list_groups(&filter).await?.into_values() {
            groups.extend(listed?);
        }
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(groups)
    }

    /// The names of those that are meant.
    pub(in crate::applets) async fn wanted(&self, options: &Options, admin: &Admin) -> Result<Vec<String>> {
        if !options.has("all-groups") {
            return Ok(options.values("group").map(str::to_owned).collect());
        }
        let all = self.listed(admin, Vec::new()).await?;
        Ok(all.into_iter().map(|group| group.id.to_string()).collect())
    }

    /// Names, and with `--state` states too.
    pub(in crate::applets) async fn list(
        &self,
        options: &Options,
        admin: &Admin,
        out: &mut dyn Write,
    ) -> Result<()> {
        if !options.has("state") {
            for group in self.listed(admin, Vec::new()).await? {
                writeln!(out, "{}", group.id)?;
            }
            return Ok(());
        }
        let states = chosen(options, "state", self.states, "Invalid state list '{}'. Valid states are: ")?;
        let mut rows = vec![vec!["GROUP".to_owned(), "STATE".to_owned()]];
        for group in self.listed(admin, states).await? {
            rows.push(vec![group.id.to_string(), group.state.as_deref().unwrap_or("Unknown").to_owned()]);
        }
        Ok(Columns::fitting(&[15], &rows).write_lines(out, &rows)?)
    }
}

/// The argument of an option that may have one, in the broker's spelling.
pub(in crate::applets) fn chosen(
    options: &Options,
    name: &str,
    known: &[&str],
    complaint: &str,
) -> Result<Vec<String>, Misuse> {
    let Some(text) = options.value(name)?.filter(|text| !text.is_empty()) else { return Ok(Vec::new()) };
    let wanted = text.split(',').map(|word| {
        let word = word.trim().replace('_', "");
        known.iter().find(|known| known.eq_ignore_ascii_case(&word)).map(|known| (*known).to_owned())
    });
    let wanted: Option<Vec<String>> = wanted.collect();
    wanted.ok_or_else(|| options.misuse(format!("{}{}", complaint.replace("{}", text), known.join(", "))))
}
