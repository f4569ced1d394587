//! `kafka-groups`.

use std::io::Write;

use anyhow::Result;
use ottla_client::admin::{Admin, GroupListing, GroupsFilter};

use super::columns::Columns;
use super::connection::connect;
use super::ending::Misuse;
use super::java;
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to list groups of all types.",
    options: &[
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The Kafka server to connect to."),
        Opt::value("command-config", "command config property file", "Options of the client."),
        Opt::flag("list", "List the groups."),
        Opt::value("group-type", "type", "Those of this type alone: classic, consumer, share or streams."),
        Opt::value("protocol", "protocol", "Those of this protocol alone."),
        Opt::flag("consumer", "All kinds of consumer groups."),
        Opt::flag("share", "Share groups alone."),
        Opt::flag("streams", "Streams groups alone."),
    ],
};

const TYPES: [&str; 4] = ["Classic", "Consumer", "Share", "Streams"];

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args).map_err(|misuse| SYNTAX.misuse(misuse.to_string()))?;
    check(&options)?;
    let kind = options.value("group-type")?;
    let kind = kind.map(|kind| {
        let known = TYPES.into_iter().find(|known| known.eq_ignore_ascii_case(kind));
        known.ok_or_else(|| Misuse::Bare("--group-type must be a valid group type.".to_owned()))
    });
    let kind = kind.transpose()?;
    block_on(async {
        let admin = connect(&options).await?.admin;
        match list(&options, &admin, kind).await {
            Ok(rows) => write_rows(out, &rows).map(|()| Outcome::Success),
            Err(error) => {
                writeln!(out, "Error while executing groups command : {}", java::message(&error))?;
                Ok(Outcome::Failure)
            }
        }
    })
}

fn check(options: &Options) -> Result<(), Misuse> {
    options.answer_help()?;
    if !options.has("bootstrap-server") {
        return Err(options.misuse("Missing required option(s) [bootstrap-server]"));
    }
    if !options.has("list") {
        return Err(options.misuse("Command must include exactly one action: --list."));
    }
    options.exclude("consumer", &["group-type", "protocol", "share", "streams"])?;
    options.exclude("share", &["consumer", "group-type", "protocol", "streams"])?;
    options.exclude("streams", &["consumer", "group-type", "protocol", "share"])
}

/// Group, type and protocol of each, by the groups' names in order.
async fn list(options: &Options, admin: &Admin, kind: Option<&str>) -> Result<Vec<[String; 3]>> {
    let protocol = options.value("protocol")?;
    let mut rows = Vec::new();
    for listed in admin.list_groups(&GroupsFilter::default()).await?.into_values() {
        for group in listed? {
            let shown = shown_type(&group);
            let is = |kind: &str| shown == kind;
            let is_wanted = if kind.is_some() || protocol.is_some() {
                kind.is_none_or(is) && protocol.is_none_or(|protocol| *group.protocol_type == *protocol)
            } else if options.has("consumer") {
                matches!(&*group.protocol_type, "consumer" | "") || is("Consumer")
            } else {
                (!options.has("share") || is("Share")) && (!options.has("streams") || is("Streams"))
            };
            if is_wanted {
                rows.push([group.id.to_string(), shown.to_owned(), group.protocol_type.to_string()]);
            }
        }
    }
    rows.sort();
    Ok(rows)
}

/// As Kafka spells it, whatever the broker does.
fn shown_type(group: &GroupListing) -> &'static str {
    let told = group.group_type.as_deref().unwrap_or_default();
    TYPES.into_iter().find(|known| known.eq_ignore_ascii_case(told)).unwrap_or("")
}

fn write_rows(out: &mut dyn Write, rows: &[[String; 3]]) -> Result<()> {
    let width = rows.iter().flatten().map(|cell| cell.chars().count()).max().unwrap_or_default().max(20);
    let columns = Columns::fixed(&[width; 3]);
    columns.write(out, &["GROUP", "TYPE", "PROTOCOL"])?;
    writeln!(out)?;
    for row in rows {
        columns.write(out, row)?;
        writeln!(out, " ")?;
    }
    Ok(())
}
