//! `kafka-share-groups`.
//!
//! ```text
//! describe   offsets and lag, members, states
//! reset      where a group goes on; plan alone without --execute
//! delete     groups, and where they are in topics
//! ```

mod delete;
mod describe;
mod reset;

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use ottla_client::admin::Admin;

use super::connection::connect;
use super::ending::Misuse;
use super::group_scripts::{
    Kind, check_available, check_describe, check_exclusive, check_scope, is_failure, print_failure,
};
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to list, describe, reset and delete share groups.",
    options: &[
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The server(s) to connect to."),
        Opt::value("group", "share group", "The share group; may be given several times."),
        Opt::value(
            "topic",
            "topic",
            "A topic, or topic1:0,1,2 for these partitions when offsets are reset; may be given several times.",
        ),
        Opt::flag("all-topics", "Of --reset-offsets all topics in which the group has been."),
        Opt::flag("list", "List all share groups."),
        Opt::flag("describe", "Describe share groups, and show the lag."),
        Opt::flag("all-groups", "All share groups."),
        Opt::flag("delete", "Delete share groups."),
        Opt::value("timeout", "timeout (ms)", "How long brokers are waited for (default: 30000)"),
        Opt::value("command-config", "command config property file", "Options of the client."),
        Opt::flag("reset-offsets", "Reset offsets of a group without members."),
        Opt::flag("delete-offsets", "Forget where a group is in topics."),
        Opt::flag("dry-run", "Only show what --reset-offsets would do."),
        Opt::flag("execute", "Do what --reset-offsets shows."),
        Opt::value("to-datetime", "datetime", "Reset to a time, YYYY-MM-DDThh:mm:ss.sss"),
        Opt::flag("to-earliest", "Reset to the earliest offset."),
        Opt::flag("to-latest", "Reset to the latest offset."),
        Opt::flag("members", "Of --describe the members."),
        Opt::flag("offsets", "Of --describe the offsets and the lag, as without it."),
        Opt::optional(
            "state",
            "states",
            "Of --describe the state; of --list too, or groups in these states.",
        ),
        Opt::flag("verbose", "Of --describe more columns."),
    ],
};

const ACTIONS: [&str; 5] = ["list", "describe", "delete", "reset-offsets", "delete-offsets"];

const SCENARIOS: [&str; 3] = ["to-datetime", "to-earliest", "to-latest"];

const KIND: Kind = Kind {
    name: "share",
    group_type: "Share",
    states: &["Stable", "Dead", "Empty"],
    stranger: "is not a share group",
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    check(&options)?;
    block_on(async {
        let admin = connect(&options).await?.admin;
        match Box::pin(act(&options, admin, out)).await {
            Err(error) if is_failure(&error) => {
                print_failure(out, KIND.name, &error)?;
                // As the original, which takes what it has told for a success.
                Ok(Outcome::Success)
            }
            acted => acted,
        }
    })
}

async fn act(options: &Options, admin: Admin, out: &mut dyn Write) -> Result<Outcome> {
    let within = options.number("timeout")?.unwrap_or(30_000);
    let admin = &admin.within(Duration::from_millis(within));
    if options.has("list") {
        KIND.list(options, admin, out).await?;
    } else if options.has("describe") {
        describe::run(options, admin, out).await?;
    } else if options.has("delete") {
        delete::groups(options, admin, out).await?;
    } else if options.has("reset-offsets") {
        return reset::run(options, admin, out).await;
    } else {
        delete::offsets(options, admin, out).await?;
    }
    Ok(Outcome::Success)
}

/// In the order in which the script complains.
fn check(options: &Options) -> Result<(), Misuse> {
    let of_describe: &[&str] = &["describe"];
    check_available(options, &["members", "offsets", "verbose"].map(|option| (option, of_describe)))?;
    check_available(options, &[("state", &["describe", "list"])])?;
    options.answer_help()?;
    options.require(&["bootstrap-server"])?;
    check_scope(options, "describe")?;
    check_describe(options)?;
    check_delete(options)?;
    check_reset(options)?;
    options.exclude("group", &["all-groups", "list"])?;
    options.exclude("topic", &["list", "describe"])?;
    if options.count(&ACTIONS) != 1 {
        let actions = ACTIONS.map(|action| format!("--{action}")).join(", ");
        return Err(options.misuse(format!("Command must include exactly one action: {actions}.")));
    }
    Ok(())
}

fn check_delete(options: &Options) -> Result<(), Misuse> {
    if options.has("delete") {
        match options.count(&["group", "all-groups"]) {
            0 => return Err(options.misuse("Option [delete] takes the options [group] or [all-groups]")),
            1 => {}
            _ => {
                let message = "Option [delete] takes either [group] or [all-groups], not both.";
                return Err(options.misuse(message));
            }
        }
        if options.has("topic") {
            return Err(options.misuse("Option [delete] does not take the option: [topic]"));
        }
    }
    if options.has("delete-offsets") && options.count(&["group", "topic"]) != 2 {
        let message = "Option [delete-offsets] takes the following options: [group], [topic]";
        return Err(options.misuse(message));
    }
    Ok(())
}

fn check_reset(options: &Options) -> Result<(), Misuse> {
    if !options.has("reset-offsets") {
        return Ok(());
    }
    let takes = |what: &str| Err(options.misuse(format!("Option [reset-offsets] {what}")));
    match options.count(&["dry-run", "execute"]) {
        0 => return takes("takes the option: [execute] or [dry-run]"),
        1 => {}
        _ => return takes("only accepts one of [execute] and [dry-run]"),
    }
    if !options.has("group") {
        return takes("takes the option: [group]");
    }
    if options.count(&["topic", "all-topics"]) == 0 {
        return takes("takes one of these options: [all-topics], [topic]");
    }
    if options.count(&SCENARIOS) == 0 {
        return takes("takes one of these options: [to-datetime], [to-earliest], [to-latest]");
    }
    check_exclusive(options, &SCENARIOS)
}
