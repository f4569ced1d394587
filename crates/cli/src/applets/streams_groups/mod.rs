//! `kafka-streams-groups`.
//!
//! ```text
//! describe         offsets and lag, members with their tasks, states
//! input            the partitions that a group reads, and where it is in them
//! reset            where groups go on; plan alone without --execute
//! delete           groups, and single offsets
//! internal_topics  the topics of their own that groups leave behind
//! ```

mod delete;
mod describe;
mod input;
mod internal_topics;
mod reset;

use std::io::{self, Write};
use std::time::Duration;

use anyhow::Result;
use ottla_client::admin::Admin;

use super::connection::connect;
use super::ending::Misuse;
use super::group_scripts::{
    Kind, SCENARIOS, check_available, check_describe, check_exclusive, check_scope, print_failure,
};
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to list, or describe streams groups.",
    options: &[
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The server(s) to connect to."),
        Opt::value("group", "streams group", "The streams group; may be given several times."),
        Opt::value(
            "input-topic",
            "topic",
            "A topic that the group reads, or topic1:0,1,2 for these partitions; may be given several times.",
        ),
        Opt::flag("all-input-topics", "All topics that the group reads."),
        Opt::flag("list", "List all streams groups."),
        Opt::flag("describe", "Describe streams groups, and show the lag."),
        Opt::flag("all-groups", "All streams groups."),
        Opt::flag("delete", "Delete groups with all that they committed."),
        Opt::flag("delete-offsets", "Delete offsets of a group."),
        Opt::value("timeout", "timeout (ms)", "How long brokers are waited for (default: 30000)"),
        Opt::value("command-config", "command config property file", "Options of the client."),
        Opt::optional(
            "state",
            "states",
            "Of --describe the state; of --list too, or groups in these states.",
        ),
        Opt::flag("members", "Of --describe the members."),
        Opt::flag("offsets", "Of --describe the offsets and the lag, as without it."),
        Opt::flag("reset-offsets", "Reset offsets of groups without members."),
        Opt::value("to-offset", "offset", "Reset to an offset."),
        Opt::value("from-file", "path to CSV file", "Reset to what is in a file."),
        Opt::value("to-datetime", "datetime", "Reset to a time, YYYY-MM-DDThh:mm:ss.sss"),
        Opt::value("by-duration", "duration", "Reset to so long ago, PnDTnHnMnS"),
        Opt::flag("to-earliest", "Reset to the earliest offset."),
        Opt::flag("to-latest", "Reset to the latest offset."),
        Opt::flag("to-current", "Reset to the current offset."),
        Opt::value("shift-by", "number-of-offsets", "Reset by so many records on or back."),
        Opt::value(
            "delete-internal-topic",
            "topic",
            "With --reset-offsets --execute delete this topic of the group's own too.",
        ),
        Opt::flag(
            "delete-all-internal-topics",
            "With --delete, or --reset-offsets --execute, delete all topics of the group's own too.",
        ),
        Opt::flag("verbose", "Of --describe more columns."),
        Opt::flag("dry-run", "Only show what --reset-offsets would do."),
        Opt::flag("execute", "Do what --reset-offsets shows."),
        Opt::flag("export", "Show it as CSV."),
    ],
};

const KIND: Kind = Kind {
    name: "streams",
    group_type: "Streams",
    states: &["Stable", "Dead", "Empty", "Assigning", "Reconciling", "NotReady"],
    stranger: "does not exist or is not a streams group",
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    check(&options)?;
    let within = Duration::from_millis(options.number("timeout")?.unwrap_or(30_000));
    block_on(async {
        let admin = connect(&options).await?.admin.within(within);
        match Box::pin(act(&options, &admin, out)).await {
            Err(error) if !error.is::<Misuse>() && !error.is::<io::Error>() => {
                print_failure(out, KIND.name, &error)?;
                Ok(Outcome::Failure)
            }
            acted => acted.map(|()| Outcome::Success),
        }
    })
}

async fn act(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    if options.has("list") {
        KIND.list(options, admin, out).await
    } else if options.has("describe") {
        describe::run(options, admin, out).await
    } else if options.has("reset-offsets") {
        reset::run(options, admin, out).await
    } else if options.has("delete") {
        delete::groups(options, admin, out).await
    } else {
        delete::offsets(options, admin, out).await
    }
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
    check_scope(options, "delete")?;
    if options.has("delete") && options.count(&INPUT_TOPICS) > 0 {
        let message = "Kafka Streams does not support topic-specific offset deletion from a streams group.";
        return Err(options.misuse(message));
    }
    check_delete_offsets(options)?;
    check_reset(options)?;
    check_internal_topics(options)?;
    options.exclude("list", &["members", "offsets"])?;
    options.exclude("group", &["all-groups", "list"])?;
    options.exclude("input-topic", &["list", "describe", "delete"])?;
    if options.count(&["list", "describe", "reset-offsets", "delete", "delete-offsets"]) != 1 {
        let actions = "--list, --describe, --delete, --reset-offsets, or --delete-offsets";
        return Err(options.misuse(format!("Command must include exactly one action: {actions}.")));
    }
    Ok(())
}

const INPUT_TOPICS: [&str; 2] = ["input-topic", "all-input-topics"];

fn check_delete_offsets(options: &Options) -> Result<(), Misuse> {
    if !options.has("delete-offsets") {
        return Ok(());
    }
    if !options.has("group") || options.count(&INPUT_TOPICS) == 0 {
        let topics = "[all-input-topics], [input-topic]";
        let message = format!("Option [delete-offsets] takes the [group] and one of these options: {topics}");
        return Err(options.misuse(message));
    }
    let groups: Vec<&str> = options.values("group").collect();
    if groups.len() > 1 {
        let groups = groups.join(", ");
        return Err(options.misuse(format!(
            "Option [delete-offsets] supports only one [group] at a time, but found: [{groups}]"
        )));
    }
    Ok(())
}

fn check_reset(options: &Options) -> Result<(), Misuse> {
    let ways = options.count(&["dry-run", "execute"]);
    if !options.has("reset-offsets") {
        return Ok(());
    }
    if ways > 1 {
        return Err(options.misuse("Option [reset-offsets] only accepts one of [execute] and [dry-run]"));
    }
    if ways == 0 {
        return Err(options.misuse("Option [reset-offsets] takes the option: [execute] or [dry-run]"));
    }
    check_scope(options, "reset-offsets")?;
    check_exclusive(options, &SCENARIOS)
}

fn check_internal_topics(options: &Options) -> Result<(), Misuse> {
    let (all, one) = ("delete-all-internal-topics", "delete-internal-topic");
    let (resets, executes) = (options.has("reset-offsets"), options.has("execute"));
    if options.has(all) {
        if !resets && !options.has("delete") {
            let message = format!("Option [{all}] takes one of these options: [delete], [reset-offsets]");
            return Err(options.misuse(message));
        }
        if resets && !executes {
            let message = format!("Option [{all}] takes [execute] when [reset-offsets] is used.");
            return Err(options.misuse(message));
        }
    } else if options.has(one) && !(resets && executes) {
        let message = format!("Option [{one}] takes [reset-offsets] when [execute] is used.");
        return Err(options.misuse(message));
    }
    if !resets && options.count(&["dry-run", "execute"]) > 0 {
        return Err(options.misuse("Only Option [reset-offsets] accepts [execute] or [dry-run]"));
    }
    Ok(())
}
