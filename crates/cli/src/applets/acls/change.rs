//! What is added and removed.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write};

use anyhow::{Result, bail};
use ottla_client::admin::{AclEntry, AclFilter, Admin};

use super::wanted::{Entries, Pattern, shown};

pub(super) async fn add(wanted: &Entries, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    for (pattern, entries) in wanted {
        let there = admin.describe_acls(&pattern.filter()).await?;
        let mut added = BTreeSet::new();
        for entry in entries {
            let binding = pattern.binding(entry);
            if there.contains(&binding) {
                writeln!(out, "Acl (pattern={pattern}, entry={}) already exists.", shown(entry))?;
            } else {
                added.insert(entry.clone());
            }
        }
        if added.is_empty() {
            continue;
        }
        writeln!(out, "Adding ACLs for resource `{pattern}`: \n {}\n", listed(&added))?;
        let bindings: Vec<_> = added.iter().map(|entry| pattern.binding(entry)).collect();
        for created in admin.create_acls(&bindings).await? {
            created?;
        }
    }
    Ok(())
}

pub(super) async fn remove(
    wanted: &Entries,
    is_forced: bool,
    admin: &Admin,
    out: &mut dyn Write,
) -> Result<()> {
    for (pattern, entries) in wanted {
        if is_forced || is_confirmed(&question(pattern, entries), out)? {
            let filters: Vec<AclFilter> = match entries.is_empty() {
                true => vec![pattern.filter()],
                false => entries.iter().map(|entry| pattern.filter_of(entry)).collect(),
            };
            for deleted in admin.delete_acls(&filters).await? {
                for deleted in deleted? {
                    deleted?;
                }
            }
        }
    }
    Ok(())
}

fn listed(entries: &BTreeSet<AclEntry>) -> String {
    entries.iter().map(|entry| format!("\t{}", shown(entry))).collect::<Vec<_>>().join("\n")
}

fn question(pattern: &Pattern, entries: &BTreeSet<AclEntry>) -> String {
    if entries.is_empty() {
        return format!("Are you sure you want to delete all ACLs for resource filter `{pattern}`? (y/n)");
    }
    let entries = listed(entries);
    format!("Are you sure you want to remove ACLs: \n {entries}\n from resource filter `{pattern}`? (y/n)")
}

fn is_confirmed(question: &str, out: &mut dyn Write) -> Result<bool> {
    writeln!(out, "{question}")?;
    out.flush()?;
    if !io::stdin().is_terminal() {
        bail!("there is no terminal to ask on: --force removes without asking");
    }
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}
