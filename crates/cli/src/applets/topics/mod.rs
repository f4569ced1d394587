//! `kafka-topics`.
//!
//! ```text
//! describe   topics and their partitions, line by line
//! change     create, alter, delete
//! ```

mod change;
mod describe;

use std::io::Write;

use anyhow::Result;

use super::connection::connect;
use super::ending::Misuse;
use super::java;
use super::options::{Opt, Options, Syntax};
use super::topic_filter;
use crate::exit::Outcome;
use crate::remote::{Remote, block_on};

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to create, delete, describe, or change a topic.",
    options: &[
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The Kafka server to connect to."),
        Opt::value("command-config", "command config property file", "Options of the client."),
        Opt::flag("list", "List all available topics."),
        Opt::flag("create", "Create a new topic."),
        Opt::flag("delete", "Delete a topic."),
        Opt::flag("alter", "Alter the number of partitions and replica assignment."),
        Opt::flag("describe", "List details for the given topics."),
        Opt::value("topic", "topic", "The topic, or but for --create a regular expression."),
        Opt::value("topic-id", "topic-id", "The topic-id to describe."),
        Opt::value("config", "name=value", "A topic's option, with --create."),
        Opt::value("delete-config", "name", "No longer supported."),
        Opt::value("partitions", "# of partitions", "The number of partitions, with --create or --alter."),
        Opt::value("replication-factor", "replication factor", "The number of replicas, with --create."),
        Opt::value(
            "replica-assignment",
            "broker:broker,broker:broker,...",
            "The replicas of each partition, with --create or --alter.",
        ),
        Opt::flag("under-replicated-partitions", "Of --describe only under-replicated partitions."),
        Opt::flag("unavailable-partitions", "Of --describe only partitions without a leader."),
        Opt::flag("under-min-isr-partitions", "Of --describe only partitions with too few in sync."),
        Opt::flag("at-min-isr-partitions", "Of --describe only partitions with just enough in sync."),
        Opt::flag("topics-with-overrides", "Of --describe only topics with options of their own."),
        Opt::flag("if-exists", "Be content with a topic that is not there."),
        Opt::flag("if-not-exists", "Be content with a topic that is there."),
        Opt::flag("exclude-internal", "List or describe none of Kafka's own topics."),
        Opt::value("partition-size-limit-per-response", "partitions", "Has no effect here."),
    ],
};

const ACTIONS: [&str; 5] = ["create", "list", "alter", "describe", "delete"];

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    check(&options)?;
    if options.has("delete-config") {
        sayln!(
            "delete-config option is no longer supported and deprecated since version 4.0. \
             The config will be fully removed in future releases."
        );
    }
    block_on(async {
        let remote = connect(&options).await?;
        match Box::pin(act(&options, &remote, out)).await {
            Ok(()) => Ok(Outcome::Success),
            Err(error) => {
                writeln!(out, "Error while executing topic command : {}", java::message(&error))?;
                Ok(Outcome::Failure)
            }
        }
    })
}

async fn act(options: &Options, remote: &Remote, out: &mut dyn Write) -> Result<()> {
    if options.has("create") {
        change::create(options, &remote.admin, out).await
    } else if options.has("alter") {
        change::alter(options, &remote.admin).await
    } else if options.has("describe") {
        describe::run(options, &remote.admin, out).await
    } else if options.has("delete") {
        change::delete(options, &remote.admin).await
    } else {
        let pattern = options.value("topic")?;
        let topics = topic_filter::topics(&remote.admin, pattern, options.has("exclude-internal")).await?;
        Ok(writeln!(out, "{}", topics.join("\n"))?)
    }
}

/// In the order in which the script complains.
fn check(options: &Options) -> Result<(), Misuse> {
    options.answer_help()?;
    if options.count(&ACTIONS) != 1 {
        return Err(options.misuse(
            "Command must include exactly one action: --list, --describe, --create, --alter or --delete",
        ));
    }
    if !options.has("bootstrap-server") {
        return Err(Misuse::Bare("--bootstrap-server must be specified".to_owned()));
    }
    if options.has("describe") && options.has("if-exists") && options.count(&["topic", "topic-id"]) == 0 {
        return Err(options.misuse("--topic or --topic-id is required to describe a topic"));
    }
    if !options.has("list") && !options.has("describe") {
        options.require(&["topic"])?;
    }
    if options.has("alter") {
        if options.has("config") {
            return Err(options.misuse(
                "Option combination \"[[bootstrap-server], [config]]\" can't be used with option \"[alter]\" \
                 (the kafka-configs CLI supports altering topic configs with a --bootstrap-server option)",
            ));
        }
        options.require(&["partitions"])?;
    }
    check_combinations(options)
}

const REPORTS: [&str; 4] = [
    "under-replicated-partitions",
    "under-min-isr-partitions",
    "at-min-isr-partitions",
    "unavailable-partitions",
];

fn check_combinations(options: &Options) -> Result<(), Misuse> {
    let but = |allowed: &[&str]| -> Vec<&str> {
        ACTIONS.into_iter().filter(|action| !allowed.contains(action)).collect()
    };
    for name in ["config", "partitions", "replica-assignment"] {
        options.exclude(name, &but(&["alter", "create"]))?;
    }
    options.exclude("replication-factor", &but(&["create"]))?;
    if options.has("create") {
        options.exclude("replica-assignment", &["partitions", "replication-factor"])?;
    }
    for report in REPORTS {
        options.exclude(report, &[&but(&["describe"])[..], &["topics-with-overrides"]].concat())?;
    }
    options.exclude("topics-with-overrides", &[&but(&["describe"])[..], &REPORTS].concat())?;
    options.exclude("if-exists", &but(&["alter", "delete", "describe"]))?;
    options.exclude("if-not-exists", &but(&["create"]))?;
    options.exclude("exclude-internal", &but(&["list", "describe"]))
}
