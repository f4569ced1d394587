//! `kafka-consumer-groups`.
//!
//! ```text
//! list       groups, with their kinds and states
//! describe   offsets and lag, members, states
//! reset      where groups go on; plan alone without --execute
//! delete     groups, and single offsets
//! ```

mod delete;
mod describe;
mod list;
mod reset;

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use ottla_client::admin::Admin;

use super::connection::connect;
use super::ending::Misuse;
use super::group_scripts::{
    SCENARIOS, check_available, check_describe, check_exclusive, check_scope, is_failure, print_failure,
};
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::java_regex::java_regex;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to list all consumer groups, describe a consumer group, delete consumer group info, \
            or reset consumer group offsets.",
    options: &[
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The server(s) to connect to."),
        Opt::value("group", "consumer group", "The consumer group; may be given several times."),
        Opt::value(
            "topic",
            "topic",
            "A topic, or topic1:0,1,2 for these partitions; may be given several times.",
        ),
        Opt::flag("all-topics", "All topics that the group has committed offsets of."),
        Opt::flag("list", "List all consumer groups."),
        Opt::flag("describe", "Describe consumer groups, and show the lag."),
        Opt::flag("all-groups", "All consumer groups."),
        Opt::flag("delete", "Delete groups with all that they committed."),
        Opt::value("timeout", "timeout (ms)", "How long brokers are waited for (default: 30000)"),
        Opt::value("command-config", "command config property file", "Options of the client."),
        Opt::flag("reset-offsets", "Reset offsets of groups without members."),
        Opt::flag("delete-offsets", "Delete offsets of a group."),
        Opt::flag("dry-run", "Only show what --reset-offsets would do."),
        Opt::flag("execute", "Do what --reset-offsets shows."),
        Opt::flag("export", "Show it as CSV."),
        Opt::value("to-offset", "offset", "Reset to an offset."),
        Opt::value("from-file", "path to CSV file", "Reset to what is in a file."),
        Opt::value("to-datetime", "datetime", "Reset to a time, YYYY-MM-DDThh:mm:ss.sss"),
        Opt::value("by-duration", "duration", "Reset to so long ago, PnDTnHnMnS"),
        Opt::flag("to-earliest", "Reset to the earliest offset."),
        Opt::flag("to-latest", "Reset to the latest offset."),
        Opt::flag("to-current", "Reset to the current offset."),
        Opt::value("shift-by", "number-of-offsets", "Reset by so many records on or back."),
        Opt::flag("members", "Of --describe the members."),
        Opt::flag("verbose", "Of --describe more columns."),
        Opt::flag("offsets", "Of --describe the offsets and the lag, as without it."),
        Opt::optional(
            "state",
            "states",
            "Of --describe the state; of --list too, or groups in these states.",
        ),
        Opt::optional("type", "types", "Of --list the type too, or groups of these types."),
        Opt::value("validate-regex", "regex", "Check a regular expression."),
    ],
};

const ACTIONS: [&str; 6] =
    ["list", "describe", "delete", "reset-offsets", "delete-offsets", "validate-regex"];

/// In the middle of a sentence.
const KIND: &str = "consumer";

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    check(&options)?;
    if let Some(pattern) = options.value("validate-regex")? {
        match java_regex(pattern) {
            Ok(_) => writeln!(out, "The regular expression `{pattern}` is valid.")?,
            Err(error) => writeln!(out, "The regular expression `{pattern}` is invalid: {error}.")?,
        }
        return Ok(Outcome::Success);
    }
    block_on(async {
        let admin = connect(&options).await?.admin;
        match Box::pin(act(&options, admin, out)).await {
            Err(error) if is_failure(&error) => {
                print_failure(out, KIND, &error)?;
            }
            acted => acted?,
        }
        // As the original, which takes what it has told for a success.
        Ok(Outcome::Success)
    })
}

async fn act(options: &Options, admin: Admin, out: &mut dyn Write) -> Result<()> {
    let within = options.number("timeout")?.unwrap_or(30_000);
    let admin = &admin.within(Duration::from_millis(within));
    if options.has("list") {
        list::run(options, admin, out).await
    } else if options.has("describe") {
        describe::run(options, admin, out).await
    } else if options.has("delete") {
        delete::groups(options, admin, out).await
    } else if options.has("reset-offsets") {
        reset::run(options, admin, out).await
    } else {
        delete::offsets(options, admin, out).await
    }
}

/// The groups that are meant.
async fn groups(options: &Options, admin: &Admin) -> Result<Vec<String>> {
    if options.has("all-groups") {
        return list::groups(admin).await;
    }
    Ok(options.values("group").map(str::to_owned).collect())
}

/// In the order in which the script complains.
fn check(options: &Options) -> Result<(), Misuse> {
    options.answer_help()?;
    let of_describe: &[&str] = &["describe"];
    let of_lists: [(&str, &[&str]); 2] = [("state", &["describe", "list"]), ("type", &["list"])];
    check_available(options, &["members", "verbose", "offsets"].map(|option| (option, of_describe)))?;
    check_available(options, &of_lists)?;
    if !options.has("validate-regex") {
        options.require(&["bootstrap-server"])?;
    }
    for action in ["describe", "delete", "reset-offsets"] {
        check_scope(options, action)?;
    }
    check_describe(options)?;
    if options.has("delete") && options.has("topic") {
        let message = "The consumer does not support topic-specific offset deletion from a consumer group.";
        return Err(options.misuse(message));
    }
    if options.has("delete-offsets") && options.count(&["group", "topic"]) != 2 {
        let message = "Option [delete-offsets] takes the following options: [group], [topic]";
        return Err(options.misuse(message));
    }
    check_reset(options)?;
    options.exclude("group", &["all-groups", "list"])?;
    options.exclude("topic", &["list", "describe"])?;
    if options.count(&ACTIONS) != 1 {
        let actions = ACTIONS.map(|action| format!("--{action}")).join(", ");
        return Err(options.misuse(format!("Command must include exactly one action: {actions}")));
    }
    Ok(())
}

fn check_reset(options: &Options) -> Result<(), Misuse> {
    if !options.has("reset-offsets") {
        return Ok(());
    }
    match options.count(&["dry-run", "execute"]) {
        0 => sayln!(
            "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command \
             will require either --dry-run or --execute to be specified. You should add the --dry-run option \
             explicitly if you are scripting this command and want to keep the current default behavior without \
             prompting."
        ),
        1 => {}
        _ => return Err(options.misuse("Option [reset-offsets] only accepts one of [execute] and [dry-run]")),
    }
    check_exclusive(options, &SCENARIOS)
}
