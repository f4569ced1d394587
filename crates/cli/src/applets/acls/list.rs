//! What there is.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::Result;
use ottla_client::admin::{AclFilter, Admin};

use super::wanted::{Entries, Pattern, shown};

pub(super) async fn run(
    patterns: &[Pattern],
    principals: &[String],
    admin: &Admin,
    out: &mut dyn Write,
) -> Result<()> {
    let filters = match patterns {
        [] => vec![AclFilter::default()],
        patterns => patterns.iter().map(Pattern::filter).collect(),
    };
    let mut there = Entries::new();
    for filter in filters {
        for binding in admin.describe_acls(&filter).await? {
            there.entry(Pattern::of(&binding)).or_default().insert(binding.entry);
        }
    }
    if principals.is_empty() {
        return write(&there, out);
    }
    for principal in principals.iter().collect::<BTreeSet<_>>() {
        writeln!(out, "ACLs for principal `{principal}`")?;
        let mut of_principal = there.clone();
        for entries in of_principal.values_mut() {
            entries.retain(|entry| *entry.principal == **principal);
        }
        of_principal.retain(|_, entries| !entries.is_empty());
        write(&of_principal, out)?;
    }
    Ok(())
}

fn write(there: &Entries, out: &mut dyn Write) -> Result<()> {
    for (pattern, entries) in there {
        writeln!(out, "Current ACLs for resource `{pattern}`:")?;
        for entry in entries {
            writeln!(out, "\t{}", shown(entry))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
